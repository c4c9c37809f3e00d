//! The baselines: what the best constant prediction achieves, without using the inputs, under a run's own loss. Where there is an answer
//! for each time step, it may differ from step to step.

use super::dataset::{Dataset, Split, Targets};
use crate::columns::{Column, Part, Quantity};
use crate::ops::loss::{Criterion, FusedLoss, Loss, Target};
use serde::{Deserialize, Serialize};

/// Rows of real-valued targets that are scored at once.
const CHUNK: usize = 4096;

/// The scores of a constant answer on one part of the data. It is made on the training part, as a network is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Guess {
    /// The most that always answering the same class gets on this part; none where targets are no classes.
    pub accuracy: Option<f64>,
    /// What every constant answer gets: 1 over the number of classes that occur; none where there is an answer for each time step.
    #[serde(default)]
    pub balanced_accuracy: Option<f64>,
    /// Of the outputs that are the best constant ones on the training part; none where a class occurs that it lacks.
    #[serde(default)]
    pub loss: Option<f64>,
}

/// The scores of a constant answer on each part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Guesses {
    pub training: Guess,
    pub validation: Option<Guess>,
    pub test: Option<Guess>,
}

impl Guesses {
    /// Of a data set under this loss; `None` for a test function, of which there is nothing to guess.
    pub fn of(data: &Dataset, criterion: &Criterion) -> Option<Self> {
        if data.function.is_some() {
            return None;
        }
        let answers = data.train.answers();
        let best = |step: usize| best_constant(&data.train.targets.at_step(step, answers), criterion);
        let outputs: Vec<Vec<f64>> = (0..answers).map(best).collect();
        let on = |split: &Split| guess(&outputs, &split.targets, criterion);
        let (validation, test) = (data.validation.as_ref().map(on), data.test.as_ref().map(on));
        Some(Guesses { training: on(&data.train), validation, test })
    }

    /// In a column of losses or accuracies; `None` where that has no constant answer.
    pub fn score(&self, column: &Column) -> Option<f64> {
        let guess = match column.part? {
            Part::Training => self.training,
            Part::Validation => self.validation?,
            Part::Test => self.test?,
        };
        match column.quantity {
            Quantity::Loss => guess.loss,
            Quantity::Accuracy => guess.accuracy,
            Quantity::BalancedAccuracy => guess.balanced_accuracy,
            _ => None,
        }
    }
}

/// The outputs that are best if they are the same for all rows: the class frequencies as the loss weighs and smooths them, or the mean
/// of the targets; under `mae` their median, under `huber` what lies between.
fn best_constant(targets: &Targets, criterion: &Criterion) -> Vec<f64> {
    let width = targets.outputs();
    let columns: Vec<Vec<(f64, f64)>> = match targets {
        Targets::Values { y, width } => {
            (0..*width).map(|i| y.iter().skip(i).step_by(*width).map(|y| (*y, 1.0)).collect()).collect()
        }
        Targets::Classes { .. } => {
            let shares = shares(targets, criterion);
            if criterion.loss == Loss::CrossEntropy {
                return shares.into_iter().map(f64::ln).collect();
            }
            if criterion.loss == Loss::Hinge {
                // A margin pays where one class has more than half of all, and no other does.
                return shares.into_iter().map(|share| f64::from(u8::from(share > 0.5))).collect();
            }
            shares.into_iter().map(|share| vec![(1.0, share), (0.0, 1.0 - share)]).collect()
        }
    };
    debug_assert_eq!(columns.len(), width);
    columns.into_iter().map(|column| best_of_column(column, criterion.loss)).collect()
}

/// Of classes, the part that each has in the loss; all of them are 1.
fn shares(targets: &Targets, criterion: &Criterion) -> Vec<f64> {
    let counts = targets.counts().unwrap_or_default();
    let n = counts.len();
    let share = |class: usize| match &criterion.weighing {
        None => counts[class] as f64,
        // Of one class after the other what its samples add to this one: their smoothed targets or their own weight.
        Some(weighing) if criterion.loss == Loss::CrossEntropy => {
            (0..n).map(|own| counts[own] as f64 * weighing.mass(own as u32, class, n)).sum()
        }
        Some(weighing) => counts[class] as f64 * weighing.weights[class],
    };
    let shares: Vec<f64> = (0..n).map(share).collect();
    let all: f64 = shares.iter().sum();
    shares.into_iter().map(|share| share / all).collect()
}

