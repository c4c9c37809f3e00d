//! Gradients against central differences, so that whoever runs the program can see that they are right on this machine.

use super::architecture::Residual;
use super::init::Init;
use super::{Architecture, Gradients, Network, Path};
use crate::ops::activation::Activation;
use crate::ops::block::{Norm, Place, Skip};
use crate::ops::fused::Mode;
use crate::ops::loss::{Loss, Target};
use crate::ops::{self, tensor};
use crate::seed::Seeds;

const ROWS: usize = 7;
const FEATURES: usize = 4;
const OUTPUTS: usize = 3;
/// Rounding then leaves some 1e-9 of the gradient.
const STEP: f64 = 1e-5;

/// The largest deviation max|a - b| / max|b| of gradients (fused, f64) from central differences of the loss, over every
/// activation in a plain net, one with batch norm and one with skip connections; and the number of nets.
///
/// # Errors
/// What candle reports.
pub fn worst() -> ops::Result<(f64, usize)> {
    let norm = Norm { place: Place::Before, eps: 1e-5, momentum: 0.1, affine: true };
    let forms =
        [(None, Residual::None), (Some(norm), Residual::None), (None, Residual::PreActivation(Skip::Scaled(0.6)))];
    let (mut worst, mut nets) = (0.0f64, 0);
    for activation in Activation::ALL {
        for (norm, residual) in forms {
            let architecture = Architecture {
                features: FEATURES,
                outputs: OUTPUTS,
                depth: 3,
                width: 4,
                activation,
                output_activation: Activation::Identity,
                bias: true,
                norm,
                residual,
            };
            worst = worst.max(deviation(architecture)?);
            nets += 1;
        }
    }
    Ok((worst, nets))
}

fn deviation(architecture: Architecture) -> ops::Result<f64> {
    let seeds = Seeds { experiment: 0, run: 1 };
    let network = Network::<f64>::new(architecture, Init::Gaussian { sigma_w: 1.3, sigma_b: 0.2 }, &seeds)?;
    let mut stream = seeds.stream("x", &[]);
    let x = tensor((0..ROWS * FEATURES).map(|_| stream.normal()).collect::<Vec<f64>>(), (ROWS, FEATURES))?;
    let loss = |gradients: &mut Gradients<f64>| {
        let target = Target::Classes((0..ROWS).map(|i| (i % OUTPUTS) as u32).collect());
        network.loss_and_gradients(Path::Fused, Mode::Probe, &x, Loss::CrossEntropy, target, gradients)
    };
    let mut analytic = Gradients::default();
    loss(&mut analytic)?;
    let mut scratch = Gradients::default();
    let mut at = |parameter: usize, by: f64| {
        network.rewrite(|p: &mut [f64]| p[parameter] += by)?;
        let value = loss(&mut scratch);
        network.rewrite(|p: &mut [f64]| p[parameter] -= by)?;
        value
    };
    let (mut apart, mut largest) = (0.0f64, 0.0f64);
    for (parameter, gradient) in analytic.packed.iter().enumerate() {
        let difference = (at(parameter, STEP)? - at(parameter, -STEP)?) / (2.0 * STEP);
        apart = apart.max((gradient - difference).abs());
        largest = largest.max(difference.abs());
    }
    Ok(apart / largest)
}

#[cfg(test)]
mod tests {
    #[test]
    fn gradients_are_those_of_central_differences() {
        let (worst, nets) = super::worst().unwrap();
        assert!(
            worst < 1e-7 && nets == 3 * crate::ops::activation::Activation::ALL.len(),
            "{worst:e} over {nets} nets"
        );
    }
}
