//! Whether a model's gradient is that of its loss: one finite difference in f64 along a random direction.
//!
//! A forward pass that cuts candle's graph in a branch leaves every parameter a gradient, but a wrong one, and trains badly
//! without a word.

use super::boundary::{Batch, Gradients, Model};
use super::layout::Layout;
use crate::ops::reduce::rms;
use crate::ops::{Mode, Result};
use crate::seed::Seeds;
use std::ops::Range;

/// A difference along all parameters at once that is off by less of the gradient shows nothing.
const CLOSE: f64 = 1e-6;
/// Off by more of one parameter's own difference, at every step, its gradient is wrong: kinks of rectifiers leave less.
const WRONG: f64 = 1e-3;
/// Rounding leaves so much of the loss in a difference.
const ROUNDING: f64 = 1e-9;
/// Steps of a difference, on the size of the parameters. A kink that lies within one of them is outside of the next.
const STEPS: [f64; 3] = [1e-5, 1e-4, 1e-6];
/// What parameters that start all equal are moved by, so that no branch is shut.
const STIR: f64 = 0.1;

/// What to do about it.
pub const CURE: &str = "use ops that have a backward pass: `candle_nn::ops::softmax` and not `softmax_last_dim`, \
                        `pass.layer_norm` and not `candle_nn::LayerNorm`, and no `detach`";

/// What is wrong with the gradient of the mean loss over a batch, if anything is; the parameters are left elsewhere.
///
/// # Errors
/// What candle reports, such as that no gradient comes back to a parameter.
pub fn fault(model: &mut dyn Model<f64>, batch: &Batch<f64>, seeds: &Seeds) -> Result<Option<String>> {
    let layout = model.layout().clone();
    let mut start = Vec::new();
    model.read(&mut |packed| start = packed.to_vec())?;
    let direction = stirred(&layout, &mut start, seeds);
    let mut gradients = Gradients::default();
    let loss = loss_at(model, batch, &start, &mut gradients)?;
    if loss_at(model, batch, &start, &mut gradients)?.to_bits() != loss.to_bits() {
        let what = "two passes over the same numbers give different losses: use `pass.dropped` for anything random";
        return Ok((!loss.is_nan()).then(|| what.into()));
    }
    // A site whose tensor the pass does not go on with is an error here.
    model.loss_and_gradients(batch.clone(), Mode::Probe, &mut Gradients::default())?;
    if !gradients.finite || !loss.is_finite() {
        return Ok(None);
    }
    let along = |range: Range<usize>| -> f64 { range.map(|i| gradients.packed[i] * direction[i]).sum() };
    let mut difference = |range: &Range<usize>, step: f64| -> Result<f64> {
        let mut at = |step: f64| {
            let mut moved = start.clone();
            range.clone().for_each(|i| moved[i] += step * direction[i]);
            loss_at(model, batch, &moved, &mut Gradients::default())
        };
        Ok((at(step)? - at(-step)?) / (2.0 * step))
    };
    let all = 0..start.len();
    let parts: f64 = layout.parameters().iter().map(|own| along(own.range.clone()).powi(2)).sum();
    if (along(all.clone()) - difference(&all, STEPS[0])?).abs() <= CLOSE * parts.sqrt() {
        return Ok(None);
    }
    let mut wrong = Vec::new();
    for parameter in layout.parameters() {
        let own = along(parameter.range.clone());
        let (mut nearest, mut apart) = (own, f64::INFINITY);
        for step in STEPS {
            let found = difference(&parameter.range, step)?;
            if (found - own).abs() < apart {
                (nearest, apart) = (found, (found - own).abs());
            }
        }
        if apart > WRONG * own.abs().max(nearest.abs()) + ROUNDING * loss.abs() {
            wrong.push((&parameter.name, own, nearest));
        }
    }
    // What lies behind the cut has the right gradient, so that the last that has not is next to it.
    Ok(wrong.last().map(|(name, own, nearest)| {
        let others = if wrong.len() > 1 { format!(", as of {} parameters before it", wrong.len() - 1) } else { String::new() };
        format!("the gradient of `{name}` is wrong{others}: {own:.3e} along a direction in which the loss changes by {nearest:.3e}")
    }))
}

/// A random direction, as long for each parameter as the parameter is; those that are all equal are stirred before.
fn stirred(layout: &Layout, start: &mut [f64], seeds: &Seeds) -> Vec<f64> {
    let mut stream = seeds.stream("gradient check", &[]);
    let mut direction = Vec::with_capacity(start.len());
    for parameter in layout.parameters() {
        let own = &mut start[parameter.range.clone()];
        if own.iter().all(|x| *x == own[0]) {
            own.iter_mut().for_each(|x| *x += STIR * stream.normal());
        }
        let size = rms(own);
        direction.extend(own.iter().map(|_| size * stream.normal()));
    }
    direction
}

fn loss_at(
    model: &mut dyn Model<f64>,
    batch: &Batch<f64>,
    parameters: &[f64],
    gradients: &mut Gradients<f64>,
) -> Result<f64> {
    model.rewrite(&mut |packed| packed.copy_from_slice(parameters))?;
    model.loss_and_gradients(batch.clone(), Mode::Train, gradients)
}
