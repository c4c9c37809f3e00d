//! How far the gradient of a finite network scatters around mean-field theory: the law of ln |delta|^2.

use gradsweep::ops::activation::Activation;

/// The law of ln(|delta_l|^2 / |delta_(l+1)|^2) in one layer of a random net; layers add up, means and variances alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogFactor {
    pub mean: f64,
    pub variance: f64,
}

/// Of a critical net without biases, with Gaussian weights and `width` units a layer: relu at sigma_w^2 = 2 (He init) or
/// the identity at sigma_w^2 = 1, given that the gradient does not vanish altogether. None for other activations.
///
/// A Gaussian row times any vector v is |v| times a normal number, so a layer of n units multiplies |v|^2 by a sum of K
/// squared normals times sigma_w^2 / n; K = n for the identity, Binomial(n, 1/2) for relu, which lets each unit pass or
/// not with probability 1/2 (Hanin & Nica 2020). ln chi^2_K has mean digamma(K/2) + ln 2 and variance trigamma(K/2).
/// For wide relu layers mean -> -5 / (2 n) and variance -> 5 / n.
pub fn log_factor(activation: Activation, width: usize) -> Option<LogFactor> {
    let n = width as f64;
    match activation {
        Activation::Identity => {
            Some(LogFactor { mean: digamma(0.5 * n) - (0.5 * n).ln(), variance: trigamma(0.5 * n) })
        }
        Activation::Relu => {
            // P(K = k) / P(K = 1) by the ratio of neighbours, in logarithms so that wide layers do not underflow.
            let mut log_weight = n.ln() - n * std::f64::consts::LN_2;
            let (mut mass, mut mean, mut square, mut within) = (0.0, 0.0, 0.0, 0.0);
            for k in 1..=width {
                let k = k as f64;
                let (weight, center) = (log_weight.exp(), digamma(0.5 * k) - (0.5 * n).ln() + std::f64::consts::LN_2);
                mass += weight;
                mean += weight * center;
                square += weight * center * center;
                within += weight * trigamma(0.5 * k);
                log_weight += ((n - k) / (k + 1.0)).ln();
            }
            mean /= mass;
            Some(LogFactor { mean, variance: within / mass + square / mass - mean * mean })
        }
        _ => None,
    }
}

/// The logarithmic derivative of the gamma function, x > 0: recurrence up to 10, then the asymptotic series.
fn digamma(x: f64) -> f64 {
    if x < 10.0 {
        return digamma(x + 1.0) - 1.0 / x;
    }
    let y = 1.0 / (x * x);
    let series = [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32_760.0, 1.0 / 12.0];
    x.ln() - 0.5 / x - y * horner(y, &series)
}

/// The derivative of [`digamma`].
fn trigamma(x: f64) -> f64 {
    if x < 10.0 {
        return trigamma(x + 1.0) + 1.0 / (x * x);
    }
    let y = 1.0 / (x * x);
    let series = [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0];
    1.0 / x + 0.5 * y + y / x * horner(y, &series)
}

fn horner(x: f64, series: &[f64]) -> f64 {
    series.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

#[test]
fn digamma_and_trigamma_take_their_known_values() {
    let euler = 0.577_215_664_901_532_9;
    let square = std::f64::consts::PI * std::f64::consts::PI;
    let pairs = [
        (digamma(1.0), -euler),
        (digamma(0.5), -euler - 2.0 * std::f64::consts::LN_2),
        (trigamma(1.0), square / 6.0),
        (trigamma(0.5), square / 2.0),
        (digamma(30.0), digamma(29.0) + 1.0 / 29.0),
        (trigamma(30.0), trigamma(29.0) - 1.0 / 841.0),
    ];
    for (computed, known) in pairs {
        assert!((computed - known).abs() < 1e-14 * known.abs().max(1.0), "{computed} {known}");
    }
}
