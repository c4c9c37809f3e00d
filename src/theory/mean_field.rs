//! Signal and gradient in a wide random network: one number a layer, by the recursions of mean-field theory.

use super::quadrature::{WAVES_OF_PAIRS, gaussian, gaussian_pair};
use crate::ops::activation::Activation;

/// The ensemble of one layer z = W phi(z_below) + b: weights of variance sigma_w^2 / fan-in, biases of variance sigma_b^2,
/// at infinite width. Only variances enter, so normal, uniform and orthogonal weights share it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanField {
    pub activation: Activation,
    /// sigma_w^2.
    pub weight_variance: f64,
    /// sigma_b^2.
    pub bias_variance: f64,
}

/// The map from one hidden layer to the next: the variance of a weight times the fan-in, which is sigma_w^2, and times the
/// fan-out, by which the squared gradient grows. They are one where the layers are equally wide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gap {
    pub forward: f64,
    pub backward: f64,
}

/// Where the variance of the pre-activations goes with depth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// To nothing: the signal dies.
    Zero,
    /// To this fixed point.
    At(f64),
    /// It grows without bound.
    Infinite,
}

impl Limit {
    /// The fixed point q*, if it is neither 0 nor infinite.
    pub fn value(self) -> Option<f64> {
        if let Limit::At(q) = self { Some(q) } else { None }
    }
}

/// Below, a variance that still falls toward the fixed point 0 counts as arrived.
const VANISHED: f64 = 1e-12;
/// Above, a variance that still grows counts as unbounded.
const UNBOUNDED: f64 = 1e30;
/// A variance that one layer changes by less, relatively, stands still.
const STILL: f64 = 1e-13;

/// Signals are followed between these variances. Beyond, every activation is constant or linear on either side of 0, so
/// that chi has come to rest.
const SMALLEST: f64 = 1e-200;
pub(super) const LARGEST: f64 = 1e200;

/// A signal's variance, held where its square roots and products are exact; nothing stays nothing.
pub(super) fn within_range(q: f64) -> f64 {
    if q == 0.0 { q } else { q.clamp(SMALLEST, LARGEST) }
}

/// E phi(x)^2, x ~ N(0, q).
pub fn mean_square(activation: Activation, q: f64) -> f64 {
    gaussian(activation, q, |x| activation.value(x).powi(2))
}

/// E phi(x), x ~ N(0, q).
pub fn mean(activation: Activation, q: f64) -> f64 {
    gaussian(activation, q, |x| activation.value(x))
}

/// E phi'(x)^2, x ~ N(0, q).
pub fn slope_square(activation: Activation, q: f64) -> f64 {
    gaussian(activation, q, |x| activation.slope(x).powi(2))
}

impl MeanField {
    /// q' = sigma_w^2 E phi(x)^2 + sigma_b^2, x ~ N(0, q): the variance of a pre-activation from that of the layer
    /// below (Poole et al. 2016, equation 3).
    pub fn variance(&self, q: f64) -> f64 {
        self.weight_variance * mean_square(self.activation, q) + self.bias_variance
    }

    /// dq'/dq = sigma_w^2 E[x phi(x) phi'(x)] / q, which follows from q' by writing x = sqrt(q) z.
    pub fn variance_slope(&self, q: f64) -> f64 {
        let phi = self.activation;
        self.weight_variance * gaussian(phi, q, |x| x * phi.value(x) * phi.slope(x)) / q
    }

    /// chi = sigma_w^2 E phi'(x)^2, x ~ N(0, q): |delta_l|^2 = chi(q_l) |delta_(l+1)|^2 with delta_l = dL/dz_l
    /// (Schoenholz et al. 2017; at the fixed point their chi_1, Poole et al. 2016, equation 6).
    ///
    /// delta_l = phi'(z_l) (W^T delta_(l+1)), and W^T delta_(l+1) has mean square sigma_w^2 |delta_(l+1)|^2 / fan-in when
    /// the weights of the way back count as drawn anew.
    pub fn chi(&self, q: f64) -> f64 {
        self.weight_variance * slope_square(self.activation, q)
    }

