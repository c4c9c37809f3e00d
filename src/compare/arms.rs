//! Each arm at its best setting: chosen by the median over some seeds, measured on the others.

use super::edges::{Edge, edge};
use crate::columns::Column;
use crate::plan_file::Axis;
use crate::record::Status;
use crate::results::{Run, choice::Choice};
use crate::stats::{CONFIDENCE, Spread, best_of, median_interval};
use std::collections::{BTreeMap, BTreeSet};

/// A verdict that this share of the draws, or a setting chosen in this share of them, would turn round is not settled; a setting
/// chosen as often is a near tie.
pub const SHARE: f64 = 0.15;

/// What is measured of every arm of a comparison.
pub struct Measure<'a> {
    pub choice: &'a Choice,
    /// The metrics that arms are compared by.
    pub reports: &'a [String],
    /// All that is told of an arm: those, and what some run of any arm was measured by.
    pub columns: Vec<&'static Column>,
}

/// Axes with a label each: of the tuned ones that have several what was chosen.
pub type Setting = Vec<(String, String)>;

/// One arm on one task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arm {
    pub name: String,
    /// The settings that were tried, in the order of the plan.
    pub tries: Vec<Tried>,
    /// Which of them was chosen; none where nothing ended that could be.
    pub best: Option<usize>,
    /// The setting that was chosen.
    pub chosen: Setting,
    /// Axes whose chosen value is the first or last of those tried.
    pub edges: Vec<Edge>,
    /// Whether no setting can be told from the others since in the median all of them diverge.
    pub lost: bool,
    /// What choosing cost: runs and, where they are known, their steps.
    pub tune_runs: usize,
    pub tune_steps: Option<u64>,
    /// Floating-point operations of these steps, where they are known.
    pub tune_flop: Option<f64>,
    /// The score that the best of as many tries as the arm with the fewest has would reach: the median over all choices of
    /// so many. What arms with unequal numbers of tries can fairly be compared by.
    pub fair_score: Option<f64>,
    /// Reported runs of the chosen setting.
    pub n: usize,
    pub diverged: usize,
    /// Runs, of any setting, that are missing or failed.
    pub missing: usize,
    /// Of the reported runs, by column; where one diverged or missed its target the worst value there is.
    pub measures: BTreeMap<&'static str, Spread>,
    /// How many reached the target.
    pub reached: usize,
    /// The fewest and the most steps of the reported runs that went on to their end.
    pub steps: Option<[u64; 2]>,
}

/// A setting of an arm that was tried.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tried {
    pub setting: Setting,
    /// The median over the seeds that choose, the smallest being best; `None` unless all of them are there.
    pub score: Option<f64>,
    /// In which share of the draws it is chosen again; `None` where none are drawn.
    pub share: Option<f64>,
    /// By seed, the smallest being best, what it is chosen by.
    pub choosing: BTreeMap<u64, f64>,
    /// For each metric what is compared, by seed, of all seeds.
    pub reported: Vec<BTreeMap<u64, f64>>,
}

impl Tried {
    fn of(setting: Setting, runs: &BTreeMap<u64, &Run>, measure: &Measure) -> Tried {
        let there = || runs.iter().filter(|(_, run)| !run.failed());
        let reported = |metric: &String| {
            there().filter_map(|(seed, run)| Some((*seed, run.value_or_worst(metric)?))).collect::<BTreeMap<_, _>>()
        };
        Tried {
            setting,
            score: measure.choice.score(runs),
            share: None,
            choosing: there().filter_map(|(seed, run)| Some((*seed, measure.choice.value(run)?))).collect(),
            reported: measure.reports.iter().map(reported).collect(),
        }
    }
}

impl Arm {
    /// The setting that was chosen, where there was a choice: of settings that all diverge none is better.
    pub fn told(&self) -> &[(String, String)] {
        if self.lost { &[] } else { &self.chosen }
    }

