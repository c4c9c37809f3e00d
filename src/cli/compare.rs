//! `compare DIR...`: the arms of a results folder, or of several, from their CSV files.

use crate::answer::verdicts;
use crate::cli::prelude::*;
use crate::columns::{
    self,
    metric::{FORMS, is_comparable},
};
use crate::compare::{Comparison, arms_table, json, latex, markdown, text};
use crate::conclude::{Conclusion, draw_pages};
use crate::experiment::nearest;
use crate::plan_file::compare::Compare;
use crate::results::joined::{FOLDER, Joined, join};
use crate::results::{Results, claims};
use clap::ValueEnum;
use std::collections::BTreeSet;

#[derive(Args)]
pub struct Options {
    /// A results folder, such as results/optimizers; the runs of several folders are compared with each other, and no tables are written
    #[arg(required = true, value_name = "DIR")]
    dirs: Vec<PathBuf>,
    /// Compare all arms with this one alone, and write no tables
    #[arg(long, value_name = "ARM")]
    baseline: Option<String>,
    /// Compare the labels of this axis instead, or each `folder` with the others, and write no tables
    #[arg(long, value_name = "AXIS")]
    arm: Option<String>,
    /// Compare by this metric instead, such as test_accuracy or "val_loss at epoch 5"; the first one decides; write no tables
    #[arg(long, value_name = "METRIC")]
    metric: Vec<String>,
    /// Format of the output; `csv` is comparison.csv
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

/// Prints the comparison, and writes its tables where it is the one that the folder was swept with and can be written.
///
/// # Errors
/// A folder without results or with nothing to compare; folders that cannot be compared with each other.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    if let ([dir], None, None, []) = (&options.dirs[..], &options.baseline, &options.arm, &options.metric[..]) {
        return own(dir, options.format);
    }
    let mut folders = Vec::new();
    for dir in &options.dirs {
        folders.push(Results::read(dir).map_err(CommandError::input)?);
    }
    let mut remarks: Vec<String> = folders.iter().flat_map(Results::remarks).collect();
    remarks.iter().for_each(|line| note(line));
    let Joined { results, remarks: of_all } = join(folders, options.arm.as_deref()).map_err(CommandError::input)?;
    let compare = asked(options, &results)?;
    results.check_alike(&compare).map_err(CommandError::input)?;
    results.check_measured(compare.named()).map_err(CommandError::input)?;
    of_all.iter().for_each(|line| note(line));
    remarks.extend(of_all);
    let comparison = Comparison::by(&results, &compare).map_err(CommandError::input)?;
    let comparison = Comparison { remarks, ..comparison };
    if let Some(baseline) = &compare.baseline {
        let arms = comparison.tasks.iter().flat_map(|task| &task.arms).map(|arm| arm.name.as_str());
        let arms: BTreeSet<&str> = arms.collect();
        if !arms.contains(baseline.as_str()) {
            let help = nearest::suggest(baseline, arms);
            return Err(CommandError::input(format!("there is no {} \"{baseline}\"; {help}", comparison.arm)));
        }
    }
    show(&comparison, options.format)
}

/// The comparison that a folder was swept with; its tables are written.
fn own(dir: &Path, format: Format) -> Result<ExitCode, CommandError> {
    let lock = lock_to_write(dir);
    let results = Results::read(dir).map_err(CommandError::input)?;
    results.remarks().for_each(|line| note(&line));
    let Some(compare) = &results.plan.compare else { return Err(nothing(&[dir.to_path_buf()])) };
    results.check_alike(compare).map_err(CommandError::input)?;
    let claims = claims::read(dir).map_err(CommandError::input)?;
    let mut conclusion = Conclusion::of(results, &claims)?;
    if lock.is_some() {
        conclusion.write(Some(&draw_pages))?;
        note(&format!("all pairs and settings: comparison_pairs.csv and comparison_settings.csv of {}", dir.display()));
    }
    conclusion.comparison.as_ref().map_or_else(|| Err(nothing(&[dir.to_path_buf()])), |own| show(own, format))
}

/// What the options ask of these results.
fn asked(options: &Options, results: &Results) -> Result<Compare, CommandError> {
    let Some(compare) = results.plan.compare.clone() else { return Err(nothing(&options.dirs)) };
    let axes = || results.plan.axes.iter().map(|axis| axis.name.as_str());
    if axes().all(|axis| axis != compare.arm) {
        let help = nearest::suggest(&compare.arm, axes().chain([FOLDER]));
        return Err(CommandError::input(format!("there is no axis \"{}\"; {help}", compare.arm)));
    }
    if let Some(name) = options.metric.iter().find(|name| !is_comparable(name)) {
        let known = columns::OUTCOMES.iter().map(|column| column.name).filter(|name| is_comparable(name));
        let help = nearest::suggest_or(name, known, FORMS);
        return Err(CommandError::input(format!("there is no metric \"{name}\"; {help}")));
    }
    let baseline = options.baseline.clone().or(compare.baseline.clone());
    let [report, also] = match &options.metric[..] {
        [] => [compare.report.clone().into_iter().collect(), compare.also.clone()],
        [first, others @ ..] => [vec![first.clone()], others.to_vec()],
    };
    Ok(Compare { baseline, report: report.into_iter().next(), also, ..compare })
}

/// The error of folders without arms.
fn nothing(dirs: &[PathBuf]) -> CommandError {
    let (has, whose) = if dirs.len() == 1 { ("has", "its experiment has") } else { ("have", "their experiments have") };
    let dirs = dirs.iter().map(|dir| dir.display().to_string()).collect::<Vec<_>>().join(" and ");
    CommandError::input(format!(
        "{dirs} {has} nothing to compare: {whose} neither several [[optimizer]] nor a [compare] section; name an axis with \
         --arm, or write [compare] with arm = \"...\" and sweep it again (finished runs are not trained again), or, of imported runs, \
         import them again with it"
    ))
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
