//! chi at the fixed point for many pairs of variances and one activation: the integrals over Gaussian variables, which take nearly all
//! of the time, depend on the variance of the argument alone, so that one table of them serves every pair.

use super::mean_field::{mean_square, slope_square};
use crate::ops::activation::Activation;

/// Decades of the variance of the argument in the table; beyond, slopes have come to rest to three digits.
const DECADES: (i32, i32) = (-12, 6);
/// Places in a decade.
const PLACES: i32 = 20;

/// E phi(x)^2 and E phi'(x)^2, x ~ N(0, q), at places evenly apart in log q.
#[derive(Clone, Debug, PartialEq)]
pub struct ChiTable {
    /// q, E phi^2 and E phi'^2.
    places: Vec<[f64; 3]>,
}

impl ChiTable {
    pub fn new(activation: Activation) -> ChiTable {
        let place = |i: i32| {
            let q = 10f64.powf(f64::from(i) / f64::from(PLACES));
            [q, mean_square(activation, q), slope_square(activation, q)]
        };
        ChiTable { places: (DECADES.0 * PLACES..=DECADES.1 * PLACES).map(place).collect() }
    }

    /// chi = sigma_w^2 E phi'^2 where the variance has come to rest, having begun at sigma_w^2 + sigma_b^2 (Poole et al. 2016, equations 3
    /// and 6): at the nearest fixed point on the side to which the first step moves, as [`limit`](super::MeanField::limit) has it, or at
    /// the end of the table on the way to 0 or without bound. To three digits.
    pub fn chi(&self, weight_variance: f64, bias_variance: f64) -> f64 {
        // log(q' / q), 0 at a fixed point.
        let change = |i: usize| {
            let [q, square, _] = self.places[i];
            ((weight_variance * square + bias_variance) / q).ln()
        };
        let slope = |i: usize| self.places[i][2];
        let begin = self.places.partition_point(|place| place[0] < weight_variance + bias_variance);
        let mut at = begin.min(self.places.len() - 1);
        let up = change(at) > 0.0;
        loop {
            let next = if up { at + 1 } else { at.wrapping_sub(1) };
            if next >= self.places.len() {
                return weight_variance * slope(at);
            }
            if (change(next) > 0.0) != up {
                let share = change(at) / (change(at) - change(next));
                return weight_variance * slope(at).powf(1.0 - share) * slope(next).powf(share);
            }
            at = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::MeanField;

    #[test]
    fn it_is_chi_at_the_fixed_point() {
        for activation in [Activation::Tanh, Activation::Erf, Activation::Sigmoid, Activation::Relu] {
            let table = ChiTable::new(activation);
            for (weight_variance, bias_variance) in [(0.5, 0.1), (1.5, 0.02), (1.7, 0.5), (4.0, 0.0), (9.0, 1.0)] {
                let net = MeanField { activation, weight_variance, bias_variance };
                let exact = match net.limit(weight_variance + bias_variance).value() {
                    Some(q) => net.chi(q),
                    // Of ReLU it is the same at every variance.
                    None => 0.5 * weight_variance,
                };
                let found = table.chi(weight_variance, bias_variance);
                assert!((found / exact - 1.0).abs() < 1e-3, "{activation:?} {net:?}: {found} instead of {exact}");
            }
        }
    }
}
