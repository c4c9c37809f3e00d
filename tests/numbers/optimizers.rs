//! Update rules against their closed forms, applied to gradients that the test chooses. Rates, stability limits and
//! noise floors through whole runs are in `functions.rs`, PyTorch's trajectories in `pytorch.rs`.

use crate::point::point;
use crate::support::{settings, text};
use gradsweep::model::Gradients;
use gradsweep::ops::Element;
use gradsweep::optim::{Optimizer, Regularization, Stepper};
use gradsweep::setting::Value;

/// A rule at work on one weight.
struct Weight<T> {
    at: T,
    stepper: Stepper<T>,
}

impl<T: Element> Weight<T> {
    fn new(start: f64, rule: Optimizer, regularization: Regularization) -> Self {
        Weight { at: T::of(start), stepper: Stepper::new(rule, regularization, &point(1)) }
    }

    /// The weight after a step on this gradient.
    fn step(&mut self, gradient: f64, lr: f64) -> f64 {
        let gradients = Gradients { packed: vec![T::of(gradient)], finite: true };
        self.stepper.step(std::slice::from_mut(&mut self.at), &gradients, lr);
        self.at()
    }

    fn at(&self) -> f64 {
        self.at.f64()
    }
}

/// The weights after each of `steps` steps from `start` on the same gradient.
fn constant(rule: Optimizer, regularization: Regularization, start: f64, g: f64, lr: f64, steps: usize) -> Vec<f64> {
    let mut weight = Weight::<f64>::new(start, rule, regularization);
    (0..steps).map(|_| weight.step(g, lr)).collect()
}

/// The rule of this name with its default constants.
fn rule(word: &str) -> Optimizer {
    Optimizer::ALL.into_iter().find(|rule| rule.word() == word).unwrap()
}

const NOTHING: Regularization =
    Regularization { l2: 0.0, weight_decay: 0.0, decay_all: false, clip_norm: None, clip_value: None };

#[test]
fn the_constants_are_those_of_the_settings_table() {
    for rule in Optimizer::ALL {
        let settings = settings(&[("optimizer.kind", text(rule.word()))]);
        assert_eq!(Optimizer::from_settings(&settings), Ok(rule));
        assert!(settings.float("optimizer.lr").is_some(), "{rule:?} has no learning rate");
    }
    let changed = settings(&[
        ("optimizer.kind", text("rmsprop")),
        ("optimizer.centered", Value::Bool(true)),
        ("optimizer.momentum", Value::Float(0.5)),
    ]);
    let wanted = Optimizer::RmsProp { rho: 0.99, eps: 1e-8, momentum: 0.5, centered: true };
    assert_eq!(Optimizer::from_settings(&changed), Ok(wanted));
}

#[test]
fn without_a_gradient_nothing_moves() {
    for rule in Optimizer::ALL {
        let mut single = Weight::<f32>::new(0.7, rule, NOTHING);
        let mut double = Weight::<f64>::new(0.7, rule, NOTHING);
        for _ in 0..20 {
            assert_eq!((single.step(0.0, 0.1), double.step(0.0, 0.1)), (f64::from(0.7f32), 0.7), "{rule:?}");
        }
    }
}

#[test]
fn every_rule_is_odd_in_the_gradient() {
    for rule in Optimizer::ALL {
        let mut there = Weight::<f32>::new(0.0, rule, NOTHING);
        let mut back = Weight::<f32>::new(0.0, rule, NOTHING);
        let mut moved = false;
        for t in 0..60 {
            let g = (f64::from(t) * 0.7).sin() + 0.3;
            let (a, b) = (there.step(g, 0.01), back.step(-g, 0.01));
            assert_eq!(a, -b, "{rule:?} at step {t}");
            moved |= a != 0.0;
        }
        assert!(moved, "{rule:?} never moved");
    }
}

#[test]
fn adam_steps_by_lr_under_a_constant_gradient_until_eps_shows() {
    for (g, share) in [(1.0, 1.0), (-3.0, -1.0), (1e-8, 0.5), (1e-10, 1.0 / 101.0)] {
        for word in ["adam", "amsgrad", "adamw", "adamax"] {
            let way = constant(rule(word), NOTHING, 0.0, g, 0.01, 50);
            for (t, w) in way.iter().enumerate() {
                let wanted = -0.01 * share * (t + 1) as f64;
                assert!((w / wanted - 1.0).abs() < 1e-7, "{word}, gradient {g}, step {}: {w} {wanted}", t + 1);
            }
        }
    }
}

