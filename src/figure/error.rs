//! Why a figure is not drawn.

use crate::files::FileError;
use crate::results::ResultsError;

/// Why a figure is not drawn.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// The results hold nothing to show yet, which is no fault of the figure: the reason.
    #[error("{0}")]
    Nothing(String),
    /// The figure does not fit the plan; says what to write instead.
    #[error("{0}")]
    Selection(String),
    /// The results cannot be read.
    #[error("{0}")]
    Results(#[from] ResultsError),
    /// A file or a folder cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// One of the above, in the figure of this name.
    #[error("figure \"{name}\": {source}")]
    Figure { name: String, source: Box<FigureError> },
}

impl FigureError {
    /// The same with the name of its figure.
    pub(super) fn of_figure(self, name: &str) -> Self {
        FigureError::Figure { name: name.into(), source: Box::new(self) }
    }
}
