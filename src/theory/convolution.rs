//! Convolutional nets: variance and gradient as maps over positions (Xiao et al. 2018, without their assumption that all positions
//! are alike).
//!
//! A wide layer's channels are independent, so that its arguments at a position have the mean of the variances that the kernel reads,
//! times sigma_w^2, and the gradient goes back to the positions that it came from. Beyond a border of zeros nothing is read, which
//! alone makes a gradient fade.

use super::mean_field::{MeanField, mean_square, slope_square, within_range};
use super::prediction::Layers;
use crate::ops::convolution::Convolution;

/// From one layer's map to that of the next.
pub(crate) struct Spread {
    /// The positions that each one reads, equally many; `None` reads 0.
    taps: Vec<Option<usize>>,
    kernel: usize,
    read: usize,
}

impl Spread {
    /// Of a layer whose kernel starts with weights of equal variance.
    pub fn of(layer: &Convolution) -> Self {
        Spread { taps: layer.taps(), kernel: layer.kernel * layer.kernel, read: layer.positions()[0] }
    }

    /// Of a layer whose kernel starts with nothing but its centre.
    pub fn of_centre(layer: &Convolution) -> Self {
        Self::of(&Convolution { kernel: 1, ..*layer })
    }

    /// The mean of what each position reads.
    pub fn forward(&self, map: &[f64]) -> Vec<f64> {
        let mean = |taps: &[Option<usize>]| taps.iter().flatten().map(|at| map[*at]).sum::<f64>() / self.kernel as f64;
        self.taps.chunks_exact(self.kernel).map(mean).collect()
    }

    /// The transpose: what each position hands back goes to those that it read.
    fn backward(&self, map: &[f64]) -> Vec<f64> {
        let mut back = vec![0.0; self.read];
        for (taps, value) in self.taps.chunks_exact(self.kernel).zip(map) {
            taps.iter().flatten().for_each(|at| back[*at] += value / self.kernel as f64);
        }
        back
    }
}

/// A net of convolutions: the ensemble of its hidden layers and how each spreads its maps, from the second on.
pub(crate) struct Maps<'a> {
    pub layer: MeanField,
    pub spreads: &'a [Spread],
    /// With skip connections: what passes by each of these layers, and the scale of the branch.
    pub skips: Option<(&'a [Spread], f64)>,
}

impl Maps<'_> {
    /// The squared gradient in every layer for an image whose arguments in the first have these variances.
    pub fn layers(&self, first: Vec<f64>) -> Layers {
        let phi = self.layer.activation;
        let of = |map: &[f64], f: &dyn Fn(f64) -> f64| map.iter().map(|q| f(*q)).collect::<Vec<f64>>();
        let mut variances = vec![first];
        for (gap, spread) in self.spreads.iter().enumerate() {
            let below = &variances[gap];
            let squares = spread.forward(&of(below, &|q| mean_square(phi, q)));
            let branch = of(&squares, &|x| self.layer.weight_variance * x + self.layer.bias_variance);
            variances.push(match self.skips {
                None => of(&branch, &within_range),
                Some((skips, scale)) => {
                    let passed = skips[gap].forward(below);
                    passed.iter().zip(branch).map(|(q, more)| within_range(q + scale * scale * more)).collect()
                }
            });
        }
        let slopes: Vec<Vec<f64>> = variances.iter().map(|map| of(map, &|q| slope_square(phi, q))).collect();
        let last = self.spreads.len();
        // With skips the last activation stands between the last layer's stream and the outputs.
        let mut gradient = if self.skips.is_some() { slopes[last].clone() } else { vec![1.0; slopes[last].len()] };
        let mut delta = if self.skips.is_some() { gradient.clone() } else { times(&slopes[last], &gradient) };
        let mut scale = -mean(&gradient).ln();
        let mut layers = vec![(0.0, scale + mean(&delta).ln())];
        for gap in (0..last).rev() {
            let spread = &self.spreads[gap];
            let back = |map: &[f64]| of(&spread.backward(map), &|g| self.layer.weight_variance * g);
            (gradient, delta) = match self.skips {
                None => {
                    let stream = back(&delta);
                    let delta = times(&slopes[gap], &stream);
                    (stream, delta)
                }
                Some((skips, s)) => {
                    let delta = of(&times(&slopes[gap], &back(&gradient)), &|g| s * s * g);
                    (skips[gap].backward(&gradient).iter().zip(&delta).map(|(a, b)| a + b).collect(), delta)
                }
            };
            layers.push((scale + mean(&gradient).ln(), scale + mean(&delta).ln()));
            // Kept near 1, so that no depth underflows.
            let size = mean(&gradient);
            if size > 0.0 {
                [&mut gradient, &mut delta].into_iter().flatten().for_each(|g| *g /= size);
                scale += size.ln();
            }
        }
        layers.reverse();
        layers
    }
}

fn times(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a * b).collect()
}

fn mean(map: &[f64]) -> f64 {
    map.iter().sum::<f64>() / map.len() as f64
}
