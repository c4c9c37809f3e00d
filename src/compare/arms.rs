//! Each arm at its best setting: chosen by the median over some seeds, measured on the others.

use super::{CONFIDENCE, Comparison, Problem};
use crate::columns::{self, Column};
use crate::plan_file::compare::Compare;
use crate::plan_file::{Axis, Scale};
use crate::record::Status;
use crate::results::choice::Choice;
use crate::results::{Results, ResultsError, Run};
use crate::stats::{Spread, best_of, median_interval};
use std::collections::BTreeMap;

/// One arm on one problem.
#[derive(Clone, Debug, PartialEq)]
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

/// A best value that stands at the end of its range, so that a better one may lie beyond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    pub axis: String,
    pub label: String,
    pub largest: bool,
}

/// Every problem with its arms, in the order of the plan.
pub fn problems(
    results: &Results,
    compare: &Compare,
    choice: &Choice,
    comparison: &Comparison,
) -> Result<Vec<Problem>, ResultsError> {
    let axes = &results.plan.axes;
    let position = |name: &String| {
        axes.iter().position(|axis| axis.name == *name).ok_or_else(|| {
            ResultsError::new(format!(
                "plan.json compares along \"{name}\", which is no axis of it; run the sweep again"
            ))
        })
    };
    let arm_axis = position(&compare.arm)?;
    let tuned = compare.tune.iter().map(position).collect::<Result<Vec<_>, _>>()?;
    let others: Vec<usize> = (0..axes.len()).filter(|i| *i != arm_axis && !tuned.contains(i)).collect();

    // From the cells of the plan, so that missing runs are noticed.
    let mut problems: BTreeMap<Vec<usize>, BTreeMap<usize, Tries>> = BTreeMap::new();
    for cell in &results.plan.cells {
        let label = |axis: &usize| {
            let own = cell.labels.get(&axes[*axis].name);
            own.and_then(|own| axes[*axis].labels.iter().position(|l| l == own)).unwrap_or(0)
        };
        let arms = problems.entry(others.iter().map(label).collect()).or_default();
        arms.entry(label(&arm_axis)).or_default().insert(tuned.iter().map(label).collect(), BTreeMap::new());
    }
    for run in &results.runs {
        let labels = |axes: &[usize]| axes.iter().map(|a| run.labels[*a]).collect::<Vec<_>>();
        let arms = problems.get_mut(&labels(&others));
        let tries = arms.and_then(|arms| arms.get_mut(&run.labels[arm_axis]));
        if let Some(runs) = tries.and_then(|tries| tries.get_mut(&labels(&tuned))) {
            runs.insert(run.seed, run);
        }
    }
    let varied: Vec<usize> = others.iter().copied().filter(|a| axes[*a].labels.len() > 1).collect();
    let tuned: Vec<&Axis> = tuned.iter().map(|a| &axes[*a]).collect();
    let problem = |(key, arms): (&Vec<usize>, &BTreeMap<usize, Tries>)| {
        let fewest = arms.values().map(BTreeMap::len).min().unwrap_or(1);
        let arm = |(arm, tries): (&usize, &Tries)| {
            let tries: Vec<Try> = tries.iter().map(|(settings, runs)| Try { settings, runs }).collect();
            Arm::of(axes[arm_axis].labels[*arm].clone(), &tries, &tuned, choice, comparison, fewest)
        };
        let place = |axis: &usize| others.iter().position(|o| o == axis).unwrap_or(0);
        let labels = varied.iter().map(|a| (axes[*a].name.clone(), axes[*a].labels[key[place(a)]].clone()));
        Problem { labels: labels.collect(), arms: arms.iter().map(arm).collect(), pairs: Vec::new() }
    };
    Ok(problems.iter().map(problem).collect())
}

/// The settings of an arm, as label numbers of the tuned axes, and the runs of each by seed.
type Tries<'a> = BTreeMap<Vec<usize>, BTreeMap<u64, &'a Run>>;

/// One setting of an arm, with its runs by seed.
struct Try<'a> {
    settings: &'a [usize],
    runs: &'a BTreeMap<u64, &'a Run>,
}

impl Try<'_> {
    fn run(&self, seed: u64) -> Option<&Run> {
        self.runs.get(&seed).copied().filter(|run| run.status != Status::Failed)
    }
}

