//! Many runs: which of them to do, in what order, on how many threads, and how none of their results is lost.

mod error;
pub mod folder;
pub mod forecast;
pub mod git;
pub mod interrupt;
pub mod journal;
pub mod load;
pub mod memory;
pub mod outline;
pub mod plan_text;
pub mod pool;
pub mod predictions;
pub mod progress;
pub mod provenance;
pub mod rates;
pub mod request;
pub mod session;
pub mod shard;
pub mod shell;
pub mod slurm;
pub mod status;
pub mod tensors;
pub mod unfinished;
pub mod work;

pub use error::SweepError;

use crate::data::Dataset;
use crate::record::RunRecord;
use crate::run::{RunError, spec::RunSpec};
use std::ops::ControlFlow;

/// What trains one run: given its spec, its data and a callback asked before every step.
pub type RunFn<'a> =
    dyn Fn(&RunSpec, &Dataset, &mut dyn FnMut(usize) -> ControlFlow<()>) -> Result<RunRecord, RunError> + Sync + 'a;

/// That candle starts no threads of its own inside a run.
///
/// # Errors
/// When `RAYON_NUM_THREADS` is not 1, which is what candle reads.
pub fn candle_is_single_threaded() -> Result<(), SweepError> {
    match candle_core::utils::get_num_threads() {
        1 => Ok(()),
        threads => Err(SweepError::CandleThreads(threads)),
    }
}
