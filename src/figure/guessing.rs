//! The line of guessing: what a network without any knowledge of the data gets.

use super::select::Selection;
use crate::columns::{Column, Quantity};

/// Where equal odds for all classes stand on the scale of a column.
pub struct Guess {
    pub at: f64,
    pub name: String,
}

/// The cross-entropy of equal odds where that is what was trained and the column is a loss, the share for an accuracy.
pub fn guessing(selection: &Selection, column: &Column) -> Option<Guess> {
    let data = &selection.results.plan.data;
    let networks = selection.runs.iter().all(|run| selection.results.function(*run).is_none());
    let entropy = selection.runs.iter().all(|r| matches!(selection.run(*r).loss.as_str(), "" | "cross_entropy"));
    let n = data.outputs as f64;
    if !networks || !data.classes || data.outputs < 2 {
        return None;
    }
    match column.quantity {
        Quantity::Accuracy => Some(Guess { at: 1.0 / n, name: format!("1/{n}") }),
        Quantity::Loss if entropy => Some(Guess { at: n.ln().log10(), name: format!("ln {n}") }),
        _ => None,
    }
}

/// What the legend says of several lines of guessing; nothing if there are none.
pub fn named<'a>(guesses: impl Iterator<Item = &'a Guess>) -> Option<String> {
    let names: Vec<&str> = guesses.map(|guess| guess.name.as_str()).collect();
    (!names.is_empty()).then(|| format!("{} = guessing", names.join(", ")))
}
