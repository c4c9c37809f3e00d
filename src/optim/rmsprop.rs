//! RMSprop: s <- rho s + (1 - rho) g^2; w <- w - lr g / (sqrt(s) + eps). Centred: a <- rho a + (1 - rho) g, and s - a^2 in
//! place of s (Graves, "Generating sequences with recurrent neural networks", arXiv:1308.0850 (2013), equations 38 to
//! 41). With momentum: v <- momentum v + g / (sqrt(s - a^2) + eps); w <- w - lr v.
//!
//! Tieleman & Hinton, "Lecture 6.5: rmsprop", Neural Networks for Machine Learning, Coursera 2012, which takes rho = 0.9
//! and has no eps. As PyTorch: rho = 0.99 and eps = 1e-8 outside the root, and lr outside the
//! velocity; lr = 0.001 as in the lecture; neither centred nor with momentum by default. A variance that rounding makes
//! negative counts as 0, where PyTorch has NaN.

use super::rule::{MOST_SLOTS, Rule};
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
    fn change(self, g: T, [s, ..]: &mut [T; MOST_SLOTS]) -> T {
        *s = self.rho * *s + self.take * (g * g);
        self.lr * g / (s.sqrt() + self.eps)
    }
}

/// Centred, with momentum, or both.
#[derive(Clone, Copy)]
pub(super) struct CenteredRmsProp<T> {
    plain: RmsProp<T>,
    momentum: T,
    /// 1 where centred, else 0.
    centered: T,
}

impl<T: Real> CenteredRmsProp<T> {
    pub(super) fn new(lr: f64, rho: f64, eps: f64, momentum: f64, centered: bool) -> Self {
        let centered = T::of(f64::from(u8::from(centered)));
        CenteredRmsProp { plain: RmsProp::new(lr, rho, eps), momentum: T::of(momentum), centered }
    }
}

impl<T: Real> Rule<T> for CenteredRmsProp<T> {
    const SLOTS: usize = 3;

    #[inline(always)]
    fn change(self, g: T, [s, a, v]: &mut [T; MOST_SLOTS]) -> T {
        let RmsProp { lr, rho, take, eps } = self.plain;
        *s = rho * *s + take * (g * g);
        *a = rho * *a + take * (self.centered * g);
        let variance = *s - *a * *a;
        let variance = if variance < T::of(0.0) { T::of(0.0) } else { variance };
        *v = self.momentum * *v + g / (variance.sqrt() + eps);
        lr * *v
    }
}
