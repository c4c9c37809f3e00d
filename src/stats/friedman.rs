//! Several arms on several problems: their ranks, and Friedman's test of whether all arms are alike.

use super::signed_rank::normal_tail;

/// Friedman's test (Friedman 1937), its statistic corrected for ties, p by the chi-square distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Friedman {
    pub statistic: f64,
    pub p: f64,
}

/// The rank of each value, the smallest first, ties at their mean rank.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |x: &f64| {
        let below = values.iter().filter(|y| *y < x).count();
        let equal = values.iter().filter(|y| *y == x).count();
        below as f64 + (equal as f64 + 1.0) / 2.0
    };
    values.iter().map(rank).collect()
}

/// Of a table with a row a problem and in it a value an arm; `None` of fewer than two problems or arms, or where all rows are ties.
pub fn friedman(problems: &[Vec<f64>]) -> Option<Friedman> {
    let (n, k) = (problems.len() as f64, problems.first()?.len());
    if n < 2.0 || k < 2 {
        return None;
    }
    let ranked: Vec<Vec<f64>> = problems.iter().map(|row| ranks(row)).collect();
    let arms = k as f64;
    let ties: f64 = problems.iter().map(|row| tied(row)).sum();
    let correction = 1.0 - ties / (arms * (arms * arms - 1.0) * n);
    // Around their mean, where the textbook's difference of two large numbers would lose digits.
    let away = |arm: usize| ranked.iter().map(|row| row[arm]).sum::<f64>() - n * (arms + 1.0) / 2.0;
    let squares: f64 = (0..k).map(|arm| away(arm).powi(2)).sum();
    let statistic = 12.0 / (arms * n * (arms + 1.0)) * squares / correction;
    (correction > 0.0).then(|| Friedman { statistic, p: chi_square_tail(statistic, k - 1) })
}

/// The sum of t^3 - t over the groups of t equal values.
fn tied(row: &[f64]) -> f64 {
    let mut sorted = row.to_vec();
    sorted.sort_by(f64::total_cmp);
    let size = |group: &[f64]| (group.len() as f64).powi(3) - group.len() as f64;
    sorted.chunk_by(|a, b| a == b).map(size).sum()
}

/// P(X > x) of a chi-square variable with this many degrees of freedom: the finite sums that hold for whole numbers of them.
pub fn chi_square_tail(x: f64, freedom: usize) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let half = x / 2.0;
    // Terms half^s e^-half / Gamma(s + 1), for s = 0, 1, ... or 1/2, 3/2, ...
    let (mut sum, mut term, mut s) = match freedom % 2 {
        0 => (0.0, (-half).exp(), 0.0),
        _ => (2.0 * normal_tail(x.sqrt()), (-half).exp() * (half / std::f64::consts::PI).sqrt() * 2.0, 0.5),
    };
    while s < freedom as f64 / 2.0 - 0.25 {
        sum += term;
        s += 1.0;
        term *= half / s;
    }
    sum.min(1.0)
}
