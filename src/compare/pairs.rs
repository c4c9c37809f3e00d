//! Pairs of arms compared seed by seed: how far apart they are, and whether the seeds suffice to distinguish them.

use super::arms::{Arm, CONFIDENCE};
use crate::columns::{Column, Scale};
use crate::stats::signed_rank::{Estimate, SignedRank, hodges_lehmann, holm, signed_rank};

/// Two arms of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    pub first: String,
    pub second: String,
    /// Of the first minus the second, over the seeds that both have.
    pub difference: Estimate,
    pub test: SignedRank,
    /// The p-value corrected for the number of pairs of its task.
    pub corrected: f64,
    /// The smallest corrected p-value that so many seeds and pairs can give.
    pub smallest: f64,
}

impl Pair {
    /// Whether the difference is more than the chance of the seeds, at 5 %.
    pub fn is_distinguishable(&self) -> bool {
        self.corrected <= 0.05
    }
}

/// Differences of shares k / n as ranks need them: 0.9 - 0.8 and 0.8 - 0.7 are the same tenth, however they are rounded. Two that are
/// not the same lie at least 1 / n apart, which is far more than the step taken here.
fn without_rounding(differences: &[f64]) -> Vec<f64> {
    const STEPS: f64 = (1u64 << 40) as f64;
    differences.iter().map(|difference| (difference * STEPS).round()).collect()
}

/// All pairs of arms that have a seed in common, by what is reported of them.
pub fn pairs(arms: &[Arm], report: Option<&Column>) -> Vec<Pair> {
    let is_share = report.is_some_and(|column| column.scale == Scale::Share);
    let mut pairs: Vec<Pair> = Vec::new();
    for (i, first) in arms.iter().enumerate() {
        for second in &arms[i + 1..] {
            // Of two such arms none is better, and seeds that agree on that show nothing.
            if first.all_diverged() && second.all_diverged() {
                continue;
            }
            let both = first.reported.iter().filter_map(|(seed, a)| Some((a, second.reported.get(seed)?)));
            // Two runs that both diverged are equally bad.
            let differences: Vec<f64> = both.map(|(a, b)| if a == b { 0.0 } else { a - b }).collect();
            let Some(difference) = hodges_lehmann(&differences, CONFIDENCE) else { continue };
            let test = if is_share { signed_rank(&without_rounding(&differences)) } else { signed_rank(&differences) };
            let (first, second) = (first.name.clone(), second.name.clone());
            pairs.push(Pair { first, second, difference, test, corrected: test.p, smallest: 1.0 });
        }
    }
    let corrected = holm(&pairs.iter().map(|pair| pair.test.p).collect::<Vec<_>>());
    let several = pairs.len() as f64;
    for (pair, corrected) in pairs.iter_mut().zip(corrected) {
        pair.corrected = corrected;
        pair.smallest = ((1.0 - pair.difference.n as f64).exp2() * several).min(1.0);
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of n rows, k right: the difference of two accuracies is a whole number of rows, and so are its ties.
    #[test]
    fn accuracies_that_differ_by_as_many_rows_are_tied() {
        let column = crate::columns::outcome("test_accuracy");
        let right = [[324u32, 322], [318, 320], [331, 325], [329, 327], [315, 313], [340, 342], [333, 327], [322, 321]];
        for n in [345u32, 360, 1000, 59999] {
            let arm = |side: usize| {
                let share = |(seed, k): (u64, &[u32; 2])| (seed, f64::from(k[side]) / f64::from(n));
                Arm { name: side.to_string(), reported: (1..).zip(&right).map(share).collect(), ..Arm::default() }
            };
            let rows: Vec<f64> = right.iter().map(|[a, b]| f64::from(*a) - f64::from(*b)).collect();
            let exact = signed_rank(&rows);
            let found = pairs(&[arm(0), arm(1)], column)[0].test;
            assert_eq!(found, exact, "{n}");
        }
    }
}
