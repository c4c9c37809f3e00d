//! The program: one thread a run, then the command line.

use gradsweep::cli;
use std::process::ExitCode;

/// The C library's takes a tenth of a small step, and maps each buffer above 128 KiB anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::single_thread::ensure() {
        Ok(()) => cli::run(),
        Err(code) => code,
    }
}
