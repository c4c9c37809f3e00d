//! What a reader of a comparison has to know of it: near ties, ranges that end at their best, unequal efforts, missing runs.

use super::amount::{amount, setting, subject};
use super::arms::{Arm, Tried};
use super::{Comparison, Edge, Task};
use crate::columns::{self, Column, Measured, Scale};
use crate::run::cost::flop;
use crate::table::{count, significant};
use std::collections::{BTreeMap, BTreeSet};

/// Those of all tasks, each with the name of its task.
pub fn all_warnings(comparison: &Comparison) -> Vec<String> {
    let place = |task: &Task| if task.labels.is_empty() { String::new() } else { format!("{}: ", task.name()) };
    let of = |task| warnings(comparison, task).into_iter().map(move |line| format!("{}{line}", place(task)));
    comparison.tasks.iter().flat_map(of).collect()
}

/// A line for each, what concerns several arms once.
pub fn warnings(comparison: &Comparison, task: &Task) -> Vec<String> {
    let near = task.arms.iter().filter_map(|arm| near_tie(comparison, arm)).collect::<Vec<_>>();
    let near = (!near.is_empty()).then(|| format!("near ties in the choice: {}", near.join("; ")));
    let mut lines: Vec<String> = near.into_iter().chain(at_edges(task)).chain(lost(task)).collect();
    let none = task.arms.iter().filter(|arm| arm.n == 0).map(|arm| arm.name.as_str()).collect::<Vec<_>>();
    if !none.is_empty() {
        lines.push(format!("warning: no setting has all its runs: {}", none.join(", ")));
    }
    let is_here = |base: &&String| task.arms.iter().any(|arm| arm.name == **base && arm.n > 0);
    if let Some(base) = comparison.baseline.as_ref().filter(|base| !is_here(base)) {
        lines.push(format!("warning: no arm is tested, since {base}, the baseline, has no results here"));
    }
    let missing = task.arms.iter().filter(|arm| arm.missing > 0).map(|arm| format!("{} of {}", arm.missing, arm.name));
    let missing = missing.collect::<Vec<_>>();
    if !missing.is_empty() {
        lines.push(format!("warning: runs are missing or failed: {}", missing.join(", ")));
    }
    lines.extend(passed_over(task));
    lines.extend(unmeasured(comparison, task));
    lines.extend(unpaired(comparison, task));
    lines.extend(of_unequal_length(comparison, task));
    lines.extend(at_bound(comparison, task));
    lines.extend(budget(task));
    lines.extend(unequal(comparison, task));
    lines
}

/// Which other settings an arm chooses about as often, and how far its second best is behind.
fn near_tie(comparison: &Comparison, arm: &Arm) -> Option<String> {
    let rivals: Vec<&Tried> = arm.likely().filter(|tried| tried.setting != arm.chosen).collect();
    // Of settings that all diverge none is chosen.
    if rivals.is_empty() || arm.lost {
        return None;
    }
    let often = |tried: &&Tried| format!("{} in {:.0} %", setting(&tried.setting), 100.0 * tried.share.unwrap_or(0.0));
    let column = columns::metric::metric(&comparison.choose);
    let behind = arm.runner_up().map_or(String::new(), |(second, behind)| {
        let own = arm.at_best().and_then(|best| best.score).unwrap_or(0.0);
        let amount = match column.map(|column| column.scale) {
            _ if behind == 0.0 => "equally good".into(),
            _ if behind.is_infinite() => "of which half or more of the runs diverge".into(),
            Some(Scale::Share) => format!("{:.1} points behind", 100.0 * behind),
            _ if own != 0.0 => format!("{} % behind", significant(100.0 * behind / own.abs(), 2)),
            _ => format!("{} behind", significant(behind, 2)),
        };
        format!(" (second best: {}, {amount})", setting(&second.setting))
    });
    let all: Vec<String> = arm.at_best().into_iter().chain(rivals).map(|tried| often(&tried)).collect();
    Some(format!("{} {}{behind}", arm.name, all.join(", ")))
}

