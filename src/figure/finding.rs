//! The sentence under a title: what there is to see, with its numbers; the caption says how it was drawn.

use super::endings::Ending;
use super::ruler::{minus, range};
use super::text::power_of_ten;
use super::words;
use crate::columns::{Column, Scale};
use crate::fading::{Change, Fading, Summary};
use crate::table::significant;

/// Values this share of the range apart are drawn in one place.
const CLOSE: f64 = 0.01;
/// Share of a value that two values differ by at least where one is the larger to a reader.
const SLIGHT: f64 = 0.0015;
/// Decades below which nothing fades or grows.
const LITTLE: f64 = 0.005;
/// Up to so many values in one place are named.
const FEW: usize = 3;

/// What the two ends of a figure's values are called, the first of them first.
pub struct Words<'a> {
    pub high: &'a str,
    pub low: &'a str,
    /// What a single value is called.
    pub only: &'a str,
    /// What is counted where several share an end: `lines`.
    pub each: &'a str,
    /// What a group that is lost did, as a verb.
    pub lost: &'a str,
}

/// The ends of the values, the best first: the largest if `sign` is 1, the smallest if it is -1. An end that many share is left
/// out.
pub fn extremes(values: &[(String, Ending)], words: &Words, sign: f64, say: impl Fn(f64) -> String) -> String {
    let value = |(name, ending): &(String, Ending)| Some((name.clone(), ending.value()?));
    let mut known: Vec<(String, f64)> = values.iter().filter_map(value).filter(|(_, v)| !v.is_nan()).collect();
    let lost = values.iter().filter(|(_, ending)| *ending == Ending::Lost).count();
    // Stable, so that of equal ones the first is named.
    known.sort_by(|a, b| (sign * b.1).total_cmp(&(sign * a.1)));
    let end = |what: &str, value: f64| Some(format!("{what}: {}.", who(&known, value, &say)?));
    let (first, second) = if sign > 0.0 { (words.high, words.low) } else { (words.low, words.high) };
    let mut parts = match &known[..] {
        [] => Vec::new(),
        [(_, best), .., (_, worst)]
            if lost == 0 && say(*best) != say(*worst) && reads_close(&say(*best), &say(*worst)) =>
        {
            let (low, high) = if sign > 0.0 { (worst, best) } else { (best, worst) };
            vec![format!("{}: {} to {}.", all(known.len(), words.each), say(*low), say(*high))]
        }
        [(_, best), .., (_, worst)] if say(*best) != say(*worst) => {
            // Who is last of a crowd says nothing.
            let last = (near(&known, *worst) <= FEW).then(|| end(second, *worst)).flatten();
            end(first, *best).into_iter().chain(last).collect()
        }
        [(_, only), ..] if lost == 0 && known.len() > 1 => {
            vec![format!("{}: {}.", all(known.len(), words.each), say(*only))]
        }
        [(_, only), ..] => end(if values.len() > 1 { first } else { words.only }, *only).into_iter().collect(),
    };
    parts.extend(Some(self::lost(values, words)).filter(|lost| !lost.is_empty()));
    parts.join(" ")
}

/// Whether two values, as they read, differ by no more than one or so in the third digit: which is the larger says nothing.
fn reads_close(a: &str, b: &str) -> bool {
    let number = |text: &str| text.trim_end_matches("\u{a0}%").replace('−', "-").parse::<f64>().ok();
    match (number(a), number(b)) {
        (Some(a), Some(b)) => (a - b).abs() <= SLIGHT * a.abs().max(b.abs()),
        _ => false,
    }
}

/// How many there are of what is counted.
fn all(n: usize, each: &str) -> String {
    if n == 2 { format!("Both {each}") } else { format!("All {n} {each}") }
}

/// The same where the values can be ranked, else that they cannot and how many are lost: losses of different data, kinds or units are no
/// common measure.
pub fn ranked(
    is_ranked: bool,
    values: &[(String, Ending)],
    words: &Words,
    sign: f64,
    say: impl Fn(f64) -> String,
) -> String {
    const UNLIKE: &str = "Of different data, kinds or units, so higher or lower says nothing.";
    match is_ranked {
        true => extremes(values, words, sign, say),
        false => [UNLIKE, &lost(values, words)].join(" ").trim_end().to_string(),
    }
}

/// Of how many of the medians half or more of the runs are lost; nothing where of none.
fn lost(values: &[(String, Ending)], words: &Words) -> String {
    let lost = values.iter().filter(|(_, ending)| *ending == Ending::Lost).count();
    match values {
        _ if lost == 0 => String::new(),
        [(name, _)] if name.is_empty() => format!("Half or more of the runs {}.", words.lost),
        [(name, _)] => format!("{name}: half or more of the runs {}.", words.lost),
        _ => format!("Half or more of the runs of {lost} of {} {} {}.", values.len(), words.each, words.lost),
    }
}

