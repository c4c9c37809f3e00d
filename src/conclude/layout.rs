//! The rows of a run in `runs.csv`, `history.csv`, `layers.csv`, `points.csv` and, where they are asked for, the other tables.

use crate::columns::{self, Column};
use crate::data::Dataset;
use crate::experiment::plan::{GridCell, Plan};
use crate::experiment::settings;
use crate::ops::loss::Loss;
use crate::record::{RunRecord, point_columns};
use crate::setting::Value;
use crate::sweep::{predictions::CellPrediction, work::Job};
use crate::table::Cell;
use std::collections::HashSet;

/// The files that hold what runs measured, and the columns of each.
pub struct Layout {
    /// `runs.csv` is the first.
    pub files: Vec<(&'static str, Vec<String>)>,
    runs: RunColumns,
    /// The predicted attenuation of each cell; empty where predictions are left out.
    attenuation: Vec<Cell>,
}

impl Layout {
    pub fn of(plan: &Plan, predictions: &[Option<CellPrediction>]) -> Self {
        let variables = plan.cells.iter().filter_map(GridCell::function).map(|f| f.start.len()).max().unwrap_or(0);
        let owned = |columns: &[Column]| columns.iter().map(|c| c.name.to_string()).collect::<Vec<_>>();
        let beside: Vec<String> = match plan.labels {
            true => plan.axes.iter().map(|axis| columns::planned(&axis.name)).chain(["seed".into()]).collect(),
            false => Vec::new(),
        };
        let with_id = |columns: Vec<String>| [vec!["run_id".to_string()], beside.clone(), columns].concat();
        let runs = RunColumns::of(plan);
        let mut files = vec![
            ("runs.csv", runs.header()),
            ("history.csv", with_id(owned(columns::HISTORY))),
            ("layers.csv", with_id(owned(columns::LAYERS))),
            ("points.csv", with_id(point_columns(variables))),
        ];
        let asked = columns::TABLES_ON_REQUEST.iter().filter(|(key, ..)| plan.cadence.has(key));
        files.extend(asked.map(|(_, file, columns)| (*file, with_id(owned(columns)))));
        let predicted =
            |cell: &Option<CellPrediction>| cell.as_ref()?.as_ref().ok()?.attenuation().filter(|a| a.is_finite());
        Layout { files, runs, attenuation: predictions.iter().map(|cell| predicted(cell).into()).collect() }
    }

    /// Hands every row of a run to `put`, with the number of its file.
    pub fn rows<E>(
        &self,
        plan: &Plan,
        job: &Job,
        data: &Dataset,
        record: &RunRecord,
        mut put: impl FnMut(usize, &mut dyn Iterator<Item = &Cell>) -> Result<(), E>,
    ) -> Result<(), E> {
        let predicted = self.attenuation.get(job.run.cell).cloned().unwrap_or(Cell::Empty);
        let chosen = self.runs.chosen(plan, job, data);
        put(0, &mut record.row(&job.run.run_id, chosen, job.run.spec.seeds.run, predicted).iter())?;
        let mut beside = vec![Cell::Text(job.run.run_id.clone())];
        if plan.labels {
            let cell = &plan.cells[job.run.cell];
            beside.extend(plan.axes.iter().map(|axis| Cell::from(cell.label(&axis.name))));
            beside.push(Cell::Int(job.run.spec.seeds.run as i64));
        }
        for (file, (name, columns)) in self.files.iter().enumerate().skip(1) {
            let Some(table) = record.table(name) else { continue };
            let columns = &columns[beside.len()..];
            let places: Vec<Option<usize>> = columns.iter().map(|name| table.column(name)).collect();
            for row in &table.rows {
                let cells = places.iter().map(|place| place.map_or(&Cell::Empty, |p| &row[p]));
                put(file, &mut beside.iter().chain(cells))?;
            }
        }
        Ok(())
    }
}

/// Which columns `runs.csv` has.
struct RunColumns {
    /// Axes that no setting is called after: `variant`, `optimizer`, the names of zips.
    labels: Vec<String>,
    settings: Vec<&'static str>,
}

impl RunColumns {
    fn of(plan: &Plan) -> Self {
        let mut seen = HashSet::new();
        let settings: Vec<&str> = settings::all().map(|s| s.key).filter(|key| seen.insert(*key)).collect();
        let mut labels: Vec<String> = plan.axes.iter().map(|a| a.name.clone()).collect();
        labels.retain(|name| !settings.contains(&name.as_str()));
        if !labels.iter().any(|name| name == "optimizer") {
            labels.push("optimizer".into());
        }
        RunColumns { labels, settings }
    }

    fn header(&self) -> Vec<String> {
        columns::of_runs(self.labels.iter().cloned().chain(self.settings.iter().map(|key| columns::planned(key))))
    }

    /// The labels and settings of a run.
    fn chosen(&self, plan: &Plan, job: &Job, data: &Dataset) -> Vec<Cell> {
        let cell = &plan.cells[job.run.cell];
        let labels = self.labels.iter().map(|name| match cell.label(name) {
            // Without an axis of optimizers the arm is the rule.
            None if name == "optimizer" => setting(job, "optimizer.kind"),
            text => text.map_or(Cell::Empty, Cell::from),
        });
        // An axis reads the same in its column as in plan.json.
        let settings = self.settings.iter().map(|key| match (cell.label(key), setting(job, key)) {
            (Some(label), _) => label.into(),
            (None, Cell::Empty) => derived(key, job, data),
            (None, value) => value,
        });
        labels.chain(settings).collect()
    }
}

/// What a setting that is not written comes to, where that follows from the data or from other settings.
fn derived(key: &str, job: &Job, data: &Dataset) -> Cell {
    match (key, &data.function) {
        ("steps", _) => job.steps.into(),
        ("loss", None) => Loss::usual(data.train.targets.are_classes()).word().into(),
        ("data.n_train", None) => data.train.rows.into(),
        ("function.start", Some(function)) => (&Value::List(function.start.clone())).into(),
        _ => Cell::Empty,
    }
}

fn setting(job: &Job, key: &str) -> Cell {
    job.run.spec.settings.get(key).map_or(Cell::Empty, Cell::from)
}
