//! Activations: the function, its derivative and where it saturates.

pub(super) mod curves;

pub(super) use curves::{Curve, Identity, Sigmoid};

use crate::setting::{Domain, Problems, Setting, SettingError, Settings, members, of_problems, word, words};

/// A nonlinearity of the hidden layers. One more is a variant here, a row in [`Activation::ALL`], a curve in
/// `curves.rs`, and an arm of `with_curve!` and of the composed path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// phi(z) = z.
    Identity,
    /// 1 / (1 + e^-z).
    Sigmoid,
    Tanh,
    /// z clamped to [-1, 1]; the derivative at the corners is 0.
    HardTanh,
    /// z / (1 + |z|) (Bergstra et al. 2009).
    Softsign,
    /// ln(1 + e^z), computed so that it never overflows (Dugas et al. 2001).
    Softplus,
    /// max(z, 0); the derivative at 0 is 0, and NaN stays NaN (Nair & Hinton 2010).
    Relu,
    /// z above 0, `slope` z below (Maas et al. 2013).
    LeakyRelu {
        slope: f64,
    },
    /// z above 0, `alpha` (e^z - 1) below (Clevert et al. 2016).
    Elu {
        alpha: f64,
    },
    /// Elu with the fixed-point constants of Klambauer et al. 2017, times lambda.
    Selu,
    /// z Phi(z) with the normal distribution function, by erf, not the tanh approximation (Hendrycks & Gimpel 2016).
    Gelu,
    /// z sigmoid(z) (Elfwing et al. 2018).
    Silu,
    /// z tanh(softplus(z)) (Misra 2019).
    Mish,
    /// The error function.
    Erf,
    /// max(z, 0), at most 6 (Krizhevsky 2010); the derivative at the corners is 0.
    Relu6,
    /// z / 6 + 1/2, kept within 0 and 1 (Courbariaux et al. 2015, with the slope of Howard et al. 2019).
    HardSigmoid,
    /// sin(z) (Sitzmann et al. 2020).
    Sine,
    /// Leaky relu whose slope below 0 is learned, one number a layer that starts at `slope` (He et al. 2015).
    Prelu {
        slope: f64,
    },
}

/// Klambauer et al. 2017, equation 14.
pub(super) const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
pub(super) const SELU_LAMBDA: f64 = 1.050_700_987_355_480_5;

impl Activation {
    /// Every activation, with its default options, by the word in an experiment file.
    const NAMED: [(&'static str, Activation); 18] = [
        ("identity", Activation::Identity),
        ("sigmoid", Activation::Sigmoid),
        ("tanh", Activation::Tanh),
        ("hard_tanh", Activation::HardTanh),
        ("softsign", Activation::Softsign),
        ("softplus", Activation::Softplus),
        ("relu", Activation::Relu),
        ("leaky_relu", Activation::LeakyRelu { slope: 0.01 }),
        ("elu", Activation::Elu { alpha: 1.0 }),
        ("selu", Activation::Selu),
        ("gelu", Activation::Gelu),
        ("silu", Activation::Silu),
        ("mish", Activation::Mish),
        ("erf", Activation::Erf),
        ("relu6", Activation::Relu6),
        ("hard_sigmoid", Activation::HardSigmoid),
        ("sine", Activation::Sine),
        // The last: it alone learns, and an output layer does without.
        ("prelu", Activation::Prelu { slope: 0.25 }),
    ];

    /// Every activation, with its default options.
    pub const ALL: [Activation; 18] = members(&Self::NAMED);

    /// The word in an experiment file.
    pub fn word(self) -> &'static str {
        word(&Self::NAMED, &self)
    }

