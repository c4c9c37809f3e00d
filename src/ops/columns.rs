//! Passes over the columns of a batch: biases, and batch normalization with its gradient.
//!
//! A pass takes as many columns at a time as fit in registers and walks down their rows, so that a running sum stays in its
//! register. Every column is summed from the first row to the last, whatever the width.

use super::activation::Curve;
use super::kernel::kernel;
use crate::real::Real;

/// Runs `$pass` on all `$n` columns: 64 at a time, then 32, 16, 4, 1.
macro_rules! across {
    ($n:expr, $pass:ident($($arg:expr),*)) => {{
        let mut at = 0;
        across!(@ at, $n, 64, $pass($($arg),*));
        across!(@ at, $n, 32, $pass($($arg),*));
        across!(@ at, $n, 16, $pass($($arg),*));
        across!(@ at, $n, 4, $pass($($arg),*));
        across!(@ at, $n, 1, $pass($($arg),*));
    }};
    (@ $at:ident, $n:expr, $W:literal, $pass:ident($($arg:expr),*)) => {
        while $n - $at >= $W {
            $pass(Columns::<$W>($at), $($arg),*);
            $at += $W;
        }
    };
}

/// W columns, from this one on.
#[derive(Clone, Copy)]
struct Columns<const W: usize>(usize);

impl<const W: usize> Columns<W> {
    /// Their part of a row, or of a vector with an entry a column.
    #[inline(always)]
    fn of<T>(self, row: &[T]) -> &[T; W] {
        row[self.0..].first_chunk().expect("W columns")
    }

    #[inline(always)]
    fn of_mut<T>(self, row: &mut [T]) -> &mut [T; W] {
        row[self.0..].first_chunk_mut().expect("W columns")
    }
}

/// Defines a kernel that walks down all columns; its body sees `W` of them at a time.
macro_rules! pass {
    ($(#[$doc:meta])* $name:ident<T $(, $C:ident)?>($($arg:ident: $ty:ty),*) over $n:expr => |$columns:ident| $body:block) => {
        kernel! {
            $(#[$doc])*
            pub(super) fn $name<T $(, $C: Curve<T>)?>($($arg: $ty),*) {
                #[inline(always)]
                fn pass<T: Real $(, $C: Curve<T>)?, const W: usize>($columns: Columns<W>, $($arg: $ty),*) $body
                across!($n, pass($($arg),*));
            }
        }
    };
}

pass! {
    /// Adds the bias to every row.
    add_to_rows<T>(bias: &[T], v: &mut [T]) over bias.len() => |columns| {
        let b = *columns.of(bias);
        for row in v.chunks_exact_mut(bias.len()) {
            let x = columns.of_mut(row);
            for k in 0..W {
                x[k] += b[k];
            }
        }
    }
}

pass! {
    /// `v = phi(v + bias)`, with zero for what is too small to keep.
    activate_rows<T, C>(curve: C, bias: &[T], v: &mut [T]) over bias.len() => |columns| {
        let b = *columns.of(bias);
        for row in v.chunks_exact_mut(bias.len()) {
            let x = columns.of_mut(row);
            for k in 0..W {
                x[k] = curve.value(x[k] + b[k]).kept();
            }
        }
    }
}

pass! {
    /// `sums[j] = sum over rows of v[row][j]`.
    column_sums<T>(v: &[T], sums: &mut [T]) over sums.len() => |columns| {
        let mut total = [T::of(0.0); W];
        for row in v.chunks_exact(sums.len()) {
            let x = columns.of(row);
            for k in 0..W {
                total[k] += x[k];
            }
        }
        *columns.of_mut(sums) = total;
    }
}

pass! {
    /// `d *= phi'(z)`, with zero for what is too small to keep; `sums` become the column sums of the new d.
    times_slope<T, C>(curve: C, z: &[T], a: &[T], d: &mut [T], sums: &mut [T]) over sums.len() => |columns| {
        let n = sums.len();
        let mut total = [T::of(0.0); W];
        for ((d, z), a) in d.chunks_exact_mut(n).zip(z.chunks_exact(n)).zip(a.chunks_exact(n)) {
            let (d, z, a) = (columns.of_mut(d), columns.of(z), columns.of(a));
            for k in 0..W {
                d[k] = (d[k] * curve.slope(z[k], a[k])).kept();
                total[k] += d[k];
            }
        }
        *columns.of_mut(sums) = total;
    }
}

pass! {
    /// Mean and biased variance of each column, in two passes.
    column_moments<T>(v: &[T], mean: &mut [T], variance: &mut [T]) over mean.len() => |columns| {
        let n = mean.len();
        let inverse_rows = T::of(n as f64 / v.len() as f64);
        let mut m = [T::of(0.0); W];
        for row in v.chunks_exact(n) {
            let x = columns.of(row);
            for k in 0..W {
                m[k] += x[k];
            }
        }
        for m in &mut m {
            *m *= inverse_rows;
        }
        let mut s = [T::of(0.0); W];
        for row in v.chunks_exact(n) {
            let x = columns.of(row);
            for k in 0..W {
                let d = x[k] - m[k];
                s[k] += d * d;
            }
        }
        for s in &mut s {
            *s *= inverse_rows;
        }
        *columns.of_mut(mean) = m;
        *columns.of_mut(variance) = s;
    }
}

/// What a norm does to each column: `standardized = (v - center) inverse_deviation`, `v = gain standardized + shift`.
pub(super) struct Affine<'a, T> {
    pub center: &'a [T],
    pub inverse_deviation: &'a [T],
    /// With `shift`; none where the norm has no learned part.
    pub gain: Option<&'a [T]>,
    pub shift: Option<&'a [T]>,
}

pass! {
    /// `v = phi(norm(v))` in place, with zero for what is too small to keep; keeps the standardized values.
    normalize<T, C>(map: &Affine<T>, curve: C, v: &mut [T], standardized: &mut [T]) over map.center.len() => |columns| {
        let n = map.center.len();
        let (center, scale) = (*columns.of(map.center), *columns.of(map.inverse_deviation));
        let gain = map.gain.map_or([T::of(1.0); W], |g| *columns.of(g));
        let shift = map.shift.map_or([T::of(0.0); W], |s| *columns.of(s));
        for (row, kept) in v.chunks_exact_mut(n).zip(standardized.chunks_exact_mut(n)) {
            let (x, kept) = (columns.of_mut(row), columns.of_mut(kept));
            for k in 0..W {
                kept[k] = (x[k] - center[k]) * scale[k];
                x[k] = curve.value(gain[k] * kept[k] + shift[k]).kept();
            }
        }
    }
}

pass! {
    /// The column sums of d and of d times the standardized x.
    sums_and_products<T>(d: &[T], standardized: &[T], sums: &mut [T], products: &mut [T]) over sums.len() => |columns| {
        let n = sums.len();
        let (mut sum, mut product) = ([T::of(0.0); W], [T::of(0.0); W]);
        for (d, x) in d.chunks_exact(n).zip(standardized.chunks_exact(n)) {
            let (d, x) = (columns.of(d), columns.of(x));
            for k in 0..W {
                sum[k] += d[k];
                product[k] += d[k] * x[k];
            }
        }
        *columns.of_mut(sums) = sum;
        *columns.of_mut(products) = product;
    }
}

/// A norm's gradient, column by column: `scale (d - mean(d) - x mean(d x))`.
pub(super) struct ThroughStatistics<'a, T> {
    /// The column sums of d.
    pub sums: &'a [T],
    /// The column sums of d times the standardized x.
    pub products: &'a [T],
    /// gain * inverse_deviation, so that the gain need not be applied before.
    pub scale: &'a [T],
}

