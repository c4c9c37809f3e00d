//! The curves of the activations: value and slope at one precision, inlined into the loops that use them.

use super::{SELU_ALPHA, SELU_LAMBDA};
use crate::real::Real;

/// One activation at one precision, inlined into the loops that use it.
pub(in crate::ops) trait Curve<T>: Copy {
    fn value(self, z: T) -> T;
    /// phi'(z), given also a = phi(z). Those of [`Activation::slope_from_output`] read only a.
    fn slope(self, z: T, a: T) -> T;
}

macro_rules! curves {
    ($($name:ident |$z:ident, $a:ident| $value:expr, $slope:expr;)*) => {$(
        #[derive(Clone, Copy)]
        pub(in crate::ops) struct $name;
        impl<T: Real> Curve<T> for $name {
            #[inline(always)]
            fn value(self, $z: T) -> T {
                $value
            }
            #[inline(always)]
            fn slope(self, $z: T, $a: T) -> T {
                let _ = ($z, $a);
                $slope
            }
        }
    )*};
}

#[inline(always)]
fn one<T: Real>() -> T {
    T::of(1.0)
}

#[inline(always)]
fn zero<T: Real>() -> T {
    T::of(0.0)
}

#[inline(always)]
fn softplus<T: Real>(z: T) -> T {
    // `z > 0` is false for NaN, which then stays in the logarithm.
    (if z > zero() { z } else { zero() }) + (-z.abs()).exp().ln_1p()
}

/// (e, t, g) with e = e^-|z| and tanh(softplus(z)) = t / (t + g). With n = e^z (e^z + 2) the tangent is n / (n + 2);
/// above 0 both are multiplied by e^(-2z), so that nothing overflows.
#[inline(always)]
fn mish_parts<T: Real>(z: T) -> (T, T, T) {
    let two = T::of(2.0);
    let e = (-z.abs()).exp();
    if z < zero() { (e, e * (e + two), two) } else { (e, e.mul_add(two, one()), two * e * e) }
}

curves! {
    Identity |z, a| z, one();
    Sigmoid |z, a| z.sigmoid(), a * (one::<T>() - a);
    Tanh |z, a| z.tanh(), one::<T>() - a * a;
    HardTanh |z, a|
        if z < -one::<T>() { -one::<T>() } else if z > one() { one() } else { z },
        if a > -one::<T>() && a < one() { one() } else { zero() };
    Softsign |z, a| z / (one::<T>() + z.abs()), {
        let d = one::<T>() + z.abs();
        one::<T>() / (d * d)
    };
    Softplus |z, a| softplus(z), z.sigmoid();
    Relu |z, a| if z <= zero() { zero() } else { z }, if a > zero() { one() } else { zero() };
    Selu |z, a|
        T::of(SELU_LAMBDA) * if z > zero() { z } else { T::of(SELU_ALPHA) * z.expm1() },
        if a > zero() { T::of(SELU_LAMBDA) } else { a + T::of(SELU_LAMBDA * SELU_ALPHA) };
    Gelu |z, a| z * z.normal().1, {
        let (density, distribution) = z.normal();
        z.mul_add(density, distribution)
    };
    Silu |z, a| z * z.sigmoid(), {
        let s = z.sigmoid();
        s + a * (one::<T>() - s)
    };
    Mish |z, a| {
        let (_, t, g) = mish_parts(z);
        z * t / (t + g)
    }, {
        // t / (t + g) + z sigmoid(z) (1 - (t / (t + g))^2), with one division for its three quotients.
        let (e, t, g) = mish_parts(z);
        let (sum, below) = (t + g, one::<T>() + e);
        let inverse = one::<T>() / (sum * below);
        let inverse_sum = below * inverse;
        let sigmoid = (if z < zero() { e } else { one() }) * (sum * inverse);
        let tangent = t * inverse_sum;
        (z * sigmoid * (g * inverse_sum)).mul_add(one::<T>() + tangent, tangent)
    };
    Relu6 |z, a|
        if z <= zero() { zero() } else if z > T::of(6.0) { T::of(6.0) } else { z },
        if a > zero() && a < T::of(6.0) { one() } else { zero() };
    HardSigmoid |z, a| {
        let shifted = z + T::of(3.0);
        (if shifted <= zero() { zero() } else if shifted > T::of(6.0) { T::of(6.0) } else { shifted }) / T::of(6.0)
    }, if a > zero() && a < one() { T::of(1.0 / 6.0) } else { zero() };
    Sine |z, a| z.sin(), z.cos();
    Erf |z, a| z.erf(), T::of(std::f64::consts::FRAC_2_SQRT_PI) * (-(z * z)).exp();
}

#[derive(Clone, Copy)]
pub(in crate::ops) struct LeakyRelu<T>(pub T);
impl<T: Real> Curve<T> for LeakyRelu<T> {
    #[inline(always)]
    fn value(self, z: T) -> T {
        if z > zero() { z } else { self.0 * z }
    }
    #[inline(always)]
    fn slope(self, _: T, a: T) -> T {
        if a > zero() { one() } else { self.0 }
    }
}

/// As [`LeakyRelu`], but for any slope: a negative one gives a where z is below 0 the sign of a z above.
#[derive(Clone, Copy)]
pub(in crate::ops) struct Prelu<T>(pub T);
impl<T: Real> Curve<T> for Prelu<T> {
    #[inline(always)]
    fn value(self, z: T) -> T {
        if z > zero() { z } else { self.0 * z }
    }
    #[inline(always)]
    fn slope(self, z: T, _: T) -> T {
        if z > zero() { one() } else { self.0 }
    }
}

#[derive(Clone, Copy)]
pub(in crate::ops) struct Elu<T>(pub T);
impl<T: Real> Curve<T> for Elu<T> {
    #[inline(always)]
    fn value(self, z: T) -> T {
        if z > zero() { z } else { self.0 * z.expm1() }
    }
    #[inline(always)]
    fn slope(self, _: T, a: T) -> T {
        if a > zero() { one() } else { a + self.0 }
    }
}
