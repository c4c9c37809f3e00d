//! Each arm at its best setting: chosen by the median over some seeds, measured on the others.

use crate::columns::{self, Column};
use crate::plan_file::{Axis, Scale};
use crate::record::Status;
use crate::results::{Run, choice::Choice};
use crate::stats::{Spread, best_of, median_interval};
use std::collections::{BTreeMap, BTreeSet};

/// Probability with which intervals should contain the true value; the one that so few seeds give is reported beside them.
pub const CONFIDENCE: f64 = 0.9;

/// What is measured of every arm of a comparison.
pub struct Measure<'a> {
    pub choice: &'a Choice,
    /// The metric that arms are compared by.
    pub report: &'a str,
    /// Whether runs had a loss to reach.
    pub target: bool,
}

/// One arm on one task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arm {
    pub name: String,
    /// Settings tried.
    pub tries: usize,
    /// The chosen label of each tuned axis that has several; empty when nothing ended that could be chosen.
    pub chosen: Vec<(String, String)>,
    /// Axes whose chosen value is the first or last of those tried.
    pub edges: Vec<Edge>,
    /// What choosing cost: runs and their steps.
    pub tune_runs: usize,
    pub tune_steps: u64,
    /// The score that the best of as many tries as the arm with the fewest has would reach: the median over all choices of
    /// so many. What arms with unequal numbers of tries can fairly be compared by.
    pub fair_score: Option<f64>,
    /// Reported runs of the chosen setting.
    pub n: usize,
    pub diverged: usize,
    /// Runs, of any setting, that are missing or failed.
    pub missing: usize,
    /// Of the reported runs, by measure; where one diverged the worst value there is.
    pub measures: BTreeMap<&'static str, Spread>,
    /// How many reached the target, and the steps it took, infinite where it was missed.
    pub reached: usize,
    pub steps_to_target: Option<Spread>,
    /// What is compared, by seed.
    pub reported: BTreeMap<u64, f64>,
}

impl Arm {
    /// Whether it has runs and all of them diverged: it can then be compared with no other such arm.
    pub fn all_diverged(&self) -> bool {
        self.n > 0 && self.diverged == self.n
    }
}

/// A best value at the end of its range, so that a better one may lie beyond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    pub axis: String,
    pub label: String,
    pub largest: bool,
}

/// The settings of an arm, as label numbers of the tuned axes, and the runs of each by seed.
pub type Tries<'a> = BTreeMap<Vec<usize>, BTreeMap<u64, &'a Run>>;

/// The median over some runs of what they ended with, and its interval; a run that diverged counts as the worst there is. `None`
/// where a run was not measured so.
pub fn at_the_end<'a>(runs: impl Iterator<Item = &'a Run>, column: &Column) -> Option<Spread> {
    let values: Option<Vec<f64>> = runs.map(|run| run.value_or_worst(column.name)).collect();
    median_interval(&values?, CONFIDENCE)
}

/// The run of a seed, if it is there and did not fail.
fn run<'a>(runs: &BTreeMap<u64, &'a Run>, seed: u64) -> Option<&'a Run> {
    runs.get(&seed).copied().filter(|run| !run.failed())
}

impl Arm {
    /// The arm at the best of its settings; `fewest` is the number of tries of the arm that has the fewest.
    pub fn of(name: String, tries: &Tries, tuned: &[&Axis], measure: &Measure, fewest: usize) -> Arm {
        let Choice { metric, tune_seeds, report_seeds } = measure.choice;
        let all: Vec<u64> = [&tune_seeds[..], report_seeds].concat();
        let choosers = if tune_seeds.is_empty() { report_seeds } else { tune_seeds };
        let scores: Vec<Option<f64>> = tries.values().map(|runs| measure.choice.score(runs)).collect();
        let known = tries.iter().zip(&scores).filter_map(|(setting, score)| Some((setting, (*score)?)));
        let best = known.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(setting, _)| setting);
        let missing = tries.values().flat_map(|runs| all.iter().filter(|seed| run(runs, **seed).is_none())).count();
        let tuning: Vec<&Run> = if tries.len() > 1 {
            tries.values().flat_map(|runs| choosers.iter().filter_map(|seed| run(runs, *seed))).collect()
        } else {
            Vec::new()
        };
        let steps = |run: &&Run| run.value("steps").unwrap_or(0.0) as u64;
        let sign = if columns::outcome(metric).is_some_and(Column::higher_is_better) { -1.0 } else { 1.0 };
        let fair = scores.into_iter().collect::<Option<Vec<f64>>>().and_then(|scores| best_of(&scores, fewest, 0.5));
        let mut arm = Arm {
            name,
            tries: tries.len(),
            tune_runs: tuning.len(),
            tune_steps: tuning.iter().map(steps).sum(),
            fair_score: fair.map(|score| sign * score),
            missing,
            ..Arm::default()
        };
        let Some((setting, runs)) = best else { return arm };
        for (place, axis) in tuned.iter().enumerate() {
            let tried: BTreeSet<usize> = tries.keys().map(|setting| setting[place]).collect();
            if tried.len() > 1 {
                let label = &axis.labels[setting[place]];
                arm.chosen.push((axis.name.clone(), label.clone()));
                arm.edges.extend(edge(axis, &tried, label));
            }
        }
        arm.measure(runs, measure);
        arm
    }

    fn measure(&mut self, runs: &BTreeMap<u64, &Run>, measure: &Measure) {
        let runs: Vec<(u64, &Run)> =
            measure.choice.report_seeds.iter().filter_map(|seed| Some((*seed, run(runs, *seed)?))).collect();
        self.n = runs.len();
        self.diverged = runs.iter().filter(|(_, run)| run.status == Status::Diverged).count();
        for column in columns::compared() {
            if let Some(spread) = at_the_end(runs.iter().map(|(_, run)| *run), column) {
                self.measures.insert(column.name, spread);
            }
        }
        if measure.target {
            let steps: Vec<f64> =
                runs.iter().map(|(_, run)| run.value("steps_to_target").unwrap_or(f64::INFINITY)).collect();
            self.reached = steps.iter().filter(|s| s.is_finite()).count();
            self.steps_to_target = median_interval(&steps, CONFIDENCE);
        }
        let reported = runs.iter().filter_map(|(seed, run)| Some((*seed, run.value_or_worst(measure.report)?)));
        self.reported = reported.collect();
    }
}

/// Whether a label is the smallest or the largest of the numbers that were tried.
fn edge(axis: &Axis, tried: &BTreeSet<usize>, label: &str) -> Option<Edge> {
    if axis.scale == Scale::Category {
        return None;
    }
    let numbers: Vec<f64> = tried.iter().filter_map(|i| axis.labels[*i].parse().ok()).collect();
    let own: f64 = label.parse().ok()?;
    let largest = numbers.iter().all(|x| *x <= own);
    let smallest = numbers.iter().all(|x| *x >= own);
    (largest || smallest).then(|| Edge { axis: axis.name.clone(), label: label.into(), largest })
}
