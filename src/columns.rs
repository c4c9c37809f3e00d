//! Every column of the CSV files: its words and unit, how it is drawn and judged, when it is measured and who predicts it.
//!
//! Claims, figures, comparisons, summaries and the README read these rows. No code looks at how a column's name is spelled.
//! [`ZEROS`] says what a gradient that does not arrive counts as, [`Column::runs`] which runs a median is of.

use Measured::{Best, End, Init, Run, Several, Step};
use On::{Batch, Probe, Split, Training};
use Quantity::{Attenuation, DeltaAttenuation, TimeAttenuation, WeightGradientAttenuation};
use std::sync::LazyLock;

pub mod metric;

/// A column of a CSV file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    pub name: &'static str,
    /// What it is, for the side of a panel: one string a line.
    pub words: &'static [&'static str],
    /// Empty for plain numbers, such as losses.
    pub unit: &'static str,
    /// Whether it is an average over the layers, or time steps, not their sum.
    pub is_per_layer: bool,
    pub quantity: Quantity,
    pub scale: Scale,
    pub better: Better,
    pub measured: Measured,
    /// What its value at a given step depends on, beside the network.
    pub on: On,
    /// The part of the data that it is a loss or an accuracy of.
    pub part: Option<Part>,
    /// What theory says of it before the first update.
    pub predicted: Option<Predicted>,
    /// Whether `summary.csv` has its median.
    pub summarized: bool,
    /// The key of `[record]` that asks for it; it is empty without.
    pub recorded: Option<&'static str>,
    /// Whether it has a value of its own at each time step of a recurrent net; weights, for example, are the same at all.
    pub over_time: bool,
}

/// What kind of thing a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// What a row is about: an identity, a step, a layer, a status.
    Key,
    Loss,
    Accuracy,
    /// The mean over the classes of the share of each that is found.
    BalancedAccuracy,
    /// One less the accuracy.
    Error,
    /// Root mean square of a gradient.
    Gradient,
    /// Decades of dL/dh lost on the way to the first layer.
    Attenuation,
    /// Decades of dL/dz lost.
    DeltaAttenuation,
    /// Decades of dL/dW lost.
    WeightGradientAttenuation,
    /// Decades lost on the way back to the first time step.
    TimeAttenuation,
    /// Updates until something happened.
    Steps,
    Other,
}

/// How values are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Linear,
    /// Spans decades.
    Log,
    /// From 0 to 1, read as per cent.
    Share,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    Higher,
    Lower,
    Neither,
}

/// When a value is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// Before the first update: also a run that diverges later has it.
    Init,
    /// At the step of its row.
    Step,
    /// At the step with the best validation (or training) loss.
    Best,
    /// After the last update.
    End,
    /// Of the run as a whole.
    Run,
    /// Of several runs together.
    Several,
}

/// What a measurement looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// The network and its fixed probe set.
    Probe,
    /// The batch of the step.
    Batch,
    /// A whole part of the data, in evaluation mode.
    Split,
    /// How training went.
    Training,
}

/// A part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Test,
    Validation,
    Training,
}

impl Part {
    /// Where a result is looked for, first to last: what was neither trained on nor chosen by comes first.
    pub const ALL: [Part; 3] = [Part::Test, Part::Validation, Part::Training];
}

/// What theory predicts of a network before its first update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predicted {
    /// The root mean square of dL/dh of each layer, over another layer's.
    Stream,
    /// The norm of dL/dh of each layer, over another layer's.
    StreamNorm,
    /// The root mean square of dL/dz.
    Delta,
    /// Decades of dL/dh lost per layer.
    Attenuation,
    /// Decades of dL/dh lost in all.
    AttenuationTotal,
    /// Decades of dL/dz lost per layer.
    DeltaAttenuation,
    /// Decades of the norm of dL/dh lost per layer.
    NormAttenuation,
    /// Decades of the norm of dL/dh lost in all.
    NormAttenuationTotal,
    /// The root mean square of a recurrent net's state gradient at each time step, over that at the last.
    State,
    /// Decades of it lost per time step.
    TimeAttenuation,
    /// Decades of it lost in all.
    TimeAttenuationTotal,
}

