//! How much the learning rate matters: the loss at the end against it, a line an optimizer, the best of each ringed.

use super::axis::{Axis, range};
use super::layout::{Frame, Page, Panel, Sample};
use super::plot::{self, Vertical};
use super::scene::{Scene, at};
use super::select::{Key, Selection, Used, over_seeds};
use super::style::{INK, LINE, Look, Marker, mark, solid, tint};
use super::{Outcome, finding, paper, words};
use crate::plan_file::Scale;
use crate::plan_file::figure::FigureSpec;
use crate::results::{Results, ResultsError};
use crate::stats::Spread;
use std::collections::BTreeMap;

/// Height of a colour's line of crosses.
const CROSS: f64 = 5.2;

const DIVERGED: Look = Look { color: INK, dash: &[], marker: Marker::Cross, hollow: false };
const RING: Look = Look { color: INK, dash: &[], marker: Marker::Disc, hollow: true };

/// What the seeds say at one rate.
#[derive(Clone, Copy)]
struct Place {
    /// The rate as the axis has it: log10 where it is logarithmic.
    at: f64,
    /// log10 where the scale is; infinite where the median seed diverged.
    spread: Spread,
    diverged: usize,
}

/// The places of each series, from the smallest rate to the largest; the `x` of a key is 0.
type Lines = BTreeMap<Key, Vec<Place>>;

pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    let selection = Selection::new(results, spec, true)?;
    let Some(x) = &selection.x else {
        return Err(ResultsError::new("a lr_sensitivity needs an axis of numbers: name it as `x`".into()));
    };
    let chosen = results.choice().metric;
    let metric = spec.metric.as_deref().unwrap_or(&chosen);
    let worst = words::worst(metric);
    let lines = lines(&selection, x, metric);
    let places = || lines.values().flatten();
    let all: Vec<f64> =
        places().flat_map(|p| [p.spread.low, p.spread.median, p.spread.high]).filter(|v| *v != worst).collect();
    let height = if Selection::labels(&selection.row).len() > 2 { 110.0 } else { 160.0 };
    let Some(mut vertical) = Vertical::of(&all, metric, height) else {
        return Ok(Err(words::nothing(&selection, &format!("a finite {metric}"))));
    };
    let cut = vertical.cut(plot::guessing(&selection, metric).as_ref());
    // A line of crosses for each colour that has some, in a strip of their own at the edge.
    let colors = Selection::labels(&selection.color);
    let losers: Vec<usize> = colors
        .iter()
        .copied()
        .filter(|c| lines.iter().any(|(key, line)| key.color == *c && line.iter().any(|p| p.diverged > 0)))
        .collect();
    let strip = (CROSS * losers.len() as f64 + 4.0).min(0.4 * height);
    if !losers.is_empty() {
        let points = (vertical.axis.high - vertical.axis.low) / (height - strip);
        if worst > 0.0 { vertical.axis.high += strip * points } else { vertical.axis.low -= strip * points }
    }

    let (rows, columns) = (Selection::labels(&selection.row), Selection::labels(&selection.column));
    let per_block = paper::slots(&selection, 3);
    let name = words::axis(&x.axis.name);
    let own = format!("{} at the end against {name}", words::subject(metric));
    let finding = finding::ends(&selection, metric, "places");
    let mut page = Page::new(&words::title(&selection, &own), &finding, paper::paper(selection.spec, per_block));
    let edges = lines.values().filter_map(|line| edge(line, metric)).count();
    let lost: usize = places().map(|p| p.diverged).sum();
    legend(&mut page, &selection, (edges, lines.len()), (metric, lost));
    let room = ((page.scene.width - 60.0) / per_block as f64 / 34.0) as usize;
    let (low, high) = range(places().map(|p| p.at)).unwrap_or((0.0, 1.0));
    let axis = if x.axis.scale == Scale::Log { Axis::log(low, high, room) } else { Axis::linear(low, high, room) };
    for chunk in columns.chunks(per_block) {
        let panels = page.block(&Frame {
            x: vec![axis.clone(); chunk.len()],
            y: vec![vertical.axis.clone(); rows.len()],
            y_titles: vec![words::measure(metric); rows.len()],
            x_title: name.clone(),
            height,
            ..Frame::headed(&selection, &rows, chunk, per_block)
        });
        for (row, panel_row) in rows.iter().zip(&panels) {
            for (column, panel) in chunk.iter().zip(panel_row) {
                plot::floor_line(&mut page.scene, panel, vertical.floor);
                let line = |color: usize| lines.get(&Key { row: *row, column: *column, color, x: 0 });
                let present = || colors.iter().enumerate().filter_map(|(i, c)| Some((i, *c, line(*c)?)));
                let points = |line: &[Place]| line.iter().map(|p| (p.at, p.spread)).collect::<Vec<_>>();
                for (_, color, line) in present() {
                    let look = selection.look(color);
                    plot::band(&mut page.scene, panel, &vertical, &look, &points(line), colors.len());
                }
                for (i, color, line) in present() {
                    let (look, name) = (selection.look(color), selection.color_name(color));
                    plot::median(&mut page.scene, panel, &vertical, &look, &name, &points(line), i);
                }
                for (_, color, line) in present() {
                    let look = selection.look(color);
                    best_mark(&mut page.scene, panel, &vertical, &look, line, metric);
                    let Some(place) = losers.iter().position(|c| *c == color) else { continue };
                    let down = 3.5 + place as f64 * (strip - 4.0) / losers.len() as f64;
                    let y = if worst > 0.0 { panel.area.top + down } else { panel.area.bottom - down };
                    for p in line.iter().filter(|p| p.diverged > 0) {
                        let strength = if p.diverged == p.spread.n { 1.0 } else { 0.5 };
                        let color = tint(look.color, strength);
                        mark(
                            &mut page.scene,
                            at(panel.x(p.at), y),
                            2.1,
                            &Look { marker: Marker::Cross, color, ..look },
                        );
                    }
                }
            }
        }
    }
    let mut caption = words::spread(&selection, "Line", "band", colors.len());
    caption.push_str(" Ring: the best of its line.");
    caption.push_str(cut.as_deref().unwrap_or_default());
    if edges > 0 {
        caption.push_str(" Arrow: the best lies at the end of what was tried, so that a better one may lie beyond.");
    }
    if lost > 0 {
        caption.push_str(&format!(
            " ×: {} (pale: some of the seeds); counts as the worst in the median.",
            selection.lost(metric)
        ));
    }
    if vertical.floor.is_some() {
        caption.push_str(" ▼: exactly zero.");
    }
    Ok(Ok(page.caption(&format!("{caption} {}", words::shown(&selection)))))
}

