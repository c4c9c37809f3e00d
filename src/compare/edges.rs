//! A best value at the end of what was tried: which end, and what to try next.

use crate::experiment::settings::may_hold;
use crate::plan_file::{Axis, Scale};
use std::collections::BTreeSet;

/// Values that are named as the next to try.
const NEXT: usize = 2;

/// A best value at the end of its range, so that a better one may lie beyond.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    pub axis: String,
    pub label: String,
    pub largest: bool,
    /// The next values beyond, spaced as those that were tried, as far as the setting may hold them.
    pub next: Vec<f64>,
}

/// Whether a label is the smallest or the largest of the numbers that were tried, both as label numbers.
pub fn edge(axis: &Axis, tried: &BTreeSet<usize>, label: usize) -> Option<Edge> {
    if axis.scale == Scale::Category {
        return None;
    }
    let own: f64 = axis.labels[label].parse().ok()?;
    let mut numbers: Vec<f64> = tried.iter().filter_map(|i| axis.labels[*i].parse().ok()).collect();
    numbers.sort_by(f64::total_cmp);
    let largest = numbers.last() == Some(&own);
    if !largest && numbers.first() != Some(&own) {
        return None;
    }
    if !largest {
        numbers.reverse();
    }
    let next = beyond(&numbers, axis.scale).into_iter().filter(|x| may_hold(&axis.name, *x)).collect();
    Some(Edge { axis: axis.name.clone(), label: axis.labels[label].clone(), largest, next })
}

/// What follows numbers in order, as far from each other as the last two are.
pub fn beyond(numbers: &[f64], scale: Scale) -> Vec<f64> {
    let [.., before, last] = *numbers else { return Vec::new() };
    let next = |k: usize| match scale {
        Scale::Log => last * (last / before).powi(k as i32),
        _ => last + k as f64 * (last - before),
    };
    (1..=NEXT).map(next).collect()
}
