//! How a number at the end of the runs depends on two settings: a tile for each pair, one colour scale for all panels.

use super::axis::{Axis, minus};
use super::layout::{Frame, Page, Panel, SMALLEST, label};
use super::plot::{Vertical, color_bar};
use super::scene::{Anchor, Color, Point, Rect, Scene, Shape, Stroke, Text, at};
use super::select::{Key, Selection, Used, over_seeds};
use super::style::{INK, Look, MISSING, Marker, TICK, WHITE, ZERO, mark, solid, viridis};
use super::text::{self, Weight};
use super::{Outcome, finding, paper, words};
use crate::plan_file::figure::FigureSpec;
use crate::results::theory::Theory;
use crate::results::{Results, ResultsError};
use crate::table::number;
use std::collections::BTreeMap;

/// Least height of a tile, and of one that a line crosses.
const TILE: f64 = 17.0;
const CROSSED: f64 = 27.0;

const DIVERGED: Look = Look { color: INK, dash: &[], marker: Marker::Cross, hollow: false };

/// What the seeds of a tile say.
struct Cell {
    /// log10 where the scale is; the worst there is where the median seed diverged.
    median: f64,
    /// Seeds that count as the worst.
    lost: usize,
}

pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    let selection = Selection::new(results, spec, true)?;
    let (Some(x), Some(y)) = (&selection.x, &selection.color) else {
        return Err(ResultsError::new("a heat_map needs two axes: name them as `x` and `y`".into()));
    };
    let metric = spec.metric.as_deref().unwrap_or("train_loss");
    let logarithmic = words::logarithmic(metric);
    let worst = words::worst(metric);
    let cells = cells(&selection, metric);
    let medians =
        |cells: &BTreeMap<Key, Cell>| cells.values().map(|c| c.median).filter(|m| *m != worst).collect::<Vec<f64>>();
    let mut shown = medians(&cells);
    let any_best = !shown.is_empty();
    if !any_best {
        shown = selection.runs.iter().filter_map(|r| selection.compared(*r, metric)).filter(|v| *v != worst).collect();
    }
    // Maps of one measurement are read beside each other, so they share their colours.
    let same = |other: &&FigureSpec| other.kind == spec.kind && other.metric == spec.metric && *other != spec;
    let others: Vec<&FigureSpec> = results.plan.figures.iter().filter(same).collect();
    for other in &others {
        shown.extend(medians(&self::cells(&Selection::new(results, other, true)?, metric)));
    }
    let tile = if spec.theory { CROSSED } else { TILE };
    let height = (tile * y.labels.len() as f64).clamp(60.0, 240.0);
    let Some(scale) = Vertical::of(&shown, metric, height) else {
        return Ok(Err(words::nothing(&selection, &format!("a finite {metric}"))));
    };
    let range = super::axis::range(shown.iter().copied()).filter(|(low, high)| high > low);
    let (low, high) = range.unwrap_or((scale.axis.low, scale.axis.high));
    let colors = Axis { low, high, ..scale.axis };

    let (rows, columns) = (Selection::labels(&selection.row), Selection::labels(&selection.column));
    let per_block = paper::slots(&selection, 3);
    let own = words::at_the_end(metric);
    let finding = finding::ends(&selection, metric, "tiles");
    let mut page = Page::new(&words::title(&selection, &own), &finding, paper::paper(selection.spec, per_block));
    let bar = Rect { left: page.scene.width - 78.0, top: page.y, right: page.scene.width - 68.0, bottom: 0.0 };
    let theory = if spec.theory { Some(results.theory()?) } else { None };
    let (mut drawn, mut numbered) = (false, false);
    let (mut top, mut bottom) = (f64::INFINITY, bar.top);
    let y_title = words::axis_title(&y.axis.name);
    let labels = |used: &Used| Axis::categories(used.labels.iter().map(|l| used.shown(*l)));
    for chunk in columns.chunks(per_block) {
        let panels = page.block(&Frame {
            x: vec![labels(x); chunk.len()],
            y: vec![labels(y); rows.len()],
            y_titles: vec![vec![y_title.as_str()]; rows.len()],
            x_title: words::axis_title(&x.axis.name),
            height,
            right: 90.0,
            ruled: false,
            ..Frame::headed(&selection, &rows, chunk, per_block)
        });
        for (row, line) in rows.iter().zip(&panels) {
            for (column, panel) in chunk.iter().zip(line) {
                let cell = |i: usize, j: usize| {
                    cells.get(&Key { row: *row, column: *column, color: y.labels[j], x: x.labels[i] })
                };
                let lines = theory.as_ref().map_or(Vec::new(), |theory| {
                    let scale = |other: usize| depth_scale(&selection, theory, (*row, *column), (x, y), other);
                    depth_lines(panel, (x, y), scale)
                });
                drawn |= !lines.is_empty();
                numbered |= draw_panel(
                    &mut page.scene,
                    panel,
                    cell,
                    (x.labels.len(), y.labels.len()),
                    &colors,
                    (metric, &lines),
                );
                (top, bottom) = (top.min(panel.area.top), panel.area.bottom);
            }
        }
    }
    let bar_height = (rows.len() as f64 * (height + 12.0)).min(220.0);
    color_bar(&mut page.scene, Rect { top, bottom: bottom.min(top + bar_height), ..bar }, &colors, metric);
    let n = selection.seeds();
    let n = if n == "1 seed" { "one seed (N = 1)".to_string() } else { format!("median of {n}") };
    let several = match rows.len() * columns.len() {
        _ if !others.is_empty() => ", the same scale in all maps of it",
        1 => "",
        _ => ", the same scale in all panels",
    };
    let mut caption = format!("{}: {n}{several}.", if numbered { "Colour and number" } else { "Colour" });
    if any_best && words::better(metric).is_some() {
        caption.push_str(" Outlined: the best of a panel.");
    }
    if cells.values().any(|c| c.lost > 0) {
        caption.push_str(&format!(
            " ×: {}, counted as the worst in the median; in a corner: some seeds.",
            selection.lost(metric)
        ));
    }
    if drawn {
        caption.push_str(
            " Dashed: six times the depth scale ξ of the init, up to which nets can be trained (Schoenholz et al. 2017).",
        );
    } else if spec.theory {
        caption.push_str(" No depth scale: theory knows one for plain nets alone.");
    }
    if logarithmic && shown.contains(&f64::NEG_INFINITY) {
        caption.push_str(" Pink: exactly zero.");
    }
    Ok(Ok(page.caption(&format!("{caption} {}", words::shown(&selection)))))
}

