//! Interleaved spirals in the plane, one arm a class: easy to draw, impossible for a linear model.

use super::dataset::Targets;
use super::raw::{Raw, stream};
use crate::setting::Settings;

/// Point i of a class at angle phase + 4 t and radius t, t = (i + 1/2) / points, plus Gaussian noise on both coordinates.
pub(super) fn raw(settings: &Settings) -> Raw {
    let classes = settings.int("data.classes").unwrap_or(3) as usize;
    let n = settings.int("data.n").unwrap_or(2000) as usize;
    let noise = settings.float("data.noise").unwrap_or(0.1);
    let mut noise_stream = stream(settings, "data spirals");
    let (mut x, mut labels) = (Vec::with_capacity(2 * n), Vec::with_capacity(n));
    for row in 0..n {
        let class = row % classes;
        let points = (n - class).div_ceil(classes);
        let t = ((row / classes) as f64 + 0.5) / points as f64;
        let angle = std::f64::consts::TAU * class as f64 / classes as f64 + 4.0 * t;
        x.push(t * angle.cos() + noise * noise_stream.normal());
        x.push(t * angle.sin() + noise * noise_stream.normal());
        labels.push(class as u32);
    }
    let targets = Targets::Classes { labels, count: classes };
    Raw::new("spirals", 2, x, targets)
}
