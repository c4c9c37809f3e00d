//! The journal: every finished run is appended at once, each line with its own hash, so that a killed sweep loses
//! only the runs in flight and a damaged line is noticed and redone.
//!
//! A line is `{"hash":"<64 hex>",<rest>}` where the hash is BLAKE3 of `<rest>}`. A header says which program wrote the
//! lines after it; every other line holds one run: its times, its settings and its measurements.

mod line;

pub use line::Clock;

use crate::experiment::plan::PlannedRun;
use crate::files::{self, Draft, FileError, cannot, is_still_at, sync_folder};
use crate::parallel::lock;
use crate::record::{RunRecord, Status};
use crate::run::spec::{Cadence, NUMERICS_VERSION};
use crate::sweep::journal::line::{FORMAT, Header, Line, NewEntry, NewRun, Position, intact, line, scan, short_hash};
use crate::sweep::{SweepError, progress::note, shard::Shard};
use crate::table::count;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The file a sweep appends to.
const OWN: &str = "runs.jsonl";

/// A journaled run.
#[derive(Debug, Deserialize)]
pub struct Entry {
    pub clock: Clock,
    pub run: EntryRun,
}

/// What of a journaled run does not depend on the clock.
#[derive(Debug, Deserialize)]
pub struct EntryRun {
    pub run_id: String,
    pub seed: u64,
    pub record: RunRecord,
}

/// The specification of a journaled run.
#[derive(Debug, Deserialize)]
pub struct JournaledSpec {
    /// Of the program that ran it; 0 where its header was damaged.
    #[serde(skip)]
    pub numerics: u32,
    pub settings: BTreeMap<String, serde_json::Value>,
    pub experiment_seed: u64,
    pub cadence: Cadence,
}

/// All journal files of a folder: an index in memory, everything else on disk.
pub struct Journal {
    dir: PathBuf,
    files: Mutex<Vec<PathBuf>>,
    /// Damaged lines of each file.
    damaged: Vec<usize>,
    /// The numerics and the claims of each file's last header.
    headers: Vec<Option<(u32, Option<String>)>>,
    index: Mutex<HashMap<String, Position>>,
    /// The file to append to, or why it can be written no more: every worker then reports the first cause.
    out: Mutex<Result<Out, FileError>>,
}

/// What the runs that follow are started with: the hashes of the plan and of its claims.
#[derive(Default)]
pub struct Identity {
    pub plan: String,
    pub claims: String,
}

struct Out {
    file: File,
    path: PathBuf,
    /// Index into `Journal::files`.
    number: usize,
}

impl Out {
    /// Appends a line; returns where in the file it begins.
    fn append(&mut self, line: &[u8]) -> io::Result<u64> {
        self.file.write_all(line)?;
        Ok(self.file.stream_position()? - line.len() as u64)
    }

