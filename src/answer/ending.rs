//! The sentences about how training ends: what is best of all cells, or which arm is on each task, and what a guess without any
//! knowledge of the inputs gets.

use super::Study;
use super::groups::Group;
use super::words;
use crate::columns::{Better, Column, Quantity};
use crate::compare::{Arm, Comparison, Task, amount};
use crate::results::Results;
use crate::stats::Spread;
use crate::table::count;

/// With more tasks the wins of each arm are counted.
const TASKS: usize = 3;

/// The best of some groups: those with the best median, and how many others have an interval that overlaps theirs.
pub struct Best<'a, 'b> {
    pub groups: Vec<&'b Group<'a>>,
    pub spread: Spread,
    pub overlapping: usize,
}

/// Of groups with this column.
pub fn best<'a, 'b>(groups: &'b [Group<'a>], column: &Column) -> Option<Best<'a, 'b>> {
    let sign = column.sign().unwrap_or(1.0);
    let known: Vec<(&Group, Spread)> = groups.iter().filter_map(|g| Some((g, g.spread(column)?))).collect();
    let median = known.iter().map(|(_, s)| s.median).max_by(|a, b| (sign * a).total_cmp(&(sign * b)))?;
    let (same, others): (Vec<_>, Vec<_>) = known.into_iter().partition(|(_, s)| s.median == median);
    let spread = same[0].1;
    let overlaps = |s: &Spread| s.n > 1 && spread.n > 1 && s.low <= spread.high && spread.low <= s.high;
    let overlapping = others.iter().filter(|(_, s)| overlaps(s)).count();
    Some(Best { groups: same.into_iter().map(|(group, _)| group).collect(), spread, overlapping })
}