    /// The variance of every layer, the first of variance `q`; held between 1e-200 and 1e200.
    pub fn variances(self, q: f64) -> impl Iterator<Item = f64> {
        std::iter::successors(Some(q), move |q| Some(within_range(self.variance(*q))))
    }

    /// Where the variance goes from `q`. The map grows with q, so that is the nearest fixed point on the side to which
    /// the first step moves.
    pub fn limit(&self, q: f64) -> Limit {
        let change = |q: f64| self.variance(q) / q - 1.0;
        let floor = self.variance(0.0);
        let start = q.max(floor);
        if start == 0.0 {
            return Limit::Zero;
        }
        let first = change(start);
        if first.abs() < STILL {
            return Limit::At(start);
        }
        let up = first > 0.0;
        let (mut near, mut far) = (start, start);
        while (change(far) > 0.0) == up {
            near = far;
            far *= if up { 2.0 } else { 0.5 };
            if far > UNBOUNDED {
                return Limit::Infinite;
            }
            if far < floor {
                far = floor;
                break;
            }
            if floor == 0.0 && far < VANISHED {
                return Limit::Zero;
            }
        }
        loop {
            let middle = 0.5 * (near + far);
            if middle <= near.min(far) || middle >= near.max(far) {
                return Limit::At(middle);
            }
            if (change(middle) > 0.0) == up { near = middle } else { far = middle }
        }
    }

    /// The correlation of two inputs' pre-activations from that of the layer below, `c`, both of variance `q`:
    /// (sigma_w^2 E phi(x) phi(y) + sigma_b^2) / q' (Poole et al. 2016, equation 5, at equal lengths).
    pub fn correlation(&self, q: f64, c: f64) -> f64 {
        let phi = self.activation;
        let product = gaussian_pair(phi, q, c, |x, y| phi.value(x) * phi.value(y));
        (self.weight_variance * product + self.bias_variance) / self.variance(q)
    }

    /// dc'/dc = sigma_w^2 E[phi'(x) phi'(y)] q / q', by Price's theorem; at c = 1 and the fixed point this is chi.
    pub fn correlation_slope(&self, q: f64, c: f64) -> f64 {
        let phi = self.activation;
        let product = gaussian_pair(phi, q, c, |x, y| phi.slope(x) * phi.slope(y));
        self.weight_variance * product * q / self.variance(q)
    }

    /// The correlation c* that all pairs of inputs approach at the fixed point `q`: 1 where chi <= 1, below where inputs
    /// are driven apart.
    pub fn fixed_correlation(&self, q: f64) -> f64 {
        if self.chi(q) * q / self.variance(q) <= 1.0 + STILL {
            return 1.0;
        }
        // The map is a power series in c with coefficients >= 0, so Newton's method climbs to the root from 0.
        let mut c = 0.0;
        for _ in 0..100 {
            let step = (self.correlation(q, c) - c) / (1.0 - self.correlation_slope(q, c));
            c += step;
            if step.abs() < 1e-14 {
                break;
            }
        }
        c
    }

    /// xi_c = -1 / ln(dc'/dc at c*): in how many layers a pair of inputs comes e times closer to its limit
    /// (Schoenholz et al. 2017), at the fixed point `q`. `None` for waves too many to integrate over.
    pub fn correlation_depth(&self, q: f64) -> Option<f64> {
        if self.activation == Activation::Sine && q.sqrt() > WAVES_OF_PAIRS / 20.0 {
            return None;
        }
        depth_scale(self.correlation_slope(q, self.fixed_correlation(q)))
    }
}

fn depth_scale(slope: f64) -> Option<f64> {
    if (slope - 1.0).abs() < STILL {
        return Some(f64::INFINITY);
    }
    (slope < 1.0).then(|| -1.0 / slope.ln())
}
