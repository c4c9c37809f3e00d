//! The recurrent net that a sweep trains: one fused op for all layers and time steps.

use super::architecture::{layout, sites};
use crate::model::boundary::{Batch, Gradients, Model, Site, Tap};
use crate::model::layout::Layout;
use crate::ops::loss::FusedLoss;
use crate::ops::recurrent::{Arena, Cell, FusedRecurrent, Shared, Stack};
use crate::ops::{Element, Mode, Tensor, rewrite, with_slice};
use crate::parallel::lock;
use candle_core::{Device, Result, Var};
use std::sync::{Arc, Mutex};

/// A recurrent net of one precision.
pub struct Network<T: Element> {
    layout: Layout,
    sites: Vec<Site>,
    parameters: Var,
    trained: Arc<Stack>,
    /// For a probe: the gradient of the loss at the last time step, through all of them. Else the streams of a mean over
    /// time would be fed afresh at each step and hide how they fade.
    probed: Arc<Stack>,
    /// Of both, one after the other.
    arena: Shared<T>,
}

impl<T: Element> Network<T> {
    /// With given parameters, packed as [`layout`] says.
    ///
    /// # Errors
    /// When their number does not fit.
    pub fn with_parameters(stack: Stack, packed: &[f64]) -> Result<Self> {
        if packed.len() != stack.parameter_count() {
            candle_core::bail!("a network of {} parameters got {}", stack.parameter_count(), packed.len());
        }
        let values: Vec<T> = packed.iter().map(|x| T::of(*x)).collect();
        Ok(Network {
            layout: layout(&stack),
            sites: sites(&stack),
            parameters: Var::from_vec(values, packed.len(), &Device::Cpu)?,
            arena: Arc::new(Mutex::new(Arena::new(&stack))),
            probed: Arc::new(stack.of_last_step()),
            trained: Arc::new(stack),
        })
    }

    fn op(&self, stack: &Arc<Stack>, mode: Mode) -> FusedRecurrent<T> {
        FusedRecurrent { stack: Arc::clone(stack), mode, arena: Arc::clone(&self.arena) }
    }

    /// A pass forward and backward, whose gradient and streams stay in the arena.
    fn there_and_back(&self, stack: &Arc<Stack>, batch: Batch<T>, mode: Mode) -> Result<f64> {
        let Batch { x, target, loss } = batch;
        let outputs = x.apply_op2(self.parameters.as_tensor(), self.op(stack, mode))?;
        let (answers, width) = outputs.dims2()?;
        let value = outputs.apply_op1(FusedLoss { loss, target: target.of_answers(answers, width) })?;
        value.backward()?;
        Ok(value.to_scalar::<T>()?.f64())
    }
}

impl<T: Element> Model<T> for Network<T> {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn read(&self, see: &mut dyn FnMut(&[T])) -> Result<()> {
        with_slice(self.parameters.as_tensor(), see)
    }

    fn rewrite(&mut self, change: &mut dyn FnMut(&mut [T])) -> Result<()> {
        rewrite(&self.parameters, change)
    }

    fn loss_and_gradients(&mut self, batch: Batch<T>, mode: Mode, into: &mut Gradients<T>) -> Result<f64> {
        let again = (mode.keeps() && self.probed != self.trained).then(|| batch.clone());
        let value = self.there_and_back(&self.trained, batch, mode)?;
        {
            // Swapped, not copied: the next step's backward fills the one that comes back.
            let mut arena = lock(&self.arena);
            std::mem::swap(&mut into.packed, &mut arena.gradient);
            into.finite = arena.finite;
        }
        if let Some(batch) = again {
            // What is shown takes the place of what the gradient has been made from.
            self.there_and_back(&self.probed, batch, mode)?;
        }
        Ok(value)
    }

    fn outputs(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        x.apply_op2_no_bwd(self.parameters.as_tensor(), &self.op(&self.trained, mode))
    }

    fn visit(&self, see: &mut dyn FnMut(&Site, Tap<'_, T>)) -> Result<()> {
        let arena = lock(&self.arena);
        let stack = &self.probed;
        for site in &self.sites {
            let memory = &arena.layers[site.layer - 1];
            let part = |numbers: &'_ [T]| -> std::ops::Range<usize> {
                let size = numbers.len() / stack.steps;
                let step = site.time.unwrap_or(1) - 1;
                step * size..(step + 1) * size
            };
            let (h, gates) = (&memory.h[part(&memory.h)], &memory.gates[part(&memory.gates)]);
            let common = Tap {
                h,
                stream: &memory.stream[part(&memory.stream)],
                cell: &memory.cell[part(&memory.cell)],
                cell_stream: &memory.cell_stream[part(&memory.cell_stream)],
                ..Tap::default()
            };
            let tap = match stack.cell {
                Cell::Rnn(_) => Tap { z: gates, delta: &memory.delta()[part(memory.delta())], activation: h, ..common },
                Cell::Lstm | Cell::Gru => Tap { gates, ..common },
            };
            see(site, tap);
        }
        Ok(())
    }
}
