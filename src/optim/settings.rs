//! The settings of the optimizers and of what acts beside them.

use super::family::Optimizer;
use crate::setting::{DefaultValue, Domain, Setting, on_updates};

/// Any positive number.
const POSITIVE: Domain = Domain::Positive { max: f64::MAX };
/// Any number from 0 on.
const NOT_NEGATIVE: Domain = Domain::Float { min: 0.0, max: f64::MAX };

/// The learning rate of some rules.
const fn lr(default: f64, of: &'static [&'static str], help: &'static str) -> Setting {
    Setting::float("optimizer.lr", POSITIVE, default, help).of(of)
}

/// The settings of the optimizer family.
pub const SETTINGS: &[Setting] = &on_updates([
    Setting::new(
        "optimizer.kind",
        Domain::Word(&Optimizer::WORDS),
        DefaultValue::Text("sgd"),
        "update rule; `gd` is `sgd` on the whole training set (batch = \"full\"); `momentum` is the heavy ball",
    )
    .head("kind"),
    lr(0.1, &["gd", "sgd"], "learning rate"),
    lr(0.01, &["momentum", "nesterov", "adagrad"], "learning rate"),
    lr(0.001, &["rmsprop", "adam", "amsgrad", "adamw", "radam"], "learning rate"),
    lr(0.002, &["adamax", "nadam"], "learning rate"),
    lr(1.0, &["adadelta"], "learning rate; the paper has none, which is 1"),
    lr(1e-4, &["lion"], "learning rate: the size of every step"),
    lr(0.01, &["rprop"], "step size of every weight at the start, and factor of `weight_decay`"),
    Setting::float("optimizer.momentum", Domain::Fraction, 0.9, "velocity kept per step, v <- m v + g")
        .of(&["momentum", "nesterov"]),
    Setting::float("optimizer.momentum", Domain::Fraction, 0.0, "velocity kept per step").of(&["rmsprop"]),
    Setting::new(
        "optimizer.centered",
        Domain::Bool,
        DefaultValue::Bool(false),
        "divides by the standard deviation of the gradient instead of its root mean square",
    )
    .of(&["rmsprop"]),
    Setting::float("optimizer.rho", Domain::Fraction, 0.99, "decay of the mean square gradient").of(&["rmsprop"]),
    Setting::float("optimizer.rho", Domain::Fraction, 0.9, "decay of the mean squares of gradient and change")
        .of(&["adadelta"]),
    Setting::float("optimizer.beta1", Domain::Fraction, 0.9, "decay of the first moment")
        .of(&["adam", "amsgrad", "adamw", "adamax", "nadam", "radam"]),
    Setting::float("optimizer.beta1", Domain::Fraction, 0.9, "share of the mean gradient in what gives the sign")
        .of(&["lion"]),
    Setting::float("optimizer.beta2", Domain::Fraction, 0.999, "decay of the second moment")
        .of(&["adam", "amsgrad", "adamw", "nadam", "radam"]),
    Setting::float("optimizer.beta2", Domain::Fraction, 0.999, "decay of the largest gradient").of(&["adamax"]),
    Setting::float("optimizer.beta2", Domain::Fraction, 0.99, "decay of the mean gradient").of(&["lion"]),
    Setting::float("optimizer.eps", POSITIVE, 1e-10, "added to the root of the summed squares").of(&["adagrad"]),
    Setting::float("optimizer.eps", POSITIVE, 1e-6, "added to both mean squares, inside the root").of(&["adadelta"]),
    Setting::float("optimizer.eps", POSITIVE, 1e-8, "added to the root of the mean square")
        .of(&["rmsprop", "adam", "amsgrad", "adamw", "nadam", "radam"]),
    Setting::float("optimizer.eps", POSITIVE, 1e-8, "added to the size of the gradient").of(&["adamax"]),
    Setting::float(
        "optimizer.momentum_decay",
        NOT_NEGATIVE,
        0.004,
        "how fast the momentum warms up: beta1 (1 - 0.96^(t momentum_decay) / 2)",
    )
    .of(&["nadam"]),
    Setting::float(
        "optimizer.shrink",
        Domain::Positive { max: 1.0 },
        0.5,
        "factor of a step size where the gradient turns",
    )
    .of(&["rprop"]),
    Setting::float(
        "optimizer.grow",
        Domain::Float { min: 1.0, max: 1e6 },
        1.2,
        "factor of a step size where the gradient keeps its sign",
    )
    .of(&["rprop"]),
    Setting::float("optimizer.min_step", POSITIVE, 1e-6, "smallest step size").of(&["rprop"]),
    Setting::float("optimizer.max_step", POSITIVE, 50.0, "largest step size").of(&["rprop"]),
    Setting::float(
        "l2",
        NOT_NEGATIVE,
        0.0,
        "coupled penalty l2/2 |w|^2: adds l2 w to the gradient; logged losses exclude it",
    ),
    Setting::float(
        "weight_decay",
        NOT_NEGATIVE,
        0.0,
        "decoupled decay: w <- w - lr weight_decay w beside the rule; the default under adamw is 0.01",
    ),
    Setting::new(
        "decay_all",
        Domain::Bool,
        DefaultValue::Bool(false),
        "`l2` and `weight_decay` also act on biases, batch-norm parameters and branch scales",
    )
    .of_networks(),
    Setting::new(
        "clip.norm",
        POSITIVE,
        DefaultValue::Unset,
        "scales the gradient down to at most this Euclidean norm over all parameters",
    ),
    Setting::new("clip.value", POSITIVE, DefaultValue::Unset, "clamps every gradient entry to at most this size"),
]);
