//! Initial weights: one stream a tensor, so that no layer's draws depend on another's.

use super::layout::Layout;
use crate::ops::activation::Activation;
use crate::ops::block::Role;
use crate::seed::{Seeds, Stream};
use crate::setting::{Domain, Problems, Setting, SettingError, Settings, of_problems};

/// The distribution of initial weights, with `n` = fan-in and `m` = fan-out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// N(0, 2 / (n + m)) (Glorot & Bengio 2010, equation 12).
    GlorotNormal,
    /// U(-r, r), r = sqrt(6 / (n + m)) (Glorot & Bengio 2010, equation 16).
    GlorotUniform,
    /// N(0, 2 / n) (He et al. 2015, equation 10).
    HeNormal,
    /// U(-r, r), r = sqrt(6 / n): the same variance.
    HeUniform,
    /// N(0, 1 / n) (LeCun et al. 1998, section 4.6).
    LecunNormal,
    /// U(-r, r), r = sqrt(3 / n): the same variance.
    LecunUniform,
    /// Rows or columns orthonormal, uniform over such matrices, times `gain` (Saxe et al. 2014).
    Orthogonal { gain: f64 },
    /// N(0, sigma_w^2 / n), biases N(0, sigma_b^2): the mean-field convention (Poole et al. 2016).
    Gaussian { sigma_w: f64, sigma_b: f64 },
    /// U(-1/sqrt n, 1/sqrt n): variance 1 / (3 n), the "standard" of Glorot & Bengio 2010, equation 1.
    UniformFanIn,
}

impl Init {
    /// The init the settings name; `matched` is resolved by the activation.
    ///
    /// # Errors
    /// When a setting is missing or unknown.
    pub fn from_settings(settings: &Settings, activation: Activation) -> Result<Self, SettingError> {
        let number = |key: &str| settings.needed_float(key);
        Ok(match settings.needed_text("init")? {
            "glorot_normal" => Init::GlorotNormal,
            "glorot_uniform" => Init::GlorotUniform,
            "he_normal" => Init::HeNormal,
            "he_uniform" => Init::HeUniform,
            "lecun_normal" => Init::LecunNormal,
            "lecun_uniform" => Init::LecunUniform,
            "orthogonal" => Init::Orthogonal { gain: number("init.gain")? },
            "gaussian" => Init::Gaussian { sigma_w: number("init.sigma_w")?, sigma_b: number("init.sigma_b")? },
            "uniform_fan_in" => Init::UniformFanIn,
            "matched" => match activation {
                Activation::Relu
                | Activation::LeakyRelu { .. }
                | Activation::Elu { .. }
                | Activation::Gelu
                | Activation::Silu
                | Activation::Mish => Init::HeNormal,
                Activation::Selu => Init::LecunNormal,
                _ => Init::GlorotNormal,
            },
            other => return Err(SettingError::unknown("init", "init", other)),
        })
    }

    /// sigma_w^2 of a map from so many inputs to so many outputs: fan-in times the variance of a weight.
    pub fn variance(self, inputs: usize, outputs: usize) -> f64 {
        let (n, m) = (inputs as f64, outputs as f64);
        match self {
            Init::GlorotNormal | Init::GlorotUniform => 2.0 * n / (n + m),
            Init::HeNormal | Init::HeUniform => 2.0,
            Init::LecunNormal | Init::LecunUniform => 1.0,
            Init::UniformFanIn => 1.0 / 3.0,
            Init::Gaussian { sigma_w, .. } => sigma_w * sigma_w,
            // Orthonormal along the shorter side: more outputs share the same squared length.
            Init::Orthogonal { gain } => gain * gain * (n / m).min(1.0),
        }
    }

    /// The weights of an affine map, `[inputs, outputs]` row by row.
    fn weights(self, inputs: usize, outputs: usize, stream: &mut Stream) -> Vec<f64> {
        let (n, m) = (inputs as f64, outputs as f64);
        let count = inputs * outputs;
        let mut normal = |variance: f64| (0..count).map(|_| variance.sqrt() * stream.normal()).collect();
        match self {
            Init::GlorotNormal => normal(2.0 / (n + m)),
            Init::HeNormal => normal(2.0 / n),
            Init::LecunNormal => normal(1.0 / n),
            Init::Gaussian { sigma_w, .. } => normal(sigma_w * sigma_w / n),
            Init::GlorotUniform => uniform((6.0 / (n + m)).sqrt(), count, stream),
            Init::HeUniform => uniform((6.0 / n).sqrt(), count, stream),
            Init::LecunUniform => uniform((3.0 / n).sqrt(), count, stream),
            Init::UniformFanIn => uniform(n.sqrt().recip(), count, stream),
            Init::Orthogonal { gain } => orthogonal(inputs, outputs, gain, stream),
        }
    }
}

fn uniform(radius: f64, count: usize, stream: &mut Stream) -> Vec<f64> {
    (0..count).map(|_| radius * (2.0 * stream.uniform() - 1.0)).collect()
}

