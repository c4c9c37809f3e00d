//! A results folder as figures, comparisons and claims read it: plan.json and runs.csv in memory, the long tables read row by row.

mod along_input;
pub mod choice;
pub mod claims;
mod comparable;
pub mod csv_file;
mod derived;
mod distributions;
mod error;
pub mod figure_claims;
pub mod joined;
pub mod provenance;
mod target;
pub mod theory;
mod thinned;

pub use error::ResultsError;

use crate::columns::{self, ATTENUATION_INIT, ATTENUATION_NORM_INIT, ATTENUATION_TIME_INIT, Column, On};
use crate::data::{Function, Guesses};
use crate::experiment::settings;
use crate::fading::Fading;
use crate::files;
use crate::plan_file::{PlanCell, PlanFile, SCHEMA, plan_hash};
use crate::record::Status;
use crate::table::{Records, count};
use csv_file::CsvFile;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// One row of runs.csv.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub id: String,
    /// For each axis of the plan, the index of this run's label.
    pub labels: Vec<usize>,
    pub seed: u64,
    pub status: Status,
    /// [`columns::OUTCOMES`]; `None` where the cell is empty.
    values: Vec<Option<f64>>,
    /// The outcomes of which the run has only a bound, apart by spaces.
    bounds: String,
    /// The columns that some figure's `where` names and that are no axis.
    pub settings: BTreeMap<String, String>,
    /// Floating-point operations of one update; `None` where that is not known.
    pub step_flop: Option<f64>,
    /// Metrics that are derived from the history, by name.
    pub(super) derived: BTreeMap<String, f64>,
    /// Of joined results the folder of the run, and its number there.
    pub(super) origin: Option<(usize, usize)>,
}

impl Run {
    /// A measured number of the run: `None` when not applicable (or no such measurement), NaN and infinities as they are.
    pub fn value(&self, metric: &str) -> Option<f64> {
        match columns::OUTCOMES.iter().position(|c| c.name == metric) {
            Some(place) => self.values[place],
            None => self.derived.get(metric).copied(),
        }
    }

    /// How much of a gradient the run loses on the way to the first layer, or another finite number of it; `None` where that was
    /// not measured, or at the end of a run that diverged.
    pub fn fading(&self, column: &Column) -> Option<Fading> {
        let ended = self.status != Status::Diverged || column.outlives_divergence();
        let is_bound = self.bounds.split(' ').any(|name| name == column.name);
        let value = self
            .value(column.name)
            .filter(|value| ended && !self.failed() && (column.is_fading() || value.is_finite()));
        value.map(|value| Fading::read(value, is_bound))
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
    /// Of joined results the folders that they are of, where the long tables of the runs are.
    parts: Vec<Results>,
}

impl Run {
    /// Whether its first layer and its last differ in size, so that only the norms of their gradients compare.
    pub fn sizes_differ(&self) -> bool {
        let lost = [ATTENUATION_INIT, ATTENUATION_NORM_INIT].map(|column| self.value(column.name));
        // One is computed from the other, so they agree but for rounding.
        matches!(lost, [Some(rms), Some(norm)] if (rms - norm).abs() > 1e-9)
    }

    /// Whether it is of a net that reads one time step after the other.
    pub fn has_time(&self) -> bool {
        self.value(ATTENUATION_TIME_INIT.name).is_some()
    }
}

impl Results {
    /// Reads plan.json and runs.csv.
    ///
    /// # Errors
    /// A file that is missing or not what a sweep writes: which, where in it, and what to do.
    pub fn read(dir: &Path) -> Result<Results, ResultsError> {
        if !dir.is_dir() {
            return Err(ResultsError::NoFolder(dir.to_path_buf()));
        }
        let path = dir.join("plan.json");
        if !path.exists() {
            return Err(ResultsError::NoPlan { dir: dir.to_path_buf() });
        }
        let text = files::read_text(&path).map_err(|e| ResultsError::unreadable(&path, e))?;
        let plan: PlanFile =
            serde_json::from_str(&text).map_err(|source| ResultsError::PlanFile { path: path.clone(), source })?;
        if plan.schema != SCHEMA {
            return Err(ResultsError::Schema { path, schema: plan.schema });
        }
        let table = dir.join("runs.csv");
        if !table.exists() {
            return Err(ResultsError::Interrupted { dir: dir.to_path_buf() });
        }
        let mut runs = read_runs(&table, &plan)?;
        let flop: HashMap<Vec<usize>, f64> =
            plan.cells.iter().filter_map(|cell| Some((plan.place(cell), cell.step_flop?))).collect();
        runs.iter_mut().for_each(|run| run.step_flop = flop.get(&run.labels).copied());
        let plan_hash = plan_hash(&text, &files::read(&dir.join("journal/view.txt")).unwrap_or_default());
        Ok(Results { dir: dir.to_path_buf(), plan, plan_hash, runs, parts: Vec::new() })
    }

