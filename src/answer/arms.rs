//! The sentences about arms: which is best on each task, at which setting, and from which others the seeds can tell it.

use super::words::{self, direction};
use crate::columns::{self, Column, Quantity};
use crate::compare::{Arm, Comparison, Pair, Task, Verdict, amount, size, why_open};
use crate::stats::{
    Spread,
    signed_rank::{LEVEL, seeds_needed},
};
use crate::table::count;

/// With more tasks the wins of each arm are counted.
pub const TASKS: usize = 3;

/// The verdict on each task of a comparison, by what it reports first.
pub fn verdicts(comparison: &Comparison) -> Vec<String> {
    let of = |(place, task)| {
        let column = columns::metric::metric(&comparison.report)?;
        of_task(comparison, task, column, place == 0)
    };
    let tasks = comparison.tasks.iter().enumerate();
    tasks
        .map(|task| {
            of(task).unwrap_or_else(|| {
                let are_all_there = task.1.arms.iter().all(|arm| arm.missing == 0);
                match columns::metric::metric(&comparison.report).filter(|_| are_all_there) {
                    Some(column) => format!(
                        "There is nothing to compare: the runs have ended, but none of them has a {}.",
                        column.subject()
                    ),
                    None => "There is nothing to compare yet: the runs by which settings are chosen or judged have not ended."
                        .into(),
                }
            })
        })
        .collect()
}

/// Which arm is best on a task, at which setting, and from which of the others the seeds can tell it.
pub fn of_task(comparison: &Comparison, task: &Task, column: &Column, is_first: bool) -> Option<String> {
    let winners = winners(task, column);
    let at =
        |arm: &Arm| if arm.chosen.is_empty() { String::new() } else { format!(" at {}", amount::setting(&arm.chosen)) };
    let place = if task.labels.is_empty() { String::new() } else { format!("With {}, ", task.name()) };
    let tuned = task.arms.iter().any(|arm| arm.tries.len() > 1) && is_first;
    // Arms of which it was not measured are not among those that are compared.
    let known = task.arms.iter().filter(|arm| arm.measures.contains_key(column.name)).count();
    let own_best = if tuned { ", each at its own best setting" } else { "" };
    let all = format!("{}{own_best}", words::several(known.max(1), &comparison.arm));
    let is_best = is_best(column);
    let named = |arm: &Arm| words::arm(&comparison.arm, &arm.name);
    // A name is written as it is, also at the start of a sentence.
    let start = |arm: &Arm| match named(arm) {
        name if place.is_empty() && name != arm.name => words::capital(&name),
        name => name,
    };
    let Some((first, spread)) = winners.first().copied() else {
        if !task.arms.is_empty() && task.arms.iter().all(Arm::all_diverged) {
            let runs = count(task.arms.iter().map(|arm| arm.n).sum(), "run");
            let at = if own_best.is_empty() { "" } else { " at the best settings" };
            return Some(format!("{place}all {runs}{at} diverged, so nothing can be compared."));
        }
        return (known > 0).then(|| {
            format!(
                "{place}none of {all}{} {}.",
                if own_best.is_empty() { "" } else { "," },
                if column.quantity == Quantity::Steps {
                    "reaches the target loss"
                } else {
                    "ends without a run that diverged"
                }
            )
        });
    };
    let (shown, seeds) = (amount::amount(spread.median, column), words::over_seeds(&spread, column, "", 1));
    if task.arms.len() == 1 {
        let (name, subject) = (start(first), column.subject());
        return Some(format!(
            "{place}{name} is the only arm, so there is nothing to compare: {subject} {shown} ({seeds})."
        ));
    }
    let tied: Vec<&str> = winners.iter().map(|(arm, _)| arm.name.as_str()).collect();
    let verdict = if column.name == comparison.report { verdict(comparison, task, &tied) } else { String::new() };
    if let [_, _, ..] = winners[..] {
        let names: Vec<String> = winners.iter().map(|(arm, _)| format!("{}{}", named(arm), at(arm))).collect();
        return Some(format!(
            "{place}{} tie: each {is_best} of {all}, {shown} ({seeds}).{verdict}",
            words::all(&names)
        ));
    }
    Some(format!("{place}{} {is_best} of {all}: {shown}{} ({seeds}).{verdict}", start(first), at(first)))
}

