//! The comparison as tables: one with a row for each arm, one with a row for each pair of arms.

use super::{comparison::Comparison, tasks::Task, text::sentence};
use crate::columns::{self, Column};
use crate::stats::Spread;
use crate::table::{Cell, Table};

/// The table `comparison.csv`: each arm of each task at its best setting.
pub fn arms_table(comparison: &Comparison) -> Table {
    let mut table = Table::new(
        &[
            axes(comparison),
            vec![comparison.arm.clone()],
            names(columns::ARMS),
            columns::compared().flat_map(|column| columns::spread(column.name)).collect(),
            names(&[columns::REACHED]),
            columns::spread("steps_to_target").to_vec(),
        ]
        .concat(),
    );
    for (task, arm) in comparison.tasks.iter().flat_map(|task| task.arms.iter().map(move |arm| (task, arm))) {
        let mut row = labels(task);
        row.push(arm.name.as_str().into());
        row.push(joined(arm.chosen.iter().map(|(axis, label)| format!("{axis}={label}"))));
        row.push(joined(arm.edges.iter().map(|edge| edge.axis.clone())));
        row.extend([arm.tries.into(), arm.tune_runs.into(), Cell::Int(arm.tune_steps as i64), arm.fair_score.into()]);
        row.extend([arm.n.into(), arm.diverged.into(), arm.missing.into()]);
        row.extend(columns::compared().flat_map(|column| cells(arm.measures.get(column.name))));
        row.push(comparison.target.then_some(arm.reached).into());
        row.extend(cells(arm.steps_to_target.as_ref()));
        table.push(row);
    }
    table
}

/// The table `comparison_pairs.csv`: the difference of each pair of arms, and what can be said of it.
pub fn pairs_table(comparison: &Comparison) -> Table {
    let mut table = Table::new(&[axes(comparison), names(columns::PAIRS)].concat());
    for (task, pair) in comparison.tasks.iter().flat_map(|task| task.pairs.iter().map(move |pair| (task, pair))) {
        let mut row = labels(task);
        row.extend([pair.first.as_str().into(), pair.second.as_str().into(), comparison.report.as_str().into()]);
        let d = pair.difference;
        row.extend([d.value.into(), d.low.into(), d.high.into(), d.coverage.into(), d.n.into()]);
        row.extend([pair.test.effect.into(), pair.test.p.into(), pair.corrected.into(), pair.smallest.into()]);
        row.push(sentence(pair, &comparison.report).as_str().into());
        table.push(row);
    }
    table
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

fn joined(parts: impl Iterator<Item = String>) -> Cell {
    Cell::Text(parts.collect::<Vec<_>>().join(" "))
}

fn cells(spread: Option<&Spread>) -> [Cell; 4] {
    spread.map_or([const { Cell::Empty }; 4], |s| [s.median, s.low, s.high, s.coverage].map(Cell::from))
}
