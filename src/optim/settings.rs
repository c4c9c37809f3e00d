//! The settings of the optimizers, and of L2, weight decay and gradient clipping.

use super::family::Optimizer;
use crate::setting::{Domain, NOT_NEGATIVE, POSITIVE, Setting, on_updates};

/// The learning rate of some rules.
const fn lr(default: f64, of: &'static [&'static str], help: &'static str) -> Setting {
    Setting::float("optimizer.lr", POSITIVE, default).of(of).help(help)
}

/// The settings of the optimizer family.
pub const SETTINGS: &[Setting] = &on_updates([
    Setting::word("optimizer.kind", &Optimizer::WORDS, "sgd")
        .head("kind")
        .help("update rule; `gd` is `sgd` on the whole training set (batch = \"full\"); `momentum` is the heavy ball"),
    lr(0.1, &["gd", "sgd"], "learning rate"),
    lr(0.01, &["momentum", "nesterov", "adagrad"], "learning rate"),
    lr(0.001, &["rmsprop", "adam", "amsgrad", "adamw", "radam"], "learning rate"),
    lr(0.002, &["adamax", "nadam"], "learning rate"),
    lr(1.0, &["adadelta"], "learning rate; 1 is the rule of the paper, which has none"),
    lr(1e-4, &["lion"], "learning rate: the size of every step"),
    lr(
        0.01,
        &["rprop"],
        "initial step size of every weight, and the learning rate that `weight_decay` is multiplied by",
    ),
    Setting::float("optimizer.momentum", Domain::Fraction, 0.9)
        .of(&["momentum", "nesterov"])
        .help("fraction of the velocity that is kept per step, v <- m v + g"),
    Setting::float("optimizer.momentum", Domain::Fraction, 0.0)
        .of(&["rmsprop"])
        .help("fraction of the velocity that is kept per step"),
    Setting::flag("optimizer.centered", false)
        .of(&["rmsprop"])
        .help("divides by the standard deviation of the gradient instead of its root mean square"),
    Setting::float("optimizer.rho", Domain::Fraction, 0.99).of(&["rmsprop"]).help("decay of the mean square gradient"),
    Setting::float("optimizer.rho", Domain::Fraction, 0.9)
        .of(&["adadelta"])
        .help("decay of the mean squares of gradient and change"),
    Setting::float("optimizer.beta1", Domain::Fraction, 0.9)
        .of(&["adam", "amsgrad", "adamw", "adamax", "nadam", "radam"])
        .help("decay of the first moment"),
    Setting::float("optimizer.beta1", Domain::Fraction, 0.9)
        .of(&["lion"])
        .help("weight of the mean gradient in the vector whose sign is the update"),
    Setting::float("optimizer.beta2", Domain::Fraction, 0.999)
        .of(&["adam", "amsgrad", "adamw", "nadam", "radam"])
        .help("decay of the second moment"),
    Setting::float("optimizer.beta2", Domain::Fraction, 0.999).of(&["adamax"]).help("decay of the largest gradient"),
    Setting::float("optimizer.beta2", Domain::Fraction, 0.99).of(&["lion"]).help("decay of the mean gradient"),
    Setting::float("optimizer.eps", POSITIVE, 1e-10)
        .of(&["adagrad"])
        .help("added to the square root of the summed squares"),
    Setting::float("optimizer.eps", POSITIVE, 1e-6)
        .of(&["adadelta"])
        .help("added to both mean squares, inside the square root"),
    Setting::float("optimizer.eps", POSITIVE, 1e-8)
        .of(&["rmsprop", "adam", "amsgrad", "adamw", "nadam", "radam"])
        .help("added to the square root of the mean square"),
    Setting::float("optimizer.eps", POSITIVE, 1e-8).of(&["adamax"]).help("added to the absolute value of the gradient"),
    Setting::float("optimizer.momentum_decay", NOT_NEGATIVE, 0.004)
        .of(&["nadam"])
        .help("how fast the momentum warms up: beta1 (1 - 0.96^(t momentum_decay) / 2)"),
    Setting::float("optimizer.shrink", Domain::Positive { max: 1.0 }, 0.5)
        .of(&["rprop"])
        .help("factor on a step size when the gradient changes its sign"),
    Setting::float("optimizer.grow", Domain::Float { min: 1.0, max: 1e6 }, 1.2)
        .of(&["rprop"])
        .help("factor on a step size when the gradient keeps its sign"),
    Setting::float("optimizer.min_step", POSITIVE, 1e-6).of(&["rprop"]).help("smallest step size"),
    Setting::float("optimizer.max_step", POSITIVE, 50.0).of(&["rprop"]).help("largest step size"),
    Setting::float("l2", NOT_NEGATIVE, 0.0)
        .help("coupled penalty l2/2 |w|^2: adds l2 w to the gradient; logged losses exclude it"),
    Setting::float("weight_decay", NOT_NEGATIVE, 0.0)
        .help("decoupled decay: w <- w - lr weight_decay w in addition to the update; the default for adamw is 0.01"),
    Setting::flag("decay_all", false)
        .of_networks()
        .help("`l2` and `weight_decay` also act on biases, batch-norm parameters and branch scales"),
    Setting::unset("clip.norm", POSITIVE)
        .help("scales the gradient down to at most this Euclidean norm over all parameters"),
    Setting::unset("clip.value", POSITIVE).help("clamps every gradient entry to at most this size"),
]);
