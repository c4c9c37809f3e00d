//! The transformer's forward pass in candle's own ops.
//!
//! Between the sub-layers the tokens of all rows stand below each other, `[rows * tokens, width]`.

use super::architecture::{Architecture, Branch, CLASS_TOKEN, POSITIONS, Positions, ReadOut};
use crate::model::pass::{Part, Pass};
use crate::ops::composed::{activate, softmax, standardize};
use crate::ops::{Result, Tensor};
use candle_core::{DType, Device};

/// From inputs `[rows, tokens, features]` to outputs `[rows, outputs]`, or `[rows * tokens, outputs]` where each token is read.
///
/// # Errors
/// What candle reports.
pub(super) fn forward(architecture: &Architecture, pass: &mut Pass, x: &Tensor) -> Result<Tensor> {
    let net = Net { architecture, rows: x.dim(0)? };
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
    activate(architecture.output_activation, &net.affine(pass, "output", &read)?)
}

/// A net on its way through a batch.
struct Net<'a> {
    architecture: &'a Architecture,
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
        let sub_layer = |what: &str| format!("layer{}.{what}", layer + 1);
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
            Branch::Scaled(s) => (h + (output * s)?)?,
            Branch::Learned => (h + output.broadcast_mul(&pass.parameter(&format!("layer{}.scale", layer + 1))?)?)?,
            Branch::DeepNorm => ((h * self.architecture.skip_scale())? + output)?,
        };
        if self.architecture.norm.is_some_and(|norm| !norm.is_pre) { self.normalize(pass, name, &sum) } else { Ok(sum) }
    }

    /// softmax(Q K^T / sqrt(width of a head)) V of each head, then a projection (Vaswani et al. 2017, section 3.2).
    fn attention(&self, pass: &mut Pass, layer: usize, name: &str, x: &Tensor) -> Result<Tensor> {
        let &Architecture { heads, width, is_causal, .. } = self.architecture;
        let (tokens, size) = (self.architecture.tokens(), width / heads);
        let by_head = |v: &Tensor| v.reshape((self.rows, tokens, heads, size))?.transpose(1, 2)?.contiguous();
        let query = by_head(&self.affine(pass, &format!("{name}.query"), x)?)?;
        let key = by_head(&x.matmul(&pass.parameter(&format!("{name}.key.weight"))?)?)?;
        let value = by_head(&self.affine(pass, &format!("{name}.value"), x)?)?;
        let mut scores = (query.matmul(&key.t()?)? / (size as f64).sqrt())?;
        if is_causal {
            scores = scores.broadcast_add(&future(tokens, x.dtype(), x.device())?)?;
        }
        let weights = pass.tap(layer, Part::Attention, &softmax(&scores)?)?;
        let mixed = weights.matmul(&value)?.transpose(1, 2)?.reshape((self.rows * tokens, width))?;
        self.affine(pass, &format!("{name}.projection"), &mixed)
    }

    /// phi(x W + b) W + b.
    fn feed_forward(&self, pass: &mut Pass, layer: usize, name: &str, x: &Tensor) -> Result<Tensor> {
        let z = pass.tap(layer, Part::Argument, &self.affine(pass, &format!("{name}.first"), x)?)?;
        let a = pass.tap(layer, Part::Activation, &activate(self.architecture.activation, &z)?)?;
        self.affine(pass, &format!("{name}.second"), &a)
    }

    /// x W + b.
    fn affine(&self, pass: &Pass, name: &str, x: &Tensor) -> Result<Tensor> {
        let u = x.matmul(&pass.parameter(&format!("{name}.weight"))?)?;
        if self.architecture.bias { &u + below(&pass.parameter(&format!("{name}.bias"))?, &u)? } else { Ok(u) }
    }

    /// Each token normalized over its numbers.
    fn normalize(&self, pass: &Pass, name: &str, h: &Tensor) -> Result<Tensor> {
        let Some(norm) = self.architecture.norm else { return Ok(h.clone()) };
        let standard = standardize(norm.kind.is_centred(), norm.eps, h)?;
        if !norm.affine {
            return Ok(standard);
        }
        let own = |what: &str| below(&pass.parameter(&format!("{name}.norm.{what}"))?, h);
        let scaled = (standard * own("gain")?)?;
        if norm.kind.is_centred() { scaled + own("shift")? } else { Ok(scaled) }
    }
}

/// A row below itself as often as `like` has rows: by a product, since the gradient of one is one too. That of a broadcast row candle
/// adds up number by number.
fn below(row: &Tensor, like: &Tensor) -> Result<Tensor> {
    let ones = Tensor::ones((like.dim(0)?, 1), like.dtype(), like.device())?;
    ones.matmul(&row.reshape((1, row.elem_count()))?)
}

/// What is added to the scores `[tokens, tokens]` so that no token looks at a later one: minus infinity above the diagonal.
fn future(tokens: usize, dtype: DType, device: &Device) -> Result<Tensor> {
    let entry = |k: usize| if k % tokens > k / tokens { f64::NEG_INFINITY } else { 0.0 };
    let entries = (0..tokens * tokens).map(entry).collect::<Vec<_>>();
    Tensor::from_vec(entries, (tokens, tokens), device)?.to_dtype(dtype)
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
