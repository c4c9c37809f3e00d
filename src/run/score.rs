//! Scores: loss and accuracy of a model over a whole split, in evaluation mode.

use crate::data::{Split, Targets};
use crate::model::{Batch, Model};
use crate::ops::loss::{Criterion, FusedLoss, Target};
use crate::ops::{Element, Mode, Result, tensor, with_slice};

/// Rows evaluated at once: enough to keep the products busy, few enough to stay in cache.
const CHUNK: usize = 256;
/// Of sequences at most so many time steps at once, of all rows together.
const CHUNK_STEPS: usize = 256 * 32;

/// How many rows of this shape are evaluated at once.
pub(super) fn chunk(shape: &[usize]) -> usize {
    if let [steps, _] = shape { (CHUNK_STEPS / steps).clamp(1, CHUNK) } else { CHUNK }
}

/// Loss and accuracy over a split; accuracies only for classes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    pub loss: f64,
    /// The share of answers whose class has the largest output.
    pub accuracy: Option<f64>,
    /// The mean of that share over the classes that occur.
    pub balanced_accuracy: Option<f64>,
}

/// The given rows of a split, whose inputs have this shape, with targets for this loss.
///
/// # Errors
/// What candle reports.
pub fn batch<T: Element>(
    split: &Split,
    shape: &[usize],
    rows: &[usize],
    criterion: impl Into<Criterion>,
) -> Result<Batch<T>> {
    let Criterion { loss, weighing } = criterion.into();
    let (features, answers): (usize, usize) = (shape.iter().product(), split.answers());
    let mut x = vec![T::of(0.0); rows.len() * features];
    for (row, x) in rows.iter().zip(x.chunks_exact_mut(features)) {
        split.x.read(row * features, x);
    }
    let of_rows = |labels: &[u32]| rows.iter().flat_map(|r| &labels[r * answers..][..answers]).copied().collect();
    let target = match (&split.targets, weighing) {
        (Targets::Classes { labels, .. }, Some(weighing)) => Target::Weighed(of_rows(labels), weighing),
        (Targets::Classes { labels, .. }, None) if loss.takes_classes() => Target::Classes(of_rows(labels)),
        (Targets::Classes { labels, count }, None) => {
            let labels: Vec<u32> = of_rows(labels);
            let mut y = vec![T::of(0.0); labels.len() * count];
            labels.iter().enumerate().for_each(|(i, label)| y[i * count + *label as usize] = T::of(1.0));
            Target::Values(y)
        }
        (Targets::Values { y, width }, _) => {
            let row = |r: &usize| y[r * answers * width..][..answers * width].iter().map(|v| T::of(*v));
            Target::Values(rows.iter().flat_map(row).collect())
        }
    };
    let dims: Vec<usize> = [&[rows.len()], shape].concat();
    Ok(Batch { x: tensor(x, dims)?, target, loss })
}

/// Scores a model on a split, whose inputs have this shape.
///
/// # Errors
/// What candle reports.
pub fn score<T: Element>(
    model: &dyn Model<T>,
    split: &Split,
    shape: &[usize],
    criterion: impl Into<Criterion>,
) -> Result<Score> {
    let order: Vec<usize> = (0..split.rows).collect();
    score_rows(model, split, shape, &order, criterion)
}

/// Scores a model on some rows of a split.
///
/// # Errors
/// What candle reports.
pub fn score_rows<T: Element>(
    model: &dyn Model<T>,
    split: &Split,
    shape: &[usize],
    rows: &[usize],
    criterion: impl Into<Criterion>,
) -> Result<Score> {
    let criterion = criterion.into();
    let (mut total, mut weight) = (0.0, 0.0);
    let mut recalls = vec![Recall::default(); split.targets.outputs()];
    for rows in rows.chunks(chunk(shape)) {
        let Batch { x, target, loss } = batch::<T>(split, shape, rows, &criterion)?;
        let outputs = model.outputs(&x, Mode::Evaluate)?.contiguous()?;
        let (answers, width) = outputs.dims2()?;
        with_slice::<T, _>(&outputs, |o| -> Result<()> {
            if let Targets::Classes { labels, .. } = &split.targets {
                // A row with one target has it at each step, where a network answers at each.
                let (asked, given) = (split.answers(), answers / rows.len());
                let own = rows.iter().flat_map(|row| (0..given).map(move |step| row * asked + step * asked / given));
                for (own, out) in own.zip(o.chunks_exact(width)) {
                    let own = labels[own] as usize;
                    recalls[own].answers += 1;
                    recalls[own].hits += usize::from(largest(out) == Some(own));
                }
            }
            let fused = FusedLoss { loss, target: target.of_answers(answers, width) };
            total += fused.value(o, width)? * fused.weight(width);
            weight += fused.weight(width);
            Ok(())
        })??;
    }
    let loss = total / weight;
    if !split.targets.are_classes() {
        return Ok(Score { loss, ..Score::default() });
    }
    let there: Vec<&Recall> = recalls.iter().filter(|recall| recall.answers > 0).collect();
    let hits: usize = there.iter().map(|recall| recall.hits).sum();
    let answers: usize = there.iter().map(|recall| recall.answers).sum();
    let recall = |own: &&Recall| own.hits as f64 / own.answers as f64;
    let balanced = there.iter().map(recall).sum::<f64>() / there.len() as f64;
    Ok(Score { loss, accuracy: Some(hits as f64 / answers as f64), balanced_accuracy: Some(balanced) })
}

/// The answers that are to be a class, and how many of them are.
#[derive(Clone, Copy, Debug, Default)]
struct Recall {
    answers: usize,
    hits: usize,
}

/// The index of the largest value, the first of equals; none when one is NaN.
fn largest<T: Element>(values: &[T]) -> Option<usize> {
    let mut best = 0;
    for (i, v) in values.iter().enumerate() {
        if v.f64().is_nan() {
            return None;
        }
        if *v > values[best] {
            best = i;
        }
    }
    Some(best)
}
