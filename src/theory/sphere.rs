//! One unit's batch after normalization: a random point on a sphere, and expectations over one and two of its values.

use super::quadrature::{KINKS, argument_ends, integral, integral_of_roots};
use crate::ops::activation::Activation;

/// The distribution of one unit's normalized batch of B values y = sqrt(B) n, n uniform on the unit sphere of the
/// `dimension` = B - 1 dimensions orthogonal to (1, ..., 1): each value is sqrt(B - 1) times a coordinate of n along one of B
/// axes that meet with cosine -1 / (B - 1). What is averaged is an activation of r y.
pub(super) struct Sphere {
    activation: Activation,
    dimension: f64,
    /// r.
    factor: f64,
    total: f64,
}

impl Sphere {
    pub fn of_batch(activation: Activation, batch: usize, factor: f64) -> Self {
        let mut sphere = Sphere { activation, dimension: batch as f64 - 1.0, factor, total: 1.0 };
        sphere.total = sphere.mean(|_| 1.0);
        sphere
    }

    /// The coordinates t at which r y leaves one panel for the next.
    fn ends(&self) -> Vec<f64> {
        argument_ends(self.activation, self.factor * self.dimension.sqrt(), 1.0).collect()
    }

    /// E f(y) of one value.
    pub fn mean(&self, f: impl Fn(f64) -> f64) -> f64 {
        let scale = self.dimension.sqrt();
        coordinate_integral(self.dimension, self.ends(), |t| f(scale * t)) / self.total
    }

    /// E f(y_1) f(y_2) of two values: given the first coordinate t, the second is cosine t + sine sqrt(1 - t^2) w, with w
    /// a coordinate of a uniform point on a sphere of one dimension less.
    pub fn mean_product(&self, f: impl Fn(f64) -> f64) -> f64 {
        let scale = self.dimension.sqrt();
        let cosine = -1.0 / self.dimension;
        let sine = (1.0 - cosine * cosine).sqrt();
        let ends = self.ends();
        // Where a kink of the second value enters the sphere, the inner integral begins like a power of a square root.
        let enters = |kink: f64| {
            let t = (kink / (self.factor * scale)).clamp(-1.0, 1.0).acos();
            [t - cosine.acos(), t + cosine.acos()].map(f64::cos)
        };
        let far = self.activation.far_kinks().iter().flat_map(|kink| [-*kink, *kink]);
        let kinks = KINKS.into_iter().chain(far);
        let outer_ends = ends.iter().copied().chain(kinks.flat_map(enters)).collect();
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
