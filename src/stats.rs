//! Medians and the intervals that order statistics give them, with their true coverage.

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
