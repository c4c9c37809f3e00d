//! `plan FILE`: what a sweep would run and cost.

use crate::cli::plan_options::{Loaded, PlanOptions, count};
use crate::cli::prelude::*;
use crate::parallel::cores;
use crate::run;
use crate::sweep::forecast::{Rate, forecast};
use crate::sweep::memory::{self, Gate};
use crate::sweep::{journal::Journal, outline, rates, status::FolderStatus};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    plan: PlanOptions,
    /// Number of runs at the same time, to predict the memory [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = count)]
    jobs: Option<u64>,
    /// Print CSV with one row per run: run_id, labels, seed, status, what changed, predicted cost
    #[arg(long)]
    csv: bool,
    /// Print the learning rate at each step instead: every distinct schedule as a table with bars
    #[arg(long, conflicts_with = "csv")]
    schedule: bool,
}

/// Prints the plan; writes nothing.
///
/// # Errors
/// What reading the experiment, its data and its results folder reports.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    let Loaded { plan, work, chosen, dir } = options.plan.load()?;
    if options.schedule {
        return print(&rates::curves(&work, &chosen)?);
    }
    let status = FolderStatus::of(&dir, &plan, &work, &Journal::read(&dir.join("journal"))?)?;
    if options.csv {
        let table = outline::table(&plan, &work, &status, &chosen).csv().map_err(CommandError::failed)?;
        return print(&String::from_utf8_lossy(&table));
    }
    let to_do = status.open(&chosen);
    let mut text = outline::grid(&plan, &work);
    text += &outline::folder(&dir, &status);
    text += &outline::cost(&work, &chosen, &to_do);
    if !to_do.is_empty() {
        let at_once = options.jobs.map_or_else(cores, |n| n as usize);
        let room = memory::room(at_once.min(to_do.len()));
        text += &outline::memory(&work, &to_do, at_once, room);
        let rate = Rate::find(&dir, &work, &to_do, &Gate::new(room), &run::train);
        text += &format!("  time      {}\n", forecast(rate, &work, &to_do, at_once));
    }
    print(&text)
}
