//! A figure as `plan.json` has it: its kind, what it measures, and what it does with each axis.

use super::Scale;
use crate::setting::words;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
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
    #[serde(default, deserialize_with = "size", skip_serializing_if = "Option::is_none")]
    pub size: Option<[f64; 2]>,
    /// Where and how x and the measurement (along y, or as colour) are drawn.
    #[serde(default, deserialize_with = "limits", skip_serializing_if = "Option::is_none")]
    pub x_limits: Option<[f64; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_scale: Option<Scale>,
    #[serde(default, deserialize_with = "limits", skip_serializing_if = "Option::is_none")]
    pub limits: Option<[f64; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// The maps of a heat map with several axes along x, in the order of these; empty where there is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maps: Vec<MapOf>,
    /// Whether each step shows the mean of all steps up to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub averaged: bool,
    /// Whether steps along x are told in epochs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub epochs: bool,
    /// What stands along x instead of the name of its axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_title: Option<String>,
    /// Lines to compare the measurements with, such as a bound or a law.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What a `gradient_heatmap` is drawn over.
    #[serde(default, skip_serializing_if = "MapAxes::is_usual")]
    pub axes: MapAxes,
    /// `first` or `last`.
    pub step: Option<String>,
    /// Whether the prediction at init is drawn over what was measured.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub theory: bool,
}

/// The shortest and the longest side of a figure, in cm.
pub const SIDES: [f64; 2] = [5.0, 60.0];

/// Whether these are a width and a height.
pub fn is_size(size: [f64; 2]) -> bool {
    size.iter().all(|side| (SIDES[0]..=SIDES[1]).contains(side))
}

fn size<'de, D: Deserializer<'de>>(file: D) -> Result<Option<[f64; 2]>, D::Error> {
    let found = Option::<[f64; 2]>::deserialize(file)?;
    let wrong = || D::Error::custom(format!("the size of a figure is from {} to {} cm", SIDES[0], SIDES[1]));
    if found.is_none_or(is_size) { Ok(found) } else { Err(wrong()) }
}

fn limits<'de, D: Deserializer<'de>>(file: D) -> Result<Option<[f64; 2]>, D::Error> {
    let found = Option::<[f64; 2]>::deserialize(file)?;
    let wrong = || D::Error::custom("limits are two numbers, the lower one first");
    if found.is_none_or(|[low, high]| low < high) { Ok(found) } else { Err(wrong()) }
}

/// What a `gradient_heatmap` is drawn over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MapAxes {
    /// Training steps along x, layers upwards.
    #[default]
    StepLayer,
    /// Training steps along x, time steps of the top layer upwards.
    StepTime,
    /// Time steps along x, layers upwards, at one training step.
    TimeLayer,
}

impl MapAxes {
    const NAMED: [(&'static str, MapAxes); 3] =
        [("step_layer", MapAxes::StepLayer), ("step_time", MapAxes::StepTime), ("time_layer", MapAxes::TimeLayer)];
    /// Their words.
    pub const WORDS: [&'static str; 3] = words(&Self::NAMED);

    /// That of a word.
    pub fn named(word: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|(own, _)| *own == word).map(|(_, axes)| axes)
    }

    /// Whether time steps of a sequence are on one of its axes.
    pub fn has_time(self) -> bool {
        self != MapAxes::StepLayer
    }

    /// Whether training steps are.
    pub fn has_steps(self) -> bool {
        self != MapAxes::TimeLayer
    }

    fn is_usual(&self) -> bool {
        *self == MapAxes::default()
    }
}

/// One of several maps side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapOf {
    /// The axis along its x.
    pub x: String,
    /// Where the x axes of the other maps are held in it.
    pub held: BTreeMap<String, String>,
}

/// The line `value * factor^x * x^power + slope * x`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// As the legend calls it.
    pub name: String,
    pub value: f64,
    pub factor: f64,
    pub power: f64,
    pub slope: f64,
    /// Axis -> the labels that it belongs to: it is drawn in their colour and their panels, or everywhere if there are none.
    #[serde(rename = "where", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub filter: BTreeMap<String, Vec<String>>,
}

impl Reference {
    /// Its height at x.
    pub fn at(&self, x: f64) -> f64 {
        self.value * self.factor.powf(x) * x.powf(self.power) + self.slope * x
    }

    /// Whether it has the same height everywhere.
    pub fn is_constant(&self) -> bool {
        self.factor == 1.0 && self.power == 0.0 && self.slope == 0.0
    }
}

impl FigureSpec {
    /// Whether it shows the last step, not the first.
    pub fn is_at_end(&self) -> bool {
        self.step.as_deref() == Some("last")
    }

    /// The figures that are drawn side by side: of several axes along x one of each, else itself.
    pub fn side_by_side(&self) -> Vec<FigureSpec> {
        let of = |map: &MapOf| {
            let held = map.held.iter().map(|(axis, label)| (axis.clone(), vec![label.clone()]));
            let filter = self.filter.clone().into_iter().chain(held).collect();
            FigureSpec { x: Some(map.x.clone()), filter, maps: Vec::new(), ..self.clone() }
        };
        if self.maps.is_empty() { vec![self.clone()] } else { self.maps.iter().map(of).collect() }
    }

    /// A figure of this kind with nothing else said.
    pub fn new(kind: &str) -> Self {
        FigureSpec { kind: kind.into(), ..FigureSpec::default() }
    }
}
