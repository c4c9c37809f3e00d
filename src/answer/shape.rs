//! Which axes the closing table has and which it leaves out: rates are at their best, others are held at one label, which is said.

use super::groups::Group;
use super::parts::Study;
use crate::columns::{self, Column, On};
use crate::compare::Comparison;
use crate::experiment::settings::is_option_of;
use crate::plan_file::{Axis, Scale, compare::Compare};
use crate::results::{Results, ResultsError};
use std::collections::BTreeMap;

/// Rows that a person reads at the end of a sweep. The only axis of an experiment is shown whole.
const ROWS: usize = 36;

/// What is left for the table.
pub struct Shape<'a> {
    /// Numbers of the axes whose labels rows have.
    pub axes: Vec<usize>,
    pub groups: Vec<Group<'a>>,
    /// What is held fixed, in words.
    pub held: Vec<String>,
}

/// Of a plan with more cells than are read, the cells at the best of their rates, chosen as a comparison chooses; `None` where
/// its own comparison does, or where nothing is a rate.
pub fn tuned(
    results: &Results,
    study: Study,
    comparison: Option<&Comparison>,
    columns: &[&'static Column],
) -> Result<Option<Comparison>, ResultsError> {
    let plan = &results.plan;
    let varied = || plan.axes.iter().filter(|axis| axis.labels.len() > 1);
    let is_rate = |axis: &&Axis| is_option_of(&axis.name, "optimizer");
    let tune: Vec<String> = varied().filter(is_rate).map(|axis| axis.name.clone()).collect();
    // What only acts on training is an arm before what touches the start, and words before numbers.
    let mut others: Vec<&Axis> = varied().filter(|axis| !is_rate(axis)).collect();
    others.sort_by_key(|axis| (results.touches_start(&axis.name, On::Probe), axis.scale != Scale::Category));
    let is_compared = study == Study::Comparison && comparison.is_some();
    match others.first() {
        Some(arm) if !is_compared && plan.cells.len() > ROWS && !tune.is_empty() => {
            let is_known = |column: &&&Column| columns::compared().any(|own| own == **column);
            let report = columns.iter().find(is_known).map(|column| column.name.into());
            let compare = Compare { arm: arm.name.clone(), tune, report, ..Compare::default() };
            Comparison::by(results, &compare).map(Some)
        }
        _ => Ok(None),
    }
}

/// The groups that the table shows; `best` is where the best cell is, through which it is cut.
pub fn shown<'a>(
    results: &Results,
    study: Study,
    arms: Option<&Comparison>,
    mut groups: Vec<Group<'a>>,
    best: Option<&[usize]>,
) -> Shape<'a> {
    let axes = &results.plan.axes;
    let is_varied =
        |axis: usize, groups: &[Group]| groups.iter().any(|group| group.place[axis] != groups[0].place[axis]);
    let mut held = Vec::new();
    while groups.len() > ROWS {
        let varied: Vec<usize> = (0..axes.len()).filter(|axis| is_varied(*axis, &groups)).collect();
        let [_, .., _] = varied[..] else { break };
        let next = varied.into_iter().max_by_key(|axis| {
            let name = axes[*axis].name.as_str();
            let is_arm = arms.is_some_and(|arms| arms.arm == name);
            // A study of the gradient shows all that can touch it but the depth, of which it shows the deepest.
            let touches = results.touches_start(name, On::Probe);
            let is_subject = study == Study::Gradient && touches && !is_depth(&axes[*axis]);
            let is_number = axes[*axis].scale != Scale::Category;
            (
                !is_arm,
                !is_subject,
                is_depth(&axes[*axis]) && study == Study::Gradient,
                is_number,
                axes[*axis].labels.len(),
            )
        });
        let Some(axis) = next else { break };
        let (label, why) = held_at(&axes[axis], axis, &groups, best);
        let all: Vec<&str> = axes[axis].labels.iter().map(String::as_str).collect();
        groups.retain(|group| group.place[axis] == label);
        let (name, label) = (&axes[axis].name, &axes[axis].labels[label]);
        held.push(format!("At {name} {label}, {why} of {}; summary.csv has the others.", all.join(", ")));
    }
    let shown = (0..axes.len()).filter(|axis| groups.first().is_some_and(|g| g.labels.contains_key(axis)));
    let mut shown: Vec<usize> = shown.filter(|axis| is_varied(*axis, &groups)).collect();
    // Arms stand beside each other; other studies have the order of the plan.
    match arms.filter(|_| study != Study::Gradient) {
        Some(arms) => shown.sort_by_key(|axis| axes[*axis].name == arms.arm),
        None => groups.sort_by(|a, b| a.place.cmp(&b.place)),
    }
    Shape { axes: shown, groups, held }
}

fn is_depth(axis: &Axis) -> bool {
    axis.name == "depth"
}

/// The label at which an axis is held: the deepest, but for one that few rows have; of other axes that of the best cell.
fn held_at(axis: &Axis, number: usize, groups: &[Group], best: Option<&[usize]>) -> (usize, &'static str) {
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    groups.iter().for_each(|group| *rows.entry(group.place[number]).or_default() += 1);
    let most = rows.values().copied().max().unwrap_or(0);
    if is_depth(axis) {
        let usual = rows.iter().filter(|(_, n)| 2 * **n >= most).map(|(label, _)| *label);
        let depth = |label: &usize| axis.labels[*label].parse::<f64>().unwrap_or(0.0);
        return (usual.max_by(|a, b| depth(a).total_cmp(&depth(b))).unwrap_or(0), "the deepest");
    }
    match best.map(|place| place[number]).filter(|label| rows.contains_key(label)) {
        Some(label) => (label, "that of the best cell, out"),
        None => (rows.iter().find(|(_, n)| **n == most).map_or(0, |(label, _)| *label), "the one with most cells"),
    }
}
