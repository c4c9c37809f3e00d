//! Batch normalization in training as one CPU op with its own backward, for forward passes that are otherwise written in candle's
//! ops, which sum a column number by number.

use super::activation::Identity;
use super::columns::{Affine, ThroughStatistics};
use super::columns::{ROWS, column_moments, normalize, sums_and_products_in_parts, through_statistics};
use super::{Element, contiguous, tensor, with_slice};
use crate::parallel::lock;
use candle_core::{CpuStorage, CustomOp3, D, DType, Layout, Result, Shape, Tensor};
use std::sync::{Arc, Mutex};

/// Mean and biased variance of each unit.
#[derive(Clone, Debug, Default)]
pub struct Moments {
    pub mean: Vec<f64>,
    pub variance: Vec<f64>,
}

/// `gain (v - mean) / sqrt(variance + eps) + shift`, with the moments of each unit, the last axis of `v`, over all others. Gain and
/// shift are `[units]`; without them 1 and 0.
///
/// # Errors
/// What candle reports.
pub fn batch_norm(v: &Tensor, affine: Option<(&Tensor, &Tensor)>, eps: f64) -> Result<(Tensor, Moments)> {
    let (gain, shift) = match affine {
        Some((gain, shift)) => (gain.clone(), shift.clone()),
        None => {
            let shift = Tensor::zeros(v.dim(D::Minus1)?, v.dtype(), v.device())?;
            (shift.ones_like()?, shift)
        }
    };
    match v.dtype() {
        DType::F32 => normalized::<f32>(v, &gain, &shift, eps),
        _ => normalized::<f64>(v, &gain, &shift, eps),
    }
}

fn normalized<T: Element>(v: &Tensor, gain: &Tensor, shift: &Tensor, eps: f64) -> Result<(Tensor, Moments)> {
    let op = FusedBatchNorm::<T> { eps, kept: Arc::default() };
    let kept = Arc::clone(&op.kept);
    let out = v.contiguous()?.apply_op3(gain, shift, op)?;
    let moments = lock(&kept).moments.clone();
    Ok((out, moments))
}

struct FusedBatchNorm<T> {
    eps: f64,
    kept: Arc<Mutex<Kept<T>>>,
}

/// What the backward needs of the forward.
#[derive(Default)]
struct Kept<T> {
    moments: Moments,
    inverse_deviation: Vec<T>,
    standardized: Vec<T>,
}

impl<T: Element> CustomOp3 for FusedBatchNorm<T> {
    fn name(&self) -> &'static str {
        "batch normalization"
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
        let (gain, shift) = (contiguous::<T>(gain, gain_at)?, contiguous::<T>(shift, shift_at)?);
        let mut v = contiguous::<T>(v, v_at)?.to_vec();
        let moments = moments(&v, gain.len());
        let rounded = |numbers: &[f64]| numbers.iter().map(|x| T::of(*x)).collect::<Vec<T>>();
        let inverse: Vec<f64> = moments.variance.iter().map(|variance| (variance + self.eps).sqrt().recip()).collect();
        let (center, inverse_deviation) = (rounded(&moments.mean), rounded(&inverse));
        let mut standardized = vec![T::of(0.0); v.len()];
        let map =
            Affine { center: &center, inverse_deviation: &inverse_deviation, gain: Some(gain), shift: Some(shift) };
        normalize(&map, Identity, &mut v, &mut standardized);
        *lock(&self.kept) = Kept { moments, inverse_deviation, standardized };
        Ok((T::to_cpu_storage_owned(v), v_at.shape().clone()))
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
        let units = kept.inverse_deviation.len();
        let mut d = with_slice(&delta.contiguous()?, |delta: &[T]| delta.to_vec())?;
        let mut scale = kept.inverse_deviation.clone();
        with_slice(gain, |gain: &[T]| scale.iter_mut().zip(gain).for_each(|(scale, gain)| *scale *= *gain))?;
        let [sums, products] = sums_and_products_in_parts(&d, &kept.standardized, units);
        let by = ThroughStatistics { sums: &sums, products: &products, scale: &scale };
        through_statistics(&by, &mut d, &kept.standardized, &mut vec![T::of(0.0); units]);
        Ok((Some(tensor(d, v.shape())?), Some(tensor(products, units)?), Some(tensor(sums, units)?)))
    }
}

/// Of each column of `v`: those of some rows at a time, joined (Chan, Golub & LeVeque 1983, equation 2.1).
fn moments<T: Element>(v: &[T], units: usize) -> Moments {
    let rows = (v.len() / units) as f64;
    let (mut mean, mut variance) = (vec![T::of(0.0); units], vec![T::of(0.0); units]);
    let parts: Vec<(f64, Moments)> = v
        .chunks(ROWS * units)
        .map(|part| {
            column_moments(part, &mut mean, &mut variance);
            let double = |numbers: &[T]| numbers.iter().map(|x| x.f64()).collect();
            ((part.len() / units) as f64 / rows, Moments { mean: double(&mean), variance: double(&variance) })
        })
        .collect();
    let joined = |of: &dyn Fn(&Moments, usize) -> f64| -> Vec<f64> {
        (0..units).map(|unit| parts.iter().map(|(share, part)| share * of(part, unit)).sum()).collect()
    };
    let mean = joined(&|part, unit| part.mean[unit]);
    let variance = joined(&|part, unit| part.variance[unit] + (part.mean[unit] - mean[unit]).powi(2));
    Moments { mean, variance }
}
