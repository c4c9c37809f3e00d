//! A drawing as plain data, in points with y downwards: figures build it, `png` and `svg` show it, tests read it.

use super::text::{self, Weight};
use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// Shorthand for [`Point`].
pub fn at(x: f64, y: f64) -> Point {
    Point { x, y }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Rect {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// The part of a line within it (Liang & Barsky 1984).
    pub fn clip(&self, from: Point, to: Point) -> Option<(Point, Point)> {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let (mut enters, mut leaves) = (0.0f64, 1.0f64);
        let across = [(-dx, from.x - self.left), (dx, self.right - from.x)];
        let down = [(-dy, from.y - self.top), (dy, self.bottom - from.y)];
        for (speed, room) in across.into_iter().chain(down) {
            match room / speed {
                _ if speed == 0.0 && room < 0.0 => return None,
                _ if speed == 0.0 => {}
                share if speed < 0.0 => enters = enters.max(share),
                share => leaves = leaves.min(share),
            }
        }
        let on = |share: f64| match share {
            0.0 => from,
            1.0 => to,
            _ => at(from.x + share * dx, from.y + share * dy),
        };
        (enters <= leaves).then(|| (on(enters), on(leaves)))
    }

    /// The part of a polygon within it (Sutherland & Hodgman 1974).
    pub fn clip_area(&self, points: &[Point]) -> Vec<Point> {
        let sides: [fn(&Rect, Point) -> f64; 4] =
            [|r, p| p.x - r.left, |r, p| r.right - p.x, |r, p| p.y - r.top, |r, p| r.bottom - p.y];
        sides.iter().fold(points.to_vec(), |polygon, inside| {
            let mut cut = Vec::new();
            for (from, to) in polygon.iter().cycle().skip(polygon.len().saturating_sub(1)).zip(&polygon) {
                let (a, b) = (inside(self, *from), inside(self, *to));
                if (a < 0.0) != (b < 0.0) {
                    let share = a / (a - b);
                    cut.push(at(from.x + share * (to.x - from.x), from.y + share * (to.y - from.y)));
                }
                if b >= 0.0 {
                    cut.push(*to);
                }
            }
            cut
        })
    }

    /// Whether a point lies in it or no further outside than this.
    pub fn holds(&self, point: Point, slack: f64) -> bool {
        point.x >= self.left - slack
            && point.x <= self.right + slack
            && point.y >= self.top - slack
            && point.y <= self.bottom + slack
    }

    /// Whether the two share more than an edge; `slack` points of overlap are forgiven.
    pub fn overlaps(&self, other: &Rect, slack: f64) -> bool {
        self.left + slack < other.right
            && other.left + slack < self.right
            && self.top + slack < other.bottom
            && other.top + slack < self.bottom
    }
}

/// sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Color(pub u8, pub u8, pub u8);

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    pub color: Color,
    pub width: f64,
    /// Lengths of dashes and gaps in turn; empty is a solid line.
    pub dash: &'static [f64],
}

/// Where in the text its point lies, along the direction of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    /// Where a text of this width begins, beside its point.
    pub fn start(self, width: f64) -> f64 {
        match self {
            Anchor::Start => 0.0,
            Anchor::Middle => -width / 2.0,
            Anchor::End => -width,
        }
    }
}

/// How the text runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Level,
    /// Read from bottom to top.
    Up,
    /// Read from top to bottom.
    Down,
}

/// One line of text; `at` is on its baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    pub at: Point,
    pub text: String,
    pub size: f64,
    pub weight: Weight,
    pub color: Color,
    pub anchor: Anchor,
    pub turn: Turn,
}

impl Text {
    /// The box around the text, descenders included.
    pub fn bounds(&self) -> Rect {
        let width = text::width(&self.text, self.size, self.weight);
        let start = self.anchor.start(width);
        let (up, down) = (text::CAP * self.size, text::DESCENT * self.size);
        let Point { x, y } = self.at;
        match self.turn {
            Turn::Level => Rect { left: x + start, right: x + start + width, top: y - up, bottom: y + down },
            Turn::Up => Rect { left: x - up, right: x + down, top: y - start - width, bottom: y - start },
            Turn::Down => Rect { left: x - down, right: x + up, top: y + start, bottom: y + start + width },
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// An open line; `name` says which series it is (a tooltip in the SVG).
    Line { points: Vec<Point>, stroke: Stroke, name: Option<String> },
    /// A filled polygon.
    Area { points: Vec<Point>, color: Color, opacity: f64 },
    /// A filled rectangle, drawn without smoothing so that neighbours leave no seam; `told` as in a tip.
    Tile { rect: Rect, color: Color, told: Option<String> },
    /// A filled circle.
    Disc { at: Point, radius: f64, color: Color },
    /// A line of text.
    Text(Text),
    /// Nothing to see: what the place tells a reader who points at it (in the SVG), a line a fact.
    Tip { area: Rect, text: String },
}

/// How far around a point its tip reaches.
const TIP: f64 = 3.0;

/// A panel of a scene: where it is, and which shapes are what it shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    pub area: Rect,
    pub shapes: Range<usize>,
}

/// The shapes of a figure, drawn in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    pub width: f64,
    pub height: f64,
    /// What a reader who cannot see it should know.
    pub title: String,
    pub caption: String,
    pub shapes: Vec<Shape>,
    pub plots: Vec<Plot>,
    /// Of each scale of numbers, where the labelled ticks are: 0 at its low end and 1 at its high end.
    pub scales: Vec<Vec<f64>>,
}

