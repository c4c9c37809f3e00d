//! The gradient at every layer over the whole training: layer against log step, one colour scale for all panels.

use super::axis::Axis;
use super::layout::{Frame, Page, Panel, label};
use super::plot::{Vertical, color_bar};
use super::scene::{Anchor, Rect, Scene, Text, at};
use super::select::{Key, Selection, over_seeds};
use super::style::{EDGE, MISSING, SOFT, THIN, TICK, ZERO, solid, viridis};
use super::{Outcome, finding, paper, words};
use crate::plan_file::figure::FigureSpec;
use crate::results::{Results, ResultsError};
use std::collections::{BTreeMap, BTreeSet};

/// Median over seeds at each recorded step and layer of a panel; NaN where it is not a number.
type Map = BTreeMap<(u64, u64), f64>;

pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    let selection = Selection::new(results, spec, false)?;
    if let Some(color) = &selection.color {
        let name = &color.axis.name;
        return Err(ResultsError::new(format!(
            "a heat map's colour is the gradient; use \"{name}\" as facet instead of color"
        )));
    }
    let metric = spec.metric.as_deref().unwrap_or("stream_rms");
    let logarithmic = words::logarithmic(metric);
    let (maps, cut) = maps(&selection, metric, logarithmic)?;
    let values: Vec<f64> = maps.values().flat_map(|m| m.values().copied()).collect();
    let height = if Selection::labels(&selection.row).len() > 3 { 64.0 } else { 96.0 };
    let bar_height = (Selection::labels(&selection.row).len() as f64 * (height + 12.0)).min(220.0);
    let Some(scale) = Vertical::of(&values, metric, bar_height) else {
        return Ok(Err(words::nothing(&selection, &format!("a finite {metric} by layer"))));
    };
    // Where all values are equal the widened scale shows which it is.
    let range = super::axis::range(values.iter().copied()).filter(|(low, high)| high > low);
    let (low, high) = range.unwrap_or((scale.axis.low, scale.axis.high));
    let colors = Axis { low, high, ..scale.axis };

    let (rows, columns) = (Selection::labels(&selection.row), Selection::labels(&selection.column));
    let per_block = paper::slots(&selection, 4);
    let what = if words::is_gradient(metric) { "The gradient".into() } else { words::subject(metric) };
    let own = format!("{what} at every layer while training goes on");
    let finding = found(&selection, &maps, metric);
    let mut page = Page::new(&words::title(&selection, &own), &finding, paper::paper(selection.spec, per_block));
    let deepest = maps.values().flat_map(|m| m.keys().map(|k| k.1)).max().unwrap_or(1);
    let last = maps.values().flat_map(|m| m.keys().map(|k| k.0)).max().unwrap_or(0);
    let mut y = Axis::layers(deepest as usize, 0.0);
    (y.low, y.high) = (0.5, deepest as f64 + 0.5);
    let mut x = Axis::steps(last as f64);
    x.high = edge(last as f64, true);
    let bar = Rect { left: page.scene.width - 78.0, top: page.y, right: page.scene.width - 68.0, bottom: 0.0 };
    let (mut top, mut bottom) = (f64::INFINITY, bar.top);
    for chunk in columns.chunks(per_block) {
        let panels = page.block(&Frame {
            x: vec![x.clone(); chunk.len()],
            y: vec![y.clone(); rows.len()],
            y_titles: vec![vec!["layer"]; rows.len()],
            x_title: "step (as the logarithm of 1 + step)".into(),
            height,
            right: 90.0,
            ruled: false,
            ..Frame::headed(&selection, &rows, chunk, per_block)
        });
        for (row, line) in rows.iter().zip(&panels) {
            for (column, panel) in chunk.iter().zip(line) {
                let key = Key { row: *row, column: *column, color: 0, x: 0 };
                draw_map(&mut page.scene, panel, maps.get(&key), &colors);
                (top, bottom) = (top.min(panel.area.top), panel.area.bottom);
            }
        }
    }
    color_bar(&mut page.scene, Rect { top, bottom: bottom.min(top + bar_height), ..bar }, &colors, metric);
    let n = selection.seeds();
    let n = if n == "1 seed" { "one seed (N = 1)".to_string() } else { format!("median of {n}") };
    let mut caption = format!("Colour: {n}, the same scale in all panels; ticks above: recorded steps.");
    if values.contains(&f64::NEG_INFINITY) {
        caption.push_str(" Pink: exactly zero.");
    }
    if values.iter().any(|v| v.is_nan() || *v == f64::INFINITY) {
        caption.push_str(" Grey: not finite.");
    }
    if cut {
        caption.push_str(" A map goes on as long as all of its seeds do.");
    }
    let probe = selection.results.plan.probe;
    Ok(Ok(page.caption(&format!("{caption} Probe: {probe} training rows. {}", words::shown(&selection)))))
}

