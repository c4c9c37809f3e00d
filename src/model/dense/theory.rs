//! What theory says of a dense net before its first update, by its form.

use super::architecture::{Architecture, Residual};
use crate::model::init::{Init, Start, Weights};
use crate::ops::block::Skip;
use crate::ops::norm::{Norm, Placement};
use crate::theory::batch_norm::Normalized;
use crate::theory::highway::highway;
use crate::theory::mean_field::{MeanField, slope_square};
use crate::theory::normalized;
use crate::theory::post_activation::post_activation;
use crate::theory::prediction::{Layers, NoPrediction, Prediction, average, from_the_top};
use crate::theory::residual::{self, ResidualBlock};
use crate::theory::{Gap, Outputs};

/// sigma_w^2 of the map from the features, of the maps between hidden layers and of that to the outputs, and sigma_b^2.
#[derive(Clone, Debug, PartialEq)]
struct Variances {
    first: f64,
    hidden: Vec<Gap>,
    /// Of a map between two layers as wide as the last.
    within: f64,
    output: f64,
    bias: f64,
}

impl Variances {
    /// What is drawn for this architecture.
    ///
    /// # Errors
    /// Weights that are all equal, and biases that are equal but not 0: neither is a draw about 0.
    fn of(start: Start, architecture: &Architecture) -> Result<Self, NoPrediction> {
        let Architecture { features, widths, outputs, .. } = architecture;
        let of = |Weights { init, gain }: Weights, inputs: usize, outputs: usize| {
            let variance = init.fan_in_variance(&[inputs, outputs]).ok_or(NoPrediction::ConstantWeights)?;
            Ok::<f64, NoPrediction>(gain * gain * variance)
        };
        let gap = |pair: &[usize]| {
            let forward = of(start.hidden, pair[0], pair[1])?;
            Ok(Gap { forward, backward: forward * (pair[1] as f64 / pair[0] as f64) })
        };
        if architecture.bias && start.bias != 0.0 {
            return Err(NoPrediction::EqualBiases);
        }
        let last = widths.last().copied().unwrap_or(*features);
        Ok(Variances {
            first: of(start.hidden, *features, widths.first().copied().unwrap_or(*outputs))?,
            hidden: widths.windows(2).map(gap).collect::<Result<_, NoPrediction>>()?,
            within: of(start.hidden, last, last)?,
            output: of(start.output, last, *outputs)?,
            bias: match start.hidden.init {
                Init::Gaussian { sigma_b, .. } if architecture.bias => sigma_b * sigma_b,
                _ => 0.0,
            },
        })
    }
}

const EQUALLY_FAR: &str =
    "Batch normalization: theory assumes that all samples are equally far apart, which is not true in the first layers";
const UNRELATED: &str = "Batch normalization in residual blocks: the limit of a large batch of uncorrelated samples";
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
/// Where no closed form is known: batch normalization after the activation or with a batch below 4, normalization in
/// post-activation blocks, signals beyond f64, and inputs that are no mean squares.
pub fn predict(
    architecture: &Architecture,
    start: impl Into<Start>,
    inputs: &[f64],
    batch: usize,
    outputs: &Outputs,
) -> Result<Prediction, NoPrediction> {
    if inputs.is_empty() || !inputs.iter().all(|x| x.is_finite() && *x >= 0.0) {
        return Err(NoPrediction::Inputs);
    }
    let variances = Variances::of(start.into(), architecture)?;
    let Some(width) = architecture.widths.last().copied() else { return Err(NoPrediction::NoHiddenLayer) };
    let net = Net { architecture, variances: &variances, width };
    match architecture.norm {
        Some(norm) if norm.kind.is_over_batch() => net.over_batch(&norm, inputs, batch, outputs),
        Some(norm) => {
            let sample = |x: &f64| net.normalized(&norm, variances.first * x + variances.bias);
            Ok(average(inputs.iter().map(sample).collect::<Result<_, _>>()?, None))
        }
        None => net.without_norm(inputs, outputs),
    }
}

/// A net, the variances of what its init draws, and the units of its last hidden layer: of every one where it has skips.
struct Net<'a> {
    architecture: &'a Architecture,
    variances: &'a Variances,
    width: usize,
}

