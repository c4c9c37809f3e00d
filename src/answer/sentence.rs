//! The answer to an experiment in a sentence: where the gradient fades most and least, which arm or cell ends best, with N.

use crate::columns::{self, Column, On};
use crate::results::Results;
use crate::table::{Record, Records, significant};

/// More tasks than this are for the table.
const TASKS: usize = 3;

fn number(row: &Record, column: &str) -> Option<f64> {
    row.get(column)?.parse().ok().filter(|x: &f64| x.is_finite())
}

/// The sentence, from the summary of the cells and the tables of the comparison; empty where no run left a number.
pub fn answer(results: &Results, summary: &Records, arms: &Records, pairs: &Records) -> String {
    let cells = deepest(results, summary);
    let end = compared(results, arms, pairs).or_else(|| best(results, &cells));
    let sentences = [fading(results, &cells), end];
    sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The cells of the largest depth that left anything, since layers of nets of one depth compare.
fn deepest<'a>(results: &Results, table: &'a Records) -> Vec<&'a Record> {
    let depths = results.plan.axes.iter().find(|axis| axis.name == "depth");
    let of_depth = |label: &String| -> Vec<&Record> {
        let own = |row: &&Record| row.get("depth") == Some(label) && number(row, "attenuation_init_median").is_some();
        table.rows.iter().filter(own).collect()
    };
    let largest = depths.and_then(|axis| {
        let mut labels: Vec<&String> = axis.labels.iter().collect();
        let depth = |label: &String| label.parse().unwrap_or(0.0f64);
        labels.sort_by(|a, b| depth(b).total_cmp(&depth(a)));
        labels.into_iter().map(of_depth).find(|rows| !rows.is_empty())
    });
    largest.unwrap_or_else(|| table.rows.iter().collect())
}

fn extreme<'a>(cells: &[&'a Record], column: &str, sign: f64) -> Option<(&'a Record, f64)> {
    let known = cells.iter().filter_map(|row| Some((*row, number(row, column)?)));
    // Of equal ones the first in the plan.
    known.fold(None, |best, new| match best {
        Some((_, old)) if sign * new.1 <= sign * old => best,
        _ => Some(new),
    })
}

/// A cell by its labels: `depth 32, activation sigmoid`. At the start the optimizer does not count.
fn name(results: &Results, row: &Record, at_start: bool) -> String {
    let several = results.plan.axes.iter().filter(|axis| axis.labels.len() > 1);
    let several = several.filter(|axis| !at_start || results.touches_start(&axis.name, On::Probe));
    let labels = several.filter_map(|axis| Some(format!("{} {}", axis.name, row.get(&axis.name)?)));
    labels.collect::<Vec<_>>().join(", ")
}

fn seeds(row: &Record) -> String {
    match row.get("n").map(String::as_str) {
        Some("1") => "one seed".into(),
        n => format!("median of {} seeds", n.unwrap_or("?")),
    }
}

fn fading(results: &Results, cells: &[&Record]) -> Option<String> {
    const COLUMN: &str = "attenuation_init_median";
    let (most, decades) = extreme(cells, COLUMN, 1.0)?;
    let (least, rest) = extreme(cells, COLUMN, -1.0)?;
    let words = |decades: f64| match decades {
        d if d.abs() < 0.0005 => "the gradient arrives whole (0.00 decades a layer)".to_string(),
        d if d < 0.0 => format!("the gradient grows by {} decades a layer", significant(-d, 2)),
        d => format!(
            "the gradient loses {} decades a layer, a factor of {},",
            significant(d, 2),
            significant(10f64.powf(d), 2)
        ),
    };
    let range = match (number(most, "attenuation_init_low"), number(most, "attenuation_init_high")) {
        (Some(low), Some(high)) if low < high => format!(", {} to {}", significant(low, 2), significant(high, 2)),
        _ => String::new(),
    };
    let whose = |row: &Record| {
        Some(name(results, row, true))
            .filter(|n| !n.is_empty())
            .map_or("At the start".into(), |n| format!("At the start, with {n}"))
    };
    let first = format!("{}, {} on its way to the first layer ({}{range})", whose(most), words(decades), seeds(most));
    if most == least {
        return Some(format!("{first}."));
    }
    let second = whose(least).replacen("At the start, with", "with", 1);
    Some(format!("{first}; {second}, {}.", words(rest)))
}

/// Which arm does best at the setting that was chosen for it, and how many pairs the seeds can tell apart; nothing where
/// nothing was chosen, or on more tasks than one reads.
fn compared(results: &Results, arms: &Records, pairs: &Records) -> Option<String> {
    let compare = results.plan.compare.as_ref()?;
    let metric = pairs.rows.first()?.get("metric")?;
    if arms.rows.iter().any(|row| row.get("setting").is_none_or(String::is_empty)) {
        return None;
    }
    let axes: Vec<&String> = arms.columns.iter().take_while(|column| **column != compare.arm).collect();
    let task = |row: &Record| -> Vec<String> { axes.iter().filter_map(|axis| row.get(*axis).cloned()).collect() };
    let mut tasks: Vec<Vec<String>> = arms.rows.iter().map(task).collect();
    tasks.dedup();
    if tasks.len() > TASKS {
        return None;
    }
    let sign = if columns::outcome(metric).is_some_and(Column::higher_is_better) { 1.0 } else { -1.0 };
    let sentence = |own: &Vec<String>| {
        let rows: Vec<&Record> = arms.rows.iter().filter(|row| task(row) == *own).collect();
        let (row, value) = extreme(&rows, &format!("{metric}_median"), sign)?;
        let place = axes.iter().zip(own).map(|(axis, label)| format!("{axis} {label}")).collect::<Vec<_>>().join(", ");
        let place = if place.is_empty() { String::new() } else { format!("With {place}, ") };
        let tested: Vec<&Record> = pairs.rows.iter().filter(|row| task(row) == *own).collect();
        let apart = tested.iter().filter(|row| number(row, "p_corrected").is_some_and(|p| p <= 0.05)).count();
        Some(format!(
            "{place}{} does best of {} at its own best setting: {metric} {} ({}); {apart} of {} pairs can be told apart.",
            row.get(&compare.arm)?,
            rows.len(),
            significant(value, 3),
            seeds(row),
            tested.len()
        ))
    };
    let sentences: Vec<String> = tasks.iter().filter_map(sentence).collect();
    Some(sentences.join(" ")).filter(|text| !text.is_empty())
}

fn best(results: &Results, cells: &[&Record]) -> Option<String> {
    let accuracy =
        extreme(cells, "test_accuracy_median", 1.0).map(|(row, x)| (row, format!("{:.1} % test accuracy", 100.0 * x)));
    let loss =
        || extreme(cells, "train_loss_median", -1.0).map(|(row, x)| (row, format!("a loss of {}", significant(x, 3))));
    let (row, value) = accuracy.or_else(loss)?;
    let whose = name(results, row, false);
    if whose.is_empty() {
        Some(format!("It ends at {value} ({}).", seeds(row)))
    } else {
        Some(format!("Best at the end: {whose}, {value} ({}).", seeds(row)))
    }
}
