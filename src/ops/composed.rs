//! Activations, norms, attention and convolutions in candle's own ops: the reference. Any device, f32 and f64, gradients by
//! candle's autograd.

use super::activation::{Activation, SELU_ALPHA, SELU_LAMBDA};
use super::attention::Attention;
use super::batch_norm::Moments;
use super::convolution::{Convolution, Padding};
use candle_core::{D, DType, Result, Tensor};

/// `x` times a number. candle lets no gradient pass a multiplication by the number 0, though it is one of zeros.
///
/// # Errors
/// What candle reports.
pub fn times(x: &Tensor, by: f64) -> Result<Tensor> {
    if by == 0.0 { x.broadcast_mul(&Tensor::zeros((), x.dtype(), x.device())?) } else { x * by }
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
        Activation::Relu6 => capped(z),
        Activation::HardSigmoid => capped(&(z + 3.0)?)? / 6.0,
        Activation::Sine => z.sin(),
        Activation::Prelu { slope } => prelu(z, &Tensor::full(slope, 1, z.device())?.to_dtype(z.dtype())?),
    }
}

/// z above 0, `slope` `[1]` times z below, with a gradient for both.
///
/// # Errors
/// What candle reports.
pub fn prelu(z: &Tensor, slope: &Tensor) -> Result<Tensor> {
    let above = (z * positive(z)?)?;
    &above + (z - &above)?.broadcast_mul(slope)?
}

/// The softmax over the last dimension.
///
/// # Errors
/// What candle reports.
pub fn softmax(z: &Tensor) -> Result<Tensor> {
    // The largest is taken off, or its exponential could overflow; softmax does not depend on it.
    let e = z.broadcast_sub(&z.max_keepdim(D::Minus1)?.detach())?.exp()?;
    e.broadcast_div(&e.sum_keepdim(D::Minus1)?)
}

/// Each row of `v` `[..., units]`, less its mean if `is_centred`, on the root of its mean square and eps.
///
/// # Errors
/// What candle reports.
pub fn standardize(is_centred: bool, eps: f64, v: &Tensor) -> Result<Tensor> {
    let v = if is_centred { v.broadcast_sub(&v.mean_keepdim(D::Minus1)?)? } else { v.clone() };
    v.broadcast_div(&(v.sqr()?.mean_keepdim(D::Minus1)? + eps)?.sqrt()?)
}

/// As [`super::row_norm::row_norm`].
///
/// # Errors
/// What candle reports.
pub fn row_norm(
    is_centred: bool,
    eps: f64,
    v: &Tensor,
    gain: Option<&Tensor>,
    shift: Option<&Tensor>,
) -> Result<Tensor> {
    let standard = standardize(is_centred, eps, v)?;
    let scaled = gain.map_or(Ok(standard.clone()), |gain| scaled(&standard, gain, None))?;
    shift.map_or(Ok(scaled.clone()), |shift| scaled.broadcast_add(shift))
}

/// As [`super::affine::affine`].
///
/// # Errors
/// What candle reports.
pub fn affine(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let product = x.matmul(weight)?;
    bias.map_or(Ok(product.clone()), |bias| product.broadcast_add(bias))
}

/// As [`super::attention::attend`].
///
/// # Errors
/// What candle reports.
pub fn attend(attention: &Attention, query: &Tensor, key: &Tensor, value: &Tensor) -> Result<(Tensor, Tensor)> {
    let Attention { tokens, heads, is_causal } = *attention;
    let (below, width) = query.dims2()?;
    let size = width / heads;
    let by_head = |v: &Tensor| v.reshape((below / tokens, tokens, heads, size))?.transpose(1, 2)?.contiguous();
    let mut scores = (by_head(query)?.matmul(&by_head(key)?.t()?)? / (size as f64).sqrt())?;
    if is_causal {
        let entry = |k: usize| if k % tokens > k / tokens { f64::NEG_INFINITY } else { 0.0 };
        let future = Tensor::from_iter((0..tokens * tokens).map(entry), query.device())?.reshape((tokens, tokens))?;
        scores = scores.broadcast_add(&future.to_dtype(query.dtype())?)?;
    }
    let weights = softmax(&scores)?;
    let out = weights.matmul(&by_head(value)?)?.transpose(1, 2)?.reshape((below, width))?;
    Ok((out, weights))
}

