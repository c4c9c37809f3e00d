//! The recurrent net in candle's own ops: the reference that the fused one is held against.

use super::architecture::{layout, sites};
use crate::model::candle_model::CandleModel;
use crate::model::pass::{Part, Pass};
use crate::ops::activation::Activation;
use crate::ops::composed::activate;
use crate::ops::recurrent::{Cell, ReadOut, Stack};
use crate::ops::{Element, Result, Tensor};
use std::sync::Arc;

/// The net with these packed parameters. As the fused one, a probe looks at the gradient of the loss at the last step.
///
/// # Errors
/// When their number does not fit.
pub fn model<T: Element>(stack: &Stack, packed: &[f64]) -> Result<CandleModel<T>> {
    let own = stack.clone();
    let forward = move |pass: &mut Pass, x: &Tensor| {
        let stack = if pass.mode().keeps() { own.of_last_step() } else { own.clone() };
        let mut h = (0..stack.steps).map(|t| x.narrow(1, t, 1)?.squeeze(1)).collect::<Result<Vec<_>>>()?;
        for layer in 0..stack.depth {
            h = Layer { stack: &stack, layer }.forward(pass, &h)?;
        }
        read_out(&stack, pass, &h)
    };
    CandleModel::new(layout(stack), sites(stack), packed, Arc::new(forward))
}

/// From the top layer's outputs of all steps to the network's.
fn read_out(stack: &Stack, pass: &mut Pass, h: &[Tensor]) -> Result<Tensor> {
    let read = match stack.read_out {
        ReadOut::Last => h[stack.steps - 1].clone(),
        ReadOut::Mean => Tensor::stack(h, 1)?.mean(1)?,
        ReadOut::Every => Tensor::stack(h, 1)?.flatten_to(1)?,
    };
    let out = read.matmul(&pass.parameter("output.weight")?)?;
    let out = if stack.bias { out.broadcast_add(&pass.parameter("output.bias")?)? } else { out };
    activate(stack.output_activation, &out)
}

/// A layer on the way.
struct Layer<'a> {
    stack: &'a Stack,
    layer: usize,
}

/// h_t, and c_t where there is one.
type State = (Tensor, Option<Tensor>);

impl Layer<'_> {
    /// From the inputs of all steps, `[rows, inputs]` each, to the outputs.
    fn forward(&self, pass: &mut Pass, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let zero = Tensor::zeros((inputs[0].dim(0)?, self.stack.width), inputs[0].dtype(), inputs[0].device())?;
        let mut state: State = (zero.clone(), (self.stack.cell == Cell::Lstm).then_some(zero));
        let mut outputs = Vec::with_capacity(inputs.len());
        for (step, x) in inputs.iter().enumerate() {
            if self.stack.cuts(step) {
                state = (state.0.detach(), state.1.map(|c| c.detach()));
            }
            state = self.step(pass, step, x, &state)?;
            outputs.push(state.0.clone());
        }
        Ok(outputs)
    }

    fn step(&self, pass: &mut Pass, step: usize, x: &Tensor, (h, c): &State) -> Result<State> {
        let own = |pass: &Pass, what: &str| pass.parameter(&format!("layer{}.{what}", self.layer + 1));
        let site = self.layer * self.stack.steps + step;
        let u = x.matmul(&own(pass, "input.weight")?)?;
        let u = if self.stack.bias { u.broadcast_add(&own(pass, "bias")?)? } else { u };
        let past = h.matmul(&own(pass, "recurrent.weight")?)?;
        let gate = |of: &Tensor, gate: usize| of.narrow(1, gate * self.stack.width, self.stack.width);
        let sigmoid = |z: Tensor| activate(Activation::Sigmoid, &z);
        let (h, c) = match (self.stack.cell, c) {
            (Cell::Rnn(activation), _) => {
                let z = pass.tap(site, Part::Argument, &(u + past)?)?;
                (pass.tap(site, Part::Activation, &activate(activation, &z)?)?, None)
            }
            (Cell::Lstm, c) => {
                let u = (u + past)?;
                let (i, f, o) = (sigmoid(gate(&u, 0)?)?, sigmoid(gate(&u, 1)?)?, sigmoid(gate(&u, 3)?)?);
                let g = gate(&u, 2)?.tanh()?;
                pass.tap(site, Part::Gates, &Tensor::cat(&[&i, &f, &g, &o], 1)?)?;
                let kept = c.as_ref().map_or_else(|| f.zeros_like(), |c| &f * c)?;
                let c = pass.tap(site, Part::Cell, &(kept + (i * g)?)?)?;
                ((o * c.tanh()?)?, Some(c))
            }
            (Cell::Gru, _) => {
                let gated = |k: usize| sigmoid((gate(&u, k)? + gate(&past, k)?)?);
                let (r, z) = (gated(0)?, gated(1)?);
                let n = (gate(&u, 2)? + (&r * gate(&past, 2)?)?)?.tanh()?;
                pass.tap(site, Part::Gates, &Tensor::cat(&[&r, &z, &n], 1)?)?;
                ((((1.0 - &z)? * n)? + (&z * h)?)?, None)
            }
        };
        Ok((pass.tap(site, Part::Stream, &h)?, c))
    }
}
