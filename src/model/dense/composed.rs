//! The dense net in candle's own ops: the reference that the fused one is held against.

use super::architecture::Architecture;
use crate::model::candle_model::CandleModel;
use crate::model::pass::{Part, Pass};
use crate::ops::activation::Activation;
use crate::ops::block::{Block, Nonlinearity, Skip};
use crate::ops::composed::{activate, prelu, standardize};
use crate::ops::norm::{Norm, NormKind, Placement};
use crate::ops::{Element, Result, Tensor};
use candle_core::D;
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
            x = nonlinearity(pass, &pair, activate, index - 1, &x)?;
        }
        x = if is_hidden { pass.tap(index, Part::Input, &x)? } else { x };
        x = x.matmul(&own(pass, "weight")?)?;
        if block.bias {
            x = x.broadcast_add(&own(pass, "bias")?)?;
        }
        x = if is_hidden { pass.tap(index, Part::Affine, &x)? } else { x };
        x = match block.after {
            Some(pair) if is_hidden => nonlinearity(pass, &pair, activate, index, &x)?,
            Some(pair) => activate(pair.activation, &x)?,
            None => x,
        };
        let out = match block.skip {
            Skip::None => x,
            Skip::Scaled(s) => (h + (x * s)?)?,
            Skip::Gated { .. } => {
                let argument = h.matmul(&own(pass, "gate.weight")?)?.broadcast_add(&own(pass, "gate.bias")?)?;
                (h + (activate(Activation::Sigmoid, &argument)? * (x - h)?)?)?
            }
            Skip::Learned => (h + x.broadcast_mul(&own(pass, "scale")?)?)?,
        };
        if is_hidden { pass.tap(index, Part::Stream, &out) } else { Ok(out) }
    }
}

/// phi by one op or by several.
pub type Activate = fn(Activation, &Tensor) -> Result<Tensor>;

/// The activation of a hidden layer, and the norm before or after it, of `v` `[rows, units]`, or `[rows, positions, units]` where
/// units have the same parameters at every position.
///
/// # Errors
/// What candle reports.
pub fn nonlinearity(pass: &mut Pass, pair: &Nonlinearity, phi: Activate, site: usize, v: &Tensor) -> Result<Tensor> {
    let placed = |place: Placement| pair.norm.filter(|norm| norm.place == place);
    let mut v = v.clone();
    if let Some(norm) = placed(Placement::Before) {
        v = normalize(pass, &norm, site, &v)?;
    }
    v = pass.tap(site, Part::Argument, &v)?;
    v = match pair.activation.learned_slope() {
        Some(_) => prelu(&v, &pass.parameter(&format!("{}.slope", layer(site)))?)?,
        None => phi(pair.activation, &v)?,
    };
    v = pass.tap(site, Part::Activation, &v)?;
    if let Some(norm) = placed(Placement::After) {
        v = normalize(pass, &norm, site, &v)?;
    }
    pass.dropout(site, pair.dropout, &v)
}

fn normalize(pass: &mut Pass, norm: &Norm, site: usize, v: &Tensor) -> Result<Tensor> {
    let name = layer(site);
    let x = match norm.kind {
        // Of each unit, over rows and positions.
        NormKind::Batch { momentum } => {
            pass.batch_norm(&name, norm.eps, momentum, &v.reshape(((), v.dim(D::Minus1)?))?)?
        }
        // Of each row, over units and positions.
        kind => standardize(kind.is_centred(), norm.eps, &v.flatten_from(1)?)?,
    };
    let x = x.reshape(v.shape())?;
    if !norm.affine {
        return Ok(x);
    }
    let own = |what: &str| pass.parameter(&format!("{name}.norm.{what}"));
    let scaled = x.broadcast_mul(&own("gain")?)?;
    if norm.kind.is_centred() { scaled.broadcast_add(&own("shift")?) } else { Ok(scaled) }
}

/// What the parameters of a hidden layer are called after.
fn layer(index: usize) -> String {
    format!("layer{}", index + 1)
}
