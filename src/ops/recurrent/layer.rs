//! One recurrent layer over all time steps: its forward pass, and its backward pass through time.

use super::padding::Padding;
use super::stack::{Cell, Stack};
use super::{gru, lstm, rnn};
use crate::ops::Element;
use crate::ops::activation::with_curve;
use crate::ops::columns;
use crate::ops::gemm::{Matrix, add_product, multiply, transpose};
use std::ops::Range;

/// What a layer keeps, each `[time, rows, ...]`.
#[derive(Debug, Default)]
pub struct Memory<T> {
    /// The outputs h.
    pub h: Vec<T>,
    /// The gates, after their nonlinearities; of the plain cell the argument z.
    pub gates: Vec<T>,
    /// The cell c of an LSTM; empty in others.
    pub cell: Vec<T>,
    /// dL/dh, all of it.
    pub stream: Vec<T>,
    /// dL/dc, likewise.
    pub cell_stream: Vec<T>,
    /// Gradient of the gates' arguments.
    delta: Vec<T>,
    /// tanh(c).
    squashed: Vec<T>,
    /// h_(t-1) U: of every step in a GRU, else of the present one.
    past: Vec<T>,
    /// Its gradient, where it is not `delta`.
    past_delta: Vec<T>,
    /// U, transposed.
    turned: Vec<T>,
    /// A step's worth of zeros: what came before the first.
    nothing: Vec<T>,
    /// Where a step writes what goes on to no other.
    lost: Vec<T>,
}

/// A step's part of what is ordered by time.
fn at(step: usize, size: usize) -> Range<usize> {
    step * size..(step + 1) * size
}

impl<T: Element> Memory<T> {
    /// Gradient of the gates' arguments, after a backward: dL/dz of the plain cell.
    pub fn delta(&self) -> &[T] {
        &self.delta
    }

    /// From the inputs `[time, rows, inputs]` to the outputs, left in `h`.
    pub(super) fn forward(&mut self, stack: &Stack, layer: usize, padding: &Padding, x: &[T], p: &[T]) {
        let (steps, width, columns, rows) = (stack.steps, stack.width, stack.columns(), padding.rows);
        let (places, zero) = (stack.layer(layer), T::of(0.0));
        let (state, wide) = (rows * width, rows * columns);
        self.gates.resize(steps * wide, zero);
        self.h.resize(steps * state, zero);
        self.nothing.resize(state, zero);
        let is_gru = stack.cell == Cell::Gru;
        self.past.resize(if is_gru { steps * wide } else { wide }, zero);
        if stack.cell == Cell::Lstm {
            self.cell.resize(steps * state, zero);
            self.squashed.resize(steps * state, zero);
        }
        let weight = Matrix::new(&p[places.input], stack.inputs(layer), columns);
        multiply(Matrix::new(x, steps * rows, stack.inputs(layer)), weight, &mut self.gates);
        let no_bias = vec![zero; columns];
        let bias = places.bias.map_or(&no_bias[..], |bias| &p[bias]);
        let recurrent = Matrix::new(&p[places.recurrent], width, columns);
        for step in 0..steps {
            let past = &mut self.past[at(if is_gru { step } else { 0 }, wide)];
            let earlier = step.checked_sub(1).map(|earlier| at(earlier, state));
            let (done, now) = self.h.split_at_mut(step * state);
            let (before, h) = (earlier.clone().map_or(&self.nothing[..], |e| &done[e]), &mut now[..state]);
            match step {
                0 => past.fill(zero),
                _ => multiply(Matrix::new(before, rows, width), recurrent, past),
            }
            let gates = &mut self.gates[at(step, wide)];
            match stack.cell {
                Cell::Rnn(activation) => with_curve!(activation, T, curve => rnn::forward(curve, bias, past, gates, h)),
                Cell::Lstm => {
                    let (done, now) = self.cell.split_at_mut(step * state);
                    let before = earlier.map_or(&self.nothing[..], |e| &done[e]);
                    let squashed = &mut self.squashed[at(step, state)];
                    lstm::forward(width, bias, past, gates, before, &mut now[..state], squashed, h);
                }
                Cell::Gru => gru::forward(width, bias, past, gates, before, h),
            }
            padding.clear(step, h);
            if let Some(cell) = self.cell.get_mut(at(step, state)) {
                padding.clear(step, cell);
            }
        }
    }

