//! The sentences about arms: which is best on each task, at which setting, and from which others the seeds can tell it.

use super::words::{self, direction};
use crate::columns::{self, Column, Quantity};
use crate::compare::{
    Arm, Comparison, Joint, Pair, Task, Verdict, amount, arm_names, difference, least_p, ranking, why_open,
};
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
                let tries = || task.1.arms.iter().flat_map(|arm| &arm.tries);
                let can_be_chosen = tries().any(|own| !own.choosing.is_empty());
                let are_all_there = task.1.arms.iter().all(|arm| arm.missing == 0);
                match columns::metric::metric(&comparison.report).filter(|_| are_all_there) {
                    Some(_) if !can_be_chosen => format!(
                        "There is nothing to compare: settings are chosen by the {}, which no run has; write another as \
                            `choose` of [compare].",
                        amount::subject(&comparison.choose)
                    ),
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
        |arm: &Arm| if arm.told().is_empty() { String::new() } else { format!(" at {}", amount::setting(arm.told())) };
    let place = if task.labels.is_empty() { String::new() } else { format!("With {}, ", task.name()) };
    let tuned = task.arms.iter().any(|arm| arm.tries.len() > 1) && is_first;
    // Arms of which it was not measured are not among those that are compared.
    let known = task.arms.iter().filter(|arm| arm.measures.contains_key(column.name)).count();
    let own_best = match tuned {
        false => "",
        true if task.arms.iter().any(|arm| arm.lost) => ", each at its own best setting where one does not diverge",
        true if task.arms.iter().any(|arm| arm.passed_over().next().is_some()) => {
            ", each at the best of its settings that have all their runs"
        }
        true => ", each at its own best setting",
    };
    let all = format!("{}{own_best}", words::several(known.max(1), &comparison.arm));
    let is_best = is_best(column);
    let named = |arm: &Arm| words::arm(&comparison.arm, &arm.name);
    // A name is written as it is, also at the start of a sentence, and so is that of a setting.
    let start = |arm: &Arm| match named(arm) {
        name if place.is_empty() && name != arm.name && !name.starts_with(&comparison.arm) => words::capital(&name),
        name => name,
    };
    let begun = |text: String| if place.is_empty() { words::capital(&text) } else { format!("{place}{text}") };
    let Some((first, spread)) = winners.first().copied() else {
        if !task.arms.is_empty() && task.arms.iter().all(Arm::all_diverged) {
            let runs = count(task.arms.iter().map(|arm| arm.n).sum(), "run");
            let is_chosen = task.arms.iter().any(|arm| !arm.told().is_empty());
            let at = if is_chosen { " at the chosen settings" } else { "" };
            return Some(begun(format!("all {runs}{at} diverged, so nothing can be compared.")));
        }
        let reached = task.arms.iter().filter(|arm| arm.reached > 0);
        let reached: Vec<String> =
            reached.map(|arm| format!("{} does on {} of {}", named(arm), arm.reached, arm.n)).collect();
        let what = match (column.quantity == Quantity::Steps, &reached[..]) {
            (true, []) => "reaches the target loss".into(),
            (true, some) => format!("reaches the target loss on more than half of its seeds: {}", words::all(some)),
            (false, _) => "has more than half of its runs end without diverging".to_string(),
        };
        let comma = if own_best.is_empty() { "" } else { "," };
        return (known > 0).then(|| begun(format!("none of {all}{comma} {what}.")));
    };
    let (shown, seeds) = (amount::amount(spread.median, column), words::over_seeds(&spread, column, "", 1));
    let lacking = lacking(comparison, task, column);
    if known == 1 {
        let (name, subject) = (start(first), column.subject());
        let only = if task.arms.len() == 1 { "the only arm" } else { "the only arm with results" };
        return Some(format!(
            "{place}{name} is {only}, so there is nothing to compare: {subject} {shown} ({seeds}).{lacking}"
        ));
    }
    let tied: Vec<&str> = winners.iter().map(|(arm, _)| arm.name.as_str()).collect();
    let equal = alike(comparison, &winners).filter(|_| column.name == comparison.report);
    let are_equal = equal.as_ref().is_some_and(|(_, arms)| arms.len() == winners.len());
    let is_compared = task.pairs.iter().any(|pair| pair.metric == column.name);
    let verdict = match is_compared || column.name == comparison.report {
        true => verdict(comparison, task, column, (&tied, are_equal)),
        false => overlap(comparison, task, column, &winners),
    };
    if let [_, _, ..] = winners[..] {
        let names: Vec<String> = winners.iter().map(|(arm, _)| format!("{}{}", named(arm), at(arm))).collect();
        let is_same = |other: &Spread| (other.low, other.high, other.range) == (spread.low, spread.high, spread.range);
        let seeds = match winners.iter().all(|(_, own)| is_same(own)) {
            true => seeds,
            false => words::over_seeds(&around(spread, winners.iter().map(|(_, own)| own)), column, "", winners.len()),
        };
        let alike = match equal.as_ref() {
            Some((n, arms)) if arms.len() == winners.len() => {
                format!(" They are alike on all {n} seeds, to the last digit.")
            }
            Some((n, arms)) => {
                let arms: Vec<String> = arms.iter().map(|arm| named(arm)).collect();
                format!(" {} are alike on all {n} seeds, to the last digit.", words::all(&arms))
            }
            None => String::new(),
        };
        return Some(format!(
            "{place}{} tie: each {is_best} of {all}, {shown} ({seeds}).{alike}{verdict}{lacking}",
            words::all(&names)
        ));
    }
    Some(format!("{place}{} {is_best} of {all}: {shown}{} ({seeds}).{verdict}{lacking}", start(first), at(first)))
}

