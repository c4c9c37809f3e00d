//! The sentence under a title: what there is to see, with its numbers; the caption says how it was drawn.

use super::axis::{minus, range};
use super::select::{Key, Selection, Used, heading, over_seeds};
use super::text::power_of_ten;
use super::words;
use crate::columns::{self, Measured};
use crate::table::significant;

/// Values this share of the range apart are drawn in one place.
const CLOSE: f64 = 0.01;
/// Up to so many values in one place the first is named; more are counted.
const FEW: usize = 3;

/// What the two ends of a figure's values are called, the first of them first.
pub struct Words<'a> {
    pub high: &'a str,
    pub low: &'a str,
    /// What a single value is called.
    pub only: &'a str,
    /// What is counted where several share an end: `lines`.
    pub each: &'a str,
    /// What became of a group whose value is infinitely bad.
    pub lost: &'a str,
}

/// How the groups of a figure end by a column of runs.csv: the best and the worst of them, and how many diverged.
pub fn ends(selection: &Selection, metric: &str, each: &str) -> String {
    let values = selection.by_seed(selection.runs.iter().filter_map(|r| Some((*r, selection.compared(*r, metric)?))));
    let medians = values.into_iter().filter_map(|(key, seeds)| Some((key, over_seeds(seeds.into_values())?.median)));
    let at_start = columns::outcome(metric).is_some_and(|column| column.measured == Measured::Init);
    let only = if at_start { "At the start" } else { "At the end" };
    // Some measurements say themselves when they are taken.
    let when = if words::says_when(metric) { String::new() } else { format!(" {}", only.to_lowercase()) };
    let (highest, lowest) = (format!("Highest{when}"), format!("Lowest{when}"));
    let (high, low) = match words::better(metric) {
        Some(sign) if sign < 0.0 => ("Highest", &lowest[..]),
        _ => (&highest[..], "Lowest"),
    };
    let medians: Vec<(String, f64)> = medians.map(|(key, median)| (place(selection, &key), median)).collect();
    let words = Words { high, low, only, each, lost: selection.lost(metric) };
    extremes(&medians, &words, words::better(metric).unwrap_or(1.0), |v| measured(v, metric))
}

/// The ends of the values, the best first: the largest if `sign` is 1, the smallest if it is -1. Where several read the
/// same their number stands for their names.
pub fn extremes(values: &[(String, f64)], words: &Words, sign: f64, say: impl Fn(f64) -> String) -> String {
    let lost = values.iter().filter(|(_, v)| *v == -sign * f64::INFINITY).count();
    let of_all = |n: usize| format!("{n} of {} {}", values.len(), words.each);
    let mut known: Vec<&(String, f64)> =
        values.iter().filter(|(_, v)| !v.is_nan() && *v != -sign * f64::INFINITY).collect();
    // Stable, so that of equal ones the first is named.
    known.sort_by(|a, b| (sign * b.1).total_cmp(&(sign * a.1)));
    let end = |value: f64| who(values, words.each, value, &say);
    let (first, second) = if sign > 0.0 { (words.high, words.low) } else { (words.low, words.high) };
    let mut parts = match known[..] {
        [] => Vec::new(),
        [(_, best), .., (_, worst)] if say(*best) != say(*worst) => {
            vec![format!("{first}: {}.", end(*best)), format!("{second}: {}.", end(*worst))]
        }
        [(_, only), ..] if lost == 0 && known.len() > 1 => {
            vec![format!("All {} {}: {}.", known.len(), words.each, say(*only))]
        }
        [(_, only), ..] => vec![format!("{}: {}.", if values.len() > 1 { first } else { words.only }, end(*only))],
    };
    if lost > 0 {
        parts.push(format!("{} {}.", of_all(lost), words.lost));
    }
    parts.join(" ")
}

/// Whose value this is: `adam: 0.1`, or `5 of 7 arms: 0.1` where several read the same or lie too close to be told apart.
pub fn who(values: &[(String, f64)], each: &str, value: f64, say: impl Fn(f64) -> String) -> String {
    let own = say(value);
    let (low, high) = range(values.iter().map(|(_, v)| *v)).unwrap_or_default();
    let close: Vec<&(String, f64)> =
        values.iter().filter(|(_, v)| *v == value || (v - value).abs() <= CLOSE * (high - low)).collect();
    let same: Vec<&&(String, f64)> = close.iter().filter(|(_, v)| say(*v) == own).collect();
    match same[..] {
        [(name, _)] if close.len() <= FEW && name.is_empty() => own,
        [(name, _)] if close.len() <= FEW => format!("{name}: {own}"),
        _ if same.len() == close.len() => format!("{} of {} {each}: {own}", same.len(), values.len()),
        _ => format!("{} of {} {each}: about {own}", close.len(), values.len()),
    }
}

