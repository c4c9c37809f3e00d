//! How much of an activation's argument lies where the activation is flat, so that the gradient does not pass.

use super::activation::{Activation, with_curve};
use super::columns::{self, Steepness};

/// Shares of a layer, over the rows of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saturation {
    /// Fraction of |phi'(z)| under 5 % of its maximum.
    pub saturated: f64,
    /// Fraction of z <= 0.
    pub inactive: f64,
    /// Fraction of units with phi'(z) = 0 on every row.
    pub dead: f64,
}

/// Of phi at z, rows of `units`, given also a = phi(z).
pub fn saturation(activation: Activation, z: &[f64], a: &[f64], units: usize) -> Saturation {
    let (mut flat, mut off, mut steepest) = (vec![0.0; units], vec![0.0; units], vec![0.0; units]);
    let mut found = Steepness { flat: &mut flat, off: &mut off, steepest: &mut steepest };
    let bound = 0.05 * activation.max_slope();
    with_curve!(activation, f64, curve => columns::steepness(curve, z, a, bound, &mut found));
    Saturation {
        saturated: flat.iter().sum::<f64>() / z.len() as f64,
        inactive: off.iter().sum::<f64>() / z.len() as f64,
        dead: steepest.iter().filter(|s| **s == 0.0).count() as f64 / units as f64,
    }
}
