//! One run, resolved: everything that decides its numbers, and the identity that follows from it.

use crate::ops::loss::Loss;
use crate::seed::Seeds;
use crate::setting::{Acts, DefaultValue, Domain, NOT_NEGATIVE, POSITIVE, Setting, Settings};
use serde::{Deserialize, Serialize};

/// Bump when a default or the arithmetic of a run changes, so that old results are not taken for new ones.
pub const NUMERICS_VERSION: u32 = 5;

/// How many rows of a large part are scored during training.
pub const SAMPLE: &str = "score.rows";

/// The settings of training itself.
pub const SETTINGS: &[Setting] = &[
    Setting::unset("loss", Domain::Word(&Loss::WORDS)).head("kind").of_networks()
        .help("loss function; if unset, cross_entropy for classes and mse for real-valued targets. mse, mae, huber and binary_cross_entropy are means over samples and outputs and take classes as one-hot targets; `hinge` (Crammer & Singer) is for classes only, and `binary_cross_entropy` applies the sigmoid to each output itself"),
    Setting::float("loss.delta", POSITIVE, 1.0).of(&["huber"]).of_networks()
        .help("absolute error above which the loss is linear"),
    Setting::unset("loss.label_smoothing", Domain::Fraction).of(&["cross_entropy"]).of_networks()
        .help("part of each target's probability that is spread evenly over all classes; none if unset"),
    Setting::unset("loss.class_weights", Domain::PositivesOrWord { words: &["balanced"] }).of_networks()
        .help("weight of each class in every loss, in ascending order of the classes (numerical, or alphabetical for words); `balanced`: weights that give all classes the same total; all 1 if unset"),
    Setting::new("batch", Domain::IntOrWord { min: 1, max: 100_000_000, words: &["full"] }, DefaultValue::Int(64))
        .acts(Acts::OnTheBatch).of_networks()
        .help("samples per step; an incomplete last batch is dropped"),
    Setting::int("steps", 1..=1_000_000_000, 1000).acts(Acts::OnUpdates).help("maximum number of updates"),
    Setting::unset("epochs", Domain::Int { min: 1, max: 1_000_000 }).acts(Acts::OnUpdates).of_networks()
        .instead_of(&["steps"], "how long a run is")
        .help("instead of `steps`: passes over the training part"),
    Setting::unset("target_loss", NOT_NEGATIVE).acts(Acts::OnUpdates)
        .help("training loss; the first step at which it is reached is recorded as `steps_to_target`"),
    Setting::unset("stop.patience", Domain::Int { min: 1, max: 1_000_000 }).acts(Acts::OnUpdates).of_networks()
        .help("early stopping: the run ends after this many epochs in a row without a lower validation loss (training loss if there is no validation part); its final results are those of the best epoch"),
    Setting::flag("stop_at_target", false).acts(Acts::OnUpdates).help("end the run when `target_loss` is reached"),
    Setting::new(SAMPLE, Domain::IntOrWord { min: 1, max: 100_000_000, words: &["all"] }, DefaultValue::Int(2000)).of_networks()
        .help("size of the fixed sample on which a part of the data is evaluated during training, if the part has more than twice as many rows; at the end the whole part is evaluated. If unset and a part has more than 4000 rows, short runs take a smaller sample, so that evaluation costs no more than training before the end"),
    Setting::word("dtype", &["f32", "f64"], "f32").help("floating-point type of the training; gradients are always \
        measured in f64"),
];

/// At which steps something is recorded; the first and the last are always in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// About this many steps, evenly spaced in log(step).
    Log {
        points: usize,
    },
    Every(usize),
    Steps(Vec<usize>),
}

impl At {
    /// How many steps are in [`At::steps`], without listing the regular ones.
    pub fn count(&self, last: usize) -> usize {
        match self {
            At::Every(n) => last.div_ceil((*n).max(1)) + 1,
            At::Log { .. } | At::Steps(_) => self.steps(last).len(),
        }
    }

    /// How many of them lie before a step.
    pub fn before(&self, step: usize, last: usize) -> usize {
        match self {
            At::Every(n) => step.div_ceil((*n).max(1)),
            At::Log { .. } | At::Steps(_) => self.steps(last).iter().filter(|s| **s < step).count(),
        }
    }

    /// The steps in 0..=last, ascending, without repeats, 0 and `last` included.
    pub fn steps(&self, last: usize) -> Vec<usize> {
        let mut steps: Vec<usize> = match self {
            At::Every(n) => (0..=last).step_by((*n).max(1)).collect(),
            At::Steps(list) => list.iter().copied().filter(|s| *s <= last).collect(),
            At::Log { points } => {
                let gaps = points.saturating_sub(2).max(1) as f64;
                (0..points.saturating_sub(1))
                    .map(|i| (last as f64).powf(i as f64 / gaps).round() as usize)
                    .filter(|s| *s <= last)
                    .collect()
            }
        };
        steps.extend([0, last]);
        steps.sort_unstable();
        steps.dedup();
        steps
    }
}

