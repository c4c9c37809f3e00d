//! An experiment as it is written: every value with its place in the file, nothing combined yet.

pub(crate) mod ablation;
pub(crate) mod arms;
pub(crate) mod axis;
pub(crate) mod error;
pub(crate) mod fields;
pub(crate) mod include;
pub(crate) mod node;
mod range;
pub(crate) mod record;
pub(crate) mod selector;
pub(crate) mod value;

pub use error::ExperimentError;
