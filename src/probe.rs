//! The probe: a pass in f64 over one fixed set of training rows, that measures every hidden layer.
//!
//! It runs beside training on a copy of the parameters, so training has the same bits with and without it, and it
//! sees gradients down to 1e-289 whatever the training's own precision holds (f32 ends at 1.2e-38, and at 1.4e-45
//! with subnormals).

use crate::model::{Architecture, Gradients, Network, Path};
use crate::ops::Element;
use crate::ops::block::Role;
use crate::ops::fused::{Mode, lock, slopes};
use crate::ops::kernel::kernel;
use crate::ops::loss::{Loss, Target};
use crate::real::Real;
use candle_core::{Result, Tensor};

/// One hidden layer, measured. Gradients are per sample: B times the gradient of the mean loss over B samples. Every
/// `rms` is the root mean square over samples and units (or entries), summed in f64.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerMeasure {
    /// Of dL/dh, h the layer's output after norm, activation and skip.
    pub stream_rms: f64,
    /// Of dL/dz, z the activation's argument.
    pub delta_rms: f64,
    /// Of the weight gradient of the mean loss over the probe set.
    pub weight_grad_rms: f64,
    /// Of the weight gradient of single samples, |x| |dL/du| for the affine map u = x W + b; exact without batch
    /// norm, with it the sample's own term of the batch gradient.
    pub weight_grad_sample_rms: f64,
    /// Of phi's output.
    pub activation_mean: f64,
    pub activation_std: f64,
    pub weight_rms: f64,
    /// Fraction of |phi'(z)| under 5 % of its maximum; none for the rectifiers.
    pub saturated: Option<f64>,
    /// Fraction of z <= 0; for the rectifiers alone.
    pub inactive: Option<f64>,
    /// Fraction of units with phi'(z) = 0 on every row.
    pub dead: f64,
}

impl LayerMeasure {
    /// How far samples agree: the squared ratio of the batch gradient to a single sample's; 1 when all are alike, about
    /// 1/B when they are independent.
    pub fn coherence(&self) -> f64 {
        (self.weight_grad_rms / self.weight_grad_sample_rms).powi(2)
    }
}

/// A probe of one run.
pub struct Probe {
    network: Network<f64>,
    x: Tensor,
    target: Target<f64>,
    loss: Loss,
    rows: usize,
}

impl Probe {
    /// On the rows of `x`, `[rows, features]`.
    ///
    /// # Errors
    /// What candle reports.
    pub fn new(architecture: &Architecture, x: Tensor, target: Target<f64>, loss: Loss) -> Result<Self> {
        let zeros: Vec<Vec<f64>> = architecture.blocks().iter().map(|b| vec![0.0; b.parameter_count()]).collect();
        let network = Network::with_parameters(architecture.clone(), &zeros)?;
        let rows = x.dim(0)?;
        Ok(Probe { network, x, target, loss, rows })
    }

    /// Measures every hidden layer of `network` as it stands, in training mode.
    ///
    /// # Errors
    /// What candle reports.
    pub fn measure<T: Element>(&self, network: &Network<T>) -> Result<Vec<LayerMeasure>> {
        self.network.copy_from(network)?;
        let mut gradients = Gradients::default();
        let target = self.target.clone();
        self.network.loss_and_gradients(Path::Fused, Mode::Probe, &self.x, self.loss, target, &mut gradients)?;
        (1..=self.network.architecture.depth).map(|layer| self.layer(layer, &gradients)).collect()
    }

