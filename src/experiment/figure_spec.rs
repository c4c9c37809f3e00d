//! A figure as asked for.

use super::claim_spec::{ClaimSpec, Metric};
use super::problem::{Place, Problem};
use super::reader::{Entry, Reader};
use super::written::Selector;
use crate::columns::{self, Column, Measured, Quantity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use super::figure_defaults::defaults;

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

    /// The axis along x, for the kinds that have one value a run.
    pub(crate) fn default_x(self) -> Option<&'static str> {
        match self {
            FigureKind::LossByDepth | FigureKind::AttenuationByDepth => Some("depth"),
            FigureKind::LrSensitivity => Some("optimizer.lr"),
            _ => None,
        }
    }

    /// Whether an axis of the experiment goes along x.
    pub(crate) fn takes_x(self) -> bool {
        self == FigureKind::HeatMap || self.default_x().is_some()
    }

    /// Whether an axis can be its colour: in a map that is the measurement, or it is the layer.
    fn takes_color(self) -> bool {
        !matches!(
            self,
            FigureKind::GradientHeatmap | FigureKind::HeatMap | FigureKind::UpdateRatio | FigureKind::Derivative
        )
    }

    /// Whether one of its steps can be chosen.
    fn takes_step(self) -> bool {
        !matches!(
            self,
            FigureKind::Trajectories
                | FigureKind::LrSensitivity
                | FigureKind::AttenuationOverTraining
                | FigureKind::UpdateRatio
                | FigureKind::BestOfTries
                | FigureKind::StepsToTarget
                | FigureKind::PerformanceProfile
                | FigureKind::Derivative
        )
    }

    /// Whether the tuned axes are shown at their best label: all kinds but the one of which they are the tries.
    pub(crate) fn chooses(self) -> bool {
        self != FigureKind::BestOfTries
    }

    /// Whether it shows layers, which a function does not have.
    pub(crate) fn is_of_layers(self) -> bool {
        matches!(
            self,
            FigureKind::GradientByLayer
                | FigureKind::AttenuationByDepth
                | FigureKind::GradientHeatmap
                | FigureKind::AttenuationOverTraining
                | FigureKind::UpdateRatio
                | FigureKind::Derivative
        )
    }

    /// Whether all it shows is measured before the first update, so that nothing which only acts on training can touch it.
    pub(crate) fn is_of_init(self, metric: Option<&str>, step: Option<&str>) -> bool {
        let of_init = |name: &str| columns::outcome(name).is_some_and(|column| column.measured == Measured::Init);
        match self {
            FigureKind::GradientByLayer => step != Some("last"),
            FigureKind::AttenuationByDepth => metric.is_none_or(of_init),
            FigureKind::LossByDepth | FigureKind::HeatMap | FigureKind::LrSensitivity => metric.is_some_and(of_init),
            FigureKind::Derivative => true,
            _ => false,
        }
    }

    /// The columns of its own that theory predicts at the start, or that are asked for again of trained nets.
    pub(crate) fn predicted(self) -> &'static [&'static str] {
        match self {
            FigureKind::GradientByLayer => &["stream_rms", "delta_rms"],
            FigureKind::AttenuationByDepth => &[
                "attenuation_total_init",
                "attenuation_init",
                "attenuation_delta_init",
                "attenuation_total_end",
                "attenuation_end",
            ],
            _ => &[],
        }
    }

    /// The columns it can draw; empty where it has but one measurement.
    pub(crate) fn metrics(self) -> Vec<&'static str> {
        let names = |columns: &'static [Column]| columns::measurements(columns).map(|column| column.name).collect();
        match self {
            FigureKind::GradientByLayer | FigureKind::GradientHeatmap => names(columns::LAYERS),
            FigureKind::LossByDepth
            | FigureKind::AttenuationByDepth
            | FigureKind::HeatMap
            | FigureKind::LrSensitivity => names(columns::OUTCOMES),
            FigureKind::Curves => names(columns::HISTORY),
            FigureKind::BestOfTries => columns::compared().map(|column| column.name).collect(),
            FigureKind::Trajectories
            | FigureKind::AttenuationOverTraining
            | FigureKind::UpdateRatio
            | FigureKind::StepsToTarget
            | FigureKind::PerformanceProfile
            | FigureKind::Derivative => Vec::new(),
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

/// What a figure is drawn for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Medium {
    /// A page with everything there is to say.
    #[default]
    Page,
    /// A column of a paper, 8 cm wide, whose caption is the paper's.
    Column,
    /// A slide, its panels so many times as high as on a page.
    Slide(f64),
}

impl Medium {
    /// Whether only the first of several measurements has room.
    pub fn is_brief(self) -> bool {
        self != Medium::Page
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
    /// What it is drawn for; no part of the plan.
    #[serde(skip)]
    pub medium: Medium,
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
            medium: Medium::Page,
        }
    }
}

/// A `[[figure]]` with its places, not yet held against the axes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenFigure {
    pub place: Place,
    pub kind: FigureKind,
    pub name: Option<(String, Place)>,
    pub title: Option<String>,
    pub metric: Option<String>,
    pub x: Option<(String, Place)>,
    pub y: Option<(String, Place)>,
    pub color: Option<(String, Place)>,
    pub facet: Vec<(String, Place)>,
    pub over: Vec<(String, Place)>,
    pub tune: Vec<(String, Place)>,
    pub filter: Vec<Selector>,
    pub step: Option<String>,
    pub theory: bool,
}

