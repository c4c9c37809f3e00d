//! The tables of a comparison as rows of text, for a terminal and for a paper: the arms of a task, and its pairs.

use super::amount::{setting, significant, subject, with_interval};
use super::over::{Joint, JointArm, Wins};
use super::pairs::{Pair, Verdict};
use super::{arms::Arm, comparison::Comparison, sentences::size, tasks::Task};
use crate::columns::{self, Column, Measured, Quantity};
use crate::stats::Spread;
use crate::table::percent_range;

/// With more arms only the pairs with the best of them, or with the baseline, are listed.
const MANY: usize = 4;

/// Rows of text under a heading.
pub struct Rows {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// How many of the first columns are words.
    pub words: usize,
}

impl Rows {
    /// The heading and the rows.
    pub fn all(&self) -> Vec<Vec<String>> {
        std::iter::once(&self.head).chain(&self.rows).cloned().collect()
    }
}

/// The arms of a task: the setting of each, how often it is chosen again, medians with their intervals, and runs.
pub fn arms(comparison: &Comparison, task: &Task) -> Rows {
    let measures = measures(comparison, task);
    let mut head = vec![comparison.arm.clone()];
    let (chooses, draws) = (is_chosen(task), is_drawn(task));
    // Runs that each arm has as many of, and what no run did, are told below.
    let of_each = runs_of_each(task).is_some();
    let some_diverged = task.arms.iter().any(|arm| arm.diverged > 0);
    head.extend(chooses.then(|| "setting".into()));
    head.extend(draws.then(|| "again".into()));
    head.extend(measures.iter().map(|column| column.subject()));
    head.extend((!of_each).then(|| "runs".into()));
    head.extend(some_diverged.then(|| "diverged".into()));
    let row = |arm: &Arm| {
        let mut row = vec![arm.name.clone()];
        row.extend(chooses.then(|| setting(arm.told())));
        let share = arm.at_best().and_then(|tried| tried.share).filter(|_| arm.tries.len() > 1 && !arm.lost);
        row.extend(draws.then(|| share.map_or(String::new(), |share| format!("{:.0} %", 100.0 * share))));
        row.extend(measures.iter().map(|column| match arm.measures.get(column.name) {
            None => "-".into(),
            Some(s) if column.missing_is_worst() => to_target(arm, s, column),
            Some(s) => with_interval(s, column),
        }));
        row.extend((!of_each).then(|| arm.n.to_string()));
        row.extend(some_diverged.then(|| arm.diverged.to_string()));
        row
    };
    Rows { head, rows: task.arms.iter().map(row).collect(), words: 1 + usize::from(chooses) }
}

/// Whether some arm had several settings to choose from.
fn is_chosen(task: &Task) -> bool {
    task.arms.iter().any(|arm| !arm.chosen.is_empty())
}

/// The number of reported runs, where every arm has as many.
pub fn runs_of_each(task: &Task) -> Option<usize> {
    let first = task.arms.first()?.n;
    task.arms.iter().all(|arm| arm.n == first).then_some(first)
}

/// Whether it is known how often each setting would be chosen again.
pub fn is_drawn(task: &Task) -> bool {
    task.arms.iter().filter(|arm| !arm.lost).flat_map(|arm| &arm.tries).any(|tried| tried.share.is_some())
}

/// What is reported, then an accuracy and the steps to a target, all of them where they were measured.
pub fn measures(comparison: &Comparison, task: &Task) -> Vec<&'static Column> {
    let has = |column: &&'static Column| task.arms.iter().any(|arm| arm.measures.contains_key(column.name));
    let accuracy = columns::by_part(Quantity::Accuracy, Measured::End).find(has);
    let steps = columns::reported().filter(|column| column.missing_is_worst()).find(has);
    let mut found: Vec<&'static Column> = Vec::new();
    for column in comparison
        .reports()
        .filter_map(columns::metric::metric)
        .filter(has)
        .chain([accuracy, steps].into_iter().flatten())
    {
        if !found.contains(&column) {
            found.push(column);
        }
    }
    found
}

/// Where half of the runs or more missed the target there is no median to report.
fn to_target(arm: &Arm, s: &Spread, column: &Column) -> String {
    let (missed, all) = (arm.n - arm.reached, arm.n);
    match (s.median.is_infinite(), missed) {
        (true, _) => format!("missed by {missed} of {all}"),
        (false, 0) => with_interval(s, column),
        (false, _) => format!("{} (missed by {missed} of {all})", with_interval(s, column)),
    }
}

