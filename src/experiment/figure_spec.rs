//! A figure as asked for, and the set that is drawn when none is.

use super::plan::{Axis, PlanCell, Scale};
use super::problem::{Place, Problem};
use super::reader::{Entry, Reader};
use super::written::Selector;
use crate::record::{HISTORY_COLUMNS, LAYER_COLUMNS, OUTCOME_COLUMNS};
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
    Curves,
}

impl FigureKind {
    pub const ALL: &[FigureKind] = &[
        FigureKind::GradientByLayer,
        FigureKind::LossByDepth,
        FigureKind::AttenuationByDepth,
        FigureKind::GradientHeatmap,
        FigureKind::Curves,
    ];

    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            FigureKind::GradientByLayer => "gradient_by_layer",
            FigureKind::LossByDepth => "loss_by_depth",
            FigureKind::AttenuationByDepth => "attenuation_by_depth",
            FigureKind::GradientHeatmap => "gradient_heatmap",
            FigureKind::Curves => "curves",
        }
    }

    /// The axis along x, for the kinds that have one value a run.
    pub(crate) fn default_x(self) -> Option<&'static str> {
        matches!(self, FigureKind::LossByDepth | FigureKind::AttenuationByDepth).then_some("depth")
    }

    /// The columns it can draw.
    pub(crate) fn metrics(self) -> &'static [&'static str] {
        match self {
            FigureKind::GradientByLayer | FigureKind::GradientHeatmap => &LAYER_COLUMNS[2..],
            FigureKind::LossByDepth | FigureKind::AttenuationByDepth => OUTCOME_COLUMNS,
            FigureKind::Curves => &HISTORY_COLUMNS[1..],
        }
    }
}

/// A figure. Every axis with several labels among the chosen cells is named in `x`, `color`, `facet` or `over`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureSpec {
    pub kind: FigureKind,
    pub name: Option<String>,
    pub title: Option<String>,
    /// A column of `layers.csv`, `runs.csv` or `history.csv`, by the kind.
    pub metric: Option<String>,
    pub x: Option<String>,
    pub color: Option<String>,
    pub facet: Vec<String>,
    /// Axes that are pooled.
    pub over: Vec<String>,
    /// Axis -> the labels that are shown.
    #[serde(rename = "where")]
    pub filter: BTreeMap<String, Vec<String>>,
    /// `first` or `last`.
    pub step: Option<String>,
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
            color: None,
            facet: Vec::new(),
            over: Vec::new(),
            filter: BTreeMap::new(),
            step: None,
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
    pub color: Option<(String, Place)>,
    pub facet: Vec<(String, Place)>,
    pub over: Vec<(String, Place)>,
    pub filter: Vec<Selector>,
    pub step: Option<String>,
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
            color: None,
            facet: Vec::new(),
            over: Vec::new(),
            filter: Vec::new(),
            step: None,
        };
        for e in entries {
            let named = || Ok::<_, Problem>(Some((reader.text(e.key, e.value)?, reader.at(e.value))));
            match e.key {
                "kind" => {}
                "name" => figure.name = named()?,
                "title" => figure.title = Some(reader.text("title", e.value)?),
                "metric" => figure.metric = Some(one_of(reader, e, kind.metrics())?),
                "step" => figure.step = Some(one_of(reader, e, &["first", "last"])?),
                "x" if kind.default_x().is_some() => figure.x = named()?,
                "color" if kind != FigureKind::GradientHeatmap => figure.color = named()?,
                "x" | "color" => {
                    let message = format!("a {word} has no `{}` to choose", e.key);
                    return Err(Problem::new(&e.at, message, "use `facet` for a panel each, or `where` to fix it"));
                }
                "facet" => figure.facet = reader.texts("facet", e.value)?,
                "over" => figure.over = reader.texts("over", e.value)?,
                "where" => reader.selectors("", &reader.table("where", e)?, &mut figure.filter)?,
                "theory" => {
                    let message = "`theory` is not drawn yet by this version of gradsweep";
                    return Err(Problem::new(&e.at, message, "delete the line for now"));
                }
                _ => {
                    let known = ["kind", "name", "title", "metric", "x", "color", "facet", "over", "where", "step"];
                    return Err(reader.unknown("key of [[figure]]", e, known));
                }
            }
        }
        Ok(figure)
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

/// Families that cannot touch a net before its first update.
const TRAINING_ONLY: &[&str] = &[
    "optimizer",
    "l2",
    "weight_decay",
    "decay_all",
    "clip",
    "schedule",
    "steps",
    "epochs",
    "target_loss",
    "stop_at_target",
];

