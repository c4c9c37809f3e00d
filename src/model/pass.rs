//! What the author of a forward pass in candle's ops has at hand: parameters by name, taps where something is measured, and
//! batch normalization.

use super::boundary::Site;
use super::layout::Layout;
use super::outline::Outline;
use crate::ops::batch_norm::Moments;
use crate::ops::dropout::Draws;
use crate::ops::norm::Running;
use crate::ops::{Mode, Tensor, composed};
use crate::parallel::lock;
use candle_core::backend::{BackendDevice, BackendStorage};
use candle_core::{CpuStorage, CudaStorage, CustomOp1, D, DType, Device, Layout as Strides, Result, Shape};
use std::sync::{Arc, Mutex};

/// Of one batch normalization.
#[derive(Clone, Debug)]
pub(super) struct Statistics {
    pub(super) name: String,
    pub(super) momentum: f64,
    pub(super) running: Running<f64>,
    /// Of the last batch; the variance is biased.
    pub(super) mean: Vec<f64>,
    pub(super) variance: Vec<f64>,
    /// Rows that they are of: those of the batch, or of all its images' positions.
    pub(super) rows: usize,
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
    /// What dropout multiplied by.
    Mask,
    /// c, the state of a cell beside h.
    Cell,
    /// The gates of a recurrent cell, side by side.
    Gates,
    /// The stream between attention and the feed-forward net.
    Attended,
    /// What each token's attention gives to each token.
    Attention,
}

impl Part {
    pub(super) const COUNT: usize = 10;

    /// Whether a probe measures its gradient.
    pub(super) fn has_gradient(self) -> bool {
        matches!(self, Part::Stream | Part::Argument | Part::Affine | Part::Cell | Part::Attended)
    }
}

/// What a forward pass may use.
pub struct Pass<'a> {
    pub(super) mode: Mode,
    pub(super) draws: Draws,
    pub(super) layout: &'a Layout,
    pub(super) parameters: &'a [Tensor],
    pub(super) sites: &'a [Site],
    pub(super) norms: Vec<Statistics>,
    pub(super) tapped: Vec<Tapped>,
    /// The layer and time that the author has named last.
    pub(super) passed: Option<(usize, Option<usize>)>,
    /// How often it has called for dropout without naming a site.
    pub(super) drops: usize,
    /// Where the pass is the one that finds out what it asks for.
    pub(super) outline: Option<Outline>,
    pub(super) dtype: DType,
    pub(super) device: Device,
}

pub(super) struct Tapped {
    pub(super) site: usize,
    pub(super) part: Part,
    pub(super) value: Tensor,
    pub(super) gradient: Arc<Mutex<Option<Tensor>>>,
}

impl<'a> Pass<'a> {
    /// Over these parameters, where nothing is measured yet.
    pub(super) fn new(mode: Mode, layout: &'a Layout, parameters: &'a [Tensor], sites: &'a [Site]) -> Self {
        let (dtype, device) =
            parameters.first().map_or((DType::F64, Device::Cpu), |own| (own.dtype(), own.device().clone()));
        let (draws, norms, tapped) = (Draws::default(), Vec::new(), Vec::new());
        Pass {
            mode,
            draws,
            layout,
            parameters,
            sites,
            norms,
            tapped,
            passed: None,
            drops: 0,
            outline: None,
            dtype,
            device,
        }
    }

