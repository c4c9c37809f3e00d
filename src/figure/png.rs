//! A scene as PNG, through plotters' bitmap backend: filled at eight pixels a point, averaged 3 x 3 down.
//!
//! Lines and letters become polygons here and are filled span by span (nonzero winding), since plotters' own
//! thick lines have holes at sharp turns and no smoothing.

use super::scene::{Anchor, Color, Point, Scene, Shape, Stroke, Text, Turn, at};
use super::text;
use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::{Color as _, RGBColor};
use std::ops::Range;
use std::path::Path;

/// Pixels a point in the supersampled image: 192 dpi (twice a screen's 96) times [`FINE`].
const SCALE: f64 = 8.0;
/// Supersampled pixels along a side of a final one.
const FINE: usize = 3;
/// Final rows that are drawn at a time.
const BAND: usize = 16;

/// Pixels of the final image, rounded up to whole ones.
pub fn size(scene: &Scene) -> (u32, u32) {
    let pixels = |points: f64| (points * SCALE / FINE as f64).ceil() as u32;
    (pixels(scene.width), pixels(scene.height))
}

/// Writes the scene as a PNG file.
///
/// # Errors
/// In words, when the file cannot be written.
pub fn write(scene: &Scene, path: &Path) -> Result<(), String> {
    let (w, h) = size(scene);
    let fills: Vec<Fill> = scene.shapes.iter().map(Fill::of).collect();
    let mut image = BitMapBackend::new(path, (w, h));
    let mut band = Band::new(w as usize * FINE);
    for top in (0..h as usize).step_by(BAND) {
        let rows = BAND.min(h as usize - top);
        let small = band.draw(&fills, top * FINE, rows * FINE)?;
        image.blit_bitmap((0, top as i32), (w, rows as u32), &small).map_err(|e| e.to_string())?;
    }
    image.present().map_err(|e| e.to_string())
}

/// An edge of a polygon from its upper to its lower end, in points.
struct Edge {
    top: Point,
    low: Point,
    /// Which way round the polygon goes here.
    turn: i32,
    /// The rows whose centres it crosses.
    rows: Range<usize>,
}

/// The union of polygons in one colour.
struct Fill {
    edges: Vec<Edge>,
    color: Color,
    opacity: f64,
    /// The rows that any edge crosses.
    rows: Range<usize>,
}

impl Fill {
    fn of(shape: &Shape) -> Self {
        match shape {
            Shape::Line { points, stroke, .. } => Fill::new(&outline(points, stroke), stroke.color, 1.0),
            Shape::Area { points, color, opacity } => Fill::new(std::slice::from_ref(points), *color, *opacity),
            Shape::Tile { rect, color } => {
                let whole = |v: f64| (v * SCALE).round() / SCALE;
                let (l, t, r, b) = (whole(rect.left), whole(rect.top), whole(rect.right), whole(rect.bottom));
                Fill::new(&[vec![at(l, t), at(r, t), at(r, b), at(l, b)]], *color, 1.0)
            }
            Shape::Disc { at, radius, color } => Fill::new(&[disc(*at, *radius)], *color, 1.0),
            Shape::Text(text) => Fill::new(&letters(text), text.color, 1.0),
        }
    }

    /// Of polygons given in points.
    fn new(polygons: &[Vec<Point>], color: Color, opacity: f64) -> Self {
        let row = |y: f64| (y * SCALE - 0.5).ceil().max(0.0) as usize;
        let edge = |(from, to): (&Point, &Point)| {
            let (turn, top, low) = if from.y < to.y { (1, *from, *to) } else { (-1, *to, *from) };
            Edge { top, low, turn, rows: row(top.y)..row(low.y) }
        };
        let edges = polygons.iter().flat_map(|p| p.iter().zip(p.iter().cycle().skip(1)).map(edge));
        let edges: Vec<Edge> = edges.filter(|e| !e.rows.is_empty()).collect();
        let first = edges.iter().map(|e| e.rows.start).min().unwrap_or(0);
        let end = edges.iter().map(|e| e.rows.end).max().unwrap_or(0);
        Fill { edges, color, opacity, rows: first..end }
    }
}

