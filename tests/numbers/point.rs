//! The layout of weights that an optimizer can move without a network around them.

use gradsweep::model::Layout;
use gradsweep::ops::block::Role;

/// So many weights in one tensor.
pub fn point(weights: usize) -> Layout {
    Layout::new([("point".into(), Role::Weight, vec![weights])])
}