/// The maps, and whether one ends because a seed of its does.
fn maps(selection: &Selection, metric: &str, logarithmic: bool) -> Result<(BTreeMap<Key, Map>, bool), ResultsError> {
    let mut cells: BTreeMap<(u64, u64), Vec<(usize, f64)>> = BTreeMap::new();
    let mut groups: BTreeMap<Key, BTreeSet<u64>> = BTreeMap::new();
    selection.results.stream("layers.csv", &selection.runs, &["step", "layer", metric], |run, row| {
        if let [Some(step), Some(layer), Some(value)] = *row {
            groups.entry(selection.key(run)).or_default().insert(selection.run(run).seed);
            // An infinite gradient of one seed must not vanish in a median of the others.
            let value = if value == f64::INFINITY { f64::NAN } else { value };
            let value = if logarithmic { value.log10() } else { value };
            cells.entry((step as u64, layer as u64)).or_default().push((run, value));
        }
    })?;
    let (mut maps, mut cut): (BTreeMap<Key, Map>, bool) = (BTreeMap::new(), false);
    for (cell, values) in cells {
        for (key, seeds) in selection.by_seed(values.into_iter()) {
            // A median over the seeds that are left would jump when one ends.
            if seeds.len() < groups[&key].len() {
                cut = true;
                continue;
            }
            let broken = seeds.values().any(|v| v.is_nan());
            let median = over_seeds(seeds.into_values()).filter(|_| !broken).map_or(f64::NAN, |s| s.median);
            maps.entry(key).or_default().insert(cell, median);
        }
    }
    Ok((maps, cut))
}

/// The smallest and the largest in sight.
fn found(selection: &Selection, maps: &BTreeMap<Key, Map>, metric: &str) -> String {
    let tiles = || maps.iter().flat_map(|(key, map)| map.iter().map(move |(place, value)| (key, place, *value)));
    let known = || tiles().filter(|(_, _, value)| *value < f64::INFINITY);
    let tell = |(key, (step, layer), value): (&Key, &(u64, u64), f64)| {
        let place = finding::place(selection, key);
        let place = if place.is_empty() { String::new() } else { format!("{place}, ") };
        format!("{place}layer {layer}, step {step}: {}", finding::measured(value, metric))
    };
    let ends = (known().min_by(|a, b| a.2.total_cmp(&b.2)), known().rev().max_by(|a, b| a.2.total_cmp(&b.2)));
    match ends {
        (Some(low), Some(high)) if low.2 < high.2 => format!("Smallest: {}. Largest: {}.", tell(low), tell(high)),
        _ => String::new(),
    }
}

/// Where the tile of a step ends when the step has no neighbour there.
fn edge(step: f64, after: bool) -> f64 {
    if after { (step + 0.5).ln_1p() } else { (step - 0.5).max(0.0).ln_1p() }
}

/// Draws a map, with a tick above it at each step that was recorded: between them its colours are guesses.
fn draw_map(scene: &mut Scene, panel: &Panel, map: Option<&Map>, colors: &Axis) {
    let area = panel.area;
    let Some(map) = map else {
        let middle = at((area.left + area.right) / 2.0, (area.top + area.bottom) / 2.0);
        scene.text(Text { color: SOFT, ..label(middle, "no runs", TICK, Anchor::Middle) });
        return;
    };
    let mut steps: Vec<u64> = map.keys().map(|k| k.0).collect();
    steps.dedup();
    // Each tile reaches half way to its neighbours on the scale.
    let place = |i: usize| (steps[i] as f64).ln_1p();
    for step in &steps {
        let x = panel.x((*step as f64).ln_1p());
        scene.line(vec![at(x, area.top - 3.0), at(x, area.top - 0.8)], solid(EDGE, THIN));
    }
    for ((step, layer), value) in map {
        let i = steps.partition_point(|s| s < step);
        let from = if i == 0 { edge(*step as f64, false) } else { (place(i - 1) + place(i)) / 2.0 };
        let to = if i + 1 == steps.len() { edge(*step as f64, true) } else { (place(i) + place(i + 1)) / 2.0 };
        let color = match *value {
            f64::NEG_INFINITY => ZERO,
            v if v.is_finite() => viridis(colors.share(v)),
            _ => MISSING,
        };
        let (top, bottom) = (panel.y(*layer as f64 + 0.5), panel.y(*layer as f64 - 0.5));
        let (left, right) = (panel.x(from).max(area.left), panel.x(to).min(area.right));
        let tile = Rect { left, top, right, bottom };
        let told = if *value == f64::NEG_INFINITY { "0".into() } else { colors.reading(*value) };
        scene.telling_tile(tile, color, format!("layer {layer}, step {step}: {told}"));
    }
}
