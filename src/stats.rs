//! Medians and the intervals that order statistics give them, with their true coverage.
//!
//! Of an even count a median is the mean of the middle two numbers as they are measured: what pandas, NumPy and R make of the same
//! CSV file, also where a figure draws it on a logarithmic scale. Only of gradients, which spread over decades, it is the geometric
//! mean of the middle two ([`geometric_median`]), as a median of decades lost is. An infinity counts at its end. What is no number
//! (NaN) is left out, and `n` says of how many the median is.

pub mod bootstrap;
pub mod distribution;
pub mod eigenvalues;
pub mod friedman;
pub mod signed_rank;

/// Probability with which intervals should contain the true value, where no other is asked for; the one that few seeds give is
/// reported beside them.
pub const CONFIDENCE: f64 = 0.9;

/// The median, the range used as its interval, and how often such an interval holds the true median.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub low: f64,
    pub high: f64,
    /// Probability that [low, high] covers the median of the distribution: 1 - 2^(1-n) for the range.
    pub coverage: f64,
    pub n: usize,
    /// The smallest and the largest value.
    pub range: (f64, f64),
}

impl Spread {
    /// The same on a logarithmic scale.
    pub fn log10(self) -> Self {
        let range = (self.range.0.log10(), self.range.1.log10());
        Spread { median: self.median.log10(), low: self.low.log10(), high: self.high.log10(), range, ..self }
    }
}

/// The values that are numbers, in order.
fn ordered(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The smallest and the largest of the finite values; `None` if there are none.
pub fn range(values: &[f64]) -> Option<(f64, f64)> {
    values.iter().filter(|x| x.is_finite()).fold(None, |range: Option<(f64, f64)>, x| {
        let (low, high) = range.unwrap_or((*x, *x));
        Some((low.min(*x), high.max(*x)))
    })
}

/// The correlation of each value with the next one, about the mean of all: 1 where neighbours are alike, 0 of white noise. `None`
/// where all are equal up to rounding, NaN where one is not finite.
pub fn autocorrelation(values: &[f64]) -> Option<f64> {
    let largest = values.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    if values.iter().any(|x| !x.is_finite()) {
        return Some(f64::NAN);
    }
    if largest == 0.0 {
        return None;
    }
    // Of numbers scaled by the largest, so that no square vanishes.
    let mean = values.iter().map(|x| x / largest).sum::<f64>() / values.len() as f64;
    let off: Vec<f64> = values.iter().map(|x| x / largest - mean).collect();
    let products = off.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>();
    let squares = off.iter().map(|x| x * x).sum::<f64>();
    off.iter().any(|x| x.abs() > 1e-12).then(|| products / squares)
}

/// The median of the values; `None` when there are none.
pub fn median(values: &[f64]) -> Option<f64> {
    middle_of(&ordered(values))
}

/// The median of numbers that spread over decades: of an even count the geometric mean of the middle two, where an exact zero counts
/// as below every number.
pub fn geometric_median(values: &[f64]) -> Option<f64> {
    let sorted = ordered(values);
    let n = sorted.len();
    match sorted.get((n.max(1) - 1) / 2..n / 2 + 1)? {
        [a, b] if a != b && *a >= 0.0 => Some(if *a == 0.0 { 0.0 } else { a.sqrt() * b.sqrt() }),
        _ => middle_of(&sorted),
    }
}

/// The rule for a column: geometric or not.
pub fn median_by(geometric: bool) -> fn(&[f64]) -> Option<f64> {
    if geometric { geometric_median } else { median }
}

/// How many seeds the range needs to cover the median with this probability: the smallest n with 1 - 2^(1-n) at least it.
pub fn seeds_for(confidence: f64) -> usize {
    (1..64).find(|n| 1.0 - (1.0 - f64::from(*n)).exp2() >= confidence).unwrap_or(64) as usize
}

/// Median and range of the values; `None` when there are none.
pub fn spread(values: &[f64]) -> Option<Spread> {
    let sorted = ordered(values);
    let n = sorted.len();
    Some(Spread {
        median: middle_of(&sorted)?,
        low: sorted[0],
        high: sorted[n - 1],
        coverage: 1.0 - (1.0 - n as f64).exp2(),
        n,
        range: (sorted[0], sorted[n - 1]),
    })
}

/// Powers of two by which probabilities are scaled at a time.
const SPAN: usize = 500;

/// The median of the values and the narrowest pair of order statistics around it that covers the true median with at least
/// this probability, which holds for any continuous distribution; the range where so few values cannot reach it. `None`
/// when there are none.
pub fn median_interval(values: &[f64], confidence: f64) -> Option<Spread> {
    let whole = spread(values)?;
    let sorted = ordered(values);
    let n = sorted.len();
    // P(fewer than k of n values lie below the median), k = 1, 2, ..., times 2^scale: 2^-n alone underflows from n = 1075 on.
    let mut scale = n.saturating_sub(SPAN) / SPAN * SPAN;
    let (mut chance, mut below) = ((scale as f64 - n as f64).exp2(), 0.0);
    let mut best = whole;
    for k in 1..=n.div_ceil(2) {
        below += chance;
        chance *= (n - k + 1) as f64 / k as f64;
        if scale > 0 && chance > (SPAN as f64).exp2() {
            let less = (-(SPAN as f64)).exp2();
            (chance, below, scale) = (chance * less, below * less, scale - SPAN);
        }
        let coverage = 1.0 - 2.0 * below * (-(scale as f64)).exp2();
        if coverage < confidence {
            break;
        }
        best = Spread { low: sorted[k - 1], high: sorted[n - k], coverage, ..whole };
    }
    Some(best)
}

/// The value that the best of `k` tries stays at or below with probability `share`, the tries drawn without replacement
/// from these: exact, over all subsets. Where exactly that share of the subsets ends at a value it is the mean of this and the
/// next, so that half of them give their median. `None` when there are fewer than `k` values, or one is NaN.
pub fn best_of(values: &[f64], k: usize, share: f64) -> Option<f64> {
    let sorted = ordered(values);
    let n = sorted.len();
    if k == 0 || k > n || n < values.len() {
        return None;
    }
    // P(no try is among the i smallest) = C(n - i, k) / C(n, k).
    let mut missed = 1.0;
    sorted.iter().enumerate().find_map(|(i, x)| {
        missed *= n.saturating_sub(k + i) as f64 / (n - i) as f64;
        let beyond = 1.0 - missed - share;
        let next = sorted.get(i + 1).filter(|_| beyond.abs() <= 1e-12 && missed > 1e-12);
        (beyond >= -1e-12).then(|| next.map_or(*x, |next| mean(*x, *next)))
    })
}

/// The smallest of sorted values that at least this share of them do not exceed (NumPy's `inverted_cdf`): one of the values, so
/// that an infinity stays one. `None` when there are none.
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let n = sorted.len();
    // A share such as 0.9 of 10 is 9 of them, whatever rounding makes of the product.
    let count = (share * n as f64 - 1e-9).ceil().max(1.0) as usize;
    sorted.get(count.min(n).checked_sub(1)?).copied()
}

