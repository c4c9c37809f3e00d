//! The transformer's forward pass. It is written once, in candle's ops; affine maps, norms, attention and activations are ops of
//! ours, or candle's as the reference that those are held against.
//!
//! Between the sub-layers the tokens of all rows stand below each other, `[rows * tokens, width]`.

use super::architecture::{Architecture, Branch, CLASS_TOKEN, POSITIONS, Positions, ReadOut};
use crate::model::candle_model::CandleModel;
use crate::model::layout;
use crate::model::pass::{Part, Pass};
use crate::ops::activation::Activation;
use crate::ops::attention::Attention;
use crate::ops::{Element, Result, Tensor, activate, affine, attention, composed, row_norm};
use candle_core::{DType, Device};
use std::sync::Arc;

type Affine = fn(&Tensor, &Tensor, Option<&Tensor>) -> Result<Tensor>;
type Activate = fn(Activation, &Tensor) -> Result<Tensor>;
type RowNorm = fn(bool, f64, &Tensor, Option<&Tensor>, Option<&Tensor>) -> Result<Tensor>;
type Attend = fn(&Attention, &Tensor, &Tensor, &Tensor) -> Result<(Tensor, Tensor)>;

/// The ops that take almost all of a pass's time.
#[derive(Clone, Copy)]
pub struct Ops {
    affine: Affine,
    activate: Activate,
    row_norm: RowNorm,
    attend: Attend,
}

/// Ours, with backwards of their own.
pub const FUSED: Ops = Ops {
    affine: affine::affine,
    activate: activate::activate,
    row_norm: row_norm::row_norm,
    attend: attention::attend,
};
/// candle's.
pub const COMPOSED: Ops = Ops {
    affine: composed::affine,
    activate: composed::activate,
    row_norm: composed::row_norm,
    attend: composed::attend,
};

/// The net with these packed parameters.
///
/// # Errors
/// When their number does not fit.
pub fn model<T: Element>(architecture: &Architecture, packed: &[f64], ops: Ops) -> Result<CandleModel<T>> {
    let own = architecture.clone();
    let run = move |pass: &mut Pass, x: &Tensor| forward(&own, ops, pass, x);
    CandleModel::new(architecture.layout(), architecture.sites(), packed, Arc::new(run))
}

/// From inputs `[rows, tokens, features]` to outputs `[rows, outputs]`, or `[rows * tokens, outputs]` where each token is read.
fn forward(architecture: &Architecture, ops: Ops, pass: &mut Pass, x: &Tensor) -> Result<Tensor> {
    let net = Net { architecture, ops, rows: x.dim(0)? };
    let mut h = net.embed(pass, x)?;
    for layer in 0..architecture.depth {
        h = net.block(pass, layer, &h)?;
    }
    if architecture.norm.is_some_and(|norm| norm.is_pre) {
        h = net.normalize(pass, "output", &h)?;
    }
    let h = h.reshape((net.rows, architecture.tokens(), architecture.width))?;
    let read = match architecture.read_out {
        ReadOut::Mean => h.mean(1)?,
        ReadOut::Every => h.flatten_to(1)?,
        ReadOut::Last | ReadOut::ClassToken => h.narrow(1, architecture.tokens() - 1, 1)?.squeeze(1)?,
    };
    (ops.activate)(architecture.output_activation, &net.affine(pass, "output", &read)?)
}

/// A net on its way through a batch.
struct Net<'a> {
    architecture: &'a Architecture,
    ops: Ops,
    rows: usize,
}

