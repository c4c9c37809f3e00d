//! Residual networks in the post-activation form, where signal and gradient align with each other from block to block.

use super::mean_field::{LARGEST, mean, mean_square, slope_square};
use super::prediction::Layers;
use super::quadrature::gaussian;
use super::residual::ResidualBlock;

/// The post-activation form h' = h + s phi(h W + b), layer 1 without a skip, in a net of this width.
///
/// The branch's output has a mean wherever phi has, so the streams h add up in the direction 1 = (1, ..., 1). Given the
/// arguments z = h W the weights are r h^T z / n with r = sigma_w^2 / q, plus an independent rest, so that the gradient g
/// gains s r h (z . phi'(z) g) / n beside the rest's s^2 chi |g|^2. That is small by 1/n at first, but grows with every
/// block where E z phi'(z) and the mean of the stream have one sign, as for relu. Followed here are |g|^2 and the second
/// moments of (g . 1, g . h), to leading order in 1/n; what these two say of any other g . v is its regression on 1 and h.
/// In the last layer `overlap` tells them, relative to |g|^2, from mean and mean square of h.
///
/// None where the stream grows beyond what f64 holds.
pub(crate) fn post_activation(
    block: &ResidualBlock,
    first: f64,
    depth: usize,
    width: usize,
    overlap: impl Fn(f64, f64) -> [f64; 3],
) -> Option<Layers> {
    let (s, n, layer) = (block.scale, width as f64, &block.layer);
    let forward = Forward::layers(block, first, depth);
    if !forward.iter().all(|layer| layer.above.square < LARGEST) {
        return None;
    }
    let mut stream = 0.0;
    // Of (g . 1, g . h) / sqrt(n), relative to |g|^2 / n.
    let top = forward[depth - 1].above;
    let mut overlap = overlap(top.mean, top.square);
    let mut layers = Vec::with_capacity(depth);
    for (l, at) in forward.iter().enumerate().rev() {
        let inside = if l == 0 { 1.0 } else { s * s };
        layers.push((stream, stream + (inside * at.slope_square).ln()));
        if l == 0 {
            break;
        }
        let (below, above) = (at.below, at.above);
        let chi = layer.weight_variance * at.slope_square;
        let r = if at.q > 0.0 { layer.weight_variance / at.q } else { 0.0 };
        // v = z phi'(z) and h below, each against 1 and the h above.
        let v_inner = [at.moment, below.mean * at.moment + s * at.value_moment];
        let h_inner = [below.mean, below.square + s * below.mean * at.value];
        let (v, h) = (above.regression(v_inner), above.regression(h_inner));
        let rest = |square: f64, x: [f64; 2], inner: [f64; 2]| square - dot(x, inner);
        let v_rest = rest(at.moment_square, v, v_inner);
        let h_rest = rest(below.square, h, h_inner);
        let both_rest = rest(below.mean * at.moment, v, h_inner);
        let factor = 1.0
            + s * s * chi
            + (2.0 * s * r * form(h, overlap, v) + (s * r).powi(2) * below.square * form(v, overlap, v)) / n;
        // g . 1 and g . h one layer down, as combinations of those here.
        let (to_one, to_h) = (s * r * below.mean, s * r * below.square);
        let one = [1.0 + to_one * v[0], to_one * v[1]];
        let stream_overlap = [h[0] + to_h * v[0], h[1] + to_h * v[1]];
        let drawn = |of: f64, x: f64, y: f64| s * s * chi * (of - r * x * y);
        overlap = [
            form(one, overlap, one) + to_one * to_one * v_rest + drawn(1.0, below.mean, below.mean),
            form(one, overlap, stream_overlap)
                + to_one * (both_rest + to_h * v_rest)
                + drawn(below.mean, below.mean, below.square),
            form(stream_overlap, overlap, stream_overlap)
                + h_rest
                + to_h * (2.0 * both_rest + to_h * v_rest)
                + drawn(below.square, below.square, below.square),
        ]
        .map(|x| x / factor);
        stream += factor.ln();
    }
    layers.reverse();
    Some(layers)
}

/// Mean and mean square over the units of a stream.
#[derive(Clone, Copy, Default)]
struct Stream {
    mean: f64,
    square: f64,
}

impl Stream {
    /// The coefficients on (1, h) that a vector with these inner products (each / n) has in their plane.
    fn regression(self, [one, h]: [f64; 2]) -> [f64; 2] {
        let spread = self.square - self.mean * self.mean;
        // A stream that is the same in all units adds nothing to the direction 1.
        let slope = if spread > 1e-12 * self.square { (h - self.mean * one) / spread } else { 0.0 };
        [one - slope * self.mean, slope]
    }
}

fn dot(x: [f64; 2], y: [f64; 2]) -> f64 {
    x[0] * y[0] + x[1] * y[1]
}

/// x^T S y for the symmetric matrix S = [s0 s1; s1 s2].
fn form(x: [f64; 2], s: [f64; 3], y: [f64; 2]) -> f64 {
    dot(x, [s[0] * y[0] + s[1] * y[1], s[1] * y[0] + s[2] * y[1]])
}

/// One layer on the way forward: the variance q of z, the streams it joins, and expectations
/// over z ~ N(0, q).
struct Forward {
    q: f64,
    below: Stream,
    above: Stream,
    /// E phi'^2, E phi, E z phi', E (z phi')^2 and E phi z phi'.
    slope_square: f64,
    value: f64,
    moment: f64,
    moment_square: f64,
    value_moment: f64,
}

impl Forward {
    fn layers(block: &ResidualBlock, first: f64, depth: usize) -> Vec<Self> {
        let (s, layer, phi) = (block.scale, &block.layer, block.layer.activation);
        let mut below = Stream::default();
        let step = |l: usize| {
            let q = if l == 0 { first } else { layer.weight_variance * below.square + layer.bias_variance };
            let (value, square) = (mean(phi, q), mean_square(phi, q));
            let above = if l == 0 {
                Stream { mean: value, square }
            } else {
                let square = below.square + 2.0 * s * below.mean * value + s * s * square;
                Stream { mean: below.mean + s * value, square }
            };
            let own = Forward {
                q,
                below,
                above,
                slope_square: slope_square(phi, q),
                value,
                moment: gaussian(phi, q, |z| z * phi.slope(z)),
                moment_square: gaussian(phi, q, |z| (z * phi.slope(z)).powi(2)),
                value_moment: gaussian(phi, q, |z| phi.value(z) * z * phi.slope(z)),
            };
            below = above;
            own
        };
        (0..depth).map(step).collect()
    }
}