/// What each pair of labels gives.
fn cells(selection: &Selection, metric: &str) -> BTreeMap<Key, Cell> {
    let worst = words::worst(metric);
    let values = selection.runs.iter().filter_map(|r| Some((*r, selection.compared(*r, metric)?)));
    let cell = |seeds: &BTreeMap<u64, f64>| {
        let lost = seeds.values().filter(|v| **v == worst).count();
        Some(Cell { median: over_seeds(seeds.values().copied())?.median, lost })
    };
    selection.by_seed(values).iter().filter_map(|(key, seeds)| Some((*key, cell(seeds)?))).collect()
}

/// The tiles of one panel; `cell(i, j)` is the i-th from the left and the j-th from below. Where lines go over them, each number
/// stands in a corner that is free. Says whether there was room for numbers.
fn draw_panel<'a>(
    scene: &mut Scene,
    panel: &Panel,
    cell: impl Fn(usize, usize) -> Option<&'a Cell>,
    (columns, rows): (usize, usize),
    colors: &Axis,
    (metric, lines): (&str, &[Vec<Point>]),
) -> bool {
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
    let widest =
        known.iter().filter(|(_, c)| c.median != worst).map(|(_, c)| text::width(&words_of(c), 1.0, Weight::Regular));
    let size = ((room.width() - 8.0) / widest.fold(0.0, f64::max)).min(TICK);
    let numbers = size >= SMALLEST && room.height() >= TICK + 4.0;
    // Numbers come after the lines, which come after all tiles.
    let mut written: Vec<(Rect, Color, String)> = Vec::new();
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
            _ if lost => "the worst".into(),
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
            written.push((area, ink, words_of(c)));
        }
        if c.lost > 0 {
            mark(scene, at(area.right - 4.0, area.top + 4.0), 1.6, &Look { color: ink, ..DIVERGED });
        }
    }
    let marks: Vec<Rect> = lines.iter().filter_map(|line| depth_mark(scene, panel, line)).collect();
    for (area, color, number) in written {
        let place = if lines.is_empty() {
            let middle = at((area.left + area.right) / 2.0, (area.top + area.bottom) / 2.0);
            Some(label(at(middle.x, middle.y + 0.36 * size), &*number, size, Anchor::Middle))
        } else {
            corners(&area, size).map(|(place, anchor)| label(place, &*number, size, anchor)).into_iter().find(|text| {
                let bounds = text.bounds();
                let crossed =
                    lines.iter().flat_map(|l| l.windows(2)).any(|pair| bounds.clip(pair[0], pair[1]).is_some());
                !crossed && !marks.iter().any(|mark| mark.overlaps(&bounds, 0.0))
            })
        };
        scene.shapes.extend(place.map(|text| Shape::Text(Text { color, ..text })));
    }
    let Some(sign) = words::better(metric) else { return numbers };
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
    numbers
}

/// How many depth scales a net may have layers.
const SCALES: f64 = 6.0;

