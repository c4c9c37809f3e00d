//! RMSprop: s <- rho s + (1 - rho) g^2; w <- w - lr g / (sqrt(s) + eps) (Tieleman & Hinton 2012, lecture 6.5).

use super::{MOST_SLOTS, Rule};
use crate::real::Real;

#[derive(Clone, Copy)]
pub(super) struct RmsProp<T> {
    lr: T,
    rho: T,
    take: T,
    eps: T,
}

impl<T: Real> RmsProp<T> {
    pub(super) fn new(lr: f64, rho: f64, eps: f64) -> Self {
        RmsProp { lr: T::of(lr), rho: T::of(rho), take: T::of(1.0 - rho), eps: T::of(eps) }
    }
}

impl<T: Real> Rule<T> for RmsProp<T> {
    const SLOTS: usize = 1;

    #[inline(always)]
    fn change(self, g: T, [s, _]: &mut [T; MOST_SLOTS]) -> T {
        *s = self.rho * *s + self.take * (g * g);
        self.lr * g / (s.sqrt() + self.eps)
    }
}
