//! Arms compared, optimizers above all: the setting of each is chosen on some seeds, and what it is worth is told by others.
//!
//! Nothing is pooled over problems: every combination of the other axes is a comparison of its own. Two arms are
//! compared seed by seed, since a seed gives both the same initial weights and batches. A diverged run counts as the
//! worst there is.

mod arms;
mod csvs;
mod pairs;
mod text;

pub use arms::{Arm, Edge};
pub use pairs::Pair;

use crate::results::{Results, ResultsError};
use std::path::Path;

/// Probability with which intervals are to hold the true value; what so few seeds really give stands beside them.
pub const CONFIDENCE: f64 = 0.9;

/// The arms of a results folder compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The axis of the arms.
    pub arm: String,
    /// What settings are chosen by, and what is compared.
    pub choose: String,
    pub report: String,
    /// Seeds that chose; where there is but one seed, or nothing to choose, none.
    pub tune_seeds: Vec<u64>,
    pub report_seeds: Vec<u64>,
    pub target: bool,
    pub problems: Vec<Problem>,
}

/// One combination of the axes that neither are arms nor are chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Axis and label, for axes with several labels.
    pub labels: Vec<(String, String)>,
    pub arms: Vec<Arm>,
    pub pairs: Vec<Pair>,
}

impl Problem {
    /// As a heading: `depth 8, activation relu`.
    pub fn name(&self) -> String {
        let parts = self.labels.iter().map(|(axis, label)| format!("{axis} {label}"));
        let name = parts.collect::<Vec<_>>().join(", ");
        if name.is_empty() { "all runs".into() } else { name }
    }
}

impl Comparison {
    /// Of a results folder; `None` where its plan has no arms.
    ///
    /// # Errors
    /// When `plan.json` names an axis that it does not have.
    pub fn of(results: &Results) -> Result<Option<Self>, ResultsError> {
        let Some(compare) = &results.plan.compare else { return Ok(None) };
        let measured = |metric: &str| results.runs.iter().any(|run| run.value(metric).is_some());
        let first = |wanted: &Option<String>, usual: &[&str]| {
            let usual = || usual.iter().find(|metric| measured(metric)).map_or("train_loss", |metric| *metric);
            wanted.clone().unwrap_or_else(|| usual().to_string())
        };
        let choice = results.choice();
        let report = first(&compare.report, &["test_loss", &choice.metric]);
        let mut comparison = Comparison {
            arm: compare.arm.clone(),
            choose: choice.metric.clone(),
            report,
            tune_seeds: choice.tune_seeds.clone(),
            report_seeds: choice.report_seeds.clone(),
            target: results.plan.has_target(),
            problems: Vec::new(),
        };
        comparison.problems = arms::problems(results, compare, &choice, &comparison)?;
        for problem in &mut comparison.problems {
            problem.pairs = pairs::pairs(&problem.arms);
        }
        Ok(Some(comparison))
    }

    /// Writes `comparison.csv` and `comparison_pairs.csv`.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), ResultsError> {
        csvs::write(self, dir)
    }

    /// The comparison for a person.
    pub fn text(&self) -> String {
        text::text(self)
    }
}

/// Removes the files of a comparison that the plan has no more.
///
/// # Errors
/// When they cannot be removed.
pub fn remove(dir: &Path) -> Result<(), ResultsError> {
    csvs::remove(dir)
}