    /// What to say of the runs before anything is made of them.
    pub fn remarks(&self) -> impl Iterator<Item = String> {
        [self.unfinished(), self.of_unequal_length()].into_iter().flatten()
    }

    /// Imported runs of one cell that finished after unequal numbers of steps, of which nobody here has seen why.
    fn of_unequal_length(&self) -> Option<String> {
        let mut steps: BTreeMap<&[usize], BTreeSet<u64>> = BTreeMap::new();
        for run in self.runs.iter().filter(|run| self.plan.is_imported() && run.status == Status::Finished) {
            steps.entry(&run.labels).or_default().extend(run.value("steps").map(|steps| steps as u64));
        }
        let unequal = || steps.values().filter(|own| own.len() > 1);
        let (least, most) = (unequal().flatten().min()?, unequal().flatten().max()?);
        Some(format!(
            "in {} of {} the finished runs differ in length ({least} to {most} steps), and their final results are pooled all the same; import runs of equal length to compare final results",
            unequal().count(),
            count(steps.len(), "cell")
        ))
    }

    /// What to say of runs that the tables do not have.
    fn unfinished(&self) -> Option<String> {
        let planned = self.plan.runs().count();
        let there = self.runs.len();
        (there < planned).then(|| {
            let planned = count(planned, "run");
            if self.plan.is_imported() {
                return format!("the tables contain {there} of {planned}: not every cell has every seed");
            }
            format!(
                "the tables contain {there} of {planned}: the sweep was interrupted, or only some runs were chosen, or rows were removed; run the same `gradsweep sweep` again to train the others"
            )
        })
    }

    /// Whether the gradients of some nets compare by the norm alone, since their layers differ in size.
    pub fn is_by_norm(&self) -> bool {
        self.runs.iter().any(Run::sizes_differ)
    }

    /// Whether there are runs that did not fail, and all of these diverged.
    pub fn all_diverged(&self) -> bool {
        let mut ended = self.runs.iter().filter(|run| !run.failed()).peekable();
        ended.peek().is_some() && ended.all(|run| run.status == Status::Diverged)
    }

    /// Whether an axis can touch what is measured on this before the first update. Of the runs of another program nobody here knows
    /// what an axis stands for.
    pub fn touches_start(&self, axis: &str, on: On) -> bool {
        if self.plan.is_imported() {
            return true;
        }
        let cells = self.plan.cells.iter().map(|cell| {
            let label = cell.labels.get(axis).map_or("", String::as_str);
            (label, |key: &str| cell.settings.get(key))
        });
        settings::touches_start(axis, on, self.plan.axes.iter().map(|axis| axis.name.as_str()), cells)
    }

    /// `summary.csv`; empty where there is none.
    ///
    /// # Errors
    /// A file that is no CSV file.
    pub fn summary(&self) -> Result<Records, ResultsError> {
        csv_file::records(&self.dir.join("summary.csv"))
    }

    /// `comparison_pairs.csv`; empty where there is none.
    ///
    /// # Errors
    /// A file that is no CSV file.
    pub fn pairs(&self) -> Result<Records, ResultsError> {
        csv_file::records(&self.dir.join("comparison_pairs.csv"))
    }

    /// `comparison_ranks.csv`; empty where there is none.
    ///
    /// # Errors
    /// A file that is no CSV file.
    pub fn ranks(&self) -> Result<Records, ResultsError> {
        csv_file::records(&self.dir.join("comparison_ranks.csv"))
    }

    /// The test function of a run; `None` for a network.
    pub fn function(&self, run: usize) -> Option<&Function> {
        self.cell(run)?.function.as_ref()
    }

    /// The baselines of a run: what the best constant answer gets under its loss; `None` for a test function.
    pub fn guesses(&self, run: &Run) -> Option<Guesses> {
        self.plan.guesses(self.cell_of(run)?)
    }

    /// The cell of the run of this number.
    pub fn cell(&self, run: usize) -> Option<&PlanCell> {
        self.cell_of(&self.runs[run])
    }

    /// Whether runs of equal seeds have the same initial weights and batches, as those of experiments with one `seed` have.
    pub fn is_paired(&self) -> bool {
        let mut own = self.parts.iter().map(|part| &part.plan).filter(|plan| !plan.is_imported());
        let first = own.next().map(|plan| plan.seed);
        own.all(|plan| Some(plan.seed) == first)
    }

    /// The cell of a run.
    pub fn cell_of(&self, run: &Run) -> Option<&PlanCell> {
        let axes = self.plan.axes.iter().zip(&run.labels);
        let labels: Vec<(&String, &String)> = axes.map(|(axis, label)| (&axis.name, &axis.labels[*label])).collect();
        let is_its_own = |cell: &&PlanCell| labels.iter().all(|(axis, label)| cell.labels.get(*axis) == Some(*label));
        self.plan.cells.iter().find(is_its_own)
    }

