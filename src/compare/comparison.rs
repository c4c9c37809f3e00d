//! What is compared in a results folder, by which measure and on which seeds.

use super::tasks::{Task, tasks};
use crate::plan_file::compare::Compare;
use crate::results::{Results, ResultsError};

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
    /// Whether runs had a loss to reach.
    pub target: bool,
    /// How exactly the steps to it are known; empty where to the step.
    pub steps_known: String,
    pub tasks: Vec<Task>,
}

impl Comparison {
    /// Of a results folder; `None` where its plan has no arms.
    ///
    /// # Errors
    /// When `plan.json` names an axis that it does not have.
    pub fn of(results: &Results) -> Result<Option<Self>, ResultsError> {
        results.plan.compare.as_ref().map(|compare| Comparison::by(results, compare)).transpose()
    }

    /// Of a results folder, as this says it: also where its plan has no arms.
    ///
    /// # Errors
    /// When it names an axis that the plan does not have.
    pub fn by(results: &Results, compare: &Compare) -> Result<Self, ResultsError> {
        let choice = results.choice_by(Some(compare));
        let measured = |metric: &&str| results.runs.iter().any(|run| run.value(metric).is_some());
        let usual = || ["test_loss", &choice.metric].into_iter().find(measured).unwrap_or("train_loss").to_string();
        let report = compare.report.clone().unwrap_or_else(usual);
        let target = results.plan.has_target();
        let steps_known = if target { results.steps_known(0..results.runs.len()) } else { String::new() };
        let tasks = tasks(results, compare, &choice, &report, target)?;
        let (tune_seeds, report_seeds) = (choice.tune_seeds, choice.report_seeds);
        let (arm, choose) = (compare.arm.clone(), choice.metric);
        Ok(Comparison { arm, choose, report, tune_seeds, report_seeds, target, steps_known, tasks })
    }
}
