//! ln(1 + x).

use super::number::{Number, polynomial};

/// 1 + x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), and ln(1 + f) by s = f / (2 + f), the form of fdlibm.
#[inline(always)]
pub(super) fn ln_1p<T: Number>(x: T) -> T {
    let one = T::of(1.0);
    let (k, four) = (one + x).binary_logarithm();
    // From x itself, so that what 1 + x rounds away is kept.
    let f = (x * T::of(0.25)).mul_add(four, four.mul_add(T::of(0.25), -one));
    let s = f / (T::of(2.0) + f);
    let z = s * s;
    let half_square = f * f * T::of(0.5);
    let rest = s.mul_add(z.mul_add(polynomial(z, T::LOGARITHM), half_square), k * T::LN_2_LOST);
    let sum = k.mul_add(T::of(std::f64::consts::LN_2), f - (half_square - rest));
    // A quarter of a tiny x would not be exact; it is its own logarithm.
    let y = if x.abs() < T::SMALLEST_KEPT || x == T::of(f64::INFINITY) { x } else { sum };
    let outside = if x == -one { T::of(f64::NEG_INFINITY) } else { T::of(f64::NAN) };
    if x <= -one { outside } else { y }
}
