//! Teacher and student: the targets are a random network's outputs, so a zero loss is known to be within reach.

use super::dataset::Targets;
use super::raw::{Raw, stream};
use crate::setting::Settings;

/// x ~ N(0, 1); y = v . tanh(x W) with W ~ N(0, 1/features) and v ~ N(0, 1/width), plus Gaussian noise.
pub(super) fn raw(settings: &Settings) -> Raw {
    let size = |key: &str, usual: i64| settings.int(key).unwrap_or(usual) as usize;
    let (n, features, width) = (size("data.n", 2000), size("data.features", 16), size("data.teacher_width", 16));
    let noise = settings.float("data.noise").unwrap_or(0.0);
    let mut weights = stream(settings, "data teacher weights");
    let mut normals =
        |count: usize, variance: f64| -> Vec<f64> { (0..count).map(|_| variance.sqrt() * weights.normal()).collect() };
    let w = normals(features * width, 1.0 / features as f64);
    let v = normals(width, 1.0 / width as f64);
    let mut inputs = stream(settings, "data teacher inputs");
    let x: Vec<f64> = (0..n * features).map(|_| inputs.normal()).collect();
    let mut noises = stream(settings, "data teacher noise");
    let answer = |row: &[f64]| -> f64 {
        (0..width).map(|j| v[j] * (0..features).map(|i| row[i] * w[i * width + j]).sum::<f64>().tanh()).sum()
    };
    let y = x.chunks_exact(features).map(|row| answer(row) + noise * noises.normal()).collect();
    let targets = Targets::Values { y, width: 1 };
    Raw::new("teacher", features, x, targets)
}
