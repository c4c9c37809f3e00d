//! The gradient under batch normalization, by batch size.

use super::mean_field::{mean, mean_square, slope_square};
use super::quadrature::{KINKS, argument_ends, integral, integral_of_roots};
use crate::ops::activation::Activation;
use std::sync::{Mutex, PoisonError};

/// By what a layer z = W h, norm, phi multiplies the squared gradient on its way back, at the depth limit where all
/// samples of a batch of `batch` = B are equally far apart (Yang et al. 2019). It depends on neither sigma_w nor bias and is
/// above 1 for every phi: (B - 2) / (B - 3) for the identity. None below a batch of 4, where its mean is infinite.
///
/// There the normalized batch of one unit is y = sqrt(B) n, n uniform on the unit sphere of the B - 1 dimensions
/// orthogonal to (1, ..., 1), so all that is needed are expectations over one and two coordinates of a sphere. With
/// d = phi'(y), the batch's derivative matrix D = diag(d) and P the projection off (1, ..., 1):
/// - the variance of a unit's batch is sigma_w^2 E[phi^T P phi] chi^2_(B-1) / (B (B-1)), and E 1/chi^2_(B-1) = 1/(B-3);
/// - the gradient, which a norm leaves orthogonal to (1, ..., 1) and n, passes by tr(D P D (P - n n^T)).
pub fn growth(activation: Activation, batch: usize) -> Option<f64> {
    if batch < 4 {
        return None;
    }
    let known = |growths: &[(Activation, usize, f64)]| {
        growths.iter().find(|(a, b, _)| (*a, *b) == (activation, batch)).map(|(_, _, growth)| *growth)
    };
    let kept = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(growth) = known(&kept()) {
        return Some(growth);
    }
    let b = batch as f64;
    let growth = b / (b - 3.0) * passed(activation, batch) / spread(activation, batch);
    kept().push((activation, batch, growth));
    Some(growth)
}

/// What [`growth`] found: double integrals take tens of milliseconds, and all depths of a grid ask for the same few.
static KNOWN: Mutex<Vec<(Activation, usize, f64)>> = Mutex::new(Vec::new());

/// The same for an infinite batch: E phi'^2 / Var phi at variance 1 (Yang et al. 2019); 1 only for the identity, by the
/// Gaussian Poincare inequality.
pub fn growth_of_large_batches(activation: Activation) -> f64 {
    slope_square(activation, 1.0) / variance(activation, 1.0)
}

/// Var phi(x), x ~ N(0, q).
pub(super) fn variance(activation: Activation, q: f64) -> f64 {
    mean_square(activation, q) - mean(activation, q).powi(2)
}

/// E[phi^T P phi] = (B - 1) (E phi(y_1)^2 - E phi(y_1) phi(y_2)).
fn spread(activation: Activation, batch: usize) -> f64 {
    let sphere = Sphere::of_batch(batch);
    let phi = |y: f64| activation.value(y);
    (batch as f64 - 1.0) * (sphere.mean(|y| phi(y).powi(2)) - sphere.mean_product(phi))
}

/// E tr(D P D (P - n n^T)), written out in coordinates: E[sum d^2 (1 - 2/B) - sum d^2 n^2 + (sum d)^2 / B^2 + (sum d n)^2 / B].
fn passed(activation: Activation, batch: usize) -> f64 {
    let sphere = Sphere::of_batch(batch);
    let b = batch as f64;
    let slope = |y: f64| activation.slope(y);
    let moment = |y: f64| slope(y) * y;
    let (squares, moments) = (sphere.mean(|y| slope(y).powi(2)), sphere.mean(|y| moment(y).powi(2)) / b);
    let sum_squared = b * squares + b * (b - 1.0) * sphere.mean_product(slope);
    let moment_squared = b * moments + (b - 1.0) * sphere.mean_product(moment);
    (b - 2.0) * squares - b * moments + sum_squared / (b * b) + moment_squared / b
}

/// The distribution of one unit's normalized batch: each value is sqrt(B - 1) times a coordinate of a uniform point on
/// the unit sphere of `dimension` = B - 1 dimensions, along axes that meet with cosine -1 / (B - 1).
struct Sphere {
    dimension: f64,
    total: f64,
}

impl Sphere {
    fn of_batch(batch: usize) -> Self {
        let mut sphere = Sphere { dimension: batch as f64 - 1.0, total: 1.0 };
        sphere.total = sphere.mean(|_| 1.0);
        sphere
    }

    /// E f(y) of one value.
    fn mean(&self, f: impl Fn(f64) -> f64) -> f64 {
        let scale = self.dimension.sqrt();
        coordinate_integral(self.dimension, argument_ends(scale, scale).collect(), |t| f(scale * t)) / self.total
    }

    /// E f(y_1) f(y_2) of two values: given the first coordinate t, the second is cosine t + sine sqrt(1 - t^2) w, with w
    /// a coordinate of a uniform point on a sphere of one dimension less.
    fn mean_product(&self, f: impl Fn(f64) -> f64) -> f64 {
        let scale = self.dimension.sqrt();
        let cosine = -1.0 / self.dimension;
        let sine = (1.0 - cosine * cosine).sqrt();
        let ends: Vec<f64> = argument_ends(scale, scale).collect();
        // Where a kink of the second value enters the sphere, the inner integral begins like a power of a square root.
        let enters = |kink: f64| {
            let t = (kink / scale).clamp(-1.0, 1.0).acos();
            [t - cosine.acos(), t + cosine.acos()].map(f64::cos)
        };
        let outer_ends = ends.iter().copied().chain(KINKS.into_iter().flat_map(enters)).collect();
        let inner_dimension = self.dimension - 1.0;
        let inner_total = coordinate_integral(inner_dimension, Vec::new(), |_| 1.0);
        let outer = |t: f64| {
            let radius = sine * (1.0 - t * t).max(0.0).sqrt();
            let ends = ends.iter().map(|end| (end - cosine * t) / radius).collect();
            f(scale * t) * coordinate_integral(inner_dimension, ends, |w| f(scale * (cosine * t + radius * w)))
        };
        let weighted = |a: f64| a.cos().powf(self.dimension - 2.0) * outer(a.sin());
        integral_of_roots(angles(self.dimension, outer_ends), weighted) / (self.total * inner_total)
    }
}

/// The integral of (1 - t^2)^((dimension - 3) / 2) f(t) over -1 < t < 1, with panels that end at `ends`: up to its
/// normalization the mean of f over a coordinate of a uniform point on the sphere of this dimension.
fn coordinate_integral(dimension: f64, ends: Vec<f64>, f: impl Fn(f64) -> f64) -> f64 {
    integral(angles(dimension, ends), |a| a.cos().powf(dimension - 2.0) * f(a.sin()))
}

/// Panels in the angle t = sin(a), where the density is cos(a)^(dimension - 2): smooth up to the poles, and nearly normal
/// in high dimensions.
fn angles(dimension: f64, ends: Vec<f64>) -> Vec<f64> {
    let quarter = std::f64::consts::FRAC_PI_2;
    let normal = [2.0, 4.0, 7.0, 11.0].into_iter().flat_map(|z| [-z, z]).map(|z| z / dimension.sqrt());
    let inside = ends.into_iter().filter(|t| t.abs() < 1.0).map(f64::asin);
    inside.chain(normal.filter(|a| a.abs() < quarter)).chain([-quarter, quarter]).collect()
}
