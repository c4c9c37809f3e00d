//! The sentence about the gradient before training: where it fades most and least on its way to the first layer, or time step.

use super::groups::{Group, cells, summary};
use super::words;
use crate::columns::{ATTENUATION_NORM_INIT, Column, On};
use crate::fading::{Change, Fading, Summary, WHOLE, notes};
use crate::plan_file::Axis;
use crate::results::Results;
use crate::table::significant;
use std::collections::{BTreeMap, BTreeSet};

/// How the gradient starts in the cells that share all labels that can touch it then.
type Start<'a> = (&'a Group<'a>, Summary);

/// Of this column; nothing where no run has layers to lose a gradient in.
pub fn sentences(results: &Results, column: &'static Column) -> Vec<String> {
    let place = column.passed();
    let axes = &results.plan.axes;
    let touches = |axis: &usize| axes[*axis].labels.len() > 1 && results.touches_start(&axes[*axis].name, On::Probe);
    let shown: Vec<usize> = (0..axes.len()).filter(touches).collect();
    // What only acts on training leaves the start as it is: of such cells one is looked at, that with most runs.
    let cells = cells(results);
    let mut starts: BTreeMap<Vec<usize>, Start> = BTreeMap::new();
    for group in &cells {
        let Some(own) = summary(&group.runs, column).filter(|own| own.median != Fading::Undefined) else {
            continue;
        };
        let key = labels(&shown, group);
        if starts.get(&key).is_none_or(|(_, known)| known.n < own.n) {
            starts.insert(key, (group, own));
        }
    }
    let (known, unknown): (Vec<&Group>, Vec<&Group>) =
        cells.iter().partition(|group| starts.contains_key(&labels(&shown, group)));
    let starts: Vec<Start> = starts.into_values().collect();
    if starts.is_empty() {
        return Vec::new();
    }
    // What tells these from the others: axes of which they have some labels alone.
    let labels_of =
        |groups: &[&Group], axis: usize| groups.iter().map(|group| group.place[axis]).collect::<BTreeSet<_>>();
    let all: Vec<&Group> = cells.iter().collect();
    let telling = shown.iter().copied().filter(|axis| labels_of(&unknown, *axis) != labels_of(&all, *axis));
    let telling: Vec<usize> = telling.collect();
    let missing =
        |axis: usize| labels_of(&all, axis).difference(&labels_of(&known, axis)).copied().collect::<Vec<usize>>();
    let apart = || {
        let end = |is_most| End::of(&starts, &shown, is_most).said(&cells, axes, &missing, (column, place));
        let [(most, first), (least, second)] = [end(true), end(false)];
        let first = match most {
            Change::Fades => format!("the gradient fades most {first}"),
            Change::Grows => format!("the gradient grows least {first}"),
            Change::Neither => first.replacen(" it ", " the gradient ", 1).replacen("with ", ", with ", 1),
        };
        let second = second.replace(POWERS, "");
        let second = match least {
            Change::Fades => format!("It fades least {second}"),
            Change::Grows => format!("It grows most {second}"),
            Change::Neither => words::capital(&second),
        };
        vec![format!("Before training {first}").replacen(" , ", ", ", 1), second]
    };
    // Of cells that start alike one stands for all.
    let several = match &shown[..] {
        _ if starts.len() == cells.len() => format!("{} combinations", starts.len()),
        [only] => words::several(starts.len(), &axes[*only].name),
        _ => {
            let names: Vec<String> = shown.iter().map(|axis| axes[*axis].name.clone()).collect();
            format!("{} combinations of {}", starts.len(), words::all(&names))
        }
    };
    let said = alike(&starts, column, place, &several).unwrap_or_else(apart);
    // Of layers that differ in size the norm is told.
    let is_of_norm = column.name == ATTENUATION_NORM_INIT.name;
    let norm = |(i, sentence): (usize, String)| match is_of_norm && i == 0 {
        true => sentence.replacen("the gradient", "the norm of the gradient", 1),
        false => sentence,
    };
    let said: Vec<String> = said.into_iter().enumerate().map(norm).collect();
    let unknown = (!unknown.is_empty())
        .then(|| format!("There is no such number with {}.", words::name(axes, &telling, &unknown)));
    said.into_iter().chain(unknown).collect()
}

