//! AMSGrad: Adam, divided by the largest second moment so far: x <- max(x, v);
//! w <- w - lr (m / (1 - b1^t)) / (sqrt(x / (1 - b2^t)) + eps).
//!
//! Reddi, Kale & Kumar, "On the convergence of Adam and beyond", ICLR 2018, algorithm 2, which corrects no bias. As
//! PyTorch: the largest is taken of the uncorrected v, then both corrections of Adam apply; Adam's defaults.

use super::adam::Adam;
use super::rule::{MOST_SLOTS, Rule};
use crate::real::Real;

#[derive(Clone, Copy)]
pub(super) struct AmsGrad<T>(pub(super) Adam<T>);

impl<T: Real> Rule<T> for AmsGrad<T> {
    const SLOTS: usize = 3;

    #[inline(always)]
    fn change(self, g: T, [m, v, x]: &mut [T; MOST_SLOTS]) -> T {
        self.0.moments.take_in(g, m, v);
        // NaN stays: it compares as not smaller.
        *x = if *v < *x { *x } else { *v };
        self.0.change_by(*m, *x)
    }
}
