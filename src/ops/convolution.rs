//! Convolution of images as one CPU op with its own backward, which may apply an activation too. candle's own backward of a
//! convolution takes several times as long on a CPU.
//!
//! Images lie channels last, `[rows, positions, channels]`, positions row by row. They are copied into a frame, so that what a kernel
//! sees is whole stretches of numbers, which the products read where they are: no patches are copied out. The gradient of the
//! input is a convolution too, of the framed gradient of the output with the kernel turned round.

mod frame;
mod tiles;

use super::activation::{Activation, with_curve};
use super::columns::{ROWS, activate_rows, add, add_to_rows, column_sums, times_slope};
use super::gemm::transpose;
use super::{Element, contiguous, tensor, with_slice};
use candle_core::{CpuStorage, CustomOp2, CustomOp3, DType, Layout, Result, Shape, Tensor};
use frame::Frame;
use std::ops::Range;

/// A convolution with a square kernel of odd size, centred on the position that it computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Of the images that it reads.
    pub height: usize,
    pub width: usize,
    /// Channels that it reads.
    pub inputs: usize,
    /// Channels that it computes.
    pub outputs: usize,
    /// Positions along a side of the kernel.
    pub kernel: usize,
    /// It computes every so manyth row and column, from the first on.
    pub stride: usize,
    pub padding: Padding,
}

/// What a kernel reads beyond the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    Zero,
    /// The other side of the image.
    Circular,
}

impl Convolution {
    /// Height and width of what it computes.
    pub fn output(&self) -> [usize; 2] {
        [self.height.div_ceil(self.stride), self.width.div_ceil(self.stride)]
    }

    /// Positions that it reads, and that it computes.
    pub fn positions(&self) -> [usize; 2] {
        let [height, width] = self.output();
        [self.height * self.width, height * width]
    }

    /// Numbers in a patch: the fan-in.
    pub fn fan_in(&self) -> usize {
        self.kernel * self.kernel * self.inputs
    }

    /// The position that each entry of the kernel reads, row by row, at each position that is computed; `None` beyond a border of
    /// zeros.
    pub fn taps(&self) -> Vec<Option<usize>> {
        let [height, width] = self.output();
        let mut taps = Vec::with_capacity(height * width * self.kernel * self.kernel);
        for at in 0..height * width {
            for tap in 0..self.kernel * self.kernel {
                let row = at / width * self.stride + tap / self.kernel;
                let column = at % width * self.stride + tap % self.kernel;
                taps.push(self.place(row, column).map(|[row, column]| row * self.width + column));
            }
        }
        taps
    }

    /// Height and width of an image in its frame, a border as wide as half a kernel.
    fn framed(&self) -> [usize; 2] {
        [self.height + self.kernel - 1, self.width + self.kernel - 1]
    }

    /// Row and column of an image that stand at these of its frame; `None` in a border of zeros.
    fn place(&self, row: usize, column: usize) -> Option<[usize; 2]> {
        let along = |at: usize, size: usize| {
            let place = at as isize - (self.kernel / 2) as isize;
            match self.padding {
                Padding::Circular => Some(place.rem_euclid(size as isize) as usize),
                Padding::Zero => usize::try_from(place).ok().filter(|place| *place < size),
            }
        };
        Some([along(row, self.height)?, along(column, self.width)?])
    }

    /// Ranges of so many images, each of some hundred positions, so that all that is done with them is done in a core's own cache.
    fn parts(&self, images: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let most = self.most();
        (0..images).step_by(most).map(move |first| first..images.min(first + most))
    }

    /// Images of such a part.
    fn most(&self) -> usize {
        (ROWS / self.positions()[0]).max(1)
    }
}

