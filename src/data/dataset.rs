//! A data set in memory: rows of numbers, targets, and a digest that tells equal numbers from unequal ones.

use super::function::Function;
use super::numbers::Numbers;
use crate::files;
use crate::ops::loss::Compared;
use crate::table::count;

/// More classes than this are told by their number.
const SHOWN: usize = 12;

/// What the network is to produce: one answer a row, or as many for each, in the order of a sequence's time steps.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// Class numbers in 0..count.
    Classes { labels: Vec<u32>, count: usize },
    /// Rows of `width` real numbers.
    Values { y: Vec<f64>, width: usize },
}

impl Targets {
    /// Whether they are classes, not real numbers.
    pub fn are_classes(&self) -> bool {
        matches!(self, Targets::Classes { .. })
    }

    /// Outputs of a network that fits them.
    pub fn outputs(&self) -> usize {
        match self {
            Targets::Classes { count, .. } => *count,
            Targets::Values { width, .. } => *width,
        }
    }

    /// Answers of all rows together.
    pub fn answers(&self) -> usize {
        match self {
            Targets::Classes { labels, .. } => labels.len(),
            // A test function has none.
            Targets::Values { y, width } => y.len() / (*width).max(1),
        }
    }
}

/// One part of a data set: `x` holds `rows * features` numbers, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    pub rows: usize,
    pub x: Numbers,
    pub targets: Targets,
}

/// What a model takes and what it gives, for one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Shape of the input: `[features]`, `[time, features]` or `[channels, height, width]`.
    pub input: Vec<usize>,
    pub outputs: usize,
}

impl Sizes {
    /// Numbers in an input.
    pub fn features(&self) -> usize {
        self.input.iter().product()
    }
}

/// A loaded, split and scaled data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    pub name: String,
    /// Of one row's input: `[features]`, `[time, features]` or `[channels, height, width]`.
    pub shape: Vec<usize>,
    pub train: Split,
    pub validation: Option<Split>,
    pub test: Option<Split>,
    /// BLAKE3 of everything above, 16 hex digits: equal digests mean equal numbers.
    pub digest: String,
    /// Of data with one feature: what was subtracted from it, and what it was then divided by.
    pub scaled: Option<[f64; 2]>,
    /// What the classes are called; none where they are counted.
    pub classes: Vec<String>,
    /// Where the target of a sequence first changes, in words, where a file has one for each time step.
    pub change: Option<String>,
    /// What a person should look at before trusting the data.
    pub notes: Vec<String>,
    /// A test function that stands in for data; then the one training row is where it starts.
    pub function: Option<Function>,
}

impl Targets {
    /// How many answers each class is; none of real numbers.
    pub fn counts(&self) -> Option<Vec<usize>> {
        let Targets::Classes { labels, count } = self else { return None };
        let mut counts = vec![0; *count];
        labels.iter().for_each(|label| counts[*label as usize] += 1);
        Some(counts)
    }

    /// The class that only one answer is, if there is one such class.
    pub(super) fn lone_class(&self) -> Option<u32> {
        let counts = self.counts()?;
        let mut lone = (0..).zip(counts).filter(|(_, count)| *count == 1).map(|(class, _)| class);
        lone.next().filter(|_| lone.next().is_none())
    }

    /// What a loss has to know of them.
    pub fn compared(&self) -> Compared {
        match self {
            Targets::Classes { count, .. } => Compared::Classes(*count),
            Targets::Values { y, .. } => Compared::Values { in_unit: y.iter().all(|y| (0.0..=1.0).contains(y)) },
        }
    }

    /// The targets of these rows, which have so many answers each.
    pub(super) fn pick(&self, rows: &[usize], answers: usize) -> Targets {
        match self {
            Targets::Classes { labels, count } => {
                let picked = rows.iter().flat_map(|r| &labels[r * answers..][..answers]).copied().collect();
                Targets::Classes { labels: picked, count: *count }
            }
            Targets::Values { y, width } => {
                let numbers = answers * width;
                let picked = rows.iter().flat_map(|r| &y[r * numbers..][..numbers]).copied().collect();
                Targets::Values { y: picked, width: *width }
            }
        }
    }

    /// The targets of all rows at one of their so many time steps, counted from 0.
    pub(super) fn at_step(&self, step: usize, answers: usize) -> Targets {
        let at: Vec<usize> = (step..self.answers()).step_by(answers).collect();
        self.pick(&at, 1)
    }
}

impl Split {
    /// Answers of each row: 1, or one a time step.
    pub fn answers(&self) -> usize {
        (self.targets.answers() / self.rows.max(1)).max(1)
    }

