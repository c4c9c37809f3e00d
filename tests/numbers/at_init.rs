//! The gradient of many networks at init, measured by the probe, beside what theory predicts.
// An example uses it too, and neither uses all of it.
#![allow(dead_code)]

use gradsweep::model::Batch;
use gradsweep::model::dense::theory::predict;
use gradsweep::model::dense::{Architecture, Network};
use gradsweep::model::init::Start;
use gradsweep::ops::activation::Activation;
use gradsweep::ops::loss::{Loss, Target};
use gradsweep::ops::tensor;
use gradsweep::probe::{LayerMeasure, Probe};
use gradsweep::seed::Seeds;
use gradsweep::theory::{Outputs, Prediction};

pub struct Case {
    pub architecture: Architecture,
    pub init: Start,
    /// Samples of the probe: the batch of a batch norm.
    pub rows: usize,
    pub nets: u64,
    /// Of classes in turn; the squared error where there is one output.
    pub loss: Loss,
}

/// ln of the mean over nets of each layer's squared stream and delta, relative to the last layer's stream.
pub struct Measured {
    pub stream: Vec<f64>,
    pub delta: Vec<f64>,
    /// Standard error of `stream[0]`.
    pub error: f64,
}

impl Case {
    /// One net on its own samples, drawn from a sphere: |x|^2 = features.
    fn layers(&self, run: u64) -> Vec<LayerMeasure> {
        let Architecture { features, outputs, .. } = self.architecture;
        let seeds = Seeds { experiment: 0, run };
        let mut stream = seeds.stream("x", &[]);
        let mut x: Vec<f64> = (0..self.rows * features).map(|_| stream.normal()).collect();
        for row in x.chunks_exact_mut(features) {
            let scale = (features as f64 / row.iter().map(|v| v * v).sum::<f64>()).sqrt();
            row.iter_mut().for_each(|v| *v *= scale);
        }
        let loss = self.outputs().loss;
        let target = match loss {
            loss if loss.takes_classes() => Target::Classes((0..self.rows).map(|i| (i % outputs) as u32).collect()),
            _ => Target::Values(self.outputs().targets),
        };
        let network = || Network::<f64>::new(self.architecture.clone(), self.init, &seeds).unwrap();
        let x = tensor(x, (self.rows, features)).unwrap();
        Probe::new(Box::new(network()), Batch { x, target, loss }).measure(&network()).unwrap()
    }

    /// The squared stream of layer 1 on the last layer's, in so many nets.
    pub fn ratios(&self, nets: u64) -> Vec<f64> {
        let last = self.architecture.depth() - 1;
        let ratio = |layers: Vec<LayerMeasure>| (layers[0].stream_rms / layers[last].stream_rms).powi(2);
        (1..=nets).map(|run| ratio(self.layers(run))).collect()
    }

    pub fn measure(&self) -> Measured {
        let last = self.architecture.depth() - 1;
        let nets: Vec<_> = (1..=self.nets).map(|run| self.layers(run)).collect();
        let mean = |of: &dyn Fn(&[LayerMeasure]) -> f64| nets.iter().map(|l| of(l)).sum::<f64>() / nets.len() as f64;
        let stream = |l: usize| mean(&|layers| (layers[l].stream_rms / layers[last].stream_rms).powi(2));
        let delta = |l: usize| mean(&|layers| (layers[l].delta_rms.unwrap() / layers[last].stream_rms).powi(2));
        let fourth = mean(&|layers| (layers[0].stream_rms / layers[last].stream_rms).powi(4));
        let relative_variance = fourth / stream(0).powi(2) - 1.0;
        Measured {
            stream: (0..=last).map(|l| stream(l).ln()).collect(),
            delta: (0..=last).map(|l| delta(l).ln()).collect(),
            error: (relative_variance.max(0.0) / (self.nets as f64 - 1.0)).sqrt(),
        }
    }

    /// As the nets are measured: classes in turn, or all targets 1.
    fn outputs(&self) -> Outputs {
        let Architecture { outputs, output_activation, .. } = self.architecture;
        let loss = if outputs == 1 { Loss::Mse } else { self.loss };
        Outputs { loss, ..at_the_end(outputs, output_activation, self.rows) }
    }

    pub fn predict(&self) -> Prediction {
        predict(&self.architecture, self.init, &[1.0], self.rows, &self.outputs()).unwrap()
    }
}

/// So many samples of as many classes in turn as there are outputs, or with one output of the target 1.
pub fn at_the_end(count: usize, activation: Activation, rows: usize) -> Outputs {
    let one_hot = |i: usize| (0..count).map(move |class| if class == i % count { 1.0 } else { 0.0 });
    let loss = if count == 1 { Loss::Mse } else { Loss::CrossEntropy };
    Outputs { loss, activation, count, targets: (0..rows).flat_map(one_hot).collect() }
}

/// Measured on predicted, per layer: the factor by which one layer's squared gradient is larger than predicted.
pub fn per_layer(measured: &[f64], predicted: &[f64]) -> f64 {
    let last = measured.len() - 1;
    let fall = |squares: &[f64]| squares[0] - squares[last];
    ((fall(measured) - fall(predicted)) / last as f64).exp()
}
