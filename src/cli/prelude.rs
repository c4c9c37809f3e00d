//! What the file of every command needs: its options from clap, how it prints, and how it ends.

pub use crate::cli::error::CommandError;
pub use crate::sweep::progress::note;
pub use clap::Args;
pub use std::path::{Path, PathBuf};
pub use std::process::ExitCode;

use crate::printable::printable;
use crate::sweep::folder;
use std::fs::File;
use std::io::{ErrorKind, Write, stdout};
use std::sync::atomic::{AtomicBool, Ordering};

/// The lock of a results folder, for a command that has something to say also where it cannot write: it then says that it
/// writes nothing. To be taken before the results are read, since nobody changes them while it is held.
pub fn lock_to_write(dir: &Path) -> Option<File> {
    folder::lock(dir)
        .inspect_err(|why| note(&format!("note: the files in {} are left unchanged: {why}", dir.display())))
        .ok()
        .flatten()
}

/// Whether stdout took something less than all.
static UNPRINTED: AtomicBool = AtomicBool::new(false);

/// Prints to stdout; the exit code of success, since most commands end with it. A reader that went away (`| head`) is no error,
/// and a full disk stops only the printing: it is said once, and [`ending`] makes a failure of it.
///
/// # Errors
/// None.
pub fn print(text: &str) -> Result<ExitCode, CommandError> {
    let mut out = stdout().lock();
    match out.write_all(printable(text).as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe && !UNPRINTED.swap(true, Ordering::Relaxed) => {
            note(&format!("error: cannot write to stdout: {e}"));
        }
        _ => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// With which code a command ends that has nothing else to complain of than `code` says.
pub fn ending(code: ExitCode) -> ExitCode {
    if UNPRINTED.load(Ordering::Relaxed) { ExitCode::FAILURE } else { code }
}
