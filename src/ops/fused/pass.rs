//! One block's forward and backward on slices.

use super::{Activated, Scratch, Workspace};
use crate::ops::Mode;
use crate::ops::activation::{Activation, Curve, Identity, with_curve};
use crate::ops::block::{Block, Nonlinearity, Role, Skip};
use crate::ops::columns;
use crate::ops::dropout::Draws;
use crate::ops::gemm::{Matrix, multiply};
use crate::ops::kernel::kernel;
use crate::ops::norm::Placement;
use crate::ops::reduce;
use crate::real::Real;

/// A block with its packed parameters.
pub(super) struct Pass<'a, T> {
    pub block: &'a Block,
    /// From 0 on.
    pub index: usize,
    pub mode: Mode,
    pub draws: Draws,
    pub parameters: &'a [T],
}

impl<T: Real> Pass<'_, T> {
    /// From the block's input `h` `[rows, inputs]` to its output, left in `w.output`.
    pub fn forward(&self, h: &[T], w: &mut Workspace<T>) {
        let Block { inputs, outputs, .. } = *self.block;
        let rows = h.len() / inputs;
        w.affine_input.clear();
        if let Some(pair) = self.block.before {
            w.affine_input.extend_from_slice(h);
            let (mut site, mut v) = (std::mem::take(&mut w.before), std::mem::take(&mut w.affine_input));
            self.pair_forward(pair, &mut site, w, None, &mut v, self.drops(pair));
            // It is the layer below whose activation stands here.
            self.drop(pair, self.index, &mut site, &mut v);
            (w.before, w.affine_input) = (site, v);
        }
        let x = if self.block.before.is_some() { &w.affine_input[..] } else { h };

        w.output.resize(rows * outputs, T::of(0.0));
        multiply(Matrix::new(x, rows, inputs), self.weight(), &mut w.output);

        let bias = self.part(Role::Bias);
        match self.block.after {
            Some(pair) => {
                let (mut site, mut v) = (std::mem::take(&mut w.after), std::mem::take(&mut w.output));
                let changes = self.block.skip != Skip::None || self.drops(pair);
                self.pair_forward(pair, &mut site, w, bias, &mut v, changes);
                self.drop(pair, self.index + 1, &mut site, &mut v);
                (w.after, w.output) = (site, v);
            }
            None => bias.into_iter().for_each(|bias| columns::add_to_rows(bias, &mut w.output)),
        }
        match self.block.skip {
            Skip::None => {}
            Skip::Scaled(s) => add_to_scaled(T::of(s), h, &mut w.output),
            Skip::Learned => {
                w.branch.clear();
                w.branch.extend_from_slice(&w.output);
                add_to_scaled(self.learned_scale(), h, &mut w.output);
            }
            Skip::Gated { .. } => self.gate_forward(h, w),
        }
    }

    /// Turns `s.delta`, the gradient of the block's output, into that of its input `h` where that is wanted, and
    /// writes the gradient of the packed parameters.
    pub fn backward(&self, h: &[T], w: &mut Workspace<T>, gradient: &mut [T], s: &mut Scratch<T>, input_wanted: bool) {
        let Block { inputs, outputs, .. } = *self.block;
        let rows = h.len() / inputs;
        if self.mode.keeps() {
            w.output_delta.clone_from(&s.delta);
        }
        // Where the skip needs the gradient of the output again, the branch takes a copy; else it takes it over.
        let mut d = std::mem::take(if self.block.skip == Skip::None { &mut s.delta } else { &mut s.branch });
        d.resize(w.output.len(), T::of(0.0));
        match self.block.skip {
            Skip::None => {}
            Skip::Scaled(scale) => scaled(T::of(scale), &s.delta, &mut d),
            Skip::Learned => {
                scaled(self.learned_scale(), &s.delta, &mut d);
                let slope = T::of(reduce::dot(&s.delta, &w.branch));
                self.put(gradient, Role::Scale, |out| out[0] = slope);
            }
            Skip::Gated { .. } => self.gate_backward(h, w, gradient, s, &mut d),
        }

        s.column_sums.resize(outputs, T::of(0.0));
        match self.block.after {
            Some(pair) => {
                let mut site = std::mem::take(&mut w.after);
                let output = std::mem::take(&mut w.output);
                self.pair_backward(pair, &mut site, w, gradient, s, &output, &mut d);
                (w.after, w.output) = (site, output);
            }
            None => columns::column_sums(&d, &mut s.column_sums),
        }
        self.put(gradient, Role::Bias, |out| out.copy_from_slice(&s.column_sums));
        let x = if self.block.before.is_some() { &w.affine_input[..] } else { h };
        let delta = Matrix::new(&d, rows, outputs);
        multiply(Matrix::new(x, rows, inputs).t(), delta, &mut gradient[..inputs * outputs]);

        w.affine_delta.clear();
        let same_as_at_site = self.block.after.is_some_and(|p| p.norm.is_none_or(|n| n.place == Placement::After));
        if self.mode.keeps() && !same_as_at_site {
            w.affine_delta.extend_from_slice(&d);
        }
        let mut dx = std::mem::take(&mut s.input);
        if input_wanted {
            dx.resize(h.len(), T::of(0.0));
            multiply(delta, self.weight().t(), &mut dx);
            if let Some(pair) = self.block.before {
                s.column_sums.resize(inputs, T::of(0.0));
                let mut site = std::mem::take(&mut w.before);
                let activation = std::mem::take(&mut w.affine_input);
                self.pair_backward(pair, &mut site, w, gradient, s, &activation, &mut dx);
                (w.before, w.affine_input) = (site, activation);
            }
            if self.block.skip != Skip::None {
                columns::add(&s.delta, &mut dx);
            }
        }
        // The buffers change places, so that none is made anew.
        *(if self.block.skip == Skip::None { &mut s.delta } else { &mut s.branch }) = d;
        s.input = if input_wanted { std::mem::replace(&mut s.delta, dx) } else { dx };
    }

    fn weight(&self) -> Matrix<'_, T> {
        let Block { inputs, outputs, .. } = *self.block;
        Matrix::new(&self.parameters[..inputs * outputs], inputs, outputs)
    }

    pub(super) fn part(&self, role: Role) -> Option<&[T]> {
        self.block.part(self.parameters, role)
    }

    fn drops(&self, pair: Nonlinearity) -> bool {
        pair.dropout > 0.0 && self.mode.drops()
    }

    /// Leaves out what dropout draws of what the pair of this layer hands on, and keeps by what it was multiplied.
    fn drop(&self, pair: Nonlinearity, layer: usize, site: &mut Activated<T>, v: &mut [T]) {
        site.mask.clear();
        if self.drops(pair) {
            site.mask.resize(v.len(), T::of(0.0));
            self.draws.mask(layer, pair.dropout, &mut site.mask);
            times(&site.mask, v);
        }
    }

    /// The pair's activation, with the slope that it has learned.
    fn activation(&self, pair: Nonlinearity) -> Activation {
        pair.activation.with_slope(self.part(Role::Slope).map(|slope| slope[0].f64()))
    }

    fn learned_scale(&self) -> T {
        self.part(Role::Scale).map_or(T::of(0.0), |s| s[0])
    }

    /// Turns the pair's input `v`, to which the bias is still to be added, into its output. What the backward cannot
    /// read off its own arguments is kept in `site`: phi's argument where the slope asks for it, phi's output where
    /// `v` goes on to change.
    fn pair_forward(
        &self,
        pair: Nonlinearity,
        site: &mut Activated<T>,
        w: &mut Workspace<T>,
        bias: Option<&[T]>,
        v: &mut [T],
        changes: bool,
    ) {
        site.argument.clear();
        site.activation.clear();
        let activation = self.activation(pair);
        let keep_argument = self.mode.keeps() || !activation.slope_from_output();
        match pair.norm.filter(|n| n.place == Placement::Before) {
            Some(norm) if keep_argument => self.norm_forward(&norm, w, bias, Identity, v),
            Some(norm) => with_curve!(activation, T, curve => self.norm_forward(&norm, w, bias, curve, v)),
            None if keep_argument => bias.into_iter().for_each(|bias| columns::add_to_rows(bias, v)),
            None => with_curve!(activation, T, curve => match bias {
                Some(bias) => columns::activate_rows(curve, bias, v),
                None => activate(curve, v),
            }),
        }
        if keep_argument {
            site.argument.extend_from_slice(v);
            with_curve!(activation, T, curve => activate(curve, v));
        }
        let after = pair.norm.filter(|n| n.place == Placement::After);
        if changes || after.is_some() {
            site.activation.extend_from_slice(v);
        }
        if let Some(norm) = after {
            self.norm_forward(&norm, w, None, Identity, v);
        }
    }

    /// Turns the gradient of the pair's output into that of its input, whose column sums are left in
    /// `s.column_sums`; `a` is phi's output where the site has not kept it.
    #[allow(clippy::too_many_arguments)]
    fn pair_backward(
        &self,
        pair: Nonlinearity,
        site: &mut Activated<T>,
        w: &mut Workspace<T>,
        gradient: &mut [T],
        s: &mut Scratch<T>,
        a: &[T],
        d: &mut [T],
    ) {
        if !site.mask.is_empty() {
            times(&site.mask, d);
        }
        if let Some(norm) = pair.norm.filter(|n| n.place == Placement::After) {
            self.norm_backward(&norm, w, gradient, s, d);
        }
        let a = if site.activation.is_empty() { a } else { &site.activation[..] };
        let z = if site.argument.is_empty() { a } else { &site.argument[..] };
        if pair.activation.learned_slope().is_some() {
            let slope = T::of(reduce::dot_below(d, z));
            self.put(gradient, Role::Slope, |out| out[0] = slope);
        }
        with_curve!(self.activation(pair), T, curve => columns::times_slope(curve, z, a, d, &mut s.column_sums));
        if self.mode.keeps() {
            site.delta.clear();
            site.delta.extend_from_slice(d);
        }
        if let Some(norm) = pair.norm.filter(|n| n.place == Placement::Before) {
            self.norm_backward(&norm, w, gradient, s, d);
        }
    }

    /// Writes the gradient of the parameter with this role, where the block has one.
    pub(super) fn put(&self, gradient: &mut [T], role: Role, write: impl FnOnce(&mut [T])) {
        if let Some(range) = self.block.range(role) {
            write(&mut gradient[range]);
        }
    }
}

kernel! {
    /// `v = phi(v)`, with zero for what is too small to keep.
    pub(in crate::ops) fn activate<T, C: Curve<T>>(curve: C, v: &mut [T]) {
        for v in v.iter_mut() {
            *v = curve.value(*v).kept();
        }
    }
}

kernel! {
    /// `branch = h + s branch`.
    fn add_to_scaled<T>(s: T, h: &[T], branch: &mut [T]) {
        for (b, h) in branch.iter_mut().zip(h) {
            *b = *h + s * *b;
        }
    }
}

kernel! {
    /// `out = s v`.
    fn scaled<T>(s: T, v: &[T], out: &mut [T]) {
        for (o, v) in out.iter_mut().zip(v) {
            *o = s * *v;
        }
    }
}

kernel! {
    /// `v *= mask`, number by number.
    fn times<T>(mask: &[T], v: &mut [T]) {
        for (v, m) in v.iter_mut().zip(mask) {
            *v *= *m;
        }
    }
}
