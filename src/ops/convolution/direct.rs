//! The sums of a convolution, taken where the images stand with a border around them: some positions at a time times some channels,
//! as many as fit in registers.
//!
//! Every number is summed in the same order whatever the width of the registers.

use super::Convolution;
use crate::ops::kernel::{Width, kernel, width};
use crate::ops::registers::{Eight, Four, MOST, Sums};
use crate::real::Real;
use std::borrow::Cow;
use std::ops::Range;

/// Positions that are taken at a time: few enough that images, outputs and gradients stay in a core's own cache, and that a sum in
/// f32 loses no digits.
const POSITIONS: usize = 512;

/// Channels that are summed side by side: a register of 64 bytes.
const fn lanes<T>() -> usize {
    64 / size_of::<T>()
}

/// Where a convolution reads images that have a border.
pub(super) struct Reading {
    /// Where the first tap of each position stands.
    starts: Vec<usize>,
    /// How far from it each tap stands.
    taps: Vec<usize>,
    /// Channels, and positions with and without the border.
    channels: usize,
    bordered: usize,
    read: usize,
    stretches: Vec<Stretch>,
}

/// Positions side by side in an image and in its bordered copy.
struct Stretch {
    from: usize,
    to: usize,
    count: usize,
}

impl Reading {
    /// Of the images that the convolution reads.
    pub fn forward(convolution: &Convolution) -> Self {
        Self::new(convolution, 1)
    }

    /// Of the gradient of what it computes: that of its input is a convolution of it, with the kernel turned round and zeros at the
    /// positions that are not computed.
    pub fn backward(convolution: &Convolution) -> Self {
        let Convolution { inputs, outputs, stride, .. } = *convolution;
        Self::new(&Convolution { inputs: outputs, outputs: inputs, stride: 1, ..*convolution }, stride)
    }

    /// Only every so manyth row and column of the images is given.
    fn new(convolution: &Convolution, given: usize) -> Self {
        let Convolution { height, width, inputs, kernel, stride, .. } = *convolution;
        let reach = kernel / 2;
        let [rows, columns] = [height, width].map(|size| size + 2 * reach);
        let mut stretches: Vec<Stretch> = Vec::new();
        for to in 0..rows * columns {
            let place = |at: usize| at as isize - reach as isize;
            let Some(at) = convolution.source(place(to / columns), place(to % columns)) else { continue };
            let (row, column) = (at / width, at % width);
            if row % given > 0 || column % given > 0 {
                continue;
            }
            let from = row / given * width.div_ceil(given) + column / given;
            match stretches.last_mut() {
                Some(last) if last.from + last.count == from && last.to + last.count == to => last.count += 1,
                _ => stretches.push(Stretch { from, to, count: 1 }),
            }
        }
        let across = convolution.output()[1];
        let computed = convolution.positions()[1];
        Reading {
            starts: (0..computed).map(|at| (at / across * columns + at % across) * stride).collect(),
            taps: (0..kernel * kernel).map(|tap| tap / kernel * columns + tap % kernel).collect(),
            channels: inputs,
            bordered: rows * columns,
            read: height.div_ceil(given) * width.div_ceil(given),
            stretches,
        }
    }

    /// So many images, in parts that are taken at a time.
    pub fn parts(&self, images: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let most = (POSITIONS / self.bordered).max(1);
        (0..images).step_by(most).map(move |first| first..images.min(first + most))
    }

    /// The images with their border, in `bordered`, whose border stays what it is.
    pub fn border<T: Real>(&self, images: &[T], bordered: &mut Vec<T>) {
        let (read, size) = (self.read * self.channels, self.bordered * self.channels);
        bordered.resize(images.len() / read * size, T::of(0.0));
        for (image, bordered) in images.chunks_exact(read).zip(bordered.chunks_exact_mut(size)) {
            for Stretch { from, to, count } in &self.stretches {
                let numbers = &image[from * self.channels..][..count * self.channels];
                bordered[to * self.channels..][..numbers.len()].copy_from_slice(numbers);
            }
        }
    }

    /// Where the first tap of a position stands, all images' positions counted through.
    #[inline(always)]
    fn start(&self, position: usize) -> usize {
        let computed = self.starts.len();
        (position / computed * self.bordered + self.starts[position % computed]) * self.channels
    }
}

/// The rows `[count, channels]` as `[blocks, count, lanes]`, the last block filled up with zeros.
pub(super) fn in_blocks<T: Real>(rows: &[T], channels: usize) -> Cow<'_, [T]> {
    let lanes = lanes::<T>();
    if channels == lanes {
        return Cow::Borrowed(rows);
    }
    let count = rows.len() / channels;
    let mut blocks = vec![T::of(0.0); channels.div_ceil(lanes) * lanes * count];
    for (block, out) in blocks.chunks_exact_mut(count * lanes).enumerate() {
        for (row, out) in rows.chunks_exact(channels).zip(out.chunks_exact_mut(lanes)) {
            let own = &row[block * lanes..channels.min((block + 1) * lanes)];
            out[..own.len()].copy_from_slice(own);
        }
    }
    Cow::Owned(blocks)
}

