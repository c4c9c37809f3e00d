//! Blocks in order, and where the parameters of each stand in the packed vector of the whole network.

use super::block::{Block, Role};
use std::ops::Range;

/// A network's blocks; each one's outputs are the next one's inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    blocks: Vec<Block>,
    /// Where each block's parameters start, and after the last where they end.
    starts: Vec<usize>,
}

impl Chain {
    /// # Panics
    /// When a block's outputs do not fit the next one's inputs.
    pub fn new(blocks: Vec<Block>) -> Self {
        for pair in blocks.windows(2) {
            assert_eq!(pair[0].outputs, pair[1].inputs, "a block's outputs are the next one's inputs");
        }
        let mut starts = vec![0];
        starts.extend(blocks.iter().scan(0, |end, block| {
            *end += block.parameter_count();
            Some(*end)
        }));
        Chain { blocks, starts }
    }

    /// The blocks, from the input on.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Parameters in all.
    pub fn parameter_count(&self) -> usize {
        self.starts[self.blocks.len()]
    }

    /// Where a block's parameters stand.
    pub fn range(&self, block: usize) -> Range<usize> {
        self.starts[block]..self.starts[block + 1]
    }

    /// The part of `packed` that is a block's parameter of this role; empty where it has none.
    pub fn part<'a, T>(&self, packed: &'a [T], block: usize, role: Role) -> &'a [T] {
        self.blocks[block].part(&packed[self.range(block)], role).unwrap_or_default()
    }
}
