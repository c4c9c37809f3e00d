//! Sequences of unequal length in one batch: shorter ones are padded at the beginning, and the network starts where they start.

use crate::ops::Element;

/// The value of every feature of a time step that is padding. No number of the data is infinite.
pub const PADDING: f64 = f64::INFINITY;

/// Which time steps of a batch are padding.
#[derive(Debug, Default)]
pub struct Padding {
    /// Sequences.
    pub rows: usize,
    /// Of each, the steps before it begins; empty where no sequence is padded.
    before: Vec<usize>,
}

impl Padding {
    /// Of inputs `[time, rows, features]`, whose padding becomes zeros.
    pub(super) fn take<T: Element>(&mut self, x: &mut [T], rows: usize, features: usize) {
        self.rows = rows;
        self.before.clear();
        let padding = T::of(PADDING);
        for (step, x) in x.chunks_exact_mut((rows * features).max(1)).enumerate() {
            for (row, x) in x.chunks_exact_mut(features).enumerate().filter(|(_, x)| x[0] == padding) {
                self.before.resize(rows, 0);
                self.before[row] = step + 1;
                x.fill(T::of(0.0));
            }
        }
    }

    /// Sets to zero what belongs to padding in the `[rows, units]` of a time step.
    pub(super) fn clear<T: Element>(&self, step: usize, numbers: &mut [T]) {
        let width = numbers.len() / self.rows.max(1);
        for (row, _) in self.before.iter().enumerate().filter(|(_, before)| step < **before) {
            numbers[row * width..][..width].fill(T::of(0.0));
        }
    }

    /// Makes means over `steps`, to which padding added zeros, means over the steps of each row `[rows, units]`.
    pub(super) fn rescale<T: Element>(&self, steps: usize, numbers: &mut [T]) {
        let width = numbers.len() / self.rows.max(1);
        for (row, before) in self.before.iter().enumerate().filter(|(_, before)| **before > 0) {
            let factor = T::of(steps as f64 / (steps - before) as f64);
            numbers[row * width..][..width].iter_mut().for_each(|x| *x *= factor);
        }
    }
}
