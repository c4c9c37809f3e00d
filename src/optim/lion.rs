//! Lion: w <- w - lr sign(b1 m + (1 - b1) g); m <- b2 m + (1 - b2) g.
//!
//! Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, algorithm 2, with its b1 = 0.9,
//! b2 = 0.99 and lr = 1e-4. Its decay is the decoupled `weight_decay`, 0 if unset.

use super::rule::{MOST_SLOTS, Rule, sign};
use crate::real::Real;

#[derive(Clone, Copy)]
pub(super) struct Lion<T>([T; 5]);

impl<T: Real> Lion<T> {
    pub(super) fn new(lr: f64, beta1: f64, beta2: f64) -> Self {
        Lion([lr, beta1, 1.0 - beta1, beta2, 1.0 - beta2].map(T::of))
    }
}

impl<T: Real> Rule<T> for Lion<T> {
    const SLOTS: usize = 1;

    #[inline(always)]
    fn change(self, g: T, [m, ..]: &mut [T; MOST_SLOTS]) -> T {
        let [lr, beta1, take1, beta2, take2] = self.0;
        let change = lr * sign(beta1 * *m + take1 * g);
        *m = beta2 * *m + take2 * g;
        change
    }
}
