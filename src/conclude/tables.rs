//! The CSV files, streamed from the journal in plan order, a few runs in memory at a time.

use super::{layout::Layout, summary::Summaries};
use crate::columns;
use crate::experiment::plan::Plan;
use crate::files::{self, Draft, FileError, cannot};
use crate::sweep::journal::{Entry, Journal};
use crate::sweep::plan_text::guesses;
use crate::sweep::predictions::{self, Predictions};
use crate::sweep::work::{Job, Work};
use crate::table::{Cell, CsvWriter};
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::thread;

/// The tables of a results folder, `timings.csv` included.
pub const FILES: [&str; 9] = [
    "runs.csv",
    "summary.csv",
    "history.csv",
    "layers.csv",
    "points.csv",
    "distributions.csv",
    "along_input.csv",
    "theory.csv",
    "timings.csv",
];

/// Runs read from the journal before they are written; none of those whose lines are long, in bytes.
const AHEAD: usize = 16;
const LONG: usize = 1 << 22;

/// Writes all of them.
///
/// # Errors
/// A file that cannot be read or written.
pub fn write(dir: &Path, plan: &Plan, work: &Work, journal: &Journal) -> Result<(), FileError> {
    let predicted = Predictions::of(plan, work);
    let layout = Layout::of(plan, &predicted.cells);
    let mut tables = Vec::new();
    for (file, columns) in &layout.files {
        tables.push(TableDraft::create(dir, file, columns)?);
    }
    let mut timings = TableDraft::create(dir, "timings.csv", columns::TIMINGS)?;
    let mut summaries = Summaries::new(plan.cells.len());
    thread::scope(|scope| {
        // Reading the journal and writing the tables take about as long.
        let (read, ahead) = sync_channel(if journal.longest() > LONG { 0 } else { AHEAD });
        let entries = || work.jobs.iter().filter_map(|job| entry(journal, job));
        // Nobody listens any more once the writer has met an error.
        let reader =
            thread::Builder::new().spawn_scoped(scope, move || _ = entries().all(|entry| read.send(entry).is_ok()));
        // Without a thread to spare one is done after the other.
        let alone = reader.is_err().then(entries);
        for (job, entry) in ahead.into_iter().chain(alone.into_iter().flatten()) {
            let entry = entry?;
            let (record, clock) = (&entry.run.record, &entry.clock);
            let id = Cell::Text(job.run.run_id.clone());
            layout.rows(plan, job, work.dataset(job), record, |file, row| tables[file].row(row))?;
            timings.row(&[id, clock.seconds.into(), clock.worker.into(), clock.started.as_str().into()])?;
            summaries.add(job.run.cell, record);
        }
        Ok(())
    })?;
    let mut summary = TableDraft::create(dir, "summary.csv", &Summaries::header(&plan.axes))?;
    for ((c, cell), guesses) in plan.cells.iter().enumerate().zip(guesses(plan, work)) {
        let labels = cell.labels.iter().map(|(_, label)| label.as_str());
        summary.row(&summaries.row(c, labels, guesses))?;
    }
    let mut theory = TableDraft::create(dir, "theory.csv", &predictions::header(plan))?;
    for row in predictions::rows(plan, &predicted) {
        theory.row(&row)?;
    }
    for (_, file, _) in columns::TABLES_ON_REQUEST.iter().filter(|(key, ..)| !plan.cadence.has(key)) {
        // Of an earlier plan, which asked for it.
        files::remove(&dir.join(file))?;
    }
    for file in tables.into_iter().chain([summary, theory, timings]) {
        file.commit()?;
    }
    Ok(())
}

/// What the journal has of a run, read when it is asked for; `None` of one that it does not have.
fn entry<'a>(journal: &Journal, job: &'a Job) -> Option<(&'a Job, Result<Entry, FileError>)> {
    Some((job, journal.entry(&job.run.run_id).transpose()?))
}

/// The CSV files of a plan that have rows: layers are of networks, points of functions, comparisons of arms.
pub fn with_rows(plan: &Plan) -> Vec<&'static str> {
    let functions = plan.cells.iter().filter(|cell| cell.function().is_some()).count();
    let mut tables = vec!["runs.csv", "summary.csv", "history.csv"];
    if functions < plan.cells.len() {
        tables.push("layers.csv");
    }
    tables
        .extend(columns::TABLES_ON_REQUEST.iter().filter(|(key, ..)| plan.cadence.has(key)).map(|(_, file, _)| *file));
    if functions > 0 {
        tables.push("points.csv");
    }
    if plan.compare.is_some() {
        tables.push("comparison.csv");
    }
    if plan.figures.iter().any(|figure| figure.theory) {
        tables.push("theory.csv");
    }
    tables
}

/// A table under construction, row by row.
struct TableDraft {
    path: PathBuf,
    draft: Draft,
    writer: CsvWriter<BufWriter<File>>,
}

impl TableDraft {
    fn create<S: AsRef<str>>(dir: &Path, name: &str, columns: &[S]) -> Result<Self, FileError> {
        let path = dir.join(name);
        let (draft, to) = Draft::create(&path)?;
        let writer = CsvWriter::new(to, columns).map_err(|e| cannot("write", &path, e))?;
        Ok(TableDraft { path, draft, writer })
    }

    fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a Cell>) -> Result<(), FileError> {
        self.writer.row(cells).map_err(|e| cannot("write", &self.path, e))
    }

    fn commit(self) -> Result<(), FileError> {
        let to = self.writer.finish().map_err(|e| cannot("write", &self.path, e))?;
        self.draft.commit(to)
    }
}
