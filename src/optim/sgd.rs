//! Gradient descent: w <- w - lr g (Robbins & Monro 1951; Cauchy 1847 on the whole set).

use super::{MOST_SLOTS, Rule};
use crate::real::Real;

#[derive(Clone, Copy)]
pub(super) struct Sgd<T> {
    lr: T,
}

impl<T: Real> Sgd<T> {
    pub(super) fn new(lr: f64) -> Self {
        Sgd { lr: T::of(lr) }
    }
}

impl<T: Real> Rule<T> for Sgd<T> {
    const SLOTS: usize = 0;

    #[inline(always)]
    fn change(self, g: T, _: &mut [T; MOST_SLOTS]) -> T {
        self.lr * g
    }
}
