//! Data sets: where they come from, how they are split and scaled.

mod csv_file;
mod csv_sequences;
mod csv_table;
mod csv_target;
pub(crate) mod csv_text;
mod dataset;
mod digits;
mod error;
mod file;
pub mod function;
mod guess;
mod idx;
mod mnist1d;
mod numbers;
mod points;
mod raw;
mod scaling;
pub mod sequence;
mod sequence_tasks;
mod settings;
mod spirals;
mod split;
mod teacher;

pub use dataset::{Dataset, Sizes, Split, Targets};
pub use error::DataError;
pub use function::Function;
pub use guess::{Guess, Guesses};
pub use numbers::{Numbers, Packed};
pub use raw::Places;
pub use scaling::Scaling;
pub use settings::SETTINGS;

use crate::setting::Settings;

/// Whether the rows of this kind of data are drawn from `data.seed`, which only splits others.
pub fn is_generated(kind: &str) -> bool {
    // They alone take a number of rows.
    SETTINGS.iter().chain(sequence::SETTINGS).any(|own| own.key == "data.n" && own.of.contains(&kind))
}

/// How many numbers a generated data set holds; none of one that is read.
pub fn numbers_generated(settings: &Settings) -> f64 {
    let size = |key: &str| settings.int(key).map_or(1.0, |n| n as f64);
    let features = match settings.text("data") {
        Some("spirals" | "adding") => 2.0,
        Some("mnist1d") => mnist1d::FEATURES as f64,
        Some(sequence::COPY_MEMORY) => size("data.symbols") + 2.0,
        _ => size("data.features"),
    };
    let steps = sequence::steps(settings).map_or(1.0, |steps| steps as f64);
    settings.int("data.n").map_or(0.0, |rows| rows as f64 * steps * features)
}

/// Loads, splits and scales the data set that the `data` settings describe, or takes the `function` in its place.
///
/// # Errors
/// When a file is missing, damaged or not what the settings say, or when the split leaves nothing.
pub fn load(settings: &Settings, places: &Places) -> Result<Dataset, DataError> {
    if let Some(function) = Function::from_settings(settings) {
        return Ok(function?.dataset());
    }
    let raw = match settings.text("data") {
        Some("digits") => digits::raw()?,
        Some("spirals") => spirals::raw(settings),
        Some("teacher") => teacher::raw(settings),
        Some("mnist1d") => mnist1d::raw(settings)?,
        Some("points") => points::raw(settings)?,
        Some("mnist") => idx::mnist(places)?,
        Some("fashion_mnist") => idx::fashion_mnist(places)?,
        Some("idx") => idx::raw(settings, places)?,
        Some("csv") => csv_file::raw(settings, places)?,
        Some(task) if sequence::TASKS.contains(&task) => sequence_tasks::raw(task, settings)?,
        other => {
            return Err(DataError::settings(
                "data",
                format!("there is no data set {other:?}"),
                "see `gradsweep settings`",
            ));
        }
    };
    sequence::arrange(split::prepare(raw, settings)?, settings)
}
