//! Paired comparisons without assumptions on distributions: Wilcoxon's signed-rank test with its exact distribution, the
//! Hodges-Lehmann estimate with the interval that belongs to it, Holm's correction.
//!
//! Our own, since the crates at hand offer the test by its normal approximation alone, which means nothing for five
//! seeds. `scripts/statistics_reference.py` holds it to scipy.

use crate::real::Real;

/// Corrected p up to which a difference is more than the chance of the seeds.
pub const LEVEL: f64 = 0.05;

/// More pairs than this take the normal approximation, which is then good to three digits.
const EXACT: usize = 100;

/// Wilcoxon's test of paired differences against a median of 0 (Wilcoxon 1945).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignedRank {
    /// Differences that are not 0; the others say nothing.
    pub n: usize,
    /// Sum of the ranks of positive differences, ties at their mean rank.
    pub positive: f64,
    /// Two-sided, given the tied ranks: twice the smaller tail, at most 1.
    pub p: f64,
    /// The smallest p that so many pairs can give: 2^(1-n).
    pub smallest: f64,
    /// (sum of positive ranks - sum of negative ranks) / their total, from -1 to 1 (Kerby 2014).
    pub effect: f64,
}

/// Infinite differences rank highest; one that is not a number (two infinities) counts as 0.
pub fn signed_rank(differences: &[f64]) -> SignedRank {
    let mut kept: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0 && !d.is_nan()).collect();
    kept.sort_by(|a, b| f64::abs(*a).total_cmp(&f64::abs(*b)));
    let n = kept.len();
    let ranks = doubled_ranks(&kept);
    let total: usize = ranks.iter().sum();
    let positive: usize = kept.iter().zip(&ranks).filter(|(d, _)| **d > 0.0).map(|(_, r)| r).sum();
    let smallest = (1.0 - n as f64).exp2().min(1.0);
    let effect = if n == 0 { 0.0 } else { (2.0 * positive as f64 - total as f64) / total as f64 };
    let p = match n {
        0 => 1.0,
        _ if n <= EXACT => {
            let chances = distribution(&ranks);
            let lower: f64 = chances[..=positive].iter().sum();
            let upper: f64 = chances[positive..].iter().sum();
            (2.0 * lower.min(upper)).min(1.0)
        }
        _ => {
            let variance: f64 = ranks.iter().map(|r| (*r as f64).powi(2)).sum::<f64>() / 4.0;
            let away = (positive as f64 - total as f64 / 2.0).abs() / variance.sqrt();
            (2.0 * normal_tail(away)).min(1.0)
        }
    };
    SignedRank { n, positive: positive as f64 / 2.0, p, smallest, effect }
}

/// Twice the mean rank of each of these sizes, which are sorted.
fn doubled_ranks(sorted: &[f64]) -> Vec<usize> {
    let mut ranks = Vec::with_capacity(sorted.len());
    for tied in sorted.chunk_by(|a, b| f64::abs(*a) == f64::abs(*b)) {
        let before = ranks.len();
        ranks.extend(std::iter::repeat_n(2 * before + tied.len() + 1, tied.len()));
    }
    ranks
}

/// The probability of each sum of ranks when every sign is a fair coin.
fn distribution(ranks: &[usize]) -> Vec<f64> {
    let mut chances = vec![0.0; ranks.iter().sum::<usize>() + 1];
    chances[0] = 1.0;
    let mut reached = 0;
    for rank in ranks {
        for sum in (0..=reached).rev() {
            chances[sum + rank] += chances[sum] / 2.0;
            chances[sum] /= 2.0;
        }
        reached += rank;
    }
    chances
}

/// P(Z > z) of a standard normal.
pub(super) fn normal_tail(z: f64) -> f64 {
    (-z).normal().1
}

/// An estimate and an interval around it that holds the true value with probability `coverage`, or more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    pub coverage: f64,
    pub n: usize,
}

/// The mean of two differences; two infinities of opposite sign are no difference.
fn mean(a: f64, b: f64) -> f64 {
    if (a + b).is_nan() { 0.0 } else { (a + b) / 2.0 }
}

/// The means of any two differences, and of each with itself (Walsh averages).
fn means(differences: &[f64]) -> Vec<f64> {
    let n = differences.len();
    (0..n).flat_map(|i| (i..n).map(move |j| mean(differences[i], differences[j]))).collect()
}

/// The median of all means of two differences alone, without its interval, in linear time of their number; `None` without pairs.
pub fn pseudo_median(differences: &[f64]) -> Option<f64> {
    let mut means = means(differences);
    let (n, middle) = (means.len(), means.len() / 2);
    if n == 0 {
        return None;
    }
    let (below, upper, _) = means.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    if n % 2 == 1 {
        return Some(upper);
    }
    below.iter().copied().max_by(f64::total_cmp).map(|lower| mean(lower, upper))
}

/// The smallest corrected p that so many pairs of seeds can give where Holm's family has so many comparisons.
pub fn smallest_corrected(seeds: usize, family: usize) -> f64 {
    ((1.0 - seeds as f64).exp2() * family as f64).min(1.0)
}

/// How many seeds it takes until the smallest corrected p is at most `level`.
pub fn seeds_needed(family: usize, level: f64) -> usize {
    (1..64).find(|n| smallest_corrected(*n, family) <= level).unwrap_or(64)
}

/// The median of all means of two differences, and the interval whose ends the signed-rank test would not reject
/// (Hodges & Lehmann 1963). The widest where so few pairs cannot reach `confidence`; `None` without pairs.
pub fn hodges_lehmann(differences: &[f64], confidence: f64) -> Option<Estimate> {
    let n = differences.len();
    let mut means = means(differences);
    means.sort_by(f64::total_cmp);
    let value = super::middle_of(&means)?;
    let (cut, coverage) = if n <= EXACT {
        // The k-th smallest and largest: the sum of ranks stays below k with the same probability on both sides.
        let chances = distribution(&(1..=n).map(|rank| 2 * rank).collect::<Vec<_>>());
        let mut below = 0.0;
        let coverages = chances.iter().step_by(2).map(|chance| {
            below += chance;
            1.0 - 2.0 * below
        });
        let coverages: Vec<f64> = coverages.take(means.len().div_ceil(2)).collect();
        let cut = coverages.iter().take_while(|c| **c >= confidence).count().max(1);
        (cut, coverages[cut - 1].max(0.0))
    } else {
        let (m, pairs) = (n as f64, means.len() as f64);
        let deviation = (m * (m + 1.0) * (2.0 * m + 1.0) / 24.0).sqrt();
        let z = (0..4000).map(|i| f64::from(i) * 1e-3).find(|z| 2.0 * normal_tail(*z) <= 1.0 - confidence);
        (((pairs / 2.0 - z.unwrap_or(4.0) * deviation).floor() as usize).max(1), confidence)
    };
    Some(Estimate { value, low: means[cut - 1], high: means[means.len() - cut], coverage, n })
}

/// P-values corrected for being several (Holm 1979), in their order.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let (mut corrected, mut highest) = (vec![0.0; p.len()], 0.0f64);
    for (rank, i) in order.into_iter().enumerate() {
        highest = highest.max((p[i] * (p.len() - rank) as f64).min(1.0));
        corrected[i] = highest;
    }
    corrected
}
