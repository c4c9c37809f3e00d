//! The dense net in candle's own ops: the reference that the fused one is held against.

use super::architecture::Architecture;
use crate::model::candle_model::CandleModel;
use crate::model::pass::{BatchNorm, Part, Pass};
use crate::ops::activation::Activation;
use crate::ops::block::{Block, Nonlinearity, Skip};
use crate::ops::norm::{Norm, NormKind, Placement};
use crate::ops::{Element, Result, Tensor, activate, batch_norm, composed};
use std::sync::Arc;

/// The net with these packed parameters.
///
/// # Errors
/// When their number does not fit.
pub fn model<T: Element>(architecture: &Architecture, packed: &[f64]) -> Result<CandleModel<T>> {
    let own = architecture.clone();
    let forward = move |pass: &mut Pass, x: &Tensor| {
        let mut h = x.clone();
        for (index, block) in own.blocks().iter().enumerate() {
            h = Step { block, index, is_hidden: index < own.depth() }.forward(pass, &h)?;
        }
        Ok(h)
    };
    CandleModel::new(architecture.layout(), architecture.sites(), packed, Arc::new(forward))
}

/// A block on the way.
struct Step<'a> {
    block: &'a Block,
    index: usize,
    is_hidden: bool,
}

impl Step<'_> {
    /// The block's output for the input `h` `[rows, inputs]`.
    fn forward(&self, pass: &mut Pass, h: &Tensor) -> Result<Tensor> {
        let &Step { block, index, is_hidden } = self;
        let name = if is_hidden { layer(index) } else { "output".into() };
        let own = |pass: &Pass, what: &str| pass.parameter(&format!("{name}.{what}"));
        let mut x = h.clone();
        if let Some(pair) = block.before {
            x = nonlinearity(pass, &pair, COMPOSED, index - 1, &x)?;
        }
        x = if is_hidden { pass.tap(index, Part::Input, &x)? } else { x };
        x = x.matmul(&own(pass, "weight")?)?;
        if block.bias {
            x = x.broadcast_add(&own(pass, "bias")?)?;
        }
        x = if is_hidden { pass.tap(index, Part::Affine, &x)? } else { x };
        x = match block.after {
            Some(pair) if is_hidden => nonlinearity(pass, &pair, COMPOSED, index, &x)?,
            Some(pair) => composed::activate(pair.activation, &x)?,
            None => x,
        };
        let out = match block.skip {
            Skip::None => x,
            Skip::Scaled(s) => (h + composed::times(&x, s)?)?,
            Skip::Gated { .. } => {
                let argument = h.matmul(&own(pass, "gate.weight")?)?.broadcast_add(&own(pass, "gate.bias")?)?;
                (h + (composed::activate(Activation::Sigmoid, &argument)? * (x - h)?)?)?
            }
            Skip::Learned => (h + x.broadcast_mul(&own(pass, "scale")?)?)?,
        };
        if is_hidden { pass.tap(index, Part::Stream, &out) } else { Ok(out) }
    }
}

/// The ops of a nonlinearity: ours with backwards of their own, or candle's.
#[derive(Clone, Copy)]
pub struct Ops {
    pub activate: fn(Activation, &Tensor) -> Result<Tensor>,
    pub batch_norm: BatchNorm,
}

/// Ours.
pub const FUSED: Ops = Ops { activate: activate::activate, batch_norm: batch_norm::batch_norm };
/// candle's.
pub const COMPOSED: Ops = Ops { activate: composed::activate, batch_norm: composed::batch_norm };

/// The activation of a hidden layer, and the norm before or after it, of `v` `[rows, units]`, or `[rows, positions, units]` where
/// units have the same parameters at every position.
///
/// # Errors
/// What candle reports.
pub fn nonlinearity(pass: &mut Pass, pair: &Nonlinearity, ops: Ops, site: usize, v: &Tensor) -> Result<Tensor> {
    let placed = |place: Placement| pair.norm.filter(|norm| norm.place == place);
    let mut v = v.clone();
    if let Some(norm) = placed(Placement::Before) {
        v = normalize(pass, &norm, ops, site, &v)?;
    }
    v = pass.tap(site, Part::Argument, &v)?;
    v = match pair.activation.learned_slope() {
        Some(_) => composed::prelu(&v, &pass.parameter(&format!("{}.slope", layer(site)))?)?,
        None => (ops.activate)(pair.activation, &v)?,
    };
    v = pass.tap(site, Part::Activation, &v)?;
    if let Some(norm) = placed(Placement::After) {
        v = normalize(pass, &norm, ops, site, &v)?;
    }
    pass.dropout(site, pair.dropout, &v)
}

fn normalize(pass: &mut Pass, norm: &Norm, ops: Ops, site: usize, v: &Tensor) -> Result<Tensor> {
    let name = layer(site);
    let own = |what: &str, is_there: bool| {
        let named = || pass.parameter(&format!("{name}.norm.{what}"));
        if is_there { named().map(Some) } else { Ok(None) }
    };
    let (gain, shift) = (own("gain", norm.affine)?, own("shift", norm.affine && norm.kind.is_centred())?);
    match norm.kind {
        // Of each unit, over rows and positions.
        NormKind::Batch { momentum } => {
            let affine = gain.as_ref().zip(shift.as_ref());
            pass.batch_norm_by(ops.batch_norm, &name, norm.eps, momentum, v, affine)
        }
        // Of each row, over units and positions.
        kind => {
            let x = composed::standardize(kind.is_centred(), norm.eps, &v.flatten_from(1)?)?.reshape(v.shape())?;
            gain.map_or(Ok(x.clone()), |gain| composed::scaled(&x, &gain, shift.as_ref()))
        }
    }
}

/// What the parameters of a hidden layer are called after.
fn layer(index: usize) -> String {
    format!("layer{}", index + 1)
}
