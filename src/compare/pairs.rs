//! Pairs of arms compared seed by seed: how far apart they are, whether the seeds suffice to distinguish them, and whether
//! the verdict outlives another choice of their settings.

use super::again::{Again, Tuned, difference, sign};
use super::arms::{Arm, SHARE, Tried};
use crate::columns::{self, Column, Scale};
use crate::plan_file::compare::Compare;
use crate::stats::CONFIDENCE;
use crate::stats::signed_rank::{
    Estimate, LEVEL, SignedRank, hodges_lehmann, holm, pseudo_median, signed_rank, smallest_corrected,
};

/// Two arms of a task by one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    pub first: String,
    pub second: String,
    pub metric: String,
    /// Of the first minus the second at the chosen settings, over the seeds that both have.
    pub difference: Estimate,
    pub test: SignedRank,
    /// The p-value corrected for the number of pairs in its family.
    pub corrected: f64,
    /// The smallest corrected p-value that so many seeds and pairs can give.
    pub smallest: f64,
    /// How many pairs are corrected for: those of its task and metric.
    pub family: usize,
    /// The difference where each arm chooses its setting anew; `None` where nothing is drawn.
    pub tuned: Option<Tuned>,
    /// Whether one of the two had settings to choose from, so that a verdict without draws is not settled.
    pub chooses: bool,
    pub verdict: Verdict,
}

/// What can be said of two arms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They differ, and another choice of their settings would not turn it round.
    Distinguished,
    /// They differ at the chosen settings, but at others that are chosen about as often, or in many of the draws, they do not, or
    /// the other way round.
    NotSettled,
    /// The whole interval of the difference lies within the margin that was asked for.
    Equivalent,
    NotDistinguished,
}

impl Verdict {
    /// The word in `comparison_pairs.csv`.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Distinguished => "distinguished",
            Verdict::NotSettled => "not settled",
            Verdict::Equivalent => "equivalent",
            Verdict::NotDistinguished => "not distinguished",
        }
    }
}

impl Pair {
    /// The arm beside this one; `None` where the pair is not about it.
    pub fn other(&self, name: &str) -> Option<&str> {
        match name {
            _ if name == self.first => Some(&self.second),
            _ if name == self.second => Some(&self.first),
            _ => None,
        }
    }

    /// -1 where the first lies below the second, 1 where it lies above: by the difference, or by the ranks where that is 0 since many
    /// seeds are tied.
    pub fn side(&self) -> f64 {
        side(self.difference.value, &self.test)
    }

    /// Whether one of the arms lies below the other.
    pub fn is_below(&self, name: &str) -> bool {
        if name == self.first { self.side() < 0.0 } else { self.side() > 0.0 }
    }

    /// The difference and its ends as seen from one of its arms: that arm minus the other.
    pub fn seen_from(&self, name: &str) -> Estimate {
        let d = self.difference;
        if name == self.first { d } else { Estimate { value: -d.value, low: -d.high, high: -d.low, ..d } }
    }
}

/// The side of a difference, or of the ranks where that is 0.
fn side(difference: f64, test: &SignedRank) -> f64 {
    if difference == 0.0 { sign(test.effect) } else { sign(difference) }
}

/// Differences of shares k / n as ranks need them: 0.9 - 0.8 and 0.8 - 0.7 are the same tenth, however they are rounded. Two that are
/// not the same lie at least 1 / n apart, which is far more than the step taken here.
fn without_rounding(differences: &[f64]) -> Vec<f64> {
    const STEPS: f64 = (1u64 << 40) as f64;
    differences.iter().map(|difference| (difference * STEPS).round()).collect()
}

/// The differences of two settings over the judging seeds that both have.
fn differences(first: &Tried, second: &Tried, metric: usize, seeds: &[u64]) -> Vec<f64> {
    let both = |seed: &u64| Some((first.reported[metric].get(seed)?, second.reported[metric].get(seed)?));
    seeds.iter().filter_map(both).map(|(a, b)| difference(*a, *b)).collect()
}

/// All pairs of arms that have a judging seed in common, or all pairs with the baseline, by each metric: one family of Holm's
/// correction for each metric.
pub fn pairs(arms: &[Arm], reports: &[String], compare: &Compare, seeds: &[u64], again: &Again) -> Vec<Pair> {
    reports.iter().enumerate().flat_map(|(metric, name)| family(arms, (metric, name), compare, seeds, again)).collect()
}

