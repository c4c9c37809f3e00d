//! The gradient of wide nets whose norms take each sample by itself (layer and RMS norm), and what any norm does to the stream
//! of a residual net. The projections off a row's own mean and direction vanish with its width.

use super::mean_field::{Gap, MeanField, mean, mean_square, slope_square, within_range};
use super::prediction::{Layers, from_the_top};
use super::residual::{ResidualBlock, skip_and_branch};
use crate::ops::activation::Activation;
use crate::ops::norm::{Norm, NormKind, Placement};

/// What an activation and its norm make of a signal of some variance.
struct Through {
    /// Variance of the activation's argument.
    argument: f64,
    /// Mean square of what is handed on.
    square: f64,
    /// By how much the norm divides the squared gradient.
    divided: f64,
}

/// Var phi(x), x ~ N(0, q).
pub(super) fn variance(activation: Activation, q: f64) -> f64 {
    mean_square(activation, q) - mean(activation, q).powi(2)
}

/// Over the batch in the limit of many samples that have nothing in common, where the mean of phi is constant and does not
/// count.
fn through(norm: &Norm, activation: Activation, v: f64) -> Through {
    match (norm.place, norm.kind) {
        (Placement::Before, kind) => {
            let argument = v / (v + norm.eps);
            let square: fn(Activation, f64) -> f64 = if kind.is_over_batch() { variance } else { mean_square };
            Through { argument, square: square(activation, argument), divided: v + norm.eps }
        }
        (Placement::After, kind) => {
            let square = if kind == NormKind::Rms { mean_square(activation, v) } else { variance(activation, v) };
            Through { argument: v, square: square / (square + norm.eps), divided: square + norm.eps }
        }
    }
}

/// h = phi(N(W h + b)) or N(phi(W h + b)): the norm divides the gradient by what it divides the signal by, so that
/// sigma_w^2 E phi'^2 / (sigma_w^2 E phi^2 + sigma_b^2) is left of its square where it stands before the activation.
///
/// `layer` has the activation and sigma_b^2; `gaps` are the maps between hidden layers.
pub(crate) fn plain(layer: &MeanField, norm: &Norm, gaps: &[Gap], first: f64) -> Layers {
    let mut at = through(norm, layer.activation, first);
    let mut forward = vec![(slope_square(layer.activation, at.argument), at.divided)];
    for gap in gaps {
        at = through(norm, layer.activation, within_range(gap.forward * at.square + layer.bias_variance));
        forward.push((slope_square(layer.activation, at.argument), at.divided));
    }
    from_the_top(forward.into_iter().enumerate().map(|(l, (slope, divided))| {
        let inside = if norm.place == Placement::After { divided } else { 1.0 };
        // No one asks what arrives below layer 1.
        let below = l.checked_sub(1).map_or(1.0, |below| gaps[below].backward * slope / divided);
        (slope / inside, below)
    }))
}

/// The pre-activation form h' = h + s (phi(N(h)) W + b), or N(phi(h)): where the stream has the variance v, the branch sees
/// v / (v + eps) and its gradient is divided by v + eps. v starts at `first` and gains s^2 sigma_w^2 times the mean square of
/// what the map sees (Yang et al. 2019 for the layer, He et al. 2016b for the form).
pub(crate) fn pre_activation(block: &ResidualBlock, norm: &Norm, first: f64, depth: usize) -> Layers {
    let (square, layer) = (block.scale.powi(2), &block.layer);
    // Over the batch a bias is a constant.
    let bias = if norm.kind.is_over_batch() { 0.0 } else { square * layer.bias_variance };
    let at = |v: f64| through(norm, layer.activation, v);
    let above = |v: &f64| within_range(v + square * layer.weight_variance * at(*v).square + bias);
    let variances: Vec<f64> = std::iter::successors(Some(first), |v| Some(above(v))).take(depth).collect();
    let branch = |v: &f64| square * layer.chi(at(*v).argument) / at(*v).divided;
    let mut layers = skip_and_branch(&variances[..depth - 1].iter().map(branch).collect::<Vec<_>>(), 0.0);
    if norm.place == Placement::Before {
        // delta_l is taken after the norm, where it is larger by what the norm divides by.
        layers.iter_mut().zip(variances).for_each(|(layer, v)| layer.1 += at(v).divided.ln());
    }
    layers
}
