//! A time step of the plain recurrent cell, forward and backward: h = phi(z), z = x W + b + h' U.

use crate::ops::activation::Curve;
use crate::ops::kernel::kernel;

kernel! {
    /// `z += past`, `h = phi(z)`, with zero for what is too small to keep.
    pub(super) fn forward<T, C: Curve<T>>(curve: C, past: &[T], z: &mut [T], h: &mut [T]) {
        for ((z, past), h) in z.iter_mut().zip(past).zip(h) {
            *z += *past;
            *h = curve.value(*z).kept();
        }
    }
}

kernel! {
    /// `delta = dL/dz` from the stream dL/dh.
    pub(super) fn backward<T, C: Curve<T>>(curve: C, z: &[T], h: &[T], stream: &[T], delta: &mut [T]) {
        for ((z, h), (stream, delta)) in z.iter().zip(h).zip(stream.iter().zip(delta)) {
            *delta = (*stream * curve.slope(*z, *h)).kept();
        }
    }
}
