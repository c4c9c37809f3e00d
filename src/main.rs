//! The program: one thread a run, then the command line.

use gradsweep::cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::single_thread::ensure() {
        Ok(()) => cli::run(),
        Err(code) => code,
    }
}
