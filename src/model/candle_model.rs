//! A model written as a plain forward pass in candle's own ops: any device, any precision, gradients by candle's autograd.
//!
//! The author writes a function of named parameters. Where something is to be measured it hands a tensor through
//! [`Pass::tap`], which in a probe pass is an identity whose backward keeps the gradient that comes by.

use super::boundary::{Batch, Gradients, Model, STATISTICS, Site, Tap};
use super::layout::{Layout, Parameter};
use crate::ops::block::Running;
use crate::ops::{Element, Mode, Tensor, contiguous, loss, reduce, rewrite};
use candle_core::{CpuStorage, CustomOp1, DType, Device, Error, Layout as Strides, Result, Shape, Var};
use std::sync::{Arc, Mutex, PoisonError};

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
    forward: Arc<Forward>,
    sites: Vec<Site>,
    /// What the last probe pass left at each site.
    kept: Vec<Kept<T>>,
    norms: Vec<Statistics>,
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

/// Of one batch normalization.
#[derive(Clone, Debug)]
struct Statistics {
    name: String,
    momentum: f64,
    running: Running<f64>,
    /// Of the last batch; the variance is biased.
    mean: Vec<f64>,
    variance: Vec<f64>,
}

/// What a tapped tensor is at its site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// h, which the layer hands on. Every site has one.
    Stream,
    /// z, the argument of the activation.
    Argument,
    /// phi(z).
    Activation,
    /// x of the affine map u = x W + b.
    Input,
    /// u.
    Affine,
}

impl Part {
    const COUNT: usize = 5;

    /// Whether a probe measures its gradient.
    fn has_gradient(self) -> bool {
        matches!(self, Part::Stream | Part::Argument | Part::Affine)
    }
}

/// What a forward pass may use.
pub struct Pass<'a> {
    mode: Mode,
    layout: &'a Layout,
    parameters: &'a [Tensor],
    norms: Vec<Statistics>,
    tapped: Vec<Tapped>,
}

struct Tapped {
    site: usize,
    part: Part,
    value: Tensor,
    gradient: Arc<Mutex<Option<Tensor>>>,
}

impl Pass<'_> {
    /// The parameter of this name, in the shape that the layout gives it.
    ///
    /// # Errors
    /// When there is none.
    pub fn parameter(&self, name: &str) -> Result<Tensor> {
        match self.layout.parameters().iter().position(|parameter| parameter.name == name) {
            Some(index) => Ok(self.parameters[index].clone()),
            None => candle_core::bail!("the model has no parameter {name}"),
        }
    }

    /// Hands `tensor` through, and lets a probe see it as this part of a site, counted from 0.
    ///
    /// # Errors
    /// What candle reports.
    pub fn tap(&mut self, site: usize, part: Part, tensor: &Tensor) -> Result<Tensor> {
        if self.mode != Mode::Probe {
            return Ok(tensor.clone());
        }
        let gradient = Arc::default();
        let identity = Identity { gradient: Arc::clone(&gradient) };
        self.tapped.push(Tapped { site, part, value: tensor.detach(), gradient });
        tensor.contiguous()?.apply_op1(identity)
    }

    /// `v` `[rows, units]`, standardized by the batch's mean and variance, or by the running ones in evaluation. Each
    /// normalization has a name of its own; `momentum` is the weight of a new batch in the running statistics.
    ///
    /// # Errors
    /// What candle reports.
    pub fn batch_norm(&mut self, name: &str, eps: f64, momentum: f64, v: &Tensor) -> Result<Tensor> {
        let known = self.norms.iter().position(|norm| norm.name == name);
        let index = known.unwrap_or(self.norms.len());
        if known.is_none() {
            let running = Running::new(v.dim(1)?);
            let Running { mean, variance } = running.clone();
            self.norms.push(Statistics { name: name.into(), momentum, running, mean, variance });
        }
        let norm = &mut self.norms[index];
        let (mean, variance) = if self.mode == Mode::Evaluate {
            let row = |x: &[f64]| Tensor::from_slice(x, (1, x.len()), v.device())?.to_dtype(v.dtype());
            (row(&norm.running.mean)?, row(&norm.running.variance)?)
        } else {
            let mean = v.mean_keepdim(0)?;
            let variance = v.broadcast_sub(&mean)?.sqr()?.mean_keepdim(0)?;
            let numbers = |x: &Tensor| x.flatten_all()?.to_dtype(DType::F64)?.to_vec1();
            (norm.mean, norm.variance) = (numbers(&mean)?, numbers(&variance)?);
            (mean, variance)
        };
        v.broadcast_sub(&mean)?.broadcast_div(&(variance + eps)?.sqrt()?)
    }
}

/// Hands the gradient through, and keeps it.
struct Identity {
    gradient: Arc<Mutex<Option<Tensor>>>,
}

