//! How a plan is written into its folder: the text of `plan.json`, the ids of its runs, and the hash of both.

use crate::data::Guesses;
use crate::experiment::plan::{GridCell, Plan};
use crate::files::{self, FileError, read_if_there};
use crate::ops::loss::{Criterion, Loss};
use crate::plan_file::{self, PlanCell, PlanData, PlanFile, SCHEMA};
use crate::run::cost::{Extent, step_flop};
use crate::setting::Value;
use crate::sweep::work::Work;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The plan of a folder, if it has one that can be read.
pub fn plan_of(dir: &Path) -> Option<PlanFile> {
    serde_json::from_slice(&files::read(&dir.join("plan.json")).ok()?).ok()
}

/// The text of `plan.json`: see [`PlanFile`].
pub fn plan_json(plan: &Plan, work: &Work) -> String {
    let fixed = GridCell::shared(&plan.cells);
    let owned = |(key, value): (&str, &Value)| (key.to_string(), value.clone());
    let guesses = guesses(plan, work);
    let mut of_networks = guesses.iter().flatten();
    let first = of_networks.next().copied();
    let shared = first.filter(|first| of_networks.all(|other| other == first));
    let sets = plan.datasets();
    let extents: Vec<Extent> = work.datasets.iter().map(Extent::of).collect();
    // Where some cells write their loss, that of the others is written out too: it may be the same or another.
    let writes_loss = |cell: &GridCell| cell.settings.text("loss").is_some();
    let has_losses = plan.cells.iter().any(writes_loss);
    let usual = |cell: &GridCell, data: usize| {
        let targets = work.datasets[data].function.is_none().then_some(&work.datasets[data].train.targets);
        let loss = targets.filter(|_| has_losses && !writes_loss(cell)).map(|own| Loss::usual(own.are_classes()));
        loss.map(|loss| ("loss".to_string(), Value::Text(loss.word().into())))
    };
    let own = |cell: &GridCell, data: usize| {
        let written = cell.settings.iter().filter(|(key, value)| fixed.get(key) != Some(value));
        written.map(owned).chain(usual(cell, data)).collect()
    };
    let cell = |((cell, guesses), data): ((&GridCell, Option<Guesses>), &usize)| PlanCell {
        labels: cell.labels.iter().cloned().collect(),
        settings: own(cell, *data),
        function: cell.function(),
        step_flop: Some(step_flop(&plan.spec(&cell.settings), &extents[*data])),
        guesses: guesses.filter(|_| shared.is_none()),
    };
    // Axes over data settings make several sets; their outputs are those of the first that is no function.
    let mut sets_of_rows = work.datasets.iter().filter(|data| data.function.is_none());
    let first = sets_of_rows.next().unwrap_or(&work.datasets[0]);
    let alike = sets_of_rows.all(|data| data.train.rows == first.train.rows);
    let file = PlanFile {
        schema: SCHEMA,
        name: plan.name.clone(),
        question: plan.question.clone(),
        seeds: plan.seeds.clone(),
        seed: plan.experiment_seed,
        record: Some(plan.cadence.clone()),
        labels: plan.labels,
        settings: fixed.iter().map(|(key, value)| owned((key, value))).collect(),
        axes: plan.axes.clone(),
        cells: plan.cells.iter().zip(guesses.iter().copied()).zip(&sets.of_cell).map(cell).collect(),
        figures: plan.figures.clone(),
        compare: plan.compare.clone(),
        data: PlanData {
            name: first.name.clone(),
            digest: work.digest(),
            train_rows: if alike { first.train.rows } else { 0 },
            outputs: first.train.targets.outputs(),
            answers: Some(first.train.answers()).filter(|answers| *answers > 1),
            classes: first.train.targets.are_classes(),
            guesses: shared,
        },
        probe: plan.cadence.probe.min(first.train.rows),
        imported: Vec::new(),
    };
    file.text()
}

/// The settings of a cell's loss.
type OfLoss<'a> = Vec<(&'a str, &'a Value)>;

/// The baselines of every cell; test functions have none.
pub fn guesses(plan: &Plan, work: &Work) -> Vec<Option<Guesses>> {
    let sets = plan.datasets();
    // Most axes of a grid touch neither data nor loss.
    let mut known: HashMap<(usize, OfLoss), Option<Guesses>> = HashMap::new();
    let mut guesses = Vec::with_capacity(plan.cells.len());
    for (cell, data) in plan.cells.iter().zip(&sets.of_cell) {
        let of_loss = cell.settings.iter().filter(|(key, _)| key.split('.').next() == Some("loss")).collect();
        let find = || {
            let (settings, data) = (&cell.settings, &work.datasets[*data]);
            let criterion = Criterion::from_settings(settings, data.train.targets.counts().as_deref()).ok()?;
            Guesses::of(data, &criterion)
        };
        guesses.push(*known.entry((*data, of_loss)).or_insert_with(find));
    }
    guesses
}

/// Identity of a plan: its file and its runs, in order.
pub fn plan_hash(plan_json: &str, work: &Work) -> String {
    plan_file::plan_hash(plan_json, run_ids(work).as_bytes())
}

/// The run ids of the plan, one a line.
pub fn run_ids(work: &Work) -> String {
    work.jobs.iter().map(|job| format!("{}\n", job.run.run_id)).collect()
}

/// Which runs the folder's current plan holds; what else is in the journal was dropped from view on purpose.
pub fn view_path(dir: &Path) -> PathBuf {
    dir.join("journal").join("view.txt")
}

/// The run ids of the folder's current plan, in order; none when it has no plan yet.
///
/// # Errors
/// When the file cannot be read.
pub fn view_of(dir: &Path) -> Result<Vec<String>, FileError> {
    let bytes = read_if_there(&view_path(dir))?.unwrap_or_default();
    // A damaged name is the name of no run.
    Ok(String::from_utf8_lossy(&bytes).lines().map(String::from).collect())
}
