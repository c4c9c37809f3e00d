//! `verify DIR`: computes a sample of the runs again and compares every number with the files of the folder.

use crate::cli::plan_options::{count, environments_data_dir};
use crate::cli::prelude::*;
use crate::conclude::verify::{Sample, changed_files, compute_again, files_against_journal};
use crate::figure::kinds::FACTS;
use crate::parallel::cores;
use crate::sweep::{candle_is_single_threaded, journal::Journal, load, unfinished::Counts};
use crate::table;

#[derive(Args)]
pub struct Options {
    /// A results folder
    dir: PathBuf,
    /// How many runs to compute again, as a number or a percentage
    #[arg(long, value_name = "N or P%", default_value = "5%")]
    sample: Sample,
    /// Seed of the random choice of the sample
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Runs at the same time [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = count)]
    jobs: Option<u64>,
}

/// Says whether all agree, and where not, the first place; 1 when something differs.
///
/// # Errors
/// A folder without a plan, or files that cannot be read.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    candle_is_single_threaded()?;
    let dir = &options.dir;
    let (plan, work) = load::reopen(dir, environments_data_dir(), FACTS)?;
    let journal = Journal::read(&dir.join("journal"))?;
    if let Some(difference) = files_against_journal(dir, &plan, &work, &journal)? {
        return Ok(differs(&difference));
    }
    match changed_files(dir) {
        None => note("there is no record of figures and report; make them with `gradsweep merge`"),
        Some(changed) if changed.is_empty() => {}
        Some(changed) => {
            note(&format!("differs: edited, emptied or deleted since it was written: {}", changed.join(", ")));
            note("help: `gradsweep merge` writes them again from the journal");
            return Ok(ExitCode::FAILURE);
        }
    }
    let sample = options.sample.draw(options.seed, &work, &journal);
    let (name, runs) = (&plan.name, table::count(sample.len(), "run"));
    note(&format!("{name}: the tables agree with the journal; computing {runs} again"));
    let at_once = options.jobs.map_or_else(cores, |n| n as usize);
    let differences = compute_again(&plan, &work, &journal, &sample, at_once)?;
    if let Some(difference) = differences.first() {
        if differences.len() > 1 {
            note(&format!("{} of {runs} differ; the first is:", differences.len()));
        }
        return Ok(differs(difference));
    }
    let rows = table::count(Counts::of(&work, &journal).done, "run");
    print(&format!("{name}: {runs} computed again, every number equal; {rows} in the tables\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn differs(difference: &str) -> ExitCode {
    note(&format!("differs: {difference}"));
    note(
        "help: sweep the experiment into another folder with --out and compare the two, or run all of it again with \
        --fresh",
    );
    ExitCode::FAILURE
}
