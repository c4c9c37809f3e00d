//! The transformer family: blocks of attention and of a feed-forward net, each beside a skip connection (Vaswani et al. 2017).
//!
//! Its gradient is kept by the skip connections; what fades with depth is the difference between tokens, and with it the
//! gradient of queries and keys (Dong et al. 2021, Noci et al. 2022).

pub mod architecture;
pub mod forward;

pub use architecture::Architecture;

use super::boundary::{Built, Family, PassCost, at_both_precisions};
use super::init::{self, Start};
use super::layout::Layout;
use crate::data::{Sizes, sequence};
use crate::ops::Element;
use crate::seed::Seeds;
use crate::setting::{DefaultValue, Domain, Problems, Setting, SettingError, Settings, of_problems};
use architecture::{CLASS_TOKEN, POSITIONS, ReadOut};

/// Transformers, by one of two implementations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transformer {
    /// Our own ops: what a sweep trains.
    Fused,
    /// Candle's own ops: the reference.
    Composed,
}

impl Family for Transformer {
    fn words(&self) -> &'static [&'static str] {
        KIND
    }

    fn help(&self) -> &'static str {
        "`transformer`: blocks of attention and a feed-forward net over tokens"
    }

    fn version(&self) -> Option<u32> {
        Some(1)
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn reads(&self, _: &str, key: &str) -> bool {
        match key.split('.').next() {
            Some("depth" | "width" | "bias" | "activation" | "output_activation" | "init" | "output") => true,
            Some("norm") => key != "norm.momentum",
            _ => false,
        }
    }

    fn usual(&self, key: &str, data: &str) -> Option<DefaultValue> {
        match key {
            "activation" => Some(DefaultValue::Text("relu")),
            "norm" => Some(DefaultValue::Text("layer")),
            "norm.place" => Some(DefaultValue::Text("pre")),
            "data.as" => Some(DefaultValue::Text(sequence::usual(data))),
            "network.read_out" => sequence::usual_read_out(data),
            _ => None,
        }
    }

    fn answers_at_every_step(&self, settings: &Settings) -> bool {
        settings.text("network.read_out") == Some(sequence::EVERY)
    }

    fn layout(&self, settings: &Settings, sizes: &Sizes) -> Result<Layout, SettingError> {
        Ok(Architecture::from_settings(settings, sizes)?.layout())
    }

    fn initial(&self, settings: &Settings, sizes: &Sizes, seeds: &Seeds) -> Result<Vec<f64>, SettingError> {
        let architecture = Architecture::from_settings(settings, sizes)?;
        let start = Start::from_settings(settings, architecture.activation)?;
        let spread = settings.needed_float("init.positions")?;
        let layout = architecture.layout();
        let mut packed = init::initial(start, &layout, seeds);
        for parameter in layout.parameters() {
            let own = &mut packed[parameter.range.clone()];
            if [CLASS_TOKEN, POSITIONS].contains(&&*parameter.name) {
                let mut stream = seeds.stream(&parameter.name, &parameter.shape);
                own.fill_with(|| spread * stream.normal());
            } else if parameter.role.is_weight() {
                own.iter_mut().for_each(|weight| *weight *= architecture.gain(&parameter.name));
            }
        }
        Ok(packed)
    }

    fn cost(&self, settings: &Settings, sizes: &Sizes, rows: usize) -> PassCost {
        let Ok(a) = Architecture::from_settings(settings, sizes) else { return PassCost::default() };
        let (depth, width, hidden) = (a.depth as f64, a.width as f64, a.hidden as f64);
        let (rows, tokens) = (rows as f64, a.tokens() as f64);
        let of_tokens = a.features as f64 * width + depth * width * (4.0 * width + 2.0 * hidden);
        let answers = if a.read_out == ReadOut::Every { a.tokens() } else { 1 };
        let of_rows = width * a.outputs as f64;
        // Scores and mixtures, of all heads together.
        let mixing = depth * 2.0 * tokens * width;
        let weights = of_tokens + of_rows;
        let forward = 2.0 * rows * (tokens * (of_tokens + mixing) + answers as f64 * of_rows);
        // Each op keeps what it made: some ten tensors as wide as a token, two as wide as the hidden layer, and the scores and weights of attention,
        // as measured; embedding and output together about as much as a block.
        let kept = rows * tokens * (depth + 1.0) * (10.0 * width + 2.0 * hidden + 2.0 * (a.heads as f64) * tokens);
        // The batch's inputs, and of its outputs some four copies: they, their gradients and those of the loss.
        let kept = kept + rows * (4.0 * answers as f64 * a.outputs as f64 + a.steps as f64 * a.features as f64);
        // Where it is measured, as was counted: so many numbers for each token and block.
        let of_block = 20.0 * width + 6.0 * hidden + 1.5 * (a.heads as f64) * tokens;
        let measured = 8.0 * (2.0 * weights + rows * tokens * (depth + 1.0) * of_block);
        PassCost { weights, forward, backward: 2.0 * forward, bytes: 4.0 * (2.0 * weights + kept), measured }
    }

    fn trains_as_it_evaluates(&self, _: &Settings) -> bool {
        true
    }

    at_both_precisions!();
}

impl Transformer {
    fn build<T: Element>(self, settings: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<T> {
        let architecture = Architecture::from_settings(settings, sizes)?;
        let ops = if self == Transformer::Fused { forward::FUSED } else { forward::COMPOSED };
        Ok(Box::new(forward::model(&architecture, packed, ops)?))
    }
}

const KIND: &[&str] = &["transformer"];

/// The settings that other nets do not have.
pub const SETTINGS: &[Setting] = &of_problems(Problems::Networks, [
    Setting::int("network.heads", 1..=1024, 4).of(KIND).help("number of attention heads; it has to divide the width"),
    Setting::int("network.feed_forward", 1..=64, 4).of(KIND).help("hidden units of a feed-forward sub-layer, as a multiple of `width`"),
    Setting::word("network.positions", &["none", "learned", "sinusoidal"], "learned").of(KIND)
        .help("position encoding that is added to the tokens: none, a learned vector for each position, or sines and cosines (Vaswani et al. 2017)"),
    Setting::float("init.positions", Domain::Float { min: 0.0, max: 1e6 }, 0.5)
        .help("initial standard deviation of learned position vectors and of the class token"),
    Setting::flag("network.causal", false).of(KIND).help("causal mask: no token attends to a later one"),
    Setting::word("network.read_out", &["mean", "last", "class_token", sequence::EVERY], "mean").of(KIND)
        .help("what the output layer reads: the last block's mean over the tokens, its last token, a learned class token that is appended to the others, or every token, each with its own prediction and loss (the default for `copy_memory`); if the data have one target per row, it is the target at every token"),
    Setting::new("network.branch_scale", Domain::FloatOrWord { min: 0.0, max: 1e6, words: &["1/sqrt(depth)", "learned_zero", "deepnorm"] }, DefaultValue::Float(1.0))
        .of(KIND)
        .help("factor on a sub-layer's output before it is added: a number, 1/sqrt(depth), one learned number per block that starts at 0 (ReZero: Bachlechner et al. 2021), or the constants of DeepNorm (Wang et al. 2022)"),
]);
