//! The results folder: whether it can be written, whether somebody else writes it, and what it already holds.

use crate::experiment::plan::Plan;
use crate::files::{cannot, write_as};
use crate::sweep::journal::{self, Journal};
use crate::sweep::plan_text::{plan_hash, plan_json, run_ids, view_of, view_path};
use crate::sweep::shard::{self, Shard};
use crate::sweep::{SweepError, request::Request, status::FolderStatus, work::Work};
use crate::table::count;
use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// What to do with what the folder already holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keep {
    /// The new plan may drop finished runs from view.
    pub replan: bool,
    /// Set the journal aside and run everything again.
    pub fresh: bool,
}

/// A results folder that this program alone writes, until dropped.
pub struct Folder {
    pub dir: PathBuf,
    pub journal: Journal,
    _lock: File,
}

impl Folder {
    /// Creates or reopens the folder for a plan, before any run. Also returns what the user should know.
    ///
    /// # Errors
    /// When the folder cannot be written, is in use, holds other files, or holds finished runs that the plan would drop
    /// from view.
    pub fn open(
        dir: &Path,
        plan: &Plan,
        work: &Work,
        request: &Request,
        keep: Keep,
    ) -> Result<(Self, Vec<String>), SweepError> {
        let (journals, lock) = enter(dir, "sweep", "another sweep")?;
        shard::refuse_running(&journals)?;
        let mut notes = Vec::new();
        if keep.fresh && journal::retire(&journals)? > 0 {
            let dir = dir.display();
            notes.push(format!("--fresh: the journal of {dir} is set aside as *.old; every run starts anew"));
        }
        let journal = Journal::read(&journals)?;
        let status = FolderStatus::of(dir, plan, work, &journal)?;
        if status.dropped > 0 {
            let reasons = reasons(&status);
            if !keep.replan {
                let runs = count(status.dropped, "finished run");
                return Err(SweepError::WouldDropRuns { dir: dir.to_path_buf(), runs, reasons });
            }
            notes.extend(reasons);
        }
        let json = plan_json(plan, work);
        let (journal, damage) = journal.open(&plan_hash(&json, work))?;
        notes.extend(damage);
        freeze(dir, "tmp", plan, work, request)?;
        Ok((Folder { dir: dir.to_path_buf(), journal, _lock: lock }, notes))
    }

    /// Joins the folder as one of several shards that may write it at the same time, each its own journal and nothing else.
    ///
    /// # Errors
    /// As [`Folder::open`]; also when the folder has a plan that is not part of this one.
    pub fn join(
        dir: &Path,
        plan: &Plan,
        work: &Work,
        request: &Request,
        shard: Shard,
    ) -> Result<(Self, Vec<String>), SweepError> {
        let (journals, lock) = enter(dir, &shard.file_stem(), &format!("shard {shard}"))?;
        let planned: HashSet<&str> = work.jobs.iter().map(|job| job.run.run_id.as_str()).collect();
        if let Some(other) = view_of(dir)?.iter().find(|id| !planned.contains(id.as_str())) {
            return Err(SweepError::OtherPlan { dir: dir.to_path_buf(), run_id: other.clone() });
        }
        let (journal, notes) = Journal::read(&journals)?.join(&plan_hash(&plan_json(plan, work), work), shard)?;
        freeze(dir, &format!("{}.tmp", shard.file_stem()), plan, work, request)?;
        Ok((Folder { dir: dir.to_path_buf(), journal, _lock: lock }, notes))
    }
}

/// Creates the folder where it is missing, makes sure that it can be written and is nobody else's, and locks it for `writer`.
fn enter(dir: &Path, writer: &str, who: &str) -> Result<(PathBuf, File), SweepError> {
    refuse_foreign(dir)?;
    let journals = dir.join("journal");
    probe(dir, &journals, writer)?;
    let lock = take_lock(dir, &journals.join(format!("{writer}.lock")), who)?;
    Ok((journals, lock))
}

/// The lock of a folder's results, for those who write CSV files and figures.
///
/// # Errors
/// When a sweep is writing there.
pub fn lock(dir: &Path) -> Result<File, SweepError> {
    Ok(enter(dir, "sweep", "another sweep")?.1)
}

/// Writes the plan down, before any run.
fn freeze(dir: &Path, writer: &str, plan: &Plan, work: &Work, request: &Request) -> Result<(), SweepError> {
    write_as(writer, &dir.join("experiment.toml"), plan.source.as_bytes())?;
    write_as(writer, &dir.join("plan.json"), plan_json(plan, work).as_bytes())?;
    request.write(dir, writer)?;
    Ok(write_as(writer, &view_path(dir), run_ids(work).as_bytes())?)
}

/// A folder with files in it but without a journal is somebody else's.
fn refuse_foreign(dir: &Path) -> Result<(), SweepError> {
    let foreign = fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) && !dir.join("journal").is_dir();
    if foreign { Err(SweepError::ForeignFolder(dir.to_path_buf())) } else { Ok(()) }
}

/// Writes and removes a file, so that an unwritable folder is found before the first run.
fn probe(dir: &Path, journals: &Path, writer: &str) -> Result<(), SweepError> {
    let attempt = fs::create_dir_all(journals).and_then(|()| {
        [dir, journals].into_iter().map(|place| place.join(format!("{writer}.probe"))).try_for_each(|probe| {
            fs::write(&probe, b"x")?;
            fs::remove_file(&probe)
        })
    });
    attempt.map_err(|source| SweepError::UnwritableFolder { dir: dir.to_path_buf(), source })
}

fn take_lock(dir: &Path, path: &Path, who: &str) -> Result<File, SweepError> {
    let file = File::create(path).map_err(|e| cannot("write", path, e))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(SweepError::FolderInUse { writer: who.into(), dir: dir.to_path_buf() }),
        Err(TryLockError::Error(e)) if e.kind() != std::io::ErrorKind::Unsupported => {
            Err(cannot("lock", path, e).into())
        }
        // A file system without locks: nobody else can be seen, so nobody can be refused.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// What a new plan changes in finished runs, a line a reason: `rerun: width 48 -> 64 (30 runs)`.
fn reasons(status: &FolderStatus) -> Vec<String> {
    const SHOWN: usize = 10;
    let line = |word: &'static str| move |(why, n): (&str, usize)| format!("{word}: {why} ({})", count(n, "run"));
    let rerun = status.changes().into_iter().map(line("rerun"));
    let mut lines: Vec<String> = rerun.chain(status.gone().into_iter().map(line("dropped"))).collect();
    if lines.len() > SHOWN {
        let more = lines.split_off(SHOWN).len();
        lines.push(format!("and {more} other reasons; `gradsweep plan --csv` has each run"));
    }
    lines
}
