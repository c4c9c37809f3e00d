//! One run, from its resolved settings to its record: no file, no clock, no printing.

pub mod cost;
pub mod error;
mod gradient;
mod objective;
pub mod outcome;
mod recorder;
pub mod score;
pub mod spec;
pub mod stop;
pub mod trace;
pub mod train;
mod training;
mod watch;

pub use error::RunError;
pub use gradient::check_gradient;
pub use spec::RunSpec;
pub use train::{train, train_model};
pub use training::Batches;

pub use crate::record::{RunRecord, Status};
