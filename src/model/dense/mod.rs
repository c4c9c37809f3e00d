//! The dense family: hidden layers of affine map, norm, activation and skip connection, then an output layer.

pub mod architecture;
pub mod composed;
pub mod network;
pub mod theory;

pub use architecture::{Architecture, Residual};
pub use network::Network;

use super::boundary::{Built, Family, PassCost};
use super::init::{self, Init};
use super::layout::Layout;
use crate::data::Sizes;
use crate::ops::loss::Loss;
use crate::ops::{Element, activation};
use crate::seed::Seeds;
use crate::setting::{Acts, DefaultValue, Domain, Problems, SHARE, Setting, SettingError, Settings, of_problems};
use crate::theory::{Inputs, NoPrediction, Outputs, Prediction};

/// Dense nets, by one of two implementations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dense {
    /// One op for the whole net: what a sweep trains.
    Fused,
    /// Candle's own ops: the reference.
    Composed,
}

impl Family for Dense {
    fn settings(&self) -> &'static [&'static [Setting]] {
        &[SETTINGS, init::SETTINGS, activation::SETTINGS]
    }

    fn layout(&self, settings: &Settings, sizes: &Sizes) -> Result<Layout, SettingError> {
        Ok(Architecture::from_settings(settings, sizes)?.layout())
    }

    fn initial(&self, settings: &Settings, sizes: &Sizes, seeds: &Seeds) -> Result<Vec<f64>, SettingError> {
        let architecture = Architecture::from_settings(settings, sizes)?;
        let init = Init::from_settings(settings, architecture.activation)?;
        Ok(init::initial(init, &architecture.layout(), seeds))
    }

    fn cost(&self, settings: &Settings, sizes: &Sizes, rows: usize) -> PassCost {
        let number = |key: &str| settings.int(key).unwrap_or(0).max(0) as f64;
        let (depth, width, rows) = (number("depth"), number("width"), rows as f64);
        let (features, outputs) = (sizes.features() as f64, sizes.outputs as f64);
        let weights = features * width + (depth - 1.0) * width * width + width * outputs;
        // Weights and their gradients, and three numbers a unit and row.
        let bytes = 4.0 * (2.0 * weights + 3.0 * rows * (depth * width + outputs));
        PassCost { weights, forward: 2.0 * rows * weights, backward: 4.0 * rows * weights, bytes }
    }

    fn couples_samples(&self, settings: &Settings) -> Option<&'static str> {
        settings.text("batch_norm").is_some_and(|place| place != "none").then_some("batch_norm")
    }

    fn trains_as_it_evaluates(&self, settings: &Settings) -> bool {
        self.couples_samples(settings).is_none()
    }

    fn predict(&self, settings: &Settings, inputs: &Inputs) -> Result<Prediction, NoPrediction> {
        let architecture = Architecture::from_settings(settings, &inputs.sizes)?;
        let init = Init::from_settings(settings, architecture.activation)?;
        let squares = if architecture.norm.is_some() { &inputs.centred } else { &inputs.squares };
        // Elsewhere the gradient does not depend on what the outputs are compared with.
        let depends = architecture.norm.is_some() || matches!(architecture.residual, Residual::PostActivation(_));
        if depends && settings.get("loss.class_weights").is_some() {
            return Err(NoPrediction::ClassWeights);
        }
        let smoothing = settings.float("loss.label_smoothing").unwrap_or(0.0);
        let share = smoothing / inputs.sizes.outputs as f64;
        let outputs = Outputs {
            loss: Loss::from_settings(settings, inputs.classes)?,
            activation: architecture.output_activation,
            count: inputs.sizes.outputs,
            targets: inputs.targets.iter().map(|y| (1.0 - smoothing) * y + share).collect(),
        };
        theory::predict(&architecture, init, squares, inputs.rows, &outputs)
    }

    fn build_f32(&self, settings: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<f32> {
        self.build(settings, sizes, packed)
    }

    fn build_f64(&self, settings: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<f64> {
        self.build(settings, sizes, packed)
    }
}

impl Dense {
    fn build<T: Element>(self, settings: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<T> {
        let architecture = Architecture::from_settings(settings, sizes)?;
        Ok(match self {
            Dense::Fused => Box::new(Network::with_parameters(architecture, packed)?),
            Dense::Composed => Box::new(composed::model(&architecture, packed)?),
        })
    }
}

/// The settings of the architecture.
pub const SETTINGS: &[Setting] = &of_problems(Problems::Networks, [
    Setting::int("depth", 1..=10_000, 8)
        .help("hidden layers, counted 1..depth from the input; a linear output layer follows"),
    Setting::int("width", 1..=16_384, 64).help("units of each hidden layer"),
    Setting::flag("bias", true).help("affine maps have a bias"),
    Setting::word("batch_norm", &["none", "before", "after"], "none").head("place").as_bool("none", "before")
        .help("batch normalization (Ioffe & Szegedy 2015) before or after the activation; `true` is `\"before\"`"),
    Setting::float("batch_norm.eps", Domain::Positive { max: 1.0 }, 1e-5).of(&["before", "after"])
        .help("added to the variance"),
    Setting::float("batch_norm.momentum", SHARE, 0.1).of(&["before", "after"]).acts(Acts::OnUpdates)
        .help("weight of the new batch in the running statistics"),
    Setting::flag("batch_norm.affine", true)
        .of(&["before", "after"])
        // They start at 1 and 0: only the norm of the gradient knows of them.
        .acts(Acts::OnTheBatch)
        .help("learned gain and shift after the normalization"),
    Setting::word("residual", &["none", "pre_activation", "post_activation"], "none")
        .head("form").as_bool("none", "pre_activation")
        .help("skip connections: h + s (phi(norm(h)) W + b), or h + s phi(norm(h W + b)); `true` is `\"pre_activation\"`"),
    Setting::new("residual.scale", Domain::FloatOrWord { min: 0.0, max: 1e6, words: &["1/sqrt(depth)", "learned_zero"] }, DefaultValue::Text("1/sqrt(depth)"))
        .of(&["pre_activation", "post_activation"])
        .help("branch scale s: a number, 1/sqrt(depth), or one learned number a block that starts at 0"),
]);
