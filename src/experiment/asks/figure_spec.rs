//! A `[[figure]]` as it is written in an experiment, and what each kind of figure can be asked.

use super::cells::Role;
use crate::columns::{self, Column, Measured};
use crate::experiment::nearest;
use crate::experiment::read::error::{Location, Result};
use crate::experiment::read::fields::Fields;
use crate::experiment::read::node::Entry;
use crate::experiment::read::selector::Selector;
use crate::plan_file::figure::{FigureKind, FigureSpec};

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
    /// All that does not depend on the axes.
    pub spec: FigureSpec,
    /// Where its name stands, or else the figure.
    pub name_at: Location,
    pub roles: Vec<Role>,
    pub filter: Vec<Selector>,
}

const KEYS: [&str; 13] =
    ["kind", "name", "title", "metric", "x", "y", "color", "facet", "over", "tune", "where", "step", "theory"];

impl WrittenFigure {
    /// Reads one `[[figure]]`.
    pub fn read(place: Location, entries: Vec<Entry>) -> Result<Self> {
        let fields = Fields::new("[[figure]]", place, entries, &KEYS)?;
        let words = || FigureKind::ALL.iter().map(|k| k.word());
        let help = format!("write kind = \"...\": {}", words().collect::<Vec<_>>().join(", "));
        let (word, at) = fields.need("kind", &help)?.word()?;
        let Some(kind) = FigureKind::ALL.iter().copied().find(|k| k.word() == word) else {
            return at.fail(format!("no figure is of kind \"{word}\""), nearest::suggest(&word, words()));
        };
        ["metric", "step", "x", "y", "color", "over"].into_iter().try_for_each(|key| choosable(&fields, kind, key))?;
        let text = |key| fields.read(key, Entry::text);
        let of_figure = " of this figure";
        let spec = FigureSpec {
            name: text("name")?,
            title: text("title")?,
            metric: fields.read("metric", |e| e.one_of(kind.metrics(), of_figure))?,
            step: fields.read("step", |e| e.one_of(["first", "last"], of_figure))?,
            theory: fields.read("theory", Entry::flag)?.unwrap_or(false),
            ..FigureSpec::new(kind)
        };
        let mut roles = Vec::new();
        for key in ["x", "y", "color"] {
            roles.extend(Role::each(key, fields.read(key, Entry::word)?));
        }
        for key in ["facet", "over", "tune"] {
            roles.extend(Role::each(key, fields.words(key)?));
        }
        if spec.theory {
            predicted(&spec, &roles, &fields)?;
        }
        let name_at = fields.get("name").map_or(&fields.place, |e| &e.value.at).clone();
        let filter = fields.selectors("where")?;
        Ok(WrittenFigure { place: fields.place, spec, name_at, roles, filter })
    }
}

/// Checks that a figure of this kind has what the key chooses, if the key is there.
fn choosable(fields: &Fields, kind: FigureKind, key: &str) -> Result<()> {
    let Some(entry) = fields.get(key) else { return Ok(()) };
    let has = match key {
        "metric" => !kind.metrics().is_empty(),
        "step" => kind.takes_step(),
        "x" => kind.takes_x(),
        "y" => kind == FigureKind::HeatMap,
        "color" => kind.takes_color(),
        _ => kind != FigureKind::Trajectories,
    };
    if has {
        return Ok(());
    }
    if kind == FigureKind::Trajectories && ["metric", "step", "over"].contains(&key) {
        let help = match key {
            "over" => "paths are not pooled: fix the axis with `where`, or make panels of it with `facet`",
            _ => "delete the line: every recorded step is drawn",
        };
        return entry.at.fail(format!("trajectories have no `{key}` to choose"), help);
    }
    let help = match key {
        "metric" | "step" => "delete the line",
        _ => "use `facet` for a panel each, or `where` to fix it",
    };
    entry.at.fail(format!("a figure of kind {} has no `{key}` to choose", kind.word()), help)
}

/// Checks that theory speaks of what this figure shows.
fn predicted(spec: &FigureSpec, roles: &[Role], fields: &Fields) -> Result<()> {
    let at = |key: &str| fields.get(key).map_or(&fields.place, |e| &e.at);
    if spec.kind == FigureKind::HeatMap {
        // Six depth scales, whatever the colour shows.
        if roles.iter().any(|role| ["x", "y"].contains(&role.key) && role.axis == "depth") {
            return Ok(());
        }
        let message = "theory draws how deep a net can be trained, and no axis of this heat map is the depth";
        return at("theory").fail(message, "write x = \"depth\" or y = \"depth\", or delete `theory`");
    }
    let known = spec.kind.predicted();
    if known.is_empty() {
        let speaks = |kind: &&FigureKind| **kind == FigureKind::HeatMap || !kind.predicted().is_empty();
        let kinds = FigureKind::ALL.iter().filter(speaks).map(|kind| kind.word());
        let help = format!("delete the line, or draw one of {}", kinds.collect::<Vec<_>>().join(", "));
        return at("theory").fail(format!("theory predicts nothing in a figure of kind {}", spec.kind.word()), help);
    }
    match &spec.metric {
        Some(metric) if !known.contains(&metric.as_str()) => {
            let help = format!("choose one of {}, or delete `theory`", known.join(", "));
            at("metric").fail(format!("theory does not predict `{metric}`"), help)
        }
        _ => Ok(()),
    }
}