/// xi_c of the nets at one label of the axis that is not the depth, in a panel.
fn depth_scale(
    selection: &Selection,
    theory: &Theory,
    (row, column): (usize, usize),
    (x, y): (&Used, &Used),
    other: usize,
) -> Option<f64> {
    let here = |key: &Key| {
        let label = if x.axis.name == "depth" { key.color } else { key.x };
        (key.row, key.column, label) == (row, column, other)
    };
    debug_assert!(x.axis.name == "depth" || y.axis.name == "depth");
    let runs = selection.runs.iter().filter(|run| here(&selection.key(**run)));
    runs.filter_map(|run| theory.get(&selection.run(*run).labels)?.as_ref().ok()?.correlation_depth).next()
}

/// The line at so many depth scales, from the middle of one label to that of the next; whether there is one.
fn depth_lines(panel: &Panel, (x, y): (&Used, &Used), scale: impl Fn(usize) -> Option<f64>) -> Vec<Vec<Point>> {
    let across = x.axis.name == "depth";
    let (depths, others) = if across { (x, y) } else { (y, x) };
    let values: Vec<f64> = depths.labels.iter().filter_map(|l| depths.axis.labels[*l].parse().ok()).collect();
    if values.len() < depths.labels.len() || values.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Vec::new();
    }
    let point = |(i, label): (usize, &usize)| {
        let depth = place(&values, SCALES * scale(*label)?);
        Some(if across { panel.at(depth, i as f64) } else { panel.at(i as f64, depth) })
    };
    let points: Vec<Option<Point>> = others.labels.iter().enumerate().map(point).collect();
    let pieces = points.split(Option::is_none).map(|piece| piece.iter().copied().flatten().collect::<Vec<Point>>());
    pieces.filter(|line| line.len() > 1).collect()
}

/// Draws such a line with its name at the lower end, and says where the name stands.
fn depth_mark(scene: &mut Scene, panel: &Panel, line: &[Point]) -> Option<Rect> {
    let [first, .., last] = line else { return None };
    // White below keeps the dashes in sight on dark tiles.
    scene.line(line.to_vec(), solid(WHITE, 2.6));
    scene.line(line.to_vec(), Stroke { dash: &[4.0, 2.0], ..solid(INK, 1.4) });
    // Below the lower end and inward, so that the tile keeps a corner for its number.
    let inward = 0.3 * (panel.x(1.0) - panel.x(0.0));
    let (end, x) = if first.y > last.y { (first, first.x + inward) } else { (last, last.x - inward) };
    let below = at(x, (end.y + 1.6 * TICK).min(panel.area.bottom - 2.0));
    let text = format!("{SCALES} ξ");
    let half = text::width(&text, TICK, Weight::Bold) / 2.0 + 2.0;
    let paper = Rect { left: below.x - half, right: below.x + half, top: below.y - TICK, bottom: below.y + 2.0 };
    scene.tile(paper, WHITE);
    scene.text(Text { weight: Weight::Bold, ..label(below, text, TICK, Anchor::Middle) });
    Some(paper)
}

/// The corners of a tile where a number may stand: below and above, left and right.
fn corners(tile: &Rect, size: f64) -> [(Point, Anchor); 4] {
    let (left, right) = (tile.left + 4.0, tile.right - 4.0);
    let (low, high) = (tile.bottom - 4.0, tile.top + 3.0 + text::CAP * size);
    [
        (at(left, low), Anchor::Start),
        (at(left, high), Anchor::Start),
        (at(right, low), Anchor::End),
        (at(right, high), Anchor::End),
    ]
}

/// Where a depth stands among the places 0, 1, ... of these depths: by its logarithm between neighbours, and no further out than
/// the edge of the last tile.
fn place(depths: &[f64], depth: f64) -> f64 {
    let last = depths.len() - 1;
    let i = depths.partition_point(|d| *d <= depth).clamp(1, last.max(1)) - 1;
    let Some(next) = depths.get(i + 1) else { return 0.0 };
    let share = (depth / depths[i]).ln() / (next / depths[i]).ln();
    (i as f64 + share).clamp(-0.5, last as f64 + 0.5)
}

/// A median in two digits.
fn short(median: f64, metric: &str) -> String {
    if words::is_share(metric) {
        return finding::measured(median, metric);
    }
    let value = if words::logarithmic(metric) { 10f64.powf(median) } else { median };
    minus(&number(format!("{value:.1e}").parse().unwrap_or(value)))
}

/// Whether dark ink is what can be read on it.
fn light(Color(r, g, b): Color) -> bool {
    0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b) > 120.0
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_depth_stands_between_its_neighbours_by_its_logarithm() {
        let depths = [5.0, 10.0, 20.0, 40.0, 80.0];
        for (depth, expected) in
            [(10.0, 1.0), (20f64.sqrt() * 40f64.sqrt(), 2.5), (80.0, 4.0), (f64::INFINITY, 4.5), (1.0, -0.5)]
        {
            assert!((place(&depths, depth) - expected).abs() < 1e-12, "{depth}");
        }
        assert_eq!(place(&[7.0], 100.0), 0.0);
    }
}
