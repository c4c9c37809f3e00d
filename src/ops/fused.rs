//! A block as one CPU kernel: a candle custom op with its own backward.
//!
//! The op takes the block's input and its packed parameters. The parameter gradients are written into the block's
//! [`Workspace`] rather than returned, so that candle keeps no copy of them; the gradient of the input is returned.
//! Activations and gradients smaller than [`Real::SMALLEST_KEPT`] are written as zero: the arithmetic of a very deep
//! net would otherwise crawl through subnormal numbers. What a probe measures does not pass through here in f32 but
//! in f64, whose bound lies at 1e-289.

use super::activation::{Activation, Curve, with_curve};
use super::block::{Block, Nonlinearity, Norm, Place, Role, Running, Skip};
use super::gemm::{Into, Matrix, multiply};
use super::kernel::kernel;
use super::norm;
use super::{Element, contiguous, with_slice};
use crate::real::Real;
use candle_core::{CpuStorage, CustomOp2, Device, Layout, Result, Shape, Tensor};
use std::sync::{Arc, Mutex, MutexGuard};

/// How a norm behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Batch statistics.
    Train,
    /// As in training, and everything a probe looks at is kept.
    Probe,
    /// Running statistics; no backward.
    Evaluate,
}

/// What a block's backward needs from its forward, its gradient, and its running statistics; reused every step.
#[derive(Debug, Default)]
pub struct Workspace<T> {
    /// Gradient of the packed parameters, as the last backward left it.
    pub gradient: Vec<T>,
    pub running: Option<Running<T>>,
    /// The activation before the affine map.
    pub before: Site<T>,
    /// The activation after it.
    pub after: Site<T>,
    /// Gradient of the affine map's output.
    pub affine_delta: Vec<T>,
    /// The affine map's input.
    pub affine_input: Vec<T>,
    /// Gradient of the block's output (kept in a probe).
    pub output_delta: Vec<T>,
    branch: Vec<T>,
    standardized: Vec<T>,
    /// Mean of the batch, column by column, where the block has a norm.
    pub mean: Vec<T>,
    /// Biased variance of the batch.
    pub variance: Vec<T>,
    inverse_deviation: Vec<T>,
    sums: Vec<T>,
    products: Vec<T>,
    scale: Vec<T>,
}

/// Where an activation is computed.
#[derive(Debug, Default)]
pub struct Site<T> {
    /// phi's argument z, `[batch, units]`; empty where the slope follows from the output (kept in a probe).
    pub argument: Vec<T>,
    /// phi's output; empty where the backward finds it elsewhere (kept in a probe).
    pub activation: Vec<T>,
    /// dL/dz (kept in a probe).
    pub delta: Vec<T>,
}

/// A block's workspace, shared by the block's op in the graph and its owner.
pub type Shared<T> = Arc<Mutex<Workspace<T>>>;

impl<T: Element> Workspace<T> {
    /// For a block, with fresh running statistics.
    pub fn new(block: &Block) -> Self {
        Workspace {
            gradient: vec![T::of(0.0); block.parameter_count()],
            running: block.norm().map(|(_, units)| Running::new(units)),
            ..Workspace::default()
        }
    }
}

/// Locks a workspace; a panic elsewhere cannot have left it half-written, since every pass rewrites it.
pub fn lock<T>(shared: &Shared<T>) -> MutexGuard<'_, Workspace<T>> {
    shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The op.
pub struct FusedBlock<T> {
    pub block: Block,
    pub mode: Mode,
    /// False for the first block, whose input is data.
    pub input_has_gradient: bool,
    pub workspace: Shared<T>,
}

impl<T: Element> CustomOp2 for FusedBlock<T> {
    fn name(&self) -> &'static str {
        "fused block"
    }

    fn cpu_fwd(&self, h: &CpuStorage, h_at: &Layout, p: &CpuStorage, p_at: &Layout) -> Result<(CpuStorage, Shape)> {
        let (h, p) = (contiguous::<T>(h, h_at)?, contiguous::<T>(p, p_at)?);
        let out = self.forward(h, p);
        let rows = out.len() / self.block.outputs;
        Ok((T::to_cpu_storage_owned(out), Shape::from((rows, self.block.outputs))))
    }

    fn bwd(
        &self,
        h: &Tensor,
        parameters: &Tensor,
        out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let back = with_slice::<T, _>(h, |h| {
            with_slice::<T, _>(parameters, |p| {
                with_slice::<T, _>(out, |out| with_slice::<T, _>(gradient, |g| self.backward(h, p, out, g)))
            })
        })????;
        let input = back.map(|d| Tensor::from_vec(d, h.shape(), &Device::Cpu)).transpose()?;
        Ok((input, None))
    }
}

