//! An experiment as written, and the plan of runs it stands for.

pub mod figure_spec;
pub mod plan;
pub mod read;
pub mod spec;

pub use read::{Overrides, check, read, settings};
