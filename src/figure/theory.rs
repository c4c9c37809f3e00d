//! Theory over measurement: the prediction of each series, what the caption says of it, and the panel of ratios.

use super::FigureError;
use super::chart::{Block, Legend, Mark, Points, Spot, series, spans, zero_line};
use super::ruler::Ruler;
use super::scene::Stroke;
use super::select::{GroupKey, Selection};
use super::style::{INK, Look, Marker, WHITE, legible, solid};
use crate::fading::{NO_LAYERS, ONE_LAYER};
use crate::ops::activation::Activation;
use crate::results::Results;
use crate::results::theory::{CellTheory, Theory};
use crate::setting::Settings;
use std::collections::{BTreeMap, BTreeSet};

/// How predictions are drawn.
const DASHED: Look = Look { color: INK, dash: &[3.2, 1.8], marker: Marker::Disc, hollow: false };

/// Height of the panels of measured over predicted, in points.
const HEIGHT: f64 = 56.0;

/// The predictions that a figure draws.
#[derive(Default)]
pub struct Overlay {
    of: BTreeMap<GroupKey, CellTheory>,
    /// Why some series have none.
    refused: BTreeMap<String, usize>,
}

impl Overlay {
    /// The prediction of each group of runs; none at all unless the figure asks for it. `trained` nets have none.
    ///
    /// # Errors
    /// A `theory.csv` that is missing or not what a sweep writes.
    pub fn new(selection: &Selection, trained: bool) -> Result<Overlay, FigureError> {
        let mut overlay = Overlay::default();
        if !selection.spec.theory {
            return Ok(overlay);
        }
        let theory = selection.results.theory()?;
        let mut groups: BTreeMap<GroupKey, BTreeMap<&Vec<usize>, usize>> = BTreeMap::new();
        for run in &selection.runs {
            groups.entry(selection.key(*run)).or_default().insert(&selection.run(*run).labels, *run);
        }
        for (key, cells) in groups {
            match told(&theory, selection, &cells, trained) {
                Ok(predicted) => _ = overlay.of.insert(key, predicted),
                Err(why) => *overlay.refused.entry(why).or_default() += 1,
            }
        }
        Ok(overlay)
    }

    pub fn get(&self, key: &GroupKey) -> Option<&CellTheory> {
        self.of.get(key)
    }

    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// The legend with its line, where something is drawn.
    pub fn named(&self, legend: Legend) -> Legend {
        let named = if legend.entries.is_empty() { "" } else { ", in the colour of its line" };
        legend.line((!self.is_empty()).then(|| format!("theory of wide nets{named}")), DASHED)
    }

    /// What the caption says of it: `how` it is drawn, what it leaves out and why.
    pub fn caption(&self, how: &str) -> String {
        let mut text = if self.is_empty() { String::new() } else { how.to_string() };
        // What is assumed; docs/theory.md and `plan --theory` say where that is wrong.
        let assumed = |p: &CellTheory| p.caveat.split(", which ").next().unwrap_or_default().to_string();
        let caveats: BTreeSet<String> = self.of.values().map(assumed).filter(|c| !c.is_empty()).collect();
        for caveat in caveats {
            let n = self.of.values().filter(|p| assumed(p) == caveat).count();
            let of = self.of.len();
            text.push_str(&if n == of {
                format!(" {caveat}.")
            } else {
                format!(" {caveat} ({n} of {of} predictions).")
            });
        }
        let groups = self.of.len() + self.refused.values().sum::<usize>();
        for (why, n) in &self.refused {
            text.push_str(&format!(" No prediction for {n} of {groups} groups of runs: {why}."));
        }
        text
    }
}

