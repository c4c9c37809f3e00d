//! Runs as dots: at places along x, and one arm in a row.

use super::layout::Panel;
use super::marks::{cross, inset_from, inward, median, zero};
use crate::figure::chart::{Arm, Dots, Points, Stack};
use crate::figure::endings::Ending;
use crate::figure::ruler::{End, range};
use crate::figure::scene::{Color, Scene, at};
use crate::figure::style::{LINE, Look, Marker, mark, solid};

/// Most room for one series at a place: two places far apart are still two places.
const SLOT: f64 = 4.5;

/// Half the length of the bar through a median.
const BAR: f64 = 4.0;

/// Every run as a dot, a stack of crosses for the lost ones, lines through the medians.
pub fn draw(scene: &mut Scene, panel: &Panel, dots: &Dots) {
    // Series stand side by side within two fifths of the room between two places.
    let wide = panel.area.width() / (panel.x.high - panel.x.low);
    let count = dots.series.len() as f64;
    let is_dense = dots.series.iter().flat_map(|series| &series.stacks).any(|stack| stack.runs.len() > Dots::MANY);
    let slot = (0.4 * dots.gap / count).min(if is_dense { f64::INFINITY } else { SLOT / wide });
    let shift = |i: usize| (i as f64 - (dots.series.len() - 1) as f64 / 2.0) * slot;
    let shifted = || dots.series.iter().enumerate().map(|(i, series)| (series, shift(i)));
    for (series, shift) in shifted() {
        for stack in &series.stacks {
            crosses(scene, panel, dots.lost_at, (stack.x + shift, stack), series.look.color);
        }
    }
    for (series, shift) in shifted() {
        for stack in &series.stacks {
            match stack.runs.len() > Dots::MANY {
                true => violin(scene, panel, (stack.x + shift, stack), 0.19 * wide * dots.gap / count, &series.look),
                false => runs(scene, panel, (stack.x + shift, stack), slot, &series.look),
            }
        }
    }
    for (i, (series, shift)) in shifted().enumerate() {
        let points: Points = series.stacks.iter().map(|stack| (stack.x + shift, stack.spread)).collect();
        let (look, name) = (&series.look, &*series.name);
        if dots.joined {
            median(scene, panel, (look, name), &points, i);
            continue;
        }
        // Between categories there is nothing that a line could stand for.
        for point in &points {
            let (x, y) = (point.0, point.1.median);
            if panel.y.holds(y) {
                let bar = vec![at(panel.x(x) - BAR, panel.y(y)), at(panel.x(x) + BAR, panel.y(y))];
                scene.named_line(bar, solid(look.color, LINE), Some(name));
            }
            median(scene, panel, (look, name), std::slice::from_ref(point), i);
        }
    }
}

/// The lost runs of a place, on top of each other.
fn crosses(scene: &mut Scene, panel: &Panel, end: End, (x, stack): (f64, &Stack), color: Color) {
    let lost = stack.runs.iter().filter(|(_, ending)| *ending == Ending::Lost).count();
    let step = Dots::CROSS.min((Dots::SHARE * panel.area.height() - 4.0) / lost as f64);
    for i in 0..lost {
        cross(scene, at(panel.x(x), inset_from(panel, end, 3.5 + i as f64 * step)), 2.1, color);
    }
}

/// The other runs of a place, spread a little within the slot, so that equal values can be counted.
fn runs(scene: &mut Scene, panel: &Panel, (x, stack): (f64, &Stack), slot: f64, look: &Look) {
    let n = stack.runs.len() as f64;
    for (i, (seed, ending)) in stack.runs.iter().enumerate() {
        let x = panel.x(x + slot * 0.5 * ((i as f64 + 0.5) / n - 0.5));
        match ending.value() {
            Some(f64::NEG_INFINITY) => {
                if let Some(floor) = panel.y.floor {
                    zero(scene, panel, at(x, panel.y(floor)), look);
                }
            }
            Some(value) if panel.y.holds(value) => {
                scene
                    .tip(at(x, panel.y(value)), format!("seed {seed}\n{}: {}", panel.names[1], panel.y.reading(value)));
                scene.disc(inward(&panel.area, at(x, panel.y(value)), 1.1), 1.1, look.color);
            }
            _ => {}
        }
    }
}

/// Places along a violin.
const PLACES: usize = 80;

/// The density of the runs of a place to both sides of it, `half` a violin wide where it is highest: a Gaussian kernel of Silverman's
/// width.
fn violin(scene: &mut Scene, panel: &Panel, (x, stack): (f64, &Stack), half: f64, look: &Look) {
    let values: Vec<f64> = stack.runs.iter().filter_map(|(_, run)| run.value()).filter(|v| panel.y.holds(*v)).collect();
    let n = values.len() as f64;
    let Some((low, high)) = range(values.iter().copied()).filter(|(low, high)| low < high) else { return };
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    let width = 1.06 * deviation * n.powf(-0.2);
    let place = |i: usize| low + (high - low) * i as f64 / (PLACES - 1) as f64;
    let density = |y: f64| values.iter().map(|v| (-0.5 * ((y - v) / width).powi(2)).exp()).sum::<f64>();
    let heights: Vec<f64> = (0..PLACES).map(|i| density(place(i))).collect();
    let most = heights.iter().copied().fold(0.0, f64::max);
    let side = |sign: f64| {
        let at = |(i, height): (usize, &f64)| at(panel.x(x) + sign * half * height / most, panel.y(place(i)));
        heights.iter().enumerate().map(at).collect::<Vec<_>>()
    };
    let outline: Vec<_> = side(-1.0).into_iter().chain(side(1.0).into_iter().rev()).collect();
    scene.area(outline, look.color, 0.35);
    let told =
        format!("{} runs\n{}: median {}", stack.runs.len(), panel.names[1], panel.y.reading(stack.spread.median));
    scene.tip(at(panel.x(x), panel.y(stack.spread.median.clamp(low, high))), told);
}

/// The runs of one arm along x.
pub fn arm(scene: &mut Scene, panel: &Panel, arm: &Arm) {
    let (look, y) = (&arm.look, panel.y(arm.y));
    let values = || arm.values.iter().copied().filter(|value| panel.x.holds(*value));
    if let Some((low, high)) = range(values()) {
        let ends = vec![at(panel.x(low), y), at(panel.x(high), y)];
        scene.named_line(ends, solid(look.color, 0.7), Some(&arm.name));
    }
    for (i, value) in values().enumerate() {
        // A little apart, so that equal ones can be counted.
        let own = y + 5.4 * ((i as f64 + 0.5) / arm.values.len() as f64 - 0.5);
        mark(scene, at(panel.x(value), own), 1.5, &Look { marker: Marker::Disc, hollow: false, ..*look });
        scene.tip(at(panel.x(value), own), format!("{}\n{}: {}", arm.name, panel.names[0], panel.x.reading(value)));
    }
    if let Some(median) = arm.median.filter(|median| panel.x.holds(*median)) {
        let x = panel.x(median);
        scene.line(vec![at(x, y - 5.0), at(x, y + 5.0)], solid(look.color, 1.8));
    }
    let (sign, last) = match arm.lost_at {
        End::High => (1.0, panel.area.right - 3.0),
        End::Low => (-1.0, panel.area.left + 3.0),
    };
    let start = panel.x(arm.edge) + sign * 4.0;
    let step = Arm::CROSS.min((last - start).abs() / arm.misses.saturating_sub(1).max(1) as f64);
    for i in 0..arm.misses {
        cross(scene, at(start + sign * i as f64 * step, y), 2.1, look.color);
    }
}
