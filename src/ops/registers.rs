//! Sums of products that stay in registers while a loop adds to them: the inner part of a matrix product.

use crate::real::Real;

/// Some sums of `LANES` numbers each, as many as the registers of a CPU hold.
pub trait Sums<T, const LANES: usize>: Copy {
    const COUNT: usize;

    fn zero() -> Self;

    /// With `x(r) numbers` added to sum r.
    fn plus(self, x: impl Fn(usize) -> T, numbers: &[T; LANES]) -> Self;

    fn each<'a>(&'a self) -> impl Iterator<Item = &'a [T; LANES]>
    where
        T: 'a;
}

/// For a few: an array of more than about four the compiler leaves in memory.
impl<T: Real, const LANES: usize, const COUNT: usize> Sums<T, LANES> for [[T; LANES]; COUNT] {
    const COUNT: usize = COUNT;

    #[inline(always)]
    fn zero() -> Self {
        [[T::of(0.0); LANES]; COUNT]
    }

    #[inline(always)]
    fn plus(self, x: impl Fn(usize) -> T, numbers: &[T; LANES]) -> Self {
        let mut sums = self;
        for (r, sums) in sums.iter_mut().enumerate() {
            let x = x(r);
            for (sum, number) in sums.iter_mut().zip(numbers) {
                *sum = x.mul_add(*number, *sum);
            }
        }
        sums
    }

    #[inline(always)]
    fn each<'a>(&'a self) -> impl Iterator<Item = &'a [T; LANES]>
    where
        T: 'a,
    {
        self.iter()
    }
}

/// Twice as many.
impl<T: Real, const LANES: usize, S: Sums<T, LANES>> Sums<T, LANES> for (S, S) {
    const COUNT: usize = 2 * S::COUNT;

    #[inline(always)]
    fn zero() -> Self {
        (S::zero(), S::zero())
    }

    #[inline(always)]
    fn plus(self, x: impl Fn(usize) -> T, numbers: &[T; LANES]) -> Self {
        (self.0.plus(&x, numbers), self.1.plus(|r| x(r + S::COUNT), numbers))
    }

    #[inline(always)]
    fn each<'a>(&'a self) -> impl Iterator<Item = &'a [T; LANES]>
    where
        T: 'a,
    {
        self.0.each().chain(self.1.each())
    }
}

/// What 16 registers of 32 bytes hold, and 32 of 64; a number of `LANES` is a register or two.
pub type Four<T, const LANES: usize> = [[T; LANES]; 4];
pub type Eight<T, const LANES: usize> = (Four<T, LANES>, Four<T, LANES>);
/// The most that there are.
pub const MOST: usize = 8;
