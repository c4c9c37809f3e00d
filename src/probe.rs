//! The probe: a pass in f64 over one fixed set of training rows, that measures every hidden layer.
//!
//! It runs beside training on a copy of the parameters, so training has the same bits with and without it, and it
//! sees gradients down to 1e-289 whatever the training's own precision holds (f32 ends at 1.2e-38, and at 1.4e-45
//! with subnormals).

use crate::columns::{QUANTITIES, SINGULAR_VALUE};
use crate::fading::UNDERFLOW;
use crate::model::{Batch, Gradients, Model, Site, Tap, copy_parameters};
use crate::ops::activation::Activation;
use crate::ops::recurrent::PADDING;
use crate::ops::reduce::{rms, rms_of_products, squares_around, sum};
use crate::ops::saturation::saturation;
use crate::ops::{Element, Mode, Result, Tensor, with_slice};
use crate::stats::distribution::Distribution;
use along_input::{AlongInput, InputPoint};
use attention::AttentionMeasure;
use eigenvalue::spectral_radius;
use jacobian::{Jacobian, JacobianMeasure};
use std::borrow::Cow;
use std::ops::Range;

pub mod along_input;
pub mod attention;
mod correlation;
mod eigenvalue;
pub mod jacobian;
pub mod sharpness;

/// One hidden layer, measured. Gradients are per sample: B times the gradient of the mean loss over B samples. Every
/// `rms` is the root mean square over samples and units (or entries), summed in f64.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerMeasure {
    /// From 1 on.
    pub layer: usize,
    /// Numbers that it hands on for one sample.
    pub units: usize,
    /// From 1 on; `None` where there are no time steps.
    pub time: Option<usize>,
    /// Where its weight stands in the packed parameters.
    pub weight: Range<usize>,
    /// Of dL/dh, h the layer's output after norm, activation and skip.
    pub stream_rms: f64,
    /// Of dL/dz, z the activation's argument; `None` without one.
    pub delta_rms: Option<f64>,
    /// Of what carries the gradient from time step to time step: dL/dc of an LSTM, else dL/dh; `None` where there are none. At a
    /// time step L is the loss at the last one, whatever is trained on, so that no later loss hides how this fades.
    pub state_rms: Option<f64>,
    /// Of the weight gradient of the mean loss over the probe set; of shared weights the sum over all time steps.
    pub weight_grad_rms: f64,
    /// Of the weight gradient of single samples, |x| |dL/du| for the affine map u = x W + b; exact without batch
    /// norm, with it the sample's own term of the batch gradient. `None` where other layers or times share the weight.
    pub weight_grad_sample_rms: Option<f64>,
    /// How alike dL/dh of different samples still are: the slope of the line through 0 of the cosines between the first
    /// 32 samples on the same samples' cosines at the last hidden layer, where it is therefore 1. In a wide net at init
    /// the recursion of the gradients' covariance is linear, so this is its factor, the correlation of Balduzzi et al.
    /// (2017), whatever the loss. None for a single sample.
    pub correlation: Option<f64>,
    /// Of phi's output.
    pub activation_mean: Option<f64>,
    pub activation_std: Option<f64>,
    /// Of h, after norm, activation and skip.
    pub output_rms: f64,
    pub weight_rms: f64,
    /// The largest absolute eigenvalue of a plain recurrent layer's matrix from one time step to the next.
    pub spectral_radius: Option<f64>,
    /// Of the gradient of a recurrent layer's input matrix, of the mean loss over the probe set, summed over all time steps.
    pub input_grad_rms: Option<f64>,
    /// Fraction of |phi'(z)| under 5 % of its maximum; none for the rectifiers. Of cells with gates that of the sigmoids.
    pub saturated: Option<f64>,
    /// Fraction of z <= 0; for the rectifiers alone.
    pub inactive: Option<f64>,
    /// Fraction of units with phi'(z) = 0 on every row.
    pub dead: Option<f64>,
    /// Whether dL/dz is 0 by construction: dL/dh is not, and the activation lets some of it through. A branch of scale 0.
    pub is_bypassed: bool,
    /// Of a block with attention.
    pub attention: Option<AttentionMeasure>,
    /// The singular values of the last hidden layer's Jacobian with respect to this one, if [asked for](Probe::with_jacobian).
    pub jacobian: Option<JacobianMeasure>,
    /// How its numbers are spread, by the name of each [quantity](crate::columns::QUANTITIES); none unless [asked for](Probe::with_distributions).
    pub distributions: Vec<(&'static str, Distribution)>,
}

impl LayerMeasure {
    /// How far samples agree: the squared ratio of the batch gradient to a single sample's; 1 when all are alike, about
    /// 1/B when they are independent.
    pub fn coherence(&self) -> Option<f64> {
        self.weight_grad_sample_rms.map(|sample| (self.weight_grad_rms / sample).powi(2))
    }

    /// The root mean square over samples of |dL/dh|, by which layers of different sizes compare.
    pub fn stream_norm(&self) -> f64 {
        self.stream_rms * (self.units as f64).sqrt()
    }

