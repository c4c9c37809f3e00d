//! Optimizers and schedules on quadratics, where their rates, limits and noise floors are known in closed form.

mod support;

use gradsweep::model::init::Init;
use gradsweep::model::{Architecture, Gradients, Network};
use gradsweep::optim::{Optimizer, Regularization, Stepper};
use gradsweep::schedule::{Schedule, Shape};
use gradsweep::seed::Seeds;
use gradsweep::setting::Value;
use support::settings;

const SEEDS: Seeds = Seeds { experiment: 0, run: 1 };

/// So many parameters under a rule, each at 1; `gradient` is asked for the gradient at given parameters.
struct Descent {
    network: Network<f64>,
    stepper: Stepper<f64>,
    gradients: Gradients<f64>,
}

impl Descent {
    fn new(rule: Optimizer, features: i64, width: i64) -> Self {
        let sizes = [("depth", Value::Int(1)), ("width", Value::Int(width)), ("bias", Value::Bool(false))];
        let architecture = Architecture::from_settings(&settings(&sizes), features as usize, 1).unwrap();
        let network = Network::new(architecture, Init::LecunNormal, &SEEDS).unwrap();
        network.rewrite(|x: &mut [f64]| x.fill(1.0)).unwrap();
        let stepper = Stepper::new(rule, Regularization::default(), &network);
        Descent { network, stepper, gradients: Gradients::default() }
    }

    fn step(&mut self, lr: f64, mut gradient: impl FnMut(usize, f64) -> f64) {
        let packed = self.parameters(|x| x.iter().enumerate().map(|(i, x)| gradient(i, *x)).collect());
        self.gradients.packed = packed;
        self.stepper.step(&self.network, &self.gradients, lr).unwrap();
    }

    fn parameters<R>(&self, read: impl FnOnce(&[f64]) -> R) -> R {
        self.network.read(read).unwrap()
    }

    fn largest(&self) -> f64 {
        let size = |x: &f64| if x.is_finite() { x.abs() } else { f64::INFINITY };
        self.parameters(|x| x.iter().map(size).fold(0.0, f64::max))
    }
}

/// By what the largest error shrinks a step, late: eigenvalues from 1/`kappa` to 1, starting with both ends.
fn rate(rule: Optimizer, lr: f64, kappa: f64, expected: f64) -> f64 {
    let mut descent = Descent::new(rule, 3, 4);
    let n = descent.parameters(<[f64]>::len);
    let eigenvalue = |i: usize| kappa.powf(-(i as f64) / (n as f64 - 1.0));
    // To 1e-200, or as far as f64 goes without underflow.
    let last = (200.0 * std::f64::consts::LN_10 / -expected.ln()).ceil() as usize;
    let mut half = 0.0;
    for step in 0..last {
        if step == last / 2 {
            half = descent.largest();
        }
        descent.step(lr, |i, x| eigenvalue(i) * x);
    }
    (descent.largest() / half).powf(1.0 / (last - last / 2) as f64)
}

#[test]
fn tuned_rules_converge_on_a_quadratic_at_their_rates() {
    // Polyak 1964 for the heavy ball, Nesterov 2018 for the others.
    for (kappa, gd, heavy_ball, nesterov) in [
        (10.0f64, 0.818_182, 0.519_494, 0.683_772),
        (100.0, 0.980_198, 0.818_182, 0.9),
        (1000.0, 0.998_002, 0.938_693, 0.968_377),
    ] {
        let (root, mu) = (kappa.sqrt(), 1.0 / kappa);
        let ball = ((root - 1.0) / (root + 1.0)).powi(2);
        let tuned = (3.0 * kappa + 1.0).sqrt();
        let cases = [
            (Optimizer::Gd, 2.0 / (1.0 + mu), gd),
            (Optimizer::Sgd, 1.0, 1.0 - mu),
            (Optimizer::Momentum { momentum: ball }, 4.0 / (1.0 + mu.sqrt()).powi(2), heavy_ball),
            (Optimizer::Nesterov { momentum: (root - 1.0) / (root + 1.0) }, 1.0, nesterov),
            (Optimizer::Nesterov { momentum: (tuned - 2.0) / (tuned + 2.0) }, 4.0 / (3.0 + mu), 1.0 - 2.0 / tuned),
        ];
        for (rule, lr, expected) in cases {
            let found = rate(rule, lr, kappa, expected);
            // A double root adds a factor t to rho^t, which shrinks more slowly by a last power.
            assert!((found / expected - 1.0).abs() < 0.004, "{rule:?}, kappa {kappa}: {found} against {expected}");
        }
    }
}

