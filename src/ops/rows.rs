//! Passes over the rows of a batch: layer and RMS normalization with their gradient. Every row is summed over the same
//! lanes, whatever the width.

use super::activation::Curve;
use super::kernel::kernel;
use crate::real::Real;

/// Independent sums that a row is added up in.
const LANES: usize = 16;

/// How each row is normalized: `standardized = (v - mean) / deviation`, or `v / root mean square`, then
/// `v = gain standardized + shift`.
pub(super) struct RowNorm<'a, T> {
    pub units: usize,
    /// Whether the mean is taken off.
    pub is_centred: bool,
    pub eps: T,
    /// None where the norm has no learned part.
    pub gain: Option<&'a [T]>,
    pub shift: Option<&'a [T]>,
}

/// The sum over a row of a term made of its entries.
#[inline(always)]
pub(super) fn sum<T: Real>(row: &[T], term: impl Fn(usize, T) -> T) -> T {
    let mut lanes = [T::of(0.0); LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for (c, chunk) in chunks.iter().enumerate() {
        for (k, (x, sum)) in chunk.iter().zip(&mut lanes).enumerate() {
            *sum += term(c * LANES + k, *x);
        }
    }
    for (k, (x, sum)) in rest.iter().zip(&mut lanes).enumerate() {
        *sum += term(chunks.len() * LANES + k, *x);
    }
    lanes.into_iter().sum::<T>()
}

/// Its mean.
#[inline(always)]
fn mean<T: Real>(row: &[T], term: impl Fn(usize, T) -> T) -> T {
    sum(row, term) * T::of(1.0 / row.len() as f64)
}

kernel! {
    /// `v = phi(norm(v))` in place, with zero for what is too small to keep; keeps the standardized values, and for each row
    /// what they were multiplied by.
    pub(super) fn normalize<T, C: Curve<T>>(by: &RowNorm<T>, curve: C, v: &mut [T], standardized: &mut [T], inverse: &mut [T]) {
        let (one, zero) = (T::of(1.0), T::of(0.0));
        let rows = v.chunks_exact_mut(by.units).zip(standardized.chunks_exact_mut(by.units));
        for ((row, kept), inverse) in rows.zip(inverse) {
            let center = if by.is_centred { mean(row, |_, x| x) } else { zero };
            let square = mean(row, |_, x| (x - center) * (x - center));
            *inverse = one / T::sqrt(square + by.eps);
            for (k, (x, kept)) in row.iter_mut().zip(kept).enumerate() {
                *kept = (*x - center) * *inverse;
                let (gain, shift) = (by.gain.map_or(one, |g| g[k]), by.shift.map_or(zero, |s| s[k]));
                *x = curve.value(gain * *kept + shift).kept();
            }
        }
    }
}

kernel! {
    /// Turns `d`, the gradient of the normalized output, into the gradient of the input, through each row's own statistics:
    /// with g = gain d it is `inverse (g - mean(g) - x mean(g x))`, without mean(g) where no mean was taken off.
    pub(super) fn through<T>(by: &RowNorm<T>, d: &mut [T], standardized: &[T], inverse: &[T]) {
        let rows = d.chunks_exact_mut(by.units).zip(standardized.chunks_exact(by.units));
        for ((d, x), inverse) in rows.zip(inverse) {
            if let Some(gain) = by.gain {
                d.iter_mut().zip(gain).for_each(|(d, g)| *d *= *g);
            }
            let center = if by.is_centred { mean(d, |_, d| d) } else { T::of(0.0) };
            let slope = mean(d, |k, d| d * x[k]);
            for (d, x) in d.iter_mut().zip(x) {
                *d = *inverse * (*d - center - *x * slope);
            }
        }
    }
}
