//! The arithmetic of `f32` and `f64` in one trait, and polynomials, of which the functions of [`super::Real`] are made.

use super::parts::Parts;
use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// `f32` or `f64` with its arithmetic and what differs between the two.
pub trait Number:
    Parts
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
    /// The standard library's, one number at a time.
    fn sin(self) -> Self;
    fn cos(self) -> Self;
}

/// The sum of c_k x^k, by Horner's rule in x^w, w sums beside each other: one long chain of multiply-adds would leave
/// the CPU waiting for each.
#[inline(always)]
pub(super) fn polynomial<T: Number>(x: T, c: &[T]) -> T {
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
fn strided<T: Number>(x: T, c: &[T], first: usize, step: usize) -> T {
    let mut k = first + (c.len() - 1 - first) / step * step;
    let mut sum = c[k];
    while k > first {
        k -= step;
        sum = sum.mul_add(x, c[k]);
    }
    sum
}

macro_rules! number {
    ($T:ident, $smallest_kept:expr) => {
        impl Number for $T {
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
            #[inline(always)]
            fn sin(self) -> Self {
                $T::sin(self)
            }
            #[inline(always)]
            fn cos(self) -> Self {
                $T::cos(self)
            }
        }
    };
}

number!(f32, 7.888_609e-31);
number!(f64, 1.026_343_743_130_289_7e-289);