#[test]
fn adagrad_rmsprop_adadelta_and_lion_under_a_constant_gradient() {
    let after =
        |word: &str, g: f64, lr: f64, steps: usize| *constant(rule(word), NOTHING, 0.0, g, lr, steps).last().unwrap();
    // lr (1 + 1/sqrt 2 + ... + 1/sqrt 100).
    let sum: f64 = (1..=100).map(|t| 1.0 / f64::from(t).sqrt()).sum();
    assert!((sum - 18.5896).abs() < 1e-4);
    assert!((after("adagrad", 2.0, 0.1, 100) / (-0.1 * sum) - 1.0).abs() < 1e-8);
    for (rho, factor) in [(0.9, 3.1623), (0.99, 10.0), (0.999, 31.623)] {
        let rule = Optimizer::RmsProp { rho, eps: 1e-8, momentum: 0.0, centered: false };
        let first = constant(rule, NOTHING, 0.0, 5.0, 1e-3, 1)[0];
        assert!((first / (-1e-3 * factor) - 1.0).abs() < 1e-4, "{rho}: {first}");
    }
    // With g^2 far above eps: s = (1 - rho) g^2, so that the step is sqrt(eps / (1 - rho)).
    assert!((after("adadelta", 100.0, 1.0, 1) / -(1e-6f64 / 0.1).sqrt() - 1.0).abs() < 1e-6);
    assert!((after("lion", 1e-20, 1e-3, 30) + 0.03).abs() < 1e-15);
}

#[test]
fn centered_rmsprop_divides_by_the_standard_deviation_and_stays_finite() {
    let rho = 0.9;
    let rule = Optimizer::RmsProp { rho, eps: 1e-8, momentum: 0.0, centered: true };
    // s = (1 - rho^t) g^2 and a = (1 - rho^t) g leave the variance rho^t (1 - rho^t) g^2.
    let way = constant(rule, NOTHING, 0.0, 2.0, 0.01, 20);
    let mut wanted = 0.0;
    for (t, w) in way.iter().enumerate() {
        let kept = rho.powi(t as i32 + 1);
        wanted -= 0.01 / (kept * (1.0 - kept)).sqrt();
        assert!((w / wanted - 1.0).abs() < 1e-6, "step {}: {w} {wanted}", t + 1);
    }
    // In f32 rounding soon makes the variance of a constant zero or less.
    let mut weight = Weight::<f32>::new(0.0, rule, NOTHING);
    assert!((0..2000).all(|_| weight.step(0.3, 1e-12).is_finite()));
}

#[test]
fn radam_is_momentum_without_a_divisor_for_five_steps() {
    let way = constant(rule("radam"), NOTHING, 0.0, 40.0, 1e-3, 6);
    for (t, w) in way[..5].iter().enumerate() {
        assert!((w / (-0.04 * (t + 1) as f64) - 1.0).abs() < 1e-12, "step {}: {w}", t + 1);
    }
    // Rectified, it no longer knows how large the gradient is, and begins with tiny steps.
    let sixth = way[4] - way[5];
    assert!(sixth > 0.0 && sixth < 1e-4, "{sixth}");
}

