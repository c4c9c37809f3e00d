//! The error function and the normal distribution.

use super::exponential::decay;
use super::number::{Number, polynomial};

/// e^(t^2) erfc(t) for t >= 0, by a polynomial in v = (t - m) / (t + m). Its slope would enlarge what v rounds away, so
/// that v takes one step of Newton's method.
#[inline(always)]
fn scaled_erfc<T: Number>(t: T) -> T {
    let m = T::ERFC_MIDDLE;
    let inverse = T::of(1.0) / (t + m);
    let v = (t - m) * inverse;
    let rest = (-v).mul_add(t, (v + T::of(1.0)).mul_add(-m, t));
    let v = rest.mul_add(inverse, v);
    inverse * polynomial(v, T::ERFC)
}

/// 1 - erfc(|x|) with the sign of x; near zero, where that would cancel, an odd polynomial.
#[inline(always)]
pub(super) fn erf<T: Number>(x: T) -> T {
    let size = x.abs();
    let t = if size > T::ERF_IS_ONE { T::ERF_IS_ONE } else { size };
    let far = (-decay(-(t * t))).mul_add(scaled_erfc(t), T::of(1.0));
    // As in tanh.
    let square = size.mul_add(size, T::SMALLEST_KEPT);
    let near = size.mul_add(polynomial(square, T::ERF), size);
    (if size < T::of(0.8) { near } else { far }).copysign(x)
}

/// The density and the distribution function of the standard normal distribution, with accurate tails.
#[inline(always)]
pub(super) fn normal<T: Number>(x: T) -> (T, T) {
    let (half, one) = (T::of(0.5), T::of(1.0));
    let size = x.abs();
    let t = if size > T::DENSITY_IS_ZERO { T::DENSITY_IS_ZERO } else { size };
    let square = t * t;
    let lost = t.mul_add(t, -square);
    let e = decay(-half * square);
    let e = e.mul_add(-half * lost, e);
    let tail = half * e * scaled_erfc(t * T::of(std::f64::consts::FRAC_1_SQRT_2));
    let density = e * T::of(0.398_942_280_401_432_7);
    (density, if x < T::of(0.0) { tail } else { one - tail })
}
