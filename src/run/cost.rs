//! How much arithmetic a run is, known before it starts: for the order of running, `plan` and the ETA.

use super::spec::{Cadence, RunSpec};
use crate::data::{Dataset, Sizes};
use crate::model;

/// Rows of a data set's parts, and the sizes of each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    pub train_rows: usize,
    /// Validation and test rows together.
    pub other_rows: usize,
    pub sizes: Sizes,
    /// A test function, whose value takes a few operations for each variable.
    pub is_function: bool,
}

impl Extent {
    /// Of this data.
    pub fn of(data: &Dataset) -> Self {
        let others = [&data.validation, &data.test].into_iter().flatten();
        Extent {
            train_rows: data.train.rows,
            other_rows: others.map(|split| split.rows).sum(),
            sizes: data.sizes(),
            is_function: data.function.is_some(),
        }
    }
}

/// Floating-point operations of a run, matrix products only: a multiply and an add count as two.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Updates: forward, and backward twice as much.
    pub training: f64,
    /// Losses over all rows, at the scored steps: forward only.
    pub scoring: f64,
    /// The probe pass at the recorded steps.
    pub probing: f64,
}

impl Cost {
    pub fn total(self) -> f64 {
        self.training + self.scoring + self.probing
    }
}

/// Floating-point operations with the unit that suits them.
pub fn flop(n: f64) -> String {
    match n {
        n if n >= 1e11 => format!("{:.1} TFLOP", n / 1e12),
        n if n >= 1e8 => format!("{:.2} GFLOP", n / 1e9),
        n => format!("{:.2} MFLOP", n / 1e6),
    }
}

impl std::ops::Add for Cost {
    type Output = Cost;
    fn add(self, other: Cost) -> Cost {
        Cost {
            training: self.training + other.training,
            scoring: self.scoring + other.scoring,
            probing: self.probing + other.probing,
        }
    }
}

/// At how many steps a run is scored and probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    scores: usize,
    probes: usize,
}

impl Recorded {
    /// Of a run of `steps` updates.
    pub fn of(cadence: &Cadence, steps: usize) -> Self {
        Recorded { scores: cadence.score.count(steps), probes: cadence.gradients.count(steps) }
    }
}

/// The cost of one run on data of this extent: its passes forward and backward over batches and probe sets, and forward
/// over all rows.
pub fn cost(spec: &RunSpec, extent: &Extent, recorded: Recorded) -> Cost {
    let pass = |rows: usize| match extent.is_function {
        true => {
            let forward = 2.0 * rows as f64 * extent.sizes.features() as f64;
            [forward, 2.0 * forward]
        }
        false => {
            let pass = model::family(&spec.settings).cost(&spec.settings, &extent.sizes, rows);
            [pass.forward, pass.backward]
        }
    };
    let there_and_back = |rows: usize| pass(rows).iter().sum::<f64>();
    let rows = extent.train_rows + extent.other_rows;
    Cost {
        training: spec.steps(extent.train_rows) as f64 * there_and_back(spec.batch(extent.train_rows)),
        scoring: recorded.scores as f64 * pass(rows)[0],
        probing: recorded.probes as f64 * there_and_back(spec.cadence.probe.min(extent.train_rows)),
    }
}