impl Shape {
    /// Every corner of it, none of a text.
    pub fn points(&self) -> Vec<Point> {
        match self {
            Shape::Line { points, .. } | Shape::Area { points, .. } => points.clone(),
            Shape::Tile { rect, .. } => vec![at(rect.left, rect.top), at(rect.right, rect.bottom)],
            Shape::Disc { at: c, radius: r, .. } => vec![at(c.x - r, c.y - r), at(c.x + r, c.y + r)],
            Shape::Text(_) | Shape::Tip { .. } => Vec::new(),
        }
    }
}

impl Scene {
    pub fn line(&mut self, points: Vec<Point>, stroke: Stroke) {
        self.named_line(points, stroke, None);
    }

    /// A line that stands for data if it has a name.
    pub fn named_line(&mut self, points: Vec<Point>, stroke: Stroke, name: Option<&str>) {
        self.shapes.push(Shape::Line { points, stroke, name: name.map(String::from) });
    }

    pub fn area(&mut self, points: Vec<Point>, color: Color, opacity: f64) {
        self.shapes.push(Shape::Area { points, color, opacity });
    }

    /// A tile, which may tell its value.
    pub fn tile(&mut self, rect: Rect, color: Color, told: Option<String>) {
        self.shapes.push(Shape::Tile { rect, color, told });
    }

    pub fn disc(&mut self, at: Point, radius: f64, color: Color) {
        self.shapes.push(Shape::Disc { at, radius, color });
    }

    /// Words on a ground of their own, so that nothing below strikes them through.
    pub fn text_on(&mut self, ground: Color, text: Text) {
        let Rect { left, right, top, bottom } = text.bounds();
        self.area(vec![at(left, top), at(right, top), at(right, bottom), at(left, bottom)], ground, 1.0);
        self.text(text);
    }

    pub fn text(&mut self, text: Text) {
        self.shapes.push(Shape::Text(text));
    }

    /// Lets the surroundings of a point tell its value.
    pub fn tip(&mut self, center: Point, text: String) {
        let Point { x, y } = center;
        let area = Rect { left: x - TIP, right: x + TIP, top: y - TIP, bottom: y + TIP };
        self.shapes.push(Shape::Tip { area, text });
    }

    /// The same `scale` times as large, and so far to the right.
    pub fn moved(mut self, scale: f64, left: f64) -> Scene {
        let point = |p: &mut Point| *p = at(left + scale * p.x, scale * p.y);
        let rect = |r: &mut Rect| {
            (r.left, r.right) = (left + scale * r.left, left + scale * r.right);
            (r.top, r.bottom) = (scale * r.top, scale * r.bottom);
        };
        for shape in &mut self.shapes {
            match shape {
                Shape::Line { points, stroke, .. } => {
                    points.iter_mut().for_each(point);
                    stroke.width *= scale;
                }
                Shape::Area { points, .. } => points.iter_mut().for_each(point),
                Shape::Tile { rect: area, .. } | Shape::Tip { area, .. } => rect(area),
                Shape::Disc { at, radius, .. } => {
                    point(at);
                    *radius *= scale;
                }
                Shape::Text(text) => {
                    point(&mut text.at);
                    text.size *= scale;
                }
            }
        }
        self.plots.iter_mut().for_each(|plot| rect(&mut plot.area));
        (self.width, self.height) = (scale * self.width, scale * self.height);
        self
    }

    /// All texts, in order of drawing.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        self.shapes.iter().filter_map(|shape| match shape {
            Shape::Text(text) => Some(text),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_the_borders() {
        let area = Rect { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };
        let cut =
            |a: (f64, f64), b: (f64, f64)| area.clip(at(a.0, a.1), at(b.0, b.1)).map(|(p, q)| [p.x, p.y, q.x, q.y]);
        assert_eq!(cut((1.0, 2.0), (3.0, 4.0)), Some([1.0, 2.0, 3.0, 4.0]));
        assert_eq!(cut((-5.0, 5.0), (15.0, 5.0)), Some([0.0, 5.0, 10.0, 5.0]));
        assert_eq!(cut((5.0, 5.0), (5.0, 25.0)), Some([5.0, 5.0, 5.0, 10.0]));
        assert_eq!(cut((-5.0, 8.0), (5.0, 18.0)), None);
        assert_eq!(cut((-1.0, 3.0), (-1.0, 8.0)), None);
    }

    #[test]
    fn an_area_is_cut_at_the_borders() {
        let area = Rect { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };
        let cut = area.clip_area(&[at(5.0, -5.0), at(15.0, 5.0), at(5.0, 15.0), at(-5.0, 5.0)]);
        assert!(cut.iter().all(|p| area.holds(*p, 1e-9)) && cut.len() >= 4, "{cut:?}");
        assert!(area.clip_area(&[at(11.0, 0.0), at(12.0, 0.0), at(12.0, 5.0)]).is_empty());
        let inside = vec![at(1.0, 1.0), at(2.0, 1.0), at(2.0, 5.0)];
        assert_eq!(area.clip_area(&inside), inside);
    }
}
