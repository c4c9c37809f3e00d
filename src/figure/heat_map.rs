//! How a number at the end of the runs depends on two settings: a tile for each pair, one colour scale for all panels.

use super::axis::{Axis, minus};
use super::layout::{self, Frame, Page, Panel, label};
use super::loss_by_depth::axis_title;
use super::plot::{Vertical, color_bar};
use super::scene::{Anchor, Color, Rect, Scene, Text, at};
use super::select::{Key, Selection, Used, heading, over_seeds};
use super::style::{INK, Look, MISSING, Marker, TICK, WHITE, ZERO, mark, solid, viridis};
use super::text::{self, Weight};
use super::{Outcome, words};
use crate::experiment::figure_spec::FigureSpec;
use crate::results::{Results, ResultsError};
use crate::table::number;
use std::collections::BTreeMap;

/// Least height of a tile.
const TILE: f64 = 17.0;

const DIVERGED: Look = Look { color: INK, dash: &[], marker: Marker::Cross, hollow: false };

/// What the seeds of a tile say.
struct Cell {
    /// log10 where the scale is; the worst there is where the median seed diverged.
    median: f64,
    diverged: usize,
}

pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    let selection = Selection::new(results, spec, true)?;
    let (Some(x), Some(y)) = (&selection.x, &selection.color) else {
        return Err(ResultsError::new("a heat_map needs two axes: name them as `x` and `y`".into()));
    };
    let metric = spec.metric.as_deref().unwrap_or("train_loss");
    let logarithmic = words::logarithmic(metric);
    let worst = words::worst(metric);
    let values = selection.runs.iter().filter_map(|r| Some((*r, selection.compared(*r, metric)?)));
    let groups = selection.by_seed(values);
    let cells: BTreeMap<Key, Cell> = groups
        .iter()
        .filter_map(|(key, seeds)| {
            let diverged = seeds.values().filter(|v| **v == worst).count();
            Some((*key, Cell { median: over_seeds(seeds.values().copied())?.median, diverged }))
        })
        .collect();
    let mut shown: Vec<f64> = cells.values().map(|c| c.median).filter(|m| *m != worst).collect();
    let any_best = !shown.is_empty();
    if !any_best {
        shown = groups.values().flat_map(|seeds| seeds.values().copied()).filter(|v| *v != worst).collect();
    }
    let height = (TILE * y.labels.len() as f64).clamp(60.0, 240.0);
    let Some(scale) = Vertical::over(&shown, logarithmic, height) else {
        return Ok(Err(words::nothing(&selection, &format!("a finite {metric}"))));
    };
    let range = super::axis::range(shown.iter().copied()).filter(|(low, high)| high > low);
    let (low, high) = range.unwrap_or((scale.axis.low, scale.axis.high));
    let colors = Axis { low, high, ..scale.axis };

    let (rows, columns) = (Selection::labels(&selection.row), Selection::labels(&selection.column));
    let per_block = if rows.len() > 1 { columns.len() } else { columns.len().min(3) };
    let when = if metric.ends_with("_init") { "at the start" } else { "at the end" };
    let own = format!("{} {when} of training", words::subject(metric));
    let mut page = Page::new(&words::title(&selection, &own), "", layout::width_for(per_block));
    let bar = Rect { left: page.scene.width - 78.0, top: page.y, right: page.scene.width - 68.0, bottom: 0.0 };
    let (mut top, mut bottom) = (f64::INFINITY, bar.top);
    let labels = |used: &Used| Axis::categories(used.labels.iter().map(|l| used.shown(*l)));
    for chunk in columns.chunks(per_block) {
        let panels = page.block(&Frame {
            slots: per_block,
            columns: chunk.iter().map(|c| heading(&selection.column, *c)).collect(),
            rows: rows.iter().map(|r| heading(&selection.row, *r)).collect(),
            x: vec![labels(x); chunk.len()],
            y: vec![labels(y); rows.len()],
            y_titles: vec![vec![y.axis.name.as_str()]; rows.len()],
            x_title: axis_title(&x.axis.name),
            height,
            right: 90.0,
            left: 0.0,
            ruled: false,
        });
        for (row, line) in rows.iter().zip(&panels) {
            for (column, panel) in chunk.iter().zip(line) {
                let cell = |i: usize, j: usize| {
                    cells.get(&Key { row: *row, column: *column, color: y.labels[j], x: x.labels[i] })
                };
                draw_panel(&mut page.scene, panel, cell, (x.labels.len(), y.labels.len()), &colors, metric);
                (top, bottom) = (top.min(panel.area.top), panel.area.bottom);
            }
        }
    }
    let bar_height = (rows.len() as f64 * (height + 12.0)).min(220.0);
    color_bar(&mut page.scene, Rect { top, bottom: bottom.min(top + bar_height), ..bar }, &colors, metric);
    let n = selection.seeds();
    let n = if n == "1 seed" { "one seed (N = 1)".to_string() } else { format!("median of {n}") };
    let several = if rows.len() * columns.len() > 1 { ", the same scale in all panels" } else { "" };
    let mut caption = format!("Colour and number: {n}{several}.");
    if any_best && words::better(metric).is_some() {
        caption.push_str(" Outlined: the best of a panel.");
    }
    if cells.values().any(|c| c.diverged > 0) {
        caption.push_str(" ×: diverged, counted as the worst in the median; in a corner: some seeds did.");
    }
    if logarithmic && shown.contains(&f64::NEG_INFINITY) {
        caption.push_str(" Pink: exactly zero.");
    }
    Ok(Ok(page.caption(&format!("{caption} {}", words::shown(&selection)))))
}

