//! A figure as `plan.json` has it: its kind, what it measures, and what it does with each axis.

use super::Scale;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A figure. Every axis with several labels among the chosen cells is named in `x`, `color`, `facet`, `over` or
/// `tune`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FigureSpec {
    /// The word of its kind.
    pub kind: String,
    pub name: Option<String>,
    pub title: Option<String>,
    /// A column of `layers.csv`, `runs.csv` or `history.csv`, by the kind.
    pub metric: Option<String>,
    pub x: Option<String>,
    /// The second axis of a heat map.
    #[serde(default)]
    pub y: Option<String>,
    pub color: Option<String>,
    pub facet: Vec<String>,
    /// Axes that are pooled.
    pub over: Vec<String>,
    /// Axes of which only the best label is shown, chosen for each combination of the others; the tries of a
    /// `best_of_tries`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tune: Vec<String>,
    /// Axis -> the labels that are shown.
    #[serde(rename = "where")]
    pub filter: BTreeMap<String, Vec<String>>,
    /// Axis -> labels that come first, in this order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub order: BTreeMap<String, Vec<String>>,
    /// Axis -> label -> what stands in its place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rename: BTreeMap<String, BTreeMap<String, String>>,
    /// Axis -> label -> its colour, red, green and blue.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub colors: BTreeMap<String, BTreeMap<String, [u8; 3]>>,
    /// Its width and height in cm, without the claims below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<[f64; 2]>,
    /// Where and how x and the measurement (along y, or as colour) are drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_limits: Option<[f64; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_scale: Option<Scale>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<[f64; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// Whether steps along x are told in epochs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub epochs: bool,
    /// Whether tiles hold their numbers, where these have room; they do if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<bool>,
    /// What stands along x instead of the name of its axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_title: Option<String>,
    /// A line to hold the measurements against, such as a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// `first` or `last`.
    pub step: Option<String>,
    /// Whether the prediction at init is drawn over what was measured.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub theory: bool,
}

/// The line `value + slope * x`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// As the legend calls it.
    pub name: String,
    pub value: f64,
    /// 0 unless x is on a linear scale.
    #[serde(default)]
    pub slope: f64,
}

impl FigureSpec {
    /// A figure of this kind with nothing else said.
    pub fn new(kind: &str) -> Self {
        FigureSpec { kind: kind.into(), ..FigureSpec::default() }
    }

    /// Whether tiles hold their numbers, where these have room.
    pub fn has_numbers(&self) -> bool {
        self.numbers.unwrap_or(true)
    }
}
