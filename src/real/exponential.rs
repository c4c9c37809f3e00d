//! e^x, e^x - 1 and the functions made of one exponential: tanh and the logistic function.

use super::number::{Number, polynomial};

/// x = n ln 2 + r with |r| <= ln(2)/2; returns (r, n + shift). The rounding of n ln 2 is left in r.
#[inline(always)]
fn coarse<T: Number>(x: T, shift: T) -> (T, T) {
    let shifted = x.mul_add(T::of(std::f64::consts::LOG2_E), shift);
    // The difference is exact.
    ((shift - shifted).mul_add(T::of(std::f64::consts::LN_2), x), shifted)
}

/// (e^r - 1 - r) / r for |r| <= ln(2)/2.
#[inline(always)]
fn bend<T: Number>(r: T) -> T {
    r * polynomial(r, T::EXPONENTIAL)
}

/// e^r for |r| <= ln(2)/2.
#[inline(always)]
fn growth<T: Number>(r: T) -> T {
    let one = T::of(1.0);
    polynomial(r, T::EXPONENTIAL).mul_add(r, one).mul_add(r, one)
}

/// e^x as e^r 2^(n + margin) 2^-margin, so that neither power leaves the normal range.
#[inline(always)]
fn with_margin<T: Number>(x: T, margin: T, unscale: T) -> T {
    let shift = T::SHIFT + margin;
    let (r, shifted) = coarse(x, shift);
    let r = (shift - shifted).mul_add(T::LN_2_LOST, r);
    growth(r) * T::power_of_two(shifted) * unscale
}

const MARGIN: f64 = 64.0;
const TWO_TO_MARGIN: f64 = (1u128 << 64) as f64;

#[inline(always)]
pub(super) fn exp<T: Number>(x: T) -> T {
    let x = if x < T::EXP_IS_ZERO { T::EXP_IS_ZERO } else { x };
    let x = if x > T::EXP_OVERFLOWS { T::EXP_OVERFLOWS } else { x };
    let up = x > T::of(0.0);
    let margin = if up { T::of(-MARGIN) } else { T::of(MARGIN) };
    let unscale = if up { T::of(TWO_TO_MARGIN) } else { T::of(1.0 / TWO_TO_MARGIN) };
    with_margin(x, margin, unscale)
}

/// e^x for x <= 0.
#[inline(always)]
pub(super) fn decay<T: Number>(x: T) -> T {
    let x = if x < T::EXP_IS_ZERO { T::EXP_IS_ZERO } else { x };
    with_margin(x, T::of(MARGIN), T::of(1.0 / TWO_TO_MARGIN))
}

#[inline(always)]
pub(super) fn expm1<T: Number>(x: T) -> T {
    // Below -40 the result is -1 to the last bit.
    let t = if x < T::of(-40.0) { T::of(-40.0) } else { x };
    let t = if t > T::EXP_OVERFLOWS { T::EXP_OVERFLOWS } else { t };
    let (high, shifted) = coarse(t, T::SHIFT);
    let n = shifted - T::SHIFT;
    let r = (-n).mul_add(T::LN_2_LOST, high);
    let low = (-n).mul_add(T::LN_2_LOST, high - r);
    // Half of it, so that the power does not overflow before the result does.
    let power = T::power_of_two(shifted - T::of(1.0));
    let rest = power - T::of(0.5);
    let sum = r.mul_add(power, rest);
    let lost = r.mul_add(power, rest - sum);
    (T::of(2.0) * (sum + bend(r).mul_add(r, low).mul_add(power, lost))).copysign(x)
}

/// 1 - 2 / (e^(2|x|) + 1) with the sign of x: the subtraction damps what the exponential errs. Near zero, where it
/// would cancel, an odd polynomial.
#[inline(always)]
pub(super) fn tanh<T: Number>(x: T) -> T {
    let (one, two) = (T::of(1.0), T::of(2.0));
    let size = x.abs();
    let far = two * if size > T::TANH_IS_ONE { T::TANH_IS_ONE } else { size };
    let (r, shifted) = coarse(far, T::SHIFT);
    let far = one - two / growth(r).mul_add(T::power_of_two(shifted), one);
    // What is added changes no bit of the result and keeps the square of a tiny x from being subnormal, which is slow.
    let square = size.mul_add(size, T::SMALLEST_KEPT);
    let near = size.mul_add(square * polynomial(square, T::TANH), size);
    (if size < T::of(0.6) { near } else { far }).copysign(x)
}

/// 1 / (1 + e^-x), or e^x / (1 + e^x) below 0; one step of Newton's method makes good what the sum and the quotient
/// round away.
#[inline(always)]
pub(super) fn sigmoid<T: Number>(x: T) -> T {
    let one = T::of(1.0);
    let e = decay(-x.abs());
    let top = if x < T::of(0.0) { e } else { one };
    let sum = one + e;
    let lost = (one - sum) + e;
    let inverse = one / sum;
    let q = top * inverse;
    (-q).mul_add(lost, (-q).mul_add(sum, top)).mul_add(inverse, q)
}
