//! The recurrent net in candle's own ops: the reference that the fused one is held against, and what trains nets with norms, skip
//! connections or dropout.

use super::architecture::{layout, sites};
use crate::model::boundary::{Batch, Gradients, Model, Site, Tap};
use crate::model::candle_model::CandleModel;
use crate::model::layout::{self, Layout};
use crate::model::pass::{Part, Pass};
use crate::ops::activation::Activation;
use crate::ops::composed::{activate, row_norm};
use crate::ops::dropout::Draws;
use crate::ops::recurrent::{Cell, PADDING, ReadOut, Stack};
use crate::ops::{Element, Mode, Result, Tensor};
use std::sync::Arc;

/// A recurrent net of candle's ops.
pub struct Composed<T> {
    model: CandleModel<T>,
    /// What a probe looks at, the gradient of the loss at the last step through all of them, is not that of what is trained on.
    is_apart: bool,
}

/// The net with these packed parameters.
///
/// # Errors
/// When their number does not fit.
pub fn model<T: Element>(stack: &Stack, packed: &[f64]) -> Result<Composed<T>> {
    let own = stack.clone();
    let forward = move |pass: &mut Pass, x: &Tensor| {
        let stack = if pass.mode().keeps() { own.of_last_step() } else { own.clone() };
        let is_there = x.narrow(2, 0, 1)?.ne(PADDING)?;
        let there = is_there.to_dtype(x.dtype())?;
        let x = is_there.broadcast_as(x.shape())?.where_cond(x, &x.zeros_like()?)?;
        let steps = |x: &Tensor| (0..stack.steps).map(|t| x.narrow(1, t, 1)?.squeeze(1)).collect::<Result<Vec<_>>>();
        let is_padded = is_there.flatten_all()?.to_vec1::<u8>()?.contains(&0);
        let there = if is_padded { steps(&there)? } else { Vec::new() };
        let mut h = steps(&x)?;
        for layer in 0..stack.depth {
            h = Layer { stack: &stack, layer, there: &there }.between(pass, h)?;
        }
        read_out(&stack, pass, &h, &there)
    };
    let model = CandleModel::new(layout(stack), sites(stack), packed, Arc::new(forward))?;
    Ok(Composed { model, is_apart: stack.of_last_step() != *stack })
}

impl<T: Element> Model<T> for Composed<T> {
    fn layout(&self) -> &Layout {
        self.model.layout()
    }

    fn read(&self, see: &mut dyn FnMut(&[T])) -> Result<()> {
        self.model.read(see)
    }

    fn rewrite(&mut self, change: &mut dyn FnMut(&mut [T])) -> Result<()> {
        self.model.rewrite(change)
    }

    fn loss_and_gradients(&mut self, batch: Batch<T>, mode: Mode, into: &mut Gradients<T>) -> Result<f64> {
        if !(mode.keeps() && self.is_apart) {
            return self.model.loss_and_gradients(batch, mode, into);
        }
        self.model.loss_and_gradients(batch.clone(), mode, into)?;
        // The same pass, of the loss that is trained on: it leaves what the first has kept.
        self.model.loss_and_gradients(batch, if mode.drops() { Mode::Train } else { Mode::Evaluate }, into)
    }

    fn outputs(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.model.outputs(x, mode)
    }

