//! How fast each layer learns: the norm of its update over that of its weights against step, a line a layer.

use super::axis::Axis;
use super::finding::Words;
use super::layout::{Frame, Page, Sample};
use super::plot::{self, Vertical};
use super::scene::at;
use super::select::{Key, Selection, over_seeds};
use super::style::{INK, Look, Marker, mark};
use super::{Outcome, finding, paper, words};
use crate::plan_file::figure::FigureSpec;
use crate::record::Status;
use crate::results::{Results, ResultsError};
use crate::stats::Spread;
use std::collections::{BTreeMap, BTreeSet};

/// For each panel and layer: log(1 + step) and the spread of log10 over the seeds.
type Lines = BTreeMap<(Key, u64), Vec<(f64, Spread)>>;

/// Layers the legend names at most.
const NAMED: usize = 6;

const DIVERGED: Look = Look { color: INK, dash: &[], marker: Marker::Cross, hollow: false };

pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    let selection = Selection::new(results, spec, false)?;
    let (lines, ends) = lines(&selection)?;
    let values = lines.values().flatten().flat_map(|(_, s)| [s.low, s.high]).collect::<Vec<_>>();
    let (rows, columns) = (Selection::labels(&selection.row), Selection::labels(&selection.column));
    let height = if rows.len() > 2 { 92.0 } else { 112.0 };
    let Some(mut vertical) = Vertical::over(&values, true, height) else {
        return Ok(Err(words::nothing(&selection, "an update of its weights")));
    };
    if !ends.is_empty() {
        // Room for the crosses above the lines.
        vertical.axis.high += 0.07 * (vertical.axis.high - vertical.axis.low);
    }
    let layers: Vec<u64> = lines.keys().map(|(_, layer)| *layer).collect::<BTreeSet<_>>().into_iter().collect();
    let look = |i: usize| Look::of(i, layers.len(), true);
    // The first and the last layer are what fading is told by; those between them only show the order.
    let is_end = |i: &usize| *i == 0 || *i + 1 == layers.len();
    let per_block = paper::slots(&selection, 4);
    let own = "How much of its weights each layer changes in a step";
    let mut page =
        Page::new(&words::title(&selection, own), &found(&selection, &lines), paper::paper(selection.spec, per_block));
    let named: BTreeSet<usize> =
        (0..NAMED.min(layers.len())).map(|i| i * (layers.len() - 1) / (NAMED.min(layers.len()) - 1).max(1)).collect();
    let mut entries: Vec<(String, Sample)> = named
        .iter()
        .map(|i| (layers[*i].to_string(), if is_end(i) { Sample::Line(look(*i)) } else { Sample::Plain(look(*i)) }))
        .collect();
    if !ends.is_empty() {
        entries.push((format!("diverged ({} of {} runs)", ends.len(), selection.runs.len()), Sample::Mark(DIVERGED)));
    }
    page.legend("layer, from the input", &entries);
    let last = lines.values().flatten().map(|(x, _)| *x).chain(ends.values().copied()).fold(0.0, f64::max);
    let mut x = Axis::steps(last.exp_m1());
    (x.low, x.high) = (-0.02 * x.high, 1.02 * x.high);
    for chunk in columns.chunks(per_block) {
        let panels = page.block(&Frame {
            x: vec![x.clone(); chunk.len()],
            y: vec![vertical.axis.clone(); rows.len()],
            y_titles: vec![words::measure("update_ratio"); rows.len()],
            x_title: "step".into(),
            height,
            ..Frame::headed(&selection, &rows, chunk, per_block)
        });
        for (row, panel_row) in rows.iter().zip(&panels) {
            for (column, panel) in chunk.iter().zip(panel_row) {
                plot::floor_line(&mut page.scene, panel, vertical.floor);
                let key = Key { row: *row, column: *column, color: 0, x: 0 };
                let present = || layers.iter().enumerate().filter_map(|(i, l)| Some((i, *l, lines.get(&(key, *l))?)));
                for (i, layer, points) in present().filter(|(i, ..)| !is_end(i)) {
                    let line = points.iter().filter(|(_, s)| s.median.is_finite());
                    let line: Vec<_> = line.map(|(x, s)| panel.at(*x, s.median)).collect();
                    page.scene.series(&format!("layer {layer}"), line, look(i).stroke(0.8));
                }
                for (i, _, points) in present().filter(|(i, ..)| is_end(i)) {
                    plot::band(&mut page.scene, panel, &vertical, &look(i), points, 2);
                }
                for (i, layer, points) in present().filter(|(i, ..)| is_end(i)) {
                    plot::median(&mut page.scene, panel, &vertical, &look(i), &format!("layer {layer}"), points, i);
                }
                for (_, step) in ends.iter().filter(|(run, _)| selection.key(**run) == key) {
                    mark(&mut page.scene, at(panel.x(*step), panel.area.top + 3.0), 2.3, &DIVERGED);
                }
            }
        }
    }
    let mut caption = words::spread(&selection, "Line", "band (first and last layer)", 2);
    caption.push_str(" A line goes on as long as all of its seeds do; no update follows the last step.");
    if vertical.floor.is_some() {
        caption.push_str(" ▼: exactly zero.");
    }
    if !ends.is_empty() {
        caption.push_str(" ×: the last recorded step of a run that diverged.");
    }
    Ok(Ok(page.caption(&format!("{caption} {}", words::shown(&selection)))))
}

/// Which layer moves least, and which most, at the end.
fn found(selection: &Selection, lines: &Lines) -> String {
    let last = lines.iter().filter_map(|((key, layer), line)| {
        let place = finding::place(selection, key);
        let place = if place.is_empty() { String::new() } else { format!("{place}, ") };
        Some((format!("{place}layer {layer}"), line.last()?.1.median))
    });
    let words =
        Words { high: "Largest", low: "Smallest at the end", only: "At the end", each: "lines", lost: "diverged" };
    finding::extremes(&last.collect::<Vec<_>>(), &words, -1.0, |v| finding::amount(v, true))
}

/// The lines, and each diverged run with its last recorded step.
fn lines(selection: &Selection) -> Result<(Lines, BTreeMap<usize, f64>), ResultsError> {
    let mut values: BTreeMap<(u64, u64), Vec<(usize, f64)>> = BTreeMap::new();
    let mut groups: BTreeMap<Key, BTreeSet<u64>> = BTreeMap::new();
    let mut ends: BTreeMap<usize, f64> = BTreeMap::new();
    selection.results.stream("layers.csv", &selection.runs, &["step", "layer", "update_ratio"], |run, row| {
        let (Some(step), Some(layer)) = (row[0], row[1]) else { return };
        groups.entry(selection.key(run)).or_default().insert(selection.run(run).seed);
        ends.entry(run).and_modify(|s| *s = s.max(step.ln_1p())).or_insert(step.ln_1p());
        if let Some(ratio) = row[2].filter(|v| v.is_finite()) {
            values.entry((step as u64, layer as u64)).or_default().push((run, ratio.log10()));
        }
    })?;
    let mut lines = Lines::new();
    for ((step, layer), values) in values {
        for (key, seeds) in selection.by_seed(values.into_iter()) {
            // A median over the seeds that are left would jump when one ends.
            if seeds.len() == groups[&key].len() {
                let point = over_seeds(seeds.into_values()).map(|s| ((step as f64).ln_1p(), s));
                lines.entry((key, layer)).or_default().extend(point);
            }
        }
    }
    ends.retain(|run, _| selection.run(*run).status == Status::Diverged);
    Ok((lines, ends))
}