/// Of the columns of the table the one that says how training ends best.
pub fn column(columns: &[&'static Column]) -> Option<&'static Column> {
    columns.iter().copied().find(|column| !column.is_attenuation())
}

/// The sentences; none where runs were not trained.
pub fn sentences(
    results: &Results,
    study: Study,
    arms: Option<&Comparison>,
    groups: &[Group],
    columns: &[&'static Column],
) -> Vec<String> {
    let Some(column) = column(columns) else { return Vec::new() };
    let compared = arms.filter(|_| study == Study::Comparison && column.quantity != Quantity::Steps);
    let mut sentences = match compared {
        Some(arms) if arms.tasks.len() <= TASKS => arms.tasks.iter().filter_map(|task| of_task(arms, task, column)).collect(),
        Some(arms) => vec![of_many_tasks(arms, column), of_cells(results, groups, column)].into_iter().flatten().collect(),
        None => of_cells(results, groups, column).into_iter().collect::<Vec<String>>(),
    };
    let scored = columns.iter().copied().find(|column| column.quantity == Quantity::Accuracy).unwrap_or(column);
    sentences.extend(guessing(results, groups, scored));
    let diverged: usize = groups.iter().map(Group::diverged).sum();
    let runs: usize = groups.iter().map(|group| group.runs.len()).sum();
    if diverged > 0 && !sentences.is_empty() {
        sentences.push(format!("{diverged} of these {} diverged and count as the worst there is.", count(runs, "run")));
    }
    sentences
}

/// What is best of all cells.
fn of_cells(results: &Results, groups: &[Group], column: &Column) -> Option<String> {
    let axes = &results.plan.axes;
    let best = best(groups, column)?;
    let shown: Vec<usize> = (0..axes.len())
        .filter(|axis| groups.iter().any(|g| g.labels.contains_key(axis) && g.place[*axis] != groups[0].place[*axis]))
        .collect();
    let (value, seeds) = (amount::amount(best.spread.median, column), words::over_seeds(&best.spread, column));
    let (subject, after) = (column.subject(), after(groups));
    if column.better != Better::Neither && best.spread.median == column.worst() && !column.missing_is_worst() {
        return Some(format!("Every cell has runs that diverged: no {subject} is left to compare."));
    }
    if groups.len() == 1 {
        return Some(match value.as_str() {
            "missed" => format!("{after} the target loss is not reached ({seeds})."),
            _ => format!("{after} the {subject} is {value} ({seeds})."),
        });
    }
    let name = words::name(axes, &shown, &best.groups);
    let chosen = match best.groups[..] {
        [only] if !only.chosen.is_empty() => format!(", {}", amount::setting(only.chosen)),
        _ => String::new(),
    };
    let all = match (best.groups.len(), groups.len()) {
        (n, all) if n == all => return Some(format!("{after} all {all} combinations have the same {subject}: {value}.")),
        (1, all) => format!("best of {all} combinations"),
        (n, all) => format!("{n} of {all} combinations are equally good and best"),
    };
    let others = match best.overlapping {
        0 => String::new(),
        1 => " The interval of one other overlaps its own.".into(),
        n => format!(" The intervals of {n} others overlap its own."),
    };
    Some(format!("{after}, {all}: {name}{chosen}, with {} {subject} of {value} ({seeds}).{others}", article(&subject)))
}

/// `After 300 steps`, where all runs took as many.
fn after(groups: &[Group]) -> String {
    let mut steps = groups.iter().flat_map(|group| &group.runs).filter_map(|run| run.value("steps"));
    match steps.next() {
        Some(first) if steps.all(|n| n == first) => format!("After {}", count(first as usize, "step")),
        _ => "After training".into(),
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// Which arm is best on a task, at which setting, and from which of the others the seeds can tell it.
fn of_task(comparison: &Comparison, task: &Task, column: &Column) -> Option<String> {
    let winners = winners(task, column);
    let (first, spread) = *winners.first()?;
    let at = |arm: &Arm| if arm.chosen.is_empty() { String::new() } else { format!(" at {}", amount::setting(&arm.chosen)) };
    let place = match task.labels.is_empty() {
        true => String::new(),
        false => format!("With {}, ", task.name()),
    };
    let tuned = if task.arms.iter().any(|arm| arm.tries > 1) { ", each at its own best setting" } else { "" };
    let all = format!("{}{tuned}", words::several(task.arms.len(), &comparison.arm));
    let (value, seeds) = (amount::amount(spread.median, column), words::over_seeds(&spread, column));
    let (subject, direction) = (column.subject(), direction(column));
    if let [_, _, ..] = winners[..] {
        let names: Vec<String> = winners.iter().map(|(arm, _)| format!("{}{}", arm.name, at(arm))).collect();
        return Some(format!("{place}{} tie for the {direction} {subject} of {all}: {value} ({seeds}).", words::all(&names)));
    }
    let pairs = task.pairs.iter().filter(|pair| pair.first == first.name || pair.second == first.name);
    let other = |pair: &crate::compare::Pair| if pair.first == first.name { pair.second.clone() } else { pair.first.clone() };
    let (apart, alike): (Vec<_>, Vec<_>) = pairs.partition(|pair| pair.is_distinguishable());
    let [apart, alike] = [apart, alike].map(|pairs| pairs.into_iter().map(other).collect::<Vec<String>>());
    let verdict = match (&apart[..], &alike[..]) {
        ([], []) => String::new(),
        _ if spread.n == 1 => " One seed tells no difference from chance.".into(),
        ([], _) => format!(" With {} seeds it cannot be told from any of the others.", spread.n),
        (_, []) => " The difference from every other is more than chance (p below 0.05 after Holm's correction).".into(),
        _ => format!(
            " The difference from {} is more than chance (p below 0.05 after Holm's correction); from {} it cannot be told.",
            words::all(&apart),
            either_or_count(&alike)
        ),
    };
    let own = at(first);
    Some(format!("{place}{} has the {direction} {subject} of {all}: {value}{own} ({seeds}).{verdict}", first.name))
}

fn either_or_count(names: &[String]) -> String {
    if names.len() > 6 { format!("{} others", names.len()) } else { words::either(names) }
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
fn of_many_tasks(comparison: &Comparison, column: &Column) -> Option<String> {
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
    let (tasks, subject, direction) = (comparison.tasks.len(), column.subject(), direction(column));
    Some(format!("Of {tasks} comparisons, the {direction} {subject} is that of {}{never}{ties}.", words::all(&some)))
}

fn direction(column: &Column) -> &'static str {
    if column.higher_is_better() { "highest" } else { "lowest" }
}

/// What a constant guess gets by this column, and how many cells end no better.
fn guessing(results: &Results, groups: &[Group], column: &Column) -> Option<String> {
    let guess = results.plan.data.guesses.as_ref()?.on(column.part?)?;
    let losses: Vec<&str> = groups.iter().flat_map(|g| &g.runs).map(|run| run.loss.as_str()).collect();
    let all = |loss: &str| losses.iter().all(|own| *own == loss || own.is_empty() && results.plan.data.usual_loss() == loss);
    let (value, how) = match column.quantity {
        Quantity::Accuracy => (guess.accuracy?, "Guessing the most frequent class"),
        Quantity::Loss if all("cross_entropy") => (guess.cross_entropy?, "Guessing by the frequencies of the classes"),
        Quantity::Loss if all("mse") => (guess.mse, "Predicting the mean of the targets"),
        _ => return None,
    };
    if groups.iter().flat_map(|g| &g.runs).next().is_none() {
        return None;
    }
    let reaches = |s: &Spread| if column.higher_is_better() { s.low <= value } else { s.high >= value };
    let spreads: Vec<Spread> = groups.iter().filter_map(|group| group.spread(column)).collect();
    let no_better = spreads.iter().filter(|s| reaches(s)).count();
    let (own, all) = (amount::amount(value, column), spreads.len());
    let count = match (no_better, all) {
        (1, 1) => "; the interval reaches it, so nothing is known to be learned".into(),
        (0, 1) => String::new(),
        (0, _) => "; every combination is above chance".to_string(),
        (n, all) if n == all => "; no combination is clearly better".into(),
        (n, all) => format!("; {n} of {all} combinations are not clearly better"),
    };
    let verb = if column.quantity == Quantity::Accuracy { format!("gets {own}") } else { format!("has {} {} of {own}", article(&column.subject()), column.subject()) };
    Some(format!("{how} {verb}{count}."))
}