/// Where layers differ in size.
pub const OF_NORM: &str = "decades of the norm of the gradient per layer";

/// Where a gradient fades most and where it grows most, of those that arrive and as far as the seeds tell: the names of all that read
/// the same, or how many of `each` these are.
pub fn fading(values: &[(String, Summary)], (unit, is_rate): (&str, bool), each: &str) -> String {
    let others = if values.iter().any(|(_, own)| own.median == Fading::Beyond) { " of the others" } else { "" };
    let shown = |own: &Summary| own.median.shown(|lost| words::rate(lost.abs()));
    let named = |ends: &[&(String, Summary)]| few(ends.iter().map(|(name, _)| name.as_str()), values.len(), each);
    let factor = |lost: f64| match 10f64.powf(lost) {
        factor if lost > 0.0 && is_rate && factor < 1e4 => {
            format!(", a factor of {}", significant(factor, 3))
        }
        _ => String::new(),
    };
    let end = |change: Change, [alone, most]: [&str; 2]| {
        let size = |own: &Summary| own.median.number().abs();
        let does = |own: &Summary| Change::of(&own.inner()) == change && (LITTLE..f64::INFINITY).contains(&size(own));
        let all: Vec<&(String, Summary)> = values.iter().filter(|(_, own)| does(own)).collect();
        let (_, own) = all.iter().copied().max_by(|a, b| size(&a.1).total_cmp(&size(&b.1)))?;
        let (ends, rest): (Vec<&(String, Summary)>, Vec<_>) =
            all.iter().partition(|(_, other)| shown(other) == shown(own));
        let amount = format!("{} {unit}{}", shown(own), factor(own.median.number()));
        // Nothing tells how far beyond its bound a gradient fades.
        let bounds: Vec<&(String, Summary)> = rest.into_iter().filter(|(_, own)| own.median.is_bound()).collect();
        let or = match bounds[..] {
            [] => String::new(),
            [(name, bound)] => format!(", or {name}, {}", shown(bound)),
            _ => format!(", or one of {} {each} with a lower bound alone", bounds.len()),
        };
        Some(match (values.len(), named(&ends)) {
            (1, name) if name.is_empty() => format!("{alone} by {amount}."),
            (1, name) => format!("{name}: {} by {amount}.", alone.to_lowercase()),
            (_, name) if name.is_empty() => format!("{most}{others}: {amount}{or}."),
            (_, name) => format!("{most}{others}: {name}, {amount}{or}."),
        })
    };
    let fades = end(Change::Fades, ["Fades", "Fades most"]);
    let grows = end(Change::Grows, ["Grows", "Grows most"]);
    fades.into_iter().chain(grows).collect::<Vec<_>>().join(" ")
}

/// The names of some of all lines, or of more than a few their number.
pub fn few<'a>(names: impl ExactSizeIterator<Item = &'a str>, all: usize, each: &str) -> String {
    match names.len() {
        n if n > FEW => format!("{n} of {all} {each}"),
        _ => names.collect::<Vec<_>>().join(" and "),
    }
}

/// Whose value this is: `adam: 0.1`, or `adam and lion: 0.1` where they read the same; nothing where more than a few do.
pub fn who(values: &[(String, f64)], value: f64, say: impl Fn(f64) -> String) -> Option<String> {
    let own = say(value);
    let same: Vec<&str> = values.iter().filter(|(_, v)| say(*v) == own).map(|(name, _)| name.as_str()).collect();
    match same[..] {
        [""] => Some(own),
        _ if same.len() > FEW => None,
        _ => Some(format!("{}: {own}", same.join(" and "))),
    }
}

/// How many values are drawn in one place with this one.
fn near(values: &[(String, f64)], value: f64) -> usize {
    let (low, high) = range(values.iter().map(|(_, v)| *v)).unwrap_or_default();
    values.iter().filter(|(_, v)| *v == value || (v - value).abs() <= CLOSE * (high - low)).count()
}

