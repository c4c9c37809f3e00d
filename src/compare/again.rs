//! The choice of settings as part of the result: what other seeds would have chosen, and how the arms then differ.
//!
//! A draw takes as many seeds as chose, with replacement, from all seeds, and as many as judged, with replacement, from those
//! that did not choose in this draw. Every arm chooses its setting anew by the first and is judged by the others: the same
//! for all arms, so that differences stay paired. A pair is drawn from the seeds of which both arms have all runs. Over the draws this shows how often each setting would be chosen, and an
//! interval for the difference of two *tuned* arms (a percentile bootstrap, Efron & Tibshirani 1993, ch. 13), beside the
//! difference at the chosen settings that the signed-rank test is about.

use super::arms::{Arm, Tried};
use crate::seed::{Seeds, Stream};
use crate::stats::{CONFIDENCE, median, quantile, signed_rank::pseudo_median};
use std::collections::BTreeMap;

/// Draws of seeds.
pub const DRAWS: usize = 1000;

/// Seeds that judge in one draw at most.
const JUDGES: usize = 100;

/// Seeds drawn anew, for each arm and each pair of them from those of which it has all runs.
#[derive(Default)]
pub struct Again {
    /// For each arm the seeds of which every setting that can be chosen has a run.
    whole: Vec<Vec<u64>>,
    drawn: BTreeMap<Vec<u64>, Drawn>,
}

/// Draws from some seeds.
struct Drawn {
    /// For each draw the places of the seeds that judge.
    judges: Vec<Vec<usize>>,
    /// For each draw the place of the chosen setting, of each arm that has all these seeds.
    choices: Vec<Vec<usize>>,
}

/// The difference of two tuned arms over the draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuned {
    /// The median of the draws.
    pub value: f64,
    /// Between these lie the middle 90 % of them.
    pub low: f64,
    pub high: f64,
    /// The share of the draws in which the difference is not on the side on which it is at the chosen settings.
    pub turned: f64,
}

impl Again {
    /// Draws for the arms of a task, of which `tune` seeds choose, and writes into each setting how often it is chosen. None where
    /// nothing chooses.
    pub fn of(arms: &mut [Arm], seeds: &[u64], tune: usize, experiment: u64, task: &str) -> Again {
        if tune == 0 {
            return Again::default();
        }
        let whole: Vec<Vec<u64>> = arms.iter().map(|arm| whole(arm, seeds)).collect();
        let mut drawn = BTreeMap::new();
        for common in whole.iter().flat_map(|a| whole.iter().map(move |b| common(a, b))) {
            if common.len() > tune && !drawn.contains_key(&common) {
                let mut stream = Seeds { experiment, run: 0 }.stream(&format!("seeds drawn again: {task}"), &[]);
                let draws: Vec<[Vec<usize>; 2]> = (0..DRAWS).map(|_| draw(&mut stream, common.len(), tune)).collect();
                let of_arm = |(arm, own): (&Arm, &Vec<u64>)| {
                    let has_all = common.iter().all(|seed| own.contains(seed));
                    let ties = &format!("equal settings: {task}: {}", arm.name);
                    let mut ties = Seeds { experiment, run: 0 }.stream(ties, &[]);
                    if has_all { choices(arm, &common, &draws, &mut ties) } else { Vec::new() }
                };
                let choices = arms.iter().zip(&whole).map(of_arm).collect();
                let judges = draws.into_iter().map(|[_, judges]| judges).collect();
                drawn.insert(common, Drawn { judges, choices });
            }
        }
        for (number, (arm, own)) in arms.iter_mut().zip(&whole).enumerate() {
            let Some(drawn) = drawn.get(own) else { continue };
            for (place, tried) in arm.tries.iter_mut().enumerate() {
                tried.share = Some(share(&drawn.choices[number], |choice| *choice == place));
            }
        }
        Again { whole, drawn }
    }