    /// `delta_rms`, NaN where it is 0 by construction.
    pub fn passed_delta(&self) -> Option<f64> {
        self.delta_rms.map(|rms| if self.is_bypassed { f64::NAN } else { rms })
    }
}

/// A probe of one run.
pub struct Probe {
    model: Box<dyn Model<f64>>,
    batch: Batch<f64>,
    gradients: Gradients<f64>,
    distributions: bool,
    jacobian: Option<Jacobian>,
    along_input: Option<AlongInput>,
}

impl Probe {
    /// On the rows of `batch`, by a model of the run's family, whose parameters are overwritten.
    pub fn new(model: Box<dyn Model<f64>>, batch: Batch<f64>) -> Self {
        let (distributions, jacobian, along_input) = (false, None, None);
        Probe { model, batch, gradients: Gradients::default(), distributions, jacobian, along_input }
    }

    /// The same, which also tells how the numbers of a layer are spread, if these are `wanted`.
    pub fn with_distributions(self, wanted: bool) -> Self {
        Probe { distributions: wanted, ..self }
    }

    /// The same, which also measures the Jacobian, if there is one.
    pub fn with_jacobian(self, jacobian: Option<Jacobian>) -> Self {
        Probe { jacobian, ..self }
    }

    /// The same, which also measures along the input, if that is asked for.
    pub fn with_along_input(self, along_input: Option<AlongInput>) -> Self {
        Probe { along_input, ..self }
    }

    /// The output and its gradient along the input, of the model that was [measured](Probe::measure) last; norms over the batch keep
    /// the statistics of the probe's rows. Empty unless it is asked for.
    ///
    /// # Errors
    /// As [`AlongInput::measure`].
    pub fn along_input(&mut self) -> Result<Vec<InputPoint>> {
        self.along_input.as_ref().map_or(Ok(Vec::new()), |own| own.measure(&mut *self.model))
    }

    /// Measures every hidden layer of `model` as it stands, in training mode.
    ///
    /// # Errors
    /// What candle reports.
    pub fn measure<T: Element>(&mut self, model: &dyn Model<T>) -> Result<Vec<LayerMeasure>> {
        copy_parameters(model, &mut *self.model)?;
        self.model.loss_and_gradients(self.batch.clone(), Mode::Probe, &mut self.gradients)?;
        let (rows, gradients) = (self.batch.x.dim(0)?, &self.gradients.packed);
        let before = padded_steps(&self.batch.x)?;
        let (mut layers, mut cosines, mut visited) = (Vec::new(), Vec::new(), Ok(()));
        self.model.read(&mut |parameters| {
            visited = self.model.visit(&mut |site, tap| {
                let there = |numbers| present(numbers, site.time, &before);
                let [stream, z, delta, activation, cell_stream, gates] =
                    [tap.stream, tap.z, tap.delta, tap.activation, tap.cell_stream, tap.gates].map(there);
                if stream.is_empty() {
                    // None of these rows has this time step.
                    return;
                }
                cosines.push(correlation::cosines(tap.stream, site.units));
                let before: Option<&LayerMeasure> = layers.last();
                let known =
                    before.filter(|before| before.weight == site.weight).and_then(|before| before.spectral_radius);
                let tap = Tap {
                    stream: &stream,
                    z: &z,
                    delta: &delta,
                    activation: &activation,
                    cell_stream: &cell_stream,
                    gates: &gates,
                    ..tap
                };
                let own = layer(site, tap, rows, parameters, gradients);
                let distributions = if self.distributions { spread(site, tap, rows, gradients) } else { Vec::new() };
                let spectral_radius = known.or_else(|| radius(site, &parameters[site.weight.clone()]));
                layers.push(LayerMeasure { spectral_radius, distributions, ..own });
            });
        })?;
        visited?;
        if let Some(last) = cosines.last() {
            for (layer, own) in layers.iter_mut().zip(&cosines) {
                layer.correlation = correlation::left(own, last);
            }
        }
        let values = self.jacobian.as_mut().map(|jacobian| jacobian.measure(model)).transpose()?;
        for (layer, values) in layers.iter_mut().zip(values.unwrap_or_default()) {
            layer.jacobian = JacobianMeasure::of(&values);
            let spread = Distribution::of(values.into_iter()).filter(|_| self.distributions);
            layer.distributions.extend(spread.map(|own| (SINGULAR_VALUE.name, own)));
        }
        Ok(layers)
    }
}

/// Of each row of `[rows, time, features]` the steps that are padding; empty where none are.
fn padded_steps(x: &Tensor) -> Result<Vec<usize>> {
    let Ok((rows, steps, features)) = x.dims3() else { return Ok(Vec::new()) };
    let before = |row: &[f64]| row.chunks_exact(features).take_while(|step| step[0] == PADDING).count();
    with_slice(x, |x: &[f64]| match x.contains(&PADDING) {
        true => x.chunks_exact(steps * features).map(before).take(rows).collect(),
        false => Vec::new(),
    })
}

