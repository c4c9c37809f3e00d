//! Adamax: m <- b1 m + (1 - b1) g; u <- max(b2 u, |g| + eps); w <- w - lr / (1 - b1^t) m / u.
//!
//! Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 2, with its lr = 0.002, b1 = 0.9,
//! b2 = 0.999. The paper has no eps; as PyTorch, 1e-8 is added to |g|, which keeps 0/0 out.

use super::rule::{MOST_SLOTS, Rule};
use crate::real::Real;

#[derive(Clone, Copy)]
pub(super) struct Adamax<T>([T; 5]);

impl<T: Real> Adamax<T> {
    /// For step `t` = 1, 2, ...
    pub(super) fn new(lr: f64, beta1: f64, beta2: f64, eps: f64, t: u32) -> Self {
        Adamax([beta1, 1.0 - beta1, beta2, eps, lr / (1.0 - beta1.powf(f64::from(t)))].map(T::of))
    }
}

impl<T: Real> Rule<T> for Adamax<T> {
    const SLOTS: usize = 2;

    #[inline(always)]
    fn change(self, g: T, [m, u, _]: &mut [T; MOST_SLOTS]) -> T {
        let [beta1, take1, beta2, eps, rate] = self.0;
        *m = beta1 * *m + take1 * g;
        let (kept, new) = (beta2 * *u, g.abs() + eps);
        *u = if kept > new { kept } else { new };
        rate * *m / *u
    }
}
