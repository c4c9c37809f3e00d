//! The pixels of a picture as numbers of few colours, which makes its file a third smaller: what fills an area keeps its colour, and
//! of the many shades along edges some stand for the others.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

/// Red, green and blue.
type Rgb = [u8; 3];

/// How many colours a palette holds.
const MOST: usize = 256;
/// A colour of an area, a line or a tile takes the place of others that differ from it by no more than this in red, green and blue.
const AREA: u8 = 4;
/// The same of a shade between two colours, which is an eighth of the way from ink to paper.
const EDGE: u8 = 32;
/// So many pixels that are equal to those to their left and above them are an area, and so many in a row a line.
const LARGE: usize = 24;

/// A palette, and the place in it of each of these pixels.
pub struct Indexed {
    pub palette: Vec<u8>,
    pub pixels: Vec<u8>,
}

/// The pixels of a picture of this width by a palette; `None` where none is large enough for it and the colours of its `tiles`.
pub fn indexed(pixels: &[u8], width: usize, tiles: &HashSet<Rgb>) -> Option<Indexed> {
    let pixels = pixels.as_chunks::<3>().0;
    let runs = || pixels.chunk_by(|a, b| a == b);
    // Of each colour the pixels in areas, all, and those of its longest row.
    let mut counts: HashMap<Rgb, (usize, usize, usize)> = HashMap::new();
    let mut start = 0;
    for run in runs() {
        let inner = (start + 1..start + run.len()).filter(|i| *i >= width && pixels[i - width] == run[0]);
        let (areas, all, longest) = counts.entry(run[0]).or_default();
        (*areas, *all, *longest) = (*areas + inner.count(), *all + run.len(), run.len().max(*longest));
        start += run.len();
    }
    let mut colors: Vec<(Rgb, (usize, usize, usize))> = counts.into_iter().collect();
    colors.sort_unstable_by_key(|(color, counts)| (Reverse(*counts), *color));
    let mut palette: Vec<Rgb> = Vec::new();
    let apart = |a: &Rgb, b: &Rgb| (0..3).map(|i| a[i].abs_diff(b[i])).max().unwrap_or(0);
    let mut places: HashMap<Rgb, u8> = HashMap::new();
    for (color, (areas, _, longest)) in colors {
        let most = if areas.max(longest) >= LARGE || tiles.contains(&color) { AREA } else { EDGE };
        let nearest = palette.iter().enumerate().map(|(place, own)| (apart(own, &color), place)).min();
        let place = match nearest {
            Some((apart, place)) if apart <= most => place,
            _ => {
                palette.push(color);
                palette.len() - 1
            }
        };
        places.insert(color, u8::try_from(place).ok().filter(|place| usize::from(*place) < MOST)?);
    }
    let by_place = || runs().flat_map(|run| std::iter::repeat_n(places[&run[0]], run.len())).collect();
    Some(Indexed { palette: palette.concat(), pixels: by_place() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_keep_their_colours_and_edges_take_near_ones() {
        let picture = |colors: &[Rgb], each: usize| -> Vec<u8> {
            colors.iter().flat_map(|color| std::iter::repeat_n(*color, each)).flatten().collect()
        };
        let moved = |pixels: &[u8], tiles: &[Rgb]| {
            let own = indexed(pixels, 1, &tiles.iter().copied().collect()).unwrap();
            let moved = pixels.chunks(3).zip(&own.pixels).map(|(pixel, place)| {
                let color = &own.palette[3 * *place as usize..][..3];
                pixel.iter().zip(color).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
            });
            (moved.max().unwrap(), own.palette.len() / 3)
        };
        let areas: Vec<Rgb> = (0..=50).map(|i| [5 * i, 255 - 5 * i, 7]).collect();
        assert_eq!(moved(&picture(&areas, 2 * LARGE), &[]), (0, 51));
        // All shades from ink to paper, each a pixel wide.
        let shades: Vec<Rgb> = (34..=255).map(|i| [i; 3]).collect();
        let (most, colors) = moved(&[picture(&[[34; 3], [255; 3]], 100), picture(&shades, 1)].concat(), &[]);
        assert!(most <= EDGE && colors <= 8, "{most} {colors}");
        // A thin line near the colour of an area.
        let line = [picture(&[[250; 3]], 3000), picture(&[[224; 3]], LARGE)].concat();
        assert_eq!(moved(&line, &[]), (0, 2));
        // The same shades as tiles, each a pixel high.
        let (most, colors) = moved(&picture(&shades, 1), &shades);
        assert!(most <= AREA && colors >= shades.len() / (2 * usize::from(AREA) + 1), "{most} {colors}");
        // A picture of many colours far apart stays as it is.
        let levels = || (0..=250).step_by(25);
        let many: Vec<Rgb> =
            levels().flat_map(|r| levels().flat_map(move |g| levels().map(move |b| [r, g, b]))).collect();
        assert!(indexed(&picture(&many, 2 * LARGE), 1, &HashSet::new()).is_none());
    }
}
