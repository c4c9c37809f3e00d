//! Convolution of images as one CPU op with its own backward. candle's own backward of a convolution takes several times as long on
//! a CPU.
//!
//! Images lie channels last, `[rows, positions, channels]`, positions row by row, so that the channels of a position fill registers
//! and what comes out is laid out as what went in.

mod direct;

use super::columns::{add, column_sums};
use super::{Element, contiguous, tensor, with_slice};
use candle_core::{CpuStorage, CustomOp2, CustomOp3, DType, Layout, Result, Shape, Tensor};
use direct::{Reading, add_sums, add_weight_gradient, in_blocks};

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

    /// The position of the image that stands at this row and column, which may lie beyond the border; `None` where zeros are.
    fn source(&self, row: isize, column: isize) -> Option<usize> {
        let along = |place: isize, size: usize| match self.padding {
            Padding::Circular => Some(place.rem_euclid(size as isize) as usize),
            Padding::Zero => usize::try_from(place).ok().filter(|place| *place < size),
        };
        Some(along(row, self.height)? * self.width + along(column, self.width)?)
    }

    /// The position that each entry of the kernel reads, row by row, at each position that is computed; `None` beyond a border of
    /// zeros.
    pub fn taps(&self) -> Vec<Option<usize>> {
        let place = |at: usize, tap: usize| (at * self.stride + tap) as isize - (self.kernel / 2) as isize;
        let [height, width] = self.output();
        let mut taps = Vec::with_capacity(height * width * self.kernel * self.kernel);
        for at in 0..height * width {
            for tap in 0..self.kernel * self.kernel {
                taps.push(self.source(place(at / width, tap / self.kernel), place(at % width, tap % self.kernel)));
            }
        }
        taps
    }
}

/// `x` `[rows, positions, inputs]` convolved with the weight `[kernel, kernel, inputs, outputs]`, plus a bias `[outputs]`.
///
/// # Errors
/// When the shapes do not fit, or what candle reports.
pub fn convolve(convolution: &Convolution, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let op = FusedConvolution(*convolution);
    match bias {
        Some(bias) => x.contiguous()?.apply_op3(weight, bias, op),
        None => x.contiguous()?.apply_op2(weight, op),
    }
}

struct FusedConvolution(Convolution);

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

    fn bwd(&self, x: &Tensor, w: &Tensor, _: &Tensor, delta: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (of_input, of_weight, _) = self.backward(x, w, delta)?;
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
        _: &Tensor,
        delta: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (of_input, of_weight, of_bias) = self.backward(x, w, delta)?;
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

    fn backward(&self, x: &Tensor, w: &Tensor, delta: &Tensor) -> Result<Gradients> {
        let delta = delta.contiguous()?;
        match x.dtype() {
            DType::F32 => self.backward_in::<f32>(x, w, &delta),
            _ => self.backward_in::<f64>(x, w, &delta),
        }
    }

    fn forward_in<T: Element>(&self, x: Stored, w: Stored, bias: Option<Stored>) -> Result<(CpuStorage, Shape)> {
        let FusedConvolution(Convolution { inputs, outputs, .. }) = *self;
        let [read, computed] = self.0.positions();
        let (numbers, weight) = (contiguous::<T>(x.0, x.1)?, contiguous::<T>(w.0, w.1)?);
        let rows = numbers.len() / (read * inputs);
        if numbers.len() != rows * read * inputs || weight.len() != self.0.fan_in() * outputs {
            candle_core::bail!("images {:?} and a kernel {:?} do not fit {:?}", x.1.shape(), w.1.shape(), self.0);
        }
        let mut out = match bias {
            Some((bias, at)) => contiguous::<T>(bias, at)?.repeat(rows * computed),
            None => vec![T::of(0.0); rows * computed * outputs],
        };
        if out.len() != rows * computed * outputs {
            candle_core::bail!("the bias does not fit {:?}", self.0);
        }
        let (reading, weight, mut bordered) = (Reading::forward(&self.0), in_blocks(weight, outputs), Vec::new());
        for images in reading.parts(rows) {
            reading.border(&numbers[images.start * read * inputs..images.end * read * inputs], &mut bordered);
            let out = &mut out[images.start * computed * outputs..images.end * computed * outputs];
            add_sums(&reading, &bordered, &weight, outputs, out);
        }
        Ok((T::to_cpu_storage_owned(out), Shape::from((rows, computed, outputs))))
    }

    fn backward_in<T: Element>(&self, x: &Tensor, w: &Tensor, delta: &Tensor) -> Result<Gradients> {
        let FusedConvolution(Convolution { inputs, outputs, .. }) = *self;
        let ([read, computed], rows) = (self.0.positions(), x.dim(0)?);
        let zeros = |count: usize| vec![T::of(0.0); count];
        let (mut of_weight, mut of_bias, mut sums) = (zeros(self.0.fan_in() * outputs), zeros(outputs), zeros(outputs));
        // What is no variable and comes from none, as the data does, needs no gradient.
        let mut of_input = x.track_op().then(|| zeros(x.elem_count()));
        let reading = Reading::forward(&self.0);
        let mut bordered = Vec::new();
        let mut of_parameters = |x: &[T], delta: &[T]| {
            for images in reading.parts(rows) {
                let delta = &delta[images.start * computed * outputs..images.end * computed * outputs];
                // Sum by sum: one long sum in f32 would lose digits.
                column_sums(delta, &mut sums);
                add(&sums, &mut of_bias);
                reading.border(&x[images.start * read * inputs..images.end * read * inputs], &mut bordered);
                add_weight_gradient(&reading, &bordered, &in_blocks(delta, outputs), outputs, &mut of_weight);
            }
        };
        with_slice(x, |x| with_slice(delta, |delta| of_parameters(x, delta)))??;
        let of_input_of = |w: &[T], delta: &[T], out: &mut [T]| {
            let (reading, mut bordered) = (Reading::backward(&self.0), Vec::new());
            let turned = turned_round(w, inputs, outputs);
            let weight = in_blocks(&turned, inputs);
            for images in reading.parts(rows) {
                reading
                    .border(&delta[images.start * computed * outputs..images.end * computed * outputs], &mut bordered);
                let out = &mut out[images.start * read * inputs..images.end * read * inputs];
                add_sums(&reading, &bordered, &weight, inputs, out);
            }
        };
        if let Some(out) = &mut of_input {
            with_slice(w, |w| with_slice(delta, |delta| of_input_of(w, delta, out)))??;
        }
        let of_input = of_input.map(|numbers| tensor(numbers, x.shape())).transpose()?;
        Ok((of_input, tensor(of_weight, w.shape())?, tensor(of_bias, outputs)?))
    }
}

/// A kernel `[taps, inputs, outputs]` from its last tap to its first, `[taps, outputs, inputs]`.
fn turned_round<T: Element>(weight: &[T], inputs: usize, outputs: usize) -> Vec<T> {
    let taps = weight.chunks_exact(inputs * outputs).rev();
    taps.flat_map(|tap| (0..outputs * inputs).map(|k| tap[k % inputs * outputs + k / inputs])).collect()
}
