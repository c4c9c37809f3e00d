//! What theory says of a recurrent net before its first update, by its cell and its init.

use super::initial::{Recurrence, Start};
use crate::model::init::{Init, Weights};
use crate::ops::activation::Activation;
use crate::ops::recurrent::{Cell, PADDING};
use crate::setting::Settings;
use crate::theory::recurrent::{chi_product, identity_relu, linear, normed_product};
use crate::theory::recurrent_gates::{Gated, MOST_STEPS};
use crate::theory::{Inputs, MeanField, NoPrediction, Prediction};

const DRAWN_ANEW: &str =
    "Recurrent nets: theory assumes inputs that are independent between time steps and have mean 0";

/// Predicts the gradient of the loss at the last step at every time step.
///
/// # Errors
/// Where no theory is known: stacked layers, sequences of unlike lengths, the identity as recurrent matrix but for relu and linear nets without norm, gates with a
/// norm or over very many steps.
pub fn predict(settings: &Settings, inputs: &Inputs) -> Result<Prediction, NoPrediction> {
    let Start { stack, others, recurrence, gate_biases } = Start::from_settings(settings, &inputs.sizes)?;
    if stack.depth > 1 {
        return Err(NoPrediction::StackedInTime);
    }
    if inputs.steps.contains(&PADDING) {
        return Err(NoPrediction::UnequalLengths);
    }
    if stack.bias && others.bias != 0.0 {
        return Err(NoPrediction::EqualBiases);
    }
    let Weights { init, gain } = others.hidden;
    let sigma_b = if let (Init::Gaussian { sigma_b, .. }, true) = (init, stack.bias) { sigma_b } else { 0.0 };
    let of_input = init.fan_in_variance(&[stack.features, stack.width]).ok_or(NoPrediction::ConstantWeights)?;
    let of_input = gain * gain * of_input;
    let gain = match recurrence {
        Recurrence::Gaussian { gain } | Recurrence::Orthogonal { gain } | Recurrence::Identity { gain } => gain,
    };
    let is_identity = matches!(recurrence, Recurrence::Identity { .. });
    let is_gaussian = matches!(recurrence, Recurrence::Gaussian { .. });
    let (weight_variance, bias_variance) = (gain * gain, sigma_b * sigma_b);
    let rows = || -> Vec<Vec<f64>> {
        let rows = inputs.steps.chunks_exact(stack.steps);
        rows.map(|row| row.iter().map(|x| of_input * x).collect()).collect()
    };
    if let (Some(norm), false) = (stack.norm, is_identity) {
        let Cell::Rnn(activation) = stack.cell else { return Err(NoPrediction::NormedGates) };
        let layer = MeanField { activation, weight_variance, bias_variance };
        return Ok(Prediction::over_time(normed_product(&layer, norm.eps, &rows()), Some(DRAWN_ANEW)));
    }
    match stack.cell {
        _ if is_identity && stack.norm.is_some() => Err(NoPrediction::IdentityRecurrence),
        Cell::Rnn(Activation::Identity) if !is_gaussian => Ok(Prediction::over_time(linear(gain, stack.steps), None)),
        Cell::Rnn(Activation::Relu) if is_identity && gain == 1.0 && sigma_b == 0.0 => {
            Ok(Prediction::over_time(identity_relu(stack.steps), Some(DRAWN_ANEW)))
        }
        _ if is_identity => Err(NoPrediction::IdentityRecurrence),
        Cell::Rnn(activation) => {
            let layer = MeanField { activation, weight_variance, bias_variance };
            Ok(Prediction::over_time(chi_product(&layer, &rows()), Some(DRAWN_ANEW)))
        }
        Cell::Lstm | Cell::Gru => {
            if stack.steps > MOST_STEPS {
                return Err(NoPrediction::ManySteps(MOST_STEPS));
            }
            let rows = inputs.steps.len() / stack.steps;
            let mean =
                |step: usize| of_input * inputs.steps.iter().skip(step).step_by(stack.steps).sum::<f64>() / rows as f64;
            let own: Vec<f64> = (0..stack.steps).map(mean).collect();
            let gated = Gated { weight_variance, bias_variance, gate_bias: gate_biases[1], inputs: &own };
            let state = if stack.cell == Cell::Lstm { gated.lstm() } else { gated.gru() };
            Ok(Prediction::over_time(state, Some(DRAWN_ANEW)))
        }
    }
}