/// The one sentence about starts, `several` in words, that do not differ, or that the seeds cannot tell apart.
fn alike(starts: &[Start], column: &Column, place: &str, several: &str) -> Option<Vec<String>> {
    let medians = || starts.iter().map(|(_, own)| own.median.number());
    let (low, high) = (medians().fold(f64::INFINITY, f64::min), medians().fold(f64::NEG_INFINITY, f64::max));
    let n = starts.len();
    let all: Vec<&Summary> = starts.iter().map(|(_, own)| own).collect();
    let own = &merged(&all);
    let bounds = all.iter().filter(|own| own.median.is_bound()).count();
    let farthest = starts.iter().flat_map(|(_, own)| [own.low.abs(), own.high.abs()]).fold(0.0, f64::max);
    if low == high && [0, n].contains(&bounds) || farthest < WHOLE {
        let everywhere = if n > 1 { " in all combinations" } else { "" };
        let told = told(&[own], "the gradient", place);
        return Some(vec![format!("Before training{everywhere} {told} ({}).", seeds(own, &all, column))]);
    }
    if farthest < SLIGHT {
        let percent = significant(100.0 * (10f64.powf(farthest) - 1.0), 2);
        let everywhere = "Before training the gradient arrives nearly whole everywhere";
        return Some(vec![format!("{everywhere}: a {place} changes it by {percent} % at most.")]);
    }
    // Intervals of which each two overlap have a point in common.
    let most_low = starts.iter().map(|(_, own)| own.low).fold(f64::NEG_INFINITY, f64::max);
    let least_high = starts.iter().map(|(_, own)| own.high).fold(f64::INFINITY, f64::min);
    let one_seed = starts.iter().any(|(_, own)| own.n < 2);
    if one_seed || most_low > least_high || !high.is_finite() {
        return None;
    }
    let change = match (own.low > 0.0, own.high < 0.0) {
        // A bound says how little is lost at least.
        (true, _) if bounds > 0 => format!("loses at least {} decades{POWERS}", significant(low, 2)),
        _ if bounds > 0 => return None,
        (true, _) => format!("loses {} decades{POWERS}", between(significant(low, 2), significant(high, 2))),
        (_, true) => format!("gains {} decades{POWERS}", between(significant(-high, 2), significant(-low, 2))),
        _ if high < 0.0 => format!(
            "grows by {} decades (powers of ten; with some seeds it fades)",
            between(significant(-high, 2), significant(-low, 2))
        ),
        _ => format!(
            "loses {} to {} decades (powers of ten; below 0 it grows)",
            significant(low, 2),
            significant(high, 2)
        ),
    };
    Some(vec![format!(
        "Before training the gradient {change} a {place} on its way back: the medians of {several}, whose intervals {}overlap.",
        if n > 2 { "all " } else { "" }
    )])
}

/// The starts that lose most, or least.
struct End<'a, 'b> {
    /// Axes at each of whose labels these are the end, apart from all others by their intervals; most often there are none.
    every: Vec<usize>,
    /// The others of the axes that can touch the start.
    named: Vec<usize>,
    starts: Vec<&'b Start<'a>>,
    /// Those that the seeds cannot tell from these.
    overlapping: Vec<&'b Group<'a>>,
    /// How many of them have a median farther out, of which the seeds do not tell whether the gradient changes at all.
    unsure: usize,
}

