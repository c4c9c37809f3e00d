//! The sentences about how training ends: what is best of all cells, or which arm is on each task, and what the best constant
//! answer gets without a look at the inputs.

use super::arms::{TASKS, around, of_many_tasks, of_task, over_problems};
use super::groups::Group;
use super::parts::Study;
use super::words::{self, direction};
use crate::columns::{Better, Column, Quantity, Scale, is_level};
use crate::compare::{Comparison, amount};
use crate::ops::loss::Loss;
use crate::plan_file::{PlanCell, unlike};
use crate::record::Status;
use crate::results::{Results, Run};
use crate::setting::Value;
use crate::stats::Spread;
use crate::table::count;
use std::collections::BTreeMap;

/// The best of some groups: those with the best median, and others whose interval overlaps theirs.
pub struct Best<'a, 'b> {
    pub groups: Vec<&'b Group<'a>>,
    pub spread: Spread,
    pub overlapping: Vec<&'b Group<'a>>,
    /// Whether each of these overlaps the interval of each of the best.
    pub with_each: bool,
}

/// Of groups with this column.
pub fn best<'a, 'b>(groups: &'b [Group<'a>], column: &Column) -> Option<Best<'a, 'b>> {
    let sign = column.sign().unwrap_or(1.0);
    let known: Vec<(&Group, Spread)> = groups.iter().filter_map(|g| Some((g, g.spread(column)?))).collect();
    let median = known.iter().map(|(_, s)| s.median).max_by(|a, b| (sign * a).total_cmp(&(sign * b)))?;
    let (same, others): (Vec<_>, Vec<_>) = known.into_iter().partition(|(_, s)| s.median == median);
    let spread = around(same[0].1, same.iter().map(|(_, s)| s));
    let with = |s: &Spread| same.iter().filter(|(_, own)| words::do_overlap(own, s)).count();
    let overlapping: Vec<(&Group, usize)> =
        others.iter().map(|(group, s)| (*group, with(s))).filter(|(_, with)| *with > 0).collect();
    let with_each = overlapping.iter().all(|(_, with)| *with == same.len());
    let overlapping = overlapping.into_iter().map(|(group, _)| group).collect();
    Some(Best { groups: same.into_iter().map(|(group, _)| group).collect(), spread, overlapping, with_each })
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
    // Losses of different data or kinds are not ranked, as they are not compared.
    let is_alike = |arms: &Comparison| {
        column.scale == Scale::Share
            || arms.tasks.iter().all(|task| unlike(results.plan.cells_of(&task.labels)).is_none())
    };
    let compared = arms.filter(|arms| study != Study::Gradient && is_alike(arms));
    let mut sentences: Vec<String> = match compared {
        Some(arms) if arms.tasks.len() <= TASKS => {
            arms.tasks.iter().enumerate().filter_map(|(i, task)| of_task(arms, task, column, i == 0)).collect()
        }
        Some(arms) => {
            let of_all = results.plan.is_one_problem().then(|| of_cells(results, groups, column, "")).flatten();
            of_many_tasks(arms, column).into_iter().chain(of_all).collect()
        }
        // That all diverged is said before.
        None if results.all_diverged() => Vec::new(),
        None => of_problems(results, groups, column),
    };
    sentences.extend(compared.into_iter().flat_map(over_problems));
    if results.all_diverged() {
        return sentences;
    }
    let of = |quantity| columns.iter().copied().find(|column| column.quantity == quantity);
    let scored = of(Quantity::Accuracy).or(of(Quantity::Loss)).unwrap_or(column);
    sentences.extend(guessing(results, groups, scored, scored != column));
    let all = || groups.iter().flat_map(|group| &group.runs);
    let is_worst = |run: &Run| run.value_or_worst(column.name) == Some(column.worst());
    let diverged = all().filter(|run| run.status == Status::Diverged && is_worst(run)).count();
    let runs = all().count();
    if (1..runs).contains(&diverged) && !sentences.is_empty() {
        let verb = if diverged == 1 { "counts" } else { "count" };
        sentences.push(format!(
            "{diverged} of these {} diverged and {verb} as worse than every number.",
            count(runs, "run")
        ));
    }
    sentences
}

/// What is best on each data set or function: what is best of all means nothing where cells have different ones.
fn of_problems(results: &Results, groups: &[Group], column: &Column) -> Vec<String> {
    let mut problems: BTreeMap<Option<String>, Vec<Group>> = BTreeMap::new();
    for group in groups {
        let cell = group.runs.first().and_then(|run| results.cell_of(run));
        problems.entry(cell.and_then(PlanCell::problem)).or_default().push(group.clone());
    }
    if problems.len() > TASKS {
        return vec![format!(
            "No {} is called the best: the cells have {} different data sets or functions.",
            column.subject(),
            problems.len()
        )];
    }
    let told = |(problem, groups): (Option<String>, Vec<Group>)| {
        let on = problem.map_or(String::new(), |problem| format!(" on {problem}"));
        of_cells(results, &groups, column, &on)
    };
    problems.into_iter().filter_map(told).collect()
}

