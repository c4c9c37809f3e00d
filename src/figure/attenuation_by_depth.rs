//! How the loss of gradient grows with depth at the start, and what training makes of it at the deepest networks.

use super::axis::{Axis, Tick, Unit};
use super::finding::Words;
use super::layout::{Frame, Page, Panel, Sample};
use super::plot::{self, Vertical};
use super::scene::{Scene, at};
use super::select::{Key, Selection, Used, heading, over_seeds};
use super::style::{EDGE, Look, SOFT, TICK, WHITE, mark, solid, tint};
use super::text::{self, Weight};
use super::theory::{self, Overlay};
use super::{Outcome, finding, paper, words};
use crate::columns::{self, Measured};
use crate::plan_file::Scale;
use crate::plan_file::figure::FigureSpec;
use crate::results::{Results, ResultsError};
use crate::stats::Spread;
use std::collections::BTreeMap;

type Spreads = BTreeMap<Key, Spread>;

pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    let selection = Selection::new(results, spec, true)?;
    let metric = spec.metric.as_deref().unwrap_or("attenuation_total_init");
    let total = spreads(&selection, metric);
    if total.is_empty() {
        return Ok(Err(words::nothing(&selection, &format!("a finite {metric}"))));
    }
    let (start, end) = (spreads(&selection, "attenuation_init"), spreads(&selection, "attenuation_end"));
    let (rows, columns) = (Selection::labels(&selection.row), Selection::labels(&selection.column));
    let own = match metric {
        "attenuation_total_init" => "How many decades of gradient are lost between the last layer and the first".into(),
        other => words::subject(other),
    };
    let per_block = paper::slots(&selection, 5);
    let colors = Selection::labels(&selection.color);
    let groups = merged(&total, &colors);
    let finding = found(&selection, &total, &groups);
    let mut page = Page::new(&words::title(&selection, &own), &finding, paper::paper(selection.spec, per_block));
    let overlay =
        Overlay::new(&selection, columns::outcome(metric).is_some_and(|column| column.measured == Measured::End))?;
    let ratios = ratios(&selection, metric, &overlay);
    let entries: Vec<(String, Sample)> =
        plot::samples(&selection, &groups).into_iter().chain(overlay.legend()).collect();
    page.legend(&selection.legend_heading(), &entries);
    let names: Vec<String> =
        colors.iter().map(|c| text::fit(&selection.color_name(*c), TICK, Weight::Regular, 90.0)).collect();
    let left = names.iter().map(|n| text::width(n, TICK, Weight::Regular)).fold(0.0, f64::max);
    let deepest = selection.x.as_ref().and_then(|u| u.labels.last().copied()).unwrap_or(0);
    let ends: Vec<f64> =
        start.iter().chain(&end).filter(|(k, _)| k.x == deepest).flat_map(|(_, s)| [s.low, s.high, 0.0]).collect();
    for chunk in columns.chunks(per_block) {
        let frame = |x: Vec<Axis>, y: Axis, y_title: Vec<_>, x_title: String, height, ruled| Frame {
            slots: per_block,
            columns: chunk.iter().map(|c| heading(&selection.column, *c)).collect(),
            rows: rows.iter().map(|r| heading(&selection.row, *r)).collect(),
            y: vec![y; rows.len()],
            y_titles: vec![y_title; rows.len()],
            x,
            x_title,
            height,
            right: 0.0,
            left,
            ruled,
        };
        let predicted = total.keys().filter_map(|key| overlay.get(key)?.outcome(metric));
        let values: Vec<f64> = total.values().flat_map(|s| [s.low, s.high, 0.0]).chain(predicted).collect();
        let x = selection.x.as_ref().map_or(Axis::categories([String::new()]), x_places);
        let x_name = selection.x.as_ref().map_or(String::new(), |u| words::axis_title(&u.axis.name));
        if let Some(vertical) = Vertical::over(&values, false, 128.0) {
            let side = match metric {
                "attenuation_total_init" => vec!["decades lost in all at the", "start (below 0: it grows)"],
                other => words::measure(other),
            };
            let panels = page.block(&frame(
                vec![x.clone(); chunk.len()],
                vertical.axis.clone(),
                side,
                x_name.clone(),
                128.0,
                true,
            ));
            for (row, line) in rows.iter().zip(&panels) {
                for (column, panel) in chunk.iter().zip(line) {
                    zero_line(&mut page.scene, panel, true);
                    let points = |g: &Vec<usize>| {
                        by_place(&selection, |key| total.get(key).copied(), panel, (*row, *column, g[0]))
                    };
                    for g in &groups {
                        plot::band(&mut page.scene, panel, &vertical, &selection.look(g[0]), &points(g), groups.len());
                    }
                    for (i, g) in groups.iter().enumerate() {
                        plot::median(
                            &mut page.scene,
                            panel,
                            &vertical,
                            &selection.look(g[0]),
                            &selection.joined(g),
                            &points(g),
                            i,
                        );
                    }
                    for g in &groups {
                        let predicted = |key: &Key| overlay.get(key)?.outcome(metric);
                        let line = by_place(&selection, predicted, panel, (*row, *column, g[0]));
                        theory::draw_line(&mut page.scene, panel, line.into_iter());
                    }
                }
            }
        }
        if let Some(vertical) = theory::scale(ratios.values()) {
            let side = theory::TITLE.to_vec();
            let mut below = frame(vec![x; chunk.len()], vertical.axis.clone(), side, x_name, theory::HEIGHT, true);
            below.columns = vec![String::new(); chunk.len()];
            let panels = page.block(&below);
            for (row, line) in rows.iter().zip(&panels) {
                for (column, panel) in chunk.iter().zip(line) {
                    let points = |g: &Vec<usize>| {
                        let of = |key: &Key| ratios.get(key).copied();
                        by_place(&selection, of, panel, (*row, *column, g[0]))
                    };
                    let series: Vec<_> =
                        groups.iter().map(|g| (selection.look(g[0]), selection.joined(g), points(g))).collect();
                    theory::draw_ratios(&mut page.scene, panel, &vertical, &series);
                }
            }
        }
        if let Some(across) = Vertical::over(&ends, false, 80.0).filter(|_| !spec.medium.is_brief()) {
            page.y += 6.0;
            // The first colour on top, as in the legend.
            let ticks = names.iter().rev().enumerate().map(|(i, n)| Tick { at: i as f64, label: n.clone() }).collect();
            let y = Axis { low: -0.6, high: names.len() as f64 - 0.4, ticks, unit: Unit::Label };
            let height = (names.len() as f64 * 11.5 + 6.0).max(30.0);
            let depth = selection
                .x
                .as_ref()
                .map_or(String::new(), |u| format!(" at {} {}", words::axis(&u.axis.name), u.shown(deepest)));
            let below = format!("decades lost per layer{depth}: ○ at the start → ● at the end of training");
            let mut lower = frame(vec![across.axis.clone(); chunk.len()], y, vec!["", ""], below, height, true);
            lower.columns = vec![String::new(); chunk.len()];
            let panels = page.block(&lower);
            for (row, line) in rows.iter().zip(&panels) {
                for (column, panel) in chunk.iter().zip(line) {
                    zero_line(&mut page.scene, panel, false);
                    for (i, color) in colors.iter().enumerate() {
                        let key = Key { row: *row, column: *column, color: *color, x: deepest };
                        let y = (colors.len() - 1 - i) as f64;
                        dumbbell(&mut page.scene, panel, y, &selection.look(*color), start.get(&key), end.get(&key));
                    }
                }
            }
        }
    }
    let (line, band) =
        if spec.medium.is_brief() { ("Line", "band") } else { ("Line, ○ and ●", "band and thin bar") };
    let mut caption = words::spread(&selection, line, band, groups.len());
    let per_layer = columns::outcome(metric).is_some_and(|column| column.unit == "decades per layer");
    let share = if per_layer { ", per layer" } else { "" };
    caption.push_str(&overlay.caption(&format!(
        "Dashed: mean-field theory of infinitely wide nets with this init. Below it: the gradient of the first layer over \
         the last hidden one's, measured over predicted{share}; 1 is agreement."
    )));
    if groups.iter().any(|g| g.len() > 1) {
        caption.push_str(" Series joined by = are equal to the last bit at the start.");
    }
    let broken = |r: &&usize| {
        let run = selection.run(**r);
        run.value("attenuation_init").is_some() && !run.value("attenuation_end").is_some_and(f64::is_finite)
    };
    let broken = selection.runs.iter().filter(broken).count();
    if broken > 0 {
        caption.push_str(&format!(" Left out of ● for want of a finite gradient: {broken} of the runs."));
    }
    let probe = selection.results.plan.probe;
    Ok(Ok(page.caption(&format!("{caption} Probe: {probe} training rows. {}", words::shown(&selection)))))
}

