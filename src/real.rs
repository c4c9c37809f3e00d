//! The two floating-point types a network can be trained in, and the functions its formulas need.
//!
//! `exp`, `expm1`, `tanh` and `sigmoid` are polynomials without branches, so that a loop over them
//! vectorises; in f32 they err by at most 2 units in the last place. They give the same bits on every instruction set:
//! a multiply-add is rounded once everywhere, in software where the CPU has none.

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// `f32` or `f64`.
pub trait Real:
    Copy
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
    + 'static
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
    fn exp(self) -> Self;
    /// e^x - 1, accurate near 0.
    fn expm1(self) -> Self;
    /// ln(1 + x), accurate near 0.
    fn ln_1p(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;

    /// The hyperbolic tangent, as expm1(2|x|) / (expm1(2|x|) + 2) with the sign of x.
    #[inline(always)]
    fn tanh(self) -> Self {
        let two = Self::of(2.0);
        let size = self.abs();
        // Beyond 20 the quotient has long rounded to 1; the bound keeps infinity out of it, and NaN in.
        let size = if size > Self::of(20.0) { Self::of(20.0) } else { size };
        let e = (two * size).expm1();
        let (larger, smaller) = if e > two { (e, two) } else { (two, e) };
        quotient(e, larger, smaller).copysign(self)
    }

    /// The logistic function 1 / (1 + e^-x), with both tails accurate.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        let one = Self::of(1.0);
        let e = (-self.abs()).exp();
        let top = if self < Self::of(0.0) { e } else { one };
        quotient(top, one, e)
    }

    /// Itself, or zero when smaller than [`Real::SMALLEST_KEPT`]; NaN stays.
    #[inline(always)]
    fn kept(self) -> Self {
        if self.abs() < Self::SMALLEST_KEPT { Self::of(0.0) } else { self }
    }
}

/// top / (larger + smaller), to about half a unit in the last place: the sum's rounding is made good with one step
/// of Newton's method on the quotient.
#[inline(always)]
fn quotient<T: Real>(top: T, larger: T, smaller: T) -> T {
    let sum = larger + smaller;
    let lost = (larger - sum) + smaller;
    let inverse = T::of(1.0) / sum;
    let q = top * inverse;
    let rest = (-q).mul_add(lost, (-q).mul_add(sum, top));
    rest.mul_add(inverse, q)
}

/// `[1/1!, 1/2!, ...]`: entry k is 1/(k+1)!.
macro_rules! inverse_factorials {
    ($T:ident, $n:literal) => {{
        let mut table = [1.0 as $T; $n];
        let mut factorial = 1.0f64;
        let mut k = 1;
        while k < $n {
            factorial *= (k + 1) as f64;
            table[k] = (1.0 / factorial) as $T;
            k += 1;
        }
        table
    }};
}

// e^r - 1 on |r| <= ln(2)/2 by its Taylor sum; the degree leaves an error under a quarter of the last place.
macro_rules! real {
    ($T:ident, $Bits:ident, $degree:literal, $mantissa:literal, $bias:literal, $magic:expr, $ln2_high:expr, $ln2_low:expr,
     $low:expr, $high:expr, $smallest:expr, $erf:path) => {
        impl Real for $T {
            const SMALLEST_KEPT: Self = $smallest;
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
            #[inline(always)]
            fn exp(self) -> Self {
                let (r, low, n) = Self::reduce(self);
                // Two factors, so that results down in the subnormals need no special case.
                let half = n >> 1;
                // 1 + r is rounded once more only with all that is smaller.
                let high = 1.0 + r;
                let e = high + ((1.0 - high) + r + Self::correction(r, low));
                e * Self::power_of_two(half) * Self::power_of_two(n - half)
            }
            #[inline(always)]
            fn expm1(self) -> Self {
                // Below -40 the result is -1 to the last bit, and 2^n stays normal.
                let x = if self < -40.0 { -40.0 } else { self };
                let (r, low, n) = Self::reduce(x);
                // Half of it, so that the power does not overflow before the result does.
                let power = Self::power_of_two(n - 1);
                let rest = power - 0.5;
                let high = r.mul_add(power, rest);
                let lost = r.mul_add(power, rest - high);
                2.0 * (high + Self::correction(r, low).mul_add(power, lost))
            }
            #[inline(always)]
            fn ln_1p(self) -> Self {
                $T::ln_1p(self)
            }
            #[inline(always)]
            fn erf(self) -> Self {
                $erf(self)
            }
        }

        impl Steps for $T {
            type Power = $Bits;

            #[inline(always)]
            fn reduce(x: Self) -> (Self, Self, $Bits) {
                let x = if x < $low { $low } else { x };
                let x = if x > $high { $high } else { x };
                // Adding 1.5 * 2^mantissa rounds to the nearest integer and leaves it in the low bits.
                let shifted = x.mul_add(std::f64::consts::LOG2_E as $T, $magic);
                let n = shifted - $magic;
                let power = shifted.to_bits() as $Bits - ($magic as $T).to_bits() as $Bits;
                let high = (-n).mul_add($ln2_high, x);
                let r = (-n).mul_add($ln2_low, high);
                (r, (-n).mul_add($ln2_low, high - r), power)
            }
            #[inline(always)]
            fn correction(r: Self, low: Self) -> Self {
                const INVERSE_FACTORIALS: [$T; $degree] = inverse_factorials!($T, $degree);
                let mut sum = INVERSE_FACTORIALS[$degree - 1];
                let mut k = $degree - 1;
                while k > 1 {
                    k -= 1;
                    sum = sum.mul_add(r, INVERSE_FACTORIALS[k]);
                }
                (r * r).mul_add(sum, low)
            }
            #[inline(always)]
            fn power_of_two(n: $Bits) -> Self {
                $T::from_bits(((n + $bias) << $mantissa) as _)
            }
        }
    };
}

/// The pieces of e^x = 2^n (1 + (e^r - 1)).
trait Steps: Sized {
    type Power;
    /// x = n ln 2 + r + low with |r| <= ln(2)/2, low what rounding r lost; x is first clamped to where e^x neither
    /// over- nor underflows twice. Returns (r, low, n).
    fn reduce(x: Self) -> (Self, Self, Self::Power);
    /// e^(r + low) - 1 - r.
    fn correction(r: Self, low: Self) -> Self;
    /// 2^n for a normal result.
    fn power_of_two(n: Self::Power) -> Self;
}

// ln 2 is split so that n * high is exact for every n that occurs.
real!(f32, i32, 7, 23, 127, 12_582_912.0, 0.693_359_4, -2.121_944_4e-4, -104.0, 89.0, 7.888_609e-31, libm::erff);
real!(
    f64,
    i64,
    13,
    52,
    1023,
    6_755_399_441_055_744.0,
    0.693_145_751_953_125,
    1.428_606_820_309_417_3e-6,
    -746.0,
    710.0,
    1.026_343_743_130_289_7e-289,
    libm::erf
);

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
