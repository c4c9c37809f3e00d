//! Models: what everything else knows of one, and the families that there are.

pub mod boundary;
pub mod candle_model;
pub mod convolution;
pub mod dense;
pub mod differences;
pub mod init;
pub mod layout;
pub mod pass;
pub mod recurrent;

pub use boundary::{
    Batch, BuildError, Built, Family, Gradients, Model, PassCost, Precision, Site, Tap, copy_parameters,
};
pub use candle_model::CandleModel;
pub use layout::{Layout, Parameter};
pub use pass::{Part, Pass};

pub use crate::ops::block::Role;
pub use crate::ops::loss::{Loss, Target};
pub use crate::ops::{Element, Mode, Tensor};
pub use crate::seed::Seeds;

use crate::setting::{DefaultValue, Problems, Setting, Settings, of_problems};

/// The kinds of network, by their words: fully connected, and recurrent with one cell or another.
const WORDS: &[&str] = &["mlp", "rnn", "lstm", "gru"];

/// What kind of network it is.
pub const SETTINGS: &[Setting] = &of_problems(Problems::Networks, [Setting::word("network", WORDS, WORDS[0])
    .head("kind")
    .help("`mlp`: fully connected; recurrent: `rnn` (h = phi(x W + h U + b)), `lstm`, `gru` (update gate z keeps: h = (1 - z) n + z h)")]);

/// The family that the settings name.
pub fn family(settings: &Settings) -> &'static dyn Family {
    if is_recurrent(settings) { &recurrent::Recurrent::Fused } else { &dense::Dense::Fused }
}

/// Whether the net reads one time step after the other.
pub fn is_recurrent(settings: &Settings) -> bool {
    settings.text("network").is_some_and(|word| word != WORDS[0])
}

/// Whether this kind of network reads a setting. All read those of data and training.
pub fn reads(network: &str, key: &str) -> bool {
    let is_in = |table: &[Setting]| table.iter().any(|row| row.key == key);
    match network == WORDS[0] {
        true => !is_in(recurrent::SETTINGS) || key.starts_with("network."),
        false => !is_in(dense::SETTINGS) && !is_in(crate::ops::activation::SETTINGS) || recurrent::reads(network, key),
    }
}

/// What holds in this kind of network, on such data, when the file does not say, where that is not the default of the table.
pub fn usual(network: &str, key: &str, data: &str) -> Option<DefaultValue> {
    if network == WORDS[0] { None } else { recurrent::usual(key, data) }
}