/// The tiles of one panel; `cell(i, j)` is the i-th from the left and the j-th from below.
fn draw_panel<'a>(
    scene: &mut Scene,
    panel: &Panel,
    cell: impl Fn(usize, usize) -> Option<&'a Cell>,
    (columns, rows): (usize, usize),
    colors: &Axis,
    metric: &str,
) {
    let worst = words::worst(metric);
    let tile = |i: usize, j: usize| Rect {
        left: panel.x(i as f64 - 0.5),
        right: panel.x(i as f64 + 0.5),
        top: panel.y(j as f64 + 0.5),
        bottom: panel.y(j as f64 - 0.5),
    };
    let places = || (0..columns).flat_map(|i| (0..rows).map(move |j| (i, j)));
    let known: Vec<((usize, usize), &Cell)> = places().filter_map(|(i, j)| Some(((i, j), cell(i, j)?))).collect();
    let words_of = |c: &Cell| short(c.median, metric);
    let room = tile(0, 0);
    let fits = |c: &Cell| text::width(&words_of(c), TICK, Weight::Regular) + 12.0 <= room.width();
    let numbers = room.height() >= TICK + 4.0 && known.iter().all(|(_, c)| c.median == worst || fits(c));
    for ((i, j), c) in &known {
        let area = tile(*i, *j);
        let middle = at((area.left + area.right) / 2.0, (area.top + area.bottom) / 2.0);
        let lost = c.median == worst || c.median.is_nan();
        let color = if lost {
            MISSING
        } else if c.median == f64::NEG_INFINITY {
            ZERO
        } else {
            viridis(colors.share(c.median))
        };
        let told = match c.median {
            _ if lost => "diverged".into(),
            f64::NEG_INFINITY => "0".into(),
            median => colors.reading(median),
        };
        let place = format!("{}, {}", panel.x.reading(*i as f64), panel.y.reading(*j as f64));
        scene.telling_tile(area, color, format!("{place}: {told}"));
        if lost {
            mark(scene, middle, 2.6, &DIVERGED);
            continue;
        }
        let ink = if light(color) { INK } else { WHITE };
        if numbers {
            let below = at(middle.x, middle.y + 0.36 * TICK);
            scene.text(Text { color: ink, ..label(below, words_of(c), TICK, Anchor::Middle) });
        }
        if c.diverged > 0 {
            mark(scene, at(area.right - 4.0, area.top + 4.0), 1.6, &Look { color: ink, ..DIVERGED });
        }
    }
    let Some(sign) = words::better(metric) else { return };
    let best = known.iter().filter(|(_, c)| c.median != worst && !c.median.is_nan());
    if let Some(((i, j), _)) = best.max_by(|(_, a), (_, b)| (sign * a.median).total_cmp(&(sign * b.median))) {
        let Rect { left, top, right, bottom } = tile(*i, *j);
        let inset = |by: f64| {
            let (left, top, right, bottom) = (left + by, top + by, right - by, bottom - by);
            vec![at(left, top), at(right, top), at(right, bottom), at(left, bottom), at(left, top), at(right, top)]
        };
        // Black on white is seen on every colour.
        scene.line(inset(1.7), solid(WHITE, 1.2));
        scene.line(inset(0.7), solid(INK, 1.4));
    }
}

/// A median in two digits.
fn short(median: f64, metric: &str) -> String {
    let value = if words::logarithmic(metric) { 10f64.powf(median) } else { median };
    if metric.ends_with("accuracy") {
        return format!("{:.1} %", 100.0 * value);
    }
    minus(&number(format!("{value:.1e}").parse().unwrap_or(value)))
}

/// Whether dark ink is what can be read on it.
fn light(Color(r, g, b): Color) -> bool {
    0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b) > 120.0
}