    /// Whether it has runs and all of them diverged: it can then be compared with no other such arm.
    pub fn all_diverged(&self) -> bool {
        self.n > 0 && self.diverged == self.n
    }
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
        let choice = measure.choice;
        let all: Vec<u64> = [&choice.tune_seeds[..], &choice.report_seeds].concat();
        let several = |place: &usize| tries.keys().map(|setting| setting[*place]).collect::<BTreeSet<_>>().len() > 1;
        let varied: Vec<usize> = (0..tuned.len()).filter(several).collect();
        let setting = |labels: &Vec<usize>| -> Setting {
            let label = |place: &usize| (tuned[*place].name.clone(), tuned[*place].labels[labels[*place]].clone());
            varied.iter().map(label).collect()
        };
        let tried = tries.iter().map(|(labels, runs)| Tried::of(setting(labels), runs, measure)).collect::<Vec<_>>();
        let numbers: Vec<usize> = (0..tries.len()).collect();
        // A lone setting is not chosen, and is told by the runs that there are.
        let best = match tries.values().next() {
            Some(lone) if tries.len() == 1 => all.iter().any(|seed| run(lone, *seed).is_some()).then_some(0),
            _ => choice.best(numbers.iter().copied().zip(tries.values())),
        };
        let missing = tries.values().flat_map(|runs| all.iter().filter(|seed| run(runs, **seed).is_none())).count();
        let tuning: Vec<&Run> = if tries.len() > 1 {
            tries.values().flat_map(|runs| choice.seeds().iter().filter_map(|seed| run(runs, *seed))).collect()
        } else {
            Vec::new()
        };
        let steps = |run: &&Run| Some(run.value("steps")? as u64);
        let scores: Option<Vec<f64>> = tries.values().map(|runs| choice.score(runs)).collect();
        let fair = scores.and_then(|scores| best_of(&scores, fewest, 0.5));
        let mut arm = Arm {
            name,
            best,
            tune_runs: tuning.len(),
            tune_steps: tuning.iter().map(steps).sum(),
            tune_flop: tuning.iter().map(|run| Some(run.step_flop? * steps(run)? as f64)).sum(),
            fair_score: fair.map(|score| choice.sign() * score),
            missing,
            tries: tried,
            ..Arm::default()
        };
        let Some((labels, runs)) = best.and_then(|best| tries.iter().nth(best)) else { return arm };
        let score = arm.at_best().and_then(|tried| tried.score);
        arm.lost = score == Some(choice.worst());
        arm.chosen = setting(labels);
        let is_lone = arm.tries.iter().filter(|tried| tried.score == score).count() == 1;
        let diverges = runs.values().any(|run| run.status == Status::Diverged);
        for place in varied.into_iter().filter(|_| is_lone && !arm.lost) {
            let tried: BTreeSet<usize> = tries.keys().map(|setting| setting[place]).collect();
            arm.edges.extend(edge(tuned[place], &tried, labels[place], diverges));
        }
        arm.measure(runs, measure);
        arm
    }

    fn measure(&mut self, runs: &BTreeMap<u64, &Run>, measure: &Measure) {
        let runs: Vec<&Run> = measure.choice.report_seeds.iter().filter_map(|seed| run(runs, *seed)).collect();
        self.n = runs.len();
        self.diverged = runs.iter().filter(|run| run.status == Status::Diverged).count();
        for column in measure.columns.iter().copied() {
            if let Some(spread) = at_the_end(runs.iter().copied(), column) {
                self.measures.insert(column.name, spread);
            }
        }
        let finished = runs.iter().filter(|run| run.status == Status::Finished);
        let steps: Vec<u64> = finished.filter_map(|run| run.value("steps")).map(|steps| steps as u64).collect();
        self.steps = steps.iter().min().zip(steps.iter().max()).map(|(least, most)| [*least, *most]);
        self.reached = runs.iter().filter(|run| run.value("steps_to_target").is_some()).count();
    }

    /// Settings that could not be chosen, since not all runs that choose are there, where others could.
    pub fn passed_over(&self) -> impl Iterator<Item = &Tried> {
        let is_chosen = self.tries.len() > 1 && self.best.is_some();
        self.tries.iter().filter(move |tried| is_chosen && tried.score.is_none())
    }

    /// The chosen setting as it was tried.
    pub fn at_best(&self) -> Option<&Tried> {
        self.tries.get(self.best?)
    }

    /// The setting with the second best score, and how far its score is from the best; `None` where there is no second.
    pub fn runner_up(&self) -> Option<(&Tried, f64)> {
        let best = self.at_best()?.score?;
        let others = self.tries.iter().enumerate().filter(|(place, _)| Some(*place) != self.best);
        let scored = others.filter_map(|(_, tried)| Some((tried, tried.score?)));
        let (tried, score) = scored.min_by(|(_, a), (_, b)| a.total_cmp(b))?;
        Some((tried, if score == best { 0.0 } else { score - best }))
    }

    /// The settings that a verdict must hold at: the chosen one, and those that are chosen in more than [`SHARE`] of the draws.
    pub fn likely(&self) -> impl Iterator<Item = &Tried> {
        let is_likely =
            |(place, t): &(usize, &Tried)| Some(*place) == self.best || t.share.is_some_and(|share| share > SHARE);
        self.tries.iter().enumerate().filter(is_likely).map(|(_, tried)| tried)
    }
}
