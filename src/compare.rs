//! Arms compared, optimizers above all: the setting of each is chosen on some seeds and its results are reported on others.
//!
//! Nothing is pooled over tasks: every combination of the other axes is a comparison of its own. Two arms are compared
//! seed by seed, since a seed gives both the same initial weights and batches. A diverged run counts as the worst there is.

mod again;
pub mod amount;
mod arms;
mod comparison;
mod edges;
mod over;
mod pairs;
mod paper;
mod rows;
mod score;
mod sentences;
mod tables;
mod tasks;
mod text;
mod warnings;

pub use again::DRAWS;
pub use arms::{Arm, SHARE, Setting, Tried, at_the_end};
pub use comparison::Comparison;
pub use edges::Edge;
pub use over::{Joint, JointArm, JointPair, Wins};
pub use pairs::{Pair, Verdict};
pub use paper::{json, latex, markdown};
pub use score::Score;
pub use sentences::{difference, least_p, why_open};
pub use tables::{arms_table, joint_table, pairs_table, settings_table, wins_table};
pub use tasks::{Task, arm_names};
pub use text::{ranking, text};
pub use warnings::all_warnings;
