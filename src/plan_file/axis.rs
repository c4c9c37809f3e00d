//! The axes of a plan: their labels in order, and how they are drawn.

use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// How an axis is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    Category,
    Linear,
    Log,
}

impl Scale {
    /// Its word in a file.
    pub fn word(self) -> &'static str {
        match self {
            Scale::Category => "category",
            Scale::Linear => "linear",
            Scale::Log => "log",
        }
    }

    /// Log for positive numbers that span a decade, linear for other numbers.
    pub(crate) fn of(numbers: &[f64]) -> Self {
        let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if low > 0.0 && high >= 10.0 * low { Scale::Log } else { Scale::Linear }
    }
}

/// One axis: a column of `runs.csv` and the labels that occur in it, in the order of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    pub name: String,
    pub labels: Vec<String>,
    pub scale: Scale,
    /// How a figure shows each label, where it asks for that.
    #[serde(skip)]
    pub shown: Vec<Shown>,
}

impl Axis {
    /// Of labels that may repeat: numbers ascending, behind an empty label, others in the order in which they come.
    pub(crate) fn of(name: &str, labels: impl IntoIterator<Item = String>) -> Self {
        let mut seen = HashSet::new();
        let mut labels: Vec<String> = labels.into_iter().filter(|label| seen.insert(label.clone())).collect();
        let numbers: Option<Vec<f64>> =
            labels.iter().filter(|label| !label.is_empty()).map(|label| finite(label)).collect();
        let scale =
            numbers.filter(|numbers| !numbers.is_empty()).map_or(Scale::Category, |numbers| Scale::of(&numbers));
        if scale != Scale::Category {
            sort_labels(&mut labels);
        }
        Axis { name: name.into(), labels, scale, shown: Vec::new() }
    }
}

/// Puts labels that are numbers in order, behind those that are none.
pub(crate) fn sort_labels(labels: &mut [String]) {
    let size = |label: &String| finite(label).unwrap_or(f64::NEG_INFINITY);
    labels.sort_by(|a, b| size(a).total_cmp(&size(b)));
}

/// The number that a label is.
fn finite(label: &str) -> Option<f64> {
    label.parse().ok().filter(|x: &f64| x.is_finite())
}

/// A label as a figure shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub text: String,
    /// Its place on the axis, by which it has its look in all figures.
    pub place: usize,
    /// Red, green and blue.
    pub color: Option<[u8; 3]>,
}
