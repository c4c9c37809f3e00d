//! A score that means the same on every problem: 0 for guessing, 1 for the best there can be; worse than every number for a run that
//! diverged.

use super::again::DRAWS;
use super::arms::Arm;
use super::tasks::Task;
use crate::columns::{Column, Quantity};
use crate::plan_file::PlanFile;
use crate::seed::Seeds;
use crate::stats::CONFIDENCE;
use crate::stats::bootstrap::{interquartile_mean, stratified_interval};

/// The interquartile mean of an arm's runs on all problems, each between guessing and the best there can be, with the interval of
/// runs drawn again within each problem.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// What a loss or an accuracy can be at best; `None` for other measures.
fn best_possible(column: &Column) -> Option<f64> {
    match column.quantity {
        Quantity::Loss => Some(0.0),
        Quantity::Accuracy | Quantity::BalancedAccuracy => Some(1.0),
        _ => None,
    }
}

/// A run that is no better than guessing has 0; what diverged has no number, and is worse.
fn normalized(value: f64, guess: f64, best: f64) -> f64 {
    if value.is_finite() { ((value - guess) / (best - guess)).max(0.0) } else { f64::NEG_INFINITY }
}

/// The score of the arm of this name by what is reported first, over the judging seeds; `None` where a problem has nothing to guess.
pub fn score(tasks: &[&Task], name: &str, plan: &PlanFile, column: &Column, seeds: &[u64]) -> Option<Score> {
    let best = best_possible(column)?;
    let of_task = |task: &&Task| -> Option<Vec<f64>> {
        let guess = plan.guesses(plan.cells_of(&task.labels).next()?)?.score(column).filter(|guess| *guess != best)?;
        let arm: &Arm = task.arms.iter().find(|arm| arm.name == name)?;
        let values = arm.at_best()?.reported.first()?;
        Some(seeds.iter().filter_map(|seed| values.get(seed)).map(|value| normalized(*value, guess, best)).collect())
    };
    let strata: Vec<Vec<f64>> = tasks.iter().map(of_task).collect::<Option<_>>()?;
    let value = interquartile_mean(&strata.concat())?;
    let mut stream = Seeds { experiment: plan.seed, run: 0 }.stream(&format!("score drawn again: {name}"), &[]);
    let (low, high) = stratified_interval(&strata, CONFIDENCE, DRAWS, |n| stream.below(n))?;
    Some(Score { value, low, high })
}