    fn digest_into(&self, hasher: &mut blake3::Hasher) {
        hasher.update(&(self.rows as u64).to_le_bytes());
        self.x.each(self.x.len() / self.rows.max(1), |row| {
            row.iter().for_each(|x| _ = hasher.update(&x.to_bits().to_le_bytes()));
        });
        match &self.targets {
            Targets::Classes { labels, count } => {
                hasher.update(b"classes").update(&(*count as u64).to_le_bytes());
                for label in labels {
                    hasher.update(&label.to_le_bytes());
                }
            }
            Targets::Values { y, width } => {
                hasher.update(b"values").update(&(*width as u64).to_le_bytes());
                for y in y {
                    hasher.update(&y.to_bits().to_le_bytes());
                }
            }
        }
    }
}

impl Dataset {
    /// The memory that its numbers take.
    pub fn bytes(&self) -> usize {
        let targets = |targets: &Targets| match targets {
            Targets::Classes { labels, .. } => size_of_val(&labels[..]),
            Targets::Values { y, .. } => size_of_val(&y[..]),
        };
        let splits = [Some(&self.train), self.validation.as_ref(), self.test.as_ref()].into_iter().flatten();
        splits.map(|split| split.x.bytes() + targets(&split.targets)).sum()
    }

    /// Closes a data set with its digest.
    pub fn new(name: String, shape: Vec<usize>, train: Split, validation: Option<Split>, test: Option<Split>) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(shape.iter().product::<usize>() as u64).to_le_bytes());
        for split in [Some(&train), validation.as_ref(), test.as_ref()] {
            hasher.update(&[u8::from(split.is_some())]);
            split.into_iter().for_each(|s| s.digest_into(&mut hasher));
        }
        let digest = files::digest(hasher.finalize());
        let (classes, notes) = (Vec::new(), Vec::new());
        let (scaled, change, function) = (None, None, None);
        Dataset { name, shape, train, validation, test, digest, scaled, classes, change, notes, function }
    }

    /// Numbers in a row's input.
    pub fn features(&self) -> usize {
        self.shape.iter().product()
    }

    /// What a model for it takes and gives.
    pub fn sizes(&self) -> Sizes {
        Sizes { input: self.shape.clone(), outputs: self.train.targets.outputs() }
    }

    /// Whether its sequences differ in length.
    pub fn is_padded(&self) -> bool {
        let parts = [Some(&self.train), self.validation.as_ref(), self.test.as_ref()];
        parts.into_iter().flatten().any(|part| part.x.is_padded())
    }

    /// One line for a person: rows, features, what is predicted, and the scale of the training inputs.
    pub fn summary(&self) -> String {
        if let Some(function) = &self.function {
            return function.summary();
        }
        let rows = |s: &Option<Split>| s.as_ref().map_or(0, |s| s.rows);
        let kind = match &self.train.targets {
            Targets::Classes { count, .. } => {
                let rows = self.train.targets.counts().unwrap_or_default();
                match (rows.iter().min().unwrap_or(&0), rows.iter().max().unwrap_or(&0)) {
                    _ if self.train.answers() > 1 => format!("one of {count} classes at each time step"),
                    _ if (1..=SHOWN).contains(&self.classes.len()) => {
                        let of_each = self.classes.iter().zip(rows).map(|(name, rows)| format!("{name} ({rows})"));
                        format!(
                            "{count} classes with their numbers of training rows: {}",
                            of_each.collect::<Vec<_>>().join(", ")
                        )
                    }
                    (fewest, most) if fewest == most => format!("{count} classes of {most} training rows"),
                    (fewest, most) => format!("{count} classes of {fewest} to {most} training rows"),
                }
            }
            Targets::Values { width, .. } => {
                let when = if self.train.answers() > 1 { " at each time step" } else { "" };
                format!("{}{when}", count(*width, "real-valued target"))
            }
        };
        let validation = match rows(&self.validation) {
            0 => String::new(),
            n => format!(", {n} validation"),
        };
        let numbers = match self.shape[..] {
            [steps, features] => format!("{} of {}", count(steps, "time step"), count(features, "feature")),
            [_, height, width] => format!("images of {height} x {width}"),
            _ => count(self.features(), "feature"),
        };
        let (mut squares, mut count) = (0.0, 0);
        self.train.x.lines(self.shape.last().copied().unwrap_or(1)).each(|line| {
            line.iter().for_each(|x| squares += x * x);
            count += line.len();
        });
        let mean_square = squares / count.max(1) as f64;
        format!(
            "{}: {} training{validation} and {} test rows of {numbers} with mean square {mean_square:.3}, {kind}, digest {}",
            self.name,
            self.train.rows,
            rows(&self.test),
            self.digest
        )
    }
}
