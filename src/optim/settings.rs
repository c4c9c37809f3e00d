//! The settings of the optimizers and of what acts beside them.

use crate::setting::{Default, Domain, Setting};

/// The settings of the optimizer family.
pub const SETTINGS: &[Setting] = &[
    Setting::new(
        "optimizer.kind",
        Domain::Word(&["gd", "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]),
        Default::Text("sgd"),
        "update rule; `gd` is `sgd` on the whole training set (batch = \"full\")",
    )
    .head("kind"),
    Setting::new("optimizer.lr", Domain::Positive { max: f64::MAX }, Default::Float(0.1), "learning rate")
        .of(&["gd", "sgd"]),
    Setting::new("optimizer.lr", Domain::Positive { max: f64::MAX }, Default::Float(0.01), "learning rate")
        .of(&["momentum", "nesterov", "adagrad"]),
    Setting::new("optimizer.lr", Domain::Positive { max: f64::MAX }, Default::Float(0.001), "learning rate")
        .of(&["rmsprop", "adam", "adamw"]),
    Setting::new("optimizer.momentum", Domain::Fraction, Default::Float(0.9), "velocity kept per step, v <- m v + g")
        .of(&["momentum", "nesterov"]),
    Setting::new("optimizer.rho", Domain::Fraction, Default::Float(0.99), "decay of the mean square gradient")
        .of(&["rmsprop"]),
    Setting::new("optimizer.beta1", Domain::Fraction, Default::Float(0.9), "decay of the first moment")
        .of(&["adam", "adamw"]),
    Setting::new("optimizer.beta2", Domain::Fraction, Default::Float(0.999), "decay of the second moment")
        .of(&["adam", "adamw"]),
    Setting::new(
        "optimizer.eps",
        Domain::Positive { max: f64::MAX },
        Default::Float(1e-10),
        "added to the root of the summed squares",
    )
    .of(&["adagrad"]),
    Setting::new(
        "optimizer.eps",
        Domain::Positive { max: f64::MAX },
        Default::Float(1e-8),
        "added to the root of the mean square",
    )
    .of(&["rmsprop", "adam", "adamw"]),
    Setting::new(
        "l2",
        Domain::Float { min: 0.0, max: f64::MAX },
        Default::Float(0.0),
        "coupled penalty l2/2 |w|^2: adds l2 w to the gradient; logged losses exclude it",
    ),
    Setting::new(
        "weight_decay",
        Domain::Float { min: 0.0, max: f64::MAX },
        Default::Float(0.0),
        "decoupled decay: w <- w - lr weight_decay w beside the rule; the default under adamw is 0.01",
    ),
    Setting::new(
        "decay_all",
        Domain::Bool,
        Default::Bool(false),
        "`l2` and `weight_decay` also act on biases, batch-norm parameters and branch scales",
    ),
    Setting::new(
        "clip.norm",
        Domain::Positive { max: f64::MAX },
        Default::Unset,
        "scales the gradient down to at most this Euclidean norm over all parameters",
    ),
    Setting::new(
        "clip.value",
        Domain::Positive { max: f64::MAX },
        Default::Unset,
        "clamps every gradient entry to at most this size",
    ),
];
