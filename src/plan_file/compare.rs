//! How arms are compared, as `plan.json` has it.

use serde::{Deserialize, Serialize};

/// How arms are compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compare {
    /// The axis whose labels are the arms.
    pub arm: String,
    /// The axes of which each arm takes its best label; the others make the problems.
    pub tune: Vec<String>,
    /// The first so many seeds choose, the others are reported.
    pub tune_seeds: usize,
    /// What is smallest (or, an accuracy, largest) where it is chosen; the validation loss, or without a validation part
    /// the training loss.
    pub choose: Option<String>,
    /// What the tests compare; the test loss, or without a test part what is chosen by.
    pub report: Option<String>,
}
