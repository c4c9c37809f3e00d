//! Writing files so that a reader finds either the old or the new version, never half of one.

use crate::table::Table;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that could not be read or written, and why.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot {action} {path}: {source}")]
pub struct FileError {
    action: &'static str,
    path: PathBuf,
    source: Arc<dyn Error + Send + Sync>,
}

/// The error "cannot `action` `path`: `why`".
pub fn cannot(action: &'static str, path: &Path, why: impl Into<Box<dyn Error + Send + Sync>>) -> FileError {
    FileError { action, path: path.to_path_buf(), source: why.into().into() }
}

/// A file under construction beside its place; [`Draft::commit`] moves it there.
pub struct Draft {
    path: PathBuf,
    draft: PathBuf,
}

impl Draft {
    /// Starts the file that will be at `path`.
    ///
    /// # Errors
    /// When the draft cannot be created.
    pub fn create(path: &Path) -> Result<(Self, BufWriter<File>), FileError> {
        Draft::named(path, "tmp")
    }

    /// The same with the name of its writer, for a file that several programs may write at once.
    fn named(path: &Path, suffix: &str) -> Result<(Self, BufWriter<File>), FileError> {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".");
        name.push(suffix);
        let draft = path.with_file_name(name);
        let file = File::create(&draft).map_err(|e| cannot("write", &draft, e))?;
        Ok((Draft { path: path.to_path_buf(), draft }, BufWriter::new(file)))
    }

    /// Puts the finished draft in its place.
    ///
    /// # Errors
    /// When the last bytes cannot be written or the file cannot be renamed.
    pub fn commit(self, mut writer: BufWriter<File>) -> Result<(), FileError> {
        writer.flush().map_err(|e| cannot("write", &self.draft, e))?;
        drop(writer);
        fs::rename(&self.draft, &self.path).map_err(|e| cannot("write", &self.path, e))
    }
}

/// Writes a whole file at once, old or new.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, content: &[u8]) -> Result<(), FileError> {
    write_as("tmp", path, content)
}

/// The same for a file that several programs may write at once, each under the name `writer`.
///
/// # Errors
/// When the file cannot be written.
pub fn write_as(writer: &str, path: &Path, content: &[u8]) -> Result<(), FileError> {
    let (draft, mut file) = Draft::named(path, writer)?;
    file.write_all(content).map_err(|e| cannot("write", path, e))?;
    draft.commit(file)
}

/// Writes a small table as a CSV file, old or new.
///
/// # Errors
/// When the file cannot be written.
pub fn write_table(path: &Path, table: &Table) -> Result<(), FileError> {
    write(path, &table.csv().map_err(|e| cannot("write", path, e))?)
}

/// Removes a file, if it is there.
///
/// # Errors
/// When it is there and cannot be removed.
pub fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(cannot("remove", path, e)),
        _ => Ok(()),
    }
}

/// The content of a file; `None` when there is no such file.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(cannot("read", path, e)),
    }
}