fn lines(selection: &Selection, x: &Used, metric: &str) -> Lines {
    let values = selection.runs.iter().filter_map(|r| Some((*r, selection.compared(*r, metric)?)));
    let worst = words::worst(metric);
    let mut lines = Lines::new();
    for (key, seeds) in selection.by_seed(values) {
        let Ok(rate) = x.axis.labels[key.x].parse::<f64>() else { continue };
        let at = if x.axis.scale == Scale::Log { rate.log10() } else { rate };
        let diverged = seeds.values().filter(|v| **v == worst).count();
        if let Some(spread) = over_seeds(seeds.into_values()).filter(|_| at.is_finite()) {
            lines.entry(Key { x: 0, ..key }).or_default().push(Place { at, spread, diverged });
        }
    }
    lines.values_mut().for_each(|line| line.sort_by(|a, b| a.at.total_cmp(&b.at)));
    lines
}

/// The place with the best median; `None` where the metric has no better and worse, or no median is finite.
fn best(line: &[Place], metric: &str) -> Option<usize> {
    let sign = words::better(metric)?;
    let worth = |i: &usize| sign * line[*i].spread.median;
    (0..line.len())
        .rev()
        .filter(|i| !worth(i).is_nan() && worth(i) > f64::NEG_INFINITY)
        .max_by(|a, b| worth(a).total_cmp(&worth(b)))
}

/// Whether the best place is the last (1) or the first (-1) of several.
fn edge(line: &[Place], metric: &str) -> Option<f64> {
    let best = best(line, metric).filter(|_| line.len() > 1)?;
    if best + 1 == line.len() { Some(1.0) } else { (best == 0).then_some(-1.0) }
}

/// A ring around the best place, with an arrow out of the range where it is the last in it.
fn best_mark(scene: &mut Scene, panel: &Panel, vertical: &Vertical, look: &Look, line: &[Place], metric: &str) {
    let Some(place) = best(line, metric).map(|i| line[i]) else { return };
    let Some(y) = vertical.place(place.spread.median) else { return };
    let center = panel.at(place.at, y);
    ring(scene, center.x, center.y, look);
    if let Some(side) = edge(line, metric) {
        arrow(scene, center.x + side * 4.2, center.y, side, look);
    }
}

fn ring(scene: &mut Scene, x: f64, y: f64, look: &Look) {
    let corner = |i: i32| {
        let (sine, cosine) = (f64::from(i) * std::f64::consts::TAU / 24.0).sin_cos();
        at(x + 4.2 * cosine, y + 4.2 * sine)
    };
    scene.line((0..=24).map(corner).collect(), solid(look.color, 1.1));
}

fn arrow(scene: &mut Scene, x: f64, y: f64, side: f64, look: &Look) {
    let tip = x + side * 7.0;
    scene.line(vec![at(x, y), at(tip, y)], solid(look.color, 1.1));
    let head = [(-3.0, -2.2), (0.0, 0.0), (-3.0, 2.2)].map(|(back, up)| at(tip + side * back, y + up));
    scene.line(head.to_vec(), solid(look.color, LINE));
}

fn legend(page: &mut Page, selection: &Selection, (edges, series): (usize, usize), (metric, lost): (&str, usize)) {
    let mut entries = plot::samples(selection, &selection.each_color());
    if edges > 0 {
        entries.push((format!("→ best at an end of its range ({edges} of {series})"), Sample::Mark(RING)));
    }
    if lost > 0 {
        entries.push((
            format!("{} ({lost} of {} runs)", selection.lost(metric), selection.runs.len()),
            Sample::Mark(DIVERGED),
        ));
    }
    page.legend(&selection.legend_heading(), &entries);
}
