//! The sentences about how training ends: what is best of all cells, or which arm is on each task, and what a guess without any
//! knowledge of the inputs gets.

use super::Study;
use super::groups::Group;
use super::words;
use crate::columns::{Better, Column, Quantity};
use crate::compare::{Arm, Comparison, Pair, Task, amount};
use crate::results::Results;
use crate::stats::Spread;
use crate::table::count;

/// With more tasks the wins of each arm are counted.
const TASKS: usize = 3;

/// The best of some groups: those with the best median, and others whose interval overlaps theirs.
pub struct Best<'a, 'b> {
    pub groups: Vec<&'b Group<'a>>,
    pub spread: Spread,
    pub overlapping: Vec<&'b Group<'a>>,
}

/// Of groups with this column.
pub fn best<'a, 'b>(groups: &'b [Group<'a>], column: &Column) -> Option<Best<'a, 'b>> {
    let sign = column.sign().unwrap_or(1.0);
    let known: Vec<(&Group, Spread)> = groups.iter().filter_map(|g| Some((g, g.spread(column)?))).collect();
    let median = known.iter().map(|(_, s)| s.median).max_by(|a, b| (sign * a).total_cmp(&(sign * b)))?;
    let (same, others): (Vec<_>, Vec<_>) = known.into_iter().partition(|(_, s)| s.median == median);
    let spread = same[0].1;
    let overlaps = |s: &Spread| s.n > 1 && spread.n > 1 && s.low <= spread.high && spread.low <= s.high;
    let overlapping = others.iter().filter(|(_, s)| overlaps(s)).map(|(group, _)| *group).collect();
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
    let compared = arms.filter(|_| study != Study::Gradient);
    let mut sentences = match compared {
        Some(arms) if arms.tasks.len() <= TASKS => {
            arms.tasks.iter().enumerate().filter_map(|(i, task)| of_task(arms, task, column, i == 0)).collect()
        }
        // What is best of all means nothing where tasks are different data or functions.
        Some(arms) => {
            let of_all = results.plan.is_one_problem().then(|| of_cells(results, groups, column)).flatten();
            of_many_tasks(arms, column).into_iter().chain(of_all).collect()
        }
        None => of_cells(results, groups, column).into_iter().collect::<Vec<String>>(),
    };
    let of = |quantity| columns.iter().copied().find(|column| column.quantity == quantity);
    let scored = of(Quantity::Accuracy).or(of(Quantity::Loss)).unwrap_or(column);
    sentences.extend(guessing(results, groups, scored, scored != column));
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
    let (value, seeds) = (amount::amount(best.spread.median, column), words::over_seeds(&best.spread, column, ""));
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
    if value == "missed" {
        return Some(format!(
            "{after} none of the {} combinations reaches the target loss in most of its runs.",
            groups.len()
        ));
    }
    let name = words::name(axes, &shown, &best.groups);
    let chosen = match best.groups[..] {
        [only] if !only.chosen.is_empty() => format!(", {}", amount::setting(only.chosen)),
        _ => String::new(),
    };
    let others = words::overlapping(axes, &shown, &best.overlapping);
    let tuned = groups.iter().any(|group| !group.chosen.is_empty());
    let of_all = format!("{} combinations{}", groups.len(), if tuned { ", each at its own best setting," } else { "" });
    Some(match (best.groups.len(), groups.len()) {
        (n, all) if n == all => format!("{after} all {all} combinations have the same {subject}, {value} ({seeds})."),
        (1, _) => format!(
            "{after} the {} {subject} of {of_all} is {value}, with {name}{chosen} ({seeds}).{others}",
            direction(column)
        ),
        (n, _) => format!(
            "{after} the {} {subject} of {of_all} is {value}, which {n} share: {name} ({seeds}).{others}",
            direction(column)
        ),
    })
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
fn of_task(comparison: &Comparison, task: &Task, column: &Column, is_first: bool) -> Option<String> {
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
    let (shown, seeds) = (amount::amount(spread.median, column), words::over_seeds(&spread, column, ""));
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

fn direction(column: &Column) -> &'static str {
    if column.quantity == Quantity::Steps {
        return "smallest number of";
    }
    if column.higher_is_better() { "highest" } else { "lowest" }
}

/// What a constant guess gets by this column, and how many cells end no better.
/// `is_new` if no sentence told the column before.
fn guessing(results: &Results, groups: &[Group], column: &Column, is_new: bool) -> Option<String> {
    let guess = results.plan.data.guesses.as_ref()?.on(column.part?)?;
    let losses: Vec<&str> = groups.iter().flat_map(|g| &g.runs).map(|run| run.loss.as_str()).collect();
    let all = |loss: &str| losses.iter().all(|own| *own == loss);
    let (value, how) = match column.quantity {
        Quantity::Accuracy => (guess.accuracy?, "Guessing the most frequent class"),
        Quantity::Loss if all("cross_entropy") => (guess.cross_entropy?, "Guessing by the frequencies of the classes"),
        Quantity::Loss if all("mse") => (guess.mse, "Predicting the mean of the targets"),
        _ => return None,
    };
    groups.iter().flat_map(|g| &g.runs).next()?;
    let reaches = |s: &Spread| if column.higher_is_better() { s.low <= value } else { s.high >= value };
    let spreads: Vec<Spread> = groups.iter().filter_map(|group| group.spread(column)).collect();
    let no_better = spreads.iter().filter(|s| reaches(s)).count();
    let (own, all) = (amount::amount(value, column), spreads.len());
    let count = match (no_better, all) {
        // A function has nothing to guess.
        _ if results.plan.cells.iter().any(|cell| cell.function.is_some()) => String::new(),
        (1, 1) => ", and the net is not clearly better".into(),
        (0, 1) if is_new => format!(", the net {}", amount::amount(spreads[0].median, column)),
        (0, 1) => String::new(),
        (0, all) => format!("; all {all} combinations are better"),
        (n, all) if n == all => "; no combination is clearly better".into(),
        (1, all) => format!("; 1 of {all} combinations is not clearly better"),
        (n, all) => format!("; {n} of {all} combinations are not clearly better"),
    };
    let verb = if column.quantity == Quantity::Accuracy {
        format!("gets {own}")
    } else {
        format!("has {} {} of {own}", article(&column.subject()), column.subject())
    };
    Some(format!("{how} {verb}{count}."))
}
