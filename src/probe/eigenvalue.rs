//! The largest absolute eigenvalue of a square matrix.

use crate::ops::gemm::{Matrix, multiply};
use crate::ops::reduce::length;

/// Squarings: the norm of W^(2^k) is rho^(2^k) but for a factor that is at most a power of the size of W, whose root of order
/// 2^16 is 1 to some four digits.
const SQUARINGS: i32 = 16;

/// rho(W) = lim |W^k|^(1/k) (Gelfand 1941), of a matrix `[units, units]`.
pub fn spectral_radius(weight: &[f64], units: usize) -> f64 {
    let mut power = weight.to_vec();
    let mut squared = vec![0.0; power.len()];
    // ln |W^(2^k)| = 2^k * logarithm.
    let mut logarithm = 0.0;
    for k in 0..SQUARINGS {
        let norm = length(&power);
        if norm == 0.0 || !norm.is_finite() {
            return norm;
        }
        logarithm += norm.ln() / 2f64.powi(k);
        power.iter_mut().for_each(|x| *x /= norm);
        let matrix = Matrix::new(&power, units, units);
        multiply(matrix, matrix, &mut squared);
        std::mem::swap(&mut power, &mut squared);
    }
    let norm = length(&power);
    (logarithm + norm.ln() / 2f64.powi(SQUARINGS)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_that_are_known_are_found() {
        // Turned by an angle and stretched; with a Jordan block; nilpotent.
        let (c, s) = (1.3 * 0.7f64.cos(), 1.3 * 0.7f64.sin());
        for (matrix, rho) in [
            (vec![c, -s, s, c], 1.3),
            (vec![0.5, 10.0, 0.0, 0.5], 0.5),
            (vec![2.0, 0.0, 0.0, -3.0], 3.0),
            (vec![0.0, 1.0, 0.0, 0.0], 0.0),
        ] {
            let found = spectral_radius(&matrix, 2);
            assert!((found - rho).abs() < 1e-3 * rho.max(1e-9), "{found} for {rho}");
        }
        let (n, gain) = (40, 0.9);
        let shift: Vec<f64> = (0..n * n).map(|k| if k % n == (k / n + 1) % n { gain } else { 0.0 }).collect();
        assert!((spectral_radius(&shift, n) - gain).abs() < 1e-4);
    }
}
