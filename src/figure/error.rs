//! Why a figure is not drawn.

use crate::results::ResultsError;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a figure is not drawn.
#[derive(Debug)]
pub enum FigureError {
    /// The results hold nothing to show yet, which is no fault of the figure: the reason.
    Nothing(String),
    /// The figure does not fit the plan; says what to write instead.
    Selection(String),
    /// The results cannot be read.
    Results(ResultsError),
    /// A file or a folder cannot be written.
    Write { path: PathBuf, source: io::Error },
    /// One of the above, in the figure of this name.
    Figure { name: String, source: Box<FigureError> },
}

impl FigureError {
    /// The same with the name of its figure.
    pub(super) fn of_figure(self, name: &str) -> Self {
        FigureError::Figure { name: name.into(), source: Box::new(self) }
    }
}

impl fmt::Display for FigureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FigureError::Nothing(why) | FigureError::Selection(why) => f.write_str(why),
            FigureError::Results(error) => error.fmt(f),
            FigureError::Write { path, source } => write!(f, "{}: {source}", path.display()),
            FigureError::Figure { name, source } => write!(f, "figure \"{name}\": {source}"),
        }
    }
}

impl Error for FigureError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            FigureError::Nothing(_) | FigureError::Selection(_) => None,
            FigureError::Results(error) => Some(error),
            FigureError::Write { source, .. } => Some(source),
            FigureError::Figure { source, .. } => Some(source),
        }
    }
}

impl From<ResultsError> for FigureError {
    fn from(error: ResultsError) -> Self {
        FigureError::Results(error)
    }
}
