//! RAdam: Adam's moments m and v; r_inf = 2 / (1 - b2) - 1, r_t = r_inf - 2 t b2^t / (1 - b2^t);
//! w <- w - lr m / (1 - b1^t) while r_t <= 5, then that times c sqrt(1 - b2^t) / (sqrt(v) + eps), where
//! c^2 = (r_t - 4) (r_t - 2) r_inf / ((r_inf - 4) (r_inf - 2) r_t).
//!
//! Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020, algorithm 2; lr = 0.001,
//! b1 = 0.9, b2 = 0.999. As PyTorch: the threshold is 5 where the paper has 4, and eps = 1e-8, which the paper has not,
//! is added to the uncorrected root.

use super::adam::Moments;
use super::rule::{MOST_SLOTS, Rule};
use crate::real::Real;

#[derive(Clone, Copy)]
pub(super) struct RAdam<T> {
    moments: Moments<T>,
    /// lr / (1 - b1^t), and the divisor `slope` sqrt(v) + `floor`: 1 while not rectified.
    constants: [T; 3],
}

impl<T: Real> RAdam<T> {
    /// For step `t` = 1, 2, ...
    pub(super) fn new(lr: f64, beta1: f64, beta2: f64, eps: f64, t: u32) -> Self {
        let t = f64::from(t);
        let correction = 1.0 - beta2.powf(t);
        let longest = 2.0 / (1.0 - beta2) - 1.0;
        let length = longest - 2.0 * t * beta2.powf(t) / correction;
        let (slope, floor) = if length > 5.0 {
            let c2 = (length - 4.0) * (length - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * length);
            let slope = (c2 * correction).sqrt().recip();
            (slope, slope * eps)
        } else {
            (0.0, 1.0)
        };
        let constants = [lr / (1.0 - beta1.powf(t)), slope, floor].map(T::of);
        RAdam { moments: Moments::new(beta1, beta2), constants }
    }
}

impl<T: Real> Rule<T> for RAdam<T> {
    const SLOTS: usize = 2;

    #[inline(always)]
    fn change(self, g: T, [m, v, _]: &mut [T; MOST_SLOTS]) -> T {
        let [rate, slope, floor] = self.constants;
        self.moments.take_in(g, m, v);
        rate * *m / (slope * v.sqrt() + floor)
    }
}
