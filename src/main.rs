//! The program: its command line, with the networks of this crate.

use gradsweep::Program;
use std::process::ExitCode;

/// The C library's takes a tenth of a small step, and maps each buffer above 128 KiB anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    Program::new().run()
}