impl<T: Element> FusedBlock<T> {
    fn forward(&self, h: &[T], p: &[T]) -> Vec<T> {
        let Block { inputs, outputs, .. } = self.block;
        let rows = h.len() / inputs;
        let mut guard = lock(&self.workspace);
        let w = &mut *guard;
        let mut affine_input = std::mem::take(&mut w.affine_input);
        affine_input.clear();
        if self.block.before.is_some() || self.mode == Mode::Probe {
            affine_input.extend_from_slice(h);
        }
        if let Some(pair) = self.block.before {
            let mut site = std::mem::take(&mut w.before);
            self.pair_forward(pair, &mut site, w, p, &mut affine_input, false);
            w.before = site;
        }
        let x = if self.block.before.is_some() { &affine_input[..] } else { h };

        let mut out = Vec::with_capacity(rows * outputs);
        match self.block.part(p, Role::Bias) {
            Some(bias) => (0..rows).for_each(|_| out.extend_from_slice(bias)),
            None => out.resize(rows * outputs, T::of(0.0)),
        }
        let weight = Matrix::new(&p[..inputs * outputs], inputs, outputs);
        multiply(Matrix::new(x, rows, inputs), weight, &mut out, Into::Add);
        w.affine_input = affine_input;

        if let Some(pair) = self.block.after {
            let mut site = std::mem::take(&mut w.after);
            self.pair_forward(pair, &mut site, w, p, &mut out, self.block.skip != Skip::None);
            w.after = site;
        }
        match self.block.skip {
            Skip::None => {}
            Skip::Scaled(s) => add_to_scaled(T::of(s), h, &mut out),
            Skip::Learned => {
                w.branch.clear();
                w.branch.extend_from_slice(&out);
                add_to_scaled(self.learned_scale(p), h, &mut out);
            }
        }
        out
    }

    fn learned_scale(&self, p: &[T]) -> T {
        self.block.part(p, Role::Scale).map_or(T::of(0.0), |s| s[0])
    }

    /// Turns the pair's input `v` into its output. What the backward cannot read off its own arguments is kept in
    /// `site`: phi's argument where the slope asks for it, phi's output where `v` goes on to change.
    fn pair_forward(
        &self,
        pair: Nonlinearity,
        site: &mut Site<T>,
        w: &mut Workspace<T>,
        p: &[T],
        v: &mut [T],
        changes: bool,
    ) {
        if let Some(norm @ Norm { place: Place::Before, .. }) = pair.norm {
            self.norm_forward(&norm, w, p, v);
        }
        let probed = self.mode == Mode::Probe;
        site.argument.clear();
        site.activation.clear();
        if probed || !pair.activation.slope_from_output() {
            site.argument.extend_from_slice(v);
        }
        with_curve!(pair.activation, T, curve => apply(curve, v));
        let after = pair.norm.filter(|n| n.place == Place::After);
        if probed || changes || after.is_some() {
            site.activation.extend_from_slice(v);
        }
        if let Some(norm) = after {
            self.norm_forward(&norm, w, p, v);
        }
    }

    fn norm_forward(&self, n: &Norm, w: &mut Workspace<T>, p: &[T], v: &mut [T]) {
        let units = self.block.norm().map_or(0, |(_, units)| units);
        let (mean, variance) = match (&w.running, self.mode) {
            (Some(running), Mode::Evaluate) => (&running.mean, &running.variance),
            _ => {
                w.mean.resize(units, T::of(0.0));
                w.variance.resize(units, T::of(0.0));
                norm::column_moments(v, &mut w.mean, &mut w.variance);
                (&w.mean, &w.variance)
            }
        };
        w.inverse_deviation.clear();
        w.inverse_deviation.extend(variance.iter().map(|s| T::of(1.0) / Real::sqrt(*s + T::of(n.eps))));
        w.standardized.resize(v.len(), T::of(0.0));
        norm::standardize(v, mean, &w.inverse_deviation, &mut w.standardized);
        match (self.block.part(p, Role::NormGain), self.block.part(p, Role::NormShift)) {
            (Some(gain), Some(shift)) => norm::gain_and_shift(&w.standardized, gain, shift, v),
            _ => v.copy_from_slice(&w.standardized),
        }
    }

