//! What may be opened: a file in which something is written, and nothing that only stands in the place of one. The build script uses
//! this file too.

use std::fs::{self, File, FileType};
use std::io::{self, ErrorKind};
use std::path::Path;

/// That something is a file and does not only stand in the place of one.
pub(super) fn is_file(kind: FileType) -> io::Result<()> {
    let what = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => "a folder",
        () if kind.is_symlink() => "a link",
        () => "a pipe or a device",
    };
    Err(io::Error::new(ErrorKind::InvalidInput, format!("it is {what} and no file")))
}

/// Where the system tells its state in what only looks like files: to read one may never end.
const OF_THE_SYSTEM: [&str; 2] = ["/proc", "/sys"];

/// A file at least as long as this has something written in it, or is none.
#[cfg(unix)]
const LONG: u64 = 1 << 30;

/// That a long file is not one hole, which costs nobody any disk and would fill all memory.
#[cfg(unix)]
fn is_written(there: &fs::Metadata) -> io::Result<()> {
    let written = 512 * std::os::unix::fs::MetadataExt::blocks(there);
    // A file system that compresses keeps at least a thousandth.
    if there.len() < LONG || written >= there.len() / 1000 {
        return Ok(());
    }
    let what = format!("next to nothing of its {} bytes has ever been written", there.len());
    Err(io::Error::new(ErrorKind::InvalidInput, what))
}

/// The same where the standard library does not tell.
#[cfg(not(unix))]
fn is_written(_: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

/// Opens a file to read it.
///
/// # Errors
/// When it cannot be opened, is no file, or is long and empty.
pub fn open(path: &Path) -> io::Result<File> {
    let there = fs::metadata(path)?;
    is_file(there.file_type())?;
    is_written(&there)?;
    // A file that has lost its name has no real path, and is read.
    let real = fs::canonicalize(path).unwrap_or_default();
    if OF_THE_SYSTEM.iter().any(|folder| real.starts_with(folder)) {
        let what = format!("it leads to {}, where the system tells its state, and is no file", real.display());
        return Err(io::Error::new(ErrorKind::InvalidInput, what));
    }
    File::open(path)
}
