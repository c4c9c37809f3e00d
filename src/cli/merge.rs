//! `merge DIR`: tables and figures of a folder that several shards filled, and what is still missing.

use crate::cli::plan_options::environments_data_dir;
use crate::cli::plot::name_obsolete;
use crate::cli::prelude::*;
use crate::cli::sweep::{exit_code, print_conclusion};
use crate::conclude::{conclude, draw_pages};
use crate::figure::{Style, kinds::FACTS};
use crate::results::Results;
use crate::sweep::unfinished::{Counts, after_merge};
use crate::sweep::{folder, journal::Journal, load};
use crate::table::count;

#[derive(Args)]
pub struct Options {
    /// A results folder that `sweep --shard` has filled
    dir: PathBuf,
}

/// Writes the CSV files and figures of what is there, and says what is not; 1 when runs are missing or failed, else 3 when a
/// claim fails.
///
/// # Errors
/// A folder without a plan, one that a sweep is writing to, files that cannot be read or written.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    let dir = &options.dir;
    let _lock = folder::lock(dir)?;
    let (plan, work) = load::reopen(dir, environments_data_dir(), FACTS)?;
    let journal = Journal::read(&dir.join("journal"))?;
    let counts = Counts::of(&work, &journal);
    if counts.done + counts.failed == 0 && Results::read(dir).is_ok_and(|results| !results.runs.is_empty()) {
        return Err(CommandError::input(format!(
            "{0}/journal contains no run of the plan, but the tables in {0} do; the tables are left unchanged. Restore the journal from a copy, or sweep the experiment again",
            dir.display()
        )));
    }
    name_obsolete(dir, Style::Page, &plan.figures);
    let conclusion = conclude(dir, &plan, &work, &journal, Some(&draw_pages))?;
    print_conclusion(&plan, &counts, &conclusion)?;
    let (name, runs) = (&plan.name, count(counts.planned, "run"));
    note(&format!("{name}: {} of {runs} are finished, in {}", counts.done, dir.display()));
    after_merge(&work, &journal).iter().for_each(|line| note(line));
    Ok(exit_code(counts.done == counts.planned && counts.failed == 0, &conclusion))
}
