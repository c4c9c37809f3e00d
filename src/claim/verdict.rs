//! The verdict on a claim about a median: whether the seeds confirm it, refute it, or do not suffice.
//!
//! Each seed gives an [`Observation`], an interval that its true value lies in; the ends of the median's interval are order
//! statistics of their ends. So whatever is not known widens the interval, and can never help a claim.

use crate::stats::{median_by, median_interval};

/// What one seed says of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Observation {
    Exactly(f64),
    /// From the first to the second: gradients that underflow may have faded by any more.
    Between(f64, f64),
    /// The run diverged and left no such number: as bad as can be for the claim.
    Diverged,
    /// There is nothing to compare with, no gradient at the last layer: it may be any.
    Undefined,
    /// The run failed: its number may be any.
    Unknown,
}

impl Observation {
    /// Between two numbers, or exactly one.
    pub fn between(low: f64, high: f64) -> Self {
        match low == high {
            _ if low.is_nan() || high.is_nan() => Observation::Undefined,
            true => Observation::Exactly(low),
            false => Observation::Between(low, high),
        }
    }

    /// The least and the most that it can be; `None` without any number.
    pub fn ends(self) -> Option<[f64; 2]> {
        match self {
            Observation::Exactly(x) => Some([x, x]),
            Observation::Between(low, high) => Some([low, high]),
            _ => None,
        }
    }
}

/// What the median is claimed to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expect {
    Above(f64),
    Below(f64),
    /// The whole interval must lie in this one, ends included.
    Within(f64, f64),
}

/// What came of a claim, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Fails,
    /// The seeds are too few to say, or they disagree.
    Inconclusive,
    Holds,
}

impl Verdict {
    /// The word in `claims.csv`.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Fails => "fails",
            Verdict::Inconclusive => "inconclusive",
        }
    }
}

/// A verdict and the numbers it is based on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    pub verdict: Verdict,
    /// Median of the seeds that left a number, of bounds their lower end; NaN where none did.
    pub median: f64,
    /// Whether that median may be larger.
    pub is_bound: bool,
    /// The interval of the median, infinite where runs diverged or failed.
    pub low: f64,
    pub high: f64,
    /// The probability that such an interval holds the true median; 0 without seeds.
    pub coverage: f64,
    pub n: usize,
    pub diverged: usize,
    pub undefined: usize,
    pub unknown: usize,
}

/// Compares the median of the observations, one a seed, with what is expected of it.
///
/// The interval is that of [`median_interval`]; where even the widest covers the median with less than `confidence`,
/// nothing is said.
pub fn judge(observations: &[Observation], expect: Expect, confidence: f64) -> Judged {
    judge_by(observations, expect, confidence, false)
}

/// The same, the median a `geometric` one of what spreads over decades.
pub(super) fn judge_by(observations: &[Observation], expect: Expect, confidence: f64, geometric: bool) -> Judged {
    let (minus, plus) = (f64::NEG_INFINITY, f64::INFINITY);
    // The value of a diverged run: outside of an interval it may lie on either side, so both are tried.
    let worst: &[f64] = match expect {
        Expect::Above(_) => &[minus],
        Expect::Below(_) => &[plus],
        Expect::Within(..) => &[minus, plus],
    };
    let known = |end: usize| observations.iter().filter_map(|o| Some(o.ends()?[end])).collect::<Vec<f64>>();
    let median = median_by(geometric);
    let (least, most) = (median(&known(0)), median(&known(1)));
    let ends: Vec<[f64; 3]> = worst.iter().map(|worst| interval(observations, *worst, confidence)).collect();
    let coverage = ends.iter().map(|e| e[2]).fold(1.0, f64::min);
    let fails = ends.iter().any(|[low, high, _]| match expect {
        Expect::Above(bound) => *high <= bound,
        Expect::Below(bound) => *low >= bound,
        Expect::Within(a, b) => *high < a || *low > b,
    });
    let holds = ends.iter().all(|[low, high, _]| match expect {
        Expect::Above(bound) => *low > bound,
        Expect::Below(bound) => *high < bound,
        Expect::Within(a, b) => *low >= a && *high <= b,
    });
    let verdict = match (coverage >= confidence, holds, fails) {
        (true, true, _) => Verdict::Holds,
        (true, _, true) => Verdict::Fails,
        _ => Verdict::Inconclusive,
    };
    let count = |what: Observation| observations.iter().filter(|o| **o == what).count();
    Judged {
        verdict,
        median: least.unwrap_or(f64::NAN),
        is_bound: least != most,
        low: ends.iter().map(|e| e[0]).fold(plus, f64::min),
        high: ends.iter().map(|e| e[1]).fold(minus, f64::max),
        coverage,
        n: observations.len(),
        diverged: count(Observation::Diverged),
        undefined: count(Observation::Undefined),
        unknown: count(Observation::Unknown),
    }
}

/// Low end, high end and coverage of the median, diverged runs counted as `worst`.
fn interval(observations: &[Observation], worst: f64, confidence: f64) -> [f64; 3] {
    let end = |above: bool| -> Vec<f64> {
        let far = if above { f64::INFINITY } else { f64::NEG_INFINITY };
        let one = |o: &Observation| match o {
            Observation::Exactly(x) if x.is_nan() => worst,
            Observation::Exactly(x) => *x,
            Observation::Between(low, high) => {
                if above {
                    *high
                } else {
                    *low
                }
            }
            Observation::Diverged => worst,
            Observation::Undefined | Observation::Unknown => far,
        };
        observations.iter().map(one).collect()
    };
    match (median_interval(&end(false), confidence), median_interval(&end(true), confidence)) {
        (Some(low), Some(high)) => [low.low, high.high, low.coverage],
        _ => [f64::NEG_INFINITY, f64::INFINITY, 0.0],
    }
}
