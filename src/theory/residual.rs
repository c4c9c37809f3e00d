//! Residual networks in the pre-activation form: how a branch beside a skip connection adds to signal and gradient.

use super::mean_field::{MeanField, within_range};
use super::prediction::Layers;

/// The branch of a residual block and its scale s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResidualBlock {
    pub layer: MeanField,
    pub scale: f64,
}

impl ResidualBlock {
    /// The pre-activation form h' = h + s (phi(h) W + b): variance of h' from that of h, q + s^2 (sigma_w^2 E phi^2 +
    /// sigma_b^2) (Yang & Schoenholz 2017). The weights have mean zero, so nothing else remains of the square.
    pub fn variance(&self, q: f64) -> f64 {
        q + self.scale * self.scale * self.layer.variance(q)
    }

    /// |dL/dh|^2 / |dL/dh'|^2 = 1 + s^2 chi(q), q the variance of h (Yang & Schoenholz 2017).
    pub fn gradient(&self, q: f64) -> f64 {
        1.0 + self.scale * self.scale * self.layer.chi(q)
    }
}

/// The pre-activation form, layer 1 an affine stem of variance `first`. Inside the branch delta_l = s phi'(h_l) (W^T
/// dL/dh_(l+1)); the last layer has no branch, its delta is its stream.
pub(crate) fn pre_activation(block: &ResidualBlock, first: f64, depth: usize) -> Layers {
    let variances = std::iter::successors(Some(first), |q| Some(within_range(block.variance(*q))));
    let branches: Vec<f64> = variances.take(depth - 1).map(|q| block.scale.powi(2) * block.layer.chi(q)).collect();
    skip_and_branch(&branches, 0.0)
}

/// Streams that gain the factor 1 + branch from one layer to the one below, and deltas that carry the branch alone.
pub(super) fn skip_and_branch(branches: &[f64], last_delta: f64) -> Layers {
    let mut stream = 0.0;
    let mut layers = vec![(stream, last_delta)];
    for branch in branches.iter().rev() {
        let delta = stream + branch.ln();
        stream += branch.ln_1p();
        layers.push((stream, delta));
    }
    layers.reverse();
    layers
}
