//! Arms compared, optimizers above all: the setting of each is chosen on some seeds and its results are reported on others.
//!
//! Nothing is pooled over tasks: every combination of the other axes is a comparison of its own. Two arms are compared
//! seed by seed, since a seed gives both the same initial weights and batches. A diverged run counts as the worst there is.

pub mod amount;
mod arms;
mod comparison;
mod pairs;
mod tables;
mod tasks;
mod text;

pub use arms::{Arm, CONFIDENCE, Edge, at_the_end};
pub use comparison::Comparison;
pub use pairs::Pair;
pub use tables::{arms_table, pairs_table};
pub use tasks::Task;
pub use text::text;
