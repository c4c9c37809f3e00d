//! What lies within a panel: lines and areas cut at its borders, and arrows for what lies beyond.

use super::layout::{Panel, label};
use crate::figure::chart::{Mark, Points, Spot};
use crate::figure::endings::Ending;
use crate::figure::finding;
use crate::figure::ruler::{End, Unit};
use crate::figure::scene::{Anchor, Color, Point, Scene, Text, at};
use crate::figure::style::{Look, Marker, TICK, WHITE, legible, mark};
use crate::figure::text::{self, Weight};
use crate::table::significant;

/// Points that a mark's centre may lie outside.
pub const SLACK: f64 = 0.5;

/// The pieces of a line within the panel.
pub fn line(panel: &Panel, points: &[Spot]) -> Vec<Vec<Point>> {
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

/// The part of a polygon within the panel.
pub fn area(panel: &Panel, points: impl Iterator<Item = Spot>) -> Vec<Point> {
    let place = |spot: Spot| at(panel.x(spot.0).clamp(-1e6, 1e6), panel.y(spot.1).clamp(-1e6, 1e6));
    panel.area.clip_area(&points.map(place).collect::<Vec<_>>())
}

/// Without the points that nobody could tell from the one before, but for the last.
pub fn thinned(points: Vec<Point>) -> Vec<Point> {
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

/// A value beyond one end of the panel's ruler.
struct FarValue {
    x: f64,
    value: f64,
    end: End,
    color: Color,
}

/// An arrow at the edge for the farthest value of each series that lies beyond it, and what the farthest of all is.
/// Says whether there is one.
pub fn arrows(scene: &mut Scene, panel: &Panel, marks: &[Mark]) -> bool {
    let mut any = false;
    for end in [End::Low, End::High] {
        let sign = if end == End::High { 1.0 } else { -1.0 };
        // Crosses of lost runs have the edge, and arrows stand beside them.
        let crosses = marks.iter().filter_map(|mark| match mark {
            Mark::EdgeCross { from, inset, .. } if *from == end => Some(inset + 8.0),
            _ => None,
        });
        let inset = crosses.fold(4.0, f64::max);
        let mut all: Vec<FarValue> =
            marks.iter().flat_map(|mark| beyond(panel, mark)).filter(|b| b.end == end).collect();
        all.sort_by(|a, b| (sign * b.value).total_cmp(&(sign * a.value)));
        let mut told: Vec<FarValue> = Vec::new();
        for own in all {
            if told.iter().all(|other| other.color != own.color) {
                told.push(own);
            }
        }
        // The farthest last, so that its arrow is the one that is seen.
        for (place, FarValue { x, value, color, .. }) in told.iter().enumerate().rev() {
            let edge = if end == End::High { panel.area.top + inset } else { panel.area.bottom - inset };
            let center = at(panel.x(*x).clamp(panel.area.left + 3.0, panel.area.right - 3.0), edge);
            let marker = if end == End::High { Marker::Up } else { Marker::Down };
            let words = match panel.y.is_of_shares() {
                true => format!("{} %", significant(100.0 * value, 3)),
                false => finding::amount(*value, panel.y.unit == Unit::Log10),
            };
            if let (0, Some(text)) = (place, beside(panel, center, &words, *color)) {
                scene.text_on(WHITE, text);
            }
            mark(scene, center, 2.6, &Look { color: *color, dash: &[], marker, hollow: false });
            scene.tip(center, words);
        }
        any |= !told.is_empty();
    }
    any
}

/// A value beside its arrow, on the side that has room.
fn beside(panel: &Panel, arrow: Point, value: &str, color: Color) -> Option<Text> {
    let room = text::width(value, TICK, Weight::Regular) + 5.0;
    let y = (arrow.y + 0.36 * TICK).max(panel.area.top + 0.8 * TICK).min(panel.area.bottom - 0.35 * TICK);
    let (x, anchor) = match () {
        () if arrow.x + room < panel.area.right => (arrow.x + 5.0, Anchor::Start),
        () if arrow.x - room > panel.area.left => (arrow.x - 5.0, Anchor::End),
        () => return None,
    };
    Some(Text { color: legible(color), ..label(at(x, y), value, TICK, anchor) })
}

/// Medians, ends of ranges and single runs of a mark that lie beyond its panel's ruler.
fn beyond(panel: &Panel, mark: &Mark) -> Vec<FarValue> {
    let off = |color: Color, x: f64, value: f64| {
        let end = match value {
            v if !v.is_finite() || !panel.x.holds(x) => return None,
            v if v > panel.y.high => End::High,
            v if v < panel.y.low => End::Low,
            _ => return None,
        };
        Some(FarValue { x, value, end, color })
    };
    let of_points = |color: Color, points: &Points| -> Vec<FarValue> {
        let values = points.iter().flat_map(|(x, s)| [s.low, s.median, s.high].map(|value| (*x, value)));
        values.filter_map(|(x, value)| off(color, x, value)).collect()
    };
    match mark {
        Mark::Band { color, points } => of_points(*color, points),
        Mark::Median { look, points, .. } => points.iter().filter_map(|(x, s)| off(look.color, *x, s.median)).collect(),
        Mark::Dots(dots) => {
            let stacks = dots.series.iter().flat_map(|series| series.stacks.iter().map(move |stack| (series, stack)));
            let runs = stacks.flat_map(|(series, stack)| stack.runs.iter().map(move |(_, run)| (series, stack.x, run)));
            let value = |run: &Ending| run.value().unwrap_or(f64::NAN);
            runs.filter_map(|(series, x, run)| off(series.look.color, x, value(run))).collect()
        }
        _ => Vec::new(),
    }
}
