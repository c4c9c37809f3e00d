//! A scene as PNG, through plotters' bitmap backend: filled at eight pixels a point, averaged 3 x 3 down.
//!
//! Lines and letters become polygons here and are filled span by span (nonzero winding), since plotters' own
//! thick lines have holes at sharp turns and no smoothing.

use super::scene::{Anchor, Color, Point, Scene, Shape, Stroke, Text, Turn, at};
use super::text;
use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::{Color as _, RGBColor};
use std::path::Path;

/// Pixels a point in the supersampled image: 192 dpi (twice a screen's 96) times [`FINE`].
const SCALE: f64 = 8.0;
/// Supersampled pixels along a side of a final one.
const FINE: usize = 3;

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
    let fine = (w * FINE as u32, h * FINE as u32);
    let mut pixels = vec![255; fine.0 as usize * fine.1 as usize * 3];
    let mut canvas = Canvas { backend: BitMapBackend::with_buffer(&mut pixels, fine), height: fine.1 as usize };
    for shape in &scene.shapes {
        canvas.draw(shape)?;
    }
    drop(canvas);
    let small = average(&pixels, fine.0 as usize, (w as usize, h as usize));
    let mut image = BitMapBackend::new(path, (w, h));
    image.blit_bitmap((0, 0), (w, h), &small).map_err(|e| e.to_string())?;
    image.present().map_err(|e| e.to_string())
}

/// Each final pixel is the mean of its FINE x FINE block.
fn average(fine: &[u8], fine_width: usize, (w, h): (usize, usize)) -> Vec<u8> {
    let mut small = Vec::with_capacity(w * h * 3);
    let mut sums = vec![0u16; w * 3];
    for rows in fine.chunks_exact(fine_width * 3 * FINE).take(h) {
        sums.fill(0);
        for row in rows.chunks_exact(fine_width * 3) {
            for (x, pixel) in row.chunks_exact(3).enumerate() {
                let sum = &mut sums[x / FINE * 3..][..3];
                (0..3).for_each(|c| sum[c] += u16::from(pixel[c]));
            }
        }
        let n = (FINE * FINE) as u16;
        small.extend(sums.iter().map(|s| ((s + n / 2) / n) as u8));
    }
    small
}

struct Canvas<'a> {
    backend: BitMapBackend<'a>,
    height: usize,
}

impl Canvas<'_> {
    fn draw(&mut self, shape: &Shape) -> Result<(), String> {
        match shape {
            Shape::Line { points, stroke, .. } => self.fill(&outline(points, stroke), stroke.color, 1.0),
            Shape::Area { points, color, opacity } => self.fill(std::slice::from_ref(points), *color, *opacity),
            Shape::Tile { rect, color } => {
                let whole = |v: f64| (v * SCALE).round() / SCALE;
                let (l, t, r, b) = (whole(rect.left), whole(rect.top), whole(rect.right), whole(rect.bottom));
                self.fill(&[vec![at(l, t), at(r, t), at(r, b), at(l, b)]], *color, 1.0)
            }
            Shape::Disc { at, radius, color } => self.fill(&[disc(*at, *radius)], *color, 1.0),
            Shape::Text(text) => self.fill(&letters(text), text.color, 1.0),
        }
    }

    /// Fills the union of polygons given in points (nonzero winding), each pixel at its centre.
    fn fill(&mut self, polygons: &[Vec<Point>], Color(r, g, b): Color, opacity: f64) -> Result<(), String> {
        let style = RGBColor(r, g, b).mix(opacity);
        let mut crossings: std::collections::BTreeMap<usize, Vec<(f64, i32)>> = Default::default();
        for polygon in polygons {
            let ends = polygon.iter().cycle().skip(1);
            for (from, to) in polygon.iter().zip(ends) {
                let (turn, top, low) = if from.y < to.y { (1, from, to) } else { (-1, to, from) };
                let first = (top.y * SCALE - 0.5).ceil().max(0.0) as usize;
                let end = ((low.y * SCALE - 0.5).ceil().max(0.0) as usize).min(self.height);
                for row in first..end {
                    let y = (row as f64 + 0.5) / SCALE;
                    let x = top.x + (low.x - top.x) * (y - top.y) / (low.y - top.y);
                    crossings.entry(row).or_default().push((x * SCALE, turn));
                }
            }
        }
        for (row, mut hits) in crossings {
            hits.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (mut winding, mut start) = (0, 0.0);
            for (x, turn) in hits {
                if winding == 0 {
                    start = x;
                }
                winding += turn;
                let (from, to) = ((start - 0.5).ceil() as i32, (x - 0.5).ceil() as i32);
                if winding == 0 && to > from {
                    let row = row as i32;
                    self.backend.draw_rect((from, row), (to, row + 1), &style, true).map_err(|e| e.to_string())?;
                }
            }
        }
        Ok(())
    }
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
        let (w, h) = (16, 16);
        let mut pixels = vec![255; w * h * 3];
        let mut canvas = Canvas { backend: BitMapBackend::with_buffer(&mut pixels, (w as u32, h as u32)), height: h };
        canvas.fill(&[vec![at(0.5, 0.25), at(1.5, 0.25), at(1.5, 1.25), at(0.5, 1.25)]], Color(0, 0, 0), 1.0).unwrap();
        drop(canvas);
        assert_eq!(pixels.iter().filter(|v| **v == 0).count(), 8 * 8 * 3);
        assert_eq!(average(&[9; 27], 3, (1, 1)), [9, 9, 9]);
    }
}
