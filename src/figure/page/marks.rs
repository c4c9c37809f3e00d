//! The marks of a panel, drawn: from places on its rulers to shapes of a scene.

use super::clip::{self, SLACK};
use super::layout::{Panel, SMALLEST, label, push_apart};
use super::{beyond, dots, tiles};
use crate::figure::chart::{Mark, Points, Spot};
use crate::figure::ruler::{End, evenly};
use crate::figure::scene::{Anchor, Color, Plot, Point, Rect, Scene, Stroke, Text, at};
use crate::figure::style::{EDGE, LINE, Look, Marker, SOFT, THIN, TICK, WHITE, legible, mark, solid, tint};
use crate::figure::text::{self, Weight};
use crate::stats::Spread;
use std::collections::BTreeSet;

/// Size of notes.
const NOTE: f64 = 6.6;
/// The width of a range at one place, in points.
const BAR: f64 = 3.0;
/// Points between the words of an arrow and the middle of the line that ends in it, whose mark is less high.
const CLEAR: f64 = 3.6;
/// Points between two places of a line that can be pointed at.
const CLOSE: f64 = 0.25;

/// Draws all marks of a panel, numbers of tiles at this size: none of them leaves it but the notches above. Says whether arrows
/// stand for values beyond it.
pub fn draw(scene: &mut Scene, panel: &Panel, marks: &[Mark], number: Option<f64>) -> bool {
    for mark in marks {
        if let Mark::Notch { x } = mark
            && panel.x.holds(*x)
        {
            let x = panel.x(*x);
            scene.line(vec![at(x, panel.area.top - 3.0), at(x, panel.area.top - 0.8)], solid(EDGE, THIN));
        }
    }
    let first = scene.shapes.len();
    if let Some(floor) = panel.y.floor {
        across(scene, panel, floor, Stroke { dash: &[1.0, 2.0], ..solid(EDGE, THIN) });
    }
    marks.iter().for_each(|mark| one(scene, panel, mark, number));
    rings(scene, panel, marks);
    let beyond = clip::arrows(scene, panel, marks);
    scene.plots.push(Plot { area: panel.area, shapes: first..scene.shapes.len() });
    beyond
}

fn one(scene: &mut Scene, panel: &Panel, drawn: &Mark, number: Option<f64>) {
    let area = panel.area;
    let seen = |spot: &Spot| Some(panel.at(spot.0, spot.1)).filter(|point| area.holds(*point, SLACK));
    match drawn {
        Mark::Across { y, stroke } => across(scene, panel, *y, *stroke),
        Mark::Upright { x, stroke } if panel.x.holds(*x) => {
            let x = panel.x(*x);
            scene.line(vec![at(x, area.top), at(x, area.bottom)], *stroke);
        }
        Mark::Upright { .. } | Mark::Notch { .. } => {}
        Mark::Band { color, points } => band(scene, panel, *color, points),
        Mark::Median { look, name, points, turn } => median(scene, panel, (look, name), points, *turn),
        Mark::Context(points) => {
            for line in lines(panel, points) {
                scene.line(line, solid(tint(EDGE, 0.45), 0.8));
            }
        }
        Mark::Curve { points, stroke, name } => {
            for piece in clip::line(panel, points) {
                scene.named_line(piece, *stroke, name.as_deref());
            }
        }
        Mark::Path { points, stroke, name } => {
            for piece in clip::line(panel, points) {
                scene.named_line(clip::thinned(piece), *stroke, name.as_deref());
            }
        }
        Mark::Area { points, color, opacity } => {
            scene.area(clip::area(panel, points.iter().copied()), *color, *opacity);
        }
        Mark::Symbol { at, radius, look } => {
            seen(at).into_iter().for_each(|at| mark(scene, inward(&area, at, 1.25 * radius), *radius, look));
        }
        Mark::Discs { at, discs } => {
            let Some(at) = seen(at) else { return };
            let at = inward(&area, at, discs.first().map_or(0.0, |(radius, _)| *radius));
            discs.iter().for_each(|(radius, color)| scene.disc(at, *radius, *color));
        }
        Mark::Note { spots, text } => note(scene, panel, spots, text),
        Mark::Tip { at, text } => seen(at).into_iter().for_each(|at| scene.tip(at, text.clone())),
        Mark::EdgeCross { x, from, inset, radius, color } => {
            let x = panel.x(*x).clamp(area.left + radius, area.right - radius);
            cross(scene, at(x, inset_from(panel, *from, *inset)), *radius, *color);
        }
        // All after the lines, since each stands clear of the others.
        Mark::Ring { .. } => {}
        Mark::Sideways { y, end, color, words } => sideways(scene, panel, (*y, *end), *color, words),
        Mark::Corner(lines) => {
            let widest = lines.iter().map(|line| text::width(line, 1.0, Weight::Regular)).fold(1.0, f64::max);
            let size = ((area.width() - 8.0) / widest).min(TICK);
            for (i, line) in lines.iter().enumerate() {
                let below = at(area.left + 5.0, area.top + (1.2 + 1.3 * i as f64) * size);
                scene.text(label(below, &**line, size, Anchor::Start));
            }
        }
        Mark::Empty(words) => {
            let middle = at((area.left + area.right) / 2.0, (area.top + area.bottom) / 2.0);
            let size = TICK.min((area.width() - 2.0) / text::width(words, 1.0, Weight::Regular)).max(SMALLEST);
            scene.text(Text { color: SOFT, ..label(middle, *words, size, Anchor::Middle) });
        }
        Mark::Labels { x, labels } => end_labels(scene, panel, panel.x(*x), labels),
        Mark::Dots(own) => dots::draw(scene, panel, own),
        Mark::Arm(own) => dots::arm(scene, panel, own),
        Mark::Beyond(own) => beyond::draw(scene, panel, own),
        Mark::Tiles(map) => tiles::draw(scene, panel, map, number),
    }
}