impl CustomOp1 for Identity {
    fn name(&self) -> &'static str {
        "tap"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, at: &Strides) -> Result<(CpuStorage, Shape)> {
        let copy = match storage {
            CpuStorage::F32(_) => CpuStorage::F32(contiguous(storage, at)?.to_vec()),
            _ => CpuStorage::F64(contiguous(storage, at)?.to_vec()),
        };
        Ok((copy, at.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        *self.gradient.lock().unwrap_or_else(PoisonError::into_inner) = Some(gradient.detach());
        Ok(Some(gradient.clone()))
    }
}

impl<T: Element> CandleModel<T> {
    /// With these packed parameters. The sites are those that `forward` taps, by their order here.
    ///
    /// # Errors
    /// When the number of parameters does not fit the layout.
    pub fn new(layout: Layout, sites: Vec<Site>, packed: &[f64], forward: Arc<Forward>) -> Result<Self> {
        if packed.len() != layout.count() {
            candle_core::bail!("a model of {} parameters got {}", layout.count(), packed.len());
        }
        let packed: Vec<T> = packed.iter().map(|x| T::of(*x)).collect();
        let variable = |parameter: &Parameter| {
            Var::from_slice(&packed[parameter.range.clone()], parameter.shape.clone(), &Device::Cpu)
        };
        let variables = layout.parameters().iter().map(variable).collect::<Result<_>>()?;
        Ok(CandleModel { layout, packed, variables, forward, sites, kept: Vec::new(), norms: Vec::new() })
    }

    /// Runs the forward pass over these parameters.
    fn pass<'a>(&'a self, mode: Mode, parameters: &'a [Tensor], x: &Tensor) -> Result<(Tensor, Pass<'a>)> {
        let norms = self.norms.clone();
        let mut pass = Pass { mode, layout: &self.layout, parameters, norms, tapped: Vec::new() };
        Ok(((self.forward)(&mut pass, x)?, pass))
    }

    /// A pass forward and backward.
    fn there_and_back(&self, batch: &Batch<T>, mode: Mode) -> Result<Passed<T>> {
        let parameters: Vec<Tensor> = self.variables.iter().map(|v| v.as_tensor().clone()).collect();
        let (outputs, pass) = self.pass(mode, &parameters, &batch.x)?;
        let value = loss::composed(batch.loss, &outputs, &batch.target)?;
        let store = value.backward()?;
        let mut gradient = Vec::with_capacity(self.packed.len());
        for (parameter, variable) in self.layout.parameters().iter().zip(&parameters) {
            match store.get(variable) {
                Some(g) => gradient.extend(g.flatten_all()?.to_vec1::<T>()?),
                None => candle_core::bail!("no gradient comes back to {}: use it, and do not detach", parameter.name),
            }
        }
        let kept = if mode == Mode::Probe { self.keep(pass.tapped)? } else { Vec::new() };
        Ok(Passed { loss: value.to_scalar::<T>()?.f64(), gradient, kept, norms: pass.norms })
    }

    fn keep(&self, tapped: Vec<Tapped>) -> Result<Vec<Kept<T>>> {
        let mut kept: Vec<Kept<T>> = vec![Kept::default(); self.sites.len()];
        for Tapped { site, part, value, gradient } in tapped {
            let Some(own) = kept.get_mut(site) else {
                candle_core::bail!("site {site} is tapped, but there are {}", self.sites.len())
            };
            let numbers = |tensor: &Tensor| tensor.flatten_all()?.to_vec1();
            let gradient = match &*gradient.lock().unwrap_or_else(PoisonError::into_inner) {
                Some(gradient) => numbers(gradient)?,
                None if part.has_gradient() => {
                    candle_core::bail!("no gradient comes back to {part:?} of site {site}: go on with what tap returns")
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

/// Does it on a thread with room for a deep graph.
fn with_large_stack<R: Send>(work: impl FnOnce() -> Result<R> + Send) -> Result<R> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).map_err(Error::wrap)?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
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
            rewrite(variable, |numbers: &mut [T]| numbers.copy_from_slice(&self.packed[parameter.range.clone()]))?;
        }
        Ok(())
    }

    fn loss_and_gradients(&mut self, batch: Batch<T>, mode: Mode, into: &mut Gradients<T>) -> Result<f64> {
        let Passed { loss, gradient, kept, norms } = with_large_stack(|| self.there_and_back(&batch, mode))?;
        into.finite = reduce::all_finite(&gradient);
        (into.packed, self.kept, self.norms) = (gradient, kept, norms);
        Ok(loss)
    }

    fn outputs(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        // Without variables candle records no graph.
        let parameters: Vec<Tensor> = self.variables.iter().map(Var::as_detached_tensor).collect();
        let mode = if mode == Mode::Probe { Mode::Train } else { mode };
        Ok(self.pass(mode, &parameters, x)?.0)
    }

    fn visit(&self, see: &mut dyn FnMut(&Site, Tap<'_, T>)) -> Result<()> {
        for (site, kept) in self.sites.iter().zip(&self.kept) {
            let [[h, stream], [z, delta], [activation, _], [input, _], [_, affine_delta]] = kept;
            see(site, Tap { h, stream, z, delta, activation, input, affine_delta });
        }
        Ok(())
    }

    fn updated(&mut self, rows: usize) {
        for Statistics { momentum, running, mean, variance, .. } in &mut self.norms {
            running.update(*momentum, mean, variance, rows);
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
