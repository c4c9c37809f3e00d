//! Pairs of arms compared seed by seed: how far apart they are, and whether the seeds suffice to distinguish them.

use super::arms::{Arm, CONFIDENCE};
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

/// All pairs of arms that have a seed in common.
pub fn pairs(arms: &[Arm]) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    for (i, first) in arms.iter().enumerate() {
        for second in &arms[i + 1..] {
            let both = first.reported.iter().filter_map(|(seed, a)| Some((a, second.reported.get(seed)?)));
            // Two runs that both diverged are equally bad.
            let differences: Vec<f64> = both.map(|(a, b)| if a == b { 0.0 } else { a - b }).collect();
            let Some(difference) = hodges_lehmann(&differences, CONFIDENCE) else { continue };
            let test = signed_rank(&differences);
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
