//! The products of a convolution, read straight from framed images: the sums of a few positions and a few channels at a time stay in
//! registers. Each sum is taken in the same order whatever the tile, so that all instruction sets give the same bits.

use crate::ops::kernel::kernel;
use crate::real::Real;

/// Channels of a tile.
pub(super) const WIDE: usize = 16;

/// Positions that are summed at a time: one long sum in f32 would lose digits, and these stay in a core's smallest cache.
const POSITIONS: usize = 128;

/// What a kernel sees of a framed image from its corner on: so many rows, each a run of numbers, with this stride.
#[derive(Clone, Copy)]
pub(super) struct Reach {
    pub rows: usize,
    pub run: usize,
    pub stride: usize,
}

/// Runs `$body` with `$R` the number of positions (or numbers of the kernel) of a tile: its sums fill the registers of AVX2.
macro_rules! with_rows {
    ($T:ty, $R:ident => $body:expr) => {
        if size_of::<$T>() == 4 {
            const $R: usize = 6;
            $body
        } else {
            const $R: usize = 2;
            $body
        }
    };
}

/// A weight `[fan-in, columns]` as [`convolve`] reads it: tile after tile of columns, the last one filled up with zeros.
pub(super) fn panels<T: Real>(weight: &[T], columns: usize) -> Vec<[T; WIDE]> {
    let mut panels = Vec::with_capacity(weight.len().div_ceil(WIDE));
    for from in (0..columns).step_by(WIDE) {
        for row in weight.chunks_exact(columns) {
            let own = &row[from..columns.min(from + WIDE)];
            let mut wide = [T::of(0.0); WIDE];
            wide[..own.len()].copy_from_slice(own);
            panels.push(wide);
        }
    }
    panels
}

kernel! {
    /// `out` `[positions, columns]`, what a kernel sees of framed images from each corner times the weight in `panels`.
    pub(super) fn convolve<T>(
        reach: Reach,
        framed: &[T],
        corners: &[usize],
        panels: &[[T; WIDE]],
        columns: usize,
        out: &mut [T],
    ) {
        for (weight, from) in panels.chunks_exact(reach.rows * reach.run).zip((0..columns).step_by(WIDE)) {
            with_rows!(T, R => {
                for first in (0..corners.len()).step_by(R) {
                    // At the end some positions once more, which are then the same, rather than fewer at a time.
                    let at = first.min(corners.len().saturating_sub(R));
                    let out = &mut out[at * columns..];
                    match corners[at..].first_chunk::<R>() {
                        Some(corners) => tile(reach, framed, corners, weight, columns, from, out),
                        None => {
                            for (corner, out) in corners.iter().zip(out.chunks_exact_mut(columns)) {
                                tile(reach, framed, &[*corner], weight, columns, from, out);
                            }
                        }
                    }
                }
            });
        }
    }
}

/// The columns of a tile in some rows of `out`.
#[inline(always)]
fn tile<T: Real, const R: usize>(
    reach: Reach,
    framed: &[T],
    corners: &[usize; R],
    weight: &[[T; WIDE]],
    columns: usize,
    from: usize,
    out: &mut [T],
) {
    let mut sums = [[T::of(0.0); WIDE]; R];
    add_row_products(reach, framed, corners, weight, &mut sums);
    let count = WIDE.min(columns - from);
    for (sums, out) in sums.iter().zip(out.chunks_exact_mut(columns)) {
        out[from..][..count].copy_from_slice(&sums[..count]);
    }
}

#[inline(always)]
fn add_row_products<T: Real, const R: usize>(
    reach: Reach,
    framed: &[T],
    corners: &[usize; R],
    weight: &[[T; WIDE]],
    to: &mut [[T; WIDE]; R],
) {
    let mut sums = *to;
    for row in 0..reach.rows {
        // Not by `map`, which is compiled apart: the compiler would no longer know how long they are.
        let mut seen = [&framed[..0]; R];
        for r in 0..R {
            seen[r] = &framed[corners[r] + row * reach.stride..][..reach.run];
        }
        let weight = &weight[row * reach.run..][..reach.run];
        for (j, weight) in weight.iter().enumerate() {
            let weight = *weight;
            for r in 0..R {
                let x = seen[r][j];
                for k in 0..WIDE {
                    sums[r][k] = x.mul_add(weight[k], sums[r][k]);
                }
            }
        }
    }
    *to = sums;
}

kernel! {
    /// Adds to `out` `[fan-in, columns]` the products of what a kernel sees of framed images from each corner and the numbers of `deltas` from
    /// each of `places` on.
    pub(super) fn add_products<T>(
        reach: Reach,
        framed: &[T],
        corners: &[usize],
        deltas: &[T],
        places: &[usize],
        columns: usize,
        out: &mut [T],
    ) {
        for (corners, places) in corners.chunks(POSITIONS).zip(places.chunks(POSITIONS)) {
            for from in (0..columns).step_by(WIDE) {
                for (row, out) in out.chunks_exact_mut(reach.run * columns).enumerate() {
                    let (seen, deltas) = (&framed[row * reach.stride..], &deltas[from..]);
                    with_rows!(T, R => {
                        let whole = reach.run - reach.run % R;
                        for j in (0..whole).step_by(R) {
                            let out = &mut out[j * columns..];
                            products::<T, R>(&seen[j..], corners, deltas, places, columns, from, out);
                        }
                        for j in whole..reach.run {
                            let out = &mut out[j * columns..];
                            products::<T, 1>(&seen[j..], corners, deltas, places, columns, from, out);
                        }
                    });
                }
            }
        }
    }
}

/// Adds to the columns of a tile in the first rows of `out`.
#[inline(always)]
fn products<T: Real, const R: usize>(
    seen: &[T],
    corners: &[usize],
    deltas: &[T],
    places: &[usize],
    columns: usize,
    from: usize,
    out: &mut [T],
) {
    let mut sums = [[T::of(0.0); WIDE]; R];
    add_column_products(seen, corners, deltas, places, &mut sums);
    let count = WIDE.min(columns - from);
    for (sums, out) in sums.iter().zip(out.chunks_exact_mut(columns)) {
        for (out, sum) in out[from..][..count].iter_mut().zip(sums) {
            *out += *sum;
        }
    }
}

#[inline(always)]
fn add_column_products<T: Real, const R: usize>(
    seen: &[T],
    corners: &[usize],
    deltas: &[T],
    places: &[usize],
    to: &mut [[T; WIDE]; R],
) {
    let mut sums = *to;
    for (corner, place) in corners.iter().zip(places) {
        let seen: &[T; R] = seen[*corner..].first_chunk().expect("a kernel's row");
        let delta: [T; WIDE] = *deltas[*place..].first_chunk().expect("a tile of a frame");
        for r in 0..R {
            for k in 0..WIDE {
                sums[r][k] = seen[r].mul_add(delta[k], sums[r][k]);
            }
        }
    }
    *to = sums;
}
