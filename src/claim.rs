//! Claims: the sentences of an experiment that its runs can confirm or refute, judged, and as tables and text.

mod judging;
mod tables;
pub mod text;
mod verdict;
mod words;

pub use judging::{JudgedClaim, judge_all};
pub use tables::{by_figure, table};
pub use verdict::{Expect, Judged, Observation, Verdict, judge};

#[cfg(test)]
mod tests;
