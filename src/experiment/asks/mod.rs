//! What an experiment asks for: its figures, its claims and its comparison, each read and then held against the axes.

pub(crate) mod cells;
pub(crate) mod claim_spec;
pub(crate) mod claims;
pub(crate) mod compare;
pub(crate) mod figure_defaults;
mod figure_drawing;
mod figure_labels;
mod figure_reference;
pub(crate) mod figure_spec;
pub(crate) mod figures;