impl std::fmt::Display for At {
    /// As it is written in an experiment.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            At::Log { points } => write!(f, "{{ at = \"log\", points = {points} }}"),
            At::Every(n) => write!(f, "{{ every = {n} }}"),
            At::Steps(steps) => write!(f, "{{ at = {steps:?} }}"),
        }
    }
}

/// What is recorded and when: part of a run's identity, since it decides the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cadence {
    /// Layer measurements.
    pub gradients: At,
    /// Losses and accuracies on the splits.
    pub score: At,
    /// Training rows in the probe set.
    pub probe: usize,
    /// The point of a test function; if unset every step, or every k-th such that there are at most a thousand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<At>,
    /// The time steps of a recurrent net that have rows in `layers.csv`; if unset all, or every k-th such that there are at most
    /// a hundred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<At>,
    /// Whether the probe also tells how the numbers of each layer are spread.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub distributions: bool,
    /// Whether it also measures the singular values of the Jacobian.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub jacobian: bool,
    /// Whether the sharpness of the loss is computed where losses are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sharpness: bool,
    /// Whether the output and its gradient are recorded along the input, of data with one feature.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub along_input: bool,
}

/// What is measured only where `[record]` asks for it, by its key.
pub const ON_REQUEST: [&str; 4] = ["distributions", "jacobian", "sharpness", "along_input"];

impl Cadence {
    /// Layers measured and losses scored at these steps, on so many rows of the probe, and nothing that is not usual.
    pub fn new(gradients: At, score: At, probe: usize) -> Self {
        let [distributions, jacobian, sharpness, along_input] = [false; 4];
        let (points, times) = (None, None);
        Cadence { gradients, score, probe, points, times, distributions, jacobian, sharpness, along_input }
    }

    /// The training rows, of so many, that the layers are measured on: the same for all runs of an experiment.
    pub fn probe_rows(&self, experiment_seed: u64, train_rows: usize) -> Vec<usize> {
        let shared = Seeds { experiment: experiment_seed, run: 0 };
        let mut rows = shared.stream("probe rows", &[train_rows]).permutation(train_rows);
        rows.truncate(self.probe.clamp(1, train_rows));
        rows
    }

    /// Whether what this key of [`ON_REQUEST`] asks for is measured.
    pub fn has(&self, key: &str) -> bool {
        match key {
            "distributions" => self.distributions,
            "jacobian" => self.jacobian,
            "sharpness" => self.sharpness,
            "along_input" => self.along_input,
            other => unreachable!("{other} is not in ON_REQUEST"),
        }
    }

    /// At which of `steps` updates the point of a test function is recorded.
    pub fn points(&self, steps: usize) -> At {
        self.points.clone().unwrap_or(At::Every(steps.div_ceil(1000).max(1)))
    }
}

/// One run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSpec {
    pub settings: Settings,
    pub seeds: Seeds,
    pub cadence: Cadence,
}

impl RunSpec {
    /// Whether it is trained in f64.
    pub fn is_double(&self) -> bool {
        self.settings.text("dtype") == Some("f64")
    }

    /// Samples a step, for a training part of `rows`.
    pub fn batch(&self, rows: usize) -> usize {
        match self.settings.int("batch") {
            Some(batch) => batch.max(1) as usize,
            None => rows,
        }
    }

    /// Updates in which a training part of so many rows is seen once.
    pub fn steps_per_epoch(&self, rows: usize) -> usize {
        rows / self.batch(rows).max(1)
    }

    /// How many of the rows of a part of the data are scored during training; `None` where that is all of them.
    pub fn sample_size(&self, rows: usize) -> Option<usize> {
        self.settings.int(SAMPLE).map(|n| n.max(1) as usize).filter(|n| rows > 2 * n)
    }

    /// The rows, of so many of a part of the data, that are scored during training; `None` where that is all of them. The same for
    /// all runs of an experiment.
    pub fn sample(&self, rows: usize) -> Option<Vec<usize>> {
        let wanted = self.sample_size(rows)?;
        let shared = Seeds { experiment: self.seeds.experiment, run: 0 };
        let mut sample = shared.stream("score rows", &[rows]).permutation(rows);
        sample.truncate(wanted);
        // In the order of memory.
        sample.sort_unstable();
        Some(sample)
    }

    /// Updates at most; an epoch is `rows / batch` updates, the last partial batch being dropped.
    pub fn steps(&self, rows: usize) -> usize {
        match self.settings.int("epochs") {
            Some(epochs) => (epochs.max(0) as usize).saturating_mul(self.steps_per_epoch(rows)),
            None => self.settings.int("steps").unwrap_or(0).max(0) as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_always_hold_first_and_last() {
        for at in [At::Log { points: 20 }, At::Every(7), At::Steps(vec![3, 500]), At::Log { points: 0 }, At::Every(0)] {
            for last in [1, 2, 10, 300] {
                let steps = at.steps(last);
                assert_eq!((steps[0], *steps.last().unwrap()), (0, last), "{at:?}");
                assert_eq!(at.count(last), steps.len(), "{at:?}");
                assert!(steps.windows(2).all(|w| w[0] < w[1]), "{at:?} {steps:?}");
            }
        }
        assert_eq!(At::Every(100).steps(300), [0, 100, 200, 300]);
    }
}
