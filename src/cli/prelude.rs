//! What the file of every command needs: its options from clap, how it prints, and how it ends.

pub use crate::cli::error::CommandError;
pub use crate::sweep::progress::note;
pub use clap::Args;
pub use std::path::{Path, PathBuf};
pub use std::process::ExitCode;

use std::io::{ErrorKind, Write, stdout};

/// Prints to stdout; the exit code of success. A reader that went away (`| head`) is no error.
///
/// # Errors
/// When stdout cannot be written.
pub fn print(text: &str) -> Result<ExitCode, CommandError> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(CommandError::failed(format!("cannot write to stdout: {e}")))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}
