//! What a run will cost, predicted from its settings: for the order of running, the ETA and `plan`.

use crate::data::Dataset;
use crate::setting::{Settings, Value};

/// Rows of one batch.
pub fn batch(settings: &Settings, train_rows: usize) -> usize {
    let full = settings.text("optimizer.kind") == Some("gd");
    match settings.get("batch") {
        Some(Value::Int(n)) if !full => (*n).max(1) as usize,
        _ => train_rows,
    }
}

/// Updates a run takes at most: `steps`, or `epochs` times the whole batches in the training part.
pub fn steps(settings: &Settings, train_rows: usize) -> usize {
    match settings.int("epochs") {
        Some(epochs) => epochs.max(0) as usize * (train_rows / batch(settings, train_rows).max(1)).max(1),
        None => settings.int("steps").unwrap_or(0).max(0) as usize,
    }
}

/// Floating-point operations of training: steps x 6 x batch x weights, two for each multiply-add of the forward
/// pass and of the two products of the backward pass.
pub fn flops(settings: &Settings, data: &Dataset) -> f64 {
    let int = |key| settings.int(key).unwrap_or(1) as f64;
    let (depth, width) = (int("depth"), int("width"));
    let (inputs, outputs) = (data.features as f64, data.train.targets.outputs() as f64);
    let weights = inputs * width + (depth - 1.0) * width * width + width * outputs;
    let rows = data.train.rows;
    6.0 * steps(settings, rows) as f64 * batch(settings, rows) as f64 * weights
}
