//! The loss of a batch and its gradient as one kernel, summed in f64.

use super::{Loss, Target, Weighing};
use crate::ops::kernel::kernel;
use crate::ops::{Element, contiguous, with_slice};
use crate::real::Real;
use candle_core::{CpuStorage, CustomOp1, Device, Layout, Result, Shape, Tensor};

/// The loss of a batch of outputs, as a custom op on the outputs.
pub struct FusedLoss<T> {
    pub loss: Loss,
    pub target: Target<T>,
}

impl<T: Element> FusedLoss<T> {
    /// The mean loss over rows of `width` outputs.
    ///
    /// # Errors
    /// When targets and loss do not fit.
    pub fn value(&self, outputs: &[T], width: usize) -> Result<f64> {
        let rows = || outputs.chunks_exact(width);
        Ok(match (self.loss, &self.target) {
            (Loss::CrossEntropy, Target::Classes(classes)) => {
                let mut shifted = vec![T::of(0.0); outputs.len()];
                shift_by_maximum(outputs, width, &mut shifted);
                let picked = shifted.chunks_exact(width).zip(classes).map(|(row, class)| row[*class as usize].f64());
                let picked: f64 = picked.sum();
                exponentials(&mut shifted);
                (logarithms(&shifted, width).sum::<f64>() - picked) / classes.len() as f64
            }
            (Loss::CrossEntropy, Target::Weighed(classes, weighing)) => {
                let mut shifted = vec![T::of(0.0); outputs.len()];
                shift_by_maximum(outputs, width, &mut shifted);
                let masses = |class: &u32| {
                    let class = *class;
                    (0..width).map(move |c| weighing.mass(class, c, width))
                };
                // An output of -inf costs nothing where its class has no mass.
                let picked = |(row, class): (&[T], &u32)| {
                    let there = masses(class).zip(row).filter(|(mass, _)| *mass > 0.0);
                    there.map(|(mass, s)| mass * s.f64()).sum::<f64>()
                };
                let picked: f64 = shifted.chunks_exact(width).zip(classes).map(picked).sum();
                exponentials(&mut shifted);
                let weighed = logarithms(&shifted, width).zip(classes).map(|(l, class)| masses(class).sum::<f64>() * l);
                (weighed.sum::<f64>() - picked) / weighing.of_all(classes)
            }
            (Loss::Hinge, target) => {
                let (classes, weighing) = self.classes(target)?;
                let of_row = |(row, class): (&[T], &u32)| weight(weighing, *class) * hinge(row, *class).1;
                rows().zip(classes).map(of_row).sum::<f64>() / self.weight(width)
            }
            (loss, Target::Values(values)) => {
                let each = outputs.iter().zip(values).map(|(o, y)| loss.of_output(o.f64(), y.f64()));
                each.sum::<f64>() / values.len() as f64
            }
            (loss, target) => {
                let (classes, weighing) = self.classes(target)?;
                let of_row = |(row, class): (&[T], &u32)| {
                    let each = row.iter().enumerate().map(|(c, o)| loss.of_output(o.f64(), one_hot(*class, c)));
                    weight(weighing, *class) * each.sum::<f64>()
                };
                rows().zip(classes).map(of_row).sum::<f64>() / (width as f64 * self.weight(width))
            }
        })
    }

    /// What all samples weigh together, in rows of `width` outputs: their number, unless classes weigh differently.
    pub fn weight(&self, width: usize) -> f64 {
        match &self.target {
            Target::Classes(classes) => classes.len() as f64,
            Target::Weighed(classes, weighing) => weighing.of_all(classes),
            Target::Values(values) => (values.len() / width) as f64,
        }
    }

