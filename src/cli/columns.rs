//! `columns`: every column of the CSV files, as the program knows it.

use crate::cli::error::CommandError;
use crate::cli::print::print;
use crate::columns::markdown;
use std::process::ExitCode;

/// Prints the columns as a table in Markdown.
///
/// # Errors
/// When stdout cannot be written.
pub fn run() -> Result<ExitCode, CommandError> {
    print(&markdown())
}
