//! `plan FILE`: what a sweep would run and cost.

use crate::cli::{PlanOptions, check, say};
use crate::run;
use crate::sweep::Halt;
use crate::sweep::forecast::{Rate, forecast};
use crate::sweep::journal::Journal;
use crate::sweep::outline;
use crate::sweep::rates;
use crate::sweep::standing::Standing;
use clap::Args;
use std::process::ExitCode;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    plan: PlanOptions,
    /// One row a run, for programs: run_id, labels, seed, status, what changed, predicted cost
    #[arg(long)]
    csv: bool,
    /// The learning rate over the steps instead: every distinct schedule as a table with bars
    #[arg(long, conflicts_with = "csv")]
    schedule: bool,
}

/// Prints the plan; writes nothing.
///
/// # Errors
/// What reading the experiment, its data and its results folder reports.
pub fn run(options: &Options) -> Result<ExitCode, Halt> {
    let plan = options.plan.read()?;
    let work = options.plan.load(&plan)?;
    check(&plan, &work)?;
    let chosen = options.plan.chosen(&plan, &work)?;
    if options.schedule {
        say(&rates::curves(&work, &chosen).map_err(|e| Halt::Input(e.to_string()))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let dir = options.plan.folder(&plan);
    let standing = Standing::of(&dir, &plan, &work, &Journal::read(&dir.join("journal"))?)?;
    if options.csv {
        say(&outline::csv(&plan, &work, &standing, &chosen)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let todo = standing.open(&chosen);
    let mut text = outline::grid(&plan, &work);
    text += &outline::folder(&dir, &standing);
    text += &outline::cost(&work, &chosen, &todo);
    if !todo.is_empty() {
        let rate = Rate::find(&dir, &work, &todo, &run::train);
        text += &format!("  time      {}\n", forecast(rate, &work, &todo));
    }
    say(&text)?;
    Ok(ExitCode::SUCCESS)
}