/// Some supersampled rows of the image, few enough to stay in the cache.
struct Band {
    width: usize,
    pixels: Vec<u8>,
    /// For each row: where edges of the shape being filled cross it, and which way.
    crossings: Vec<Vec<(f64, i32)>>,
}

impl Band {
    fn new(width: usize) -> Self {
        let rows = BAND * FINE;
        Band { width, pixels: vec![255; width * rows * 3], crossings: vec![Vec::new(); rows] }
    }

    /// The `count` rows from `first` on of all fills, averaged down to final pixels.
    fn draw(&mut self, fills: &[Fill], first: usize, count: usize) -> Result<Vec<u8>, String> {
        let pixels = &mut self.pixels[..self.width * count * 3];
        pixels.fill(255);
        let mut canvas = BitMapBackend::with_buffer(pixels, (self.width as u32, count as u32));
        for fill in fills.iter().filter(|f| f.rows.start < first + count && f.rows.end > first) {
            paint(fill, first, &mut self.crossings[..count], &mut canvas)?;
        }
        drop(canvas);
        Ok(average(pixels, self.width))
    }
}

/// Fills each row of the band between the crossings whose turns do not cancel, each pixel at its centre.
fn paint(
    fill: &Fill,
    first: usize,
    crossings: &mut [Vec<(f64, i32)>],
    canvas: &mut BitMapBackend,
) -> Result<(), String> {
    for Edge { top, low, turn, rows } in &fill.edges {
        for row in rows.start.max(first)..rows.end.min(first + crossings.len()) {
            let y = (row as f64 + 0.5) / SCALE;
            let x = top.x + (low.x - top.x) * (y - top.y) / (low.y - top.y);
            crossings[row - first].push((x * SCALE, *turn));
        }
    }
    let Color(r, g, b) = fill.color;
    let style = RGBColor(r, g, b).mix(fill.opacity);
    for (row, hits) in (0..).zip(crossings) {
        hits.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut winding, mut start) = (0, 0.0);
        for (x, turn) in hits.drain(..) {
            if winding == 0 {
                start = x;
            }
            winding += turn;
            let (from, to) = ((start - 0.5).ceil() as i32, (x - 0.5).ceil() as i32);
            if winding == 0 && to > from {
                canvas.draw_rect((from, row), (to, row + 1), &style, true).map_err(|e| e.to_string())?;
            }
        }
    }
    Ok(())
}

/// Each final pixel is the mean of its FINE x FINE block.
fn average(fine: &[u8], fine_width: usize) -> Vec<u8> {
    const N: u16 = (FINE * FINE) as u16;
    let mut small = Vec::with_capacity(fine.len() / (FINE * FINE));
    let mut sums = vec![0u16; fine_width * 3];
    for rows in fine.chunks_exact(fine_width * 3 * FINE) {
        sums.fill(0);
        for row in rows.chunks_exact(fine_width * 3) {
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += u16::from(*value));
        }
        let mean = |block: &[u16], c: usize| (block.iter().skip(c).step_by(3).sum::<u16>() + N / 2) / N;
        small.extend(sums.chunks_exact(3 * FINE).flat_map(|block| [0, 1, 2].map(|c| mean(block, c) as u8)));
    }
    small
}

fn disc(at: Point, radius: f64) -> Vec<Point> {
    let n = 28;
    (0..n)
        .map(|i| {
            let angle = std::f64::consts::TAU * i as f64 / n as f64;
            Point { x: at.x + radius * angle.cos(), y: at.y + radius * angle.sin() }
        })
        .collect()
}

