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
pub use settings::SETTINGS;

use crate::model::{Gradients, Network};
use crate::ops::Element;
use crate::ops::block::Role;
use crate::ops::kernel::kernel;
use crate::real::Real;
use crate::setting::Settings;
use rule::{MOST_SLOTS, Rule};
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

/// What an optimizer updates: packed parameters.
pub trait Parameters<T> {
    /// Stretches of one role each that cover them in order.
    fn segments(&self) -> Vec<(Role, Range<usize>)>;

    /// Lets `change` rewrite all of them in place.
    ///
    /// # Errors
    /// What candle reports.
    fn rewrite(&self, change: impl FnMut(&mut [T])) -> candle_core::Result<()>;
}

impl<T: Element> Parameters<T> for Network<T> {
    fn segments(&self) -> Vec<(Role, Range<usize>)> {
        self.chain.segments().map(|(_, role, range)| (role, range)).collect()
    }

    fn rewrite(&self, change: impl FnMut(&mut [T])) -> candle_core::Result<()> {
        self.rewrite(change)
    }
}

/// A rule at work on parameters: its state and how often it has stepped.
pub struct Stepper<T> {
    rule: Optimizer,
    regularization: Regularization,
    /// A vector as long as the packed parameters for each slot.
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
    pub fn new(rule: Optimizer, regularization: Regularization, parameters: &impl Parameters<T>) -> Self {
        let segments = parameters.segments();
        let n = segments.last().map_or(0, |(_, range)| range.end);
        let state = std::array::from_fn(|k| vec![T::of(0.0); if k < rule.slots() { n } else { 0 }]);
        let undecayed = regularization.l2 == 0.0 && regularization.weight_decay == 0.0;
        let mut stretches: Vec<(Range<usize>, bool)> = Vec::new();
        for (role, range) in segments {
            let decays = !undecayed && (regularization.decay_all || role == Role::Weight);
            match stretches.last_mut() {
                Some((stretch, same)) if *same == decays => stretch.end = range.end,
                _ => stretches.push((range, decays)),
            }
        }
        let finite = Finite { parameters: true, state: true };
        Stepper { rule, regularization, state, stretches, steps: 0, product: 1.0, finite }
    }

    /// Whether the parameters and the state are finite after the last step.
    pub fn finite(&self) -> Finite {
        self.finite
    }

    /// Updates every parameter from its gradient, at learning rate `lr`.
    ///
    /// # Errors
    /// What candle reports.
    pub fn step(
        &mut self,
        parameters: &impl Parameters<T>,
        gradients: &Gradients<T>,
        lr: f64,
    ) -> candle_core::Result<()> {
        self.steps += 1;
        if let Optimizer::NAdam { beta1, momentum_decay, .. } = self.rule {
            self.product *= nadam::mu(beta1, momentum_decay, self.steps);
        }
        let norm_scale = match self.regularization.clip_norm {
            Some(bound) => (bound / gradients.norm()).min(1.0),
            None => 1.0,
        };
        let Stepper { rule, regularization, state, stretches, steps, product, finite } = self;
        *finite = Finite { parameters: true, state: true };
        parameters.rewrite(|parameters: &mut [T]| {
            for (stretch, decays) in stretches.iter() {
                let task = Task {
                    norm_scale: T::of(norm_scale),
                    bound: regularization.clip_value.map_or(T::of(f64::INFINITY), T::of),
                    l2: T::of(if *decays { regularization.l2 } else { 0.0 }),
                    shrink: T::of(if *decays { lr * regularization.weight_decay } else { 0.0 }),
                    parameters: &mut parameters[stretch.clone()],
                    gradients: &gradients.packed[stretch.clone()],
                    finite: &mut *finite,
                };
                let slots = state.each_mut().map(|slot| slot.get_mut(stretch.clone()).unwrap_or_default());
                apply(*rule, lr, *steps, *product, task, slots);
            }
        })
    }
}

/// Step `t` = 1, 2, ... of a rule on a stretch of parameters.
fn apply<T: Element>(rule: Optimizer, lr: f64, t: u32, product: f64, task: Task<T>, slots: [&mut [T]; MOST_SLOTS]) {
    match rule {
        Optimizer::Gd | Optimizer::Sgd => update(sgd::Sgd::new(lr), task, slots),
        Optimizer::Momentum { momentum } => update(momentum::Momentum::new(lr, momentum), task, slots),
        Optimizer::Nesterov { momentum } => update(momentum::Nesterov::new(lr, momentum), task, slots),
        Optimizer::Adagrad { eps } => update(adagrad::Adagrad::new(lr, eps), task, slots),
        Optimizer::Adadelta { rho, eps } => update(adadelta::Adadelta::new(lr, rho, eps), task, slots),
        Optimizer::RmsProp { rho, eps, momentum: 0.0, centered: false } => {
            update(rmsprop::RmsProp::new(lr, rho, eps), task, slots)
        }
        Optimizer::RmsProp { rho, eps, momentum, centered } => {
            update(rmsprop::CenteredRmsProp::new(lr, rho, eps, momentum, centered), task, slots)
        }
        Optimizer::Adam { beta1, beta2, eps } | Optimizer::AdamW { beta1, beta2, eps } => {
            update(adam::Adam::new(lr, beta1, beta2, eps, t), task, slots)
        }
        Optimizer::AmsGrad { beta1, beta2, eps } => {
            update(amsgrad::AmsGrad(adam::Adam::new(lr, beta1, beta2, eps, t)), task, slots)
        }
        Optimizer::Adamax { beta1, beta2, eps } => update(adamax::Adamax::new(lr, beta1, beta2, eps, t), task, slots),
        Optimizer::NAdam { beta1, beta2, eps, momentum_decay } => {
            update(nadam::NAdam::new(lr, [beta1, beta2], eps, momentum_decay, t, product), task, slots)
        }
        Optimizer::RAdam { beta1, beta2, eps } => update(radam::RAdam::new(lr, beta1, beta2, eps, t), task, slots),
        Optimizer::Lion { beta1, beta2 } => update(lion::Lion::new(lr, beta1, beta2), task, slots),
        Optimizer::Rprop { shrink, grow, min_step, max_step } => {
            update(rprop::Rprop::new(lr, [shrink, grow], [min_step, max_step], t), task, slots)
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
