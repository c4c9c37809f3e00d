//! Files that are either the old or the new version, never half of one.

use crate::sweep::Halt;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file under construction beside its place; [`Draft::commit`] moves it there.
pub struct Draft {
    path: PathBuf,
    draft: PathBuf,
}

impl Draft {
    /// Starts the file that will stand at `path`.
    ///
    /// # Errors
    /// When the draft cannot be created.
    pub fn create(path: &Path) -> Result<(Self, BufWriter<File>), Halt> {
        Draft::named(path, "tmp")
    }

    /// The same under a name of its writer's, for a file that several may write at once.
    fn named(path: &Path, suffix: &str) -> Result<(Self, BufWriter<File>), Halt> {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".");
        name.push(suffix);
        let draft = path.with_file_name(name);
        let file = File::create(&draft).map_err(|e| cannot("write", &draft, &e))?;
        Ok((Draft { path: path.to_path_buf(), draft }, BufWriter::new(file)))
    }

    /// Puts the finished draft in its place.
    ///
    /// # Errors
    /// When the last bytes cannot be written or the file cannot be renamed.
    pub fn commit(self, mut writer: BufWriter<File>) -> Result<(), Halt> {
        writer.flush().map_err(|e| cannot("write", &self.draft, &e))?;
        drop(writer);
        fs::rename(&self.draft, &self.path).map_err(|e| cannot("write", &self.path, &e))
    }
}

/// Writes a whole file at once, old or new.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, content: &[u8]) -> Result<(), Halt> {
    write_as("tmp", path, content)
}

/// The same for a file that several may write at once, each as somebody else.
///
/// # Errors
/// When the file cannot be written.
pub fn write_as(writer: &str, path: &Path, content: &[u8]) -> Result<(), Halt> {
    let (draft, mut writer) = Draft::named(path, writer)?;
    writer.write_all(content).map_err(|e| cannot("write", path, &e))?;
    draft.commit(writer)
}

/// "cannot `what` `path`: why".
pub fn cannot(what: &str, path: &Path, why: &dyn std::fmt::Display) -> Halt {
    Halt::Io(format!("cannot {what} {}: {why}", path.display()))
}
