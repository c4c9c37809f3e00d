//! What one run leaves behind: how it ended and its tables. Pure data, ready for the journal.

use crate::columns::OUTCOMES;
use crate::table::{Cell, Table};
use serde::{Deserialize, Serialize};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All steps were taken, or no lower loss was found for long (`stop.patience`).
    Finished,
    /// The training loss reached `target_loss` and `stop_at_target` was set.
    ReachedTarget,
    /// The loss, a gradient or a weight was not finite: a result, not a defect.
    Diverged,
    /// A defect; the message says which.
    Failed,
}

impl Status {
    const ALL: [Status; 4] = [Status::Finished, Status::ReachedTarget, Status::Diverged, Status::Failed];

    /// The status of a word in `runs.csv`; `None` if it is none.
    pub fn read(word: &str) -> Option<Self> {
        Status::ALL.into_iter().find(|status| status.word() == word)
    }

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

/// How many runs diverged and how many failed, in words; empty if none did.
pub fn ended(count: impl Fn(Status) -> usize) -> String {
    let bad = [Status::Diverged, Status::Failed].map(|status| (count(status), status.word()));
    let words: Vec<String> = bad.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    words.join(", ")
}

/// The columns of `points.csv` after `run_id`: one row a recorded step of a test function of so many variables.
pub fn point_columns(variables: usize) -> Vec<String> {
    std::iter::once("step".to_string()).chain((1..=variables).map(|i| format!("x{i}"))).collect()
}

/// Everything a run measured. Row order is the order of steps, then layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub status: Status,
    /// Empty unless there is something to say (what was not finite, and at which step).
    pub message: String,
    /// One cell for each of [`columns::OUTCOMES`](crate::columns::OUTCOMES).
    pub outcome: Vec<Cell>,
    /// The outcomes of which only a bound is known: at least so much.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bounds: Vec<String>,
    /// [`columns::HISTORY`](crate::columns::HISTORY).
    pub history: Table,
    /// [`columns::LAYERS`](crate::columns::LAYERS).
    pub layers: Table,
    /// [`point_columns`]; empty for a network.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub points: Table,
    /// [`columns::DISTRIBUTIONS`](crate::columns::DISTRIBUTIONS); empty unless the experiment asks for them.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub distributions: Table,
    /// [`columns::ALONG_INPUT`](crate::columns::ALONG_INPUT); empty unless the experiment asks for it.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub along_input: Table,
}

impl RunRecord {
    /// Its table of this file; an empty one of a file that is none of its own.
    pub fn table(&self, file: &str) -> Option<&Table> {
        match file {
            "history.csv" => Some(&self.history),
            "layers.csv" => Some(&self.layers),
            "points.csv" => Some(&self.points),
            "distributions.csv" => Some(&self.distributions),
            "along_input.csv" => Some(&self.along_input),
            _ => None,
        }
    }

    /// Its row of `runs.csv`, with the labels and settings that are `chosen` and the attenuation that theory predicts:
    /// [`of_runs`](crate::columns::of_runs) has the names of the columns.
    pub fn row(&self, id: &str, chosen: Vec<Cell>, seed: u64, theory: Cell) -> Vec<Cell> {
        let keys = [Cell::Int(seed as i64), self.status.word().into(), self.message.as_str().into()];
        // Nothing came out of a run that failed.
        let outcomes = (0..OUTCOMES.len()).map(|i| self.outcome.get(i).cloned().unwrap_or(Cell::Empty));
        let after = [Cell::Text(self.bounds.join(" ")), theory];
        [Cell::Text(id.into())].into_iter().chain(chosen).chain(keys).chain(outcomes).chain(after).collect()
    }
}