#[test]
fn learning_rates_are_stable_up_to_the_known_limit() {
    let momentum = |b: f64| (Optimizer::Momentum { momentum: b }, 2.0 * (1.0 + b));
    let nesterov = |b: f64| (Optimizer::Nesterov { momentum: b }, (2.0 + 2.0 * b) / (1.0 + 2.0 * b));
    let cases = [(Optimizer::Gd, 2.0), momentum(0.5), momentum(0.9), nesterov(0.5), nesterov(0.9)];
    for (rule, limit) in cases {
        for (lr, stable) in [(0.998 * limit, true), (1.002 * limit, false)] {
            let mut descent = Descent::new(rule, 1, 1);
            (0..20_000).for_each(|_| descent.step(lr, |_, x| x));
            let size = descent.largest();
            assert_eq!(size < 1.0, stable, "{rule:?} at {lr}: {size}");
        }
    }
}

#[test]
fn a_constant_gradient_moves_adaptive_rules_as_far_as_they_say() {
    let moved = |rule, gradient: f64, steps: usize| {
        let mut descent = Descent::new(rule, 1, 1);
        (0..steps).for_each(|_| descent.step(1e-3, |_, _| gradient));
        (1.0 - descent.parameters(|x| x[0])) / 1e-3
    };
    let adam = Optimizer::Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8 };
    let cases = [
        (adam, 1e-8, 1, 0.5),
        (adam, 1e-8, 50, 25.0),
        (adam, 1e-10, 1, 0.01 / 1.01),
        (Optimizer::Adagrad { eps: 1e-10 }, 3.0, 100, 18.5896),
        (Optimizer::RmsProp { rho: 0.9, eps: 1e-12 }, 3.0, 1, 3.1623),
        (Optimizer::RmsProp { rho: 0.99, eps: 1e-12 }, 3.0, 1, 10.0),
        (Optimizer::RmsProp { rho: 0.999, eps: 1e-12 }, 3.0, 1, 31.6228),
    ];
    for (rule, gradient, steps, expected) in cases {
        let found = moved(rule, gradient, steps);
        assert!((found / expected - 1.0).abs() < 1e-5, "{rule:?}, {steps} steps of {gradient}: {found} {expected}");
    }
}

#[test]
fn gradient_noise_leaves_the_known_floor() {
    // Gradient x + xi, xi ~ N(0, 1): E x^2 -> lr (1 + b) / ((1 - b) (2 (1 + b) - lr)). Each parameter is a run of its own.
    for (momentum, lr, floor) in
        [(0.0, 0.1, 0.052_632), (0.0, 0.5, 0.333_333), (0.9, 0.05, 0.253_333), (0.9, 0.1, 0.513_514)]
    {
        let mut descent = Descent::new(Optimizer::Momentum { momentum }, 100, 100);
        let mut noise = SEEDS.stream("noise", &[]);
        let (mut sum, mut count) = (0.0, 0);
        for step in 0..400 {
            descent.step(lr, |_, x| x + noise.normal());
            if step >= 250 && step % 15 == 0 {
                sum += descent.parameters(|x| x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64);
                count += 1;
            }
        }
        // Ten snapshots of 10,000 squares, correlated: 1.4 % at most.
        let found = sum / f64::from(count);
        assert!((found / floor - 1.0f64).abs() < 0.03, "momentum {momentum}, lr {lr}: {found} against {floor}");
    }
}

#[test]
fn schedules_average_the_noise_away_as_far_as_their_recursion_says() {
    // m <- (1 - lr)^2 m + lr^2, the exact E x^2 of sgd at unit curvature and noise, from 100 over 1000 steps.
    let cases = [
        (0.1, Shape::Constant, 0.052_632),
        (0.01, Shape::Constant, 0.005_025),
        (0.1, Shape::Step { every: 500, factor: 0.1 }, 0.005_027),
        (0.1, Shape::Cosine { last: 0.0 }, 0.003_640),
        (0.1, Shape::Linear { last: 0.0 }, 0.004_448),
        (0.1, Shape::Exponential { last: 0.01 }, 0.001_655),
        (0.1, Shape::InverseTime { rate: 0.1 }, 0.008_938),
    ];
    for (lr, shape, expected) in cases {
        let schedule = Schedule { lr, shape, warmup: 0, steps: 1000 };
        let end = (0..1000).map(|step| schedule.at(step)).fold(100.0, |m, lr| (1.0 - lr).powi(2) * m + lr * lr);
        assert!((end - expected).abs() < 1.1e-6, "{shape:?}: {end} against {expected}");
    }
    // 1/t with rate lr = 1 is the sample mean: m_T = 1 / (T + 1), the best there is (Robbins & Monro 1951).
    let mean = Schedule { lr: 1.0, shape: Shape::InverseTime { rate: 1.0 }, warmup: 0, steps: 1000 };
    let end = (0..1000).map(|step| mean.at(step)).fold(100.0, |m, lr| (1.0 - lr).powi(2) * m + lr * lr);
    assert!((end * 1000.0 - 1.0f64).abs() < 1e-9, "{end}");
}
