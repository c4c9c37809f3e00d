//! Numbers of an outcome as a person reads them: per cent, three digits, decades with their sign, and medians with their interval.

use crate::columns::{self, Column, Scale};
use crate::experiment::settings;
use crate::run::cost::flop;
use crate::stats::Spread;
use crate::table::{number, percent_range, rounded, signed};

/// A number of this column: `96.4 %`, `0.143`, `+0.859`; what is infinitely bad in words.
pub fn amount(x: f64, column: &Column) -> String {
    match x {
        _ if x == f64::INFINITY && column.is_attenuation() => "none arrives".into(),
        _ if x == f64::INFINITY && column.missing_is_worst() => "missed".into(),
        _ if x.is_infinite() && x == column.worst() => "diverged".into(),
        _ if column.is_attenuation() => signed(x, 3),
        _ if column.unit == "FLOP" => flop(x),
        _ if column.unit == "updates" => number(x.round()),
        _ if column.scale == Scale::Share => format!("{:.1} %", 100.0 * x),
        _ => significant(x),
    }
}

/// A median with its interval: `0.143 [0.138, 0.151]`; a single run has none, nor have runs that are all alike.
pub fn with_interval(s: &Spread, column: &Column) -> String {
    let shown = |x| amount(x, column);
    // A unit is said once.
    let unit = if column.scale == Scale::Share { " %" } else { "" };
    let bare = |x| shown(x).trim_end_matches(unit).to_string();
    match s.n {
        1 => shown(s.median),
        _ if shown(s.low) == shown(s.high) => shown(s.median),
        _ => format!("{} [{}, {}]", shown(s.median), bare(s.low), bare(s.high)),
    }
}

/// What was chosen for an arm: `lr 0.03`, by the names of the settings inside their family.
pub fn setting(chosen: &[(String, String)]) -> String {
    let named = chosen.iter().map(|(axis, label)| format!("{} {}", settings::option_name(axis), short(label)));
    named.collect::<Vec<_>>().join(", ")
}

/// What an outcome is called in the middle of a sentence.
pub fn subject(outcome: &str) -> String {
    columns::metric::metric(outcome).map_or(outcome.into(), Column::subject)
}

/// A label with its axis: `depth 8`; what is not there in words.
pub fn labelled(axis: &str, label: &str) -> String {
    match (axis, label) {
        ("function", "none") => "the network".into(),
        // A variant may have any name.
        (_, "none") if axis != "variant" => format!("no {axis}"),
        _ => format!("{axis} {}", short(label)),
    }
}

/// A label; of long numbers three digits.
pub fn short(label: &str) -> String {
    let number = label.parse().ok().filter(|_| label.len() > 7);
    number.map_or(label.to_string(), significant)
}

/// Three significant digits.
pub fn significant(x: f64) -> String {
    if x.abs() == 1.0 { format!("{x}") } else { rounded(x, 3) }
}

/// What an interval is, for the foot of a table; empty where there is none.
pub fn interval_note(spreads: &[Spread]) -> String {
    let several: Vec<f64> = spreads.iter().filter(|s| s.n > 1).map(|s| s.coverage).collect();
    let cover = percent_range(several.iter().copied());
    if several.is_empty() {
        return String::new();
    }
    format!(
        "median over seeds [interval]; the interval's ends are order statistics, which cover the true median with {cover}"
    )
}
