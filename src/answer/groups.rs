//! The runs that are summarized together: those of a cell of the plan, or those of an arm at its own best setting.

use super::parts::{Row, Value};
use crate::columns::{Column, Measured};
use crate::compare::{Comparison, Edge, amount, at_the_end};
use crate::fading::{Fading, Summary};
use crate::record::Status;
use crate::results::{Results, Run};
use crate::stats::Spread;
use std::collections::{BTreeMap, HashMap};

/// Runs of one row.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// For each axis of the plan the number of its label; of a tuned axis it says nothing.
    pub place: Vec<usize>,
    /// The same in words: of each axis that is not tuned.
    pub labels: BTreeMap<usize, &'a str>,
    /// What was chosen for it: axis and label.
    pub chosen: &'a [(String, String)],
    /// The same, none where all settings diverge.
    pub told: &'a [(String, String)],
    pub edges: &'a [Edge],
    /// Those that did not fail.
    pub runs: Vec<&'a Run>,
    pub planned: usize,
}

impl Group<'_> {
    /// A column over the runs; `None` where there are none or one was not measured so.
    pub fn value(&self, column: &Column) -> Option<Value> {
        let number = match column.measured {
            Measured::Init => return summary(&self.runs, column).map(Value::Fading),
            _ => at_the_end(self.runs.iter().copied(), column),
        };
        number.map(Value::Number)
    }

    /// Its median with its interval.
    pub fn spread(&self, column: &Column) -> Option<Spread> {
        self.value(column).map(|value| value.spread())
    }

    /// What the best constant answer gets in its runs; `None` where that is not known or the column is no loss and no accuracy.
    pub fn baseline(&self, results: &Results, column: &Column) -> Option<f64> {
        results.guesses(self.runs.first().filter(|_| column.has_baseline())?)?.score(column)
    }

    /// Whether its interval is better than that from end to end.
    pub fn is_above(&self, results: &Results, column: &Column) -> Option<bool> {
        let (baseline, s) = (self.baseline(results, column)?, self.spread(column)?);
        Some(column.is_above(baseline, s.low, s.high))
    }

    pub fn diverged(&self) -> usize {
        self.runs.iter().filter(|run| run.status == Status::Diverged).count()
    }

    pub fn row(&self, results: &Results, axes: &[usize], columns: &[&'static Column]) -> Row {
        let label = |axis: &usize| amount::short(self.labels.get(axis).copied().unwrap_or_default());
        Row {
            labels: axes.iter().map(label).collect(),
            setting: amount::setting(self.told),
            values: columns.iter().map(|column| self.value(column)).collect(),
            is_above: columns.iter().map(|column| self.is_above(results, column)).collect(),
            runs: self.runs.len(),
            diverged: self.diverged(),
            missing: self.planned - self.runs.len(),
        }
    }
}

/// A group for each cell of the plan, in its order.
pub fn cells(results: &Results) -> Vec<Group<'_>> {
    let axes = &results.plan.axes;
    let mut places: HashMap<Vec<usize>, usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for cell in &results.plan.cells {
        let label = |axis: &crate::plan_file::Axis| {
            let own = cell.labels.get(&axis.name)?;
            axis.labels.iter().position(|label| label == own)
        };
        let Some(place) = axes.iter().map(label).collect::<Option<Vec<usize>>>() else { continue };
        let labels = place.iter().enumerate().map(|(axis, label)| (axis, axes[axis].labels[*label].as_str())).collect();
        places.insert(place.clone(), groups.len());
        let planned = results.plan.seeds.len();
        groups.push(Group { place, labels, chosen: &[], told: &[], edges: &[], runs: Vec::new(), planned });
    }
    for run in results.runs.iter().filter(|run| !run.failed()) {
        if let Some(group) = places.get(&run.labels) {
            groups[*group].runs.push(run);
        }
    }
    groups
}

/// A group for each arm of each task, with the runs that are reported of it, in the order of the comparison.
pub fn arms<'a>(results: &'a Results, comparison: &'a Comparison) -> Vec<Group<'a>> {
    let axes = &results.plan.axes;
    let position = |name: &str| axes.iter().position(|axis| axis.name == name);
    let Some(arm_axis) = position(&comparison.arm) else { return Vec::new() };
    let mut places: HashMap<Vec<(usize, usize)>, usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    // The same axes for every group: those of the tasks, and that of the arms.
    let mut keys: Vec<usize> = Vec::new();
    for task in &comparison.tasks {
        for arm in &task.arms {
            let named = task.labels.iter().map(|(axis, label)| (axis, label)).chain([(&comparison.arm, &arm.name)]);
            let known = named.filter_map(|(axis, label)| {
                let axis = position(axis)?;
                Some((axis, axes[axis].labels.iter().position(|own| own == label)?))
            });
            let mut key: Vec<(usize, usize)> = known.collect();
            key.sort_unstable();
            keys = key.iter().map(|(axis, _)| *axis).collect();
            let mut place = vec![0; axes.len()];
            key.iter().for_each(|(axis, label)| place[*axis] = *label);
            let labels = key.iter().map(|(axis, label)| (*axis, axes[*axis].labels[*label].as_str())).collect();
            places.insert(key, groups.len());
            let planned = comparison.report_seeds.len();
            let (chosen, told, edges) = (&arm.chosen[..], arm.told(), &arm.edges[..]);
            groups.push(Group { place, labels, chosen, told, edges, runs: Vec::new(), planned });
        }
    }
    let has_none: Vec<bool> = comparison.tasks.iter().flat_map(|task| &task.arms).map(|arm| arm.n == 0).collect();
    let is_reported = |run: &&Run| !run.failed() && comparison.report_seeds.contains(&run.seed);
    for run in results.runs.iter().filter(is_reported) {
        let key: Vec<(usize, usize)> = keys.iter().map(|axis| (*axis, run.labels[*axis])).collect();
        let Some(group) = places.get(&key).copied().filter(|group| !has_none[*group]) else { continue };
        let is_chosen = groups[group]
            .chosen
            .iter()
            .all(|(axis, label)| position(axis).is_some_and(|axis| axes[axis].labels[run.labels[axis]] == *label));
        if is_chosen {
            groups[group].runs.push(run);
        }
    }
    groups.sort_by_key(|group| order(group, arm_axis));
    groups
}

/// The arms of a task beside each other, tasks in the order of the plan.
fn order(group: &Group, arm_axis: usize) -> (Vec<usize>, usize) {
    let task = group.place.iter().enumerate().filter(|(axis, _)| *axis != arm_axis);
    (task.map(|(_, label)| *label).collect(), group.place[arm_axis])
}

/// The runs that have it, diverged ones included: the median as `summary.csv` has it, between order statistics of the least and
/// of the most that it can be. `None` where no run was measured.
pub fn summary(runs: &[&Run], column: &Column) -> Option<Summary> {
    let values: Vec<Fading> = runs.iter().filter_map(|run| run.fading(column)).collect();
    Summary::of(&values).map(Summary::inner)
}