/// Best values at an end of what was tried: a line for each axis and end.
fn at_edges(task: &Task) -> Vec<String> {
    let end = |edge: &Edge| match (edge.largest, edge.diverges) {
        (false, _) => "smallest that was tried",
        (true, false) => "largest that was tried",
        (true, true) => "largest that was tried, at which some runs diverge",
    };
    let mut found: BTreeMap<(&str, &str), Vec<(&Arm, &Edge)>> = BTreeMap::new();
    for (arm, edge) in task.arms.iter().flat_map(|arm| arm.edges.iter().map(move |edge| (arm, edge))) {
        found.entry((&edge.axis, end(edge))).or_default().push((arm, edge));
    }
    let line = |((axis, end), arms): ((&str, &str), Vec<(&Arm, &Edge)>)| {
        let arms = arms.iter().map(|(arm, edge)| {
            let next = edge.next.iter().map(|x| significant(*x, 3)).collect::<Vec<_>>().join(" and ");
            let next = if next.is_empty() { String::new() } else { format!("; try {next}") };
            format!("{} ({}{next})", arm.name, super::amount::short(&edge.label))
        });
        format!("warning: the best {axis} is the {end}: {}", arms.collect::<Vec<_>>().join(", "))
    };
    found.into_iter().map(line).collect()
}

/// Arms of which, in the median of the seeds that choose, every setting diverges.
fn lost(task: &Task) -> Option<String> {
    let arms: Vec<&Arm> = task.arms.iter().filter(|arm| arm.lost).collect();
    let said = |arm: &&Arm| {
        let rates = arm.tries.iter().flat_map(|tried| &tried.setting).filter(|(axis, _)| axis == "optimizer.lr");
        let below = rates.filter_map(|(_, label)| label.parse::<f64>().ok()).min_by(f64::total_cmp);
        let help = below.map_or(String::new(), |rate| format!(" (try learning rates below {})", significant(rate, 3)));
        format!("{}{help}", arm.name)
    };
    let names = arms.iter().map(said).collect::<Vec<_>>().join(", ");
    let what = match arms.iter().all(|arm| arm.tries.len() == 1) {
        true => "half or more of the runs diverge",
        false => "at every setting half or more of the runs that choose diverge",
    };
    (!arms.is_empty()).then(|| format!("warning: {what}: {names}"))
}

/// Settings that nothing chooses, since not all of their runs are there that would.
fn passed_over(task: &Task) -> Option<String> {
    let of_arm = |arm: &Arm| {
        let left_out: Vec<String> = arm.passed_over().map(|tried| setting(&tried.setting)).collect();
        (!left_out.is_empty()).then(|| format!("{} at {}", arm.name, left_out.join(" and at ")))
    };
    let all: Vec<String> = task.arms.iter().filter_map(of_arm).collect();
    let told =
        || format!("warning: not to be chosen, since runs that choose are missing or failed: {}", all.join("; "));
    (!all.is_empty()).then(told)
}

/// Arms of which no run has what others are compared by: a line for each metric.
fn unmeasured(comparison: &Comparison, task: &Task) -> Vec<String> {
    let of = |metric: &str| {
        let column = columns::metric::metric(metric)?;
        let (some, none): (Vec<&Arm>, Vec<&Arm>) =
            task.arms.iter().filter(|arm| arm.n > 0).partition(|arm| arm.measures.contains_key(column.name));
        let names = none.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>().join(", ");
        let is_told = !some.is_empty() && !none.is_empty();
        is_told.then(|| {
            format!(
                "warning: no part of the verdict, since not all of their runs were measured by the {}: {names}",
                column.subject()
            )
        })
    };
    comparison.reports().filter_map(of).collect()
}

/// Arms that cannot be compared since they share no seed.
fn unpaired(comparison: &Comparison, task: &Task) -> Option<String> {
    let seeds = |arm: &Arm| {
        let runs = arm.at_best().into_iter().flat_map(|tried| &tried.reported).flat_map(BTreeMap::keys);
        runs.copied().filter(|seed| comparison.report_seeds.contains(seed)).collect::<BTreeSet<u64>>()
    };
    let own: Vec<(&Arm, BTreeSet<u64>)> = task.arms.iter().map(|arm| (arm, seeds(arm))).collect();
    let known = own.iter().enumerate().filter(|(_, (_, seeds))| !seeds.is_empty());
    let pairs = known.flat_map(|(place, (arm, seeds))| {
        let others = own[place + 1..].iter().filter(|(_, others)| !others.is_empty() && others.is_disjoint(seeds));
        others.map(|(other, _)| format!("{} and {}", arm.name, other.name))
    });
    let pairs = pairs.collect::<Vec<_>>().join(", ");
    (!pairs.is_empty()).then(|| format!("warning: arms are compared seed by seed, and have no seed in common: {pairs}"))
}

