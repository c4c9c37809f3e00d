//! Attention of all heads as one CPU op with its own backward: products this small cost more to start than to compute one by one.

use super::gemm::transpose;
use super::kernel::kernel;
use super::rows::sum;
use super::{Element, contiguous, tensor, with_slice};
use crate::parallel::lock;
use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor};
use std::sync::{Arc, Mutex};

/// How the tokens of a row of data attend to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attention {
    pub tokens: usize,
    /// They share the width evenly.
    pub heads: usize,
    /// No token attends to a later one.
    pub is_causal: bool,
}

/// `softmax(Q K^T / sqrt(width of a head)) V` of each head (Vaswani et al. 2017, section 3.2), and its weights. Queries, keys and
/// values are `[rows * tokens, width]`, as is what comes out; the weights are `[rows, heads, tokens, tokens]`, and no gradient
/// goes through them.
///
/// # Errors
/// When the shapes do not fit, or what candle reports.
pub fn attend(attention: &Attention, query: &Tensor, key: &Tensor, value: &Tensor) -> Result<(Tensor, Tensor)> {
    let op = FusedAttention { attention: *attention, weights: Arc::default() };
    let kept = Arc::clone(&op.weights);
    let out = query.contiguous()?.apply_op3(&key.contiguous()?, &value.contiguous()?, op)?;
    let weights = lock(&kept).clone();
    Ok((out, weights.ok_or_else(|| candle_core::Error::msg("attention left no weights"))?))
}

struct FusedAttention {
    attention: Attention,
    /// What the forward leaves to the backward.
    weights: Arc<Mutex<Option<Tensor>>>,
}

impl CustomOp3 for FusedAttention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        query: &CpuStorage,
        query_at: &Layout,
        key: &CpuStorage,
        key_at: &Layout,
        value: &CpuStorage,
        value_at: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let stored = [(query, query_at), (key, key_at), (value, value_at)];
        let out = match query {
            CpuStorage::F32(_) => self.forward::<f32>(stored)?,
            _ => self.forward::<f64>(stored)?,
        };
        Ok((out, query_at.shape().clone()))
    }

    fn bwd(
        &self,
        query: &Tensor,
        key: &Tensor,
        value: &Tensor,
        _: &Tensor,
        delta: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let weights = lock(&self.weights).clone();
        let weights = weights.ok_or_else(|| candle_core::Error::msg("attention goes forward first"))?;
        let [query, key, value] = match query.dtype() {
            DType::F32 => self.backward::<f32>([query, key, value, &weights, &delta.contiguous()?])?,
            _ => self.backward::<f64>([query, key, value, &weights, &delta.contiguous()?])?,
        };
        Ok((Some(query), Some(key), Some(value)))
    }
}

impl FusedAttention {
    fn forward<T: Element>(&self, stored: [(&CpuStorage, &Layout); 3]) -> Result<CpuStorage> {
        let Attention { tokens, heads, .. } = self.attention;
        let [query, key, value] = stored.map(|(storage, at)| contiguous::<T>(storage, at));
        let (query, key, value) = (query?, key?, value?);
        let &[below, width] = stored[0].1.dims() else { candle_core::bail!("queries are [rows * tokens, width]") };
        let fits = |numbers: &[T]| numbers.len() == query.len();
        if below % tokens != 0 || width % heads != 0 || !fits(key) || !fits(value) {
            candle_core::bail!("[{below}, {width}] does not fit {:?}, or keys or values do not", self.attention);
        }
        let rows = below / tokens;
        let mut out = vec![T::of(0.0); query.len()];
        let mut weights = vec![T::of(0.0); rows * heads * tokens * tokens];
        forward(&self.attention, width, [query, key, value], &mut weights, &mut out);
        let weights = tensor(weights, (rows, heads, tokens, tokens))?;
        *lock(&self.weights) = Some(weights);
        Ok(T::to_cpu_storage_owned(out))
    }

    fn backward<T: Element>(&self, tensors: [&Tensor; 5]) -> Result<[Tensor; 3]> {
        let (shape, width) = (tensors[0].shape(), tensors[0].dim(1)?);
        let mut out = [(); 3].map(|()| vec![T::of(0.0); shape.elem_count()]);
        let [q, k, v, weights, delta] = tensors;
        let mut fill = |q: &[T], k: &[T], v: &[T], weights: &[T], delta: &[T]| {
            let [of_query, of_key, of_value] = &mut out;
            backward(&self.attention, width, [q, k, v], weights, delta, [of_query, of_key, of_value]);
        };
        with_slice(q, |q| {
            with_slice(k, |k| {
                with_slice(v, |v| with_slice(weights, |w| with_slice(delta, |delta| fill(q, k, v, w, delta))))
            })
        })?????;
        let [query, key, value] = out.map(|numbers| tensor(numbers, shape));
        Ok([query?, key?, value?])
    }
}

