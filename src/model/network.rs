//! A network with its parameters: loss, gradients and outputs, by the fused or the composed path.

use super::Architecture;
use super::init::{self, Init};
use crate::ops::block::{Block, Role, Running, Segment};
use crate::ops::fused::{FusedBlock, Mode, Shared, Workspace, lock};
use crate::ops::loss::{self, FusedLoss, Loss, Target};
use crate::ops::{Element, composed, rewrite, with_slice};
use crate::seed::Seeds;
use candle_core::{Device, Result, Tensor, Var};
use std::sync::{Arc, Mutex};

/// Which implementation of the ops runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// One kernel a block.
    Fused,
    /// Plain candle ops: the reference.
    Composed,
}

/// The gradient of the mean loss with respect to every parameter, packed a block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gradients<T> {
    pub blocks: Vec<Vec<T>>,
}

impl<T: Element> Gradients<T> {
    /// The Euclidean norm over all parameters, summed in f64.
    pub fn norm(&self) -> f64 {
        let squares = |block: &Vec<T>| block.iter().map(|g| g.f64() * g.f64()).sum::<f64>();
        self.blocks.iter().map(squares).sum::<f64>().sqrt()
    }
}

/// A network of one precision.
pub struct Network<T: Element> {
    pub architecture: Architecture,
    pub blocks: Vec<Block>,
    parameters: Vec<Var>,
    workspaces: Vec<Shared<T>>,
}

impl<T: Element> Network<T> {
    /// With initial weights from the run's own streams.
    ///
    /// # Errors
    /// What candle reports.
    pub fn new(architecture: Architecture, init: Init, seeds: &Seeds) -> Result<Self> {
        let blocks = architecture.blocks();
        let values = |(i, block)| init::initial(init, &architecture, i, block, seeds);
        let packed = blocks.iter().enumerate().map(values).collect::<Vec<_>>();
        Self::with_parameters(architecture, &packed)
    }

    /// With given parameters, packed a block, as [`Block::segments`] orders them.
    ///
    /// # Errors
    /// When their number does not fit.
    pub fn with_parameters(architecture: Architecture, packed: &[Vec<f64>]) -> Result<Self> {
        let blocks = architecture.blocks();
        let mut parameters = Vec::new();
        for (block, values) in blocks.iter().zip(packed) {
            if values.len() != block.parameter_count() {
                candle_core::bail!("a block of {} parameters got {}", block.parameter_count(), values.len());
            }
            let values: Vec<T> = values.iter().map(|x| T::of(*x)).collect();
            parameters.push(Var::from_vec(values, block.parameter_count(), &Device::Cpu)?);
        }
        let workspaces = blocks.iter().map(|b| Arc::new(Mutex::new(Workspace::new(b)))).collect();
        Ok(Network { architecture, blocks, parameters, workspaces })
    }

    /// The packed parameters of each block.
    pub fn parameters(&self) -> &[Var] {
        &self.parameters
    }

    /// Reads a block's packed parameters.
    ///
    /// # Errors
    /// What candle reports.
    pub fn read<R>(&self, block: usize, read: impl FnOnce(&[T]) -> R) -> Result<R> {
        with_slice(self.parameters[block].as_tensor(), read)
    }

    /// Overwrites the parameters with those of a network of the same architecture and another precision.
    ///
    /// # Errors
    /// What candle reports.
    pub fn copy_from<U: Element>(&self, other: &Network<U>) -> Result<()> {
        for (i, parameters) in self.parameters.iter().enumerate() {
            let mut copied = Ok(());
            rewrite(parameters, |own: &mut [T]| {
                let copy = |theirs: &[U]| own.iter_mut().zip(theirs).for_each(|(a, b)| *a = T::of(b.f64()));
                copied = other.read(i, copy);
            })?;
            copied?;
        }
        Ok(())
    }

    /// Lets `change` rewrite a block's packed parameters in place.
    ///
    /// # Errors
    /// What candle reports.
    pub fn rewrite(&self, block: usize, change: impl FnMut(&mut [T])) -> Result<()> {
        rewrite(&self.parameters[block], change)
    }

    /// What the last backward left in a block's workspace.
    pub fn workspace(&self, block: usize) -> &Shared<T> {
        &self.workspaces[block]
    }

