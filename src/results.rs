//! A results folder as figures and comparisons see it: plan.json and runs.csv in memory, the long tables streamed past.

pub mod choice;
pub mod theory;
pub mod verdicts;

use crate::columns::{self, Column, On};
use crate::data::Function;
use crate::experiment::settings;
use crate::plan_file::{PlanCell, PlanFile, SCHEMA};
use crate::record::Status;
use crate::sweep::folder::hash_of;
use csv::StringRecord;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// Why results could not be read or shown: what is wrong and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultsError(String);

impl ResultsError {
    pub(crate) fn new(message: String) -> Self {
        ResultsError(message)
    }
}

impl std::fmt::Display for ResultsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ResultsError {}

/// One row of runs.csv.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub id: String,
    /// For each axis of the plan, the index of this run's label.
    pub labels: Vec<usize>,
    pub seed: u64,
    pub status: Status,
    /// The loss that was trained; empty if it followed from the data.
    pub loss: String,
    /// [`columns::OUTCOMES`]; `None` where the cell is empty.
    values: Vec<Option<f64>>,
    /// The columns that some figure's `where` names and that are no axis.
    pub settings: BTreeMap<String, String>,
}

impl Run {
    /// A measured number of the run: `None` when not applicable (or no such measurement), NaN and infinities as they are.
    pub fn value(&self, metric: &str) -> Option<f64> {
        self.values[columns::OUTCOMES.iter().position(|c| c.name == metric)?]
    }

    /// A number that a median may take in: finite, and not how a run ended that diverged, which has no end to speak of.
    pub fn averaged(&self, metric: &str) -> Option<f64> {
        let ended =
            self.status != Status::Diverged || columns::outcome(metric).is_some_and(Column::outlives_divergence);
        self.value(metric).filter(|v| ended && v.is_finite())
    }

    /// Whether the run left numbers at all.
    pub fn failed(&self) -> bool {
        self.status == Status::Failed
    }
}

/// A results folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    pub dir: PathBuf,
    pub plan: PlanFile,
    /// As in `provenance.json`.
    pub plan_hash: String,
    pub runs: Vec<Run>,
}

impl Results {
    /// Reads plan.json and runs.csv.
    ///
    /// # Errors
    /// A file that is missing or not what a sweep writes: which, where in it, and what to do.
    pub fn read(dir: &Path) -> Result<Results, ResultsError> {
        let path = dir.join("plan.json");
        let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, &e))?;
        let plan: PlanFile = serde_json::from_str(&text).map_err(|e| {
            ResultsError::new(format!("{}: {e}; run the sweep again, it rewrites plan.json", path.display()))
        })?;
        if plan.schema != SCHEMA {
            return Err(ResultsError::new(format!(
                "{}: schema {} is not known to this program, which reads schema {SCHEMA}; run the sweep again with it",
                path.display(),
                plan.schema
            )));
        }
        let runs = read_runs(&dir.join("runs.csv"), &plan)?;
        let plan_hash = hash_of(&text, &std::fs::read(dir.join("journal/view.txt")).unwrap_or_default());
        Ok(Results { dir: dir.to_path_buf(), plan, plan_hash, runs })
    }

    /// Whether an axis can touch what is measured on this before the first update.
    pub fn touches_start(&self, axis: &str, on: On) -> bool {
        let cells = self.plan.cells.iter().map(|cell| {
            let label = cell.labels.get(axis).map_or("", String::as_str);
            (label, |key: &str| cell.settings.get(key))
        });
        settings::touches_start(axis, on, self.plan.axes.iter().map(|axis| axis.name.as_str()), cells)
    }

    /// The test function of a run; `None` for a network.
    pub fn function(&self, run: usize) -> Option<&Function> {
        self.cell(run)?.function.as_ref()
    }

    /// The cell of a run.
    pub fn cell(&self, run: usize) -> Option<&PlanCell> {
        let axes = self.plan.axes.iter().zip(&self.runs[run].labels);
        let labels: Vec<(&String, &String)> = axes.map(|(axis, label)| (&axis.name, &axis.labels[*label])).collect();
        let is_its_own = |cell: &&PlanCell| labels.iter().all(|(axis, label)| cell.labels.get(*axis) == Some(*label));
        self.plan.cells.iter().find(is_its_own)
    }

    /// Streams a long table: for each row of one of `runs` (indices), the index and the numbers of `columns`
    /// (`None` where a cell is empty).
    ///
    /// # Errors
    /// A file that is missing, lacks a column or holds what is not a number.
    pub fn stream(
        &self,
        file: &str,
        runs: &[usize],
        columns: &[&str],
        mut each: impl FnMut(usize, &[Option<f64>]),
    ) -> Result<(), ResultsError> {
        let path = self.dir.join(file);
        let wanted: HashMap<&str, usize> = runs.iter().map(|r| (self.runs[*r].id.as_str(), *r)).collect();
        let mut reader = csv::Reader::from_path(&path).map_err(|e| unreadable(&path, &e))?;
        let header = reader.headers().map_err(|e| unreadable(&path, &e))?.clone();
        let id = column(&header, "run_id", &path)?;
        let places = columns.iter().map(|c| column(&header, c, &path)).collect::<Result<Vec<_>, _>>()?;
        let (mut row, mut numbers) = (StringRecord::new(), vec![None; columns.len()]);
        while reader.read_record(&mut row).map_err(|e| unreadable(&path, &e))? {
            if let Some(run) = wanted.get(&row[id]) {
                for (slot, place) in numbers.iter_mut().zip(&places) {
                    *slot = parse(&row, *place, &header, &path)?;
                }
                each(*run, &numbers);
            }
        }
        Ok(())
    }
}

