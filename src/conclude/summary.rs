//! `summary.csv`: the median and the range of each measurement over the seeds of a cell, and how many runs they are of.

use crate::columns::{self, COUNTS, Column};
use crate::experiment::plan::{GridCell, Plan};
use crate::record::{RunRecord, Status};
use crate::stats::spread;
use crate::table::Cell;

/// One cell's runs so far: counts, and the values of those that did not fail. A run that diverged has no
/// meaningful end, but its start is as good as any: leaving it out would select the seeds by how training went.
#[derive(Clone, Default)]
struct Summary {
    n: usize,
    diverged: usize,
    failed: usize,
    /// One list for each summarized outcome.
    values: Vec<Vec<f64>>,
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
            if !diverged || (column.outlives_divergence() && !value.is_nan()) {
                values.push(value);
            }
        }
    }

    /// The axes, the counts, then four statistics of each metric.
    pub fn header(plan: &Plan) -> Vec<String> {
        let mut header: Vec<String> = plan.axes.iter().map(|a| a.name.clone()).collect();
        header.extend(COUNTS.iter().map(|column| column.name.to_string()));
        header.extend(columns::summarized().flat_map(|column| columns::spread(column.name)));
        header
    }

    /// The row of a cell. A metric is empty where no run has it, and NaN where one run's is.
    pub fn row(&self, number: usize, cell: &GridCell) -> Vec<Cell> {
        let summary = &self.cells[number];
        let mut row: Vec<Cell> = cell.labels.iter().map(|(_, label)| label.as_str().into()).collect();
        row.extend([summary.n, summary.diverged, summary.failed].map(Cell::from));
        for values in &summary.values {
            row.extend(match spread(values) {
                Some(s) => [s.median, s.low, s.high, s.coverage].map(Cell::Float),
                None if values.is_empty() => [const { Cell::Empty }; 4],
                None => [f64::NAN; 4].map(Cell::Float),
            });
        }
        row
    }
}
