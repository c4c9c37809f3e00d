//! One session of a sweep: which runs it has to do, and how it trains and journals them.

use crate::experiment::plan::Plan;
use crate::parallel::cores;
use crate::record::Status;
use crate::results::claims;
use crate::run::train;
use crate::sweep::plan_text::{plan_hash, plan_json};
use crate::sweep::progress::{Show, Tally};
use crate::sweep::{
    SweepError, folder::Folder, interrupt::Interrupt, journal::Journal, pool, provenance::SessionRecord, shard::Shard,
    work::Work,
};
use std::collections::HashSet;
use std::path::Path;

/// How a session trains.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Runs at the same time; the number of cores if not given.
    pub jobs: Option<usize>,
    /// Stop at the first run that fails.
    pub fail_fast: bool,
    pub show: Show,
    /// The part of the plan that is this machine's.
    pub shard: Option<Shard>,
    /// The experiment file, for `provenance.json`.
    pub experiment: &'a Path,
}

/// Of the `chosen` runs those that the journal does not have, or has as failed when those are to be run again, in the order
/// of running.
pub fn to_do(work: &Work, journal: &Journal, chosen: &[usize], retry_failed: bool) -> Vec<usize> {
    let is_open = |i: &usize| match journal.status(&work.jobs[*i].run.run_id) {
        None => true,
        Some(status) => retry_failed && status == Status::Failed,
    };
    work.order(chosen.iter().copied().filter(is_open).collect())
}

/// The part of the `chosen` runs that belongs to a shard, which is dealt from the whole plan.
pub fn share(work: &Work, chosen: &[usize], shard: Shard) -> Vec<usize> {
    let chosen: HashSet<usize> = chosen.iter().copied().collect();
    let mut own = shard.deal(&work.order((0..work.jobs.len()).collect()));
    own.retain(|run| chosen.contains(run));
    own
}

/// Trains the runs numbered in `order`, journals each, and notes the session in `provenance.json`.
///
/// # Errors
/// Files that cannot be written; [`SweepError::Interrupted`] when the user asked to stop.
pub fn train_all(
    plan: &Plan,
    work: &Work,
    folder: &Folder,
    order: &[usize],
    options: Options,
    interrupt: &Interrupt,
) -> Result<Tally, SweepError> {
    let jobs = options.jobs.unwrap_or_else(cores);
    let (plan_hash, claims_hash) = (plan_hash(&plan_json(plan, work), work), claims::hash(&plan.claims));
    let provenance = match options.shard {
        Some(shard) => folder.dir.join("journal").join(format!("{}.provenance.json", shard.file_stem())),
        None => folder.dir.join("provenance.json"),
    };
    let session =
        SessionRecord::begin(provenance, options.experiment, [&plan_hash, &claims_hash], work, jobs, order.len())?;
    let how = pool::Options { jobs, fail_fast: options.fail_fast, show: options.show };
    let tally = pool::run(work, order, how, &train, &folder.journal, interrupt)?;
    session.end(tally.done)?;
    if interrupt.asked() { Err(SweepError::Interrupted) } else { Ok(tally) }
}
