//! Reductions of slices to one number, in f64, over many independent sums so that loops vectorise.

use super::kernel::kernel;
use crate::real::Real;

/// Independent sums that a loop carries at once.
const LANES: usize = 32;

/// A sum of squares within these bounds has neither lost terms to underflow nor overflowed.
const SAFE: std::ops::Range<f64> = 1e-280..1e300;

/// Defines a function that adds a term for each entry of one or two slices.
macro_rules! sum {
    ($(#[$doc:meta])* $vis:vis fn $name:ident<$T:ident>($a:ident $(, $b:ident)? $(; $extra:ident)?) => |$x:ident $(, $y:ident)?| $term:expr) => {
        $(#[$doc])*
        $vis fn $name<$T: Real>($a: &[$T] $(, $b: &[$T])? $(, $extra: f64)?) -> f64 {
            let mut lanes = [0.0; LANES];
            kernel! {
                fn add<$T>($a: &[$T], $($b: &[$T],)? $($extra: f64,)? lanes: &mut [f64; LANES]) {
                    sum!(@ lanes, $a $(, $b)? => |$x $(, $y)?| $term);
                }
            }
            add($a, $($b,)? $($extra,)? &mut lanes);
            lanes.into_iter().sum()
        }
    };
    (@ $lanes:ident, $a:ident => |$x:ident| $term:expr) => {
        sum!(@ $lanes, $a, $a => |$x, _same| $term);
    };
    (@ $lanes:ident, $a:ident, $b:ident => |$x:ident, $y:ident| $term:expr) => {
        let (chunks, rest) = $a.as_chunks::<LANES>();
        let (others, other_rest) = $b.as_chunks::<LANES>();
        for (chunk, other) in chunks.iter().zip(others) {
            for (($x, $y), sum) in chunk.iter().zip(other).zip($lanes.iter_mut()) {
                let ($x, $y) = ($x.f64(), $y.f64());
                *sum += $term;
            }
        }
        for (($x, $y), sum) in rest.iter().zip(other_rest).zip($lanes.iter_mut()) {
            let ($x, $y) = ($x.f64(), $y.f64());
            *sum += $term;
        }
    };
}

sum! {
    /// The sum of x.
    pub fn sum<T>(values) => |x| x
}

sum! {
    /// The sum of (x scale)^2.
    fn sum_of_scaled_squares<T>(values; scale) => |x| (x * scale) * (x * scale)
}

/// The sum of x^2.
pub fn sum_of_squares<T: Real>(values: &[T]) -> f64 {
    sum_of_scaled_squares(values, 1.0)
}

/// The Euclidean norm.
pub fn length<T: Real>(values: &[T]) -> f64 {
    sum_of_squares(values).sqrt()
}

sum! {
    /// The sum of (x - center)^2.
    pub fn squares_around<T>(values; center) => |x| (x - center) * (x - center)
}

sum! {
    /// The sum of a b.
    pub fn dot<T>(a, b) => |x, y| x * y
}

sum! {
    /// The sum of a b where b is not above 0.
    pub fn dot_below<T>(a, b) => |x, y| if y > 0.0 { 0.0 } else { x * y }
}

sum! {
    /// The sum of (a - b)^2.
    pub fn squared_distance<T>(a, b) => |x, y| (x - y) * (x - y)
}

sum! {
    /// How many are 0.
    pub fn zeros<T>(values) => |x| if x == 0.0 { 1.0 } else { 0.0 }
}

sum! {
    /// How many are smaller than `bound`, 0 included.
    pub fn smaller<T>(values; bound) => |x| if x.abs() < bound { 1.0 } else { 0.0 }
}

/// The root mean square; it does not underflow before 1e-308, since where squares would the largest entry is divided
/// out.
pub fn rms<T: Real>(values: &[T]) -> f64 {
    let n = values.len() as f64;
    let squares = sum_of_squares(values);
    if SAFE.contains(&squares) {
        return (squares / n).sqrt();
    }
    let largest = largest(values);
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let largest = largest.max(f64::MIN_POSITIVE);
    largest * (sum_of_scaled_squares(values, largest.recip()) / n).sqrt()
}

/// The root of the mean of |x|^2 |y|^2 over the rows of x and y, per entry of the outer product of a row of each; safe from
/// underflow as [`rms`] is.
pub fn rms_of_products<T: Real>(x: &[T], x_columns: usize, y: &[T], y_columns: usize) -> f64 {
    let entries = (x.len() * y_columns) as f64;
    let sum = |scale: f64| {
        let mut sum = 0.0;
        add_row_products(x, x_columns, y, y_columns, scale, &mut sum);
        sum
    };
    let squares = sum(1.0);
    if SAFE.contains(&squares) {
        return (squares / entries).sqrt();
    }
    let largest = largest(y).max(f64::MIN_POSITIVE);
    largest * (sum(largest.recip()) / entries).sqrt()
}

kernel! {
    fn add_row_products<T>(x: &[T], x_columns: usize, y: &[T], y_columns: usize, scale: f64, sum: &mut f64) {
        for (x, y) in x.chunks_exact(x_columns).zip(y.chunks_exact(y_columns)) {
            *sum += row_squares(x, 1.0) * row_squares(y, scale);
        }
    }
}

/// The sum of (x scale)^2, over as many sums as suit a short row.
#[inline(always)]
fn row_squares<T: Real>(row: &[T], scale: f64) -> f64 {
    let mut lanes = [0.0; 16];
    let (chunks, rest) = row.as_chunks::<16>();
    for chunk in chunks {
        for (x, sum) in chunk.iter().zip(&mut lanes) {
            *sum += (x.f64() * scale) * (x.f64() * scale);
        }
    }
    for (x, sum) in rest.iter().zip(&mut lanes) {
        *sum += (x.f64() * scale) * (x.f64() * scale);
    }
    lanes.into_iter().sum()
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

kernel! {
    fn raise_to_sizes<T>(values: &[T], lanes: &mut [f64; LANES]) {
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            lanes.iter_mut().zip(chunk).for_each(|(m, x)| *m = larger(*m, x.f64().abs()));
        }
        lanes.iter_mut().zip(rest).for_each(|(m, x)| *m = larger(*m, x.f64().abs()));
    }
}

/// Whether every number is finite.
pub fn all_finite<T: Real>(values: &[T]) -> bool {
    let mut lanes = [T::of(0.0); LANES];
    add_zero_times(values, &mut lanes);
    lanes.iter().all(|x| x.is_finite())
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
        for scale in [1e-320, 1e-300, 1e-145, 1e-139, 1e-10, 1.0, 1e149, 1e152, 1e300] {
            let values: Vec<f64> = (0..21).map(|i| scale * f64::from(i)).collect();
            let bound = 1e-3 * f64::from(u8::from(scale < 1e-310)) + 1e-14;
            // The mean of the squares of 0..20 is 410 / 3.
            let want = scale * (410.0f64 / 3.0).sqrt();
            assert!((rms(&values) / want - 1.0).abs() < bound, "{scale:e}");
            // Rows of three, each of whose squares are averaged against those of a row of ones.
            assert!((rms_of_products(&[1.0; 14], 2, &values, 3) / want - 1.0).abs() < bound, "{scale:e}");
        }
        for place in [0, 3, 20] {
            let mut values = vec![1.0f32; 21];
            values[place] = f32::NAN;
            assert!(rms(&values).is_nan());
            values[place] = f32::INFINITY;
            assert_eq!(rms(&values), f64::INFINITY);
        }
        assert_eq!(rms(&[0.0f64; 5]), 0.0);
        assert_eq!(rms_of_products(&[1.0; 4], 2, &[0.0; 4], 2), 0.0);
    }

    #[test]
    fn every_entry_counts_once_at_any_length() {
        for n in [0, 1, 31, 32, 33, 64, 100] {
            let values: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let (n, last) = (f64::from(n), f64::from(n) - 1.0);
            assert_eq!(sum(&values), n * last / 2.0);
            assert_eq!(dot(&values, &values), n * last * (2.0 * n - 1.0) / 6.0);
            assert_eq!(squared_distance(&values, &vec![1.0; values.len()]), squares_around(&values, 1.0));
            assert_eq!((zeros(&values), smaller(&values, 2.5)), (n.min(1.0), n.min(3.0)));
            assert!(all_finite(&values));
        }
    }
}
