//! Ranges of numbers: `{ log = [a, b], n = k }`, `{ lin = [a, b], n = k }`, `{ from, to, step }`, ends included.

use super::axis::MOST_POINTS;
use super::problem::{Location, ExperimentError};
use super::reader::{Entry, Reader, numbers, raw};
use crate::plan_file::Scale;
use crate::setting::Value;

impl Reader {
    /// The numbers of a range and how they are spaced.
    pub fn range(&self, name: &str, entry: &Entry) -> Result<(Vec<f64>, Scale), ExperimentError> {
        let entries = self.table(name, entry)?;
        let place = self.at(entry.value);
        let help = "a range is { log = [1e-4, 1e-1], n = 4 }, { lin = [0, 1], n = 5 } or { from = 1, to = 9, step = 2 }, ends included";
        let wrong = |at: &Location, message: String| Err(ExperimentError::new(at, message, help));
        let forms: [(&[&str], Scale); 3] =
            [(&["log", "n"], Scale::Log), (&["lin", "n"], Scale::Linear), (&["from", "to", "step"], Scale::Linear)];
        let has = |k: &str| entries.iter().any(|e| e.key == k);
        let (words, scale) = forms.into_iter().find(|(words, _)| has(words[0])).expect("is_range was asked");
        if let Some(extra) = entries.iter().find(|e| !words.contains(&e.key)) {
            return wrong(&extra.at, format!("a range with `{}` has no `{}`", words[0], extra.key));
        }
        if let Some(missing) = words.iter().find(|w| !has(w)) {
            return wrong(&place, format!("the range of `{name}` lacks `{missing}`"));
        }
        let get = |k: &str| entries.iter().find(|e| e.key == k).expect("just checked").value;
        if words[0] == "from" {
            let mut ends = [0.0; 3];
            for (slot, word) in ends.iter_mut().zip(words) {
                *slot = match raw(get(word).get_ref()) {
                    Some(Value::Int(i)) => i as f64,
                    Some(Value::Float(x)) if x.is_finite() => x,
                    _ => {
                        return wrong(
                            &self.at(get(word)),
                            format!("`{word}` must be a number, but is {}", self.found(get(word))),
                        );
                    }
                };
            }
            let [from, to, step] = ends;
            let steps = (to - from) / step;
            if step == 0.0 || steps < 0.0 {
                let message = format!("steps of {step} never lead from {from} to {to}");
                let help =
                    format!("write a step {} 0, or exchange the ends", if to > from { "above" } else { "below" });
                return Err(ExperimentError::new(&place, message, help));
            }
            if (steps - steps.round()).abs() > 1e-9 * steps.max(1.0) {
                let stop = |n: f64| crate::table::number(tidy(from + n * step));
                let (before, after) = (stop(steps.floor()), stop(steps.ceil()));
                let help = format!("both ends belong to a range: write to = {before} or to = {after}, or another step");
                return Err(ExperimentError::new(&place, format!("steps of {step} do not lead from {from} to {to}"), help));
            }
            if steps >= MOST_POINTS as f64 {
                return wrong(&place, format!("the range of `{name}` has more than {MOST_POINTS} points"));
            }
            let count = steps.round() as usize;
            return Ok((
                (0..=count).map(|i| if i == count { to } else { tidy(from + step * i as f64) }).collect(),
                scale,
            ));
        }
        let ends = get(words[0]);
        let (a, b) = match numbers(ends.get_ref()).as_deref() {
            Some([a, b]) => (*a, *b),
            _ => {
                return wrong(
                    &self.at(ends),
                    format!("`{}` must be two numbers, but is {}", words[0], self.found(ends)),
                );
            }
        };
        if scale == Scale::Log && (a <= 0.0 || b <= 0.0) {
            let power = |x: f64| crate::table::number(10f64.powf(x));
            let help = match a.min(b) < 0.0 && a.abs().max(b.abs()) < 30.0 {
                true => format!("it takes the numbers, not their exponents: log = [{}, {}]", power(a), power(b)),
                false => "0 has no logarithm: start above it, and add 0 with an [[include]] if you want it".into(),
            };
            return Err(ExperimentError::new(&self.at(ends), "both ends of a log range must be above 0", help));
        }
        let n = self.integer("n", get("n"), 2..MOST_POINTS as i64 + 1)? as usize;
        let between = |i: usize| {
            let t = i as f64 / (n - 1) as f64;
            tidy(if scale == Scale::Log { (a.ln() + t * (b.ln() - a.ln())).exp() } else { a + t * (b - a) })
        };
        // The ends are taken as written, so that rounding cannot move them.
        Ok((
            (0..n)
                .map(|i| {
                    if i == 0 {
                        a
                    } else if i == n - 1 {
                        b
                    } else {
                        between(i)
                    }
                })
                .collect(),
            scale,
        ))
    }
}

/// Twelve significant digits, so that 0.1 + 0.2 is labelled 0.3.
fn tidy(x: f64) -> f64 {
    format!("{x:.11e}").parse().unwrap_or(x)
}
