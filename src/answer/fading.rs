//! The sentence about the gradient before training: where it fades most and least on its way to the first layer, or time step.

use super::groups::{Group, cells, summary};
use super::words;
use crate::columns::{Column, On, Quantity};
use crate::fading::{Fading, Summary};
use crate::results::Results;
use crate::table::significant;
use std::collections::{BTreeMap, BTreeSet};

/// Of this column; nothing where no run has layers to lose a gradient in.
pub fn sentences(results: &Results, column: &'static Column) -> Vec<String> {
    let place = if column.quantity == Quantity::TimeAttenuation { "time step" } else { "layer" };
    let told = |own: &Summary, it: &str| told(own, it, place);
    let axes = &results.plan.axes;
    let touches = |axis: &usize| axes[*axis].labels.len() > 1 && results.touches_start(&axes[*axis].name, On::Probe);
    let shown: Vec<usize> = (0..axes.len()).filter(touches).collect();
    // What only acts on training leaves the start as it is: of such cells one is looked at, that with most runs.
    let cells = cells(results);
    let mut starts: BTreeMap<Vec<usize>, (&Group, Summary)> = BTreeMap::new();
    for group in &cells {
        let Some(own) = summary(&group.runs, column).filter(|own| own.median != Fading::Undefined) else {
            continue;
        };
        let key = shown.iter().map(|axis| group.place[*axis]).collect();
        if starts.get(&key).is_none_or(|(_, known)| known.n < own.n) {
            starts.insert(key, (group, own));
        }
    }
    let starts: Vec<(&Group, Summary)> = starts.into_values().collect();
    let ordered = |a: &&(&Group, Summary), b: &&(&Group, Summary)| a.1.median.number().total_cmp(&b.1.median.number());
    let (Some((_, most)), Some((_, least))) = (starts.iter().max_by(ordered), starts.iter().min_by(ordered)) else {
        return Vec::new();
    };
    let overlaps = |a: &Summary, b: &Summary| a.n > 1 && b.n > 1 && a.low <= b.high && b.low <= a.high;
    let seeds = |own: &Summary| words::over_seeds(&own.spread(), column, &own.note(), 1);
    let [high, low] = [most, least].map(|own| own.median.number());
    if high == low {
        return vec![format!("Before training, {} ({}).", told(most, "the gradient"), seeds(most))];
    }
    if high.abs().max(low.abs()) < SLIGHT {
        let percent = significant(100.0 * (10f64.powf(high.abs().max(low.abs())) - 1.0), 2);
        let everywhere = "Before training the gradient arrives nearly whole everywhere";
        return vec![format!("{everywhere}: a {place} changes it by {percent} % at most.")];
    }
    if overlaps(most, least) && high.is_finite() {
        return vec![format!(
            "Before training the gradient {}{POWERS} a {place} on its way back; the intervals of the {} cases overlap.",
            span(low, high),
            starts.len()
        )];
    }
    // Every cell with this start has the same gradient, also where another label of the axis only acts on training.
    let end = |end: &Summary, is_end: fn(&Summary, &Summary) -> bool| {
        let is_same =
            |group: &&Group| summary(&group.runs, column).is_some_and(|own| own.median == end.median && own.n == end.n);
        let same: Vec<&Group> = cells.iter().filter(is_same).collect();
        let any = whatever(&shown, &same, &starts, |own| overlaps(own, end), is_end);
        let named: Vec<usize> = shown.iter().copied().filter(|axis| !any.contains(axis)).collect();
        let others = starts.iter().filter(|(_, own)| own.median != end.median && overlaps(own, end));
        let others = others.filter(|(group, _)| any.is_empty() || !agrees(&named, group, &same));
        let others: Vec<&Group> = others.map(|(group, _)| *group).collect();
        let (mut name, mut at) = (words::name(axes, &named, &same), String::new());
        if !any.is_empty() {
            let whatever: Vec<String> = any.iter().map(|axis| axes[*axis].name.clone()).collect();
            name += &format!(", whatever the {}", words::all(&whatever));
            at = format!(" at {}", words::name(axes, &any, &same));
        }
        (name, at, seeds(end), words::overlapping(axes, &shown, &others, 1))
    };
    // The most and the least that there is; what its interval leaves open is neither growth nor fading.
    let [first, second] = match (high > WHOLE && most.low > 0.0, low < -WHOLE && least.high < 0.0) {
        (false, true) => ["the gradient grows least", "It grows most"],
        (true, true) => ["the gradient fades most", "It grows most"],
        _ => ["the gradient fades most", "It fades least"],
    };
    let (name, at, own, overlapping) = end(most, |own, other| own.median.number() >= other.median.number());
    let (other, other_at, other_own, other_overlapping) =
        end(least, |own, other| own.median.number() <= other.median.number());
    let told_again = told(least, "it").replace(POWERS, "");
    vec![
        format!("Before training {first} with {name}: {}{at} ({own}).{overlapping}", told(most, "it")),
        format!("{second} with {other}: {told_again}{other_at} ({other_own}).{other_overlapping}"),
    ]
}

