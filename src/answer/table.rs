//! The table at the end of a sweep: what each remedy does to the gradient, in 80 columns.

use crate::experiment::plan::Plan;
use crate::plan_file::Axis;
use crate::table::{Record, Records, signed};
use std::fmt::Write;

/// One line for each remedy (the axis `variant`, else the first axis with several points besides depth and
/// activation), grouped by activation, at the greatest usual depth and the commonest point of every other axis.
pub fn end_table(plan: &Plan, summary: &Records) -> String {
    let varied: Vec<&Axis> = plan.axes.iter().filter(|a| a.labels.len() > 1).collect();
    let named = |name: &str| varied.iter().copied().find(|a| a.name == name);
    let (group, depth) = (named("activation"), named("depth"));
    let special = |a: &Axis| [group, depth].iter().flatten().any(|s| s.name == a.name);
    let remedy = named("variant").or_else(|| varied.iter().copied().find(|a| !special(a)));
    let mut rows: Vec<&Record> = summary.rows.iter().collect();
    let mut fixed: Vec<(&str, &str)> = Vec::new();
    for axis in varied.iter().filter(|a| [group, remedy].iter().flatten().all(|free| free.name != a.name)) {
        let centre = plan.centre.get(&axis.name);
        let label = match centre.filter(|label| rows.iter().any(|row| row.get(&axis.name) == Some(*label))) {
            Some(label) => label,
            None if axis.name == "depth" => deepest(axis, &rows),
            None => commonest(axis, &rows),
        };
        rows.retain(|row| row.get(&axis.name).is_some_and(|l| l == label));
        fixed.push((&axis.name, label));
    }

    let (metric, title) = outcome(&rows);
    let mut text = String::new();
    let at = fixed.iter().map(|(axis, label)| format!("{axis} {label}")).collect::<Vec<_>>().join(", ");
    if !at.is_empty() {
        let _ = writeln!(text, "at {at} (all cells: summary.csv)");
    }
    let head = remedy.map_or("", |a| a.name.as_str());
    // Functions and nets of one layer have none.
    let fades = rows.iter().any(|row| value(row, "attenuation_init_median").is_some());
    let column = |attenuation: &str| if fades { format!(" {attenuation:>25}") } else { String::new() };
    let _ = writeln!(text, "{head:<24}{} {title:>14} {:>4} {:>8}", column("attenuation at init,"), "N", "diverged");
    let _ = writeln!(text, "{:<24}{} {:>14}", "", column("decades/layer [range]"), "median");
    for label in group.map_or(vec![None], |axis| axis.labels.iter().map(Some).collect()) {
        let in_group = |row: &&&Record| group.zip(label).is_none_or(|(axis, label)| row.get(&axis.name) == Some(label));
        for (i, row) in rows.iter().filter(in_group).enumerate() {
            if let (0, Some(axis), Some(label)) = (i, group, label) {
                let _ = writeln!(text, "{} {label}", axis.name);
            }
            let name = remedy.and_then(|axis| row.get(&axis.name)).map_or("all runs", String::as_str);
            let name: String = name.chars().take(22).collect();
            let attenuation = match (value(row, "attenuation_init_median"), range(row, "attenuation_init")) {
                (Some(median), Some(range)) => format!("{:>6} {range}", signed(median, 3)),
                _ => "-".into(),
            };
            let outcome = value(row, &format!("{metric}_median")).map_or("-".into(), |x| show(metric, x));
            let [n, diverged] = ["n", "diverged"].map(|key| row.get(key).map_or("-", String::as_str));
            let _ = writeln!(text, "  {name:<22}{} {outcome:>14} {n:>4} {diverged:>8}", column(&attenuation));
        }
    }
    text
}

/// Accuracy where the task has classes, else a loss; on the test part where there is one.
fn outcome(rows: &[&Record]) -> (&'static str, &'static str) {
    let metrics = [("test_accuracy", "test accuracy"), ("test_loss", "test loss"), ("train_loss", "train loss")];
    let known = |metric: &str| rows.iter().any(|row| value(row, &format!("{metric}_median")).is_some());
    metrics.into_iter().find(|(metric, _)| known(metric)).unwrap_or(metrics[0])
}

fn show(metric: &str, x: f64) -> String {
    if metric == "test_accuracy" { format!("{:.1} %", 100.0 * x) } else { format!("{x:.3e}") }
}

/// The deepest label, but for those that few rows have: a single deep net beside a grid is not its subject.
fn deepest<'a>(axis: &'a Axis, rows: &[&Record]) -> &'a str {
    let count = |label: &String| rows.iter().filter(|row| row.get(&axis.name) == Some(label)).count();
    let most = axis.labels.iter().map(count).max().unwrap_or(0);
    let depth = |label: &&String| label.parse::<f64>().unwrap_or(f64::NEG_INFINITY);
    let labels = axis.labels.iter().filter(|label| 2 * count(label) >= most);
    labels.max_by(|a, b| depth(a).total_cmp(&depth(b))).map_or("", String::as_str)
}

/// The label that most rows have, the first of equals: axes of single optimizers or variants do not cover all cells.
fn commonest<'a>(axis: &'a Axis, rows: &[&Record]) -> &'a str {
    let count = |label: &&String| rows.iter().filter(|row| row.get(&axis.name) == Some(*label)).count();
    axis.labels.iter().rev().max_by_key(count).map_or("", String::as_str)
}

fn value(row: &Record, column: &str) -> Option<f64> {
    row.get(column)?.parse().ok()
}

fn range(row: &Record, metric: &str) -> Option<String> {
    let (low, high) = (value(row, &format!("{metric}_low"))?, value(row, &format!("{metric}_high"))?);
    Some(format!("[{:>6}, {:>6}]", signed(low, 3), signed(high, 3)))
}
