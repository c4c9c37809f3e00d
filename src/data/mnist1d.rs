//! MNIST-1D (Greydanus 2020, arXiv:2011.14439): ten one-dimensional glyphs, padded, scaled, shifted, sheared and noised.
//!
//! The transformation follows the author's package and is held against its own draws; the random draws are ours.

use super::dataset::Targets;
use super::error::DataError;
use super::raw::{Raw, stream};
use crate::seed::Stream;
use crate::setting::Settings;

const TEMPLATES: &str = include_str!("files/mnist1d-templates.json");
const PADDING: (usize, usize) = (36, 60);
const TEMPLATE_LENGTH: usize = 12;
const LENGTH: usize = TEMPLATE_LENGTH + PADDING.1;
pub(super) const FEATURES: usize = 40;
const SCALE: f64 = 0.4;
const MAX_TRANSLATION: usize = 48;
const CORRELATED_NOISE: f64 = 0.25;
const INDEPENDENT_NOISE: f64 = 0.02;
const SHEAR: f64 = 0.75;

/// The random numbers of one sample.
pub struct Draws {
    /// Uniform on [0, 1): padding, scale, shear.
    pub uniform: [f64; 3],
    /// 0..48.
    pub translation: usize,
    /// Standard normal, 72 numbers, smoothed before use.
    pub correlated: Vec<f64>,
    /// Standard normal, 72 numbers.
    pub independent: Vec<f64>,
}

impl Draws {
    fn from_stream(stream: &mut Stream) -> Self {
        let uniform = std::array::from_fn(|_| stream.uniform());
        let translation = stream.below(MAX_TRANSLATION);
        let mut normals = || (0..LENGTH).map(|_| stream.normal()).collect();
        Draws { uniform, translation, correlated: normals(), independent: normals() }
    }
}

/// `data.n` samples, the classes in turn.
pub(super) fn raw(settings: &Settings) -> Result<Raw, DataError> {
    let n = settings.int("data.n").unwrap_or(5000) as usize;
    let mut draws = stream(settings, "data mnist1d");
    let mut x = Vec::with_capacity(n * FEATURES);
    let templates = templates()?;
    for i in 0..n {
        x.extend(transform(&templates[i % templates.len()], &Draws::from_stream(&mut draws)));
    }
    let labels = (0..n).map(|i| (i % templates.len()) as u32).collect();
    let targets = Targets::Classes { labels, count: templates.len() };
    Ok(Raw::new("mnist1d", FEATURES, x, targets))
}

/// The glyphs, 12 numbers each.
pub fn templates() -> Result<Vec<Vec<f64>>, DataError> {
    serde_json::from_str(TEMPLATES)
        .map_err(|e| DataError::file("embedded templates", e.to_string(), "rebuild the program"))
}

/// One sample of 40 numbers from a template and its draws.
pub fn transform(template: &[f64], draws: &Draws) -> Vec<f64> {
    let [pad, scale, shear] = draws.uniform;
    // The offset keeps the glyph itself from counting as padding where noise is laid under it.
    let mut x: Vec<f64> = template.iter().map(|v| v + 1e-8).collect();
    let (low, high) = PADDING;
    x.resize(x.len() + low + (pad * (high - low + 1) as f64) as usize, 0.0);
    let mut x = resample(&x, LENGTH);
    let factor = 1.0 + SCALE * (scale - 0.5);
    x.iter_mut().for_each(|v| *v *= factor);
    x.rotate_right(draws.translation);
    let noise: Vec<f64> = draws.correlated.iter().map(|v| v * CORRELATED_NOISE).collect();
    for (v, smooth) in x.iter_mut().zip(smooth(&noise)) {
        if *v == 0.0 {
            *v = smooth;
        }
    }
    let slope = SHEAR * (shear - 0.5);
    let last = (LENGTH - 1) as f64;
    for (i, (v, e)) in x.iter_mut().zip(&draws.independent).enumerate() {
        *v += INDEPENDENT_NOISE * e - slope * (i as f64 / last - 0.5);
    }
    resample(&x, FEATURES)
}

/// Linear interpolation at n points from end to end.
fn resample(x: &[f64], n: usize) -> Vec<f64> {
    let at = |j: usize| {
        let s = (j * (x.len() - 1)) as f64 / (n - 1) as f64;
        let i = (s as usize).min(x.len() - 2);
        let f = s - i as f64;
        x[i] * (1.0 - f) + x[i + 1] * f
    };
    (0..n).map(at).collect()
}

/// A Gaussian filter of standard deviation 2 over 17 points, the signal mirrored at its ends.
fn smooth(x: &[f64]) -> Vec<f64> {
    const RADIUS: isize = 8;
    let kernel: Vec<f64> = (-RADIUS..=RADIUS).map(|d| (-0.5 * (d as f64 / 2.0).powi(2)).exp()).collect();
    let sum: f64 = kernel.iter().sum();
    let n = x.len() as isize;
    let mirrored = |i: isize| {
        let p = i.rem_euclid(2 * n);
        x[if p < n { p } else { 2 * n - 1 - p } as usize]
    };
    let at = |i| kernel.iter().zip(-RADIUS..).map(|(k, d)| k / sum * mirrored(i + d)).sum();
    (0..n).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Golden {
        samples: Vec<Sample>,
    }

    #[derive(serde::Deserialize)]
    struct Sample {
        label: usize,
        rand: [f64; 3],
        choice: [usize; 1],
        randn: [Vec<f64>; 2],
        out_x: Vec<f64>,
    }

    #[test]
    fn follows_the_package_on_its_own_draws() {
        let golden: Golden = serde_json::from_str(include_str!("../../tests/fixtures/mnist1d.json")).unwrap();
        assert_eq!(golden.samples.len(), 10);
        let templates = templates().unwrap();
        for s in golden.samples {
            let [correlated, independent] = s.randn;
            let draws = Draws { uniform: s.rand, translation: s.choice[0], correlated, independent };
            for (ours, theirs) in transform(&templates[s.label], &draws).iter().zip(&s.out_x) {
                assert!((ours - theirs).abs() < 1e-12, "class {}: {ours} {theirs}", s.label);
            }
        }
    }
}