fn family(
    arms: &[Arm],
    (metric, name): (usize, &String),
    compare: &Compare,
    seeds: &[u64],
    again: &Again,
) -> Vec<Pair> {
    let is_share = columns::metric::metric(name).is_some_and(|column: &Column| column.scale == Scale::Share);
    let is_asked = |a: &Arm, b: &Arm| compare.baseline.as_ref().is_none_or(|base| *base == a.name || *base == b.name);
    let mut pairs: Vec<Pair> = Vec::new();
    for (i, j) in (0..arms.len()).flat_map(|i| (i + 1..arms.len()).map(move |j| (i, j))) {
        let (first, second) = (&arms[i], &arms[j]);
        let (Some(a), Some(b), true) = (first.at_best(), second.at_best(), is_asked(first, second)) else { continue };
        // Of two arms that diverged always none is better, and seeds that agree on that show nothing.
        let is_number =
            |tried: &Tried| seeds.iter().filter_map(|seed| tried.reported[metric].get(seed)).any(|x| x.is_finite());
        if first.all_diverged() && second.all_diverged() && !is_number(a) && !is_number(b) {
            continue;
        }
        let paired = differences(a, b, metric, seeds);
        let Some(difference) = hodges_lehmann(&paired, CONFIDENCE) else { continue };
        let test = if is_share { signed_rank(&without_rounding(&paired)) } else { signed_rank(&paired) };
        let tuned = again.difference(arms, (i, j), metric, side(difference.value, &test));
        pairs.push(Pair {
            first: first.name.clone(),
            second: second.name.clone(),
            metric: name.clone(),
            difference,
            test,
            corrected: test.p,
            smallest: 1.0,
            family: 1,
            tuned,
            chooses: first.tries.len() > 1 || second.tries.len() > 1,
            verdict: Verdict::NotDistinguished,
        });
    }
    let corrected = holm(&pairs.iter().map(|pair| pair.test.p).collect::<Vec<_>>());
    let family = pairs.len();
    for (pair, corrected) in pairs.iter_mut().zip(corrected) {
        (pair.corrected, pair.family) = (corrected, family);
        pair.smallest = smallest_corrected(pair.difference.n, family);
        pair.verdict = verdict(pair, arms, metric, seeds, compare.margin.filter(|_| metric == 0));
    }
    pairs
}

fn verdict(pair: &Pair, arms: &[Arm], metric: usize, seeds: &[u64], margin: Option<f64>) -> Verdict {
    let d = pair.difference;
    let is_within = |margin: f64| d.coverage >= CONFIDENCE && -margin <= d.low && d.high <= margin;
    match pair.corrected <= LEVEL {
        _ if margin.is_some_and(is_within) => Verdict::Equivalent,
        false => Verdict::NotDistinguished,
        true if is_settled(pair, arms, metric, seeds) => Verdict::Distinguished,
        true => Verdict::NotSettled,
    }
}

/// Whether the difference is on the same side at every setting that is chosen in more than [`SHARE`] of the draws, and in all but
/// [`SHARE`] of the draws. What was chosen and cannot be chosen anew is not settled.
fn is_settled(pair: &Pair, arms: &[Arm], metric: usize, seeds: &[u64]) -> bool {
    let arm = |name: &str| arms.iter().find(|arm| arm.name == name);
    let (Some(first), Some(second)) = (arm(&pair.first), arm(&pair.second)) else { return false };
    let same = |a: &Tried, b: &Tried| {
        let differences = differences(a, b, metric, seeds);
        let own = pseudo_median(&differences).map(|difference| side(difference, &signed_rank(&differences)));
        own == Some(pair.side())
    };
    let is_same_everywhere = first.likely().all(|a| second.likely().all(|b| same(a, b)));
    is_same_everywhere && pair.tuned.map_or(!pair.chooses, |tuned| tuned.turned <= SHARE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of n rows, k right: the difference of two accuracies is a whole number of rows, and so are its ties.
    #[test]
    fn accuracies_that_differ_by_as_many_rows_are_tied() {
        let right = [[324u32, 322], [318, 320], [331, 325], [329, 327], [315, 313], [340, 342], [333, 327], [322, 321]];
        for n in [345u32, 360, 1000, 59999] {
            let arm = |side: usize| {
                let share = |(seed, k): (u64, &[u32; 2])| (seed, f64::from(k[side]) / f64::from(n));
                let tried = Tried { reported: vec![(1..).zip(&right).map(share).collect()], ..Tried::default() };
                Arm { name: side.to_string(), tries: vec![tried], best: Some(0), ..Arm::default() }
            };
            let rows: Vec<f64> = right.iter().map(|[a, b]| f64::from(*a) - f64::from(*b)).collect();
            let exact = signed_rank(&rows);
            let seeds: Vec<u64> = (1..=8).collect();
            let found =
                pairs(&[arm(0), arm(1)], &["test_accuracy".into()], &Compare::default(), &seeds, &Again::default())[0]
                    .test;
            assert_eq!(found, exact, "{n}");
        }
    }
}
