//! An experiment as written, and the plan of runs it stands for.

pub mod figure_spec;
pub mod spec;
