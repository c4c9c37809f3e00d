//! The sentences about how training ends: what is best of all cells, or which arm is on each task, and what a guess without any
//! knowledge of the inputs gets.

use super::arms::{TASKS, of_many_tasks, of_task};
use super::groups::Group;
use super::parts::Study;
use super::words::{self, direction};
use crate::columns::{Better, Column, Quantity};
use crate::compare::{Comparison, amount};
use crate::results::Results;
use crate::stats::Spread;
use crate::table::count;

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
    // Of several the widest interval, that all of theirs lie in.
    let (low, high) = same.iter().fold((median, median), |(low, high), (_, s)| (s.low.min(low), s.high.max(high)));
    let spread = Spread { low, high, ..same[0].1 };
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
    let value = amount::amount(best.spread.median, column);
    let seeds = words::over_seeds(&best.spread, column, "", best.groups.len());
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
    let others = words::overlapping(axes, &shown, &best.overlapping, best.groups.len());
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

/// What a constant guess gets by this column, and how many cells end no better.
/// `is_new` if no sentence told the column before.
fn guessing(results: &Results, groups: &[Group], column: &Column, is_new: bool) -> Option<String> {
    let guess = results.plan.data.guesses.as_ref()?.on(column.part?)?;
    let losses: Vec<&str> = groups.iter().flat_map(|g| &g.runs).map(|run| run.loss.as_str()).collect();
    let all = |loss: &str| losses.iter().all(|own| *own == loss);
    let (value, how) = match column.quantity {
        Quantity::Accuracy => (guess.accuracy?, "Answering always the same class"),
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
        format!("gets at most {own}")
    } else {
        format!("has {} {} of {own}", article(&column.subject()), column.subject())
    };
    Some(format!("{how} {verb}{count}."))
}
