//! A score over several problems: the interquartile mean of all runs, with an interval from runs drawn again within each problem
//! (Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical precipice", section 4).

use super::{ordered, quantile};

/// The mean of the middle half of the values, a quarter of them, rounded down, left out at either end: scipy's `trim_mean(x, 0.25)`.
/// `None` when there are none.
pub fn interquartile_mean(values: &[f64]) -> Option<f64> {
    let sorted = ordered(values);
    let cut = sorted.len() / 4;
    let middle = &sorted[cut..sorted.len() - cut];
    (!middle.is_empty()).then(|| middle.iter().sum::<f64>() / middle.len() as f64)
}

/// The interval that holds the middle `confidence` of the interquartile means of so many draws. A draw takes from each stratum as many
/// values as it has, with replacement; `below(n)` gives a place among n. `None` without values.
pub fn stratified_interval(
    strata: &[Vec<f64>],
    confidence: f64,
    draws: usize,
    mut below: impl FnMut(usize) -> usize,
) -> Option<(f64, f64)> {
    let mut means = Vec::with_capacity(draws);
    for _ in 0..draws {
        let mut drawn = Vec::new();
        for own in strata {
            drawn.extend(own.iter().map(|_| own[below(own.len())]));
        }
        means.push(interquartile_mean(&drawn)?);
    }
    means.sort_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    Some((quantile(&means, tail)?, quantile(&means, 1.0 - tail)?))
}