/// A point at the edge, so far in that all of its mark is inside.
pub fn inward(area: &Rect, point: Point, radius: f64) -> Point {
    let inside = |v: f64, low: f64, high: f64| v.max(low + radius).min(high - radius);
    at(inside(point.x, area.left, area.right), inside(point.y, area.top, area.bottom))
}

/// Small words on white at the first of the spots where they lie within the panel and over no other text.
fn note(scene: &mut Scene, panel: &Panel, spots: &[Spot], words: &str) {
    let text = |(x, y): &Spot| {
        let place = panel.at(*x, *y);
        Text { color: SOFT, ..label(at(place.x, place.y + 0.36 * NOTE), words, NOTE, Anchor::Middle) }
    };
    let is_free = |text: &Text| {
        let bounds = text.bounds();
        let corners = [at(bounds.left, bounds.top), at(bounds.right, bounds.bottom)];
        corners.iter().all(|p| panel.area.holds(*p, -2.0)) && !scene.texts().any(|t| t.bounds().overlaps(&bounds, -2.0))
    };
    if let Some(text) = spots.iter().map(text).find(is_free) {
        scene.tile(text.bounds(), WHITE, None);
        scene.text(text);
    }
}

fn across(scene: &mut Scene, panel: &Panel, y: f64, stroke: Stroke) {
    if panel.y.holds(y) {
        let y = panel.y(y);
        scene.line(vec![at(panel.area.left, y), at(panel.area.right, y)], stroke);
    }
}

pub fn cross(scene: &mut Scene, center: Point, radius: f64, color: Color) {
    mark(scene, center, radius, &Look { color, dash: &[], marker: Marker::Cross, hollow: false });
}

/// A short arrow out of the right or the left edge, with words on the inner side of it.
fn sideways(scene: &mut Scene, panel: &Panel, (y, end): (f64, End), color: Color, words: &str) {
    let (area, y) = (panel.area, panel.y(y));
    let (tip, sign, anchor) = match end {
        End::High => (area.right - 0.5, -1.0, Anchor::End),
        End::Low => (area.left + 0.5, 1.0, Anchor::Start),
    };
    for side in [-2.4, 2.4] {
        scene.line(vec![at(tip, y), at(tip + sign * 3.4, y + side)], solid(color, 1.0));
    }
    let text = label(at(tip + sign * 5.0, y - CLEAR), words, NOTE, anchor);
    scene.text_on(WHITE, Text { color: legible(color), ..text });
    scene.tip(at(tip, y), words.to_string());
}

