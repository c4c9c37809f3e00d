//! The results folder: whether it can be written, whether somebody else writes it, and what it already holds.

use crate::experiment::plan::Plan;
use crate::files::{self, Draft, FileError, cannot, make_folder, write};
use crate::results::claims;
use crate::sweep::journal::{self, Identity, Journal};
use crate::sweep::plan_text::{plan_hash, plan_json, plan_of, run_ids, view_of, view_path};
use crate::sweep::shard::{self, Shard};
use crate::sweep::{SweepError, request::Request, status::FolderStatus, work::Work};
use crate::table::count;
use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a command waits for another one that is about to end.
const PATIENCE: Duration = Duration::from_secs(2);

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
        refuse_foreign(dir)?;
        request.refuse_no_text()?;
        let (journals, lock) = enter(dir, "sweep", "another command")?;
        shard::refuse_running(&journals)?;
        let mut notes = Vec::new();
        if keep.fresh && journal::retire(&journals)? > 0 {
            let dir = dir.display();
            notes.push(format!("--fresh: the journal of {dir} is renamed to *.old, and every run is trained again"));
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
        let (journal, damage) = journal.open(identity(plan, work))?;
        notes.extend(damage);
        freeze(dir, plan, work, request)?;
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
        refuse_foreign(dir)?;
        request.refuse_no_text()?;
        let (journals, lock) = enter(dir, &shard.file_stem(), &format!("shard {shard}"))?;
        let planned: HashSet<&str> = work.jobs.iter().map(|job| job.run.run_id.as_str()).collect();
        if let Some(other) = view_of(dir)?.iter().find(|id| !planned.contains(id.as_str())) {
            return Err(SweepError::OtherPlan { dir: dir.to_path_buf(), run_id: other.clone() });
        }
        let (journal, notes) = Journal::read(&journals)?.join(identity(plan, work), shard)?;
        freeze(dir, plan, work, request)?;
        Ok((Folder { dir: dir.to_path_buf(), journal, _lock: lock }, notes))
    }
}

/// What the runs of a plan are started with.
fn identity(plan: &Plan, work: &Work) -> Identity {
    Identity { plan: plan_hash(&plan_json(plan, work), work), claims: claims::hash(&plan.claims) }
}

/// Creates the folder where it is missing, makes sure that it can be written, and locks it for `writer`.
fn enter(dir: &Path, writer: &str, who: &str) -> Result<(PathBuf, File), SweepError> {
    let journals = dir.join("journal");
    probe(dir, &journals).map_err(|source| SweepError::UnwritableFolder { dir: dir.to_path_buf(), source })?;
    let lock = take_lock(dir, &journals.join(format!("{writer}.lock")), who)?;
    [dir, &journals, &dir.join("figures")].into_iter().for_each(files::remove_abandoned_drafts);
    Ok((journals, lock))
}

/// The lock of a results folder, for those who write CSV files and figures: they take it before they read what these are made from.
/// `None` where there is no plan, in which case nothing is made either.
///
/// # Errors
/// When another command writes there, or the folder cannot be written.
pub fn lock(dir: &Path) -> Result<Option<File>, SweepError> {
    dir.join("plan.json").exists().then(|| own(dir)).transpose()
}

fn own(dir: &Path) -> Result<File, SweepError> {
    Ok(enter(dir, "sweep", "another command")?.1)
}

/// Writes the plan down, before any run.
fn freeze(dir: &Path, plan: &Plan, work: &Work, request: &Request) -> Result<(), SweepError> {
    write(&dir.join("experiment.toml"), plan.source.as_bytes())?;
    write(&dir.join("plan.json"), plan_json(plan, work).as_bytes())?;
    request.write(dir)?;
    Ok(write(&view_path(dir), run_ids(work).as_bytes())?)
}

/// A folder with files in it but without a journal is somebody else's.
fn refuse_foreign(dir: &Path) -> Result<(), SweepError> {
    refuse_imported(dir)?;
    let foreign = fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) && !dir.join("journal").is_dir();
    if foreign { Err(SweepError::ForeignFolder(dir.to_path_buf())) } else { Ok(()) }
}

/// Runs of another program cannot be trained here.
///
/// # Errors
/// When the folder holds such runs.
pub fn refuse_imported(dir: &Path) -> Result<(), SweepError> {
    match plan_of(dir) {
        Some(plan) if plan.is_imported() => Err(SweepError::Imported(dir.to_path_buf())),
        _ => Ok(()),
    }
}

/// A folder for imported runs: one that is new or empty, or holds an earlier import. It is locked until the file is dropped.
///
/// # Errors
/// When the folder holds something else, is in use, or cannot be written.
pub fn for_import(dir: &Path) -> Result<File, SweepError> {
    match plan_of(dir) {
        Some(plan) if !plan.is_imported() => Err(SweepError::HoldsSweep(dir.to_path_buf())),
        Some(_) => own(dir),
        None => refuse_foreign(dir).and_then(|()| own(dir)),
    }
}

/// Makes and removes a file, so that an unwritable folder is found before the first run.
fn probe(dir: &Path, journals: &Path) -> Result<(), FileError> {
    make_folder(dir, Path::new("journal"))?;
    [dir, journals].into_iter().map(|place| place.join("probe")).try_for_each(|probe| {
        let (_draft, mut file) = Draft::create(&probe)?;
        file.write_all(b"x").and_then(|()| file.flush()).map_err(|e| cannot("write", &probe, e))
    })
}

/// The lock of a file; waits a moment for a command that is about to end.
fn take_lock(dir: &Path, path: &Path, who: &str) -> Result<File, SweepError> {
    let file = files::open_or_make(path).map_err(|e| cannot("lock", path, e))?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(SweepError::FolderInUse { writer: who.into(), dir: dir.to_path_buf() });
            }
            // A file system without locks: nobody else can be seen, so nobody can be refused.
            Err(TryLockError::Error(e)) if e.kind() != ErrorKind::Unsupported => {
                return Err(cannot("lock", path, e).into());
            }
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
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
