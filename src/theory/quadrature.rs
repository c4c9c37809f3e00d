//! Expectations over Gaussian variables: Gauss-Legendre panels that end where an activation has a kink.
//!
//! Gauss-Hermite would be one line, but it converges only algebraically for functions with a kink, such as relu. Most kinks
//! of the family lie on -1, 0 or 1 and an activation names its others, so panels that end there see analytic functions
//! only, and 20 nodes a panel reach rounding. That is one fixed rule, too little to add a crate for.

use crate::ops::activation::Activation;
use std::sync::LazyLock;

const NODES: usize = 20;
/// The standard normal weighs 1.5e-23 beyond.
const FAR: f64 = 10.0;
/// Ends of panels in units of the Gaussian's standard deviation.
const NORMAL_ENDS: [f64; 4] = [2.5, 5.0, 7.5, FAR];
/// Where most activations of the family have their kinks.
pub(super) const KINKS: [f64; 3] = [-1.0, 0.0, 1.0];
/// Ends of panels in units of the activation's argument, the kinks among them; beyond 8 they grow by 4.
const ARGUMENT_ENDS: [f64; 4] = [1.0, 2.0, 4.0, 8.0];
/// Waves are followed so far out, a panel every 4: in one dimension, and in each of two.
const WAVES: f64 = 1e6;
pub(super) const WAVES_OF_PAIRS: f64 = 400.0;

/// Nodes and weights on [-1, 1]: the roots of the Legendre polynomial, by Newton's method.
static RULE: LazyLock<[(f64, f64); NODES]> = LazyLock::new(|| {
    std::array::from_fn(|i| {
        let n = NODES as f64;
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..8 {
            let (mut before, mut value) = (1.0, x);
            for k in 2..=NODES {
                let k = k as f64;
                (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
            }
            slope = n * (x * value - before) / (x * x - 1.0);
            x -= value / slope;
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    })
});

/// The integral of `f` between the first and the last of `ends`, which are sorted here.
pub(super) fn integral(mut ends: Vec<f64>, f: impl Fn(f64) -> f64) -> f64 {
    ends.sort_by(f64::total_cmp);
    let panel = |ends: &[f64]| {
        let (middle, half) = (0.5 * (ends[0] + ends[1]), 0.5 * (ends[1] - ends[0]));
        half * RULE.iter().map(|(x, w)| w * f(middle + half * x)).sum::<f64>()
    };
    ends.windows(2).filter(|ends| ends[0] < ends[1]).map(panel).sum()
}

/// The same where `f` may begin and end in each panel like a square root: the variable runs as s^2 (3 - 2 s), which
/// makes it smooth.
pub(super) fn integral_of_roots(mut ends: Vec<f64>, f: impl Fn(f64) -> f64) -> f64 {
    ends.sort_by(f64::total_cmp);
    let panel = |ends: &[f64]| {
        let (start, length) = (ends[0], ends[1] - ends[0]);
        integral(vec![0.0, 0.5, 1.0], |s| length * 6.0 * s * (1.0 - s) * f(start + length * s * s * (3.0 - 2.0 * s)))
    };
    ends.windows(2).filter(|ends| ends[0] < ends[1]).map(panel).sum()
}

/// `0` and both signs of every panel end of an argument `scale` times the integration variable, inside (-`far`, `far`).
pub(super) fn argument_ends(activation: Activation, scale: f64, far: f64) -> impl Iterator<Item = f64> {
    ends_of_waves(activation, scale, far, WAVES)
}

fn ends_of_waves(activation: Activation, scale: f64, far: f64, waves: f64) -> impl Iterator<Item = f64> {
    let beyond = std::iter::successors(Some(32.0), |x| Some(4.0 * x)).take_while(move |x| *x < far * scale);
    let farthest = if activation == Activation::Sine { waves.min(far * scale) } else { 0.0 };
    let waves = (3..).map(|k| 4.0 * f64::from(k)).take_while(move |x| *x < farthest);
    let own = activation.far_kinks().iter().copied();
    let sizes = ARGUMENT_ENDS.into_iter().chain(beyond).chain(own).chain(waves);
    let signed = sizes.flat_map(move |x| [-x / scale, x / scale]);
    signed.filter(move |x| x.abs() < far).chain([0.0])
}

/// E f(x), x ~ N(0, `variance`), f made of an activation.
pub(super) fn gaussian(activation: Activation, variance: f64, f: impl Fn(f64) -> f64) -> f64 {
    let sigma = variance.sqrt();
    let ends = normal_ends().chain(argument_ends(activation, sigma, FAR)).collect();
    integral(ends, |z| density(z) * f(sigma * z))
}

/// E f(x, y), x and y ~ N(0, `variance`) with this correlation, f made of an activation.
///
/// In u = (x + y) and v = (x - y), each scaled to variance 1, which are independent; kinks of x and y are lines that
/// meet on the axes alone, so that the inner integral is smooth in the outer variable between panel ends.
pub(super) fn gaussian_pair(
    activation: Activation,
    variance: f64,
    correlation: f64,
    f: impl Fn(f64, f64) -> f64,
) -> f64 {
    let ends = |scale, far| ends_of_waves(activation, scale, far, WAVES_OF_PAIRS);
    let sigma = variance.sqrt();
    let along = sigma * (0.5 * (1.0 + correlation)).sqrt();
    let across = sigma * (0.5 * (1.0 - correlation)).sqrt();
    let (inner, outer) = (along.max(across), along.min(across));
    let outer_ends = normal_ends().chain(ends(outer, FAR)).collect();
    integral(outer_ends, |s| {
        let shift = outer * s / inner;
        let kinks = ends(inner, 2.0 * FAR).flat_map(|t| [t - shift, t + shift]);
        let ends = normal_ends().chain(kinks.filter(|t| t.abs() < FAR)).collect();
        let (s, at) = (outer * s, density(s));
        at * integral(ends, |t| {
            let t_density = density(t);
            let t = inner * t;
            t_density * if across <= along { f(t + s, t - s) } else { f(s + t, s - t) }
        })
    })
}

fn normal_ends() -> impl Iterator<Item = f64> {
    NORMAL_ENDS.into_iter().flat_map(|z| [-z, z])
}

/// The standard normal density.
fn density(z: f64) -> f64 {
    0.5 * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2 * (-0.5 * z * z).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_normal_distribution() {
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-13, "{a} {b}");
        for variance in [1e-20, 1e-3, 1.0, 7.3, 1e6, 1e20] {
            close(gaussian(Activation::Identity, variance, |_| 1.0), 1.0);
            close(gaussian(Activation::Identity, variance, |x| x.powi(4)), 3.0 * variance * variance);
            for c in [-1.0, -0.999_999, -0.4, 0.0, 0.7, 0.999_999_9, 1.0] {
                close(
                    gaussian_pair(Activation::Identity, variance, c, |x, y| x * x * y * y),
                    variance * variance * (1.0 + 2.0 * c * c),
                );
            }
        }
    }
}
