//! The comparison as tables: one with a row for each arm, with a row for each setting of an arm, with a row for each pair of arms.

use super::arms::Tried;
use super::{comparison::Comparison, sentences::sentence, tasks::Task};
use crate::columns::{self, Column};
use crate::stats::Spread;
use crate::table::{Cell, Table};

/// The table `comparison.csv`: each arm of each task at its best setting.
pub fn arms_table(comparison: &Comparison) -> Table {
    // What no run was measured by has no column.
    let arms = || comparison.tasks.iter().flat_map(|task| &task.arms);
    let has = |column: &&'static Column| arms().any(|arm| arm.measures.contains_key(column.name));
    let measured: Vec<&Column> = columns::compared().filter(has).collect();
    let target = Some(columns::known("steps_to_target")).filter(has);
    let more: Vec<&Column> = more(comparison).filter(has).collect();
    let mut table = Table::new(
        &[
            axes(comparison),
            vec![comparison.arm.clone()],
            names(columns::ARMS),
            measured.iter().flat_map(|column| columns::spread(column.name)).collect(),
            if comparison.target { names(&[columns::REACHED]) } else { Vec::new() },
            target.iter().chain(&more).flat_map(|column| columns::spread(column.name)).collect(),
        ]
        .concat(),
    );
    for (task, arm) in comparison.tasks.iter().flat_map(|task| task.arms.iter().map(move |arm| (task, arm))) {
        let mut row = labels(task);
        row.push(arm.name.as_str().into());
        row.push(joined_setting(arm.told()));
        row.push(joined(arm.edges.iter().map(|edge| edge.axis.clone())));
        let share = |tried: Option<&Tried>| tried.and_then(|tried| tried.share);
        let second = arm.runner_up().filter(|_| !arm.lost);
        row.push(share(arm.at_best()).filter(|_| !arm.lost).into());
        row.push(second.map_or(Cell::Empty, |(tried, _)| joined_setting(&tried.setting)));
        row.push(second.map(|(_, behind)| behind).into());
        row.push(share(second.map(|(tried, _)| tried)).into());
        row.extend([
            arm.tries.len().into(),
            arm.tune_runs.into(),
            arm.tune_steps.map_or(Cell::Empty, |steps| Cell::Int(steps as i64)),
            arm.tune_flop.filter(|_| arm.tune_runs > 0).into(),
            arm.fair_score.into(),
        ]);
        row.extend([arm.n.into(), arm.diverged.into(), arm.missing.into()]);
        row.extend(measured.iter().flat_map(|column| cells(arm.measures.get(column.name))));
        row.extend(comparison.target.then(|| arm.reached.into()));
        row.extend(target.iter().chain(&more).flat_map(|column| cells(arm.measures.get(column.name))));
        table.push(row);
    }
    table
}

/// The metrics that are reported and that no column stands for in every table of arms.
fn more(comparison: &Comparison) -> impl Iterator<Item = &'static Column> {
    let is_there = |column: &&'static Column| columns::reported().all(|known| known.name != column.name);
    comparison.reports().filter_map(columns::metric::metric).filter(is_there)
}

/// The table `comparison_settings.csv`: every setting that each arm of each task could choose.
pub fn settings_table(comparison: &Comparison) -> Table {
    let sign =
        if columns::metric::metric(&comparison.choose).is_some_and(Column::higher_is_better) { -1.0 } else { 1.0 };
    let mut table = Table::new(&[axes(comparison), vec![comparison.arm.clone()], names(columns::TRIED)].concat());
    for (task, arm) in comparison.tasks.iter().flat_map(|task| task.arms.iter().map(move |arm| (task, arm))) {
        for (place, tried) in arm.tries.iter().enumerate() {
            let mut row = labels(task);
            row.extend([arm.name.as_str().into(), joined_setting(&tried.setting), Cell::Bool(arm.best == Some(place))]);
            row.extend([tried.score.map(|score| sign * score).into(), tried.share.into()]);
            table.push(row);
        }
    }
    table
}