    /// The activation that the settings of `family` (`activation` or `output_activation`) name.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn from_settings(settings: &Settings, family: &str) -> Result<Self, SettingError> {
        let wanted = settings.needed_text(family)?;
        let option = |name: &str| settings.float(&format!("{family}.{name}"));
        let found = Self::ALL.into_iter().find(|a| a.word() == wanted);
        Ok(match found.ok_or_else(|| SettingError::unknown(family, "activation", wanted))? {
            Activation::LeakyRelu { slope } => Activation::LeakyRelu { slope: option("slope").unwrap_or(slope) },
            Activation::Prelu { slope } => Activation::Prelu { slope: option("slope").unwrap_or(slope) },
            Activation::Elu { alpha } => Activation::Elu { alpha: option("alpha").unwrap_or(alpha) },
            other => other,
        })
    }

    /// Whether the derivative is piecewise constant with a kink at 0, so that units are on or off rather than saturated.
    pub fn is_rectifier(self) -> bool {
        matches!(self, Activation::Relu | Activation::LeakyRelu { .. } | Activation::Prelu { .. })
    }

    /// Whether the derivative jumps somewhere, so that differences of gradients on both sides of a jump say nothing of a second derivative.
    pub fn slope_jumps(self) -> bool {
        match self {
            Activation::Relu
            | Activation::Relu6
            | Activation::HardTanh
            | Activation::HardSigmoid
            | Activation::Selu
            | Activation::Prelu { .. } => true,
            Activation::LeakyRelu { slope } => slope != 1.0,
            Activation::Elu { alpha } => alpha != 1.0,
            _ => false,
        }
    }

    /// What its learned slope starts at, if it learns one.
    pub fn learned_slope(self) -> Option<f64> {
        if let Activation::Prelu { slope } = self { Some(slope) } else { None }
    }

    /// With this slope where it learns one.
    pub fn with_slope(self, learned: Option<f64>) -> Self {
        match (self, learned) {
            (Activation::Prelu { .. }, Some(slope)) => Activation::Prelu { slope },
            _ => self,
        }
    }

    /// How far from 0 its kinks lie beyond 1, and half-way between two of them.
    pub(crate) fn far_kinks(self) -> &'static [f64] {
        match self {
            Activation::HardSigmoid => &[3.0],
            Activation::Relu6 => &[3.0, 6.0],
            _ => &[],
        }
    }

    /// Whether phi'(z) follows from phi(z) alone, so that a backward need not keep z.
    pub(crate) fn slope_from_output(self) -> bool {
        !matches!(
            self,
            Activation::Softsign
                | Activation::Softplus
                | Activation::Gelu
                | Activation::Silu
                | Activation::Mish
                | Activation::Erf
                | Activation::Sine
                | Activation::Prelu { .. }
        )
    }

    /// The largest |phi'|, to three digits: saturation is counted under 5 % of it.
    pub fn max_slope(self) -> f64 {
        match self {
            Activation::Sigmoid => 0.25,
            Activation::Elu { alpha } => alpha.max(1.0),
            Activation::Selu => SELU_LAMBDA * SELU_ALPHA,
            Activation::Gelu => 1.129,
            Activation::Silu => 1.0998,
            Activation::Mish => 1.0885,
            Activation::Erf => std::f64::consts::FRAC_2_SQRT_PI,
            Activation::HardSigmoid => 1.0 / 6.0,
            _ => 1.0,
        }
    }

    /// phi(z).
    pub fn value(self, z: f64) -> f64 {
        with_curve!(self, f64, curve => curve.value(z))
    }

    /// phi'(z).
    pub fn slope(self, z: f64) -> f64 {
        with_curve!(self, f64, curve => curve.slope(z, curve.value(z)))
    }
}

/// Runs `$body` with `$curve` bound to the activation's curve, so that the choice stands outside the loop.
macro_rules! with_curve {
    ($activation:expr, $T:ty, $curve:ident => $body:expr) => {{
        use $crate::ops::activation::{Activation, curves};
        macro_rules! with {
            ($value:expr) => {{
                let $curve = $value;
                $body
            }};
        }
        match $activation {
            Activation::Identity => with!(curves::Identity),
            Activation::Sigmoid => with!(curves::Sigmoid),
            Activation::Tanh => with!(curves::Tanh),
            Activation::HardTanh => with!(curves::HardTanh),
            Activation::Softsign => with!(curves::Softsign),
            Activation::Softplus => with!(curves::Softplus),
            Activation::Relu => with!(curves::Relu),
            Activation::LeakyRelu { slope } => with!(curves::LeakyRelu(<$T as $crate::real::Number>::of(slope))),
            Activation::Elu { alpha } => with!(curves::Elu(<$T as $crate::real::Number>::of(alpha))),
            Activation::Selu => with!(curves::Selu),
            Activation::Gelu => with!(curves::Gelu),
            Activation::Silu => with!(curves::Silu),
            Activation::Mish => with!(curves::Mish),
            Activation::Erf => with!(curves::Erf),
            Activation::Relu6 => with!(curves::Relu6),
            Activation::HardSigmoid => with!(curves::HardSigmoid),
            Activation::Sine => with!(curves::Sine),
            Activation::Prelu { slope } => with!(curves::Prelu(<$T as $crate::real::Number>::of(slope))),
        }
    }};
}
pub(super) use with_curve;

