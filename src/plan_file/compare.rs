//! How arms are compared, as `plan.json` has it.

use super::{Axis, PlanCell, unlike};
use crate::columns::{Column, Scale, metric::metric};
use crate::experiment::settings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Independent problems from which on arms are tested over them.
pub const PROBLEMS: usize = 10;

/// `1 data set or function`, `3 data sets or functions`.
pub fn origins(n: usize) -> String {
    if n == 1 { "1 data set or function".into() } else { format!("{n} data sets or functions") }
}

/// How arms are compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Compare {
    /// The axis whose labels are the arms.
    pub arm: String,
    /// The axes of which each arm takes its best label; the others make the problems.
    pub tune: Vec<String>,
    /// The first so many seeds choose, the others are reported.
    pub tune_seeds: usize,
    /// What is smallest (or, an accuracy, largest) where it is chosen; the validation loss, or without a validation part
    /// the training loss.
    pub choose: Option<String>,
    /// What the tests compare; the test loss, or without a test part what is chosen by.
    pub report: Option<String>,
    /// What they compare beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The axes whose labels are problems of which one joint answer is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<String>,
    /// The arm that all others are compared with; without it every arm is compared with every other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// Up to which difference of the first of these two arms are as good as equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
}

impl Compare {
    /// Why its arms cannot be compared, or their settings chosen, by one of these metrics, with the cure: losses of different data,
    /// functions or kinds are no common measure, and neither are steps to a loss. `None` where they can.
    pub fn refused(&self, cells: &[PlanCell], reports: &[&str], choose: &str) -> Option<(String, &'static str)> {
        let is_loss = |name: &&str| metric(name).is_none_or(|column| column.scale != Scale::Share);
        let differ = |held: &dyn Fn(&str) -> bool| {
            let mut groups: BTreeMap<Vec<&String>, Vec<&PlanCell>> = BTreeMap::new();
            for cell in cells {
                let labels = cell.labels.iter().filter(|(axis, _)| held(axis)).map(|(_, label)| label);
                groups.entry(labels.collect()).or_default().push(cell);
            }
            groups.into_values().find_map(unlike)
        };
        let subject = |name: &str| metric(name).map_or(name.into(), Column::subject);
        let is_tuned = |axis: &str| self.tune.iter().any(|own| own == axis);
        let of_arms = reports.iter().copied().find(is_loss).and_then(|report| {
            let why = differ(&|axis| axis != self.arm && !is_tuned(axis))?;
            let what = format!("the labels of {} cannot be compared by the {}: {why}", self.arm, subject(report));
            Some((what, "compare them by an accuracy, as with report = [\"test_accuracy\"] or --metric test_accuracy, or by another axis"))
        });
        of_arms.or_else(|| {
            let why = Some(choose).filter(is_loss).and_then(|_| differ(&|axis| !is_tuned(axis)))?;
            let what = format!("settings cannot be chosen by the {}: {why}", subject(choose));
            Some((what, "write choose = \"val_accuracy\", or leave that axis out of tune"))
        })
    }

    /// The metrics that it names.
    pub fn named(&self) -> impl Iterator<Item = &str> + Clone {
        self.report.iter().chain(&self.also).chain(&self.choose).map(String::as_str)
    }
}

/// What holds where a file does not say otherwise.
impl Compare {
    /// The axis that is compared: that of the optimizers, where there are several.
    pub(crate) fn usual_arm(axes: &[Axis]) -> Option<&Axis> {
        axes.iter().find(|axis| axis.name == "optimizer" && axis.labels.len() > 1)
    }

    /// Whether each arm takes its best label of an axis: of the settings of optimizers.
    pub(crate) fn is_usually_tuned(axis: &Axis, arm: &str) -> bool {
        axis.name != arm && settings::is_option_of(&axis.name, "optimizer")
    }

    /// Whether some of these axes has labels to choose from.
    pub(crate) fn chooses(tune: &[String], axes: &[Axis]) -> bool {
        axes.iter().any(|axis| tune.contains(&axis.name) && axis.labels.len() > 1)
    }

    /// The seeds that choose: a third, and at least one, so that most seeds are left for the report.
    pub(crate) fn usual_tune_seeds(seeds: usize) -> usize {
        (seeds / 3).max(1)
    }
}
