//! A scene as PNG: the shapes are filled here, plotters' bitmap backend holds the finished pixels, and the crate `png` writes them.
//!
//! Shapes are filled at seven pixels a point and averaged 3 x 3 down.
//!
//! Lines and letters become polygons here and are filled span by span (nonzero winding), since plotters' own
//! thick lines have holes at sharp turns and no smoothing.

use super::origin::{KEYWORD, Origin};
use super::palette::{self, Indexed};
use crate::figure::scene::{Color, Point, Scene, Shape, Stroke, Text, Turn, at};
use crate::figure::text;
use plotters::backend::{BitMapBackend, DrawingBackend};
use png::{Compression, Encoder, FilterType, PixelDimensions, Unit};
use std::collections::HashSet;
use std::io;
use std::ops::Range;

/// Pixels a point in the supersampled image: 168 dpi (a screen has 96) times [`FINE`].
const SCALE: f64 = 7.0;
/// Supersampled pixels along a side of a final one.
const FINE: usize = 3;
/// Final rows that are drawn at a time.
const BAND: usize = 16;

/// Pixels of the final image, rounded up to whole ones.
pub fn size(scene: &Scene) -> (u32, u32) {
    let pixels = |points: f64| (points * SCALE / FINE as f64).ceil() as u32;
    (pixels(scene.width), pixels(scene.height))
}

/// Pixels a metre.
fn density() -> u32 {
    const POINTS_A_METRE: f64 = 72.0 / 0.0254;
    (SCALE / FINE as f64 * POINTS_A_METRE).round() as u32
}

/// The file's content: the pixels, how large they are on paper, and where the figure comes from.
///
/// # Errors
/// A scene that is too large for an image.
pub fn render(scene: &Scene, origin: &Origin) -> io::Result<Vec<u8>> {
    let ((w, h), mut file) = (size(scene), Vec::new());
    let mut encoder = Encoder::new(&mut file, w, h);
    let pixels = pixels(scene)?;
    let tiles: HashSet<[u8; 3]> = scene.shapes.iter().filter_map(tile_color).collect();
    let indexed = palette::indexed(&pixels, w as usize, &tiles);
    encoder.set_color(if indexed.is_some() { png::ColorType::Indexed } else { png::ColorType::Rgb });
    let (palette, pixels) = indexed.map_or((None, pixels), |Indexed { palette, pixels }| (Some(palette), pixels));
    if let Some(palette) = palette {
        encoder.set_palette(palette);
    }
    // Runs of one colour, of which figures mostly are, are shortest unfiltered: a third of the size of the fastest way.
    encoder.set_compression(Compression::Best);
    encoder.set_filter(FilterType::NoFilter);
    encoder.set_pixel_dims(Some(PixelDimensions { xppu: density(), yppu: density(), unit: Unit::Meter }));
    encoder.add_itxt_chunk(KEYWORD.into(), origin.json())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(file)
}

/// The colour of a tile, which has a meaning also where it is one pixel high, as on the scale of a map.
fn tile_color(shape: &Shape) -> Option<[u8; 3]> {
    match shape {
        Shape::Tile { color: Color(r, g, b), .. } => Some([*r, *g, *b]),
        _ => None,
    }
}

/// Red, green and blue of all pixels, row by row.
fn pixels(scene: &Scene) -> io::Result<Vec<u8>> {
    let (w, h) = size(scene);
    let mut pixels = vec![0; w as usize * h as usize * 3];
    let mut image = BitMapBackend::with_buffer(&mut pixels, (w, h));
    let mut band = Band::new(w as usize * FINE);
    let fills: Vec<(&Shape, Range<usize>, Option<Fill>)> = scene.shapes.iter().map(prepare).collect();
    for top in (0..h as usize).step_by(BAND) {
        let rows = top * FINE..(top + BAND).min(h as usize) * FINE;
        band.clear(rows.clone());
        for (shape, covered, fill) in &fills {
            if covered.start < rows.end && rows.start < covered.end {
                match fill {
                    Some(fill) => band.paint(fill),
                    None => band.paint(&Fill::of(shape)),
                }
            }
        }
        let size = (w, (rows.len() / FINE) as u32);
        image.blit_bitmap((0, top as i32), size, &band.average()).map_err(io::Error::other)?;
    }
    drop(image);
    Ok(pixels)
}

