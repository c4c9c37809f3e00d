//! Images with a border as wide as half a kernel around them: what a kernel sees from anywhere is then whole stretches of numbers.

use super::Convolution;
use super::tiles::{Reach, WIDE};
use crate::ops::Element;

/// Positions side by side that are copied together.
struct Stretch {
    /// Where they begin in the image.
    from: usize,
    /// Where they begin in the framed image.
    to: usize,
    count: usize,
}

/// Some images in their frames, one after the other.
pub(super) struct Frame<T> {
    convolution: Convolution,
    channels: usize,
    stretches: Vec<Stretch>,
    /// Zero wherever no image is copied to.
    numbers: Vec<T>,
}

impl<T: Element> Frame<T> {
    /// For the images that a convolution reads.
    pub fn of_inputs(convolution: Convolution) -> Self {
        Self::new(convolution, convolution.inputs, 1)
    }

    /// For the images that it computes, each position at the place around which its kernel stands, with zeros between them where it
    /// leaves out some.
    pub fn of_outputs(convolution: Convolution) -> Self {
        Self::new(convolution, convolution.outputs, convolution.stride)
    }

    fn new(convolution: Convolution, channels: usize, stride: usize) -> Self {
        let mut stretches: Vec<Stretch> = Vec::new();
        let columns = convolution.width.div_ceil(stride);
        let [_, width] = convolution.framed();
        for to in 0..convolution.framed().iter().product() {
            let place = convolution.place(to / width, to % width);
            let Some([row, column]) = place.filter(|place| place.iter().all(|at| at % stride == 0)) else { continue };
            let from = row / stride * columns + column / stride;
            match stretches.last_mut() {
                Some(last) if last.from + last.count == from && last.to + last.count == to => last.count += 1,
                _ => stretches.push(Stretch { from, to, count: 1 }),
            }
        }
        Frame { convolution, channels, stretches, numbers: Vec::new() }
    }

    /// Numbers of a framed image.
    fn size(&self) -> usize {
        self.convolution.framed().iter().product::<usize>() * self.channels
    }

    /// What a kernel sees.
    pub fn reach(&self) -> Reach {
        let ([_, width], kernel) = (self.convolution.framed(), self.convolution.kernel);
        Reach { rows: kernel, run: kernel * self.channels, stride: width * self.channels }
    }

    /// Where in `count` framed images the kernel begins that stands around every so manyth row and column.
    pub fn corners(&self, count: usize, stride: usize) -> Vec<usize> {
        let Convolution { height, width, .. } = self.convolution;
        let [_, framed] = self.convolution.framed();
        let mut all = Vec::new();
        for image in 0..count {
            for row in (0..height).step_by(stride) {
                let columns = (0..width).step_by(stride);
                all.extend(columns.map(|column| image * self.size() + (row * framed + column) * self.channels));
            }
        }
        all
    }

    /// From the corner of a kernel to its centre.
    pub fn centre(&self) -> usize {
        let ([_, width], margin) = (self.convolution.framed(), self.convolution.kernel / 2);
        (margin * width + margin) * self.channels
    }

    /// These images, framed; a tile may be read from any position.
    pub fn fill(&mut self, images: &[T], count: usize) -> &[T] {
        let (size, channels) = (self.size(), self.channels);
        self.numbers.resize(count * size + WIDE, T::of(0.0));
        let framed = self.numbers.chunks_exact_mut(size);
        for (image, framed) in images.chunks_exact((images.len() / count).max(1)).zip(framed) {
            for Stretch { from, to, count } in &self.stretches {
                let numbers = count * channels;
                framed[to * channels..][..numbers].copy_from_slice(&image[from * channels..][..numbers]);
            }
        }
        &self.numbers
    }
}
