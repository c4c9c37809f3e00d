//! Why the gradient fades: phi' over the density of its argument in the first and the last hidden layer, and the factor by which
//! a layer multiplies the gradient. From theory, with what was measured beside it.

use super::axis::Axis;
use super::finding::Words;
use super::layout::{Frame, Page, Panel, Sample, label};
use super::scene::{Anchor, Color, Scene, Text, at};
use super::select::{Key, Selection, over_seeds};
use super::style::{INK, LINE, Look, Marker, SOFT, TICK, solid, tint};
use super::{Outcome, finding, paper, words};
use crate::ops::activation::Activation;
use crate::plan_file::figure::FigureSpec;
use crate::results::theory::CellTheory;
use crate::results::{Results, ResultsError};
use crate::setting::Settings;
use crate::table::significant;
use std::collections::BTreeMap;

const SLOPE: Look = Look { color: INK, dash: &[], marker: Marker::Disc, hollow: false };
/// The first layer in blue, the last in orange, of the house's categories.
const FIRST: Color = Color(0x00, 0x72, 0xb2);
const LAST: Color = Color(0xd5, 0x5e, 0x00);
/// Points along a curve.
const POINTS: usize = 241;
/// Heights of the curves' peaks on the panel, of the largest slope anywhere.
const PEAK: f64 = 0.8;

/// What one panel shows.
struct Shown {
    activation: Activation,
    predicted: CellTheory,
    /// 10^-attenuation at the start, the geometric mean over layers; `None` where nothing was measured.
    measured: Option<f64>,
}

pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    let selection = Selection::new(results, spec, false)?;
    let shown = shown(&selection)?;
    if shown.is_empty() {
        return Ok(Err(
            "theory knows the argument's variance in plain nets of several layers alone, and here are none".into(),
        ));
    }
    let spreads =
        shown.values().flat_map(|s| [s.predicted.variance[0], s.predicted.variance[s.predicted.variance.len() - 1]]);
    let reach = spreads.map(|q| 3.0 * q.sqrt()).fold(2.5f64, f64::max).min(8.0);
    let place = |i: usize| reach * (2.0 * i as f64 / (POINTS - 1) as f64 - 1.0);
    let slopes = || shown.values().flat_map(|s| (0..POINTS).map(|i| s.activation.slope(place(i))));
    let (lowest, highest) = (slopes().fold(0.0, f64::min), slopes().fold(0.25, f64::max));
    let (rows, columns) = (Selection::labels(&selection.row), Selection::labels(&selection.column));
    let per_block = paper::slots(&selection, 3);
    let own = "Why it fades: what φ′ lets through where its argument lies";
    let mut page = Page::new(&words::title(&selection, own), &found(&selection, &shown), paper::paper(spec, per_block));
    let area = |color| Sample::Plain(Look { color, ..SLOPE });
    page.legend(
        "",
        &[
            ("φ′(z)".into(), area(INK)),
            ("density of z, first hidden layer".into(), area(FIRST)),
            ("last hidden layer".into(), area(LAST)),
        ],
    );
    let height = if rows.len() > 2 { 90.0 } else { 118.0 };
    let x = Axis { low: -reach, high: reach, ..Axis::exact(-reach, reach, 5) };
    let y = Axis { low: 1.1 * lowest, high: 1.45 * highest, ..Axis::exact(1.1 * lowest, 1.05 * highest, 5) };
    for chunk in columns.chunks(per_block) {
        let panels = page.block(&Frame {
            x: vec![x.clone(); chunk.len()],
            y: vec![y.clone(); rows.len()],
            y_titles: vec![vec!["φ′(z)"]; rows.len()],
            x_title: "argument z of the activation, before the first update".into(),
            height,
            ruled: false,
            ..Frame::headed(&selection, &rows, chunk, per_block)
        });
        for (row, line) in rows.iter().zip(&panels) {
            for (column, panel) in chunk.iter().zip(line) {
                let key = Key { row: *row, column: *column, color: 0, x: 0 };
                match shown.get(&key) {
                    Some(own) => draw_panel(&mut page.scene, panel, own, highest, &place),
                    None => {
                        let middle =
                            at((panel.area.left + panel.area.right) / 2.0, (panel.area.top + panel.area.bottom) / 2.0);
                        page.scene.text(Text { color: SOFT, ..label(middle, "no prediction", TICK, Anchor::Middle) });
                    }
                }
            }
        }
    }
    let n = selection.seeds();
    let n = if n == "1 seed" { "one seed (N = 1)".to_string() } else { format!("median of {n}") };
    let caption = format!(
        "Measured: the factor by which a layer multiplies the gradient, {n}, geometric mean over layers. First and last layer: theory \
         of wide nets, σ_w times the root of E φ′² (Schoenholz et al. 2017). Densities are normal, each drawn equally high. {}",
        words::shown(&selection)
    );
    Ok(Ok(page.caption(&caption)))
}

