//! Adagrad, diagonal form: s <- s + g^2; w <- w - lr g / (sqrt(s) + eps).
//!
//! Duchi, Hazan & Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 12
//! (2011), figure 1 without the projection; lr = 0.01 and eps = 1e-10 as PyTorch.

use super::rule::{MOST_SLOTS, Rule};
use crate::real::Real;

#[derive(Clone, Copy)]
pub(super) struct Adagrad<T> {
    lr: T,
    eps: T,
}

impl<T: Real> Adagrad<T> {
    pub(super) fn new(lr: f64, eps: f64) -> Self {
        Adagrad { lr: T::of(lr), eps: T::of(eps) }
    }
}

impl<T: Real> Rule<T> for Adagrad<T> {
    const SLOTS: usize = 1;

    #[inline(always)]
    fn change(self, g: T, [s, ..]: &mut [T; MOST_SLOTS]) -> T {
        *s += g * g;
        self.lr * g / (s.sqrt() + self.eps)
    }
}
