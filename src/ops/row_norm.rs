//! Layer and RMS normalization as one CPU op with its own backward, for forward passes that are otherwise written in candle's ops: a
//! chain of those takes a pass over memory for each.

use super::activation::Identity;
use super::columns::sums_and_products_in_parts;
use super::rows::{self, RowNorm};
use super::{Element, contiguous, tensor, with_slice};
use crate::parallel::lock;
use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor};
use std::sync::{Arc, Mutex};

/// `gain (v - mean) / sqrt(variance + eps) + shift` of each row of `v` `[rows, units]`; without `is_centred` no mean is taken off,
/// and the variance is the mean square. Gain and shift are `[units]`; without them 1 and 0.
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
    let units = v.dim(1)?;
    let filled = |own: Option<&Tensor>, with: f64| match own {
        Some(own) => own.contiguous(),
        None => Tensor::full(with, units, v.device())?.to_dtype(v.dtype()),
    };
    let (gain, shift, v) = (filled(gain, 1.0)?, filled(shift, 0.0)?, v.contiguous()?);
    match v.dtype() {
        DType::F32 => v.apply_op3(&gain, &shift, FusedRowNorm::<f32> { is_centred, eps, kept: Arc::default() }),
        _ => v.apply_op3(&gain, &shift, FusedRowNorm::<f64> { is_centred, eps, kept: Arc::default() }),
    }
}

struct FusedRowNorm<T> {
    is_centred: bool,
    eps: f64,
    kept: Arc<Mutex<Kept<T>>>,
}

/// What the backward needs of the forward.
#[derive(Default)]
struct Kept<T> {
    standardized: Vec<T>,
    inverse_deviation: Vec<T>,
}

impl<T: Element> FusedRowNorm<T> {
    fn by<'a>(&self, gain: &'a [T], shift: &'a [T]) -> RowNorm<'a, T> {
        RowNorm {
            units: gain.len(),
            is_centred: self.is_centred,
            eps: T::of(self.eps),
            gain: Some(gain),
            shift: Some(shift),
        }
    }
}

impl<T: Element> CustomOp3 for FusedRowNorm<T> {
    fn name(&self) -> &'static str {
        "normalization of rows"
    }

    fn cpu_fwd(
        &self,
        v: &CpuStorage,
        v_at: &Layout,
        gain: &CpuStorage,
        gain_at: &Layout,
        shift: &CpuStorage,
        shift_at: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let by = self.by(contiguous(gain, gain_at)?, contiguous(shift, shift_at)?);
        let mut out = contiguous::<T>(v, v_at)?.to_vec();
        let mut standardized = vec![T::of(0.0); out.len()];
        let mut inverse_deviation = vec![T::of(0.0); out.len() / by.units];
        rows::normalize(&by, Identity, &mut out, &mut standardized, &mut inverse_deviation);
        *lock(&self.kept) = Kept { standardized, inverse_deviation };
        Ok((T::to_cpu_storage_owned(out), v_at.shape().clone()))
    }

    fn bwd(
        &self,
        v: &Tensor,
        gain: &Tensor,
        _: &Tensor,
        _: &Tensor,
        delta: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let kept = lock(&self.kept);
        let units = gain.elem_count();
        let mut d = with_slice(&delta.contiguous()?, |delta: &[T]| delta.to_vec())?;
        let [sums, products] = sums_and_products_in_parts(&d, &kept.standardized, units);
        with_slice(gain, |gain: &[T]| {
            rows::through(&self.by(gain, gain), &mut d, &kept.standardized, &kept.inverse_deviation);
        })?;
        Ok((Some(tensor(d, v.shape())?), Some(tensor(products, units)?), Some(tensor(sums, units)?)))
    }
}