/// phi of `x` `[rows, positions, inputs]` convolved with the weight `[kernel, kernel, inputs, outputs]`, plus a bias `[outputs]`. The slope of
/// the activation has to follow from its value.
///
/// # Errors
/// When the shapes do not fit, or what candle reports.
pub fn convolve(
    convolution: &Convolution,
    activation: Option<Activation>,
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
) -> Result<Tensor> {
    let op = FusedConvolution { convolution: *convolution, activation };
    match bias {
        Some(bias) => x.contiguous()?.apply_op3(weight, bias, op),
        None => x.contiguous()?.apply_op2(weight, op),
    }
}

struct FusedConvolution {
    convolution: Convolution,
    activation: Option<Activation>,
}

/// A tensor as an op is given it.
type Stored<'a> = (&'a CpuStorage, &'a Layout);

/// Gradients of the input, where it is wanted, the weight and the bias.
type Gradients = (Option<Tensor>, Tensor, Tensor);

impl CustomOp2 for FusedConvolution {
    fn name(&self) -> &'static str {
        "convolution"
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_at: &Layout, w: &CpuStorage, w_at: &Layout) -> Result<(CpuStorage, Shape)> {
        self.forward((x, x_at), (w, w_at), None)
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, out: &Tensor, delta: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (of_input, of_weight, _) = self.backward(x, w, out, delta)?;
        Ok((of_input, Some(of_weight)))
    }
}

impl CustomOp3 for FusedConvolution {
    fn name(&self) -> &'static str {
        "convolution"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_at: &Layout,
        w: &CpuStorage,
        w_at: &Layout,
        b: &CpuStorage,
        b_at: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.forward((x, x_at), (w, w_at), Some((b, b_at)))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _: &Tensor,
        out: &Tensor,
        delta: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (of_input, of_weight, of_bias) = self.backward(x, w, out, delta)?;
        Ok((of_input, Some(of_weight), Some(of_bias)))
    }
}

impl FusedConvolution {
    fn forward(&self, x: Stored, w: Stored, bias: Option<Stored>) -> Result<(CpuStorage, Shape)> {
        match x.0 {
            CpuStorage::F32(_) => self.forward_in::<f32>(x, w, bias),
            _ => self.forward_in::<f64>(x, w, bias),
        }
    }

    fn backward(&self, x: &Tensor, w: &Tensor, out: &Tensor, delta: &Tensor) -> Result<Gradients> {
        let delta = delta.contiguous()?;
        match x.dtype() {
            DType::F32 => self.backward_in::<f32>(x, w, out, &delta),
            _ => self.backward_in::<f64>(x, w, out, &delta),
        }
    }

    fn forward_in<T: Element>(&self, x: Stored, w: Stored, bias: Option<Stored>) -> Result<(CpuStorage, Shape)> {
        let of = &self.convolution;
        let ([read, computed], fan_in, outputs) = (of.positions(), of.fan_in(), of.outputs);
        let (numbers, weight) = (contiguous::<T>(x.0, x.1)?, contiguous::<T>(w.0, w.1)?);
        let rows = numbers.len() / (read * of.inputs);
        if numbers.len() != rows * read * of.inputs || weight.len() != fan_in * outputs {
            candle_core::bail!("images {:?} and a kernel {:?} do not fit {of:?}", x.1.shape(), w.1.shape());
        }
        let bias = bias.map(|(bias, at)| contiguous::<T>(bias, at)).transpose()?;
        if bias.is_some_and(|bias| bias.len() != outputs) {
            candle_core::bail!("the bias does not fit {of:?}");
        }
        let no_bias = vec![T::of(0.0); outputs];
        let mut out = vec![T::of(0.0); rows * computed * outputs];
        let mut frame = Frame::of_inputs(*of);
        let (reach, corners, panels) =
            (frame.reach(), frame.corners(of.most(), of.stride), tiles::panels(weight, outputs));
        for images in of.parts(rows) {
            let framed =
                frame.fill(&numbers[images.start * read * of.inputs..images.end * read * of.inputs], images.len());
            let out = &mut out[images.start * computed * outputs..images.end * computed * outputs];
            tiles::convolve(reach, framed, &corners[..images.len() * computed], &panels, outputs, out);
            match (self.activation, bias) {
                (Some(activation), bias) => {
                    with_curve!(activation, T, curve => activate_rows(curve, bias.unwrap_or(&no_bias), out));
                }
                (None, Some(bias)) => add_to_rows(bias, out),
                (None, None) => {}
            }
        }
        Ok((T::to_cpu_storage_owned(out), Shape::from((rows, computed, outputs))))
    }

