//! Losses: the mean over a batch, its gradient as one kernel, and the same composed of candle ops.

use super::{Element, with_slice};
use crate::real::Real;
use candle_core::{CpuStorage, CustomOp1, Device, Layout, Result, Shape, Tensor};

/// What training minimises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// -ln of the softmax probability of the right class, the mean over the batch.
    CrossEntropy,
    /// The squared error, the mean over batch and outputs.
    Mse,
}

impl Loss {
    pub const ALL: [Loss; 2] = [Loss::CrossEntropy, Loss::Mse];

    /// The word in an experiment file.
    pub const fn word(self) -> &'static str {
        match self {
            Loss::CrossEntropy => "cross_entropy",
            Loss::Mse => "mse",
        }
    }
}

/// The targets of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Target<T> {
    Classes(Vec<u32>),
    /// `[batch, outputs]`, row by row.
    Values(Vec<T>),
}

/// The loss of a batch of outputs, as a custom op on the outputs.
pub struct FusedLoss<T> {
    pub loss: Loss,
    pub target: Target<T>,
}

impl<T: Element> FusedLoss<T> {
    /// The mean loss, summed in f64.
    pub fn value(&self, outputs: &[T], width: usize) -> Result<f64> {
        Ok(match (self.loss, &self.target) {
            (Loss::CrossEntropy, Target::Classes(classes)) => {
                let rows = outputs.chunks_exact(width).zip(classes);
                let sum: f64 = rows.map(|(row, class)| log_sum_exp(row) - row[*class as usize].f64()).sum();
                sum / classes.len() as f64
            }
            (Loss::Mse, Target::Values(values)) => {
                let squares = outputs.iter().zip(values).map(|(o, y)| (o.f64() - y.f64()).powi(2));
                squares.sum::<f64>() / values.len() as f64
            }
            _ => candle_core::bail!("{} does not take these targets", self.loss.word()),
        })
    }

    fn gradient(&self, outputs: &[T], width: usize) -> Result<Vec<T>> {
        let mut gradient = Vec::with_capacity(outputs.len());
        match (self.loss, &self.target) {
            (Loss::CrossEntropy, Target::Classes(classes)) => {
                let share = 1.0 / classes.len() as f64;
                for (row, class) in outputs.chunks_exact(width).zip(classes) {
                    let total = log_sum_exp(row);
                    gradient.extend(row.iter().enumerate().map(|(j, o)| {
                        let hit = if j == *class as usize { 1.0 } else { 0.0 };
                        T::of(share * (Real::exp(o.f64() - total) - hit))
                    }));
                }
            }
            (Loss::Mse, Target::Values(values)) => {
                let share = 2.0 / values.len() as f64;
                gradient.extend(outputs.iter().zip(values).map(|(o, y)| T::of(share * (o.f64() - y.f64()))));
            }
            _ => candle_core::bail!("{} does not take these targets", self.loss.word()),
        }
        Ok(gradient)
    }
}

/// ln(sum of e^x), shifted by the maximum so that it cannot overflow; NaN stays NaN.
fn log_sum_exp<T: Real>(row: &[T]) -> f64 {
    let mut max = row[0].f64();
    for x in row {
        let x = x.f64();
        if x > max || x.is_nan() {
            max = x;
        }
    }
    if !max.is_finite() {
        return if max == f64::INFINITY { f64::NAN } else { max };
    }
    max + row.iter().map(|x| Real::exp(x.f64() - max)).sum::<f64>().ln()
}

impl<T: Element> CustomOp1 for FusedLoss<T> {
    fn name(&self) -> &'static str {
        "fused loss"
    }

    fn cpu_fwd(&self, outputs: &CpuStorage, at: &Layout) -> Result<(CpuStorage, Shape)> {
        let value = self.value(super::contiguous::<T>(outputs, at)?, at.dims()[1])?;
        Ok((T::to_cpu_storage_owned(vec![T::of(value)]), Shape::from(())))
    }

    fn bwd(&self, outputs: &Tensor, _: &Tensor, _: &Tensor) -> Result<Option<Tensor>> {
        let gradient = with_slice::<T, _>(outputs, |o| self.gradient(o, outputs.dims()[1]))??;
        Ok(Some(Tensor::from_vec(gradient, outputs.shape(), &Device::Cpu)?))
    }
}

/// The same loss in candle's own ops.
///
/// # Errors
/// When targets and loss do not fit.
pub fn composed<T: Element>(loss: Loss, outputs: &Tensor, target: &Target<T>) -> Result<Tensor> {
    match (loss, target) {
        (Loss::CrossEntropy, Target::Classes(classes)) => {
            candle_nn::loss::cross_entropy(outputs, &Tensor::from_slice(classes, classes.len(), outputs.device())?)
        }
        (Loss::Mse, Target::Values(values)) => {
            candle_nn::loss::mse(outputs, &Tensor::from_slice(values, outputs.shape(), outputs.device())?)
        }
        _ => candle_core::bail!("{} does not take these targets", loss.word()),
    }
}
