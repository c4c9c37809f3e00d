//! Losses: the mean over a batch, its gradient as one kernel, and the same composed of candle ops.

use super::kernel::kernel;
use super::{Element, with_slice};
use crate::real::Real;
use crate::setting::{SettingError, Settings};
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

    /// What is trained where the file does not say: by whether the targets are classes.
    pub const fn usual(classes: bool) -> Self {
        if classes { Loss::CrossEntropy } else { Loss::Mse }
    }

    /// The word in an experiment file.
    pub const fn word(self) -> &'static str {
        match self {
            Loss::CrossEntropy => "cross_entropy",
            Loss::Mse => "mse",
        }
    }

    /// Of the settings, or if they name none the usual one for such targets.
    ///
    /// # Errors
    /// A word that names none.
    pub fn from_settings(settings: &Settings, classes: bool) -> std::result::Result<Loss, SettingError> {
        match settings.text("loss") {
            Some(word) => {
                let found = Loss::ALL.into_iter().find(|l| l.word() == word);
                found.ok_or_else(|| SettingError::unknown("loss", "loss", word))
            }
            None => Ok(Loss::usual(classes)),
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
    /// The mean loss over rows of `width` outputs, summed in f64.
    ///
    /// # Errors
    /// When targets and loss do not fit.
    pub fn value(&self, outputs: &[T], width: usize) -> Result<f64> {
        Ok(match (self.loss, &self.target) {
            (Loss::CrossEntropy, Target::Classes(classes)) => {
                let mut shifted = vec![T::of(0.0); outputs.len()];
                shift_by_maximum(outputs, width, &mut shifted);
                let picked = shifted.chunks_exact(width).zip(classes).map(|(row, class)| row[*class as usize].f64());
                let picked: f64 = picked.sum();
                exponentials(&mut shifted);
                let logarithms = shifted.chunks_exact(width).map(|row| row.iter().map(|e| e.f64()).sum::<f64>().ln());
                (logarithms.sum::<f64>() - picked) / classes.len() as f64
            }
            (Loss::Mse, Target::Values(values)) => {
                let squares = outputs.iter().zip(values).map(|(o, y)| (o.f64() - y.f64()).powi(2));
                squares.sum::<f64>() / values.len() as f64
            }
            _ => candle_core::bail!("{} does not take these targets", self.loss.word()),
        })
    }

    fn gradient(&self, outputs: &[T], width: usize) -> Result<Vec<T>> {
        match (self.loss, &self.target) {
            (Loss::CrossEntropy, Target::Classes(classes)) => {
                let share = 1.0 / classes.len() as f64;
                let mut gradient = vec![T::of(0.0); outputs.len()];
                shift_by_maximum(outputs, width, &mut gradient);
                exponentials(&mut gradient);
                for (row, class) in gradient.chunks_exact_mut(width).zip(classes) {
                    let scale = T::of(share / row.iter().map(|e| e.f64()).sum::<f64>());
                    row.iter_mut().for_each(|e| *e *= scale);
                    let own = *class as usize;
                    row[own] = if T::IS_DOUBLE {
                        // Of a fitted sample p - 1 would cancel to a few digits; the others' sum has all of them.
                        let others = row.iter().enumerate().filter(|(other, _)| *other != own);
                        T::of(-others.map(|(_, e)| e.f64()).sum::<f64>())
                    } else {
                        row[own] - T::of(share)
                    };
                }
                Ok(gradient)
            }
            (Loss::Mse, Target::Values(values)) => {
                let share = 2.0 / values.len() as f64;
                Ok(outputs.iter().zip(values).map(|(o, y)| T::of(share * (o.f64() - y.f64()))).collect())
            }
            _ => candle_core::bail!("{} does not take these targets", self.loss.word()),
        }
    }
}

kernel! {
    /// Subtracts each row's maximum, so that its exponentials cannot overflow; a NaN or +inf makes the row NaN.
    fn shift_by_maximum<T>(rows: &[T], width: usize, out: &mut [T]) {
        for (row, out) in rows.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
            let mut max = row[0];
            for x in row {
                // False for NaN, which stays in its own entry of the row.
                if *x > max {
                    max = *x;
                }
            }
            for (o, x) in out.iter_mut().zip(row) {
                *o = *x - max;
            }
        }
    }
}

kernel! {
    fn exponentials<T>(v: &mut [T]) {
        for x in v.iter_mut() {
            *x = Real::exp(*x);
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a fitted sample every entry has all its digits in f64: p = 1 / (1 + rest), so p - 1 is -rest / (1 + rest).
    #[test]
    fn the_gradient_of_fitted_samples_keeps_its_digits_in_f64() {
        for logit in [-5.0f64, -20.0, -35.0, -100.0, -700.0] {
            let rest = [logit.exp(), (logit - 1.5).exp()];
            let total = 1.0 + rest[0] + rest[1];
            let op = FusedLoss::<f64> { loss: Loss::CrossEntropy, target: Target::Classes(vec![1]) };
            let gradient = op.gradient(&[logit + 3.0, 3.0, logit + 1.5], 3).unwrap();
            let exact = [rest[0] / total, -(rest[0] + rest[1]) / total, rest[1] / total];
            for (computed, exact) in gradient.iter().zip(exact) {
                // The shift by 3 rounds the logits.
                assert!((computed / exact - 1.0).abs() < 1e-13 * logit.abs(), "{logit}: {computed:e} {exact:e}");
            }
        }
    }

    #[test]
    fn cross_entropy_survives_large_logits_and_shows_what_is_not_finite() {
        let op = |class| FusedLoss::<f32> { loss: Loss::CrossEntropy, target: Target::Classes(vec![class]) };
        assert!((op(1).value(&[1000.0, -1000.0, 0.0], 3).unwrap() - 2000.0).abs() < 1e-3);
        assert_eq!(op(0).value(&[1000.0, f32::NEG_INFINITY, 0.0], 3).unwrap(), 0.0);
        for bad in [f32::NAN, f32::INFINITY] {
            for place in 0..3 {
                let mut row = [1.0f32, 2.0, 3.0];
                row[place] = bad;
                assert!(op(1).value(&row, 3).unwrap().is_nan(), "{row:?}");
                assert!(op(1).gradient(&row, 3).unwrap().iter().all(|g| g.is_nan()), "{row:?}");
            }
        }
    }
}
