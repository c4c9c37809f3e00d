//! From a results folder back to the plan and the data it was made from.

use crate::cli::load;
use crate::data::Places;
use crate::experiment::{Experiment, Plan};
use crate::figure::kinds::FACTS;
use crate::sweep::Halt;
use crate::sweep::folder::view_of;
use crate::sweep::request::Request;
use crate::sweep::work::Work;
use std::path::Path;

/// The plan of a results folder, built again from the files that the sweep left there, and its data.
///
/// # Errors
/// A folder without a plan; an experiment, data or a program that no longer give the runs the folder is about.
pub(super) fn reopen(dir: &Path) -> Result<(Plan, Work), Halt> {
    let path = dir.join("experiment.toml");
    let source = std::fs::read_to_string(&path).map_err(|e| {
        Halt::Input(format!(
            "{} is no results folder ({}: {e}); give one that a sweep has made",
            dir.display(),
            path.display()
        ))
    })?;
    let request = Request::read(dir)?;
    let experiment = Experiment::parse(&source, &path.display().to_string(), FACTS);
    let plan =
        experiment.and_then(|e| e.plan(&request.overrides())).map_err(|problem| Halt::Input(problem.to_string()))?;
    let work = load(&plan, Places { data_dir: request.data_dir, base: request.base })?;
    let view = view_of(dir)?;
    let same = view.len() == work.jobs.len() && view.iter().zip(&work.jobs).all(|(id, job)| *id == job.run.run_id);
    if !same {
        return Err(Halt::Input(format!(
            "{} was made from other data, or by a version of gradsweep that computes differently from this one; \
             use that version, or sweep the experiment again",
            dir.display()
        )));
    }
    Ok((plan, work))
}
