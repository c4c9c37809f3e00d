//! What is compared in a results folder, by which measure and on which seeds.

use super::arms::Measure;
use super::over::{Joint, joint};
use super::tasks::{Task, tasks};
use crate::columns;
use crate::plan_file::compare::Compare;
use crate::results::{Results, ResultsError};

/// The arms of a results folder compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The axis of the arms.
    pub arm: String,
    /// What settings are chosen by, and what is compared first.
    pub choose: String,
    pub report: String,
    /// What is compared beside it.
    pub also: Vec<String>,
    /// The arm that all others are compared with, if not every arm is with every other.
    pub baseline: Option<String>,
    /// Up to which difference of `report` two arms are as good as equal, if that was asked for.
    pub margin: Option<f64>,
    /// Seeds that chose; where there is but one seed, or nothing to choose, none.
    pub tune_seeds: Vec<u64>,
    pub report_seeds: Vec<u64>,
    /// Whether runs had a loss to reach.
    pub target: bool,
    /// How exactly the steps to it are known; empty where to the step.
    pub steps_known: String,
    /// Whether runs of equal seeds have the same initial weights and batches in all folders.
    pub is_paired: bool,
    /// What to know of the folders.
    pub remarks: Vec<String>,
    pub tasks: Vec<Task>,
    /// The answers over several tasks, where that was asked for; by what is reported first.
    pub joint: Vec<Joint>,
}

impl Comparison {
    /// Of a results folder; `None` where its plan has no arms.
    ///
    /// # Errors
    /// When `plan.json` names an axis that it does not have.
    pub fn of(results: &Results) -> Result<Option<Self>, ResultsError> {
        results.plan.compare.as_ref().map(|compare| Comparison::by(results, compare)).transpose()
    }

    /// All that is compared, by column.
    pub fn reports(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.report).chain(&self.also).map(String::as_str)
    }

    /// Of a results folder, as this says it: also where its plan has no arms.
    ///
    /// # Errors
    /// When it names an axis that the plan does not have.
    pub fn by(results: &Results, compare: &Compare) -> Result<Self, ResultsError> {
        let report = results.reported(Some(compare));
        let results = &*results.with_metrics(std::iter::once(&report).chain(&compare.also).map(String::as_str))?;
        let choice = results.choice_by(Some(compare));
        let target = results.plan.has_target();
        let steps_known = if target { results.steps_known(0..results.runs.len()) } else { String::new() };
        let reports = [std::slice::from_ref(&report), &compare.also].concat();
        let own = reports.iter().filter_map(|name| columns::metric::metric(name));
        let own = own.filter(|column| target || !column.missing_is_worst());
        let columns = columns::reported().filter(|column| results.is_measured(column.name)).chain(own).collect();
        let tasks = tasks(results, compare, &Measure { choice: &choice, reports: &reports, columns })?;
        let column = columns::metric::metric(&report).filter(|_| !compare.over.is_empty());
        let joint =
            column.map_or(Vec::new(), |column| joint(&tasks, compare, &results.plan, column, &choice.report_seeds));
        Ok(Comparison {
            arm: compare.arm.clone(),
            choose: choice.metric,
            report,
            also: compare.also.clone(),
            baseline: compare.baseline.clone(),
            margin: compare.margin,
            tune_seeds: choice.tune_seeds,
            report_seeds: choice.report_seeds,
            target,
            steps_known,
            is_paired: results.is_paired(),
            remarks: results.remarks().collect(),
            tasks,
            joint,
        })
    }
}
