//! The runs of a plan that are missing or have failed: how many, which, and the commands that run them.

use crate::files::FileError;
use crate::record::Status;
use crate::sweep::journal::Journal;
use crate::sweep::shard::{array, owners};
use crate::sweep::work::{Job, Work};
use crate::table::count;

/// More runs than this are counted.
const SHOWN: usize = 10;

/// How many runs of a plan a journal holds, and how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Runs of the plan.
    pub planned: usize,
    /// Of these, in the journal, however they ended.
    pub done: usize,
    pub diverged: usize,
    pub failed: usize,
}

impl Counts {
    /// Counts the runs of a plan that a journal holds.
    pub fn of(work: &Work, journal: &Journal) -> Self {
        let statuses: Vec<Status> = work.jobs.iter().filter_map(|job| journal.status(&job.run.run_id)).collect();
        let count = |status| statuses.iter().filter(|s| **s == status).count();
        Counts {
            planned: work.jobs.len(),
            done: statuses.len(),
            diverged: count(Status::Diverged),
            failed: count(Status::Failed),
        }
    }
}

fn failed<'a>(work: &'a Work, journal: &Journal) -> Vec<&'a Job> {
    work.jobs.iter().filter(|job| journal.status(&job.run.run_id) == Some(Status::Failed)).collect()
}

/// The runs that no shard has left, with the tasks of an array that would fill the gap, then those that failed.
pub fn after_merge(work: &Work, journal: &Journal) -> Vec<String> {
    let order = work.order((0..work.jobs.len()).collect());
    let is_missing = |at: &usize| journal.status(&work.jobs[order[*at]].run.run_id).is_none();
    let missing: Vec<usize> = (0..order.len()).filter(is_missing).collect();
    let mut lines: Vec<String> =
        missing.iter().take(SHOWN).map(|at| format!("  missing: {}", work.jobs[order[*at]].label)).collect();
    if missing.len() > SHOWN {
        lines.push(format!("  and {} more", missing.len() - SHOWN));
    }
    if !missing.is_empty() {
        let counts = journal.shard_counts();
        let tasks = |count: &usize| {
            format!("of {count} shards, these have missing runs: --array={}", array(&owners(&missing, *count)))
        };
        lines.extend(counts.iter().map(tasks));
        if counts.is_empty() {
            lines.push("the same sweep command trains the missing runs".into());
        }
    }
    let failed = failed(work, journal).into_iter().take(SHOWN);
    lines.extend(failed.map(|job| format!("  failed: {}; runs.csv has its message", job.label)));
    lines
}

/// The failed runs of a plan, each with its message and the `command` that runs it again alone; nothing when there is none.
///
/// # Errors
/// When the journal cannot be read.
pub fn failures(work: &Work, journal: &Journal, command: impl Fn(&Job) -> String) -> Result<Vec<String>, FileError> {
    let failed = failed(work, journal);
    if failed.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines =
        vec![format!("{} failed, each with the command that runs it again alone:", count(failed.len(), "run"))];
    for job in failed.iter().take(SHOWN) {
        let message = journal.entry(&job.run.run_id)?.map_or(String::new(), |entry| entry.run.record.message);
        lines.push(format!("  {}: {}", job.label, message.lines().map(str::trim).collect::<Vec<_>>().join(" ")));
        lines.push(format!("    {}", command(job)));
    }
    if failed.len() > SHOWN {
        lines.push(format!("  and {} more; runs.csv has each message", failed.len() - SHOWN));
    }
    lines.push("--retry-failed runs all of them again".into());
    Ok(lines)
}
