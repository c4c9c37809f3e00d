//! The patches that a kernel sees, side by side in rows: copied from the images, and their gradient added back to that of the images.

use super::Convolution;
use crate::ops::Element;
use crate::ops::gemm::{Matrix, multiply};
use crate::ops::kernel::kernel;
use std::ops::Range;

/// Numbers in the patches that are made at a time: few enough for a core's own cache.
const PATCHES: usize = 1 << 15;

/// Positions side by side that a patch takes from an image.
struct Stretch {
    /// Where they begin in the image.
    from: usize,
    /// Where they go, in the patches of all positions one after the other.
    to: usize,
    count: usize,
}

/// The patches of some images, `[images * positions, fan-in]`.
pub(super) struct Patches<T> {
    convolution: Convolution,
    stretches: Vec<Stretch>,
    /// Zero beyond the border, which no image overwrites.
    numbers: Vec<T>,
    /// The gradient with respect to them.
    gradient: Vec<T>,
}

impl<T: Element> Patches<T> {
    pub fn new(convolution: Convolution) -> Self {
        Patches { convolution, stretches: stretches(&convolution), numbers: Vec::new(), gradient: Vec::new() }
    }

    /// Numbers in the patches of one image.
    fn size(&self) -> usize {
        self.convolution.positions()[1] * self.convolution.fan_in()
    }

    /// So many images, in parts whose patches are made at a time.
    pub fn parts(&self, rows: usize) -> impl Iterator<Item = Range<usize>> + use<T> {
        let most = (PATCHES / self.size()).max(1);
        (0..rows).step_by(most).map(move |first| first..rows.min(first + most))
    }

    /// Those of these images.
    pub fn of(&mut self, images: &[T]) -> Matrix<'_, T> {
        let Convolution { height, width, inputs, .. } = self.convolution;
        let (read, size) = (height * width * inputs, self.size());
        self.numbers.resize(images.len() / read * size, T::of(0.0));
        for (image, patches) in images.chunks_exact(read).zip(self.numbers.chunks_exact_mut(size)) {
            gather(&self.stretches, inputs, image, patches);
        }
        let fan_in = self.convolution.fan_in();
        Matrix::new(&self.numbers, self.numbers.len() / fan_in, fan_in)
    }

    /// Adds the gradient of images to `out`, from that of what is computed of them.
    pub fn add_gradient(&mut self, delta: Matrix<T>, weight: Matrix<T>, out: &mut [T]) {
        let Convolution { height, width, inputs, .. } = self.convolution;
        let (read, size) = (height * width * inputs, self.size());
        self.gradient.resize(out.len() / read * size, T::of(0.0));
        multiply(delta, weight.t(), &mut self.gradient);
        for (image, patches) in out.chunks_exact_mut(read).zip(self.gradient.chunks_exact(size)) {
            scatter(&self.stretches, inputs, patches, image);
        }
    }
}

/// The taps of one image, as stretches.
fn stretches(convolution: &Convolution) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for (to, from) in convolution.taps().into_iter().enumerate() {
        let Some(from) = from else { continue };
        match all.last_mut() {
            Some(last) if last.from + last.count == from && last.to + last.count == to => last.count += 1,
            _ => all.push(Stretch { from, to, count: 1 }),
        }
    }
    all
}

kernel! {
    /// Copies the stretches of an image to where they stand in its patches.
    fn gather<T>(stretches: &[Stretch], channels: usize, image: &[T], patches: &mut [T]) {
        for stretch in stretches {
            let count = stretch.count * channels;
            let from = &image[stretch.from * channels..][..count];
            patches[stretch.to * channels..][..count].copy_from_slice(from);
        }
    }
}

kernel! {
    /// Adds the gradients of an image's stretches to that of the image.
    fn scatter<T>(stretches: &[Stretch], channels: usize, patches: &[T], image: &mut [T]) {
        for stretch in stretches {
            let count = stretch.count * channels;
            let sum = &mut image[stretch.from * channels..][..count];
            for (sum, x) in sum.iter_mut().zip(&patches[stretch.to * channels..][..count]) {
                *sum += *x;
            }
        }
    }
}