/// From which other arms the seeds can tell the best one, or the baseline where there is one, in sentences; of several that tie
/// the first is told apart from those that are not `best`.
fn verdict(comparison: &Comparison, task: &Task, best: &[&str]) -> String {
    let from = comparison.baseline.as_deref().unwrap_or(best[0]);
    let is_named = best.len() > 1 && best.contains(&from);
    let subject = if is_named { words::arm(&comparison.arm, from) } else { "it".into() };
    let column = columns::metric::metric(&comparison.report);
    let is_other = |name: &str| comparison.baseline.is_some() || !best.contains(&name);
    let own = task.pairs.iter().filter(|pair| pair.metric == comparison.report);
    let pairs: Vec<&Pair> = own.filter(|pair| pair.other(from).is_some_and(is_other)).collect();
    let Some(seeds) = pairs.iter().map(|pair| pair.difference.n).min() else { return String::new() };
    if seeds == 1 {
        return " One seed cannot distinguish a difference from chance.".into();
    }
    let of = |verdict: Verdict| pairs.iter().copied().filter(move |pair| pair.verdict == verdict);
    let other = |pair: &&Pair| Some(words::arm(&comparison.arm, pair.other(from)?));
    let named = |pairs: &[&Pair]| names(&pairs.iter().filter_map(other).collect::<Vec<_>>());
    let family = pairs[0].family;
    let holm = if family > 1 { format!(" after Holm's correction for {family} pairs") } else { String::new() };
    let (low, high): (Vec<&Pair>, Vec<&Pair>) =
        of(Verdict::Distinguished).partition(|pair| pair.seen_from(from).value < 0.0);
    let mut said: Vec<String> = Vec::new();
    for (others, side) in [(low, "below"), (high, "above")] {
        if !others.is_empty() {
            said.push(format!("{subject} lies {side} {} (p below 0.05{holm}, {seeds} seeds)", named(&others)));
        }
    }
    let alike: Vec<&Pair> = of(Verdict::NotDistinguished).collect();
    if !alike.is_empty() {
        let between = match alike[..] {
            [only] => {
                let d = only.seen_from(from);
                let [value, low, high] = [d.value, d.low, d.high].map(|x| size(x, column));
                format!(" (difference {value} [{low}, {high}])")
            }
            _ => String::new(),
        };
        said.push(format!("{subject} is not distinguished from {}{between}", named(&alike)));
    }
    let equivalent: Vec<&Pair> = of(Verdict::Equivalent).collect();
    if let (false, Some(margin)) = (equivalent.is_empty(), comparison.margin) {
        said.push(format!("within the margin of {margin} {subject} is equivalent to {}", named(&equivalent)));
    }
    let open: Vec<&Pair> = of(Verdict::NotSettled).collect();
    match open[..] {
        [] => {}
        [only] => said.push(format!("the difference to {} is not settled: {}", named(&open), why_open(only))),
        _ => said.push(format!(
            "the difference to {} is not settled, since other seeds choose other settings",
            named(&open)
        )),
    }
    let smallest = pairs.iter().map(|pair| pair.smallest).fold(1.0, f64::min);
    let needed = match smallest > LEVEL {
        true => format!(
            " {seeds} judging seeds cannot distinguish any arms, however different (p is at least {}{holm}): at least \
                {} are needed.",
            amount::significant(smallest),
            seeds_needed(family, LEVEL)
        ),
        false => String::new(),
    };
    let is_chosen = task.arms.iter().any(|arm| arm.tries.len() > 1);
    let start = match (&comparison.baseline, is_chosen) {
        (Some(base), true) => format!("Against the baseline, {base}, at the chosen settings: "),
        (Some(base), false) => format!("Against the baseline, {base}: "),
        (None, true) => "At the chosen settings ".into(),
        (None, false) => String::new(),
    };
    let said = format!("{start}{}", said.join("; "));
    // A name is written as it is, also at the start of a sentence.
    let said = if is_named && start.is_empty() { said } else { words::capital(&said) };
    format!(" {said}.{needed}")
}

/// What the best arm has or does.
fn is_best(column: &Column) -> String {
    match column.quantity {
        Quantity::Steps => format!("takes the fewest {}", column.subject()),
        _ => format!("has the {} {}", direction(column), column.subject()),
    }
}

/// Names, or how many there are.
fn names(names: &[String]) -> String {
    if names.len() > 6 { format!("{} others", names.len()) } else { words::all(names) }
}

/// The arms with the best median on a task.
fn winners<'a>(task: &'a Task, column: &Column) -> Vec<(&'a Arm, Spread)> {
    let sign = column.sign().unwrap_or(1.0);
    let known = task.arms.iter().filter_map(|arm| Some((arm, *arm.measures.get(column.name)?)));
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
    let named = |arm: &Arm| words::arm(&comparison.arm, &arm.name);
    let never: Vec<String> = counted.iter().filter(|(_, n)| *n == 0).map(|(arm, _)| named(arm)).collect();
    let some: Vec<String> =
        counted.iter().filter(|(_, n)| *n > 0).map(|(arm, n)| format!("{} in {n}", named(arm))).collect();
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
