//! The comparison as text: for each task the verdict, a table of the arms, a table of the pairs, and what to know of both.

use super::amount::{interval_note, labelled, significant, subject};
use super::over::Joint;
use super::pairs::{Pair, Verdict};
use super::rows::{self, is_drawn, measures};
use super::sentences::least_p;
use super::warnings::warnings;
use super::{DRAWS, SHARE, comparison::Comparison, tasks::Task};
use crate::results::choice::seeds;
use crate::stats::Spread;
use crate::stats::signed_rank::{LEVEL, seeds_needed, smallest_corrected};
use crate::table::{count, folded, paragraph};
use std::collections::BTreeSet;

/// The comparison for a person, with the verdict on each of its tasks.
pub fn text(comparison: &Comparison, verdicts: &[String]) -> String {
    let mut text = String::new();
    paragraph(&mut text, "", &head(comparison));
    if !comparison.steps_known.is_empty() {
        paragraph(&mut text, "", &comparison.steps_known);
    }
    if let Some(why) = no_two_arms(comparison) {
        text.push('\n');
        paragraph(&mut text, "", &why);
        return text;
    }
    // What the numbers of several tasks are is said once.
    let mut said = BTreeSet::new();
    for (task, verdict) in comparison.tasks.iter().zip(verdicts) {
        text += &format!("\n{}\n", task.name());
        paragraph(&mut text, "  ", verdict);
        text.push('\n');
        arms(&mut text, comparison, task, &mut said);
        comparison.reports().for_each(|metric| pairs(&mut text, comparison, task, metric));
        warnings(comparison, task).iter().for_each(|line| paragraph(&mut text, "  ", line));
    }
    comparison.joint.iter().for_each(|own| joint(&mut text, comparison, own));
    let notes = notes(comparison);
    if !notes.is_empty() {
        text.push('\n');
        notes.iter().for_each(|note| paragraph(&mut text, "", note));
    }
    text
}

/// Why nothing is compared where each of several tasks has one arm alone, as folders without common labels have.
fn no_two_arms(comparison: &Comparison) -> Option<String> {
    let tasks = &comparison.tasks;
    let first = tasks.get(1).and(tasks.first()).filter(|_| tasks.iter().all(|task| task.arms.len() == 1))?;
    let axes: Vec<&str> = first.labels.iter().map(|(axis, _)| axis.as_str()).collect();
    Some(format!(
        "There is nothing to compare: {arm} has one label at each of the {n} settings of {axes}, and arms are compared where all \
         else is equal. Sweep the same settings for each of them, or name another axis with --arm.",
        arm = comparison.arm,
        n = tasks.len(),
        axes = axes.join(", "),
    ))
}

/// By what and on which seeds settings were chosen, and of which seeds the results are.
pub fn head(comparison: &Comparison) -> String {
    let Comparison { arm, choose, tune_seeds, report_seeds, tasks, .. } = comparison;
    let chooses = tasks.iter().flat_map(|task| &task.arms).any(|arm| arm.tries.len() > 1);
    let (own, choose) = (seeds(report_seeds), subject(choose));
    match (chooses, tune_seeds.is_empty()) {
        (true, false) => {
            format!("{arm}: settings chosen by the {choose} on {}, results of {own}", seeds(tune_seeds))
        }
        (true, true) => format!(
            "{arm}: settings chosen by the {choose} on {own} and results of the same seeds, which makes all of them look better than they are; write more `seeds`"
        ),
        (false, _) => format!("{arm}: one setting each, results of {own}"),
    }
}

