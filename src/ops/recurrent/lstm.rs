//! A time step of the LSTM cell, forward and backward. Its loops are split as those of [`super::gru`] are, for the same reason.

use super::gates::{of, of_mut};
use crate::ops::kernel::kernel;

kernel! {
    /// Turns the gates' arguments, to which the bias and `past` are still to be added, into the gates i, f, g, o, row by row; leaves c,
    /// tanh(c) and h.
    pub(super) fn forward<T>(
        width: usize,
        bias: &[T],
        past: &[T],
        gates: &mut [T],
        before: &[T],
        cell: &mut [T],
        squashed: &mut [T],
        h: &mut [T],
    ) {
        let rows = gates.chunks_exact_mut(4 * width).zip(past.chunks_exact(4 * width));
        let states = before.chunks_exact(width).zip(cell.chunks_exact_mut(width));
        let outputs = squashed.chunks_exact_mut(width).zip(h.chunks_exact_mut(width));
        for (((gates, past), (before, cell)), (squashed, h)) in rows.zip(states).zip(outputs) {
            let [sigmoids, candidate, output] = [0..2 * width, 2 * width..3 * width, 3 * width..4 * width];
            for ((gate, b), past) in gates[sigmoids.clone()].iter_mut().zip(&bias[sigmoids.clone()]).zip(&past[sigmoids]) {
                *gate = (*gate + *b + *past).sigmoid();
            }
            for ((g, b), past) in gates[candidate.clone()].iter_mut().zip(&bias[candidate.clone()]).zip(&past[candidate]) {
                *g = (*g + *b + *past).tanh();
            }
            for ((o, b), past) in gates[output.clone()].iter_mut().zip(&bias[output.clone()]).zip(&past[output]) {
                *o = (*o + *b + *past).sigmoid();
            }
            let [i, f, g, o] = of::<T, 4>(gates, width);
            for j in 0..width {
                cell[j] = (f[j] * before[j] + i[j] * g[j]).kept();
                squashed[j] = cell[j].tanh();
                h[j] = (o[j] * squashed[j]).kept();
            }
        }
    }
}

kernel! {
    /// `stream` is dL/dh_t; `cell_stream`, what of dL/dc_t comes from the steps behind, becomes all of it, and `earlier` its share
    /// in dL/dc_(t-1). `delta` becomes the gradient of the gates' arguments.
    pub(super) fn backward<T>(
        width: usize,
        gates: &[T],
        before: &[T],
        squashed: &[T],
        stream: &[T],
        cell_stream: &mut [T],
        earlier: &mut [T],
        delta: &mut [T],
    ) {
        let one = T::of(1.0);
        let rows = gates.chunks_exact(4 * width).zip(delta.chunks_exact_mut(4 * width));
        let states = before.chunks_exact(width).zip(squashed.chunks_exact(width));
        let streams = stream.chunks_exact(width).zip(cell_stream.chunks_exact_mut(width));
        let streams = streams.zip(earlier.chunks_exact_mut(width));
        for (((gates, delta), (before, squashed)), ((stream, cell_stream), earlier)) in rows.zip(states).zip(streams) {
            let [i, f, g, o] = of::<T, 4>(gates, width);
            let [di, df, dg, d_o] = of_mut::<T, 4>(delta, width);
            for j in 0..width {
                let dc = (cell_stream[j] + stream[j] * o[j] * (one - squashed[j] * squashed[j])).kept();
                cell_stream[j] = dc;
                d_o[j] = (stream[j] * squashed[j] * o[j] * (one - o[j])).kept();
                di[j] = (dc * g[j] * i[j] * (one - i[j])).kept();
                df[j] = (dc * before[j] * f[j] * (one - f[j])).kept();
                dg[j] = (dc * i[j] * (one - g[j] * g[j])).kept();
                earlier[j] = (dc * f[j]).kept();
            }
        }
    }
}
