//! A joint answer over several problems: average ranks of the arms and, over enough independent problems, whether they differ.
//!
//! After Demšar (2006), "Statistical comparisons of classifiers over multiple data sets": the unit is the problem, whose value for an
//! arm is its median over the judging seeds. Variations of one data set are no independent problems, and few problems prove nothing:
//! below [`PROBLEMS`] of them there are ranks, and each problem's own intervals, but no test.

use super::arms::Setting;
use super::pairs::{Pair, Verdict};
use super::score::{Score, score};
use super::tasks::{Task, arm_names};
use crate::columns::Column;
use crate::plan_file::PlanFile;
use crate::plan_file::compare::{Compare, PROBLEMS, origins};
use crate::stats::friedman::{Friedman, friedman, ranks};
use crate::stats::signed_rank::{LEVEL, holm, signed_rank};
use crate::table::count;
use std::collections::BTreeSet;

/// The arms over all problems that share their other labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Joint {
    /// What the problems share, of the axes that are not pooled.
    pub labels: Vec<(String, String)>,
    pub problems: usize,
    /// Whether on every problem the median run of each ranked arm diverged, or missed the target.
    pub lost: bool,
    /// Different data sets or functions among the problems; `None` where that is not known.
    pub independent: Option<usize>,
    /// Arms that are not ranked, each with the first problem on which it has no results.
    pub left_out: Vec<(String, String)>,
    /// From the best average rank on.
    pub arms: Vec<JointArm>,
    /// Of enough independent problems.
    pub test: Option<Friedman>,
    /// Every pair, or every pair with the baseline, in the order of the ranks; none without a test.
    pub pairs: Vec<JointPair>,
    /// Every pair that was compared on some problem, in the same order.
    pub wins: Vec<Wins>,
}

/// Two arms by their verdicts on the problems, each of its own seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Wins {
    pub first: String,
    pub second: String,
    /// Problems on which they are distinguished, and the first is better.
    pub better: usize,
    /// The same where it is worse.
    pub worse: usize,
    /// All others on which they were compared.
    pub open: usize,
}

/// An arm over the problems.
#[derive(Clone, Debug, PartialEq)]
pub struct JointArm {
    pub name: String,
    /// 1 is best on every problem; ties have their mean rank.
    pub rank: f64,
    /// Problems on which no other arm has a better median.
    pub best: usize,
    /// A letter for each set of arms of which no two are distinguished, or for those that are not distinguished from the baseline;
    /// empty without a test.
    pub groups: String,
    /// Where every problem has something to guess.
    pub score: Option<Score>,
}

/// Two arms over the problems: Wilcoxon's test of their medians, corrected by Holm's method for all pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct JointPair {
    pub first: String,
    pub second: String,
    pub corrected: f64,
    pub verdict: Verdict,
}

/// One answer for each combination of the labels that are not pooled; of arms that are on all of its problems.
pub fn joint(tasks: &[Task], compare: &Compare, plan: &PlanFile, column: &Column, seeds: &[u64]) -> Vec<Joint> {
    let mut groups: Vec<(Setting, Vec<&Task>)> = Vec::new();
    for task in tasks {
        let shared: Setting = task.labels.iter().filter(|(axis, _)| !compare.over.contains(axis)).cloned().collect();
        match groups.iter_mut().find(|(labels, _)| *labels == shared) {
            Some((_, own)) => own.push(task),
            None => groups.push((shared, vec![task])),
        }
    }
    groups.into_iter().map(|(labels, tasks)| of_group(labels, &tasks, compare, (plan, column, seeds))).collect()
}

fn of_group(
    labels: Setting,
    tasks: &[&Task],
    compare: &Compare,
    (plan, column, seeds): (&PlanFile, &Column, &[u64]),
) -> Joint {
    let sign = -column.sign().unwrap_or(-1.0);
    // The smallest is best.
    let value = |task: &Task, name: &str| {
        let arm = task.arms.iter().find(|arm| arm.name == name)?;
        Some(sign * arm.measures.get(column.name)?.median)
    };
    let all = arm_names(tasks.iter().copied());
    let lacks = |name: &str| tasks.iter().find(|task| value(task, name).is_none());
    let left_out = all.iter().filter_map(|name| Some((name.to_string(), lacks(name)?.name()))).collect();
    let names: Vec<&str> = all.iter().copied().filter(|name| lacks(name).is_none()).collect();
    let row = |task: &&Task| names.iter().filter_map(|name| value(task, name)).collect::<Vec<f64>>();
    let table: Vec<Vec<f64>> = tasks.iter().map(row).collect();
    let ranked: Vec<Vec<f64>> = table.iter().map(|row| ranks(row)).collect();
    // Also of arms that are left out.
    let lowest = |task: &&Task| all.iter().filter_map(|name| value(task, name)).fold(f64::INFINITY, f64::min);
    let lowest: Vec<f64> = tasks.iter().map(lowest).collect();
    let arm = |(place, name): (usize, &&str)| JointArm {
        name: name.to_string(),
        rank: ranked.iter().map(|row| row[place]).sum::<f64>() / table.len() as f64,
        // Where all diverged none is best.
        best: table.iter().zip(&lowest).filter(|(row, x)| row[place] == **x && x.is_finite()).count(),
        groups: String::new(),
        score: score(tasks, name, plan, column, seeds),
    };
    let mut arms: Vec<JointArm> = names.iter().enumerate().map(arm).collect();
    arms.sort_by(|a, b| a.rank.total_cmp(&b.rank));
    let origin = |task: &&Task| plan.origin(plan.cells_of(&task.labels).next()?);
    let independent = tasks.iter().map(origin).collect::<Option<BTreeSet<_>>>().map(|all| all.len());
    let is_tested = tasks.len() >= PROBLEMS && independent == Some(tasks.len());
    let test = friedman(&table).filter(|_| is_tested);
    let place = |arm: &JointArm| names.iter().position(|name| *name == arm.name).unwrap_or(0);
    let order: Vec<usize> = arms.iter().map(place).collect();
    let base = compare.baseline.as_deref().filter(|base| names.contains(base));
    let pairs = if test.is_some() { pairs(&table, &names, &order, base) } else { Vec::new() };
    let is_told = |pair: &JointPair| pair.verdict == Verdict::Distinguished;
    if let (Some(base), true) = (base, test.is_some()) {
        let is_apart =
            |name: &str| pairs.iter().any(|pair| is_told(pair) && (pair.first == name || pair.second == name));
        arms.iter_mut().filter(|arm| arm.name == base || !is_apart(&arm.name)).for_each(|arm| arm.groups.push('a'));
    } else if test.is_some() {
        let alike = |a: &str, b: &str| {
            pairs
                .iter()
                .all(|pair| !is_told(pair) || ![a, b].contains(&&*pair.first) || ![a, b].contains(&&*pair.second))
        };
        let names: Vec<String> = arms.iter().map(|arm| arm.name.clone()).collect();
        for (letter, set) in ('a'..='z').zip(alike_sets(names.len(), |a, b| alike(&names[a], &names[b]))) {
            set.into_iter().for_each(|arm| arms[arm].groups.push(letter));
        }
    }
    let wins = wins(tasks, &arms, column);
    let lost = table.iter().flatten().all(|median| median.is_infinite());
    Joint { labels, problems: tasks.len(), lost, independent, left_out, arms, test, pairs, wins }
}

