//! What theory says of one net before its first update: the gradient in every layer, and its attenuation.

use super::mean_field::MeanField;
use crate::setting::SettingError;
use thiserror::Error;

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
    /// Of plain nets: the ensemble of a hidden layer, and the variance in the first.
    pub recursion: Option<(MeanField, f64)>,
    /// Of recurrent nets: ln of the squared `state_rms` at each time step, the first one first, relative to that of the last.
    pub state: Vec<f64>,
    /// Numbers that each layer hands on for one sample, where they differ from layer to layer; else empty.
    pub sizes: Vec<usize>,
    /// What makes it less than exact at infinite width: a sentence that says of what.
    pub caveat: Option<&'static str>,
}

impl Prediction {
    /// xi_c, the layers in which two inputs come e times closer to where all pairs end, at the variance that these inputs
    /// reach (Schoenholz et al. 2017): up to some six of them a net can be trained. Infinite on the critical line; `None`
    /// with normalization or skips, and where the signal dies or grows without bound.
    pub fn correlation_depth(&self) -> Option<f64> {
        let (layer, first) = self.recursion?;
        layer.correlation_depth(layer.limit(first).value()?)
    }

    /// ln of the squared norm of the stream in each layer, its root mean square times the root of the layer's size, relative to
    /// that in the last.
    pub fn norm(&self) -> Vec<f64> {
        let relative = |l: usize| self.sizes[l] as f64 / self.sizes[self.sizes.len() - 1] as f64;
        let size = |l: usize| if self.sizes.is_empty() { 0.0 } else { relative(l).ln() };
        self.stream.iter().enumerate().map(|(l, stream)| stream + size(l)).collect()
    }

    /// Decades of `stream_rms` lost a layer on the way to layer 1; none at depth 1.
    pub fn attenuation(&self) -> Option<f64> {
        per_step(&self.stream)
    }

    /// The same of the norm, which is what compares where layers differ in size.
    pub fn attenuation_of_norm(&self) -> Option<f64> {
        per_step(&self.norm())
    }

    /// Decades of `state_rms` lost a time step on the way back to the first; none without time steps.
    pub fn attenuation_over_time(&self) -> Option<f64> {
        per_step(&self.state)
    }

    /// Of a recurrent net, of one layer: from the state's gradient at each time step.
    pub(crate) fn over_time(state: Vec<f64>, caveat: Option<&'static str>) -> Self {
        Prediction { state, ..average(vec![vec![(0.0, 0.0)]], caveat) }
    }
}

/// Why there is no prediction.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum NoPrediction {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("there is no theory for this kind of net")]
    Family,
    #[error("the theory needs inputs with finite mean squares")]
    Inputs,
    #[error("no closed form is known for batch normalization after the activation")]
    NormAfterActivation,
    #[error("no closed form is known for normalization in post-activation residual blocks")]
    NormInPostActivationBlocks,
    #[error("the theory is for random weights, but all weights are equal")]
    ConstantWeights,
    #[error("the theory is for random or zero biases, but all biases start at the same number other than 0")]
    EqualBiases,
    #[error("a net without hidden layers has no gradient to follow")]
    NoHiddenLayer,
    #[error("no closed form is known for normalization in convolutional nets")]
    NormOfImages,
    #[error("no closed form is known for normalization in highway blocks")]
    NormInHighways,
    #[error("no closed form is known for class weights with batch normalization or in post-activation blocks")]
    ClassWeights,
    #[error("batch normalization over fewer than 4 samples has an infinite mean gradient")]
    SmallBatch,
    #[error("batch normalization of a constant signal has no gradient")]
    NoVariance,
    #[error(
        "there is no theory for stacked recurrent layers, since the inputs of the upper ones are correlated in time"
    )]
    StackedInTime,
    #[error(
        "with the identity as the recurrent matrix the theory covers nets without norm that are linear, or use relu with gain 1 and no bias"
    )]
    IdentityRecurrence,
    #[error("there is no theory for sequences of unequal length")]
    UnequalLengths,
    #[error("there is no theory for gates with a norm")]
    NormedGates,
    #[error("the theory of gates is computed for at most {0} time steps")]
    ManySteps(usize),
    #[error("the signal of these post-activation blocks grows beyond 1e100")]
    BeyondRange,
}

fn per_step(squares: &[f64]) -> Option<f64> {
    let gaps = squares.len().checked_sub(1).filter(|n| *n > 0)?;
    Some((squares[gaps] - squares[0]) / (2.0 * std::f64::consts::LN_10 * gaps as f64))
}

/// ln of the squared stream and delta of each layer, from layer 1 on, relative to the stream of the last.
pub type Layers = Vec<(f64, f64)>;

/// The layers of which each, the first one first, leaves these parts of the squared gradient: inside it, and on the way to the layer below.
pub(crate) fn from_the_top(parts: impl DoubleEndedIterator<Item = (f64, f64)>) -> Layers {
    let mut stream = 0.0;
    let mut layers = Layers::new();
    for (inside, below) in parts.rev() {
        layers.push((stream, stream + inside.ln()));
        stream += below.ln();
    }
    layers.reverse();
    layers
}

/// The logarithms of the means over samples, whose last streams count as equal.
pub(crate) fn average(samples: Vec<Layers>, caveat: Option<&'static str>) -> Prediction {
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
        recursion: None,
        state: Vec::new(),
        sizes: Vec::new(),
        caveat,
    }
}
