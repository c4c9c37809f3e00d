//! Losses: what training minimises over a batch, and how much each of its samples weighs.

mod composed;
mod fused;

pub use composed::composed;
pub use fused::FusedLoss;

use crate::real::Real;
use crate::setting::{SettingError, Settings, Value, members, word, words};
use std::sync::Arc;

/// What training minimises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// -ln of the softmax probability of the right class.
    CrossEntropy,
    /// The squared error of each output.
    Mse,
    /// The size of the error of each output.
    Mae,
    /// e^2 / 2 for errors e up to `delta`, from there on the line delta (|e| - delta / 2) (Huber 1964).
    Huber { delta: f64 },
    /// max(0, 1 + the largest output of another class - that of the right one) (Crammer & Singer 2001).
    Hinge,
    /// -y ln p - (1 - y) ln(1 - p) for p = sigmoid(output), of each output by itself.
    BinaryCrossEntropy,
}

impl Loss {
    const NAMED: [(&'static str, Loss); 6] = [
        ("cross_entropy", Loss::CrossEntropy),
        ("mse", Loss::Mse),
        ("mae", Loss::Mae),
        ("huber", Loss::Huber { delta: 1.0 }),
        ("hinge", Loss::Hinge),
        ("binary_cross_entropy", Loss::BinaryCrossEntropy),
    ];

    /// Every loss, with default constants.
    pub const ALL: [Loss; 6] = members(&Self::NAMED);

    /// Their words.
    pub const WORDS: [&'static str; 6] = words(&Self::NAMED);

    /// What is trained where the file does not say: by whether the targets are classes.
    pub const fn usual(classes: bool) -> Self {
        if classes { Loss::CrossEntropy } else { Loss::Mse }
    }

    /// The word in an experiment file.
    pub fn word(self) -> &'static str {
        word(&Self::NAMED, &self)
    }

    /// Whether it compares with a class; the others compare each output with a number, a class being a one among zeros.
    pub const fn takes_classes(self) -> bool {
        matches!(self, Loss::CrossEntropy | Loss::Hinge)
    }

    /// Whether the derivative by an output jumps somewhere; that of Huber only bends.
    pub const fn slope_jumps(self) -> bool {
        matches!(self, Loss::Mae | Loss::Hinge)
    }

    /// Of the settings, or if they name none the usual one for such targets.
    ///
    /// # Errors
    /// A word that names none, or a constant that is missing.
    pub fn from_settings(settings: &Settings, classes: bool) -> Result<Loss, SettingError> {
        let Some(word) = settings.text("loss") else { return Ok(Loss::usual(classes)) };
        match Loss::ALL.into_iter().find(|l| l.word() == word) {
            Some(Loss::Huber { .. }) => Ok(Loss::Huber { delta: settings.needed_float("loss.delta")? }),
            found => found.ok_or_else(|| SettingError::unknown("loss", "loss", word)),
        }
    }

    /// Of one output that should be `y`; of those that take classes it says nothing.
    fn of_output(self, output: f64, y: f64) -> f64 {
        let e = output - y;
        match self {
            Loss::Mse => e.powi(2),
            Loss::Mae => e.abs(),
            Loss::Huber { delta } if e.abs() > delta => delta * (e.abs() - 0.5 * delta),
            Loss::Huber { .. } => 0.5 * e * e,
            Loss::BinaryCrossEntropy => {
                let positive = if output > 0.0 { output } else { 0.0 };
                positive - output * y + Real::exp(-output.abs()).ln_1p()
            }
            Loss::CrossEntropy | Loss::Hinge => f64::NAN,
        }
    }

    /// The derivative of this by the output; at a corner 0.
    pub(crate) fn slope(self, output: f64, y: f64) -> f64 {
        let e = output - y;
        match self {
            Loss::Mse => 2.0 * e,
            Loss::Mae if e == 0.0 => 0.0,
            Loss::Mae => e.signum(),
            Loss::Huber { delta } => e.clamp(-delta, delta),
            Loss::BinaryCrossEntropy => {
                let rest = Real::exp(-output.abs());
                let tail = rest / (1.0 + rest);
                // sigmoid(output) - y, with all digits where the output is right.
                if output > 0.0 { (1.0 - y) - tail } else { tail - y }
            }
            Loss::CrossEntropy | Loss::Hinge => f64::NAN,
        }
    }

    /// Turns the outputs of a sample into the derivatives of its loss by them, but for a factor that all samples share. A class is a
    /// one among zeros.
    pub(crate) fn derivatives(self, outputs: &mut [f64], target: &[f64]) {
        match self {
            Loss::CrossEntropy => {
                let most = outputs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                outputs.iter_mut().for_each(|a| *a = (*a - most).exp());
                let total: f64 = outputs.iter().sum();
                outputs.iter_mut().for_each(|p| *p /= total);
                outputs.iter_mut().zip(target).for_each(|(p, y)| *p -= y);
            }
            Loss::Mse => outputs.iter_mut().zip(target).for_each(|(o, y)| *o -= y),
            Loss::Hinge => {
                let own = (0..target.len()).find(|c| target[*c] == 1.0).unwrap_or(0);
                let others = (0..outputs.len()).filter(|c| *c != own);
                let other = others.max_by(|a, b| outputs[*a].total_cmp(&outputs[*b])).unwrap_or(own);
                let pays = 1.0 + outputs[other] - outputs[own] > 0.0;
                outputs.fill(0.0);
                if pays {
                    (outputs[other], outputs[own]) = (1.0, -1.0);
                }
            }
            _ => outputs.iter_mut().zip(target).for_each(|(o, y)| *o = self.slope(*o, *y)),
        }
    }
}

/// The targets of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Target<T> {
    Classes(Vec<u32>),
    /// Classes that do not all weigh the same, or that are smoothed.
    Weighed(Vec<u32>, Arc<Weighing>),
    /// `[batch, outputs]`, row by row.
    Values(Vec<T>),
}

