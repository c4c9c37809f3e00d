//! `merge DIR`: tables and figures of a folder that several shards filled, and what is still missing.

use crate::cli::check::{FAILED_CLAIM, settle};
use crate::cli::reopen::reopen;
use crate::cli::{draw, report, runs, say};
use crate::experiment::plan::Plan;
use crate::finish::{View, end_table, finish};
use crate::record::Status;
use crate::sweep::journal::Journal;
use crate::sweep::progress::note;
use crate::sweep::shard::{array, owners};
use crate::sweep::work::Work;
use crate::sweep::{Halt, folder};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// More missing runs than this are counted.
const SHOWN: usize = 10;

#[derive(Args)]
pub struct Options {
    /// A results folder that `sweep --shard` has filled
    dir: PathBuf,
}

/// Writes the CSV files and figures of what is there, and says what is not.
///
/// # Errors
/// A folder without a plan, one that a sweep is writing to, files that cannot be read or written.
pub fn run(options: &Options) -> Result<ExitCode, Halt> {
    let dir = &options.dir;
    let (plan, work) = reopen(dir)?;
    let _lock = folder::lock(dir)?;
    let journal = Journal::read(&dir.join("journal"))?;
    let view = finish(dir, &plan, &work, &journal, &draw)?;
    say(&end_table(dir, &plan)?)?;
    let claim_fails = settle(dir, &plan, view)?;
    report(dir)?;
    conclude(dir, &plan, &work, &journal, view, claim_fails)
}

/// 1 when runs are missing or failed, with the tasks that would fill the gap; else 3 when a claim fails.
fn conclude(
    dir: &Path,
    plan: &Plan,
    work: &Work,
    journal: &Journal,
    view: View,
    claim_fails: bool,
) -> Result<ExitCode, Halt> {
    let name = &plan.name;
    note(&format!("{name}: {} of {} are there, in {}", view.done, runs(view.planned), dir.display()));
    let order = work.order((0..work.jobs.len()).collect());
    let status = |job: usize| journal.status(&work.jobs[job].run.run_id);
    let missing: Vec<usize> = (0..order.len()).filter(|&at| status(order[at]).is_none()).collect();
    for &at in missing.iter().take(SHOWN) {
        note(&format!("  missing: {}", work.jobs[order[at]].label));
    }
    if missing.len() > SHOWN {
        note(&format!("  and {} more", missing.len() - SHOWN));
    }
    if !missing.is_empty() {
        let counts = journal.shard_counts();
        for &count in &counts {
            let tasks = owners(&missing, count);
            note(&format!("of {count} shards these fill the gap: --array={}", array(&tasks)));
        }
        if counts.is_empty() {
            note("the same sweep command fills the gap");
        }
    }
    for job in work.jobs.iter().filter(|job| journal.status(&job.run.run_id) == Some(Status::Failed)).take(SHOWN) {
        note(&format!("  failed: {}; runs.csv has its message", job.label));
    }
    Ok(match (missing.is_empty() && view.failed == 0, claim_fails) {
        (false, _) => ExitCode::FAILURE,
        (true, true) => ExitCode::from(FAILED_CLAIM),
        (true, false) => ExitCode::SUCCESS,
    })
}
