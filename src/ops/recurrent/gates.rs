//! The gates of one row, side by side in memory.

/// The first N stretches of `width` numbers.
#[inline(always)]
pub(super) fn of<T, const N: usize>(row: &[T], width: usize) -> [&[T]; N] {
    std::array::from_fn(|gate| &row[gate * width..][..width])
}

/// The same to write to, apart from each other.
#[inline(always)]
pub(super) fn of_mut<T, const N: usize>(row: &mut [T], width: usize) -> [&mut [T]; N] {
    let mut rest = row;
    std::array::from_fn(|_| {
        let (own, others) = std::mem::take(&mut rest).split_at_mut(width);
        rest = others;
        own
    })
}