impl<'a, 'b> End<'a, 'b> {
    fn of(starts: &'b [Start<'a>], shown: &[usize], is_most: bool) -> End<'a, 'b> {
        // One axis, or two, at all of whose labels the same labels of the others are the end.
        let ones = shown.iter().map(|axis| vec![*axis]);
        let twos = shown.iter().flat_map(|a| shown.iter().filter(move |b| a < *b).map(move |b| vec![*a, *b]));
        let mut sets = ones.chain(twos).filter(|every| every.len() < shown.len());
        let whole: Vec<&Start> = starts.iter().collect();
        let alone = |every: Vec<usize>| {
            let named: Vec<usize> = shown.iter().copied().filter(|axis| !every.contains(axis)).collect();
            let mut parts: BTreeMap<Vec<usize>, Vec<&Start>> = BTreeMap::new();
            whole.iter().for_each(|start| parts.entry(labels(&every, start.0)).or_default().push(start));
            let ends: Vec<(Vec<&Start>, bool)> = parts
                .values()
                .map(|part| {
                    let (end, overlapping) = split(part, is_most);
                    let is_apart = overlapping.is_empty() && end.len() < part.len();
                    (end, is_apart)
                })
                .collect();
            let names = |end: &[&Start]| end.iter().map(|start| labels(&named, start.0)).collect::<BTreeSet<_>>();
            let first = &ends[0];
            let is_same = ends.iter().all(|(end, is_apart)| *is_apart && names(end) == names(&first.0));
            let starts: Vec<&Start> = ends.into_iter().flat_map(|(end, _)| end).collect();
            let change = Change::of(&starts[0].1);
            let is_told = |own: &Summary| {
                Change::of(own) == change && matches!(own.median, Fading::Exactly(_)) && own.note().is_empty()
            };
            let is_end = is_same && change != Change::Neither && starts.iter().all(|start| is_told(&start.1));
            is_end.then_some(End { every, named, starts, overlapping: Vec::new(), unsure: 0 })
        };
        sets.find_map(alone).unwrap_or_else(|| {
            let (end, overlapping) = split(&whole, is_most);
            let is_farther = |start: &&&Start| far(start, is_most).0 > far(end[0], is_most).0;
            let unsure = overlapping.iter().filter(is_farther).count();
            let overlapping = overlapping.into_iter().map(|start| start.0).collect();
            End { every: Vec::new(), named: shown.to_vec(), starts: end, overlapping, unsure }
        })
    }

    /// What it does, and the rest of the sentence that says so: `with depth 8: each layer ...`.
    /// `missing` are the labels of an axis at which there is no number.
    fn said(
        &self,
        cells: &[Group],
        axes: &[Axis],
        missing: &dyn Fn(usize) -> Vec<usize>,
        (column, place): (&Column, &str),
    ) -> (Change, String) {
        let summaries: Vec<&Summary> = self.starts.iter().map(|start| &start.1).collect();
        // Every cell with this start has the same gradient, also where another label of the axis only acts on training.
        let is_same = |group: &&Group| {
            summary(&group.runs, column).is_some_and(|own| summaries.iter().any(|end| is_equal(&own, end)))
        };
        let same: Vec<&Group> = cells.iter().filter(is_same).collect();
        let mut name = words::name(axes, &self.named, &same);
        let own = merged(&summaries);
        let change = Change::of(&own);
        let (told, seeds) = match self.every.is_empty() {
            true => (told(&[&own], "it", place), seeds(&own, &summaries, column)),
            false => {
                let but = |axis: usize| {
                    let labels: Vec<String> =
                        missing(axis).iter().map(|label| axes[axis].labels[*label].clone()).collect();
                    if labels.is_empty() { String::new() } else { format!(" but {}", words::all(&labels)) }
                };
                let every: Vec<String> = self
                    .every
                    .iter()
                    .map(|axis| format!("{}{}", words::any_of(&axes[*axis].name), but(*axis)))
                    .collect();
                name += &format!(", at every {}", words::all(&every));
                (told(&summaries, "it", place), words::medians(summaries.iter().map(|own| own.n)))
            }
        };
        let overlapping = words::overlapping(axes, &self.named, &self.overlapping, self.starts.len(), true);
        let side = if change == Change::Fades { "larger" } else { "smaller" };
        let unsure = match self.unsure {
            0 => String::new(),
            1 => format!(" One of them has a {side} median, but its interval holds 0."),
            n => format!(" Of them {n} have {side} medians, but their intervals hold 0."),
        };
        let colon = if change == Change::Neither { "," } else { ":" };
        (change, format!("with {name}{colon} {told} ({seeds}).{overlapping}{unsure}"))
    }
}

