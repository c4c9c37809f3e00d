//! Why a results folder cannot be read, and what to do about it.

use crate::files::FileError;
use crate::plan_file::SCHEMA;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why results could not be read, compared, judged or shown.
#[derive(Debug, Error)]
pub enum ResultsError {
    #[error(
        "{path}: {source}; give the folder of a finished sweep, or make tables and figures from an interrupted one with `gradsweep merge DIR`"
    )]
    Unreadable { path: PathBuf, source: csv::Error },
    #[error("there is no folder {0}; give the results folder of a sweep, such as results/vanishing")]
    NoFolder(PathBuf),
    #[error("{dir} is not a results folder, since it has no plan.json; give the folder of one sweep, such as {}", of_one(dir).display())]
    NoPlan { dir: PathBuf },
    #[error(
        "the sweep of {dir} was interrupted before its tables were made, or is still running: run the same `gradsweep sweep` again to continue, or make tables and figures of the finished runs with `gradsweep merge {dir}`"
    )]
    Interrupted { dir: PathBuf },
    #[error("{path}: {source}; run the sweep again, which writes a new plan.json")]
    PlanFile { path: PathBuf, source: serde_json::Error },
    #[error(
        "{path}: this version of gradsweep reads schema {SCHEMA}, not {schema}; run the sweep again with this version"
    )]
    Schema { path: PathBuf, schema: u32 },
    #[error("{path}: no column \"{name}\" in its first line; run the sweep again, which writes new tables")]
    NoColumn { path: PathBuf, name: String },
    #[error("{path}:{line}: {column} is \"{text}\", {why}; run the sweep again, which writes new tables")]
    Cell { path: PathBuf, line: u64, column: String, text: String, why: String },
    #[error("{path} is damaged: {source}; sweep the experiment again to restore it")]
    Claims { path: PathBuf, source: serde_json::Error },
    #[error("the metric \"{name}\": {why}")]
    Metric { name: String, why: String },
    #[error("{0}")]
    Unlike(String),
    #[error("plan.json compares along \"{0}\", which is not one of its axes; run the sweep again")]
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
