//! Gradients that do not arrive, in figures of decades lost: triangles in a strip at the upper edge, with words where there is room.

use super::chart::{Beyond, BeyondPlace, Mark, Points};
use super::finding;
use super::ruler::{End, Ruler};
use super::select::{GroupKey, Selection};
use super::style::{EDGE, Look, Marker, THIN, solid};
use crate::fading::{Fading, Summary};
use std::collections::BTreeMap;

/// For each series its places along x.
pub type Lines = BTreeMap<GroupKey, Vec<(f64, Summary)>>;

/// Height of the strip in points.
const STRIP: f64 = 14.0;

/// The points of series; a range that goes on to gradients that do not arrive ends at `edge`.
pub fn points(lines: &Lines, edge: f64) -> BTreeMap<GroupKey, Points> {
    let point = |(x, summary): &(f64, Summary)| {
        let spread = summary.spread();
        let goes_on = spread.high == f64::INFINITY && spread.median.is_finite();
        let high = if goes_on { edge } else { spread.high };
        (*x, crate::stats::Spread { high, ..spread })
    };
    lines.iter().map(|(key, line)| (*key, line.iter().map(point).collect())).collect()
}

/// What triangles tell of a line: lines that differ in it are not the same.
pub fn told(line: &[(f64, Summary)]) -> Vec<(usize, bool)> {
    line.iter().map(|(_, summary)| (summary.none, summary.median.is_bound())).collect()
}

/// Makes room for the strip on a ruler of panels so many points high, where it is needed; says where the ranges end.
pub fn strip(lines: &Lines, y: &mut Ruler, height: f64) -> f64 {
    let needed = lines.values().flatten().any(|(_, summary)| summary.none > 0);
    if needed { y.add_strip(End::High, STRIP, height) } else { y.high }
}

/// What of a panel lies beyond: the line under the strip, and a triangle for each series and place, filled if it is the median; where
/// a median is a bound a triangle on it.
pub fn marks(selection: &Selection, lines: &Lines, groups: &[Vec<usize>], panel: GroupKey, edge: f64) -> Vec<Mark> {
    let (mut places, mut bounds) = (Vec::new(), Vec::new());
    for group in groups {
        let Some(line) = lines.get(&GroupKey { color: group[0], ..panel }) else { continue };
        let look = Look { marker: Marker::Up, ..selection.look(group[0]) };
        let mut said = String::new();
        let every = line.len().div_ceil(8).max(1);
        for (i, (x, summary)) in line.iter().enumerate() {
            if let Fading::AtLeast(y) = summary.median {
                bounds.push(Mark::Symbol { at: (*x, y), radius: 3.2, look: Look { hollow: true, ..look } });
            }
            let note = summary.note();
            // Along a line what does not change is marked here and there and said once.
            if summary.none > 0 && (note != said || i % every == 0) {
                let look = Look { hollow: summary.median != Fading::Beyond, ..look };
                let words = if note == said { None } else { Some([note.clone(), short(summary)]) };
                places.push(BeyondPlace { x: *x, look, name: selection.joined(group), told: note.clone(), words });
            }
            said = note;
        }
    }
    let rule = (!places.is_empty()).then(|| Mark::Across { y: edge, stroke: solid(EDGE, THIN) });
    let beyond = (!places.is_empty()).then(|| Mark::Beyond(Beyond { inset: STRIP / 2.0, places }));
    rule.into_iter().chain(bounds).chain(beyond).collect()
}

/// `2 of 10`.
fn short(summary: &Summary) -> String {
    format!("{} of {}", summary.none, summary.n)
}

/// Where no gradient arrives in the median: one place with its seeds, or how many of `each` these are; empty where all do. `passed`
/// is the layer or time step of which it does not arrive at the first one.
pub fn finding<'a>(
    selection: &Selection,
    summaries: impl Iterator<Item = (&'a GroupKey, &'a Summary)>,
    (each, passed): (&str, &str),
) -> String {
    let all: Vec<_> = summaries.collect();
    let none: Vec<_> = all.iter().filter(|(_, summary)| summary.median == Fading::Beyond).collect();
    match none[..] {
        [] => String::new(),
        [(key, summary)] if selection.group_name(key).is_empty() => format!("{}.", summary.note()),
        [(key, summary)] => format!("{}: {}.", selection.group_name(key), summary.note()),
        _ => format!("No gradient arrives at the first {passed} in {} of {} {each}.", none.len(), all.len()),
    }
}

/// Where no gradient arrives, then where it fades most and where it grows most, of lines that stand for the colours of `groups`.
pub fn fading(
    selection: &Selection,
    all: &BTreeMap<GroupKey, Summary>,
    groups: &[Vec<usize>],
    (each, passed, unit): (&str, &str, (&str, bool)),
) -> String {
    let group = |key: &GroupKey| groups.iter().find(|group| group[0] == key.color);
    let summaries: Vec<(&GroupKey, &Summary)> = all.iter().filter(|(key, _)| group(key).is_some()).collect();
    let place = |key: &GroupKey| selection.place_of(key, group(key).map_or(&[], Vec::as_slice));
    let none = finding(selection, summaries.iter().copied(), (each, passed));
    let values: Vec<_> = summaries.iter().map(|(key, summary)| (place(key), **summary)).collect();
    let parts = [none, finding::fading(&values, unit, each)];
    parts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What a caption says of the triangles and of what is left out.
pub fn caption(lines: &Lines, passed: &str) -> String {
    let all = || lines.values().flatten().map(|(_, summary)| summary);
    let any = |what: fn(&Summary) -> bool| all().any(what);
    let undefined: usize = all().map(|summary| summary.undefined).max().unwrap_or(0);
    let mut text = String::new();
    if any(|summary| summary.none > 0) {
        text += &format!(
            "▲ at the upper edge: no gradient arrives at the first {passed} (filled: in the median seed, hollow: in some seeds); it counts as larger than every number."
        );
    }
    if any(|summary| summary.median.is_bound()) {
        text += " △ on a line: a lower bound, since the gradient underflows.";
    }
    if undefined > 0 {
        text += &format!(
            " Left out: up to {} per point, without a gradient at the last {passed}.",
            crate::table::count(undefined, "seed")
        );
    }
    text
}
