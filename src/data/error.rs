//! What is wrong with a data file or the `data` settings, where, and what to do.

use std::fmt;

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    Byte(u64),
    Line(u64),
}

/// An error in the data, with its cure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataError {
    /// The key in the experiment, where the experiment is at fault.
    pub setting: Option<&'static str>,
    /// The file, where one is involved.
    pub file: Option<String>,
    pub at: Option<Position>,
    pub what: String,
    pub cure: String,
}

impl DataError {
    /// Of a setting rather than of a file.
    pub fn settings(key: &'static str, what: impl Into<String>, cure: impl Into<String>) -> Self {
        DataError { setting: Some(key), file: None, at: None, what: what.into(), cure: cure.into() }
    }

    /// Of a file as a whole.
    pub fn file(file: impl Into<String>, what: impl Into<String>, cure: impl Into<String>) -> Self {
        DataError { setting: None, file: Some(file.into()), at: None, what: what.into(), cure: cure.into() }
    }

    /// At a byte of the (uncompressed) file.
    pub fn byte(self, byte: usize) -> Self {
        DataError { at: Some(Position::Byte(byte as u64)), ..self }
    }

    /// At a line, counted from 1.
    pub fn line(self, line: u64) -> Self {
        DataError { at: Some(Position::Line(line)), ..self }
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        match (&self.file, self.at) {
            (Some(file), Some(Position::Byte(byte))) => write!(f, "\n --> {file}: byte {byte}")?,
            (Some(file), Some(Position::Line(line))) => write!(f, "\n --> {file}:{line}")?,
            (Some(file), None) => write!(f, "\n --> {file}")?,
            (None, _) => {}
        }
        write!(f, "\nhelp: {}", self.cure)
    }
}

impl std::error::Error for DataError {}
