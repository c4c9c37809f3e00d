//! Gradients against central differences, so that whoever runs the program can see that they are right on this machine.

use super::boundary::{Batch, Gradients, Model};
use super::dense::{Architecture, Network, Residual};
use super::init::Init;
use crate::ops::activation::Activation;
use crate::ops::block::Skip;
use crate::ops::loss::{Loss, Target};
use crate::ops::norm::{Norm, NormKind, Placement};
use crate::ops::{self, Mode, tensor};
use crate::seed::Seeds;

const ROWS: usize = 7;
const FEATURES: usize = 4;
const OUTPUTS: usize = 3;
/// Rounding then leaves some 1e-9 of the gradient.
const STEP: f64 = 1e-5;

/// The largest deviation max|a - b| / max|b| of gradients (fused, f64) from central differences of the loss, over every
/// activation in a plain net, one with each norm and one with skip connections; and the number of nets.
///
/// # Errors
/// What candle reports.
pub fn worst() -> ops::Result<(f64, usize)> {
    let norms = NormKind::ALL.map(|kind| (Some(Norm::new(kind, Placement::Before)), Residual::None));
    let forms = [(None, Residual::None), (None, Residual::PreActivation(Skip::Scaled(0.6)))].into_iter().chain(norms);
    let (mut worst, mut nets) = (0.0f64, 0);
    for activation in Activation::ALL {
        for (norm, residual) in forms.clone() {
            let architecture = Architecture {
                features: FEATURES,
                outputs: OUTPUTS,
                widths: vec![4; 3],
                activation,
                output_activation: Activation::Identity,
                bias: true,
                norm,
                residual,
                dropout: 0.0,
            };
            worst = worst.max(of_net(architecture)?);
            nets += 1;
        }
    }
    Ok((worst, nets))
}

fn of_net(architecture: Architecture) -> ops::Result<f64> {
    let seeds = Seeds { experiment: 0, run: 1 };
    let mut network = Network::<f64>::new(architecture, Init::Gaussian { sigma_w: 1.3, sigma_b: 0.2 }, &seeds)?;
    let mut stream = seeds.stream("x", &[]);
    let x = tensor((0..ROWS * FEATURES).map(|_| stream.normal()).collect::<Vec<f64>>(), (ROWS, FEATURES))?;
    let target = Target::Classes((0..ROWS).map(|i| (i % OUTPUTS) as u32).collect());
    deviation(&mut network, &Batch { x, target, loss: Loss::CrossEntropy })
}

/// The largest deviation of a model's gradient from the central difference of its loss, over all parameters, on the
/// largest difference.
///
/// # Errors
/// What candle reports.
pub fn deviation(model: &mut dyn Model<f64>, batch: &Batch<f64>) -> ops::Result<f64> {
    let mut gradients = Gradients::default();
    model.loss_and_gradients(batch.clone(), Mode::Train, &mut gradients)?;
    let (mut apart, mut largest) = (0.0f64, 0.0f64);
    for (parameter, gradient) in gradients.packed.iter().enumerate() {
        let difference = slope(model, batch, |packed, by| packed[parameter] += by)?;
        apart = apart.max((gradient - difference).abs());
        largest = largest.max(difference.abs());
    }
    Ok(apart / largest)
}

/// The central difference of the loss where `shift` moves the parameters by so much.
fn slope(model: &mut dyn Model<f64>, batch: &Batch<f64>, shift: impl Fn(&mut [f64], f64)) -> ops::Result<f64> {
    let mut scratch = Gradients::default();
    let mut at = |by: f64| {
        model.rewrite(&mut |packed| shift(packed, by))?;
        let loss = model.loss_and_gradients(batch.clone(), Mode::Train, &mut scratch);
        model.rewrite(&mut |packed| shift(packed, -by))?;
        loss
    };
    Ok((at(STEP)? - at(-STEP)?) / (2.0 * STEP))
}

#[cfg(test)]
mod tests {
    #[test]
    fn gradients_are_those_of_central_differences() {
        let (worst, nets) = super::worst().unwrap();
        assert!(
            worst < 1e-7 && nets == 5 * crate::ops::activation::Activation::ALL.len(),
            "{worst:e} over {nets} nets"
        );
    }
}
