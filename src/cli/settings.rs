//! `settings`: every setting of an experiment, as the parser knows it.

use crate::cli::say;
use crate::experiment;
use crate::setting::{Default, Setting};
use crate::sweep::Halt;
use std::fmt::Write;
use std::process::ExitCode;

/// Prints the settings table as Markdown.
///
/// # Errors
/// When stdout cannot be written.
pub fn run() -> Result<ExitCode, Halt> {
    let mut text = String::from("| setting | range | default | meaning |\n|---|---|---|---|\n");
    for setting in experiment::settings() {
        let Setting { key, domain, help, .. } = setting;
        let kinds = if setting.of.is_empty() { String::new() } else { format!(" ({})", setting.of.join(", ")) };
        let _ = writeln!(text, "| `{key}`{kinds} | {domain} | {} | {help} |", default(setting.default));
    }
    say(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn default(default: Default) -> String {
    match (default, default.value()) {
        (_, Some(value)) => format!("`{value}`"),
        (Default::Required, None) => "must be given".into(),
        (_, None) => "unset".into(),
    }
}
