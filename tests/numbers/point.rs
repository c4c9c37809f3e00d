//! A point in the plane of weights that an optimizer can move without a network around it.

use gradsweep::ops::Element;
use gradsweep::ops::block::Role;
use gradsweep::optim::Parameters;
use std::cell::RefCell;
use std::ops::Range;

/// Weights that are no network's.
pub struct Point<T>(RefCell<Vec<T>>);

impl<T: Element> Point<T> {
    pub fn new(weights: Vec<T>) -> Self {
        Point(RefCell::new(weights))
    }

    pub fn read(&self) -> Vec<T> {
        self.0.borrow().clone()
    }

    pub fn write(&self, weights: Vec<T>) {
        *self.0.borrow_mut() = weights;
    }
}

impl<T: Element> Parameters<T> for Point<T> {
    fn segments(&self) -> Vec<(Role, Range<usize>)> {
        vec![(Role::Weight, 0..self.0.borrow().len())]
    }

    fn rewrite(&self, mut change: impl FnMut(&mut [T])) -> candle_core::Result<()> {
        change(&mut self.0.borrow_mut());
        Ok(())
    }
}