    /// From what reaches `stream` from above to all of dL/dh, dL/dc and the gradients of the gates' arguments.
    pub(super) fn through_time(&mut self, stack: &Stack, layer: usize, padding: &Padding, p: &[T]) {
        let (steps, width, columns, rows) = (stack.steps, stack.width, stack.columns(), padding.rows);
        let (state, wide, zero) = (rows * width, rows * columns, T::of(0.0));
        let weight = &p[stack.layer(layer).recurrent];
        self.turned.resize(weight.len(), zero);
        // Transposed once: each step's product would do it again. Small products are left as they are, since the crate would sum
        // them in another order.
        let back_in_time = if rows.min(width) > 16 {
            transpose(weight, columns, 0..columns, &mut self.turned);
            Matrix::new(&self.turned, columns, width)
        } else {
            Matrix::new(weight, width, columns).t()
        };
        self.delta.resize(steps * wide, zero);
        self.lost.resize(state, zero);
        match stack.cell {
            Cell::Rnn(_) => {}
            Cell::Lstm => self.cell_stream.resize(steps * state, zero),
            Cell::Gru => self.past_delta.resize(steps * wide, zero),
        }
        for step in (0..steps).rev() {
            let cut = stack.cuts(step);
            // Nothing comes to the cell from behind.
            if let Some(cell) = self.cell_stream.get_mut(at(step, state)).filter(|_| stack.ends(step)) {
                cell.fill(zero);
            }
            let (gates, delta) = (&self.gates[at(step, wide)], &mut self.delta[at(step, wide)]);
            let before = step.checked_sub(1).map(|earlier| at(earlier, state));
            // What came back to a step that is padding goes no further.
            padding.clear(step, &mut self.stream[at(step, state)]);
            if let Some(cell) = self.cell_stream.get_mut(at(step, state)) {
                padding.clear(step, cell);
            }
            let (ahead, now) = self.stream.split_at_mut(step * state);
            let stream = &now[..state];
            let earlier = if cut { &mut self.lost[..] } else { &mut ahead[at(step - 1, state)] };
            match stack.cell {
                Cell::Rnn(activation) => {
                    let h = &self.h[at(step, state)];
                    with_curve!(activation, T, curve => rnn::backward(curve, gates, h, stream, delta));
                }
                Cell::Lstm => {
                    let (ahead, now) = self.cell_stream.split_at_mut(step * state);
                    let earlier = if cut { &mut self.lost[..] } else { &mut ahead[at(step - 1, state)] };
                    let cell = before.map_or(&self.nothing[..], |before| &self.cell[before]);
                    let squashed = &self.squashed[at(step, state)];
                    lstm::backward(width, gates, cell, squashed, stream, &mut now[..state], earlier, delta);
                }
                Cell::Gru => {
                    let h = before.map_or(&self.nothing[..], |before| &self.h[before]);
                    let (past, past_delta) = (&self.past[at(step, wide)], &mut self.past_delta[at(step, wide)]);
                    gru::backward(width, gates, past, h, stream, earlier, delta, past_delta);
                }
            }
            if !cut {
                let back = if stack.cell == Cell::Gru { &self.past_delta } else { &self.delta };
                let back = Matrix::new(&back[at(step, wide)], rows, columns);
                add_product(back, back_in_time, &mut self.stream[at(step - 1, state)]);
            }
        }
    }

    /// The gradients of the layer's parameters, sums over all time steps; `x` are its inputs.
    pub(super) fn parameter_gradients(&self, stack: &Stack, layer: usize, rows: usize, x: &[T], gradient: &mut [T]) {
        let (steps, width, columns) = (stack.steps, stack.width, stack.columns());
        let (places, inputs) = (stack.layer(layer), stack.inputs(layer));
        let delta = Matrix::new(&self.delta, steps * rows, columns);
        multiply(Matrix::new(x, steps * rows, inputs).t(), delta, &mut gradient[places.input]);
        let past = if stack.cell == Cell::Gru { &self.past_delta } else { &self.delta };
        // h_0 = 0 has no part in it.
        let others = (steps - 1) * rows;
        let past = Matrix::new(&past[rows * columns..], others, columns);
        multiply(Matrix::new(&self.h[..others * width], others, width).t(), past, &mut gradient[places.recurrent]);
        if let Some(bias) = places.bias {
            columns::column_sums(&self.delta, &mut gradient[bias]);
        }
    }
}
