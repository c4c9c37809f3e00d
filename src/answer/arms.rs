//! The sentences about arms: which is best on each task, at which setting, and from which others the seeds can tell it.

use super::words::{self, direction};
use crate::columns::{Column, Quantity};
use crate::compare::{Arm, Comparison, Pair, Task, amount};
use crate::stats::Spread;

/// With more tasks the wins of each arm are counted.
pub const TASKS: usize = 3;

/// Which arm is best on a task, at which setting, and from which of the others the seeds can tell it.
pub fn of_task(comparison: &Comparison, task: &Task, column: &Column, is_first: bool) -> Option<String> {
    let winners = winners(task, column);
    let at =
        |arm: &Arm| if arm.chosen.is_empty() { String::new() } else { format!(" at {}", amount::setting(&arm.chosen)) };
    let place = if task.labels.is_empty() { String::new() } else { format!("With {}, ", task.name()) };
    let tuned = task.arms.iter().any(|arm| arm.tries > 1) && is_first;
    let own_best = if tuned { ", each at its own best setting" } else { "" };
    let all = format!("{}{own_best}", words::several(task.arms.len(), &comparison.arm));
    let is_best = is_best(column);
    let Some((first, spread)) = winners.first().copied() else {
        let measured = task.arms.iter().any(|arm| value(arm, column).is_some());
        return measured.then(|| {
            format!(
                "{place}none of {all} {}.",
                if column.quantity == Quantity::Steps {
                    "reaches the target loss"
                } else {
                    "ends without a run that diverged"
                }
            )
        });
    };
    let (shown, seeds) = (amount::amount(spread.median, column), words::over_seeds(&spread, column, "", 1));
    if let [_, _, ..] = winners[..] {
        let names: Vec<String> = winners.iter().map(|(arm, _)| format!("{}{}", arm.name, at(arm))).collect();
        return Some(format!("{place}{} tie: each {is_best} of {all}, {shown} ({seeds}).", words::all(&names)));
    }
    let verdict = if column.name == comparison.report { verdict(task, first, spread.n) } else { String::new() };
    Some(format!("{place}{} {is_best} of {all}: {shown}{} ({seeds}).{verdict}", first.name, at(first)))
}

/// From which other arms the seeds can tell this one, as a sentence.
fn verdict(task: &Task, arm: &Arm, seeds: usize) -> String {
    let pairs = task.pairs.iter().filter(|pair| pair.first == arm.name || pair.second == arm.name);
    let other = |pair: &Pair| if pair.first == arm.name { pair.second.clone() } else { pair.first.clone() };
    let (apart, alike): (Vec<&Pair>, Vec<&Pair>) = pairs.partition(|pair| pair.is_distinguishable());
    let [apart, alike] = [apart, alike].map(|pairs| pairs.into_iter().map(other).collect::<Vec<String>>());
    match (&apart[..], &alike[..]) {
        ([], []) => String::new(),
        _ if seeds == 1 => " One seed tells no difference from chance.".into(),
        ([], [other]) => format!(" With {seeds} seeds it cannot be told from {other}."),
        ([], _) => format!(" With {seeds} seeds it cannot be told from any of the others."),
        (_, []) => {
            " The difference from every other is more than chance (p below 0.05 after Holm's correction).".into()
        }
        _ => format!(
            " The difference from {} is more than chance (p below 0.05 after Holm's correction); from {} it cannot be told.",
            words::all(&apart),
            either_or_count(&alike)
        ),
    }
}

/// What the best arm has or does.
fn is_best(column: &Column) -> String {
    match column.quantity {
        Quantity::Steps => format!("takes the fewest {}", column.subject()),
        _ => format!("has the {} {}", direction(column), column.subject()),
    }
}

fn either_or_count(names: &[String]) -> String {
    if names.len() > 6 { format!("{} others", names.len()) } else { words::either(names) }
}

/// The median of an arm.
fn value(arm: &Arm, column: &Column) -> Option<Spread> {
    if column.quantity == Quantity::Steps { arm.steps_to_target } else { arm.measures.get(column.name).copied() }
}

/// The arms with the best median on a task.
fn winners<'a>(task: &'a Task, column: &Column) -> Vec<(&'a Arm, Spread)> {
    let sign = column.sign().unwrap_or(1.0);
    let known = task.arms.iter().filter_map(|arm| Some((arm, value(arm, column)?)));
    let known: Vec<(&Arm, Spread)> = known.filter(|(_, s)| s.median != column.worst()).collect();
    let best = known.iter().map(|(_, s)| s.median).max_by(|a, b| (sign * a).total_cmp(&(sign * b)));
    known.into_iter().filter(|(_, s)| Some(s.median) == best).collect()
}

/// On how many tasks each arm is best.
pub fn of_many_tasks(comparison: &Comparison, column: &Column) -> Option<String> {
    let won: Vec<Vec<(&Arm, Spread)>> = comparison.tasks.iter().map(|task| winners(task, column)).collect();
    let arms = &comparison.tasks.first()?.arms;
    let wins = |arm: &&Arm| won.iter().filter(|own| own.iter().any(|(winner, _)| winner.name == arm.name)).count();
    let mut counted: Vec<(&Arm, usize)> = arms.iter().map(|arm| (arm, wins(&arm))).collect();
    counted.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let never: Vec<String> = counted.iter().filter(|(_, n)| *n == 0).map(|(arm, _)| arm.name.clone()).collect();
    let some: Vec<String> =
        counted.iter().filter(|(_, n)| *n > 0).map(|(arm, n)| format!("{} in {n}", arm.name)).collect();
    let never = if never.is_empty() { String::new() } else { format!("; {} in none", words::all(&never)) };
    let ties = won.iter().filter(|own| own.len() > 1).count();
    let ties = if ties > 0 { format!(" ({ties} shared)") } else { String::new() };
    let lost = won.iter().filter(|own| own.is_empty()).count();
    let lost = if lost > 0 { format!("; {lost} are won by none") } else { String::new() };
    let each = comparison.tasks[0].labels.iter().map(|(axis, _)| axis.clone()).collect::<Vec<_>>();
    let (tasks, is_best) = (comparison.tasks.len(), is_best(column));
    Some(format!(
        "Of {tasks} comparisons, one for each {}, the {} that {is_best} is {}{never}{ties}{lost}.",
        words::all(&each),
        words::thing(&comparison.arm),
        words::all(&some)
    ))
}
