//! Whether a results folder still says what was measured: its CSV files against the journal, row for row, and runs of the
//! journal against a second computation.

use super::layout::Layout;
use crate::experiment::plan::Plan;
use crate::files::{FileError, cannot};
use crate::record::{RunRecord, Status};
use crate::seed::Seeds;
use crate::sweep::journal::Journal;
use crate::sweep::predictions::predictions;
use crate::sweep::work::{Job, Work};
use crate::sweep::{SweepError, pool};
use crate::table::Cell;
use crate::train::train;
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

/// Computes the `jobs` again, so many at the same time, and returns the first difference of each that differs.
///
/// # Errors
/// A run that fails now, or a journal that cannot be read.
pub fn compute_again(
    plan: &Plan,
    work: &Work,
    journal: &Journal,
    jobs: &[usize],
    at_once: usize,
) -> Result<Vec<Difference>, SweepError> {
    let compare = |&number: &usize| -> Result<Option<Difference>, SweepError> {
        let job = &work.jobs[number];
        let Some(entry) = journal.entry(&job.run.run_id)? else { return Ok(None) };
        let again = train(&job.run.spec, work.dataset(job), &mut |_| ControlFlow::Continue(()))
            .map_err(|source| SweepError::run(job, " when computed again", source))?;
        Ok(record_against(plan, job, &entry.run.record, &again))
    };
    Ok(pool::map(jobs, at_once, compare)?.into_iter().flatten().collect())
}

/// Where two versions of a folder's numbers part.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub file: String,
    /// `run_id` and what it stands for.
    pub run: String,
    /// `step 10, layer 2`, where the file has several rows a run.
    pub row: String,
    pub column: String,
    pub found: String,
    pub expected: String,
}

/// The rows of a run in one of the files of [`Layout`].
type Rows = Vec<Vec<String>>;

fn rows(layout: &Layout, plan: &Plan, job: &Job, record: &RunRecord) -> [Rows; 4] {
    let mut rows: [Rows; 4] = Default::default();
    let put = |file: usize, cells: &mut dyn Iterator<Item = &Cell>| {
        rows[file].push(cells.map(ToString::to_string).collect());
        Ok::<_, std::convert::Infallible>(())
    };
    let Ok(()) = layout.rows(plan, job, record, put);
    rows
}

/// The first place where the CSV files differ from the journal, which holds a hash of each of its lines.
///
/// # Errors
/// A file that is missing or cannot be read.
pub fn files_against_journal(
    dir: &Path,
    plan: &Plan,
    work: &Work,
    journal: &Journal,
) -> Result<Option<Difference>, FileError> {
    let layout = Layout::of(plan, &predictions(plan, work, |_| true));
    let mut readers = Vec::new();
    for (file, columns) in &layout.files {
        let path = dir.join(file);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(&path).map_err(|e| {
            let cure =
                "tables are made when a sweep ends, or by `gradsweep merge DIR` of what an interrupted one has left";
            cannot("read", &path, format!("{e}; {cure}"))
        })?;
        let header = reader.headers().map_err(|e| cannot("read", &path, e))?;
        if !header.iter().eq(columns.iter().map(String::as_str)) {
            let (found, expected) = (header.iter().collect::<Vec<_>>().join(","), columns.join(","));
            let (run, row, column) = ("its first line".into(), String::new(), "(all)".into());
            return Ok(Some(Difference { file: file.to_string(), run, row, column, found, expected }));
        }
        readers.push((path, reader.into_records()));
    }
    for job in &work.jobs {
        let Some(entry) = journal.entry(&job.run.run_id)? else { continue };
        let expected = rows(&layout, plan, job, &entry.run.record);
        for (number, ((file, columns), expected)) in layout.files.iter().zip(&expected).enumerate() {
            let mut found: Rows = Vec::with_capacity(expected.len());
            for _ in expected {
                let (path, records) = &mut readers[number];
                if let Some(record) = records.next() {
                    let record = record.map_err(|e| cannot("read", path, e))?;
                    found.push(record.iter().map(String::from).collect());
                }
            }
            if let Some(difference) = first_difference(file, job, columns, &found, expected) {
                return Ok(Some(difference));
            }
        }
    }
    for ((file, columns), (path, mut records)) in layout.files.iter().zip(readers) {
        if let Some(record) = records.next() {
            let record = record.map_err(|e| cannot("read", &path, e))?;
            return Ok(Some(Difference {
                file: file.to_string(),
                run: record.get(0).unwrap_or_default().into(),
                row: "after the last run of the plan".into(),
                column: columns[0].clone(),
                found: record.get(0).unwrap_or_default().into(),
                expected: "the end of the file".into(),
            }));
        }
    }
    Ok(None)
}

/// The first place where a journaled record differs from `again`.
fn record_against(plan: &Plan, job: &Job, journaled: &RunRecord, again: &RunRecord) -> Option<Difference> {
    // A prediction is no part of a record.
    let layout = Layout::of(plan, &[]);
    let (found, expected) = (rows(&layout, plan, job, journaled), rows(&layout, plan, job, again));
    let files = layout.files.iter().zip(found.iter().zip(&expected));
    files.into_iter().find_map(|((file, columns), (found, expected))| {
        first_difference(&format!("the journal's part of {file}"), job, columns, found, expected)
    })
}

fn first_difference(file: &str, job: &Job, columns: &[String], found: &Rows, expected: &Rows) -> Option<Difference> {
    let at = (0..found.len().max(expected.len())).find(|&i| found.get(i) != expected.get(i))?;
    let nothing = Vec::new();
    let (found, expected) = (found.get(at).unwrap_or(&nothing), expected.get(at).unwrap_or(&nothing));
    let column = (0..found.len().max(expected.len())).find(|&c| found.get(c) != expected.get(c)).unwrap_or(0);
    let value = |row: &Vec<String>| match row.get(column) {
        Some(text) if text.is_empty() => "an empty cell".into(),
        Some(text) => text.clone(),
        None => "nothing".into(),
    };
    let place = |name: &str| {
        let number = columns.iter().position(|c| c == name)?;
        Some(format!("{name} {}", expected.get(number).or(found.get(number))?))
    };
    let inside = columns.first().is_some_and(|c| c == "run_id") && columns.get(1).is_some_and(|c| c == "step");
    Some(Difference {
        file: file.into(),
        run: format!("{} ({})", job.run.run_id, job.label),
        row: if inside {
            ["step", "layer"].iter().filter_map(|name| place(name)).collect::<Vec<_>>().join(", ")
        } else {
            String::new()
        },
        column: columns.get(column).cloned().unwrap_or_else(|| "(one more)".into()),
        found: value(found),
        expected: value(expected),
    })
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Difference { file, run, row, column, found, expected } = self;
        let row = if row.is_empty() { String::new() } else { format!(", {row}") };
        write!(f, "{file}, run {run}{row}, column {column}: {found} instead of {expected}")
    }
}
