//! The marks of a panel, drawn: from places on its rulers to shapes of a scene.

use super::layout::{Panel, label, push_apart};
use super::{beyond, tiles};
use crate::figure::chart::{Arm, Dots, Mark, Points, Spot, Stack};
use crate::figure::endings::Ending;
use crate::figure::ruler::{End, range};
use crate::figure::scene::{Anchor, Color, Point, Rect, Scene, Stroke, Text, at};
use crate::figure::style::{EDGE, LINE, Look, Marker, SOFT, THIN, TICK, WHITE, legible, mark, solid, tint};
use crate::stats::Spread;
use std::collections::BTreeSet;

/// Most room for one series at a place: two places far apart are still two places.
const SLOT: f64 = 4.5;

/// Draws all marks of a panel.
pub fn draw(scene: &mut Scene, panel: &Panel, marks: &[Mark]) {
    if let Some(floor) = panel.y.floor {
        across(scene, panel, floor, Stroke { dash: &[1.0, 2.0], ..solid(EDGE, THIN) });
    }
    marks.iter().for_each(|mark| one(scene, panel, mark));
}

fn one(scene: &mut Scene, panel: &Panel, drawn: &Mark) {
    let area = panel.area;
    let place = |spots: &[Spot]| spots.iter().map(|(x, y)| panel.at(*x, *y)).collect::<Vec<Point>>();
    match drawn {
        Mark::Across { y, stroke } => across(scene, panel, *y, *stroke),
        Mark::Upright { x, stroke } => {
            let x = panel.x(*x);
            scene.line(vec![at(x, area.top), at(x, area.bottom)], *stroke);
        }
        Mark::Band { color, points } => band(scene, panel, *color, points),
        Mark::Median { look, name, points, turn } => median(scene, panel, (look, name), points, *turn),
        Mark::Context(points) => {
            for line in lines(panel, points) {
                scene.line(line, solid(tint(EDGE, 0.45), 0.8));
            }
        }
        Mark::Curve { points, stroke, name } => scene.named_line(place(points), *stroke, name.as_deref()),
        Mark::Path { points, stroke, name } => {
            for piece in clipped(panel, points) {
                scene.named_line(thinned(piece), *stroke, name.as_deref());
            }
        }
        Mark::Area { points, color, opacity } => scene.area(place(points), *color, *opacity),
        Mark::Symbol { at, radius, look } => mark(scene, panel.at(at.0, at.1), *radius, look),
        Mark::Disc { at, radius, color } => scene.disc(panel.at(at.0, at.1), *radius, *color),
        Mark::Tip { at, text } => scene.tip(panel.at(at.0, at.1), text.clone()),
        Mark::EdgeCross { x, from, inset, radius, color } => {
            cross(scene, at(panel.x(*x), inset_from(panel, *from, *inset)), *radius, *color);
        }
        Mark::Ring { at, side, color } => ring(scene, panel.at(at.0, at.1), *side, *color),
        Mark::Corner(lines) => {
            for (i, line) in lines.iter().enumerate() {
                let below = at(area.left + 5.0, area.top + (1.2 + 1.3 * i as f64) * TICK);
                scene.text(label(below, &**line, TICK, Anchor::Start));
            }
        }
        Mark::Empty(words) => {
            let middle = at((area.left + area.right) / 2.0, (area.top + area.bottom) / 2.0);
            scene.text(Text { color: SOFT, ..label(middle, *words, TICK, Anchor::Middle) });
        }
        Mark::Labels { x, labels } => end_labels(scene, panel, panel.x(*x), labels),
        Mark::Dots(dots) => draw_dots(scene, panel, dots),
        Mark::Arm(own) => arm(scene, panel, own),
        Mark::Notch { x } => {
            let x = panel.x(*x);
            scene.line(vec![at(x, area.top - 3.0), at(x, area.top - 0.8)], solid(EDGE, THIN));
        }
        Mark::Beyond(own) => beyond::draw(scene, panel, own),
        Mark::Tiles(map) => tiles::draw(scene, panel, map),
    }
}

fn across(scene: &mut Scene, panel: &Panel, y: f64, stroke: Stroke) {
    let y = panel.y(y);
    scene.line(vec![at(panel.area.left, y), at(panel.area.right, y)], stroke);
}

fn cross(scene: &mut Scene, center: Point, radius: f64, color: Color) {
    mark(scene, center, radius, &Look { color, dash: &[], marker: Marker::Cross, hollow: false });
}

/// So many points inside the upper or the lower edge.
fn inset_from(panel: &Panel, end: End, inset: f64) -> f64 {
    if end == End::High { panel.area.top + inset } else { panel.area.bottom - inset }
}