impl WrittenFigure {
    /// Reads one `[[figure]]`.
    pub fn read(reader: &Reader, place: Place, entries: &[Entry]) -> Result<Self, Problem> {
        let words = || FigureKind::ALL.iter().map(|k| k.word());
        let Some(entry) = entries.iter().find(|e| e.key == "kind") else {
            let help = format!("write kind = \"...\": {}", words().collect::<Vec<_>>().join(", "));
            return Err(Problem::new(&place, "this [[figure]] has no `kind`", help));
        };
        let word = reader.text("kind", entry.value)?;
        let Some(kind) = FigureKind::ALL.iter().copied().find(|k| k.word() == word) else {
            let help = super::nearest::suggest(&word, words());
            return Err(Problem::new(&reader.at(entry.value), format!("no figure is of kind \"{word}\""), help));
        };
        let mut figure = WrittenFigure {
            place,
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
            filter: Vec::new(),
            step: None,
            theory: false,
        };
        for e in entries {
            let named = || Ok::<_, Problem>(Some((reader.text(e.key, e.value)?, reader.at(e.value))));
            match e.key {
                "kind" => {}
                "name" => figure.name = named()?,
                "title" => figure.title = Some(reader.text("title", e.value)?),
                "metric" | "step" | "over" if kind == FigureKind::Trajectories => {
                    let message = format!("trajectories have no `{}` to choose", e.key);
                    let help = match e.key {
                        "over" => "paths are not pooled: fix the axis with `where`, or make panels of it with `facet`",
                        _ => "delete the line: every recorded step is drawn",
                    };
                    return Err(Problem::new(&e.at, message, help));
                }
                "metric" if kind.metrics().is_empty() => {
                    let message = format!("a figure of kind {word} has no `metric` to choose");
                    return Err(Problem::new(&e.at, message, "delete the line"));
                }
                "step" if !kind.takes_step() => {
                    let message = format!("a figure of kind {word} has no `step` to choose");
                    return Err(Problem::new(&e.at, message, "delete the line"));
                }
                "metric" => figure.metric = Some(one_of(reader, e, &kind.metrics())?),
                "step" => figure.step = Some(one_of(reader, e, &["first", "last"])?),
                "x" if kind.takes_x() => figure.x = named()?,
                "y" if kind == FigureKind::HeatMap => figure.y = named()?,
                "color" if kind.takes_color() => figure.color = named()?,
                "x" | "y" | "color" => {
                    let message = format!("a figure of kind {word} has no `{}` to choose", e.key);
                    return Err(Problem::new(&e.at, message, "use `facet` for a panel each, or `where` to fix it"));
                }
                "facet" => figure.facet = reader.texts("facet", e.value)?,
                "over" => figure.over = reader.texts("over", e.value)?,
                "tune" => figure.tune = reader.texts("tune", e.value)?,
                "where" => reader.selectors("", &reader.table("where", e)?, &mut figure.filter)?,
                "theory" => figure.theory = reader.flag("theory", e.value)?,
                _ => {
                    let known = [
                        "kind", "name", "title", "metric", "x", "y", "color", "facet", "over", "tune", "where", "step",
                        "theory",
                    ];
                    return Err(reader.unknown("key of [[figure]]", e, known));
                }
            }
        }
        if figure.theory {
            figure.predicted(entries)?;
        }
        Ok(figure)
    }

    /// Whether theory speaks of what this figure shows.
    fn predicted(&self, entries: &[Entry]) -> Result<(), Problem> {
        let at = |key: &str| entries.iter().find(|e| e.key == key).map_or(&self.place, |e| &e.at);
        if self.kind == FigureKind::HeatMap {
            // Six depth scales, whatever the colour shows.
            return match [&self.x, &self.y].into_iter().flatten().any(|(axis, _)| axis == "depth") {
                true => Ok(()),
                false => {
                    let message =
                        "theory draws how deep a net can be trained, and no axis of this heat map is the depth";
                    Err(Problem::new(at("theory"), message, "write x = \"depth\" or y = \"depth\", or delete `theory`"))
                }
            };
        }
        let known = self.kind.predicted();
        if known.is_empty() {
            let speaks = |kind: &&FigureKind| **kind == FigureKind::HeatMap || !kind.predicted().is_empty();
            let kinds = FigureKind::ALL.iter().filter(speaks).map(|kind| kind.word());
            let message = format!("theory predicts nothing in a figure of kind {}", self.kind.word());
            let help = format!("delete the line, or draw one of {}", kinds.collect::<Vec<_>>().join(", "));
            return Err(Problem::new(at("theory"), message, help));
        }
        match &self.metric {
            Some(metric) if !known.contains(&metric.as_str()) => {
                let message = format!("theory does not predict `{metric}`");
                let help = format!("choose one of {}, or delete `theory`", known.join(", "));
                Err(Problem::new(at("metric"), message, help))
            }
            _ => Ok(()),
        }
    }
}

fn one_of(reader: &Reader, entry: &Entry, known: &[&str]) -> Result<String, Problem> {
    let word = reader.text(entry.key, entry.value)?;
    if known.contains(&word.as_str()) {
        return Ok(word);
    }
    let message = format!("`{}` of this figure cannot be \"{word}\"", entry.key);
    Err(Problem::new(&reader.at(entry.value), message, super::nearest::suggest(&word, known.iter().copied())))
}
