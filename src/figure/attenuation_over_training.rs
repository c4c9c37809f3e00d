//! What training makes of the fading: decades of gradient lost per layer against step, a line a variant.

use super::axis::Axis;
use super::layout::{Frame, Page, Sample};
use super::plot::{self, Vertical};
use super::scene::at;
use super::select::{Key, Selection, over_seeds};
use super::style::{INK, Look, Marker, SOFT, mark, solid};
use super::{Outcome, finding, paper, words};
use crate::plan_file::figure::FigureSpec;
use crate::record::Status;
use crate::results::{Results, ResultsError};
use crate::stats::Spread;
use std::collections::{BTreeMap, BTreeSet};

/// For each series: log(1 + step) and the spread over the seeds.
type Lines = BTreeMap<Key, Vec<(f64, Spread)>>;

pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    let selection = Selection::new(results, spec, false)?;
    let (lines, ends) = lines(&selection)?;
    let values = lines.values().flatten().flat_map(|(_, s)| [s.low, s.high]).chain([0.0]).collect::<Vec<_>>();
    let height = if Selection::labels(&selection.row).len() > 2 { 100.0 } else { 140.0 };
    let Some(mut vertical) = Vertical::over(&values, false, height).filter(|_| !lines.is_empty()) else {
        return Ok(Err(words::nothing(&selection, "a gradient at several layers")));
    };
    if !ends.is_empty() {
        // Room for the crosses above the lines.
        vertical.axis.high += 0.07 * (vertical.axis.high - vertical.axis.low);
    }
    let (rows, columns) = (Selection::labels(&selection.row), Selection::labels(&selection.column));
    let per_block = paper::slots(&selection, 3);
    let own = "How much the gradient fades per layer, over training";
    let mut page =
        Page::new(&words::title(&selection, own), &found(&selection, &lines), paper::paper(selection.spec, per_block));
    let colors = Selection::labels(&selection.color);
    let mut entries = plot::samples(&selection, &selection.each_color());
    if !ends.is_empty() {
        let cross = Look { color: INK, dash: &[], marker: Marker::Cross, hollow: false };
        entries.push((format!("diverged ({} of {} runs)", ends.len(), selection.runs.len()), Sample::Mark(cross)));
    }
    page.legend(&selection.legend_heading(), &entries);
    let last = lines.values().flatten().map(|(x, _)| *x).chain(ends.values().copied()).fold(0.0, f64::max);
    let mut x = Axis::steps(last.exp_m1());
    (x.low, x.high) = (-0.02 * x.high, 1.02 * x.high);
    for chunk in columns.chunks(per_block) {
        let panels = page.block(&Frame {
            x: vec![x.clone(); chunk.len()],
            y: vec![vertical.axis.clone(); rows.len()],
            y_titles: vec![vec!["decades lost per layer", "(below 0: it grows)"]; rows.len()],
            x_title: "step".into(),
            height,
            ..Frame::headed(&selection, &rows, chunk, per_block)
        });
        for (row, panel_row) in rows.iter().zip(&panels) {
            for (column, panel) in chunk.iter().zip(panel_row) {
                let zero = vec![at(panel.area.left, panel.y(0.0)), at(panel.area.right, panel.y(0.0))];
                page.scene.line(zero, solid(SOFT, 0.8));
                let line = |color: usize| lines.get(&Key { row: *row, column: *column, color, x: 0 });
                let present = || colors.iter().enumerate().filter_map(|(i, c)| Some((i, *c, line(*c)?)));
                for (_, color, points) in present() {
                    plot::band(&mut page.scene, panel, &vertical, &selection.look(color), points, colors.len());
                }
                for (i, color, points) in present() {
                    let (look, name) = (selection.look(color), selection.color_name(color));
                    plot::median(&mut page.scene, panel, &vertical, &look, &name, points, i);
                }
                for (run, step) in &ends {
                    let key = selection.key(*run);
                    if (key.row, key.column) == (*row, *column) {
                        let look = Look { marker: Marker::Cross, ..selection.look(key.color) };
                        mark(&mut page.scene, at(panel.x(*step), panel.area.top + 3.0), 2.3, &look);
                    }
                }
            }
        }
    }
    let mut caption = words::spread(&selection, "Line", "band", colors.len());
    caption.push_str(" A line goes on as long as all of its seeds have a gradient at the first and the last layer.");
    if !ends.is_empty() {
        caption.push_str(" ×: the last recorded step of a run that diverged.");
    }
    let probe = results.plan.probe;
    Ok(Ok(page.caption(&format!("{caption} Probe: {probe} training rows. {}", words::shown(&selection)))))
}

/// Which fading training changes most.
fn found(selection: &Selection, lines: &Lines) -> String {
    let ends = |line: &Vec<(f64, Spread)>| Some((line.first()?.1.median, line.last()?.1.median));
    let changes = lines.iter().filter_map(|(key, line)| Some((key, ends(line)?)));
    // Reversed, since of equal ones the first is to be named.
    let most = changes.rev().max_by(|(_, a), (_, b)| (a.1 - a.0).abs().total_cmp(&(b.1 - b.0).abs()));
    most.map_or(String::new(), |(key, (start, end))| {
        let place = finding::place(selection, key);
        let place = if place.is_empty() { String::new() } else { format!(" most: {place}") };
        format!("Training changes it{place}, from {} to {}.", words::rate(start), words::rate(end))
    })
}

/// The lines, and each diverged run with its last recorded step.
fn lines(selection: &Selection) -> Result<(Lines, BTreeMap<usize, f64>), ResultsError> {
    // log10 of the gradient at the lowest and the highest layer, with that layer's number.
    let mut profiles: BTreeMap<(u64, usize), [(f64, f64); 2]> = BTreeMap::new();
    let mut groups: BTreeMap<Key, BTreeSet<u64>> = BTreeMap::new();
    selection.results.stream("layers.csv", &selection.runs, &["step", "layer", "stream_rms"], |run, row| {
        let (Some(step), Some(layer)) = (row[0], row[1]) else { return };
        groups.entry(selection.key(run)).or_default().insert(selection.run(run).seed);
        let own = (layer, row[2].unwrap_or(f64::NAN).log10());
        let [first, last] = profiles.entry((step as u64, run)).or_insert([own, own]);
        if layer < first.0 {
            *first = own;
        }
        if layer > last.0 {
            *last = own;
        }
    })?;
    let mut by_step: BTreeMap<u64, Vec<(usize, f64)>> = BTreeMap::new();
    let mut ends: BTreeMap<usize, f64> = BTreeMap::new();
    for ((step, run), [first, last]) in profiles {
        // Steps come in order, so the last one stays.
        ends.insert(run, (step as f64).ln_1p());
        let attenuation = (last.1 - first.1) / (last.0 - first.0);
        if attenuation.is_finite() {
            by_step.entry(step).or_default().push((run, attenuation));
        }
    }
    let mut lines = Lines::new();
    for (step, values) in by_step {
        for (key, seeds) in selection.by_seed(values.into_iter()) {
            // A median over the seeds that are left would jump when one ends.
            if seeds.len() == groups[&key].len() {
                let point = over_seeds(seeds.into_values()).map(|s| ((step as f64).ln_1p(), s));
                lines.entry(key).or_default().extend(point);
            }
        }
    }
    ends.retain(|run, _| selection.run(*run).status == Status::Diverged);
    Ok((lines, ends))
}
