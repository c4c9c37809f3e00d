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
    for group in cells(results) {
        let Some(spread) = spread(&group.runs, &ATTENUATION_INIT) else { continue };
        let key = shown.iter().map(|axis| group.place[*axis]).collect();
        if starts.get(&key).is_none_or(|(_, known)| known.n < spread.n) {
            starts.insert(key, (group, spread));
        }
    }
    let starts: Vec<(Group, Spread)> = starts.into_values().collect();
    let Some(most) = starts.iter().map(|(_, s)| s.median).max_by(f64::total_cmp) else { return Vec::new() };
    let least = starts.iter().map(|(_, s)| s.median).min_by(f64::total_cmp).unwrap_or(most);
    let end = |median: f64| {
        let same: Vec<&(Group, Spread)> = starts.iter().filter(|(_, s)| s.median == median).collect();
        let groups: Vec<&Group> = same.iter().map(|(group, _)| group).collect();
        (words::name(axes, &shown, &groups), told(same[0].1.median), words::over_seeds(&same[0].1, &ATTENUATION_INIT))
    };
    let (name, told, seeds) = end(most);
    if most == least {
        let whose = if starts.len() > 1 { " whatever the axes are" } else { "" };
        return vec![format!("Before training{whose}, {told} ({seeds}).")];
    }
    let [first, second] = match (most > WHOLE, least < -WHOLE) {
        (true, _) => ["the gradient fades most", "It fades least"],
        (false, true) => ["the gradient grows least", "It grows most"],
        (false, false) => ["the gradient fades most", "It fades least"],
    };
    let (other, other_told, other_seeds) = end(least);
    vec![
        format!("Before training {first} with {name}: {told} ({seeds})."),
        format!("{second} with {other}: {other_told} ({other_seeds})."),
    ]
}

/// Decades a layer that are none to a reader.
const WHOLE: f64 = 0.0005;

/// What a layer does to the gradient that passes it on the way back.
fn told(decades: f64) -> String {
    let factor = 10f64.powf(decades.abs());
    let (size, percent) = (decades.abs(), 100.0 * (1.0 - 1.0 / factor));
    let per_layer = format!("{} decades, powers of ten, a layer", significant(size, 2));
    match decades {
        d if d == f64::INFINITY => "no gradient arrives at the first layer".into(),
        d if d.is_infinite() => "a gradient arrives at the first layer alone".into(),
        _ if size < WHOLE => "it arrives at the first layer as large as it was".into(),
        d if d > 0.3 => format!("each layer divides it by {}, which is {per_layer}", significant(factor, 2)),
        d if d > 0.0 => format!("each layer takes {} % of it, which is {per_layer}", significant(percent, 2)),
        d if d < -0.3 => format!("each layer multiplies it by {}, which is {per_layer}", significant(factor, 2)),
        _ => format!("each layer adds {} % to it, which is {per_layer}", significant(100.0 * (factor - 1.0), 2)),
    }
}
