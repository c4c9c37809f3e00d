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
mod number;
mod parts;

pub use number::Number;

/// `f32` or `f64` with the functions that formulas need.
pub trait Real: Number {
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

    /// Itself, or zero when smaller than [`Number::SMALLEST_KEPT`]; NaN stays.
    #[inline(always)]
    fn kept(self) -> Self {
        if self.abs() < Self::SMALLEST_KEPT { Self::of(0.0) } else { self }
    }
}

impl Real for f32 {}
impl Real for f64 {}

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
