//! A claim as `claims.json` has it: a number of every seed, selected, and what its median is claimed to be.

use crate::columns::{self, Column, Measured, Predicted};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The number that a run gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// A column of `runs.csv`.
    Run(String),
    /// A column of `history.csv` at a step.
    History { column: String, step: Ordinal },
    /// A column of `layers.csv` at a step and a layer; over that of a second layer, if one is named.
    Layers { column: String, step: Ordinal, layer: Ordinal, per_layer: Option<Ordinal> },
}

impl Metric {
    /// The column.
    pub fn column(&self) -> &str {
        match self {
            Metric::Run(column) | Metric::History { column, .. } | Metric::Layers { column, .. } => column,
        }
    }

    /// What the column is; a folder of another program may name one that this one does not have.
    pub fn described(&self) -> Option<&'static Column> {
        match self {
            Metric::Run(column) => columns::outcome(column),
            Metric::History { column, .. } => columns::find(columns::HISTORY, column),
            Metric::Layers { column, .. } => columns::find(columns::LAYERS, column),
        }
    }

    /// Whether theory predicts it: an attenuation at the start, or a layer's gradient over another's.
    pub fn is_predicted(&self) -> bool {
        self.prediction().is_some()
            && match self {
                Metric::Layers { per_layer, .. } => per_layer.is_some() && self.is_of_init(),
                Metric::Run(_) | Metric::History { .. } => true,
            }
    }

    /// What theory says of the column.
    pub fn prediction(&self) -> Option<Predicted> {
        self.described()?.predicted
    }

    /// Whether it is measured before the first update, so that nothing which only acts on training can touch it.
    pub fn is_of_init(&self) -> bool {
        match self {
            Metric::Run(_) => self.described().is_some_and(|column| column.measured == Measured::Init),
            Metric::History { step, .. } | Metric::Layers { step, .. } => {
                matches!(step, Ordinal::First | Ordinal::Number(0))
            }
        }
    }
}

/// A step or a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ordinal {
    First,
    Last,
    Number(usize),
}

impl std::fmt::Display for Ordinal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ordinal::First => f.write_str("first"),
            Ordinal::Last => f.write_str("last"),
            Ordinal::Number(n) => write!(f, "{n}"),
        }
    }
}

/// What the median is claimed to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    Above(f64),
    Below(f64),
    /// The whole interval lies in this one, ends included.
    Within(f64, f64),
    /// From each label of an axis to the next.
    Increasing,
    Decreasing,
}

impl Wanted {
    /// The words that stand in braces in a claim's sentence for its numbers, with these.
    pub fn placeholders(self) -> Vec<(&'static str, String)> {
        match self {
            Wanted::Above(x) => vec![("above", x.to_string())],
            Wanted::Below(x) => vec![("below", x.to_string())],
            Wanted::Within(low, high) => {
                vec![("within", format!("{low} to {high}")), ("low", low.to_string()), ("high", high.to_string())]
            }
            Wanted::Increasing | Wanted::Decreasing => Vec::new(),
        }
    }
}

/// How two selections are compared, seed by seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Difference,
    Ratio,
}

/// Axis -> the labels that are selected.
pub type Filter = BTreeMap<String, Vec<String>>;

/// What a claim's numbers are compared with, seed by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The same axes with other labels.
    Runs(Filter),
    /// What theory predicts of the run's cell before the first update.
    Theory,
}

/// A claim, held against the axes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimSpec {
    pub says: String,
    pub metric: Metric,
    #[serde(rename = "where")]
    pub filter: Filter,
    /// What it is compared with, if anything.
    pub against: Option<(Against, By)>,
    pub wanted: Wanted,
    /// The axis that `monotone` goes along.
    pub along: Option<String>,
    /// Axes that repeat the claim for each of their labels.
    pub each: Vec<String>,
    /// Axes that are pooled within a seed, by the median.
    pub over: Vec<String>,
    pub confidence: f64,
}