    /// The difference of the arms at these places by a metric, the first less the second; `side` is its sign at the chosen settings.
    /// `None` where nothing is drawn.
    pub fn difference(&self, arms: &[Arm], (first, second): (usize, usize), metric: usize, side: f64) -> Option<Tuned> {
        let seeds = common(self.whole.get(first)?, self.whole.get(second)?);
        let Drawn { judges, choices } = self.drawn.get(&seeds)?;
        let values = |arm: usize| -> Vec<Vec<Option<f64>>> {
            let of = |tried: &Tried| seeds.iter().map(|seed| tried.reported[metric].get(seed).copied()).collect();
            arms[arm].tries.iter().map(of).collect()
        };
        let (own, other) = (values(first), values(second));
        let of_draw = |(draw, judges): (usize, &Vec<usize>)| {
            let (a, b) = (&own[choices[first][draw]], &other[choices[second][draw]]);
            let differences = judges.iter().filter_map(|seed| Some(difference(a[*seed]?, b[*seed]?)));
            pseudo_median(&differences.collect::<Vec<f64>>())
        };
        let mut drawn: Vec<f64> = judges.iter().enumerate().filter_map(of_draw).collect();
        drawn.sort_by(f64::total_cmp);
        let tail = (1.0 - CONFIDENCE) / 2.0;
        let [low, value, high] = [tail, 0.5, 1.0 - tail].map(|share| quantile(&drawn, share).unwrap_or(f64::NAN));
        (!drawn.is_empty()).then(|| Tuned { value, low, high, turned: share(&drawn, |d| sign(*d) != side) })
    }
}

/// The settings of an arm that can be chosen, with their places: a lone one always, others that have a score.
fn choosable(arm: &Arm) -> impl Iterator<Item = (usize, &Tried)> {
    arm.tries.iter().enumerate().filter(|(_, tried)| arm.tries.len() == 1 || tried.score.is_some())
}

/// Those of some seeds of which every setting of an arm that can be chosen has a run, measured by all that some of them are.
fn whole(arm: &Arm, seeds: &[u64]) -> Vec<u64> {
    let is_lone = arm.tries.len() == 1;
    let metrics = arm.tries.first().map_or(0, |tried| tried.reported.len());
    let is_known = |metric: &usize| choosable(arm).any(|(_, tried)| !tried.reported[*metric].is_empty());
    let known: Vec<usize> = (0..metrics).filter(is_known).collect();
    let has = |tried: &Tried, seed: &u64| {
        let is_there = |metric: &usize| tried.reported[*metric].contains_key(seed);
        (is_lone || tried.choosing.contains_key(seed)) && known.iter().all(is_there)
    };
    let is_whole = |seed: &u64| arm.best.is_some() && choosable(arm).all(|(_, tried)| has(tried, seed));
    seeds.iter().copied().filter(is_whole).collect()
}

fn common(a: &[u64], b: &[u64]) -> Vec<u64> {
    if a == b { a.to_vec() } else { a.iter().copied().filter(|seed| b.contains(seed)).collect() }
}

/// 1, 0 or -1; what is no number has no sign.
pub fn sign(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() { 0.0 } else { x.signum() }
}

/// Of two numbers; two runs that both diverged are equally bad.
pub fn difference(a: f64, b: f64) -> f64 {
    if a == b { 0.0 } else { a - b }
}

fn share<T>(items: &[T], is_it: impl Fn(&T) -> bool) -> f64 {
    items.iter().filter(|item| is_it(item)).count() as f64 / items.len() as f64
}

/// The places, of `n` seeds, of `tune` that choose and of as many as are left that judge, none of them both.
fn draw(stream: &mut Stream, n: usize, tune: usize) -> [Vec<usize>; 2] {
    let choosing: Vec<usize> = (0..tune).map(|_| stream.below(n)).collect();
    let others: Vec<usize> = (0..n).filter(|seed| !choosing.contains(seed)).collect();
    let judging = (0..(n - tune).min(JUDGES)).map(|_| others[stream.below(others.len())]).collect();
    [choosing, judging]
}

/// The place of the setting that each draw chooses: that with the smallest median, of equal ones any.
fn choices(arm: &Arm, seeds: &[u64], draws: &[[Vec<usize>; 2]], ties: &mut Stream) -> Vec<usize> {
    let values = |tried: &Tried| seeds.iter().map(|seed| tried.choosing.get(seed).copied()).collect();
    let values: Vec<(usize, Vec<Option<f64>>)> = choosable(arm).map(|(place, tried)| (place, values(tried))).collect();
    let of_draw = |[choosing, _]: &[Vec<usize>; 2]| {
        let score = |own: &Vec<Option<f64>>| median(&choosing.iter().filter_map(|seed| own[*seed]).collect::<Vec<_>>());
        let scores: Vec<f64> = values.iter().map(|(_, own)| score(own).unwrap_or(f64::INFINITY)).collect();
        let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
        let equal: Vec<usize> = (0..scores.len()).filter(|i| scores[*i] == least).collect();
        match equal[..] {
            [] => 0,
            [only] => values[only].0,
            _ => values[equal[ties.below(equal.len())]].0,
        }
    };
    draws.iter().map(of_draw).collect()
}
