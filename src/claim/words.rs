//! What a claim says and is about: for `claims.csv` by the names of the columns, for a reader in words.

use crate::columns::{Column, Scale};
use crate::plan_file::claim::{Against, By, ClaimSpec, Filter, Metric, Ordinal, Wanted};
use crate::table::significant;

/// Its sentence, with the numbers it is about.
pub fn sentence(claim: &ClaimSpec) -> String {
    let numbers = claim.wanted.placeholders().into_iter();
    numbers.fold(claim.says.clone(), |says, (word, number)| says.replace(&format!("{{{word}}}"), &number))
}

/// The number, by the name of its column.
pub fn metric(claim: &ClaimSpec) -> String {
    let name = match &claim.metric {
        Metric::Run(column) => column.clone(),
        Metric::History { column, step } => format!("{column} at step {step}"),
        Metric::Layers { column, step, layer, per_layer } => {
            let over = per_layer.as_ref().map_or(String::new(), |below| format!(" over layer {below}"));
            format!("{column} of layer {layer}{over} at step {step}")
        }
    };
    match &claim.against {
        Some((Against::Theory, By::Ratio)) => format!("{name} over theory"),
        Some((Against::Theory, By::Difference)) => format!("{name} minus theory"),
        Some((Against::Runs(_), By::Ratio)) => format!("ratio of {name}"),
        Some((Against::Runs(_), By::Difference)) => format!("difference of {name}"),
        None => name,
    }
}

/// What the median is to be.
pub fn expected(claim: &ClaimSpec) -> String {
    let along = claim.along.as_deref().unwrap_or_default();
    match claim.wanted {
        Wanted::Above(x) => format!("above {x}"),
        Wanted::Below(x) => format!("below {x}"),
        Wanted::Within(low, high) => format!("within [{low}, {high}]"),
        Wanted::Increasing => format!("increasing along {along}"),
        Wanted::Decreasing => format!("decreasing along {along}"),
    }
}

/// The number in words: `training loss, as a ratio to that with depth 20`.
pub fn what(claim: &ClaimSpec) -> String {
    let place = |what: &str, place: &Ordinal| match place {
        Ordinal::Number(n) => format!("{what} {n}"),
        end => format!("the {end} {what}"),
    };
    let subject = |column: &str| claim.metric.described().map_or(column.to_string(), Column::subject);
    let name = match &claim.metric {
        Metric::Run(column) => subject(column),
        Metric::History { column, step } => format!("{} at {}", subject(column), place("step", step)),
        Metric::Layers { column, step, layer, per_layer } => {
            let over = per_layer.as_ref().map_or(String::new(), |below| format!(" over {}", place("layer", below)));
            format!("{} at {}{over} and {}", subject(column), place("layer", layer), place("step", step))
        }
    };
    let name = match &claim.against {
        None => name,
        Some((against, by)) => {
            let other = match against {
                Against::Theory => "what theory predicts".into(),
                Against::Runs(other) => format!("that with {}", labels(other)),
            };
            match by {
                By::Ratio => format!("{name}, as a ratio to {other}"),
                By::Difference => format!("{name}, minus {other}"),
            }
        }
    };
    match &claim.along {
        None => name,
        Some(along) => format!("smallest change from one {along} to the next of the {name}"),
    }
}

/// How a number that a claim is about is written in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    Plain,
    /// A share, in per cent.
    Share,
    /// What two shares differ by, in percentage points.
    Points,
}

impl Amount {
    pub(super) fn of(claim: &ClaimSpec) -> Amount {
        let is_share = claim.metric.described().is_some_and(|column| column.scale == Scale::Share);
        match &claim.against {
            Some((_, By::Ratio)) => Amount::Plain,
            _ if !is_share => Amount::Plain,
            None if claim.along.is_none() => Amount::Share,
            _ => Amount::Points,
        }
    }

    /// The number with its unit.
    pub fn shown(self, x: f64) -> String {
        match self {
            Amount::Plain => significant(x, 3),
            Amount::Share => format!("{}\u{a0}%", significant(100.0 * x, 3)),
            Amount::Points => format!("{}\u{a0}points", significant(100.0 * x, 3)),
        }
    }
}

fn labels(filter: &Filter) -> String {
    let axes = filter.iter().map(|(axis, labels)| format!("{axis} {}", labels.join(" or ")));
    axes.collect::<Vec<_>>().join(", ")
}