/// The pairs of a task by one metric: all of few arms, else those with the best arm, or those with the baseline. No rows where no
/// two arms have two seeds in common.
pub fn pairs(comparison: &Comparison, task: &Task, metric: &str) -> Rows {
    let all = task.pairs.iter().filter(|pair| pair.metric == metric && pair.difference.n > 1);
    let column = columns::metric::metric(metric);
    let from = match &comparison.baseline {
        Some(base) => Some(base.as_str()),
        None if task.arms.len() > MANY => column.and_then(|column| best(task, column)),
        None => None,
    };
    let listed: Vec<&Pair> = all.filter(|pair| from.is_none_or(|from| pair.other(from).is_some())).collect();
    if listed.is_empty() {
        return Rows { head: Vec::new(), rows: Vec::new(), words: 0 };
    }
    let span = |low: f64, high: f64| format!("[{}, {}]", size(low, column), size(high, column));
    let coverage = format!("{} interval", percent_range(listed.iter().map(|pair| pair.difference.coverage)));
    let again = listed.iter().any(|pair| pair.tuned.is_some());
    let tied = |pair: &Pair| pair.difference.n - pair.test.n;
    let has_ties = listed.iter().any(|pair| tied(pair) > 0);
    let mut head =
        vec![format!("{} of", subject(metric)), "minus that of".into(), "difference".into(), coverage, "p".into()];
    head.extend(has_ties.then(|| "tied seeds".into()));
    head.extend(again.then(|| "chosen anew".into()));
    head.push("verdict".into());
    let row = |pair: &&Pair| {
        let turned = from.is_some_and(|from| pair.second == from);
        let (a, b) = if turned { (&pair.second, &pair.first) } else { (&pair.first, &pair.second) };
        let d = pair.seen_from(a);
        let mut row =
            vec![a.clone(), b.clone(), size(d.value, column), span(d.low, d.high), significant(pair.corrected)];
        row.extend(has_ties.then(|| tied(pair).to_string()));
        row.extend(again.then(|| match pair.tuned {
            None => String::new(),
            Some(tuned) if turned => span(-tuned.high, -tuned.low),
            Some(tuned) => span(tuned.low, tuned.high),
        }));
        row.push(match pair.verdict {
            Verdict::Distinguished if pair.is_below(a) => "lower".into(),
            Verdict::Distinguished => "higher".into(),
            other => other.word().into(),
        });
        row
    };
    Rows { head, rows: listed.iter().map(row).collect(), words: 2 }
}

/// The first arm with the best median.
pub fn best<'a>(task: &'a Task, column: &Column) -> Option<&'a str> {
    let sign = column.sign().unwrap_or(-1.0);
    let known = task.arms.iter().rev().filter_map(|arm| Some((arm, sign * arm.measures.get(column.name)?.median)));
    known.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(arm, _)| arm.name.as_str())
}

/// The arms over several problems, from the best average rank on.
pub fn ranks(comparison: &Comparison, joint: &Joint) -> Rows {
    let is_scored = is_scored(joint);
    let mut head = [&comparison.arm, "average rank", "best on"].map(String::from).to_vec();
    head.extend(joint.test.map(|_| "not distinguished".into()));
    head.extend(is_scored.then(|| "score".into()));
    let row = |arm: &JointArm| {
        let mut row = vec![arm.name.clone(), format!("{:.2}", arm.rank), arm.best.to_string()];
        row.extend(joint.test.map(|_| arm.groups.clone()));
        let shown = |x: f64| if x.is_finite() { format!("{x:.3}") } else { "diverged".into() };
        let score = arm.score.map(|s| format!("{} [{}, {}]", shown(s.value), shown(s.low), shown(s.high)));
        row.extend(is_scored.then(|| score.unwrap_or_default()));
        row
    };
    Rows { head, rows: joint.arms.iter().map(row).collect(), words: 1 }
}

/// Whether some arm has a score that means the same on every problem.
pub fn is_scored(joint: &Joint) -> bool {
    joint.arms.iter().any(|arm| arm.score.is_some())
}

/// On how many problems each arm is better and worse than another: all pairs of few arms, else those with the one that ranks best.
pub fn wins(comparison: &Comparison, joint: &Joint) -> Rows {
    let head = [&comparison.arm, "against", "better on", "worse on", "not distinguished on"].map(String::from).to_vec();
    let first = joint.arms.first().filter(|_| joint.arms.len() > MANY && comparison.baseline.is_none());
    let listed = joint.wins.iter().filter(|wins| first.is_none_or(|first| wins.first == first.name));
    let row = |wins: &Wins| {
        let counts = [wins.better, wins.worse, wins.open].map(|n| n.to_string());
        [wins.first.clone(), wins.second.clone()].into_iter().chain(counts).collect()
    };
    Rows { head, rows: listed.map(row).collect(), words: 2 }
}
