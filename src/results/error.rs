//! Why a results folder cannot be read, and what to do about it.

use crate::files::FileError;
use crate::plan_file::SCHEMA;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why results could not be read, compared, judged or shown.
#[derive(Debug, Error)]
pub enum ResultsError {
    #[error(
        "{path}: {source}; give a folder that a sweep has finished, or make tables and figures of what an interrupted one \
         has left with `gradsweep merge DIR`"
    )]
    Unreadable { path: PathBuf, source: csv::Error },
    #[error("there is no folder {0}; give the results folder of a sweep, such as results/vanishing")]
    NoFolder(PathBuf),
    #[error("{dir} holds no results, since it has no plan.json; give the folder of one sweep, such as {}", of_one(dir).display())]
    NoPlan { dir: PathBuf },
    #[error(
        "{dir} is of a sweep that was interrupted before its tables were made, or still runs: the same `gradsweep sweep` goes \
         on from there, and `gradsweep merge {dir}` makes tables and figures of the runs that are done"
    )]
    Interrupted { dir: PathBuf },
    #[error("{path}: {source}; run the sweep again, it rewrites plan.json")]
    PlanFile { path: PathBuf, source: serde_json::Error },
    #[error(
        "{path}: schema {schema} is not known to this program, which reads schema {SCHEMA}; run the sweep again with it"
    )]
    Schema { path: PathBuf, schema: u32 },
    #[error("{path}: no column \"{name}\" in its first line; run the sweep again, it rewrites the tables")]
    NoColumn { path: PathBuf, name: String },
    #[error("{path}:{line}: {column} is \"{text}\", {why}; run the sweep again, it rewrites the tables")]
    Cell { path: PathBuf, line: u64, column: String, text: String, why: String },
    #[error("{path} is damaged: {source}; sweep the experiment once more to mend it")]
    Claims { path: PathBuf, source: serde_json::Error },
    #[error("the metric \"{name}\": {why}")]
    Metric { name: String, why: String },
    #[error("plan.json compares along \"{0}\", which is no axis of it; run the sweep again")]
    NoAxis(String),
    #[error(transparent)]
    File(#[from] FileError),
}

/// A results folder within another folder, the first by name, or else one of the usual place.
fn of_one(dir: &Path) -> PathBuf {
    let within = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let within = within.filter(|path| path.join("plan.json").exists()).min();
    within.unwrap_or_else(|| "results/vanishing".into())
}

impl ResultsError {
    pub(super) fn unreadable(path: &Path, source: impl Into<csv::Error>) -> Self {
        ResultsError::Unreadable { path: path.to_path_buf(), source: source.into() }
    }
}
