//! Adam: m <- b1 m + (1 - b1) g; v <- b2 v + (1 - b2) g^2;
//! w <- w - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps).
//!
//! Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1, with its lr = 0.001, b1 = 0.9,
//! b2 = 0.999, eps = 1e-8. The bias corrections are taken into the constants of the step.

use super::rule::{MOST_SLOTS, Rule};
use crate::real::Real;

/// Decaying means of the gradient and of its square.
#[derive(Clone, Copy)]
pub(super) struct Moments<T>([T; 4]);

impl<T: Real> Moments<T> {
    pub(super) fn new(beta1: f64, beta2: f64) -> Self {
        Moments([beta1, 1.0 - beta1, beta2, 1.0 - beta2].map(T::of))
    }

    /// Takes the gradient into both.
    #[inline(always)]
    pub(super) fn take_in(self, g: T, m: &mut T, v: &mut T) {
        let [beta1, take1, beta2, take2] = self.0;
        *m = beta1 * *m + take1 * g;
        *v = beta2 * *v + take2 * (g * g);
    }
}

#[derive(Clone, Copy)]
pub(super) struct Adam<T> {
    pub(super) moments: Moments<T>,
    /// lr / (1 - b1^t), 1 / sqrt(1 - b2^t), eps.
    constants: [T; 3],
}

impl<T: Real> Adam<T> {
    /// For step `t` = 1, 2, ...
    pub(super) fn new(lr: f64, beta1: f64, beta2: f64, eps: f64, t: u32) -> Self {
        let t = f64::from(t);
        let constants = [lr / (1.0 - beta1.powf(t)), (1.0 - beta2.powf(t)).sqrt().recip(), eps];
        Adam { moments: Moments::new(beta1, beta2), constants: constants.map(T::of) }
    }

    /// The change that these moments ask for.
    #[inline(always)]
    pub(super) fn change_by(self, m: T, v: T) -> T {
        let [rate, correction, eps] = self.constants;
        rate * m / (v.sqrt() * correction + eps)
    }
}

impl<T: Real> Rule<T> for Adam<T> {
    const SLOTS: usize = 2;

    #[inline(always)]
    fn change(self, g: T, [m, v, _]: &mut [T; MOST_SLOTS]) -> T {
        self.moments.take_in(g, m, v);
        self.change_by(*m, *v)
    }
}