/// One of several medians that are the same, with an interval that holds those of all.
pub fn around<'a>(one: Spread, all: impl Iterator<Item = &'a Spread>) -> Spread {
    all.fold(one, |own, next| {
        let range = (own.range.0.min(next.range.0), own.range.1.max(next.range.1));
        Spread { low: own.low.min(next.low), high: own.high.max(next.high), range, ..own }
    })
}

/// Those of several arms that have equal numbers on each of several judging seeds as the first has, and how many seeds.
fn alike<'a>(comparison: &Comparison, arms: &[(&'a Arm, Spread)]) -> Option<(usize, Vec<&'a Arm>)> {
    let values = |arm: &Arm| -> Option<Vec<f64>> {
        let own = arm.at_best()?.reported.first()?;
        Some(comparison.report_seeds.iter().filter_map(|seed| own.get(seed).copied()).collect())
    };
    let first = values(arms[0].0).filter(|own| own.len() > 1)?;
    let equal: Vec<&Arm> =
        arms.iter().map(|(arm, _)| *arm).filter(|arm| values(arm).as_ref() == Some(&first)).collect();
    (equal.len() > 1).then_some((first.len(), equal))
}

/// Which arms have intervals that overlap those of the winners, of a number by which no pairs are compared.
fn overlap(comparison: &Comparison, task: &Task, column: &Column, winners: &[(&Arm, Spread)]) -> String {
    let is_winner = |arm: &Arm| winners.iter().any(|(winner, _)| winner.name == arm.name);
    let others = task.arms.iter().filter(|arm| !is_winner(arm));
    let with = |s: &Spread| winners.iter().filter(|(_, own)| words::do_overlap(own, s)).count();
    let overlapping = others.filter_map(|arm| Some((arm, with(arm.measures.get(column.name)?))));
    let overlapping: Vec<(&Arm, usize)> = overlapping.filter(|(_, with)| *with > 0).collect();
    let all: Vec<String> = overlapping.iter().map(|(arm, _)| words::arm(&comparison.arm, &arm.name)).collect();
    let with_each = overlapping.iter().all(|(_, with)| *with == winners.len());
    match all.len() {
        0 => String::new(),
        n => {
            let that = if n == 1 { "that" } else { "those" };
            format!(" {} {that} of {}.", words::overlap(winners.len(), n, with_each), names(&all))
        }
    }
}

