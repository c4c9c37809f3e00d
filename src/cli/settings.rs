//! `settings`: every setting of an experiment, as the parser knows it.

use crate::cli::error::CommandError;
use crate::cli::print::print;
use crate::experiment::settings::settings_table_markdown;
use std::process::ExitCode;

/// Prints the settings as a table in Markdown.
///
/// # Errors
/// When stdout cannot be written.
pub fn run() -> Result<ExitCode, CommandError> {
    print(&settings_table_markdown())
}
