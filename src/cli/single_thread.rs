//! candle reads `RAYON_NUM_THREADS` at every matrix product and would start threads inside every run; the allocators read at the
//! start how many addresses to reserve, and how long to keep what is freed: by itself mimalloc gives memory back after 10 ms, and a
//! step of a larger net would spend a tenth of its time and more on getting it again. Setting a variable of a running process is
//! unsafe, so the program starts itself again with the variables set.

use crate::sweep::memory;
use crate::sweep::progress::note;
use std::env;
use std::process::{Command, ExitCode};

const THREADS: &str = "RAYON_NUM_THREADS";
/// Milliseconds until the allocator gives back what is freed.
const DELAY: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "1000");
/// Set in the second start, so that there is no third.
const GUARD: &str = "GRADSWEEP_RESTARTED";

/// Returns when the variables hold; otherwise the program's work happens in the second start.
///
/// # Errors
/// The exit code, when the second start ended or could not be made.
pub fn ensure() -> Result<(), ExitCode> {
    let is_set = |name: &str| env::var_os(name).is_some();
    let sparing = memory::SPARING.into_iter().filter(|_| memory::address_limit().is_some());
    // A user may have set them.
    let mut others = sparing.chain([DELAY]).filter(|(name, _)| !is_set(name)).peekable();
    if is_set(GUARD) || env::var_os(THREADS).is_some_and(|n| n == "1") && others.peek().is_none() {
        return Ok(());
    }
    let Ok(program) = env::current_exe() else {
        note(&format!("cannot find the program's own file; start it with {THREADS}=1"));
        return Err(ExitCode::FAILURE);
    };
    let mut again = Command::new(program);
    again.args(env::args_os().skip(1)).envs(others).env(THREADS, "1").env(GUARD, "1");
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        if let Some(name) = env::args_os().next() {
            again.arg0(name);
        }
        // Comes back only when it fails.
        let _ = again.exec();
    }
    match again.status() {
        Ok(status) => Err(ExitCode::from(status.code().and_then(|c| u8::try_from(c).ok()).unwrap_or(1))),
        Err(e) => {
            note(&format!("cannot start the program a second time: {e}; start it with {THREADS}=1"));
            Err(ExitCode::FAILURE)
        }
    }
}
