//! The recurrent family: layers that read a sequence one time step after the other, then an output layer.
//!
//! A recurrent net is a very deep one with one weight matrix: the gradient of the loss at the last step fades on its way back to
//! the first as that of a deep net does on its way to the first layer (Hochreiter 1991, Bengio et al. 1994).

pub mod architecture;
pub mod composed;
mod initial;
pub mod network;
pub mod theory;

pub use network::Network;

use super::boundary::{Built, Family, PassCost, at_both_precisions};
use super::layout::Layout;
use crate::data::{Sizes, sequence};
use crate::ops::Element;
use crate::ops::recurrent::Cell;
use crate::seed::Seeds;
use crate::setting::{DefaultValue, Domain, Problems, Setting, SettingError, Settings, of_problems};
use crate::theory::{Inputs, NoPrediction, Prediction};

/// Recurrent nets, by one of two implementations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recurrent {
    /// One op for the whole net, where that has it: what a sweep trains.
    Fused,
    /// Candle's own ops: the reference.
    Composed,
}

impl Family for Recurrent {
    fn words(&self) -> &'static [&'static str] {
        KINDS
    }

    fn help(&self) -> &'static str {
        "recurrent: `rnn` (h = phi(x W + h U + b)), `lstm`, `gru` (h = (1 - z) n + z h, so the update gate z keeps \
            the old state)"
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn reads(&self, word: &str, key: &str) -> bool {
        match key.split('.').next() {
            Some("depth" | "width" | "bias" | "output_activation" | "init" | "output" | "dropout") => true,
            Some("norm") => key != "norm.momentum",
            Some("residual") => key == "residual",
            Some("activation") => word == KINDS[0],
            _ => false,
        }
    }

    fn usual(&self, key: &str, data: &str) -> Option<DefaultValue> {
        match key {
            "depth" => Some(DefaultValue::Int(1)),
            "data.as" => Some(DefaultValue::Text(sequence::usual(data))),
            "network.read_out" => sequence::usual_read_out(data),
            _ => None,
        }
    }

    fn has_time(&self) -> bool {
        true
    }

    fn answers_at_every_step(&self, settings: &Settings) -> bool {
        settings.text("network.read_out") == Some(sequence::EVERY)
    }

    fn layout(&self, settings: &Settings, sizes: &Sizes) -> Result<Layout, SettingError> {
        Ok(architecture::layout(&architecture::stack(settings, sizes)?))
    }

    fn initial(&self, settings: &Settings, sizes: &Sizes, seeds: &Seeds) -> Result<Vec<f64>, SettingError> {
        let start = initial::Start::from_settings(settings, sizes)?;
        Ok(start.packed(seeds))
    }

    fn cost(&self, settings: &Settings, sizes: &Sizes, rows: usize) -> PassCost {
        let Ok(stack) = architecture::stack(settings, sizes) else { return PassCost::default() };
        let (steps, columns, rows) = (stack.steps as f64, stack.columns() as f64, rows as f64);
        let recurrent: f64 = (0..stack.depth).map(|l| (stack.inputs(l) + stack.width) as f64 * columns).sum();
        let output = (stack.width * stack.outputs) as f64;
        let (weights, answers) = (recurrent + output, stack.answers() as f64);
        // Weights and their gradients; of each unit, row and step the gates, their gradients, and state and stream.
        let kept = steps * rows * stack.depth as f64 * (2.0 * columns + 5.0 * stack.width as f64);
        // Each of candle's ops keeps what it made.
        let kept = if stack.is_fused() { kept } else { 6.0 * kept };
        // The batch's inputs, and of its outputs some four copies: they, their gradients and those of the loss.
        let kept = kept + rows * (4.0 * answers * stack.outputs as f64 + steps * stack.features as f64);
        let forward = 2.0 * rows * (steps * recurrent + answers * output);
        let bytes = 4.0 * (2.0 * weights + kept);
        // Less where no gates are kept and the loss adds a gradient at the last step alone.
        let times = match stack.cell {
            Cell::Rnn(_) if answers == 1.0 => 1.6,
            _ => 3.2,
        };
        let measured = times * bytes;
        PassCost { weights, forward, backward: 2.0 * forward, bytes, measured }
    }

    fn trains_as_it_evaluates(&self, settings: &Settings) -> bool {
        settings.float("dropout").unwrap_or(0.0) == 0.0
    }

    fn predict(&self, settings: &Settings, inputs: &Inputs) -> Result<Prediction, NoPrediction> {
        theory::predict(settings, inputs)
    }

    at_both_precisions!();
}

impl Recurrent {
    fn build<T: Element>(self, settings: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<T> {
        let stack = architecture::stack(settings, sizes)?;
        Ok(match self {
            Recurrent::Fused if stack.is_fused() => Box::new(Network::with_parameters(stack, packed)?),
            _ => Box::new(composed::model(&stack, packed)?),
        })
    }
}

const KINDS: &[&str] = &["rnn", "lstm", "gru"];

/// The settings that fully connected nets do not have.
pub const SETTINGS: &[Setting] = &of_problems(Problems::Networks, [
    Setting::word("init.recurrent", &["gaussian", "orthogonal", "identity"], "gaussian")
        .help("the matrix from h_(t-1) to h_t, drawn separately for each gate: N(0, gain^2 / width), gain times an orthogonal matrix, or gain times the identity; `init` draws the other matrices"),
    Setting::float("init.recurrent_gain", Domain::Float { min: 0.0, max: 1e6 }, 1.0)
        .help("gain of the recurrent matrix"),
    Setting::word("network.read_out", &["last", "mean", sequence::EVERY], "last").of(KINDS)
        .help("what the output layer reads: the top layer's output h at the last time step, its mean over all time steps, or h at every step, each with its own prediction and loss (the default for `copy_memory`); if the data have one target per sequence, it is the target at every step"),
    Setting::unset("network.bptt", Domain::Int { min: 1, max: 1_000_000 }).of(KINDS)
        .help("truncated backpropagation through time: the sequence is cut into segments of this many steps, counted from the last, and no gradient passes between them; dL/dh is measured over the whole sequence, dL/dW as it trains"),
    Setting::float("network.forget_bias", Domain::Float { min: -1e3, max: 1e3 }, 0.0).of(&["lstm"])
        .help("initial bias of the forget gate; 1 is usual (Gers et al. 2000, Jozefowicz et al. 2015)"),
    Setting::float("network.update_bias", Domain::Float { min: -1e3, max: 1e3 }, 0.0).of(&["gru"])
        .help("initial bias of the update gate z; as z multiplies the old state, a larger bias means a longer memory"),
]);