/// What the numbers of all tasks are, said once; nothing where there are no pairs.
pub fn notes(comparison: &Comparison) -> Vec<String> {
    let pairs = || comparison.tasks.iter().flat_map(|task| &task.pairs).filter(|pair| pair.difference.n > 1);
    if pairs().next().is_none() {
        return Vec::new();
    }
    let of = match &comparison.baseline {
        Some(base) => format!("all pairs with {base}"),
        None => "all pairs".into(),
    };
    let by = match comparison.is_paired {
        true => ", seed by seed,",
        false => " of pairs of runs that have only the number of the seed in common,",
    };
    let p = format!(
        "p: Wilcoxon's signed-rank test{by} corrected by Holm's method for {of} on one task by one metric; tasks and \
         metrics are not corrected for each other. Differences are Hodges-Lehmann estimates, and their intervals those of the test."
    );
    let again = pairs().any(|pair| pair.tuned.is_some()).then(|| {
        format!(
            "Chosen anew: the middle 90 % of {DRAWS} bootstrap draws, in each of which other seeds choose every setting and others judge it. \
             A difference is not settled where it changes sides in more than {share:.0} % of the draws, or at a setting that is \
             chosen in more than {share:.0} % of them.",
            share = 100.0 * SHARE
        )
    });
    let is_infinite = |pair: &Pair| [pair.difference.low, pair.difference.high].iter().any(|x| x.is_infinite());
    let infinite = pairs().any(is_infinite).then(|| {
        "inf: one of the two diverged, or missed the target, where the other did not, and no number says how far they are apart."
            .to_string()
    });
    std::iter::once(p).chain(again).chain(infinite).collect()
}

/// What to know of the folders and of a task, which a terminal has in lines of its own.
pub fn remarks(comparison: &Comparison, task: &Task) -> Vec<String> {
    let on_one_line = |text: &String| text.replacen("\n  ", " ", 1).replace("\n  ", "; ");
    let of_folders = comparison.remarks.iter().map(on_one_line);
    of_folders.chain(warnings(comparison, task)).collect()
}

/// What the intervals of the medians are; empty where there are none.
pub fn of_medians(comparison: &Comparison, task: &Task) -> String {
    let Some(first) = measures(comparison, task).first().copied() else { return String::new() };
    let shown: Vec<Spread> = task.arms.iter().filter_map(|arm| arm.measures.get(first.name).copied()).collect();
    interval_note(&shown)
}

/// How many runs each arm has, and whether some diverged, where the table has no column of it.
pub fn of_runs(task: &Task) -> String {
    let diverged = task.arms.iter().any(|arm| arm.diverged > 0);
    match rows::runs_of_each(task) {
        Some(n) if diverged => format!("{} of each arm", count(n, "run")),
        Some(n) => format!("{} of each arm, of which none diverged", count(n, "run")),
        None if diverged => String::new(),
        None => "no run diverged".into(),
    }
}

/// How often a setting is chosen again, where a table has a column of it.
pub fn of_draws(task: &Task) -> String {
    let again = "again: how often other seeds choose the same setting";
    if is_drawn(task) { again.into() } else { String::new() }
}

/// The table of the arms, with those of its notes that were not `said`.
fn arms(text: &mut String, comparison: &Comparison, task: &Task, said: &mut BTreeSet<String>) {
    // Words to the left, numbers to the right.
    let table = rows::arms(comparison, task);
    *text += &folded("  ", &table.all(), 1, |column| column < table.words);
    for note in [of_runs(task), of_medians(comparison, task), of_draws(task)] {
        if !note.is_empty() && said.insert(note.clone()) {
            paragraph(text, "  ", &note);
        }
    }
}

/// The table of the pairs by one metric.
fn pairs(text: &mut String, comparison: &Comparison, task: &Task, metric: &str) {
    let table = rows::pairs(comparison, task, metric);
    if table.rows.is_empty() {
        return;
    }
    text.push('\n');
    let last = table.head.len() - 1;
    *text += &folded("  ", &table.all(), 2, |column| column < table.words || column == last);
    let all = || task.pairs.iter().filter(|pair| pair.metric == metric && pair.difference.n > 1);
    let told = all().filter(|pair| pair.verdict == Verdict::Distinguished).count();
    let could = match all().map(|pair| pair.smallest).fold(1.0, f64::min) {
        smallest if smallest > LEVEL => format!("; every p is {}", least_p(smallest)),
        _ => String::new(),
    };
    let told = match (told, all().count()) {
        (0, 1) => "the two are not distinguished".into(),
        (1, 1) => "the two are distinguished".into(),
        (1, all) => format!("1 of {all} pairs is distinguished"),
        (told, all) => format!("{told} of {all} pairs are distinguished"),
    };
    paragraph(text, "  ", &format!("{told}{could}"));
}

