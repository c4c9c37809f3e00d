//! Triangles at the upper edge of a panel for what lies beyond it, with words beside them where these cover nothing.

use super::layout::{Panel, label};
use crate::figure::chart::{Beyond, BeyondPlace};
use crate::figure::scene::{Anchor, Scene, Text, at};
use crate::figure::style::{TICK, legible, mark};
use crate::figure::text::{Weight, width};

const RADIUS: f64 = 2.6;
/// Room of a triangle, and between it and its words.
const ROOM: f64 = 6.0;

/// Draws them, those of one place side by side, and of each the longest words that fit.
pub fn draw(scene: &mut Scene, panel: &Panel, beyond: &Beyond) {
    let y = panel.area.top + beyond.inset;
    let beside = |i: usize, place: &BeyondPlace| {
        let same = |other: &&BeyondPlace| other.x == place.x;
        let (before, all) = (beyond.places[..i].iter().filter(same).count(), beyond.places.iter().filter(same).count());
        let x = panel.x(place.x) + ROOM * (before as f64 - (all - 1) as f64 / 2.0);
        x.clamp(panel.area.left + ROOM / 2.0, panel.area.right - ROOM / 2.0)
    };
    let centers: Vec<f64> = beyond.places.iter().enumerate().map(|(i, place)| beside(i, place)).collect();
    // What is taken along the strip, from and to.
    let mut taken: Vec<(f64, f64)> = centers.iter().map(|x| (x - ROOM / 2.0, x + ROOM / 2.0)).collect();
    for (place, x) in beyond.places.iter().zip(&centers) {
        mark(scene, at(*x, y), RADIUS, &place.look);
        let name = if place.name.is_empty() { String::new() } else { format!("{}\n", place.name) };
        scene.tip(at(*x, y), format!("{name}{}: {}", panel.x.reading(place.x), place.told));
        let candidates = place.words.iter().flatten().flat_map(|words| {
            let long = width(words, TICK, Weight::Regular) + 1.0;
            let (right, left) = (x + ROOM / 2.0, x - ROOM / 2.0);
            [(words, right, right + long), (words, left - long, left)]
        });
        let is_free = |(_, from, to): &(&String, f64, f64)| {
            *from >= panel.area.left
                && *to <= panel.area.right
                && taken.iter().all(|(low, high)| to <= low || from >= high)
        };
        if let Some((words, from, to)) = candidates.into_iter().find(is_free) {
            taken.push((from, to));
            let text = label(at(from + 0.5, y + 0.36 * TICK), &**words, TICK, Anchor::Start);
            scene.text(Text { color: legible(place.look.color), ..text });
        }
    }
}
