//! Reductions of a slice to one number, in f64, over many independent sums so that loops vectorise.

use super::kernel::kernel;
use crate::real::Real;

/// Independent sums that a loop carries at once.
const LANES: usize = 32;

/// The root mean square; it does not underflow before 1e-308, since the largest entry is divided out.
pub fn rms<T: Real>(values: &[T]) -> f64 {
    let largest = largest(values);
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let largest = largest.max(f64::MIN_POSITIVE);
    largest * (sum_of_squares(values, largest.recip()) / values.len() as f64).sqrt()
}

/// The largest absolute value; NaN if there is one.
pub fn largest<T: Real>(values: &[T]) -> f64 {
    let mut lanes = [0.0; LANES];
    raise_to_sizes(values, &mut lanes);
    lanes.into_iter().fold(0.0, larger)
}

/// The larger of the two; NaN from either side stays.
#[inline(always)]
fn larger(m: f64, x: f64) -> f64 {
    if x > m || x.is_nan() { x } else { m }
}

/// The sum of (x scale)^2.
pub fn sum_of_squares<T: Real>(values: &[T], scale: f64) -> f64 {
    let mut lanes = [0.0; LANES];
    add_squares(values, scale, &mut lanes);
    lanes.into_iter().sum()
}

/// The sum of a b.
pub fn dot<T: Real>(a: &[T], b: &[T]) -> f64 {
    let mut lanes = [0.0; LANES];
    add_products(a, b, &mut lanes);
    lanes.into_iter().sum()
}

/// Whether every number is finite.
pub fn all_finite<T: Real>(values: &[T]) -> bool {
    let mut lanes = [T::of(0.0); LANES];
    add_zero_times(values, &mut lanes);
    lanes.iter().all(|x| x.is_finite())
}

kernel! {
    fn raise_to_sizes<T>(values: &[T], lanes: &mut [f64; LANES]) {
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            lanes.iter_mut().zip(chunk).for_each(|(m, x)| *m = larger(*m, x.f64().abs()));
        }
        lanes.iter_mut().zip(rest).for_each(|(m, x)| *m = larger(*m, x.f64().abs()));
    }
}

kernel! {
    fn add_squares<T>(values: &[T], scale: f64, lanes: &mut [f64; LANES]) {
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            lanes.iter_mut().zip(chunk).for_each(|(s, x)| *s += (x.f64() * scale) * (x.f64() * scale));
        }
        lanes.iter_mut().zip(rest).for_each(|(s, x)| *s += (x.f64() * scale) * (x.f64() * scale));
    }
}

kernel! {
    fn add_products<T>(a: &[T], b: &[T], lanes: &mut [f64; LANES]) {
        let (chunks, rest) = a.as_chunks::<LANES>();
        let (others, other_rest) = b.as_chunks::<LANES>();
        for (a, b) in chunks.iter().zip(others) {
            lanes.iter_mut().zip(a.iter().zip(b)).for_each(|(s, (a, b))| *s += a.f64() * b.f64());
        }
        lanes.iter_mut().zip(rest.iter().zip(other_rest)).for_each(|(s, (a, b))| *s += a.f64() * b.f64());
    }
}

kernel! {
    /// x * 0 is 0 for every finite x and NaN for the rest.
    fn add_zero_times<T>(values: &[T], lanes: &mut [T; LANES]) {
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            lanes.iter_mut().zip(chunk).for_each(|(s, x)| *s += *x * T::of(0.0));
        }
        lanes.iter_mut().zip(rest).for_each(|(s, x)| *s += *x * T::of(0.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_mean_square_holds_at_both_ends_and_shows_nan() {
        for scale in [1e-320, 1e-300, 1e-10, 1.0, 1e300] {
            let values: Vec<f64> = (0..21).map(|i| scale * f64::from(i)).collect();
            // The mean of the squares of 0..20 is 410 / 3.
            let want = scale * (410.0f64 / 3.0).sqrt();
            assert!(
                (rms(&values) / want - 1.0).abs() < 1e-3 * f64::from(u8::from(scale < 1e-310)) + 1e-14,
                "{scale:e}"
            );
        }
        for place in [0, 3, 20] {
            let mut values = vec![1.0f32; 21];
            values[place] = f32::NAN;
            assert!(rms(&values).is_nan());
            values[place] = f32::INFINITY;
            assert_eq!(rms(&values), f64::INFINITY);
        }
        assert_eq!(rms(&[0.0f64; 5]), 0.0);
    }
}
