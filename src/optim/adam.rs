//! Adam: m <- b1 m + (1 - b1) g; v <- b2 v + (1 - b2) g^2;
//! w <- w - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps).
//!
//! Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1, with its lr = 0.001, b1 = 0.9,
//! b2 = 0.999, eps = 1e-8. The bias corrections are taken into the constants of the step.

use super::rule::{MOST_SLOTS, Rule};
use crate::real::Real;

#[derive(Clone, Copy)]
pub(super) struct Adam<T> {
    beta1: T,
    take1: T,
    beta2: T,
    take2: T,
    eps: T,
    /// lr / (1 - b1^t).
    rate: T,
    /// 1 / sqrt(1 - b2^t).
    correction: T,
}

impl<T: Real> Adam<T> {
    /// For step `t` = 1, 2, ...
    pub(super) fn new(lr: f64, beta1: f64, beta2: f64, eps: f64, t: u32) -> Self {
        let t = f64::from(t);
        Adam {
            beta1: T::of(beta1),
            take1: T::of(1.0 - beta1),
            beta2: T::of(beta2),
            take2: T::of(1.0 - beta2),
            eps: T::of(eps),
            rate: T::of(lr / (1.0 - beta1.powf(t))),
            correction: T::of((1.0 - beta2.powf(t)).sqrt().recip()),
        }
    }

    /// Takes the gradient into both moments.
    #[inline(always)]
    pub(super) fn take_in(self, g: T, m: &mut T, v: &mut T) {
        *m = self.beta1 * *m + self.take1 * g;
        *v = self.beta2 * *v + self.take2 * (g * g);
    }

    /// The change that these moments ask for.
    #[inline(always)]
    pub(super) fn change_by(self, m: T, v: T) -> T {
        self.rate * m / (v.sqrt() * self.correction + self.eps)
    }
}

impl<T: Real> Rule<T> for Adam<T> {
    const SLOTS: usize = 2;

    #[inline(always)]
    fn change(self, g: T, [m, v, _]: &mut [T; MOST_SLOTS]) -> T {
        self.take_in(g, m, v);
        self.change_by(*m, *v)
    }
}
