//! A block in candle's own ops: the reference. Any device, f32 and f64, gradients by candle's autograd.

use super::activation::{Activation, SELU_ALPHA, SELU_LAMBDA};
use super::block::{Block, Nonlinearity, Norm, Place, Role, Running, Skip};
use super::fused::Mode;
use candle_core::{Result, Tensor};

/// Statistics of the norm of a block, as a batch left them.
pub struct Batch {
    pub mean: Tensor,
    /// Biased.
    pub variance: Tensor,
}

/// The block's output for the input `h` `[batch, inputs]` and the packed parameters; also what its norm saw.
///
/// # Errors
/// What candle reports.
pub fn forward<T: super::Element>(
    block: &Block,
    h: &Tensor,
    packed: &Tensor,
    running: Option<&Running<T>>,
    mode: Mode,
) -> Result<(Tensor, Option<Batch>)> {
    let parameters = Parameters { block, packed };
    let mut batch = None;
    let mut x = h.clone();
    if let Some(pair) = block.before {
        x = nonlinearity(&pair, &x, &parameters, running, mode, &mut batch)?;
    }
    let weight = parameters.get(Role::Weight)?.reshape((block.inputs, block.outputs))?;
    x = x.matmul(&weight)?;
    if block.bias {
        x = x.broadcast_add(&parameters.get(Role::Bias)?)?;
    }
    if let Some(pair) = block.after {
        x = nonlinearity(&pair, &x, &parameters, running, mode, &mut batch)?;
    }
    let out = match block.skip {
        Skip::None => x,
        Skip::Scaled(s) => (h + (x * s)?)?,
        Skip::Learned => (h + x.broadcast_mul(&parameters.get(Role::Scale)?)?)?,
    };
    Ok((out, batch))
}

struct Parameters<'a> {
    block: &'a Block,
    packed: &'a Tensor,
}

impl Parameters<'_> {
    fn get(&self, role: Role) -> Result<Tensor> {
        match self.block.range(role) {
            Some(range) => self.packed.narrow(0, range.start, range.len()),
            None => candle_core::bail!("the block has no {role:?}"),
        }
    }
}

fn nonlinearity<T: super::Element>(
    pair: &Nonlinearity,
    v: &Tensor,
    parameters: &Parameters,
    running: Option<&Running<T>>,
    mode: Mode,
    batch: &mut Option<Batch>,
) -> Result<Tensor> {
    let mut norm = |v: &Tensor, n: &Norm| batch_norm(n, v, parameters, running, mode, batch);
    match pair.norm {
        None => activate(pair.activation, v),
        Some(n) if n.place == Place::Before => activate(pair.activation, &norm(v, &n)?),
        Some(n) => norm(&activate(pair.activation, v)?, &n),
    }
}

fn batch_norm<T: super::Element>(
    norm: &Norm,
    v: &Tensor,
    parameters: &Parameters,
    running: Option<&Running<T>>,
    mode: Mode,
    batch: &mut Option<Batch>,
) -> Result<Tensor> {
    let (mean, variance) = match (mode, running) {
        (Mode::Evaluate, Some(running)) => {
            let row = |x: &[T]| Tensor::from_slice(x, (1, x.len()), v.device());
            (row(&running.mean)?, row(&running.variance)?)
        }
        _ => {
            let mean = v.mean_keepdim(0)?;
            let variance = v.broadcast_sub(&mean)?.sqr()?.mean_keepdim(0)?;
            *batch = Some(Batch { mean: mean.detach(), variance: variance.detach() });
            (mean, variance)
        }
    };
    let x = v.broadcast_sub(&mean)?.broadcast_div(&(variance + norm.eps)?.sqrt()?)?;
    if !norm.affine {
        return Ok(x);
    }
    x.broadcast_mul(&parameters.get(Role::NormGain)?)?.broadcast_add(&parameters.get(Role::NormShift)?)
}

/// phi(z), built so that value and gradient stay finite and relu'(0) = 0 (candle's own relu gives 1 there).
///
/// # Errors
/// What candle reports.
pub fn activate(activation: Activation, z: &Tensor) -> Result<Tensor> {
    match activation {
        Activation::Identity => Ok(z.clone()),
        Activation::Sigmoid => sigmoid(z),
        Activation::Tanh => z.tanh(),
        Activation::HardTanh => {
            let inside = z.abs()?.lt(1.0)?.to_dtype(z.dtype())?;
            let above = z.ge(1.0)?.to_dtype(z.dtype())?;
            let below = z.le(-1.0)?.to_dtype(z.dtype())?;
            (z * inside)? + (above - below)?
        }
        Activation::Softsign => z / (magnitude(z)? + 1.0)?,
        Activation::Softplus => softplus(z),
        Activation::Relu => z * positive(z)?,
        Activation::LeakyRelu { slope } => z * ((positive(z)? * (1.0 - slope))? + slope)?,
        Activation::Elu { alpha } => elu(z, alpha),
        Activation::Selu => elu(z, SELU_ALPHA)? * SELU_LAMBDA,
        Activation::Gelu => (z * ((z * std::f64::consts::FRAC_1_SQRT_2)?.erf()? + 1.0)?)? * 0.5,
        Activation::Silu => z * sigmoid(z)?,
        Activation::Mish => z * softplus(z)?.tanh()?,
        Activation::Erf => z.erf(),
    }
}

/// 1 where z > 0, else 0; a constant for autograd.
fn positive(z: &Tensor) -> Result<Tensor> {
    z.gt(0.0)?.to_dtype(z.dtype())
}

/// |z| with derivative sign(z), 0 at 0.
fn magnitude(z: &Tensor) -> Result<Tensor> {
    let sign = (positive(z)? - z.lt(0.0)?.to_dtype(z.dtype())?)?;
    z * sign
}

fn sigmoid(z: &Tensor) -> Result<Tensor> {
    // By tanh, which saturates on both sides where e^-z overflows on one.
    ((z * 0.5)?.tanh()? + 1.0)? * 0.5
}

fn softplus(z: &Tensor) -> Result<Tensor> {
    // max(z, 0) + ln(1 + e^-|z|); at 0 the kink of the two terms cancels only with slope 1/2 each, which
    // (z + |z|) / 2 and magnitude'(0) = 0 give.
    let size = magnitude(z)?;
    ((z + &size)? * 0.5)? + (size.neg()?.exp()? + 1.0)?.log()?
}

fn elu(z: &Tensor, alpha: f64) -> Result<Tensor> {
    // The exponential sees only z <= 0, so that its unused side cannot overflow into 0 * inf.
    let on = positive(z)?;
    let off = (on.neg()? + 1.0)?;
    (z * &on)? + (((z * off)?.exp()? - 1.0)? * alpha)?
}