impl Net<'_> {
    /// The tokens of the data in the width of the net, each with its place.
    fn embed(&self, pass: &Pass, x: &Tensor) -> Result<Tensor> {
        let &Architecture { steps, features, width, .. } = self.architecture;
        let tokens = self.architecture.tokens();
        let mut h = self.affine(pass, "embedding", &x.reshape((self.rows * steps, features))?)?;
        h = h.reshape((self.rows, steps, width))?;
        if self.architecture.read_out == ReadOut::ClassToken {
            let token = pass.parameter(CLASS_TOKEN)?.reshape((1, 1, width))?.broadcast_as((self.rows, 1, width))?;
            h = Tensor::cat(&[&h, &token], 1)?;
        }
        h = match self.architecture.positions {
            Positions::None => h,
            Positions::Learned => h.broadcast_add(&pass.parameter(POSITIONS)?)?,
            Positions::Sinusoidal => h.broadcast_add(&sinusoids(tokens, width, h.dtype(), h.device())?)?,
        };
        h.reshape((self.rows * tokens, width))
    }

    /// Attention, then the feed-forward net, each beside a skip connection.
    fn block(&self, pass: &mut Pass, layer: usize, h: &Tensor) -> Result<Tensor> {
        let sub_layer = |what: &str| format!("{}.{what}", layout::layer(layer));
        let name = sub_layer("attention");
        let read = self.read(pass, &name, h)?;
        let attended = self.attention(pass, layer, &name, &read)?;
        let h = self.add(pass, layer, &name, h, &attended)?;
        let h = pass.tap(layer, Part::Attended, &h)?;
        let name = sub_layer("feed_forward");
        let read = self.read(pass, &name, &h)?;
        let fed = self.feed_forward(pass, layer, &name, &read)?;
        let h = self.add(pass, layer, &name, &h, &fed)?;
        pass.tap(layer, Part::Stream, &h)
    }

    /// What a sub-layer reads.
    fn read(&self, pass: &Pass, name: &str, h: &Tensor) -> Result<Tensor> {
        if self.architecture.norm.is_some_and(|norm| norm.is_pre) {
            self.normalize(pass, name, h)
        } else {
            Ok(h.clone())
        }
    }

    /// The sum of what a sub-layer read, `h`, and its output.
    fn add(&self, pass: &Pass, layer: usize, name: &str, h: &Tensor, output: &Tensor) -> Result<Tensor> {
        let sum = match self.architecture.branch {
            Branch::Scaled(1.0) => (h + output)?,
            Branch::Scaled(s) => (h + composed::times(output, s)?)?,
            Branch::Learned => {
                (h + output.broadcast_mul(&pass.parameter(&format!("{}.scale", layout::layer(layer)))?)?)?
            }
            Branch::DeepNorm => ((h * self.architecture.skip_scale())? + output)?,
        };
        if self.architecture.norm.is_some_and(|norm| !norm.is_pre) { self.normalize(pass, name, &sum) } else { Ok(sum) }
    }

    /// softmax(Q K^T / sqrt(width of a head)) V of each head, then a projection (Vaswani et al. 2017, section 3.2).
    fn attention(&self, pass: &mut Pass, layer: usize, name: &str, x: &Tensor) -> Result<Tensor> {
        let &Architecture { heads, is_causal, .. } = self.architecture;
        let by = Attention { tokens: self.architecture.tokens(), heads, is_causal };
        let query = self.affine(pass, &format!("{name}.query"), x)?;
        let key = (self.ops.affine)(x, &pass.parameter(&format!("{name}.key.weight"))?, None)?;
        let value = self.affine(pass, &format!("{name}.value"), x)?;
        let (mixed, weights) = (self.ops.attend)(&by, &query, &key, &value)?;
        pass.tap(layer, Part::Attention, &weights)?;
        self.affine(pass, &format!("{name}.projection"), &mixed)
    }

    /// phi(x W + b) W + b.
    fn feed_forward(&self, pass: &mut Pass, layer: usize, name: &str, x: &Tensor) -> Result<Tensor> {
        let z = pass.tap(layer, Part::Argument, &self.affine(pass, &format!("{name}.first"), x)?)?;
        let a = pass.tap(layer, Part::Activation, &(self.ops.activate)(self.architecture.activation, &z)?)?;
        self.affine(pass, &format!("{name}.second"), &a)
    }

    /// x W + b.
    fn affine(&self, pass: &Pass, name: &str, x: &Tensor) -> Result<Tensor> {
        let own = |what: &str| pass.parameter(&format!("{name}.{what}"));
        let bias = self.architecture.bias.then(|| own("bias")).transpose()?;
        (self.ops.affine)(x, &own("weight")?, bias.as_ref())
    }

    /// Each token normalized over its numbers.
    fn normalize(&self, pass: &Pass, name: &str, h: &Tensor) -> Result<Tensor> {
        let Some(norm) = self.architecture.norm else { return Ok(h.clone()) };
        let own =
            |what: &str, is_there: bool| is_there.then(|| pass.parameter(&format!("{name}.norm.{what}"))).transpose();
        let (gain, shift) = (own("gain", norm.affine)?, own("shift", norm.affine && norm.kind.is_centred())?);
        (self.ops.row_norm)(norm.kind.is_centred(), norm.eps, h, gain.as_ref(), shift.as_ref())
    }
}

/// See [`Positions::Sinusoidal`]; `[tokens, width]`.
fn sinusoids(tokens: usize, width: usize, dtype: DType, device: &Device) -> Result<Tensor> {
    let entry = |k: usize| {
        let (token, unit) = (k / width, k % width);
        let pair = 2 * (unit / 2);
        let angle = token as f64 / 10_000f64.powf(pair as f64 / width as f64);
        if unit % 2 == 0 { angle.sin() } else { angle.cos() }
    };
    let entries = (0..tokens * width).map(entry).collect::<Vec<_>>();
    Tensor::from_vec(entries, (tokens, width), device)?.to_dtype(dtype)
}
