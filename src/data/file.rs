//! Reading a file whole, unpacking it when it is gzip, with a limit on what it may unpack to.

use super::DataError;
use std::io::Read;
use std::path::Path;

/// What a data file may hold once unpacked, in bytes.
pub const LIMIT: u64 = 4 << 30;

/// The bytes of a file; of what it holds, when it begins like gzip.
///
/// # Errors
/// When it is missing, unreadable, empty, damaged gzip or over [`LIMIT`].
pub fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|e| {
        let what = format!("cannot read the file: {e}");
        DataError::file(&name, what, "check the path (relative ones start at the experiment file's folder)")
    })?;
    unpack(&name, bytes, LIMIT)
}

/// Unpacks gzip; other bytes are returned as they are.
pub fn unpack(name: &str, bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, DataError> {
    if bytes.is_empty() {
        return Err(DataError::file(name, "the file is empty", "fetch it again"));
    }
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut out = Vec::new();
    let read = flate2::read::MultiGzDecoder::new(&bytes[..]).take(limit + 1).read_to_end(&mut out);
    match read {
        Err(e) => {
            let what = format!("the gzip data is damaged after {} unpacked bytes: {e}", out.len());
            Err(DataError::file(name, what, "fetch the file again"))
        }
        Ok(_) if out.len() as u64 > limit => {
            let what = format!("the file unpacks to more than {limit} bytes");
            Err(DataError::file(name, what, "this is not a data set this program can hold; use a part of it"))
        }
        Ok(_) if out.is_empty() => Err(DataError::file(name, "the gzip file holds nothing", "fetch it again")),
        Ok(_) => Ok(out),
    }
}
