//! Adamax: m <- b1 m + (1 - b1) g; u <- max(b2 u, |g| + eps); w <- w - lr / (1 - b1^t) m / u.
//!
//! Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 2, with its lr = 0.002, b1 = 0.9,
//! b2 = 0.999. The paper has no eps; as PyTorch, 1e-8 is added to |g|, which keeps 0/0 out.

use super::rule::{MOST_SLOTS, Rule};
use crate::real::Real;

#[derive(Clone, Copy)]
pub(super) struct Adamax<T> {
    beta1: T,
    take1: T,
    beta2: T,
    eps: T,
    /// lr / (1 - b1^t).
    rate: T,
}

impl<T: Real> Adamax<T> {
    /// For step `t` = 1, 2, ...
    pub(super) fn new(lr: f64, beta1: f64, beta2: f64, eps: f64, t: u32) -> Self {
        Adamax {
            beta1: T::of(beta1),
            take1: T::of(1.0 - beta1),
            beta2: T::of(beta2),
            eps: T::of(eps),
            rate: T::of(lr / (1.0 - beta1.powf(f64::from(t)))),
        }
    }
}

impl<T: Real> Rule<T> for Adamax<T> {
    const SLOTS: usize = 2;

    #[inline(always)]
    fn change(self, g: T, [m, u, _]: &mut [T; MOST_SLOTS]) -> T {
        *m = self.beta1 * *m + self.take1 * g;
        let (kept, new) = (self.beta2 * *u, g.abs() + self.eps);
        *u = if kept > new { kept } else { new };
        self.rate * *m / *u
    }
}