/// A shape with the rows it covers. Its fill is kept only if several bands need it: a dot a run makes many.
fn prepare(shape: &Shape) -> (&Shape, Range<usize>, Option<Fill>) {
    let fill = Fill::of(shape);
    (shape, fill.rows.clone(), (fill.rows.len() > BAND * FINE).then_some(fill))
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
            Shape::Tile { rect, color, .. } => {
                let whole = |v: f64| (v * SCALE).round() / SCALE;
                let (l, t, r, b) = (whole(rect.left), whole(rect.top), whole(rect.right), whole(rect.bottom));
                Fill::new(&[vec![at(l, t), at(r, t), at(r, b), at(l, b)]], *color, 1.0)
            }
            Shape::Disc { at, radius, color } => Fill::new(&[disc(*at, *radius)], *color, 1.0),
            Shape::Text(text) => Fill::new(&letters(text), text.color, 1.0),
            Shape::Tip { .. } => Fill::new(&[], Color(0, 0, 0), 0.0),
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
    /// Which rows of the image they are.
    rows: Range<usize>,
    pixels: Vec<u8>,
    /// For each row: where edges of the shape being filled cross it, and which way.
    crossings: Vec<Vec<(f64, i32)>>,
}

impl Band {
    fn new(width: usize) -> Self {
        Band { width, rows: 0..0, pixels: Vec::new(), crossings: vec![Vec::new(); BAND * FINE] }
    }

    /// Makes it these rows, white.
    fn clear(&mut self, rows: Range<usize>) {
        self.pixels.clear();
        self.pixels.resize(self.width * rows.len() * 3, 255);
        self.rows = rows;
    }

    /// Fills each row between the crossings whose turns do not cancel, each pixel at its centre.
    fn paint(&mut self, fill: &Fill) {
        for Edge { top, low, turn, rows } in &fill.edges {
            for row in rows.start.max(self.rows.start)..rows.end.min(self.rows.end) {
                let y = (row as f64 + 0.5) / SCALE;
                let x = top.x + (low.x - top.x) * (y - top.y) / (low.y - top.y);
                self.crossings[row - self.rows.start].push((x * SCALE, *turn));
            }
        }
        let ink = Ink::new(fill.color, fill.opacity);
        let width = self.width;
        let pixel = |x: f64| (x - 0.5).ceil().clamp(0.0, width as f64) as usize;
        for (hits, row) in self.crossings.iter_mut().zip(self.pixels.chunks_exact_mut(width * 3)) {
            hits.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            let (mut winding, mut start) = (0, 0.0);
            for (x, turn) in hits.drain(..) {
                if winding == 0 {
                    start = x;
                }
                winding += turn;
                let (from, to) = (pixel(start), pixel(x));
                if winding == 0 && from < to {
                    ink.cover(&mut row[3 * from..3 * to]);
                }
            }
        }
    }