/// The answer over several problems.
fn joint(text: &mut String, comparison: &Comparison, joint: &Joint) {
    let labels = joint.labels.iter().map(|(axis, label)| labelled(axis, label)).collect::<Vec<_>>().join(", ");
    let at = if labels.is_empty() { String::new() } else { format!(", {labels}") };
    *text += &format!("\nover {}{at}\n", count(joint.problems, "problem"));
    paragraph(text, "  ", &ranking(comparison, joint));
    for table in [rows::ranks(comparison, joint), rows::wins(comparison, joint)] {
        if !table.rows.is_empty() {
            *text += &folded("  ", &table.all(), table.words, |column| column < table.words);
        }
    }
    joint_notes(comparison, joint).iter().for_each(|note| paragraph(text, "  ", note));
}

/// What the numbers of the answer over several problems are.
pub fn joint_notes(comparison: &Comparison, joint: &Joint) -> Vec<String> {
    let is_ranked = |base: &&String| joint.arms.iter().any(|arm| arm.name == **base);
    let letters = joint.test.map(|_| match comparison.baseline.as_ref().filter(is_ranked) {
        Some(base) => format!("not distinguished: from {base}, those with the letter a"),
        None => "not distinguished: arms with a letter in common".into(),
    });
    let score = rows::is_scored(joint).then(|| {
        format!(
            "score: {} of each run, 0 for guessing and 1 for the best possible result; a run that diverged counts as worse than every number; interquartile mean over all problems and seeds, with \
             the middle 90 % of {DRAWS} draws of seeds within each problem",
            subject(&comparison.report)
        )
    });
    let wins = (!joint.wins.is_empty())
        .then(|| "better on, worse on: problems on which the two are distinguished".to_string());
    letters.into_iter().chain(score).chain(wins).collect()
}

/// Who ranks best over the problems, and what can be told of that; then which arms are left out.
pub fn ranking(comparison: &Comparison, joint: &Joint) -> String {
    let lacking: Vec<String> = joint.left_out.iter().map(|(arm, on)| format!("{arm} (on {on})")).collect();
    match lacking.is_empty() {
        true => ranks(comparison, joint),
        false => format!("{} Not ranked, since they lack results: {}.", ranks(comparison, joint), lacking.join(", ")),
    }
}

fn ranks(comparison: &Comparison, joint: &Joint) -> String {
    let Some(first) = joint.arms.first() else { return "no arm has results on all problems.".into() };
    if joint.arms.len() == 1 {
        return format!("{} is the only arm with results on all problems, so there is nothing to rank.", first.name);
    }
    let best: Vec<&str> = joint.arms.iter().filter(|arm| arm.rank == first.rank).map(|arm| arm.name.as_str()).collect();
    if joint.lost {
        return "no arm ranks best: on every problem the median run of each diverged, or missed the target.".into();
    }
    let verb = if best.len() == 1 { "ranks" } else { "rank" };
    let subject = subject(&comparison.report);
    let others = joint.arms.iter().filter(|arm| arm.rank != first.rank);
    let others: Vec<String> = others.map(|arm| format!("{} {:.2}", arm.name, arm.rank)).collect();
    let others = if others.is_empty() { String::new() } else { format!(", before {}", others.join(", ")) };
    let ranked = format!("{} {verb} best by the {subject}, {:.2} on average{others}", best.join(" and "), first.rank);
    let Some(test) = joint.test else {
        return format!("{ranked}; {}.", joint.untested().unwrap_or_default());
    };
    let told = joint.pairs.iter().filter(|pair| pair.verdict == Verdict::Distinguished);
    let told: Vec<String> = told.map(|pair| format!("{} from {}", pair.first, pair.second)).collect();
    let pairs = match &told[..] {
        [] => "no two arms are distinguished".into(),
        told => format!("distinguished are {}", told.join(", ")),
    };
    let family = joint.pairs.len();
    let few = match smallest_corrected(joint.problems, family) {
        p if p > LEVEL => format!(
            "; over {} no p is below {}, and at least {} are needed",
            count(joint.problems, "problem"),
            significant(p),
            seeds_needed(family, LEVEL)
        ),
        _ => String::new(),
    };
    format!(
        "{ranked}. Friedman's test of all arms: p = {}; by Wilcoxon's test over the problems, corrected by Holm's method for {}, \
         {pairs}{few}.",
        significant(test.p),
        count(family, "pair")
    )
}
