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
    /// Rows or columns orthonormal, uniform over such matrices (Saxe et al. 2014).
    Orthogonal,
    /// Of a convolution: such a matrix from channels to channels at the centre of the kernel, zero elsewhere (Xiao et al. 2018,
    /// algorithm 2). An affine map is all centre.
    DeltaOrthogonal,
    /// N(0, sigma_w^2 / n), biases N(0, sigma_b^2): the mean-field convention (Poole et al. 2016).
    Gaussian { sigma_w: f64, sigma_b: f64 },
    /// U(-1/sqrt n, 1/sqrt n): variance 1 / (3 n), the "standard" of Glorot & Bengio 2010, equation 1.
    UniformFanIn,
    /// N(0, std^2), whatever n and m.
    Normal { std: f64 },
    /// U(-range, range), whatever n and m.
    Uniform { range: f64 },
    /// All equal.
    Constant { value: f64 },
}

/// An init, and a factor on every weight that it draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    pub init: Init,
    pub gain: f64,
}

/// What the parameters start at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Start {
    pub hidden: Weights,
    /// Of the output layer.
    pub output: Weights,
    /// Of every bias; those of a Gaussian init scatter about it.
    pub bias: f64,
}

impl From<Init> for Start {
    /// The same init everywhere, and no bias but its own.
    fn from(init: Init) -> Self {
        init.times(1.0)
    }
}

impl Start {
    /// What the settings say; `matched` is resolved by the activation.
    ///
    /// # Errors
    /// When a setting is missing or unknown.
    pub fn from_settings(settings: &Settings, activation: Activation) -> Result<Self, SettingError> {
        let gain = |family: &str| settings.float(&format!("{family}.gain")).unwrap_or(1.0);
        let init = Init::from_settings(settings, "init", settings.needed_text("init")?, activation)?;
        let hidden = Weights { init, gain: gain("init") };
        let output = match settings.needed_text("output.init")? {
            "same" => Weights { gain: hidden.gain * gain("output"), ..hidden },
            word => Weights { init: Init::from_settings(settings, "output", word, activation)?, gain: gain("output") },
        };
        Ok(Start { hidden, output, bias: settings.needed_float("init.bias")? })
    }
}

impl Init {
    /// Everywhere, with this factor on every weight.
    pub fn times(self, gain: f64) -> Start {
        let weights = Weights { init: self, gain };
        Start { hidden: weights, output: weights, bias: 0.0 }
    }

