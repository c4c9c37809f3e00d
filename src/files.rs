//! Opening files in folders that may come from strangers, as a results folder may: the one place where it is done safely.
//!
//! A reader finds either the old or the new version of a file, never half of one, also after a power cut. Nothing is written
//! through a link that lies in the folder, and what only stands in the place of a file (a pipe, a device, a folder) is an error
//! at once: opening a pipe may never return, and a device may never end.

mod opening;

use crate::table::Table;
use opening::is_file;
pub use opening::open;
use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What names a content: the first 64 bits of its BLAKE3 hash, as ids of runs, plans and data sets are written.
pub fn digest(hash: blake3::Hash) -> String {
    hash.to_hex()[..16].to_string()
}

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

/// The content of a file.
///
/// # Errors
/// As [`open`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut open(path)?, &mut bytes)?;
    Ok(bytes)
}

/// The content of a file as text.
///
/// # Errors
/// As [`open`], and when it is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    io::read_to_string(open(path)?)
}

/// The content of a file; `None` when there is no such file.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(cannot("read", path, e)),
    }
}

/// Opens a file to add to its end (and to read it), or makes it; what is in it stays.
///
/// # Errors
/// When it cannot be opened, or is a link or no file, or has other names, under which it would change as well.
pub fn append(path: &Path) -> io::Result<File> {
    let file = open_or_make(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match names(&file.metadata()?) {
        0 | 1 => Ok(file),
        n => Err(io::Error::new(
            ErrorKind::InvalidInput,
            format!(
                "it has {n} names (hard links, as a copy by `cp -l` has) and would change under each: make a copy of \
                    it, as by `cp {name} new`, and put that in its place, as by `mv new {name}`"
            ),
        )),
    }
}

/// How many names a file has.
#[cfg(unix)]
fn names(is: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(is)
}

/// The same where the standard library does not tell.
#[cfg(not(unix))]
fn names(_: &fs::Metadata) -> u64 {
    1
}

/// Opens a file to lock it, or makes it.
///
/// # Errors
/// When it cannot be opened, or is a link or no file.
pub fn open_or_make(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    loop {
        match fs::symlink_metadata(path) {
            Ok(there) => is_file(there.file_type())?,
            Err(e) if e.kind() == ErrorKind::NotFound => match options.clone().create_new(true).open(path) {
                // Another program has just made it.
                Err(e) if e.kind() == ErrorKind::AlreadyExists => continue,
                made => return made,
            },
            Err(e) => return Err(e),
        }
        return options.open(path);
    }
}

/// Makes the folder `below` of a folder of the user's, where it is missing. What lies below must be no link: files would be
/// written elsewhere.
///
/// # Errors
/// When it cannot be made, or something else stands in its place.
pub fn make_folder(root: &Path, below: &Path) -> Result<(), FileError> {
    let mut folder = root.to_path_buf();
    make_lasting(root).map_err(|e| cannot("make", root, e))?;
    for part in below {
        folder.push(part);
        let what = match fs::symlink_metadata(&folder) {
            Ok(there) if there.is_dir() => continue,
            Ok(there) if there.is_symlink() => "a link",
            Ok(_) => "a file",
            Err(_) => {
                make_lasting(&folder).map_err(|e| cannot("make", &folder, e))?;
                continue;
            }
        };
        return Err(cannot("write into", &folder, format!("it is {what}, not a folder; move it away")));
    }
    Ok(())
}

/// Makes a folder and those above it, as far as they are missing; a power cut does not take them away again.
fn make_lasting(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|part| !part.exists()).collect();
    fs::create_dir_all(folder)?;
    missing.iter().filter_map(|part| part.parent()).for_each(sync_folder);
    Ok(())
}

/// What the name of a file under construction ends with; it begins with a dot.
const DRAFT: &str = ".draft";
/// Drafts that nobody has written to for so long are those of a killed program.
const ABANDONED: Duration = Duration::from_secs(3600);

/// A file under construction beside its place; [`Draft::commit`] moves it there, otherwise it is removed.
pub struct Draft {
    path: PathBuf,
    /// None once it has been moved.
    draft: Option<PathBuf>,
}

impl Draft {
    /// Starts the file that will be at `path`, under a name that no other draft has.
    ///
    /// # Errors
    /// When the draft cannot be made.
    pub fn create(path: &Path) -> Result<(Self, BufWriter<File>), FileError> {
        static DRAFTS: AtomicUsize = AtomicUsize::new(0);
        loop {
            let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
            let mut name = std::ffi::OsString::from(".");
            name.push(path.file_name().unwrap_or_default());
            name.push(format!(".{}-{number}{DRAFT}", std::process::id()));
            let draft = path.with_file_name(name);
            // create_new follows no link.
            match OpenOptions::new().write(true).create_new(true).open(&draft) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(cannot("write", path, e)),
                Ok(file) => {
                    return Ok((Draft { path: path.to_path_buf(), draft: Some(draft) }, BufWriter::new(file)));
                }
            }
        }
    }

    /// Puts the finished draft in its place, once it is on the disk: after a power cut the place holds the old file or the new.
    ///
    /// # Errors
    /// When the last bytes cannot be written or the file cannot be renamed.
    pub fn commit(mut self, writer: BufWriter<File>) -> Result<(), FileError> {
        let Some(draft) = &self.draft else { return Ok(()) };
        let file = writer.into_inner().map_err(|e| cannot("write", &self.path, e.into_error()))?;
        file.sync_all().map_err(|e| cannot("write", &self.path, e))?;
        fs::rename(draft, &self.path).map_err(|e| cannot("write", &self.path, e))?;
        self.draft = None;
        self.path.parent().into_iter().for_each(sync_folder);
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // One that stays is removed with those of killed programs.
        self.draft.iter().for_each(|draft| _ = fs::remove_file(draft));
    }
}

/// Removes the drafts in a folder that a killed program has left. Whatever cannot be removed is in nobody's way.
pub fn remove_abandoned_drafts(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let age = entry.metadata().and_then(|is| is.modified()).ok().and_then(|time| time.elapsed().ok());
        if name.starts_with('.') && name.ends_with(DRAFT) && age.is_some_and(|age| age > ABANDONED) {
            _ = fs::remove_file(entry.path());
        }
    }
}

/// Writes a whole file at once, old or new. One that holds just this already is left as it is.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let there = fs::symlink_metadata(path);
    if there.is_ok_and(|is| is.is_file() && is.len() == content.len() as u64)
        && read(path).is_ok_and(|old| old == content)
    {
        return Ok(());
    }
    let (draft, mut file) = Draft::create(path)?;
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

/// Whether `file`, which was opened at `path`, is still what stands there.
#[cfg(unix)]
pub fn is_still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |is: fs::Metadata| (is.dev(), is.ino());
    file.metadata()
        .ok()
        .zip(fs::symlink_metadata(path).ok())
        .is_some_and(|(own, there)| identity(own) == identity(there))
}

/// The same where files have no identity that the standard library tells.
#[cfg(not(unix))]
pub fn is_still_at(_: &File, path: &Path) -> bool {
    path.is_file()
}

/// Makes sure that the names of a folder survive a power cut, where the system can do that.
pub fn sync_folder(folder: &Path) {
    let here = Path::new(".");
    if let Ok(folder) = File::open(if folder.as_os_str().is_empty() { here } else { folder }) {
        _ = folder.sync_all();
    }
}
