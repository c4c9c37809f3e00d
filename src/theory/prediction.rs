//! What theory says of one network at init: the gradient in every layer, and its attenuation.

use super::batch_norm;
use super::mean_field::{MeanField, slope_square};
use super::post_activation::post_activation;
use super::residual::{self, ResidualBlock};
use crate::model::Architecture;
use crate::model::architecture::Residual;
use crate::model::init::Init;
use crate::ops::block::{Place, Skip};

/// The predicted gradient of every hidden layer, in the definitions of [`crate::probe::LayerMeasure`]. Layer 1 comes
/// first; each is the natural logarithm of a mean square over samples, units and nets, relative to the stream's in the
/// last hidden layer, so that no depth underflows.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// ln of the squared `stream_rms`.
    pub stream: Vec<f64>,
    /// ln of the squared `delta_rms`; -inf where a branch that starts at zero hands nothing on.
    pub delta: Vec<f64>,
    /// The variance of each layer's pre-activations for an input of the mean size; of plain nets alone, else empty.
    pub variance: Vec<f64>,
    /// What makes it less than exact at infinite width, in words for a caption.
    pub caveat: Option<&'static str>,
}

impl Prediction {
    /// Decades of `stream_rms` lost a layer on the way to layer 1; none at depth 1.
    pub fn attenuation(&self) -> Option<f64> {
        per_layer(&self.stream)
    }

    /// Decades lost in all.
    pub fn attenuation_total(&self) -> Option<f64> {
        per_layer(&self.stream).map(|a| a * (self.stream.len() - 1) as f64)
    }

    /// The same a layer, of `delta_rms`.
    pub fn attenuation_delta(&self) -> Option<f64> {
        per_layer(&self.delta)
    }
}

fn per_layer(squares: &[f64]) -> Option<f64> {
    let gaps = squares.len().checked_sub(1).filter(|n| *n > 0)?;
    Some((squares[gaps] - squares[0]) / (2.0 * std::f64::consts::LN_10 * gaps as f64))
}

/// sigma_w^2 of the map from the features and of a map between hidden layers, and sigma_b^2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variances {
    pub first: f64,
    pub hidden: f64,
    pub bias: f64,
}

impl Variances {
    /// What `init` draws for this architecture: fan-in times the variance of a weight.
    pub fn of(init: Init, architecture: &Architecture) -> Self {
        let (n, m) = (architecture.features as f64, architecture.width as f64);
        let (first, hidden) = match init {
            Init::GlorotNormal | Init::GlorotUniform => (2.0 * n / (n + m), 1.0),
            Init::HeNormal | Init::HeUniform => (2.0, 2.0),
            Init::LecunNormal | Init::LecunUniform => (1.0, 1.0),
            Init::UniformFanIn => (1.0 / 3.0, 1.0 / 3.0),
            Init::Gaussian { sigma_w, .. } => (sigma_w * sigma_w, sigma_w * sigma_w),
            // Orthonormal along the shorter side: more outputs share the same squared length.
            Init::Orthogonal { gain } => (gain * gain * (n / m).min(1.0), gain * gain),
        };
        let bias = match init {
            Init::Gaussian { sigma_b, .. } if architecture.bias => sigma_b * sigma_b,
            _ => 0.0,
        };
        Variances { first, hidden, bias }
    }
}

/// Predicts the gradient at init for samples whose features have these mean squares, |x|^2 / features, one a sample (or
/// one for all); under batch normalization about each feature's mean, and with `batch` samples a batch.
///
/// The gradient of the loss with respect to the outputs counts as equally long for every sample and as independent of
/// the network below. A learned branch scale is 0 at init.
///
/// # Errors
/// In words, where no closed form is known: batch normalization after the activation, in post-activation blocks or with
/// a batch below 4, signals beyond f64, and inputs that are no mean squares.
pub fn predict(
    architecture: &Architecture,
    init: Init,
    inputs: &[f64],
    batch: usize,
) -> Result<Prediction, &'static str> {
    if inputs.is_empty() || !inputs.iter().all(|x| x.is_finite() && *x >= 0.0) {
        return Err("the mean squares of the inputs have to be numbers from 0 on, at least one");
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
        if norm.place == Place::After {
            return Err("for batch normalization after the activation no closed form is known");
        }
        return match architecture.residual {
            Residual::None => {
                let growth = batch_norm::growth(architecture.activation, batch)
                    .ok_or("batch normalization over fewer than 4 samples has an infinite mean gradient")?;
                let squares: Vec<f64> = (1..=depth).map(|l| (depth - l) as f64 * growth.ln()).collect();
                let caveat =
                    Some("the rate of deep layers: the first ones still remember how far apart the samples are");
                Ok(Prediction { stream: squares.clone(), delta: squares, variance: Vec::new(), caveat })
            }
            Residual::PreActivation(skip) => {
                let caveat = Some("the limit of a large batch of unrelated samples");
                let first = variances.first * inputs.iter().sum::<f64>() / inputs.len() as f64;
                if first <= 0.0 {
                    return Err("batch normalization of a signal without variance has no gradient");
                }
                Ok(average(vec![residual::pre_activation_normalized(&block(skip), first, depth)], caveat))
            }
            Residual::PostActivation(_) => {
                Err("for batch normalization in post-activation residual blocks no closed form is known")
            }
        };
    }
    let sample = |x: &f64| -> Result<Layers, &'static str> {
        let first = variances.first * x + variances.bias;
        Ok(match architecture.residual {
            Residual::None => plain(&block(Skip::None).layer, first, depth),
            Residual::PreActivation(skip) => residual::pre_activation(&block(skip), first, depth),
            Residual::PostActivation(skip) => post_activation(&block(skip), first, depth, architecture.width)
                .ok_or("the signal of these post-activation blocks grows beyond 1e100")?,
        })
    };
    let mut prediction = average(inputs.iter().map(sample).collect::<Result<_, _>>()?, None);
    if architecture.residual == Residual::None {
        let square = inputs.iter().sum::<f64>() / inputs.len() as f64;
        let first = variances.first * square + variances.bias;
        prediction.variance = block(Skip::None).layer.variances(first).take(depth).collect();
    }
    Ok(prediction)
}

/// ln of the squared stream and delta of each layer, from layer 1 on, relative to the stream of the last.
pub(super) type Layers = Vec<(f64, f64)>;

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

/// The logarithms of the means over samples, whose last streams count as equal.
fn average(samples: Vec<Layers>, caveat: Option<&'static str>) -> Prediction {
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64, layer: usize| {
        let largest = samples.iter().map(|s| of(&s[layer])).fold(f64::NEG_INFINITY, f64::max);
        if largest == f64::NEG_INFINITY {
            return largest;
        }
        let sum: f64 = samples.iter().map(|s| (of(&s[layer]) - largest).exp()).sum();
        largest + (sum / samples.len() as f64).ln()
    };
    let layers = || 0..samples[0].len();
    Prediction {
        stream: layers().map(|l| mean(&|x| x.0, l)).collect(),
        delta: layers().map(|l| mean(&|x| x.1, l)).collect(),
        variance: Vec::new(),
        caveat,
    }
}
