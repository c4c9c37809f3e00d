//! `plan FILE`: what a sweep would run and cost.

use crate::cli::{PlanOptions, check, runs, say};
use crate::experiment::cost::Cost;
use crate::finish::View;
use crate::sweep::Halt;
use crate::sweep::journal::Journal;
use clap::Args;
use std::fmt::Write;
use std::ops::Add;
use std::process::ExitCode;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    plan: PlanOptions,
}

/// Prints the plan; writes nothing.
///
/// # Errors
/// What reading the experiment and its data reports.
pub fn run(options: &Options) -> Result<ExitCode, Halt> {
    let plan = options.plan.read()?;
    let work = options.plan.load(&plan)?;
    check(&plan, &work)?;
    let dir = options.plan.folder(&plan);
    let view = View::of(&work, &Journal::read(&dir.join("journal"))?);

    let mut text = format!("{}\n{}\n", plan.name, plan.question);
    for axis in &plan.axes {
        let _ = writeln!(text, "  {:<14} {:>3}  {}", axis.name, axis.labels.len(), axis.labels.join(", "));
    }
    let excluded = if plan.excluded > 0 { format!(" ({} excluded)", plan.excluded) } else { String::new() };
    let seeds = plan.seeds.len();
    let _ = writeln!(text, "  {} cells{excluded} x {seeds} seeds = {}", plan.cells.len(), runs(work.jobs.len()));
    let cost = work.jobs.iter().map(|job| job.cost).fold(Cost::default(), Cost::add);
    let (training, rest) = (tera(cost.training), tera(cost.total() - cost.training));
    let _ = writeln!(text, "  cost  {training} of training, {rest} of scores and probes");
    for data in &work.datasets {
        let _ = writeln!(text, "  data  {}", data.summary());
    }
    let _ = writeln!(text, "  in {}: {} done, {} new", dir.display(), view.done, view.planned - view.done);
    say(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn tera(flops: f64) -> String {
    if flops >= 1e11 { format!("{:.1} TFLOP", flops / 1e12) } else { format!("{:.2} GFLOP", flops / 1e9) }
}
