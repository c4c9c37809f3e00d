//! Medians and the intervals that order statistics give them, with their true coverage.

pub mod signed_rank;

/// The median, the range used as its interval, and how often such an interval holds the true median.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub low: f64,
    pub high: f64,
    /// Probability that [low, high] covers the median of the distribution: 1 - 2^(1-n) for the range.
    pub coverage: f64,
    pub n: usize,
}

/// Median and range of the values; `None` when there are none or one is NaN.
pub fn spread(values: &[f64]) -> Option<Spread> {
    let mut sorted = values.to_vec();
    if sorted.is_empty() || sorted.iter().any(|x| x.is_nan()) {
        return None;
    }
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    Some(Spread {
        median: middle(&sorted),
        low: sorted[0],
        high: sorted[n - 1],
        coverage: 1.0 - (1.0 - n as f64).exp2(),
        n,
    })
}

/// The median of the values and the narrowest pair of order statistics around it that covers the true median with at least
/// this probability, which holds for any continuous distribution; the range where so few values cannot reach it. `None`
/// when there are none or one is NaN.
pub fn median_interval(values: &[f64], confidence: f64) -> Option<Spread> {
    let whole = spread(values)?;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    // P(fewer than k of n values lie below the median), k = 1, 2, ...
    let (mut chance, mut below) = ((-(n as f64)).exp2(), 0.0);
    let mut best = whole;
    for k in 1..=n.div_ceil(2) {
        below += chance;
        chance *= (n - k + 1) as f64 / k as f64;
        let coverage = 1.0 - 2.0 * below;
        if coverage < confidence {
            break;
        }
        best = Spread { low: sorted[k - 1], high: sorted[n - k], coverage, ..whole };
    }
    Some(best)
}

/// The value that the best of `k` tries stays at or below with probability `share`, the tries drawn without replacement
/// from these: exact, over all subsets. `None` when there are fewer than `k` values, or one is NaN.
pub fn best_of(values: &[f64], k: usize, share: f64) -> Option<f64> {
    let n = values.len();
    if k == 0 || k > n || values.iter().any(|x| x.is_nan()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    // P(no try is among the i smallest) = C(n - i, k) / C(n, k).
    let mut missed = 1.0;
    sorted.iter().enumerate().find_map(|(i, x)| {
        missed *= n.saturating_sub(k + i) as f64 / (n - i) as f64;
        (1.0 - missed >= share - 1e-12).then_some(*x)
    })
}

/// The middle of sorted values; `None` when there are none.
pub(crate) fn middle_of(sorted: &[f64]) -> Option<f64> {
    (!sorted.is_empty()).then(|| middle(sorted))
}

fn middle(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    if n % 2 == 1 { sorted[n / 2] } else { 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_seeds_cover_as_the_design_says() {
        let s = spread(&[3.0, 1.0, 2.0, 5.0, 4.0]).unwrap();
        assert_eq!((s.median, s.low, s.high, s.n), (3.0, 1.0, 5.0, 5));
        assert_eq!(s.coverage, 0.9375);
        assert_eq!(spread(&[1.0, 2.0]).unwrap().median, 1.5);
        assert!(spread(&[]).is_none() && spread(&[f64::NAN]).is_none());
    }
}
