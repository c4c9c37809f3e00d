//! The line of guessing: what the best constant answer gets, without a look at the inputs.

use super::select::Selection;
use crate::columns::{Column, Quantity};
use crate::table::significant;

/// Where guessing stands on the scale of a column, and its value in words.
pub struct Guess {
    pub at: f64,
    pub name: String,
}

/// The accuracy of guessing the most frequent class, or the loss of the class frequencies or of the mean target, where that is
/// the loss of all runs.
pub fn guessing(selection: &Selection, column: &Column) -> Option<Guess> {
    let results = selection.results;
    let guess = results.plan.data.guesses.as_ref()?.on(column.part?)?;
    let trained = |loss: &str| selection.runs.iter().all(|run| selection.run(*run).loss == loss);
    if selection.runs.iter().any(|run| results.function(*run).is_some()) {
        return None;
    }
    let loss = |value: f64| Guess { at: value.log10(), name: significant(value, 3) };
    match column.quantity {
        Quantity::Accuracy => guess.accuracy.map(|at| Guess { at, name: format!("{:.1} %", 100.0 * at) }),
        Quantity::Loss if trained("cross_entropy") => guess.cross_entropy.map(loss),
        Quantity::Loss if trained("mse") => Some(loss(guess.mse)),
        _ => None,
    }
}

/// What the legend says of several lines of guessing; nothing if there are none.
pub fn named<'a>(guesses: impl Iterator<Item = &'a Guess>) -> Option<String> {
    let names: Vec<&str> = guesses.map(|guess| guess.name.as_str()).collect();
    (!names.is_empty()).then(|| format!("guessing ({})", names.join(", ")))
}
