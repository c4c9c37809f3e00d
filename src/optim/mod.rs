//! Optimizers: each update rule written once, elementwise, as in its paper; f32 and f64.
//!
//! Order of a step: data gradient, clipped, plus `l2 w` (coupled), rule, minus `lr weight_decay w` (decoupled, w as it
//! was before the rule: Loshchilov & Hutter 2019, algorithm 2).

pub mod adadelta;
pub mod adagrad;
pub mod adam;
pub mod adamax;
pub mod amsgrad;
mod family;
pub mod lion;
pub mod momentum;
pub mod nadam;
pub mod radam;
pub mod rmsprop;
pub mod rprop;
mod rule;
mod settings;
pub mod sgd;

pub use family::Optimizer;
pub use rule::{MOST_SLOTS, Rule};
pub use settings::SETTINGS;

use crate::model::{Gradients, Layout};
use crate::ops::Element;
use crate::ops::kernel::kernel;
use crate::real::Real;
use crate::setting::Settings;
use std::ops::Range;

/// The `weight_decay` of adamw where the file says nothing.
pub const ADAMW_DECAY: f64 = 0.01;

/// What acts on the gradient and the weights beside the rule.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Regularization {
    /// Coupled: adds `l2 w` to the gradient.
    pub l2: f64,
    /// Decoupled: subtracts `lr weight_decay w`.
    pub weight_decay: f64,
    /// Both also act on biases, norm parameters and branch scales.
    pub decay_all: bool,
    /// Bound on the gradient's Euclidean norm over all parameters.
    pub clip_norm: Option<f64>,
    /// Bound on each entry's size.
    pub clip_value: Option<f64>,
}

impl Regularization {
    /// What the settings say.
    pub fn from_settings(settings: &Settings) -> Self {
        Regularization {
            l2: settings.float("l2").unwrap_or(0.0),
            weight_decay: settings.float("weight_decay").unwrap_or(0.0),
            decay_all: settings.flag("decay_all"),
            clip_norm: settings.float("clip.norm"),
            clip_value: settings.float("clip.value"),
        }
    }
}

/// A rule at work on parameters: its state and how often it has stepped.
pub struct Stepper<T> {
    rule: Optimizer,
    regularization: Regularization,
    /// A vector as long as the packed parameters for each slot of the rule, from the first step on.
    state: [Vec<T>; MOST_SLOTS],
    /// The packed parameters in stretches, and whether l2 and decay act there.
    stretches: Vec<(Range<usize>, bool)>,
    steps: u32,
    /// What NAdam multiplies up over the steps: mu_1 ... mu_t.
    product: f64,
    finite: Finite,
}

/// What the last update left finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finite {
    pub parameters: bool,
    /// An infinity in the state stops a parameter for good and shows nowhere else.
    pub state: bool,
}

impl<T: Element> Stepper<T> {
    /// With state zero.
    pub fn new(rule: Optimizer, regularization: Regularization, layout: &Layout) -> Self {
        let undecayed = regularization.l2 == 0.0 && regularization.weight_decay == 0.0;
        let mut stretches: Vec<(Range<usize>, bool)> = Vec::new();
        for parameter in layout.parameters() {
            let decays = !undecayed && (regularization.decay_all || parameter.role.is_weight());
            match stretches.last_mut() {
                Some((stretch, same)) if *same == decays => stretch.end = parameter.range.end,
                _ => stretches.push((parameter.range.clone(), decays)),
            }
        }
        let finite = Finite { parameters: true, state: true };
        Stepper { rule, regularization, state: Default::default(), stretches, steps: 0, product: 1.0, finite }
    }

    /// Whether the parameters and the state are finite after the last step.
    pub fn finite(&self) -> Finite {
        self.finite
    }

