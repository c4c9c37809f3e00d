//! Many runs: which, in what order, on how many threads, and how none of them gets lost.

pub mod claims;
pub mod files;
pub mod folder;
pub mod forecast;
pub mod git;
pub mod interrupt;
pub mod journal;
pub mod outline;
pub mod pool;
pub mod progress;
pub mod provenance;
pub mod rates;
pub mod request;
pub mod shard;
pub mod standing;
pub mod tensors;
pub mod work;

use crate::data::Dataset;
use crate::record::RunRecord;
use crate::run::RunError;
use crate::run::spec::RunSpec;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What trains one run: given its spec, its data and a callback asked before every step.
pub type RunFn<'a> =
    dyn Fn(&RunSpec, &Dataset, &mut dyn FnMut(usize) -> ControlFlow<()>) -> Result<RunRecord, RunError> + Sync + 'a;

/// Locks plain data, which a panic elsewhere cannot have left half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a sweep ended before its end, in words that hold the cure.
#[derive(Clone, Debug, PartialEq)]
pub enum Halt {
    /// The user has to change something first (exit code 2).
    Input(String),
    /// A file could not be read or written (exit code 1).
    Io(String),
    /// The user asked to stop (exit code 75).
    Interrupted(String),
}

impl std::fmt::Display for Halt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Halt::Input(message) | Halt::Io(message) | Halt::Interrupted(message)) = self;
        f.write_str(message)
    }
}

impl std::error::Error for Halt {}

/// That candle starts no threads of its own inside a run.
///
/// # Errors
/// When `RAYON_NUM_THREADS` is not 1, which is what candle reads.
pub fn candle_is_single_threaded() -> Result<(), Halt> {
    match candle_core::utils::get_num_threads() {
        1 => Ok(()),
        n => Err(Halt::Input(format!(
            "candle would start {n} threads inside every run, which slows all of them; start again with RAYON_NUM_THREADS=1"
        ))),
    }
}