/// Arms that were trained for longer than others, if that is not what they are about.
fn of_unequal_length(comparison: &Comparison, task: &Task) -> Option<String> {
    let steps = || task.arms.iter().filter_map(|arm| Some((arm, arm.steps?)));
    let (_, [first, _]) = steps().next()?;
    let mut reports = comparison.reports().filter_map(columns::metric::metric);
    let is_meant = comparison.arm == "steps" || reports.all(|column| column.measured == Measured::Step);
    let each = steps().map(|(arm, [least, most])| match least == most {
        true => format!("{} {least}", arm.name),
        false => format!("{} {least} to {most}", arm.name),
    });
    (!is_meant && steps().any(|(_, own)| own != [first; 2])).then(|| {
        let each = each.collect::<Vec<_>>().join(", ");
        format!("the arms ended after unequal numbers of steps: {each}; a metric such as \"test_loss at step N\" compares them at a step at which all were scored")
    })
}

/// Arms of which most runs are as good as the metric allows, so that it tells them apart no more.
fn at_bound(comparison: &Comparison, task: &Task) -> Option<String> {
    let column = columns::metric::metric(&comparison.report).filter(|column| column.scale == Scale::Share)?;
    let bound = if column.higher_is_better() { 1.0 } else { 0.0 };
    let is_there = |arm: &&Arm| arm.measures.get(column.name).is_some_and(|own| own.median == bound);
    let arms: Vec<&str> = task.arms.iter().filter(is_there).map(|arm| arm.name.as_str()).collect();
    (arms.len() > 1).then(|| {
        let (subject, bound) = (column.subject(), amount(bound, column));
        format!("warning: the {subject} of most runs is {bound}, the best possible value, so it can hardly distinguish arms: {}; report a loss", arms.join(", "))
    })
}

/// What choosing cost.
fn budget(task: &Task) -> Option<String> {
    let tuned: Vec<&Arm> = task.arms.iter().filter(|arm| arm.tries.len() > 1 && arm.tune_runs > 0).collect();
    let cost = |arm: &Arm| {
        let flop = arm.tune_flop.map_or(String::new(), |n| format!(", {}", flop(n)));
        let steps = arm.tune_steps.map_or(String::new(), |steps| format!(", {steps} steps"));
        format!("{}{steps}{flop}", count(arm.tune_runs, "run"))
    };
    let [first, ..] = tuned[..] else { return None };
    if tuned.len() > 1
        && tuned.len() == task.arms.len()
        && tuned.iter().all(|arm| (cost(arm), arm.tries.len()) == (cost(first), first.tries.len()))
    {
        return Some(format!("tuning: {} settings each, {}", first.tries.len(), cost(first)));
    }
    let each = tuned.iter().map(|arm| format!("{} {} settings, {}", arm.name, arm.tries.len(), cost(arm)));
    Some(format!("tuning: {}", each.collect::<Vec<_>>().join("; ")))
}

/// Unequal numbers of tries, and what as few tries would reach.
fn unequal(comparison: &Comparison, task: &Task) -> Option<String> {
    let fewest = task.arms.iter().map(|arm| arm.tries.len()).min().unwrap_or(0);
    let metric = subject(&comparison.choose);
    let shown =
        |x| columns::metric::metric(&comparison.choose).map_or(significant(x, 3), |column: &Column| amount(x, column));
    let fair = |arm: &Arm| arm.fair_score.map_or("unknown, since runs are missing".into(), shown);
    let fair = task.arms.iter().map(|arm| format!("{} {}", arm.name, fair(arm))).collect::<Vec<_>>().join(", ");
    let tries = if fewest == 1 { "1 try".into() } else { format!("{fewest} tries") };
    let told = match task.arms.iter().any(|arm| arm.fair_score.is_some()) {
        true => format!("; {metric} at the best of {tries} each (median over all choices): {fair}"),
        false => String::new(),
    };
    let is_unequal = task.arms.iter().any(|arm| arm.tries.len() > fewest);
    is_unequal.then(|| format!("warning: the arms had unequal numbers of tries{told}"))
}
