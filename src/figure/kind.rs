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

/// How near a figure is to what a claim is about, see [`FigureKind::nearness`].
pub fn nearness(kinds: &[Kind], figure: &FigureSpec, claim: &ClaimSpec) -> Option<u8> {
    find(kinds, figure).ok()?.facts.nearness(figure, claim)
}

/// The kind of a figure.
pub(super) fn find(kinds: &[Kind], figure: &FigureSpec) -> Result<Kind, FigureError> {
    let kind = kinds.iter().copied().find(|kind| kind.facts.word == figure.kind);
    kind.ok_or_else(|| FigureError::Selection(format!("no figure is of kind \"{}\"", figure.kind)))
}
