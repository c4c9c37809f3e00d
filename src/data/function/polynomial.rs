//! Polynomials of one variable: their value, their slope, and where they are least.

use crate::real::Real;
use serde::{Deserialize, Serialize};

/// Coefficients at most.
pub(super) const MOST: usize = 16;

/// c_0 + c_1 x + c_2 x^2 + ..., less its least value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Polynomial {
    coefficients: [f64; MOST],
    least: f64,
}

impl Polynomial {
    /// x^4 - 3 x^3 + 2, which is least at 9/4 and flat at 0 without a minimum there.
    pub(super) const QUARTIC: Polynomial = {
        let mut coefficients = [0.0; MOST];
        (coefficients[0], coefficients[3], coefficients[4]) = (2.0, -3.0, 1.0);
        Polynomial { coefficients, least: -6.542_968_75 }
    };

    /// With these coefficients, of 1 first; `None` where it has no least value: its highest power is odd or has a factor below 0, or
    /// there are too many.
    pub fn new(given: &[f64]) -> Option<Self> {
        let used = given.iter().rposition(|c| *c != 0.0)?;
        if used == 0 || used >= MOST || used % 2 == 1 || given[used] < 0.0 {
            return None;
        }
        let mut coefficients = [0.0; MOST];
        coefficients[..=used].copy_from_slice(&given[..=used]);
        let whole = Polynomial { coefficients, least: 0.0 };
        let values = whole.stationary().into_iter().map(|x| whole.value(x));
        Some(Polynomial { least: values.fold(f64::INFINITY, f64::min), ..whole })
    }

    /// The number that its values are lowered by.
    pub fn least(&self) -> f64 {
        self.least
    }

    /// The coefficients up to the highest power.
    pub fn coefficients(&self) -> &[f64] {
        let used = self.coefficients.iter().rposition(|c| *c != 0.0).unwrap_or(0);
        &self.coefficients[..=used]
    }

    /// The value, less the least one, and its slope.
    pub fn at<T: Real>(&self, x: T) -> (T, T) {
        let (mut value, mut slope) = (T::of(0.0), T::of(0.0));
        for c in self.coefficients().iter().rev() {
            slope = slope * x + value;
            value = value * x + T::of(*c);
        }
        let above = value - T::of(self.least);
        // Rounding may take it below.
        (if above < T::of(0.0) { T::of(0.0) } else { above }, slope)
    }

    /// Where it is least.
    pub fn minima(&self) -> Vec<f64> {
        let size = self.coefficients.iter().fold(0.0f64, |most, c| most.max(c.abs()));
        self.stationary().into_iter().filter(|x| self.value(*x) - self.least <= 1e-14 * size).collect()
    }

    fn value(&self, x: f64) -> f64 {
        horner(self.coefficients(), x)
    }

    /// Where its slope changes its sign, in order.
    fn stationary(&self) -> Vec<f64> {
        crossings(&derivative(self.coefficients()))
    }
}

fn horner(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |value, c| value * x + c)
}

fn derivative(coefficients: &[f64]) -> Vec<f64> {
    coefficients.iter().enumerate().skip(1).map(|(power, c)| power as f64 * c).collect()
}

/// Where a polynomial changes its sign: between two such places of its derivative, and beyond them, it is monotone.
fn crossings(coefficients: &[f64]) -> Vec<f64> {
    let Some(highest) = coefficients.last().filter(|_| coefficients.len() > 1) else { return Vec::new() };
    // Beyond Cauchy's bound there are none.
    let bound = 1.0 + coefficients.iter().map(|c| (c / highest).abs()).fold(0.0, f64::max);
    let mut ends = vec![-bound];
    ends.extend(crossings(&derivative(coefficients)));
    ends.push(bound);
    let value = |x: f64| horner(coefficients, x);
    let mut found: Vec<f64> = Vec::new();
    for pair in ends.windows(2) {
        let (mut low, mut high) = (pair[0], pair[1]);
        let rises = value(high) > value(low);
        let is_below = |x: f64| (value(x) < 0.0) == rises;
        if !is_below(low) || is_below(high) {
            continue;
        }
        loop {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            *(if is_below(middle) { &mut low } else { &mut high }) = middle;
        }
        let nearer = if value(low).abs() < value(high).abs() { low } else { high };
        // A touching point of the derivative may stand for both sides.
        if found.last() != Some(&nearer) {
            found.push(nearer);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_least_and_where_is_found() {
        assert_eq!(Polynomial::new(&[2.0, 0.0, 0.0, -3.0, 1.0]), Some(Polynomial::QUARTIC));
        assert_eq!(Polynomial::QUARTIC.minima(), [2.25]);
        // x^4 - 2 x^2 has two minima of value -1, and (x - 3)^2 has one, however many zeros follow.
        let double = Polynomial::new(&[0.0, 0.0, -2.0, 0.0, 1.0]).unwrap();
        assert_eq!((double.minima(), double.least()), (vec![-1.0, 1.0], -1.0));
        assert_eq!(Polynomial::new(&[9.0, -6.0, 1.0, 0.0, 0.0]).unwrap().minima(), [3.0]);
        // (x + 2)^2 (x - 1)^4, flat at 1: x^6 - 6 x^4 + 4 x^3 + 9 x^2 - 12 x + 4.
        let flat = Polynomial::new(&[4.0, -12.0, 9.0, 4.0, -6.0, 0.0, 1.0]).unwrap();
        assert!(
            flat.least().abs() < 1e-12 && flat.minima().iter().any(|x| (x + 2.0).abs() < 1e-9),
            "{:?}",
            flat.minima()
        );
        for bad in [&[][..], &[0.0], &[1.0], &[1.0, 2.0], &[0.0, 0.0, -1.0], &[0.0, 0.0, 0.0, 1.0], &[1.0; 17]] {
            assert_eq!(Polynomial::new(bad), None, "{bad:?}");
        }
    }
}