    /// Streams a long table: for each row of one of `runs` (indices), the index and the numbers of `columns`
    /// (`None` where a cell is empty). Unless `time` is among these, a layer of a recurrent net stands for itself by its last time
    /// step, from which its gradient comes. Of joined results each run has the rows of its own folder.
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
        if self.parts.is_empty() {
            return self.stream_own(file, runs, columns, &mut each);
        }
        for (number, part) in self.parts.iter().enumerate() {
            let origin = |run: &usize| self.runs[*run].origin.filter(|(part, _)| *part == number);
            let own: BTreeMap<usize, usize> = runs.iter().filter_map(|run| Some((origin(run)?.1, *run))).collect();
            let there: Vec<usize> = own.keys().copied().collect();
            part.stream_own(file, &there, columns, &mut |run, row| each(own[&run], row))?;
        }
        Ok(())
    }

    /// The same of the tables of this folder.
    fn stream_own(
        &self,
        file: &str,
        runs: &[usize],
        columns: &[&str],
        each: &mut dyn FnMut(usize, &[Option<f64>]),
    ) -> Result<(), ResultsError> {
        let wanted: HashMap<&str, usize> = runs.iter().map(|r| (self.runs[*r].id.as_str(), *r)).collect();
        let mut file = CsvFile::open(&self.dir.join(file))?;
        let id = file.column("run_id")?;
        let places = file.columns(columns.iter().copied())?;
        let mut numbers = vec![None; columns.len()];
        let place = |name: &str| file.header.iter().position(|column| column == name);
        let address = ["step", "layer"].map(place);
        let time = place(columns::TIME.name).filter(|_| !columns.contains(&columns::TIME.name));
        // A row of a time step waits for the next one, which may be of a later step of the same layer.
        let mut waiting: Option<(usize, [String; 2], Vec<Option<f64>>)> = None;
        while file.read_row()? {
            let Some(run) = wanted.get(file.text(id)) else { continue };
            for (slot, place) in numbers.iter_mut().zip(&places) {
                *slot = file.number(*place)?;
            }
            if time.is_none_or(|time| file.text(time).is_empty()) {
                each(*run, &numbers);
                continue;
            }
            let own = address.map(|place| place.map_or(String::new(), |place| file.text(place).to_string()));
            if let Some((run, _, last)) = waiting.take_if(|(other, layer, _)| *other != *run || *layer != own) {
                each(run, &last);
            }
            waiting = Some((*run, own, numbers.clone()));
        }
        if let Some((run, _, last)) = waiting {
            each(run, &last);
        }
        Ok(())
    }
}

fn read_runs(path: &Path, plan: &PlanFile) -> Result<Vec<Run>, ResultsError> {
    let mut file = CsvFile::open(path)?;
    let (id, seed, status) = (file.column("run_id")?, file.column("seed")?, file.column("status")?);
    let place = |name: &str| file.header.iter().position(|c| c == name);
    let bounds = place(columns::BOUNDS.name);
    // Folders of earlier programs have a setting `steps` beside the measured steps.
    let setting = |name: &str| place(&columns::planned(name)).or_else(|| place(name));
    let axes = plan.axes.iter().map(|axis| setting(&axis.name).map_or_else(|| file.column(&axis.name), Ok));
    let axes = axes.collect::<Result<Vec<_>, _>>()?;
    let outcomes = file.columns(columns::OUTCOMES.iter().map(|column| column.name))?;
    let filters: Vec<(String, usize)> = plan
        .figures
        .iter()
        .flat_map(|f| f.filter.keys())
        .filter(|key| plan.axes.iter().all(|a| a.name != **key))
        .filter_map(|key| Some((key.clone(), setting(key)?)))
        .collect();
    let mut runs = Vec::new();
    while file.read_row()? {
        let label = |(axis, at): (&crate::plan_file::Axis, &usize)| {
            let place = axis.labels.iter().position(|label| label == file.text(*at));
            place.ok_or_else(|| file.wrong(*at, format!("but plan.json knows {}", axis.labels.join(", "))))
        };
        runs.push(Run {
            id: file.text(id).into(),
            labels: plan.axes.iter().zip(&axes).map(label).collect::<Result<_, _>>()?,
            seed: file.text(seed).parse().map_err(|_| file.wrong(seed, "which is not a whole number"))?,
            status: Status::read(file.text(status)).ok_or_else(|| file.wrong(status, "which is not known"))?,
            values: outcomes.iter().map(|at| file.number(*at)).collect::<Result<_, _>>()?,
            bounds: bounds.map_or(String::new(), |at| file.text(at).into()),
            settings: filters.iter().map(|(key, at)| (key.clone(), file.text(*at).into())).collect(),
            step_flop: None,
            derived: BTreeMap::new(),
            origin: None,
        });
    }
    Ok(runs)
}
