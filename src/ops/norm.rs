//! Batch normalization as loops over rows: statistics, normalization, and the gradient through both.

use super::kernel::kernel;

kernel! {
    /// `sums[j] += sum over rows of v[row][j]`.
    pub(super) fn add_column_sums<T>(v: &[T], sums: &mut [T]) {
        for row in v.chunks_exact(sums.len()) {
            for (sum, x) in sums.iter_mut().zip(row) {
                *sum += *x;
            }
        }
    }
}

kernel! {
    /// `sums[j] += sum over rows of a[row][j] * b[row][j]`.
    pub(super) fn add_column_products<T>(a: &[T], b: &[T], sums: &mut [T]) {
        let n = sums.len();
        for (x, y) in a.chunks_exact(n).zip(b.chunks_exact(n)) {
            for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
                *sum += *x * *y;
            }
        }
    }
}

kernel! {
    /// Mean and biased variance of each column, in two passes.
    pub(super) fn column_moments<T>(v: &[T], mean: &mut [T], variance: &mut [T]) {
        let n = mean.len();
        let inverse_rows = T::of(n as f64 / v.len() as f64);
        mean.fill(T::of(0.0));
        variance.fill(T::of(0.0));
        for row in v.chunks_exact(n) {
            for (m, x) in mean.iter_mut().zip(row) {
                *m += *x;
            }
        }
        for m in mean.iter_mut() {
            *m *= inverse_rows;
        }
        for row in v.chunks_exact(n) {
            for ((s, m), x) in variance.iter_mut().zip(mean.iter()).zip(row) {
                let d = *x - *m;
                *s += d * d;
            }
        }
        for s in variance.iter_mut() {
            *s *= inverse_rows;
        }
    }
}

kernel! {
    /// `out = (v - mean) * inverse_deviation`, column by column.
    pub(super) fn standardize<T>(v: &[T], mean: &[T], inverse_deviation: &[T], out: &mut [T]) {
        let n = mean.len();
        for (row, out) in v.chunks_exact(n).zip(out.chunks_exact_mut(n)) {
            for (((o, x), m), s) in out.iter_mut().zip(row).zip(mean).zip(inverse_deviation) {
                *o = (*x - *m) * *s;
            }
        }
    }
}

kernel! {
    /// `out = gain * standardized + shift`, column by column.
    pub(super) fn gain_and_shift<T>(standardized: &[T], gain: &[T], shift: &[T], out: &mut [T]) {
        let n = gain.len();
        for (row, out) in standardized.chunks_exact(n).zip(out.chunks_exact_mut(n)) {
            for (((o, x), g), b) in out.iter_mut().zip(row).zip(gain).zip(shift) {
                *o = *g * *x + *b;
            }
        }
    }
}

kernel! {
    /// Turns `d`, the gradient of the normalized output, into the gradient of the input, through the batch's own
    /// statistics (Ioffe & Szegedy 2015, section 3): `scale (d - mean(d) - x mean(d x))`.
    ///
    /// `sums` and `products` hold the column sums of d and of d times the standardized x; `scale` is
    /// gain * inverse_deviation, so the gain need not be applied before.
    pub(super) fn through_statistics<T>(d: &mut [T], standardized: &[T], sums: &[T], products: &[T], scale: &[T]) {
        let n = sums.len();
        let inverse_rows = T::of(n as f64 / d.len() as f64);
        for (d, x) in d.chunks_exact_mut(n).zip(standardized.chunks_exact(n)) {
            for ((((d, x), sum), product), scale) in d.iter_mut().zip(x).zip(sums).zip(products).zip(scale) {
                *d = *scale * (*d - inverse_rows * (*sum + *x * *product));
            }
        }
    }
}
