//! Whether a results folder agrees with what was measured: its CSV files are compared with the journal, row by row, and runs of
//! the journal with a second computation.

use super::layout::Layout;
use super::stamp::Stamp;
use crate::data::Dataset;
use crate::experiment::plan::Plan;
use crate::files::{self, FileError, cannot};
use crate::record::{RunRecord, Status};
use crate::run::train;
use crate::seed::Seeds;
use crate::sweep::work::{Job, Work};
use crate::sweep::{SweepError, journal::Journal, pool, predictions::predictions};
use crate::table::Cell;
use std::ops::ControlFlow;
use std::path::Path;
use thiserror::Error;

/// How many runs to compute again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sample {
    Runs(usize),
    Percent(f64),
}

/// A text that is no [`Sample`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("write a number of runs, such as 20, or a percentage, such as 5%")]
pub struct NoSample;

impl std::str::FromStr for Sample {
    type Err = NoSample;

    fn from_str(text: &str) -> Result<Self, NoSample> {
        let percent = |p: &str| p.parse().ok().filter(|p| (0.0..=100.0).contains(p)).map(Sample::Percent);
        let sample = match text.strip_suffix('%') {
            Some(number) => percent(number),
            None => text.parse().ok().map(Sample::Runs),
        };
        sample.ok_or(NoSample)
    }
}

impl Sample {
    /// Of `n` runs: at least one, unless none was asked for.
    fn of(self, n: usize) -> usize {
        match self {
            Sample::Runs(runs) => runs.min(n),
            Sample::Percent(0.0) => 0,
            Sample::Percent(p) => ((n as f64 * p / 100.0).round() as usize).clamp(1.min(n), n),
        }
    }

    /// The numbers of the jobs to compute again, drawn by `seed` from those that left numbers, in plan order.
    pub fn draw(self, seed: u64, work: &Work, journal: &Journal) -> Vec<usize> {
        let left_numbers =
            |job: &usize| journal.status(&work.jobs[*job].run.run_id).is_some_and(|status| status != Status::Failed);
        let done: Vec<usize> = (0..work.jobs.len()).filter(left_numbers).collect();
        let seeds = Seeds { experiment: seed, run: 0 };
        let mut drawn = seeds.stream("verify", &[done.len()]).permutation(done.len());
        drawn.truncate(self.of(done.len()));
        drawn.sort_unstable();
        drawn.into_iter().map(|i| done[i]).collect()
    }
}

/// Computes the `jobs` again, so many at the same time, and returns the first difference of each that differs, in words.
///
/// # Errors
/// A run that fails now, or a journal that cannot be read.
pub fn compute_again(
    plan: &Plan,
    work: &Work,
    journal: &Journal,
    jobs: &[usize],
    at_once: usize,
) -> Result<Vec<String>, SweepError> {
    let compare = |&number: &usize| -> Result<Option<String>, SweepError> {
        let job = &work.jobs[number];
        let Some(entry) = journal.entry(&job.run.run_id)? else { return Ok(None) };
        let again = train(&job.run.spec, work.dataset(job), &mut |_| ControlFlow::Continue(()))
            .map_err(|source| SweepError::run(job, " when computed again", source))?;
        Ok(record_against((plan, work.dataset(job)), job, &entry.run.record, &again))
    };
    Ok(pool::map(jobs, at_once, compare)?.into_iter().flatten().collect())
}

/// A row of a table as text.
type Row = Vec<String>;

/// The rows of a run in each of the files of [`Layout`].
fn rows(layout: &Layout, plan: &Plan, job: &Job, data: &Dataset, record: &RunRecord) -> Vec<Vec<Row>> {
    let mut rows = vec![Vec::new(); layout.files.len()];
    let put = |file: usize, cells: &mut dyn Iterator<Item = &Cell>| {
        rows[file].push(cells.map(ToString::to_string).collect());
        Ok::<_, std::convert::Infallible>(())
    };
    let Ok(()) = layout.rows(plan, job, data, record, put);
    rows
}

