//! A whole network as one CPU op: a candle custom op with its own backward, block after block.
//!
//! One op a network rather than one a block, because candle's backward adds every gradient that an op returns into
//! fresh zeros: two passes and two buffers a block that nothing needs. What a backward needs of its forward, and the
//! parameter gradients it makes, stay in the network's [`Arena`], whose buffers are reused every step.
//!
//! Activations and gradients smaller than `SMALLEST_KEPT` of `real.rs` are written as zero: the arithmetic of a very deep
//! net would otherwise crawl through subnormal numbers. What a probe measures does not pass through here in f32 but
//! in f64, whose bound lies at 1e-289.

mod gate;
mod norm;
mod pass;

use super::block::Block;
use super::chain::Chain;
use super::dropout::Draws;
use super::norm::Running;
use super::reduce::all_finite;
use super::{Element, Mode, contiguous, with_slice};
use crate::parallel::lock;
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use pass::Pass;
pub(super) use pass::activate;
use std::sync::{Arc, Mutex};

/// What a network's backward needs of its forward, and what it makes.
#[derive(Debug, Default)]
pub struct Arena<T> {
    /// Gradient of the packed parameters, as the last backward left it.
    pub gradient: Vec<T>,
    /// Whether all of it is finite.
    pub finite: bool,
    pub blocks: Vec<Workspace<T>>,
    scratch: Scratch<T>,
}

/// What one block keeps.
#[derive(Debug, Default)]
pub struct Workspace<T> {
    pub running: Option<Running<T>>,
    /// `[batch, outputs]`.
    pub output: Vec<T>,
    /// The activation before the affine map.
    pub before: Activated<T>,
    /// The activation after it.
    pub after: Activated<T>,
    /// The affine map's input, where the block changes its own.
    pub affine_input: Vec<T>,
    /// Gradient of the affine map's output (kept in a probe where it is not `after.delta`).
    affine_delta: Vec<T>,
    /// Gradient of the block's output (kept in a probe).
    pub output_delta: Vec<T>,
    /// What a learned or gated skip is multiplied with.
    branch: Vec<T>,
    /// T of a gated skip.
    gate: Vec<T>,
    standardized: Vec<T>,
    /// The mean, less the bias that is not added before a norm.
    center: Vec<T>,
    /// Mean of the batch, column by column, where the block has a norm over the batch.
    pub mean: Vec<T>,
    /// Biased variance of the batch.
    pub variance: Vec<T>,
    /// What a norm multiplies by, a number a column, or a row where it is not over the batch.
    inverse_deviation: Vec<T>,
}

/// What an activation keeps.
#[derive(Debug, Default)]
pub struct Activated<T> {
    /// phi's argument z, `[batch, units]`; empty where the slope follows from the output (kept in a probe).
    pub argument: Vec<T>,
    /// phi's output; empty where it is the block's output or the affine map's input.
    activation: Vec<T>,
    /// dL/dz (kept in a probe).
    pub delta: Vec<T>,
    /// By what dropout multiplied what is handed on; empty without it.
    pub mask: Vec<T>,
}

/// What a backward hands from block to block.
#[derive(Debug, Default)]
struct Scratch<T> {
    /// Gradient of the present block's output.
    delta: Vec<T>,
    /// Of its branch, beside a skip.
    branch: Vec<T>,
    /// Of its input.
    input: Vec<T>,
    /// Of the argument of its gate.
    gate: Vec<T>,
    /// Of its input, by way of the gate.
    past: Vec<T>,
    column_sums: Vec<T>,
    sums: Vec<T>,
    products: Vec<T>,
    scale: Vec<T>,
}

/// An arena, shared by the op in candle's graph and its owner.
pub type Shared<T> = Arc<Mutex<Arena<T>>>;

impl<T: Element> Arena<T> {
    /// For a chain, with fresh running statistics.
    pub fn new(chain: &Chain) -> Self {
        let running = |b: &Block| {
            let over_batch = b.norm().filter(|(norm, _)| norm.kind.is_over_batch());
            over_batch.map(|(_, units)| Running::new(units))
        };
        let block = |b: &Block| Workspace { running: running(b), ..Workspace::default() };
        Arena {
            gradient: vec![T::of(0.0); chain.parameter_count()],
            finite: true,
            blocks: chain.blocks().iter().map(block).collect(),
            scratch: Scratch::default(),
        }
    }
}

