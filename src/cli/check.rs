//! `check DIR`: the claims of a results folder judged again, from its CSV files.

use crate::claim::text::full;
use crate::cli::error::FAILED_CLAIM;
use crate::cli::plan_options::{PlanOptions, count};
use crate::cli::prelude::*;
use crate::cli::sweep;
use crate::conclude::{Conclusion, draw_pages};
use crate::files::make_folder;
use crate::results::{Results, claims};
use crate::sweep::{folder::refuse_imported, request::Request};

#[derive(Args)]
pub struct Options {
    /// A results folder, such as results/vanishing
    dir: PathBuf,
    /// Run all cells again with N seeds that nothing was tuned on, in DIR/fresh_seeds, and judge the claims by those
    #[arg(long, value_name = "N", value_parser = count)]
    fresh_seeds: Option<u64>,
    /// Of those, runs at the same time [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = count, requires = "fresh_seeds")]
    jobs: Option<u64>,
}

/// Prints the verdicts, and writes `claims.csv` where the folder can be written; 3 if a claim fails.
///
/// # Errors
/// A folder without results or claims.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    let dir = &options.dir;
    // New seeds have a folder of their own.
    let lock = if options.fresh_seeds.is_none() { lock_to_write(dir) } else { None };
    let results = Results::read(dir).map_err(CommandError::input)?;
    let claims = claims::read(dir).map_err(CommandError::input)?;
    if claims.is_empty() {
        return Err(CommandError::input(format!(
            "{} has no claims: write [[claim]] sections into its experiment and sweep it again (finished runs are not trained again), or import it again",
            dir.display()
        )));
    }
    if let Some(seeds) = options.fresh_seeds {
        refuse_imported(dir)?;
        let Request { set, base, data_dir, .. } = Request::read(dir)?;
        let (file, out) = (dir.join("experiment.toml"), Some(dir.join("fresh_seeds")));
        make_folder(dir, Path::new("fresh_seeds"))?;
        let (seeds, fresh_seeds, base) = (Some(seeds), true, Some(base));
        let plan = PlanOptions { file, out, set, seeds, fresh_seeds, data_dir, base, ..PlanOptions::default() };
        return sweep::of(plan, options.jobs);
    }
    results.remarks().for_each(|line| note(&line));
    let mut conclusion = Conclusion::of(results, &claims)?;
    print(&format!("{}\n{}", conclusion.answer.text(), full(&conclusion.claims)))?;
    conclusion.edited_later.into_iter().for_each(note);
    if lock.is_some() {
        conclusion.write(Some(&draw_pages))?;
    }
    Ok(if conclusion.claim_fails() { ExitCode::from(FAILED_CLAIM) } else { ExitCode::SUCCESS })
}
