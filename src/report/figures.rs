//! The figures of the folder, each with the verdicts on what it shows.

use super::folder::Folder;
use crate::results::verdicts::{Nearness, Verdict};
use crate::results::{Results, ResultsError};
use serde::Serialize;

/// A figure in the page.
#[derive(Serialize)]
pub struct Shown {
    pub name: String,
    pub svg: String,
    /// Those of several parts; one of a single part stands whole in the drawing.
    pub verdicts: Vec<Verdict>,
}

/// The figures that were drawn, in the order of the plan.
///
/// # Errors
/// Files of claims that cannot be read.
pub fn figures(results: &Results, folder: &Folder, nearness: Nearness) -> Result<Vec<Shown>, ResultsError> {
    let names = results.plan.figure_names().into_iter();
    let shown = names.zip(results.verdicts(nearness)?).map(|(name, verdicts)| {
        let svg = folder.text(&format!("figures/{name}.svg"));
        Shown { name, svg, verdicts: verdicts.into_iter().filter(|verdict| verdict.parts.len() > 1).collect() }
    });
    Ok(shown.filter(|figure| !figure.svg.is_empty()).collect())
}
