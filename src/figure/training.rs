//! Lines over the steps of training: a line goes on as long as all of its seeds do, and a run that diverged has an end.

use super::chart::{Mark, Points};
use super::ruler::End;
use super::scene::Color;
use super::select::{GroupKey, Selection, over_seeds};
use crate::columns::Column;
use crate::record::Status;
use std::collections::{BTreeMap, BTreeSet};

/// What a table with a row a step says of the selected runs, as it was measured; `K` tells several lines of one group apart.
#[derive(Default)]
pub struct Training<K> {
    /// By step and line.
    values: BTreeMap<(u64, K), Vec<(usize, f64)>>,
    /// The seeds of each group that have any row.
    seeds: BTreeMap<GroupKey, BTreeSet<u64>>,
    /// The last step of each run.
    last: BTreeMap<usize, u64>,
}

impl<K: Ord + Copy> Training<K> {
    /// Notes that a run has a row at this step.
    pub fn saw(&mut self, selection: &Selection, run: usize, step: u64) {
        self.seeds.entry(selection.key(run)).or_default().insert(selection.run(run).seed);
        let last = self.last.entry(run).or_insert(step);
        *last = step.max(*last);
    }

    /// Adds a finite value.
    pub fn add(&mut self, run: usize, step: u64, line: K, value: f64) {
        self.values.entry((step, line)).or_default().push((run, value));
    }

    /// The lines, with `x` of a step and each on the scale of the column that `K` stands for, as far as all seeds of a group have a value: a median over those that are left would jump
    /// when one ends.
    pub fn lines<'c>(
        &mut self,
        selection: &Selection,
        x: fn(f64) -> f64,
        column: impl Fn(K) -> &'c Column,
    ) -> BTreeMap<(GroupKey, K), Points> {
        let mut lines: BTreeMap<(GroupKey, K), Points> = BTreeMap::new();
        for ((step, line), values) in std::mem::take(&mut self.values) {
            for (key, seeds) in selection.by_seed(values.into_iter()) {
                if seeds.len() == self.seeds(&key) {
                    let point = over_seeds(seeds.into_values(), column(line)).map(|s| (x(step as f64), s));
                    lines.entry((key, line)).or_default().extend(point);
                }
            }
        }
        lines
    }

    /// How many seeds of a group have any row.
    pub fn seeds(&self, key: &GroupKey) -> usize {
        self.seeds.get(key).map_or(0, BTreeSet::len)
    }

    /// The runs that diverged with the place of their last step.
    pub fn ends(&self, selection: &Selection, x: fn(f64) -> f64) -> Vec<(usize, f64)> {
        let diverged = self.last.iter().filter(|(run, _)| selection.run(**run).status == Status::Diverged);
        diverged.map(|(run, step)| (*run, x(*step as f64))).collect()
    }
}

/// A cross above the lines for each run that diverged in this panel, in the `color` of its line.
pub fn crosses<'a>(
    selection: &'a Selection,
    ends: &'a [(usize, f64)],
    panel: GroupKey,
    color: impl Fn(usize) -> Color + 'a,
) -> impl Iterator<Item = Mark> + 'a {
    let here = ends.iter().map(|(run, x)| (selection.key(*run), *x));
    let here = here.filter(move |(key, _)| (key.row, key.column) == (panel.row, panel.column));
    here.map(move |(key, x)| Mark::EdgeCross { x, from: End::High, inset: 3.0, radius: 2.3, color: color(key.color) })
}

/// The largest of the places of lines and ends, at least `least`.
pub fn reach(lines: impl Iterator<Item = f64>, ends: &[(usize, f64)], least: f64) -> f64 {
    lines.chain(ends.iter().map(|(_, x)| *x)).fold(least, f64::max)
}