/// Gram-Schmidt, twice for accuracy, on Gaussian vectors along the shorter side: uniform over orthonormal frames.
fn orthogonal(inputs: usize, outputs: usize, gain: f64, stream: &mut Stream) -> Vec<f64> {
    let (short, long) = (inputs.min(outputs), inputs.max(outputs));
    let mut frame: Vec<Vec<f64>> = Vec::with_capacity(short);
    while frame.len() < short {
        let mut v: Vec<f64> = (0..long).map(|_| stream.normal()).collect();
        for _ in 0..2 {
            for u in &frame {
                let along: f64 = u.iter().zip(&v).map(|(a, b)| a * b).sum();
                v.iter_mut().zip(u).for_each(|(x, u)| *x -= along * u);
            }
        }
        let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        frame.push(v.into_iter().map(|x| x / norm).collect());
    }
    let entry = |i: usize, j: usize| gain * if inputs <= outputs { frame[i][j] } else { frame[j][i] };
    (0..inputs * outputs).map(|k| entry(k / outputs, k % outputs)).collect()
}

/// The packed parameters of a layout: weights drawn, biases 0 (or drawn, if the init says so), norm gains 1 and shifts 0,
/// learned scales 0.
pub fn initial(init: Init, layout: &Layout, seeds: &Seeds) -> Vec<f64> {
    let mut packed = Vec::with_capacity(layout.count());
    for parameter in layout.parameters() {
        let mut stream = seeds.stream(&parameter.name, &parameter.shape);
        match parameter.role {
            Role::Weight => {
                let inputs = parameter.shape.first().copied().unwrap_or(1);
                packed.extend(init.weights(inputs, parameter.range.len() / inputs.max(1), &mut stream));
            }
            Role::Bias => {
                let sigma = if let Init::Gaussian { sigma_b, .. } = init { sigma_b } else { 0.0 };
                let mut draw = || if sigma > 0.0 { sigma * stream.normal() } else { 0.0 };
                packed.extend(parameter.range.clone().map(|_| draw()));
            }
            Role::NormGain => packed.resize(parameter.range.end, 1.0),
            Role::NormShift | Role::Scale => packed.resize(parameter.range.end, 0.0),
        }
    }
    packed
}

/// The settings of the initial weights.
pub const SETTINGS: &[Setting] = &of_problems(Problems::Networks, [
    Setting::word("init", &[
        "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform",
        "orthogonal", "gaussian", "uniform_fan_in", "matched",
    ], "lecun_normal")
        .head("kind")
        .help("distribution of the initial weights; `matched` is he_normal for relu, leaky_relu, elu, gelu, silu and mish, lecun_normal for selu, glorot_normal for the rest; `uniform_fan_in` is U(-1/sqrt(n), 1/sqrt(n))"),
    Setting::float("init.sigma_w", Domain::Float { min: 0.0, max: 1e6 }, 1.0).of(&["gaussian"]).help("weights ~ N(0, sigma_w^2 / fan_in)"),
    Setting::float("init.sigma_b", Domain::Float { min: 0.0, max: 1e6 }, 0.0).of(&["gaussian"]).help("biases ~ N(0, sigma_b^2); every other init starts them at 0"),
    Setting::float("init.gain", Domain::Positive { max: 1e6 }, 1.0).of(&["orthogonal"]).help("factor on every initial weight"),
]);

#[cfg(test)]
mod tests {
    use super::*;

    const SEEDS: Seeds = Seeds { experiment: 0, run: 1 };

    #[test]
    fn variances_are_as_published() {
        let (n, m) = (300, 200);
        let cases = [
            (Init::GlorotNormal, 2.0 / 500.0),
            (Init::GlorotUniform, 2.0 / 500.0),
            (Init::HeNormal, 2.0 / 300.0),
            (Init::HeUniform, 2.0 / 300.0),
            (Init::LecunNormal, 1.0 / 300.0),
            (Init::LecunUniform, 1.0 / 300.0),
            (Init::Gaussian { sigma_w: 1.5, sigma_b: 0.1 }, 2.25 / 300.0),
            (Init::UniformFanIn, 1.0 / 900.0),
        ];
        for (init, variance) in cases {
            let w = init.weights(n, m, &mut SEEDS.stream("w", &[]));
            let measured = w.iter().map(|x| x * x).sum::<f64>() / w.len() as f64;
            // The variance of 60,000 squares is known to about 0.6 %.
            assert!((measured / variance - 1.0).abs() < 0.025, "{init:?}: {measured} for {variance}");
        }
    }

    #[test]
    fn orthogonal_is_orthonormal_along_the_shorter_side() {
        for (n, m) in [(6, 6), (4, 9), (9, 4)] {
            let w = Init::Orthogonal { gain: 2.0 }.weights(n, m, &mut SEEDS.stream("w", &[]));
            let short = n.min(m);
            for i in 0..short {
                for j in 0..short {
                    let dot: f64 = (0..n.max(m))
                        .map(|k| if n <= m { w[i * m + k] * w[j * m + k] } else { w[k * m + i] * w[k * m + j] })
                        .sum();
                    let want = if i == j { 4.0 } else { 0.0 };
                    assert!((dot - want).abs() < 1e-12, "{dot}");
                }
            }
        }
    }
}