    /// The init of this word, with the options of `family`.
    fn from_settings(
        settings: &Settings,
        family: &str,
        word: &str,
        activation: Activation,
    ) -> Result<Self, SettingError> {
        let number = |option: &str| settings.needed_float(&format!("{family}.{option}"));
        Ok(match word {
            "glorot_normal" => Init::GlorotNormal,
            "glorot_uniform" => Init::GlorotUniform,
            "he_normal" => Init::HeNormal,
            "he_uniform" => Init::HeUniform,
            "lecun_normal" => Init::LecunNormal,
            "lecun_uniform" => Init::LecunUniform,
            "orthogonal" => Init::Orthogonal,
            "delta_orthogonal" => Init::DeltaOrthogonal,
            "gaussian" => Init::Gaussian { sigma_w: number("sigma_w")?, sigma_b: number("sigma_b")? },
            "normal" => Init::Normal { std: number("std")? },
            "uniform" => Init::Uniform { range: number("range")? },
            "constant" => Init::Constant { value: number("value")? },
            "uniform_fan_in" => Init::UniformFanIn,
            "matched" => match activation {
                Activation::Relu
                | Activation::LeakyRelu { .. }
                | Activation::Prelu { .. }
                | Activation::Relu6
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

    /// The weights of an affine map or a convolution, row by row.
    fn weights(self, shape: &[usize], stream: &mut Stream) -> Vec<f64> {
        let Fans { taps, inputs, outputs } = Fans::of(shape);
        let (n, m) = ((taps * inputs) as f64, (taps * outputs) as f64);
        let count = taps * inputs * outputs;
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
            Init::Orthogonal => orthogonal(taps * inputs, outputs, stream),
            Init::DeltaOrthogonal => {
                let mut all = vec![0.0; count];
                let centre = taps / 2 * inputs * outputs;
                all[centre..centre + inputs * outputs].copy_from_slice(&orthogonal(inputs, outputs, stream));
                all
            }
            Init::Normal { std } => normal(std * std),
            Init::Uniform { range } => uniform(range, count, stream),
            Init::Constant { value } => vec![value; count],
        }
    }

    /// Fan-in times the variance of a weight of this shape: sigma_w^2; `None` where all weights are equal.
    pub(crate) fn fan_in_variance(self, shape: &[usize]) -> Option<f64> {
        let Fans { taps, inputs, outputs } = Fans::of(shape);
        let (n, m) = ((taps * inputs) as f64, (taps * outputs) as f64);
        Some(match self {
            Init::GlorotNormal | Init::GlorotUniform => 2.0 * n / (n + m),
            Init::HeNormal | Init::HeUniform => 2.0,
            Init::LecunNormal | Init::LecunUniform => 1.0,
            Init::UniformFanIn => 1.0 / 3.0,
            Init::Gaussian { sigma_w, .. } => sigma_w * sigma_w,
            // Orthonormal along the shorter side: more outputs share the same squared length.
            Init::Orthogonal => (n / outputs as f64).min(1.0),
            Init::DeltaOrthogonal => (n / m).min(1.0),
            Init::Normal { std } => n * std * std,
            Init::Uniform { range } => n * range * range / 3.0,
            Init::Constant { .. } => return None,
        })
    }
}

/// What a weight connects.
struct Fans {
    /// Entries of a convolution's kernel, each a matrix of its own; 1 of an affine map.
    taps: usize,
    inputs: usize,
    outputs: usize,
}

impl Fans {
    /// Of a weight `[inputs, outputs]`, or `[height, width, inputs, outputs]`.
    fn of(shape: &[usize]) -> Self {
        match shape {
            [taps @ .., inputs, outputs] => Fans { taps: taps.iter().product(), inputs: *inputs, outputs: *outputs },
            _ => Fans { taps: 1, inputs: shape.iter().product(), outputs: 1 },
        }
    }
}

fn uniform(radius: f64, count: usize, stream: &mut Stream) -> Vec<f64> {
    (0..count).map(|_| radius * (2.0 * stream.uniform() - 1.0)).collect()
}

/// Gram-Schmidt, twice for accuracy, on Gaussian vectors along the shorter side: uniform over orthonormal frames.
fn orthogonal(inputs: usize, outputs: usize, stream: &mut Stream) -> Vec<f64> {
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
    let entry = |i: usize, j: usize| if inputs <= outputs { frame[i][j] } else { frame[j][i] };
    (0..inputs * outputs).map(|k| entry(k / outputs, k % outputs)).collect()
}

/// The packed parameters of a layout: weights drawn, those named `output.weight` as the output's; biases equal (or drawn about
/// that, if the init says so); all others as the layout says.
pub fn initial(start: impl Into<Start>, layout: &Layout, seeds: &Seeds) -> Vec<f64> {
    let start = start.into();
    let mut packed = Vec::with_capacity(layout.count());
    for parameter in layout.parameters() {
        let mut stream = seeds.stream(&parameter.name, &parameter.shape);
        match parameter.role {
            Role::Weight | Role::GateWeight => {
                let Weights { init, gain } = if parameter.name == OUTPUT_WEIGHT { start.output } else { start.hidden };
                let drawn = init.weights(&parameter.shape, &mut stream);
                packed.extend(drawn.into_iter().map(|weight| gain * weight));
            }
            Role::Bias => {
                let sigma = if let Init::Gaussian { sigma_b, .. } = start.hidden.init { sigma_b } else { 0.0 };
                let mut draw = || start.bias + if sigma > 0.0 { sigma * stream.normal() } else { 0.0 };
                packed.extend(parameter.range.clone().map(|_| draw()));
            }
            Role::NormGain | Role::NormShift | Role::Scale | Role::Slope | Role::GateBias => {
                packed.resize(parameter.range.end, parameter.start);
            }
        }
    }
    packed
}

/// The name of the output layer's weights.
const OUTPUT_WEIGHT: &str = "output.weight";

/// Those that scale with the size of the layer, so that a gain is all that is left to choose.
const SCHEMES: &[&str] = &[
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "orthogonal",
    "delta_orthogonal",
    "uniform_fan_in",
    "matched",
];
const POSITIVE_WEIGHTS: Domain = Domain::Positive { max: 1e6 };
const ANY: Domain = Domain::Float { min: -1e6, max: 1e6 };

/// The settings of the initial weights.
pub const SETTINGS: &[Setting] = &of_problems(Problems::Networks, [
    Setting::word("init", &[
        "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform",
        "orthogonal", "delta_orthogonal", "gaussian", "uniform_fan_in", "matched", "normal", "uniform", "constant",
    ], "lecun_normal")
        .head("kind")
        .help("distribution of the initial weights; `matched` is he_normal for relu, leaky_relu, prelu, relu6, elu, gelu, silu and mish, lecun_normal for selu, glorot_normal for the rest; `uniform_fan_in` is U(-1/sqrt(n), 1/sqrt(n)); `normal`, `uniform` and `constant` take one number for all layers; `delta_orthogonal` is for convolutional nets: an orthogonal matrix at the centre of each kernel, zero elsewhere (Xiao et al. 2018)"),
    Setting::float("init.sigma_w", Domain::Float { min: 0.0, max: 1e6 }, 1.0).of(&["gaussian"]).help("weights ~ N(0, sigma_w^2 / fan_in)"),
    Setting::float("init.sigma_b", Domain::Float { min: 0.0, max: 1e6 }, 0.0).of(&["gaussian"]).help("biases ~ N(init.bias, sigma_b^2); with every other init they start at init.bias"),
    Setting::float("init.gain", POSITIVE_WEIGHTS, 1.0).of(SCHEMES).help("factor on every initial weight"),
    Setting::required("init.std", Domain::Float { min: 0.0, max: 1e6 }).of(&["normal"]).help("weights ~ N(0, std^2), independent of the fan-in"),
    Setting::required("init.range", Domain::Float { min: 0.0, max: 1e6 }).of(&["uniform"]).help("weights ~ U(-range, range), independent of the fan-in"),
    Setting::required("init.value", ANY).of(&["constant"]).help("every initial weight"),
    Setting::float("init.bias", ANY, 0.0).help("initial value of every bias"),
    Setting::word("output.init", &[
        "same", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform",
        "orthogonal", "uniform_fan_in", "matched", "normal", "uniform", "constant",
    ], "same")
        .head("init")
        .help("the init of the output layer's weights; `same`: that of the other layers"),
    Setting::float("output.gain", POSITIVE_WEIGHTS, 1.0).of(&[
        "same", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform",
        "orthogonal", "uniform_fan_in", "matched",
    ])
        .help("factor on the output layer's initial weights"),
    Setting::required("output.std", Domain::Float { min: 0.0, max: 1e6 }).of(&["normal"]).help("as init.std, for the \
        output layer"),
    Setting::required("output.range", Domain::Float { min: 0.0, max: 1e6 }).of(&["uniform"]).help("as init.range, for \
        the output layer"),
    Setting::required("output.value", ANY).of(&["constant"]).help("value of every initial weight of the output layer, such as 0"),
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
            (Init::Normal { std: 0.02 }, 4e-4),
            (Init::Uniform { range: 0.3 }, 0.03),
        ];
        for (init, variance) in cases {
            let w = init.weights(&[n, m], &mut SEEDS.stream("w", &[]));
            let measured = w.iter().map(|x| x * x).sum::<f64>() / w.len() as f64;
            // The variance of 60,000 squares is known to about 0.6 %.
            assert!((measured / variance - 1.0).abs() < 0.025, "{init:?}: {measured} for {variance}");
            assert!((init.fan_in_variance(&[n, m]).unwrap() / (n as f64 * variance) - 1.0).abs() < 1e-12, "{init:?}");
        }
    }

    #[test]
    fn orthogonal_is_orthonormal_along_the_shorter_side() {
        for (n, m) in [(6, 6), (4, 9), (9, 4)] {
            let w = Init::Orthogonal.weights(&[n, m], &mut SEEDS.stream("w", &[]));
            let short = n.min(m);
            for i in 0..short {
                for j in 0..short {
                    let dot: f64 = (0..n.max(m))
                        .map(|k| if n <= m { w[i * m + k] * w[j * m + k] } else { w[k * m + i] * w[k * m + j] })
                        .sum();
                    let want = if i == j { 1.0 } else { 0.0 };
                    assert!((dot - want).abs() < 1e-12, "{dot}");
                }
            }
        }
    }

    #[test]
    fn gains_output_and_bias_act_where_they_say() {
        let names = [("layer1.weight", Role::Weight), ("layer1.bias", Role::Bias), ("output.weight", Role::Weight)];
        let shape = |role| if role == Role::Weight { vec![6, 6] } else { vec![6] };
        let layout = Layout::new(names.map(|(name, role)| (name.into(), role, shape(role))));
        let plain = initial(Init::Orthogonal, &layout, &SEEDS);
        let output = Weights { init: Init::Constant { value: 0.25 }, gain: 2.0 };
        let start = Start { output, bias: -0.5, ..Init::Orthogonal.times(3.0) };
        let started = initial(start, &layout, &SEEDS);
        for (parameter, wanted) in layout.parameters().iter().zip([None, Some(-0.5), Some(0.5)]) {
            for i in parameter.range.clone() {
                assert_eq!(started[i], wanted.unwrap_or(3.0 * plain[i]), "{}", parameter.name);
            }
        }
    }
}
