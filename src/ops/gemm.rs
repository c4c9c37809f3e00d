//! Matrix products on row-major slices, by the crate that candle itself multiplies with.

use crate::real::Real;
use gemm::Parallelism;
use std::ops::Range;

/// A row-major matrix, or its transpose.
#[derive(Clone, Copy)]
pub struct Matrix<'a, T> {
    numbers: &'a [T],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a, T> Matrix<'a, T> {
    /// `rows * columns` numbers, row by row.
    ///
    /// # Panics
    /// When there are not that many.
    pub fn new(numbers: &'a [T], rows: usize, columns: usize) -> Self {
        assert_eq!(numbers.len(), rows * columns, "a {rows} x {columns} matrix");
        Matrix { numbers, rows, columns, transposed: false }
    }

    /// The transposed view.
    pub fn t(self) -> Self {
        Matrix { rows: self.columns, columns: self.rows, transposed: !self.transposed, ..self }
    }

    fn strides(&self) -> (isize, isize) {
        if self.transposed { (1, self.rows as isize) } else { (self.columns as isize, 1) }
    }
}

/// `out = a b`, on the calling thread alone.
///
/// # Panics
/// When the shapes do not fit.
pub fn multiply<T: Real>(a: Matrix<T>, b: Matrix<T>, out: &mut [T]) {
    product(a, b, out, false);
}

/// `out += a b`, on the calling thread alone.
///
/// # Panics
/// When the shapes do not fit.
pub fn add_product<T: Real>(a: Matrix<T>, b: Matrix<T>, out: &mut [T]) {
    product(a, b, out, true);
}

fn product<T: Real>(a: Matrix<T>, b: Matrix<T>, out: &mut [T], adds: bool) {
    let (m, k, n) = (a.rows, a.columns, b.columns);
    assert!(b.rows == k && out.len() == m * n, "[{m}, {k}] times [{}, {n}] into {} numbers", b.rows, out.len());
    let (a_rows, a_columns) = a.strides();
    let (b_rows, b_columns) = b.strides();
    // SAFETY: each matrix covers exactly rows * columns numbers with these strides (checked when it was made, and
    // above for `out`), `out` is borrowed mutably and so overlaps neither factor, and T is f32 or f64.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            adds,
            a.numbers.as_ptr(),
            a_columns,
            a_rows,
            b.numbers.as_ptr(),
            b_columns,
            b_rows,
            T::of(1.0),
            T::of(1.0),
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// The columns of `part` of `numbers` `[rows, columns]`, as rows `[part, rows]` of `out`.
#[inline(always)]
pub fn transpose<T: Real>(numbers: &[T], columns: usize, part: Range<usize>, out: &mut [T]) {
    let rows = numbers.len() / columns;
    for (i, row) in numbers.chunks_exact(columns).enumerate() {
        for (j, x) in row[part.clone()].iter().enumerate() {
            out[j * rows + i] = *x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_orientation_agrees_with_the_definition() {
        let (m, k, n) = (5, 7, 3);
        let number = |i: usize| ((i * 37 % 23) as f64 - 11.0) / 7.0;
        let a: Vec<f64> = (0..m * k).map(number).collect();
        let b: Vec<f64> = (0..k * n).map(|i| number(i + 5)).collect();
        let transpose = |x: &[f64], rows: usize, columns: usize| -> Vec<f64> {
            (0..columns * rows).map(|i| x[(i % rows) * columns + i / rows]).collect()
        };
        let (at, bt) = (transpose(&a, m, k), transpose(&b, k, n));
        let lhs = [Matrix::new(&a, m, k), Matrix::new(&at, k, m).t()];
        let rhs = [Matrix::new(&b, k, n), Matrix::new(&bt, n, k).t()];
        for x in lhs {
            for y in rhs {
                let mut out = vec![1.0; m * n];
                multiply(x, y, &mut out);
                for (i, got) in out.iter().enumerate() {
                    let want: f64 = (0..k).map(|j| a[i / n * k + j] * b[j * n + i % n]).sum();
                    assert!((got - want).abs() < 1e-12);
                }
                let once = out.clone();
                add_product(x, y, &mut out);
                assert!(out.iter().zip(&once).all(|(twice, once)| (twice - 2.0 * once).abs() < 1e-12));
            }
        }
    }
}
