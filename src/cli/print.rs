//! Printing to stdout.

use crate::cli::error::CommandError;
use std::io::{ErrorKind, Write, stdout};

/// Prints to stdout. A reader that went away (`| head`) is no error.
pub fn print(text: &str) -> Result<(), CommandError> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(CommandError::failed(format!("cannot write to stdout: {e}")))
        }
        _ => Ok(()),
    }
}
