//! Why a run left no record.

use crate::model::BuildError;
use crate::ops;
use crate::setting::SettingError;
use std::error::Error;
use std::fmt;

/// Why a run left no record.
#[derive(Debug)]
pub enum RunError {
    /// The caller asked to stop.
    Cancelled,
    /// A setting is missing, or does not fit the others or the data.
    Setting(SettingError),
    /// What candle reports.
    Candle(ops::Error),
    /// A defect of the program, in words.
    Defect(String),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Cancelled => f.write_str("stopped before its end"),
            RunError::Setting(error) => error.fmt(f),
            RunError::Candle(error) => f.write_str(&ops::first_line(error)),
            RunError::Defect(message) => f.write_str(message),
        }
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            RunError::Setting(error) => Some(error),
            RunError::Candle(error) => Some(error),
            RunError::Cancelled | RunError::Defect(_) => None,
        }
    }
}

impl From<SettingError> for RunError {
    fn from(error: SettingError) -> Self {
        RunError::Setting(error)
    }
}

impl From<ops::Error> for RunError {
    fn from(error: ops::Error) -> Self {
        RunError::Candle(error)
    }
}

impl From<BuildError> for RunError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Setting(error) => RunError::Setting(error),
            BuildError::Candle(error) => RunError::Candle(error),
        }
    }
}
