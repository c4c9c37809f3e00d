//! `check DIR`: the claims of a results folder judged again, from its CSV files.

use crate::claim::Verdict;
use crate::claim::check::{Checked, check};
use crate::claim::report::{summary, text, write};
use crate::cli::{PlanOptions, count, report, say, sweep};
use crate::experiment::Plan;
use crate::finish::View;
use crate::plan_file::claim::ClaimSpec;
use crate::results::{Results, ResultsError};
use crate::sweep::progress::note;
use crate::sweep::request::Request;
use crate::sweep::{Halt, claims};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The exit code where a claim fails.
pub const FAILED_CLAIM: u8 = 3;

#[derive(Args)]
pub struct Options {
    /// A results folder, such as results/vanishing
    dir: PathBuf,
    /// Run all cells again with N seeds that nothing was tuned on, in DIR/fresh_seeds, and judge the claims by those
    #[arg(long, value_name = "N", value_parser = count)]
    fresh_seeds: Option<u64>,
}

/// Prints the verdicts and writes `claims.csv`; 3 if a claim fails.
///
/// # Errors
/// A folder without results or claims.
pub fn run(options: &Options) -> Result<ExitCode, Halt> {
    let dir = &options.dir;
    let kept = claims::read(dir)?;
    if kept.is_empty() {
        return Err(Halt::Input(format!(
            "{} has no claims: write [[claim]] sections into its experiment and sweep it again, which runs nothing anew",
            dir.display()
        )));
    }
    if let Some(seeds) = options.fresh_seeds {
        let Request { set, base, data_dir, .. } = Request::read(dir)?;
        let (file, out) = (dir.join("experiment.toml"), Some(dir.join("fresh_seeds")));
        let (seeds, fresh_seeds, base) = (Some(seeds), true, Some(base));
        return sweep::of(PlanOptions { file, out, set, seeds, fresh_seeds, only: Vec::new(), data_dir, base });
    }
    let fails = tell(dir, &kept, text)?;
    report(dir)?;
    Ok(if fails { ExitCode::from(FAILED_CLAIM) } else { ExitCode::SUCCESS })
}

/// Prints what became of the claims of a sweep, as far as there are runs; whether one fails.
///
/// # Errors
/// A file that cannot be read or written.
pub(super) fn settle(dir: &Path, plan: &Plan, view: View) -> Result<bool, Halt> {
    if plan.claims.is_empty() || view.done == 0 { Ok(false) } else { tell(dir, &plan.claims, summary) }
}

/// Judges the claims and prints the verdicts; whether one fails.
fn tell(dir: &Path, kept: &[ClaimSpec], told: fn(&[Checked]) -> String) -> Result<bool, Halt> {
    let results = Results::read(dir).map_err(|e| Halt::Input(e.to_string()))?;
    let checked = judge(&results, kept).map_err(|e| Halt::Io(e.to_string()))?;
    say(&told(&checked))?;
    if claims::are_later(dir, kept) {
        note("the claims were edited after the runs: what the runs show may have shaped them");
    }
    Ok(checked.iter().any(|claim| claim.judged.verdict == Verdict::Fails))
}

/// Judges the claims and writes `claims.csv`.
///
/// # Errors
/// A table that cannot be read, or the file that cannot be written.
pub(super) fn judge(results: &Results, kept: &[ClaimSpec]) -> Result<Vec<Checked>, ResultsError> {
    let checked = check(results, kept)?;
    write(&checked, &results.dir)?;
    Ok(checked)
}
