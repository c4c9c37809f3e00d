//! A `[[figure]]` as it is written in an experiment, and what each kind of figure can be asked.

use super::problem::{Location, ExperimentError};
use super::reader::{Entry, Reader};
use super::written::Selector;
use crate::columns::{self, Column, Measured};
use crate::plan_file::figure::FigureKind;

pub use super::figure_defaults::defaults;

impl FigureKind {
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

/// A `[[figure]]` with its places, not yet held against the axes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenFigure {
    pub place: Location,
    pub kind: FigureKind,
    pub name: Option<(String, Location)>,
    pub title: Option<String>,
    pub metric: Option<String>,
    pub x: Option<(String, Location)>,
    pub y: Option<(String, Location)>,
    pub color: Option<(String, Location)>,
    pub facet: Vec<(String, Location)>,
    pub over: Vec<(String, Location)>,
    pub tune: Vec<(String, Location)>,
    pub filter: Vec<Selector>,
    pub step: Option<String>,
    pub theory: bool,
}

impl WrittenFigure {
    /// Reads one `[[figure]]`.
    pub fn read(reader: &Reader, place: Location, entries: &[Entry]) -> Result<Self, ExperimentError> {
        let words = || FigureKind::ALL.iter().map(|k| k.word());
        let Some(entry) = entries.iter().find(|e| e.key == "kind") else {
            let help = format!("write kind = \"...\": {}", words().collect::<Vec<_>>().join(", "));
            return Err(ExperimentError::new(&place, "this [[figure]] has no `kind`", help));
        };
        let word = reader.text("kind", entry.value)?;
        let Some(kind) = FigureKind::ALL.iter().copied().find(|k| k.word() == word) else {
            let help = super::nearest::suggest(&word, words());
            return Err(ExperimentError::new(&reader.at(entry.value), format!("no figure is of kind \"{word}\""), help));
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
            let named = || Ok::<_, ExperimentError>(Some((reader.text(e.key, e.value)?, reader.at(e.value))));
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
                    return Err(ExperimentError::new(&e.at, message, help));
                }
                "metric" if kind.metrics().is_empty() => {
                    let message = format!("a figure of kind {word} has no `metric` to choose");
                    return Err(ExperimentError::new(&e.at, message, "delete the line"));
                }
                "step" if !kind.takes_step() => {
                    let message = format!("a figure of kind {word} has no `step` to choose");
                    return Err(ExperimentError::new(&e.at, message, "delete the line"));
                }
                "metric" => figure.metric = Some(one_of(reader, e, &kind.metrics())?),
                "step" => figure.step = Some(one_of(reader, e, &["first", "last"])?),
                "x" if kind.takes_x() => figure.x = named()?,
                "y" if kind == FigureKind::HeatMap => figure.y = named()?,
                "color" if kind.takes_color() => figure.color = named()?,
                "x" | "y" | "color" => {
                    let message = format!("a figure of kind {word} has no `{}` to choose", e.key);
                    return Err(ExperimentError::new(&e.at, message, "use `facet` for a panel each, or `where` to fix it"));
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
    fn predicted(&self, entries: &[Entry]) -> Result<(), ExperimentError> {
        let at = |key: &str| entries.iter().find(|e| e.key == key).map_or(&self.place, |e| &e.at);
        if self.kind == FigureKind::HeatMap {
            // Six depth scales, whatever the colour shows.
            return match [&self.x, &self.y].into_iter().flatten().any(|(axis, _)| axis == "depth") {
                true => Ok(()),
                false => {
                    let message =
                        "theory draws how deep a net can be trained, and no axis of this heat map is the depth";
                    Err(ExperimentError::new(at("theory"), message, "write x = \"depth\" or y = \"depth\", or delete `theory`"))
                }
            };
        }
        let known = self.kind.predicted();
        if known.is_empty() {
            let speaks = |kind: &&FigureKind| **kind == FigureKind::HeatMap || !kind.predicted().is_empty();
            let kinds = FigureKind::ALL.iter().filter(speaks).map(|kind| kind.word());
            let message = format!("theory predicts nothing in a figure of kind {}", self.kind.word());
            let help = format!("delete the line, or draw one of {}", kinds.collect::<Vec<_>>().join(", "));
            return Err(ExperimentError::new(at("theory"), message, help));
        }
        match &self.metric {
            Some(metric) if !known.contains(&metric.as_str()) => {
                let message = format!("theory does not predict `{metric}`");
                let help = format!("choose one of {}, or delete `theory`", known.join(", "));
                Err(ExperimentError::new(at("metric"), message, help))
            }
            _ => Ok(()),
        }
    }
}

fn one_of(reader: &Reader, entry: &Entry, known: &[&str]) -> Result<String, ExperimentError> {
    let word = reader.text(entry.key, entry.value)?;
    if known.contains(&word.as_str()) {
        return Ok(word);
    }
    let message = format!("`{}` of this figure cannot be \"{word}\"", entry.key);
    Err(ExperimentError::new(&reader.at(entry.value), message, super::nearest::suggest(&word, known.iter().copied())))
}