/// The middle of sorted values; `None` when there are none.
pub(crate) fn middle_of(sorted: &[f64]) -> Option<f64> {
    let n = sorted.len();
    match n {
        0 => None,
        n if n % 2 == 1 => Some(sorted[n / 2]),
        n => Some(mean(sorted[n / 2 - 1], sorted[n / 2])),
    }
}

/// Of two opposite infinities, as where either of two arms diverged on another seed, neither outweighs the other.
fn mean(a: f64, b: f64) -> f64 {
    if a == -b { 0.0 } else { 0.5 * (a + b) }
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

    #[test]
    fn gradients_have_the_geometric_middle() {
        assert_eq!(geometric_median(&[1e-12, 1.0]), Some(1e-6));
        assert_eq!(geometric_median(&[1.0, 1e-8, 1e-4, 10.0]), Some(0.01));
        assert_eq!(geometric_median(&[0.0, 5.0]), Some(0.0), "a zero counts as below every number");
        assert_eq!(geometric_median(&[3.0, 0.1, 7.0]), Some(3.0));
        assert_eq!(geometric_median(&[0.3, 0.3]), Some(0.3));
        assert_eq!(geometric_median(&[f64::NAN]), None);
    }

    /// R: qbinom(0.05, n, 0.5) is 472 of 1000, 572 of 1200 and 4918 of 10000; one less below the median still covers.
    #[test]
    fn the_interval_of_thousands_is_as_wide_as_that_of_hundreds() {
        for (n, low) in [(1000, 474), (1200, 572), (10000, 4918)] {
            let values: Vec<f64> = (1..=n).map(f64::from).collect();
            let own = median_interval(&values, 0.9).unwrap();
            assert_eq!((own.low, own.high), (f64::from(low), f64::from(n + 1 - low)), "{own:?}");
            assert!((0.9..0.91).contains(&own.coverage), "{own:?}");
        }
    }

    #[test]
    fn one_nan_in_many_is_left_out_and_an_even_number_of_subsets_has_the_mean_of_the_middle_two() {
        let mut many: Vec<f64> = (1..600).map(f64::from).collect();
        many.push(f64::NAN);
        assert_eq!(spread(&many).map(|s| (s.median, s.n)), Some((300.0, 599)));
        assert_eq!(median(&[1.0, f64::NAN, 10.0]), Some(5.5));
        // Of the six pairs of four tries three have 1 as their best, two have 2 and one has 3.
        assert_eq!(best_of(&[3.0, 1.0, 4.0, 2.0], 2, 0.5), Some(1.5));
        // One try at a time is the ordinary median, all at once the smallest.
        assert_eq!(best_of(&[3.0, 1.0, 4.0, 2.0], 1, 0.5), Some(2.5));
        assert_eq!(best_of(&[3.0, 1.0, 4.0, 2.0], 4, 0.5), Some(1.0));
    }
}
