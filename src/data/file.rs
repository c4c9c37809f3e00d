//! Reading a file whole, unpacking it when it is gzip, with a limit on what it may unpack to.

use super::error::DataError;
use crate::files;
use std::io::Read;
use std::path::Path;

/// What an IDX file may hold once unpacked, in bytes.
pub const IDX_LIMIT: u64 = 2 << 30;

/// What a CSV file may hold once unpacked, in bytes: less, since a cell costs more memory than its text.
pub const CSV_LIMIT: u64 = 512 << 20;

/// How many numbers a data set may have: 2 GiB of them.
pub const MOST_NUMBERS: usize = 1 << 28;

/// The bytes of a file; of what it holds, when it begins like gzip.
///
/// # Errors
/// When it is missing, not a file, unreadable, empty, damaged gzip or over the limit.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, DataError> {
    let name = path.display().to_string();
    let error = |what: String| {
        DataError::file(&name, what, "check the path (relative ones start at the experiment file's folder)")
    };
    let unreadable = |e: std::io::Error| error(format!("cannot read the file: {e}"));
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > limit {
        return Err(too_large(&name, "has", limit));
    }
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(length as usize + 1).is_err() {
        return Err(error(format!("there is no memory for its {length} bytes")));
    }
    files::open(path).and_then(|f| f.take(limit + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(&name, "has", limit));
    }
    unpack(&name, bytes, limit)
}

fn too_large(name: &str, verb: &str, limit: u64) -> DataError {
    let what = format!("the file {verb} more than {limit} bytes");
    DataError::file(name, what, "this is more than the program holds in memory; use a part of it")
}

/// Unpacks gzip; other bytes are returned as they are.
pub fn unpack(name: &str, bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, DataError> {
    if bytes.is_empty() {
        return Err(DataError::file(
            name,
            "the file is empty",
            "write the data into it, fetch it again, or check the path",
        ));
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
        Ok(_) if out.len() as u64 > limit => Err(too_large(name, "unpacks to", limit)),
        Ok(_) if out.is_empty() => Err(DataError::file(name, "the gzip file holds nothing", "fetch it again")),
        Ok(_) => Ok(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_gzip_bomb_stops_at_the_limit() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
        let bomb = encoder.finish().unwrap();
        assert!(bomb.len() < 2000, "{}", bomb.len());
        assert_eq!(unpack("b", bomb.clone(), 1 << 20).unwrap().len(), 1 << 20);
        let message = unpack("b", bomb, (1 << 20) - 1).unwrap_err().to_string();
        assert!(message.contains("unpacks to more than 1048575 bytes"), "{message}");
    }

    #[test]
    fn a_raw_file_stops_at_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("raw");
        std::fs::write(&path, [7; 100]).unwrap();
        assert_eq!(read(&path, 100).unwrap().len(), 100);
        assert!(read(&path, 99).unwrap_err().to_string().contains("has more than 99 bytes"));
    }
}
