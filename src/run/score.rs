//! Scores: loss and accuracy of a model over a whole split, in evaluation mode.

use crate::data::{Split, Targets};
use crate::model::{Batch, Model};
use crate::ops::loss::{FusedLoss, Loss, Target};
use crate::ops::{Element, Mode, Result, convert, tensor, with_slice};

/// Rows evaluated at once: enough to keep the products busy, few enough to stay in cache.
pub(super) const CHUNK: usize = 256;

/// Loss and accuracy over a split; accuracy only for classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    pub loss: f64,
    pub accuracy: Option<f64>,
}

/// The given rows of a split, whose inputs have this shape, with targets for this loss.
///
/// # Errors
/// What candle reports.
pub fn batch<T: Element>(split: &Split, shape: &[usize], rows: &[usize], loss: Loss) -> Result<Batch<T>> {
    let features: usize = shape.iter().product();
    let mut x = vec![T::of(0.0); rows.len() * features];
    for (row, x) in rows.iter().zip(x.chunks_exact_mut(features)) {
        convert(&split.x[row * features..][..features], x);
    }
    let target = match (&split.targets, loss) {
        (Targets::Classes { labels, .. }, Loss::CrossEntropy) => {
            Target::Classes(rows.iter().map(|r| labels[*r]).collect())
        }
        (Targets::Classes { labels, count }, Loss::Mse) => {
            let mut y = vec![T::of(0.0); rows.len() * count];
            rows.iter().enumerate().for_each(|(i, r)| y[i * count + labels[*r] as usize] = T::of(1.0));
            Target::Values(y)
        }
        (Targets::Values { y, width }, _) => {
            let row = |r: &usize| y[r * width..(r + 1) * width].iter().map(|v| T::of(*v));
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
pub fn score<T: Element>(model: &dyn Model<T>, split: &Split, shape: &[usize], loss: Loss) -> Result<Score> {
    let (mut total, mut hits) = (0.0, 0usize);
    let order: Vec<usize> = (0..split.rows).collect();
    for rows in order.chunks(CHUNK) {
        let Batch { x, target, loss } = batch::<T>(split, shape, rows, loss)?;
        let outputs = model.outputs(&x, Mode::Evaluate)?.contiguous()?;
        let width = outputs.dim(1)?;
        with_slice::<T, _>(&outputs, |o| -> Result<()> {
            if let Targets::Classes { labels, .. } = &split.targets {
                let row_hits = |(row, out): (&usize, &[T])| largest(out) == Some(labels[*row] as usize);
                hits += rows.iter().zip(o.chunks_exact(width)).filter(|(r, o)| row_hits((*r, *o))).count();
            }
            total += FusedLoss { loss, target }.value(o, width)? * rows.len() as f64;
            Ok(())
        })??;
    }
    let n = split.rows as f64;
    let accuracy = matches!(split.targets, Targets::Classes { .. }).then(|| hits as f64 / n);
    Ok(Score { loss: total / n, accuracy })
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
