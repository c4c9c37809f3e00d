//! What arms can be compared by beside the columns of `runs.csv`: a column of `history.csv` at a step, at an epoch or on average over
//! training, and what it took to reach the target.

use super::{Column, HISTORY, Measured, STEPS_TO_TARGET, find, outcome};
use crate::parallel::lock;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

/// A metric that is computed from `history.csv` or from the steps to the target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Derived {
    /// A column at a scored step.
    AtStep(&'static Column, u64),
    /// A column at the first scored step from the end of an epoch on.
    AtEpoch(&'static Column, f64),
    /// The mean height of a column's curve over the steps, by trapezoids: the area under it over its length.
    Area(&'static Column),
    EpochsToTarget,
    FlopToTarget,
}

/// What it took to reach the target, beside steps.
const EPOCHS: Column =
    Column { name: "epochs_to_target", words: &["epochs to the", "target loss"], unit: "epochs", ..STEPS_TO_TARGET };
const FLOP: Column = Column {
    name: "flop_to_target",
    words: &["floating-point operations", "to the target loss"],
    unit: "FLOP",
    ..STEPS_TO_TARGET
};

/// How they are written, for messages.
pub const FORMS: &str =
    "`val_loss at step 100`, `val_loss at epoch 5`, `area of val_loss`, `epochs_to_target`, `flop_to_target`";

/// The metric of this name, if it is no column of `runs.csv`: [`FORMS`] with any column of `history.csv` that has a better direction.
pub fn derived(name: &str) -> Option<Derived> {
    let of = |column: &str| find(HISTORY, column).filter(|column| column.sign().is_some());
    if let Some(column) = name.strip_prefix("area of ") {
        return Some(Derived::Area(of(column)?));
    }
    if let Some((column, step)) = name.split_once(" at step ") {
        return Some(Derived::AtStep(of(column)?, step.parse().ok()?));
    }
    if let Some((column, epoch)) = name.split_once(" at epoch ") {
        return Some(Derived::AtEpoch(of(column)?, epoch.parse().ok().filter(|epoch: &f64| epoch.is_finite())?));
    }
    match name {
        _ if name == EPOCHS.name => Some(Derived::EpochsToTarget),
        _ if name == FLOP.name => Some(Derived::FlopToTarget),
        _ => None,
    }
}

/// The column that arms are compared by under this name: one of `runs.csv` or a [`Derived`] one; `None` for any other name.
pub fn metric(name: &str) -> Option<&'static Column> {
    static MADE: LazyLock<Mutex<HashMap<String, &'static Column>>> = LazyLock::new(Mutex::default);
    if let Some(column) = outcome(name) {
        return Some(column);
    }
    let derived = derived(name)?;
    let mut made = lock(&MADE);
    Some(made.entry(name.into()).or_insert_with(|| derived.column(name)))
}

/// Whether arms can be compared by a metric of this name: it has a better direction.
pub fn is_comparable(name: &str) -> bool {
    metric(name).is_some_and(|column| column.sign().is_some())
}

impl Derived {
    /// A column of its own, which lives as long as the program: an experiment names but a few.
    fn column(self, name: &str) -> &'static Column {
        let (of, measured, last) = match self {
            Derived::AtStep(of, step) => (of, Measured::Step, format!("at step {step}")),
            Derived::AtEpoch(of, epoch) => (of, Measured::Step, format!("after epoch {epoch}")),
            Derived::Area(of) => (of, Measured::Run, "on average over training".into()),
            Derived::EpochsToTarget => return &EPOCHS,
            Derived::FlopToTarget => return &FLOP,
        };
        let leak = |text: &str| -> &'static str { String::from(text).leak() };
        let words: Vec<&'static str> = of.words.iter().copied().chain([leak(&last)]).collect();
        Box::leak(Box::new(Column {
            name: leak(name),
            words: words.leak(),
            measured,
            part: None,
            summarized: false,
            ..*of
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::Better;

    #[test]
    fn a_metric_is_its_column_at_a_place_and_nothing_else_is_one() {
        let at = metric("val_accuracy at step 100").unwrap();
        assert_eq!(
            (at.subject().as_str(), at.worst(), at.better),
            ("validation accuracy at step 100", f64::NEG_INFINITY, Better::Higher)
        );
        assert!(std::ptr::eq(at, metric("val_accuracy at step 100").unwrap()), "made once");
        assert_eq!(derived("area of train_loss"), Some(Derived::Area(find(HISTORY, "train_loss").unwrap())));
        assert!(
            metric("flop_to_target").unwrap().missing_is_worst()
                && metric("epochs_to_target").unwrap().missing_is_worst()
        );
        for other in [
            "val_loss at step x",
            "val_loss at step -1",
            "lr at step 1",
            "area of nothing",
            "area of lr",
            "val_loss at epoch inf",
        ] {
            assert_eq!(metric(other), None, "{other}");
        }
        assert!(is_comparable("test_balanced_accuracy") && !is_comparable("attenuation_init"));
    }
}
