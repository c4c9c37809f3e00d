//! Ranges of numbers: `{ log = [a, b], n = k }`, `{ lin = [a, b], n = k }`, `{ from, to, step }`, ends included.

use super::axis::MOST_POINTS;
use super::error::Result;
use super::node::Node;
use crate::plan_file::Scale;

/// What a range is whose length or number of steps no number holds.
const TOO_LONG: &str = "this range is longer than the largest number, 1.8e308";

/// The numbers of a range and how they are spaced; `range` is a table with one of the words `log`, `lin` and `from`.
pub(crate) fn range(name: &str, range: &Node) -> Result<(Vec<f64>, Scale)> {
    let entries = range.table(name)?;
    let help = "a range is { log = [1e-4, 1e-1], n = 4 }, { lin = [0, 1], n = 5 } or { from = 1, to = 9, step = 2 }, ends included";
    let get = |k: &str| entries.iter().find(|e| e.key == k);
    let (words, scale): (&[&str], Scale) = match (get("log"), get("lin")) {
        (Some(_), _) => (&["log", "n"], Scale::Log),
        (None, Some(_)) => (&["lin", "n"], Scale::Linear),
        (None, None) => (&["from", "to", "step"], Scale::Linear),
    };
    if let Some(extra) = entries.iter().find(|e| !words.contains(&e.key)) {
        return extra.at.fail(format!("a range with `{}` has no `{}`", words[0], extra.key), help);
    }
    let need = |word: &str| {
        let entry = get(word).map(|e| &e.value);
        entry.ok_or_else(|| range.at.error(format!("the range of `{name}` lacks `{word}`"), help))
    };
    words.iter().try_for_each(|word| need(word).map(drop))?;
    if words[0] == "from" {
        let number = |word: &str| {
            let node = need(word)?;
            let wrong = || node.at.error(format!("`{word}` must be a number, but is {}", node.found()), help);
            node.number().ok_or_else(wrong)
        };
        let (from, to, step) = (number("from")?, number("to")?, number("step")?);
        let steps = (to - from) / step;
        if step != 0.0 && !steps.is_finite() {
            return range.at.fail(TOO_LONG, help);
        }
        if step == 0.0 || steps < 0.0 {
            let help = format!("write a step {} 0, or swap the two ends", if to > from { "above" } else { "below" });
            return range.at.fail(format!("steps of {step} never reach {to} from {from}"), help);
        }
        if (steps - steps.round()).abs() > 1e-9 * steps.max(1.0) {
            let stop = |n: f64| crate::table::number(tidy(from + n * step));
            let (before, after) = (stop(steps.floor()), stop(steps.ceil()));
            let help = format!("a range includes both ends: write to = {before} or to = {after}, or another step");
            return range.at.fail(format!("steps of {step} do not reach {to} exactly from {from}"), help);
        }
        if steps >= MOST_POINTS as f64 {
            return range.at.fail(format!("the range of `{name}` has more than {MOST_POINTS} points"), help);
        }
        return Ok((spaced(steps.round() as usize, from, to, |i| from + step * i as f64), scale));
    }
    let ends = need(words[0])?;
    let Some([a, b]) = ends.numbers().and_then(|ends| <[f64; 2]>::try_from(ends).ok()) else {
        return ends.at.fail(format!("`{}` must be two numbers, but is {}", words[0], ends.found()), help);
    };
    if scale == Scale::Log && (a <= 0.0 || b <= 0.0) {
        let power = |x: f64| crate::table::number(10f64.powf(x));
        let help = match a.min(b) < 0.0 && a.abs().max(b.abs()) < 30.0 {
            true => format!("write the numbers themselves, not their exponents: log = [{}, {}]", power(a), power(b)),
            false => "0 has no logarithm: start above 0, and add 0 with an [[include]] if needed".into(),
        };
        return ends.at.fail("both ends of a log range must be above 0", help);
    }
    if !(b - a).is_finite() {
        return ends.at.fail(TOO_LONG, help);
    }
    let last = need("n")?.integer("n", 2..MOST_POINTS as i64 + 1)? as usize - 1;
    let between = |i: usize| {
        let t = i as f64 / last as f64;
        if scale == Scale::Log { (a.ln() + t * (b.ln() - a.ln())).exp() } else { a + t * (b - a) }
    };
    Ok((spaced(last, a, b, between), scale))
}

/// The numbers 0..=`last` of a range. The ends are taken as written, so that rounding cannot move them.
fn spaced(last: usize, from: f64, to: f64, between: impl Fn(usize) -> f64) -> Vec<f64> {
    let number = |i: usize| match i {
        0 => from,
        i if i == last => to,
        i => tidy(between(i)),
    };
    (0..=last).map(number).collect()
}

/// Twelve significant digits, so that 0.1 + 0.2 is labelled 0.3.
fn tidy(x: f64) -> f64 {
    format!("{x:.11e}").parse().unwrap_or(x)
}