/// The range of the seeds, wherever one of them is above zero.
fn band(scene: &mut Scene, panel: &Panel, color: Color, points: &Points) {
    let cut = |value: f64| value.min(panel.y.high);
    for piece in points.split(|(_, s)| !s.high.is_finite() || panel.y.place(s.low).is_none()) {
        let top = piece.iter().map(|(x, s)| panel.at(*x, cut(s.high)));
        let low = piece.iter().rev().filter_map(|(x, s)| Some(panel.at(*x, cut(panel.y.place(s.low)?))));
        if piece.len() > 1 && piece.iter().any(|(_, s)| s.n > 1) {
            scene.area(top.chain(low).collect(), color, 0.16);
        }
    }
}

/// The pieces of a line of medians where these are finite.
fn lines(panel: &Panel, points: &Points) -> impl Iterator<Item = Vec<Point>> {
    let pieces = points.split(|(_, s)| !s.median.is_finite());
    pieces.map(|piece| piece.iter().map(|(x, s)| panel.at(*x, s.median.min(panel.y.high))).collect())
}

/// The median line of a series with markers here and there.
fn median(scene: &mut Scene, panel: &Panel, (look, name): (&Look, &str), points: &Points, turn: usize) {
    for line in lines(panel, points).filter(|line| line.len() > 1) {
        scene.named_line(line, look.stroke(LINE), Some(name));
    }
    let every = points.len().div_ceil(8).max(1);
    for (i, (x, s)) in points.iter().enumerate() {
        tip(scene, panel, name, *x, s);
        let marked = points.len() <= 9 || i % every == turn % every;
        match panel.y.place(s.median).filter(|y| *y <= panel.y.high) {
            Some(y) if s.median == f64::NEG_INFINITY && marked => zero(scene, panel.at(*x, y), look),
            Some(y) if marked => mark(scene, panel.at(*x, y), 1.9, look),
            _ => {}
        }
    }
}

/// An exact zero on its floor.
fn zero(scene: &mut Scene, center: Point, look: &Look) {
    mark(scene, center, 2.2, &Look { marker: Marker::Down, hollow: false, ..*look });
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
    let text = format!("{name}{}: {}{range}", panel.x.reading(x), read(spread.median));
    scene.tip(panel.at(x, y.min(panel.y.high)), text);
}

/// The pieces of a line within the panel.
fn clipped(panel: &Panel, points: &[Spot]) -> Vec<Vec<Point>> {
    // What is far outside is brought near, so that no arithmetic overflows.
    let place = |spot: &Spot| at(panel.x(spot.0).clamp(-1e6, 1e6), panel.y(spot.1).clamp(-1e6, 1e6));
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    for pair in points.windows(2) {
        let Some((from, to)) = panel.area.clip(place(&pair[0]), place(&pair[1])) else { continue };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&from) => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
    }
    pieces
}

/// Without the points that nobody could tell from the one before, but for the last.
fn thinned(points: Vec<Point>) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    let mut skipped = None;
    for point in points {
        match kept.last() {
            Some(last) if (point.x - last.x).hypot(point.y - last.y) < 0.3 => skipped = Some(point),
            _ => {
                kept.push(point);
                skipped = None;
            }
        }
    }
    kept.extend(skipped);
    kept
}