impl<T: Real> Target<T> {
    /// For so many outputs of `width` numbers, where a model gives another number of answers than there are targets: one for each
    /// time step where there is one target a row, which then holds at each; or that of the last step alone where each has a target.
    pub fn of_answers(self, answers: usize, width: usize) -> Self {
        match self {
            Target::Classes(classes) => Target::Classes(of_answers(classes, answers, 1)),
            Target::Weighed(classes, weighing) => Target::Weighed(of_answers(classes, answers, 1), weighing),
            Target::Values(values) => Target::Values(of_answers(values, answers, width)),
        }
    }
}

fn of_answers<V: Copy>(targets: Vec<V>, answers: usize, width: usize) -> Vec<V> {
    let there = targets.len() / width;
    if answers == there {
        targets
    } else if answers > there {
        let mut each = Vec::with_capacity(answers * width);
        for target in targets.chunks_exact(width) {
            (0..answers / there).for_each(|_| each.extend_from_slice(target));
        }
        each
    } else {
        let last_of = there / answers;
        targets.chunks_exact(width).skip(last_of - 1).step_by(last_of).flatten().copied().collect()
    }
}

/// How much a sample weighs by its class, as `torch.nn.CrossEntropyLoss` has it: the loss of a batch is the sum of its samples'
/// losses times their weights over the sum of the weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighing {
    /// One a class.
    pub weights: Vec<f64>,
    /// The part of a target that is shared by all classes alike (Szegedy et al. 2016); of cross-entropy.
    pub smoothing: f64,
}

impl Weighing {
    /// What these samples weigh together.
    pub fn of_all(&self, classes: &[u32]) -> f64 {
        classes.iter().map(|class| self.weights[*class as usize]).sum()
    }