/// Which arms have no results on a task, or not all, as sentences; empty where all have.
fn lacking(comparison: &Comparison, task: &Task, column: &Column) -> String {
    let named = |arm: &&Arm| words::arm(&comparison.arm, &arm.name);
    let has_run = |arm: &&Arm| {
        arm.tries.iter().any(|own| !own.choosing.is_empty() || own.reported.iter().any(|seeds| !seeds.is_empty()))
    };
    let (judged, others): (Vec<&Arm>, Vec<&Arm>) = task.arms.iter().partition(|arm| arm.n > 0);
    let (begun, absent): (Vec<&Arm>, Vec<&Arm>) = others.into_iter().partition(has_run);
    let unmeasured: Vec<&Arm> = judged.iter().copied().filter(|arm| !arm.measures.contains_key(column.name)).collect();
    let all = comparison.report_seeds.len();
    let of_each: Vec<String> = judged
        .iter()
        .filter(|arm| arm.n < all && arm.missing > 0)
        .map(|arm| format!("{} of {all} of {}", all - arm.n, named(arm)))
        .collect();
    let names = |arms: &[&Arm]| names(&arms.iter().map(named).collect::<Vec<_>>());
    let have = |arms: &[&Arm]| if arms.len() == 1 { "has" } else { "have" };
    let mut said = String::new();
    if !absent.is_empty() {
        said += &format!(" {} {} no results yet.", names(&absent), have(&absent));
    }
    if !begun.is_empty() {
        said += &format!(" {} {} too few runs to be compared.", names(&begun), have(&begun));
    }
    if !unmeasured.is_empty() {
        said += &format!(" Not all runs of {} have a {}.", names(&unmeasured), column.subject());
    }
    if !of_each.is_empty() {
        said += &format!(" Judging runs are missing or failed: {}.", words::all(&of_each));
    }
    said
}

/// From which other arms the seeds can tell the best one, or the baseline where there is one, in sentences; of several that tie
/// the first is told apart from those that are not `best`, or all are where they are equal on all seeds.
fn verdict(comparison: &Comparison, task: &Task, column: &Column, (best, are_equal): (&[&str], bool)) -> String {
    let from = comparison.baseline.as_deref().unwrap_or(best[0]);
    let is_named = best.len() > 1 && best.contains(&from);
    let are_several = are_equal && best.len() > 1 && comparison.baseline.is_none();
    let named_arm = |name: &str| words::arm(&comparison.arm, name);
    let subject = if are_several && is_named {
        words::all(&best.iter().map(|name| named_arm(name)).collect::<Vec<_>>())
    } else if is_named || comparison.baseline.is_some() {
        named_arm(from)
    } else {
        "it".into()
    };
    let [lies, equals, is] = if are_several { ["lie", "equal", "are"] } else { ["lies", "equals", "is"] };
    let is_other = |name: &str| comparison.baseline.is_some() || !best.contains(&name);
    let own = of_metric(task, column);
    let is_told = |pair: &&Pair| pair.other(from).is_some_and(is_other);
    let pairs: Vec<&Pair> = own.iter().copied().filter(is_told).collect();
    let Some(seeds) = pairs.iter().map(|pair| pair.difference.n).min() else {
        return match comparison.baseline.is_none() && own.is_empty() {
            true => " No two arms have a seed in common, so no difference is tested.".into(),
            false => too_few(&own),
        };
    };
    if seeds == 1 {
        return too_few(&pairs);
    }
    let of = |verdict: Verdict| pairs.iter().copied().filter(move |pair| pair.verdict == verdict);
    let other = |pair: &&Pair| Some(words::arm(&comparison.arm, pair.other(from)?));
    let named = |pairs: &[&Pair]| names(&pairs.iter().filter_map(other).collect::<Vec<_>>());
    let family = pairs[0].family;
    let holm = if family > 1 { format!(" after Holm's correction for {family} pairs") } else { String::new() };
    let (low, high): (Vec<&Pair>, Vec<&Pair>) = of(Verdict::Distinguished).partition(|pair| pair.is_below(from));
    let mut said: Vec<String> = Vec::new();
    for (others, side) in [(low, "below"), (high, "above")] {
        // Medians and paired differences may disagree.
        let disagree = comparison.baseline.is_none() && (side == "below") == column.higher_is_better();
        let however = if disagree { "compared seed by seed, however, " } else { "" };
        if !others.is_empty() {
            said.push(format!(
                "{however}{subject} {lies} {side} {} (p below 0.05{holm}, {})",
                named(&others),
                seeds_of(&others)
            ));
        }
    }
    let (equal, alike): (Vec<&Pair>, Vec<&Pair>) = of(Verdict::NotDistinguished).partition(|pair| pair.test.n == 0);
    if !equal.is_empty() {
        said.push(format!("{subject} {equals} {} on all {}, to the last digit", named(&equal), seeds_of(&equal)));
    }
    if !alike.is_empty() {
        let between = match alike[..] {
            [only] => format!(" (difference {})", difference(&only.seen_from(from), Some(column))),
            _ => String::new(),
        };
        said.push(format!("{subject} {is} not distinguished from {}{between}", named(&alike)));
    }
    let equivalent: Vec<&Pair> = of(Verdict::Equivalent).collect();
    if let (false, Some(margin)) = (equivalent.is_empty(), comparison.margin) {
        said.push(format!("within the margin of {margin} {subject} {is} equivalent to {}", named(&equivalent)));
    }
    let open: Vec<&Pair> = of(Verdict::NotSettled).collect();
    match open[..] {
        [] => {}
        [only] => said.push(format!("the difference to {} is not settled: {}", named(&open), why_open(only))),
        _ => {
            let (drawn, others): (Vec<&Pair>, Vec<&Pair>) = open.iter().copied().partition(|pair| pair.tuned.is_some());
            let whys = [
                (drawn, "it does not hold often enough with other seeds, or at settings that they often choose".into()),
                (others.clone(), others.first().map_or(String::new(), |pair| why_open(pair))),
            ];
            for (pairs, why) in whys.into_iter().filter(|(pairs, _)| !pairs.is_empty()) {
                said.push(format!("the difference to {} is not settled: {why}", named(&pairs)));
            }
        }
    }
    let mut needed = too_few(&pairs);
    // What holds of the first task is said there.
    let first = &comparison.tasks[0];
    if first.labels != task.labels && too_few(&of_metric(first, column)) == needed {
        needed.clear();
    }
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

/// The pairs of a task by one metric.
fn of_metric<'a>(task: &'a Task, column: &Column) -> Vec<&'a Pair> {
    task.pairs.iter().filter(|pair| pair.metric == column.name).collect()
}

