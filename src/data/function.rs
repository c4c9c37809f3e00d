//! Test functions: the model is the point itself, the gradient that of a formula, and the minima are known.
//!
//! Values are at least 0 everywhere and 0 at the minima, so that they can be drawn on a logarithmic scale.

mod polynomial;

pub use polynomial::Polynomial;

use super::dataset::{Dataset, Split, Targets};
use super::error::DataError;
use crate::real::Real;
use crate::setting::{Acts, Domain, Problems, Setting, Settings, Value, members, of_problems, word, words};
use crate::table::count;
use serde::{Deserialize, Serialize};

/// The kinds that are functions: all words of the setting but "none".
const KINDS: &[&str] = &words(&Kind::NAMED);

/// The settings of the functions.
pub const SETTINGS: &[Setting] = &of_problems(Problems::Functions, [
    Setting::word("function", &["none", "quadratic", "rosenbrock", "beale", "himmelblau", "saddle", "reddi", "polynomial"], "none")
        .head("kind")
        .help("a test function instead of data and network: training moves a point that minimizes the function; `quadratic` with `function.noise` is the noisy quadratic"),
    Setting::float("function.condition", Domain::Float { min: 1.0, max: 1e12 }, 100.0).of(&["quadratic"])
        .help("condition number: the eigenvalues go from 1 to this number in equal ratios"),
    Setting::int("function.dimension", 1..=100, 2).of(&["quadratic"])
        .help("number of variables; with one variable the eigenvalue is 1"),
    Setting::float("function.c", Domain::Float { min: 2.0, max: 1e6 }, 3.0).of(&["reddi"])
        .help("gradient at the first of every three steps; at the other two it is -1"),
    Setting::required("function.coefficients", Domain::List).of(&["polynomial"])
        .help("coefficients of 1, x, x^2, ..., up to x^15; the highest power has to be even, with a positive coefficient. The minimum is subtracted from all values"),
    Setting::unset("function.start", Domain::List).of(KINDS)
        .help("the starting point; if unset: quadratic all 1, rosenbrock [-1.2, 1], beale [1, 1], himmelblau [0, 0], saddle [1, 0.001], reddi [0], polynomial [1]"),
    Setting::float("function.spread", Domain::Float { min: 0.0, max: 1e6 }, 0.0).of(KINDS)
        .help("standard deviation of the starting point around `function.start`; it is drawn from the run's seed, so all optimizers with the same seed start at the same point"),
    Setting::float("function.noise", Domain::Float { min: 0.0, max: 1e6 }, 0.0).of(KINDS).acts(Acts::OnTheBatch)
        .help("standard deviation of the normal noise on every gradient entry; it is drawn from the run's seed, so all optimizers with the same seed see the same noise"),
]);

/// No start lies farther out, so that values stay finite there.
const FARTHEST: f64 = 1e6;

/// A formula.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 1/2 sum of lambda_i x_i^2 with lambda_i = condition^((i-1)/(n-1)), i = 1..n. Minimum at 0 (Polyak 1964).
    Quadratic { condition: f64, dimension: usize },
    /// (1 - x1)^2 + 100 (x2 - x1^2)^2. Minimum at (1, 1) (Rosenbrock 1960).
    Rosenbrock,
    /// (1.5 - x1 (1 - x2))^2 + (2.25 - x1 (1 - x2^2))^2 + (2.625 - x1 (1 - x2^3))^2. Minimum at (3, 0.5) (Beale 1958;
    /// number 5 of Moré, Garbow & Hillstrom 1981).
    Beale,
    /// (x1^2 + x2 - 11)^2 + (x1 + x2^2 - 7)^2. Four minima (Himmelblau 1972).
    Himmelblau,
    /// x1^2/2 + (x2^2 - 1)^2/4: a saddle of value 1/4 at 0 between the minima (0, -1) and (0, 1) (Nesterov 2004,
    /// example 1.2.2, plus 1/4).
    Saddle,
    /// Losses c x, -x, -x in turn, for x from -1 to 1; the value is their mean, (c - 2) x / 3, less its least. Minimum at
    /// -1 (Reddi, Kale & Kumar 2018, theorem 1).
    Reddi { c: f64 },
    /// c_0 + c_1 x + c_2 x^2 + ..., less its least value.
    Polynomial(Polynomial),
}

impl Kind {
    /// Every formula, with default constants, by the word in an experiment file.
    const NAMED: [(&'static str, Kind); 7] = [
        ("quadratic", Kind::Quadratic { condition: 100.0, dimension: 2 }),
        ("rosenbrock", Kind::Rosenbrock),
        ("beale", Kind::Beale),
        ("himmelblau", Kind::Himmelblau),
        ("saddle", Kind::Saddle),
        ("reddi", Kind::Reddi { c: 3.0 }),
        ("polynomial", Kind::Polynomial(Polynomial::QUARTIC)),
    ];

    /// Every formula, with default constants.
    pub const ALL: [Kind; 7] = members(&Self::NAMED);

    /// The word in an experiment file.
    pub fn word(self) -> &'static str {
        word(&Self::NAMED, &self)
    }

