//! An activation as one CPU op with its own backward, for forward passes that are otherwise written in candle's ops: a chain of those
//! takes a pass over memory for each.

use super::activation::{Activation, Curve, with_curve};
use super::kernel::kernel;
use super::{Element, contiguous, tensor, with_slice};
use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Tensor};

/// phi(z), with zero for what is too small to keep, as in the fused ops.
///
/// # Errors
/// What candle reports.
pub fn activate(activation: Activation, z: &Tensor) -> Result<Tensor> {
    z.contiguous()?.apply_op1(FusedActivation(activation))
}

struct FusedActivation(Activation);

impl CustomOp1 for FusedActivation {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn cpu_fwd(&self, z: &CpuStorage, at: &Layout) -> Result<(CpuStorage, Shape)> {
        let out = match z {
            CpuStorage::F32(_) => self.forward::<f32>(z, at)?,
            _ => self.forward::<f64>(z, at)?,
        };
        Ok((out, at.shape().clone()))
    }

    fn bwd(&self, z: &Tensor, a: &Tensor, delta: &Tensor) -> Result<Option<Tensor>> {
        let delta = delta.contiguous()?;
        match z.dtype() {
            DType::F32 => self.backward::<f32>(z, a, &delta),
            _ => self.backward::<f64>(z, a, &delta),
        }
    }
}

impl FusedActivation {
    fn forward<T: Element>(&self, z: &CpuStorage, at: &Layout) -> Result<CpuStorage> {
        let z = contiguous::<T>(z, at)?;
        let mut out = vec![T::of(0.0); z.len()];
        with_curve!(self.0, T, curve => values(curve, z, &mut out));
        Ok(T::to_cpu_storage_owned(out))
    }

    fn backward<T: Element>(&self, z: &Tensor, a: &Tensor, delta: &Tensor) -> Result<Option<Tensor>> {
        let mut out = vec![T::of(0.0); z.elem_count()];
        let mut fill = |z: &[T], a: &[T], d: &[T]| with_curve!(self.0, T, curve => slopes(curve, z, a, d, &mut out));
        with_slice(z, |z| with_slice(a, |a| with_slice(delta, |delta| fill(z, a, delta))))???;
        tensor(out, z.shape()).map(Some)
    }
}

kernel! {
    /// `out = phi(z)`.
    fn values<T, C: Curve<T>>(curve: C, z: &[T], out: &mut [T]) {
        for (out, z) in out.iter_mut().zip(z) {
            *out = curve.value(*z).kept();
        }
    }
}

kernel! {
    /// `out = delta phi'(z)`, where a = phi(z).
    fn slopes<T, C: Curve<T>>(curve: C, z: &[T], a: &[T], delta: &[T], out: &mut [T]) {
        for (((out, z), a), delta) in out.iter_mut().zip(z).zip(a).zip(delta) {
            *out = (*delta * curve.slope(*z, *a)).kept();
        }
    }
}