    fn visit(&self, see: &mut dyn FnMut(&Site, Tap<'_, T>)) -> Result<()> {
        self.model.visit(see)
    }

    fn draw_from(&mut self, draws: Draws) {
        self.model.draw_from(draws);
    }
}

/// From the top layer's outputs of all steps to the network's.
fn read_out(stack: &Stack, pass: &mut Pass, h: &[Tensor], there: &[Tensor]) -> Result<Tensor> {
    let read = match stack.read_out {
        ReadOut::Last => h[stack.steps - 1].clone(),
        ReadOut::Mean if there.is_empty() => Tensor::stack(h, 1)?.mean(1)?,
        ReadOut::Mean => Tensor::stack(h, 1)?.sum(1)?.broadcast_div(&Tensor::stack(there, 1)?.sum(1)?)?,
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
    /// Of each time step `[rows, 1]`: 0 where it is padding, else 1. Empty where nothing is.
    there: &'a [Tensor],
}

/// h_t, and c_t where there is one.
type State = (Tensor, Option<Tensor>);

impl Layer<'_> {
    /// From what the layer below hands on at all steps to what this one does.
    fn between(&self, pass: &mut Pass, below: Vec<Tensor>) -> Result<Vec<Tensor>> {
        if self.layer == 0 {
            return self.forward(pass, &below);
        }
        let first = (self.layer - 1) * self.stack.steps;
        let mut read = Vec::with_capacity(below.len());
        for (step, h) in below.iter().enumerate() {
            read.push(pass.dropout(first + step, self.stack.dropout, h)?);
        }
        let own = self.forward(pass, &read)?;
        if self.stack.residual { own.iter().zip(&below).map(|(own, below)| own + below).collect() } else { Ok(own) }
    }

    /// The argument of a gate's nonlinearity, `[rows, width]`, from the sum of its products.
    fn argument(&self, pass: &Pass, gate: usize, sum: Tensor) -> Result<Tensor> {
        let Some(norm) = self.stack.norm else { return Ok(sum) };
        let width = self.stack.width;
        let own = |what: &str| pass.parameter(&self.named(what))?.narrow(0, gate * width, width);
        let gain = norm.affine.then(|| own("norm.gain")).transpose()?;
        let bias = self.stack.bias.then(|| own("bias")).transpose()?;
        row_norm(norm.kind.is_centred(), norm.eps, &sum, gain.as_ref(), bias.as_ref())
    }

    fn named(&self, what: &str) -> String {
        format!("{}.{what}", layout::layer(self.layer))
    }

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
        let own = |pass: &Pass, what: &str| pass.parameter(&self.named(what));
        let site = self.layer * self.stack.steps + step;
        let u = x.matmul(&own(pass, "input.weight")?)?;
        // Behind a norm it is the norm's.
        let u = if self.stack.bias && self.stack.norm.is_none() { u.broadcast_add(&own(pass, "bias")?)? } else { u };
        let past = h.matmul(&own(pass, "recurrent.weight")?)?;
        let gate = |of: &Tensor, gate: usize| of.narrow(1, gate * self.stack.width, self.stack.width);
        let sigmoid = |z: Tensor| activate(Activation::Sigmoid, &z);
        let (h, c) = match (self.stack.cell, c) {
            (Cell::Rnn(activation), _) => {
                let z = self.argument(pass, 0, (u + past)?)?;
                let z = pass.tap(site, Part::Argument, &z)?;
                (pass.tap(site, Part::Activation, &self.present(step, &activate(activation, &z)?)?)?, None)
            }
            (Cell::Lstm, c) => {
                let u = (u + past)?;
                let argument = |k: usize| self.argument(pass, k, gate(&u, k)?);
                let (i, f, o) = (sigmoid(argument(0)?)?, sigmoid(argument(1)?)?, sigmoid(argument(3)?)?);
                let g = argument(2)?.tanh()?;
                pass.tap(site, Part::Gates, &Tensor::cat(&[&i, &f, &g, &o], 1)?)?;
                let kept = c.as_ref().map_or_else(|| f.zeros_like(), |c| &f * c)?;
                let c = self.present(step, &pass.tap(site, Part::Cell, &self.present(step, &(kept + (i * g)?)?)?)?)?;
                ((o * c.tanh()?)?, Some(c))
            }
            (Cell::Gru, _) => {
                let gated = |k: usize| sigmoid(self.argument(pass, k, (gate(&u, k)? + gate(&past, k)?)?)?);
                let (r, z) = (gated(0)?, gated(1)?);
                let n = self.argument(pass, 2, (gate(&u, 2)? + (&r * gate(&past, 2)?)?)?)?.tanh()?;
                pass.tap(site, Part::Gates, &Tensor::cat(&[&r, &z, &n], 1)?)?;
                ((((1.0 - &z)? * n)? + (&z * h)?)?, None)
            }
        };
        Ok((self.present(step, &pass.tap(site, Part::Stream, &self.present(step, &h)?)?)?, c))
    }

    /// The same with zeros where a step is padding, on the way back too.
    fn present(&self, step: usize, numbers: &Tensor) -> Result<Tensor> {
        self.there.get(step).map_or_else(|| Ok(numbers.clone()), |there| numbers.broadcast_mul(there))
    }
}
