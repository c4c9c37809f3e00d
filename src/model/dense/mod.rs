//! The dense family: hidden layers of affine map, norm, activation and skip connection, then an output layer.

pub mod architecture;
pub mod composed;
pub mod network;
pub mod theory;

pub use architecture::{Architecture, Residual};
pub(crate) use architecture::{IDENTITY, branch_scale};
pub use network::Network;

use super::boundary::{Built, Family, PassCost, at_both_precisions};
use super::init::{self, Start};
use super::layout::Layout;
use crate::data::Sizes;
use crate::ops::Element;
use crate::ops::loss::Loss;
use crate::ops::norm::{Norm, NormKind};
use crate::seed::Seeds;
use crate::setting::{
    Acts, DefaultValue, Domain, Problems, SHARE, Setting, SettingError, Settings, Value, of_problems,
};
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
    fn words(&self) -> &'static [&'static str] {
        &["mlp"]
    }

    fn help(&self) -> &'static str {
        "`mlp`: fully connected"
    }

    fn reads(&self, _: &str, _: &str) -> bool {
        true
    }

    fn layout(&self, settings: &Settings, sizes: &Sizes) -> Result<Layout, SettingError> {
        Ok(Architecture::from_settings(settings, sizes)?.layout())
    }

    fn initial(&self, settings: &Settings, sizes: &Sizes, seeds: &Seeds) -> Result<Vec<f64>, SettingError> {
        let architecture = Architecture::from_settings(settings, sizes)?;
        let start = Start::from_settings(settings, architecture.activation)?;
        Ok(init::initial(start, &architecture.layout(), seeds))
    }

    fn cost(&self, settings: &Settings, sizes: &Sizes, rows: usize) -> PassCost {
        let widths: Vec<f64> = architecture::widths(settings).unwrap_or_default().iter().map(|w| *w as f64).collect();
        let (rows, outputs) = (rows as f64, sizes.outputs as f64);
        // A gate has a matrix of its own.
        let matrices = if settings.text("residual") == Some("highway") { 2.0 } else { 1.0 };
        let hidden: f64 = widths.windows(2).map(|pair| matrices * pair[0] * pair[1]).sum();
        let first = widths.first().map_or(0.0, |first| sizes.features() as f64 * first);
        let weights = first + hidden + widths.last().copied().unwrap_or(sizes.features() as f64) * outputs;
        // Weights and their gradients, and three numbers a unit and row.
        let bytes = 4.0 * (2.0 * weights + 3.0 * rows * (widths.iter().sum::<f64>() + outputs));
        let if_any = |key: &str, more: f64| if settings.text(key) == Some("none") { 0.0 } else { more };
        let measured = (3.0 + if_any("norm", 1.5) + if_any("residual", 2.0)) * bytes;
        PassCost { weights, forward: 2.0 * rows * weights, backward: 4.0 * rows * weights, bytes, measured }
    }

    fn couples_samples(&self, settings: &Settings) -> Option<&'static str> {
        let norm = Norm::from_settings(settings).ok().flatten();
        norm.is_some_and(|norm| norm.kind.is_over_batch()).then_some("norm")
    }

    fn trains_as_it_evaluates(&self, settings: &Settings) -> bool {
        self.couples_samples(settings).is_none() && settings.float("dropout").unwrap_or(0.0) == 0.0
    }

    fn headless(&self, settings: &Settings, sizes: &Sizes) -> Option<(Settings, Sizes)> {
        let outputs = *architecture::widths(settings).ok()?.last()?;
        let mut settings = settings.clone();
        settings.set("output_activation", Value::Text("identity".into()));
        Some((settings, Sizes { outputs, ..sizes.clone() }))
    }

    fn predict(&self, settings: &Settings, inputs: &Inputs) -> Result<Prediction, NoPrediction> {
        let architecture = Architecture::from_settings(settings, &inputs.sizes)?;
        let start = Start::from_settings(settings, architecture.activation)?;
        let over_batch = architecture.norm.is_some_and(|norm| norm.kind.is_over_batch());
        let squares = if over_batch { &inputs.centred } else { &inputs.squares };
        // Elsewhere the gradient does not depend on what the outputs are compared with.
        let depends = over_batch || matches!(architecture.residual, Residual::PostActivation(_));
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
        let prediction = theory::predict(&architecture, start, squares, inputs.rows, &outputs)?;
        Ok(Prediction { sizes: architecture.widths, ..prediction })
    }

    at_both_precisions!();
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

