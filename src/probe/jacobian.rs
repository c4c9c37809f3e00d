//! The Jacobian of the last hidden layer's output with respect to that of each hidden layer, at one row of the probe, and its
//! singular values: whether signals of all directions keep their length (Saxe et al. 2014, section 3; Pennington et al. 2017).

use crate::model::{Batch, Gradients, Layout, Model, Parameter};
use crate::ops::loss::{Loss, Target};
use crate::ops::{Element, Mode, Result, Tensor, convert, with_slice};
use crate::stats::eigenvalues::singular_values;
use crate::stats::median;

/// What the singular values of a layer's Jacobian come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JacobianMeasure {
    /// Root mean square: the length that a gradient of random direction keeps.
    pub rms: f64,
    /// Variance of the squared singular values over the square of their mean; 0 where all are alike.
    pub spread: f64,
    pub max: f64,
    pub median: f64,
    /// Numbers below some 1e-15 of the largest are rounding.
    pub min: f64,
}

impl JacobianMeasure {
    /// Of singular values, ascending; `None` where there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let (min, max) = (*values.first()?, *values.last()?);
        if max == 0.0 {
            return Some(JacobianMeasure { rms: 0.0, spread: 0.0, max, median: 0.0, min });
        }
        let mean = |of: &dyn Fn(f64) -> f64| values.iter().map(|x| of(*x / max)).sum::<f64>() / values.len() as f64;
        // Of numbers scaled by the largest, so that no square vanishes.
        let square = mean(&|x| x.powi(2));
        let spread = mean(&|x| (x.powi(2) - square).powi(2)) / square.powi(2);
        Some(JacobianMeasure { rms: max * square.sqrt(), spread, max, median: median(values).unwrap_or(f64::NAN), min })
    }
}

/// The measurement, by backward passes from each unit of the last hidden layer, all in one batch.
pub struct Jacobian {
    /// Its outputs are what the output layer of the measured net reads.
    model: Box<dyn Model<f64>>,
    layout: Layout,
    /// The same row, once for each output.
    x: Tensor,
    gradients: Gradients<f64>,
}

impl Jacobian {
    /// By a [headless](crate::model::Family::headless) model, whose output weight becomes the identity, at the first row of `rows`.
    ///
    /// # Errors
    /// A model without an output weight, or what candle reports.
    pub fn new(mut model: Box<dyn Model<f64>>, rows: &Tensor) -> Result<Self> {
        let layout = model.layout().clone();
        let Some(Parameter { shape, range: weight, .. }) = layout.find(HEAD[0]) else {
            candle_core::bail!("a headless model has an `{}`, and this one has none", HEAD[0]);
        };
        let outputs = shape[1];
        model.rewrite(&mut |packed| {
            packed[weight.clone()].iter_mut().step_by(outputs + 1).for_each(|own| *own = 1.0);
        })?;
        let first = Tensor::zeros(outputs, candle_core::DType::U32, rows.device())?;
        Ok(Jacobian { model, layout, x: rows.index_select(&first, 0)?, gradients: Gradients::default() })
    }

    /// The singular values of each hidden layer's, ascending, from the first layer on.
    ///
    /// # Errors
    /// What candle reports.
    pub fn measure<T: Element>(&mut self, model: &dyn Model<T>) -> Result<Vec<Vec<f64>>> {
        let (body, theirs) =
            (self.layout.parameters().iter().filter(|own| !HEAD.contains(&&*own.name)), model.layout());
        let mut copied = Ok(());
        self.model.rewrite(&mut |own| {
            copied = model.read(&mut |packed| {
                for (to, from) in body.clone().filter_map(|own| Some((own, theirs.find(&own.name)?))) {
                    convert(&packed[from.range.clone()], &mut own[to.range.clone()]);
                }
            });
        })?;
        copied?;
        let outputs = self.x.dim(0)?;
        let mut target = Vec::new();
        with_slice(&self.model.outputs(&self.x, Mode::Probe)?, |outputs: &[f64]| target = outputs.to_vec())?;
        // The mean squared error over rows and outputs whose gradient by the outputs of row i is the basis vector i times a power of two,
        // beside which no output is so large that the difference would be lost.
        let largest = target.iter().fold(1.0, |most: f64, own| most.max(own.abs()));
        let scale = if largest.is_finite() { 2f64.powi(largest.log2().ceil() as i32) } else { 1.0 };
        let offset = 0.5 * scale * (outputs * outputs) as f64;
        target.iter_mut().step_by(outputs + 1).for_each(|own| *own -= offset);
        let batch = Batch { x: self.x.clone(), target: Target::Values(target), loss: Loss::Mse };
        self.model.loss_and_gradients(batch, Mode::Probe, &mut self.gradients)?;
        let mut values = Vec::new();
        self.model.visit(&mut |site, tap| {
            let own = singular_values(tap.stream, outputs, site.units);
            values.push(own.into_iter().map(|value| value / scale).collect());
        })?;
        Ok(values)
    }
}

/// The parameters of the output layer.
const HEAD: [&str; 2] = ["output.weight", "output.bias"];
