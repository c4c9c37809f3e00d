//! The line of the baseline: what the best constant prediction achieves, without using the inputs.

use super::select::Selection;
use crate::columns::{Column, Quantity};
use crate::table::significant;

/// Where guessing stands on the scale of a column, and its value in words.
pub struct Guess {
    pub at: f64,
    pub name: String,
}

/// The baseline of all runs under their own loss; none where they differ in it.
pub fn guessing(selection: &Selection, column: &Column) -> Option<Guess> {
    let results = selection.results;
    let of_run = |run: &usize| results.guesses(&results.runs[*run])?.score(column);
    let value = match results.plan.shared_guesses() {
        Some(all) => all.score(column)?,
        None => {
            let first = of_run(selection.runs.first()?)?;
            Some(first).filter(|first| selection.runs.iter().all(|run| of_run(run) == Some(*first)))?
        }
    };
    let name = match column.quantity {
        Quantity::Loss => significant(value, 3),
        _ => format!("{:.1} %", 100.0 * value),
    };
    Some(Guess { at: if column.is_log() { value.log10() } else { value }, name })
}

/// What the legend says of several lines of guessing; nothing if there are none.
pub fn named<'a>(guesses: impl Iterator<Item = &'a Guess>) -> Option<String> {
    let names: Vec<&str> = guesses.map(|guess| guess.name.as_str()).collect();
    (!names.is_empty()).then(|| format!("guessing ({})", names.join(", ")))
}
