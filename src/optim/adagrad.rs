//! Adagrad, diagonal form: s <- s + g^2; w <- w - lr g / (sqrt(s) + eps).
//!
//! Duchi, Hazan & Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 12
//! (2011), figure 1 without the projection; lr = 0.01 and eps = 1e-10 as PyTorch.

use super::rule::{MOST_SLOTS, Rule};
use crate::real::Real;

#[derive(Clone, Copy)]
pub(super) struct Adagrad<T>([T; 2]);

impl<T: Real> Adagrad<T> {
    pub(super) fn new(lr: f64, eps: f64) -> Self {
        Adagrad([lr, eps].map(T::of))
    }
}

impl<T: Real> Rule<T> for Adagrad<T> {
    const SLOTS: usize = 1;

    #[inline(always)]
    fn change(self, g: T, [s, ..]: &mut [T; MOST_SLOTS]) -> T {
        let [lr, eps] = self.0;
        *s += g * g;
        lr * g / (s.sqrt() + eps)
    }
}
