//! Activations: the function, its derivative and where it saturates.

use crate::setting::{Default, Domain, Setting};

const WORDS: &[&str] = &[
    "identity",
    "sigmoid",
    "tanh",
    "hard_tanh",
    "softsign",
    "softplus",
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "mish",
    "erf",
];

/// The settings of the activation family.
pub const SETTINGS: &[Setting] = &[
    Setting::new("activation", Domain::Word(WORDS), Default::Text("tanh"), "nonlinearity of the hidden layers")
        .head("kind"),
    Setting::new(
        "activation.slope",
        Domain::Float { min: 0.0, max: 1.0 },
        Default::Float(0.01),
        "slope on the negative side",
    )
    .of(&["leaky_relu"]),
    Setting::new(
        "activation.alpha",
        Domain::Positive { max: 1e6 },
        Default::Float(1.0),
        "size of the negative plateau",
    )
    .of(&["elu"]),
    Setting::new(
        "output_activation",
        Domain::Word(WORDS),
        Default::Text("identity"),
        "nonlinearity of the output layer, before the loss",
    )
    .head("kind"),
    Setting::new(
        "output_activation.slope",
        Domain::Float { min: 0.0, max: 1.0 },
        Default::Float(0.01),
        "slope on the negative side",
    )
    .of(&["leaky_relu"]),
    Setting::new(
        "output_activation.alpha",
        Domain::Positive { max: 1e6 },
        Default::Float(1.0),
        "size of the negative plateau",
    )
    .of(&["elu"]),
];
