//! The dense net in candle's own ops: the reference that the fused one is held against.

use super::architecture::Architecture;
use crate::model::candle_model::CandleModel;
use crate::model::layout::layer;
use crate::model::nonlinear::{COMPOSED, nonlinearity, with_skip};
use crate::model::pass::{Part, Pass};
use crate::ops::block::Block;
use crate::ops::{Element, Result, Tensor, composed};
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
        let gate = || h.matmul(&own(pass, "gate.weight")?)?.broadcast_add(&own(pass, "gate.bias")?);
        let out = with_skip(pass, COMPOSED, block.skip, &name, h, x, gate)?;
        if is_hidden { pass.tap(index, Part::Stream, &out) } else { Ok(out) }
    }
}