/// Depth stands by its value, so that the same loss in every layer is a straight line.
fn x_places(x: &Used) -> Axis {
    let scale = if x.axis.name == "depth" { Scale::Linear } else { x.axis.scale };
    let places = plot::places_on(x, scale);
    let pad = 0.04 * (places.high - places.low);
    Axis { low: places.low - pad, high: places.high + pad, ..places }
}

/// Where most is lost and where least.
fn found(selection: &Selection, total: &Spreads, groups: &[Vec<usize>]) -> String {
    let drawn = total.iter().filter(|(key, _)| groups.iter().any(|group| group[0] == key.color));
    let values: Vec<(String, f64)> = drawn.map(|(key, s)| (finding::place(selection, key), s.median)).collect();
    let words = Words { high: "Most", low: "Least", only: "In all", each: "cells", lost: "diverged" };
    finding::extremes(&values, &words, 1.0, |v| finding::amount(v, false))
}

/// Median and range over seeds of the finite values.
fn spreads(selection: &Selection, metric: &str) -> Spreads {
    selection
        .by_seed(selection.runs.iter().filter_map(|r| Some((*r, selection.run(*r).averaged(metric)?))))
        .into_iter()
        .filter_map(|(key, seeds)| Some((key, over_seeds(seeds.into_values())?)))
        .collect()
}

