//! The gradient under batch normalization, by batch size and by what is added to the variance.

use super::mean_field::{Gap, MeanField};
use super::outputs::Outputs;
use super::prediction::{Layers, from_the_top};
use super::quadrature::integral;
use super::sphere::Sphere;
use crate::ops::activation::Activation;
use crate::parallel::lock;
use std::sync::Mutex;

/// A net of layers z = W h, norm, phi whose samples, a batch of B >= 4, are equally far apart (Yang et al. 2019).
///
/// There a unit's batch has the covariance a P, P the projection off (1, ..., 1), so it is sqrt(a c) n, with c drawn from
/// chi^2_(B-1) and n uniform on the unit sphere of P's space. The norm divides it by s = sqrt(a c / B + eps), which leaves
/// u = r y with y = sqrt(B) n and r^2 = a c / (a c + B eps). With D = diag(phi'(u)):
/// - forward, a of the next layer is sigma_w^2 (E phi(u_1)^2 - E phi(u_1) phi(u_2));
/// - backward, the norm multiplies by (P - r^2 n n^T) / s, so a gradient with the covariance A over the batch leaves
///   sigma_w^2 E tr(M D A D M) / s^2 in the layer below, M = P - r^2 n n^T. It is a multiple of P there, and in all layers
///   below; in the last one, what all samples have in common adds a part along (1, ..., 1), little of which passes.
pub(crate) struct Normalized<'a> {
    pub layer: &'a MeanField,
    /// The maps between hidden layers.
    pub gaps: &'a [Gap],
    pub eps: f64,
    pub batch: usize,
}

impl Normalized<'_> {
    /// The layers of a net whose first has a = `first`, below `outputs` whose weights have `output_variance` for sigma_w^2.
    pub fn layers(&self, first: f64, outputs: &Outputs, output_variance: f64) -> Layers {
        let (depth, free) = (self.gaps.len() + 1, self.batch as f64 - 1.0);
        let mut forward: Vec<Through> = Vec::with_capacity(depth);
        let mut a = first;
        for l in 0..depth {
            let still = forward.last().copied().filter(|last| (last.a - a).abs() <= 1e-13 * a);
            let through = still.unwrap_or_else(|| self.through(a));
            a = self.gaps.get(l).map_or(0.0, |gap| gap.forward * through.spread);
            forward.push(through);
        }
        let top = forward[depth - 1];
        let shared = outputs.shared(output_variance * top.spread, output_variance * top.pair);
        from_the_top(forward.iter().enumerate().map(|(l, at)| {
            let shared = if l + 1 == depth { shared } else { 0.0 };
            let passed = (1.0 - shared) * at.passed / free + shared * at.passed_shared;
            // No one asks what arrives below layer 1.
            let below = l.checked_sub(1).map_or(1.0, |gap| self.gaps[gap].backward * passed);
            (at.slope_square, below)
        }))
    }

    /// Expectations over a unit's batch.
    fn through(&self, a: f64) -> Through {
        let b = self.batch as f64;
        let noise = b * self.eps;
        let factor = |c: f64| if a * c > 0.0 { (a * c / (a * c + noise)).sqrt() } else { 0.0 };
        let at = |c: f64| Moments::at(self.layer.activation, self.batch, factor(c));
        let forward = |of: &dyn Fn(f64, &Moments) -> f64| chi_square_mean(b - 1.0, |c| of(factor(c), &at(c)));
        // E f(c) / s^2 over chi^2_(B-1) is that of c f(c) / s^2 over chi^2_(B-3), on B - 3: without eps f's alone.
        let backward = |of: &dyn Fn(f64, &Moments) -> f64| {
            chi_square_mean(b - 3.0, |c| of(factor(c), &at(c)) * b * c / (a * c + noise)) / (b - 3.0)
        };
        Through {
            a,
            spread: forward(&|r, m| m.spread * r * r),
            pair: forward(&|_, m| m.value_pair),
            slope_square: forward(&|_, m| m.slope_square),
            passed: backward(&|r, m| m.passed(b, r)),
            passed_shared: backward(&|r, m| m.passed_shared(b, r)),
        }
    }
}

/// What a layer with this a makes of the batch, and of its gradient.
#[derive(Clone, Copy)]
struct Through {
    a: f64,
    /// E phi(u_1)^2 - E phi(u_1) phi(u_2), and its second term.
    spread: f64,
    pair: f64,
    slope_square: f64,
    /// E tr(M D A D M) / s^2 for A = P and for A = (1, ..., 1) (1, ..., 1)^T / B.
    passed: f64,
    passed_shared: f64,
}

/// Expectations over y for a given r, u = r y, all smooth in r.
#[derive(Clone, Copy, Default)]
struct Moments {
    /// (E phi(u_1)^2 - E phi(u_1) phi(u_2)) / r^2.
    spread: f64,
    value_pair: f64,
    /// E phi'(u_1)^2 and E phi'(u_1) phi'(u_2).
    slope_square: f64,
    slope_pair: f64,
    /// The same of y phi'(u).
    moment_square: f64,
    moment_pair: f64,
}