impl Arm {
    fn of(
        name: String,
        tries: &[Try],
        tuned: &[&Axis],
        choice: &Choice,
        comparison: &Comparison,
        fewest: usize,
    ) -> Arm {
        let all: Vec<u64> = [&comparison.tune_seeds[..], &comparison.report_seeds].concat();
        let choosers = if comparison.tune_seeds.is_empty() { &comparison.report_seeds } else { &comparison.tune_seeds };
        let scores: Vec<Option<f64>> = tries.iter().map(|t| choice.score(t.runs)).collect();
        let best = (0..tries.len()).filter(|i| scores[*i].is_some()).min_by(|a, b| {
            let score = |i: &usize| scores[*i].unwrap_or(f64::INFINITY);
            score(a).total_cmp(&score(b))
        });
        let missing = tries.iter().flat_map(|t| all.iter().filter(|seed| t.run(**seed).is_none())).count();
        let tuning: Vec<&Run> = if tries.len() > 1 {
            tries.iter().flat_map(|t| choosers.iter().filter_map(|seed| t.run(*seed))).collect()
        } else {
            Vec::new()
        };
        let steps = |run: &&Run| run.value("steps").unwrap_or(0.0) as u64;
        let known: Option<Vec<f64>> = scores.iter().copied().collect();
        let sign = if columns::outcome(&comparison.choose).is_some_and(Column::higher_is_better) { -1.0 } else { 1.0 };
        let mut arm = Arm {
            name,
            tries: tries.len(),
            chosen: Vec::new(),
            edges: Vec::new(),
            tune_runs: tuning.len(),
            tune_steps: tuning.iter().map(steps).sum(),
            fair_score: known.and_then(|scores| best_of(&scores, fewest, 0.5)).map(|score| sign * score),
            n: 0,
            diverged: 0,
            missing,
            measures: BTreeMap::new(),
            reached: 0,
            steps_to_target: None,
            reported: BTreeMap::new(),
        };
        let Some(best) = best else { return arm };
        for (place, axis) in tuned.iter().enumerate() {
            let mut tried: Vec<usize> = tries.iter().map(|t| t.settings[place]).collect();
            tried.sort_unstable();
            tried.dedup();
            if tried.len() < 2 {
                continue;
            }
            let label = &axis.labels[tries[best].settings[place]];
            arm.chosen.push((axis.name.clone(), label.clone()));
            arm.edges.extend(edge(axis, &tried, label));
        }
        arm.measure(&tries[best], comparison);
        arm
    }

    fn measure(&mut self, chosen: &Try, comparison: &Comparison) {
        let runs: Vec<(u64, &Run)> =
            comparison.report_seeds.iter().filter_map(|seed| Some((*seed, chosen.run(*seed)?))).collect();
        self.n = runs.len();
        self.diverged = runs.iter().filter(|(_, run)| run.status == Status::Diverged).count();
        for metric in columns::compared().map(|column| column.name) {
            let values: Option<Vec<f64>> = runs.iter().map(|(_, run)| run.worth(metric)).collect();
            if let Some(spread) = values.and_then(|values| median_interval(&values, CONFIDENCE)) {
                self.measures.insert(metric, spread);
            }
        }
        if comparison.target {
            let steps: Vec<f64> =
                runs.iter().map(|(_, run)| run.value("steps_to_target").unwrap_or(f64::INFINITY)).collect();
            self.reached = steps.iter().filter(|s| s.is_finite()).count();
            self.steps_to_target = median_interval(&steps, CONFIDENCE);
        }
        self.reported = runs.iter().filter_map(|(seed, run)| Some((*seed, run.worth(&comparison.report)?))).collect();
    }
}

/// Whether a label stands at an end of the numbers that were tried.
fn edge(axis: &Axis, tried: &[usize], label: &str) -> Option<Edge> {
    if axis.scale == Scale::Category {
        return None;
    }
    let numbers: Vec<f64> = tried.iter().filter_map(|i| axis.labels[*i].parse().ok()).collect();
    let own: f64 = label.parse().ok()?;
    let largest = numbers.iter().all(|x| *x <= own);
    let smallest = numbers.iter().all(|x| *x >= own);
    (largest || smallest).then(|| Edge { axis: axis.name.clone(), label: label.into(), largest })
}
