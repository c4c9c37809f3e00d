//! The sentence under a title: what there is to see, with its numbers; the caption says how it was drawn.

use super::endings::Ending;
use super::ruler::{minus, range};
use super::text::power_of_ten;
use super::words;
use crate::columns::{Column, Scale};
use crate::fading::Fading;
use crate::table::significant;

/// Values this share of the range apart are drawn in one place.
const CLOSE: f64 = 0.01;
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
    /// What became of a group that is lost.
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
        [(_, best), .., (_, worst)] if say(*best) != say(*worst) => {
            // Who is last of a crowd says nothing.
            let last = (near(&known, *worst) <= FEW).then(|| end(second, *worst)).flatten();
            end(first, *best).into_iter().chain(last).collect()
        }
        [(_, only), ..] if lost == 0 && known.len() > 1 => {
            vec![format!("All {} {}: {}.", known.len(), words.each, say(*only))]
        }
        [(_, only), ..] => end(if values.len() > 1 { first } else { words.only }, *only).into_iter().collect(),
    };
    parts.extend(Some(self::lost(values, words)).filter(|lost| !lost.is_empty()));
    parts.join(" ")
}

/// Of how many of the medians half or more of the runs are lost; nothing where of none.
pub fn lost(values: &[(String, Ending)], words: &Words) -> String {
    let lost = values.iter().filter(|(_, ending)| *ending == Ending::Lost).count();
    match values {
        _ if lost == 0 => String::new(),
        [(name, _)] if name.is_empty() => format!("Half or more of the runs: {}.", words.lost),
        [(name, _)] => format!("{name}, half or more of the runs: {}.", words.lost),
        _ => format!("Half or more of the runs of {lost} of {} {}: {}.", values.len(), words.each, words.lost),
    }
}

/// The unit of an attenuation per layer.
pub const PER_LAYER: &str = "decades per layer";

/// Where a gradient fades most and where it grows most, of those that arrive.
pub fn fading(values: &[(String, Fading)], unit: &str) -> String {
    let others = if values.iter().any(|(_, lost)| *lost == Fading::Beyond) { " of the others" } else { "" };
    let said = |name: &str, what: [&str; 2], amount: String| match (values.len(), name) {
        (1, "") => format!("{} by {amount}.", what[0]),
        (1, name) => format!("{name}: {} by {amount}.", what[0].to_lowercase()),
        (_, "") => format!("{}{others}: {amount}.", what[1]),
        (_, name) => format!("{}{others}: {name}, {amount}.", what[1]),
    };
    let factor = |lost: f64| match 10f64.powf(lost) {
        factor if unit.starts_with("decades per") && factor < 1e4 => {
            format!(", a factor of {}", significant(factor, 3))
        }
        _ => String::new(),
    };
    let finite = || values.iter().filter(|(_, lost)| lost.number().is_finite());
    let order = |a: &&(String, Fading), b: &&(String, Fading)| a.1.number().total_cmp(&b.1.number());
    // Reversed, since of equal ones the first is to be named.
    let most = finite().rev().max_by(order).filter(|(_, lost)| lost.number() >= LITTLE);
    let least = finite().min_by(order).filter(|(_, lost)| lost.number() <= -LITTLE);
    let fades = most.map(|(name, lost)| {
        let amount = format!("{} {unit}{}", lost.shown(words::rate), factor(lost.number()));
        said(name, ["Fades", "Fades most"], amount)
    });
    let grows = least
        .map(|(name, lost)| said(name, ["Grows", "Grows most"], format!("{} {unit}", words::rate(-lost.number()))));
    fades.into_iter().chain(grows).collect::<Vec<_>>().join(" ")
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
    format!("{sign}{mantissa} × {}", power_of_ten(order.floor() as i64))
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
            "Lowest: a: 1. Highest: c: 2. Half or more of the runs of 1 of 3 lines: diverged."
        );
        assert_eq!(
            said(&[1.0, f64::INFINITY], -1.0),
            "Lowest: a: 1. Half or more of the runs of 1 of 2 lines: diverged."
        );
        assert_eq!(said(&[f64::INFINITY], -1.0), "a, half or more of the runs: diverged.");
        assert_eq!(said(&[2.0, 2.0], -1.0), "All 2 lines: 2.");
        assert_eq!(said(&[1.0, 2.0, 2.0, 2.0, 2.0], -1.0), "Lowest: a: 1.", "an end that many share says nothing");
        assert_eq!(said(&[f64::NAN], -1.0), "");
        assert_eq!(
            extremes(&[(String::new(), Ending::Value(0.5))], &WORDS, 1.0, |v| amount(v, false)),
            "At the end: 0.5."
        );
    }

    #[test]
    fn growth_is_called_growth() {
        let said = |values: &[(&str, f64)]| {
            fading(
                &values.iter().map(|(name, v)| (name.to_string(), Fading::read(*v, false))).collect::<Vec<_>>(),
                PER_LAYER,
            )
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