/// So many points inside the upper or the lower edge.
pub fn inset_from(panel: &Panel, end: End, inset: f64) -> f64 {
    if end == End::High { panel.area.top + inset } else { panel.area.bottom - inset }
}

/// The range of the seeds, wherever one of them is above zero.
fn band(scene: &mut Scene, panel: &Panel, color: Color, points: &Points) {
    for piece in points.split(|(_, s)| !s.high.is_finite() || panel.y.place(s.low).is_none()) {
        let top = piece.iter().map(|(x, s)| (*x, s.high));
        let low = piece.iter().rev().filter_map(|(x, s)| Some((*x, panel.y.place(s.low)?)));
        let ends: Vec<Spot> = top.chain(low).collect();
        if piece.iter().all(|(_, s)| s.n < 2) {
            continue;
        }
        match ends[..] {
            // A lone place has a bar.
            [(x, high), (_, low)] => {
                let half = 0.5 * BAR * (panel.x.high - panel.x.low) / panel.area.width();
                let corners = [(x - half, high), (x + half, high), (x + half, low), (x - half, low)];
                scene.area(clip::area(panel, corners.into_iter()), color, 0.35);
            }
            _ => scene.area(clip::area(panel, ends.into_iter()), color, 0.16),
        }
    }
}

/// The pieces of a line of medians where these are finite and within the panel.
fn lines(panel: &Panel, points: &[(f64, Spread)]) -> Vec<Vec<Point>> {
    let pieces = points.split(|(_, s)| !s.median.is_finite());
    let medians = |piece: &[(f64, Spread)]| piece.iter().map(|(x, s)| (*x, s.median)).collect::<Vec<Spot>>();
    pieces.flat_map(|piece| clip::line(panel, &medians(piece))).collect()
}

/// The median line of a series with markers here and there.
pub fn median(scene: &mut Scene, panel: &Panel, (look, name): (&Look, &str), points: &[(f64, Spread)], turn: usize) {
    for line in lines(panel, points) {
        scene.named_line(line, look.stroke(LINE), Some(name));
    }
    let every = points.len().div_ceil(8).max(1);
    let mut pointed = f64::NEG_INFINITY;
    for (i, (x, s)) in points.iter().enumerate().filter(|(_, (x, _))| panel.x.holds(*x)) {
        // Nobody can point at one of two that lie closer.
        if panel.x(*x) - pointed >= CLOSE {
            pointed = panel.x(*x);
            tip(scene, panel, name, *x, s);
        }
        // No line leads to one whose neighbours are not finite.
        let is_drawn = |i: Option<usize>| i.and_then(|i| points.get(i)).is_some_and(|(_, s)| s.median.is_finite());
        let is_alone = !is_drawn(i.checked_sub(1)) && !is_drawn(Some(i + 1));
        let marked = points.len() <= 9 || i % every == turn % every || s.median.is_finite() && is_alone;
        match panel.y.place(s.median).filter(|y| panel.y.holds(*y)) {
            Some(y) if s.median == f64::NEG_INFINITY && marked => zero(scene, panel, panel.at(*x, y), look),
            Some(y) if marked => mark(scene, inward(&panel.area, panel.at(*x, y), 2.4), 1.9, look),
            _ => {}
        }
    }
}

/// An exact zero on its floor.
pub fn zero(scene: &mut Scene, panel: &Panel, center: Point, look: &Look) {
    mark(scene, inward(&panel.area, center, 2.7), 2.2, &Look { marker: Marker::Down, hollow: false, ..*look });
}

