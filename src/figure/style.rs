//! The house style: colours that colour-blind readers and a grey printer can tell apart, sizes, dashes, markers.

use super::scene::{Color, Point, Scene, Stroke, at};

pub const INK: Color = Color(0x22, 0x22, 0x22);
pub const SOFT: Color = Color(0x62, 0x62, 0x62);
pub const RULE: Color = Color(0xe4, 0xe4, 0xe4);
pub const EDGE: Color = Color(0x8c, 0x8c, 0x8c);
pub const WHITE: Color = Color(0xff, 0xff, 0xff);
/// Under values that are not numbers in a heat map.
pub const MISSING: Color = Color(0xd0, 0xd0, 0xd0);
/// Exact zeros in a heat map, which no place on the colour scale could stand for.
pub const ZERO: Color = Color(0xcc, 0x79, 0xa7);

/// 6.5 inches, a text page.
pub const WIDTH: f64 = 468.0;
pub const MARGIN: f64 = 12.0;
pub const TITLE: f64 = 12.0;
pub const HEADING: f64 = 9.6;
pub const LABEL: f64 = 8.8;
pub const TICK: f64 = 8.2;
pub const THIN: f64 = 0.6;
pub const LINE: f64 = 1.5;

/// After Okabe & Ito, "Color Universal Design" (2008): black first for the baseline, without the yellow, and what would be too
/// pale for a line on white is darker.
const CATEGORIES: [u32; 7] = [0x000000, 0xd55e00, 0x0072b2, 0x00916a, 0xbd5f92, 0xa87400, 0x2f8fc9];

/// Brown over grey to blue-green (ColorBrewer's BrBG, Harrower & Brewer 2003) at eighths, its middle a little darker than paper.
const BROWN_TEAL: [u32; 9] = [0x543005, 0x8c510a, 0xbf812d, 0xdfc27d, 0xe6e6e6, 0x80cdc1, 0x35978f, 0x01665e, 0x003c30];

/// Viridis (van der Walt and Smith 2015, CC0) at eighths, dark to light.
const VIRIDIS: [u32; 9] = [0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962, 0xaddc30, 0xfde725];

const DASHES: [&[f64]; 5] = [&[], &[5.0, 1.8], &[1.5, 1.5], &[7.0, 1.5, 1.5, 1.5], &[3.0, 1.2]];

/// A colour as `0xrrggbb`.
const fn hex(rgb: u32) -> Color {
    let [_, r, g, b] = rgb.to_be_bytes();
    Color(r, g, b)
}

/// The perceptually uniform map from 0 (dark) to 1 (light).
pub fn viridis(share: f64) -> Color {
    between(&VIRIDIS, share)
}

/// The map from -1 (brown) over 0 (grey) to 1 (teal).
pub fn diverging(share: f64) -> Color {
    between(&BROWN_TEAL, (share + 1.0) / 2.0)
}

fn between(map: &[u32], share: f64) -> Color {
    let place = share.clamp(0.0, 1.0) * (map.len() - 1) as f64;
    let i = (place as usize).min(map.len() - 2);
    let (Color(r, g, b), Color(s, h, c)) = (hex(map[i]), hex(map[i + 1]));
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * (place - i as f64)).round() as u8;
    Color(mix(r, s), mix(g, h), mix(b, c))
}