/// The one prediction of the cells that a group pools, each with a run of it.
fn told(
    theory: &Theory,
    selection: &Selection,
    cells: &BTreeMap<&Vec<usize>, usize>,
    trained: bool,
) -> Result<CellTheory, String> {
    if trained {
        return Err("theory holds before the first update only".into());
    }
    let mut told = cells.iter().map(|(labels, run)| match theory.get(*labels) {
        Some(told) => told.clone().map_err(|why| why.0),
        None => Err(no_row(selection, *run).into()),
    });
    let first = told.next().unwrap_or_else(|| Err("no runs".into()))?;
    match told.all(|other| other.as_ref() == Ok(&first)) {
        true => Ok(first),
        false => Err("the cells pooled into one line have different predictions".into()),
    }
}

/// The dashed line of a prediction in the colour of its series, as far as it is finite.
pub fn line(look: &Look, points: impl Iterator<Item = Spot>) -> Vec<Mark> {
    let points: Vec<Spot> = points.filter(|(_, y)| y.is_finite()).collect();
    if points.len() < 2 {
        return Vec::new();
    }
    // A white core keeps the dashes apart from a series of their own colour.
    let dashes = Stroke { color: legible(look.color), ..DASHED.stroke(0.9) };
    let line = |stroke| Mark::Curve { points: points.clone(), stroke, name: None };
    vec![line(solid(WHITE, 0.9)), line(dashes)]
}

/// The panels of measured over predicted on a scale as far below 1 as above it: the line of agreement, then the series. `None`
/// where nothing is predicted.
pub fn ratios(
    selection: &Selection,
    groups: &[Vec<usize>],
    (x, x_title): (Ruler, &str),
    ratios: &BTreeMap<GroupKey, Points>,
) -> Option<Block> {
    let reach = spans(ratios.values()).into_iter().filter(|v| v.is_finite()).map(f64::abs).reduce(f64::max)?;
    let y = Ruler::over(&[-reach, reach], true, HEIGHT)?;
    let panel = |panel: GroupKey| {
        let lines = series(selection, groups, panel, |key| ratios.get(&key));
        if groups.iter().all(|group| ratios.get(&GroupKey { color: group[0], ..panel }).is_none()) {
            return vec![Mark::Empty("no prediction")];
        }
        [zero_line()].into_iter().chain(lines).collect()
    };
    Some(Block::new(selection, (x, x_title), (&y, &["measured", "/ predicted"]), HEIGHT, panel))
}

/// The activation of a run and the prediction of its cell, or why there is none: of plain dense nets of several hidden layers alone is
/// the variance of the arguments known.
///
/// # Errors
/// Why there is none, for a caption.
pub fn of_plain<'a>(
    theory: &'a Theory,
    selection: &Selection,
    run: usize,
) -> Result<(Activation, &'a CellTheory), String> {
    match (theory.get(&selection.run(run).labels), activation(selection.results, run)) {
        (Some(Ok(predicted)), Some(activation)) if predicted.variance.len() > 1 => Ok((activation, predicted)),
        (Some(Err(why)), _) => Err(why.to_string()),
        (Some(Ok(predicted)), _) if predicted.stream.len() == 1 => Err(ONE_LAYER.into()),
        (Some(Ok(_)), _) => Err("theory predicts the gradient, but not the variance of the argument".into()),
        (None, _) => Err(no_row(selection, run).into()),
    }
}

/// Why `theory.csv` says nothing of the cell of a run.
fn no_row(selection: &Selection, run: usize) -> &'static str {
    match selection.results.cell(run).is_some_and(|cell| cell.function.is_some()) {
        true => NO_LAYERS,
        false => {
            "theory.csv has no prediction, since no figure of the experiment file asked for one; write this figure into it and \
                sweep again"
        }
    }
}

/// The activation of a run, by the settings of its cell.
fn activation(results: &Results, run: usize) -> Option<Activation> {
    let cell = results.cell(run)?;
    let setting =
        |key: &'static str| Some((key, cell.settings.get(key).or_else(|| results.plan.settings.get(key))?.clone()));
    let settings = ["activation", "activation.slope", "activation.alpha"].into_iter().filter_map(setting).collect();
    Activation::from_settings(&Settings::new(settings), "activation").ok()
}