    /// Every parameter tensor: (block, place in the packed vector, name).
    pub fn segments(&self) -> impl Iterator<Item = (usize, Segment, String)> {
        self.blocks.iter().enumerate().flat_map(move |(i, block)| {
            let name = move |s: Segment| {
                let name = self.architecture.parameter_name(i, s.role);
                (i, s, name)
            };
            block.segments().map(name)
        })
    }

    /// The shape of a parameter tensor: `[inputs, outputs]` for a weight, else its length.
    pub fn shape(&self, block: usize, segment: &Segment) -> Vec<usize> {
        match segment.role {
            Role::Weight => vec![self.blocks[block].inputs, self.blocks[block].outputs],
            _ => vec![segment.range.len()],
        }
    }

    /// The mean loss over a batch, and its gradient.
    ///
    /// # Errors
    /// When the shapes do not fit, or what candle reports.
    pub fn loss_and_gradients(
        &self,
        path: Path,
        mode: Mode,
        x: &Tensor,
        loss: Loss,
        target: Target<T>,
        gradients: &mut Gradients<T>,
    ) -> Result<f64> {
        let outputs = self.outputs(path, mode, x)?;
        let value = match path {
            Path::Fused => outputs.apply_op1(FusedLoss { loss, target })?,
            Path::Composed => loss::composed(loss, &outputs, &target)?,
        };
        let store = value.backward()?;
        gradients.blocks.resize(self.blocks.len(), Vec::new());
        for (i, slot) in gradients.blocks.iter_mut().enumerate() {
            match path {
                Path::Fused => {
                    // Swapped, not copied: next step's backward fills the one that comes back.
                    let mut workspace = lock(&self.workspaces[i]);
                    slot.resize(workspace.gradient.len(), T::of(0.0));
                    std::mem::swap(slot, &mut workspace.gradient);
                }
                Path::Composed => {
                    *slot = match store.get(self.parameters[i].as_tensor()) {
                        Some(gradient) => gradient.flatten_all()?.to_vec1()?,
                        None => vec![T::of(0.0); self.blocks[i].parameter_count()],
                    }
                }
            }
        }
        Ok(value.to_scalar::<T>()?.f64())
    }

    /// The output layer's values for `x` `[batch, features]`.
    ///
    /// # Errors
    /// When the shapes do not fit, or what candle reports.
    pub fn outputs(&self, path: Path, mode: Mode, x: &Tensor) -> Result<Tensor> {
        let mut h = x.clone();
        for (i, block) in self.blocks.iter().enumerate() {
            let parameters = self.parameters[i].as_tensor();
            let workspace = &self.workspaces[i];
            h = match path {
                Path::Fused => {
                    let (block, workspace) = (*block, workspace.clone());
                    let op = FusedBlock { block, mode, input_has_gradient: i > 0, workspace };
                    if mode == Mode::Evaluate {
                        h.apply_op2_no_bwd(parameters, &op)?
                    } else {
                        h.apply_op2(parameters, op)?
                    }
                }
                Path::Composed => {
                    let running = lock(workspace).running.clone();
                    let (out, batch) = composed::forward(block, &h, parameters, running.as_ref(), mode)?;
                    if let Some(batch) = batch {
                        let mut workspace = lock(workspace);
                        workspace.mean = batch.mean.flatten_all()?.to_vec1()?;
                        workspace.variance = batch.variance.flatten_all()?.to_vec1()?;
                    }
                    out
                }
            };
        }
        Ok(h)
    }

    /// Lets the running statistics take in those of the last batch, of `rows`; part of an update, like the optimizer's.
    pub fn take_in_statistics(&self, rows: usize) {
        for (block, workspace) in self.blocks.iter().zip(&self.workspaces) {
            let mut guard = lock(workspace);
            let Workspace { running, mean, variance, .. } = &mut *guard;
            if let (Some(running), Some((norm, _))) = (running, block.norm()) {
                running.update(&norm, mean, variance, rows);
            }
        }
    }

    /// The running statistics of a block's norm, if it has one.
    pub fn running(&self, block: usize) -> Option<Running<T>> {
        lock(&self.workspaces[block]).running.clone()
    }
}
