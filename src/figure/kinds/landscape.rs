//! What paths of runs lie on: the level lines of a function of two variables, or the graph of a function of one.

use super::contour::Surface;
use super::prelude::*;
use crate::data::Function;

/// Points of the grid that level lines are read off, in each direction, and of a graph.
const FINE: usize = 181;
/// Decades between neighbouring level lines.
const GAP: f64 = 0.5;
/// With more level lines than this the panel would be grey.
const MOST_LEVELS: i64 = 24;

/// The lowest and the highest value along the rulers that are shown.
pub type Window = ((f64, f64), (f64, f64));

fn value(function: &Function, point: &[f64]) -> f64 {
    function.kind.at(point, &mut vec![0.0; point.len()])
}

/// The place of a point in its panel: itself, or of a function of one variable where it is on the graph. `None` where it is not finite
/// or has other variables.
pub fn spot(function: &Function, point: &[f64]) -> Option<Spot> {
    let spot = match (point, function.start.len()) {
        ([x, y, ..], 2) => (*x, *y),
        ([x, ..], 1) => (*x, value(function, &[*x])),
        _ => return None,
    };
    (spot.0.is_finite() && spot.1.is_finite()).then_some(spot)
}

/// Where the function is least.
pub fn minima(function: &Function) -> Vec<Spot> {
    function.kind.minima().iter().filter_map(|minimum| spot(function, minimum)).collect()
}

/// What the rulers of its panel are.
pub fn titles(function: &Function) -> [&'static str; 2] {
    if function.start.len() == 1 { ["x", "f(x)"] } else { ["x1", "x2"] }
}

/// What lies under the paths.
pub fn ground(function: &Function, window: Window) -> Vec<Mark> {
    if function.start.len() == 2 {
        return levels(function, window);
    }
    let (low, high) = window.0;
    let reach = function.kind.reach();
    let place = |i: usize| (low + (high - low) * i as f64 / (FINE - 1) as f64).clamp(-reach, reach);
    let points = (0..FINE).filter_map(|i| spot(function, &[place(i)])).collect();
    vec![Mark::Path { points, stroke: solid(tint(INK, 0.5), LINE), name: None }]
}

/// What is shown: start, minima and paths, as far as these do not run away.
pub fn window<'a>(function: &Function, paths: impl Iterator<Item = &'a Vec<Spot>> + Clone) -> Window {
    let mut fixed: Vec<Spot> = minima(function);
    fixed.extend(spot(function, &function.start));
    fixed.extend(paths.clone().filter_map(|path| path.first()));
    let sides: [fn(&Spot) -> f64; 2] = [|p| p.0, |p| p.1];
    let spans = sides.map(|side| range(fixed.iter().map(side)).unwrap_or((0.0, 1.0)));
    let longest = spans.iter().map(|(low, high)| high - low).fold(0.1, f64::max);
    // No side much shorter than the other, and room for a path to swing out by as much again.
    let size = spans.map(|(low, high)| (high - low).max(0.6 * longest));
    let far = |side: usize, value: f64| {
        let (low, high) = spans[side];
        value < (low + high) / 2.0 - 1.6 * size[side] || value > (low + high) / 2.0 + 1.6 * size[side]
    };
    let near = paths.flatten().filter(|p| !far(0, p.0) && !far(1, p.1));
    let shown: Vec<Spot> = near.copied().chain(fixed.iter().copied()).collect();
    let widened = |side: usize| {
        let (low, high) = range(shown.iter().map(sides[side])).unwrap_or(spans[side]);
        let half = 0.58 * (high - low).max(size[side]);
        ((low + high) / 2.0 - half, (low + high) / 2.0 + half)
    };
    if function.start.len() == 1 {
        // From a little below 0 up to what the paths and the ends of the graph need.
        let (low, high) = widened(0);
        let ends = [low, high].map(|x| value(function, &[x]));
        let highest = shown.iter().map(|spot| spot.1).fold(0.0, f64::max);
        let top = if highest > 0.0 { ends.into_iter().fold(1.15 * highest, f64::max).min(1.6 * highest) } else { 1.0 };
        return ((low, high), (-0.06 * top, top));
    }
    (widened(0), widened(1))
}

/// Level lines at half powers of ten, from the values that a fiftieth of the panel is below up to its largest.
fn levels(function: &Function, (x, y): Window) -> Vec<Mark> {
    let place = |u: f64, v: f64| (x.0 + u * (x.1 - x.0), y.0 + v * (y.1 - y.0));
    let value = |u: f64, v: f64| value(function, &<[f64; 2]>::from(place(u, v)));
    // Close to a minimum the root of the value is straight, so that lines between grid points are true.
    let grid = Surface::new(FINE, FINE, |u, v| value(u, v).sqrt());
    let mut sorted = grid.values.clone();
    sorted.sort_by(f64::total_cmp);
    let order = |share: f64| 2.0 * sorted[(share * (sorted.len() - 1) as f64) as usize].max(1e-150).log10() / GAP;
    let highest = order(1.0).floor() as i64;
    let lowest = (order(0.02).ceil() as i64).max(highest - MOST_LEVELS);
    let level = |k: i64| {
        let decade = (k as f64 * GAP).fract() == 0.0;
        let stroke = solid(tint(INK, if decade { 0.5 } else { 0.26 }), THIN);
        let lines = grid.lines(10f64.powf(k as f64 * GAP / 2.0)).into_iter();
        let lines: Vec<Vec<Spot>> = lines.map(|line| line.into_iter().map(|(u, v)| place(u, v)).collect()).collect();
        let longest = lines.iter().max_by_key(|line| line.len()).filter(|_| decade);
        // From its middle outwards.
        let name = longest.map(|line| Mark::Note {
            spots: (0..8).map(|i| line[(line.len() / 2 + i * line.len() / 8) % line.len()]).collect(),
            text: finding::amount(k as f64 * GAP, true),
        });
        lines.into_iter().map(move |points| Mark::Path { points, stroke, name: None }).chain(name).collect::<Vec<_>>()
    };
    let (names, lines): (Vec<Mark>, Vec<Mark>) =
        (lowest..=highest).flat_map(level).partition(|mark| matches!(mark, Mark::Note { .. }));
    lines.into_iter().chain(names).collect()
}
