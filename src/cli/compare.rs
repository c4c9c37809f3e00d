//! `compare DIR`: the arms of a results folder, from its CSV files.

use crate::cli::{report, say};
use crate::compare::Comparison;
use crate::results::Results;
use crate::sweep::Halt;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Options {
    /// A results folder, such as results/optimizers
    dir: PathBuf,
}

/// Prints the comparison and writes its tables.
///
/// # Errors
/// A folder without results, or whose plan has nothing to compare.
pub fn run(options: &Options) -> Result<ExitCode, Halt> {
    let dir = &options.dir;
    let results = Results::read(dir).map_err(|e| Halt::Input(e.to_string()))?;
    let comparison = Comparison::of(&results).map_err(|e| Halt::Input(e.to_string()))?;
    let Some(comparison) = comparison else {
        return Err(Halt::Input(format!(
            "{} has nothing to compare: its experiment has neither several [[optimizer]] nor a [compare] section; \
             write [compare] with arm = \"...\", the name of an axis, and sweep it again, which runs nothing anew",
            dir.display()
        )));
    };
    comparison.write(dir).map_err(|e| Halt::Io(e.to_string()))?;
    report(dir)?;
    say(&comparison.text())?;
    Ok(ExitCode::SUCCESS)
}