    /// The weight of one of `count` classes in the cross-entropy of a sample of class `own`.
    pub fn mass(&self, own: u32, class: usize, count: usize) -> f64 {
        let hit = if own as usize == class { 1.0 - self.smoothing } else { 0.0 };
        self.weights[class] * (hit + self.smoothing / count as f64)
    }
}

/// A loss, and how samples weigh in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    pub loss: Loss,
    /// `None` where all weigh the same.
    pub weighing: Option<Arc<Weighing>>,
}

impl From<Loss> for Criterion {
    fn from(loss: Loss) -> Self {
        Criterion { loss, weighing: None }
    }
}

impl From<&Criterion> for Criterion {
    fn from(criterion: &Criterion) -> Self {
        criterion.clone()
    }
}

/// What settings of the loss do not fit the targets: the key, what is wrong, and what to write instead.
pub type Misfit = (&'static str, String, String);

/// What a loss has to know of the targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// So many classes.
    Classes(usize),
    /// Real numbers, and whether all lie from 0 to 1.
    Values { in_unit: bool },
}

impl Criterion {
    /// Of the settings; `counts` are the training rows of each class, where targets are classes.
    ///
    /// # Errors
    /// As [`Loss::from_settings`].
    pub fn from_settings(settings: &Settings, counts: Option<&[usize]>) -> Result<Self, SettingError> {
        let loss = Loss::from_settings(settings, counts.is_some())?;
        let smoothing = settings.float("loss.label_smoothing").unwrap_or(0.0);
        let weights = match (settings.get("loss.class_weights"), counts) {
            (Some(Value::List(weights)), Some(_)) => weights.clone(),
            (Some(_), Some(counts)) => balanced(counts),
            (None, Some(counts)) if smoothing > 0.0 => vec![1.0; counts.len()],
            _ => return Ok(loss.into()),
        };
        Ok(Criterion { loss, weighing: Some(Arc::new(Weighing { weights, smoothing })) })
    }

    /// The first setting that does not fit the targets.
    pub fn misfit(settings: &Settings, targets: Compared) -> Option<Misfit> {
        let classes = matches!(targets, Compared::Classes(_));
        let real = |name: &str| format!("`{name}` needs classes, but the targets are real numbers");
        let of_weights = ["loss.class_weights", "loss.label_smoothing"];
        let weights = of_weights.into_iter().find(|key| settings.get(key).is_some() && !classes);
        match (Loss::from_settings(settings, classes).ok()?, settings.get("loss.class_weights"), targets) {
            (loss, _, Compared::Values { .. }) if loss.takes_classes() => {
                Some(("loss", real(loss.word()), "write loss = \"mse\", or delete the line".into()))
            }
            (Loss::BinaryCrossEntropy, ..) if settings.text("output_activation") == Some("sigmoid") => {
                let what = "`binary_cross_entropy` takes the sigmoid of each output itself, and would take it twice";
                Some(("output_activation", what.into(), "leave the output activation out".into()))
            }
            (Loss::BinaryCrossEntropy, _, Compared::Values { in_unit: false }) => {
                let what =
                    "`binary_cross_entropy` needs classes or targets from 0 to 1, but some are not in this range";
                Some(("loss", what.into(), "write loss = \"mse\", or data.target_scaling = \"minmax\"".into()))
            }
            (_, Some(Value::List(own)), Compared::Classes(count)) if own.len() != count => {
                let what = format!("`loss.class_weights` has {} numbers, but there are {count} classes", own.len());
                Some(("loss.class_weights", what, format!("write {count} numbers, in the order of the classes")))
            }
            _ => weights.map(|key| (key, real(key), "delete the line".into())),
        }
    }
}

/// n / (classes n_c), as scikit-learn has it: all classes weigh the same together. A class without training rows weighs 1.
fn balanced(counts: &[usize]) -> Vec<f64> {
    let (rows, there) = (counts.iter().sum::<usize>(), counts.iter().filter(|n| **n > 0).count());
    counts.iter().map(|n| if *n == 0 { 1.0 } else { rows as f64 / (there * n) as f64 }).collect()
}
