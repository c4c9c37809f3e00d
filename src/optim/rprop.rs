//! Rprop: every weight has a step size d, at first lr: d <- clamp(grow d) where g keeps its sign, d <- clamp(shrink d)
//! where it turns; w <- w - d sign(g), but where g turned w stays and the next g counts as neither.
//!
//! Riedmiller & Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm", IEEE ICNN
//! 1993, with its shrink = 0.5, grow = 1.2, largest step 50 and smallest 1e-6. As PyTorch: after a turn no step is
//! taken, instead of the last one back (iRprop- of Igel & Hüsken, "Improving the Rprop learning algorithm", NC 2000), and
//! lr = 0.01. Signs are multiplied, not gradients, whose product would be zero for those below 1e-23 in f32.

use super::rule::{MOST_SLOTS, Rule, sign};
use crate::real::Real;

#[derive(Clone, Copy)]
pub(super) struct Rprop<T> {
    constants: [T; 5],
    is_first: bool,
}

impl<T: Real> Rprop<T> {
    /// For step `t` = 1, 2, ...
    pub(super) fn new(lr: f64, [shrink, grow]: [f64; 2], [min_step, max_step]: [f64; 2], t: u32) -> Self {
        Rprop { constants: [lr, shrink, grow, min_step, max_step].map(T::of), is_first: t == 1 }
    }
}

impl<T: Real> Rule<T> for Rprop<T> {
    const SLOTS: usize = 2;

    #[inline(always)]
    fn change(self, g: T, [last, step, _]: &mut [T; MOST_SLOTS]) -> T {
        let [lr, shrink, grow, min_step, max_step] = self.constants;
        let now = sign(g);
        let turn = now * *last;
        let size = if self.is_first { lr } else { *step };
        let kept = if turn > T::of(0.0) { size * grow } else { size };
        let size = if turn < T::of(0.0) { size * shrink } else { kept };
        let size = if size < min_step { min_step } else { size };
        *step = if size > max_step { max_step } else { size };
        *last = if turn < T::of(0.0) { T::of(0.0) } else { now };
        *step * *last
    }
}
