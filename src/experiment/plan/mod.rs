//! The plan: the axes of an experiment combined into cells, and the runs that they stand for.

mod asked;
mod check;
mod combine;
mod contradictions;
mod datasets;
mod functions;
mod grid;
mod labels;
mod limits;
mod only;
mod resolve;
mod runs;
mod sections;

pub use super::asks::cells::GridCell;
pub use super::file::MOST_RUNS;
pub use asked::Asked;
pub use combine::Plan;
pub use datasets::{DataFacts, Datasets};
pub use runs::PlannedRun;
pub use sections::Part;