/// What a site has of the rows that have begun.
fn present<'a>(numbers: &'a [f64], time: Option<usize>, before: &[usize]) -> Cow<'a, [f64]> {
    let Some(time) = time.filter(|_| !before.is_empty()) else { return Cow::Borrowed(numbers) };
    // Empty where the model has no such thing.
    let rows = numbers.chunks_exact((numbers.len() / before.len()).max(1));
    rows.zip(before).filter(|(_, before)| **before < time).flat_map(|(row, _)| row).copied().collect()
}

/// Measures one site; its correlation is left open.
fn layer(site: &Site, tap: Tap<'_, f64>, rows: usize, parameters: &[f64], gradients: &[f64]) -> LayerMeasure {
    let samples = rows as f64;
    let seen = |numbers: &[f64]| !numbers.is_empty();
    let weight_gradient = &gradients[site.weight.clone()];
    // Of a sequence that has not begun yet there is no row.
    let columns = |numbers: &[f64]| numbers.len() / (tap.stream.len() / site.units);
    let single = !site.shared && seen(tap.input) && seen(tap.affine_delta);
    let n = tap.activation.len() as f64;
    let mean = seen(tap.activation).then(|| sum(tap.activation) / n);
    // Each token of a row goes through the same units.
    let tokens = site.attention.as_ref().map_or(1, |attention| attention.tokens);
    let flat = site.activation.map(|phi| (phi, saturation(phi, tap.z, tap.activation, columns(tap.z) / tokens)));
    let delta_rms = seen(tap.delta).then(|| samples * rms(tap.delta));
    let stream_rms = samples * rms(tap.stream);
    let cell_rms = seen(tap.cell_stream).then(|| samples * rms(tap.cell_stream));
    let gates = (!site.gates.is_empty() && seen(tap.gates)).then(|| flat_gates(tap.gates, site));
    LayerMeasure {
        layer: site.layer,
        units: site.units,
        time: site.time,
        weight: site.weight.clone(),
        stream_rms,
        delta_rms,
        state_rms: site.time.map(|_| cell_rms.unwrap_or(stream_rms)),
        weight_grad_rms: rms(weight_gradient),
        weight_grad_sample_rms: single.then(|| {
            samples * rms_of_products(tap.input, columns(tap.input), tap.affine_delta, columns(tap.affine_delta))
        }),
        correlation: None,
        activation_mean: mean,
        activation_std: mean.map(|mean| (squares_around(tap.activation, mean) / n).sqrt()),
        output_rms: rms(tap.h),
        weight_rms: rms(&parameters[site.weight.clone()]),
        spectral_radius: None,
        input_grad_rms: site.input.clone().map(|input| rms(&gradients[input])),
        saturated: flat.filter(|(phi, _)| !phi.is_rectifier()).map(|(_, flat)| flat.saturated).or(gates),
        inactive: flat.filter(|(phi, _)| phi.is_rectifier()).map(|(_, flat)| flat.inactive),
        dead: flat.map(|(_, flat)| flat.dead),
        is_bypassed: delta_rms == Some(0.0) && site.activation.is_some_and(|phi| lets_through(phi, &tap)),
        attention: site.attention.as_ref().map(|own| attention::measure(own, &tap, rows, gradients)),
        jacobian: None,
        distributions: Vec::new(),
    }
}

/// How the numbers of one site are spread.
fn spread(site: &Site, tap: Tap<'_, f64>, rows: usize, gradients: &[f64]) -> Vec<(&'static str, Distribution)> {
    let samples = rows as f64;
    let numbers = [(tap.activation, 1.0), (tap.z, 1.0), (tap.stream, samples), (tap.delta, samples)];
    let weights = [(&gradients[site.weight.clone()], 1.0)];
    let of = |(numbers, scale): (&[f64], f64)| Distribution::of(numbers.iter().map(|x| scale * x));
    let each = QUANTITIES.iter().zip(numbers.into_iter().chain(weights));
    each.filter_map(|(quantity, numbers)| Some((quantity.name, of(numbers)?))).collect()
}

/// Share of the sigmoid gates whose slope g (1 - g) is under 5 % of its maximum, 1/4.
fn flat_gates(gates: &[f64], site: &Site) -> f64 {
    let (mut flat, mut count) = (0usize, 0usize);
    for (gate, values) in gates.chunks_exact(site.units).enumerate() {
        if site.gates[gate % site.gates.len()] {
            count += values.len();
            flat += values.iter().filter(|g| **g * (1.0 - **g) < 0.05 * 0.25).count();
        }
    }
    flat as f64 / count as f64
}

/// The spectral radius of the matrix from one time step to the next, where a site has a single one.
fn radius(site: &Site, weight: &[f64]) -> Option<f64> {
    let is_square = weight.len() == site.units * site.units;
    (site.time.is_some() && is_square).then(|| spectral_radius(weight, site.units))
}

/// Whether the activation would let a gradient through that is not about to underflow.
fn lets_through(phi: Activation, tap: &Tap<'_, f64>) -> bool {
    tap.stream.iter().zip(tap.z).any(|(stream, z)| (stream * phi.slope(*z)).abs() > UNDERFLOW)
}
