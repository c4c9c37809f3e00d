//! An experiment as written, and the plan of runs it stands for.

pub mod cost;
pub mod figure_spec;
pub mod plan;
pub mod settings;
pub mod spec;
pub mod written;

pub use plan::Plan;
pub use written::{Experiment, Overrides};