#[test]
fn rprop_grows_turns_and_waits() {
    let mut weight = Weight::<f64>::new(0.0, rule("rprop"), NOTHING);
    // Gradient and the step it leads to: grows twice, turns (no step), begins anew at half, grows.
    let steps = [(1.0, 0.01), (5.0, 0.012), (0.1, 0.0144), (-2.0, 0.0), (-2.0, -0.0072), (-1e-30, -0.00864)];
    let mut wanted = 0.0;
    for (g, step) in steps {
        wanted -= step;
        assert!((weight.step(g, 0.01) - wanted).abs() < 1e-15, "{g}");
    }
    // A step size that f32 rounds to nothing stays there: it does not begin anew at lr.
    let bottomless = Optimizer::Rprop { shrink: 1e-30, grow: 1.0, min_step: 1e-60, max_step: 50.0 };
    let mut stuck = Weight::<f32>::new(0.0, bottomless, NOTHING);
    let turns = (0..12).map(|t| if (t + 1) / 2 % 2 == 0 { 1.0 } else { -1.0 });
    let way: Vec<f64> = turns.map(|g| stuck.step(g, 0.01)).collect();
    assert!(way.iter().all(|w| *w == way[0]), "{way:?}");
    // In f32 the product of two such gradients is zero.
    let mut faint = Weight::<f32>::new(0.0, rule("rprop"), NOTHING);
    let first = -faint.step(1e-25, 0.01);
    assert!(((-first - faint.step(1e-25, 0.01)) / first - 1.2).abs() < 1e-6);
}

#[test]
fn a_dead_weight_decays_as_the_two_forms_say() {
    let decayed = |word: &str, lr: f64, l2: f64, weight_decay: f64| {
        let regularization = Regularization { l2, weight_decay, ..NOTHING };
        constant(rule(word), regularization, 1.0, 0.0, lr, 100)
    };
    // Decoupled: w_t = (1 - lr decay)^t under every rule, which sees no gradient.
    for rule in Optimizer::ALL {
        let way = decayed(rule.word(), 0.01, 0.0, 0.5);
        for (t, w) in way.iter().enumerate() {
            let wanted = 0.995f64.powi(t as i32 + 1);
            assert!((w / wanted - 1.0).abs() < 1e-12, "{rule:?} step {}: {w} {wanted}", t + 1);
        }
    }
    // Coupled: the same for gradient descent, but Adam divides the penalty by its own size: the first step is
    // lr l2 w / (l2 w + eps), then about lr each whatever l2 is.
    for (t, w) in decayed("sgd", 0.01, 0.5, 0.0).iter().enumerate() {
        assert!((w / 0.995f64.powi(t as i32 + 1) - 1.0).abs() < 1e-12);
    }
    let (weak, strong) = (decayed("adam", 0.001, 1e-3, 0.0), decayed("adam", 0.001, 1.0, 0.0));
    assert!((1.0 - weak[0] - 0.001 * 1e-3 / (1e-3 + 1e-8)).abs() < 1e-15);
    for (t, (a, b)) in weak.iter().zip(&strong).enumerate() {
        assert!((a - b).abs() < 1e-5 && ((1.0 - b) / (0.001 * (t + 1) as f64) - 1.0).abs() < 0.03, "{t}: {a} {b}");
    }
}

/// Where a weight on [-1, 1] stands after `steps` steps of size 0.5/sqrt(t).
fn projected(rule: Optimizer, gradient: impl Fn(usize) -> f64, steps: usize) -> f64 {
    let mut weight = Weight::<f64>::new(0.0, rule, NOTHING);
    for t in 1..=steps {
        let moved = weight.step(gradient(t), 0.5 / (t as f64).sqrt());
        weight.at = moved.clamp(-1.0, 1.0);
    }
    weight.at()
}

/// Reddi, Kale & Kumar, ICLR 2018, theorem 1 and section 5.
#[test]
fn adam_goes_the_wrong_way_where_amsgrad_does_not() {
    // The sum over a period of three has slope 3 - 1 - 1 > 0: the best point is -1.
    let gradient = |t: usize| if t % 3 == 1 { 3.0 } else { -1.0 };
    let (beta1, beta2, eps) = (0.0, 0.1, 1e-8);
    for (steps, listed) in [(100, 0.948), (1000, 0.983), (10_000, 0.995)] {
        let adam = projected(Optimizer::Adam { beta1, beta2, eps }, gradient, steps);
        assert!((adam - listed).abs() < 1e-3, "{steps}: {adam}");
        let amsgrad = projected(Optimizer::AmsGrad { beta1, beta2, eps }, gradient, steps);
        assert!(amsgrad < -0.9, "{steps}: {amsgrad}");
    }
    // Their experiment: slope 1010 once in 101 steps, else -10.
    let gradient = |t: usize| if t % 101 == 1 { 1010.0 } else { -10.0 };
    let (beta1, beta2) = (0.9, 0.99);
    let adam = projected(Optimizer::Adam { beta1, beta2, eps }, gradient, 200_000);
    assert!((adam - 0.994).abs() < 2e-3, "{adam}");
    let amsgrad = projected(Optimizer::AmsGrad { beta1, beta2, eps }, gradient, 200_000);
    assert!(amsgrad < -0.999, "{amsgrad}");
}

