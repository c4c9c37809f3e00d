//! The journal: every finished run is appended at once, each line with its own hash, so that a killed sweep loses
//! only the runs in flight and a damaged line is noticed and redone.
//!
//! A line is `{"hash":"<64 hex>",<rest>}` where the hash is BLAKE3 of `<rest>}`. A header says which program wrote the
//! lines after it; every other line holds one run: its times, its settings and its measurements.

mod line;

pub use line::Clock;

use crate::experiment::plan::PlannedRun;
use crate::files::{Draft, FileError, cannot, write};
use crate::record::{RunRecord, Status};
use crate::run::spec::{Cadence, NUMERICS_VERSION};
use crate::sweep::journal::line::{FORMAT, Header, Line, NewEntry, NewRun, Position, intact, line, scan, short_hash};
use crate::sweep::{SweepError, lock, shard::Shard};
use crate::table::count;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The file a sweep appends to.
const OWN: &str = "runs.jsonl";
/// A power cut may cost this much; a kill costs nothing that was appended.
const SYNC_EVERY: Duration = Duration::from_secs(5);

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
    files: Vec<PathBuf>,
    /// Damaged lines of each file.
    damaged: Vec<usize>,
    /// The numerics of each file's last header.
    numerics: Vec<u32>,
    index: Mutex<HashMap<String, Position>>,
    /// The file to append to, or why it can be written no more: every worker then reports the first cause.
    out: Mutex<Result<Out, FileError>>,
}

struct Out {
    file: File,
    path: PathBuf,
    /// Index into `Journal::files`.
    number: usize,
    offset: u64,
    synced: Instant,
}

impl Out {
    fn append(&mut self, line: &[u8]) -> std::io::Result<()> {
        self.file.write_all(line)?;
        if self.synced.elapsed() > SYNC_EVERY {
            self.file.sync_data()?;
            self.synced = Instant::now();
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
        let files = files(dir)?;
        let (mut index, mut damaged, mut numerics) = (HashMap::new(), vec![0; files.len()], vec![0; files.len()]);
        for (number, path) in files.iter().enumerate() {
            scan(path, |line, _| {
                match line {
                    Line::Header { numerics: of } => numerics[number] = of,
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
            files,
            damaged,
            numerics,
            index: Mutex::new(index),
            out: Mutex::new(Err(cannot("write", dir, "the journal was opened to be read"))),
        })
    }

    /// Opens a journal that was read for appending, after moving damaged lines to `*.damaged`. Also returns what
    /// the user should know.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub fn open(self, plan_hash: &str) -> Result<(Self, Vec<String>), SweepError> {
        self.append_to(OWN, plan_hash, |_| true)
    }

    /// The same for a shard, to a file of its own; those of others are left alone, for a line of theirs that is only
    /// half there may still be growing.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub fn join(self, plan_hash: &str, shard: Shard) -> Result<(Self, Vec<String>), SweepError> {
        let own = format!("{}.jsonl", shard.file_stem());
        self.append_to(&own, plan_hash, |file| file.ends_with(&own))
    }

    fn append_to(
        mut self,
        own: &str,
        plan_hash: &str,
        mends: impl Fn(&Path) -> bool,
    ) -> Result<(Self, Vec<String>), SweepError> {
        let header = line(&serde_json::json!({ "header": Header {
            format: FORMAT,
            numerics: NUMERICS_VERSION,
            program: env!("CARGO_PKG_VERSION").into(),
            plan: plan_hash.into(),
        }}));
        let mut notes = Vec::new();
        for (path, damaged) in
            self.files.iter().zip(&self.damaged).filter(|(path, damaged)| **damaged > 0 && mends(path))
        {
            notes.push(set_damage_aside(path, *damaged)?);
        }
        let own = self.dir.join(own);
        let new = !own.exists();
        if new {
            write(&own, header.as_bytes())?;
        }
        if new || !notes.is_empty() {
            self = Journal::read(&self.dir)?;
        }
        let mut file = OpenOptions::new().append(true).open(&own).map_err(|e| cannot("write", &own, e))?;
        if self.files.iter().zip(&self.numerics).any(|(path, n)| *path == own && *n != NUMERICS_VERSION) {
            file.write_all(header.as_bytes()).map_err(|e| cannot("write", &own, e))?;
        }
        let offset = file.metadata().map_err(|e| cannot("read", &own, e))?.len();
        let number = self.files.iter().position(|f| *f == own).unwrap_or_default();
        *lock(&self.out) = Ok(Out { file, path: own, number, offset, synced: Instant::now() });
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
        if let Err(e) = out.append(text.as_bytes()) {
            let error = cannot("write", &out.path, e);
            *guard = Err(error.clone());
            return Err(error);
        }
        let Out { number: file, offset, .. } = *out;
        let (length, hash) = (text.len(), short_hash(text.as_bytes()));
        let (status, numerics) = (record.status, NUMERICS_VERSION);
        let position = Position { file, offset, length, status, hash, numerics };
        out.offset += length as u64;
        remember(&mut lock(&self.index), run.run_id.clone(), position);
        Ok(())
    }

    /// Makes sure that everything appended survives a power cut.
    ///
    /// # Errors
    /// What the disk reports.
    pub fn sync(&self) -> Result<(), FileError> {
        match lock(&self.out).as_ref() {
            Ok(out) => out.file.sync_data().map_err(|e| cannot("write", &out.path, e)),
            Err(_) => Ok(()),
        }
    }

    /// How a run ended, if it is in the journal.
    pub fn status(&self, run_id: &str) -> Option<Status> {
        lock(&self.index).get(run_id).map(|position| position.status)
    }

    /// A number that changes when the journaled line of a run does.
    pub fn fingerprint(&self, run_id: &str) -> Option<u64> {
        lock(&self.index).get(run_id).map(|position| position.hash)
    }

    /// Into how many shards its runs were dealt: each number that occurs, ascending.
    pub fn shard_counts(&self) -> Vec<usize> {
        let counts: BTreeSet<usize> = self.files.iter().filter_map(|path| Some(Shard::of_file(path)?.count)).collect();
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
        let path = &self.files[position.file];
        let mut bytes = vec![0; position.length];
        let read = File::open(path).and_then(|mut file| {
            file.seek(SeekFrom::Start(position.offset))?;
            file.read_exact(&mut bytes)
        });
        read.map_err(|e| cannot("read", path, e))?;
        let entry = intact(&bytes).then(|| serde_json::from_slice(&bytes).ok()).flatten();
        let changed = format!("the line of run {run_id} changed under the program; run the sweep again");
        entry.map(Some).ok_or_else(|| cannot("read", path, changed))
    }
}

/// The journal files of a folder, by name; none when there is no folder.
fn files(dir: &Path) -> Result<Vec<PathBuf>, FileError> {
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
    let files = files(dir)?;
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
    let mut kept = OpenOptions::new().append(true).create(true).open(&aside).map_err(|e| cannot("write", &aside, e))?;
    let (draft, mut writer) = Draft::create(path)?;
    scan(path, |line, bytes| match line {
        Line::Damaged => kept.write_all(bytes),
        Line::Header { .. } | Line::Run { .. } => writer.write_all(bytes),
    })?;
    kept.sync_all().map_err(|e| cannot("write", &aside, e))?;
    draft.commit(writer)?;
    let (lines, path, aside) = (count(damaged, "line"), path.display(), aside.display());
    Ok(format!("{path}: {lines} damaged, kept in {aside}; what stood there is run again"))
}
