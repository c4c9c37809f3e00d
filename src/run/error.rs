//! Why a run failed without leaving a record.

use crate::model::BuildError;
use crate::ops;
use crate::setting::SettingError;
use thiserror::Error;

/// Why a run left no record.
#[derive(Debug, Error)]
pub enum RunError {
    /// The caller asked to stop.
    #[error("stopped before its end")]
    Cancelled,
    /// A setting is missing, or does not fit the others or the data.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The model was not built.
    #[error(transparent)]
    Model(#[from] BuildError),
    /// What candle reports.
    #[error("{}", ops::first_line(.0))]
    Candle(#[from] ops::Error),
    /// The system refused memory: so much was asked for.
    #[error("the system refused {0}: end other programs or raise the limit, then sweep with --retry-failed")]
    NoMemory(String),
    /// A defect of the program, in words.
    #[error("{0}")]
    Defect(String),
}