/// The polygons a stroked line covers: a box a segment and a disc a joint, all turning the same way.
fn outline(points: &[Point], stroke: &Stroke) -> Vec<Vec<Point>> {
    let half = stroke.width / 2.0;
    let mut polygons = Vec::new();
    for piece in dashes(points, stroke.dash) {
        for pair in piece.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let length = (b.x - a.x).hypot(b.y - a.y);
            if length > 0.0 {
                let (nx, ny) = (-(b.y - a.y) / length * half, (b.x - a.x) / length * half);
                polygons.push(vec![
                    at(a.x - nx, a.y - ny),
                    at(b.x - nx, b.y - ny),
                    at(b.x + nx, b.y + ny),
                    at(a.x + nx, a.y + ny),
                ]);
            }
        }
        if let [_, joints @ .., _] = &piece[..] {
            polygons.extend(joints.iter().map(|p| disc(*p, half)));
        }
    }
    polygons
}

/// The line cut into the pieces its dashes cover.
fn dashes(points: &[Point], pattern: &[f64]) -> Vec<Vec<Point>> {
    if pattern.iter().sum::<f64>() <= 0.0 {
        return vec![points.to_vec()];
    }
    let mut pieces = Vec::new();
    let (mut index, mut left) = (0, pattern[0]);
    let mut piece: Vec<Point> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let (mut a, b) = (pair[0], pair[1]);
        loop {
            let length = (b.x - a.x).hypot(b.y - a.y);
            if length <= left {
                left -= length;
                if index % 2 == 0 {
                    piece.push(b);
                }
                break;
            }
            a = at(a.x + (b.x - a.x) * left / length, a.y + (b.y - a.y) * left / length);
            if index % 2 == 0 {
                piece.push(a);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![a];
            }
            index += 1;
            left = pattern[index % pattern.len()];
        }
    }
    if piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

/// The outlines of a text where it stands.
fn letters(text: &Text) -> Vec<Vec<Point>> {
    let start = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -text::width(&text.text, text.size, text.weight) / 2.0,
        Anchor::End => -text::width(&text.text, text.size, text.weight),
    };
    let place = |p: &Point| {
        let (x, y) = (start + p.x * text.size, p.y * text.size);
        match text.turn {
            Turn::Level => at(text.at.x + x, text.at.y + y),
            Turn::Up => at(text.at.x + y, text.at.y - x),
            Turn::Down => at(text.at.x - y, text.at.y + x),
        }
    };
    text::outlines(&text.text, text.weight).iter().map(|contour| contour.iter().map(place).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_cover_their_share_of_the_line() {
        let line = [at(0.0, 0.0), at(7.0, 0.0), at(7.0, 13.0)];
        let pieces = dashes(&line, &[3.0, 1.0]);
        let length: f64 =
            pieces.iter().flat_map(|p| p.windows(2)).map(|s| (s[1].x - s[0].x).hypot(s[1].y - s[0].y)).sum();
        assert_eq!((pieces.len(), length), (5, 15.0));
        assert_eq!(dashes(&line, &[]), [line.to_vec()]);
    }

    #[test]
    fn a_square_fills_exactly_its_pixels() {
        let square = vec![at(0.5, 0.25), at(1.5, 0.25), at(1.5, 1.25), at(0.5, 1.25)];
        let fill = Fill::new(&[square], Color(0, 0, 0), 1.0);
        assert_eq!(fill.rows, 2..10);
        let mut band = Band::new(18);
        assert_eq!(band.draw(std::slice::from_ref(&fill), 0, 12).unwrap().len(), 6 * 4 * 3);
        assert_eq!(band.pixels[..18 * 12 * 3].iter().filter(|v| **v == 0).count(), 8 * 8 * 3);
        // The same rows, reached from a band that begins within the square.
        band.draw(&[fill], 6, 12).unwrap();
        assert_eq!(band.pixels[..18 * 12 * 3].iter().filter(|v| **v == 0).count(), 8 * 4 * 3);
        assert_eq!(average(&[9; 27], 3), [9, 9, 9]);
    }
}
