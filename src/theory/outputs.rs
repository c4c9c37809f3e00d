//! What the loss sends back into a random net: moments of dL/dy, y the outputs, over samples and nets.

use crate::ops::activation::Activation;
use crate::ops::loss::Loss;
use crate::seed::{Seeds, Stream};
use crate::stats::median;

/// Outputs that are drawn, in all samples of all random nets: enough for a few per cent of what they add to a prediction.
const DRAWS: usize = 250_000;
/// Nets at least, since what all samples of a net have in common is drawn but once a net.
const FEWEST_NETS: usize = 50;

/// The end of a net: what its outputs are compared with, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Outputs {
    pub loss: Loss,
    pub activation: Activation,
    /// How many.
    pub count: usize,
    /// Of each sample, one after the other; a class is a one among zeros.
    pub targets: Vec<f64>,
}

impl Outputs {
    /// dL/dy of one sample, but for a factor that all samples share.
    fn gradient(&self, y: &[f64], target: &[f64], into: &mut Vec<f64>) {
        into.clear();
        into.extend(y.iter().map(|y| self.activation.value(*y)));
        self.loss.derivatives(into, target);
        into.iter_mut().zip(y).for_each(|(e, y)| *e *= self.activation.slope(*y));
    }

    /// The share of the mean square of dL/dy that all samples have in common, where each output has the variance `own` over
    /// samples and `common` over nets: that of the median net, since nets differ in it at any width.
    pub fn shared(&self, own: f64, common: f64) -> f64 {
        let (mut stream, mut gradient) = (self.stream(), Vec::new());
        let rows = (self.targets.len() / self.count) as f64;
        let net = |_| {
            let mut of_each = 0.0;
            let center = self.normals(&mut stream, common.sqrt());
            let mut sum = vec![0.0; self.count];
            for target in self.targets.chunks_exact(self.count) {
                let mut y = self.normals(&mut stream, own.sqrt());
                y.iter_mut().zip(&center).for_each(|(y, center)| *y += center);
                self.gradient(&y, target, &mut gradient);
                sum.iter_mut().zip(&gradient).for_each(|(sum, e)| *sum += e);
                of_each += square(&gradient);
            }
            if of_each > 0.0 { square(&sum) / (rows * of_each) } else { 0.0 }
        };
        let shares: Vec<f64> = (0..(DRAWS / self.targets.len()).max(FEWEST_NETS)).map(net).collect();
        median(&shares).unwrap_or(0.0)
    }

    /// How g = W dL/dy lies to (1, ..., 1) and to the stream h below W, whose units have this mean and mean square: the second
    /// moments of (g . 1, g . h), relative to |g|^2. 1, the mean and the mean square where dL/dy is independent of y; W has
    /// this variance, times its fan-in.
    pub fn overlap(&self, variance: f64, mean: f64, mean_square: f64) -> [f64; 3] {
        let (mut stream, mut gradient) = (self.stream(), Vec::new());
        let (mut of_product, mut of_each) = (0.0, 0.0);
        for target in self.targets.chunks_exact(self.count).cycle().take(DRAWS / self.count / 2) {
            let y = self.normals(&mut stream, (variance * mean_square).sqrt());
            self.gradient(&y, target, &mut gradient);
            // g . h, for y = W^T h.
            of_product += y.iter().zip(&gradient).map(|(y, e)| y * e).sum::<f64>().powi(2);
            of_each += variance * square(&gradient);
        }
        if of_product == 0.0 {
            return [1.0, mean, mean_square];
        }
        // Beside its part along h, W^T (1, ..., 1) is independent of y.
        let (along, both) = (mean / mean_square, of_product / of_each);
        [along * along * both + 1.0 - along * mean, along * both, both]
    }

    fn normals(&self, stream: &mut Stream, deviation: f64) -> Vec<f64> {
        (0..self.count).map(|_| deviation * stream.normal()).collect()
    }

    /// Always the same draws: a prediction has no chance in it.
    fn stream(&self) -> Stream {
        Seeds { experiment: 0, run: 0 }.stream("outputs of random nets", &[self.count])
    }
}

fn square(numbers: &[f64]) -> f64 {
    numbers.iter().map(|x| x * x).sum()
}
