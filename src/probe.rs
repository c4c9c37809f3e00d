//! The probe: a pass in f64 over one fixed set of training rows, that measures every hidden layer.
//!
//! It runs beside training on a copy of the parameters, so training has the same bits with and without it, and it
//! sees gradients down to 1e-289 whatever the training's own precision holds (f32 ends at 1.2e-38, and at 1.4e-45
//! with subnormals).

use crate::model::{Architecture, Gradients, Network, Path};
use crate::ops::block::Role;
use crate::ops::fused::{Arena, Mode, Saturation, lock, saturation};
use crate::ops::loss::{Loss, Target};
use crate::ops::reduce::{rms, rms_of_products, squares_around, sum};
use crate::ops::{Element, with_slice};
use candle_core::{Result, Tensor};

mod correlation;

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
    /// How alike dL/dh of different samples still are: the slope of the line through 0 of the cosines between the first
    /// 32 samples on the same samples' cosines at the last hidden layer, where it is therefore 1. In a wide net at init
    /// the recursion of the gradients' covariance is linear, so this is its factor, the correlation of Balduzzi et al.
    /// (2017), whatever the loss. None for a single sample.
    pub correlation: Option<f64>,
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
    gradients: Gradients<f64>,
}

impl Probe {
    /// On the rows of `x`, `[rows, features]`.
    ///
    /// # Errors
    /// What candle reports.
    pub fn new(architecture: &Architecture, x: Tensor, target: Target<f64>, loss: Loss) -> Result<Self> {
        let parameters = architecture.blocks().iter().map(|b| b.parameter_count()).sum();
        let network = Network::with_parameters(architecture.clone(), &vec![0.0; parameters])?;
        let rows = x.dim(0)?;
        Ok(Probe { network, x, target, loss, rows, gradients: Gradients::default() })
    }

    /// Measures every hidden layer of `network` as it stands, in training mode.
    ///
    /// # Errors
    /// What candle reports.
    pub fn measure<T: Element>(&mut self, network: &Network<T>) -> Result<Vec<LayerMeasure>> {
        self.network.copy_from(network)?;
        let (target, gradients) = (self.target.clone(), &mut self.gradients);
        self.network.loss_and_gradients(Path::Fused, Mode::Probe, &self.x, self.loss, target, gradients)?;
        let arena = lock(self.network.arena());
        let (depth, width) = (self.network.architecture.depth, self.network.architecture.width);
        let last = correlation::cosines(&arena.blocks[depth - 1].output_delta, width);
        with_slice(&self.x, |x| {
            self.network.read(|parameters| {
                let layer = |layer| self.layer(layer, &arena, x, parameters, &self.gradients.packed, &last);
                (1..=depth).map(layer).collect()
            })
        })?
    }

    fn layer(
        &self,
        layer: usize,
        arena: &Arena<f64>,
        x: &[f64],
        parameters: &[f64],
        gradients: &[f64],
        last: &[f64],
    ) -> LayerMeasure {
        let (architecture, chain) = (&self.network.architecture, &self.network.chain);
        let index = layer - 1;
        let (block, own) = (&chain.blocks()[index], &arena.blocks[index]);
        let samples = self.rows as f64;
        let (site_block, before) = architecture.activation_site(layer);
        let workspace = &arena.blocks[site_block];
        let site = if before { &workspace.before } else { &workspace.after };
        let activation = workspace.activation(before);
        let n = activation.len() as f64;
        let mean = sum(activation) / n;
        let phi = architecture.activation;
        let Saturation { saturated, inactive, dead } = saturation(phi, &site.argument, activation, architecture.width);
        LayerMeasure {
            stream_rms: samples * rms(&own.output_delta),
            delta_rms: samples * rms(&site.delta),
            weight_grad_rms: rms(chain.part(gradients, index, Role::Weight)),
            weight_grad_sample_rms: samples
                * rms_of_products(arena.affine_input(index, x), block.inputs, own.affine_delta(), block.outputs),
            correlation: correlation::left(&correlation::cosines(&own.output_delta, architecture.width), last),
            activation_mean: mean,
            activation_std: (squares_around(activation, mean) / n).sqrt(),
            weight_rms: rms(chain.part(parameters, index, Role::Weight)),
            saturated: (!phi.is_rectifier()).then_some(saturated),
            inactive: phi.is_rectifier().then_some(inactive),
            dead,
        }
    }
}