impl Column {
    const fn new(name: &'static str, words: &'static [&'static str], measured: Measured, on: On) -> Self {
        Column {
            name,
            words,
            unit: "",
            is_per_layer: false,
            quantity: Quantity::Other,
            scale: Scale::Linear,
            better: Better::Neither,
            measured,
            on,
            part: None,
            predicted: None,
            summarized: false,
            recorded: None,
            over_time: false,
        }
    }

    /// What a row is about.
    const fn key(name: &'static str, words: &'static [&'static str]) -> Self {
        Column { quantity: Quantity::Key, ..Column::new(name, words, Run, Training) }
    }

    const fn loss(name: &'static str, words: &'static [&'static str], measured: Measured, on: On) -> Self {
        let column = Column::new(name, words, measured, on);
        Column { quantity: Quantity::Loss, scale: Scale::Log, better: Better::Lower, ..column }
    }

    const fn accuracy(name: &'static str, words: &'static [&'static str], measured: Measured) -> Self {
        let column = Column::new(name, words, measured, Split);
        Column { quantity: Quantity::Accuracy, scale: Scale::Share, better: Better::Higher, unit: "share", ..column }
    }

    const fn balanced(name: &'static str, words: &'static [&'static str], measured: Measured) -> Self {
        Column { quantity: Quantity::BalancedAccuracy, ..Column::accuracy(name, words, measured) }
    }

    const fn share(name: &'static str, words: &'static [&'static str], on: On) -> Self {
        Column { scale: Scale::Share, unit: "share", ..Column::new(name, words, Step, on) }
    }

    const fn error(name: &'static str, words: &'static [&'static str]) -> Self {
        Column { quantity: Quantity::Error, better: Better::Lower, ..Column::share(name, words, Split) }
    }

    const fn gradient(name: &'static str, words: &'static [&'static str]) -> Self {
        let column = Column::new(name, words, Step, Probe);
        Column { quantity: Quantity::Gradient, scale: Scale::Log, ..column }
    }

    /// Decades lost on the way to the first layer, per layer or in all.
    const fn decades(name: &'static str, words: &'static [&'static str], measured: Measured, of: Quantity) -> Self {
        Column { quantity: of, unit: "decades", ..Column::new(name, words, measured, Probe) }
    }

    const fn steps(name: &'static str, words: &'static [&'static str], measured: Measured) -> Self {
        Column { quantity: Quantity::Steps, unit: "updates", ..Column::new(name, words, measured, Training) }
    }

    const fn per_layer(self) -> Self {
        Column { unit: "decades per layer", is_per_layer: true, ..self }
    }

    const fn per_time_step(self) -> Self {
        Column { unit: "decades per time step", is_per_layer: true, ..self }
    }

    const fn log(self) -> Self {
        Column { scale: Scale::Log, ..self }
    }

    const fn unit(self, unit: &'static str) -> Self {
        Column { unit, ..self }
    }

    const fn of(self, part: Part) -> Self {
        Column { part: Some(part), ..self }
    }

    const fn over_time(self) -> Self {
        Column { over_time: true, ..self }
    }

    const fn predicted(self, predicted: Predicted) -> Self {
        Column { predicted: Some(predicted), ..self }
    }

    const fn summarized(self) -> Self {
        Column { summarized: true, ..self }
    }

    const fn recorded(self, key: &'static str) -> Self {
        Column { recorded: Some(key), ..self }
    }

    /// Whether it spans decades and is drawn on a logarithmic scale.
    pub fn is_log(&self) -> bool {
        self.scale == Scale::Log
    }

    /// Whether all its values can be drawn on a logarithmic scale, where an exact zero has a mark.
    pub fn is_never_negative(&self) -> bool {
        self.scale != Scale::Linear || self.quantity == Quantity::Steps
    }

    /// Whether it is of `layers.csv` and spreads over decades, as gradients do: the median of an even number of seeds is then the
    /// geometric middle, as that of decades lost is, on whatever scale it is drawn.
    pub fn has_geometric_median(&self) -> bool {
        LAYERS.iter().any(|own| own.name == self.name && own.is_log())
    }

    /// The same column, drawn on a logarithmic scale or not.
    pub fn on_scale(&'static self, log: bool) -> &'static Column {
        static OTHERS: LazyLock<Vec<(&Column, Column)>> = LazyLock::new(|| {
            let all = [OUTCOMES, HISTORY, ERRORS, LAYERS].into_iter().flatten();
            all.map(|c| (c, Column { scale: if c.is_log() { Scale::Linear } else { Scale::Log }, ..*c })).collect()
        });
        let other = || OTHERS.iter().find(|(column, _)| *column == self).map(|(_, other)| other);
        if log == self.is_log() { self } else { other().unwrap_or(self) }
    }

    /// What a gradient passes one of after the other on the way along which its decades are lost.
    pub fn passed(&self) -> &'static str {
        if self.quantity == Quantity::TimeAttenuation { "time step" } else { "layer" }
    }

    /// Whether more of it is better.
    pub fn higher_is_better(&self) -> bool {
        self.better == Better::Higher
    }

    /// 1 where more is better, -1 where less is; nothing where neither is.
    pub fn sign(&self) -> Option<f64> {
        match self.better {
            Better::Higher => Some(1.0),
            Better::Lower => Some(-1.0),
            Better::Neither => None,
        }
    }

    /// What a run that diverged counts as, so that no median hides it: worse than every number, also than a share of 0.
    pub fn worst(&self) -> f64 {
        if self.higher_is_better() { f64::NEG_INFINITY } else { f64::INFINITY }
    }

    /// Whether a run that diverged has it all the same: it was measured before the first update.
    pub fn outlives_divergence(&self) -> bool {
        self.measured == Measured::Init
    }

    /// Whether a run that never got there counts as the worst there is: the target was missed.
    pub fn missing_is_worst(&self) -> bool {
        self.quantity == Quantity::Steps && self.better == Better::Lower
    }

    /// Whether it is decades of dL/dh or dL/dz lost on the way to the first layer, or back to the first time step.
    pub fn is_attenuation(&self) -> bool {
        matches!(self.quantity, Quantity::Attenuation | Quantity::DeltaAttenuation | Quantity::TimeAttenuation)
    }

    /// Whether it is decades of dL/dh or dL/dz lost between the layers of a net, of which there have to be two.
    pub fn is_between_layers(&self) -> bool {
        matches!(self.quantity, Quantity::Attenuation | Quantity::DeltaAttenuation)
    }

    /// Whether it is decades of any gradient lost on the way to the first layer, which may be beyond every finite number, a bound
    /// or undefined.
    pub fn is_fading(&self) -> bool {
        self.is_attenuation() || self.quantity == Quantity::WeightGradientAttenuation
    }

    /// Whether a constant answer has it too.
    pub fn has_baseline(&self) -> bool {
        self.part.is_some() && matches!(self.quantity, Quantity::Loss | Quantity::Accuracy | Quantity::BalancedAccuracy)
    }

    /// Whether an interval is better than a baseline from end to end, by more than rounding.
    pub fn is_above(&self, baseline: f64, low: f64, high: f64) -> bool {
        let (is_better, end) = if self.higher_is_better() { (low > baseline, low) } else { (high < baseline, high) };
        is_better && !is_level(baseline, end)
    }

    /// The same for worse.
    pub fn is_below(&self, baseline: f64, low: f64, high: f64) -> bool {
        let (is_worse, end) = if self.higher_is_better() { (high < baseline, high) } else { (low > baseline, low) };
        is_worse && !is_level(baseline, end)
    }

    /// Which runs its median in `summary.csv` is of.
    pub fn runs(&self) -> &'static str {
        if self.outlives_divergence() { "all that did not fail" } else { "all that neither failed nor diverged" }
    }

    /// What it is, on one line.
    pub fn subject(&self) -> String {
        self.words.join(" ")
    }

    /// Whether it is a measurement, not what its row is about.
    pub fn is_measurement(&self) -> bool {
        self.quantity != Quantity::Key
    }
}

/// Whether a number equals a baseline as far as the arithmetic of a loss tells: a net that predicts the mean has its loss but for the
/// last digits.
pub fn is_level(baseline: f64, value: f64) -> bool {
    const ROUNDING: f64 = 1e-6;
    baseline == value || (baseline - value).abs() <= ROUNDING * baseline.abs()
}

impl AsRef<str> for Column {
    fn as_ref(&self) -> &str {
        self.name
    }
}

/// `runs.csv` begins with these, the labels of the axes and the settings between `run_id` and `seed`.
pub const RUN_KEYS: &[Column] = &[
    Column::key("run_id", &["identifier of the run"]),
    Column::key("seed", &["seed of the run"]),
    Column::key("status", &["how the run ended"]),
    Column::key("message", &["why the run diverged or failed"]),
];

/// What this program is about first of all.
pub const ATTENUATION_INIT: Column =
    Column::decades("attenuation_init", &["decades lost per layer,", "at the start"], Init, Attenuation)
        .per_layer()
        .predicted(Predicted::Attenuation)
        .summarized();

/// The same of the norm, root mean square times the root of the layer's size: what to read where layers differ in size, since
/// the root mean square alone fades with the shape.
pub const ATTENUATION_NORM_INIT: Column = Column::decades(
    "attenuation_norm_init",
    &["decades of the norm of dL/dh lost", "per layer, at the start"],
    Init,
    Attenuation,
)
.per_layer()
.predicted(Predicted::NormAttenuation)
.summarized();

/// The same of recurrent nets, on the way back in time.
pub const ATTENUATION_TIME_INIT: Column =
    Column::decades("attenuation_time_init", &["decades lost per time step,", "at the start"], Init, TimeAttenuation)
        .per_time_step()
        .predicted(Predicted::TimeAttenuation)
        .summarized();

/// What it took to reach the target loss.
const STEPS_TO_TARGET: Column =
    Column { better: Better::Lower, ..Column::steps("steps_to_target", &["steps to the", "target loss"], Run).log() };

/// What a run measures: the columns of `runs.csv` after its labels, settings, seed, status and message.
pub const OUTCOMES: &[Column] = &[
    Column::steps("steps", &["steps"], Run),
    Column::loss("train_loss", &["training loss"], End, Split).of(Part::Training).summarized(),
    Column::accuracy("train_accuracy", &["training accuracy"], End).of(Part::Training),
    Column::loss("val_loss", &["validation loss"], End, Split).of(Part::Validation).summarized(),
    Column::accuracy("val_accuracy", &["validation accuracy"], End).of(Part::Validation).summarized(),
    Column::loss("test_loss", &["test loss"], End, Split).of(Part::Test).summarized(),
    Column::accuracy("test_accuracy", &["test accuracy"], End).of(Part::Test).summarized(),
    Column::steps("best_step", &["step with the lowest loss"], Best),
    Column::loss("best_train_loss", &["training loss", "at the best step"], Best, Split).of(Part::Training),
    Column::loss("best_val_loss", &["validation loss", "at the best step"], Best, Split).of(Part::Validation),
    Column::loss("best_test_loss", &["test loss", "at the best step"], Best, Split).of(Part::Test),
    Column::accuracy("best_test_accuracy", &["test accuracy", "at the best step"], Best).of(Part::Test),
    STEPS_TO_TARGET,
    ATTENUATION_INIT,
    Column::decades("attenuation_end", &["decades lost per layer,", "at the end"], End, Attenuation)
        .per_layer()
        .summarized(),
    Column::decades(
        "attenuation_total_init",
        &["decades of gradient lost from the last", "layer to the first, at the start"],
        Init,
        Attenuation,
    )
    .predicted(Predicted::AttenuationTotal),
    Column::decades(
        "attenuation_total_end",
        &["decades of gradient lost from the last", "layer to the first, at the end"],
        End,
        Attenuation,
    ),
    Column::decades(
        "attenuation_delta_init",
        &["decades of dL/dz lost", "per layer, at the start"],
        Init,
        DeltaAttenuation,
    )
    .per_layer()
    .predicted(Predicted::DeltaAttenuation),
    Column::decades(
        "weight_grad_total_init",
        &["decades of dL/dW from the last", "layer to the second, at the start"],
        Init,
        WeightGradientAttenuation,
    ),
    Column::new("layers_zero", &["layers whose weight gradients", "are all 0, at the start"], Init, Batch)
        .unit("layers"),
    ATTENUATION_NORM_INIT,
    Column::decades(
        "attenuation_norm_end",
        &["decades of the norm of dL/dh lost", "per layer, at the end"],
        End,
        Attenuation,
    )
    .per_layer(),
    Column::decades(
        "attenuation_norm_total_init",
        &["decades of the norm of dL/dh from the last", "layer to the first, at the start"],
        Init,
        Attenuation,
    )
    .predicted(Predicted::NormAttenuationTotal),
    Column::decades(
        "attenuation_norm_total_end",
        &["decades of the norm of dL/dh from the last", "layer to the first, at the end"],
        End,
        Attenuation,
    ),
    ATTENUATION_TIME_INIT,
    Column::decades("attenuation_time_end", &["decades lost per time step,", "at the end"], End, TimeAttenuation)
        .per_time_step()
        .summarized(),
    Column::decades(
        "attenuation_time_total_init",
        &["decades of gradient lost from the last", "time step to the first, at the start"],
        Init,
        TimeAttenuation,
    )
    .predicted(Predicted::TimeAttenuationTotal),
    Column::decades(
        "attenuation_time_total_end",
        &["decades of gradient lost from the last", "time step to the first, at the end"],
        End,
        TimeAttenuation,
    ),
    Column::balanced("train_balanced_accuracy", &["balanced accuracy", "in training"], End).of(Part::Training),
    Column::balanced("val_balanced_accuracy", &["balanced accuracy", "in validation"], End).of(Part::Validation),
    Column::balanced("test_balanced_accuracy", &["balanced accuracy", "in the test"], End).of(Part::Test).summarized(),
    AUTOCORRELATION_INIT,
    AUTOCORRELATION_END,
];

/// Of the gradient in `along_input.csv`: that of neighbouring inputs.
pub const AUTOCORRELATION_INIT: Column = Column::new(
    "autocorrelation_init",
    &["correlation of the gradients of", "neighbouring inputs, at the start"],
    Init,
    Probe,
)
.recorded("along_input");
pub const AUTOCORRELATION_END: Column = Column::new(
    "autocorrelation_end",
    &["correlation of the gradients of", "neighbouring inputs, at the end"],
    End,
    Probe,
)
.recorded("along_input");

/// After the outcomes in `runs.csv` and `summary.csv`: which of them are not exact.
pub const BOUNDS: Column =
    Column::key("bounds", &["attenuations that are lower bounds,", "since the gradient underflows"]);

/// The last column of `runs.csv`: what theory says that the run's `attenuation_init` should be.
pub const ATTENUATION_THEORY: Column =
    Column::decades("attenuation_theory", &["decades lost per layer,", "by theory"], Init, Attenuation).per_layer();

/// What a gradient that does not arrive at the first layer counts as: the cause, its value in the CSV files, then how medians,
/// claims and figures take it.
pub const ZEROS: &[[&str; 5]] = &[
    [
        "an exact zero at the first layer, since some layer passes no gradient back (dead ReLUs, saturation, weights of 0)",
        "`inf`",
        "counts as larger than every finite number",
        "`above` may hold, `below` and `within` fail",
        "a triangle at the edge, with \"2 of 10 seeds: none arrives\"",
    ],
    [
        "underflow: the gradient falls below the smallest number that the measurement can represent (about 1e-288) \
            before it reaches the first layer",
        "the decades down to the smallest gradient that was measured; `bounds` names the column",
        "counts as this value; a median that could be larger is also marked as a bound",
        "`above` may hold, `below` and `within` stay inconclusive",
        "a triangle at its value, with \"at least\"",
    ],
    [
        "no gradient at the last layer either (0 / 0), or one that is not finite",
        "`NaN`",
        "left out, and counted as undefined",
        "could be any number",
        "left out; the caption says how many",
    ],
    [
        "zero by construction: a branch of scale 0 (`residual.scale = \"learned_zero\"` at step 0) passes the gradient only through the skip connection",
        "correct for dL/dh, which loses nothing; `NaN` for dL/dz and dL/dW, which are 0 in every layer",
        "as undefined",
        "as undefined",
        "zeros of dL/dW are drawn at the lower edge; the caption says that dL/dh arrives",
    ],
];

/// The columns of `history.csv` after `run_id`: one row a scored step.
pub const HISTORY: &[Column] = &[
    Column::key("step", &["step"]),
    Column::new("epoch", &["epoch"], Step, Training).unit("passes over the training part"),
    Column::new("lr", &["learning rate"], Step, Training),
    Column::loss("batch_loss", &["loss of the batch"], Step, Batch),
    Column::loss("train_loss", &["training loss"], Step, Split).of(Part::Training),
    Column::accuracy("train_accuracy", &["training accuracy"], Step).of(Part::Training),
    Column::loss("val_loss", &["validation loss"], Step, Split).of(Part::Validation),
    Column::accuracy("val_accuracy", &["validation accuracy"], Step).of(Part::Validation),
    Column::loss("test_loss", &["test loss"], Step, Split).of(Part::Test),
    Column::accuracy("test_accuracy", &["test accuracy"], Step).of(Part::Test),
    Column::balanced("train_balanced_accuracy", &["balanced accuracy", "in training"], Step).of(Part::Training),
    Column::balanced("val_balanced_accuracy", &["balanced accuracy", "in validation"], Step).of(Part::Validation),
    Column::balanced("test_balanced_accuracy", &["balanced accuracy", "in the test"], Step).of(Part::Test),
    Column::loss("train_sample_loss", &["training loss", "of the sample"], Step, Split).of(Part::Training),
    Column::accuracy("train_sample_accuracy", &["training accuracy", "of the sample"], Step).of(Part::Training),
    Column::loss("val_sample_loss", &["validation loss", "of the sample"], Step, Split).of(Part::Validation),
    Column::accuracy("val_sample_accuracy", &["validation accuracy", "of the sample"], Step).of(Part::Validation),
    Column::loss("test_sample_loss", &["test loss", "of the sample"], Step, Split).of(Part::Test),
    Column::accuracy("test_sample_accuracy", &["test accuracy", "of the sample"], Step).of(Part::Test),
    Column::balanced("train_sample_balanced_accuracy", &["balanced accuracy", "of the training sample"], Step)
        .of(Part::Training),
    Column::balanced("val_sample_balanced_accuracy", &["balanced accuracy", "of the validation sample"], Step)
        .of(Part::Validation),
    Column::balanced("test_sample_balanced_accuracy", &["balanced accuracy", "of the test sample"], Step)
        .of(Part::Test),
    Column::new("grad_norm", &["norm of the gradient"], Step, Batch).log(),
    Column::new("sharpness", &["largest eigenvalue of the", "training loss's Hessian"], Step, Split)
        .of(Part::Training)
        .recorded("sharpness"),
];

/// How large the gradient at a layer is where layers differ in size: its root mean square times the root of the layer's size.
pub const STREAM_NORM: Column =
    Column::gradient("stream_norm", &["norm of dL/dh", "per sample"]).predicted(Predicted::StreamNorm).over_time();

/// The columns of `layers.csv` after `run_id`: one row a probed step and hidden layer, counted 1..depth, and in recurrent nets
/// time step, counted from the first.
pub const LAYERS: &[Column] = &[
    Column::key("step", &["step"]),
    Column::key("layer", &["layer, counted from the input"]),
    TIME,
    Column::gradient("stream_rms", &["root mean square of", "dL/dh per sample"])
        .predicted(Predicted::Stream)
        .over_time(),
    STREAM_NORM,
    Column::gradient("delta_rms", &["root mean square of", "dL/dz per sample"]).predicted(Predicted::Delta).over_time(),
    Column::gradient("weight_grad_rms", &["root mean square of", "dL/dW of the batch"]),
    Column::gradient("weight_grad_sample_rms", &["root mean square of", "dL/dW per sample"]),
    Column::new("coherence", &["coherence of the", "samples' gradients"], Step, Probe),
    Column::new("correlation", &["correlation of the", "samples' gradients"], Step, Probe).over_time(),
    ACTIVATION_MEAN,
    ACTIVATION_STD,
    Column::new("output_rms", &["root mean square of", "the layer's output"], Step, Probe).log().over_time(),
    Column::new("weight_rms", &["root mean square of", "the weights"], Step, Probe).log(),
    Column::new("update_ratio", &["norm of the update", "over that of the weights"], Step, Training).log(),
    Column::share("saturated", &["share of activations", "that are saturated"], Probe).over_time(),
    Column::share("inactive", &["share of arguments", "that are not positive"], Probe).over_time(),
    Column::share("dead", &["share of units that", "are dead"], Probe).over_time(),
    Column::share("zeros", &["share of weight", "gradients that are 0"], Batch),
    Column::share("subnormals", &["share of weight gradients", "that are subnormal"], Batch),
    Column::gradient("state_rms", &["root mean square of dL/dh,", "or dL/dc, per sample"])
        .predicted(Predicted::State)
        .over_time(),
    Column::new("spectral_radius", &["spectral radius of the", "recurrent matrix"], Step, Probe),
    Column::gradient("input_grad_rms", &["root mean square of dL/dW of", "a recurrent layer's inputs"]),
    Column::gradient("attention_stream_rms", &["root mean square of dL/dh", "after attention, per sample"]),
    Column::gradient("query_grad_rms", &["root mean square of", "dL/dW of the queries"]),
    Column::gradient("key_grad_rms", &["root mean square of", "dL/dW of the keys"]),
    Column::new("token_cosine", &["mean cosine between", "two tokens of a row"], Step, Probe),
    Column::new("attention_entropy", &["entropy of a token's", "attention weights"], Step, Probe).unit("nats"),
    Column::new("jacobian_rms", &["root mean square of the", "Jacobian's singular values"], Step, Probe)
        .log()
        .recorded("jacobian"),
    Column::new("jacobian_spread", &["relative variance of the", "squared singular values"], Step, Probe)
        .recorded("jacobian"),
    Column::new("jacobian_max", &["largest singular value", "of the Jacobian"], Step, Probe).log().recorded("jacobian"),
    Column::new("jacobian_median", &["median singular value", "of the Jacobian"], Step, Probe)
        .log()
        .recorded("jacobian"),
    Column::new("jacobian_min", &["smallest singular value", "of the Jacobian"], Step, Probe)
        .log()
        .recorded("jacobian"),
];

/// The columns of `distributions.csv` after `run_id`: one row a probed step, hidden layer, time step, if any, and quantity.
pub const DISTRIBUTIONS: &[Column] = &[
    Column::key("step", &["step"]),
    Column::key("layer", &["layer, counted from the input"]),
    TIME,
    Column::key("quantity", &["the quantity whose distribution is described"]),
    Column::new("q01", &["1st percentile"], Step, Probe),
    Column::new("q05", &["5th percentile"], Step, Probe),
    Column::new("q15", &["15th percentile"], Step, Probe),
    Column::new("q25", &["25th percentile"], Step, Probe),
    Column::new("q50", &["median"], Step, Probe),
    Column::new("q75", &["75th percentile"], Step, Probe),
    Column::new("q85", &["85th percentile"], Step, Probe),
    Column::new("q95", &["95th percentile"], Step, Probe),
    Column::new("q99", &["99th percentile"], Step, Probe),
    Column::new("bin_low", &["lower edge of the first bin"], Step, Probe),
    Column::new("bin_width", &["width of a bin"], Step, Probe),
    Column::key("counts", &["how many numbers lie in each of the 96 bins, separated by spaces"]),
];

/// The columns of `along_input.csv` after `run_id`: one row a probed step and input.
pub const ALONG_INPUT: &[Column] = &[
    Column::key("step", &["step"]),
    Column::key("x", &["input, in the unit of the data"]),
    Column::new("output", &["first output"], Step, Probe).recorded("along_input"),
    Column::new("gradient", &["gradient of the output", "with respect to the input"], Step, Probe)
        .recorded("along_input"),
];

/// The tables that are written only where a key of `[record]` asks for them.
pub const TABLES_ON_REQUEST: &[(&str, &str, &[Column])] =
    &[("distributions", "distributions.csv", DISTRIBUTIONS), ("along_input", "along_input.csv", ALONG_INPUT)];

/// What comes out of the activation, over samples and units.
pub const ACTIVATION_MEAN: Column =
    Column::new("activation_mean", &["mean of", "the activations"], Step, Probe).over_time();
const ACTIVATION_STD: Column =
    Column::new("activation_std", &["standard deviation of", "the activations"], Step, Probe).over_time();

/// The column with the standard deviation of what this one has the mean of.
pub fn deviation(column: &Column) -> Option<&'static Column> {
    LAYERS.iter().find(|other| (column.name, other.name) == (ACTIVATION_MEAN.name, ACTIVATION_STD.name))
}

/// What curves can show beside the columns of `history.csv`: one less the accuracy of a part, as papers tell how training goes.
pub const ERRORS: &[Column] = &[
    Column::error("train_error", &["training error"]).of(Part::Training),
    Column::error("val_error", &["validation error"]).of(Part::Validation),
    Column::error("test_error", &["test error"]).of(Part::Test),
];

/// What a row of `points.csv` is about.
const POINT_KEYS: &[Column] = &[Column::key("step", &["step"])];

/// What curves can show of `points.csv`: the first variables of a test function.
pub const POINTS: &[Column] = &[
    Column::new("x1", &["x1, the first variable"], Step, Training),
    Column::new("x2", &["x2, the second variable"], Step, Training),
];

/// The accuracy that an error is one less.
pub fn accuracy_of(error: &Column) -> Option<&'static Column> {
    // That of the part's sample comes later.
    let is_its = |column: &&Column| column.quantity == Quantity::Accuracy && column.part == error.part;
    HISTORY.iter().filter(|_| error.quantity == Quantity::Error).find(is_its)
}

/// What `distributions.csv` tells the spread of, by the name in its column `quantity`: phi(z), z, dL/dh and dL/dz per sample, dL/dW
/// of the mean loss over the probe set, and the singular values of the Jacobian, where that is measured.
pub const QUANTITIES: &[Column] = &[
    Column::new("activation", &["output of", "the activation"], Step, Probe),
    Column::new("argument", &["argument of", "the activation"], Step, Probe),
    Column::new("stream", &["gradient dL/dh per sample"], Step, Probe),
    Column::new("delta", &["gradient dL/dz per sample"], Step, Probe),
    WEIGHT_GRAD,
    SINGULAR_VALUE,
];

/// One number for each weight.
pub const WEIGHT_GRAD: Column = Column::new("weight_grad", &["gradient dL/dW of the batch"], Step, Probe);

/// Of the last hidden layer's Jacobian with respect to the layer.
pub const SINGULAR_VALUE: Column =
    Column::new("singular_value", &["singular values of the last hidden layer's", "Jacobian"], Step, Probe)
        .recorded("jacobian");

/// Of recurrent nets; empty for others.
pub const TIME: Column = Column::key("time", &["time step of the sequence, counted from its first"]);

/// The columns of `theory.csv` after the labels: one row a hidden layer of each cell.
pub const THEORY: &[Column] = &[
    Column::key("layer", &["layer, counted from the input"]),
    Column::new("stream_decades", &["dL/dh over that of", "the last layer"], Init, Probe).unit("decades"),
    Column::new("delta_decades", &["dL/dz over dL/dh of", "the last layer"], Init, Probe).unit("decades"),
    Column::new("norm_decades", &["norm of dL/dh over that of", "the last layer"], Init, Probe).unit("decades"),
    Column::new("argument_variance", &["variance of the", "activation's argument"], Init, Probe),
    Column::new("correlation_depth", &["depth scale of the correlation", "of two inputs"], Init, Probe).unit("layers"),
    Column::key("note", &["what limits the prediction,", "or why there is none"]),
    TIME,
    Column::new("state_decades", &["dL/dh, or dL/dc, over that", "of the last time step"], Init, Probe).unit("decades"),
];

/// The columns of `timings.csv`.
pub const TIMINGS: &[Column] = &[
    Column::key("run_id", &["identifier of the run"]),
    Column::new("seconds", &["duration of the run"], Run, Training).unit("s"),
    Column::key("worker", &["number of the thread"]),
    Column::key("started", &["when it began, UTC"]),
];

/// The columns of `summary.csv` between the labels and the [`spread`] of each summarized outcome.
pub const COUNTS: &[Column] = &[
    Column::key("n", &["runs"]),
    Column::key("diverged", &["of these, diverged"]),
    Column::key("failed", &["of these, failed"]),
];

/// The columns of `claims.csv`.
pub const CLAIMS: &[Column] = &[
    Column::key("claim", &["number of the claim in the file"]),
    Column::key("says", &["the claim as a sentence"]),
    Column::key("part", &["labels of the axes in `each`"]),
    Column::key("metric", &["the number that is judged"]),
    Column::key("expected", &["the expected median"]),
    Column::key("verdict", &["holds, fails or inconclusive"]),
    Column::new("median", &["median over the seeds"], Several, Training),
    Column::new("low", &["lower end of its interval"], Several, Training),
    Column::new("high", &["upper end of its interval"], Several, Training),
    Column::new("coverage", &["probability that the interval", "covers the true median"], Several, Training),
    Column::new("confidence", &["coverage that the claim asks for"], Several, Training),
    Column::key("n", &["seeds"]),
    Column::key("diverged", &["seeds whose run diverged"]),
    Column::key("undefined", &["seeds with no gradient at the last layer,", "or without two layers"]),
    Column::key("unknown", &["seeds whose run is missing or failed"]),
    Column::key("edited_later", &["whether a claim was written or", "changed after the first run"]),
];

/// The columns of `comparison.csv` between the arm and the [`spread`] of each [`compared`] outcome.
pub const ARMS: &[Column] = &[
    Column::key("setting", &["the setting that was chosen"]),
    Column::key("at_edge", &["axes on which the chosen value is the first or last that was tried"]),
    Column::new(
        "chosen_again",
        &["share of the bootstrap draws of seeds", "that choose the same setting"],
        Several,
        Training,
    ),
    Column::key("runner_up", &["the setting with the second best score"]),
    Column::new("runner_up_behind", &["how much worse its score is,", "by what is chosen by"], Several, Training),
    Column::new("runner_up_again", &["share of the draws that choose the runner-up"], Several, Training),
    Column::key("tries", &["number of settings that were tried"]),
    Column::key("tune_runs", &["runs used to choose the setting"]),
    Column::key("tune_steps", &["updates of these runs; empty where they are not known"]),
    Column::new("tune_flop", &["floating-point operations", "of these updates"], Several, Training).unit("FLOP"),
    Column::new(
        "fair_score",
        &["expected best score of as many tries", "as the arm with the fewest has"],
        Several,
        Training,
    ),
    Column::key("n", &["runs whose results are reported"]),
    Column::key("diverged", &["of these, diverged"]),
    Column::key("missing", &["runs that are missing or failed"]),
];

/// The columns of `comparison_settings.csv` after the labels and the arm.
pub const TRIED: &[Column] = &[
    Column::key("setting", &["a setting that was tried"]),
    Column::key("chosen", &["whether it is the one that was chosen"]),
    Column::new("score", &["median over the seeds that choose the setting"], Several, Training),
    Column::new(
        "chosen_again",
        &["share of the bootstrap draws of seeds", "that choose this setting"],
        Several,
        Training,
    ),
];

/// The columns of `comparison_ranks.csv` after the labels and the arm.
pub const RANKS: &[Column] = &[
    Column::key("metric", &["what is compared"]),
    Column::new("rank", &["average rank over the problems,", "1 being best"], Several, Training),
    Column::key("best", &["number of problems on which no other arm has a better median"]),
    Column::key("problems", &["number of problems"]),
    Column::key("independent", &["how many data sets or functions they come from; empty where that is not known"]),
    Column::new("friedman", &["Friedman's statistic"], Several, Training),
    Column::new("p", &["p-value of this test; empty for fewer than ten independent problems"], Several, Training),
    Column::key(
        "groups",
        &[
            "a letter for each set of arms of which no two are distinguished, or the letter a for those that are not distinguished from the baseline; empty without a test",
        ],
    ),
    Column::new(
        "score",
        &["interquartile mean of all runs,", "0 for guessing and 1 for the best possible result"],
        Several,
        Training,
    ),
    Column::new(
        "score_low",
        &["lower end of its bootstrap interval, runs drawn", "within each problem"],
        Several,
        Training,
    ),
    Column::new("score_high", &["upper end of its interval"], Several, Training),
];

/// The wins of pairs of arms in `compare --format json`, after the labels.
pub const WINS: &[Column] = &[
    Column::key("first", &["arm"]),
    Column::key("second", &["the arm that it is compared with"]),
    Column::key("metric", &["what is compared"]),
    Column::key("better", &["problems on which the two are distinguished, and the first is better"]),
    Column::key("worse", &["problems on which the two are distinguished, and the first is worse"]),
    Column::key("not_distinguished", &["all other problems on which they were compared"]),
];

/// After those medians, and before that of `steps_to_target`.
pub const REACHED: Column = Column::key("reached", &["runs that reached the target loss"]);

/// The columns of `comparison_pairs.csv` after the labels.
pub const PAIRS: &[Column] = &[
    Column::key("first", &["one arm"]),
    Column::key("second", &["the other arm"]),
    Column::key("metric", &["what is compared"]),
    Column::new("difference", &["median of first minus second,", "seed by seed"], Several, Training),
    Column::new("low", &["lower end of its interval"], Several, Training),
    Column::new("high", &["upper end of its interval"], Several, Training),
    Column::new("coverage", &["probability that the interval", "covers the true median"], Several, Training),
    Column::key("n", &["seeds"]),
    Column::new("effect", &["rank-biserial correlation"], Several, Training),
    Column::new("p", &["p-value of the signed-rank test"], Several, Training),
    Column::new("p_corrected", &["the same after Holm's correction", "for the pairs of the family"], Several, Training),
    Column::new("p_smallest", &["smallest corrected p-value that", "this number of seeds can give"], Several, Training),
    Column::key("family", &["number of pairs in Holm's correction: those of the same problem and metric"]),
    Column::new(
        "tuned_difference",
        &["median of the difference over the bootstrap draws,", "in which each arm chooses its setting again"],
        Several,
        Training,
    ),
    Column::new("tuned_low", &["lower end of its interval,", "the middle 90 % of the draws"], Several, Training),
    Column::new("tuned_high", &["upper end of its interval"], Several, Training),
    Column::new(
        "turned",
        &["share of the draws in which the difference", "does not have this sign"],
        Several,
        Training,
    ),
    Column::key("verdict", &["distinguished, not settled, equivalent or not distinguished"]),
    Column::key("sentence", &["the verdict as a sentence"]),
];

/// The column of `runs.csv` with a setting, or with the labels of its axis: called as the setting, unless a measurement is.
pub fn planned(setting: &str) -> String {
    if outcome(setting).is_some() { format!("planned_{setting}") } else { setting.into() }
}

const AFTER_OUTCOMES: &[Column] = &[BOUNDS, ATTENUATION_THEORY];

/// The columns of `runs.csv`, of which `chosen` are the labels and settings.
pub fn of_runs(chosen: impl Iterator<Item = String>) -> Vec<String> {
    let (id, keys) = RUN_KEYS.split_at(1);
    let measured = keys.iter().chain(OUTCOMES).chain(AFTER_OUTCOMES);
    let owned = |column: &Column| column.name.to_string();
    id.iter().map(owned).chain(chosen).chain(measured.map(owned)).collect()
}

/// The parts of a median with its interval, in the order of their columns.
pub const SPREAD: [&str; 4] = ["median", "low", "high", "coverage"];

/// The columns of an outcome's median over seeds: `train_loss_median`, `_low`, `_high`, `_coverage`.
pub fn spread(name: &str) -> [String; 4] {
    SPREAD.map(|part| format!("{name}_{part}"))
}

/// The columns of a summarized outcome in `summary.csv`: those of its median, of a fading how many runs have no number, of a
/// loss or an accuracy the baseline.
pub fn summary(column: &Column) -> Vec<String> {
    let more = if column.is_fading() {
        &NO_NUMBER[..]
    } else if column.has_baseline() {
        &BASELINE[..]
    } else {
        &[]
    };
    spread(column.name).into_iter().chain(more.iter().map(|(part, _)| format!("{}_{part}", column.name))).collect()
}

/// The column of `summary.csv` with the baseline of an outcome.
pub fn baseline(column: &Column) -> String {
    format!("{}_{}", column.name, BASELINE[0].0)
}

/// The loss or accuracy at the end of which a column of `summary.csv` is the baseline.
pub fn of_baseline(name: &str) -> Option<&'static Column> {
    OUTCOMES.iter().find(|column| column.measured == End && column.has_baseline() && baseline(column) == name)
}

/// What follows the median of a loss or an accuracy.
pub const BASELINE: [(&str, &str); 2] = [
    ("baseline", "what the best constant prediction achieves, without using the inputs"),
    ("above_baseline", "whether no run diverged and the whole range is better than the baseline"),
];

/// What follows the median of a fading.
pub const NO_NUMBER: [(&str, &str); 2] = [
    ("none", "number of runs in which no gradient arrives at the first layer"),
    ("undefined", "number of runs that the median leaves out because there is no gradient at the last layer"),
];

/// The fadings that results are told by: per layer, and per time step.
pub const HEADLINES: [&Column; 2] = [&ATTENUATION_INIT, &ATTENUATION_TIME_INIT];

/// The outcome of this name.
pub fn outcome(name: &str) -> Option<&'static Column> {
    find(OUTCOMES, name)
}

/// The outcome of a name that the code itself has.
pub fn known(name: &'static str) -> &'static Column {
    outcome(name).unwrap_or_else(|| panic!("runs.csv has no column {name}"))
}

/// The outcomes of this kind that are measured at this time: of the test part first, then of the validation and the training part.
pub fn by_part(quantity: Quantity, measured: Measured) -> impl Iterator<Item = &'static Column> + Clone {
    let of = move |part: &Part| {
        let is_it = |c: &&Column| c.quantity == quantity && c.measured == measured && c.part == Some(*part);
        OUTCOMES.iter().find(is_it)
    };
    Part::ALL.iter().filter_map(of)
}

/// Of a loss or an accuracy in `history.csv` that of the part's sample.
pub fn of_sample(column: &Column) -> Option<&'static Column> {
    let is_other =
        |other: &&Column| other.part == column.part && other.quantity == column.quantity && other.name != column.name;
    HISTORY.iter().filter(|_| column.has_baseline()).find(is_other)
}

/// The column of this name in a table.
pub fn find(table: &'static [Column], name: &str) -> Option<&'static Column> {
    table.iter().find(|column| column.name == name)
}

/// The measurement of this name, whichever of `runs.csv`, `history.csv`, `points.csv` and `layers.csv` has it, an error, or a quantity
/// of `distributions.csv` or `along_input.csv`. Where several tables have it, they agree in all but when it is measured.
pub fn measurement(name: &str) -> Option<&'static Column> {
    [OUTCOMES, HISTORY, ERRORS, POINTS, LAYERS, QUANTITIES, ALONG_INPUT].into_iter().find_map(|table| find(table, name))
}

/// The measurements of a table: its columns but those that say what a row is about.
pub fn measurements(table: &'static [Column]) -> impl Iterator<Item = &'static Column> + Clone {
    table.iter().filter(|column| column.is_measurement())
}

/// The outcomes whose medians `summary.csv` has, in its own order: how the gradient fades, then how the run ended.
pub fn summarized() -> impl Iterator<Item = &'static Column> + Clone {
    let fades = |column: &&Column| column.quantity == Quantity::Attenuation;
    let all = || OUTCOMES.iter().filter(|column| column.summarized);
    all().filter(fades).chain(all().filter(move |column| !fades(column)))
}

/// The outcomes that a setting can be chosen by and arms be compared by: losses and accuracies.
pub fn compared() -> impl Iterator<Item = &'static Column> + Clone {
    OUTCOMES.iter().filter(|column| matches!(column.quantity, Quantity::Loss | Quantity::Accuracy))
}

/// The outcomes that arms can be compared by: those, and the steps to a target.
pub fn reported() -> impl Iterator<Item = &'static Column> + Clone {
    compared().chain(OUTCOMES.iter().filter(|column| column.missing_is_worst()))
}

/// The tables of a results folder: what a row is, and the columns that all experiments have.
pub const FILES: &[(&str, &str, &[&[Column]])] = &[
    ("runs.csv", "one row per run; its labels and settings follow run_id", &[RUN_KEYS, OUTCOMES, AFTER_OUTCOMES]),
    (
        "summary.csv",
        "one row per cell (combination of labels): its labels, these columns, and _median, _low, _high and _coverage of some columns of runs.csv, with the baseline for losses and accuracies",
        &[COUNTS, &[BOUNDS]],
    ),
    ("history.csv", "one row per run and step at which losses are computed; run_id comes first", &[HISTORY]),
    (
        "layers.csv",
        "one row per run, recorded step, hidden layer and (in recurrent nets) time step; run_id comes first",
        &[LAYERS],
    ),
    (
        "distributions.csv",
        "one row per run, recorded step, hidden layer, time step (in recurrent nets) and quantity; written if [record] distributions = true; run_id comes first",
        &[DISTRIBUTIONS],
    ),
    (
        "along_input.csv",
        "one row per run, recorded step and input; written if [record] along_input = true; run_id comes first",
        &[ALONG_INPUT],
    ),
    (
        "points.csv",
        "one row per run of a test function and recorded step; run_id comes first, and the variables x3, x4, ..., where there are more, last",
        &[POINT_KEYS, POINTS],
    ),
    ("theory.csv", "one row per cell and hidden layer or time step; the labels come first", &[THEORY]),
    ("timings.csv", "one row per run", &[TIMINGS]),
    ("claims.csv", "one row per claim, or per label of `each`", &[CLAIMS]),
    (
        "comparison.csv",
        "one row per arm and problem: their labels, these columns, and _median, _low, _high and _coverage of losses and accuracies",
        &[ARMS, &[REACHED]],
    ),
    (
        "comparison_settings.csv",
        "one row per setting that an arm could choose; the labels and the arm come first",
        &[TRIED],
    ),
    (
        "comparison_ranks.csv",
        "one row per arm over several problems, if [compare] has `over`; the labels and the arm come first",
        &[RANKS],
    ),
    ("comparison_pairs.csv", "one row per pair of arms, problem and metric; the labels come first", &[PAIRS]),
];

/// How a table that has `run_id` gets the labels of its runs from `runs.csv`, where `[record] labels = true` did not put them
/// there: pandas, polars, R.
pub const JOINS: &[(&str, [&str; 2])] = &[
    (
        "pandas",
        [
            "runs = pd.read_csv(\"runs.csv\")[[\"run_id\", \"seed\", \"depth\"]]",
            "layers = pd.read_csv(\"layers.csv\").merge(runs, on=\"run_id\")",
        ],
    ),
    (
        "polars",
        [
            "runs = pl.read_csv(\"runs.csv\", infer_schema_length=None)[\"run_id\", \"depth\"]",
            "rows = pl.read_csv(\"layers.csv\", infer_schema_length=None).join(runs, \"run_id\")",
        ],
    ),
    (
        "R",
        [
            "runs <- read.csv(\"runs.csv\", check.names = FALSE)[c(\"run_id\", \"seed\", \"depth\")]",
            "layers <- merge(read.csv(\"layers.csv\"), runs, by = \"run_id\")",
        ],
    ),
];

impl Column {
    /// When it is measured, in words; empty for what a row is about.
    pub fn when(&self) -> &'static str {
        match self.measured {
            _ if !self.is_measurement() => "",
            Measured::Several => "",
            Measured::Init => "before the first update",
            Measured::Step => "at the row's step",
            Measured::Best => "at the best step",
            Measured::End => "after the last update",
            Measured::Run => "over the run",
        }
    }
}

/// All columns as Markdown: file, name, meaning, unit, scale, better direction, when it is measured, which runs `summary.csv` takes
/// its median over, whether theory predicts it; then what a gradient that does not arrive counts as.
pub fn markdown() -> String {
    let mut text = String::from(
        "| file | column | meaning | unit | scale | better | measured | median over the runs | theory |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for (file, _, tables) in FILES {
        for column in tables.iter().copied().flatten() {
            text += &markdown_row(file, column);
        }
        let medians = summarized().filter(|_| *file == "summary.csv");
        text.extend(medians.map(|column| {
            let names = summary(column).iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let meaning = format!("median, range and its coverage: {}", column.subject());
            format!("| `{file}` | {names} | {meaning} | {} |  |  |  | {} |  |\n", column.unit, column.runs())
        }));
    }
    let more = NO_NUMBER.iter().chain(&BASELINE).map(|(part, meaning)| format!("`_{part}`: {meaning}"));
    text += &format!("\n{}.\n", more.collect::<Vec<_>>().join("; "));
    text += "\n| a gradient that does not arrive | in the CSV files | in a median | in a claim | in a figure |\n\
             |---|---|---|---|---|\n";
    text.extend(ZEROS.iter().map(|row| format!("| {} |\n", row.join(" | "))));
    text
}

fn markdown_row(file: &str, column: &Column) -> String {
    let scale = match column.scale {
        _ if !column.is_measurement() => "",
        Scale::Linear => "linear",
        Scale::Log => "log",
        Scale::Share => "share",
    };
    let better = match column.better {
        Better::Higher => "higher",
        Better::Lower => "lower",
        Better::Neither => "",
    };
    let measured = column.when();
    let runs = if column.summarized { column.runs() } else { "" };
    let theory = if column.predicted.is_some() { "yes" } else { "" };
    let (name, meaning, unit) = (column.name, column.subject(), column.unit);
    format!("| `{file}` | `{name}` | {meaning} | {unit} | {scale} | {better} | {measured} | {runs} | {theory} |\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_words_for_people_and_a_name_of_its_own() {
        for (file, _, tables) in FILES {
            let columns: Vec<&Column> = tables.iter().copied().flatten().collect();
            for (i, column) in columns.iter().enumerate() {
                assert!(!column.words.is_empty() && !column.subject().contains('_'), "{file} {}", column.name);
                assert!(columns[..i].iter().all(|other| other.name != column.name), "{file} has {} twice", column.name);
            }
        }
    }

    #[test]
    fn every_outcome_of_a_whole_part_says_which() {
        for column in OUTCOMES.iter().chain(HISTORY) {
            assert_eq!(column.part.is_some(), column.on == Split, "{}", column.name);
        }
        let names = |quantity, measured| by_part(quantity, measured).map(|c| c.name).collect::<Vec<_>>();
        assert_eq!(names(Quantity::Accuracy, End), ["test_accuracy", "val_accuracy", "train_accuracy"]);
        assert_eq!(names(Quantity::Loss, Best), ["best_test_loss", "best_val_loss", "best_train_loss"]);
    }

    #[test]
    fn a_name_means_the_same_in_every_table_but_for_when_it_is_measured() {
        let all = || [OUTCOMES, HISTORY, LAYERS].into_iter().flatten().filter(|c| c.is_measurement());
        for a in all() {
            for b in all().filter(|b| b.name == a.name) {
                assert_eq!(
                    (a.words, a.quantity, a.scale, a.better),
                    (b.words, b.quantity, b.scale, b.better),
                    "{}",
                    a.name
                );
            }
        }
    }
}
