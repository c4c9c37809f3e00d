//! What a prediction needs to know of the data and of the rows that the layers are measured on.

use crate::data::{Dataset, Sizes};

/// Mean squares are averaged over this many groups of rows of alike length: a prediction is smooth in the length, and
/// takes its time for each.
const GROUPS: usize = 32;

/// The sizes of the data, and how long the inputs are.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    pub sizes: Sizes,
    /// Rows of the probe: the batch of a batch normalization.
    pub rows: usize,
    /// |x|^2 / features, ascending, one a group of rows.
    pub squares: Vec<f64>,
    /// The same about the mean of each feature over the rows, which is all that a batch normalization sees.
    pub centred: Vec<f64>,
}

impl Inputs {
    /// Of these training rows.
    pub fn of(data: &Dataset, rows: &[usize]) -> Self {
        let n = data.features();
        let row = |r: &usize| &data.train.x[r * n..][..n];
        let mut means = vec![0.0; n];
        for r in rows {
            means.iter_mut().zip(row(r)).for_each(|(mean, x)| *mean += x / rows.len() as f64);
        }
        let square = |about: &[f64]| {
            let of = |r| row(r).iter().zip(about).map(|(x, mean)| (x - mean).powi(2)).sum::<f64>() / n as f64;
            grouped(rows.iter().map(of).collect())
        };
        Inputs { sizes: data.sizes(), rows: rows.len(), squares: square(&vec![0.0; n]), centred: square(&means) }
    }
}

/// The means of up to [`GROUPS`] runs of the sorted numbers, equally long as far as they divide.
fn grouped(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    let groups = GROUPS.min(numbers.len());
    let start = |group: usize| group * numbers.len() / groups;
    let mean = |run: &[f64]| run.iter().sum::<f64>() / run.len() as f64;
    (0..groups).map(|group| mean(&numbers[start(group)..start(group + 1)])).collect()
}
