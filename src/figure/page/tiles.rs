//! Maps: tiles with their numbers, the lines over them and the scale of their colours.

use super::block::{apart, note};
use super::clip;
use super::layout::{Panel, SMALLEST, Words, label, tick_width};
use crate::figure::chart::{ColorBar, LOST, Tile, TileLost, Tiles};
use crate::figure::scene::{Anchor, Point, Rect, Scene, Shape, Stroke, Text, Turn, at};
use crate::figure::style::{EDGE, INK, LABEL, Look, Marker, THIN, TICK, WHITE, mark, on, solid};
use crate::figure::text::{self, Weight};

/// Draws a map, its numbers at this size.
pub fn draw(scene: &mut Scene, panel: &Panel, map: &Tiles, number: Option<f64>) {
    let areas: Vec<Rect> = map.tiles.iter().map(|tile| area(panel, tile)).collect();
    // Limits may leave some out.
    let seen = || map.tiles.iter().zip(&areas).filter(|(_, area)| area.width() > 0.0);
    for (tile, area) in seen() {
        scene.tile(*area, tile.color, Some(tile.told.clone()));
        match tile.lost {
            TileLost::Nothing => {}
            TileLost::Some => {
                let corner = at(area.right - 4.0, area.top + 4.0);
                mark(scene, corner, 1.6, &Look { color: on(tile.color), ..LOST });
            }
            TileLost::Median => mark(scene, middle(area), 2.6, &LOST),
            TileLost::Failed => {
                scene.text(label(at(middle(area).x, middle(area).y + 0.36 * TICK), "!", TICK, Anchor::Middle))
            }
            TileLost::Missing => {
                scene.line(vec![at(area.left, area.bottom), at(area.right, area.top)], solid(EDGE, THIN))
            }
        }
    }
    // Numbers come after the lines, which come after all tiles.
    let lines: Vec<Vec<Point>> = map.lines.iter().flat_map(|line| clip::line(panel, line)).collect();
    let inward = 0.3 * areas.first().map_or(0.0, Rect::width);
    let named = |line: &Vec<Point>| named_line(scene, panel, line, (&map.line_name, inward));
    let marks: Vec<Rect> = lines.iter().filter_map(named).collect();
    if let Some(size) = number {
        for (tile, area) in seen() {
            let text = tile.number.as_ref().and_then(|number| place(number, area, size, (&lines, &marks)));
            scene.shapes.extend(text.map(|text| Shape::Text(Text { color: on(tile.color), ..text })));
        }
    }
    for best in &map.best {
        outline(scene, &areas[*best]);
    }
}

/// Where a tile is, no further than its panel.
fn area(panel: &Panel, tile: &Tile) -> Rect {
    let (low, high) = (panel.at(tile.low.0, tile.low.1), panel.at(tile.high.0, tile.high.1));
    Rect { left: low.x.max(panel.area.left), right: high.x.min(panel.area.right), top: high.y, bottom: low.y }
}

fn middle(area: &Rect) -> Point {
    at((area.left + area.right) / 2.0, (area.top + area.bottom) / 2.0)
}

/// The size at which all numbers of a map fit into their tiles; `None` if that is too small to be read, or these are many.
pub fn number_size(panel: &Panel, map: &Tiles) -> Option<f64> {
    let room = area(panel, map.tiles.first()?);
    let numbers = map.tiles.iter().filter_map(|tile| tile.number.as_ref());
    let widest = numbers.map(|number| text::width(number, 1.0, Weight::Regular)).fold(0.0, f64::max);
    let size = ((room.width() - 8.0) / widest).min(TICK);
    (map.tiles.len() <= Tiles::NUMBERED && size >= SMALLEST && room.height() >= TICK + 4.0).then_some(size)
}

/// A number in the middle of its tile or, where lines go over the map, in a corner that is free.
fn place(number: &str, area: &Rect, size: f64, (lines, marks): (&[Vec<Point>], &[Rect])) -> Option<Text> {
    if lines.is_empty() {
        let Point { x, y } = middle(area);
        return Some(label(at(x, y + 0.36 * size), number, size, Anchor::Middle));
    }
    let is_free = |text: &Text| {
        let bounds = text.bounds();
        let crossed = lines.iter().flat_map(|l| l.windows(2)).any(|pair| bounds.clip(pair[0], pair[1]).is_some());
        !crossed && !marks.iter().any(|mark| mark.overlaps(&bounds, 0.0))
    };
    corners(area, size).map(|(place, anchor)| label(place, number, size, anchor)).into_iter().find(is_free)
}

