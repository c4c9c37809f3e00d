//! NAdam: Adam's moments m and v, and w <- w - lr (n m + h g) / (sqrt(v / (1 - b2^t)) + eps) with
//! n = mu_(t+1) / (1 - mu_1 ... mu_(t+1)), h = (1 - mu_t) / (1 - mu_1 ... mu_t), mu_t = b1 (1 - 0.96^(t psi) / 2).
//!
//! Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016, algorithm 2, with the warming momentum mu_t
//! and psi = 0.004 of its experiments; lr = 0.002, b1 = 0.9, b2 = 0.999, eps = 1e-8. As PyTorch: m itself decays by b1,
//! not by mu_t.

use super::adam::Moments;
use super::rule::{MOST_SLOTS, Rule};
use crate::real::Real;

/// mu_t, which the run multiplies up from step 1.
pub(super) fn mu(beta1: f64, momentum_decay: f64, t: u32) -> f64 {
    beta1 * (1.0 - 0.5 * 0.96f64.powf(f64::from(t) * momentum_decay))
}

#[derive(Clone, Copy)]
pub(super) struct NAdam<T> {
    moments: Moments<T>,
    /// lr n, lr h, 1 / sqrt(1 - b2^t), eps.
    constants: [T; 4],
}

impl<T: Real> NAdam<T> {
    /// For step `t` = 1, 2, ..., where `product` is mu_1 ... mu_t.
    pub(super) fn new(lr: f64, [beta1, beta2]: [f64; 2], eps: f64, momentum_decay: f64, t: u32, product: f64) -> Self {
        let (now, next) = (mu(beta1, momentum_decay, t), mu(beta1, momentum_decay, t + 1));
        let of_mean = lr * next / (1.0 - product * next);
        let of_gradient = lr * (1.0 - now) / (1.0 - product);
        let constants = [of_mean, of_gradient, (1.0 - beta2.powf(f64::from(t))).sqrt().recip(), eps];
        NAdam { moments: Moments::new(beta1, beta2), constants: constants.map(T::of) }
    }
}

impl<T: Real> Rule<T> for NAdam<T> {
    const SLOTS: usize = 2;

    #[inline(always)]
    fn change(self, g: T, [m, v, _]: &mut [T; MOST_SLOTS]) -> T {
        let [of_mean, of_gradient, correction, eps] = self.constants;
        self.moments.take_in(g, m, v);
        (of_mean * *m + of_gradient * g) / (v.sqrt() * correction + eps)
    }
}
