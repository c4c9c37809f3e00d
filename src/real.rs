//! The two floating-point types a network can be trained in, and the functions its formulas need.
//!
//! `exp`, `expm1`, `tanh` and `sigmoid` are polynomials without branches, so that a loop over them
//! vectorises; in f32 they err by at most 2 units in the last place. They give the same bits on every instruction set:
//! a multiply-add is rounded once everywhere, in software where the CPU has none.

mod erf;
mod exponential;
mod logarithm;
mod parts;

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// `f32` or `f64`.
pub trait Real:
    parts::Parts
    + Copy
    + Debug
    + Default
    + Display
    + PartialOrd
    + Send
    + Sync
    + Sum
    + Add<Output = Self>
    + AddAssign
    + MulAssign
    + SubAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// Backward passes write zero for what is smaller: far enough above the smallest normal number
    /// that products with ordinary weights stay normal, since arithmetic on subnormals is up to a hundred
    /// times slower. 2^-100 in f32, 2^-960 in f64.
    const SMALLEST_KEPT: Self;
    /// The smallest normal number.
    const MIN_NORMAL: Self;

    fn of(x: f64) -> Self;
    fn f64(self) -> f64;
    fn abs(self) -> Self;
    fn sqrt(self) -> Self;
    fn copysign(self, sign: Self) -> Self;
    /// self * a + b, rounded once.
    fn mul_add(self, a: Self, b: Self) -> Self;
    fn is_finite(self) -> bool;

    /// e^x.
    #[inline(always)]
    fn exp(self) -> Self {
        exponential::exp(self)
    }

    /// e^x - 1, accurate near 0.
    #[inline(always)]
    fn expm1(self) -> Self {
        exponential::expm1(self)
    }

    /// ln(1 + x), accurate near 0.
    #[inline(always)]
    fn ln_1p(self) -> Self {
        logarithm::ln_1p(self)
    }

    /// The hyperbolic tangent.
    #[inline(always)]
    fn tanh(self) -> Self {
        exponential::tanh(self)
    }

    /// The logistic function 1 / (1 + e^-x), with both tails accurate.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        exponential::sigmoid(self)
    }

    /// The error function.
    #[inline(always)]
    fn erf(self) -> Self {
        erf::erf(self)
    }

    /// The standard normal density and distribution function at x, with both tails accurate.
    #[inline(always)]
    fn normal(self) -> (Self, Self) {
        erf::normal(self)
    }

    /// Itself, or zero when smaller than [`Real::SMALLEST_KEPT`]; NaN stays.
    #[inline(always)]
    fn kept(self) -> Self {
        if self.abs() < Self::SMALLEST_KEPT { Self::of(0.0) } else { self }
    }
}

/// The sum of c_k x^k, by Horner's rule in x^w, w sums beside each other: one long chain of multiply-adds would leave the
/// CPU waiting for each.
#[inline(always)]
fn polynomial<T: Real>(x: T, c: &[T]) -> T {
    let square = x * x;
    match c.len() {
        0..6 => strided(x, c, 0, 1),
        6..10 => strided(square, c, 1, 2).mul_add(x, strided(square, c, 0, 2)),
        _ => {
            let fourth = square * square;
            let low = strided(fourth, c, 1, 4).mul_add(x, strided(fourth, c, 0, 4));
            strided(fourth, c, 3, 4).mul_add(x, strided(fourth, c, 2, 4)).mul_add(square, low)
        }
    }
}

/// c_first + c_(first + step) x + c_(first + 2 step) x^2 + ...
#[inline(always)]
fn strided<T: Real>(x: T, c: &[T], first: usize, step: usize) -> T {
    let mut k = first + (c.len() - 1 - first) / step * step;
    let mut sum = c[k];
    while k > first {
        k -= step;
        sum = sum.mul_add(x, c[k]);
    }
    sum
}