/// What a median tells: which series, where, the value, and the range of how many.
fn tip(scene: &mut Scene, panel: &Panel, name: &str, x: f64, spread: &Spread) {
    let Some(y) = panel.y.place(spread.median) else { return };
    let read = |value: f64| match value {
        f64::NEG_INFINITY => "0".into(),
        value if value.is_finite() => panel.y.reading(value),
        _ => "beyond".into(),
    };
    let range = match spread.n {
        1 => String::new(),
        n => format!("\n{} to {}, N = {n}", read(spread.low), read(spread.high)),
    };
    let name = if name.is_empty() { String::new() } else { format!("{name}\n") };
    let [along, up] = &panel.names;
    let text = format!("{name}{along} {}\n{up}: {}{range}", panel.x.reading(x), read(spread.median));
    scene.tip(panel.at(x, y.clamp(panel.y.low, panel.y.high)), text);
}

/// Radius of a ring in points, and by how much one around others is larger, of which there are so many at most: a crowd stands for itself.
const RING: f64 = 4.2;
const WIDER: f64 = 2.0;
const AROUND: usize = 2;
/// From the centre of a ring to the tip of its arrow.
const REACH: f64 = 11.2;

/// The rings of a panel, one around the others where these have nearly the same place.
fn rings(scene: &mut Scene, panel: &Panel, marks: &[Mark]) {
    let mut drawn: Vec<Point> = Vec::new();
    for mark in marks {
        let Mark::Ring { at, side, color } = mark else { continue };
        let center = panel.at(at.0, at.1);
        if panel.area.holds(center, SLACK) {
            let near = |other: &&Point| (other.x - center.x).hypot(other.y - center.y) < RING;
            let radius = RING + WIDER * drawn.iter().filter(near).count().min(AROUND) as f64;
            ring(scene, inward(&panel.area, center, radius), radius, (*side, *color));
            drawn.push(center);
        }
    }
}

/// A ring, with an arrow to one side if that is not 0.
fn ring(scene: &mut Scene, center: Point, radius: f64, (side, color): (f64, Color)) {
    let corner = |i: i32| {
        let (sine, cosine) = (f64::from(i) * std::f64::consts::TAU / 24.0).sin_cos();
        at(center.x + radius * cosine, center.y + radius * sine)
    };
    scene.line((0..=24).map(corner).collect(), solid(color, 1.1));
    if side != 0.0 {
        let (start, tip) = (center.x + side * radius, center.x + side * REACH);
        scene.line(vec![at(start, center.y), at(tip, center.y)], solid(color, 1.1));
        let head = [(-3.0, -2.2), (0.0, 0.0), (-3.0, 2.2)].map(|(back, up)| at(tip + side * back, center.y + up));
        scene.line(head.to_vec(), solid(color, LINE));
    }
}

/// Numbers at the left ends of lines; as many as fit, spread over all of them.
fn end_labels(scene: &mut Scene, panel: &Panel, first: f64, labels: &[(f64, String, Color)]) {
    let gap = 1.16 * TICK;
    let mut ends: Vec<(f64, &str, Color)> = labels
        .iter()
        .filter_map(|(value, text, color)| Some((panel.y(panel.y.place(*value)?), text.as_str(), *color)))
        .collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Lines that lie on each other and lose the same have one number.
    ends.dedup_by(|a, b| a.1 == b.1 && (a.0 - b.0).abs() < LINE);
    let fit = ((panel.area.height() / gap) as usize).max(1);
    if ends.len() > fit {
        let picked: BTreeSet<usize> = evenly(ends.len(), fit).collect();
        ends = ends.into_iter().enumerate().filter(|(i, _)| picked.contains(i)).map(|(_, end)| end).collect();
    }
    let wanted: Vec<f64> = ends.iter().map(|e| e.0).collect();
    let placed = push_apart(&wanted, gap, panel.area.top + 0.5 * gap, panel.area.bottom - 0.5 * gap);
    for ((wanted, text, color), y) in ends.into_iter().zip(placed) {
        let end = first - 7.5;
        let from = at(first - 2.5, wanted.clamp(panel.area.top, panel.area.bottom));
        scene.line(vec![at(end + 1.0, y), from], solid(color, 0.6));
        let text = label(at(end, y + TICK * 0.36), text, TICK, Anchor::End);
        scene.text_on(WHITE, Text { color: legible(color), ..text });
    }
}
