//! From the journal to the files a reader opens: CSVs in plan order, then figures. Work that is up to date is skipped.

mod csvs;
mod stamp;
mod summary;
mod table;
pub mod theory;
pub mod verify;

pub use table::end_table;

use crate::experiment::plan::Plan;
use crate::record::Status;
use crate::sweep::folder::{plan_hash, plan_json};
use crate::sweep::journal::Journal;
use crate::sweep::work::Work;
use crate::sweep::{Halt, claims};
use stamp::Stamp;
use std::path::Path;

/// The files that [`finish`] writes, `timings.csv` included.
pub const CSV_FILES: [&str; 7] =
    ["runs.csv", "summary.csv", "history.csv", "layers.csv", "points.csv", "theory.csv", "timings.csv"];

/// What the view of the plan holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Runs of the plan.
    pub planned: usize,
    /// Of these, in the journal, however they ended.
    pub done: usize,
    pub diverged: usize,
    pub failed: usize,
}

impl View {
    /// Counts the runs of a plan that a journal holds.
    pub fn of(work: &Work, journal: &Journal) -> Self {
        let statuses: Vec<Status> = work.jobs.iter().filter_map(|job| journal.status(&job.run.run_id)).collect();
        let count = |status| statuses.iter().filter(|s| **s == status).count();
        View {
            planned: work.jobs.len(),
            done: statuses.len(),
            diverged: count(Status::Diverged),
            failed: count(Status::Failed),
        }
    }
}

/// Whether the tables and figures of a folder show another plan than this one: they are then made anew before any run, so
/// that a sweep that is stopped never leaves a mixture.
pub fn shows_another_plan(dir: &Path, plan: &Plan, work: &Work) -> bool {
    let json = plan_json(plan, work);
    Stamp::read(dir).shows_another_plan(&plan_hash(&json, work), &json, &plan.claims)
}

/// Writes the CSV files and the figures of a results folder, as far as they are not up to date.
///
/// # Errors
/// A file that cannot be read or written; what `draw` reports.
pub fn finish(
    dir: &Path,
    plan: &Plan,
    work: &Work,
    journal: &Journal,
    draw: &dyn Fn(&Path) -> Result<(), String>,
) -> Result<View, Halt> {
    claims::keep(dir, &plan.claims)?;
    let json = plan_json(plan, work);
    let wanted = Stamp::inputs(&json, work, journal);
    let mut stamp = Stamp::read(dir);
    if !stamp.csvs_hold(dir, &wanted) {
        csvs::write(dir, plan, work, journal)?;
        stamp = Stamp::of_csvs(dir, wanted, plan_hash(&json, work))?;
        stamp.write(dir)?;
    }
    let (view, drawn) = (View::of(work, journal), stamp.figure_inputs(&json, &plan.claims));
    // Figures that are there may show runs that the plan has no more.
    let anything_to_draw = view.done > view.failed || dir.join("figures").is_dir();
    if anything_to_draw && (stamp.figures != drawn || !dir.join("figures").is_dir()) {
        draw(dir).map_err(|e| Halt::Io(format!("the CSV files are written, but not all figures: {e}")))?;
        stamp.figures = drawn;
        stamp.write(dir)?;
    }
    Ok(view)
}