kernel! {
    /// `out[p] += sum over taps and channels of image[p + tap][channel] W[tap][channel]` for `out` `[positions, outputs]`; the
    /// weights stand in blocks.
    pub(super) fn add_sums<T>(by: &Reading, bordered: &[T], weight: &[T], outputs: usize, out: &mut [T]) {
        match (size_of::<T>(), width()) {
            (4, Width::Avx512) => sums::<T, Eight<T, 16>, 16>(by, bordered, weight, outputs, out),
            (4, _) => sums::<T, Four<T, 16>, 16>(by, bordered, weight, outputs, out),
            (_, Width::Avx512) => sums::<T, Eight<T, 8>, 8>(by, bordered, weight, outputs, out),
            _ => sums::<T, Four<T, 8>, 8>(by, bordered, weight, outputs, out),
        }
    }
}

#[inline(always)]
fn sums<T: Real, S: Sums<T, LANES>, const LANES: usize>(
    by: &Reading,
    bordered: &[T],
    weight: &[T],
    outputs: usize,
    out: &mut [T],
) {
    let channels = by.channels;
    let positions = out.len() / outputs;
    for first in (0..positions).step_by(S::COUNT) {
        // What lies beyond the last position is summed too, and not kept.
        let mut starts = [0; MOST];
        for (r, start) in starts.iter_mut().enumerate() {
            *start = by.start((first + r % S::COUNT).min(positions - 1));
        }
        for (block, weight) in weight.chunks_exact(by.taps.len() * channels * LANES).enumerate() {
            let mut sums = S::zero();
            for (tap, weight) in by.taps.iter().zip(weight.chunks_exact(channels * LANES)) {
                let mut read: [&[T]; MOST] = [&[]; MOST];
                for (read, start) in read.iter_mut().zip(starts) {
                    *read = &bordered[start + tap * channels..][..channels];
                }
                for (channel, weight) in weight.as_chunks::<LANES>().0.iter().enumerate() {
                    sums = sums.plus(|r| read[r][channel], weight);
                }
            }
            add_to_rows(&sums, &mut out[first * outputs..], outputs, block);
        }
    }
}

/// Adds each sum to its row's part of this block.
#[inline(always)]
fn add_to_rows<T: Real, S: Sums<T, LANES>, const LANES: usize>(sums: &S, out: &mut [T], outputs: usize, block: usize) {
    let (from, to) = (block * LANES, outputs.min((block + 1) * LANES));
    for (sums, row) in sums.each().zip(out.chunks_exact_mut(outputs)) {
        row[from..to].iter_mut().zip(sums).for_each(|(out, sum)| *out += *sum);
    }
}

kernel! {
    /// `out[tap][channel] += sum over positions of image[p + tap][channel] delta[p]` for `out` `[taps, channels, outputs]`;
    /// delta `[positions, outputs]` stands in blocks.
    pub(super) fn add_weight_gradient<T>(by: &Reading, bordered: &[T], delta: &[T], outputs: usize, out: &mut [T]) {
        match (size_of::<T>(), width()) {
            (4, Width::Avx512) => weight_gradient::<T, Eight<T, 16>, 16>(by, bordered, delta, outputs, out),
            (4, _) => weight_gradient::<T, Four<T, 16>, 16>(by, bordered, delta, outputs, out),
            (_, Width::Avx512) => weight_gradient::<T, Eight<T, 8>, 8>(by, bordered, delta, outputs, out),
            _ => weight_gradient::<T, Four<T, 8>, 8>(by, bordered, delta, outputs, out),
        }
    }
}

#[inline(always)]
fn weight_gradient<T: Real, S: Sums<T, LANES>, const LANES: usize>(
    by: &Reading,
    bordered: &[T],
    delta: &[T],
    outputs: usize,
    out: &mut [T],
) {
    let blocks = outputs.div_ceil(LANES);
    for (block, delta) in delta.chunks_exact(delta.len() / blocks).enumerate() {
        let delta = delta.as_chunks::<LANES>().0;
        for (tap, at) in by.taps.iter().enumerate() {
            let mut channel = 0;
            while channel < by.channels {
                let bordered = &bordered[at * by.channels + channel..];
                let out = &mut out[(tap * by.channels + channel) * outputs..];
                if by.channels - channel < S::COUNT {
                    add_to_rows(&over_positions::<T, [[T; LANES]; 1], LANES>(by, bordered, delta), out, outputs, block);
                    channel += 1;
                } else {
                    add_to_rows(&over_positions::<T, S, LANES>(by, bordered, delta), out, outputs, block);
                    channel += S::COUNT;
                }
            }
        }
    }
}

/// The sums over all positions of so many channels, with the first of which `bordered` begins, times delta.
#[inline(always)]
fn over_positions<T: Real, S: Sums<T, LANES>, const LANES: usize>(
    by: &Reading,
    bordered: &[T],
    delta: &[[T; LANES]],
) -> S {
    let mut sums = S::zero();
    for (image, delta) in delta.chunks_exact(by.starts.len()).enumerate() {
        let image = &bordered[image * by.bordered * by.channels..];
        for (start, delta) in by.starts.iter().zip(delta) {
            let read = &image[start * by.channels..][..S::COUNT];
            sums = sums.plus(|r| read[r], delta);
        }
    }
    sums
}