/// A value of a column for a sentence, of its log10 where that is drawn.
pub fn measured(value: f64, column: &Column) -> String {
    match column.scale {
        Scale::Share => format!("{:.1}\u{a0}%", 100.0 * value),
        Scale::Log => amount(value, true),
        Scale::Linear => amount(value, false),
    }
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
    // No line ends within the number.
    format!("{sign}{mantissa}\u{a0}×\u{a0}{}", power_of_ten(order.floor() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words = Words { high: "Highest", low: "Lowest", only: "At the end", each: "lines", lost: "diverged" };

    #[test]
    fn the_best_end_comes_first_and_what_reads_the_same_is_counted() {
        let ending = |v: f64| if v == f64::INFINITY { Ending::Lost } else { Ending::Value(v) };
        let named =
            |values: &[f64]| values.iter().zip('a'..).map(|(v, c)| (c.to_string(), ending(*v))).collect::<Vec<_>>();
        let said = |values: &[f64], sign| extremes(&named(values), &WORDS, sign, |v| amount(v, false));
        assert_eq!(said(&[3.0, 1.0, 2.0], -1.0), "Lowest: b: 1. Highest: a: 3.");
        assert_eq!(said(&[3.0, 1.0, 2.0], 1.0), "Highest: a: 3. Lowest: b: 1.");
        assert_eq!(said(&[2.3001, 1.0, 2.3], -1.0), "Lowest: b: 1. Highest: c and a: 2.3.");
        assert_eq!(
            said(&[1.0, f64::INFINITY, 2.0], -1.0),
            "Lowest: a: 1. Highest: c: 2. Half or more of the runs of 1 of 3 lines diverged."
        );
        assert_eq!(
            said(&[1.0, f64::INFINITY], -1.0),
            "Lowest: a: 1. Half or more of the runs of 1 of 2 lines diverged."
        );
        assert_eq!(said(&[f64::INFINITY], -1.0), "a: half or more of the runs diverged.");
        assert_eq!(said(&[2.0, 2.0], -1.0), "Both lines: 2.");
        assert_eq!(said(&[0.991, 0.99], -1.0), "Both lines: 0.99 to 0.991.", "one in the last digit says nothing");
        assert_eq!(said(&[-0.991, -0.99], 1.0), "Both lines: −0.991 to −0.99.");
        assert_eq!(said(&[1.0, 2.0, 2.0, 2.0, 2.0], -1.0), "Lowest: a: 1.", "an end that many share says nothing");
        assert_eq!(said(&[f64::NAN], -1.0), "");
        assert_eq!(
            extremes(&[(String::new(), Ending::Value(0.5))], &WORDS, 1.0, |v| amount(v, false)),
            "At the end: 0.5."
        );
    }

    #[test]
    fn growth_is_called_growth() {
        let of = |seeds: &[Fading]| Summary::of(seeds).unwrap();
        let told = |values: &[(&str, Summary)]| {
            let values: Vec<_> = values.iter().map(|(name, own)| (name.to_string(), *own)).collect();
            fading(&values, ("decades per layer", true), "lines")
        };
        let said = |values: &[(&str, f64)]| {
            told(&values.iter().map(|(name, v)| (*name, of(&[Fading::read(*v, false)]))).collect::<Vec<_>>())
        };
        assert_eq!(said(&[("", 0.86)]), "Fades by 0.86 decades per layer, a factor of 7.24.");
        assert_eq!(said(&[("depth = 4", -0.1)]), "depth = 4: grows by 0.10 decades per layer.");
        assert_eq!(
            said(&[("a", 1.0), ("b", -0.02)]),
            "Fades most: a, 1.00 decades per layer, a factor of 10. Grows most: b, 0.020 decades per layer."
        );
        assert_eq!(
            said(&[("a", f64::INFINITY), ("b", 0.3)]),
            "Fades most of the others: b, 0.30 decades per layer, a factor of 2."
        );
        assert_eq!(said(&[("a", 0.0)]), "");
        assert_eq!(said(&[("a", -0.2), ("b", -0.2), ("c", -0.1)]), "Grows most: a and b, 0.20 decades per layer.");
        // What the seeds do not tell from no change is no end.
        let unsure = of(&[-0.1, 0.05, -0.2].map(Fading::Exactly));
        assert_eq!(
            told(&[("a", of(&[Fading::Exactly(-0.01)])), ("b", unsure)]),
            "Grows most: a, 0.010 decades per layer."
        );
        let bound = of(&[Fading::AtLeast(3.6)]);
        assert_eq!(
            told(&[("a", of(&[Fading::Exactly(4.2)])), ("b", bound)]),
            "Fades most: a, 4.20 decades per layer, or b, at least 3.60."
        );
    }

    #[test]
    fn numbers_of_any_size_can_be_read() {
        assert_eq!(amount(0.01318, false), "0.0132");
        assert_eq!(amount(-1.88, true), "0.0132");
        assert_eq!(amount(-400.5, true), "3.2\u{a0}×\u{a0}10⁻⁴⁰¹");
        assert_eq!(amount(-2.5e7, false), "−2.5\u{a0}×\u{a0}10⁷");
        assert_eq!(amount(f64::NEG_INFINITY, true), "0");
        assert_eq!(amount(0.0, false), "0");
    }
}
