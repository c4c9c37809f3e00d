//! How much arithmetic a run is, known before it starts: for the order of running, `plan` and the ETA.

use super::spec::{Cadence, RunSpec};

/// Rows of a data set's parts and the width of its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub train_rows: usize,
    /// Validation and test rows together.
    pub other_rows: usize,
    pub features: usize,
    pub outputs: usize,
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

/// The cost of one run on data of this shape: training is `steps * 6 * batch * sum(fan_in * fan_out)` over all
/// affine maps, the output layer among them.
pub fn cost(spec: &RunSpec, shape: &Shape, recorded: Recorded) -> Cost {
    let int = |key: &str| spec.settings.int(key).unwrap_or(0).max(0) as f64;
    let (depth, width) = (int("depth"), int("width"));
    let (features, outputs) = (shape.features as f64, shape.outputs as f64);
    let weights = match depth {
        // A function: a few operations for each variable.
        0.0 => features,
        _ => features * width + (depth - 1.0) * width * width + width * outputs,
    };
    let last = spec.steps(shape.train_rows);
    let probe = spec.cadence.probe.min(shape.train_rows) as f64;
    let rows = (shape.train_rows + shape.other_rows) as f64;
    Cost {
        training: last as f64 * 6.0 * spec.batch(shape.train_rows) as f64 * weights,
        scoring: recorded.scores as f64 * 2.0 * rows * weights,
        probing: recorded.probes as f64 * 6.0 * probe * weights,
    }
}
