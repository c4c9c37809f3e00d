//! A model written as a plain forward pass in candle's own ops: any device, any precision, gradients by candle's autograd.
//!
//! The author writes a function of named parameters. Where something is to be measured it hands a tensor through
//! [`Pass::tap`], which in a probe pass is an identity whose backward keeps the gradient that comes by.

use super::boundary::{Batch, Gradients, Model, STATISTICS, Site, Tap};
use super::layout::{Layout, Parameter};
use super::pass::{Part, Pass, Statistics, Tapped};
use crate::ops::dropout::Draws;
use crate::ops::norm::Running;
use crate::ops::{Element, Mode, Tensor, loss, reduce, rewrite};
use crate::parallel::lock;
use candle_core::{Device, Result, Var};
use std::sync::Arc;

/// candle walks its graph by recursion, some 250 bytes a node: enough for half a million nodes. Only what is touched is
/// ever memory.
const STACK: usize = 128 << 20;

/// From a pass and the inputs `[rows, ...]` to the outputs `[rows, outputs]`.
pub type Forward = dyn Fn(&mut Pass, &Tensor) -> Result<Tensor> + Send + Sync;

/// A forward pass with its parameters and sites.
pub struct CandleModel<T> {
    layout: Layout,
    /// The parameters as the optimizer sees them, and as candle's graph does, one variable each.
    packed: Vec<T>,
    variables: Vec<Var>,
    device: Device,
    forward: Arc<Forward>,
    sites: Vec<Site>,
    /// What the last probe pass left at each site.
    kept: Vec<Kept<T>>,
    norms: Vec<Statistics>,
    draws: Draws,
}

/// Of each part of a site its value and its gradient.
type Kept<T> = [[Vec<T>; 2]; Part::COUNT];

/// What a pass forward and backward leaves.
struct Passed<T> {
    loss: f64,
    gradient: Vec<T>,
    kept: Vec<Kept<T>>,
    norms: Vec<Statistics>,
}

impl<T: Element> CandleModel<T> {
    /// With these packed parameters, on the CPU. The sites are those that `forward` taps, by their order here.
    ///
    /// # Errors
    /// When the number of parameters does not fit the layout.
    pub fn new(layout: Layout, sites: Vec<Site>, packed: &[f64], forward: Arc<Forward>) -> Result<Self> {
        Self::on(&Device::Cpu, layout, sites, packed, forward)
    }

    /// The same on any device: batches are brought there, and what is measured is brought back.
    ///
    /// # Errors
    /// As [`CandleModel::new`], and what the device reports.
    pub fn on(
        device: &Device,
        layout: Layout,
        sites: Vec<Site>,
        packed: &[f64],
        forward: Arc<Forward>,
    ) -> Result<Self> {
        if packed.len() != layout.count() {
            candle_core::bail!("a model of {} parameters got {}", layout.count(), packed.len());
        }
        let packed: Vec<T> = packed.iter().map(|x| T::of(*x)).collect();
        let variable =
            |parameter: &Parameter| Var::from_slice(&packed[parameter.range.clone()], parameter.shape.clone(), device);
        let variables = layout.parameters().iter().map(variable).collect::<Result<_>>()?;
        Ok(CandleModel {
            layout,
            packed,
            variables,
            device: device.clone(),
            forward,
            sites,
            kept: Vec::new(),
            norms: Vec::new(),
            draws: Draws::default(),
        })
    }

    /// Runs the forward pass over these parameters.
    fn pass<'a>(&'a self, mode: Mode, parameters: &'a [Tensor], x: &Tensor) -> Result<(Tensor, Pass<'a>)> {
        let mut pass = Pass::new(mode, &self.layout, parameters, &self.sites);
        (pass.draws, pass.norms) = (self.draws, self.norms.clone());
        Ok(((self.forward)(&mut pass, &x.to_device(&self.device)?)?, pass))
    }

    /// A pass forward and backward.
    fn there_and_back(&self, batch: &Batch<T>, mode: Mode) -> Result<Passed<T>> {
        let parameters: Vec<Tensor> = self.variables.iter().map(|v| v.as_tensor().clone()).collect();
        let (outputs, pass) = self.pass(mode, &parameters, &batch.x)?;
        let (answers, width) = outputs.dims2()?;
        let loss = loss::composed(batch.loss, &outputs, &batch.target.clone().of_answers(answers, width))?;
        let store = loss.backward()?;
        let mut gradient = Vec::with_capacity(self.packed.len());
        for (parameter, variable) in self.layout.parameters().iter().zip(&parameters) {
            match store.get(variable) {
                Some(g) => gradient.extend(g.flatten_all()?.to_vec1::<T>()?),
                None => candle_core::bail!(
                    "no gradient reaches {}: use it in the forward pass, and do not detach it",
                    parameter.name
                ),
            }
        }
        let (value, Pass { tapped, norms, .. }) = (loss.to_scalar::<T>()?.f64(), pass);
        // The graph holds some ten times what is copied out of it.
        drop((loss, outputs, store));
        let kept = if mode.keeps() { self.keep(tapped)? } else { Vec::new() };
        Ok(Passed { loss: value, gradient, kept, norms })
    }

    fn keep(&self, tapped: Vec<Tapped>) -> Result<Vec<Kept<T>>> {
        let mut kept: Vec<Kept<T>> = vec![Kept::default(); self.sites.len()];
        for Tapped { site, part, value, gradient } in tapped {
            let Some(own) = kept.get_mut(site) else {
                candle_core::bail!("site {site} is tapped, but there are {}", self.sites.len())
            };
            let numbers = |tensor: &Tensor| tensor.flatten_all()?.to_vec1();
            let gradient = match &*lock(&gradient) {
                Some(gradient) => numbers(gradient)?,
                None if part.has_gradient() => {
                    candle_core::bail!(
                        "no gradient reaches the {part:?} that is measured of layer {}: continue with the tensor that measuring it returns",
                        self.sites[site].layer
                    )
                }
                None => Vec::new(),
            };
            own[part as usize] = [numbers(&value)?, gradient];
        }
        match kept.iter().position(|own| own[Part::Stream as usize][0].is_empty()) {
            Some(site) => candle_core::bail!("site {site} has no {:?}: tap it", Part::Stream),
            None => Ok(kept),
        }
    }
}