    fn backward_in<T: Element>(&self, x: &Tensor, w: &Tensor, out: &Tensor, delta: &Tensor) -> Result<Gradients> {
        let of = &self.convolution;
        let ([read, computed], rows) = (of.positions(), x.dim(0)?);
        let (fan_in, inputs, outputs) = (of.fan_in(), of.inputs, of.outputs);
        let zeros = |count: usize| vec![T::of(0.0); count];
        let (mut of_weight, mut of_bias, mut sums) = (zeros(fan_in * outputs), zeros(outputs), zeros(outputs));
        // What is no variable and comes from none, as the data does, needs no gradient.
        let mut of_input = x.track_op().then(|| zeros(x.elem_count()));
        let (mut seen, mut deltas, mut own) = (Frame::of_inputs(*of), Frame::of_outputs(*of), Vec::new());
        let (corners, everywhere) = (seen.corners(of.most(), of.stride), deltas.corners(of.most(), 1));
        let places: Vec<usize> = deltas.corners(of.most(), of.stride).iter().map(|at| at + deltas.centre()).collect();
        let mut pass = |x: &[T], w: &[T], a: &[T], delta: &[T]| {
            let turned = tiles::panels(&turned(w, inputs, outputs), inputs);
            for images in of.parts(rows) {
                let part = images.start * computed * outputs..images.end * computed * outputs;
                own.clear();
                own.extend_from_slice(&delta[part.clone()]);
                // Sum by sum: one long sum in f32 would lose digits.
                match self.activation {
                    Some(activation) => {
                        let a = &a[part];
                        with_curve!(activation, T, curve => times_slope(curve, a, a, &mut own, &mut sums));
                    }
                    None => column_sums(&own, &mut sums),
                }
                add(&sums, &mut of_bias);
                let (seen_at, deltas_at) = (seen.reach(), deltas.reach());
                let deltas = deltas.fill(&own, images.len());
                let range = images.start * read * inputs..images.end * read * inputs;
                let seen = seen.fill(&x[range.clone()], images.len());
                let count = images.len() * computed;
                let (corners, places) = (&corners[..count], &places[..count]);
                tiles::add_products(seen_at, seen, corners, deltas, places, outputs, &mut of_weight);
                if let Some(of_input) = &mut of_input {
                    let everywhere = &everywhere[..images.len() * read];
                    tiles::convolve(deltas_at, deltas, everywhere, &turned, inputs, &mut of_input[range]);
                }
            }
        };
        with_slice(x, |x| with_slice(w, |w| with_slice(out, |a| with_slice(delta, |delta| pass(x, w, a, delta)))))????;
        let of_input = of_input.map(|numbers| tensor(numbers, x.shape())).transpose()?;
        Ok((of_input, tensor(of_weight, w.shape())?, tensor(of_bias, outputs)?))
    }
}

/// The kernel that takes gradients back: each position of `weight` `[positions, inputs, outputs]` transposed, the last one first.
fn turned<T: Element>(weight: &[T], inputs: usize, outputs: usize) -> Vec<T> {
    let mut turned = vec![T::of(0.0); weight.len()];
    for (from, to) in weight.chunks_exact(inputs * outputs).rev().zip(turned.chunks_exact_mut(inputs * outputs)) {
        transpose(from, outputs, 0..outputs, to);
    }
    turned
}
