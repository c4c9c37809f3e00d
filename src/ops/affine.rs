//! x W + b as one CPU op with its own backward: candle adds the gradient of a bias up number by number.

use super::columns::sums_in_parts;
use super::gemm::{Matrix, add_product, multiply};
use super::{Element, contiguous, tensor, with_slice};
use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor};

/// `x W + b` for `x` `[rows, inputs]`, `weight` `[inputs, outputs]` and `bias` `[outputs]`.
///
/// # Errors
/// When the shapes do not fit, or what candle reports.
pub fn affine(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    match bias {
        Some(bias) => x.contiguous()?.apply_op3(weight, bias, FusedAffine),
        None => x.matmul(weight),
    }
}

struct FusedAffine;

impl CustomOp3 for FusedAffine {
    fn name(&self) -> &'static str {
        "affine map"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_at: &Layout,
        weight: &CpuStorage,
        weight_at: &Layout,
        bias: &CpuStorage,
        bias_at: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let stored = [(x, x_at), (weight, weight_at), (bias, bias_at)];
        match x {
            CpuStorage::F32(_) => forward::<f32>(stored),
            _ => forward::<f64>(stored),
        }
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        _: &Tensor,
        delta: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let delta = delta.contiguous()?;
        match x.dtype() {
            DType::F32 => backward::<f32>(x, weight, &delta),
            _ => backward::<f64>(x, weight, &delta),
        }
    }
}

fn forward<T: Element>(stored: [(&CpuStorage, &Layout); 3]) -> Result<(CpuStorage, Shape)> {
    let [(x, x_at), (weight, weight_at), (bias, bias_at)] = stored;
    let (&[rows, inputs], &[reads, outputs]) = (x_at.dims(), weight_at.dims()) else {
        candle_core::bail!("an affine map takes [rows, inputs] and [inputs, outputs]");
    };
    let (x, weight, bias) =
        (contiguous::<T>(x, x_at)?, contiguous::<T>(weight, weight_at)?, contiguous(bias, bias_at)?);
    if inputs != reads || bias.len() != outputs {
        candle_core::bail!("[{rows}, {inputs}] by [{reads}, {outputs}] with {} biases do not fit", bias.len());
    }
    let mut out = bias.repeat(rows);
    add_product(Matrix::new(x, rows, inputs), Matrix::new(weight, inputs, outputs), &mut out);
    Ok((T::to_cpu_storage_owned(out), Shape::from((rows, outputs))))
}

type Gradients = (Option<Tensor>, Option<Tensor>, Option<Tensor>);

fn backward<T: Element>(x: &Tensor, weight: &Tensor, delta: &Tensor) -> Result<Gradients> {
    let (rows, inputs) = x.dims2()?;
    let outputs = weight.dim(1)?;
    let zeros = |count: usize| vec![T::of(0.0); count];
    // What is no variable and comes from none, as the data does, needs no gradient.
    let mut of_x = x.track_op().then(|| zeros(rows * inputs));
    let (mut of_weight, mut of_bias) = (zeros(inputs * outputs), Vec::new());
    let mut fill = |x: &[T], weight: &[T], delta: &[T]| {
        of_bias = sums_in_parts(delta, outputs);
        let delta = Matrix::new(delta, rows, outputs);
        multiply(Matrix::new(x, rows, inputs).t(), delta, &mut of_weight);
        if let Some(of_x) = &mut of_x {
            multiply(delta, Matrix::new(weight, inputs, outputs).t(), of_x);
        }
    };
    with_slice(x, |x| with_slice(weight, |weight| with_slice(delta, |delta| fill(x, weight, delta))))???;
    let of_x = of_x.map(|numbers| tensor(numbers, x.shape())).transpose()?;
    Ok((of_x, Some(tensor(of_weight, weight.shape())?), Some(tensor(of_bias, outputs)?)))
}