/// The best constant output for targets with these weights.
fn best_of_column(mut column: Vec<(f64, f64)>, loss: Loss) -> f64 {
    let all: f64 = column.iter().map(|(_, weight)| weight).sum();
    let mean = column.iter().map(|(y, weight)| y * weight).sum::<f64>() / all;
    match loss {
        Loss::BinaryCrossEntropy => (mean / (1.0 - mean)).ln(),
        Loss::Mae => {
            column.retain(|(_, weight)| *weight > 0.0);
            column.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut below = 0.0;
            let upper = column.iter().position(|(_, weight)| {
                below += weight;
                // Above half but for rounding.
                below > (0.5 + 1e-12) * all
            });
            // Where half of all is at or below a number, every output up to the next one is as good: the middle of them.
            let (above, weight) = column[upper.unwrap_or(column.len() - 1)];
            let is_tie = below - weight >= (0.5 - 1e-12) * all;
            let lower = upper.and_then(|i| i.checked_sub(1)).filter(|_| is_tie);
            lower.map_or(above, |i| 0.5 * (column[i].0 + above))
        }
        Loss::Huber { .. } => {
            // The slope of the loss rises from the least target to the largest: halved until no number is between.
            let ends = column.iter().map(|(y, _)| *y);
            let (mut low, mut high) = (ends.clone().fold(mean, f64::min), ends.fold(mean, f64::max));
            loop {
                let middle = 0.5 * (low + high);
                if middle <= low || middle >= high {
                    return middle;
                }
                let slope: f64 = column.iter().map(|(y, weight)| weight * loss.slope(middle, *y)).sum();
                *(if slope > 0.0 { &mut high } else { &mut low }) = middle;
            }
        }
        _ => mean,
    }
}

/// Of these outputs, which are the same in all rows: one list, or one for each time step.
fn guess(outputs: &[Vec<f64>], targets: &Targets, criterion: &Criterion) -> Guess {
    if let [outputs] = outputs {
        return guess_alike(outputs, targets, criterion).0;
    }
    let at_step = |(step, own): (usize, &Vec<f64>)| guess_alike(own, &targets.at_step(step, outputs.len()), criterion);
    let steps: Vec<(Guess, f64)> = outputs.iter().enumerate().map(at_step).collect();
    let all: f64 = steps.iter().map(|(_, weight)| weight).sum();
    let loss = steps.iter().map(|(own, weight)| Some(own.loss? * weight / all)).sum();
    let accuracy = steps.iter().map(|(own, _)| Some(own.accuracy? / steps.len() as f64)).sum();
    Guess { loss, accuracy, balanced_accuracy: None }
}

