//! The one font of all figures (DejaVu Sans, compiled in): widths for the layout, outlines for the PNG, its bytes for the PDF.
//!
//! Glyphs are filled as polygons like every other shape, since plotters places them on whole pixels
//! without their side bearings, which sets letters visibly unevenly.

use super::scene::Point;
use ab_glyph::{Font, FontRef, OutlineCurve};
use std::sync::OnceLock;

/// Regular or bold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Regular,
    Bold,
}

/// Height of a capital letter, in em.
pub const CAP: f64 = 0.73;
/// Reach of a descender below the baseline, in em.
pub const DESCENT: f64 = 0.24;

/// The font file.
pub fn bytes(weight: Weight) -> &'static [u8] {
    match weight {
        Weight::Regular => dejavu::sans::regular(),
        Weight::Bold => dejavu::sans::bold(),
    }
}

fn font(weight: Weight) -> &'static FontRef<'static> {
    static FONTS: OnceLock<[FontRef<'static>; 2]> = OnceLock::new();
    let load = |weight| FontRef::try_from_slice(bytes(weight)).expect("DejaVu Sans is compiled in and well formed");
    let fonts = FONTS.get_or_init(|| [Weight::Regular, Weight::Bold].map(load));
    &fonts[weight as usize]
}

/// Whether the font can show the character.
pub fn has(c: char) -> bool {
    font(Weight::Regular).glyph_id(c).0 != 0
}

/// The text with the code points of characters that the font lacks: `[U+4E2D]`.
pub fn shown(text: &str) -> String {
    let shown = |c: char| if has(c) || c.is_control() { c.to_string() } else { format!("[U+{:04X}]", u32::from(c)) };
    text.chars().map(shown).collect()
}

/// The width of a line of text, in the unit of `size` (points per em).
pub fn width(text: &str, size: f64, weight: Weight) -> f64 {
    place(text, weight).1 * size
}

/// Each glyph with its pen position, and the whole advance, in em.
pub fn place(text: &str, weight: Weight) -> (Vec<(ab_glyph::GlyphId, f64)>, f64) {
    let font = font(weight);
    let em = f64::from(font.units_per_em().unwrap_or(2048.0));
    let (mut pen, mut last, mut glyphs) = (0.0, None, Vec::new());
    for c in text.chars() {
        let glyph = font.glyph_id(c);
        if let Some(last) = last {
            pen += f64::from(font.kern_unscaled(last, glyph)) / em;
        }
        glyphs.push((glyph, pen));
        pen += f64::from(font.h_advance_unscaled(glyph)) / em;
        last = Some(glyph);
    }
    (glyphs, pen)
}

/// Closed contours of a line of text in em, x to the right from its start, y down from its baseline.
pub fn outlines(text: &str, weight: Weight) -> Vec<Vec<Point>> {
    let font = font(weight);
    let em = f64::from(font.units_per_em().unwrap_or(2048.0));
    let mut contours: Vec<Vec<Point>> = Vec::new();
    for (glyph, pen) in place(text, weight).0 {
        let Some(outline) = font.outline(glyph) else { continue };
        let at = |p: ab_glyph::Point| Point { x: pen + f64::from(p.x) / em, y: -f64::from(p.y) / em };
        let mut end = None;
        for curve in outline.curves {
            let (start, points) = flatten(&curve);
            if end != Some((start.x, start.y)) {
                contours.push(vec![at(start)]);
            }
            end = points.last().map(|p| (p.x, p.y));
            contours.last_mut().expect("a contour was begun above").extend(points.into_iter().map(at));
        }
    }
    contours
}

/// The start of a curve and points along it up to its end; eight chords are below a pixel at our sizes.
fn flatten(curve: &OutlineCurve) -> (ab_glyph::Point, Vec<ab_glyph::Point>) {
    let steps = (1..=8).map(|i| i as f32 / 8.0);
    match *curve {
        OutlineCurve::Line(a, b) => (a, vec![b]),
        OutlineCurve::Quad(a, b, c) => {
            let at = |t: f32| {
                let (p, q, r) = ((1.0 - t) * (1.0 - t), 2.0 * t * (1.0 - t), t * t);
                ab_glyph::point(p * a.x + q * b.x + r * c.x, p * a.y + q * b.y + r * c.y)
            };
            (a, steps.map(at).collect())
        }
        OutlineCurve::Cubic(a, b, c, d) => {
            let at = |t: f32| {
                let u = 1.0 - t;
                let (p, q, r, s) = (u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t);
                ab_glyph::point(p * a.x + q * b.x + r * c.x + s * d.x, p * a.y + q * b.y + r * c.y + s * d.y)
            };
            (a, steps.map(at).collect())
        }
    }
}

/// The text broken at spaces into lines no wider than `room`; a single longer word keeps its line.
pub fn wrap(text: &str, size: f64, weight: Weight, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size, weight) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

/// The text cut to `room`, whole if it fits: of `name = value` the name is shortened, of other texts the middle, so that what
/// tells them apart is kept.
pub fn fit(text: &str, size: f64, weight: Weight, room: f64) -> String {
    let fits = |text: &str| width(text, size, weight) <= room;
    let (name, value) = text.rsplit_once(" = ").map_or((text, None), |(name, value)| (name, Some(value)));
    let letters: Vec<char> = name.chars().collect();
    let cut = |kept: usize| {
        // Of a name its beginning, of a bare value its two ends.
        let tail = if value.is_some() { 0 } else { kept / 2 };
        let (head, tail) = (&letters[..kept - tail], &letters[letters.len() - tail..]);
        let short = format!("{}…{}", head.iter().collect::<String>(), tail.iter().collect::<String>());
        value.map_or(short.clone(), |value| format!("{short} = {value}"))
    };
    let shorter = || (1..letters.len()).rev().map(cut);
    [text.to_string()].into_iter().chain(shorter()).find(|text| fits(text)).unwrap_or_else(|| match value {
        Some(value) => fit(value, size, weight, room),
        None => cut(1.min(letters.len())),
    })
}

/// A power of ten as readers write it: `10⁻⁴⁰`, and `1` and `10` as themselves.
pub fn power_of_ten(exponent: i64) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    if let 0 | 1 = exponent {
        return if exponent == 0 { "1".into() } else { "10".into() };
    }
    let digits = exponent.unsigned_abs().to_string();
    let sign = if exponent < 0 { "⁻" } else { "" };
    format!("10{sign}{}", digits.bytes().map(|d| DIGITS[usize::from(d - b'0')]).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_we_write_is_in_the_font() {
        for c in "⁰¹²³⁴⁵⁶⁷⁸⁹⁻−×·→–…▼▲○●≥=✓✗".chars() {
            assert!(has(c), "{c}");
        }
        assert_eq!(shown("Größe 中"), "Größe [U+4E2D]");
        assert_eq!(power_of_ten(-40), "10⁻⁴⁰");
        assert_eq!(power_of_ten(-300), "10⁻³⁰⁰");
    }

    #[test]
    fn lines_keep_to_their_room() {
        let text = "Median and range of five seeds, before the first update, probe of 64 training rows";
        let lines = wrap(text, 7.0, Weight::Regular, 120.0);
        assert!(lines.len() > 2 && lines.iter().all(|l| width(l, 7.0, Weight::Regular) <= 120.0));
        assert_eq!(lines.join(" "), text);
        assert!(width(&fit(text, 7.0, Weight::Regular, 60.0), 7.0, Weight::Regular) <= 60.0);
        let short = |text: &str, room| fit(text, 7.0, Weight::Regular, room);
        assert!(short("learning rate = 0.001", 60.0).ends_with("… = 0.001"));
        assert_eq!(short("learning rate = 0.001", 24.0), "0.001");
        assert_ne!(short("momentum, decayed slowly", 60.0), short("momentum, decayed quickly", 60.0));
    }

    #[test]
    fn outlines_lie_within_the_line() {
        for p in outlines("Ag10⁻⁴⁰", Weight::Bold).concat() {
            assert!(p.y > -1.0 && p.y < 0.3 && p.x > -0.1 && p.x < width("Ag10⁻⁴⁰", 1.0, Weight::Bold) + 0.1);
        }
    }
}
