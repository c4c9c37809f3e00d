//! The prediction of one cell of a plan: its settings, and what the rows of the probe say of the inputs.

use super::mean_field::MeanField;
use super::prediction::{Prediction, Variances, predict};
use crate::data::Dataset;
use crate::model::Architecture;
use crate::model::architecture::Residual;
use crate::model::init::Init;
use crate::ops::activation::Activation;
use crate::setting::Settings;

/// Mean squares are averaged over this many groups of rows of alike length: a prediction is smooth in the length, and
/// takes its time for each.
const GROUPS: usize = 32;

/// What a prediction needs to know of the data and of the rows that the layers are measured on.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    features: usize,
    outputs: usize,
    /// Rows of the probe: the batch of a batch normalization.
    rows: usize,
    /// |x|^2 / features, ascending, one a group of rows.
    squares: Vec<f64>,
    /// The same about the mean of each feature over the rows, which is all that a batch normalization sees.
    centred: Vec<f64>,
}

impl Inputs {
    /// Of these training rows.
    pub fn of(data: &Dataset, rows: &[usize]) -> Self {
        let n = data.features;
        let row = |r: &usize| &data.train.x[r * n..][..n];
        let mut means = vec![0.0; n];
        for r in rows {
            means.iter_mut().zip(row(r)).for_each(|(mean, x)| *mean += x / rows.len() as f64);
        }
        let square = |about: &[f64]| {
            let of = |r| row(r).iter().zip(about).map(|(x, mean)| (x - mean).powi(2)).sum::<f64>() / n as f64;
            grouped(rows.iter().map(of).collect())
        };
        Inputs {
            features: n,
            outputs: data.train.targets.outputs(),
            rows: rows.len(),
            squares: square(&vec![0.0; n]),
            centred: square(&means),
        }
    }
}

/// The means of up to [`GROUPS`] runs of the sorted numbers, equally long as far as they divide.
fn grouped(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    let groups = GROUPS.min(numbers.len());
    let start = |group: usize| group * numbers.len() / groups;
    let mean = |run: &[f64]| run.iter().sum::<f64>() / run.len() as f64;
    (0..groups).map(|group| mean(&numbers[start(group)..start(group + 1)])).collect()
}

/// A network as theory sees it: cells that are equal in this have the same prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct AtInit {
    architecture: Architecture,
    init: Init,
}

impl AtInit {
    /// From a cell's settings.
    ///
    /// # Errors
    /// When a setting is missing or not what its table says.
    pub fn new(settings: &Settings, inputs: &Inputs) -> Result<Self, String> {
        let architecture = Architecture::from_settings(settings, inputs.features, inputs.outputs)?;
        let init = Init::from_settings(settings, Activation::from_settings(settings, "activation")?)?;
        Ok(AtInit { architecture, init })
    }

    /// xi_c, the layers in which two inputs come e times closer to where all pairs end, at the variance that these inputs
    /// reach (Schoenholz et al. 2017): up to some six of them a net can be trained. Infinite on the critical line; `None`
    /// with normalization or skips, and where the signal dies or grows without bound.
    pub fn correlation_depth(&self, inputs: &Inputs) -> Option<f64> {
        let Architecture { norm: None, residual: Residual::None, activation, .. } = self.architecture else {
            return None;
        };
        let Variances { first, hidden, bias } = Variances::of(self.init, &self.architecture);
        let layer = MeanField { activation, weight_variance: hidden, bias_variance: bias };
        let square = inputs.squares.iter().sum::<f64>() / inputs.squares.len() as f64;
        layer.correlation_depth(layer.limit(first * square + bias).value()?)
    }

    /// The gradient by layer before the first update.
    ///
    /// # Errors
    /// Where theory says nothing, in words: see [`predict`].
    pub fn predict(&self, inputs: &Inputs) -> Result<Prediction, &'static str> {
        let squares = if self.architecture.norm.is_some() { &inputs.centred } else { &inputs.squares };
        predict(&self.architecture, self.init, squares, inputs.rows)
    }
}