/// Of the same outputs for every answer, and what all answers weigh together in the loss.
fn guess_alike(outputs: &[f64], targets: &Targets, criterion: &Criterion) -> (Guess, f64) {
    let width = outputs.len();
    let value =
        |target, rows: usize| FusedLoss { loss: criterion.loss, target }.value(&outputs.repeat(rows), width).ok();
    let mean = |sums: Option<(f64, f64)>| sums.map(|(loss, weight)| loss / weight).filter(|loss| loss.is_finite());
    let Some(counts) = targets.counts() else {
        let Targets::Values { y, .. } = targets else { return (Guess::default(), 0.0) };
        // Taken together so that a large set is never copied as a whole.
        let chunk = |sums: (f64, f64), y: &[f64]| {
            let rows = y.len() / width;
            Some((sums.0 + value(Target::Values(y.to_vec()), rows)? * rows as f64, sums.1 + rows as f64))
        };
        let loss = mean(y.chunks(CHUNK * width).try_fold((0.0, 0.0), chunk));
        return (Guess { loss, ..Guess::default() }, targets.answers() as f64);
    };
    let of_class = |class: usize| {
        let target = match (&criterion.weighing, criterion.loss.takes_classes()) {
            (Some(weighing), _) => Target::Weighed(vec![class as u32], weighing.clone()),
            (None, true) => Target::Classes(vec![class as u32]),
            (None, false) => Target::Values((0..width).map(|c| f64::from(u8::from(c == class))).collect()),
        };
        value(target, 1)
    };
    let there: Vec<(usize, usize)> = counts.iter().copied().enumerate().filter(|(_, n)| *n > 0).collect();
    let sums = there.iter().try_fold((0.0, 0.0), |sums: (f64, f64), (class, n)| {
        let weight = *n as f64 * criterion.weighing.as_ref().map_or(1.0, |weighing| weighing.weights[*class]);
        Some((sums.0 + of_class(*class)? * weight, sums.1 + weight))
    });
    let rows: usize = counts.iter().sum();
    let own = Guess {
        accuracy: there.iter().map(|(_, n)| *n as f64 / rows as f64).max_by(f64::total_cmp),
        balanced_accuracy: Some(1.0 / there.len() as f64),
        loss: mean(sums),
    };
    (own, sums.map_or(0.0, |(_, weight)| weight))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::loss::Weighing;
    use std::sync::Arc;

    fn classes(counts: &[usize]) -> Targets {
        let labels = counts.iter().enumerate().flat_map(|(class, n)| vec![class as u32; *n]).collect();
        Targets::Classes { labels, count: counts.len() }
    }

    fn guessed(train: &Targets, other: &Targets, criterion: &Criterion) -> Guess {
        guess(&[best_constant(train, criterion)], other, criterion)
    }

    #[test]
    fn a_constant_answer_scores_what_its_formula_says() {
        let close = |a: Option<f64>, b: f64| assert!((a.unwrap() - b).abs() < 1e-12, "{a:?} {b}");
        let (train, test) = (classes(&[3, 1]), classes(&[1, 3]));
        let own = guessed(&train, &test, &Loss::CrossEntropy.into());
        // A net that has learned nothing may answer any class: of this part the second is the most frequent one.
        assert_eq!((own.accuracy, own.balanced_accuracy), (Some(0.75), Some(0.5)));
        close(own.loss, -(0.75f64.ln() + 3.0 * 0.25f64.ln()) / 4.0);
        // One-hot rows (1, 0) and (0, 1) against (0.75, 0.25).
        close(guessed(&train, &test, &Loss::Mse.into()).loss, (0.0625 + 3.0 * 0.5625) / 4.0);
        let entropy = |p: f64| -p * p.ln() - (1.0 - p) * (1.0 - p).ln();
        close(guessed(&train, &train, &Loss::BinaryCrossEntropy.into()).loss, entropy(0.75));
        // Two classes weigh the same: the loss of a fair coin.
        let weighing = Weighing { weights: vec![4.0 / 6.0, 2.0], smoothing: 0.0 };
        let balanced = Criterion { loss: Loss::CrossEntropy, weighing: Some(Arc::new(weighing)) };
        close(guessed(&train, &test, &balanced).loss, 2f64.ln());
        let lacking = classes(&[1, 1, 1]);
        assert_eq!(guessed(&classes(&[2, 2, 0]), &lacking, &Loss::CrossEntropy.into()).loss, None);
        let values = Targets::Values { y: vec![1.0, 10.0, 3.0, 30.0, 8.0, 20.0], width: 2 };
        close(guessed(&values, &values, &Loss::Mse.into()).loss, (9.0 + 100.0 + 1.0 + 100.0 + 16.0) / 6.0);
        // Between the two in the middle all are as good, and none is better for the other part.
        let even = |y: &[f64]| best_constant(&Targets::Values { y: y.to_vec(), width: 1 }, &Loss::Mae.into());
        assert_eq!([even(&[4.0, 1.0]), even(&[1.0, 2.0, 2.0, 7.0]), even(&[5.0, 1.0, 2.0])], [[2.5], [2.0], [2.0]]);
        let weighing = Weighing { weights: vec![4.0 / 6.0, 2.0], smoothing: 0.0 };
        let balanced = Criterion { loss: Loss::Mae, weighing: Some(Arc::new(weighing)) };
        assert_eq!(best_constant(&train, &balanced), [0.5, 0.5]);
        // The medians are 3 and 20.
        close(guessed(&values, &values, &Loss::Mae.into()).loss, (2.0 + 5.0 + 10.0 + 10.0) / 6.0);
    }

    /// No other constant output has a lower loss on the training part.
    #[test]
    fn no_constant_answer_is_better_on_the_training_part() {
        let weighing = |smoothing| Some(Arc::new(Weighing { weights: vec![1.0, 2.5, 0.7], smoothing }));
        let values = Targets::Values { y: vec![0.0, 0.1, 0.9, 0.2, 1.0, 0.3, 0.4, 0.05], width: 1 };
        for loss in Loss::ALL {
            for weighing in [None, weighing(0.0), weighing(0.2)] {
                let criterion = Criterion { loss, weighing };
                for counts in [[7, 2, 3], [1, 9, 2], [4, 4, 4]] {
                    check(&classes(&counts), &criterion);
                }
            }
            if !loss.takes_classes() {
                check(&values, &loss.into());
            }
        }
    }

    fn check(targets: &Targets, criterion: &Criterion) {
        let best = best_constant(targets, criterion);
        let score = |outputs: &Vec<f64>| guess(std::slice::from_ref(outputs), targets, criterion).loss.unwrap();
        let least = score(&best);
        for step in [0.3, 0.05, 1e-3] {
            for direction in 0..best.len() {
                for sign in [-1.0, 1.0] {
                    let mut other = best.clone();
                    other[direction] += sign * step;
                    let loss = score(&other);
                    assert!(loss >= least - 1e-12, "{criterion:?} {targets:?}: {other:?} {loss} {best:?} {least}");
                }
            }
        }
    }
}
