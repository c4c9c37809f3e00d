//! From an experiment file, or from the folder of an earlier sweep, to a plan and the data it needs.

use crate::data::{self, Places};
use crate::experiment::{Experiment, ExperimentError, GridCell, Overrides, Plan, figure_kind::FigureKind};
use crate::files;
use crate::model;
use crate::plan_file::{PlanFile, figure::FigureSpec};
use crate::run::{check_gradient, cost::bytes};
use crate::setting::Settings;
use crate::sweep::predictions::{at_start, check_claims};
use crate::sweep::{
    SweepError, folder::refuse_imported, memory, plan_text::plan_of, plan_text::view_of, request::Request, work::Work,
};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The plan of an experiment file and its data, every cell checked against them before anything runs; `kinds` are the
/// figures that it may ask for.
///
/// # Errors
/// Whatever is wrong with the experiment or its data.
pub fn experiment(
    file: &Path,
    overrides: &Overrides,
    places: &Places,
    kinds: &[&'static FigureKind],
) -> Result<(Plan, Work), SweepError> {
    let source =
        files::read_text(file).map_err(|source| SweepError::NoExperiment { path: file.to_path_buf(), source })?;
    let plan = Experiment::parse(&source, &file.display().to_string(), kinds)?.plan(overrides)?;
    let work = with_data(&plan, places)?;
    plan.check_data(&work.facts())?;
    check_claims(&plan, &work)?;
    check_gradients(&plan, &work)?;
    Ok((plan, work))
}

/// Holds the gradient of every net from outside this crate against a finite difference, once for all that start alike.
fn check_gradients(plan: &Plan, work: &Work) -> Result<(), ExperimentError> {
    let mut known = HashSet::new();
    for (cell, data) in plan.cells.iter().zip(&plan.datasets().of_cell) {
        let settings = &cell.settings;
        let family = model::family(settings);
        if model::families::is_brought(settings) && known.insert((data, at_start(settings))) {
            let checked = check_gradient(family, &plan.spec(settings), &work.datasets[*data]);
            checked.map_err(|wrong| plan.misfit(settings, &wrong))?;
        }
    }
    Ok(())
}

/// The runs of a plan with their data.
///
/// # Errors
/// Data that cannot be read, with the line of the experiment that asks for them where that is at fault.
pub fn with_data(plan: &Plan, places: &Places) -> Result<Work, SweepError> {
    Work::new(plan, |settings: &Settings| {
        refuse_too_much_data(plan, settings)?;
        data::load(settings, places).map_err(|e| match (e.setting, &e.file, e.at) {
            (Some(key), ..) => plan.place(key, settings).error(e.what, e.cure).into(),
            // A file as a whole may be the wrong one.
            (None, Some(file), None) => {
                plan.place("data.path", settings).error(format!("{file}: {}", e.what), e.cure).into()
            }
            _ => e.into(),
        })
    })
}

/// That generated data fit into the memory: as they are drawn, and as they are split.
fn refuse_too_much_data(plan: &Plan, settings: &Settings) -> Result<(), ExperimentError> {
    let (takes, room) = (2.0 * 8.0 * data::numbers_generated(settings), memory::room(1));
    let Some(room) = room.filter(|room| takes > *room) else { return Ok(()) };
    let message =
        format!("the data that these settings generate need {}, but only {} are available", bytes(takes), bytes(room));
    let sizes = ["data.n", "data.length", "data.copied", "data.symbols", "data.features"];
    let sizes = sizes.iter().filter(|key| settings.get(key).is_some()).map(|key| format!("`{key}`"));
    let help = format!("write a smaller {}, or raise the memory limit", sizes.collect::<Vec<_>>().join(" or "));
    Err(plan.place("data", settings).error(message, help))
}

/// The figures that another file asks for, held against the plan of a results folder.
///
/// # Errors
/// A file that cannot be read, a figure that does not fit the plan.
pub fn figures_of(
    file: &Path,
    dir: &Path,
    plan: &PlanFile,
    kinds: &[&'static FigureKind],
) -> Result<Vec<FigureSpec>, SweepError> {
    let read = |path: &Path| {
        let source =
            files::read_text(path).map_err(|source| SweepError::NoExperiment { path: path.to_path_buf(), source })?;
        Ok::<_, SweepError>(Experiment::parse(&source, &path.display().to_string(), kinds)?)
    };
    if plan.is_imported() {
        let (cells, measured) = (GridCell::of_plan(plan), plan.record.as_ref());
        return Ok(read(file)?.asked_of(&plan.axes, &cells, plan.seeds.len(), measured)?.figures);
    }
    let experiment = read(&dir.join("experiment.toml"))?.with_figures_of(read(file)?);
    Ok(experiment.plan(&Request::read(dir)?.overrides())?.figures)
}

/// The plan of a results folder, built again from the files that the sweep left there, and its data; `data_dir` is where the
/// downloaded data sets lie if the sweep was not told.
///
/// # Errors
/// A folder without a plan; an experiment, data or a program that no longer give the runs the folder is about.
pub fn reopen(
    dir: &Path,
    data_dir: Option<PathBuf>,
    kinds: &[&'static FigureKind],
) -> Result<(Plan, Work), SweepError> {
    refuse_imported(dir)?;
    let path = dir.join("experiment.toml");
    let source = files::read_text(&path).map_err(|source| SweepError::NoResults {
        dir: dir.to_path_buf(),
        path: path.clone(),
        source,
    })?;
    let request = Request::read(dir)?;
    let mut plan = Experiment::parse(&source, &path.display().to_string(), kinds)?.plan(&request.overrides())?;
    // An experiment without a name was called after its file, which had another name than the copy.
    plan.name = plan_of(dir).map_or(plan.name, |file| file.name);
    let work = with_data(&plan, &Places { data_dir: request.data_dir.or(data_dir), base: request.base })?;
    if view_of(dir)?.iter().eq(work.jobs.iter().map(|job| &job.run.run_id)) {
        Ok((plan, work))
    } else {
        Err(SweepError::OtherRuns(dir.to_path_buf()))
    }
}
