//! Highway networks: what a gate between branch and stream makes of signal and gradient.

use super::mean_field::{MeanField, mean, mean_square, slope_square, within_range};
use super::prediction::{Layers, from_the_top};
use super::quadrature::gaussian;
use crate::ops::activation::Activation;

/// h' = T H + (1 - T) h with H = phi(W h + b) and T = sigmoid(W_T h + b_T) (Srivastava et al. 2015), layer 1 without a gate.
///
/// H, T and h count as independent, since the two matrices are drawn apart, so that with q and m the mean square and mean of h
/// - q' = E T^2 E H^2 + E (1 - T)^2 q + 2 E T (1 - T) E H m, and m' = E T E H + E (1 - T) m;
/// - |dL/dh|^2 / |dL/dh'|^2 = E (1 - T)^2 + sigma_w^2 (E T^2 E phi'^2 + E T'^2 E (H - h)^2): the carried part, the branch, and
///   the gate. Without signal it is (1 - t)^2 + sigma_w^2 t^2 phi'(0)^2, t = sigmoid(b_T): it fades.
///
/// `gate` is b_T, the same for all units.
pub(crate) fn highway(layer: &MeanField, gate: f64, first: f64, depth: usize) -> Layers {
    let phi = layer.activation;
    let (mut q, mut m) = (mean_square(phi, first), mean(phi, first));
    // Of layer 1, whose way to the layer below is no one's.
    let mut forward = vec![(slope_square(phi, first), 1.0)];
    for _ in 1..depth {
        let (carried, argument) = (layer.weight_variance * q, layer.weight_variance * q + layer.bias_variance);
        let of =
            |f: &dyn Fn(f64) -> f64| gaussian(Activation::Sigmoid, carried, |x| f(Activation::Sigmoid.value(gate + x)));
        let (t, square) = (of(&|t| t), of(&|t| t * t));
        let slope = of(&|t| (t * (1.0 - t)).powi(2));
        let (kept, both) = (1.0 - 2.0 * t + square, t - square);
        let (value, power) = (mean(phi, argument), mean_square(phi, argument));
        let inside = square * slope_square(phi, argument);
        let apart = power + q - 2.0 * value * m;
        forward.push((inside, kept + layer.weight_variance * (inside + slope * apart)));
        (q, m) = (within_range(square * power + kept * q + 2.0 * both * value * m), t * value + (1.0 - t) * m);
    }
    from_the_top(forward.into_iter())
}
