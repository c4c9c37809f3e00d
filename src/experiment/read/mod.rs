//! An experiment as it is written: every value with its place in the file, nothing combined yet.

pub(crate) mod ablation;
pub(crate) mod arms;
mod axis;
pub(crate) mod bundles;
mod error;
mod fields;
mod include;
mod node;
pub(crate) mod points;
mod range;
mod record;
mod selector;
mod short;
mod value;

pub use error::ExperimentError;
pub(crate) use {
    axis::{Assignment, Patch, Point, WrittenAxis, bundle_axis, no_label, no_such_name},
    error::{Location, Result, Source},
    fields::Fields,
    include::Include,
    node::{Document, Entry, Word},
    points::Leaf,
    record::Record,
    selector::{Selection, Selector, selectors},
};
