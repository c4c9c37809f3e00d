//! What one run leaves behind: how it ended and its tables. Pure data, ready for the journal.

use crate::table::{Cell, Table};
use serde::{Deserialize, Serialize};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All steps were taken.
    Finished,
    /// The training loss reached `target_loss` and `stop_at_target` was set.
    ReachedTarget,
    /// The loss, a gradient or a weight was not finite: a result, not a defect.
    Diverged,
    /// A defect; the message says which.
    Failed,
}

impl Status {
    /// The word in `runs.csv`.
    pub fn word(self) -> &'static str {
        match self {
            Status::Finished => "finished",
            Status::ReachedTarget => "reached_target",
            Status::Diverged => "diverged",
            Status::Failed => "failed",
        }
    }
}

/// The columns of `history.csv` after `run_id`: one row a scored step.
///
/// `batch_loss` is the loss of the step's batch in training mode; `train_*`, `val_*` and `test_*` are over the
/// whole split in evaluation mode; `grad_norm` is the Euclidean norm of the batch gradient over all parameters,
/// before clipping and l2; `epoch` counts passes over the training part.
pub const HISTORY_COLUMNS: &[&str] = &[
    "step",
    "epoch",
    "lr",
    "batch_loss",
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "test_loss",
    "test_accuracy",
    "grad_norm",
];

/// The columns of `layers.csv` after `run_id`: one row a probed step and hidden layer, counted 1..depth.
pub const LAYER_COLUMNS: &[&str] = &[
    "step",
    "layer",
    "stream_rms",
    "delta_rms",
    "weight_grad_rms",
    "weight_grad_sample_rms",
    "coherence",
    "correlation",
    "activation_mean",
    "activation_std",
    "weight_rms",
    "update_ratio",
    "saturated",
    "inactive",
    "dead",
    "zeros",
    "subnormals",
];

/// The columns of `points.csv` after `run_id`: one row a recorded step of a test function of so many variables.
pub fn point_columns(variables: usize) -> Vec<String> {
    std::iter::once("step".to_string()).chain((1..=variables).map(|i| format!("x{i}"))).collect()
}

/// The columns of `runs.csv` that a run measures, after its labels, settings, seed, status and message.
pub const OUTCOME_COLUMNS: &[&str] = &[
    "steps",
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "test_loss",
    "test_accuracy",
    "best_step",
    "best_train_loss",
    "best_val_loss",
    "best_test_loss",
    "best_test_accuracy",
    "steps_to_target",
    "attenuation_init",
    "attenuation_end",
    "attenuation_total_init",
    "attenuation_total_end",
    "attenuation_delta_init",
    "weight_grad_total_init",
    "layers_zero",
];

/// Everything a run measured. Row order is the order of steps, then layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub status: Status,
    /// Empty unless there is something to say (what was not finite, and at which step).
    pub message: String,
    /// One cell for each of [`OUTCOME_COLUMNS`].
    pub outcome: Vec<Cell>,
    /// [`HISTORY_COLUMNS`].
    pub history: Table,
    /// [`LAYER_COLUMNS`].
    pub layers: Table,
    /// [`point_columns`]; empty for a network.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub points: Table,
}

/// Why a run left no record.
#[derive(Clone, Debug, PartialEq)]
pub enum RunError {
    /// The caller asked to stop.
    Cancelled,
    /// A defect, in words.
    Failed(String),
}

impl std::fmt::Display for RunError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RunError::Cancelled => f.write_str("stopped before its end"),
            RunError::Failed(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for RunError {}