/// What is best of some cells, `on` the same problem.
fn of_cells(results: &Results, groups: &[Group], column: &Column, on: &str) -> Option<String> {
    let axes = &results.plan.axes;
    let best = best(groups, column)?;
    let shown: Vec<usize> = (0..axes.len())
        .filter(|axis| groups.iter().any(|g| g.labels.contains_key(axis) && g.place[*axis] != groups[0].place[*axis]))
        .collect();
    let value = amount::amount(best.spread.median, column);
    let seeds = words::over_seeds(&best.spread, column, "", best.groups.len());
    let (subject, after) = (column.subject(), after(groups) + on);
    let all_lost = groups.iter().all(|group| 2 * group.diverged() >= group.runs.len());
    if column.better != Better::Neither
        && all_lost
        && best.spread.median == column.worst()
        && !column.missing_is_worst()
    {
        return Some(format!("{after} every cell has runs that diverged: no {subject} is left to compare."));
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
    if column.scale != Scale::Share && !results.plan.is_one_loss() {
        return Some(format!(
            "{after} no {subject} is called the best: the cells have losses of different kinds or units."
        ));
    }
    let name = words::name(axes, &shown, &best.groups);
    let chosen = match best.groups[..] {
        [only] if !only.chosen.is_empty() => format!(", {}", amount::setting(only.chosen)),
        _ => String::new(),
    };
    let others = words::overlapping(axes, &shown, &best.overlapping, best.groups.len(), best.with_each);
    let tuned = groups.iter().any(|group| !group.chosen.is_empty());
    let of_all = format!("{} combinations{}", groups.len(), if tuned { ", each at its own best setting," } else { "" });
    Some(match (best.groups.len(), groups.len()) {
        (n, all) if n == all => {
            format!("{after} {} combinations have the same {subject}, {value} ({seeds}).", words::every(all))
        }
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

/// What the best constant answer gets by this column, and how many cells are no better.
/// `is_new` if no sentence told the column before.
fn guessing(results: &Results, groups: &[Group], column: &Column, is_new: bool) -> Option<String> {
    let known = groups.iter().filter_map(|group| Some((group, group.baseline(results, column)?)));
    let known: Vec<(&Group, f64)> = known.filter(|(group, _)| group.spread(column).is_some()).collect();
    let lowest = known.iter().map(|(_, baseline)| *baseline).min_by(f64::total_cmp)?;
    let highest = known.iter().map(|(_, baseline)| *baseline).max_by(f64::total_cmp)?;
    let is_above = |group: &Group| group.is_above(results, column) == Some(true);
    let (not_above, all) = (known.iter().filter(|(group, _)| !is_above(group)).count(), known.len());
    let subject = column.subject();
    let is_worse = |(group, baseline): &&(&Group, f64)| {
        group.spread(column).is_some_and(|s| column.is_below(*baseline, s.low, s.high))
    };
    let worse = known.iter().filter(is_worse).count();
    let is_as_good = |(group, baseline): &(&Group, f64)| {
        group.spread(column).is_some_and(|s| is_level(*baseline, s.low) && is_level(*baseline, s.high))
    };
    let alike = if worse == 0 { "not distinguished from it" } else { "worse or not distinguished from it" };
    let count = match (not_above, all) {
        // A function has nothing to guess.
        _ if results.plan.cells.iter().any(|cell| cell.function.is_some()) => String::new(),
        (1, 1) if worse == 1 => {
            // Two numbers that read the same do not show that.
            let (own, baseline) = (known[0].0.spread(column).map_or(f64::NAN, |s| s.median), known[0].1);
            match amount::amount(own, column) == amount::amount(baseline, column) {
                true => format!(", and the net is worse, by {}", amount::significant((own - baseline).abs())),
                false => ", and the net is worse".into(),
            }
        }
        (1, 1) if is_as_good(&known[0]) => ", and the net is as good".into(),
        (1, 1) => ", and the net is not distinguished from it".into(),
        (0, 1) if is_new => {
            let own = known[0].0.spread(column).map_or(String::new(), |s| amount::amount(s.median, column));
            format!(", the net {own}")
        }
        (0, 1) => String::new(),
        (0, all) => format!("; by {subject} {} combinations are better", words::every(all)),
        (n, all) if n == all => format!("; by {subject} {} combinations are {alike}", words::every(all)),
        (1, all) => format!("; by {subject} 1 of {all} combinations is {}", if worse == 0 { alike } else { "worse" }),
        (n, all) => format!("; by {subject} {n} of {all} combinations are {alike}"),
    };
    let shown = |x| amount::amount(x, column);
    // An arm may be called the baseline, so this is not.
    let how = words::capital(how_guessed(results, column));
    Some(match (lowest == highest, column.quantity) {
        (false, _) => {
            let (article, low, high) = (article(&subject), shown(lowest), shown(highest));
            format!("{how} has {article} {subject} from {low} to {high}{count}.")
        }
        (true, Quantity::Accuracy) => format!("{how} gets at most {}{count}.", shown(lowest)),
        (true, _) => format!("{how} has {} {subject} of {}{count}.", article(&subject), shown(lowest)),
    })
}

/// What the best constant answer is.
fn how_guessed(results: &Results, column: &Column) -> &'static str {
    let plan = &results.plan;
    if !plan.is_one_problem() {
        return "the best constant answer for each data set";
    }
    let losses = plan.cells.iter().map(|cell| cell.settings.get("loss").or(plan.settings.get("loss")));
    let is_robust = |loss: Option<&Value>| {
        [Loss::Mae, Loss::Huber { delta: 1.0 }].into_iter().any(|own| loss == Some(&Value::Text(own.word().into())))
    };
    match column.quantity {
        Quantity::Accuracy if plan.data.answers.is_some() => {
            "always answering the most frequent class of each time step"
        }
        Quantity::Accuracy | Quantity::BalancedAccuracy => "always answering the same class",
        // What imported runs learn is not known.
        _ if plan.is_imported() => "the best constant prediction",
        _ if plan.data.classes && plan.data.answers.is_some() => {
            "predicting the frequencies of the classes at each time step"
        }
        _ if plan.data.classes => "predicting the frequencies of the classes",
        _ if plan.data.answers.is_some() => "the best constant prediction of each time step",
        _ if losses.into_iter().any(is_robust) => "the best constant prediction",
        _ => "predicting the mean of the targets",
    }
}
