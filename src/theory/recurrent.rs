//! The gradient of a plain recurrent net on its way back in time, before the first update.
//!
//! All results are ln of the mean square of dL/dh_t over that of dL/dh_T, t = 1 first, L the loss at the last step T.

use super::mean_field::{MeanField, mean_square, slope_square, within_range};

/// For inputs drawn anew at each step: the product of chi(q_k) over k = t+1..T, q_t = g^2 E phi(q_(t-1))^2 + s_t^2 + sigma_b^2 and
/// h_0 = 0. This is the recursion of a deep net with an input at every layer; the weights of the steps count as drawn anew, which
/// for a Gaussian matrix costs some .005 decades a step at width 128 and for an orthogonal one next to nothing.
///
/// `inputs` has the variance s_t^2 that the input brings at each step, one list a sample.
pub fn chi_product(layer: &MeanField, inputs: &[Vec<f64>]) -> Vec<f64> {
    product(inputs, layer.bias_variance, |signal| {
        let q = within_range(signal);
        (layer.weight_variance * slope_square(layer.activation, q), layer.variance(q))
    })
}

/// The same where each step is normalized over its units, h = phi(N(x W + h' U) + b), by layer or RMS norm with this `eps`: the norm
/// divides the gradient by what it divides the signal by, v_t = g^2 E phi(q_(t-1))^2 + s_t^2, and the activation sees
/// q_t = v_t / (v_t + eps) + sigma_b^2 at every step, so that g^2 E phi'(q)^2 / (g^2 E phi(q)^2 + s^2) is left of the square.
pub fn normed_product(layer: &MeanField, eps: f64, inputs: &[Vec<f64>]) -> Vec<f64> {
    product(inputs, 0.0, |v| {
        let q = v / (v + eps) + layer.bias_variance;
        let squares = (slope_square(layer.activation, q), mean_square(layer.activation, q));
        (layer.weight_variance * squares.0 / (v + eps), layer.weight_variance * squares.1)
    })
}

/// Of each sample's inputs, from `first`, what there is beside the first input: `step` makes of the variance of a step's signal what is
/// left of the squared gradient and what the next step has beside its input.
fn product(inputs: &[Vec<f64>], first: f64, step: impl Fn(f64) -> (f64, f64)) -> Vec<f64> {
    let of_sample = |steps: &Vec<f64>| {
        let mut signal = first;
        let left = |input: &f64| {
            let (left, next) = step(signal + input);
            signal = next;
            left.ln()
        };
        let left: Vec<f64> = steps.iter().map(left).collect();
        let mut stream = vec![0.0; steps.len()];
        for t in (1..steps.len()).rev() {
            stream[t - 1] = stream[t] + left[t];
        }
        stream
    };
    mean_of(inputs.iter().map(of_sample).collect())
}

/// With the identity as recurrent matrix, no biases and relu (Le et al. 2015), exactly and for every symmetric continuous law of
/// independent inputs: a unit hands its gradient from T back to t as long as its sum of inputs, reflected at 0, stays above 0 in
/// t+1..T. By the theorem of Sparre Andersen (1953) that has probability sum over m = 0..t of a_m a_(T-m), a_m = C(2m, m) / 4^m.
pub fn identity_relu(steps: usize) -> Vec<f64> {
    let mut stays = vec![1.0; steps + 1];
    for m in 1..=steps {
        stays[m] = stays[m - 1] * (2 * m - 1) as f64 / (2 * m) as f64;
    }
    let mut passed = stays[steps];
    let of_step = |t: usize| {
        passed += stays[t] * stays[steps - t];
        passed.ln()
    };
    (1..=steps).map(of_step).collect()
}

/// A linear net whose recurrent matrix is `gain` times an orthogonal one: exactly 2 ln(gain) a step.
pub fn linear(gain: f64, steps: usize) -> Vec<f64> {
    (1..=steps).map(|t| 2.0 * (steps - t) as f64 * gain.ln()).collect()
}

/// The logarithm of the mean over samples, step by step.
fn mean_of(samples: Vec<Vec<f64>>) -> Vec<f64> {
    let steps = samples.first().map_or(0, Vec::len);
    let mean = |t: usize| {
        let largest = samples.iter().map(|sample| sample[t]).fold(f64::NEG_INFINITY, f64::max);
        if largest == f64::NEG_INFINITY {
            return largest;
        }
        let sum: f64 = samples.iter().map(|sample| (sample[t] - largest).exp()).sum();
        largest + (sum / samples.len() as f64).ln()
    };
    (0..steps).map(mean).collect()
}
