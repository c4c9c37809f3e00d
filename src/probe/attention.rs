//! What is measured only in blocks with attention: gradients of queries and keys, similarity of tokens, entropy.

use crate::model::{Attention, Tap};
use crate::ops::reduce::{dot, rms, sum_of_squares};

/// Of one block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionMeasure {
    /// Root mean square of dL/dh per sample, h the stream between attention and the feed-forward net.
    pub stream_rms: f64,
    /// Root mean square of the gradient of the query weights, of the mean loss over the probe set.
    pub query_grad_rms: f64,
    /// The same of the key weights.
    pub key_grad_rms: f64,
    /// Mean cosine between two tokens of a row, in the block's output; none of a single token.
    pub token_cosine: Option<f64>,
    /// Mean entropy of what a token gives to the others and itself, over heads and tokens, in nats: ln(tokens) if all get the
    /// same, 0 if one gets all.
    pub entropy: f64,
}

/// Measures a block of which `tap` shows these rows.
pub(super) fn measure(site: &Attention, tap: &Tap<'_, f64>, rows: usize, gradients: &[f64]) -> AttentionMeasure {
    AttentionMeasure {
        stream_rms: rows as f64 * rms(tap.attended_stream),
        query_grad_rms: rms(&gradients[site.query.clone()]),
        key_grad_rms: rms(&gradients[site.key.clone()]),
        token_cosine: mean_cosine(tap.h, rows, site.tokens),
        entropy: entropy(tap.attention, site.tokens),
    }
}

/// Over all pairs of tokens of a row, and the rows.
fn mean_cosine(h: &[f64], rows: usize, tokens: usize) -> Option<f64> {
    let width = h.len() / (rows * tokens);
    let of_row = |row: &[f64]| {
        // The cosines of all pairs add up to the square of the sum of the unit vectors, less the tokens' with themselves.
        let mut sum = vec![0.0; width];
        for token in row.chunks_exact(width) {
            let size = dot(token, token).sqrt();
            sum.iter_mut().zip(token).for_each(|(sum, x)| *sum += if size > 0.0 { x / size } else { 0.0 });
        }
        sum_of_squares(&sum) - tokens as f64
    };
    let pairs = (rows * tokens * (tokens - 1)) as f64;
    (tokens > 1).then(|| h.chunks_exact(width * tokens).map(of_row).sum::<f64>() / pairs)
}

/// -sum p ln p, the mean over all that give.
fn entropy(attention: &[f64], tokens: usize) -> f64 {
    let terms = attention.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln());
    terms.sum::<f64>() / (attention.len() / tokens) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosines_and_entropies_that_are_known_are_found() {
        // Alike, at right angles, opposite; three tokens with pairs of 60, 60 and 120 degrees.
        let turned = |degrees: f64| [3.0 * degrees.to_radians().cos(), 3.0 * degrees.to_radians().sin()];
        for (angles, wanted) in [
            (vec![20.0, 20.0], 1.0),
            (vec![0.0, 90.0], 0.0),
            (vec![10.0, 190.0], -1.0),
            (vec![0.0, 60.0, 120.0], 1.0 / 6.0),
        ] {
            let row: Vec<f64> = angles.iter().flat_map(|a| turned(*a)).collect();
            let found = mean_cosine(&[row.clone(), row].concat(), 2, angles.len()).unwrap();
            assert!((found - wanted).abs() < 1e-12, "{angles:?}: {found}");
        }
        assert_eq!(mean_cosine(&[1.0, 2.0], 1, 1), None);
        assert!((entropy(&[0.25; 16], 4) - 4f64.ln()).abs() < 1e-15);
        // Of two tokens one looks at itself alone, the other at both alike.
        assert!((entropy(&[1.0, 0.0, 0.5, 0.5], 2) - 0.5 * 2f64.ln()).abs() < 1e-15);
    }
}
