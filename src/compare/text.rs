//! The comparison as text: a table for each task, warnings, and a sentence about each pair of arms.

use super::amount::{amount, interval_note, seeds, setting, significant, subject, with_interval};
use super::{arms::Arm, comparison::Comparison, pairs::Pair, tasks::Task};
use crate::columns::{self, Column, Measured, Part, Quantity, Scale};
use crate::stats::Spread;
use crate::table::{aligned, count};
use std::fmt::Write;

/// The comparison for a person.
pub fn text(comparison: &Comparison) -> String {
    let Comparison { arm, choose, report, tune_seeds, report_seeds, tasks, .. } = comparison;
    let mut text = String::new();
    let chooses = tasks.iter().flat_map(|p| &p.arms).any(|arm| arm.tries > 1);
    let (own, choose) = (seeds(report_seeds), subject(choose));
    let _ = match (chooses, tune_seeds.is_empty()) {
        (true, false) => {
            writeln!(text, "{arm}: settings chosen by the {choose} on {}, results of {own}", seeds(tune_seeds))
        }
        (true, true) => writeln!(
            text,
            "{arm}: settings chosen by the {choose} on {own} and results of the same, which flatters all of them; \
             write more `seeds`"
        ),
        (false, _) => writeln!(text, "{arm}: one setting each, results of {own}"),
    };
    if !comparison.steps_known.is_empty() {
        let _ = writeln!(text, "{}", comparison.steps_known);
    }
    for task in tasks {
        let _ = writeln!(text, "\n{}", task.name());
        table(&mut text, comparison, task);
        if task.arms.iter().all(Arm::all_diverged) {
            text += "  every run diverged: nothing can be compared; try lower learning rates\n";
            continue;
        }
        warnings(&mut text, comparison, task);
        let listed: Vec<&Pair> =
            task.pairs.iter().filter(|p| task.pairs.len() <= MANY || p.is_distinguishable()).collect();
        for pair in &listed {
            let _ = writeln!(text, "  {}", sentence(pair, report));
        }
        if listed.len() < task.pairs.len() {
            let _ = writeln!(text, "  {}", rest(&task.pairs, listed.len()));
        }
    }
    text
}

/// With more pairs only those that can be distinguished are listed, and the others are counted.
const MANY: usize = 6;

/// The pairs that are not listed one by one.
fn rest(pairs: &[Pair], listed: usize) -> String {
    let others = pairs.iter().filter(|pair| !pair.is_distinguishable());
    let fewest = others.map(|pair| pair.difference.n).min().unwrap_or(0);
    let smallest = pairs.iter().map(|pair| pair.smallest).fold(1.0, f64::min);
    let which = if listed == 0 { "none".into() } else { format!("{listed}") };
    let could = if smallest > 0.05 {
        format!(": corrected for {} pairs, no p can be below {}", pairs.len(), significant(smallest))
    } else {
        String::new()
    };
    format!(
        "{which} of the {} pairs can be told apart with {fewest} seeds{could}; comparison_pairs.csv has a sentence for each",
        pairs.len()
    )
}

fn table(text: &mut String, comparison: &Comparison, task: &Task) {
    let report = columns::outcome(&comparison.report);
    let has = |column: &&'static Column| {
        Some(*column) != report && task.arms.iter().any(|arm| arm.measures.contains_key(column.name))
    };
    // What a setting may be chosen by, so not the test part's.
    let best =
        columns::by_part(Quantity::Loss, Measured::Best).filter(|column| column.part != Some(Part::Test)).find(has);
    let accuracy = columns::by_part(Quantity::Accuracy, Measured::End).find(has);
    let measures: Vec<&'static Column> = [report, best, accuracy].into_iter().flatten().collect();
    let mut head = vec![comparison.arm.clone(), "setting".into(), "tries".into()];
    let interval = |place: usize| if place == 0 { " [interval]" } else { "" };
    head.extend(measures.iter().enumerate().map(|(place, column)| column.subject() + interval(place)));
    if comparison.target {
        head.push("steps to target".into());
    }
    head.extend(["runs".into(), "diverged".into()]);
    let row = |arm: &Arm| {
        let mut row = vec![arm.name.clone(), setting(&arm.chosen), arm.tries.to_string()];
        row.extend(measures.iter().enumerate().map(|(place, column)| match arm.measures.get(column.name) {
            None => "-".into(),
            Some(s) if place == 0 => with_interval(s, column),
            Some(s) => amount(s.median, column),
        }));
        if comparison.target {
            row.push(steps_to_target(arm));
        }
        row.extend([arm.n.to_string(), arm.diverged.to_string()]);
        row
    };
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(task.arms.iter().map(row)).collect();
    // Words to the left, numbers to the right.
    aligned(&rows, |column| column < 2).lines().for_each(|line| {
        let _ = writeln!(text, "  {line}");
    });
    let shown: Vec<Spread> = task.arms.iter().filter_map(|arm| arm.measures.get(report?.name).copied()).collect();
    let note = interval_note(&shown);
    if !note.is_empty() {
        let _ = writeln!(text, "  {note}");
    }
}