    /// Goes on in a new file, with all that the old one holds: somebody has renamed or removed it.
    fn start_again(&mut self) -> io::Result<()> {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let others = (2..).map(|n| self.path.with_file_name(format!("{stem}-{n}.jsonl")));
        for path in [self.path.clone()].into_iter().chain(others) {
            match OpenOptions::new().read(true).append(true).create_new(true).open(&path) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) if e.kind() == ErrorKind::NotFound => {
                    return Err(io::Error::new(e.kind(), "its folder was moved or removed while the program ran"));
                }
                Err(e) => return Err(e),
                Ok(mut new) => {
                    self.file.seek(SeekFrom::Start(0))?;
                    io::copy(&mut self.file, &mut new)?;
                    new.sync_all()?;
                    path.parent().into_iter().for_each(sync_folder);
                    (self.file, self.path) = (new, path);
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

impl Journal {
    /// The results folder that it lies in.
    pub fn folder(&self) -> &Path {
        self.dir.parent().unwrap_or(&self.dir)
    }

    /// Reads all `*.jsonl` files of `dir` (none is fine) and changes nothing. Damaged lines are left out.
    ///
    /// # Errors
    /// A file that cannot be read, or that a newer program wrote.
    pub fn read(dir: &Path) -> Result<Self, SweepError> {
        let files = journal_files(dir)?;
        let (mut index, mut damaged, mut headers) = (HashMap::new(), vec![0; files.len()], vec![None; files.len()]);
        for (number, path) in files.iter().enumerate() {
            scan(path, |line, _| {
                match line {
                    Line::Header { numerics, claims } => headers[number] = Some((numerics, claims)),
                    Line::Run { run_id, position } => {
                        remember(&mut index, run_id, Position { file: number, ..position })
                    }
                    Line::Damaged => damaged[number] += 1,
                }
                Ok(())
            })?;
        }
        Ok(Journal {
            dir: dir.to_path_buf(),
            files: Mutex::new(files),
            damaged,
            headers,
            index: Mutex::new(index),
            out: Mutex::new(Err(cannot("write", dir, "the journal was opened only for reading"))),
        })
    }

    /// Opens a journal that was read for appending, after moving damaged lines of the file that it appends to to `*.damaged`.
    /// Also returns what the user should know.
    ///
    /// Files of others are left alone: a line of theirs that is only half there may still be growing, and they go on writing.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub fn open(self, of: Identity) -> Result<(Self, Vec<String>), SweepError> {
        self.append_to(OWN, of)
    }

    /// The same for a shard, to a file of its own.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub fn join(self, of: Identity, shard: Shard) -> Result<(Self, Vec<String>), SweepError> {
        self.append_to(&format!("{}.jsonl", shard.file_stem()), of)
    }

    fn append_to(mut self, own: &str, of: Identity) -> Result<(Self, Vec<String>), SweepError> {
        let own = self.dir.join(own);
        let place = |journal: &Journal| lock(&journal.files).iter().position(|file| *file == own);
        let mut notes = Vec::new();
        if let Some(damaged) = place(&self).map(|number| self.damaged[number]).filter(|damaged| *damaged > 0) {
            notes.push(set_damage_aside(&own, damaged)?);
            self = Journal::read(&self.dir)?;
        }
        let mut file = files::append(&own).map_err(|e| cannot("write", &own, e))?;
        let number = place(&self).unwrap_or_else(|| {
            lock(&self.files).push(own.clone());
            lock(&self.files).len() - 1
        });
        let last = Some((NUMERICS_VERSION, Some(of.claims)));
        if self.headers.get(number) != Some(&last) {
            let header = line(&serde_json::json!({ "header": Header {
                format: FORMAT,
                numerics: NUMERICS_VERSION,
                program: env!("CARGO_PKG_VERSION").into(),
                plan: of.plan,
                claims: last.and_then(|(_, claims)| claims),
            }}));
            file.write_all(&header).and_then(|()| file.sync_all()).map_err(|e| cannot("write", &own, e))?;
            sync_folder(&self.dir);
        }
        *lock(&self.out) = Ok(Out { file, path: own, number });
        Ok((self, notes))
    }

    /// Appends a finished run and hands it to the system before it returns.
    ///
    /// # Errors
    /// When the line cannot be written (the disk is full): the journal then takes no more.
    pub fn append(&self, run: &PlannedRun, record: &RunRecord, clock: &Clock) -> Result<(), FileError> {
        let text = line(&NewEntry {
            clock,
            run: NewRun {
                run_id: &run.run_id,
                settings: &run.spec.settings,
                seed: run.spec.seeds.run,
                experiment_seed: run.spec.seeds.experiment,
                cadence: &run.spec.cadence,
                record,
            },
        });
        let mut guard = lock(&self.out);
        let out = guard.as_mut().map_err(|error| error.clone())?;
        let offset = match self.append_line(out, &text) {
            Ok(offset) => offset,
            Err(e) => {
                let error = cannot("write", &out.path, e);
                *guard = Err(error.clone());
                return Err(error);
            }
        };
        let (file, length, hash) = (out.number, text.len(), short_hash(&text));
        let (status, numerics) = (record.status, NUMERICS_VERSION);
        let position = Position { file, offset, length, status, hash, numerics };
        remember(&mut lock(&self.index), run.run_id.clone(), position);
        Ok(())
    }

    fn append_line(&self, out: &mut Out, line: &[u8]) -> io::Result<u64> {
        if !is_still_at(&out.file, &out.path) {
            out.start_again()?;
            lock(&self.files)[out.number].clone_from(&out.path);
            note(&format!(
                "the journal was renamed or removed; all that it contained is also in {}",
                out.path.display()
            ));
        }
        out.append(line)
    }

    /// Makes sure that everything appended survives a power cut. Runs can be appended meanwhile.
    ///
    /// # Errors
    /// What the disk reports.
    pub fn sync(&self) -> Result<(), FileError> {
        let Ok((file, path)) = lock(&self.out).as_ref().map(|out| (out.file.try_clone(), out.path.clone())) else {
            return Ok(());
        };
        file.and_then(|file| file.sync_data()).map_err(|e| cannot("write", &path, e))
    }

    /// How a run ended, if it is in the journal.
    pub fn status(&self, run_id: &str) -> Option<Status> {
        lock(&self.index).get(run_id).map(|position| position.status)
    }

    /// A number that changes when the journaled line of a run does.
    pub fn fingerprint(&self, run_id: &str) -> Option<u64> {
        lock(&self.index).get(run_id).map(|position| position.hash)
    }

    /// Bytes of its longest line.
    pub fn longest(&self) -> usize {
        lock(&self.index).values().map(|position| position.length).max().unwrap_or(0)
    }

    /// Into how many shards its runs were dealt: each number that occurs, ascending.
    pub fn shard_counts(&self) -> Vec<usize> {
        let files = lock(&self.files);
        let counts: BTreeSet<usize> = files.iter().filter_map(|path| Some(Shard::of_file(path)?.count)).collect();
        counts.into_iter().collect()
    }

    /// Runs in the journal.
    pub fn len(&self) -> usize {
        lock(&self.index).len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A run's entry, read from disk; `None` when the journal does not have it.
    ///
    /// # Errors
    /// When the file changed or went away under the program.
    pub fn entry(&self, run_id: &str) -> Result<Option<Entry>, FileError> {
        self.line_of(run_id)
    }

    /// The specification of a run of the journal; `None` when the journal does not have it.
    ///
    /// # Errors
    /// When the file changed or went away under the program.
    pub fn spec(&self, run_id: &str) -> Result<Option<JournaledSpec>, FileError> {
        #[derive(Deserialize)]
        struct Line {
            run: JournaledSpec,
        }
        let numerics = lock(&self.index).get(run_id).map_or(0, |position| position.numerics);
        Ok(self.line_of::<Line>(run_id)?.map(|line| JournaledSpec { numerics, ..line.run }))
    }

    fn line_of<T: DeserializeOwned>(&self, run_id: &str) -> Result<Option<T>, FileError> {
        let Some(position) = lock(&self.index).get(run_id).copied() else { return Ok(None) };
        let path = &lock(&self.files)[position.file].clone();
        let mut bytes = vec![0; position.length];
        let read = files::open(path).and_then(|mut file| {
            file.seek(SeekFrom::Start(position.offset))?;
            file.read_exact(&mut bytes)
        });
        read.map_err(|e| cannot("read", path, e))?;
        let entry = intact(&bytes).then(|| serde_json::from_slice(&bytes).ok()).flatten();
        let changed = format!("the line of run {run_id} was changed by another program; run the sweep again");
        entry.map(Some).ok_or_else(|| cannot("read", path, changed))
    }
}

/// The claims, by their hash, that the runs of a journal's folder were started with; `None` of runs of older programs.
///
/// # Errors
/// A file that cannot be read, or that a newer program wrote.
pub fn claims_of_runs(dir: &Path) -> Result<BTreeSet<Option<String>>, SweepError> {
    let mut found = BTreeSet::new();
    for path in journal_files(dir)? {
        let mut current = None;
        scan(&path, |line, _| {
            match line {
                Line::Header { claims, .. } => current = claims,
                Line::Run { .. } => _ = found.insert(current.clone()),
                Line::Damaged => {}
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// The journal files of a folder, by name; none when there is no folder.
fn journal_files(dir: &Path) -> Result<Vec<PathBuf>, FileError> {
    let mut files: Vec<PathBuf> = match fs::read_dir(dir) {
        Ok(entries) => entries.filter_map(|e| Some(e.ok()?.path())).collect(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(cannot("read", dir, e)),
    };
    files.retain(|path| path.extension().is_some_and(|e| e == "jsonl"));
    files.sort();
    Ok(files)
}

/// Sets all journal files of `dir` aside, so that a sweep starts from nothing; returns how many.
///
/// # Errors
/// When a file cannot be renamed.
pub fn retire(dir: &Path) -> Result<usize, FileError> {
    let files = journal_files(dir)?;
    for path in &files {
        let old = (1..).map(|n| path.with_extension(format!("jsonl.old{n}"))).find(|p| !p.exists());
        let old = old.unwrap_or_else(|| path.with_extension("jsonl.old"));
        fs::rename(path, &old).map_err(|e| cannot("rename", path, e))?;
    }
    Ok(files.len())
}

/// A later line counts unless it says that a run failed which once ended well.
fn remember(index: &mut HashMap<String, Position>, run_id: String, position: Position) {
    match index.get(&run_id) {
        Some(old) if old.status != Status::Failed && position.status == Status::Failed => {}
        _ => {
            index.insert(run_id, position);
        }
    }
}

/// Moves the damaged lines of a journal file to `<file>.damaged` and says so.
fn set_damage_aside(path: &Path, damaged: usize) -> Result<String, SweepError> {
    let aside = path.with_extension("jsonl.damaged");
    let mut kept = files::append(&aside).map_err(|e| cannot("write", &aside, e))?;
    let (draft, mut writer) = Draft::create(path)?;
    scan(path, |line, bytes| match line {
        Line::Damaged => kept.write_all(bytes),
        Line::Header { .. } | Line::Run { .. } => writer.write_all(bytes),
    })?;
    kept.sync_all().map_err(|e| cannot("write", &aside, e))?;
    path.parent().into_iter().for_each(sync_folder);
    draft.commit(writer)?;
    let (lines, path, aside) = (count(damaged, "line"), path.display(), aside.display());
    Ok(format!("{path}: {lines} damaged, kept in {aside}; these runs are trained again"))
}