/// Whether all that is told of two starts is the same.
fn is_equal(a: &Summary, b: &Summary) -> bool {
    let told = |own: &Summary| (own.median, own.low, own.high, own.n, own.none, own.undefined);
    told(a) == told(b)
}

/// How far out a start lies on the side of those that lose most, or least: by its median, then by its interval.
fn far(start: &Start, is_most: bool) -> (f64, f64, f64) {
    match is_most {
        true => (start.1.median.number(), start.1.low, start.1.high),
        // A bound may lie anywhere above.
        false => (-start.1.median.most(), -start.1.high, -start.1.low),
    }
}

/// The starts with the largest median, or smallest, of equal ones those with the farthest interval, and the others whose interval overlaps one of theirs.
/// What the seeds cannot tell from no change is no end where they can tell others from it.
fn split<'a, 'b>(starts: &[&'b Start<'a>], is_most: bool) -> (Vec<&'b Start<'a>>, Vec<&'b Start<'a>>) {
    let change = if is_most { Change::Fades } else { Change::Grows };
    let is_sure = |start: &Start| Change::of(&start.1) == change;
    let some_are_sure = starts.iter().any(|start| is_sure(start));
    let ordered = |a: &&&Start, b: &&&Start| {
        let (a, b) = (far(a, is_most), far(b, is_most));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.total_cmp(&b.2))
    };
    // There is at least one.
    let end = starts.iter().filter(|start| !some_are_sure || is_sure(start)).max_by(ordered).map(|start| start.1);
    let (ends, others): (Vec<&Start>, Vec<&Start>) =
        starts.iter().partition(|start| end.is_some_and(|end| is_equal(&start.1, &end)));
    let overlaps = |a: &Summary, b: &Summary| a.n > 1 && b.n > 1 && a.low <= b.high && b.low <= a.high;
    let overlapping = others.into_iter().filter(|other| ends.iter().any(|end| overlaps(&other.1, &end.1))).collect();
    (ends, overlapping)
}

/// The first of them, with an interval that holds all of theirs.
fn merged(all: &[&Summary]) -> Summary {
    all.iter().fold(*all[0], |own, next| {
        let range = (own.range.0.min(next.range.0), own.range.1.max(next.range.1));
        Summary { low: own.low.min(next.low), high: own.high.max(next.high), range, ..own }
    })
}

/// A range, or the one number that both ends are when rounded.
fn between(least: String, most: String) -> String {
    if least == most { least } else { format!("{least} to {most}") }
}

fn labels(axes: &[usize], group: &Group) -> Vec<usize> {
    axes.iter().map(|axis| group.place[*axis]).collect()
}

/// Of all that were merged into one.
fn seeds(own: &Summary, all: &[&Summary], column: &Column) -> String {
    words::over_seeds(&own.spread(), column, &notes(all), all.len())
}

/// Decades per layer that are next to none to a reader.
const SLIGHT: f64 = 0.01;

/// What decades are, where they stand first.
const POWERS: &str = " (powers of ten)";

