//! The line of the baseline: what the best constant prediction achieves, without using the inputs.

use super::finding;
use super::ruler::Ruler;
use super::select::{GroupKey, Selection};
use crate::columns::{Column, Quantity};
use std::collections::BTreeMap;

/// Where guessing stands on the scale of a column, and its values in words.
pub struct Guess {
    /// By row and column of the panel.
    at: BTreeMap<GroupKey, f64>,
    pub name: String,
}

impl Guess {
    /// In a panel, unless its runs differ in it.
    pub fn at(&self, panel: GroupKey) -> Option<f64> {
        self.at.get(&panel.panel()).copied()
    }

    /// In all panels.
    pub fn all(&self) -> impl Iterator<Item = f64> {
        self.at.values().copied()
    }

    /// The highest of all panels.
    pub fn highest(&self) -> f64 {
        self.all().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Cuts a ruler of losses where these lie far above guessing, but none of those it has to `keep`: how high losses are that have
    /// not run away, such as those that training begins with, which guessing does not tell. A sentence for the caption where it is cut.
    pub fn cut(&self, ruler: &mut Ruler, keep: &[f64]) -> Option<String> {
        let end = ruler.cut(self.highest(), keep)?;
        Some(format!("The scale ends at {}.", finding::amount(end, true)))
    }

    /// Itself, if some of it lies on a ruler.
    pub fn on(self, ruler: &Ruler) -> Option<Guess> {
        let is_seen = self.all().any(|at| ruler.holds(at));
        is_seen.then_some(self)
    }
}

/// The baseline of the runs of each panel under their own loss; none where all panels have runs that differ in it.
pub fn guessing(selection: &Selection, column: &Column) -> Option<Guess> {
    let results = selection.results;
    let shared = results.plan.shared_guesses();
    let of_run = |run: &usize| match shared {
        Some(all) => all.score(column),
        None => results.guesses(&results.runs[*run])?.score(column),
    };
    let mut panels: BTreeMap<GroupKey, Option<f64>> = BTreeMap::new();
    for run in &selection.runs {
        let own = of_run(run);
        let known = panels.entry(selection.key(*run).panel()).or_insert(own);
        *known = known.filter(|known| own == Some(*known));
    }
    let all = panels.len();
    let values: BTreeMap<GroupKey, f64> = panels.into_iter().filter_map(|(panel, own)| Some((panel, own?))).collect();
    let said = |value: f64| match column.quantity {
        Quantity::Loss => finding::amount(value, false),
        _ => format!("{:.1} %", 100.0 * value),
    };
    let low = values.values().copied().reduce(f64::min)?;
    let high = values.values().copied().fold(low, f64::max);
    let name = if said(low) == said(high) { said(low) } else { format!("{} to {}", said(low), said(high)) };
    // Elsewhere guessing is another thing for each line.
    let name = if values.len() < all { format!("{name} where a panel has one") } else { name };
    let place = |value: f64| if column.is_log() { value.log10() } else { value };
    Some(Guess { at: values.into_iter().map(|(panel, value)| (panel, place(value))).collect(), name })
}

/// What the legend says of several lines of guessing; nothing if there are none.
pub fn named<'a>(guesses: impl Iterator<Item = &'a Guess>) -> Option<String> {
    let names: Vec<&str> = guesses.map(|guess| guess.name.as_str()).collect();
    (!names.is_empty()).then(|| format!("guessing ({})", names.join(", ")))
}
