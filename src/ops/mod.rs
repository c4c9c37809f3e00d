//! The operations of a network, each twice: composed of plain candle ops, and fused into one CPU kernel.
//!
//! The composed path is the reference a reader trusts and runs on any device; the fused path is what a sweep
//! runs. Tests hold the two together, and finite differences hold the composed one.

pub mod activate;
pub mod activation;
pub mod affine;
pub mod attention;
pub mod batch_norm;
pub mod block;
pub mod chain;
mod columns;
pub mod composed;
pub mod convolution;
pub mod dropout;
pub mod fused;
pub mod gemm;
pub mod kernel;
pub mod loss;
pub mod norm;
pub mod recurrent;
pub mod reduce;
pub mod row_norm;
mod rows;
pub mod saturation;

use crate::real::Real;
use candle_core::{CpuStorage, InplaceOp1, Layout, Storage, Var, WithDType};
use std::cell::RefCell;

/// candle's own, for the floors above, which know candle only through this one.
pub use candle_core::{Error, Result, Tensor};

/// candle's message, without the backtrace that it appends when asked to keep one.
pub fn first_line(error: &Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_string()
}

/// What a pass is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Norms take the statistics of the batch, dropout its draws.
    Train,
    /// As in training but without dropout, and everything that is measured is kept.
    Probe,
    /// As in training, and everything that is measured is kept.
    Trace,
    /// Norms take their running statistics, there is no dropout and no backward.
    Evaluate,
    /// Norms over the batch keep the statistics of the pass before, so that rows do not depend on each other; there is no dropout.
    Frozen,
}

impl Mode {
    /// Whether what is measured is kept.
    pub fn keeps(self) -> bool {
        matches!(self, Mode::Probe | Mode::Trace)
    }

    /// Whether dropout is on.
    pub fn drops(self) -> bool {
        matches!(self, Mode::Train | Mode::Trace)
    }
}

/// A floating-point type both we and candle know: f32 or f64.
pub trait Element: Real + WithDType {
    /// Whether it is f64, in which the probe measures.
    const IS_DOUBLE: bool;

    /// The numbers of a storage of this type.
    fn numbers(storage: &mut CpuStorage) -> Option<&mut [Self]>;
}

impl Element for f32 {
    const IS_DOUBLE: bool = false;

    fn numbers(storage: &mut CpuStorage) -> Option<&mut [f32]> {
        if let CpuStorage::F32(numbers) = storage { Some(numbers) } else { None }
    }
}

impl Element for f64 {
    const IS_DOUBLE: bool = true;

    fn numbers(storage: &mut CpuStorage) -> Option<&mut [f64]> {
        if let CpuStorage::F64(numbers) = storage { Some(numbers) } else { None }
    }
}

/// The numbers of a contiguous CPU tensor, row by row.
///
/// # Errors
/// When the tensor has another type, is not on the CPU, or is not contiguous.
pub fn with_slice<T: Element, R>(tensor: &Tensor, read: impl FnOnce(&[T]) -> R) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(cpu) => Ok(read(contiguous(cpu, layout)?)),
        _ => candle_core::bail!("the fused ops run on the CPU; move the tensor there"),
    }
}

/// The part of `storage` that `layout` covers.
pub(crate) fn contiguous<'a, T: Element>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [T]> {
    let numbers = storage.as_slice::<T>()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&numbers[start..end]),
        None => candle_core::bail!("the fused ops take contiguous tensors"),
    }
}

/// Lets `change` rewrite a variable's numbers where they stand, which candle grants only to an in-place op.
///
/// # Errors
/// When the variable has another type or is not on the CPU.
pub fn rewrite<T: Element>(variable: &Var, change: impl FnMut(&mut [T])) -> Result<()> {
    variable.inplace_op1(&Rewrite(RefCell::new(change), std::marker::PhantomData))
}

struct Rewrite<T, F>(RefCell<F>, std::marker::PhantomData<T>);

impl<T: Element, F: FnMut(&mut [T])> InplaceOp1 for Rewrite<T, F> {
    fn name(&self) -> &'static str {
        "rewrite in place"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, _: &Layout) -> Result<()> {
        match T::numbers(storage) {
            Some(numbers) => (self.0.borrow_mut())(numbers),
            None => candle_core::bail!("the variable is not of type {:?}", T::DTYPE),
        }
        Ok(())
    }
}

kernel::kernel! {
    /// Rounds to the type of `out`.
    pub fn convert<T, U: Real>(numbers: &[U], out: &mut [T]) {
        for (o, x) in out.iter_mut().zip(numbers) {
            *o = T::of(x.f64());
        }
    }
}

/// A CPU tensor of these numbers, row by row.
///
/// # Errors
/// When their number does not fit the shape.
pub fn tensor<T: Element>(numbers: Vec<T>, shape: impl Into<candle_core::Shape>) -> Result<Tensor> {
    let shape: candle_core::Shape = shape.into();
    Tensor::from_vec(numbers, shape, &candle_core::Device::Cpu)
}
