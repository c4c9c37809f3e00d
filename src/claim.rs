//! Claims: the sentences of an experiment that its runs can confirm or refute, judged, and as tables and text.

mod judging;
mod tables;
pub mod text;
mod verdict;

pub use judging::{JudgedClaim, judge_all};
pub use tables::{by_figure, table};
pub use verdict::{Expect, Judged, Observation, Verdict, judge, seeds_for};

#[cfg(test)]
mod tests;