    /// Updates the packed parameters from their gradients, at learning rate `lr`.
    pub fn step(&mut self, parameters: &mut [T], gradients: &Gradients<T>, lr: f64) {
        self.steps += 1;
        if let Optimizer::NAdam { beta1, momentum_decay, .. } = self.rule {
            self.product *= nadam::mu(beta1, momentum_decay, self.steps);
        }
        let (rule, t, product) = (self.rule, self.steps, self.product);
        let step = Step { stepper: self, parameters, gradients, lr };
        match rule {
            Optimizer::Gd | Optimizer::Sgd => step.by(sgd::Sgd(T::of(lr))),
            Optimizer::Momentum { momentum } => step.by(momentum::Momentum::new(lr, momentum)),
            Optimizer::Nesterov { momentum } => step.by(momentum::Nesterov(momentum::Momentum::new(lr, momentum))),
            Optimizer::Adagrad { eps } => step.by(adagrad::Adagrad::new(lr, eps)),
            Optimizer::Adadelta { rho, eps } => step.by(adadelta::Adadelta::new(lr, rho, eps)),
            Optimizer::RmsProp { rho, eps, momentum: 0.0, centered: false } => {
                step.by(rmsprop::RmsProp::new(lr, rho, eps))
            }
            Optimizer::RmsProp { rho, eps, momentum, centered } => {
                step.by(rmsprop::CenteredRmsProp::new(lr, rho, eps, momentum, centered))
            }
            Optimizer::Adam { beta1, beta2, eps } | Optimizer::AdamW { beta1, beta2, eps } => {
                step.by(adam::Adam::new(lr, beta1, beta2, eps, t))
            }
            Optimizer::AmsGrad { beta1, beta2, eps } => {
                step.by(amsgrad::AmsGrad(adam::Adam::new(lr, beta1, beta2, eps, t)))
            }
            Optimizer::Adamax { beta1, beta2, eps } => step.by(adamax::Adamax::new(lr, beta1, beta2, eps, t)),
            Optimizer::NAdam { beta1, beta2, eps, momentum_decay } => {
                step.by(nadam::NAdam::new(lr, [beta1, beta2], eps, momentum_decay, t, product))
            }
            Optimizer::RAdam { beta1, beta2, eps } => step.by(radam::RAdam::new(lr, beta1, beta2, eps, t)),
            Optimizer::Lion { beta1, beta2 } => step.by(lion::Lion::new(lr, beta1, beta2)),
            Optimizer::Rprop { shrink, grow, min_step, max_step } => {
                step.by(rprop::Rprop::new(lr, [shrink, grow], [min_step, max_step], t))
            }
        }
    }
}

impl<T: Element> Stepper<T> {
    /// The same update by a rule of one's own. Clipping, `l2` and `weight_decay` act beside it as always.
    pub fn step_by(&mut self, rule: impl Rule<T>, parameters: &mut [T], gradients: &Gradients<T>, lr: f64) {
        Step { stepper: self, parameters, gradients, lr }.by(rule);
    }
}

/// One update of all parameters, whose rule is still to be chosen.
struct Step<'a, T> {
    stepper: &'a mut Stepper<T>,
    parameters: &'a mut [T],
    gradients: &'a Gradients<T>,
    lr: f64,
}

impl<T: Element> Step<'_, T> {
    fn by<R: Rule<T>>(self, rule: R) {
        let Step { stepper: Stepper { regularization, state, stretches, finite, .. }, parameters, .. } = self;
        let norm_scale = regularization.clip_norm.map_or(1.0, |bound| (bound / self.gradients.norm()).min(1.0));
        *finite = Finite { parameters: true, state: true };
        state[..R::SLOTS].iter_mut().for_each(|slot| slot.resize(parameters.len(), T::of(0.0)));
        for (stretch, decays) in stretches.iter() {
            let task = Task {
                norm_scale: T::of(norm_scale),
                bound: regularization.clip_value.map_or(T::of(f64::INFINITY), T::of),
                l2: T::of(if *decays { regularization.l2 } else { 0.0 }),
                shrink: T::of(if *decays { self.lr * regularization.weight_decay } else { 0.0 }),
                parameters: &mut parameters[stretch.clone()],
                gradients: &self.gradients.packed[stretch.clone()],
                finite: &mut *finite,
            };
            let slots = state.each_mut().map(|slot| slot.get_mut(stretch.clone()).unwrap_or_default());
            update(rule, task, slots);
        }
    }
}

/// The update of a stretch of parameters.
struct Task<'a, T> {
    norm_scale: T,
    bound: T,
    l2: T,
    shrink: T,
    parameters: &'a mut [T],
    gradients: &'a [T],
    finite: &'a mut Finite,
}

kernel! {
    fn update<T, R: Rule<T>>(rule: R, task: Task<T>, slots: [&mut [T]; MOST_SLOTS]) {
        let Task { norm_scale, bound, l2, shrink, parameters, gradients, finite } = task;
        let (mut parameters_finite, mut state_finite) = (true, true);
        let n = parameters.len();
        let gradients = &gradients[..n];
        let mut used = 0;
        let slots = slots.map(|slot| {
            used += 1;
            if used <= R::SLOTS { &mut slot[..n] } else { slot }
        });
        for j in 0..n {
            let w = parameters[j];
            let g = gradients[j] * norm_scale;
            let g = if g > bound { bound } else { g };
            let g = if g < -bound { -bound } else { g };
            let mut state: [T; MOST_SLOTS] = std::array::from_fn(|k| if k < R::SLOTS { slots[k][j] } else { T::of(0.0) });
            let change = rule.change(g + l2 * w, &mut state);
            for k in 0..R::SLOTS {
                slots[k][j] = tiny_to_zero(state[k]);
                state_finite &= state[k].is_finite();
            }
            let w = w - shrink * w - change;
            parameters[j] = w;
            parameters_finite &= w.is_finite();
        }
        finite.parameters &= parameters_finite;
        finite.state &= state_finite;
    }
}

/// A decaying state ends at zero rather than in slow subnormal numbers.
#[inline(always)]
fn tiny_to_zero<T: Real>(x: T) -> T {
    if x.abs() < T::MIN_NORMAL { T::of(0.0) } else { x }
}
