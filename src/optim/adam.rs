//! Adam (Kingma & Ba 2015, algorithm 1), with the bias corrections taken into the constants of the step.

use super::{MOST_SLOTS, Rule};
use crate::real::Real;

/// m <- b1 m + (1 - b1) g; v <- b2 v + (1 - b2) g^2;
/// w <- w - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps).
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
}

impl<T: Real> Rule<T> for Adam<T> {
    const SLOTS: usize = 2;

    #[inline(always)]
    fn change(self, g: T, [m, v]: &mut [T; MOST_SLOTS]) -> T {
        *m = self.beta1 * *m + self.take1 * g;
        *v = self.beta2 * *v + self.take2 * (g * g);
        self.rate * *m / (v.sqrt() * self.correction + self.eps)
    }
}
