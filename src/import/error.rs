//! Why tables cannot be imported: which file, line and column, and what to write instead.

use crate::data::DataError;
use crate::experiment::ExperimentError;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why runs from elsewhere could not be imported.
#[derive(Debug, Error)]
pub enum ImportError {
    #[error("{}:{line}, column {column}: {message}; {help}", path.display())]
    Cell { path: PathBuf, line: u64, column: String, message: String, help: String },
    #[error("{}: {message}; {help}", path.display())]
    Table { path: PathBuf, message: String, help: String },
    #[error("{message}; {help}")]
    Files { message: String, help: String },
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    #[error(transparent)]
    Text(#[from] DataError),
}

impl ImportError {
    /// Of a file as a whole.
    pub fn file(path: &Path, message: impl Into<String>, help: impl Into<String>) -> Self {
        ImportError::Table { path: path.to_path_buf(), message: message.into(), help: help.into() }
    }

    /// Of what the files lack together.
    pub fn files(message: impl Into<String>, help: impl Into<String>) -> Self {
        ImportError::Files { message: message.into(), help: help.into() }
    }

    /// Of a file that cannot be read.
    pub fn unreadable(path: &Path, why: impl std::fmt::Display) -> Self {
        ImportError::file(
            path,
            why.to_string(),
            "give the path of a CSV table, or of a TOML file with claims and figures",
        )
    }
}
