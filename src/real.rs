//! The two floating-point types a network can be trained in, and the functions its formulas need.
//!
//! The functions are polynomials without branches, so that a loop over them vectorises. In f32 `exp`, `expm1`, `tanh`,
//! `sigmoid`, `ln_1p` and `erf` err by at most 2 units in the last place at every argument, in f64 by at most 4; the
//! normal density and distribution function by at most 8, tails included. Infinities, NaN and the sign of zero come
//! out as in the standard library. They give the same bits on every instruction set: a multiply-add is rounded once
//! everywhere, in software where the CPU has none.

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

/// The sum of c_k x^k, by Horner's rule in x^w, w sums beside each other: one long chain of multiply-adds would leave
/// the CPU waiting for each.
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
    use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

    /// Name, the function in f32 and in f64, its reference, and the stated bounds in f32 and in f64.
    type Row = (&'static str, fn(f32) -> f32, fn(f64) -> f64, fn(f64) -> f64, f64, f64);

    const FUNCTIONS: [Row; 8] = [
        ("exp", Real::exp, Real::exp, f64::exp, 2.0, 4.0),
        ("expm1", Real::expm1, Real::expm1, f64::exp_m1, 2.0, 4.0),
        ("tanh", Real::tanh, Real::tanh, f64::tanh, 2.0, 4.0),
        ("sigmoid", Real::sigmoid, Real::sigmoid, sigmoid, 2.0, 4.0),
        ("ln_1p", Real::ln_1p, Real::ln_1p, f64::ln_1p, 2.0, 4.0),
        ("erf", Real::erf, Real::erf, libm::erf, 2.0, 4.0),
        ("normal density", |x| x.normal().0, |x| x.normal().0, density, 8.0, 8.0),
        ("normal distribution", |x| x.normal().1, |x| x.normal().1, distribution, 8.0, 8.0),
    ];

    fn sigmoid(x: f64) -> f64 {
        if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }
    }

    fn density(x: f64) -> f64 {
        // Beyond, it is zero, and the square's error would be NaN.
        let x = x.clamp(-50.0, 50.0);
        let square = x * x;
        let lost = x.mul_add(x, -square);
        (0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2) * (-0.5 * square).exp() * (1.0 - 0.5 * lost)
    }

    fn distribution(x: f64) -> f64 {
        let x = x.clamp(-50.0, 50.0);
        // What the product and the rounded root lose, by erfc's slope.
        let t = -x * FRAC_1_SQRT_2;
        let lost = (-x).mul_add(FRAC_1_SQRT_2, -t) + x * 4.833_646_656_726_457e-17;
        0.5 * (libm::erfc(t) - FRAC_2_SQRT_PI * (-t * t).exp() * lost)
    }

    /// |got - want| in units of the last place of a result of that size; infinite where only one is NaN or
    /// infinite, or where zeros differ in sign.
    fn ulps(got: f64, want: f64, nearest: f64, lowest_exponent: i32, mantissa: i32) -> f64 {
        if !got.is_finite() || !nearest.is_finite() || (got == 0.0 && want == 0.0) {
            let same = got.to_bits() == nearest.to_bits() || (got.is_nan() && want.is_nan());
            return if same { 0.0 } else { f64::INFINITY };
        }
        let exponent = (want.abs().log2().floor() as i32).max(lowest_exponent);
        // In two factors, the unit may be subnormal.
        ((got - want) * 2f64.powi(-exponent / 2)).abs() * 2f64.powi(mantissa - (exponent - exponent / 2))
    }

    #[test]
    fn f32_functions_are_within_their_stated_error_over_the_whole_range() {
        for (name, function, _, reference, bound, _) in FUNCTIONS {
            // Every 4001st of all bit patterns, NaN with payloads included; every 97th where all the cut-offs lie.
            let everywhere = (0..=u32::MAX).step_by(4001);
            let middle = (1e-2f32.to_bits()..=128f32.to_bits()).step_by(97).flat_map(|bits| [bits, bits | 1 << 31]);
            let edges = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -1.0, f32::MAX, f32::MIN];
            let mut worst = (0.0, 0.0);
            for x in everywhere.chain(middle).chain(edges.map(f32::to_bits)).map(f32::from_bits) {
                let want = reference(f64::from(x));
                let error = ulps(f64::from(function(x)), want, f64::from(want as f32), -126, 23);
                worst = if error > worst.0 { (error, x) } else { worst };
            }
            assert!(worst.0 <= bound, "{name} errs by {} ulp at {}", worst.0, worst.1);
        }
    }

    #[test]
    fn f64_functions_are_within_their_stated_error() {
        for (name, _, function, reference, _, bound) in FUNCTIONS {
            let patterns = (0..200_000u64).map(|i| f64::from_bits(i.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            let middle = (-200_000..=200_000).map(|i| f64::from(i) / 2e5);
            let middle = middle.flat_map(|t| [t * 750.0, t * 40.0, t * 3.0, t * t * t]);
            let edges = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -1.0, f64::MAX, f64::MIN];
            let mut worst = (0.0, 0.0);
            for x in patterns.chain(middle).chain(edges) {
                let want = reference(x);
                let error = ulps(function(x), want, want, -1022, 52);
                worst = if error > worst.0 { (error, x) } else { worst };
            }
            assert!(worst.0 <= bound, "{name} errs by {} ulp at {}", worst.0, worst.1);
        }
    }

    #[test]
    fn what_is_too_small_is_not_kept_and_nan_is() {
        assert!(f32::NAN.kept().is_nan());
        assert_eq!((1e-31f32.kept(), 1e-30f32.kept()), (0.0, 1e-30));
    }
}
