//! A figure as `plan.json` has it: its kind, what it measures, and what it does with each axis.

use crate::columns::{Column, Quantity};
use crate::plan_file::claim::{ClaimSpec, Metric};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureKind {
    GradientByLayer,
    LossByDepth,
    AttenuationByDepth,
    GradientHeatmap,
    HeatMap,
    Curves,
    Trajectories,
    LrSensitivity,
    AttenuationOverTraining,
    UpdateRatio,
    BestOfTries,
    StepsToTarget,
    PerformanceProfile,
    Derivative,
}

impl FigureKind {
    pub const ALL: &[FigureKind] = &[
        FigureKind::GradientByLayer,
        FigureKind::LossByDepth,
        FigureKind::AttenuationByDepth,
        FigureKind::GradientHeatmap,
        FigureKind::HeatMap,
        FigureKind::Curves,
        FigureKind::Trajectories,
        FigureKind::LrSensitivity,
        FigureKind::AttenuationOverTraining,
        FigureKind::UpdateRatio,
        FigureKind::BestOfTries,
        FigureKind::StepsToTarget,
        FigureKind::PerformanceProfile,
        FigureKind::Derivative,
    ];

    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            FigureKind::GradientByLayer => "gradient_by_layer",
            FigureKind::LossByDepth => "loss_by_depth",
            FigureKind::AttenuationByDepth => "attenuation_by_depth",
            FigureKind::GradientHeatmap => "gradient_heatmap",
            FigureKind::HeatMap => "heat_map",
            FigureKind::Curves => "curves",
            FigureKind::Trajectories => "trajectories",
            FigureKind::LrSensitivity => "lr_sensitivity",
            FigureKind::AttenuationOverTraining => "attenuation_over_training",
            FigureKind::UpdateRatio => "update_ratio",
            FigureKind::BestOfTries => "best_of_tries",
            FigureKind::StepsToTarget => "steps_to_target",
            FigureKind::PerformanceProfile => "performance_profile",
            FigureKind::Derivative => "derivative",
        }
    }
}

impl FigureSpec {
    /// How near this figure is to what the claim is about: 0 if it shows the metric of all of its runs, 1 of some, 2 where it shows
    /// the losses that reach a target or do not; `None` if it shows something else or other runs.
    pub fn nearness(&self, claim: &ClaimSpec) -> Option<u8> {
        let drawn = |usual: &[&str], column: &str| match &self.metric {
            Some(metric) => metric == column,
            None => usual.contains(&column),
        };
        let described = claim.metric.described();
        let (quantity, fades) = (described.map(|c| c.quantity), described.is_some_and(Column::is_attenuation));
        let metric = match (self.kind, &claim.metric) {
            (FigureKind::AttenuationByDepth | FigureKind::AttenuationOverTraining, Metric::Run(_)) => fades,
            (FigureKind::GradientByLayer | FigureKind::GradientHeatmap, Metric::Layers { column, .. }) => {
                drawn(&["stream_rms", "weight_grad_rms"], column)
            }
            (FigureKind::Derivative, Metric::Run(column)) => column == "attenuation_init",
            (FigureKind::GradientByLayer, Metric::Run(_)) => match self.metric.as_deref() {
                None => fades || quantity == Some(Quantity::WeightGradientAttenuation),
                Some("delta_rms") => quantity == Some(Quantity::DeltaAttenuation),
                Some("weight_grad_rms") => quantity == Some(Quantity::WeightGradientAttenuation),
                _ => false,
            },
            (FigureKind::UpdateRatio, Metric::Layers { column, .. }) => column == "update_ratio",
            (FigureKind::StepsToTarget | FigureKind::PerformanceProfile, Metric::Run(c)) => c == "steps_to_target",
            (FigureKind::Curves, Metric::History { column, .. } | Metric::Run(column)) => {
                drawn(&["train_loss", "test_accuracy"], column)
            }
            (
                FigureKind::LossByDepth | FigureKind::HeatMap | FigureKind::LrSensitivity | FigureKind::BestOfTries,
                Metric::Run(column),
            ) => drawn(&["train_loss"], column),
            _ => false,
        };
        let among = |how: fn(&[String], &[String]) -> bool| {
            self.filter.iter().all(|(axis, shown)| claim.filter.get(axis).is_none_or(|own| how(own, shown)))
        };
        let some = among(|own, shown| own.iter().any(|label| shown.contains(label)));
        // An axis that the claim does not name is one whose labels it is all about.
        let all = among(|own, shown| own.iter().all(|label| shown.contains(label)))
            && self.filter.keys().all(|axis| claim.filter.contains_key(axis));
        let target = claim.metric.column() == "steps_to_target" && self.kind == FigureKind::Curves;
        match metric {
            _ if !some => None,
            true => Some(u8::from(!all)),
            false => target.then_some(2),
        }
    }
}

/// A figure. Every axis with several labels among the chosen cells is named in `x`, `color`, `facet`, `over` or
/// `tune`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureSpec {
    pub kind: FigureKind,
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
    /// `first` or `last`.
    pub step: Option<String>,
    /// Whether the prediction at init is drawn over what was measured.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub theory: bool,
}

impl FigureSpec {
    /// A figure of this kind with nothing else said.
    pub fn new(kind: FigureKind) -> Self {
        FigureSpec {
            kind,
            name: None,
            title: None,
            metric: None,
            x: None,
            y: None,
            color: None,
            facet: Vec::new(),
            over: Vec::new(),
            tune: Vec::new(),
            filter: BTreeMap::new(),
            step: None,
            theory: false,
        }
    }
}