/// The first place where the CSV files differ from the journal, in words; the journal holds a hash of each of its lines.
///
/// # Errors
/// A file that is missing or cannot be read.
pub fn files_against_journal(
    dir: &Path,
    plan: &Plan,
    work: &Work,
    journal: &Journal,
) -> Result<Option<String>, FileError> {
    let layout = Layout::of(plan, &predictions(plan, work, |_| true));
    let mut files = Vec::new();
    for (file, columns) in &layout.files {
        let path = dir.join(file);
        let opened = files::open(&path).map_err(|e| {
            let cure = "tables are written when a sweep ends, or by `gradsweep merge DIR` after an interruption";
            cannot("read", &path, format!("{e}; {cure}"))
        })?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(opened);
        let header = reader.headers().map_err(|e| cannot("read", &path, e))?.iter().collect::<Vec<_>>().join(",");
        let expected = columns.join(",");
        if header != expected {
            return Ok(Some(format!("{file}: the first line is {header} instead of {expected}")));
        }
        files.push(reader.into_records().map(move |row| match row {
            Ok(row) => Ok(row.iter().map(String::from).collect::<Row>()),
            Err(e) => Err(cannot("read", &path, e)),
        }));
    }
    for job in &work.jobs {
        let Some(entry) = journal.entry(&job.run.run_id)? else { continue };
        let expected = rows(&layout, plan, job, work.dataset(job), &entry.run.record);
        for ((file, columns), (found, expected)) in layout.files.iter().zip(files.iter_mut().zip(&expected)) {
            for expected in expected {
                let found = found.next().transpose()?;
                if let Some(difference) = difference(file, columns, job, found.as_ref(), Some(expected)) {
                    return Ok(Some(difference));
                }
            }
        }
    }
    for ((file, _), mut found) in layout.files.iter().zip(files) {
        if let Some(row) = found.next().transpose()? {
            let run = row.first().map_or("", String::as_str);
            return Ok(Some(format!(
                "{file}: run {run} stands after the last run of the plan, where the file should end"
            )));
        }
    }
    Ok(None)
}

/// The files of the folder (tables, comparison, verdicts, figures, report) that were edited, emptied or deleted since they were made;
/// `None` where nothing says what they were.
pub fn changed_files(dir: &Path) -> Option<Vec<String>> {
    Some(Stamp::read(dir).changed(dir)?.into_iter().map(String::from).collect())
}

/// The first place where a journaled record differs from `again`.
fn record_against(
    (plan, data): (&Plan, &Dataset),
    job: &Job,
    journaled: &RunRecord,
    again: &RunRecord,
) -> Option<String> {
    // A prediction is no part of a record.
    let layout = Layout::of(plan, &[]);
    let (found, expected) = (rows(&layout, plan, job, data, journaled), rows(&layout, plan, job, data, again));
    layout.files.iter().zip(found.iter().zip(&expected)).find_map(|((file, columns), (found, expected))| {
        let file = format!("the journal's part of {file}");
        let mut rows = 0..found.len().max(expected.len());
        rows.find_map(|i| difference(&file, columns, job, found.get(i), expected.get(i)))
    })
}

/// Where and how two rows of a run differ, if they do: `layers.csv, run ... (depth=4), step 10, layer 2, column zeros: 1
/// instead of 0`.
fn difference(
    file: &str,
    columns: &[String],
    job: &Job,
    found: Option<&Row>,
    expected: Option<&Row>,
) -> Option<String> {
    let cell = |row: Option<&Row>, at: usize| row.and_then(|row| row.get(at).cloned());
    let at = (0..=columns.len()).find(|at| cell(found, *at) != cell(expected, *at))?;
    if at == 0 && found.is_some() && expected.is_some() {
        let of = cell(found, 0).unwrap_or_default();
        return Some(format!(
            "{file}, run {} ({}): a row is missing or in the wrong place; here is a row of run {of}",
            job.run.run_id, job.label
        ));
    }
    let address = ["step", "layer", "time", "quantity", "x"].iter().filter_map(|name| {
        let place = columns.iter().position(|column| column == name)?;
        let at = cell(expected.or(found), place).filter(|at| !at.is_empty())?;
        Some(format!(", {name} {at}"))
    });
    let value = |row: Option<&Row>| match cell(row, at) {
        Some(text) if text.is_empty() => "an empty cell".into(),
        Some(text) => text,
        None => "nothing".into(),
    };
    let (id, label, address) = (&job.run.run_id, &job.label, address.collect::<String>());
    let column = columns.get(at).map_or("(one more)", String::as_str);
    let (found, expected) = (value(found), value(expected));
    Some(format!("{file}, run {id} ({label}){address}, column {column}: {found} instead of {expected}"))
}
