//! `compare DIR`: the arms of a results folder, from its CSV files.

use crate::cli::prelude::*;
use crate::compare::text;
use crate::conclude::{Conclusion, draw_pages};
use crate::results::{Results, claims};

#[derive(Args)]
pub struct Options {
    /// A results folder, such as results/optimizers
    dir: PathBuf,
}

/// Prints the comparison, and writes its tables where the folder can be written.
///
/// # Errors
/// A folder without results, or whose plan has nothing to compare.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    let dir = &options.dir;
    let results = Results::read(dir).map_err(CommandError::input)?;
    results.unfinished().iter().for_each(|line| note(line));
    let claims = claims::read(dir).map_err(CommandError::input)?;
    let mut conclusion = Conclusion::of(results, &claims)?;
    let Some(told) = conclusion.comparison.as_ref().map(text) else {
        return Err(CommandError::input(format!(
            "{} has nothing to compare: its experiment has neither several [[optimizer]] nor a [compare] section; \
             write [compare] with arm = \"...\", the name of an axis, and sweep it again, which runs nothing anew",
            dir.display()
        )));
    };
    if let Some(_lock) = lock_to_write(dir) {
        conclusion.write(&draw_pages)?;
    }
    print(&told)
}
