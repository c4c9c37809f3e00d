//! What a sweep says of its failed runs: which, why, and the command that runs each again alone.

use crate::cli::{PlanOptions, runs, shell};
use crate::experiment::plan::Plan;
use crate::record::Status;
use crate::sweep::Halt;
use crate::sweep::journal::Journal;
use crate::sweep::work::{Job, Work};

/// More failed runs than this are counted.
const SHOWN: usize = 10;

/// The failed runs of a plan, one below the other; empty when there is none.
///
/// # Errors
/// When the journal cannot be read.
pub(super) fn failures(options: &PlanOptions, plan: &Plan, work: &Work, journal: &Journal) -> Result<String, Halt> {
    let has_failed = |job: &&Job| journal.status(&job.run.run_id) == Some(Status::Failed);
    let failed: Vec<&Job> = work.jobs.iter().filter(has_failed).collect();
    if failed.is_empty() {
        return Ok(String::new());
    }
    let mut lines = vec![format!("{} failed, each with the command that runs it again alone:", runs(failed.len()))];
    for job in failed.iter().take(SHOWN) {
        let message = journal.entry(&job.run.run_id)?.map_or(String::new(), |entry| entry.run.record.message);
        lines.push(format!("  {}: {}", job.label, message.lines().map(str::trim).collect::<Vec<_>>().join(" ")));
        lines.push(format!("    {}", command(options, plan, job)));
    }
    if failed.len() > SHOWN {
        lines.push(format!("  and {} more; runs.csv has each message", failed.len() - SHOWN));
    }
    lines.push("--retry-failed runs all of them again".into());
    Ok(lines.join("\n"))
}

/// The command line that runs a failed run again and no other, for a POSIX shell.
fn command(options: &PlanOptions, plan: &Plan, job: &Job) -> String {
    let program = std::env::args_os().next().map_or("gradsweep".into(), |name| name.to_string_lossy().into_owned());
    let mut words = [vec![program, "sweep".into()], options.words()].concat();
    let seed = format!("seed={}", job.run.spec.seeds.run);
    words.extend(plan.only_cell(job.run.cell).into_iter().chain([seed]).flat_map(|only| ["--only".into(), only]));
    words.push("--retry-failed".into());
    shell::line(&words)
}
