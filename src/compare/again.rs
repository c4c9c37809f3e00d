//! The choice of settings as part of the result: what other seeds would have chosen, and how the arms then differ.
//!
//! A draw takes as many seeds as chose, with replacement, from all seeds, and as many as judged, with replacement, from those
//! that did not choose in this draw. Every arm chooses its setting anew by the first and is judged by the others: the same
//! for all arms, so that differences stay paired. Over the draws this shows how often each setting would be chosen, and an
//! interval for the difference of two *tuned* arms (a percentile bootstrap, Efron & Tibshirani 1993, ch. 13), beside the
//! difference at the chosen settings that the signed-rank test is about.

use super::arms::{Arm, CONFIDENCE, Tried};
use crate::seed::{Seeds, Stream};
use crate::stats::{median, quantile, signed_rank::pseudo_median};

/// Draws of seeds.
pub const DRAWS: usize = 1000;

/// Seeds that judge in one draw at most.
const JUDGES: usize = 100;

/// Seeds drawn anew, and what each arm chose by them.
pub struct Again {
    /// Those of which every setting of every arm has a run.
    seeds: Vec<u64>,
    /// For each draw the places in `seeds` of those that judge.
    judges: Vec<Vec<usize>>,
    /// For each arm and each draw the place of the chosen setting.
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
    /// Draws for the arms of a task, of which `tune` seeds choose, and writes into each setting how often it is chosen. `None`
    /// where nothing chooses, or too few seeds have all their runs.
    pub fn of(arms: &mut [Arm], seeds: &[u64], tune: usize, experiment: u64, task: &str) -> Option<Again> {
        let has = |tried: &Tried, seed: &u64| {
            tried.choosing.contains_key(seed) && tried.reported.iter().all(|own| own.contains_key(seed))
        };
        let is_whole = |seed: &u64| arms.iter().flat_map(|arm| &arm.tries).all(|tried| has(tried, seed));
        let seeds: Vec<u64> = seeds.iter().copied().filter(is_whole).collect();
        if tune == 0 || seeds.len() <= tune || arms.iter().any(|arm| arm.tries.is_empty()) {
            return None;
        }
        let mut stream = Seeds { experiment, run: 0 }.stream(&format!("seeds drawn again: {task}"), &[]);
        let draws: Vec<[Vec<usize>; 2]> = (0..DRAWS).map(|_| draw(&mut stream, seeds.len(), tune)).collect();
        let choices = arms.iter().map(|arm| choices(arm, &seeds, &draws)).collect::<Vec<_>>();
        for (arm, choices) in arms.iter_mut().zip(&choices) {
            for (place, tried) in arm.tries.iter_mut().enumerate() {
                tried.share = Some(share(choices, |choice| *choice == place));
            }
        }
        Some(Again { seeds, judges: draws.into_iter().map(|[_, judges]| judges).collect(), choices })
    }

    /// The difference of the arms at these places by a metric, the first less the second; `side` is its sign at the chosen settings.
    pub fn difference(&self, arms: &[Arm], (first, second): (usize, usize), metric: usize, side: f64) -> Tuned {
        let values = |arm: usize| -> Vec<Vec<f64>> {
            let of = |tried: &Tried| self.seeds.iter().map(|seed| tried.reported[metric][seed]).collect();
            arms[arm].tries.iter().map(of).collect()
        };
        let (own, other) = (values(first), values(second));
        let of_draw = |(draw, judges): (usize, &Vec<usize>)| {
            let (a, b) = (&own[self.choices[first][draw]], &other[self.choices[second][draw]]);
            let differences: Vec<f64> = judges.iter().map(|seed| difference(a[*seed], b[*seed])).collect();
            pseudo_median(&differences)
        };
        let mut drawn: Vec<f64> = self.judges.iter().enumerate().filter_map(of_draw).collect();
        drawn.sort_by(f64::total_cmp);
        let tail = (1.0 - CONFIDENCE) / 2.0;
        let [low, value, high] = [tail, 0.5, 1.0 - tail].map(|share| quantile(&drawn, share).unwrap_or(f64::NAN));
        Tuned { value, low, high, turned: share(&drawn, |d| sign(*d) != side) }
    }
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

/// The place of the setting that each draw chooses: that with the smallest median, of equal ones the first.
fn choices(arm: &Arm, seeds: &[u64], draws: &[[Vec<usize>; 2]]) -> Vec<usize> {
    let values: Vec<Vec<f64>> =
        arm.tries.iter().map(|tried| seeds.iter().map(|seed| tried.choosing[seed]).collect()).collect();
    let of_draw = |[choosing, _]: &[Vec<usize>; 2]| {
        let score = |own: &Vec<f64>| median(&choosing.iter().map(|seed| own[*seed]).collect::<Vec<_>>());
        let scores = values.iter().map(|own| score(own).unwrap_or(f64::INFINITY)).enumerate();
        scores.min_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(0, |(place, _)| place)
    };
    draws.iter().map(of_draw).collect()
}