/// Which layers let most through and which least.
fn found(selection: &Selection, shown: &BTreeMap<Key, Shown>) -> String {
    let factors = shown.iter().filter_map(|(key, own)| Some((finding::place(selection, key), own.measured?)));
    let words = Words {
        high: "Largest",
        low: "Smallest factor by which a layer multiplies the gradient",
        only: "Factor by which a layer multiplies the gradient",
        each: "panels",
        lost: "",
    };
    finding::extremes(&factors.collect::<Vec<_>>(), &words, -1.0, |v| finding::amount(v, false))
}

/// The cell of each panel with its prediction, where there is one.
fn shown(selection: &Selection) -> Result<BTreeMap<Key, Shown>, ResultsError> {
    let theory = selection.results.theory()?;
    let factors = selection.runs.iter().filter_map(|r| Some((*r, selection.run(*r).averaged("attenuation_init")?)));
    let measured: BTreeMap<Key, f64> = selection
        .by_seed(factors)
        .into_iter()
        .filter_map(|(key, seeds)| Some((key, 10f64.powf(-over_seeds(seeds.into_values())?.median))))
        .collect();
    let mut shown = BTreeMap::new();
    for run in &selection.runs {
        let key = selection.key(*run);
        let Some(Ok(predicted)) = theory.get(&selection.run(*run).labels) else { continue };
        if let (true, Some(activation)) = (predicted.variance.len() > 1, activation(selection.results, *run)) {
            let own = Shown { activation, predicted: predicted.clone(), measured: measured.get(&key).copied() };
            shown.entry(key).or_insert(own);
        }
    }
    Ok(shown)
}

/// The activation of a run, by the settings of its cell.
fn activation(results: &Results, run: usize) -> Option<Activation> {
    let cell = results.cell(run)?;
    let setting =
        |key: &'static str| Some((key, cell.settings.get(key).or_else(|| results.plan.settings.get(key))?.clone()));
    let settings = ["activation", "activation.slope", "activation.alpha"].into_iter().filter_map(setting).collect();
    Activation::from_settings(&Settings::new(settings), "activation").ok()
}

fn draw_panel(scene: &mut Scene, panel: &Panel, shown: &Shown, highest: f64, place: &impl Fn(usize) -> f64) {
    let variance = &shown.predicted.variance;
    for (color, q) in [(LAST, variance[variance.len() - 1]), (FIRST, variance[0])] {
        let height = |z: f64| PEAK * highest * (-z * z / (2.0 * q)).exp();
        let curve: Vec<_> = (0..POINTS).map(|i| panel.at(place(i), height(place(i)))).collect();
        let ends = [panel.at(place(POINTS - 1), 0.0), panel.at(place(0), 0.0)];
        scene.area(curve.iter().copied().chain(ends).collect(), color, 0.14);
        scene.line(curve, solid(tint(color, 0.7), 0.9));
    }
    // A jump is no slope: each side of a kink is a line of its own.
    let points: Vec<(f64, f64)> = (0..POINTS).map(|i| (place(i), shown.activation.slope(place(i)))).collect();
    let jumps = |pair: &[(f64, f64)]| (pair[1].1 - pair[0].1).abs() > 0.3 * highest;
    let mut start = 0;
    for i in 1..=points.len() {
        if i == points.len() || jumps(&points[i - 1..=i]) {
            let line: Vec<_> = points[start..i].iter().map(|(z, slope)| panel.at(*z, *slope)).collect();
            scene.series("φ′", line, solid(INK, LINE));
            start = i;
        }
    }
    let decades = &shown.predicted.stream;
    let last = decades.len() - 1;
    let factor = |layer: usize| significant(10f64.powf(decades[layer] - decades[layer + 1]), 3);
    let mut lines = vec![format!("first × {}, last × {}", factor(0), factor(last - 1))];
    lines.extend(shown.measured.map(|measured| format!("measured × {}", significant(measured, 3))));
    for (i, line) in lines.into_iter().enumerate() {
        let below = at(panel.area.left + 5.0, panel.area.top + (1.2 + 1.3 * i as f64) * TICK);
        scene.text(label(below, line, TICK, Anchor::Start));
    }
}
