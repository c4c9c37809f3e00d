//! What a kind of figure is: what can be asked of it, and the function that draws it.

use super::FigureError;
use super::chart::Chart;
use super::select::Selection;
use super::sheet::Medium;
use crate::experiment::figure_kind::FigureKind;
use crate::plan_file::claim::ClaimSpec;
use crate::plan_file::figure::FigureSpec;

/// A kind of figure.
#[derive(Clone, Copy)]
pub struct Kind {
    /// What can be asked of it, for the reader of an experiment.
    pub facts: &'static FigureKind,
    /// Makes the chart of a selection. Fails if that does not fit the kind or holds nothing to draw.
    pub draw: fn(&Selection, Medium) -> Result<Chart, FigureError>,
}

/// Up to so many arms share a panel; up to so many have one each.
const TOGETHER: usize = 8;
const APART: usize = 24;

/// The figure with a panel for each of its many arms, the others behind it in grey; `None` where colours tell them apart.
pub(super) fn multiples(selection: &Selection) -> Option<FigureSpec> {
    let (color, spec) = (selection.color.as_ref()?, selection.spec);
    let many = (TOGETHER + 1..=APART).contains(&color.labels.len()) && !color.ordered();
    let facet = spec.facet.iter().cloned().chain([color.axis.name.clone()]).collect();
    let spread = || FigureSpec { facet, color: None, ..spec.clone() };
    (many && selection.kind.multiples && spec.facet.len() < 2).then(spread)
}

/// How near a figure is to what a claim is about, see [`FigureKind::nearness`].
pub fn nearness(kinds: &[Kind], figure: &FigureSpec, claim: &ClaimSpec) -> Option<u8> {
    find(kinds, figure).ok()?.facts.nearness(figure, claim)
}

/// The kind of a figure.
pub(super) fn find(kinds: &[Kind], figure: &FigureSpec) -> Result<Kind, FigureError> {
    let kind = kinds.iter().copied().find(|kind| kind.facts.word == figure.kind);
    kind.ok_or_else(|| FigureError::Selection(format!("there is no kind of figure \"{}\"", figure.kind)))
}
