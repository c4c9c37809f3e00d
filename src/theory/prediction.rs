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
    #[error("for this kind of net no theory is known")]
    Family,
    #[error("the mean squares of the inputs have to be numbers from 0 on, at least one")]
    Inputs,
    #[error("for batch normalization after the activation no closed form is known")]
    NormAfterActivation,
    #[error("for normalization in post-activation residual blocks no closed form is known")]
    NormInPostActivationBlocks,
    #[error("weights that are all equal are no random draw")]
    ConstantWeights,
    #[error("biases that all start at the same number other than 0 are no random draw")]
    EqualBiases,
    #[error("without hidden layers there is nothing to fade")]
    NoHiddenLayer,
    #[error("for normalization in convolutional nets no closed form is known")]
    NormOfImages,
    #[error("for normalization in highway blocks no closed form is known")]
    NormInHighways,
    #[error("for class weights with batch normalization or in post-activation blocks no closed form is known")]
    ClassWeights,
    #[error("batch normalization over fewer than 4 samples has an infinite mean gradient")]
    SmallBatch,
    #[error("batch normalization of a signal without variance has no gradient")]
    NoVariance,
    #[error("for stacked recurrent layers no theory is known: the upper ones read what is correlated in time")]
    StackedInTime,
    #[error(
        "for an identity as the recurrent matrix the law is known without norm, for relu with gain 1 and no bias, and for linear nets"
    )]
    IdentityRecurrence,
    #[error("for sequences of unlike lengths no theory is known")]
    UnlikeLengths,
    #[error("for gates behind a norm no theory is known")]
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
