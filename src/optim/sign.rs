//! Rules that look only at signs: Lion and Rprop.

use super::{MOST_SLOTS, Rule};
use crate::real::Real;

/// -1, 0 or 1; 0 for NaN.
#[inline(always)]
fn sign<T: Real>(x: T) -> T {
    let positive = if x > T::of(0.0) { T::of(1.0) } else { T::of(0.0) };
    if x < T::of(0.0) { T::of(-1.0) } else { positive }
}

/// w <- w - lr sign(b1 m + (1 - b1) g); m <- b2 m + (1 - b2) g.
///
/// Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, algorithm 2, with its b1 = 0.9,
/// b2 = 0.99 and lr = 1e-4. Its decay is the decoupled `weight_decay`, 0 if unset.
#[derive(Clone, Copy)]
pub(super) struct Lion<T> {
    lr: T,
    beta1: T,
    take1: T,
    beta2: T,
    take2: T,
}

impl<T: Real> Lion<T> {
    pub(super) fn new(lr: f64, beta1: f64, beta2: f64) -> Self {
        Lion {
            lr: T::of(lr),
            beta1: T::of(beta1),
            take1: T::of(1.0 - beta1),
            beta2: T::of(beta2),
            take2: T::of(1.0 - beta2),
        }
    }
}

impl<T: Real> Rule<T> for Lion<T> {
    const SLOTS: usize = 1;

    #[inline(always)]
    fn change(self, g: T, [m, ..]: &mut [T; MOST_SLOTS]) -> T {
        let change = self.lr * sign(self.beta1 * *m + self.take1 * g);
        *m = self.beta2 * *m + self.take2 * g;
        change
    }
}

/// Every weight has a step size d, at first lr: d <- clamp(grow d) where g keeps its sign, d <- clamp(shrink d) where it
/// turns; w <- w - d sign(g), but where g turned w stays and the next g counts as neither.
///
/// Riedmiller & Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm", IEEE ICNN
/// 1993, with its shrink = 0.5, grow = 1.2, largest step 50 and smallest 1e-6. As PyTorch: after a turn no step is
/// taken, instead of the last one back (iRprop- of Igel & Hüsken, "Improving the Rprop learning algorithm", NC 2000), and
/// lr = 0.01. Signs are multiplied, not gradients, whose product would be zero for those below 1e-23 in f32.
#[derive(Clone, Copy)]
pub(super) struct Rprop<T> {
    lr: T,
    shrink: T,
    grow: T,
    min_step: T,
    max_step: T,
}

impl<T: Real> Rprop<T> {
    pub(super) fn new(lr: f64, [shrink, grow]: [f64; 2], [min_step, max_step]: [f64; 2]) -> Self {
        Rprop {
            lr: T::of(lr),
            shrink: T::of(shrink),
            grow: T::of(grow),
            min_step: T::of(min_step),
            max_step: T::of(max_step),
        }
    }
}

impl<T: Real> Rule<T> for Rprop<T> {
    const SLOTS: usize = 2;

    #[inline(always)]
    fn change(self, g: T, [last, step, _]: &mut [T; MOST_SLOTS]) -> T {
        let now = sign(g);
        let turn = now * *last;
        // No step size is ever zero but before the first step.
        let size = if *step > T::of(0.0) { *step } else { self.lr };
        let kept = if turn > T::of(0.0) { size * self.grow } else { size };
        let size = if turn < T::of(0.0) { size * self.shrink } else { kept };
        let size = if size < self.min_step { self.min_step } else { size };
        *step = if size > self.max_step { self.max_step } else { size };
        *last = if turn < T::of(0.0) { T::of(0.0) } else { now };
        *step * *last
    }
}