/// Black on white, which is seen on every colour.
fn outline(scene: &mut Scene, &Rect { left, top, right, bottom }: &Rect) {
    let inset = |by: f64| {
        let (left, top, right, bottom) = (left + by, top + by, right - by, bottom - by);
        vec![at(left, top), at(right, top), at(right, bottom), at(left, bottom), at(left, top), at(right, top)]
    };
    scene.line(inset(1.7), solid(WHITE, 1.2));
    scene.line(inset(0.7), solid(INK, 1.4));
}

/// Draws such a line with its name at the lower end, and says where the name stands.
fn named_line(scene: &mut Scene, panel: &Panel, line: &[Point], (name, inward): (&str, f64)) -> Option<Rect> {
    let [first, .., last] = line else { return None };
    // White below keeps the dashes in sight on dark tiles.
    scene.line(line.to_vec(), solid(WHITE, 2.6));
    scene.line(line.to_vec(), Stroke { dash: &[4.0, 2.0], ..solid(INK, 1.4) });
    // Below the lower end and inward, so that the tile keeps a corner for its number.
    let (end, x) = if first.y > last.y { (first, first.x + inward) } else { (last, last.x - inward) };
    let below = at(x, (end.y + 1.6 * TICK).min(panel.area.bottom - 2.0));
    let half = text::width(name, TICK, Weight::Bold) / 2.0 + 2.0;
    let paper = Rect { left: below.x - half, right: below.x + half, top: below.y - TICK, bottom: below.y + 2.0 };
    scene.tile(paper, WHITE, None);
    scene.text(Text { weight: Weight::Bold, ..label(below, name, TICK, Anchor::Middle) });
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

/// Width kept for a colour scale: the scale, its labels, its title.
pub fn bar_room(colors: &ColorBar) -> f64 {
    14.0 + 10.0 + 4.5 + tick_width(&colors.ruler) + 6.0 + colors.title.len() as f64 * LABEL * 1.25
}

/// The colour scale of a map with what it measures.
pub fn color_bar(scene: &mut Scene, bar: Rect, colors: &ColorBar) {
    let ColorBar { ruler, title, off, .. } = colors;
    let shades = 96;
    let y = |share: f64| bar.bottom - share * bar.height();
    for i in 0..shades {
        let (from, to) = (f64::from(i) / f64::from(shades), f64::from(i + 1) / f64::from(shades));
        let value = ruler.low + (from + to) / 2.0 * (ruler.high - ruler.low);
        scene.tile(Rect { top: y(to), bottom: y(from), ..bar }, colors.color(value), None);
    }
    let ticks = apart(ruler, bar.height());
    for tick in &ticks {
        let at_y = y(ruler.share(tick.at));
        // The largest value beyond the scale is written there.
        if off.is_some() && at_y < bar.top + 0.7 * TICK {
            continue;
        }
        scene.line(vec![at(bar.right, at_y), at(bar.right + 2.5, at_y)], solid(EDGE, THIN));
        scene.text(label(at(bar.right + 4.5, at_y + TICK * 0.36), &*tick.label, TICK, Anchor::Start));
    }
    note(scene, ruler, &ticks);
    if let Some(off) = off {
        let tip = at((bar.left + bar.right) / 2.0, bar.top - 4.0);
        mark(scene, tip, 2.6, &Look { marker: Marker::Up, ..LOST });
        scene.text(label(at(bar.right + 1.0, bar.top - 2.0), &**off, TICK, Anchor::Start));
    }
    let words = Words::fitted(title.clone(), LABEL, bar.height());
    for (i, line) in words.lines.iter().enumerate() {
        let x = bar.right + 4.5 + tick_width(ruler) + 6.0 + (0.8 + 1.25 * i as f64) * LABEL;
        let middle = (bar.top + bar.bottom) / 2.0;
        scene.text(Text { turn: Turn::Up, ..label(at(x, middle), line, words.size, Anchor::Middle) });
    }
}
