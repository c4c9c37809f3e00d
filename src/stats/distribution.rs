//! How the numbers of a layer are spread: quantiles, and a histogram on bins that other rows share.

use super::quantile;

/// The shares of the numbers whose quantiles are kept, in per cent.
pub const PERCENT: [u32; 9] = [1, 5, 15, 25, 50, 75, 85, 95, 99];

/// Bins of a histogram.
pub const BINS: usize = 96;

/// So many of them at most hold the middle 98 %.
const MIDDLE: f64 = 64.0;

/// Those below the bin of the lowest per cent.
const BELOW: f64 = 16.0;

/// The numbers of one layer at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// One for each of [`PERCENT`]: the smallest of the numbers that at least so many of them do not exceed.
    pub quantiles: Vec<f64>,
    /// Where the first bin begins: a multiple of `width`.
    pub low: f64,
    /// Of a bin: a power of two, so that the edges of narrower bins are among those of wider ones, and histograms add up exactly.
    pub width: f64,
    /// How many of the numbers are in each bin; the first and the last also hold all that lie beyond.
    pub counts: Vec<u32>,
}

impl Distribution {
    /// From the quarter that is smallest to the quarter that is largest.
    pub fn middle_half(&self) -> f64 {
        self.quantiles[5] - self.quantiles[3]
    }

    /// Of the finite ones among these numbers; `None` if there are none.
    pub fn of(numbers: impl Iterator<Item = f64>) -> Option<Distribution> {
        let mut sorted: Vec<f64> = numbers.filter(|x| x.is_finite()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let quantiles: Vec<f64> = PERCENT.iter().map_while(|p| quantile(&sorted, f64::from(*p) / 100.0)).collect();
        let [first, .., last] = quantiles[..] else { return None };
        let width = width(first, last);
        let low = ((first / width).floor() - BELOW) * width;
        let mut counts = vec![0; BINS];
        for x in sorted {
            counts[((x - low) / width).floor().clamp(0.0, (BINS - 1) as f64) as usize] += 1;
        }
        Some(Distribution { quantiles, low, width, counts })
    }
}

/// The smallest power of two of which [`MIDDLE`] reach from `first` to `last`, and that the larger of them is not too far from zero
/// to tell apart.
fn width(first: f64, last: f64) -> f64 {
    let size = first.abs().max(last.abs());
    let least = (last / MIDDLE - first / MIDDLE).max(size * 2f64.powi(-40)).max(f64::MIN_POSITIVE);
    2f64.powi(least.log2().ceil() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &[f64]) -> Distribution {
        Distribution::of(numbers.iter().copied()).unwrap()
    }

    #[test]
    fn quantiles_are_those_of_the_numbers_and_bins_hold_them_all() {
        let numbers: Vec<f64> = (1..=1000).rev().map(f64::from).collect();
        let own = of(&numbers);
        assert_eq!(own.quantiles, [10.0, 50.0, 150.0, 250.0, 500.0, 750.0, 850.0, 950.0, 990.0]);
        // 980 / 64 is 15.3.
        assert_eq!((own.width, own.low), (16.0, -256.0));
        assert_eq!(own.counts.iter().sum::<u32>(), 1000);
        // Between 0 and 16 there are 15 whole numbers, then 16 a bin.
        assert_eq!(own.counts[15..19], [0, 15, 16, 16]);
    }

    #[test]
    fn what_lies_far_off_is_in_the_outer_bins_and_what_is_not_finite_in_none() {
        let mut numbers: Vec<f64> = (0..1000).map(|i| f64::from(i) / 1000.0).collect();
        numbers.extend([1e9, -1e9, f64::NAN, f64::INFINITY]);
        let own = of(&numbers);
        assert_eq!((own.counts[0], own.counts[BINS - 1]), (1, 1));
        assert_eq!(own.counts.iter().sum::<u32>(), 1002);
        assert_eq!(Distribution::of([f64::NAN].into_iter()), None);
    }

    #[test]
    fn gradients_of_any_size_have_bins() {
        for scale in [1e-300, 1e-20, 1.0, 1e200] {
            let own = of(&[-3.0, -1.0, 0.5, 2.0].map(|x| x * scale));
            assert!(own.counts.iter().all(|n| *n <= 1), "{own:?}");
            let at = |x: f64| ((x * scale - own.low) / own.width) as usize;
            assert!([-3.0, -1.0, 0.5, 2.0].iter().all(|x| own.counts[at(*x)] == 1), "{own:?}");
        }
        let zeros = of(&[0.0; 10]);
        assert_eq!((zeros.quantiles[4], zeros.counts[BELOW as usize]), (0.0, 10));
        // A number that is alone, too large for bins of its neighbourhood to be any narrower.
        assert_eq!(of(&[1e10, 1e10]).counts[BELOW as usize], 2);
    }
}