/// A ring, with an arrow to one side if that is not 0.
fn ring(scene: &mut Scene, center: Point, side: f64, color: Color) {
    let corner = |i: i32| {
        let (sine, cosine) = (f64::from(i) * std::f64::consts::TAU / 24.0).sin_cos();
        at(center.x + 4.2 * cosine, center.y + 4.2 * sine)
    };
    scene.line((0..=24).map(corner).collect(), solid(color, 1.1));
    if side != 0.0 {
        let (start, tip) = (center.x + side * 4.2, center.x + side * 4.2 + side * 7.0);
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
    let fit = ((panel.area.height() / gap) as usize).max(1);
    if ends.len() > fit {
        let picked: BTreeSet<usize> = (0..fit).map(|i| i * (ends.len() - 1) / (fit - 1).max(1)).collect();
        ends = ends.into_iter().enumerate().filter(|(i, _)| picked.contains(i)).map(|(_, end)| end).collect();
    }
    let wanted: Vec<f64> = ends.iter().map(|e| e.0).collect();
    let placed = push_apart(&wanted, gap, panel.area.top + 0.5 * gap, panel.area.bottom - 0.5 * gap);
    for ((wanted, text, color), y) in ends.into_iter().zip(placed) {
        let end = first - 7.5;
        scene.line(vec![at(end + 1.0, y), at(first - 2.5, wanted)], solid(color, 0.6));
        let text = label(at(end, y + TICK * 0.36), text, TICK, Anchor::End);
        // No rule of the panel strikes the words through.
        let (Rect { left, right, top, .. }, bottom) = (text.bounds(), text.at.y + 0.5);
        scene.area(vec![at(left, top), at(right, top), at(right, bottom), at(left, bottom)], WHITE, 1.0);
        scene.text(Text { color: legible(color), ..text });
    }
}

/// Every run as a dot, a stack of crosses for the lost ones, lines through the medians.
fn draw_dots(scene: &mut Scene, panel: &Panel, dots: &Dots) {
    // Series stand side by side within two fifths of the room between two places.
    let wide = panel.area.width() / (panel.x.high - panel.x.low);
    let slot = (0.4 * dots.gap / dots.series.len() as f64).min(SLOT / wide);
    let shift = |i: usize| (i as f64 - (dots.series.len() - 1) as f64 / 2.0) * slot;
    let shifted = || dots.series.iter().enumerate().map(|(i, series)| (series, shift(i)));
    for (series, shift) in shifted() {
        for stack in &series.stacks {
            crosses(scene, panel, dots.lost_at, (stack.x + shift, stack), series.look.color);
        }
    }
    for (series, shift) in shifted() {
        for stack in &series.stacks {
            runs(scene, panel, (stack.x + shift, stack), slot, &series.look);
        }
    }
    for (i, (series, shift)) in shifted().enumerate() {
        let points: Points = series.stacks.iter().map(|stack| (stack.x + shift, stack.spread)).collect();
        median(scene, panel, (&series.look, &series.name), &points, i);
    }
}

/// The lost runs of a place, on top of each other.
fn crosses(scene: &mut Scene, panel: &Panel, end: End, (x, stack): (f64, &Stack), color: Color) {
    let lost = stack.runs.iter().filter(|(_, ending)| *ending == Ending::Lost).count();
    let step = Dots::CROSS.min((Dots::SHARE * panel.area.height() - 4.0) / lost as f64);
    for i in 0..lost {
        cross(scene, at(panel.x(x), inset_from(panel, end, 3.5 + i as f64 * step)), 2.1, color);
    }
}

/// The other runs of a place, spread a little within the slot, so that equal values can be counted.
fn runs(scene: &mut Scene, panel: &Panel, (x, stack): (f64, &Stack), slot: f64, look: &Look) {
    let n = stack.runs.len() as f64;
    for (i, (seed, ending)) in stack.runs.iter().enumerate() {
        let x = panel.x(x + slot * 0.5 * ((i as f64 + 0.5) / n - 0.5));
        match *ending {
            Ending::Lost => {}
            Ending::Value(f64::NEG_INFINITY) => {
                if let Some(floor) = panel.y.floor {
                    zero(scene, at(x, panel.y(floor)), look);
                }
            }
            Ending::Value(value) => {
                scene.tip(at(x, panel.y(value)), format!("seed {seed}: {}", panel.y.reading(value)));
                scene.disc(at(x, panel.y(value)), 1.25, tint(look.color, 0.5));
            }
        }
    }
}

/// The runs of one arm along x.
fn arm(scene: &mut Scene, panel: &Panel, arm: &Arm) {
    let (look, y) = (&arm.look, panel.y(arm.y));
    if let Some((low, high)) = range(arm.values.iter().copied()) {
        let ends = vec![at(panel.x(low), y), at(panel.x(high), y)];
        scene.named_line(ends, solid(tint(look.color, 0.35), 1.2), Some(&arm.name));
    }
    for (i, value) in arm.values.iter().enumerate() {
        // A little apart, so that equal ones can be counted.
        let own = y + 5.4 * ((i as f64 + 0.5) / arm.values.len() as f64 - 0.5);
        mark(scene, at(panel.x(*value), own), 1.5, &Look { marker: Marker::Disc, hollow: false, ..*look });
        scene.tip(at(panel.x(*value), own), format!("{}: {}", arm.name, panel.x.reading(*value)));
    }
    if let Some(median) = arm.median {
        let x = panel.x(median);
        scene.line(vec![at(x, y - 5.0), at(x, y + 5.0)], solid(look.color, 1.8));
    }
    let start = panel.x(arm.edge) + 4.0;
    let step = Arm::CROSS.min((panel.area.right - start) / arm.misses.max(1) as f64);
    for i in 0..arm.misses {
        cross(scene, at(start + i as f64 * step, y), 2.1, look.color);
    }
}
