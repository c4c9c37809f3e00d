//! The output of a net of one input along that input, and its gradient there: whether neighbouring inputs have similar gradients, or
//! these are shattered (Balduzzi et al. 2017, figure 1).

use crate::model::Model;
use crate::ops::{Result, Tensor, tensor};
use crate::stats::range;

/// Inputs that it is measured at.
pub const POINTS: usize = 256;

/// The measurement, at evenly spaced inputs.
pub struct AlongInput {
    /// `[POINTS, 1]`, as the net gets them.
    x: Tensor,
    /// The same in the unit of the data.
    given: Vec<f64>,
    /// By what the data were divided.
    divisor: f64,
}

/// One of the inputs, in the unit of the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputPoint {
    pub x: f64,
    /// The first output.
    pub output: f64,
    /// Its derivative with respect to x.
    pub gradient: f64,
}

impl AlongInput {
    /// From the least to the greatest of these inputs, from which `shift` was subtracted before they were divided by `divisor`;
    /// `None` where all are equal.
    ///
    /// # Errors
    /// What candle reports.
    pub fn new(inputs: &[f64], [shift, divisor]: [f64; 2]) -> Result<Option<Self>> {
        let Some((low, high)) = range(inputs).filter(|(low, high)| low < high) else { return Ok(None) };
        let share = |i: usize| i as f64 / (POINTS - 1) as f64;
        let x: Vec<f64> = (0..POINTS).map(|i| low + (high - low) * share(i)).collect();
        let given = x.iter().map(|x| shift + divisor * x).collect();
        Ok(Some(AlongInput { x: tensor(x, (POINTS, 1))?, given, divisor }))
    }

    /// Measures a model, whose norms over the batch keep the statistics of its last pass.
    ///
    /// # Errors
    /// What candle reports, or a model that has no gradients of its inputs.
    pub fn measure(&self, model: &mut dyn Model<f64>) -> Result<Vec<InputPoint>> {
        let [outputs, gradients] = model.input_gradients(&self.x)?;
        let points = self.given.iter().zip(outputs).zip(gradients);
        Ok(points.map(|((x, output), slope)| InputPoint { x: *x, output, gradient: slope / self.divisor }).collect())
    }
}
