//! How runs end by one column of `runs.csv`: with a value, or lost. A lost run counts in every median.

use super::finding::{self, Words};
use super::ruler::End;
use super::select::{GroupKey, Selection, over_seeds};
use super::words;
use crate::columns::{Better, Column, Measured, Quantity};
use crate::fading::Fading;
use crate::record::Status;
use crate::stats::{Spread, median};
use crate::table;
use std::collections::BTreeMap;

/// What a run, or the median of several, ended with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    /// As it was measured; in a chart log10 of it where the column is drawn so: minus infinity is an exact zero.
    Value(f64),
    /// It diverged, is not finite, never got to its target or has a gradient that never arrives: worse than every value.
    Lost,
}

impl Ending {
    /// On the scale that the column is drawn on.
    fn drawn(self, column: &Column) -> Self {
        match self {
            Ending::Value(value) if column.is_log() => Ending::Value(value.log10()),
            other => other,
        }
    }

    pub fn value(self) -> Option<f64> {
        match self {
            Ending::Value(value) => Some(value),
            Ending::Lost => None,
        }
    }
}

/// The endings of one group of runs.
pub struct Seeds {
    /// What is pooled within a seed is already its median.
    pub runs: BTreeMap<u64, Ending>,
    /// Over the seeds, a lost one counting as infinitely bad.
    pub spread: Spread,
    pub median: Ending,
    /// The median as it was measured.
    pub measured: Ending,
}

impl Seeds {
    pub fn lost(&self) -> usize {
        self.runs.values().filter(|ending| **ending == Ending::Lost).count()
    }

    /// The values of the seeds that are not lost.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        self.runs.values().filter_map(|ending| ending.value())
    }
}

/// The endings of a figure's runs.
pub struct Endings {
    pub column: &'static Column,
    pub groups: BTreeMap<GroupKey, Seeds>,
    /// Runs that are lost.
    pub lost: usize,
    /// What became of them.
    pub fate: String,
    /// Whether they are losses of different data or kinds, which are not ranked.
    pub unlike: bool,
    /// What a caption says of runs whose number is undefined, and that no median takes in; empty where there are none.
    pub undefined: String,
}

impl Endings {
    /// Of some runs of a selection, but those that failed or were not measured.
    pub fn of(selection: &Selection, column: &'static Column, runs: &[usize]) -> Endings {
        let of_run = |run: &usize| Some((*run, ending(selection, *run, column)?));
        let is_undefined = |run: &&usize| selection.run(**run).fading(column) == Some(Fading::Undefined);
        let undefined = match runs.iter().filter(is_undefined).count() {
            0 => String::new(),
            n => format!("Left out: {}, without a gradient at the last {}.", table::count(n, "run"), column.passed()),
        };
        Endings { undefined, ..Endings::new(selection, column, runs.iter().filter_map(of_run).collect()) }
    }

    /// Of runs with their endings, as they were measured.
    pub fn new(selection: &Selection, column: &'static Column, runs: Vec<(usize, Ending)>) -> Endings {
        // An exact zero on a logarithmic scale is at the other end.
        let worst = column.worst();
        let ending = |value: f64| if value == worst { Ending::Lost } else { Ending::Value(value) };
        let values = runs.iter().map(|(run, ending)| (*run, ending.value().unwrap_or(worst)));
        let seeds = |(key, seeds): (GroupKey, BTreeMap<u64, f64>)| {
            let spread = over_seeds(seeds.values().copied(), column)?;
            let measured = ending(median(&seeds.values().copied().collect::<Vec<_>>())?);
            let runs = seeds.into_iter().map(|(seed, value)| (seed, ending(value).drawn(column))).collect();
            Some((key, Seeds { runs, spread, median: measured.drawn(column), measured }))
        };
        let groups = selection.by_seed(values, false).into_iter().filter_map(seeds).collect();
        let lost: Vec<usize> = runs.iter().filter(|(_, e)| *e == Ending::Lost).map(|(run, _)| *run).collect();
        let diverged = lost.iter().filter(|run| selection.run(**run).status == Status::Diverged).count();
        let fate = match diverged {
            _ if column.missing_is_worst() => "never reached it".into(),
            _ if column.is_fading() && diverged == 0 => {
                format!("had no gradient at the first {}", column.passed())
            }
            n if n == lost.len() => "diverged".into(),
            0 => "had no finite value".into(),
            _ => "diverged or had no finite value".into(),
        };
        let unlike = selection.is_unlike(column);
        Endings { column, groups, lost: lost.len(), fate, unlike, undefined: String::new() }
    }

    /// The values of all seeds that are not lost.
    pub fn values(&self) -> Vec<f64> {
        self.groups.values().flat_map(Seeds::values).collect()
    }

    /// The end of a panel at which lost runs pile up: that of the worst values.
    pub fn lost_at(&self) -> End {
        if self.column.better == Better::Higher { End::Low } else { End::High }
    }

    /// The best and the worst of the groups, and how many are lost.
    pub fn finding(&self, selection: &Selection, each: &str) -> String {
        self.finding_of(&self.medians(selection), each)
    }

    /// The median of each group, with what tells the group from the others.
    pub fn medians(&self, selection: &Selection) -> Vec<(String, Ending)> {
        self.groups.iter().map(|(key, seeds)| (selection.group_name(key), seeds.median)).collect()
    }

    /// The same finding of the medians of several selections.
    pub fn finding_of(&self, medians: &[(String, Ending)], each: &str) -> String {
        let column = self.column;
        let only = if column.measured == Measured::Init { "At the start" } else { "At the end" };
        // Some measurements say themselves when they are taken.
        let when = if words::says_when(column) { String::new() } else { format!(" {}", only.to_lowercase()) };
        let name = match column.quantity {
            Quantity::Loss | Quantity::Accuracy => format!(" {}", column.subject()),
            _ => String::new(),
        };
        let (highest, lowest) = (format!("Highest{name}{when}"), format!("Lowest{name}{when}"));
        let (high, low) =
            if column.better == Better::Lower { ("Highest", &lowest[..]) } else { (&highest[..], "Lowest") };
        let words = Words { high, low, only, each, lost: &self.fate };
        let sign = column.sign().unwrap_or(1.0);
        finding::ranked(!self.unlike, medians, &words, sign, |v| finding::measured(v, column))
    }
}

fn ending(selection: &Selection, run: usize, column: &Column) -> Option<Ending> {
    let run = selection.run(run);
    if column.is_fading() && run.status != Status::Diverged {
        return match run.fading(column)? {
            Fading::Exactly(x) | Fading::AtLeast(x) => Some(Ending::Value(x)),
            Fading::Beyond => Some(Ending::Lost),
            Fading::Undefined => None,
        };
    }
    match run.value(column.name) {
        _ if run.failed() => None,
        // A target that was reached before is.
        _ if run.status == Status::Diverged && !column.outlives_divergence() && !column.missing_is_worst() => {
            Some(Ending::Lost)
        }
        Some(v) if !v.is_finite() => Some(Ending::Lost),
        Some(v) => Some(Ending::Value(v)),
        None if column.missing_is_worst() && selection.results.plan.has_target() => Some(Ending::Lost),
        None => None,
    }
}