macro_rules! real {
    ($T:ident, $smallest_kept:expr) => {
        impl Real for $T {
            const SMALLEST_KEPT: Self = $smallest_kept;
            const MIN_NORMAL: Self = $T::MIN_POSITIVE;

            #[inline(always)]
            fn of(x: f64) -> Self {
                x as $T
            }
            #[inline(always)]
            fn f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $T::abs(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $T::sqrt(self)
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                $T::copysign(self, sign)
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                $T::mul_add(self, a, b)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $T::is_finite(self)
            }
        }
    };
}

real!(f32, 7.888_609e-31);
real!(f64, 1.026_343_743_130_289_7e-289);

#[cfg(test)]
mod tests {
    use super::*;

    fn ulps32(got: f32, want: f64) -> f64 {
        let spacing =
            (f64::from((want as f32).abs()).max(f64::from(f32::MIN_POSITIVE))).log2().floor().exp2() * 2f64.powi(-23);
        (f64::from(got) - want).abs() / spacing
    }

    #[test]
    fn f32_functions_are_within_their_stated_error() {
        let mut worst = [0.0f64; 4];
        for i in -1_000_000..=1_000_000 {
            // Dense near zero, and out past every cut-off.
            let t = f64::from(i) / 1e6;
            for x in [t * 100.0, t * t * t * 10.0, t * 1e-3] {
                let x = x as f32;
                let exact = f64::from(x);
                let sigmoid =
                    if exact < 0.0 { exact.exp() / (1.0 + exact.exp()) } else { 1.0 / (1.0 + (-exact).exp()) };
                let exp = if exact < 88.7 { ulps32(Real::exp(x), exact.exp()) } else { 0.0 };
                let expm1 = if exact < 88.0 { ulps32(Real::expm1(x), exact.exp_m1()) } else { 0.0 };
                let tanh = ulps32(Real::tanh(x), exact.tanh());
                for (w, e) in worst.iter_mut().zip([exp, expm1, tanh, ulps32(Real::sigmoid(x), sigmoid)]) {
                    *w = w.max(e);
                }
            }
        }
        println!(
            "worst error in ulp: exp {:.2}, expm1 {:.2}, tanh {:.2}, sigmoid {:.2}",
            worst[0], worst[1], worst[2], worst[3]
        );
        assert!(worst.iter().all(|w| *w <= 2.0), "{worst:?}");
    }

    #[test]
    fn f64_functions_agree_with_the_standard_library() {
        for i in -200_000..=200_000 {
            let t = f64::from(i) / 2e5;
            for x in [t * 700.0, t * t * t * 20.0, t * 1e-6] {
                let pairs = [(Real::exp(x), x.exp()), (Real::expm1(x), x.exp_m1()), (Real::tanh(x), x.tanh())];
                for (k, (got, want)) in pairs.into_iter().enumerate() {
                    assert!((got - want).abs() <= 1e-15 * want.abs(), "function {k} at {x}: {got} {want}");
                }
            }
        }
    }

    #[test]
    fn edges_behave() {
        assert_eq!(Real::exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(Real::exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(Real::exp(f64::INFINITY), f64::INFINITY);
        assert_eq!(Real::exp(-745.0f64), (-745.0f64).exp());
        assert!((f64::from(Real::exp(-100.0f32)) / (-100f64).exp() - 1.0).abs() < 0.02);
        assert!(Real::exp(f32::NAN).is_nan() && Real::tanh(f64::NAN).is_nan() && Real::sigmoid(f32::NAN).is_nan());
        assert_eq!((Real::tanh(f32::INFINITY), Real::tanh(f64::NEG_INFINITY)), (1.0, -1.0));
        assert_eq!(Real::tanh(-0.0f32).to_bits(), (-0.0f32).to_bits());
        assert!((Real::sigmoid(-700.0f64) / (-700f64).exp() - 1.0).abs() < 1e-14);
        assert!(f32::NAN.kept().is_nan());
        assert_eq!((1e-31f32.kept(), 1e-30f32.kept()), (0.0, 1e-30));
    }
}