    /// Number of variables.
    pub const fn dimension(self) -> usize {
        match self {
            Kind::Quadratic { dimension, .. } => dimension,
            Kind::Reddi { .. } | Kind::Polynomial(_) => 1,
            _ => 2,
        }
    }

    /// Every variable stays between -reach and reach: an update that leaves the box ends on its border.
    pub const fn reach(self) -> f64 {
        match self {
            Kind::Reddi { .. } => 1.0,
            _ => f64::INFINITY,
        }
    }

    /// What step t = 0, 1, ... has for every entry of the gradient, where it is not the slope of the value.
    pub fn gradient_in_turn(self, t: usize) -> Option<f64> {
        match self {
            Kind::Reddi { c } => Some(if t.is_multiple_of(3) { c } else { -1.0 }),
            _ => None,
        }
    }

    /// Where a run starts unless told otherwise.
    pub fn usual_start(self) -> Vec<f64> {
        match self {
            Kind::Quadratic { dimension, .. } => vec![1.0; dimension],
            Kind::Rosenbrock => vec![-1.2, 1.0],
            Kind::Beale => vec![1.0, 1.0],
            Kind::Himmelblau => vec![0.0, 0.0],
            Kind::Saddle => vec![1.0, 0.001],
            Kind::Reddi { .. } => vec![0.0],
            Kind::Polynomial(_) => vec![1.0],
        }
    }

    /// All minima, of value 0.
    pub fn minima(self) -> Vec<Vec<f64>> {
        match self {
            Kind::Quadratic { dimension, .. } => vec![vec![0.0; dimension]],
            Kind::Rosenbrock => vec![vec![1.0, 1.0]],
            Kind::Beale => vec![vec![3.0, 0.5]],
            Kind::Himmelblau => vec![
                vec![3.0, 2.0],
                vec![-2.805_118_086_952_745, 3.131_312_518_250_573],
                vec![-3.779_310_253_377_747, -3.283_185_991_286_17],
                vec![3.584_428_340_330_492, -1.848_126_526_964_404],
            ],
            Kind::Saddle => vec![vec![0.0, -1.0], vec![0.0, 1.0]],
            Kind::Reddi { .. } => vec![vec![-1.0]],
            Kind::Polynomial(polynomial) => polynomial.minima().into_iter().map(|x| vec![x]).collect(),
        }
    }

    /// The value at `x`; its gradient is written into `gradient`. Both are as long as [`Kind::dimension`].
    pub fn at<T: Real>(self, x: &[T], gradient: &mut [T]) -> T {
        let c = T::of;
        if let Kind::Quadratic { condition, dimension } = self {
            let gaps = dimension.saturating_sub(1).max(1) as f64;
            let mut value = c(0.0);
            for (i, (x, g)) in x.iter().zip(gradient).enumerate() {
                *g = c(condition.powf(i as f64 / gaps)) * *x;
                value += c(0.5) * *g * *x;
            }
            return value;
        }
        if let Kind::Reddi { c: first } = self {
            gradient[0] = c((first - 2.0) / 3.0);
            return gradient[0] * (x[0] + c(1.0));
        }
        if let Kind::Polynomial(polynomial) = self {
            let value;
            (value, gradient[0]) = polynomial.at(x[0]);
            return value;
        }
        let (a, b) = (x[0], x[1]);
        let (value, slopes) = match self {
            Kind::Quadratic { .. } | Kind::Reddi { .. } | Kind::Polynomial(_) => {
                unreachable!("it need not have two variables")
            }
            Kind::Rosenbrock => {
                let (p, q) = (c(1.0) - a, b - a * a);
                (p * p + c(100.0) * q * q, [c(-2.0) * p - c(400.0) * a * q, c(200.0) * q])
            }
            Kind::Beale => {
                let (p, q, r) =
                    (c(1.5) - a * (c(1.0) - b), c(2.25) - a * (c(1.0) - b * b), c(2.625) - a * (c(1.0) - b * b * b));
                let by_a = p * (b - c(1.0)) + q * (b * b - c(1.0)) + r * (b * b * b - c(1.0));
                let by_b = p * a + q * c(2.0) * a * b + r * c(3.0) * a * b * b;
                (p * p + q * q + r * r, [c(2.0) * by_a, c(2.0) * by_b])
            }
            Kind::Himmelblau => {
                let (p, q) = (a * a + b - c(11.0), a + b * b - c(7.0));
                (p * p + q * q, [c(4.0) * a * p + c(2.0) * q, c(2.0) * p + c(4.0) * b * q])
            }
            Kind::Saddle => {
                let well = b * b - c(1.0);
                (c(0.5) * a * a + c(0.25) * well * well, [a, b * well])
            }
        };
        gradient.copy_from_slice(&slopes);
        value
    }
}

/// A function with where it starts and what is random about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    pub kind: Kind,
    pub start: Vec<f64>,
    /// Standard deviation of the start around it.
    pub spread: f64,
    /// Standard deviation of the noise on every gradient entry.
    pub noise: f64,
}

