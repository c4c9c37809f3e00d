//! `import FILE...`: runs that another program trained, as a results folder.

use crate::claim::text::summary;
use crate::cli::plot::left_out;
use crate::cli::prelude::*;
use crate::cli::sweep::exit_code;
use crate::conclude::{Conclusion, draw_pages};
use crate::import::Import;
use crate::plan_file::compare::Compare;
use crate::results::{Results, claims};
use crate::sweep::folder;
use crate::table::count;

#[derive(Args)]
pub struct Options {
    /// CSV tables with one row per run, step or layer; optionally a TOML file with figures, claims and [compare]
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The results folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The columns of the table of runs that are axes, separated by commas [default: all that vary]
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    axes: Option<Vec<String>>,
}

/// Writes the folder, its figures and its report, and prints the answer and the verdicts on the claims; 3 if one fails.
///
/// # Errors
/// What is wrong with the files, a folder that holds anything but an earlier import.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    let dir = &options.out;
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let import = Import::read(&options.files, options.axes.as_deref(), &name).map_err(CommandError::input)?;
    let _lock = folder::for_import(dir)?;
    import.remarks().iter().for_each(|line| note(line));
    import.write(dir)?;
    let results = Results::read(dir).map_err(CommandError::failed)?;
    let named = results.plan.compare.iter().flat_map(Compare::named);
    results.check_measured(named).map_err(CommandError::input)?;
    results.plan.compare.iter().try_for_each(|compare| results.check_alike(compare)).map_err(CommandError::input)?;
    let claims = claims::read(dir).map_err(CommandError::failed)?;
    results.remarks().for_each(|line| note(&line));
    let mut conclusion = Conclusion::of(results, &claims)?;
    conclusion.write_anew(&draw_pages)?;
    left_out(&conclusion.drawn);
    let [runs, cells, seeds] = import.counts();
    let (runs, cells, seeds) = (count(runs, "run"), count(cells, "cell"), count(seeds, "seed"));
    let figures = if conclusion.results.plan.figures.is_empty() { "" } else { " and figures" };
    note(&format!("{runs} of {cells} with {seeds}; results in {}: report.html{figures}", dir.display()));
    print(&conclusion.answer.text())?;
    if !claims.is_empty() {
        print(&summary(&conclusion.claims))?;
    }
    Ok(exit_code(true, &conclusion))
}
