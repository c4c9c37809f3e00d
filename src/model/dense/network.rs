//! The dense net that a sweep trains: one fused op for the whole chain of blocks.

use super::architecture::Architecture;
use crate::model::boundary::{Batch, Gradients, Model, STATISTICS, Site, Tap};
use crate::model::init::{Start, initial};
use crate::model::layout::Layout;
use crate::ops::chain::Chain;
use crate::ops::dropout::Draws;
use crate::ops::fused::{Arena, FusedChain, Shared, Workspace};
use crate::ops::loss::FusedLoss;
use crate::ops::norm::{Norm, NormKind, Running};
use crate::ops::{Element, Mode, Tensor, reduce, rewrite, with_slice};
use crate::parallel::lock;
use crate::seed::Seeds;
use candle_core::{Device, Result, Var};
use std::sync::{Arc, Mutex};

/// A dense net of one precision.
pub struct Network<T: Element> {
    pub architecture: Architecture,
    pub chain: Arc<Chain>,
    layout: Layout,
    sites: Vec<Site>,
    parameters: Var,
    arena: Shared<T>,
    /// The inputs of the last pass that keeps.
    probed: Option<Tensor>,
    draws: Draws,
}

impl<T: Element> Network<T> {
    /// With initial weights from the run's own streams.
    ///
    /// # Errors
    /// What candle reports.
    pub fn new(architecture: Architecture, start: impl Into<Start>, seeds: &Seeds) -> Result<Self> {
        let packed = initial(start, &architecture.layout(), seeds);
        Self::with_parameters(architecture, &packed)
    }

    /// With given parameters, packed as [`Architecture::layout`] says.
    ///
    /// # Errors
    /// When their number does not fit.
    pub fn with_parameters(architecture: Architecture, packed: &[f64]) -> Result<Self> {
        let chain = Arc::new(Chain::new(architecture.blocks()));
        if packed.len() != chain.parameter_count() {
            candle_core::bail!("a network of {} parameters got {}", chain.parameter_count(), packed.len());
        }
        let values: Vec<T> = packed.iter().map(|x| T::of(*x)).collect();
        Ok(Network {
            layout: architecture.layout(),
            sites: architecture.sites(),
            parameters: Var::from_vec(values, packed.len(), &Device::Cpu)?,
            arena: Arc::new(Mutex::new(Arena::new(&chain))),
            probed: None,
            draws: Draws::default(),
            architecture,
            chain,
        })
    }

    fn op(&self, mode: Mode) -> FusedChain<T> {
        FusedChain { chain: self.chain.clone(), mode, draws: self.draws, arena: self.arena.clone() }
    }

    /// What the last pass left behind.
    pub fn arena(&self) -> &Shared<T> {
        &self.arena
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
        let Batch { x, target, loss } = batch;
        let value = self.outputs(&x, mode)?.apply_op1(FusedLoss { loss, target })?;
        value.backward()?;
        self.probed = mode.keeps().then_some(x);
        // Swapped, not copied: the next step's backward fills the one that comes back.
        let mut arena = lock(&self.arena);
        std::mem::swap(&mut into.packed, &mut arena.gradient);
        into.finite = arena.finite;
        Ok(value.to_scalar::<T>()?.f64())
    }

    fn outputs(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let op = self.op(mode);
        let parameters = self.parameters.as_tensor();
        if mode == Mode::Evaluate { x.apply_op2_no_bwd(parameters, &op) } else { x.apply_op2(parameters, op) }
    }

    fn input_gradients(&mut self, x: &Tensor) -> Result<[Vec<T>; 2]> {
        let y = self.outputs(x, Mode::Frozen)?;
        let (rows, columns) = y.dims2()?;
        let mut delta = vec![T::of(0.0); rows * columns];
        delta.iter_mut().step_by(columns).for_each(|d| *d = T::of(1.0));
        let gradient = self.op(Mode::Frozen).input_gradient(x, self.parameters.as_tensor(), &delta)?;
        Ok([with_slice(&y, |y: &[T]| y.iter().step_by(columns).copied().collect())?, gradient])
    }

    fn visit(&self, see: &mut dyn FnMut(&Site, Tap<'_, T>)) -> Result<()> {
        let Some(x) = &self.probed else { return Ok(()) };
        let arena = lock(&self.arena);
        with_slice(x, |x| {
            for (index, site) in self.sites.iter().enumerate() {
                let own = &arena.blocks[index];
                let (block, before) = self.architecture.activation_site(site.layer);
                let workspace = &arena.blocks[block];
                let activated = if before { &workspace.before } else { &workspace.after };
                let tap = Tap {
                    h: &own.output,
                    stream: &own.output_delta,
                    z: &activated.argument,
                    delta: &activated.delta,
                    activation: workspace.activation(before),
                    input: arena.affine_input(index, x),
                    affine_delta: own.affine_delta(),
                    mask: &activated.mask,
                    ..Tap::default()
                };
                see(site, tap);
            }
        })
    }

    fn draw_from(&mut self, draws: Draws) {
        self.draws = draws;
    }

    fn updated(&mut self, rows: usize) {
        for (block, workspace) in self.chain.blocks().iter().zip(&mut lock(&self.arena).blocks) {
            let Workspace { running, mean, variance, .. } = workspace;
            if let (Some(running), Some((Norm { kind: NormKind::Batch { momentum }, .. }, _))) = (running, block.norm())
            {
                running.update(momentum, mean, variance, rows);
            }
        }
    }

    fn running(&self) -> Vec<(String, Vec<T>)> {
        let arena = lock(&self.arena);
        let running = arena.blocks.iter().filter_map(|workspace| workspace.running.clone());
        let named = |(layer, of): (usize, Running<T>)| {
            [(format!("layer{layer}.mean"), of.mean), (format!("layer{layer}.variance"), of.variance)]
        };
        (1..).zip(running).flat_map(named).collect()
    }

    fn fault(&self) -> Option<&'static str> {
        let finite =
            lock(&self.arena).blocks.iter().filter_map(|w| Some((w, w.running.as_ref()?))).all(|(w, running)| {
                [&w.mean, &w.variance, &running.mean, &running.variance].into_iter().all(|s| reduce::all_finite(s))
            });
        (!finite).then_some(STATISTICS)
    }
}
