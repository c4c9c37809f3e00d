//! The pixels of a picture as numbers of at most 256 colours, which makes its file a third smaller.

use std::cmp::Reverse;
use std::collections::HashMap;

/// Red, green and blue.
type Rgb = [u8; 3];

/// How many colours a palette holds.
const MOST: usize = 256;
/// A colour that differs by more than this from the one that takes its place, in red, green or blue, can be seen to.
const SEEN: u8 = 16;
/// The share of pixels that may: those between two colours along edges.
const FEW: f64 = 0.01;

/// A palette, and the place in it of each of these pixels.
pub struct Indexed {
    pub palette: Vec<u8>,
    pub pixels: Vec<u8>,
}

/// The pixels by the most frequent colours, each of the others replaced by the nearest; `None` where that could be seen.
pub fn indexed(pixels: &[u8]) -> Option<Indexed> {
    let pixels = pixels.as_chunks::<3>().0;
    let runs = || pixels.chunk_by(|a, b| a == b);
    let mut counts: HashMap<Rgb, usize> = HashMap::new();
    runs().for_each(|run| *counts.entry(run[0]).or_default() += run.len());
    let mut colors: Vec<(Rgb, usize)> = counts.into_iter().collect();
    colors.sort_unstable_by_key(|(color, count)| (Reverse(*count), *color));
    let kept: Vec<Rgb> = colors.iter().take(MOST).map(|(color, _)| *color).collect();
    let mut seen = 0;
    let mut places: HashMap<Rgb, u8> = HashMap::new();
    for (color, count) in colors {
        let apart = |own: &Rgb| (0..3).map(|i| own[i].abs_diff(color[i])).max().unwrap_or(0);
        let (place, nearest) = kept.iter().enumerate().min_by_key(|(_, own)| apart(own))?;
        seen += if apart(nearest) > SEEN { count } else { 0 };
        places.insert(color, place as u8);
    }
    let by_place = || runs().flat_map(|run| std::iter::repeat_n(places[&run[0]], run.len())).collect();
    let few = seen as f64 <= FEW * pixels.len() as f64;
    few.then(|| Indexed { palette: kept.concat(), pixels: by_place() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_keeps_its_colour_or_takes_one_that_looks_the_same() {
        let picture = |colors: &[Rgb], each: usize| -> Vec<u8> {
            colors.iter().flat_map(|color| std::iter::repeat_n(*color, each)).flatten().collect()
        };
        let few: Vec<Rgb> = (0..=255).map(|i| [i, 255 - i, 7]).collect();
        let own = indexed(&picture(&few, 3)).unwrap();
        let back: Vec<u8> = own.pixels.iter().flat_map(|p| own.palette[3 * *p as usize..][..3].to_vec()).collect();
        assert_eq!(back, picture(&few, 3));
        // Two more colours near others, on few pixels, move by little.
        let more = [picture(&few, 300), picture(&[[10, 240, 7], [0, 255, 0]], 1)].concat();
        let own = indexed(&more).unwrap();
        let moved = more.chunks(3).zip(&own.pixels).map(|(pixel, place)| {
            let color = &own.palette[3 * *place as usize..][..3];
            pixel.iter().zip(color).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
        });
        assert!(moved.max().unwrap() <= SEEN);
        // A picture of many colours far apart stays as it is.
        let levels = || (0..=250).step_by(25);
        let many: Vec<Rgb> =
            levels().flat_map(|r| levels().flat_map(move |g| levels().map(move |b| [r, g, b]))).collect();
        assert!(indexed(&picture(&many, 1)).is_none());
    }
}
