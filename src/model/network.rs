//! A network with its parameters: loss, gradients and outputs, by the fused or the composed path.

use super::Architecture;
use super::init::{self, Init};
use crate::ops::block::{Role, Running};
use crate::ops::chain::Chain;
use crate::ops::fused::{Arena, FusedChain, Mode, Shared, Workspace, lock};
use crate::ops::loss::{self, FusedLoss, Loss, Target};
use crate::ops::{Element, composed, convert, reduce, rewrite, with_slice};
use crate::seed::Seeds;
use candle_core::{Device, Result, Tensor, Var};
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// Which implementation of the ops runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// One op for the whole network.
    Fused,
    /// Plain candle ops: the reference.
    Composed,
}

/// The gradient of the mean loss with respect to every parameter, packed as the parameters are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gradients<T> {
    pub packed: Vec<T>,
    /// Whether all of it is finite.
    pub finite: bool,
}

impl<T: Element> Gradients<T> {
    /// The Euclidean norm over all parameters.
    pub fn norm(&self) -> f64 {
        reduce::sum_of_squares(&self.packed, 1.0).sqrt()
    }
}

/// A network of one precision.
pub struct Network<T: Element> {
    pub architecture: Architecture,
    pub chain: Arc<Chain>,
    parameters: Var,
    arena: Shared<T>,
}

impl<T: Element> Network<T> {
    /// With initial weights from the run's own streams.
    ///
    /// # Errors
    /// What candle reports.
    pub fn new(architecture: Architecture, init: Init, seeds: &Seeds) -> Result<Self> {
        let blocks = architecture.blocks();
        let values = |(i, block)| init::initial(init, &architecture, i, block, seeds);
        let packed: Vec<f64> = blocks.iter().enumerate().flat_map(values).collect();
        Self::with_parameters(architecture, &packed)
    }

    /// With given parameters, block after block as [`Chain::segments`] orders them.
    ///
    /// # Errors
    /// When their number does not fit.
    pub fn with_parameters(architecture: Architecture, packed: &[f64]) -> Result<Self> {
        let chain = Arc::new(Chain::new(architecture.blocks()));
        if packed.len() != chain.parameter_count() {
            candle_core::bail!("a network of {} parameters got {}", chain.parameter_count(), packed.len());
        }
        let values: Vec<T> = packed.iter().map(|x| T::of(*x)).collect();
        let parameters = Var::from_vec(values, packed.len(), &Device::Cpu)?;
        let arena = Arc::new(Mutex::new(Arena::new(&chain)));
        Ok(Network { architecture, chain, parameters, arena })
    }

    /// Reads the packed parameters.
    ///
    /// # Errors
    /// What candle reports.
    pub fn read<R>(&self, read: impl FnOnce(&[T]) -> R) -> Result<R> {
        with_slice(self.parameters.as_tensor(), read)
    }

    /// Lets `change` rewrite the packed parameters in place.
    ///
    /// # Errors
    /// What candle reports.
    pub fn rewrite(&self, change: impl FnMut(&mut [T])) -> Result<()> {
        rewrite(&self.parameters, change)
    }

    /// Overwrites the parameters with those of a network of the same architecture and another precision.
    ///
    /// # Errors
    /// What candle reports.
    pub fn copy_from<U: Element>(&self, other: &Network<U>) -> Result<()> {
        let mut copied = Ok(());
        self.rewrite(|own: &mut [T]| {
            copied = other.read(|theirs| convert(theirs, own));
        })?;
        copied
    }

    /// What the last pass left behind.
    pub fn arena(&self) -> &Shared<T> {
        &self.arena
    }

    /// Every parameter tensor: its name, its role and its place in the packed vector.
    pub fn tensors(&self) -> impl Iterator<Item = (String, Role, Range<usize>)> {
        self.chain.segments().map(|(i, role, range)| (self.architecture.parameter_name(i, role), role, range))
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
        match path {
            // Swapped, not copied: next step's backward fills the one that comes back.
            Path::Fused => {
                let mut arena = lock(&self.arena);
                std::mem::swap(&mut gradients.packed, &mut arena.gradient);
                gradients.finite = arena.finite;
            }
            Path::Composed => {
                gradients.packed = match store.get(self.parameters.as_tensor()) {
                    Some(gradient) => gradient.to_vec1()?,
                    None => vec![T::of(0.0); self.chain.parameter_count()],
                };
                gradients.finite = reduce::all_finite(&gradients.packed);
            }
        }
        Ok(value.to_scalar::<T>()?.f64())
    }

    /// The output layer's values for `x` `[batch, features]`.
    ///
    /// # Errors
    /// When the shapes do not fit, or what candle reports.
    pub fn outputs(&self, path: Path, mode: Mode, x: &Tensor) -> Result<Tensor> {
        let parameters = self.parameters.as_tensor();
        match path {
            Path::Fused => {
                let op = FusedChain { chain: self.chain.clone(), mode, arena: self.arena.clone() };
                if mode == Mode::Evaluate { x.apply_op2_no_bwd(parameters, &op) } else { x.apply_op2(parameters, op) }
            }
            Path::Composed => {
                let mut arena = lock(&self.arena);
                let mut h = x.clone();
                for (i, (block, workspace)) in self.chain.blocks().iter().zip(&mut arena.blocks).enumerate() {
                    let range = self.chain.range(i);
                    let packed = parameters.narrow(0, range.start, range.len())?;
                    let (out, batch) = composed::forward(block, &h, &packed, workspace.running.as_ref(), mode)?;
                    if let Some(batch) = batch {
                        workspace.mean = batch.mean.flatten_all()?.to_vec1()?;
                        workspace.variance = batch.variance.flatten_all()?.to_vec1()?;
                    }
                    h = out;
                }
                Ok(h)
            }
        }
    }

    /// Lets the running statistics take in those of the last batch, of `rows`; part of an update, like the optimizer's.
    pub fn take_in_statistics(&self, rows: usize) {
        for (block, workspace) in self.chain.blocks().iter().zip(&mut lock(&self.arena).blocks) {
            let Workspace { running, mean, variance, .. } = workspace;
            if let (Some(running), Some((norm, _))) = (running, block.norm()) {
                running.update(&norm, mean, variance, rows);
            }
        }
    }

    /// Whether the statistics of the last batch and the running ones of every norm are finite.
    pub fn statistics_finite(&self) -> bool {
        lock(&self.arena).blocks.iter().filter_map(|w| Some((w, w.running.as_ref()?))).all(|(w, running)| {
            [&w.mean, &w.variance, &running.mean, &running.variance].into_iter().all(|s| reduce::all_finite(s))
        })
    }

    /// The running statistics of each norm, from the input on.
    pub fn running(&self) -> Vec<Running<T>> {
        lock(&self.arena).blocks.iter().filter_map(|w| w.running.clone()).collect()
    }
}