/// The axes that an end of the fading does not depend on as far as the seeds can tell: of the starts that are as one of `ends` on
/// all other axes, all overlap it, and each is the end of the starts with its own labels of these axes too. None where that would be
/// all axes.
fn whatever(
    shown: &[usize],
    ends: &[&Group],
    starts: &[(&Group, Summary)],
    overlaps: impl Fn(&Summary) -> bool,
    is_end: impl Fn(&Summary, &Summary) -> bool,
) -> Vec<usize> {
    let mut any: Vec<usize> = Vec::new();
    for axis in shown {
        let (left, rest): (Vec<usize>, Vec<usize>) =
            shown.iter().partition(|other| *other == axis || any.contains(other));
        let alike = || starts.iter().filter(|(group, _)| agrees(&rest, group, ends));
        let place = |group: &Group| left.iter().map(|axis| group.place[*axis]).collect::<Vec<usize>>();
        // Where no start like it is, it cannot be the end.
        let is_there = |(group, _): &(&Group, Summary)| alike().any(|(own, _)| place(own) == place(group));
        let is_end_there = |(group, own): &(&Group, Summary)| {
            starts.iter().filter(|(other, _)| place(other) == place(group)).all(|(_, other)| is_end(own, other))
        };
        let labels: BTreeSet<usize> = alike().map(|(group, _)| group.place[*axis]).collect();
        let of_ends: BTreeSet<usize> = ends.iter().map(|group| group.place[*axis]).collect();
        if !rest.is_empty()
            && of_ends.len() == 1
            && labels.len() > 1
            && alike().all(|(_, own)| overlaps(own))
            && starts.iter().all(is_there)
            && alike().all(is_end_there)
        {
            any.push(*axis);
        }
    }
    any
}

/// Whether a group is as one of the others on these axes.
fn agrees(axes: &[usize], group: &Group, others: &[&Group]) -> bool {
    others.iter().any(|other| axes.iter().all(|axis| other.place[*axis] == group.place[*axis]))
}

/// Decades a layer that are none to a reader, and that are next to none.
const WHOLE: f64 = 0.0005;
const SLIGHT: f64 = 0.01;

/// What decades are, where they stand first.
const POWERS: &str = " (powers of ten)";

/// How much is lost, of medians from the one to the other.
fn span(low: f64, high: f64) -> String {
    let [least, most] = [low, high].map(|decades| significant(decades.abs(), 2));
    match (low < 0.0, high < 0.0) {
        (false, _) => format!("loses {least} to {most} decades"),
        (true, true) => format!("gains {most} to {least} decades"),
        (true, false) => format!("gains up to {least} and loses up to {most} decades"),
    }
}

/// What a layer, or time step, does to the gradient, called `it`, that passes it on the way back.
fn told(own: &Summary, it: &str, place: &str) -> String {
    let fading = own.median;
    let decades = fading.number();
    let bound = if fading.is_bound() { "at least " } else { "" };
    let factor = 10f64.powf(decades.abs());
    // With the sign of the interval beside it: below 0 the gradient grows.
    let each = format!("{bound}{} decades{POWERS} a {place}", significant(decades, 2));
    let [taken, added] = [1.0 - 1.0 / factor, factor - 1.0].map(|share| significant(100.0 * share, 2));
    let factor = match factor.is_finite() {
        true => significant(factor, 2),
        false => format!("10^{}", significant(decades.abs(), 2)),
    };
    let what = match decades {
        d if d.is_infinite() => return format!("nothing of {it} arrives at the first {place}"),
        // The seeds do not tell on which side of 0 it is.
        d if d.abs() >= WHOLE && own.low < 0.0 && own.high > 0.0 => {
            return format!("{it} neither grows nor fades on its way back as far as the seeds tell, {each}");
        }
        d if d.abs() < WHOLE => return format!("{it} arrives at the first {place} as large as it was at the last"),
        d if d > 0.3 => format!("divides {it} by {bound}{factor}"),
        d if d > 0.0 => format!("takes {bound}{taken} % of {it}"),
        d if d < -0.3 => format!("multiplies {it} by {factor}"),
        _ => format!("adds {added} % to {it}"),
    };
    format!("each {place} {what} on its way back, {each}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_no_negative_loss() {
        assert_eq!(span(0.036, 0.17), "loses 0.036 to 0.17 decades");
        assert_eq!(span(-0.17, -0.036), "gains 0.036 to 0.17 decades");
        assert_eq!(span(-0.17, 0.036), "gains up to 0.17 and loses up to 0.036 decades");
    }

    #[test]
    fn what_the_seeds_leave_open_neither_grows_nor_fades() {
        let median = Fading::Exactly(-0.0019);
        let own = Summary { median, low: -0.004, high: 0.004, coverage: 0.9, n: 5, none: 0, undefined: 0 };
        assert!(told(&own, "it", "layer").starts_with("it neither grows nor fades"));
        assert!(told(&Summary { high: -0.001, ..own }, "it", "layer").starts_with("each layer adds"));
    }
}
