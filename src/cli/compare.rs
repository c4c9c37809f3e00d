//! `compare DIR`: the arms of a results folder, from its CSV files.

use crate::answer::verdicts;
use crate::cli::prelude::*;
use crate::compare::{Comparison, arms_table, json, latex, markdown, text};
use crate::conclude::{Conclusion, draw_pages};
use crate::experiment::nearest;
use crate::plan_file::compare::Compare;
use crate::results::{Results, claims};
use clap::ValueEnum;
use std::collections::BTreeSet;

#[derive(Args)]
pub struct Options {
    /// A results folder, such as results/optimizers
    dir: PathBuf,
    /// Compare all arms with this one alone, and write no tables
    #[arg(long, value_name = "ARM")]
    baseline: Option<String>,
    /// For a person, a paper or a program; `csv` is comparison.csv
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Latex,
    Csv,
    Json,
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
    if let Some(_lock) = lock_to_write(dir) {
        conclusion.write(Some(&draw_pages))?;
    }
    let Some(comparison) = &conclusion.comparison else {
        return Err(CommandError::input(format!(
            "{} has nothing to compare: its experiment has neither several [[optimizer]] nor a [compare] section; \
             write [compare] with arm = \"...\", the name of an axis, and sweep it again, which runs nothing anew",
            dir.display()
        )));
    };
    let Some(baseline) = &options.baseline else { return show(comparison, options.format) };
    let arms: BTreeSet<&str> =
        comparison.tasks.iter().flat_map(|task| &task.arms).map(|arm| arm.name.as_str()).collect();
    if !arms.contains(baseline.as_str()) {
        let help = nearest::suggest(baseline, arms);
        return Err(CommandError::input(format!("no {} is called \"{baseline}\"; {help}", comparison.arm)));
    }
    let against = conclusion.results.plan.compare.clone().unwrap_or_default();
    let against = Compare { baseline: Some(baseline.clone()), ..against };
    let comparison = Comparison::by(&conclusion.results, &against).map_err(CommandError::input)?;
    show(&comparison, options.format)
}

/// Prints a comparison.
fn show(comparison: &Comparison, format: Format) -> Result<ExitCode, CommandError> {
    let verdicts = verdicts(comparison);
    print(&match format {
        Format::Text => text(comparison, &verdicts),
        Format::Markdown => markdown(comparison, &verdicts),
        Format::Latex => latex(comparison, &verdicts),
        Format::Json => json(comparison, &verdicts),
        Format::Csv => {
            let table = arms_table(comparison).csv().map_err(CommandError::failed)?;
            String::from_utf8_lossy(&table).into_owned()
        }
    })
}