const WORDS: &[&str] = &words(&Activation::NAMED);

/// The settings of an activation that is one of `of`: its kind, and the options of some kinds.
const fn settings(
    keys: [&'static str; 3],
    of: &'static [&'static str],
    default: &'static str,
    help: &'static str,
) -> [Setting; 3] {
    let [kind, slope, alpha] = keys;
    let (shallow, plateau) = (Domain::Float { min: 0.0, max: 1.0 }, Domain::Positive { max: 1e6 });
    [
        Setting::word(kind, of, default).head("kind").help(help),
        Setting::float(slope, shallow, 0.01).of(&["leaky_relu"]).help("slope on the negative side"),
        Setting::float(alpha, plateau, 1.0).of(&["elu"]).help("the output tends to -alpha for very negative arguments"),
    ]
}

const HIDDEN: [Setting; 3] = settings(
    ["activation", "activation.slope", "activation.alpha"],
    WORDS,
    "tanh",
    "nonlinearity of the hidden layers",
);
const LEARNED: Setting = Setting::float("activation.slope", Domain::Positive { max: 1.0 }, 0.25)
    .of(&["prelu"])
    .help("initial slope on the negative side; one slope per layer is learned, without weight decay");
const OUTPUT: [Setting; 3] = settings(
    ["output_activation", "output_activation.slope", "output_activation.alpha"],
    WORDS.split_at(WORDS.len() - 1).0,
    "identity",
    "nonlinearity of the output layer, before the loss",
);

/// The settings of the activation family.
pub const SETTINGS: &[Setting] =
    &of_problems(Problems::Networks, [HIDDEN[0], HIDDEN[1], LEARNED, HIDDEN[2], OUTPUT[0], OUTPUT[1], OUTPUT[2]]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_the_derivatives() {
        for activation in Activation::ALL {
            let mut largest = 0.0f64;
            for i in -8000..=8000 {
                // Off the kinks at -1, 0 and 1.
                let z = f64::from(i) / 1000.0 + 0.0003;
                let h = 1e-6;
                let central = (activation.value(z + h) - activation.value(z - h)) / (2.0 * h);
                let slope = activation.slope(z);
                assert!((slope - central).abs() < 2e-9, "{activation:?} at {z}: {slope} against {central}");
                largest = largest.max(slope.abs());
            }
            assert!((largest / activation.max_slope() - 1.0).abs() < 2e-3, "{activation:?}: {largest}");
        }
    }

    #[test]
    fn slopes_said_to_jump_do() {
        for activation in Activation::ALL.into_iter().chain([Activation::Elu { alpha: 0.5 }]) {
            let jump = |z: f64| (activation.slope(z + 1e-6) - activation.slope(z - 1e-6)).abs();
            // All kinks lie on whole numbers.
            let largest = (-8..=8).map(|z| jump(f64::from(z))).fold(0.0, f64::max);
            assert_eq!(largest > 0.1, activation.slope_jumps(), "{activation:?}: {largest}");
            assert!(!(1e-4..=0.1).contains(&largest), "{activation:?}: {largest}");
        }
    }

    #[test]
    fn far_arguments_stay_finite_and_nan_stays_nan() {
        for activation in Activation::ALL {
            for z in [-1e4, -750.0, -100.0, -0.0, 0.0, 100.0, 750.0, 1e4] {
                let single = with_curve!(activation, f32, curve => curve.slope(z as f32, curve.value(z as f32)));
                assert!(activation.value(z).is_finite(), "{activation:?} at {z}");
                assert!(activation.slope(z).is_finite() && single.is_finite(), "{activation:?}' at {z}");
            }
            assert!(activation.value(f64::NAN).is_nan(), "{activation:?} hides NaN");
        }
        assert_eq!(Activation::Relu.slope(0.0), 0.0);
    }

    #[test]
    fn slopes_said_to_follow_from_the_output_do() {
        for activation in Activation::ALL.into_iter().filter(|a| a.slope_from_output()) {
            for i in -300..=300 {
                let z = f64::from(i) / 50.0;
                let blind = with_curve!(activation, f64, curve => curve.slope(f64::NAN, curve.value(z)));
                assert_eq!(blind, activation.slope(z), "{activation:?} at {z}");
            }
        }
    }

    #[test]
    fn words_are_unique_and_found() {
        for activation in Activation::ALL {
            let settings = Settings::new(vec![("activation", crate::setting::Value::Text(activation.word().into()))]);
            assert_eq!(Activation::from_settings(&settings, "activation"), Ok(activation));
        }
    }
}
