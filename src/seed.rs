//! Every random number of a run comes from a stream named by what it is for.
//!
//! A stream is ChaCha8, keyed by BLAKE3 over (experiment seed, run seed, purpose, shape). Two runs that
//! differ only in their optimizer therefore start from the same weights and see the same batches, and no
//! stream moves when another one draws more.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A random stream with the draws this project needs, each defined here so that they stay put.
pub struct Stream {
    rng: ChaCha8Rng,
    spare: Option<f64>,
}

/// The seeds all streams of a run descend from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// Of the experiment, 0 unless its file says otherwise.
    pub experiment: u64,
    /// Of the run: 1..n.
    pub run: u64,
}

impl Seeds {
    /// The stream for `purpose` (say `"weights layer 3"`) over tensors of `shape`.
    pub fn stream(&self, purpose: &str, shape: &[usize]) -> Stream {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"gradsweep stream 1\0");
        hasher.update(&self.experiment.to_le_bytes());
        hasher.update(&self.run.to_le_bytes());
        hasher.update(purpose.as_bytes());
        hasher.update(b"\0");
        for n in shape {
            hasher.update(&(*n as u64).to_le_bytes());
        }
        Stream { rng: ChaCha8Rng::from_seed(*hasher.finalize().as_bytes()), spare: None }
    }
}

impl Stream {
    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// Uniform on [0, 1), 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 * (-53f64).exp2()
    }

    /// Standard normal, by Box and Muller (1958).
    pub fn normal(&mut self) -> f64 {
        if let Some(z) = self.spare.take() {
            return z;
        }
        // 1 - u is in (0, 1], so the logarithm is finite.
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let angle = std::f64::consts::TAU * self.uniform();
        self.spare = Some(radius * angle.sin());
        radius * angle.cos()
    }

    /// Uniform on 0..n without bias (Lemire 2019).
    ///
    /// # Panics
    /// When n is 0.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "nothing to choose from");
        let n = n as u64;
        let threshold = n.wrapping_neg() % n;
        loop {
            let wide = u128::from(self.rng.next_u64()) * u128::from(n);
            if wide as u64 >= threshold {
                return (wide >> 64) as usize;
            }
        }
    }

    /// Shuffles in place (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// 0..n in random order.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.shuffle(&mut order);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_their_own() {
        let a = Seeds { experiment: 0, run: 1 };
        let mut first = a.stream("x", &[2, 3]);
        let mut same = a.stream("x", &[2, 3]);
        assert_eq!(first.uniform(), same.uniform());
        for other in [
            a.stream("y", &[2, 3]),
            a.stream("x", &[3, 2]),
            Seeds { experiment: 0, run: 2 }.stream("x", &[2, 3]),
            Seeds { experiment: 1, run: 1 }.stream("x", &[2, 3]),
        ] {
            let mut other = other;
            assert_ne!(same.uniform(), other.uniform());
        }
    }

    #[test]
    fn draws_have_the_moments_they_should() {
        let mut stream = Seeds { experiment: 0, run: 1 }.stream("moments", &[]);
        let n = 200_000;
        let normals: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
        let mean = normals.iter().sum::<f64>() / n as f64;
        let fourth = normals.iter().map(|z| z.powi(4)).sum::<f64>() / n as f64;
        assert!(mean.abs() < 0.01, "{mean}");
        assert!((fourth - 3.0).abs() < 0.1, "{fourth}");
        let mut counts = [0; 7];
        (0..n).for_each(|_| counts[stream.below(7)] += 1);
        assert!(counts.iter().all(|c| (*c as f64 / n as f64 - 1.0 / 7.0).abs() < 0.005), "{counts:?}");
        let mut order = stream.permutation(100);
        order.sort_unstable();
        assert!(order.into_iter().eq(0..100));
    }
}
