//! `summary.csv`: the median and the range of each measurement over the seeds of a cell, and how many runs they are of.

use crate::columns::{self, BOUNDS, COUNTS, Column};
use crate::data::Guesses;
use crate::fading::{self, Fading};
use crate::plan_file::Axis;
use crate::record::{RunRecord, Status};
use crate::table::Cell;

/// One cell's runs so far: counts, and the values of those that did not fail. A run that diverged has no
/// meaningful end, but its start is as good as any: leaving it out would select the seeds by how training went.
#[derive(Clone, Default)]
struct Summary {
    n: usize,
    diverged: usize,
    failed: usize,
    /// One list for each summarized outcome; what is no fading is never a bound, and its numbers pass as they are.
    values: Vec<Vec<Fading>>,
}

/// The summaries of all cells.
pub struct Summaries {
    cells: Vec<Summary>,
    /// The summarized outcomes, and the place of each in a record.
    outcomes: Vec<(&'static Column, usize)>,
}

impl Summaries {
    pub fn new(cells: usize) -> Self {
        let place = |column: &'static Column| Some((column, columns::OUTCOMES.iter().position(|c| c == column)?));
        let outcomes: Vec<_> = columns::summarized().filter_map(place).collect();
        let empty = Summary { values: vec![Vec::new(); outcomes.len()], ..Summary::default() };
        Summaries { cells: vec![empty; cells], outcomes }
    }

    /// Counts a run in.
    pub fn add(&mut self, cell: usize, record: &RunRecord) {
        let summary = &mut self.cells[cell];
        summary.n += 1;
        let diverged = record.status == Status::Diverged;
        summary.diverged += usize::from(diverged);
        if record.status == Status::Failed {
            summary.failed += 1;
            return;
        }
        for (values, (column, place)) in summary.values.iter_mut().zip(&self.outcomes) {
            let value = match record.outcome.get(*place) {
                Some(Cell::Float(x)) => *x,
                Some(Cell::Int(n)) => *n as f64,
                _ => continue,
            };
            if !diverged || column.outlives_divergence() {
                values.push(Fading::read(value, record.bounds.iter().any(|name| name == column.name)));
            }
        }
    }

    /// The axes, the counts, then the statistics of each metric, and which medians are bounds.
    pub fn header(axes: &[Axis]) -> Vec<String> {
        let mut header: Vec<String> = axes.iter().map(|a| a.name.clone()).collect();
        header.extend(COUNTS.iter().map(|column| column.name.to_string()));
        header.extend(columns::summarized().flat_map(columns::summary));
        header.push(BOUNDS.name.to_string());
        header
    }

    /// The row of a cell, whose labels and baselines these are. A metric is empty where no run has it, and NaN where it is undefined for all of them.
    pub fn row<'a>(&self, number: usize, labels: impl Iterator<Item = &'a str>, guesses: Option<Guesses>) -> Vec<Cell> {
        let summary = &self.cells[number];
        let mut row: Vec<Cell> = labels.map(Cell::from).collect();
        row.extend([summary.n, summary.diverged, summary.failed].map(Cell::from));
        let mut bounds = Vec::new();
        for ((column, _), values) in self.outcomes.iter().zip(&summary.values) {
            let found = fading::Summary::of(values);
            row.extend(found.map_or([const { Cell::Empty }; 4], |s| {
                [s.median.number(), s.low, s.high, s.coverage].map(Cell::Float)
            }));
            if column.is_fading() {
                row.extend(found.map_or([const { Cell::Empty }; 2], |s| [s.none, s.undefined].map(Cell::from)));
            }
            if column.has_baseline() {
                let baseline = guesses.and_then(|guesses| guesses.score(column));
                row.push(baseline.into());
                row.push(match (baseline, found) {
                    (Some(baseline), Some(s)) => {
                        Cell::Bool(summary.diverged == 0 && column.is_above(baseline, s.low, s.high))
                    }
                    _ => Cell::Empty,
                });
            }
            bounds.extend(found.filter(|s| s.median.is_bound()).map(|_| column.name));
        }
        row.push(Cell::Text(bounds.join(" ")));
        row
    }
}