    pub(super) fn gradient(&self, outputs: &[T], width: usize) -> Result<Vec<T>> {
        let mut gradient = vec![T::of(0.0); outputs.len()];
        let rows = outputs.chunks_exact(width);
        match (self.loss, &self.target) {
            (Loss::CrossEntropy, Target::Classes(classes)) => {
                let share = 1.0 / classes.len() as f64;
                shift_by_maximum(outputs, width, &mut gradient);
                exponentials(&mut gradient);
                for (row, class) in gradient.chunks_exact_mut(width).zip(classes) {
                    let scale = T::of(share / row.iter().map(|e| e.f64()).sum::<f64>());
                    row.iter_mut().for_each(|e| *e *= scale);
                    let own = *class as usize;
                    row[own] = if T::IS_DOUBLE {
                        // Of a fitted sample p - 1 would cancel to a few digits; the others' sum has all of them.
                        T::of(all_but(row, *class))
                    } else {
                        row[own] - T::of(share)
                    };
                }
            }
            (Loss::CrossEntropy, Target::Weighed(classes, weighing)) => {
                let share = 1.0 / weighing.of_all(classes);
                shift_by_maximum(outputs, width, &mut gradient);
                exponentials(&mut gradient);
                for (row, class) in gradient.chunks_exact_mut(width).zip(classes) {
                    let mass = |c: usize| share * weighing.mass(*class, c, width);
                    let scale = (0..width).map(mass).sum::<f64>() / row.iter().map(|e| e.f64()).sum::<f64>();
                    row.iter_mut().enumerate().for_each(|(c, e)| *e = T::of(scale * e.f64() - mass(c)));
                    // All of them sum to 0.
                    row[*class as usize] = T::of(all_but(row, *class));
                }
            }
            (Loss::Hinge, target) => {
                let (classes, weighing) = self.classes(target)?;
                let share = 1.0 / self.weight(width);
                for ((row, class), into) in rows.zip(classes).zip(gradient.chunks_exact_mut(width)) {
                    let (other, loss) = hinge(row, *class);
                    let slope = share * weight(weighing, *class);
                    if loss.is_nan() {
                        into.fill(T::of(f64::NAN));
                    } else if loss > 0.0 {
                        (into[other], into[*class as usize]) = (T::of(slope), T::of(-slope));
                    }
                }
            }
            (loss, Target::Values(values)) => {
                let share = 1.0 / values.len() as f64;
                for ((g, o), y) in gradient.iter_mut().zip(outputs).zip(values) {
                    *g = T::of(share * loss.slope(o.f64(), y.f64()));
                }
            }
            (loss, target) => {
                let (classes, weighing) = self.classes(target)?;
                let share = 1.0 / (width as f64 * self.weight(width));
                for ((row, class), into) in rows.zip(classes).zip(gradient.chunks_exact_mut(width)) {
                    let share = share * weight(weighing, *class);
                    let slopes = row.iter().enumerate().map(|(c, o)| loss.slope(o.f64(), one_hot(*class, c)));
                    into.iter_mut().zip(slopes).for_each(|(g, slope)| *g = T::of(share * slope));
                }
            }
        }
        Ok(gradient)
    }

    /// Targets that are classes, and how they weigh.
    fn classes<'a>(&self, target: &'a Target<T>) -> Result<(&'a [u32], Option<&'a Weighing>)> {
        match target {
            Target::Classes(classes) => Ok((classes, None)),
            Target::Weighed(classes, weighing) => Ok((classes, Some(weighing))),
            Target::Values(_) => candle_core::bail!("{} does not take these targets", self.loss.word()),
        }
    }
}

fn weight(weighing: Option<&Weighing>, class: u32) -> f64 {
    weighing.map_or(1.0, |weighing| weighing.weights[class as usize])
}

fn one_hot(class: u32, output: usize) -> f64 {
    f64::from(u8::from(class as usize == output))
}

/// The logarithm of the sum of each row.
fn logarithms<T: Element>(rows: &[T], width: usize) -> impl Iterator<Item = f64> {
    rows.chunks_exact(width).map(|row| row.iter().map(|e| e.f64()).sum::<f64>().ln())
}

/// Less the sum of a row's entries but for that of a class.
fn all_but<T: Element>(row: &[T], class: u32) -> f64 {
    let others = row.iter().enumerate().filter(|(other, _)| *other != class as usize);
    -others.map(|(_, e)| e.f64()).sum::<f64>()
}

