//! `sweep FILE`: train what is missing, then CSV files, figures and the table.

use crate::cli::{PlanOptions, check, count, draw, runs, say};
use crate::experiment::plan::Plan;
use crate::finish::{View, end_table, finish};
use crate::record::Status;
use crate::sweep::folder::{Folder, Keep, plan_hash, plan_json};
use crate::sweep::interrupt::Interrupt;
use crate::sweep::pool::{self, Tally};
use crate::sweep::progress::{Show, note};
use crate::sweep::provenance::Sitting;
use crate::sweep::work::Work;
use crate::sweep::{Halt, candle_is_single_threaded};
use crate::train;
use clap::Args;
use std::io::IsTerminal;
use std::process::ExitCode;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    plan: PlanOptions,
    /// Runs at the same time [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = count)]
    jobs: Option<u64>,
    /// Accept that the plan drops finished runs of the folder from the tables
    #[arg(long)]
    replan: bool,
    /// Run failed runs again
    #[arg(long)]
    retry_failed: bool,
    /// Set the folder's journal aside and run everything again
    #[arg(long)]
    fresh: bool,
    /// Stop at the first failed run
    #[arg(long)]
    fail_fast: bool,
    /// No bars, a plain line now and then
    #[arg(long)]
    quiet: bool,
}

static INTERRUPT: Interrupt = Interrupt::new();
const GO_ON: &str = "interrupted; every finished run is kept, and the same command goes on from there";

/// The whole of a sweep, in order.
///
/// # Errors
/// What each part reports.
pub fn run(options: &Options) -> Result<ExitCode, Halt> {
    candle_is_single_threaded()?;
    let plan = options.plan.read()?;
    let work = options.plan.load(&plan)?;
    check(&plan, &work)?;
    let chosen = options.plan.chosen(&plan, &work)?;
    let dir = options.plan.folder(&plan);
    let keep = Keep { replan: options.replan, fresh: options.fresh };
    INTERRUPT.listen(|| note(GO_ON)).map_err(|e| Halt::Io(format!("cannot listen for Ctrl-C: {e}")))?;
    let (folder, notes) = Folder::open(&dir, &plan, &work, keep)?;
    notes.iter().for_each(|line| note(line));
    let order = work.order(missing(chosen, &work, &folder, options.retry_failed));
    announce(&plan, &work, &folder, &order);
    if !order.is_empty() {
        train_all(options, &plan, &work, &folder, &order)?;
    }
    let view = finish(&dir, &plan, &work, &folder.journal, &draw)?;
    say(&end_table(&dir, &plan)?)?;
    conclude(&folder, view)
}

/// The chosen runs that the journal does not have, or has as failed when those are to be run again.
fn missing(chosen: Vec<usize>, work: &Work, folder: &Folder, retry_failed: bool) -> Vec<usize> {
    let open = |i: &usize| match folder.journal.status(&work.jobs[*i].run.run_id) {
        None => true,
        Some(status) => retry_failed && status == Status::Failed,
    };
    chosen.into_iter().filter(open).collect()
}

fn announce(plan: &Plan, work: &Work, folder: &Folder, order: &[usize]) {
    let (name, dir) = (&plan.name, folder.dir.display());
    let View { planned, done, .. } = View::of(work, &folder.journal);
    if order.is_empty() && done == planned {
        note(&format!("{name}: all {} are done, see {dir}", runs(planned)));
    } else {
        note(&format!("{name}: {} to do, {done} of {planned} done before, in {dir}", runs(order.len())));
    }
}

fn train_all(options: &Options, plan: &Plan, work: &Work, folder: &Folder, order: &[usize]) -> Result<(), Halt> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.map_or(cores, |n| n as usize);
    let hash = plan_hash(&plan_json(plan, work), work);
    let sitting = Sitting::begin(&folder.dir, &hash, work, jobs, order.len())?;
    let show = if options.quiet || !std::io::stderr().is_terminal() { Show::Lines } else { Show::Bars };
    let how = pool::Options { jobs, fail_fast: options.fail_fast, show };
    let tally = pool::run(work, order, how, &train::train, &folder.journal, &INTERRUPT)?;
    sitting.end(&folder.dir, tally.done)?;
    if INTERRUPT.asked() {
        return Err(Halt::Interrupted(GO_ON.into()));
    }
    let Tally { done, failed, .. } = tally;
    if options.fail_fast && failed > 0 {
        note(&format!("--fail-fast: stopped at the first failed run, {} not run", runs(order.len() - done)));
    }
    Ok(())
}

/// The last words, and 1 when a run failed.
fn conclude(folder: &Folder, view: View) -> Result<ExitCode, Halt> {
    let dir = folder.dir.display();
    let open = view.planned - view.done;
    if open > 0 {
        note(&format!("{} of the plan not run yet", runs(open)));
    }
    if view.failed > 0 {
        let message =
            format!("{} failed; runs.csv has each message, --retry-failed runs them again", runs(view.failed));
        note(&message);
    }
    note(&format!("results in {dir}: runs.csv, summary.csv, history.csv, layers.csv, figures"));
    Ok(if view.failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