impl Function {
    /// The function the settings name; `None` where they name none.
    ///
    /// # Errors
    /// When a setting is missing, or the start has another number of variables or is too far away.
    pub fn from_settings(settings: &Settings) -> Option<Result<Self, DataError>> {
        let word = settings.text("function").filter(|word| *word != "none")?;
        Some(Function::named(word, settings))
    }

    fn named(word: &str, settings: &Settings) -> Result<Self, DataError> {
        let error = |key, what: String, cure: String| DataError::settings(key, what, cure);
        let number = |key: &'static str| {
            settings.float(key).ok_or_else(|| error(key, format!("`{key}` is not set"), format!("write {key} = ...")))
        };
        let found = Kind::ALL.into_iter().find(|k| k.word() == word);
        let kind = match found {
            Some(Kind::Quadratic { .. }) => Kind::Quadratic {
                condition: number("function.condition")?,
                dimension: number("function.dimension")? as usize,
            },
            Some(Kind::Reddi { .. }) => Kind::Reddi { c: number("function.c")? },
            Some(Kind::Polynomial(_)) => {
                let key = "function.coefficients";
                let Some(Value::List(given)) = settings.get(key) else {
                    return Err(error(key, format!("`{key}` is not set"), format!("write {key} = [2, 0, 0, -3, 1]")));
                };
                let polynomial = Polynomial::new(given).ok_or_else(|| {
                    let what = "this polynomial has no minimum, is constant, or has a power above x^15";
                    error(
                        key,
                        what.into(),
                        "the last number, the coefficient of the highest power, has to be above 0, and this power even"
                            .into(),
                    )
                })?;
                Kind::Polynomial(polynomial)
            }
            Some(other) => other,
            None => {
                return Err(error(
                    "function",
                    format!("there is no function \"{word}\""),
                    format!("write one of {}", KINDS.join(", ")),
                ));
            }
        };
        let start = match settings.get("function.start") {
            Some(Value::List(start)) => start.clone(),
            _ => kind.usual_start(),
        };
        let n = kind.dimension();
        if start.len() != n {
            let (found, wanted) = (count(start.len(), "number"), count(n, "variable"));
            let what = format!("this start has {found}, but {word} needs {wanted} here");
            return Err(error("function.start", what, format!("write a list of {}", count(n, "number"))));
        }
        let farthest = FARTHEST.min(kind.reach());
        if let Some(far) = start.iter().find(|x| x.abs() > farthest) {
            let what = format!("this start is too far away: {}", crate::table::number(*far));
            return Err(error("function.start", what, format!("write numbers from -{farthest} to {farthest}")));
        }
        Ok(Function { kind, start, spread: number("function.spread")?, noise: number("function.noise")? })
    }

    /// Whether runs of different seeds differ.
    pub fn is_random(&self) -> bool {
        self.spread > 0.0 || self.noise > 0.0
    }

    /// The function as data: one row, which is the start, and nothing to predict.
    pub fn dataset(self) -> Dataset {
        let targets = Targets::Values { y: Vec::new(), width: 0 };
        let train = Split { rows: 1, x: self.start.clone().into(), targets };
        let name = self.kind.word().to_string();
        Dataset { function: Some(self), ..Dataset::new(name, vec![train.x.len()], train, None, None) }
    }

    /// One line for a person.
    pub fn summary(&self) -> String {
        let point = |x: &[f64]| Value::List(x.to_vec()).to_string();
        let kind = match self.kind {
            Kind::Quadratic { condition, .. } => format!(" of condition {}", crate::table::number(condition)),
            Kind::Reddi { c } => format!(" of c = {}", crate::table::number(c)),
            Kind::Polynomial(polynomial) => {
                let coefficients = point(polynomial.coefficients());
                format!(" {coefficients}, minus its minimum {}", crate::table::number(polynomial.least()))
            }
            _ => String::new(),
        };
        let minima: Vec<String> = self
            .kind
            .minima()
            .iter()
            // Adding zero turns -0 into 0.
            .map(|m| point(&m.iter().map(|x| (x * 1e4).round() / 1e4 + 0.0).collect::<Vec<_>>()))
            .collect();
        let random = |what: &str, deviation: f64| match deviation {
            0.0 => String::new(),
            deviation => format!(", {what} {}", crate::table::number(deviation)),
        };
        let (from, to) = match self.start.len() {
            0..=4 => (point(&self.start), minima.join(", ")),
            n => (format!("a point of {n} numbers"), "0".into()),
        };
        format!(
            "{}{kind}: {} from {from}{}{}, least value 0 at {to}",
            self.kind.word(),
            count(self.start.len(), "variable"),
            random("spread", self.spread),
            random("gradient noise", self.noise),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_word() {
        let words: Vec<&str> = Kind::ALL.iter().map(|k| k.word()).collect();
        assert_eq!(words, KINDS);
        let Domain::Word(all) = SETTINGS[0].domain else { panic!() };
        assert_eq!((all[0], &all[1..]), ("none", KINDS));
    }
}