/// The largest output of another class and the loss; NaN where an output is.
fn hinge<T: Element>(row: &[T], class: u32) -> (usize, f64) {
    let own = class as usize;
    let (mut other, mut most) = (own, f64::NEG_INFINITY);
    for (c, x) in row.iter().enumerate().filter(|(c, _)| *c != own) {
        if x.f64() > most || x.f64().is_nan() {
            (other, most) = (c, x.f64());
        }
        if most.is_nan() {
            break;
        }
    }
    let margin = 1.0 + most - row[own].f64();
    (other, if margin <= 0.0 { 0.0 } else { margin })
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
        let value = self.value(contiguous::<T>(outputs, at)?, at.dims()[1])?;
        Ok((T::to_cpu_storage_owned(vec![T::of(value)]), Shape::from(())))
    }

    fn bwd(&self, outputs: &Tensor, _: &Tensor, _: &Tensor) -> Result<Option<Tensor>> {
        let gradient = with_slice::<T, _>(outputs, |o| self.gradient(o, outputs.dims()[1]))??;
        Ok(Some(Tensor::from_vec(gradient, outputs.shape(), &Device::Cpu)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// Of a fitted sample every entry has all its digits in f64: p = 1 / (1 + rest), so p - 1 is -rest / (1 + rest).
    #[test]
    fn the_gradient_of_fitted_samples_keeps_its_digits_in_f64() {
        let weighed = Target::Weighed(vec![1], Arc::new(Weighing { weights: vec![0.3, 2.5, 7.0], smoothing: 0.0 }));
        for target in [Target::Classes(vec![1]), weighed] {
            for logit in [-5.0f64, -20.0, -35.0, -100.0, -700.0] {
                let rest = [logit.exp(), (logit - 1.5).exp()];
                let total = 1.0 + rest[0] + rest[1];
                let op = FusedLoss::<f64> { loss: Loss::CrossEntropy, target: target.clone() };
                let gradient = op.gradient(&[logit + 3.0, 3.0, logit + 1.5], 3).unwrap();
                let exact = [rest[0] / total, -(rest[0] + rest[1]) / total, rest[1] / total];
                for (computed, exact) in gradient.iter().zip(exact) {
                    // The shift by 3 rounds the logits.
                    assert!((computed / exact - 1.0).abs() < 1e-13 * logit.abs(), "{logit}: {computed:e} {exact:e}");
                }
            }
        }
        for (logit, y) in [(30.0f64, 1.0), (-30.0, 0.0)] {
            let slope = Loss::BinaryCrossEntropy.slope(logit, y).abs();
            let exact = 1.0 / (1.0 + 30f64.exp());
            assert!((slope / exact - 1.0).abs() < 1e-13, "{slope:e} {exact:e}");
        }
    }

    #[test]
    fn losses_survive_large_outputs_and_show_what_is_not_finite() {
        let weighing = || Arc::new(Weighing { weights: vec![1.0, 2.0, 3.0], smoothing: 0.1 });
        for loss in Loss::ALL {
            let targets = |class: u32| match loss.takes_classes() {
                true => vec![Target::Classes(vec![class]), Target::Weighed(vec![class], weighing())],
                false => vec![Target::Values(vec![0.0, 1.0, 0.5]), Target::Weighed(vec![class], weighing())],
            };
            for target in targets(1) {
                let op = FusedLoss::<f32> { loss, target };
                assert!(op.value(&[1000.0, -1000.0, 0.0], 3).unwrap().is_finite(), "{loss:?}");
                assert!(op.gradient(&[1000.0, -1000.0, 0.0], 3).unwrap().iter().all(|g| g.is_finite()), "{loss:?}");
                for bad in [f32::NAN, f32::INFINITY] {
                    for place in 0..3 {
                        let mut row = [1.0f32, 2.0, 3.0];
                        row[place] = bad;
                        // The right class may well have an infinite output, but for a hinge that is content with it.
                        let content = loss == Loss::Hinge && bad == f32::INFINITY && place == 1;
                        assert!(content || !op.value(&row, 3).unwrap().is_finite(), "{loss:?} {row:?}");
                        let gradient = op.gradient(&row, 3).unwrap();
                        assert!(!bad.is_nan() || gradient.iter().any(|g| g.is_nan()), "{loss:?} {row:?}");
                    }
                }
            }
        }
        let op = |class| FusedLoss::<f32> { loss: Loss::CrossEntropy, target: Target::Classes(vec![class]) };
        assert!((op(1).value(&[1000.0, -1000.0, 0.0], 3).unwrap() - 2000.0).abs() < 1e-3);
        assert_eq!(op(0).value(&[1000.0, f32::NEG_INFINITY, 0.0], 3).unwrap(), 0.0);
        assert!(op(1).gradient(&[1.0, f32::INFINITY, 3.0], 3).unwrap().iter().all(|g| g.is_nan()));
    }
}
