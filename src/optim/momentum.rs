//! Heavy ball: v <- m v + g; w <- w - lr v. Nesterov's momentum: the same v; w <- w - lr (g + m v).
//!
//! lr = 0.01, m = 0.9 by default.
//! Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Comp. Math. 4 (1964);
//! Nesterov, "A method for solving the convex programming problem with convergence rate O(1/k^2)", Soviet Math. Doklady
//! 27 (1983), in the form of Sutskever et al., "On the importance of initialization and momentum in deep learning",
//! ICML 2013. As PyTorch: lr outside the velocity, which matters when a schedule changes it, and w is the point that
//! Sutskever looks ahead to.

use super::rule::{MOST_SLOTS, Rule};
use crate::real::Real;

/// v <- m v + g; w <- w - lr v.
#[derive(Clone, Copy)]
pub(super) struct Momentum<T>([T; 2]);

impl<T: Real> Momentum<T> {
    pub(super) fn new(lr: f64, momentum: f64) -> Self {
        Momentum([lr, momentum].map(T::of))
    }
}

impl<T: Real> Rule<T> for Momentum<T> {
    const SLOTS: usize = 1;

    #[inline(always)]
    fn change(self, g: T, [v, ..]: &mut [T; MOST_SLOTS]) -> T {
        let [lr, m] = self.0;
        *v = m * *v + g;
        lr * *v
    }
}

/// v <- m v + g; w <- w - lr (g + m v).
#[derive(Clone, Copy)]
pub(super) struct Nesterov<T>(pub(super) Momentum<T>);

impl<T: Real> Rule<T> for Nesterov<T> {
    const SLOTS: usize = 1;

    #[inline(always)]
    fn change(self, g: T, [v, ..]: &mut [T; MOST_SLOTS]) -> T {
        let [lr, m] = self.0.0;
        *v = m * *v + g;
        lr * (g + m * *v)
    }
}