/// Where half of the runs or more missed the target there is no median to report.
fn steps_to_target(arm: &Arm) -> String {
    match arm.steps_to_target {
        Some(s) if s.median.is_finite() => format!("{:.0} ({} of {})", s.median, arm.reached, arm.n),
        Some(_) => format!("missed ({} of {})", arm.reached, arm.n),
        None => "-".into(),
    }
}

fn warnings(text: &mut String, comparison: &Comparison, task: &Task) {
    for arm in &task.arms {
        for edge in arm.edges.iter().filter(|_| !arm.all_diverged()) {
            let (end, side) = if edge.largest { ("largest", "above") } else { ("smallest", "below") };
            let _ = writeln!(
                text,
                "  warning: the best {} of {}, {}, is the {end} that was tried; add values {side} it",
                edge.axis, arm.name, edge.label
            );
        }
        if arm.n == 0 {
            let _ = writeln!(text, "  warning: {} has no setting whose runs are all there", arm.name);
        } else if arm.missing > 0 {
            let _ = writeln!(text, "  warning: {} runs of {} are missing or failed", arm.missing, arm.name);
        }
    }
    let tuned: Vec<&Arm> = task.arms.iter().filter(|arm| arm.tries > 1).collect();
    if !tuned.is_empty() {
        let budget = tuned.iter().map(|arm| format!("{} {} runs, {} steps", arm.name, arm.tune_runs, arm.tune_steps));
        let _ = writeln!(text, "  tuning: {}", budget.collect::<Vec<_>>().join("; "));
    }
    let fewest = task.arms.iter().map(|arm| arm.tries).min().unwrap_or(0);
    if task.arms.iter().any(|arm| arm.tries > fewest) {
        let metric = subject(&comparison.choose);
        let shown = |x| columns::outcome(&comparison.choose).map_or(significant(x), |column| amount(x, column));
        let fair = task.arms.iter().filter_map(|arm| Some(format!("{} {}", arm.name, shown(arm.fair_score?))));
        let tries = if fewest == 1 { "1 try".into() } else { format!("{fewest} tries") };
        let _ = writeln!(
            text,
            "  warning: the arms had unequal numbers of tries; {metric} at the best of {tries} each (median over all choices): {}",
            fair.collect::<Vec<_>>().join(", ")
        );
    }
}

/// What a statistician would sign.
pub fn sentence(pair: &Pair, metric: &str) -> String {
    let Pair { first, second, difference: d, corrected, smallest, test, .. } = pair;
    let seeds = count(d.n, "seed");
    if d.n == 1 {
        return format!("{first} and {second}: one seed tells no difference from chance");
    }
    let (column, subject) = (columns::outcome(metric), subject(metric));
    let size = |x: f64| match x {
        f64::INFINITY => "inf".to_string(),
        f64::NEG_INFINITY => "-inf".to_string(),
        _ if column.is_some_and(|column| column.scale == Scale::Share) => format!("{:+.1} points", 100.0 * x),
        _ => format!("{}{}", if x >= 0.0 { "+" } else { "" }, significant(x)),
    };
    let between = format!("{} [{}, {}] at {:.1} %", size(d.value), size(d.low), size(d.high), 100.0 * d.coverage);
    if pair.is_distinguishable() {
        let less = if d.value < 0.0 { "lower" } else { "higher" };
        return format!(
            "{first} has a {less} {subject} than {second}: {between}, rank-biserial correlation {:+.2}, \
             p = {} after Holm's correction, {seeds}",
            test.effect,
            significant(*corrected)
        );
    }
    let could = if *smallest > 0.05 {
        format!("; no p from so few can be below {}", significant(*smallest))
    } else {
        String::new()
    };
    format!(
        "{first} and {second} cannot be told apart with {seeds}: the {subject} differs by {between}, p = {}{could}",
        significant(*corrected)
    )
}
