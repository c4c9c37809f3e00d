//! The forward pass of a convolutional net. It is written once, in candle's ops; convolution, activation and batch normalization are ops of ours, or
//! candle's as the reference that those are held against.

use super::architecture::Architecture;
use crate::model::candle_model::CandleModel;
use crate::model::dense::Residual;
use crate::model::layout::layer;
use crate::model::nonlinear::{self, nonlinearity, with_skip};
use crate::model::pass::{Part, Pass};
use crate::ops::activation::Activation;
use crate::ops::block::{Nonlinearity, Skip};
use crate::ops::convolution::Convolution;
use crate::ops::{Element, Result, Tensor, composed, convolution};
use std::sync::Arc;

/// phi, if any, of a convolution by one op or by several.
type Convolve = fn(&Convolution, Option<Activation>, &Tensor, &Tensor, Option<&Tensor>) -> Result<Tensor>;

/// The ops that take almost all of a pass's time.
#[derive(Clone, Copy)]
pub struct Ops {
    convolve: Convolve,
    nonlinear: nonlinear::Ops,
}

/// Ours, with backwards of their own.
pub const FUSED: Ops = Ops { convolve: convolution::convolve, nonlinear: nonlinear::FUSED };
/// candle's.
pub const COMPOSED: Ops = Ops { convolve: composed::convolve, nonlinear: nonlinear::COMPOSED };

/// The net with these packed parameters.
///
/// # Errors
/// When their number does not fit.
pub fn model<T: Element>(architecture: &Architecture, packed: &[f64], ops: Ops) -> Result<CandleModel<T>> {
    let net = Net { architecture: architecture.clone(), ops };
    let forward = move |pass: &mut Pass, x: &Tensor| net.forward(pass, x);
    CandleModel::new(architecture.layout(), architecture.sites(), packed, Arc::new(forward))
}

struct Net {
    architecture: Architecture,
    ops: Ops,
}

impl Net {
    /// From images `[rows, channels, height, width]` to outputs `[rows, outputs]`.
    fn forward(&self, pass: &mut Pass, x: &Tensor) -> Result<Tensor> {
        let net = &self.architecture;
        // Channels last, as [rows, positions, channels].
        let mut h = x.flatten_from(2)?.transpose(1, 2)?.contiguous()?;
        for index in 0..net.layers.len() {
            h = self.layer(pass, index, &h)?;
        }
        if let (true, Some(last)) = (self.is_pre_activation(), net.layers.len().checked_sub(1)) {
            h = nonlinearity(pass, &net.pair, self.ops.nonlinear, last, &h)?;
        }
        let out = h.flatten_from(1)?.matmul(&pass.parameter("output.weight")?)?;
        let out = if net.bias { out.broadcast_add(&pass.parameter("output.bias")?)? } else { out };
        (self.ops.nonlinear.activate)(net.output_activation, &out)
    }

    /// In the pre-activation form the norm and activation of layer l stand before the convolution of layer l + 1, and layer 1 is
    /// a convolution alone.
    fn is_pre_activation(&self) -> bool {
        matches!(self.architecture.residual, Residual::PreActivation(_))
    }

    /// A layer's output `[rows, positions, channels]`.
    fn layer(&self, pass: &mut Pass, index: usize, h: &Tensor) -> Result<Tensor> {
        let net = &self.architecture;
        let activated =
            |pass: &mut Pass, of: usize, v: &Tensor| nonlinearity(pass, &net.pair, self.ops.nonlinear, of, v);
        let branch = match self.is_pre_activation() {
            true if index == 0 => self.convolved(pass, index, "", None, net.bias, h)?,
            true => {
                let input = activated(pass, index - 1, h)?;
                self.convolved(pass, index, "", None, net.bias, &input)?
            }
            false if self.joins(pass) => {
                let branch = self.convolved(pass, index, "", Some(net.pair.activation), net.bias, h)?;
                pass.dropout(index, net.pair.dropout, &branch)?
            }
            false => {
                let u = self.convolved(pass, index, "", None, net.bias, h)?;
                activated(pass, index, &u)?
            }
        };
        let skip = net.skip(index);
        let past = if skip == Skip::None { h.clone() } else { passed_by(&net.layers[index], h)? };
        let gate = || self.convolved(pass, index, "gate.", None, true, h);
        let out = with_skip(pass, self.ops.nonlinear, skip, &layer(index), &past, branch, gate)?;
        pass.tap(index, Part::Stream, &out)
    }

    /// Whether the activation is applied by the op that convolves: where none looks at what stands between, and its slope follows
    /// from its value.
    fn joins(&self, pass: &Pass) -> bool {
        let Nonlinearity { activation, norm, .. } = self.architecture.pair;
        norm.is_none() && activation.slope_from_output() && !pass.mode().keeps()
    }

    /// `v` convolved by the weight of a layer, or that of its gate.
    fn convolved(
        &self,
        pass: &Pass,
        index: usize,
        of: &str,
        activation: Option<Activation>,
        bias: bool,
        v: &Tensor,
    ) -> Result<Tensor> {
        let own = |what: &str| pass.parameter(&format!("{}.{of}{what}", layer(index)));
        let bias = if bias { Some(own("bias")?) } else { None };
        (self.ops.convolve)(&self.architecture.layers[index], activation, v, &own("weight")?, bias.as_ref())
    }
}

/// What a skip connection hands on past a layer: its input, at the positions that the layer computes (He et al. 2015, option A).
fn passed_by(layer: &Convolution, h: &Tensor) -> Result<Tensor> {
    if layer.stride == 1 {
        return Ok(h.clone());
    }
    let centres: Vec<u32> = Convolution { kernel: 1, ..*layer }.taps().iter().flatten().map(|at| *at as u32).collect();
    h.index_select(&Tensor::from_vec(centres, layer.positions()[1], h.device())?, 1)
}
