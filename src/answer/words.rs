//! The phrases that the sentences and the notes of an answer share.

use super::groups::Group;
use super::parts::Row;
use crate::columns::{Column, Quantity};
use crate::compare::{Comparison, amount};
use crate::plan_file::Axis;
use crate::results::choice::seeds;
use crate::stats::Spread;
pub use crate::table::capital;
use crate::table::count;
use std::collections::BTreeSet;

/// More names than this are counted.
const NAMED: usize = 3;

/// What tells some groups from the others: `depth 32, activation sigmoid or tanh`. Groups that are no full combination of labels are
/// named one by one, or the first is and the others are counted.
pub fn name(axes: &[Axis], shown: &[usize], groups: &[&Group]) -> String {
    let labels = |axis: usize| -> BTreeSet<usize> { groups.iter().map(|group| group.place[axis]).collect() };
    let one = |axis: &usize, labels: &mut dyn Iterator<Item = usize>| {
        let words: Vec<String> = labels.map(|label| amount::short(&axes[*axis].labels[label])).collect();
        let words = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>();
        match &words[..] {
            [] => None,
            [only] => Some(amount::labelled(&axes[*axis].name, only)),
            several => Some(format!("{} {}", axes[*axis].name, either(several))),
        }
    };
    let distinct: BTreeSet<Vec<usize>> =
        groups.iter().map(|group| shown.iter().map(|axis| group.place[*axis]).collect()).collect();
    let combinations: usize = shown.iter().map(|axis| labels(*axis).len()).product();
    if distinct.len() == combinations {
        let parts = shown.iter().filter_map(|axis| one(axis, &mut labels(*axis).into_iter()));
        return parts.collect::<Vec<_>>().join(", ");
    }
    let of_place = |place: &Vec<usize>| {
        let parts = shown.iter().zip(place).filter_map(|(axis, label)| one(axis, &mut [*label].into_iter()));
        parts.collect::<Vec<_>>().join(", ")
    };
    let names: Vec<String> = distinct.iter().take(NAMED).map(of_place).collect();
    match distinct.len() {
        n if n <= NAMED => names.join("; "),
        n => format!("{} (and {} others)", names[0], n - 1),
    }
}

/// What else has an interval that overlaps that of the best, or of one of the `best` that share it, as a sentence: these are not
/// told apart. Empty where nothing does. `with_each`: whether each of these overlaps that of each of the best.
pub fn overlapping(axes: &[Axis], shown: &[usize], groups: &[&Group], best: usize, with_each: bool) -> String {
    let names = name(axes, shown, groups);
    let own = overlap(best, groups.len(), with_each);
    match groups.len() {
        0 => String::new(),
        1 => format!(" {own} that of {names}."),
        _ if !names.contains([';', '(']) => format!(" {own} those of {names}."),
        n => format!(" {own} those of {n} other combinations."),
    }
}

/// Whether two intervals over several seeds have a point in common.
pub fn do_overlap(a: &Spread, b: &Spread) -> bool {
    a.n > 1 && b.n > 1 && a.low <= b.high && b.low <= a.high
}

/// That the interval of the best, or those of several that share it, overlap that of so many others.
pub fn overlap(best: usize, others: usize, with_each: bool) -> &'static str {
    match (best, others) {
        (1, _) => "Its interval overlaps",
        _ if with_each => "Their intervals overlap",
        (2, 1) => "One of their intervals overlaps",
        _ => "Some of their intervals overlap",
    }
}

/// `a`, `a or b`, `a, b or c`.
pub fn either(words: &[String]) -> String {
    listed(words, "or")
}

/// `a`, `a and b`, `a, b and c`.
pub fn all(words: &[String]) -> String {
    listed(words, "and")
}

fn listed(words: &[String], last_but: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {last_but} {last}", most.join(", ")),
    }
}

/// `median of 5 seeds, 0.84 to 0.88 with 93.8 %`, where the last is how often such an interval covers the true median; then what the
/// median leaves out or counts as beyond every number. Of several groups with this median, all intervals lie within that of `s`.
pub fn over_seeds(s: &Spread, column: &Column, note: &str, groups: usize) -> String {
    let is_beyond = |x: f64| x == f64::INFINITY && column.is_attenuation();
    let shown = |x| if is_beyond(x) { "no gradient at all".into() } else { amount::amount(x, column) };
    let seeds = match s.n {
        1 => "one seed".into(),
        _ if s.low.is_infinite() && !note.is_empty() => return note.into(),
        n if s.range.0 == s.range.1 => format!("median of {n} seeds, which are all alike"),
        n => {
            let interval = if groups == 1 { "interval" } else { "intervals within" };
            let (percent, low, high) = (100.0 * s.coverage, shown(s.low), shown(s.high));
            // An interval whose ends read the same does not say that seeds differ.
            let range = match shown(s.low) == shown(s.high) {
                true => format!(", range {} to {}", shown(s.range.0), shown(s.range.1)),
                false => String::new(),
            };
            format!("median of {n} seeds, {percent:.0} % {interval} {low} to {high}{range}")
        }
    };
    if note.is_empty() { seeds } else { format!("{seeds}; {note}") }
}

/// `medians of 5 seeds`, of medians over so many seeds each.
pub fn medians(seeds: impl Iterator<Item = usize> + Clone) -> String {
    let (least, most) = (seeds.clone().min().unwrap_or(0), seeds.max().unwrap_or(0));
    match (least, most) {
        (_, 1) => "one seed each".into(),
        _ if least == most => format!("medians of {most} seeds"),
        _ => format!("medians of {least} to {most} seeds"),
    }
}

