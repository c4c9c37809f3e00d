//! The output layer of a recurrent network: which of the top layer's outputs it reads, and back.

use super::order_by_time;
use super::padding::Padding;
use super::stack::{ReadOut, Stack};
use crate::ops::Element;
use crate::ops::activation::{Activation, with_curve};
use crate::ops::columns;
use crate::ops::fused::activate;
use crate::ops::gemm::{Matrix, multiply};
use crate::ops::kernel::kernel;

/// What it keeps.
#[derive(Debug, Default)]
pub(super) struct Reading<T> {
    /// The mean over the time steps, where that is read.
    mean: Vec<T>,
    /// Arguments of the output activation and its values.
    argument: Vec<T>,
    outputs: Vec<T>,
    delta: Vec<T>,
    sums: Vec<T>,
    /// Gradient of what is read.
    read_delta: Vec<T>,
}

impl<T: Element> Reading<T> {
    /// From the top layer's outputs `h` `[time, rows, width]` to the network's `[rows * answers, outputs]`.
    pub(super) fn forward(&mut self, stack: &Stack, padding: &Padding, h: &[T], p: &[T]) -> Vec<T> {
        let rows = padding.rows;
        let (width, outputs, read) = (stack.width, stack.outputs, rows * stack.answers());
        if stack.read_out == ReadOut::Mean {
            self.mean.resize(rows * width, T::of(0.0));
            mean_over_time(h, T::of(1.0 / stack.steps as f64), &mut self.mean);
            padding.rescale(stack.steps, &mut self.mean);
        }
        let (weight, bias) = stack.output();
        let mut out = std::mem::take(&mut self.outputs);
        out.resize(read * outputs, T::of(0.0));
        multiply(
            Matrix::new(self.read(stack, rows, h), read, width),
            Matrix::new(&p[weight], width, outputs),
            &mut out,
        );
        if let Some(bias) = bias {
            columns::add_to_rows(&p[bias], &mut out);
        }
        if stack.output_activation != Activation::Identity {
            self.argument.clone_from(&out);
            with_curve!(stack.output_activation, T, curve => activate(curve, &mut out));
        }
        self.outputs = out;
        let mut answers = self.outputs.clone();
        if stack.read_out == ReadOut::Every {
            order_by_time(&self.outputs, stack.steps, rows, outputs, &mut answers);
        }
        answers
    }

    /// From the gradient of the network's outputs to that of its output layer, in `gradient`, and of the top layer's outputs.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn backward(
        &mut self,
        stack: &Stack,
        padding: &Padding,
        h: &[T],
        delta: &[T],
        p: &[T],
        gradient: &mut [T],
        stream: &mut Vec<T>,
    ) {
        let (width, outputs, zero, rows) = (stack.width, stack.outputs, T::of(0.0), padding.rows);
        let answers = rows * stack.answers();
        self.delta.clear();
        self.delta.extend_from_slice(delta);
        if stack.read_out == ReadOut::Every {
            order_by_time(delta, rows, stack.steps, outputs, &mut self.delta);
        }
        let (weight, bias) = stack.output();
        self.sums.resize(outputs, zero);
        if stack.output_activation == Activation::Identity {
            columns::column_sums(&self.delta, &mut self.sums);
        } else {
            let (z, a, sums) = (&self.argument, &self.outputs, &mut self.sums);
            with_curve!(stack.output_activation, T, curve => columns::times_slope(curve, z, a, &mut self.delta, sums));
        }
        if let Some(bias) = bias {
            gradient[bias].copy_from_slice(&self.sums);
        }
        let read = Matrix::new(self.read(stack, rows, h), answers, width);
        let delta = Matrix::new(&self.delta, answers, outputs);
        multiply(read.t(), delta, &mut gradient[weight.clone()]);
        self.read_delta.resize(answers * width, zero);
        multiply(delta, Matrix::new(&p[weight], width, outputs).t(), &mut self.read_delta);
        stream.resize(h.len(), zero);
        match stack.read_out {
            ReadOut::Last => {
                let (others, last) = stream.split_at_mut(h.len() - rows * width);
                others.fill(zero);
                last.copy_from_slice(&self.read_delta);
            }
            ReadOut::Mean => {
                let share = T::of(1.0 / stack.steps as f64);
                self.read_delta.iter_mut().for_each(|x| *x *= share);
                padding.rescale(stack.steps, &mut self.read_delta);
                stream.chunks_exact_mut(rows * width).for_each(|step| step.copy_from_slice(&self.read_delta));
            }
            ReadOut::Every => stream.copy_from_slice(&self.read_delta),
        }
    }

    /// What the output layer reads, row by row, and time step after time step where it reads all.
    fn read<'a>(&'a self, stack: &Stack, rows: usize, h: &'a [T]) -> &'a [T] {
        match stack.read_out {
            ReadOut::Last => &h[h.len() - rows * stack.width..],
            ReadOut::Mean => &self.mean,
            ReadOut::Every => h,
        }
    }
}

kernel! {
    /// `mean = share * sum over steps of h`.
    fn mean_over_time<T>(h: &[T], share: T, mean: &mut [T]) {
        mean.fill(T::of(0.0));
        for step in h.chunks_exact(mean.len()) {
            for (m, h) in mean.iter_mut().zip(step) {
                *m += *h;
            }
        }
        for m in mean.iter_mut() {
            *m *= share;
        }
    }
}
