//! A time step of the plain recurrent cell, forward and backward: h = phi(z), z = x W + b + h' U.

use crate::ops::activation::Curve;
use crate::ops::kernel::kernel;

kernel! {
    /// `z += bias + past`, row by row, `h = phi(z)`, with zero for what is too small to keep.
    pub(super) fn forward<T, C: Curve<T>>(curve: C, bias: &[T], past: &[T], z: &mut [T], h: &mut [T]) {
        let width = bias.len();
        let rows = z.chunks_exact_mut(width).zip(past.chunks_exact(width)).zip(h.chunks_exact_mut(width));
        for ((z, past), h) in rows {
            for (((z, b), past), h) in z.iter_mut().zip(bias).zip(past).zip(h) {
                *z = *z + *b + *past;
                *h = curve.value(*z).kept();
            }
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
