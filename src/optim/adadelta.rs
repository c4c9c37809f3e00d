//! Adadelta: s <- rho s + (1 - rho) g^2; d = sqrt(u + eps) / sqrt(s + eps) g; u <- rho u + (1 - rho) d^2; w <- w - lr d.
//!
//! Zeiler, "ADADELTA: an adaptive learning rate method", arXiv:1212.5701 (2012), algorithm 1, which has no learning
//! rate (lr = 1) and takes rho = 0.95, eps = 1e-6. As PyTorch: with an lr, and rho = 0.9.

use super::rule::{MOST_SLOTS, Rule};
use crate::real::Real;

#[derive(Clone, Copy)]
pub(super) struct Adadelta<T>([T; 4]);

impl<T: Real> Adadelta<T> {
    pub(super) fn new(lr: f64, rho: f64, eps: f64) -> Self {
        Adadelta([lr, rho, 1.0 - rho, eps].map(T::of))
    }
}

impl<T: Real> Rule<T> for Adadelta<T> {
    const SLOTS: usize = 2;

    #[inline(always)]
    fn change(self, g: T, [s, u, _]: &mut [T; MOST_SLOTS]) -> T {
        let [lr, rho, take, eps] = self.0;
        *s = rho * *s + take * (g * g);
        let d = (*u + eps).sqrt() / (*s + eps).sqrt() * g;
        *u = rho * *u + take * (d * d);
        lr * d
    }
}
