//! A few long jobs on all cores, in a thread pool of their own: the common pool has a single thread, since candle would split its
//! products over it.

use rayon::prelude::*;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// The cores that this program may use.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// `job` done for each item on all cores, or on this one where no threads can be started; the results are in the order
/// of the items.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], job: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let workers = cores().min(items.len());
    // Zero would be the default number of threads.
    match rayon::ThreadPoolBuilder::new().num_threads(workers.max(1)).build() {
        Ok(pool) => pool.install(|| items.par_iter().map(&job).collect()),
        Err(_) => items.iter().map(job).collect(),
    }
}

/// What the mutex guards, also after a thread has panicked with it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `work` gives, or what it said when it panicked.
///
/// # Errors
/// What the panic said.
pub fn caught<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    let said = |payload: Box<dyn Any + Send>| match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast_ref::<&str>().copied().unwrap_or("a panic without a message").into(),
    };
    catch_unwind(AssertUnwindSafe(work)).map_err(said)
}

#[cfg(test)]
mod tests {
    use super::in_parallel;

    #[test]
    fn results_keep_the_order_of_their_items() {
        let items: Vec<u64> = (0..100).collect();
        let slow = |i: &u64| {
            std::thread::sleep(std::time::Duration::from_micros(97 * (i % 7)));
            i * i
        };
        assert_eq!(in_parallel(&items, slow), items.iter().map(|i| i * i).collect::<Vec<_>>());
        assert!(in_parallel(&[] as &[u64], slow).is_empty());
    }
}
