//! What stands around the affine maps of dense and convolutional nets: activation, norm, dropout and skip connection, by ops of
//! ours or by candle's.

use super::layout::layer;
use super::pass::{BatchNorm, Part, Pass};
use crate::ops::activation::Activation;
use crate::ops::block::{Nonlinearity, Skip};
use crate::ops::norm::{Norm, NormKind, Placement};
use crate::ops::{Result, Tensor, activate, batch_norm, composed};

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

/// What a layer hands on: its branch, or what its skip connection makes of `past`, which goes by it, and the branch. `gate` is the
/// argument of the gate of a highway net.
///
/// # Errors
/// What candle reports.
pub fn with_skip(
    pass: &Pass,
    ops: Ops,
    skip: Skip,
    name: &str,
    past: &Tensor,
    branch: Tensor,
    gate: impl FnOnce() -> Result<Tensor>,
) -> Result<Tensor> {
    match skip {
        Skip::None => Ok(branch),
        Skip::Scaled(s) => past + composed::times(&branch, s)?,
        Skip::Learned => past + branch.broadcast_mul(&pass.parameter(&format!("{name}.scale"))?)?,
        Skip::Gated { .. } => past + ((ops.activate)(Activation::Sigmoid, &gate()?)? * (branch - past)?)?,
    }
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