pass! {
    /// Turns `d`, the gradient of the normalized output, into the gradient of the input, through the batch's own
    /// statistics (Ioffe & Szegedy 2015, section 3); `column_sums` become those of the new d.
    through_statistics<T>(by: &ThroughStatistics<T>, d: &mut [T], standardized: &[T], column_sums: &mut [T]) over column_sums.len() => |columns| {
        let n = column_sums.len();
        let inverse_rows = T::of(n as f64 / d.len() as f64);
        let (mut mean, mut slope) = (*columns.of(by.sums), *columns.of(by.products));
        let scale = *columns.of(by.scale);
        for k in 0..W {
            mean[k] *= inverse_rows;
            slope[k] *= inverse_rows;
        }
        let mut total = [T::of(0.0); W];
        for (d, x) in d.chunks_exact_mut(n).zip(standardized.chunks_exact(n)) {
            let (d, x) = (columns.of_mut(d), columns.of(x));
            for k in 0..W {
                d[k] = scale[k] * (d[k] - mean[k] - x[k] * slope[k]);
                total[k] += d[k];
            }
        }
        *columns.of_mut(column_sums) = total;
    }
}

/// How steep phi is at a site, column by column.
pub(super) struct Steepness<'a, T> {
    /// How many rows have |phi'(z)| under the bound.
    pub flat: &'a mut [T],
    /// How many have z <= 0.
    pub off: &'a mut [T],
    /// The largest |phi'(z)|.
    pub steepest: &'a mut [T],
}

kernel! {
    /// Counts flat slopes and looks for the steepest.
    pub(super) fn steepness<T, C: Curve<T>>(curve: C, z: &[T], a: &[T], bound: T, found: &mut Steepness<T>) {
        let (zero, one, n) = (T::of(0.0), T::of(1.0), found.flat.len());
        for (z, a) in z.chunks_exact(n).zip(a.chunks_exact(n)) {
            let columns = found.flat.iter_mut().zip(found.off.iter_mut()).zip(found.steepest.iter_mut());
            for (((flat, off), steepest), (z, a)) in columns.zip(z.iter().zip(a)) {
                let slope = curve.slope(*z, *a).abs();
                *flat += if slope < bound { one } else { zero };
                *off += if *z <= zero { one } else { zero };
                *steepest = if slope > *steepest { slope } else { *steepest };
            }
        }
    }
}

kernel! {
    /// `sum += v`.
    pub(crate) fn add<T>(v: &[T], sum: &mut [T]) {
        for (s, v) in sum.iter_mut().zip(v) {
            *s += *v;
        }
    }
}

/// Rows that are summed at a time in the precision of the training: one long sum in f32 would lose digits.
pub(super) const ROWS: usize = 256;

/// The column sums of `v`, some rows at a time.
pub(super) fn sums_in_parts<T: Real>(v: &[T], columns: usize) -> Vec<T> {
    let zeros = || vec![T::of(0.0); columns];
    let (mut sums, mut some) = (zeros(), zeros());
    for part in v.chunks(ROWS * columns) {
        column_sums(part, &mut some);
        add(&some, &mut sums);
    }
    sums
}

/// Those of `d` and of `d` times the standardized x.
pub(super) fn sums_and_products_in_parts<T: Real>(d: &[T], standardized: &[T], columns: usize) -> [Vec<T>; 2] {
    let zeros = || vec![T::of(0.0); columns];
    let (mut sums, mut products, mut some_sums, mut some_products) = (zeros(), zeros(), zeros(), zeros());
    for (d, x) in d.chunks(ROWS * columns).zip(standardized.chunks(ROWS * columns)) {
        sums_and_products(d, x, &mut some_sums, &mut some_products);
        add(&some_sums, &mut sums);
        add(&some_products, &mut products);
    }
    [sums, products]
}
