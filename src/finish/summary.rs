//! `summary.csv`: what a cell's seeds agree on, with the counts that say how many of them speak.

use crate::experiment::plan::{Plan, PlanCell};
use crate::record::{OUTCOME_COLUMNS, RunRecord, Status};
use crate::stats::spread;
use crate::table::Cell;

/// The outcomes that are summarized.
pub const METRICS: [&str; 5] = ["attenuation_init", "attenuation_end", "train_loss", "test_loss", "test_accuracy"];
const COUNTS: [&str; 3] = ["n", "diverged", "failed"];
const STATISTICS: [&str; 4] = ["median", "low", "high", "coverage"];

/// One cell's runs so far: counts, and the values of those that did not fail. A run that diverged has no end to
/// speak of, but its start is as good as any: leaving it out would pick the seeds by how training went.
#[derive(Clone, Default)]
struct Summary {
    n: usize,
    diverged: usize,
    failed: usize,
    values: [Vec<f64>; METRICS.len()],
}

/// The summaries of all cells.
pub struct Summaries {
    cells: Vec<Summary>,
    /// Where each metric stands in a record's outcome.
    places: [Option<usize>; METRICS.len()],
}

impl Summaries {
    pub fn new(cells: usize) -> Self {
        let places = METRICS.map(|metric| OUTCOME_COLUMNS.iter().position(|c| *c == metric));
        Summaries { cells: vec![Summary::default(); cells], places }
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
        for ((values, place), metric) in summary.values.iter_mut().zip(self.places).zip(METRICS) {
            let value = match place.and_then(|p| record.outcome.get(p)) {
                Some(Cell::Float(x)) => *x,
                Some(Cell::Int(n)) => *n as f64,
                _ => continue,
            };
            if !diverged || (metric.ends_with("_init") && !value.is_nan()) {
                values.push(value);
            }
        }
    }

    /// The axes, the counts, then four statistics of each metric.
    pub fn header(plan: &Plan) -> Vec<String> {
        let mut header: Vec<String> = plan.axes.iter().map(|a| a.name.clone()).collect();
        header.extend(COUNTS.map(String::from));
        header.extend(METRICS.iter().flat_map(|metric| STATISTICS.map(|s| format!("{metric}_{s}"))));
        header
    }

    /// The row of a cell. A metric is empty where no run has it, and NaN where one run's is.
    pub fn row(&self, number: usize, cell: &PlanCell) -> Vec<Cell> {
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
