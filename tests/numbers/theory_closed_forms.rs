//! Closed forms of mean-field theory that published numbers are told in, built on the recursions that the program uses.

use gradsweep::model::dense::theory::predict;
use gradsweep::model::dense::{Architecture, Residual};
use gradsweep::model::init::Init;
use gradsweep::ops::activation::Activation;
use gradsweep::ops::norm::{Norm, NormKind, Placement};
use gradsweep::theory::mean_field::{mean, mean_square, slope_square};
use gradsweep::theory::{MeanField, NoPrediction};

use crate::at_init::at_the_end;

/// Variance and chi of `layers` layers, the first of variance `q`.
pub fn transient(field: MeanField, q: f64, layers: usize) -> Vec<(f64, f64)> {
    field.variances(q).take(layers).map(|q| (q, field.chi(q))).collect()
}

/// xi = 1 / |ln chi|: in how many layers the squared gradient falls or grows e times at the fixed point `q`
/// (Schoenholz et al. 2017).
pub fn gradient_depth(field: MeanField, q: f64) -> f64 {
    1.0 / field.chi(q).ln().abs()
}

/// The ensemble with chi = 1 at its fixed point q* for this bias variance, and q*: the edge of chaos (Poole et al.
/// 2016). None where no q up to 1e6 has one.
///
/// Each q is the fixed point of exactly one critical ensemble, sigma_w^2 = 1 / E phi'^2 and sigma_b^2 = q -
/// sigma_w^2 E phi^2; the smallest q that has the asked sigma_b^2 is found by bisection. Without bias and with
/// phi(0) = 0 that is q* = 0, and chi is that of small q.
pub fn critical(activation: Activation, bias_variance: f64) -> Option<(MeanField, f64)> {
    let at = |q: f64| MeanField { activation, weight_variance: 1.0 / slope_square(activation, q), bias_variance };
    let excess = |q: f64| q - at(q).variance(q);
    if bias_variance == 0.0 && activation.value(0.0) == 0.0 {
        return Some((at(f64::MIN_POSITIVE), 0.0));
    }
    let (mut low, mut high) = (0.0, 1e-12);
    while excess(high) < 0.0 {
        (low, high) = (high, 2.0 * high);
        if high > 1e6 {
            return None;
        }
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return Some((at(middle), middle));
        }
        if excess(middle) < 0.0 { low = middle } else { high = middle }
    }
}

/// By what an interior layer of a deep net with batch normalization and `eps` multiplies the squared gradient.
pub fn batch_growth(activation: Activation, batch: usize, eps: f64, init: Init) -> Result<f64, NoPrediction> {
    let architecture = Architecture {
        features: 32,
        outputs: 10,
        widths: vec![64; 40],
        activation,
        output_activation: Activation::Identity,
        bias: true,
        norm: Some(Norm { eps, ..Norm::new(NormKind::BATCH, Placement::Before) }),
        residual: Residual::None,
        dropout: 0.0,
    };
    let outputs = at_the_end(10, Activation::Identity, batch.max(1));
    let prediction = predict(&architecture, init, &[1.0], batch, &outputs)?;
    Ok((prediction.stream[30] - prediction.stream[31]).exp())
}

/// The same for an infinite batch without eps: E phi'^2 / Var phi at variance 1 (Yang et al. 2019); 1 only for the
/// identity, by the Gaussian Poincare inequality.
pub fn growth_of_large_batches(activation: Activation) -> f64 {
    slope_square(activation, 1.0) / (mean_square(activation, 1.0) - mean(activation, 1.0).powi(2))
}