/// How often each arm is better than each that ranks behind it, by the verdicts on the problems.
fn wins(tasks: &[&Task], arms: &[JointArm], column: &Column) -> Vec<Wins> {
    let places = (0..arms.len()).flat_map(|i| (i + 1..arms.len()).map(move |j| (&arms[i].name, &arms[j].name)));
    let of_pair = |(first, second): (&String, &String)| {
        let is_own = |pair: &&Pair| pair.metric == column.name && pair.other(first) == Some(second);
        let compared = || tasks.iter().filter_map(|task| task.pairs.iter().find(is_own));
        let told = || compared().filter(|pair| pair.verdict == Verdict::Distinguished);
        let ahead = |pair: &&Pair| pair.is_below(first) != column.higher_is_better();
        let (all, told, better) = (compared().count(), told().count(), told().filter(ahead).count());
        let (worse, open) = (told - better, all - told);
        (all > 0).then(|| Wins { first: first.clone(), second: second.clone(), better, worse, open })
    };
    places.filter_map(of_pair).collect()
}

/// The largest sets of `n` things of which all are `alike`, each in order: every thing is in one of them at least.
fn alike_sets(n: usize, alike: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut sets: Vec<Vec<usize>> = Vec::new();
    for new in 0..n {
        let with = |set: &Vec<usize>| set.iter().copied().filter(|old| alike(*old, new)).chain([new]).collect();
        let grown: Vec<Vec<usize>> = sets.iter().map(with).chain([vec![new]]).collect();
        sets.extend(grown);
        let all = sets.clone();
        let is_within = |a: &Vec<usize>, b: &Vec<usize>| a.iter().all(|x| b.contains(x));
        sets.retain(|set| all.iter().all(|other| other == set || !is_within(set, other)));
        sets.sort();
        sets.dedup();
    }
    sets
}

fn pairs(table: &[Vec<f64>], names: &[&str], order: &[usize], base: Option<&str>) -> Vec<JointPair> {
    let places = (0..order.len()).flat_map(|i| (i + 1..order.len()).map(move |j| (order[i], order[j])));
    let is_asked = |(a, b): &(usize, usize)| base.is_none_or(|base| names[*a] == base || names[*b] == base);
    let places: Vec<(usize, usize)> = places.filter(is_asked).collect();
    let differences = |(a, b): &(usize, usize)| -> Vec<f64> {
        table.iter().map(|row| super::again::difference(row[*a], row[*b])).collect()
    };
    let corrected = holm(&places.iter().map(|pair| signed_rank(&differences(pair)).p).collect::<Vec<_>>());
    let pair = |(pair, corrected): (&(usize, usize), f64)| JointPair {
        first: names[pair.0].into(),
        second: names[pair.1].into(),
        corrected,
        verdict: if corrected <= LEVEL { Verdict::Distinguished } else { Verdict::NotDistinguished },
    };
    places.iter().zip(corrected).map(pair).collect()
}

impl Joint {
    /// Why the arms are not tested over the problems; `None` where they are.
    pub fn untested(&self) -> Option<String> {
        let Joint { problems, independent, .. } = self;
        match (self.test, *independent) {
            (Some(_), _) => None,
            (None, None) => Some(format!(
                "no test over these {problems} problems, since nothing says that their data differ: name the data in a column `data`"
            )),
            (None, Some(few)) if few < *problems => Some(format!(
                "no test over these {problems} problems, which come from {} and so depend on each other",
                origins(few)
            )),
            (None, _) if *problems < PROBLEMS => {
                Some(format!("no test over {}: it takes {PROBLEMS}", count(*problems, "problem")))
            }
            (None, _) => Some("no test: all arms are alike on all problems".into()),
        }
    }
}