    /// The gradient of the input, from the output `out` and its gradient `g`.
    fn backward(&self, h: &[T], p: &[T], out: &[T], g: &[T]) -> Option<Vec<T>> {
        let Block { inputs, outputs, .. } = self.block;
        let rows = h.len() / inputs;
        let mut guard = lock(&self.workspace);
        let w = &mut *guard;
        if self.mode == Mode::Probe {
            w.output_delta.clear();
            w.output_delta.extend_from_slice(g);
        }

        let mut d = std::mem::take(&mut w.affine_delta);
        d.clear();
        let scale = match self.block.skip {
            Skip::None => None,
            Skip::Scaled(s) => Some(T::of(s)),
            Skip::Learned => {
                let slope: f64 = g.iter().zip(&w.branch).map(|(g, b)| g.f64() * b.f64()).sum();
                self.put(&mut w.gradient, Role::Scale, |out| out[0] = T::of(slope));
                Some(self.learned_scale(p))
            }
        };
        match scale {
            None => d.extend_from_slice(g),
            Some(s) => d.extend(g.iter().map(|g| *g * s)),
        }
        if let Some(pair) = self.block.after {
            let mut site = std::mem::take(&mut w.after);
            self.pair_backward(pair, &mut site, w, p, out, &mut d);
            w.after = site;
        }

        let x = if self.block.before.is_some() { &w.affine_input[..] } else { h };
        multiply(
            Matrix::new(x, rows, inputs).t(),
            Matrix::new(&d, rows, outputs),
            &mut w.gradient[..inputs * outputs],
            Into::Overwrite,
        );
        self.put(&mut w.gradient, Role::Bias, |sums| {
            sums.fill(T::of(0.0));
            norm::add_column_sums(&d, sums);
        });

        let mut back = None;
        if self.input_has_gradient {
            let mut dx = vec![T::of(0.0); h.len()];
            let weight = Matrix::new(&p[..inputs * outputs], inputs, outputs);
            multiply(Matrix::new(&d, rows, outputs), weight.t(), &mut dx, Into::Overwrite);
            if let Some(pair) = self.block.before {
                let mut site = std::mem::take(&mut w.before);
                let activation = std::mem::take(&mut w.affine_input);
                self.pair_backward(pair, &mut site, w, p, &activation, &mut dx);
                w.affine_input = activation;
                w.before = site;
            }
            if self.block.skip != Skip::None {
                dx.iter_mut().zip(g).for_each(|(x, g)| *x += *g);
            }
            back = Some(dx);
        }
        w.affine_delta = d;
        back
    }

    /// Turns the gradient of the pair's output into that of its input; `a` is phi's output where the site has not
    /// kept it.
    fn pair_backward(
        &self,
        pair: Nonlinearity,
        site: &mut Site<T>,
        w: &mut Workspace<T>,
        p: &[T],
        a: &[T],
        d: &mut [T],
    ) {
        if let Some(Norm { place: Place::After, .. }) = pair.norm {
            self.norm_backward(w, p, d);
        }
        let a = if site.activation.is_empty() { a } else { &site.activation[..] };
        let z = if site.argument.is_empty() { a } else { &site.argument[..] };
        with_curve!(pair.activation, T, curve => times_slope(curve, z, a, d));
        if self.mode == Mode::Probe {
            site.delta.clear();
            site.delta.extend_from_slice(d);
        }
        if let Some(Norm { place: Place::Before, .. }) = pair.norm {
            self.norm_backward(w, p, d);
        }
    }

    fn norm_backward(&self, w: &mut Workspace<T>, p: &[T], d: &mut [T]) {
        let units = w.mean.len();
        for sums in [&mut w.sums, &mut w.products] {
            sums.clear();
            sums.resize(units, T::of(0.0));
        }
        norm::add_column_sums(d, &mut w.sums);
        norm::add_column_products(d, &w.standardized, &mut w.products);
        self.put(&mut w.gradient, Role::NormShift, |out| out.copy_from_slice(&w.sums));
        self.put(&mut w.gradient, Role::NormGain, |out| out.copy_from_slice(&w.products));
        w.scale.clear();
        w.scale.extend_from_slice(&w.inverse_deviation);
        if let Some(gain) = self.block.part(p, Role::NormGain) {
            w.scale.iter_mut().zip(gain).for_each(|(s, g)| *s *= *g);
        }
        norm::through_statistics(d, &w.standardized, &w.sums, &w.products, &w.scale);
    }

    /// Writes the gradient of the parameter with this role, where the block has one.
    fn put(&self, gradient: &mut [T], role: Role, write: impl FnOnce(&mut [T])) {
        if let Some(range) = self.block.range(role) {
            write(&mut gradient[range]);
        }
    }
}

kernel! {
    /// `v = phi(v)`, with zero for what is too small to keep.
    fn apply<T, C: Curve<T>>(curve: C, v: &mut [T]) {
        for v in v.iter_mut() {
            *v = curve.value(*v).kept();
        }
    }
}

kernel! {
    /// `d *= phi'(z)`, with zero for what is too small to keep.
    fn times_slope<T, C: Curve<T>>(curve: C, z: &[T], a: &[T], d: &mut [T]) {
        for ((d, z), a) in d.iter_mut().zip(z).zip(a) {
            *d = (*d * curve.slope(*z, *a)).kept();
        }
    }
}

/// phi'(z), given also a = phi(z).
pub fn slopes<T: Real>(activation: Activation, z: &[T], a: &[T]) -> Vec<T> {
    let mut slopes = vec![T::of(1.0); z.len()];
    with_curve!(activation, T, curve => times_slope(curve, z, a, &mut slopes));
    slopes
}

kernel! {
    /// `branch = h + s branch`.
    fn add_to_scaled<T>(s: T, h: &[T], branch: &mut [T]) {
        for (b, h) in branch.iter_mut().zip(h) {
            *b = *h + s * *b;
        }
    }
}
