//! The tasks that arms are compared on: every combination of the axes that neither name arms nor are tuned.

use super::again::Again;
use super::amount;
use super::arms::{Arm, Measure, Tries};
use super::pairs::{Pair, pairs};
use crate::parallel::in_parallel;
use crate::plan_file::{Axis, compare::Compare};
use crate::results::{Results, ResultsError};
use std::collections::BTreeMap;

/// One combination of the axes that neither name arms nor are tuned, and the arms compared on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Axis and label, for axes with several labels.
    pub labels: Vec<(String, String)>,
    pub arms: Vec<Arm>,
    pub pairs: Vec<Pair>,
}

impl Task {
    /// As a heading: `depth 8, activation relu`.
    pub fn name(&self) -> String {
        let parts = self.labels.iter().map(|(axis, label)| amount::labelled(axis, label));
        let name = parts.collect::<Vec<_>>().join(", ");
        if name.is_empty() { "all runs".into() } else { name }
    }
}

/// The arms of several tasks, each once.
pub fn arm_names<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for arm in tasks.into_iter().flat_map(|task| &task.arms) {
        if !names.contains(&&*arm.name) {
            names.push(&arm.name);
        }
    }
    names
}

/// Every task with its arms, in the order of the plan.
///
/// # Errors
/// When `compare` names an axis that the plan does not have.
pub fn tasks(results: &Results, compare: &Compare, measure: &Measure) -> Result<Vec<Task>, ResultsError> {
    let axes = &results.plan.axes;
    let position = |name: &String| {
        axes.iter().position(|axis| axis.name == *name).ok_or_else(|| ResultsError::NoAxis(name.clone()))
    };
    let arm_axis = position(&compare.arm)?;
    let tuned = compare.tune.iter().map(position).collect::<Result<Vec<_>, _>>()?;
    let others: Vec<usize> = (0..axes.len()).filter(|i| *i != arm_axis && !tuned.contains(i)).collect();

    // From the cells of the plan, so that missing runs are noticed.
    let mut tasks: BTreeMap<Vec<usize>, BTreeMap<usize, Tries>> = BTreeMap::new();
    for cell in &results.plan.cells {
        let label = |axis: &usize| {
            let own = cell.labels.get(&axes[*axis].name);
            own.and_then(|own| axes[*axis].labels.iter().position(|l| l == own)).unwrap_or(0)
        };
        let arms = tasks.entry(others.iter().map(label).collect()).or_default();
        arms.entry(label(&arm_axis)).or_default().insert(tuned.iter().map(label).collect(), BTreeMap::new());
    }
    for run in &results.runs {
        let labels = |axes: &[usize]| axes.iter().map(|a| run.labels[*a]).collect::<Vec<_>>();
        let arms = tasks.get_mut(&labels(&others));
        let tries = arms.and_then(|arms| arms.get_mut(&run.labels[arm_axis]));
        if let Some(runs) = tries.and_then(|tries| tries.get_mut(&labels(&tuned))) {
            runs.insert(run.seed, run);
        }
    }
    let tuned: Vec<&Axis> = tuned.iter().map(|a| &axes[*a]).collect();
    let (tune, seeds) = (&measure.choice.tune_seeds, &measure.choice.report_seeds);
    let task = |(key, arms): &(&Vec<usize>, &BTreeMap<usize, Tries>)| {
        let fewest = arms.values().map(BTreeMap::len).min().unwrap_or(1);
        let name = |arm: &usize| axes[arm_axis].labels[*arm].clone();
        let arm = |(arm, tries)| Arm::of(name(arm), tries, &tuned, measure, fewest);
        let mut arms: Vec<Arm> = arms.iter().map(arm).collect();
        let labels = others.iter().zip(*key).map(|(axis, label)| &axes[*axis].labels[*label]);
        let varied = others.iter().map(|axis| &axes[*axis]).zip(labels).filter(|(axis, _)| axis.labels.len() > 1);
        let labels: Vec<(String, String)> = varied.map(|(axis, label)| (axis.name.clone(), label.clone())).collect();
        let all: Vec<u64> = tune.iter().chain(seeds).copied().collect();
        // Nothing is drawn where every arm has but one setting.
        let tune = if arms.iter().any(|arm| arm.tries.len() > 1) { tune.len() } else { 0 };
        let again = Again::of(&mut arms, &all, tune, results.plan.seed, &format!("{labels:?}"));
        let pairs = pairs(&arms, measure.reports, compare, seeds, &again);
        Task { labels, arms, pairs }
    };
    let tasks: Vec<(&Vec<usize>, &BTreeMap<usize, Tries>)> = tasks.iter().collect();
    Ok(in_parallel(&tasks, task))
}
