//! What theory says of a convolutional net before its first update, by its init and its form.

use super::architecture::Architecture;
use crate::model::dense::Residual;
use crate::model::init::{Init, Start};
use crate::ops::block::Skip;
use crate::ops::convolution::Convolution;
use crate::setting::Settings;
use crate::theory::convolution::{Maps, Spread};
use crate::theory::prediction::average;
use crate::theory::{Inputs, MeanField, NoPrediction, Prediction};

const OF_MEAN_IMAGES: &str = "Convolutional nets: images of similar brightness are replaced by their mean";

/// Predicts the gradient at init.
///
/// # Errors
/// Where no theory is known: normalization, and other skip connections than the pre-activation form.
pub fn predict(settings: &Settings, inputs: &Inputs) -> Result<Prediction, NoPrediction> {
    let net = Architecture::from_settings(settings, &inputs.sizes)?;
    let Start { hidden, bias, .. } = Start::from_settings(settings, net.pair.activation)?;
    let Some((first, others)) = net.layers.split_first() else { return Err(NoPrediction::NoHiddenLayer) };
    let scale = match net.residual {
        Residual::None => None,
        Residual::PreActivation(Skip::Scaled(s)) => Some(s),
        Residual::PreActivation(_) => Some(0.0),
        Residual::PostActivation(_) | Residual::Highway { .. } => return Err(NoPrediction::Family),
    };
    if net.pair.norm.is_some() {
        return Err(NoPrediction::NormOfImages);
    }
    if net.bias && bias != 0.0 {
        return Err(NoPrediction::EqualBiases);
    }
    let variance = |layer: &Convolution| {
        let shape = [layer.kernel, layer.kernel, layer.inputs, layer.outputs];
        let own = hidden.init.fan_in_variance(&shape).ok_or(NoPrediction::ConstantWeights)?;
        Ok::<f64, NoPrediction>(hidden.gain * hidden.gain * own)
    };
    let spread = if hidden.init == Init::DeltaOrthogonal { Spread::of_centre } else { Spread::of };
    let bias_variance = match hidden.init {
        Init::Gaussian { sigma_b, .. } if net.bias => sigma_b * sigma_b,
        _ => 0.0,
    };
    let layer = MeanField {
        activation: net.pair.activation,
        weight_variance: others.first().map_or(Ok(1.0), variance)?,
        bias_variance,
    };
    let spreads: Vec<Spread> = others.iter().map(spread).collect();
    let skips: Vec<Spread> = others.iter().map(Spread::of_centre).collect();
    let maps = Maps { layer, spreads: &spreads, skips: scale.map(|scale| (&skips[..], scale)) };
    let (of_first, sigma_w) = (spread(first), variance(first)?);
    let image = |squares: &Vec<f64>| {
        let arguments = of_first.forward(squares).into_iter().map(|q| sigma_w * q + bias_variance);
        maps.layers(arguments.collect())
    };
    Ok(average(inputs.images.iter().map(image).collect(), Some(OF_MEAN_IMAGES)))
}