/// `9 seeds`, or `9 to 12 seeds` where pairs have different numbers.
fn seeds_of(pairs: &[&Pair]) -> String {
    let seeds = || pairs.iter().map(|pair| pair.difference.n);
    let (least, most) = (seeds().min().unwrap_or(0), seeds().max().unwrap_or(0));
    if least == most { count(most, "seed") } else { format!("{least} to {most} seeds") }
}

/// That no difference could distinguish any of these pairs, and how many seeds could; empty where there are enough, or no pairs.
fn too_few(pairs: &[&Pair]) -> String {
    let smallest = pairs.iter().map(|pair| pair.smallest).fold(1.0, f64::min);
    let seeds = pairs.iter().map(|pair| pair.difference.n).max().unwrap_or(0);
    let family = pairs.iter().map(|pair| pair.family).min().unwrap_or(1);
    let holm = if family > 1 { format!(" after Holm's correction for {family} pairs") } else { String::new() };
    let needed = seeds_needed(family, LEVEL);
    match seeds {
        _ if smallest <= LEVEL => String::new(),
        0 => String::new(),
        1 => format!(
            " One seed cannot distinguish a difference from chance: at least {needed} judging seeds are needed."
        ),
        _ => format!(
            " {seeds} judging seeds cannot distinguish any arms, however different (p is {}{holm}): at least \
                {needed} are needed.",
            least_p(smallest)
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

/// On how many tasks each arm is best, of those that have several arms.
pub fn of_many_tasks(comparison: &Comparison, column: &Column) -> Option<String> {
    let tasks: Vec<&Task> = comparison.tasks.iter().filter(|task| task.arms.len() > 1).collect();
    let first = tasks.first()?;
    let won: Vec<Vec<(&Arm, Spread)>> = tasks.iter().map(|task| winners(task, column)).collect();
    let wins = |name: &str| won.iter().filter(|own| own.iter().any(|(winner, _)| winner.name == name)).count();
    let mut counted: Vec<(&str, usize)> =
        arm_names(tasks.iter().copied()).into_iter().map(|name| (name, wins(name))).collect();
    counted.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let named = |name: &str| words::arm(&comparison.arm, name);
    let never: Vec<String> = counted.iter().filter(|(_, n)| *n == 0).map(|(name, _)| named(name)).collect();
    let some: Vec<String> =
        counted.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{} in {n}", named(name))).collect();
    let never = if never.is_empty() { String::new() } else { format!("; {} in none", words::all(&never)) };
    let ties = won.iter().filter(|own| own.len() > 1).count();
    let ties = if ties > 0 { format!(" ({ties} shared)") } else { String::new() };
    let lost = won.iter().filter(|own| own.is_empty()).count();
    let lost = if lost > 0 { format!("; {lost} are won by none") } else { String::new() };
    let each = first.labels.iter().map(|(axis, _)| axis.clone()).collect::<Vec<_>>();
    let (all, each, thing) = (tasks.len(), words::all(&each), words::thing(&comparison.arm));
    if some.is_empty() {
        return Some(format!("None of {all} comparisons, one for each {each}, is won by any arm."));
    }
    let lacking = tasks.iter().filter(|task| !lacking(comparison, task, column).is_empty()).count();
    let lacking = if lacking > 0 { format!(" In {lacking} of them results are missing.") } else { String::new() };
    let alone = match comparison.tasks.len() - all {
        0 => String::new(),
        n => format!(" In {} there is one {thing} alone.", count(n, "further one")),
    };
    Some(format!(
        "Of {}, one for each {each}, the {thing} that {} is {}{never}{ties}{lost}.{}{lacking}{alone}",
        count(all, "comparison"),
        is_best(column),
        words::all(&some),
        pairs_of_many(comparison)
    ))
}

/// How many pairs of arms the seeds can tell apart, and in how many of the tasks.
fn pairs_of_many(comparison: &Comparison) -> String {
    let of = |task: &'_ Task| task.pairs.iter().filter(|pair| pair.metric == comparison.report).cloned().collect();
    let own: Vec<Vec<Pair>> = comparison.tasks.iter().map(of).collect();
    let pairs: Vec<&Pair> = own.iter().flatten().collect();
    let is_told = |pair: &Pair| pair.verdict == Verdict::Distinguished;
    let told = pairs.iter().filter(|pair| is_told(pair)).count();
    let tasks = own.iter().filter(|pairs| pairs.iter().any(is_told)).count();
    let verb = if told == 1 { "is" } else { "are" };
    let needed = too_few(&pairs);
    match (told, pairs.len()) {
        (_, 0) => String::new(),
        (0, _) if !needed.is_empty() => needed,
        (0, all) => format!(" None of {} of arms is distinguished.", count(all, "pair")),
        (told, all) => {
            format!(
                " Of {} of arms {told} {verb} distinguished, in {}.",
                count(all, "pair"),
                count(tasks, "comparison")
            )
        }
    }
}

/// The answers over several problems, if they were asked for.
pub fn over_problems(comparison: &Comparison) -> Vec<String> {
    let of = |joint: &Joint| {
        let labels = joint.labels.iter().map(|(axis, label)| amount::labelled(axis, label)).collect::<Vec<_>>();
        let at = if labels.is_empty() { String::new() } else { format!(" with {}", labels.join(", ")) };
        format!("Over {}{at}: {}", count(joint.problems, "problem"), ranking(comparison, joint))
    };
    comparison.joint.iter().map(of).collect()
}

/// What a study of the gradient says of the arms that it also compares.
pub fn beside(comparison: &Comparison) -> Vec<String> {
    let Some(column) = columns::metric::metric(&comparison.report) else { return Vec::new() };
    let told = match &comparison.tasks[..] {
        [only] => of_task(comparison, only, column, true),
        tasks if tasks.iter().any(|task| task.arms.len() > 1) => of_many_tasks(comparison, column),
        _ => None,
    };
    told.into_iter().chain(over_problems(comparison)).collect()
}