/// z from 0 to 6, held there beyond.
fn capped(z: &Tensor) -> Result<Tensor> {
    let inside = (positive(z)? * z.lt(6.0)?.to_dtype(z.dtype())?)?;
    (z * inside)? + (z.ge(6.0)?.to_dtype(z.dtype())? * 6.0)?
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

/// As [`super::convolution::convolve`], whose layout of images and kernel is not candle's.
///
/// # Errors
/// What candle reports.
pub fn convolve(
    convolution: &Convolution,
    activation: Option<Activation>,
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
) -> Result<Tensor> {
    let Convolution { height, width, inputs, kernel, stride, padding, .. } = *convolution;
    let reach = kernel / 2;
    let mut images = x.reshape((x.dim(0)?, height, width, inputs))?.permute((0, 3, 1, 2))?.contiguous()?;
    let weight = weight.permute((3, 2, 0, 1))?.contiguous()?;
    if padding == Padding::Circular && reach > 0 {
        for (axis, size) in [(2, height), (3, width)] {
            let (first, last) = (images.narrow(axis, 0, reach)?, images.narrow(axis, size - reach, reach)?);
            images = Tensor::cat(&[&last, &images, &first], axis)?;
        }
    }
    let beyond = if padding == Padding::Zero { reach } else { 0 };
    let out = images.conv2d(&weight, beyond, stride, 1, 1)?.permute((0, 2, 3, 1))?.flatten(1, 2)?;
    let out = bias.map_or(Ok(out.clone()), |bias| out.broadcast_add(bias))?;
    activation.map_or(Ok(out.clone()), |activation| activate(activation, &out))
}

/// As [`super::batch_norm::batch_norm`].
///
/// # Errors
/// What candle reports.
pub fn batch_norm(v: &Tensor, affine: Option<(&Tensor, &Tensor)>, eps: f64) -> Result<(Tensor, Moments)> {
    let mean_of = |x: &Tensor| if x.rank() == 3 { x.mean(1)? } else { x.clone() }.mean_keepdim(0);
    let mean = mean_of(v)?;
    let centred = v.broadcast_sub(&for_rows(&mean, v)?)?;
    let variance = mean_of(&centred.sqr()?)?;
    let numbers = |x: &Tensor| x.flatten_all()?.to_dtype(DType::F64)?.to_vec1();
    let moments = Moments { mean: numbers(&mean)?, variance: numbers(&variance)? };
    let x = centred.broadcast_div(&for_rows(&(variance + eps)?.sqrt()?, v)?)?;
    match affine {
        Some((gain, shift)) => Ok((scaled(&x, gain, Some(shift))?, moments)),
        None => Ok((x, moments)),
    }
}

/// `gain v + shift`, of each unit, the last axis of `v`.
///
/// # Errors
/// What candle reports.
pub fn scaled(v: &Tensor, gain: &Tensor, shift: Option<&Tensor>) -> Result<Tensor> {
    let scaled = v.broadcast_mul(&for_rows(gain, v)?)?;
    if let Some(shift) = shift { scaled.broadcast_add(&for_rows(shift, v)?) } else { Ok(scaled) }
}

/// What acts on every position of `v` `[rows, positions, units]` alike, a copy for each row: its gradient is then summed over
/// positions before rows, where one long sum in f32 would lose digits. Without positions it stays as it is.
fn for_rows(numbers: &Tensor, v: &Tensor) -> Result<Tensor> {
    match *v.dims() {
        [rows, _, units] => numbers.reshape((1, 1, units))?.broadcast_as((rows, 1, units)),
        _ => Ok(numbers.clone()),
    }
}
