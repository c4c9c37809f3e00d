//! The comparison as tables: a row an arm, and a row a pair of arms.

use super::text::sentence;
use super::{Comparison, Problem};
use crate::columns::{self, Column};
use crate::results::ResultsError;
use crate::stats::Spread;
use crate::sweep::files::write as write_file;
use crate::table::{Cell, CsvWriter};
use std::path::Path;

const ARMS: &str = "comparison.csv";
const PAIRS: &str = "comparison_pairs.csv";

pub fn write(comparison: &Comparison, dir: &Path) -> Result<(), ResultsError> {
    let varied: Vec<String> =
        comparison.problems.first().map_or(Vec::new(), |p| p.labels.iter().map(|(axis, _)| axis.clone()).collect());
    let named = |columns: &[Column]| columns.iter().map(|column| column.name.to_string()).collect::<Vec<_>>();
    let arm_columns = [
        varied.clone(),
        vec![comparison.arm.clone()],
        named(columns::ARMS),
        columns::compared().flat_map(|column| columns::spread(column.name)).collect(),
        named(&[columns::REACHED]),
        columns::spread("steps_to_target").to_vec(),
    ];
    let arms = comparison.problems.iter().flat_map(|problem| problem.arms.iter().map(move |arm| (problem, arm)));
    let arm_rows = arms.map(|(problem, arm)| {
        let mut row = labels(problem);
        row.push(arm.name.as_str().into());
        row.push(joined(arm.chosen.iter().map(|(axis, label)| format!("{axis}={label}"))));
        row.push(joined(arm.edges.iter().map(|edge| edge.axis.clone())));
        row.extend([arm.tries.into(), arm.tune_runs.into(), Cell::Int(arm.tune_steps as i64), arm.fair_score.into()]);
        row.extend([arm.n.into(), arm.diverged.into(), arm.missing.into()]);
        row.extend(columns::compared().flat_map(|column| cells(arm.measures.get(column.name))));
        row.push(comparison.target.then_some(arm.reached).into());
        row.extend(cells(arm.steps_to_target.as_ref()));
        row
    });
    table(&dir.join(ARMS), &arm_columns.concat(), arm_rows)?;

    let pair_columns = [varied, named(columns::PAIRS)];
    let pairs = comparison.problems.iter().flat_map(|problem| problem.pairs.iter().map(move |pair| (problem, pair)));
    let pair_rows = pairs.map(|(problem, pair)| {
        let mut row = labels(problem);
        row.extend([pair.first.as_str().into(), pair.second.as_str().into(), comparison.report.as_str().into()]);
        let d = pair.difference;
        row.extend([d.value.into(), d.low.into(), d.high.into(), d.coverage.into(), d.n.into()]);
        row.extend([pair.test.effect.into(), pair.test.p.into(), pair.corrected.into(), pair.smallest.into()]);
        row.push(sentence(pair, &comparison.report).as_str().into());
        row
    });
    table(&dir.join(PAIRS), &pair_columns.concat(), pair_rows)
}

/// Removes both files, where they are.
pub fn remove(dir: &Path) -> Result<(), ResultsError> {
    for path in [dir.join(ARMS), dir.join(PAIRS)] {
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(ResultsError::new(format!("cannot remove {}: {e}", path.display())));
            }
            _ => {}
        }
    }
    Ok(())
}

fn labels(problem: &Problem) -> Vec<Cell> {
    problem.labels.iter().map(|(_, label)| label.as_str().into()).collect()
}

fn joined(parts: impl Iterator<Item = String>) -> Cell {
    Cell::Text(parts.collect::<Vec<_>>().join(" "))
}

fn cells(spread: Option<&Spread>) -> [Cell; 4] {
    spread.map_or([const { Cell::Empty }; 4], |s| [s.median, s.low, s.high, s.coverage].map(Cell::from))
}

fn table(path: &Path, columns: &[String], rows: impl Iterator<Item = Vec<Cell>>) -> Result<(), ResultsError> {
    let cannot = |e: &dyn std::fmt::Display| ResultsError::new(format!("cannot write {}: {e}", path.display()));
    let mut writer = CsvWriter::new(Vec::new(), columns).map_err(|e| cannot(&e))?;
    for row in rows {
        writer.row(&row).map_err(|e| cannot(&e))?;
    }
    let bytes = writer.finish().map_err(|e| cannot(&e))?;
    write_file(path, &bytes).map_err(|e| ResultsError::new(e.to_string()))
}