    fn layer(&self, layer: usize, gradients: &Gradients<f64>) -> Result<LayerMeasure> {
        let architecture = &self.network.architecture;
        let index = layer - 1;
        let block = &self.network.blocks[index];
        let samples = self.rows as f64;
        let (stream_rms, weight_grad_sample_rms) = {
            let own = lock(self.network.workspace(index));
            // Row by row |x|^2 |dL/du|^2, with the largest |dL/du| divided out: squares of what has faded to 1e-162
            // would be gone.
            let largest = largest(&own.affine_delta).max(f64::MIN_POSITIVE);
            let inputs = own.affine_input.chunks_exact(block.inputs);
            let deltas = own.affine_delta.chunks_exact(block.outputs);
            let squares = inputs.zip(deltas).map(|(x, d)| sum_of_squares(x, 1.0) * sum_of_squares(d, largest.recip()));
            let mean = squares.sum::<f64>() / (samples * (block.inputs * block.outputs) as f64);
            (samples * rms(&own.output_delta), samples * largest * mean.sqrt())
        };
        let weight = block.part(&gradients.blocks[index], Role::Weight).unwrap_or_default();
        let weight_rms = self.network.read(index, |p| rms(block.part(p, Role::Weight).unwrap_or_default()))?;

        let (site_block, before) = architecture.activation_site(layer);
        let workspace = lock(self.network.workspace(site_block));
        let site = if before { &workspace.before } else { &workspace.after };
        let n = site.activation.len() as f64;
        let mean = sum(&site.activation, |a| a) / n;
        let variance = sum(&site.activation, |a| (a - mean) * (a - mean)) / n;
        let phi = architecture.activation;
        let slopes = slopes(phi, &site.argument, &site.activation);
        let low = 0.05 * phi.max_slope();
        let share = |values: &[f64], hit: fn(f64, f64) -> bool| {
            values.iter().map(|x| usize::from(hit(*x, low))).sum::<usize>() as f64 / n
        };
        let mut largest = vec![0.0f64; architecture.width];
        for row in slopes.chunks_exact(architecture.width) {
            largest.iter_mut().zip(row).for_each(|(m, s)| *m = m.max(s.abs()));
        }
        let dead = largest.iter().filter(|s| **s == 0.0).count();
        Ok(LayerMeasure {
            stream_rms,
            delta_rms: samples * rms(&site.delta),
            weight_grad_rms: rms(weight),
            weight_grad_sample_rms,
            activation_mean: mean,
            activation_std: variance.sqrt(),
            weight_rms,
            saturated: (!phi.is_rectifier()).then(|| share(&slopes, |s, low| s.abs() < low)),
            inactive: phi.is_rectifier().then(|| share(&site.argument, |z, _| z <= 0.0)),
            dead: dead as f64 / architecture.width as f64,
        })
    }
}

/// The root mean square, in f64; it does not underflow before 1e-308, since the largest entry is divided out.
fn rms<T: Real>(values: &[T]) -> f64 {
    let largest = largest(values);
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let largest = largest.max(f64::MIN_POSITIVE);
    largest * (sum_of_squares(values, largest.recip()) / values.len() as f64).sqrt()
}

/// The largest absolute value; NaN if there is one.
fn largest<T: Real>(values: &[T]) -> f64 {
    let mut lanes = [0.0; LANES];
    raise_to_sizes(values, &mut lanes);
    lanes.into_iter().fold(0.0, larger)
}

/// The larger of the two; NaN from either side stays.
#[inline(always)]
fn larger(m: f64, x: f64) -> f64 {
    if x > m || x.is_nan() { x } else { m }
}

/// The sum of (x scale)^2.
pub(crate) fn sum_of_squares<T: Real>(values: &[T], scale: f64) -> f64 {
    let mut lanes = [0.0; LANES];
    add_squares(values, scale, &mut lanes);
    lanes.into_iter().sum()
}

/// Independent sums that a loop can carry at once.
const LANES: usize = 32;

kernel! {
    fn raise_to_sizes<T>(values: &[T], lanes: &mut [f64; LANES]) {
        for chunk in values.chunks(LANES) {
            lanes.iter_mut().zip(chunk).for_each(|(m, x)| *m = larger(*m, x.f64().abs()));
        }
    }
}

kernel! {
    fn add_squares<T>(values: &[T], scale: f64, lanes: &mut [f64; LANES]) {
        for chunk in values.chunks(LANES) {
            lanes.iter_mut().zip(chunk).for_each(|(s, x)| *s += (x.f64() * scale) * (x.f64() * scale));
        }
    }
}

/// The sum of `of(x)`, over several independent partial sums.
fn sum(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0; LANES];
    for chunk in values.chunks(LANES) {
        lanes.iter_mut().zip(chunk).for_each(|(s, x)| *s += of(*x));
    }
    lanes.into_iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_mean_square_holds_at_both_ends_and_shows_nan() {
        for scale in [1e-320, 1e-300, 1e-10, 1.0, 1e300] {
            let values: Vec<f64> = (0..21).map(|i| scale * f64::from(i)).collect();
            // The mean of the squares of 0..20 is 410 / 3.
            let want = scale * (410.0f64 / 3.0).sqrt();
            assert!(
                (rms(&values) / want - 1.0).abs() < 1e-3 * f64::from(u8::from(scale < 1e-310)) + 1e-14,
                "{scale:e}"
            );
        }
        for place in [0, 3, 20] {
            let mut values = vec![1.0f32; 21];
            values[place] = f32::NAN;
            assert!(rms(&values).is_nan());
            values[place] = f32::INFINITY;
            assert_eq!(rms(&values), f64::INFINITY);
        }
        assert_eq!(rms(&[0.0f64; 5]), 0.0);
    }
}
