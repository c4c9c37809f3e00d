//! What an answer is made of, as plain data.

use crate::columns::Column;
use crate::fading::Summary;
use crate::stats::Spread;

/// What an experiment is about, as its axes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Study {
    /// How the gradient fades: some axis can touch it before the first update.
    Gradient,
    /// Which arm trains best, each at its own best setting.
    Comparison,
    /// How training ends.
    Training,
}

/// The answer to an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub study: Study,
    /// What the study is about first; none where no run left a number.
    pub sentences: Vec<String>,
    /// What the labels of the rows are of.
    pub axes: Vec<String>,
    /// Whether rows have a setting that was chosen for them.
    pub is_tuned: bool,
    pub columns: Vec<&'static Column>,
    pub rows: Vec<Row>,
    /// What is held fixed: a choice of this program's, not of the experiment's.
    pub held: Vec<String>,
    /// How settings were chosen, what the numbers are.
    pub notes: Vec<String>,
}

/// A row of the closing table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// One for each axis.
    pub labels: Vec<String>,
    /// What was chosen for it.
    pub setting: String,
    /// One for each column.
    pub values: Vec<Option<Value>>,
    /// Of each, whether its interval is better than the baseline from end to end; `None` where there is no baseline.
    pub is_above: Vec<Option<bool>>,
    pub runs: usize,
    pub diverged: usize,
    /// Runs of it that failed or are not there yet.
    pub missing: usize,
}

/// A number over the seeds of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    Number(Spread),
    /// A gradient may not arrive at all, or lose at least so much.
    Fading(Summary),
}

impl Value {
    /// The median with its interval.
    pub fn spread(&self) -> Spread {
        match self {
            Value::Number(spread) => *spread,
            Value::Fading(summary) => summary.spread(),
        }
    }
}

impl Answer {
    /// The sentences as one text.
    pub fn headline(&self) -> String {
        self.sentences.join(" ")
    }
}