impl<T> Workspace<T> {
    /// Gradient of the affine map's output, after a probe.
    pub fn affine_delta(&self) -> &[T] {
        if self.affine_delta.is_empty() { &self.after.delta } else { &self.affine_delta }
    }

    /// phi's output at the site before or after the affine map.
    pub fn activation(&self, before: bool) -> &[T] {
        let (site, elsewhere) = if before { (&self.before, &self.affine_input) } else { (&self.after, &self.output) };
        if site.activation.is_empty() { elsewhere } else { &site.activation }
    }
}

/// The op: from data `[batch, features]`, which gets no gradient, and the packed parameters to the last block's output.
pub struct FusedChain<T> {
    pub chain: Arc<Chain>,
    pub mode: Mode,
    /// Of dropout.
    pub draws: Draws,
    pub arena: Shared<T>,
}

impl<T: Element> CustomOp2 for FusedChain<T> {
    fn name(&self) -> &'static str {
        "fused chain"
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_at: &Layout, p: &CpuStorage, p_at: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, p) = (contiguous::<T>(x, x_at)?, contiguous::<T>(p, p_at)?);
        let mut arena = lock(&self.arena);
        for i in 0..self.chain.blocks().len() {
            let (input, own) = arena.at(i, x);
            self.pass(i, p).forward(input, own);
        }
        let output = arena.blocks.last().map_or(Vec::new(), |w| w.output.clone());
        let columns = self.chain.blocks().last().map_or(1, |b| b.outputs);
        let shape = Shape::from((output.len() / columns, columns));
        Ok((T::to_cpu_storage_owned(output), shape))
    }

    fn bwd(
        &self,
        x: &Tensor,
        parameters: &Tensor,
        _: &Tensor,
        delta: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        with_slice::<T, _>(x, |x| {
            with_slice::<T, _>(parameters, |p| with_slice::<T, _>(delta, |delta| self.backward(x, p, delta, false)))
        })???;
        Ok((None, None))
    }
}

impl<T: Element> FusedChain<T> {
    fn pass<'a>(&'a self, index: usize, parameters: &'a [T]) -> Pass<'a, T> {
        let (block, parameters) = (&self.chain.blocks()[index], &parameters[self.chain.range(index)]);
        Pass { block, index, mode: self.mode, draws: self.draws, parameters }
    }

    /// After a forward pass over `x`: the gradient with respect to it, of which `delta` is that with respect to the output.
    ///
    /// # Errors
    /// What candle reports.
    pub fn input_gradient(&self, x: &Tensor, parameters: &Tensor, delta: &[T]) -> Result<Vec<T>> {
        with_slice::<T, _>(x, |x| with_slice::<T, _>(parameters, |p| self.backward(x, p, delta, true)))??;
        Ok(lock(&self.arena).scratch.delta.clone())
    }

    /// Leaves the gradient with respect to `x` in the scratch's `delta` where that is wanted.
    fn backward(&self, x: &[T], p: &[T], delta: &[T], input_wanted: bool) {
        let mut arena = lock(&self.arena);
        let mut scratch = std::mem::take(&mut arena.scratch);
        let mut gradient = std::mem::take(&mut arena.gradient);
        gradient.resize(p.len(), T::of(0.0));
        scratch.delta.clear();
        scratch.delta.extend_from_slice(delta);
        let mut finite = true;
        for i in (0..self.chain.blocks().len()).rev() {
            let (input, own) = arena.at(i, x);
            let part = &mut gradient[self.chain.range(i)];
            self.pass(i, p).backward(input, own, part, &mut scratch, input_wanted || i > 0);
            // Looked at here, where it is still in the cache.
            finite &= all_finite(part);
        }
        (arena.scratch, arena.gradient, arena.finite) = (scratch, gradient, finite);
    }
}

impl<T> Arena<T> {
    /// The input of a block's affine map, in the pass whose data was `x`.
    pub fn affine_input<'a>(&'a self, block: usize, x: &'a [T]) -> &'a [T] {
        match (&self.blocks[block].affine_input[..], block.checked_sub(1)) {
            ([], None) => x,
            ([], Some(before)) => &self.blocks[before].output,
            (changed, _) => changed,
        }
    }

    /// A block's input, `x` or the output of the block before it, and its workspace.
    fn at<'a>(&'a mut self, block: usize, x: &'a [T]) -> (&'a [T], &'a mut Workspace<T>) {
        let (before, from) = self.blocks.split_at_mut(block);
        (before.last().map_or(x, |w| &w.output), &mut from[0])
    }
}