/// Wilson et al., "The marginal value of adaptive gradient methods in machine learning", NeurIPS 2017, section 3.3: a
/// separable set, labels +1 or -1. Sample i has its label in the first feature, 1 in the next two, and 1 in one (label
/// +1) or five (label -1) features that no other sample has. Returns its features that are not 0.
fn wilson(i: usize, label: f64) -> Vec<(usize, f64)> {
    let own = if label > 0.0 { 1 } else { 5 };
    [(0, label), (1, 1.0), (2, 1.0)].into_iter().chain((0..own).map(|j| (3 + 5 * i + j, 1.0))).collect()
}

/// The weights after full-batch least squares from zero, at rate lr or lr / sqrt t.
fn least_squares(rule: Optimizer, lr: f64, falling: bool, steps: usize, labels: &[f64]) -> Vec<f64> {
    let samples: Vec<_> = labels.iter().enumerate().map(|(i, y)| (wilson(i, *y), *y)).collect();
    let mut w = vec![0.0f64; 3 + 5 * labels.len()];
    let mut stepper = Stepper::new(rule, NOTHING, &point(w.len()));
    for t in 1..=steps {
        let mut packed = vec![0.0; w.len()];
        for (x, y) in &samples {
            let off = x.iter().map(|(j, x)| w[*j] * x).sum::<f64>() - y;
            x.iter().for_each(|(j, x)| packed[*j] += off * x / labels.len() as f64);
        }
        let lr = if falling { lr / (t as f64).sqrt() } else { lr };
        stepper.step(&mut w, &Gradients { packed, finite: true }, lr);
    }
    w
}

#[test]
fn adaptive_rules_fit_wilsons_set_and_mistake_every_negative_sample_where_gradient_descent_does_not() {
    let labels: Vec<f64> = (0..200).map(|i| if i % 8 < 5 { 1.0 } else { -1.0 }).collect();
    let (p, n) = (125.0, 75.0);
    // A sample that was not seen: its own features still have weight 0.
    let new = |w: &[f64], label: f64| label * w[0] + w[1] + w[2];
    // Gradient descent ends at the shortest solution, a combination of the samples: `a` of each positive, -`b` of each
    // negative one.
    let den = 15.0 * p + 3.0 * n + 8.0 * p * n + 5.0;
    let (a, b) = ((4.0 * n + 5.0) / den, (4.0 * p + 1.0) / den);
    for (word, lr) in [("gd", 0.5), ("momentum", 0.05), ("nesterov", 0.05)] {
        let w = least_squares(rule(word), lr, false, 20_000, &labels);
        let wanted = [p * a + n * b, p * a - n * b, p * a - n * b];
        assert!(w.iter().zip(wanted).all(|(w, wanted)| (w - wanted).abs() < 1e-6), "{word}: {:?} {wanted:?}", &w[..3]);
        assert!((wanted[0] - 0.98177).abs() < 1e-5 && (wanted[1] - 0.00713).abs() < 1e-5);
        assert!(new(&w, 1.0) > 0.0 && new(&w, -1.0) < 0.0, "{word}");
    }
    // Lemma 3.1: where every sample agrees with the signs of X^T y, an adaptive rule stays on their line.
    for (word, lr) in [("adagrad", 0.1), ("rmsprop", 0.01), ("adam", 0.01), ("amsgrad", 0.01), ("adamax", 0.01)] {
        let w = least_squares(rule(word), lr, true, 4000, &labels);
        for (i, label) in labels.iter().enumerate() {
            for (j, x) in wilson(i, *label) {
                let sign = if j < 3 { 1.0 } else { label * x };
                assert!((w[j] - 0.25 * sign).abs() < 1e-3, "{word}: weight {j} is {}", w[j]);
            }
        }
        assert!(new(&w, 1.0) > 0.0 && new(&w, -1.0) > 0.0, "{word}");
    }
}