impl Net<'_> {
    /// A block, or a layer, of a net whose layers are equally wide.
    fn block(&self, skip: Skip) -> ResidualBlock {
        ResidualBlock {
            layer: MeanField {
                activation: self.architecture.activation,
                weight_variance: self.variances.within,
                bias_variance: self.variances.bias,
            },
            scale: match skip {
                Skip::Scaled(s) => s,
                Skip::Learned => 0.0,
                Skip::None | Skip::Gated { .. } => 1.0,
            },
        }
    }

    /// With batch normalization.
    fn over_batch(
        &self,
        norm: &Norm,
        inputs: &[f64],
        batch: usize,
        outputs: &Outputs,
    ) -> Result<Prediction, NoPrediction> {
        if norm.place == Placement::After {
            return Err(NoPrediction::NormAfterActivation);
        }
        let (depth, gaps) = (self.architecture.depth(), &self.variances.hidden);
        let first = self.variances.first * inputs.iter().sum::<f64>() / inputs.len() as f64;
        match self.architecture.residual {
            Residual::None if batch < 4 => Err(NoPrediction::SmallBatch),
            Residual::None => {
                let layer = &self.block(Skip::None).layer;
                // From the mean square about the mean of the batch to the variance that the samples were drawn with.
                let first = first * batch as f64 / (batch as f64 - 1.0);
                let normalized = Normalized { layer, gaps, eps: norm.eps, batch };
                let layers = normalized.layers(first, outputs, self.variances.output);
                Ok(average(vec![layers], Some(EQUALLY_FAR)))
            }
            Residual::PreActivation(_) if first <= 0.0 => Err(NoPrediction::NoVariance),
            Residual::PreActivation(skip) => {
                let layers = normalized::pre_activation(&self.block(skip), norm, first, depth);
                Ok(average(vec![layers], Some(UNRELATED)))
            }
            Residual::PostActivation(_) => Err(NoPrediction::NormInPostActivationBlocks),
            Residual::Highway { .. } => Err(NoPrediction::NormInHighways),
        }
    }

    /// With a norm that takes each sample by itself, for one whose first arguments have this variance.
    fn normalized(&self, norm: &Norm, first: f64) -> Result<Layers, NoPrediction> {
        let depth = self.architecture.depth();
        match self.architecture.residual {
            Residual::None => Ok(normalized::plain(&self.block(Skip::None).layer, norm, &self.variances.hidden, first)),
            Residual::PreActivation(skip) => Ok(normalized::pre_activation(&self.block(skip), norm, first, depth)),
            Residual::PostActivation(_) => Err(NoPrediction::NormInPostActivationBlocks),
            Residual::Highway { .. } => Err(NoPrediction::NormInHighways),
        }
    }

    fn without_norm(&self, inputs: &[f64], outputs: &Outputs) -> Result<Prediction, NoPrediction> {
        let Net { architecture, variances, width } = self;
        let depth = architecture.depth();
        let sample = |x: &f64| -> Result<Layers, NoPrediction> {
            let first = variances.first * x + variances.bias;
            Ok(match architecture.residual {
                Residual::None => plain(&self.block(Skip::None).layer, &variances.hidden, first),
                Residual::PreActivation(skip) => residual::pre_activation(&self.block(skip), first, depth),
                Residual::Highway { transform_bias } => {
                    highway(&self.block(Skip::None).layer, transform_bias, first, depth)
                }
                Residual::PostActivation(skip) => {
                    let overlap = |mean, square| outputs.overlap(variances.output, mean, square);
                    let layers = post_activation(&self.block(skip), first, depth, *width, overlap);
                    layers.ok_or(NoPrediction::BeyondRange)?
                }
            })
        };
        let caveat = matches!(architecture.residual, Residual::PostActivation(_)).then_some(OF_THIS_WIDTH);
        let mut prediction = average(inputs.iter().map(sample).collect::<Result<_, _>>()?, caveat);
        if architecture.residual == Residual::None {
            let square = inputs.iter().sum::<f64>() / inputs.len() as f64;
            let first = variances.first * square + variances.bias;
            let layer = self.block(Skip::None).layer;
            prediction.variance = argument_variances(&layer, &variances.hidden, first);
            let is_uniform = architecture.widths.iter().all(|own| own == width);
            prediction.recursion = is_uniform.then_some((layer, first));
        }
        Ok(prediction)
    }
}

/// h_l = phi(W h_(l-1) + b): |dL/dh_l|^2 = chi(q_(l+1)) |dL/dh_(l+1)|^2 and delta_l = phi'(z_l) dL/dh_l.
fn plain(layer: &MeanField, gaps: &[Gap], first: f64) -> Layers {
    let variances = argument_variances(layer, gaps, first);
    let slopes: Vec<f64> = variances.into_iter().map(|q| slope_square(layer.activation, q)).collect();
    // No one asks what arrives below layer 1.
    let below = |l: usize, slope: f64| l.checked_sub(1).map_or(1.0, |below| gaps[below].backward * slope);
    from_the_top(slopes.into_iter().enumerate().map(|(l, slope)| (slope, below(l, slope))))
}

/// The variance of each layer's arguments, the first being `first`.
fn argument_variances(layer: &MeanField, gaps: &[Gap], first: f64) -> Vec<f64> {
    let mut variances = vec![first];
    variances.extend(gaps.iter().scan(first, |q, gap| {
        *q = MeanField { weight_variance: gap.forward, ..*layer }.variances(*q).nth(1)?;
        Some(*q)
    }));
    variances
}