/// Relative luminance (WCAG 2.2).
fn luminance(Color(r, g, b): Color) -> f64 {
    let linear = |v: u8| match f64::from(v) / 255.0 {
        v if v <= 0.04045 => v / 12.92,
        v => ((v + 0.055) / 1.055).powf(2.4),
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

/// How far two colours differ in light, from 1 to 21 (WCAG 2.2).
pub fn contrast(a: Color, b: Color) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Least contrast of text with what is under it.
pub const READABLE: f64 = 4.5;

/// The colour as text on white: darkened where it is too light to read.
pub fn legible(color: Color) -> Color {
    let Color(r, g, b) = color;
    let dark = |keep: f64| Color((f64::from(r) * keep) as u8, (f64::from(g) * keep) as u8, (f64::from(b) * keep) as u8);
    let darker = (1..=20).map(|i| dark(1.0 - f64::from(i) / 20.0));
    [color].into_iter().chain(darker).find(|color| contrast(*color, WHITE) >= READABLE).unwrap_or(INK)
}

/// Black or white, whichever can be read on a colour.
pub fn on(color: Color) -> Color {
    let black = Color(0, 0, 0);
    if contrast(black, color) >= contrast(WHITE, color) { black } else { WHITE }
}

/// The colour mixed with white; 1 keeps it.
pub fn tint(Color(r, g, b): Color, strength: f64) -> Color {
    let mix = |v: u8| (255.0 - (255.0 - f64::from(v)) * strength).round() as u8;
    Color(mix(r), mix(g), mix(b))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    Disc,
    Square,
    Diamond,
    Up,
    /// Zeros on a floor line.
    Down,
    /// Runs that diverged.
    Cross,
}

/// How one series looks everywhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    pub color: Color,
    pub dash: &'static [f64],
    pub marker: Marker,
    /// Drawn as an outline on white.
    pub hollow: bool,
}

impl Look {
    /// The only series of a figure.
    pub const ONLY: Look = Look { color: hex(CATEGORIES[2]), dash: &[], marker: Marker::Disc, hollow: false };

    /// Number `index` of `count`: a hue for categories, a ramp from light to dark for ordered values.
    pub fn of(index: usize, count: usize, ordered: bool) -> Look {
        const MARKERS: [Marker; 4] = [Marker::Disc, Marker::Square, Marker::Diamond, Marker::Up];
        let color = if ordered {
            // The lighter part of the map is too pale for a line on white.
            viridis(0.58 * (1.0 - index as f64 / count.saturating_sub(1).max(1) as f64))
        } else {
            hex(CATEGORIES[index % CATEGORIES.len()])
        };
        // Shifts against the hues, so that no look comes back before the sixtieth.
        let turn = index + index / CATEGORIES.len() + index / (CATEGORIES.len() * DASHES.len());
        Look {
            color,
            dash: if ordered && count > DASHES.len() { &[] } else { DASHES[turn % DASHES.len()] },
            marker: MARKERS[turn % MARKERS.len()],
            hollow: (turn / MARKERS.len()) % 2 == 1,
        }
    }

    pub fn stroke(&self, width: f64) -> Stroke {
        Stroke { color: self.color, width, dash: self.dash }
    }
}

pub fn solid(color: Color, width: f64) -> Stroke {
    Stroke { color, width, dash: &[] }
}

/// Draws a marker of about `radius` points.
pub fn mark(scene: &mut Scene, center: Point, radius: f64, look: &Look) {
    let Point { x, y } = center;
    let around = |unit: &[(f64, f64)]| unit.iter().map(|(u, v)| at(x + u * radius, y + v * radius)).collect::<Vec<_>>();
    let corners = match look.marker {
        Marker::Disc => {
            scene.disc(center, radius, look.color);
            if look.hollow {
                scene.disc(center, radius - 0.9, WHITE);
            }
            return;
        }
        Marker::Cross => {
            let arm = solid(look.color, 1.2);
            scene.line(around(&[(-0.9, -0.9), (0.9, 0.9)]), arm);
            scene.line(around(&[(-0.9, 0.9), (0.9, -0.9)]), arm);
            return;
        }
        Marker::Square => around(&[(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)]),
        Marker::Diamond => around(&[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)]),
        Marker::Up => around(&[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)]),
        Marker::Down => around(&[(0.0, 1.2), (-1.1, -0.8), (1.1, -0.8)]),
    };
    if look.hollow {
        scene.area(corners.clone(), WHITE, 1.0);
        let closed = corners.iter().chain(&corners[..2]).copied().collect();
        scene.line(closed, solid(look.color, 0.9));
    } else {
        scene.area(corners, look.color, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn sixty_series_all_look_different() {
        let looks: HashSet<_> = (0..60)
            .map(|i| Look::of(i, 60, false))
            .map(|l| format!("{:?} {:?} {:?} {}", l.color, l.dash, l.marker, l.hollow))
            .collect();
        assert_eq!(looks.len(), 60);
    }

    #[test]
    fn the_map_grows_lighter_all_the_way() {
        let shades: Vec<f64> = (0..=64).map(|i| luminance(viridis(f64::from(i) / 64.0))).collect();
        assert!(shades.windows(2).all(|w| w[0] < w[1]));
    }

    #[test]
    fn every_line_and_every_text_stands_out() {
        for (count, ordered) in [(60, false), (60, true), (2, true)] {
            for color in (0..count).map(|i| Look::of(i, count, ordered).color) {
                assert!(contrast(color, WHITE) >= 3.0, "{color:?} {}", contrast(color, WHITE));
                assert!(contrast(legible(color), WHITE) >= READABLE, "{color:?}");
            }
        }
        for share in (0..=64).map(|i| f64::from(i) / 64.0) {
            for color in [viridis(share), diverging(2.0 * share - 1.0), MISSING, ZERO] {
                assert!(contrast(on(color), color) >= READABLE, "{color:?}");
            }
        }
        assert!([INK, SOFT].iter().all(|color| contrast(*color, WHITE) >= READABLE));
    }
}
