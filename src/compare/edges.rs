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
    /// Whether some runs at the largest value diverge: what lies beyond is no better.
    pub diverges: bool,
    /// The next values beyond, spaced as those that were tried, as far as the setting may hold them; where runs diverge, values before.
    pub next: Vec<f64>,
}

/// Whether a label is the smallest or the largest of the numbers that were tried, both as label numbers, and the setting may hold
/// others beyond; `diverges` if some runs at it do.
pub fn edge(axis: &Axis, tried: &BTreeSet<usize>, label: usize, diverges: bool) -> Option<Edge> {
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
    let diverges = diverges && largest;
    let is_below_one = largest && numbers.iter().all(|x| (0.0..1.0).contains(x)) && !may_hold(&axis.name, 1.0);
    let all = match diverges {
        true => before(&numbers),
        // As 0.9 and 0.99 are followed by 0.999.
        false if is_below_one => {
            let short_of_one: Vec<f64> = numbers.iter().map(|x| 1.0 - x).collect();
            beyond(&short_of_one).into_iter().map(|x| 1.0 - x).collect()
        }
        false => beyond(&numbers),
    };
    let next: Vec<f64> = all.iter().copied().filter(|x| may_hold(&axis.name, *x)).collect();
    // Nothing lies below a weight decay of 0.
    let is_end = !all.is_empty() && next.is_empty();
    (!is_end).then(|| Edge { axis: axis.name.clone(), label: axis.labels[label].clone(), largest, diverges, next })
}

/// Numbers between the last two.
fn before(numbers: &[f64]) -> Vec<f64> {
    let [.., low, high] = *numbers else { return Vec::new() };
    let part = |k: usize| k as f64 / (NEXT + 1) as f64;
    let between = |k: usize| match is_geometric(numbers) {
        true => low * (high / low).powf(part(k)),
        false => low + part(k) * (high - low),
    };
    (1..=NEXT).map(between).collect()
}

/// Whether the ratios of numbers in order agree better than their differences; of two, which have one of each, whether one is twice
/// the other or more.
fn is_geometric(numbers: &[f64]) -> bool {
    // The largest over the smallest: 1 where all agree.
    let spread = |steps: &mut dyn Iterator<Item = f64>| {
        let (low, high) =
            steps.fold((f64::INFINITY, 0.0f64), |(low, high), step| (low.min(step.abs()), high.max(step.abs())));
        high / low
    };
    let ratios = spread(&mut numbers.windows(2).map(|pair| (pair[1] / pair[0]).ln()));
    let differences = spread(&mut numbers.windows(2).map(|pair| pair[1] - pair[0]));
    let is_wider = match *numbers {
        [a, b] => a.max(b) >= 2.0 * a.min(b),
        _ => ratios < differences,
    };
    is_wider && numbers.iter().all(|x| *x > 0.0)
}

/// What follows numbers in order, as far from each other as the last two are.
fn beyond(numbers: &[f64]) -> Vec<f64> {
    let [.., before, last] = *numbers else { return Vec::new() };
    // A grid of a few points may leap over many decades.
    let ratio = (last / before).clamp(0.1, 10.0);
    let next = |k: usize| match is_geometric(numbers) {
        true => last * ratio.powi(k as i32),
        // Towards 0, which is no end of its own, by halves.
        false if last > 0.0 && last + NEXT as f64 * (last - before) <= 0.0 => last * 0.5f64.powi(k as i32),
        false => last + k as f64 * (last - before),
    };
    (1..=NEXT).map(next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the values of the arm alone, whatever those of other arms make of the axis.
    #[test]
    fn the_next_values_are_spaced_as_those_that_were_tried() {
        let others = ["0.05", "0.1", "0.2", "0.3", "0.4"];
        let cases: [(&[f64], bool, [f64; 2]); 10] = [
            (&[0.1, 0.2, 0.3], false, [0.05, 0.025]),
            (&[0.003, 0.02], true, [0.02 * 20.0 / 3.0, 0.02 * 400.0 / 9.0]),
            (&[0.003, 0.02], false, [0.00045, 0.0000675]),
            (&[0.5, 0.6], true, [0.7, 0.8]),
            (&[0.05, 0.1, 0.2], false, [0.025, 0.0125]),
            (&[0.1, 0.2, 0.3], true, [0.4, 0.5]),
            (&[0.1, 0.2, 0.4], true, [0.8, 1.6]),
            (&[0.01, 0.03, 0.1], true, [1.0 / 3.0, 10.0 / 9.0]),
            (&[1.0, 2.0, 3.0], true, [4.0, 5.0]),
            (&[0.1, 0.2, 0.3, 0.4], true, [0.5, 0.6]),
        ];
        for (tried, largest, next) in cases {
            let labels = others.map(String::from).into_iter().chain(tried.iter().map(f64::to_string));
            let axis = Axis::of("optimizer.lr", labels);
            let at = |x: &f64| axis.labels.iter().position(|label| label.parse() == Ok(*x)).unwrap();
            let end = if largest { tried.last() } else { tried.first() }.unwrap();
            let edge = edge(&axis, &tried.iter().map(at).collect(), at(end), false).unwrap();
            let is_near = edge.next.iter().zip(next).all(|(a, b)| (a / b - 1.0).abs() < 1e-9);
            assert!(edge.largest == largest && edge.next.len() == 2 && is_near, "{tried:?}: {:?}", edge.next);
        }
    }

    /// Where runs diverge the next values lie before the last; a setting that ends has none beyond its end.
    #[test]
    fn no_values_are_named_that_are_worse_or_that_there_are_not() {
        let edge = |name: &str, labels: &[&str], label: usize, diverges: bool| {
            let axis = Axis::of(name, labels.iter().map(ToString::to_string));
            edge(&axis, &(0..labels.len()).collect(), label, diverges).map(|edge| edge.next)
        };
        let is_near = |next: Option<Vec<f64>>, expected: [f64; 2]| {
            let next = next.unwrap();
            assert!(next.iter().zip(expected).all(|(a, b)| (a / b - 1.0).abs() < 1e-9) && next.len() == 2, "{next:?}");
        };
        is_near(edge("optimizer.lr", &["0.001", "0.01", "0.1"], 2, true), [0.1 / 100f64.cbrt(), 0.1 / 10f64.cbrt()]);
        is_near(edge("optimizer.lr", &["0.1", "0.2", "0.3"], 2, true), [0.7 / 3.0, 0.8 / 3.0]);
        is_near(edge("optimizer.lr", &["0.1", "0.2", "0.4"], 0, true), [0.05, 0.025]);
        is_near(edge("optimizer.lr", &["0.1", "1e30"], 0, false), [0.01, 0.001]);
        is_near(edge("optimizer.momentum", &["0.9", "0.99"], 1, false), [0.999, 0.9999]);
        assert_eq!(edge("l2", &["0", "0.001", "0.01"], 0, false), None);
    }
}