const NORMS: &[&str] = &["none", NormKind::WORDS[0], NormKind::WORDS[1], NormKind::WORDS[2]];
const NORMED: &[&str] = NORMS.split_at(1).1;

/// The settings of the architecture.
pub const SETTINGS: &[Setting] = &of_problems(Problems::Networks, [
    Setting::int("depth", 0..=10_000, 8)
        .help("number of hidden layers, counted from the input; a linear output layer follows; 0 is linear or logistic regression"),
    Setting::int("width", 1..=16_384, 64).help("units of each hidden layer"),
    Setting::unset("widths", Domain::Sizes { max: 16_384 })
        .instead_of(&["depth", "width"], "how many hidden layers there are, and how wide")
        .help("instead of `depth` and `width`: the number of units of each hidden layer, starting at the input"),
    Setting::flag("bias", true).help("whether affine maps have a bias"),
    Setting::word("norm", NORMS, "none").head("kind")
        .help("normalization before or after the activation: of each unit over the batch (batch: Ioffe & Szegedy 2015), of each sample over its units (layer: Ba et al. 2016), or the same without subtracting the mean (rms: Zhang & Sennrich 2019); in recurrent nets at each time step, separately for each gate, with the bias added after it; `batch_norm = true` is short for `norm = \"batch\"`"),
    Setting::word("norm.place", &["before", "after", "pre", "post"], "before").of(NORMED)
        .help("before or after the activation; in a transformer on the input of a sub-layer (pre, the default there) or on the sum of its input and output (post)"),
    Setting::float("norm.eps", Domain::Positive { max: 1.0 }, 1e-5).of(NORMED).help("added to the variance or mean square"),
    Setting::float("norm.momentum", SHARE, 0.1).of(&["batch"]).acts(Acts::OnUpdates)
        .help("weight of the new batch in the running statistics"),
    Setting::flag("norm.affine", true)
        .of(NORMED)
        // They start at 1 and 0: only the norm of the gradient knows of them.
        .acts(Acts::OnTheBatch)
        .help("learned gain after the normalization, and a learned shift except for rms"),
    Setting::float("dropout", Domain::Fraction, 0.0).acts(Acts::OnTheBatch)
        .help("probability that an output of a hidden layer's activation is set to 0 in a training step (Srivastava et al. 2014); the others are multiplied by 1/(1 - p). In recurrent nets it acts between layers, not between time steps. It is off in evaluation and when gradients are measured"),
    Setting::word("residual", &["none", "pre_activation", "post_activation", "highway", IDENTITY], "none")
        .head("form").as_bool("none", "pre_activation")
        .help("skip connections: h + s (phi(norm(h)) W + b), h + s phi(norm(h W + b)), or T phi(norm(h W + b)) + (1 - T) h with the gate T = sigmoid(h W_T + b_T) (highway: Srivastava et al. 2015); of stacked recurrent layers their input plus their output (identity); `true` is `\"pre_activation\"`"),
    Setting::new("residual.scale", Domain::FloatOrWord { min: 0.0, max: 1e6, words: &["1/sqrt(depth)", "learned_zero"] }, DefaultValue::Text("1/sqrt(depth)"))
        .of(&["pre_activation", "post_activation"])
        .help("branch scale s: a number, 1/sqrt(depth), or one learned number per block that starts at 0"),
    Setting::float("residual.transform_bias", Domain::Float { min: -100.0, max: 100.0 }, -2.0).of(&["highway"])
        .help("initial value of every entry of b_T; the lower it is, the more of h passes unchanged"),
]);
