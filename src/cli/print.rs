//! Printing to stdout.

use crate::cli::error::CommandError;
use std::io::{ErrorKind, Write, stdout};
use std::process::ExitCode;

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
