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
pub(super) struct RmsProp<T>([T; 4]);

impl<T: Real> RmsProp<T> {
    pub(super) fn new(lr: f64, rho: f64, eps: f64) -> Self {
        RmsProp([lr, rho, 1.0 - rho, eps].map(T::of))
    }
}

impl<T: Real> Rule<T> for RmsProp<T> {
    const SLOTS: usize = 1;

    #[inline(always)]
    fn change(self, g: T, [s, ..]: &mut [T; MOST_SLOTS]) -> T {
        let [lr, rho, take, eps] = self.0;
        *s = rho * *s + take * (g * g);
        lr * g / (s.sqrt() + eps)
    }
}

/// Centred, with momentum, or both.
#[derive(Clone, Copy)]
pub(super) struct CenteredRmsProp<T> {
    plain: RmsProp<T>,
    /// The momentum, and 1 where centred, else 0.
    constants: [T; 2],
}

impl<T: Real> CenteredRmsProp<T> {
    pub(super) fn new(lr: f64, rho: f64, eps: f64, momentum: f64, centered: bool) -> Self {
        let constants = [momentum, f64::from(u8::from(centered))].map(T::of);
        CenteredRmsProp { plain: RmsProp::new(lr, rho, eps), constants }
    }
}

impl<T: Real> Rule<T> for CenteredRmsProp<T> {
    const SLOTS: usize = 3;

    #[inline(always)]
    fn change(self, g: T, [s, a, v]: &mut [T; MOST_SLOTS]) -> T {
        let ([lr, rho, take, eps], [momentum, centered]) = (self.plain.0, self.constants);
        *s = rho * *s + take * (g * g);
        *a = rho * *a + take * (centered * g);
        let variance = *s - *a * *a;
        let variance = if variance < T::of(0.0) { T::of(0.0) } else { variance };
        *v = momentum * *v + g / (variance.sqrt() + eps);
        lr * *v
    }
}