impl<T: Element> Model<T> for CandleModel<T> {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn read(&self, see: &mut dyn FnMut(&[T])) -> Result<()> {
        see(&self.packed);
        Ok(())
    }

    fn rewrite(&mut self, change: &mut dyn FnMut(&mut [T])) -> Result<()> {
        change(&mut self.packed);
        for (parameter, variable) in self.layout.parameters().iter().zip(&self.variables) {
            let own = &self.packed[parameter.range.clone()];
            match self.device {
                Device::Cpu => rewrite(variable, |numbers: &mut [T]| numbers.copy_from_slice(own))?,
                _ => variable.set(&Tensor::from_slice(own, variable.shape(), &self.device)?)?,
            }
        }
        Ok(())
    }

    fn loss_and_gradients(&mut self, batch: Batch<T>, mode: Mode, into: &mut Gradients<T>) -> Result<f64> {
        if mode.keeps() {
            self.kept = Vec::new();
        }
        let Passed { loss, gradient, kept, norms } = stacker::grow(STACK, || self.there_and_back(&batch, mode))?;
        into.finite = reduce::all_finite(&gradient);
        (into.packed, self.norms) = (gradient, norms);
        if mode.keeps() {
            self.kept = kept;
        }
        Ok(loss)
    }

    fn outputs(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        // Without variables candle records no graph.
        let parameters: Vec<Tensor> = self.variables.iter().map(Var::as_detached_tensor).collect();
        self.pass(mode, &parameters, x)?.0.to_device(&Device::Cpu)
    }

    fn input_gradients(&mut self, x: &Tensor) -> Result<[Vec<T>; 2]> {
        stacker::grow(STACK, || {
            let parameters: Vec<Tensor> = self.variables.iter().map(Var::as_detached_tensor).collect();
            let x = Var::from_tensor(&x.to_device(&self.device)?)?;
            let first = self.pass(Mode::Frozen, &parameters, x.as_tensor())?.0.narrow(1, 0, 1)?;
            let store = first.sum_all()?.backward()?;
            let Some(gradient) = store.get(&x) else {
                candle_core::bail!("no gradient reaches the input: do not detach it in the forward pass")
            };
            Ok([first.flatten_all()?.to_vec1()?, gradient.flatten_all()?.to_vec1()?])
        })
    }

    fn visit(&self, see: &mut dyn FnMut(&Site, Tap<'_, T>)) -> Result<()> {
        for (site, kept) in self.sites.iter().zip(&self.kept) {
            let [[h, stream], [z, delta], [activation, _], [input, _], [_, affine_delta], [mask, _], cell, ..] = kept;
            let [.., [gates, _], [attended, attended_stream], [attention, _]] = kept;
            let [cell, cell_stream] = cell;
            let tap = Tap {
                h,
                stream,
                z,
                delta,
                activation,
                input,
                affine_delta,
                mask,
                cell,
                cell_stream,
                gates,
                ..Tap::default()
            };
            see(site, Tap { attended, attended_stream, attention, ..tap });
        }
        Ok(())
    }

    fn draw_from(&mut self, draws: Draws) {
        self.draws = draws;
    }

    fn updated(&mut self, _: usize) {
        for Statistics { momentum, running, mean, variance, rows, .. } in &mut self.norms {
            running.update(*momentum, mean, variance, *rows);
        }
    }

    fn running(&self) -> Vec<(String, Vec<T>)> {
        let rounded = |numbers: &[f64]| numbers.iter().map(|x| T::of(*x)).collect();
        let of = |Statistics { name, running, .. }: &Statistics| {
            [(format!("{name}.mean"), rounded(&running.mean)), (format!("{name}.variance"), rounded(&running.variance))]
        };
        self.norms.iter().flat_map(of).collect()
    }

    fn fault(&self) -> Option<&'static str> {
        let finite = |norm: &Statistics| {
            let Running { mean, variance } = &norm.running;
            [mean, variance, &norm.mean, &norm.variance].into_iter().all(|x| reduce::all_finite(x))
        };
        (!self.norms.iter().all(finite)).then_some(STATISTICS)
    }
}
