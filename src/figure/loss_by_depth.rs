//! What trains: the loss at the end (or another number of a run) against depth, a dot a seed, a line through medians.

use super::axis::Axis;
use super::layout::{Frame, Page, Panel, Sample};
use super::plot::{self, Vertical, gap};
use super::scene::at;
use super::select::{Key, Selection, over_seeds};
use super::style::{EDGE, INK, Look, Marker, THIN, mark, solid, tint};
use super::{Outcome, finding, paper, words};
use crate::plan_file::figure::FigureSpec;
use crate::results::{Results, ResultsError};
use std::collections::BTreeMap;

/// Per group: the seeds' values, log10 where the scale is; infinite for a run that diverged.
type Groups = BTreeMap<Key, BTreeMap<u64, f64>>;

/// Most room for one colour at a place: two places far apart are still two places.
const SLOT: f64 = 4.5;

/// Height of a cross in its stack.
const CROSS: f64 = 4.8;

const DIVERGED: Look = Look { color: INK, dash: &[], marker: Marker::Cross, hollow: false };

pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    let selection = Selection::new(results, spec, true)?;
    let metric = spec.metric.as_deref().unwrap_or("train_loss");
    let worst = words::worst(metric);
    let value = |run: &usize| selection.compared(*run, metric);
    let groups = selection.by_seed(selection.runs.iter().filter_map(|r| Some((*r, value(r)?))));
    let all: Vec<f64> = groups.values().flat_map(|g| g.values().copied()).filter(|v| *v != worst).collect();
    let height = if Selection::labels(&selection.row).len() > 2 { 100.0 } else { 126.0 };
    let guess = plot::guessing(&selection, metric);
    // A loss is seen against guessing; an accuracy where that is in sight.
    let beside = guess.as_ref().filter(|_| words::is_loss(metric)).map(|(place, _)| *place);
    let with_guess: Vec<f64> = all.iter().copied().chain(beside).collect();
    let scale = if all.is_empty() { None } else { Vertical::of(&with_guess, metric, height) };
    let Some(mut vertical) = scale else {
        return Ok(Err(words::nothing(&selection, &format!("a finite {metric}"))));
    };
    let guess = guess.filter(|guess| vertical.shows(guess));
    let lost = selection.runs.iter().filter(|r| value(r) == Some(worst)).count();
    // Crosses of one place stack up in a strip of their own at the edge, so that they can be counted.
    let stack = groups.values().map(|seeds| seeds.values().filter(|v| **v == worst).count()).max().unwrap_or(0);
    let strip_edge = (stack > 0).then_some(if worst > 0.0 { vertical.axis.high } else { vertical.axis.low });
    if stack > 0 {
        let strip = (CROSS * stack as f64 + 4.0).min(0.25 * height);
        let points = (vertical.axis.high - vertical.axis.low) / (height - strip);
        if worst > 0.0 { vertical.axis.high += strip * points } else { vertical.axis.low -= strip * points }
    }

    let (rows, columns) = (Selection::labels(&selection.row), Selection::labels(&selection.column));
    let per_block = paper::slots(&selection, 5);
    let own = words::at_the_end(metric);
    let finding = finding::ends(&selection, metric, "cells");
    let mut page = Page::new(&words::title(&selection, &own), &finding, paper::paper(selection.spec, per_block));
    legend(&mut page, &selection, guess.as_ref(), (metric, lost));
    let x = selection.x.as_ref().map_or(Axis::categories([String::new()]), plot::places);
    for chunk in columns.chunks(per_block) {
        let panels = page.block(&Frame {
            x: vec![x.clone(); chunk.len()],
            y: vec![vertical.axis.clone(); rows.len()],
            y_titles: vec![words::measure(metric); rows.len()],
            x_title: selection.x.as_ref().map_or(String::new(), |u| words::axis_title(&u.axis.name)),
            height,
            ..Frame::headed(&selection, &rows, chunk, per_block)
        });
        for (row, line) in rows.iter().zip(&panels) {
            for (column, panel) in chunk.iter().zip(line) {
                plot::guess_line(&mut page.scene, panel, guess.as_ref());
                plot::floor_line(&mut page.scene, panel, vertical.floor);
                if let Some(edge) = strip_edge {
                    let y = panel.y(edge);
                    page.scene.line(vec![at(panel.area.left, y), at(panel.area.right, y)], solid(EDGE, THIN));
                }
                draw_panel(&mut page, panel, &vertical, &selection, &groups, (*row, *column), worst);
            }
        }
    }
    let n = selection.seeds();
    let n = if n == "1 seed" { "one seed (N = 1)".to_string() } else { format!("median of {n}") };
    let mut caption = format!("Dot: one run; line: {n}.");
    if lost > 0 {
        caption.push_str(&format!(
            " ×: {}, counted as the worst value in the median; a line ends where its median is such a run.",
            selection.lost(metric)
        ));
    }
    if vertical.floor.is_some() {
        caption.push_str(" ▼: exactly zero.");
    }
    Ok(Ok(page.caption(&format!("{caption} {}", words::shown(&selection)))))
}

