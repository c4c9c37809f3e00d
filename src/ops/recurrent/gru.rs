//! A time step of the gated recurrent unit, forward and backward.
//!
//! Loops are short, and none reads one gate and writes another of the same row: the compiler would have to show that they are apart,
//! gives up on that where the width is known only at run time, and goes number by number, at more than ten times the cost.

use super::gates::{of, of_mut};
use crate::ops::kernel::kernel;

kernel! {
    /// Turns the gates' arguments, to which the bias and `past` = h_(t-1) U are still to be added, into the gates r, z, n, row by row;
    /// leaves h. `before` is h_(t-1).
    pub(super) fn forward<T>(width: usize, bias: &[T], past: &[T], gates: &mut [T], before: &[T], h: &mut [T]) {
        let one = T::of(1.0);
        let rows = gates.chunks_exact_mut(3 * width).zip(past.chunks_exact(3 * width));
        let states = before.chunks_exact(width).zip(h.chunks_exact_mut(width));
        for ((gates, past), (before, h)) in rows.zip(states) {
            let (sigmoids, n) = gates.split_at_mut(2 * width);
            for ((gate, b), past) in sigmoids.iter_mut().zip(bias).zip(past) {
                *gate = (*gate + *b + *past).sigmoid();
            }
            let [r, z] = of::<T, 2>(sigmoids, width);
            let [_, _, pn] = of::<T, 3>(past, width);
            for j in 0..width {
                h[j] = r[j] * pn[j];
            }
            for ((n, b), h) in n.iter_mut().zip(&bias[2 * width..]).zip(&*h) {
                *n = (*n + *b + *h).tanh();
            }
            for j in 0..width {
                h[j] = ((one - z[j]) * n[j] + z[j] * before[j]).kept();
            }
        }
    }
}

kernel! {
    /// `stream` is dL/dh_t; what of it passes the update gate is added to `earlier`, the stream of the step before. `delta`
    /// becomes the gradient of the gates' arguments, `past_delta` that of h_(t-1) U.
    pub(super) fn backward<T>(
        width: usize,
        gates: &[T],
        past: &[T],
        before: &[T],
        stream: &[T],
        earlier: &mut [T],
        delta: &mut [T],
        past_delta: &mut [T],
    ) {
        let one = T::of(1.0);
        let rows = gates.chunks_exact(3 * width).zip(past.chunks_exact(3 * width));
        let deltas = delta.chunks_exact_mut(3 * width).zip(past_delta.chunks_exact_mut(3 * width));
        let states = before.chunks_exact(width).zip(stream.chunks_exact(width)).zip(earlier.chunks_exact_mut(width));
        for (((gates, past), (delta, past_delta)), ((before, stream), earlier)) in rows.zip(deltas).zip(states) {
            let [r, z, n] = of::<T, 3>(gates, width);
            let [_, _, pn] = of::<T, 3>(past, width);
            let [dr, dz, dn] = of_mut::<T, 3>(delta, width);
            let [past_dr, past_dz, past_dn] = of_mut::<T, 3>(past_delta, width);
            for j in 0..width {
                dn[j] = (stream[j] * (one - z[j]) * (one - n[j] * n[j])).kept();
            }
            for j in 0..width {
                past_dr[j] = (dn[j] * pn[j] * r[j] * (one - r[j])).kept();
            }
            for j in 0..width {
                past_dn[j] = (dn[j] * r[j]).kept();
            }
            for j in 0..width {
                dz[j] = (stream[j] * (before[j] - n[j]) * z[j] * (one - z[j])).kept();
            }
            for j in 0..width {
                earlier[j] += (stream[j] * z[j]).kept();
            }
            dr.copy_from_slice(past_dr);
            past_dz.copy_from_slice(dz);
        }
    }
}