/// What a layer, or time step, does to the gradient, called `it`, that passes it on the way back; of several the range.
fn told(all: &[&Summary], it: &str, place: &str) -> String {
    let own = all[0];
    let decades = own.median.number();
    let bound = if own.median.is_bound() { "at least " } else { "" };
    // With the sign of the interval beside it: below 0 the gradient grows.
    let range = |shown: &dyn Fn(f64) -> String| {
        let mut numbers: Vec<f64> = all.iter().map(|own| own.median.number()).collect();
        numbers.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        format!("{bound}{}", between(shown(numbers[0]), shown(numbers[numbers.len() - 1])))
    };
    let each = format!("{} decades{POWERS} a {place}", range(&|d| significant(d, 2)));
    let percent = |share: f64| significant(100.0 * share, 2);
    let factor = |d: f64| match 10f64.powf(d.abs()) {
        factor if factor.is_finite() => significant(factor, 2),
        _ => format!("10^{}", significant(d.abs(), 2)),
    };
    let what = match decades {
        f64::INFINITY => return format!("nothing of {it} arrives at the first {place}"),
        f64::NEG_INFINITY => return format!("{it} grows beyond every number on its way back"),
        d if d.abs() < WHOLE && own.low.abs().max(own.high.abs()) < SLIGHT => {
            return format!("{it} arrives at the first {place} as large as it was at the last");
        }
        // Its interval holds 0.
        _ if Change::of(own) == Change::Neither => {
            return format!("{it} neither grows nor fades significantly on its way back, {each}");
        }
        d if d > 0.3 => format!("divides {it} by {}", range(&factor)),
        d if d > 0.0 => format!("takes {} % of {it}", range(&|d| percent(1.0 - 10f64.powf(-d)))),
        d if d < -0.3 => format!("multiplies {it} by {}", range(&factor)),
        _ => format!("adds {} % to {it}", range(&|d| percent(10f64.powf(-d) - 1.0))),
    };
    // A layer of its own may do more or less.
    format!("each {place} {what} on its way back on average, {each}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn summary(median: Fading, low: f64, high: f64, n: usize, none: usize) -> Summary {
        let (range, interval) = ((low, high), (low, high, 0.9));
        Summary { median, low, high, coverage: 0.9, range, interval, n, none, undefined: 0 }
    }

    fn group(place: Vec<usize>) -> &'static Group<'static> {
        Box::leak(Box::new(Group {
            place,
            labels: BTreeMap::new(),
            chosen: &[],
            told: &[],
            edges: &[],
            runs: vec![],
            planned: 3,
        }))
    }

    #[test]
    fn what_is_said_of_all_starts_is_true_of_each() {
        let column = &crate::columns::ATTENUATION_INIT;
        let said = |starts: &[Summary]| {
            let starts: Vec<Start> = starts.iter().map(|own| (group(vec![0]), *own)).collect();
            alike(&starts, column, "layer", "two").map(|said| said.concat())
        };
        let bound = summary(Fading::AtLeast(3.6), 3.5, f64::INFINITY, 3, 0);
        let exact = summary(Fading::Exactly(4.2), 4.1, 4.3, 3, 0);
        assert!(said(&[exact, bound]).unwrap().contains("loses at least 3.6 decades"));
        let none = |none: usize| summary(Fading::Beyond, f64::INFINITY, f64::INFINITY, 7, none);
        assert!(said(&[none(6), none(7)]).unwrap().contains("6 to 7 of 7 seeds: none arrives"));
        // No bound is the least.
        let starts = [(group(vec![0]), exact), (group(vec![1]), bound)];
        assert_eq!(End::of(&starts, &[0], false).starts[0].0.place[0], 0);
    }

    #[test]
    fn what_the_seeds_leave_open_neither_grows_nor_fades() {
        let median = Fading::Exactly(-0.0019);
        let own = summary(median, -0.004, 0.004, 5, 0);
        assert!(told(&[&own], "it", "layer").starts_with("it neither grows nor fades"));
        assert!(told(&[&Summary { high: -0.001, ..own }], "it", "layer").starts_with("each layer adds"));
        // Also where their median rounds to 0; one that is 0 as far as a reader is concerned leaves nothing open.
        for (far, start) in [(0.2, "it neither grows nor fades"), (0.002, "it arrives at the first layer as large")] {
            let own = Summary { median: Fading::Exactly(0.0001), low: -far, high: far, ..own };
            assert!(told(&[&own], "it", "layer").starts_with(start), "{far}");
        }
    }

    /// The largest median is not the end where its interval holds 0 and another's does not, and is told.
    #[test]
    fn what_fades_most_does_fade() {
        let start = |place: usize, median: f64, low: f64| -> Start<'static> {
            (group(vec![place]), summary(Fading::Exactly(median), low, 0.33, 3, 0))
        };
        for (sure, end, unsure) in [(0.176, 1, 1), (-0.01, 0, 0)] {
            let starts = [start(0, 0.26, -0.026), start(1, 0.18, sure)];
            let found = End::of(&starts, &[0], true);
            assert_eq!((found.starts[0].0.place[0], found.unsure), (end, unsure), "{sure}");
        }
    }

    /// Starts at some places of three axes, with medians of a few values and intervals of several widths around them.
    fn starts() -> impl Strategy<Value = Vec<Start<'static>>> {
        let own = (-3..5i32, 0..3i32, any::<bool>()).prop_map(|(median, width, is_there)| {
            // Of the last value no gradient arrives in the median seed.
            let none = if median == 4 { 3 } else { 0 };
            let (median, width) = (0.1 * f64::from(median), 0.08 * f64::from(width));
            let (low, high) = (median - width, if none > 0 { f64::INFINITY } else { median + width });
            let median = if none > 0 { Fading::Beyond } else { Fading::Exactly(median) };
            is_there.then_some(summary(median, low, high, 5, none))
        });
        prop::collection::vec(own, 12).prop_map(|own| {
            let start = |(i, own): (usize, Option<Summary>)| Some((group(vec![i / 4, i / 2 % 2, i % 2]), own?));
            own.into_iter().enumerate().filter_map(start).collect()
        })
    }

    proptest! {
        #[test]
        fn an_end_is_the_end_wherever_it_is_said_to_be(starts in starts(), is_most: bool) {
            prop_assume!(!starts.is_empty());
            let end = End::of(&starts, &[0, 1, 2], is_most);
            let is_end = |start: &Start| end.starts.iter().any(|own| own.0.place == start.0.place);
            let sign = if is_most { 1.0 } else { -1.0 };
            for (group, own) in starts.iter().filter(|start| is_end(start)) {
                let alike = starts.iter().filter(|other| labels(&end.every, other.0) == labels(&end.every, group));
                for other in alike.filter(|other| !is_end(other)) {
                    let (other_median, median) = (other.1.median.number(), own.median.number());
                    let change = if is_most { Change::Fades } else { Change::Grows };
                    let is_unsure = Change::of(&other.1) != change && Change::of(own) == change;
                    prop_assert!(sign * other_median <= sign * median || is_unsure && end.unsure > 0);
                    prop_assert!(other_median != median || end.overlapping.iter().any(|g| g.place == other.0.place));
                    let is_apart = other.1.high < own.low || own.high < other.1.low;
                    let is_named = end.overlapping.iter().any(|group| group.place == other.0.place);
                    prop_assert!(is_apart || is_named);
                }
            }
            // What is said of every label is true of each that there is.
            let every = |starts: &mut dyn Iterator<Item = &Start>| {
                starts.map(|start| labels(&end.every, start.0)).collect::<BTreeSet<_>>()
            };
            prop_assert_eq!(every(&mut end.starts.iter().copied()), every(&mut starts.iter()));
        }

        #[test]
        fn intervals_that_are_said_to_overlap_all_do(starts in starts()) {
            prop_assume!(!starts.is_empty());
            let said = alike(&starts, &crate::columns::ATTENUATION_INIT, "layer", "all").unwrap_or_default().concat();
            let overlap = |a: &Summary, b: &Summary| a.low <= b.high && b.low <= a.high;
            let all = starts.iter().all(|(_, a)| starts.iter().all(|(_, b)| overlap(a, b)));
            prop_assert!(all || !said.contains("overlap"), "{}", said);
            let is_sure = |sign: f64| starts.iter().all(|(_, own)| sign * own.low > 0.0 && sign * own.high > 0.0);
            prop_assert!(is_sure(-1.0) || !said.contains("gains"), "{}", said);
            prop_assert!(is_sure(1.0) || !said.contains("loses") || said.contains("below 0 it grows"), "{}", said);
        }
    }
}