    /// Each final pixel is the mean of its FINE x FINE block; the sums are written out for FINE = 3, so that they
    /// become vector instructions.
    fn average(&self) -> Vec<u8> {
        const N: u16 = (FINE * FINE) as u16;
        let mut small = vec![0; self.pixels.len() / (FINE * FINE)];
        let mut sums = vec![0u16; self.width * 3];
        let lines = self.pixels.chunks_exact(self.width * 3 * FINE);
        for (rows, pixels) in lines.zip(small.chunks_exact_mut(self.width / FINE * 3)) {
            let (first, rest) = rows.split_at(self.width * 3);
            let (second, third) = rest.split_at(self.width * 3);
            for (((sum, a), b), c) in sums.iter_mut().zip(first).zip(second).zip(third) {
                *sum = u16::from(*a) + u16::from(*b) + u16::from(*c);
            }
            let (blocks, _) = sums.as_chunks::<{ 3 * FINE }>();
            for (block, pixel) in blocks.iter().zip(pixels.as_chunks_mut::<3>().0) {
                for c in 0..3 {
                    pixel[c] = ((block[c] + block[c + 3] + block[c + 6] + N / 2) / N) as u8;
                }
            }
        }
        small
    }
}

/// A colour over what is there.
struct Ink {
    /// What is kept of a value, in 256ths.
    keep: u16,
    /// What is added to it, in 256ths: red, green and blue in turn, as long as a few vectors.
    add: [u16; 48],
}

impl Ink {
    fn new(Color(r, g, b): Color, opacity: f64) -> Self {
        let share = (256.0 * opacity) as u16;
        let add = std::array::from_fn(|i| share * u16::from([r, g, b][i % 3]));
        Ink { keep: 256 - share, add }
    }

    fn cover(&self, pixels: &mut [u8]) {
        for chunk in pixels.chunks_mut(self.add.len()) {
            chunk.iter_mut().zip(&self.add).for_each(|(v, add)| *v = ((u16::from(*v) * self.keep + add) >> 8) as u8);
        }
    }
}

fn disc(at: Point, radius: f64) -> Vec<Point> {
    let corner = |i: i32| {
        let angle = std::f64::consts::TAU * f64::from(i) / 28.0;
        Point { x: at.x + radius * angle.cos(), y: at.y + radius * angle.sin() }
    };
    (0..28).map(corner).collect()
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
                let side = |p: Point, sign: f64| at(p.x + sign * nx, p.y + sign * ny);
                polygons.push(vec![side(a, -1.0), side(b, -1.0), side(b, 1.0), side(a, 1.0)]);
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
        let mut length = (b.x - a.x).hypot(b.y - a.y);
        // Not so for a length that is no number, which would never end.
        while length > left {
            a = at(a.x + (b.x - a.x) * left / length, a.y + (b.y - a.y) * left / length);
            if index % 2 == 0 {
                piece.push(a);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![a];
            }
            index += 1;
            left = pattern[index % pattern.len()];
            length = (b.x - a.x).hypot(b.y - a.y);
        }
        left -= length;
        if index % 2 == 0 {
            piece.push(b);
        }
    }
    if piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

/// The outlines of a text where it stands.
fn letters(text: &Text) -> Vec<Vec<Point>> {
    let start = text.anchor.start(text::width(&text.text, text.size, text.weight));
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
        for odd in [f64::NAN, f64::INFINITY] {
            assert!(dashes(&[at(0.0, odd), at(7.0, odd)], &[3.0, 1.0]).len() < 3);
        }
    }

    #[test]
    fn a_square_fills_exactly_its_pixels() {
        let corner = |x: f64, y: f64| at(x / SCALE, y / SCALE);
        let square = vec![corner(4.0, 2.0), corner(12.0, 2.0), corner(12.0, 10.0), corner(4.0, 10.0)];
        let fill = Fill::new(&[square], Color(0, 0, 0), 1.0);
        assert_eq!(fill.rows, 2..10);
        let mut band = Band::new(18);
        let ink = |band: &Band| band.average().iter().map(|v| 1.0 - f64::from(*v) / 255.0).sum::<f64>() * 3.0;
        band.clear(0..12);
        band.paint(&fill);
        assert_eq!((band.average().len(), ink(&band).round()), (6 * 4 * 3, 64.0));
        // A band that begins within the square, over what another band left.
        band.clear(6..18);
        band.paint(&fill);
        assert_eq!(ink(&band).round(), 32.0);
    }
}
