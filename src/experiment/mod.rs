//! An experiment as written, and the plan of runs it stands for.
//!
//! [`Experiment::parse`] reads the TOML, [`Experiment::plan`] combines its axes into a [`Plan`], and
//! [`Plan::runs`] names every run once the data are known. Every error is a [`ExperimentError`] with its place and cure.

mod ablation;
mod arms;
mod axis;
mod check;
mod claim_spec;
mod claims;
mod compare;
pub mod cost;
mod figure_defaults;
mod figure_spec;
mod figures;
mod functions;
mod grid;
mod include;
mod labels;
mod nearest;
mod only;
mod overrides;
mod part;
pub mod plan;
pub mod problem;
mod range;
mod reader;
mod resolve;
pub mod settings;
pub mod spec;
mod written;

pub use overrides::Overrides;
pub use part::Part;
pub use plan::{DataFacts, GridCell, Plan, PlannedRun};
pub use problem::ExperimentError;
pub use settings::settings_table_markdown;
pub use spec::RunSpec;
pub use written::Experiment;
