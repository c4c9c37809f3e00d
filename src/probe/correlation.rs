//! How similar the gradients of different samples still are at a layer: the correlation that shattered gradients lose with depth.

use crate::ops::reduce::{dot, rms, sum_of_squares};

/// Rows that are compared: each with each, so few of them tell enough.
const ROWS: usize = 32;

/// The cosines between the first rows of a layer's gradient, each pair once. A row of zeros is like no other.
pub(super) fn cosines(gradient: &[f64], columns: usize) -> Vec<f64> {
    let unit = |row: &[f64]| {
        // In two steps, for the squares of a tiny gradient are zero.
        let size = rms(row) * (columns as f64).sqrt();
        row.iter().map(|x| if size > 0.0 { x / size } else { 0.0 }).collect::<Vec<f64>>()
    };
    let rows: Vec<Vec<f64>> = gradient.chunks_exact(columns).take(ROWS).map(unit).collect();
    rows.iter().enumerate().flat_map(|(i, a)| rows[..i].iter().map(|b| dot(a, b))).collect()
}

/// The slope of the least-squares line through 0 of a layer's cosines on those of the last hidden layer; none for a
/// single row.
pub(super) fn left(here: &[f64], last: &[f64]) -> Option<f64> {
    (!last.is_empty()).then(|| dot(here, last) / sum_of_squares(last))
}
