//! Sharpness: the largest eigenvalue of the Hessian of the training loss (Cohen et al. 2021), by the method of Lanczos (1950) on
//! products of the Hessian with vectors, each a central difference of two exact gradients in f64.

use crate::model::{Batch, Gradients, Model, copy_parameters};
use crate::ops::reduce;
use crate::ops::{Element, Mode, Result};
use crate::seed::Seeds;
use crate::stats::eigenvalues::Tridiagonal;

/// How far the parameters are moved along a vector of length 1.
const SHIFT: f64 = 1e-4;

/// Products at most, and about how many the largest eigenvalue of a net's Hessian takes.
const MOST: usize = 200;
pub const PRODUCTS: f64 = 20.0;

/// It is found when it changes by no more than this part of itself, so many times in a row.
const TOLERANCE: f64 = 1e-6;
const STEADY: usize = 3;

/// The measurement on the whole training part.
pub struct Sharpness {
    model: Box<dyn Model<f64>>,
    batch: Batch<f64>,
    /// Where Lanczos begins, of length 1: the same at every step.
    start: Vec<f64>,
    gradients: [Gradients<f64>; 2],
}

impl Sharpness {
    /// Of the loss on the rows of `batch`, by a model of the run's family, whose parameters are overwritten.
    pub fn new(model: Box<dyn Model<f64>>, batch: Batch<f64>, seeds: &Seeds) -> Self {
        let mut stream = seeds.stream("sharpness", &[]);
        let mut start: Vec<f64> = (0..model.layout().count()).map(|_| stream.normal()).collect();
        let length = reduce::length(&start);
        start.iter_mut().for_each(|x| *x /= length);
        Sharpness { model, batch, start, gradients: Default::default() }
    }

    /// The largest eigenvalue at the parameters of `model`; NaN where a gradient is not finite.
    ///
    /// # Errors
    /// What candle reports.
    pub fn measure<T: Element>(&mut self, model: &dyn Model<T>) -> Result<f64> {
        copy_parameters(model, &mut *self.model)?;
        let mut at = Vec::new();
        self.model.read(&mut |packed| at = packed.to_vec())?;
        let (mut own, mut before) = (self.start.clone(), vec![0.0; at.len()]);
        let (mut reduced, mut largest, mut steady) = (Tridiagonal::default(), f64::NAN, 0);
        for n in 0..MOST.min(at.len()) {
            let mut next = self.product(&at, &own)?;
            let along: f64 = next.iter().zip(&own).map(|(a, b)| a * b).sum();
            let back = reduced.beside.last().copied().unwrap_or(0.0);
            for ((next, own), before) in next.iter_mut().zip(&own).zip(&before) {
                *next -= along * own + back * before;
            }
            reduced.diagonal.push(along);
            let now = reduced.eigenvalue(n);
            steady = if (now - largest).abs() <= TOLERANCE * now.abs() { steady + 1 } else { 0 };
            largest = now;
            let rest = reduce::length(&next);
            if steady == STEADY || rest == 0.0 || !rest.is_finite() {
                break;
            }
            reduced.beside.push(rest);
            next.iter_mut().for_each(|x| *x /= rest);
            before = std::mem::replace(&mut own, next);
        }
        Ok(largest)
    }

    /// The Hessian at these parameters times a vector of length 1.
    fn product(&mut self, at: &[f64], vector: &[f64]) -> Result<Vec<f64>> {
        for (side, gradients) in [SHIFT, -SHIFT].into_iter().zip(&mut self.gradients) {
            self.model.rewrite(&mut |packed| {
                packed.iter_mut().zip(at).zip(vector).for_each(|((own, at), v)| *own = at + side * v);
            })?;
            self.model.loss_and_gradients(self.batch.clone(), Mode::Train, gradients)?;
        }
        let [above, below] = &self.gradients;
        Ok(above.packed.iter().zip(&below.packed).map(|(above, below)| (above - below) / (2.0 * SHIFT)).collect())
    }
}
