//! The sentence about the gradient before training: where it fades most and least on its way to the first layer.

use super::groups::{Group, cells};
use super::words;
use crate::columns::{ATTENUATION_INIT, Column, On};
use crate::compare::CONFIDENCE;
use crate::results::{Results, Run};
use crate::stats::{Spread, median_interval};
use crate::table::significant;
use std::collections::BTreeMap;

/// The median over the runs that have it, diverged ones included.
pub fn spread(runs: &[&Run], column: &Column) -> Option<Spread> {
    let values: Vec<f64> = runs.iter().filter_map(|run| run.value(column.name)).filter(|x| !x.is_nan()).collect();
    median_interval(&values, CONFIDENCE)
}

/// Nothing where no run has layers to lose a gradient in.
pub fn sentences(results: &Results) -> Vec<String> {
    let axes = &results.plan.axes;
    let touches = |axis: &usize| axes[*axis].labels.len() > 1 && results.touches_start(&axes[*axis].name, On::Probe);
    let shown: Vec<usize> = (0..axes.len()).filter(touches).collect();
    // What only acts on training leaves the start as it is: of such cells one is looked at, that with most runs.
    let mut starts: BTreeMap<Vec<usize>, (Group, Spread)> = BTreeMap::new();
    let cells = cells(results);
    for group in &cells {
        let Some(spread) = spread(&group.runs, &ATTENUATION_INIT) else { continue };
        let key = shown.iter().map(|axis| group.place[*axis]).collect();
        if starts.get(&key).is_none_or(|(_, known)| known.n < spread.n) {
            starts.insert(key, (group.clone(), spread));
        }
    }
    let starts: Vec<(Group, Spread)> = starts.into_values().collect();
    let medians = || starts.iter().map(|(_, s)| s.median);
    let (Some(most), Some(least)) = (medians().max_by(f64::total_cmp), medians().min_by(f64::total_cmp)) else {
        return Vec::new();
    };
    // Every cell with this start has the same gradient, also where another label of the axis only acts on training.
    let end = |median: f64| {
        let same = |group: &&Group| spread(&group.runs, &ATTENUATION_INIT).is_some_and(|s| s.median == median);
        let groups: Vec<&Group> = cells.iter().filter(same).collect();
        let own = starts.iter().find(|(_, s)| s.median == median).map_or(starts[0].1, |(_, s)| *s);
        let others: Vec<&Group> = starts
            .iter()
            .filter(|(_, s)| s.median != median && s.n > 1 && own.n > 1 && s.low <= own.high && own.low <= s.high)
            .map(|(group, _)| group)
            .collect();
        let seeds = words::over_seeds(&own, &ATTENUATION_INIT);
        (words::name(axes, &shown, &groups), seeds, words::overlapping(axes, &shown, &others))
    };
    let (name, seeds, overlapping) = end(most);
    if most == least {
        return vec![format!("Before training, {} ({seeds}).", told(most, "the gradient"))];
    }
    let size = most.abs().max(least.abs());
    if size < SLIGHT {
        let percent = significant(100.0 * (10f64.powf(size) - 1.0), 2);
        return vec![format!(
            "Before training the gradient arrives nearly whole everywhere: a layer changes it by {percent} % at most."
        )];
    }
    let [first, second] = match (most > WHOLE, least < -WHOLE) {
        (true, _) => ["the gradient fades most", "It fades least"],
        (false, true) => ["the gradient grows least", "It grows most"],
        (false, false) => ["the gradient fades most", "It fades least"],
    };
    let (other, other_seeds, other_overlapping) = end(least);
    let told_again = told(least, "it").replace(POWERS, "");
    vec![
        format!("Before training {first} with {name}: {} ({seeds}).{overlapping}", told(most, "it")),
        format!("{second} with {other}: {told_again} ({other_seeds}).{other_overlapping}"),
    ]
}

/// Decades a layer that are none to a reader, and that are next to none.
const WHOLE: f64 = 0.0005;
const SLIGHT: f64 = 0.01;

/// What decades are, where they stand first.
const POWERS: &str = " (powers of ten)";

/// What a layer does to the gradient, called `it`, that passes it on the way back.
fn told(decades: f64, it: &str) -> String {
    let factor = 10f64.powf(decades.abs());
    let (size, percent) = (decades.abs(), 100.0 * (1.0 - 1.0 / factor));
    let per_layer = format!("{} decades{POWERS} a layer", significant(size, 2));
    match decades {
        d if d == f64::INFINITY => format!("nothing of {it} arrives at the first layer"),
        d if d.is_infinite() => format!("{it} arrives at the first layer alone"),
        _ if size < WHOLE => format!("{it} arrives at the first layer as large as it was at the last"),
        d if d > 0.3 => format!("each layer divides {it} by {} on its way back, {per_layer}", significant(factor, 2)),
        d if d > 0.0 => format!("each layer takes {} % of {it} on its way back, {per_layer}", significant(percent, 2)),
        d if d < -0.3 => {
            format!("each layer multiplies {it} by {} on its way back, {per_layer}", significant(factor, 2))
        }
        _ => {
            format!("each layer adds {} % to {it} on its way back, {per_layer}", significant(100.0 * (factor - 1.0), 2))
        }
    }
}
