//! `theory FILE`: what theory says of every cell at init, next to what was measured.

use crate::cli::plan_options::{Loaded, PlanOptions};
use crate::cli::prelude::*;
use crate::conclude::predicted::predicted_and_measured;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    plan: PlanOptions,
}

/// Prints the table; trains and writes nothing.
///
/// # Errors
/// What reading the experiment, its data and its results folder reports.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    let Loaded { plan, work, chosen, dir } = options.plan.load()?;
    print(&predicted_and_measured(&dir, &plan, &work, &chosen).map_err(CommandError::input)?)
}