/// The figures that fit these axes: what fades, what trains, how it goes with depth, and the curves.
///
/// One axis becomes the colour (variants before others), one the panels (activations before others); the other axes
/// are fixed, depth at its deepest and each other at its first label, so that nothing is averaged unseen.
pub fn defaults(axes: &[Axis], cells: &[PlanCell]) -> Vec<FigureSpec> {
    let several: Vec<&str> = axes.iter().filter(|a| a.labels.len() > 1).map(|a| a.name.as_str()).collect();
    let depth = several.contains(&"depth").then_some("depth");
    let others: Vec<&str> = several.iter().copied().filter(|n| *n != "depth").collect();
    let family = |n: &str| n.split('.').next().unwrap_or(n).to_string();
    let structural: Vec<&str> =
        others.iter().copied().filter(|n| !TRAINING_ONLY.contains(&family(n).as_str())).collect();
    let pick = |from: &[&str]| -> (Option<String>, Option<String>) {
        let facet = from.iter().copied().find(|n| *n == "activation");
        let color = from.iter().copied().find(|n| *n == "variant").or(from.iter().copied().find(|n| Some(*n) != facet));
        // A lone axis is compared best within one panel.
        let (color, facet) = if color.is_none() { (facet, None) } else { (color, facet) };
        let facet = facet.or_else(|| from.iter().copied().find(|n| Some(*n) != color));
        (color.map(String::from), facet.map(String::from))
    };
    let fixed = |mut spec: FigureSpec| {
        let used: Vec<String> = [&spec.x, &spec.color].into_iter().flatten().chain(&spec.facet).cloned().collect();
        spec.filter = fix_the_rest(axes, cells, &used);
        spec
    };
    let facets = |names: [Option<String>; 2]| names.into_iter().flatten().collect::<Vec<_>>();

    // Depth is a colour only where nothing else asks for one.
    let (init_color, init_facet) = pick(&structural);
    let init_color = init_color.or_else(|| depth.map(String::from));
    let (color, facet) = pick(&others);
    let curve_color = color.clone().or_else(|| depth.map(String::from));
    let mut figures = Vec::new();

    let mut headline = FigureSpec::new(FigureKind::GradientByLayer);
    if init_color.is_none() && curve_color.is_some() {
        // Only training differs, so the gradients at the end are what can differ.
        headline.step = Some("last".into());
        (headline.color, headline.facet) = (color.clone(), facets([facet.clone(), None]));
    } else {
        (headline.color, headline.facet) = (init_color.clone(), facets([init_facet.clone(), None]));
    }
    figures.push(fixed(headline));

    if depth.is_some() {
        let used = [&color, &facet];
        let second =
            others.iter().copied().map(String::from).find(|n| n == "optimizer" && !used.contains(&&Some(n.clone())));
        let mut loss = FigureSpec::new(FigureKind::LossByDepth);
        loss.x = Some("depth".into());
        (loss.color, loss.facet) = (color.clone(), facets([facet.clone(), second]));
        figures.push(fixed(loss));

        let mut attenuation = FigureSpec::new(FigureKind::AttenuationByDepth);
        attenuation.x = Some("depth".into());
        let (init_color, init_facet) = pick(&structural);
        (attenuation.color, attenuation.facet) = (init_color, facets([init_facet, None]));
        figures.push(fixed(attenuation));
    } else if let Some(rate) =
        axes.iter().find(|a| a.name == "optimizer.lr" && a.labels.len() > 1 && a.scale != Scale::Category)
    {
        let rest: Vec<&str> = others.iter().copied().filter(|n| *n != rate.name).collect();
        let (color, facet) = pick(&rest);
        let mut loss = FigureSpec::new(FigureKind::LossByDepth);
        loss.x = Some(rate.name.clone());
        loss.name = Some("loss_by_learning_rate".into());
        (loss.color, loss.facet) = (color, facets([facet, None]));
        figures.push(fixed(loss));
    }

    let mut heatmap = FigureSpec::new(FigureKind::GradientHeatmap);
    heatmap.facet = facets([color.clone(), facet.clone()]);
    figures.push(fixed(heatmap));

    let mut curves = FigureSpec::new(FigureKind::Curves);
    (curves.color, curves.facet) = (curve_color, facets([facet, None]));
    figures.push(fixed(curves));
    figures
}

/// Fixes every axis outside `used`, one after the other, at a label that still occurs together with the earlier ones.
fn fix_the_rest(axes: &[Axis], cells: &[PlanCell], used: &[String]) -> BTreeMap<String, Vec<String>> {
    let mut filter = BTreeMap::new();
    let mut left: Vec<&PlanCell> = cells.iter().collect();
    for (position, axis) in axes.iter().enumerate().filter(|(_, a)| !used.contains(&a.name)) {
        let occurs: std::collections::HashSet<&str> = left.iter().map(|c| c.labels[position].1.as_str()).collect();
        let mut labels = axis.labels.iter().filter(|l| occurs.contains(l.as_str()));
        let deepest = |l: &&String| l.parse::<i64>().unwrap_or(0);
        let label = if axis.name == "depth" { labels.max_by_key(deepest) } else { labels.next() };
        let Some(label) = label else { continue };
        left.retain(|c| c.labels[position].1 == *label);
        if axis.labels.len() > 1 {
            filter.insert(axis.name.clone(), vec![label.clone()]);
        }
    }
    filter
}
