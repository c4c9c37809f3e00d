//! How many cells `[ablation]`, `[[exclude]]` and `[[include]]` add or remove, for `plan`; and the check of `expect_runs`.

use super::grid::Grid;
use super::resolve::Resolver;
use crate::experiment::file::Experiment;
use crate::experiment::read::{Location, Result};
use crate::table::count;

/// A section that keeps cells out or brings them in.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// `ablation`, `exclude` or `include`.
    pub section: &'static str,
    /// `file:line:column`.
    pub position: String,
    /// Its keys as written, on one line.
    pub text: String,
    /// Combinations that it leaves out, removes (another exclude may remove the same ones), or appends.
    pub cells: usize,
}

/// What each section that shapes the grid does, in words and numbers.
pub(crate) fn parts(experiment: &Experiment, grid: &Grid, resolver: &Resolver) -> Vec<Part> {
    let part = |section, place: &Location, text, cells| Part { section, position: place.position(), text, cells };
    let sizes = grid.sizes();
    let product: f64 = experiment.axes.iter().map(|a| a.points.len() as f64).product();
    let ablation = experiment.ablation.iter();
    let ablation = ablation.map(|a| part("ablation", &a.place, a.text(), (product - sizes[0]) as usize));
    let excludes = experiment.excludes.iter().zip(resolver.matched());
    let excludes = excludes.map(|(e, cells)| part("exclude", &e.place, e.text(), cells));
    let includes = experiment.includes.iter().zip(&sizes[1..]);
    let includes = includes.map(|(i, cells)| part("include", &i.place, i.text.clone(), *cells as usize));
    ablation.chain(excludes).chain(includes).collect()
}

/// The file may say how many runs it has, so that a slip in an axis is found before the first run.
pub(crate) fn expected(experiment: &Experiment, cells: usize) -> Result<()> {
    let runs = cells as u64 * experiment.seeds;
    match &experiment.expect_runs {
        Some((expected, place)) if *expected != runs => {
            let (cells, seeds) = (count(cells, "cell"), count(experiment.seeds as usize, "seed"));
            let message =
                format!("expect_runs is {expected}, but {cells} x {seeds} are {}", count(runs as usize, "run"));
            let help = format!("write expect_runs = {runs}, or correct the axes and seeds");
            place.fail(message, help)
        }
        _ => Ok(()),
    }
}