    /// What the pass is for.
    pub fn mode(&self) -> Mode {
        self.mode
    }

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
        if !self.mode.keeps() {
            return Ok(tensor.clone());
        }
        let gradient = Arc::default();
        let identity = Identity { gradient: Arc::clone(&gradient) };
        self.tapped.push(Tapped { site, part, value: tensor.detach(), gradient });
        tensor.apply_op1(identity)
    }

    /// `v`, each number of which is left out with this probability in training, and the others scaled so that the mean stays.
    /// Each site, counted from 0, has draws of its own.
    ///
    /// # Errors
    /// What candle reports.
    pub(crate) fn dropout(&mut self, site: usize, probability: f64, v: &Tensor) -> Result<Tensor> {
        if probability == 0.0 || !self.mode.drops() {
            return Ok(v.clone());
        }
        let mask = self.mask(site + 1, probability, v)?;
        let mask = self.tap(site, Part::Mask, &mask)?;
        v * mask
    }

    /// By what the dropout of this number, counted from 1, multiplies `v`.
    pub(super) fn mask(&self, number: usize, probability: f64, v: &Tensor) -> Result<Tensor> {
        let mut mask = vec![0.0f64; v.elem_count()];
        self.draws.mask(number, probability, &mut mask);
        Tensor::from_vec(mask, v.shape(), v.device())?.to_dtype(v.dtype())
    }

    /// `v` `[rows, units]`, or `[rows, positions, units]`, standardized by each unit's mean and variance over the batch, or by the
    /// running ones in evaluation. Each normalization has a name of its own; `momentum` is the weight of a new batch in the running
    /// statistics.
    ///
    /// # Errors
    /// What candle reports.
    pub fn batch_norm(&mut self, name: &str, eps: f64, momentum: f64, v: &Tensor) -> Result<Tensor> {
        self.batch_norm_by(composed::batch_norm, name, eps, momentum, v, None)
    }

    /// The same by this op, with gain and shift.
    pub(super) fn batch_norm_by(
        &mut self,
        normalize: BatchNorm,
        name: &str,
        eps: f64,
        momentum: f64,
        v: &Tensor,
        affine: Option<(&Tensor, &Tensor)>,
    ) -> Result<Tensor> {
        let units = v.dim(D::Minus1)?;
        let known = self.norms.iter().position(|norm| norm.name == name);
        let index = known.unwrap_or(self.norms.len());
        if known.is_none() {
            let running = Running::new(units);
            let Running { mean, variance } = running.clone();
            self.norms.push(Statistics { name: name.into(), momentum, running, mean, variance, rows: 0 });
        }
        let norm = &mut self.norms[index];
        let fixed = match self.mode {
            Mode::Evaluate => Some((&norm.running.mean, &norm.running.variance)),
            Mode::Frozen if norm.rows > 0 => Some((&norm.mean, &norm.variance)),
            _ => None,
        };
        if let Some((mean, variance)) = fixed {
            let row = |x: &[f64]| Tensor::from_slice(x, (1, x.len()), v.device())?.to_dtype(v.dtype());
            let (mean, variance) = (row(mean)?, row(variance)?);
            let x = v.broadcast_sub(&mean)?.broadcast_div(&(variance + eps)?.sqrt()?)?;
            return affine.map_or(Ok(x.clone()), |(gain, shift)| composed::scaled(&x, gain, Some(shift)));
        }
        let (out, Moments { mean, variance }) = normalize(v, affine, eps)?;
        (norm.mean, norm.variance, norm.rows) = (mean, variance, v.elem_count() / units);
        Ok(out)
    }
}

/// Batch normalization by one op or by several.
pub(super) type BatchNorm = fn(&Tensor, Option<(&Tensor, &Tensor)>, f64) -> Result<(Tensor, Moments)>;

/// Hands the gradient through, and keeps it.
struct Identity {
    gradient: Arc<Mutex<Option<Tensor>>>,
}

impl CustomOp1 for Identity {
    fn name(&self) -> &'static str {
        "tap"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, at: &Strides) -> Result<(CpuStorage, Shape)> {
        copied(storage, at)
    }

    fn cuda_fwd(&self, storage: &CudaStorage, at: &Strides) -> Result<(CudaStorage, Shape)> {
        copied(storage, at)
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        *lock(&self.gradient) = Some(gradient.detach());
        Ok(Some(gradient.clone()))
    }
}

/// The part of a storage on any device that a layout covers, row by row.
fn copied<S>(storage: &S, at: &Strides) -> Result<(S, Shape)>
where
    S: BackendStorage,
    S::Device: BackendDevice<Storage = S>,
{
    let mut copy = storage.device().zeros_impl(at.shape(), storage.dtype())?;
    storage.copy_strided_src(&mut copy, 0, at)?;
    Ok((copy, at.shape().clone()))
}
