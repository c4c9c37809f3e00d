//! Why a sweep, or work on its folder, could not go on; every message says what to do.

use crate::data::DataError;
use crate::experiment::ExperimentError;
use crate::files::FileError;
use crate::run::RunError;
use crate::setting::SettingError;
use crate::sweep::work::Job;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why a sweep, or work on its folder, could not go on.
#[derive(Debug, Error)]
pub enum SweepError {
    #[error("cannot read {path}: {source}; give the path of an experiment file in TOML")]
    NoExperiment { path: PathBuf, source: io::Error },
    /// The experiment file is wrong, or does not fit its data.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error("the path {0} is not UTF-8 text, so it cannot be written into a results folder or a script; rename it")]
    NoText(PathBuf),
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("{dir} is not a results folder ({path}: {source}); give one that a sweep has written")]
    NoResults { dir: PathBuf, path: PathBuf, source: io::Error },
    #[error(
        "{dir} has no record of the command that made its plan ({path}: {source}); give the folder of a sweep, or sweep it again"
    )]
    NoRequest { dir: PathBuf, path: PathBuf, source: io::Error },
    #[error("{path} is damaged: {source}; sweep the experiment again to restore it")]
    DamagedRequest { path: PathBuf, source: serde_json::Error },
    #[error(
        "{0} was made from other data, or by a version of gradsweep that computes differently from this one; use that \
         version, or sweep the experiment again"
    )]
    OtherRuns(PathBuf),
    #[error(
        "{dir} contains another plan, with a run {run_id} that this one does not have; all shards need the same plan: give them the same experiment, --set and --seeds, or another --out"
    )]
    OtherPlan { dir: PathBuf, run_id: String },
    #[error(
        "the runs in {0} were trained by another program and imported: gradsweep cannot train them again; `plot`, `check`, \
         `compare` and `why` read them, and `import` reads their tables again"
    )]
    Imported(PathBuf),
    #[error("{0} is the folder of a sweep; give an empty or a new folder with --out")]
    HoldsSweep(PathBuf),
    #[error("{0} contains files but no journal of a sweep; give an empty or a new folder with --out")]
    ForeignFolder(PathBuf),
    #[error("{0} exists and was not written by `trace`; give another name with --out, or remove it")]
    NoTensors(PathBuf),
    #[error("cannot write into the results folder {dir}: {source}; make it writable or choose another with --out")]
    UnwritableFolder { dir: PathBuf, source: FileError },
    #[error("{writer} is writing into {dir}; wait for it, or choose another folder with --out")]
    FolderInUse { writer: String, dir: PathBuf },
    #[error(
        "shard {shard} is writing into {dir}; wait for it and `gradsweep merge` the folder, or choose another with --out"
    )]
    ShardRunning { shard: String, dir: PathBuf },
    #[error(
        "{dir} contains {runs} that the new plan does not have\n  {}\nhelp: --replan removes them from the tables but keeps them in the journal; --out DIR writes into another folder",
        reasons.join("\n  ")
    )]
    WouldDropRuns { dir: PathBuf, runs: String, reasons: Vec<String> },
    #[error(
        "{path} was written by gradsweep {program} in the {age} journal format {format}, but this version reads \
            format {known}; use that version, choose another folder with --out, or set the journal aside with --fresh"
    )]
    JournalFormat { path: PathBuf, program: String, age: &'static str, format: u32, known: u32 },
    #[error(
        "candle would start {0} threads inside every run, which slows all of them; start again with RAYON_NUM_THREADS=1"
    )]
    CandleThreads(usize),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("cannot start {count} threads: {source}; try a smaller --jobs")]
    Threads { count: usize, source: rayon::ThreadPoolBuildError },
    #[error("cannot listen for Ctrl-C: {0}")]
    Signals(io::Error),
    #[error("run {run_id} ({label}) failed{when}: {source}")]
    Run { run_id: String, label: String, when: &'static str, source: Box<RunError> },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl SweepError {
    /// A run that failed outside of a sweep, and `when`.
    pub fn run(job: &Job, when: &'static str, source: RunError) -> Self {
        SweepError::Run { run_id: job.run.run_id.clone(), label: job.label.clone(), when, source: Box::new(source) }
    }

    /// Whether the user has to change something first: the experiment, the command line or the folder.
    pub fn is_input(&self) -> bool {
        use SweepError::{File, Interrupted, Run, Signals, Threads};
        !matches!(self, File(_) | Threads { .. } | Signals(_) | Run { .. } | Interrupted)
    }
}
