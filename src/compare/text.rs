//! The comparison as text: a table for each task, warnings, and a sentence about each pair of arms.

use super::{arms::Arm, comparison::Comparison, pairs::Pair, tasks::Task};
use crate::columns::{self, Scale};
use crate::experiment::settings;
use crate::stats::Spread;
use crate::table::{aligned, count, rounded};
use std::fmt::Write;

/// The comparison for a person.
pub fn text(comparison: &Comparison) -> String {
    let Comparison { arm, choose, report, tune_seeds, report_seeds, tasks, .. } = comparison;
    let mut text = String::new();
    let chooses = tasks.iter().flat_map(|p| &p.arms).any(|arm| arm.tries > 1);
    let seeds = seeds(report_seeds);
    let _ = match (chooses, tune_seeds.is_empty()) {
        (true, false) => {
            writeln!(text, "{arm}: settings chosen by {choose} on {}, reported on {seeds}", self::seeds(tune_seeds))
        }
        (true, true) => writeln!(
            text,
            "{arm}: settings chosen by {choose} on {seeds} and reported on the same, which flatters all of them; \
             write more `seeds`"
        ),
        (false, _) => writeln!(text, "{arm}: one setting each, reported on {seeds}"),
    };
    for task in tasks {
        let _ = writeln!(text, "\n{}", task.name());
        table(&mut text, comparison, task);
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
        format!(": after the correction for {} pairs no p can be below {}", pairs.len(), significant(smallest))
    } else {
        String::new()
    };
    format!(
        "{which} of the {} pairs can be distinguished with {fewest} seeds{could}; comparison_pairs.csv has the sentence for each",
        pairs.len()
    )
}

/// `seed 1` or `seeds 1-3`.
fn seeds(seeds: &[u64]) -> String {
    match seeds {
        [one] => format!("seed {one}"),
        [first, .., last] => format!("seeds {first}-{last}"),
        [] => "no seed".into(),
    }
}

fn table(text: &mut String, comparison: &Comparison, task: &Task) {
    let report = comparison.report.as_str();
    let best = ["best_val_loss", "best_train_loss"].into_iter().find(|m| has(task, m) && *m != report);
    let accuracy = ["test_accuracy", "val_accuracy", "train_accuracy"].into_iter().find(|m| has(task, m));
    let accuracy = accuracy.filter(|metric| *metric != report);
    let mut head = vec![comparison.arm.clone(), "setting".into(), "tries".into(), format!("{report} [range]")];
    head.extend(best.map(String::from));
    head.extend(accuracy.map(String::from));
    if comparison.target {
        head.push("steps to target".into());
    }
    head.extend(["N".into(), "diverged".into()]);
    let row = |arm: &Arm| {
        let setting = arm.chosen.iter().map(|(axis, label)| {
            let short = settings::option_name(axis);
            let rounded = label.parse().ok().filter(|_| label.len() > 7).map(significant);
            format!("{short} {}", rounded.as_deref().unwrap_or(label))
        });
        let mut row = vec![arm.name.clone(), setting.collect::<Vec<_>>().join(", "), arm.tries.to_string()];
        row.push(arm.measures.get(report).map_or("-".into(), |s| interval(s, report)));
        for metric in [best, accuracy].into_iter().flatten() {
            row.push(arm.measures.get(metric).map_or("-".into(), |s| number(s.median, metric)));
        }
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
}

fn has(task: &Task, metric: &str) -> bool {
    task.arms.iter().any(|arm| arm.measures.contains_key(metric))
}

fn interval(s: &Spread, metric: &str) -> String {
    match s.n {
        1 => number(s.median, metric),
        _ => format!("{} [{}, {}]", number(s.median, metric), number(s.low, metric), number(s.high, metric)),
    }
}

fn number(x: f64, metric: &str) -> String {
    match x {
        _ if x == f64::INFINITY => "diverged".into(),
        _ if columns::outcome(metric).is_some_and(|column| column.scale == Scale::Share) => {
            format!("{:.1} %", 100.0 * x)
        }
        _ => significant(x),
    }
}

/// Three significant digits.
fn significant(x: f64) -> String {
    if x.abs() == 1.0 { format!("{x}") } else { rounded(x, 3) }
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
        for edge in &arm.edges {
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
        let metric = comparison.choose.as_str();
        let fair = task.arms.iter().filter_map(|arm| Some(format!("{} {}", arm.name, number(arm.fair_score?, metric))));
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
    let size = |x: f64| match x {
        f64::INFINITY => "inf".to_string(),
        f64::NEG_INFINITY => "-inf".to_string(),
        _ if columns::outcome(metric).is_some_and(|column| column.scale == Scale::Share) => {
            format!("{:+.1} points", 100.0 * x)
        }
        _ => format!("{}{}", if x >= 0.0 { "+" } else { "" }, significant(x)),
    };
    let between = format!("{} [{}, {}] at {:.1} %", size(d.value), size(d.low), size(d.high), 100.0 * d.coverage);
    if pair.is_distinguishable() {
        let less = if d.value < 0.0 { "less" } else { "more" };
        return format!(
            "{first} has {less} {metric} than {second}: {between}, effect {:+.2}, p = {} after Holm's correction, {seeds}",
            test.effect,
            significant(*corrected)
        );
    }
    let could = if *smallest > 0.05 {
        format!(", and no p from so few can be below {}", significant(*smallest))
    } else {
        String::new()
    };
    format!(
        "{first} and {second} are not distinguishable with {seeds}: {metric} differs by {between}, p = {}{could}",
        significant(*corrected)
    )
}
