//! Theory over measurement: the prediction of each series, what the caption says of it, and the panel of ratios.

use super::layout::{Panel, Sample, label};
use super::plot::{self, Vertical};
use super::scene::{Anchor, Point, Scene, Stroke, Text, at};
use super::select::{Key, Selection};
use super::style::{INK, Look, Marker, SOFT, THIN, TICK, WHITE, solid};
use crate::results::ResultsError;
use crate::results::theory::CellTheory;
use crate::stats::Spread;
use std::collections::{BTreeMap, BTreeSet};

/// How predictions are drawn.
const DASHED: Look = Look { color: INK, dash: &[3.2, 1.8], marker: Marker::Disc, hollow: false };

/// What stands beside the panels of measured over predicted, one string a line.
pub const TITLE: [&str; 2] = ["measured", "/ predicted"];

/// Height of the panels of measured over predicted.
pub const HEIGHT: f64 = 56.0;

/// The predictions that a figure draws.
#[derive(Default)]
pub struct Overlay {
    of: BTreeMap<Key, CellTheory>,
    /// Why some series have none.
    refused: BTreeMap<String, usize>,
}

impl Overlay {
    /// The prediction of each group of runs; none at all unless the figure asks for it. `trained` nets have none.
    ///
    /// # Errors
    /// A `theory.csv` that is missing or not what a sweep writes.
    pub fn new(selection: &Selection, trained: bool) -> Result<Overlay, ResultsError> {
        let mut overlay = Overlay::default();
        if !selection.spec.theory {
            return Ok(overlay);
        }
        let theory = selection.results.theory()?;
        let mut groups: BTreeMap<Key, BTreeSet<&Vec<usize>>> = BTreeMap::new();
        for run in &selection.runs {
            groups.entry(selection.key(*run)).or_default().insert(&selection.run(*run).labels);
        }
        for (key, cells) in groups {
            match told(&theory, &cells, trained) {
                Ok(predicted) => _ = overlay.of.insert(key, predicted),
                Err(why) => *overlay.refused.entry(why).or_default() += 1,
            }
        }
        Ok(overlay)
    }

    pub fn get(&self, key: &Key) -> Option<&CellTheory> {
        self.of.get(key)
    }

    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// The legend's line, where something is drawn.
    pub fn legend(&self) -> Option<(String, Sample)> {
        (!self.is_empty()).then(|| ("predicted at infinite width".into(), Sample::Plain(DASHED)))
    }

    /// What the caption says of it: `how` it is drawn, what it leaves out and why.
    pub fn caption(&self, how: &str) -> String {
        let mut text = if self.is_empty() { String::new() } else { format!(" {how}") };
        let caveats: BTreeSet<&str> = self.of.values().map(|p| p.caveat.as_str()).filter(|c| !c.is_empty()).collect();
        for caveat in caveats {
            let n = self.of.values().filter(|p| p.caveat == caveat).count();
            text.push_str(&format!(" With batch normalization ({n} of {} predictions) it is {caveat}.", self.of.len()));
        }
        let groups = self.of.len() + self.refused.values().sum::<usize>();
        for (why, n) in &self.refused {
            text.push_str(&format!(" No prediction for {n} of {groups} groups of runs: {why}."));
        }
        text
    }
}

/// The one prediction of the cells that a group pools.
fn told(
    theory: &crate::results::theory::Theory,
    cells: &BTreeSet<&Vec<usize>>,
    trained: bool,
) -> Result<CellTheory, String> {
    if trained {
        return Err("theory is of nets before the first update".into());
    }
    let mut told = cells.iter().map(|labels| match theory.get(*labels) {
        Some(told) => told.clone(),
        None => Err("a test function has no layers".into()),
    });
    let first = told.next().unwrap_or_else(|| Err("no runs".into()))?;
    match told.all(|other| other.as_ref() == Ok(&first)) {
        true => Ok(first),
        false => Err("the cells pooled into one line have different predictions".into()),
    }
}

/// The dashed line of a prediction, as far as it is finite.
pub fn draw_line(scene: &mut Scene, panel: &Panel, points: impl Iterator<Item = (f64, f64)>) {
    let line: Vec<Point> = points.filter(|(_, y)| y.is_finite()).map(|(x, y)| panel.at(x, y)).collect();
    if line.len() > 1 {
        // A white core keeps the dashes apart from a series of their own colour.
        scene.line(line.clone(), solid(WHITE, 0.9));
        scene.line(line, Stroke { width: 0.9, ..DASHED.stroke(THIN) });
    }
}

/// The scale of measured over predicted, as far below 1 as above it; `None` where nothing is predicted.
pub fn scale<'a>(ratios: impl Iterator<Item = &'a Spread>) -> Option<Vertical> {
    let reach = ratios.flat_map(|s| [s.low.abs(), s.high.abs()]).reduce(f64::max)?;
    Vertical::over(&[-reach, reach], true, HEIGHT)
}

/// The ratios of one panel: the line of agreement, then band and median of each series.
pub fn draw_ratios<P: AsRef<[(f64, Spread)]>>(
    scene: &mut Scene,
    panel: &Panel,
    vertical: &Vertical,
    series: &[(Look, String, P)],
) {
    if series.iter().all(|(_, _, points)| points.as_ref().is_empty()) {
        let middle = at((panel.area.left + panel.area.right) / 2.0, (panel.area.top + panel.area.bottom) / 2.0);
        scene.text(Text { color: SOFT, ..label(middle, "no prediction", TICK, Anchor::Middle) });
        return;
    }
    let y = panel.y(0.0);
    scene.line(vec![at(panel.area.left, y), at(panel.area.right, y)], solid(SOFT, 0.8));
    for (look, _, points) in series {
        plot::band(scene, panel, vertical, look, points.as_ref(), series.len());
    }
    for (i, (look, name, points)) in series.iter().enumerate() {
        plot::median(scene, panel, vertical, look, name, points.as_ref(), i);
    }
}
