//! An experiment as written, and the plan of runs it stands for.
//!
//! [`Experiment::parse`] reads the TOML, [`Experiment::plan`] combines its axes into a [`Plan`], and
//! [`Plan::runs`] names every run once the data are known. Every error is an [`ExperimentError`] with its place and cure.
//!
//! Each part uses only those above it: `keys` what the sections may hold, `read` the sections as written, `asks` what the file asks for, the file as a whole
//! and what the command line changes in it, `plan` the grid, its cells and their runs.

mod brought;
pub mod figure_kind;
pub mod keys;
pub(crate) mod nearest;
pub mod settings;

mod read;
mod recorded;

mod asks;

mod file;
mod overrides;

pub mod plan;

pub use file::Experiment;
pub use overrides::Overrides;
pub use plan::{DataFacts, GridCell, Plan, PlannedRun};
pub use read::ExperimentError;
pub use settings::settings_table_markdown;
