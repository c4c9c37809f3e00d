//! Gradient descent: w <- w - lr g. On the whole set Cauchy 1847 (`gd`); on batches Robbins & Monro, "A stochastic
//! approximation method", Annals of Mathematical Statistics 22 (1951) (`sgd`). No source sets lr; 0.1 by default.

use super::rule::{MOST_SLOTS, Rule};
use crate::real::Real;

#[derive(Clone, Copy)]
pub(super) struct Sgd<T>(pub(super) T);

impl<T: Real> Rule<T> for Sgd<T> {
    const SLOTS: usize = 0;

    #[inline(always)]
    fn change(self, g: T, _: &mut [T; MOST_SLOTS]) -> T {
        self.0 * g
    }
}
