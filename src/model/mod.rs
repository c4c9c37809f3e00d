//! The network: blocks of affine map, norm, activation and skip, and a linear output layer.

pub mod architecture;
pub mod differences;
pub mod init;
pub mod network;

pub use architecture::Architecture;
pub use network::{Gradients, Network, Path};

use crate::setting::{Acts, DefaultValue, Domain, Problems, Setting, of_problems};

/// The settings of the architecture.
pub const SETTINGS: &[Setting] = &of_problems(Problems::Networks, [
    Setting::new("depth", Domain::Int { min: 1, max: 10_000 }, DefaultValue::Int(8), "hidden layers, counted 1..depth from the input; a linear output layer follows"),
    Setting::new("width", Domain::Int { min: 1, max: 16_384 }, DefaultValue::Int(64), "units of each hidden layer"),
    Setting::new("bias", Domain::Bool, DefaultValue::Bool(true), "affine maps have a bias"),
    Setting::new(
        "batch_norm",
        Domain::Word(&["none", "before", "after"]),
        DefaultValue::Text("none"),
        "batch normalization (Ioffe & Szegedy 2015) before or after the activation; `true` is `\"before\"`",
    )
    .head("place")
    .as_bool("none", "before"),
    Setting::new("batch_norm.eps", Domain::Positive { max: 1.0 }, DefaultValue::Float(1e-5), "added to the variance").of(&["before", "after"]),
    Setting::new("batch_norm.momentum", Domain::Float { min: 0.0, max: 1.0 }, DefaultValue::Float(0.1), "weight of the new batch in the running statistics")
        .of(&["before", "after"])
        .acts(Acts::OnUpdates),
    Setting::new("batch_norm.affine", Domain::Bool, DefaultValue::Bool(true), "learned gain and shift after the normalization")
        .of(&["before", "after"])
        // They start at 1 and 0: only the norm of the gradient knows of them.
        .acts(Acts::OnTheBatch),
    Setting::new(
        "residual",
        Domain::Word(&["none", "pre_activation", "post_activation"]),
        DefaultValue::Text("none"),
        "skip connections: h + s (phi(norm(h)) W + b), or h + s phi(norm(h W + b)); `true` is `\"pre_activation\"`",
    )
    .head("form")
    .as_bool("none", "pre_activation"),
    Setting::new(
        "residual.scale",
        Domain::FloatOrWord { min: 0.0, max: 1e6, words: &["1/sqrt(depth)", "learned_zero"] },
        DefaultValue::Text("1/sqrt(depth)"),
        "branch scale s: a number, 1/sqrt(depth), or one learned number a block that starts at 0",
    )
    .of(&["pre_activation", "post_activation"]),
    Setting::new(
        "init",
        Domain::Word(&[
            "glorot_normal",
            "glorot_uniform",
            "he_normal",
            "he_uniform",
            "lecun_normal",
            "lecun_uniform",
            "orthogonal",
            "gaussian",
            "uniform_fan_in",
            "matched",
        ]),
        DefaultValue::Text("lecun_normal"),
        "distribution of the initial weights; `matched` is he_normal for relu, leaky_relu, elu, gelu, silu and mish, lecun_normal for selu, glorot_normal for the rest; `uniform_fan_in` is U(-1/sqrt(n), 1/sqrt(n))",
    )
    .head("kind"),
    Setting::new("init.sigma_w", Domain::Float { min: 0.0, max: 1e6 }, DefaultValue::Float(1.0), "weights ~ N(0, sigma_w^2 / fan_in)").of(&["gaussian"]),
    Setting::new("init.sigma_b", Domain::Float { min: 0.0, max: 1e6 }, DefaultValue::Float(0.0), "biases ~ N(0, sigma_b^2); every other init starts them at 0").of(&["gaussian"]),
    Setting::new("init.gain", Domain::Positive { max: 1e6 }, DefaultValue::Float(1.0), "factor on every initial weight").of(&["orthogonal"]),
]);
