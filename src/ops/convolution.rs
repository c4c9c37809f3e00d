//! Convolution of images as one CPU op with its own backward: the patches that a kernel sees side by side in rows (im2col), then
//! one matrix product. candle's own backward of a convolution takes several times as long on a CPU.
//!
//! Images lie channels last, `[rows, positions, channels]`, positions row by row, so that a patch consists of whole stretches of an
//! image and what comes out is laid out as what went in.

mod patches;

use super::columns::{add, column_sums};
use super::gemm::{Matrix, add_product};
use super::{Element, contiguous, tensor, with_slice};
use candle_core::{CpuStorage, CustomOp2, CustomOp3, DType, Layout, Result, Shape, Tensor};
use patches::Patches;

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
        let along = |at: usize, tap: usize, size: usize| {
            let place = (at * self.stride + tap) as isize - (self.kernel / 2) as isize;
            match self.padding {
                Padding::Circular => Some(place.rem_euclid(size as isize) as usize),
                Padding::Zero => usize::try_from(place).ok().filter(|place| *place < size),
            }
        };
        let [height, width] = self.output();
        let mut taps = Vec::with_capacity(height * width * self.kernel * self.kernel);
        for at in 0..height * width {
            for tap in 0..self.kernel * self.kernel {
                let row = along(at / width, tap / self.kernel, self.height);
                let column = along(at % width, tap % self.kernel, self.width);
                taps.push(row.zip(column).map(|(row, column)| row * self.width + column));
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
        let mut patches = Patches::<T>::new(self.0);
        for images in patches.parts(rows) {
            let patches = patches.of(&numbers[images.start * read * inputs..images.end * read * inputs]);
            let out = &mut out[images.start * computed * outputs..images.end * computed * outputs];
            add_product(patches, Matrix::new(weight, self.0.fan_in(), outputs), out);
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
        let mut patches = Patches::<T>::new(self.0);
        let mut pass = |x: &[T], w: &[T], delta: &[T]| {
            let weight = Matrix::new(w, self.0.fan_in(), outputs);
            for images in patches.parts(rows) {
                let delta = &delta[images.start * computed * outputs..images.end * computed * outputs];
                // Sum by sum: one long sum in f32 would lose digits.
                column_sums(delta, &mut sums);
                add(&sums, &mut of_bias);
                let delta = Matrix::new(delta, delta.len() / outputs, outputs);
                let images = images.start * read * inputs..images.end * read * inputs;
                add_product(patches.of(&x[images.clone()]).t(), delta, &mut of_weight);
                if let Some(of_input) = &mut of_input {
                    patches.add_gradient(delta, weight, &mut of_input[images]);
                }
            }
        };
        with_slice(x, |x| with_slice(w, |w| with_slice(delta, |delta| pass(x, w, delta))))???;
        let of_input = of_input.map(|numbers| tensor(numbers, x.shape())).transpose()?;
        Ok((of_input, tensor(of_weight, w.shape())?, tensor(of_bias, outputs)?))
    }
}