/// Decades by which the gradient of layer 1 lies above its prediction, over the last layer: in all, or per layer if the
/// metric is.
fn ratios(selection: &Selection, metric: &str, overlay: &Overlay) -> Spreads {
    let above = |run: &usize| {
        let predicted = overlay.get(&selection.key(*run))?.outcome(metric)?;
        Some((*run, predicted - selection.run(*run).averaged(metric)?))
    };
    let seeds = selection.by_seed(selection.runs.iter().filter_map(above)).into_iter();
    seeds.filter_map(|(key, seeds)| Some((key, over_seeds(seeds.into_values())?))).collect()
}

/// Colours whose medians and ranges are equal to the last bit in every panel, together.
fn merged(spreads: &Spreads, colors: &[usize]) -> Vec<Vec<usize>> {
    let own = |color: usize| -> Vec<_> {
        let of = spreads.iter().filter(|(key, _)| key.color == color);
        of.map(|(k, s)| (k.row, k.column, k.x, [s.median, s.low, s.high].map(f64::to_bits))).collect()
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for color in colors.iter().filter(|c| !own(**c).is_empty()) {
        match groups.iter_mut().find(|g| own(g[0]) == own(*color)) {
            Some(group) => group.push(*color),
            None => groups.push(vec![*color]),
        }
    }
    groups
}

/// What is known `of` one colour of one panel, and where it stands along x.
fn by_place<T>(
    selection: &Selection,
    of: impl Fn(&Key) -> Option<T>,
    panel: &Panel,
    (row, column, color): (usize, usize, usize),
) -> Vec<(f64, T)> {
    let places = panel.x.ticks.iter().map(|t| t.at);
    Selection::labels(&selection.x)
        .into_iter()
        .zip(places)
        .filter_map(|(x, place)| Some((place, of(&Key { row, column, color, x })?)))
        .collect()
}

fn zero_line(scene: &mut Scene, panel: &Panel, level: bool) {
    let a = panel.area;
    let line = if level {
        vec![at(a.left, panel.y(0.0)), at(a.right, panel.y(0.0))]
    } else {
        vec![at(panel.x(0.0), a.top), at(panel.x(0.0), a.bottom)]
    };
    scene.line(line, solid(if level { SOFT } else { EDGE }, 0.8));
}

/// From a ring at the start to a dot at the end, over the range of the seeds at each.
fn dumbbell(scene: &mut Scene, panel: &Panel, y: f64, look: &Look, start: Option<&Spread>, end: Option<&Spread>) {
    for range in [start, end].into_iter().flatten().filter(|s| s.n > 1) {
        scene.line(vec![panel.at(range.low, y), panel.at(range.high, y)], solid(tint(look.color, 0.45), 1.0));
    }
    if let (Some(start), Some(end)) = (start, end) {
        scene.line(vec![panel.at(start.median, y), panel.at(end.median, y)], solid(look.color, 1.6));
    }
    for (when, spread) in [("start", start), ("end", end)] {
        if let Some(s) = spread {
            let range = format!("{} to {}, N = {}", panel.x.reading(s.low), panel.x.reading(s.high), s.n);
            let told = format!("{}, at the {when}: {}\n{range}", panel.y.reading(y), panel.x.reading(s.median));
            scene.tip(panel.at(s.median, y), told);
        }
    }
    if let Some(start) = start {
        // Wide enough to be seen around the dot where nothing has changed.
        scene.disc(panel.at(start.median, y), 3.9, look.color);
        scene.disc(panel.at(start.median, y), 3.0, WHITE);
    }
    if let Some(end) = end {
        mark(scene, panel.at(end.median, y), 2.2, &Look { marker: super::style::Marker::Disc, hollow: false, ..*look });
    }
}
