//! What an update rule is: elementwise, with a few state numbers for each parameter.

use crate::real::Real;

/// State numbers a parameter that the greediest rule keeps.
pub const MOST_SLOTS: usize = 3;

/// An elementwise rule with its constants of one step: from a gradient and its state to what is subtracted from the parameter.
pub trait Rule<T>: Copy {
    /// State numbers a parameter, at most [`MOST_SLOTS`].
    const SLOTS: usize;

    /// What is subtracted. The state starts at zero.
    fn change(self, gradient: T, state: &mut [T; MOST_SLOTS]) -> T;
}

/// -1, 0 or 1; 0 for NaN.
#[inline(always)]
pub(super) fn sign<T: Real>(x: T) -> T {
    let positive = if x > T::of(0.0) { T::of(1.0) } else { T::of(0.0) };
    if x < T::of(0.0) { T::of(-1.0) } else { positive }
}
