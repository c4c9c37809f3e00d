//! Dropout: which numbers a training pass leaves out (Srivastava et al. 2014).

use crate::real::Real;
use crate::seed::Seeds;

/// Where the draws of a pass come from: streams of their own for every layer and step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    pub seeds: Seeds,
    pub step: usize,
}

impl Default for Draws {
    /// Those of no run, until one is named.
    fn default() -> Self {
        Draws { seeds: Seeds { experiment: 0, run: 0 }, step: 0 }
    }
}

impl Draws {
    /// What the numbers that `layer` (from 1 on) hands on are multiplied by: 0 with probability `p`, else 1 / (1 - p), so that
    /// their mean stays.
    pub fn mask<T: Real>(&self, layer: usize, p: f64, mask: &mut [T]) {
        let mut stream = self.seeds.stream("dropout", &[layer, self.step]);
        // Of 32 random bits, below this is dropped.
        let bound = (p * 32f64.exp2()) as u64;
        let (dropped, kept) = (T::of(0.0), T::of(1.0 / (1.0 - p)));
        for pair in mask.chunks_mut(2) {
            let bits = stream.bits();
            for (m, half) in pair.iter_mut().zip([bits >> 32, bits & u64::from(u32::MAX)]) {
                *m = if half < bound { dropped } else { kept };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_the_mean_and_differ_by_layer_step_and_run() {
        let draws = Draws { seeds: Seeds { experiment: 0, run: 1 }, step: 3 };
        let mask = |draws: Draws, layer| {
            let mut mask = vec![0.0f64; 40_001];
            draws.mask(layer, 0.3, &mut mask);
            mask
        };
        let first = mask(draws, 1);
        let dropped = first.iter().filter(|m| **m == 0.0).count() as f64 / first.len() as f64;
        assert!((dropped - 0.3).abs() < 0.01, "{dropped}");
        assert!(first.iter().all(|m| *m == 0.0 || (*m - 1.0 / 0.7).abs() < 1e-15));
        let others = [
            mask(draws, 2),
            mask(Draws { step: 4, ..draws }, 1),
            mask(Draws { seeds: Seeds { experiment: 0, run: 2 }, ..draws }, 1),
        ];
        assert!(first == mask(draws, 1) && others.iter().all(|other| *other != first));
    }
}