/// What tells a group from the others of its figure, as headings and legend name it; empty for the only one.
pub fn place(selection: &Selection, key: &Key) -> String {
    let panel = panel(selection, key);
    let own = [(&selection.color, key.color), (&selection.x, key.x)];
    named([panel].into_iter().filter(|panel| !panel.is_empty()), &own)
}

/// What tells a panel from the others.
pub fn panel(selection: &Selection, key: &Key) -> String {
    named([].into_iter(), &[(&selection.row, key.row), (&selection.column, key.column)])
}

fn named(before: impl Iterator<Item = String>, used: &[(&Option<Used>, usize)]) -> String {
    let several = |used: &&(&Option<Used>, usize)| used.0.as_ref().is_some_and(|used| used.labels.len() > 1);
    before.chain(used.iter().filter(several).map(|(used, label)| heading(used, *label))).collect::<Vec<_>>().join(", ")
}

/// A value of a metric for a sentence, of its log10 where that is drawn.
pub fn measured(value: f64, metric: &str) -> String {
    if words::is_share(metric) {
        return format!("{:.1}\u{a0}%", 100.0 * value);
    }
    amount(value, words::logarithmic(metric))
}

/// A number for a sentence, in three digits: `0.013`, `2.7 × 10⁻³⁶`; of its log10 where that is given.
pub fn amount(value: f64, is_log10: bool) -> String {
    let order = if is_log10 { value } else { value.abs().log10() };
    if order == f64::NEG_INFINITY {
        return "0".into();
    }
    if (-3.0..5.0).contains(&order) {
        return minus(&significant(if is_log10 { 10f64.powf(value) } else { value }, 3));
    }
    // The power of ten apart, since the number itself may lie below what f64 holds.
    let mantissa = significant(10f64.powf(order - order.floor()), 2);
    let sign = if !is_log10 && value < 0.0 { "−" } else { "" };
    format!("{sign}{mantissa} × {}", power_of_ten(order.floor() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words = Words { high: "Highest", low: "Lowest", only: "At the end", each: "lines", lost: "diverged" };

    #[test]
    fn the_best_end_comes_first_and_what_reads_the_same_is_counted() {
        let named = |values: &[f64]| values.iter().zip('a'..).map(|(v, c)| (c.to_string(), *v)).collect::<Vec<_>>();
        let said = |values: &[f64], sign| extremes(&named(values), &WORDS, sign, |v| amount(v, false));
        assert_eq!(said(&[3.0, 1.0, 2.0], -1.0), "Lowest: b: 1. Highest: a: 3.");
        assert_eq!(said(&[3.0, 1.0, 2.0], 1.0), "Highest: a: 3. Lowest: b: 1.");
        assert_eq!(said(&[2.3001, 1.0, 2.3], -1.0), "Lowest: b: 1. Highest: 2 of 3 lines: 2.3.");
        assert_eq!(said(&[1.0, f64::INFINITY, 2.0], -1.0), "Lowest: a: 1. Highest: c: 2. 1 of 3 lines diverged.");
        assert_eq!(said(&[1.0, f64::INFINITY], -1.0), "Lowest: a: 1. 1 of 2 lines diverged.");
        assert_eq!(said(&[2.0, 2.0], -1.0), "All 2 lines: 2.");
        assert_eq!(said(&[f64::NAN], -1.0), "");
        assert_eq!(extremes(&[(String::new(), 0.5)], &WORDS, 1.0, |v| amount(v, false)), "At the end: 0.5.");
    }

    #[test]
    fn numbers_of_any_size_can_be_read() {
        assert_eq!(amount(0.01318, false), "0.0132");
        assert_eq!(amount(-1.88, true), "0.0132");
        assert_eq!(amount(-400.5, true), "3.2 × 10⁻⁴⁰¹");
        assert_eq!(amount(-2.5e7, false), "−2.5 × 10⁷");
        assert_eq!(amount(f64::NEG_INFINITY, true), "0");
        assert_eq!(amount(0.0, false), "0");
    }
}