fn legend(page: &mut Page, selection: &Selection, guess: Option<&(f64, String)>, (metric, lost): (&str, usize)) {
    let mut entries = plot::samples(selection, &selection.each_color());
    entries.extend(guess.map(|(_, name)| (name.clone(), Sample::Plain(plot::GUESSING))));
    if lost > 0 {
        entries.push((
            format!("{} ({lost} of {} runs)", selection.lost(metric), selection.runs.len()),
            Sample::Mark(DIVERGED),
        ));
    }
    page.legend(&selection.legend_heading(), &entries);
}

fn draw_panel(
    page: &mut Page,
    panel: &Panel,
    vertical: &Vertical,
    selection: &Selection,
    groups: &Groups,
    (row, column): (usize, usize),
    worst: f64,
) {
    let colors = Selection::labels(&selection.color);
    let xs = Selection::labels(&selection.x);
    // Colours stand side by side within two fifths of the room between two places.
    let places: Vec<f64> = panel.x.ticks.iter().map(|t| t.at).collect();
    let wide = panel.area.width() / (panel.x.high - panel.x.low);
    let slot = (0.4 * gap(&places) / colors.len() as f64).min(SLOT / wide);
    let (mut dots, mut lines) = (Vec::new(), Vec::new());
    for (c, color) in colors.iter().enumerate() {
        let look = selection.look(*color);
        let shift = (c as f64 - (colors.len() - 1) as f64 / 2.0) * slot;
        let mut points = Vec::new();
        for (x, place) in xs.iter().zip(&places) {
            let Some(seeds) = groups.get(&Key { row, column, color: *color, x: *x }) else { continue };
            points.extend(over_seeds(seeds.values().copied()).map(|s| (place + shift, s)));
            let lost = seeds.values().filter(|v| **v == worst).count();
            for i in 0..lost {
                let step = CROSS.min((0.25 * panel.area.height() - 4.0) / lost as f64);
                let down = 3.5 + i as f64 * step;
                let y = if worst > 0.0 { panel.area.top + down } else { panel.area.bottom - down };
                mark(&mut page.scene, at(panel.x(place + shift), y), 2.1, &Look { marker: Marker::Cross, ..look });
            }
            for (i, (seed, value)) in seeds.iter().enumerate().filter(|(_, (_, v))| **v != worst) {
                // Seeds spread a little within the slot, so that equal values can be counted.
                let own = place + shift + slot * 0.5 * ((i as f64 + 0.5) / seeds.len() as f64 - 0.5);
                dots.push((panel.x(own), *value, look, *seed));
            }
        }
        lines.push((look, selection.color_name(*color), points));
    }
    for (x, value, look, seed) in dots {
        if value.is_finite() {
            page.scene.tip(at(x, panel.y(value)), format!("seed {seed}: {}", panel.y.reading(value)));
        }
        if value == f64::NEG_INFINITY {
            if let Some(floor) = vertical.floor {
                mark(
                    &mut page.scene,
                    at(x, panel.y(floor)),
                    2.2,
                    &Look { marker: Marker::Down, hollow: false, ..look },
                );
            }
        } else {
            page.scene.disc(at(x, panel.y(value)), 1.25, tint(look.color, 0.5));
        }
    }
    for (c, (look, name, points)) in lines.iter().enumerate() {
        plot::median(&mut page.scene, panel, vertical, look, name, points, c);
    }
}