/// The table `comparison_ranks.csv`: each arm over several problems.
pub fn joint_table(comparison: &Comparison) -> Table {
    let mut table = Table::new(&[joint_axes(comparison), vec![comparison.arm.clone()], names(columns::RANKS)].concat());
    for (joint, arm) in comparison.joint.iter().flat_map(|joint| joint.arms.iter().map(move |arm| (joint, arm))) {
        let mut row: Vec<Cell> = joint.labels.iter().map(|(_, label)| label.as_str().into()).collect();
        row.extend([arm.name.as_str().into(), comparison.report.as_str().into(), arm.rank.into(), arm.best.into()]);
        row.extend([joint.problems.into(), joint.independent.map_or(Cell::Empty, Cell::from)]);
        row.extend([joint.test.map(|test| test.statistic).into(), joint.test.map(|test| test.p).into()]);
        row.push(arm.groups.as_str().into());
        row.extend([arm.score.map(|s| s.value), arm.score.map(|s| s.low), arm.score.map(|s| s.high)].map(Cell::from));
        table.push(row);
    }
    table
}

/// The verdicts of `comparison_pairs.csv` counted over the problems, pair by pair.
pub fn wins_table(comparison: &Comparison) -> Table {
    let mut table = Table::new(&[joint_axes(comparison), names(columns::WINS)].concat());
    for (joint, wins) in comparison.joint.iter().flat_map(|joint| joint.wins.iter().map(move |wins| (joint, wins))) {
        let mut row: Vec<Cell> = joint.labels.iter().map(|(_, label)| label.as_str().into()).collect();
        row.extend([wins.first.as_str().into(), wins.second.as_str().into(), comparison.report.as_str().into()]);
        row.extend([wins.better, wins.worse, wins.open].map(Cell::from));
        table.push(row);
    }
    table
}

/// The table `comparison_pairs.csv`: the difference of each pair of arms, and what can be said of it.
pub fn pairs_table(comparison: &Comparison) -> Table {
    let mut table = Table::new(&[axes(comparison), names(columns::PAIRS)].concat());
    for (task, pair) in comparison.tasks.iter().flat_map(|task| task.pairs.iter().map(move |pair| (task, pair))) {
        let mut row = labels(task);
        row.extend([pair.first.as_str().into(), pair.second.as_str().into(), pair.metric.as_str().into()]);
        let d = pair.difference;
        row.extend([d.value.into(), d.low.into(), d.high.into(), d.coverage.into(), d.n.into()]);
        row.extend([pair.test.effect.into(), pair.test.p.into(), pair.corrected.into(), pair.smallest.into()]);
        row.push(pair.family.into());
        let tuned = pair.tuned.map(|t| [t.value, t.low, t.high, t.turned].map(Cell::from));
        row.extend(tuned.unwrap_or([const { Cell::Empty }; 4]));
        row.extend([pair.verdict.word().into(), sentence(pair).as_str().into()]);
        table.push(row);
    }
    table
}

/// The axes by which the answers over several problems differ.
fn joint_axes(comparison: &Comparison) -> Vec<String> {
    comparison.joint.first().map_or(Vec::new(), |joint| joint.labels.iter().map(|(axis, _)| axis.clone()).collect())
}

/// The axes by which tasks differ.
fn axes(comparison: &Comparison) -> Vec<String> {
    comparison.tasks.first().map_or(Vec::new(), |task| task.labels.iter().map(|(axis, _)| axis.clone()).collect())
}

fn names(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| column.name.to_string()).collect()
}

fn labels(task: &Task) -> Vec<Cell> {
    task.labels.iter().map(|(_, label)| label.as_str().into()).collect()
}

fn joined_setting(setting: &[(String, String)]) -> Cell {
    joined(setting.iter().map(|(axis, label)| format!("{axis}={label}")))
}

fn joined(parts: impl Iterator<Item = String>) -> Cell {
    Cell::Text(parts.collect::<Vec<_>>().join(" "))
}

fn cells(spread: Option<&Spread>) -> [Cell; 4] {
    spread.map_or([const { Cell::Empty }; 4], |s| [s.median, s.low, s.high, s.coverage].map(Cell::from))
}