fn read_runs(path: &Path, plan: &PlanFile) -> Result<Vec<Run>, ResultsError> {
    let mut reader = csv::Reader::from_path(path).map_err(|e| unreadable(path, &e))?;
    let header = reader.headers().map_err(|e| unreadable(path, &e))?.clone();
    let place = |name: &str| column(&header, name, path);
    let (id, seed, status) = (place("run_id")?, place("seed")?, place("status")?);
    let axes = plan.axes.iter().map(|a| place(&a.name)).collect::<Result<Vec<_>, _>>()?;
    let outcome = columns::OUTCOMES.iter().map(|c| place(c.name)).collect::<Result<Vec<_>, _>>()?;
    let loss = header.iter().position(|c| c == "loss");
    let filters: Vec<(String, usize)> = plan
        .figures
        .iter()
        .flat_map(|f| f.filter.keys())
        .filter(|key| plan.axes.iter().all(|a| a.name != **key))
        .filter_map(|key| Some((key.clone(), header.iter().position(|c| c == key)?)))
        .collect();
    let mut runs = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|e| unreadable(path, &e))?;
        let wrong = |what: String| {
            let line = row.position().map_or(0, csv::Position::line);
            ResultsError::new(format!("{}:{line}: {what}; run the sweep again, it rewrites the tables", path.display()))
        };
        let labels = plan.axes.iter().zip(&axes).map(|(axis, at)| {
            axis.labels.iter().position(|l| *l == row[*at]).ok_or_else(|| {
                wrong(format!("{} is \"{}\", but plan.json knows {}", axis.name, &row[*at], axis.labels.join(", ")))
            })
        });
        let known = [Status::Finished, Status::ReachedTarget, Status::Diverged, Status::Failed];
        runs.push(Run {
            id: row[id].to_string(),
            labels: labels.collect::<Result<_, _>>()?,
            seed: row[seed].parse().map_err(|_| wrong(format!("the seed \"{}\" is not a whole number", &row[seed])))?,
            status: known
                .into_iter()
                .find(|s| s.word() == &row[status])
                .ok_or_else(|| wrong(format!("the status \"{}\" is not known", &row[status])))?,
            loss: loss.map_or(String::new(), |at| row[at].to_string()),
            values: outcome.iter().map(|at| parse(&row, *at, &header, path)).collect::<Result<_, _>>()?,
            settings: filters.iter().map(|(key, at)| (key.clone(), row[*at].to_string())).collect(),
        });
    }
    Ok(runs)
}

fn column(header: &StringRecord, name: &str, path: &Path) -> Result<usize, ResultsError> {
    header.iter().position(|c| c == name).ok_or_else(|| {
        ResultsError::new(format!(
            "{}: no column \"{name}\"; there are {}",
            path.display(),
            header.iter().collect::<Vec<_>>().join(", ")
        ))
    })
}

fn parse(row: &StringRecord, at: usize, header: &StringRecord, path: &Path) -> Result<Option<f64>, ResultsError> {
    match &row[at] {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            let line = row.position().map_or(0, csv::Position::line);
            ResultsError::new(format!(
                "{}:{line}: {} is \"{text}\", which is not a number",
                path.display(),
                &header[at]
            ))
        }),
    }
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> ResultsError {
    let path = path.display();
    ResultsError::new(format!(
        "{path}: {error}; give a folder that a sweep has finished, or make tables and figures of what an interrupted one \
         has left with `gradsweep merge DIR`"
    ))
}