/// An arm: a number, or a word that says nothing alone, with its axis. Of an arm called none something is said, so it is no "no norm".
pub fn arm(axis: &str, name: &str) -> String {
    match name {
        "none" => format!("{axis} \"none\""),
        "true" | "false" => amount::labelled(axis, name),
        name if name.parse::<f64>().is_ok() => amount::labelled(axis, name),
        name => name.into(),
    }
}

/// How many of what: `7 optimizers`, or of an axis whose name is no plain word, or has no plain plural, `7 values of data`.
pub fn several(n: usize, axis: &str) -> String {
    if is_plain(axis) { count(n, axis) } else { format!("{n} values of {axis}") }
}

/// What stands for any label of an axis: `depth`, or `value of data`.
pub fn any_of(axis: &str) -> String {
    if is_plain(axis) { axis.into() } else { format!("value of {axis}") }
}

/// Whether the name of an axis is a plain word that can be counted.
fn is_plain(axis: &str) -> bool {
    axis.chars().all(char::is_alphabetic) && !axis.ends_with(['a', 's', 'y']) && !axis.ends_with("ch")
}

/// `both` or `all 3`.
pub fn every(n: usize) -> String {
    if n == 2 { "both".into() } else { format!("all {n}") }
}

/// Which end of a column is its best.
pub fn direction(column: &Column) -> &'static str {
    if column.quantity == Quantity::Steps {
        return "smallest number of";
    }
    if column.higher_is_better() { "highest" } else { "lowest" }
}

/// What one arm is called: `optimizer`, or where the name of the axis is no plain word `arm`.
pub fn thing(axis: &str) -> &str {
    if axis.chars().all(char::is_alphabetic) { axis } else { "arm" }
}

/// By what and on which seeds each arm's setting was chosen.
pub fn how_chosen(comparison: &Comparison) -> String {
    let Comparison { choose, tune_seeds, report_seeds, .. } = comparison;
    let (metric, own) = (amount::subject(choose), seeds(report_seeds));
    let seeds = match tune_seeds.is_empty() {
        true => format!("on {own} and shown on the same seeds, which makes all of them look better than they are"),
        false => format!("on {} and shown on {own}", seeds(tune_seeds)),
    };
    match comparison.tasks.iter().flat_map(|task| &task.arms).all(|arm| arm.lost) {
        true => format!(
            "no setting could be chosen by the {metric}, since half or more of the runs that choose diverge at each"
        ),
        false => format!("each row is at its own best setting, chosen by the {metric} {seeds}"),
    }
}

/// Rows whose best setting is the first or the last that was tried.
pub fn at_edges(groups: &[Group]) -> Option<String> {
    let at = groups.iter().filter(|group| group.edges.iter().any(|edge| !edge.diverges)).count();
    (at > 0).then(|| {
        format!(
            "in {} the best value is the first or last that was tried: a wider range may hold a better one",
            count(at, "row")
        )
    })
}

/// What the numbers of the table are.
pub fn explained(columns: &[&'static Column], rows: &[Row]) -> Vec<String> {
    let value = |place: usize| move |row: &Row| row.values[place].map(|value| value.spread());
    let of = |place: usize| rows.iter().filter_map(value(place)).collect::<Vec<Spread>>();
    let fading = columns.iter().position(|column| column.is_attenuation()).filter(|place| !of(*place).is_empty());
    let decades = fading.map(|place| {
        let each = if columns[place].quantity == Quantity::TimeAttenuation { "time step" } else { "layer" };
        format!("decades are powers of ten: +0.301 halves the gradient at every {each}, +1 leaves a tenth of it; below 0 it grows")
    });
    let all: Vec<Spread> = (0..columns.len()).flat_map(of).collect();
    let interval = Some(amount::interval_note(&all)).filter(|note| !note.is_empty());
    decades.into_iter().chain(interval).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns;
    use crate::stats::median_interval;

    #[test]
    fn seeds_are_alike_only_where_the_least_is_the_largest() {
        let column = columns::outcome("train_loss").unwrap();
        let said = |values: &[f64]| over_seeds(&median_interval(values, 0.9).unwrap(), column, "", 1);
        assert_eq!(said(&[16.0; 9]), "median of 9 seeds, which are all alike");
        let told = said(&[&[5.71][..], &[16.0; 9], &[21.2]].concat());
        assert!(told.contains("interval 16.0 to 16.0, range 5.71 to 21.2") && !told.contains("alike"), "{told}");
        // A loss that differs from a guess by rounding is as good.
        assert!(!column.is_below(16.0, 16.000000000000057, 16.1) && column.is_below(16.0, 16.001, 16.1));
    }

    #[test]
    fn overlaps_are_those_of_each_winner() {
        let of = |low, high| Spread { median: 84.7, low, high, coverage: 0.9, n: 5, range: (low, high) };
        let (wide, adam, other) = (of(84.2, 89.2), of(76.7, 85.0), of(74.2, 83.9));
        assert!(!do_overlap(&wide, &other) && do_overlap(&adam, &other));
        assert_eq!(overlap(2, 1, false), "One of their intervals overlaps");
        assert_eq!(overlap(2, 1, true), "Their intervals overlap");
    }
}
