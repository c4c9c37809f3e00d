//! `settings`: every setting of an experiment, as the parser knows it.

use crate::cli::say;
use crate::experiment::settings::settings_table_markdown;
use crate::sweep::Halt;
use std::process::ExitCode;

/// Prints the settings table as Markdown.
///
/// # Errors
/// When stdout cannot be written.
pub fn run() -> Result<ExitCode, Halt> {
    say(&settings_table_markdown())?;
    Ok(ExitCode::SUCCESS)
}
