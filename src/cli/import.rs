//! `import FILE...`: runs that another program trained, as a results folder.

use crate::cli::plot::left_out;
use crate::cli::prelude::*;
use crate::conclude::{Conclusion, draw_pages};
use crate::import::Import;
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

/// Writes the folder, its figures and its report, and prints the answer.
///
/// # Errors
/// What is wrong with the files, a folder that holds anything but an earlier import.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    let dir = &options.out;
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let import = Import::read(&options.files, options.axes.as_deref(), &name).map_err(CommandError::input)?;
    let _lock = folder::for_import(dir)?;
    import.write(dir)?;
    let results = Results::read(dir).map_err(CommandError::failed)?;
    let claims = claims::read(dir).map_err(CommandError::failed)?;
    results.remarks().for_each(|line| note(&line));
    let mut conclusion = Conclusion::of(results, &claims)?;
    conclusion.write_anew(&draw_pages)?;
    left_out(&conclusion.drawn);
    let [runs, cells, seeds] = import.counts();
    let (runs, cells, seeds) = (count(runs, "run"), count(cells, "cell"), count(seeds, "seed"));
    note(&format!("{runs} of {cells} with {seeds}; results in {}: report.html and figures", dir.display()));
    print(&conclusion.answer.text())
}