/// Moments are computed at this many steps of r from 0 to 1, and cubic between.
const GRID: usize = 16;
/// An r this close to 1, as the usual eps leaves it, counts as 1 in them: a factor of the gradient is off by as much.
const WHOLE: f64 = 2e-4;

/// Those that were computed: double integrals take tens of milliseconds, and all nets of a grid ask for the same few.
static KNOWN: Mutex<Vec<(Activation, usize, usize, Moments)>> = Mutex::new(Vec::new());

impl Moments {
    /// Lagrange's cubic through the four nearest points of the grid.
    fn at(activation: Activation, batch: usize, r: f64) -> Self {
        let place = if r > 1.0 - WHOLE { GRID as f64 } else { r * GRID as f64 };
        let first = (place as usize).clamp(1, GRID - 2) - 1;
        let nodes = first..first + 4;
        let mut sum = Moments::default();
        for node in nodes.clone() {
            let others = nodes.clone().filter(|other| *other != node);
            let weight: f64 = others.map(|k| (place - k as f64) / (node as f64 - k as f64)).product();
            if weight != 0.0 {
                sum.add(weight, &Self::of_node(activation, batch, node));
            }
        }
        sum
    }

    fn add(&mut self, weight: f64, other: &Moments) {
        self.spread += weight * other.spread;
        self.value_pair += weight * other.value_pair;
        self.slope_square += weight * other.slope_square;
        self.slope_pair += weight * other.slope_pair;
        self.moment_square += weight * other.moment_square;
        self.moment_pair += weight * other.moment_pair;
    }

    fn of_node(activation: Activation, batch: usize, node: usize) -> Self {
        let kept = || lock(&KNOWN);
        let found = kept().iter().find(|k| (k.0, k.1, k.2) == (activation, batch, node)).map(|k| k.3);
        found.unwrap_or_else(|| {
            // At 0 the limit, from where squares of r are below what a cubic misses.
            let moments = Self::integrated(activation, batch, (node as f64 / GRID as f64).max(1e-4));
            kept().push((activation, batch, node, moments));
            moments
        })
    }

    fn integrated(activation: Activation, batch: usize, r: f64) -> Self {
        let sphere = Sphere::of_batch(activation, batch, r);
        let value = |y: f64| activation.value(r * y);
        let slope = |y: f64| activation.slope(r * y);
        let moment = |y: f64| slope(y) * y;
        let value_pair = sphere.mean_product(value);
        Moments {
            spread: (sphere.mean(|y| value(y).powi(2)) - value_pair) / (r * r),
            value_pair,
            slope_square: sphere.mean(|y| slope(y).powi(2)),
            slope_pair: sphere.mean_product(slope),
            moment_square: sphere.mean(|y| moment(y).powi(2)),
            moment_pair: sphere.mean_product(moment),
        }
    }

    /// E (1, ..., 1) D (1, ..., 1)^T and E (n^T D (1, ..., 1)^T)^2, both squared and on B.
    fn sums(&self, b: f64) -> [f64; 2] {
        let on_b = |square: f64, pair: f64| square + (b - 1.0) * pair;
        [on_b(self.slope_square, self.slope_pair), on_b(self.moment_square, self.moment_pair) / b]
    }

    /// E tr(M D P D M), with M^2 = P - k n n^T and k = 2 r^2 - r^4.
    fn passed(&self, b: f64, r: f64) -> f64 {
        let [ones, along] = self.sums(b);
        (b - 2.0) * self.slope_square + ones / b - bend(r) * (self.moment_square - along)
    }

    /// E tr(M D J D M), J the projection on (1, ..., 1).
    fn passed_shared(&self, b: f64, r: f64) -> f64 {
        let [ones, along] = self.sums(b);
        self.slope_square - ones / b - bend(r) * along
    }
}

/// k of M^2 = P - k n n^T.
fn bend(r: f64) -> f64 {
    r * r * (2.0 - r * r)
}

/// E f(c), c ~ chi^2 of so many degrees of freedom, over its root, which is nearly normal of variance 1/2.
fn chi_square_mean(degrees: f64, f: impl Fn(f64) -> f64) -> f64 {
    let middle = (degrees - 1.0).max(0.0).sqrt();
    let density = |x: f64| ((degrees - 1.0) * (x / middle.max(1.0)).ln() - 0.5 * (x * x - middle * middle)).exp();
    let steps = [0.0, 0.8, 1.6, 3.2, 4.8, 6.4].into_iter().flat_map(|x| [middle - x, middle + x]);
    let ends: Vec<f64> = steps.map(|x: f64| x.max(0.0)).collect();
    integral(ends.clone(), |x| density(x) * f(x * x)) / integral(ends, density)
}
