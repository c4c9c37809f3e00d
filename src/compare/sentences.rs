//! The verdict on a pair of arms as one sentence, with its statistical evidence.

use super::amount::{significant, subject};
use super::arms::SHARE;
use super::pairs::{Pair, Verdict};
use crate::columns::{self, Column, Quantity, Scale};
use crate::run::cost::flop;
use crate::stats::signed_rank::{Estimate, LEVEL};
use crate::table::{count, signed};

/// A difference of a metric with its sign: `-0.12`, of shares in points.
pub fn size(x: f64, column: Option<&Column>) -> String {
    match x {
        f64::INFINITY => "inf".to_string(),
        f64::NEG_INFINITY => "-inf".to_string(),
        _ if column.is_some_and(|column| column.scale == Scale::Share) => format!("{} points", signed(100.0 * x, 1)),
        _ if column.is_some_and(|column| column.unit == "updates") => signed(x, 0),
        _ if x != 0.0 && column.is_some_and(|column| column.unit == "FLOP") => {
            format!("{}{}", if x > 0.0 { "+" } else { "-" }, flop(x.abs()))
        }
        _ if x == 0.0 => "0".into(),
        _ => format!("{}{}", if x > 0.0 { "+" } else { "" }, significant(x)),
    }
}

/// A difference with its interval and its level: `-0.12 [-0.2, -0.1] at 92.2 %`; in words where one of the two is worse than every number.
pub fn difference(d: &Estimate, column: Option<&Column>) -> String {
    format!("{} at {:.1} %", span([d.value, d.low, d.high], column), 100.0 * d.coverage)
}

fn span([value, low, high]: [f64; 3], column: Option<&Column>) -> String {
    let end = |x: f64, far: &str| if x.is_infinite() { far.into() } else { size(x, column) };
    let size = match value {
        f64::INFINITY => "more than every number".into(),
        f64::NEG_INFINITY => "less than every number".into(),
        value => size(value, column),
    };
    match low == high && low.is_infinite() {
        true => size,
        false => format!("{size} [{}, {}]", end(low, "no lower end"), end(high, "no upper end")),
    }
}

/// What a p-value that cannot be smaller is.
pub fn least_p(smallest: f64) -> String {
    if smallest < 1.0 { format!("at least {}", significant(smallest)) } else { "always 1".into() }
}

/// What can be said of a pair, with its numbers.
pub fn sentence(pair: &Pair) -> String {
    let Pair { first, second, difference: d, corrected, smallest, test, family, .. } = pair;
    let ties = if test.n < d.n { format!(", {} of them tied", d.n - test.n) } else { String::new() };
    let seeds = format!("{}{ties}", count(d.n, "seed"));
    if d.n == 1 {
        return format!("{first} and {second}: one seed cannot distinguish a difference from chance");
    }
    if test.n == 0 {
        return format!("{first} and {second} are alike on all {}, to the last digit", count(d.n, "seed"));
    }
    let (column, subject) = (columns::metric::metric(&pair.metric), subject(&pair.metric));
    let between = difference(d, column);
    let is = match d.value.is_infinite() {
        true => {
            let is = if column.is_some_and(|own| own.quantity == Quantity::Steps) { "are" } else { "is" };
            let higher = if pair.side() < 0.0 { second } else { first };
            format!("the {subject} of {higher} {is} higher by {}", difference(&pair.seen_from(higher), column))
        }
        false => format!("the difference in {subject} is {between}"),
    };
    // What can be counted is fewer or more, not lower or higher.
    let differs = match (column.is_some_and(|own| own.quantity == Quantity::Steps), pair.side() < 0.0) {
        (true, true) => format!("takes fewer {subject}"),
        (true, false) => format!("takes more {subject}"),
        (false, true) => format!("has a lower {subject}"),
        (false, false) => format!("has a higher {subject}"),
    };
    let pairs = if *family > 1 { format!(" for {family} pairs") } else { String::new() };
    let evidence = format!(
        "{between}, rank-biserial correlation {:+.2}, p = {} after Holm's correction{pairs}, {seeds}",
        test.effect,
        significant(*corrected)
    );
    let again = pair.tuned.map_or(String::new(), |tuned| {
        format!("; with settings chosen anew {}", span([tuned.value, tuned.low, tuned.high], column))
    });
    match pair.verdict {
        Verdict::Distinguished => format!("{first} {differs} than {second}: {evidence}{again}"),
        Verdict::NotSettled => format!(
            "{first} {differs} than {second} at the chosen settings ({evidence}), but that is not settled: {}{again}",
            why_open(pair)
        ),
        Verdict::Equivalent => {
            format!("{first} and {second} are equivalent: {is}, {seeds}{again}")
        }
        Verdict::NotDistinguished => {
            let could = if *smallest > LEVEL {
                format!("; with so few seeds, p is {}", least_p(*smallest))
            } else {
                String::new()
            };
            format!(
                "{first} and {second} are not distinguished with {seeds}: {is}, p = {}{could}{again}",
                significant(*corrected)
            )
        }
    }
}

/// Why a difference at the chosen settings is not settled.
pub fn why_open(pair: &Pair) -> String {
    match pair.tuned {
        Some(tuned) if tuned.turned > SHARE => {
            format!("in {:.0} % of the draws of other seeds it does not hold", 100.0 * tuned.turned)
        }
        Some(_) => "at settings that other seeds often choose it does not hold".into(),
        None => "other seeds cannot choose the settings anew, since too few have all their runs".into(),
    }
}
