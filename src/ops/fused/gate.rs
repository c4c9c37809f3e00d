//! The gate of a highway block, forward and backward on slices.

use super::pass::Pass;
use super::{Scratch, Workspace};
use crate::ops::activation::{Curve, Sigmoid};
use crate::ops::block::Role;
use crate::ops::columns;
use crate::ops::gemm::{Matrix, multiply};
use crate::ops::kernel::kernel;
use crate::real::Real;

impl<T: Real> Pass<'_, T> {
    /// Turns the branch in `w.output` into `h + T (branch - h)`, and keeps T and the branch.
    pub(super) fn gate_forward(&self, h: &[T], w: &mut Workspace<T>) {
        let (width, rows) = (self.block.outputs, h.len() / self.block.inputs);
        w.branch.clear();
        w.branch.extend_from_slice(&w.output);
        w.gate.resize(w.output.len(), T::of(0.0));
        multiply(Matrix::new(h, rows, width), self.gate_weight(), &mut w.gate);
        columns::activate_rows(Sigmoid, self.part(Role::GateBias).unwrap_or_default(), &mut w.gate);
        mix(&w.gate, h, &mut w.output);
    }

    /// From `s.delta`, the gradient of the block's output, that of the branch in `d`, and of the gate's parameters. What comes
    /// to `h` past the branch is left in `s.delta`.
    pub(super) fn gate_backward(&self, h: &[T], w: &Workspace<T>, gradient: &mut [T], s: &mut Scratch<T>, d: &mut [T]) {
        let (width, rows) = (self.block.outputs, h.len() / self.block.inputs);
        s.gate.resize(d.len(), T::of(0.0));
        s.past.resize(d.len(), T::of(0.0));
        split(&w.gate, h, &w.branch, &mut s.delta, d, &mut s.gate);
        s.column_sums.resize(width, T::of(0.0));
        columns::column_sums(&s.gate, &mut s.column_sums);
        self.put(gradient, Role::GateBias, |out| out.copy_from_slice(&s.column_sums));
        let delta = Matrix::new(&s.gate, rows, width);
        self.put(gradient, Role::GateWeight, |out| multiply(Matrix::new(h, rows, width).t(), delta, out));
        multiply(delta, self.gate_weight().t(), &mut s.past);
        columns::add(&s.past, &mut s.delta);
    }

    fn gate_weight(&self) -> Matrix<'_, T> {
        let width = self.block.outputs;
        Matrix::new(self.part(Role::GateWeight).unwrap_or_default(), width, width)
    }
}

kernel! {
    /// `branch = h + T (branch - h)`.
    fn mix<T>(gate: &[T], h: &[T], branch: &mut [T]) {
        for ((b, h), t) in branch.iter_mut().zip(h).zip(gate) {
            *b = *h + *t * (*b - *h);
        }
    }
}

kernel! {
    /// With d the gradient of the output: that of the branch is `T d`, that of the gate's argument `d (branch - h) T (1 - T)`;
    /// `(1 - T) d` comes to h directly and takes d's place.
    fn split<T>(gate: &[T], h: &[T], branch: &[T], delta: &mut [T], to_branch: &mut [T], to_gate: &mut [T]) {
        let to = to_branch.iter_mut().zip(to_gate.iter_mut());
        let at = gate.iter().zip(h).zip(branch);
        for ((d, (to_branch, to_gate)), ((t, h), b)) in delta.iter_mut().zip(to).zip(at) {
            *to_branch = *t * *d;
            *to_gate = (*d * (*b - *h) * Sigmoid.slope(*t, *t)).kept();
            *d -= *to_branch;
        }
    }
}
