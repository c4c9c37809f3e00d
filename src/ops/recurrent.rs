//! A whole recurrent network as one CPU op, with its own backward through time: layer after layer, in each the inputs of all
//! time steps in one product, then step after step one small product for all gates.
//!
//! As in [`super::fused`], what a backward needs of its forward and the parameter gradients it makes stay in the network's
//! [`Arena`], whose buffers are reused every step, and what is smaller than `SMALLEST_KEPT` of `real.rs` is written as zero. Inside
//! everything is ordered by time: `[time, rows, units]`.

mod gates;
mod gru;
mod layer;
mod lstm;
mod padding;
mod read_out;
mod rnn;
mod stack;

pub use layer::Memory;
pub use padding::{PADDING, Padding};
pub use stack::{Cell, Places, ReadOut, Stack};

use super::gemm::{Matrix, multiply};
use super::reduce::all_finite;
use super::{Element, Mode, contiguous, with_slice};
use crate::parallel::lock;
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use read_out::Reading;
use std::sync::{Arc, Mutex};

/// What a network's backward needs of its forward, and what it makes.
#[derive(Debug, Default)]
pub struct Arena<T> {
    /// Gradient of the packed parameters, as the last backward left it.
    pub gradient: Vec<T>,
    /// Whether all of it is finite.
    pub finite: bool,
    /// Of each layer, the first one first.
    pub layers: Vec<Memory<T>>,
    /// The inputs, ordered by time.
    x: Vec<T>,
    padding: Padding,
    reading: Reading<T>,
}

/// An arena, shared by the op in candle's graph and its owner.
pub type Shared<T> = Arc<Mutex<Arena<T>>>;

impl<T: Element> Arena<T> {
    pub fn new(stack: &Stack) -> Self {
        Arena {
            gradient: vec![T::of(0.0); stack.parameter_count()],
            finite: true,
            layers: (0..stack.depth).map(|_| Memory::default()).collect(),
            x: Vec::new(),
            padding: Padding::default(),
            reading: Reading::default(),
        }
    }
}

/// The op: from sequences `[rows, time, features]`, which get no gradient, and the packed parameters to the outputs
/// `[rows * answers, outputs]`.
pub struct FusedRecurrent<T> {
    pub stack: Arc<Stack>,
    pub mode: Mode,
    pub arena: Shared<T>,
}

impl<T: Element> CustomOp2 for FusedRecurrent<T> {
    fn name(&self) -> &'static str {
        "fused recurrent"
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_at: &Layout, p: &CpuStorage, p_at: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, p) = (contiguous::<T>(x, x_at)?, contiguous::<T>(p, p_at)?);
        let stack = &*self.stack;
        let rows = x.len() / (stack.steps * stack.features);
        if x.len() != rows * stack.steps * stack.features {
            candle_core::bail!("{} numbers are no sequences of {} steps of {}", x.len(), stack.steps, stack.features);
        }
        let mut arena = lock(&self.arena);
        let Arena { layers, x: by_time, padding, reading, .. } = &mut *arena;
        by_time.resize(x.len(), T::of(0.0));
        order_by_time(x, rows, stack.steps, stack.features, by_time);
        padding.take(by_time, rows, stack.features);
        for l in 0..stack.depth {
            let (below, from) = layers.split_at_mut(l);
            from[0].forward(stack, l, padding, below.last().map_or(&by_time[..], |below| &below.h), p);
        }
        let top = layers.last().map_or(&[][..], |top| &top.h);
        let outputs = reading.forward(stack, padding, top, p);
        let shape = Shape::from((outputs.len() / stack.outputs, stack.outputs));
        Ok((T::to_cpu_storage_owned(outputs), shape))
    }

    fn bwd(
        &self,
        _: &Tensor,
        parameters: &Tensor,
        _: &Tensor,
        delta: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        with_slice::<T, _>(parameters, |p| with_slice::<T, _>(delta, |delta| self.backward(p, delta)))??;
        Ok((None, None))
    }
}

impl<T: Element> FusedRecurrent<T> {
    fn backward(&self, p: &[T], delta: &[T]) {
        let stack = &*self.stack;
        let mut arena = lock(&self.arena);
        let Arena { layers, x, padding, reading, gradient, finite } = &mut *arena;
        gradient.resize(p.len(), T::of(0.0));
        let rows = x.len() / (stack.steps * stack.features);
        if let Some(top) = layers.last_mut() {
            let Memory { h, stream, .. } = top;
            reading.backward(stack, padding, h, delta, p, gradient, stream);
        }
        for l in (0..stack.depth).rev() {
            let (below, from) = layers.split_at_mut(l);
            let own = &mut from[0];
            own.through_time(stack, l, padding, p);
            let input = below.last().map_or(&x[..], |below| &below.h);
            own.parameter_gradients(stack, l, rows, input, gradient);
            if let Some(below) = below.last_mut() {
                below.stream.resize(stack.steps * rows * stack.width, T::of(0.0));
                let weight = Matrix::new(&p[stack.layer(l).input], stack.width, stack.columns());
                let delta = Matrix::new(own.delta(), stack.steps * rows, stack.columns());
                multiply(delta, weight.t(), &mut below.stream);
            }
        }
        *finite = all_finite(gradient);
    }
}

/// From `[rows, time, units]` to `[time, rows, units]`; back with rows and steps exchanged.
fn order_by_time<T: Copy>(from: &[T], rows: usize, steps: usize, units: usize, to: &mut [T]) {
    for row in 0..rows {
        for step in 0..steps {
            to[(step * rows + row) * units..][..units].copy_from_slice(&from[(row * steps + step) * units..][..units]);
        }
    }
}