/// `out += factor * numbers`.
#[inline(always)]
fn add_times<T: crate::real::Real>(factor: T, numbers: &[T], out: &mut [T]) {
    for (out, x) in out.iter_mut().zip(numbers) {
        *out += factor * *x;
    }
}

kernel! {
    /// Fills weights and outputs from queries, keys and values; both are zeros before.
    fn forward<T>(by: &Attention, width: usize, from: [&[T]; 3], weights: &mut [T], out: &mut [T]) {
        let Attention { tokens, heads, is_causal } = *by;
        let size = width / heads;
        let scale = T::of((size as f64).sqrt().recip());
        let mut keys = vec![T::of(0.0); size * tokens];
        let [query, key, value] = from.map(|numbers| numbers.chunks_exact(tokens * width));
        let rows = query.zip(key).zip(value).zip(out.chunks_exact_mut(tokens * width));
        for ((((query, key), value), out), weights) in rows.zip(weights.chunks_exact_mut(heads * tokens * tokens)) {
            for (head, weights) in weights.chunks_exact_mut(tokens * tokens).enumerate() {
                let part = head * size..(head + 1) * size;
                transpose(key, width, part.clone(), &mut keys);
                for (token, weights) in weights.chunks_exact_mut(tokens).enumerate() {
                    let weights = &mut weights[..if is_causal { token + 1 } else { tokens }];
                    let own = token * width + part.start..token * width + part.end;
                    for (q, keys) in query[own.clone()].iter().zip(keys.chunks_exact(tokens)) {
                        add_times(*q * scale, &keys[..weights.len()], weights);
                    }
                    // The largest is taken off, or its exponential could overflow; softmax does not depend on it.
                    let largest = weights.iter().copied().fold(weights[0], |a, b| if b > a { b } else { a });
                    weights.iter_mut().for_each(|w| *w = T::exp(*w - largest));
                    let share = T::of(1.0) / sum(weights, |_, w| w);
                    for (w, value) in weights.iter_mut().zip(value.chunks_exact(width)) {
                        *w *= share;
                        add_times(*w, &value[part.clone()], &mut out[own.clone()]);
                    }
                }
            }
        }
    }
}

kernel! {
    /// Fills the gradients of queries, keys and values from that of the output; they are zeros before.
    fn backward<T>(by: &Attention, width: usize, from: [&[T]; 3], weights: &[T], delta: &[T], into: [&mut [T]; 3]) {
        let Attention { tokens, heads, is_causal } = *by;
        let size = width / heads;
        let scale = T::of((size as f64).sqrt().recip());
        let (mut values, mut scores) = (vec![T::of(0.0); size * tokens], vec![T::of(0.0); tokens]);
        let [query, key, value] = from.map(|numbers| numbers.chunks_exact(tokens * width));
        let [of_query, of_key, of_value] = into.map(|numbers| numbers.chunks_exact_mut(tokens * width));
        let inputs = query.zip(key).zip(value).zip(delta.chunks_exact(tokens * width));
        let rows = inputs.zip(of_query.zip(of_key).zip(of_value)).zip(weights.chunks_exact(heads * tokens * tokens));
        for (((((query, key), value), delta), ((of_query, of_key), of_value)), weights) in rows {
            for (head, weights) in weights.chunks_exact(tokens * tokens).enumerate() {
                let part = head * size..(head + 1) * size;
                transpose(value, width, part.clone(), &mut values);
                for (token, weights) in weights.chunks_exact(tokens).enumerate() {
                    let weights = &weights[..if is_causal { token + 1 } else { tokens }];
                    let own = token * width + part.start..token * width + part.end;
                    let (query, delta) = (&query[own.clone()], &delta[own.clone()]);
                    // dL/dw_j = dL/dout . v_j, then through the softmax: dL/ds_j = w_j (dL/dw_j - sum_i w_i dL/dw_i).
                    let scores = &mut scores[..weights.len()];
                    scores.fill(T::of(0.0));
                    for (d, values) in delta.iter().zip(values.chunks_exact(tokens)) {
                        add_times(*d, &values[..scores.len()], scores);
                    }
                    let mean = sum(scores, |j, s| s * weights[j]);
                    scores.iter_mut().zip(weights).for_each(|(s, w)| *s = scale * *w * (*s - mean));
                    for (other, (s, w)) in scores.iter().zip(weights).enumerate() {
                        let its = other * width + part.start..other * width + part.end;
                        add_times(*s, &key[its.clone()], &mut of_query[own.clone()]);
                        add_times(*s, query, &mut of_key[its.clone()]);
                        add_times(*w, delta, &mut of_value[its]);
                    }
                }
            }
        }
    }
}
