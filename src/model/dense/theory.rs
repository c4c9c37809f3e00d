//! What theory says of a dense net before its first update, by its form.

use super::architecture::{Architecture, Residual};
use crate::model::init::Init;
use crate::ops::block::{Placement, Skip};
use crate::theory::Outputs;
use crate::theory::batch_norm::Normalized;
use crate::theory::mean_field::{MeanField, slope_square};
use crate::theory::post_activation::post_activation;
use crate::theory::prediction::{Layers, NoPrediction, Prediction, average};
use crate::theory::residual::{self, ResidualBlock};

/// sigma_w^2 of the map from the features, of a map between hidden layers and of that to the outputs, and sigma_b^2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variances {
    pub first: f64,
    pub hidden: f64,
    pub output: f64,
    pub bias: f64,
}

impl Variances {
    /// What `init` draws for this architecture: fan-in times the variance of a weight.
    pub fn of(init: Init, architecture: &Architecture) -> Self {
        let Architecture { features, width, outputs, .. } = *architecture;
        let (first, hidden, output) =
            (init.variance(features, width), init.variance(width, width), init.variance(width, outputs));
        let bias = match init {
            Init::Gaussian { sigma_b, .. } if architecture.bias => sigma_b * sigma_b,
            _ => 0.0,
        };
        Variances { first, hidden, output, bias }
    }
}

const EQUALLY_FAR: &str =
    "Batch normalization: all samples count as equally far apart, which those of the first layers are not";
const UNRELATED: &str =
    "Batch normalization in residual blocks: the limit of a large batch of samples that have nothing in common";
const OF_THIS_WIDTH: &str =
    "Post-activation residual blocks: for nets of this width, to leading order in 1/width, not at infinite width";

/// Predicts the gradient at init for samples whose features have these mean squares, |x|^2 / features, one a sample (or
/// one for all); under batch normalization about each feature's mean, and with `batch` samples a batch.
///
/// The gradient of the loss with respect to the outputs counts as equally long for every sample. Where it matters that
/// samples have something of it in common, or that it depends on the net below, it is that of `outputs`. A learned branch
/// scale is 0 at init.
///
/// # Errors
/// Where no closed form is known: batch normalization after the activation, in post-activation blocks or with
/// a batch below 4, signals beyond f64, and inputs that are no mean squares.
pub fn predict(
    architecture: &Architecture,
    init: Init,
    inputs: &[f64],
    batch: usize,
    outputs: &Outputs,
) -> Result<Prediction, NoPrediction> {
    if inputs.is_empty() || !inputs.iter().all(|x| x.is_finite() && *x >= 0.0) {
        return Err(NoPrediction::Inputs);
    }
    let variances = Variances::of(init, architecture);
    let block = |skip| ResidualBlock {
        layer: MeanField {
            activation: architecture.activation,
            weight_variance: variances.hidden,
            bias_variance: variances.bias,
        },
        scale: match skip {
            Skip::Scaled(s) => s,
            Skip::Learned => 0.0,
            Skip::None => 1.0,
        },
    };
    let depth = architecture.depth;
    if let Some(norm) = architecture.norm {
        if norm.place == Placement::After {
            return Err(NoPrediction::NormAfterActivation);
        }
        let first = variances.first * inputs.iter().sum::<f64>() / inputs.len() as f64;
        return match architecture.residual {
            Residual::None if batch < 4 => Err(NoPrediction::SmallBatch),
            Residual::None => {
                let layer = &block(Skip::None).layer;
                // From the mean square about the mean of the batch to the variance that the samples were drawn with.
                let first = first * batch as f64 / (batch as f64 - 1.0);
                let layers = Normalized { layer, eps: norm.eps, batch }.layers(first, depth, outputs, variances.output);
                Ok(average(vec![layers], Some(EQUALLY_FAR)))
            }
            Residual::PreActivation(_) if first <= 0.0 => Err(NoPrediction::NoVariance),
            Residual::PreActivation(skip) => {
                let block = block(skip);
                let layers = residual::pre_activation_normalized(&block, first, norm.eps, depth);
                Ok(average(vec![layers], Some(UNRELATED)))
            }
            Residual::PostActivation(_) => Err(NoPrediction::NormInPostActivationBlocks),
        };
    }
    let sample = |x: &f64| -> Result<Layers, NoPrediction> {
        let first = variances.first * x + variances.bias;
        Ok(match architecture.residual {
            Residual::None => plain(&block(Skip::None).layer, first, depth),
            Residual::PreActivation(skip) => residual::pre_activation(&block(skip), first, depth),
            Residual::PostActivation(skip) => {
                let overlap = |mean, square| outputs.overlap(variances.output, mean, square);
                let layers = post_activation(&block(skip), first, depth, architecture.width, overlap);
                layers.ok_or(NoPrediction::BeyondRange)?
            }
        })
    };
    let caveat = matches!(architecture.residual, Residual::PostActivation(_)).then_some(OF_THIS_WIDTH);
    let mut prediction = average(inputs.iter().map(sample).collect::<Result<_, _>>()?, caveat);
    if architecture.residual == Residual::None {
        let square = inputs.iter().sum::<f64>() / inputs.len() as f64;
        let first = variances.first * square + variances.bias;
        let layer = block(Skip::None).layer;
        prediction.variance = layer.variances(first).take(depth).collect();
        prediction.recursion = Some((layer, first));
    }
    Ok(prediction)
}

/// h_l = phi(W h_(l-1) + b): |dL/dh_l|^2 = chi(q_(l+1)) |dL/dh_(l+1)|^2 and delta_l = phi'(z_l) dL/dh_l.
fn plain(layer: &MeanField, first: f64, depth: usize) -> Layers {
    let mut stream = 0.0;
    let mut layers = Layers::with_capacity(depth);
    let slopes: Vec<f64> = layer.variances(first).take(depth).map(|q| slope_square(layer.activation, q)).collect();
    for slope in slopes.into_iter().rev() {
        layers.push((stream, stream + slope.ln()));
        stream += (layer.weight_variance * slope).ln();
    }
    layers.reverse();
    layers
}
