//! The plan: ordered axes, the cells of their grid, and the runs with their identities.

use super::axis::{Assignment, Point, WrittenAxis};
use super::claims;
use super::compare;
use super::figures;
use super::grid::Grid;
use super::labels::{axes, label};
use super::part::{Part, expected, parts};
use super::problem::{Location, ExperimentError};
use super::resolve::Resolver;
use super::settings::Registry;
use super::spec::{Cadence, NUMERICS_VERSION, RunSpec};
use super::written::Experiment;
use crate::plan_file::Axis;
use crate::plan_file::claim::ClaimSpec;
use crate::plan_file::compare::Compare;
use crate::plan_file::figure::FigureSpec;
use crate::seed::Seeds;
use crate::setting::{Settings, Value};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// A grid of more runs is refused before it is built.
pub const MOST_RUNS: usize = 200_000;

/// One combination: its label on every axis, in axis order, and what it resolves to.
#[derive(Clone, Debug, PartialEq)]
pub struct GridCell {
    pub labels: Vec<(String, String)>,
    pub settings: Settings,
}

/// One run of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedRun {
    /// 16 hex digits: see [`Plan::runs`].
    pub run_id: String,
    pub cell: usize,
    pub spec: RunSpec,
}

/// What the plan needs to know of a loaded data set.
#[derive(Clone, Debug, PartialEq)]
pub struct DataFacts {
    pub digest: String,
    pub train_rows: usize,
    /// Classes, not real-valued targets.
    pub classes: bool,
}

/// The distinct data settings of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Datasets {
    /// The `data` and `function` families alone.
    pub settings: Vec<Settings>,
    /// For each cell, which of them it uses.
    pub of_cell: Vec<usize>,
}

/// All runs of an experiment, in order.
#[derive(Clone, Debug)]
pub struct Plan {
    pub name: String,
    pub question: String,
    /// Run seeds, 1..n, or as many fresh ones.
    pub seeds: Vec<u64>,
    pub experiment_seed: u64,
    pub axes: Vec<Axis>,
    /// The last axis changes fastest.
    pub cells: Vec<GridCell>,
    /// Cells that `[[exclude]]` removed.
    pub excluded: usize,
    /// The centre of an ablation: axis -> label, for the axes that it names.
    pub centre: BTreeMap<String, String>,
    /// What each `[ablation]`, `[[exclude]]` and `[[include]]` does.
    pub parts: Vec<Part>,
    pub cadence: Cadence,
    pub figures: Vec<FigureSpec>,
    /// How arms are compared, where there are some.
    pub compare: Option<Compare>,
    /// What the runs are to show.
    pub claims: Vec<ClaimSpec>,
    /// Where each claim of the file says that it is against theory.
    pub(crate) against_theory: Vec<Option<Location>>,
    /// Whether the command line changed what the file says.
    pub changed: bool,
    /// Claims of the file that do not fit the grid since `--set` changed it.
    pub claims_left_out: usize,
    /// The text of the experiment file.
    pub source: String,
    /// Steps listed under `[record]`, by the name of the list.
    pub(crate) listed_steps: Vec<(&'static str, usize, Location)>,
    /// Every value that was written, for messages.
    pub(crate) written: Vec<Assignment>,
    pub(crate) file: Location,
    datasets: Datasets,
}

impl Plan {
    /// Combines the axes of `experiment`.
    pub(crate) fn combine(experiment: &Experiment) -> Result<Plan, ExperimentError> {
        let file = Location::new(&experiment.source, 0..0);
        let name = folder_name(experiment, &file)?;
        check_axes(&experiment.axes)?;
        let grid = Grid::new(experiment)?;
        let size = grid_size(experiment, &grid, &file)?;
        let mut resolver = Resolver::new(experiment)?;
        let mut resolved: Vec<(usize, Settings)> = Vec::with_capacity(size);
        let mut points: Vec<&Point> = Vec::with_capacity(experiment.axes.len());
        for index in 0..size {
            grid.points(index, &mut points);
            if let Some(settings) = resolver.cell(&points, grid.include(index).is_some())? {
                resolved.push((index, settings));
            }
        }
        resolver.finish()?;
        if resolved.is_empty() {
            let place = experiment.excludes.last().map_or(&file, |e| &e.place);
            let help = "name more keys, which must all match, or fewer values";
            return Err(ExperimentError::new(place, "no cell is left: [[exclude]] drops all of them", help));
        }
        expected(experiment, resolved.len())?;
        no_equal_cells(&experiment.axes, &grid, &resolved)?;
        let excluded = size - resolved.len();
        let parts = parts(experiment, &grid, &resolver);
        // What included cells alone set becomes an axis where it varies, so that labels still tell all cells apart.
        let varies = |key: &usize| {
            let name = Registry::get().keys[*key].name;
            let first = resolved.first().and_then(|(_, settings)| settings.get(name));
            resolved.iter().any(|(_, settings)| settings.get(name) != first)
        };
        let beside: Vec<usize> = grid.touched.iter().copied().filter(varies).collect();
        let cells: Vec<GridCell> = resolved
            .into_iter()
            .map(|(index, settings)| {
                grid.points(index, &mut points);
                label(&experiment.axes, &beside, settings, &points)
            })
            .collect();
        let axes = axes(&experiment.axes, &grid, &beside, &cells);
        let centre = grid.centre();
        let included = experiment.includes.iter().flat_map(|i| i.sets());
        let points = experiment.axes.iter().flat_map(|a| &a.points).flat_map(|p| &p.patch.sets);
        let datasets = datasets(&cells);
        let mut plan = Plan {
            name,
            question: experiment.question.clone(),
            seeds: (experiment.first_seed..experiment.first_seed + experiment.seeds).collect(),
            experiment_seed: experiment.seed,
            axes,
            cells,
            excluded,
            parts,
            centre,
            cadence: experiment.cadence.clone(),
            figures: Vec::new(),
            compare: None,
            claims: Vec::new(),
            against_theory: experiment.claims.iter().map(|claim| claim.against_theory().cloned()).collect(),
            changed: experiment.changed,
            claims_left_out: 0,
            listed_steps: experiment.listed_steps.clone(),
            source: experiment.source.text.clone(),
            written: experiment.base.sets.iter().chain(points).chain(included).cloned().collect(),
            file,
            datasets,
        };
        plan.check_functions(&experiment.recorded)?;
        plan.compare = compare::resolve(experiment.compare.as_ref(), &plan.axes, plan.seeds.len())?;
        plan.claims = claims::check(&experiment.claims, &plan.axes, &plan.cells, experiment.changed)?;
        plan.claims_left_out = experiment.claims.len() - plan.claims.len();
        plan.figures = match experiment.figures.as_slice() {
            [] => super::figure_spec::defaults(&plan.axes, &plan.cells, &plan.centre, plan.compare.as_ref()),
            written => figures::check(written, &plan.axes, &plan.cells)?,
        };
        Ok(plan)
    }

    /// The distinct data sets of the cells, in order of first use.
    pub fn datasets(&self) -> &Datasets {
        &self.datasets
    }

    /// Every run, cell by cell and within a cell seed by seed. `digests` holds the digest of each of
    /// [`Plan::datasets`], in order.
    ///
    /// A run's id is BLAKE3 over the canonical JSON of its settings that are not at their default (sorted by key),
    /// the data digest, both seeds, the record cadence and [`NUMERICS_VERSION`]: what decides its numbers and
    /// nothing else.
    ///
    /// # Panics
    /// When `digests` are not one for each data set.
    pub fn runs(&self, digests: &[String]) -> Vec<PlannedRun> {
        let datasets = self.datasets();
        assert_eq!(digests.len(), datasets.settings.len(), "one digest for each data set");
        // The canonical form has sorted keys; those of a map of JSON are.
        let cadence = serde_json::json!(self.cadence);
        let mut runs = Vec::with_capacity(self.cells.len() * self.seeds.len());
        for (index, cell) in self.cells.iter().enumerate() {
            let settings = non_default(&cell.settings);
            for run in &self.seeds {
                let seeds = Seeds { experiment: self.experiment_seed, run: *run };
                let run_id = short_hash(&Canonical {
                    cadence: &cadence,
                    data: &digests[datasets.of_cell[index]],
                    experiment_seed: seeds.experiment,
                    numerics: NUMERICS_VERSION,
                    seed: seeds.run,
                    settings: &settings,
                });
                let spec = RunSpec { settings: cell.settings.clone(), seeds, cadence: self.cadence.clone() };
                runs.push(PlannedRun { run_id, cell: index, spec });
            }
        }
        runs
    }

    /// Where `key` was given `value`; the file as a whole for a default.
    pub(crate) fn place(&self, key: &'static str, value: Option<&Value>) -> Location {
        let index = Registry::get().index(key);
        let found = self.written.iter().find(|a| a.key == index && Some(&a.value) == value);
        found.map_or_else(|| self.file.clone(), |a| a.place.clone())
    }
}

/// What decides the numbers of a run, its fields in alphabetical order.
#[derive(Serialize)]
struct Canonical<'a> {
    cadence: &'a serde_json::Value,
    data: &'a str,
    experiment_seed: u64,
    numerics: u32,
    seed: u64,
    settings: &'a BTreeMap<&'static str, &'a Value>,
}

fn short_hash(run: &Canonical) -> String {
    // Nothing in it can fail to become JSON.
    let json = serde_json::to_vec(run).unwrap_or_default();
    blake3::hash(&json).to_hex()[..16].to_string()
}

/// Settings that differ from the default of their kind, by key.
fn non_default(settings: &Settings) -> BTreeMap<&'static str, &Value> {
    let registry = Registry::get();
    let mut keys = registry.keys.iter();
    let mut is_default = |name: &'static str, value: &Value| {
        let key = keys.find(|key| key.name == name).expect("settings stand in the order of the table");
        let kind = |head: usize| {
            let head = &registry.keys[head];
            head.words.iter().position(|w| settings.text(head.name) == Some(w)).unwrap_or(0)
        };
        let row = if key.rows.len() == 1 { Some(key.rows[0]) } else { key.row(key.head.map_or(0, kind)) };
        row.is_some_and(|row| row.default.is(value))
    };
    settings.iter().filter(|(name, value)| !is_default(name, value)).collect()
}

/// The data sets that cells ask for, and which cell asks for which.
fn datasets(cells: &[GridCell]) -> Datasets {
    let mut settings: Vec<Settings> = Vec::new();
    let mut known: HashMap<Vec<(&str, &Value)>, usize> = HashMap::new();
    let of_cell = cells.iter().map(|cell| {
        let data: Vec<(&'static str, &Value)> = cell.settings.iter().filter(|(k, _)| is_data(k)).collect();
        if let Some(index) = known.get(&data) {
            return *index;
        }
        settings.push(Settings::new(data.iter().map(|(k, v)| (*k, (*v).clone())).collect()));
        known.insert(data, settings.len() - 1);
        settings.len() - 1
    });
    let of_cell = of_cell.collect();
    Datasets { settings, of_cell }
}

/// Whether a setting is of the data, or of the function in their place.
fn is_data(key: &str) -> bool {
    matches!(key.split('.').next(), Some("data" | "function"))
}

/// The name of the results folder: `name`, or the file's own name without its ending.
fn folder_name(experiment: &Experiment, file: &Location) -> Result<String, ExperimentError> {
    let stem =
        || std::path::Path::new(&experiment.source.name).file_stem().unwrap_or_default().to_string_lossy().into();
    let (name, place): (String, &Location) = match &experiment.name {
        Some((name, place)) => (name.clone(), place),
        None => (stem(), file),
    };
    let usable = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > 100 || !name.chars().all(usable) || name.starts_with(['.', '-']) {
        let message = format!("\"{}\" cannot be the name of a results folder", name.escape_debug());
        let help =
            "write name = \"...\" with letters, digits, `_`, `-` and `.`, at most 100, starting with a letter or digit";
        return Err(ExperimentError::new(place, message, help));
    }
    Ok(name)
}

/// No two axes set one key.
fn check_axes(axes: &[WrittenAxis]) -> Result<(), ExperimentError> {
    let registry = Registry::get();
    let (steps, epochs) = (registry.index("steps"), registry.index("epochs"));
    let mut owner: HashMap<usize, (usize, &Assignment)> = HashMap::new();
    for (index, axis) in axes.iter().enumerate() {
        for assignment in axis.points.iter().flat_map(|p| &p.patch.sets) {
            let key = if assignment.key == epochs { steps } else { assignment.key };
            let (first, at) = owner.entry(key).or_insert((index, assignment));
            if *first != index {
                let name = registry.keys[assignment.key].short();
                let message = format!("`{name}` is set by two axes, `{}` and `{}`", axes[*first].name, axis.name);
                let help = "let one axis set it, or tie the two together in a [zip.NAME]";
                return Err(ExperimentError::new(&assignment.place, message, help).also(&at.place));
            }
        }
    }
    Ok(())
}

/// The number of combinations, refused if the runs are too many to build.
fn grid_size(experiment: &Experiment, grid: &Grid, file: &Location) -> Result<usize, ExperimentError> {
    let cells: f64 = grid.sizes().iter().sum();
    let runs = cells * experiment.seeds as f64;
    if runs > MOST_RUNS as f64 {
        let sizes: Vec<String> = experiment.axes.iter().map(|a| format!("{} {}", a.points.len(), a.name)).collect();
        let how = if experiment.ablation.is_some() { "around its centre " } else { "" };
        let more = if experiment.includes.is_empty() { "" } else { ", those included among them" };
        let message = format!(
            "the grid {how}has {} x {} seeds = {runs} runs{more}, more than {MOST_RUNS}",
            sizes.join(" x "),
            experiment.seeds
        );
        let longest = experiment.axes.iter().max_by_key(|a| a.points.len()).map_or(file, |a| &a.place);
        return Err(ExperimentError::new(longest, message, "shorten the axes, or ask with several experiments"));
    }
    Ok(cells as usize)
}

fn no_equal_cells(axes: &[WrittenAxis], grid: &Grid, resolved: &[(usize, Settings)]) -> Result<(), ExperimentError> {
    let mut known: HashMap<u64, Vec<usize>> = HashMap::with_capacity(resolved.len());
    for (i, (index, settings)) in resolved.iter().enumerate() {
        let alike = known.entry(settings.fingerprint()).or_default();
        if let Some(j) = alike.iter().find(|j| resolved[**j].1 == *settings) {
            let (mut first, mut second) = (Vec::new(), Vec::new());
            grid.points(resolved[*j].0, &mut first);
            grid.points(*index, &mut second);
            if let Some(include) = grid.include(*index) {
                let message =
                    format!("this [[include]] appends a cell that is there already: ({})", grid.describe(&second));
                return Err(ExperimentError::new(&include.place, message, "name fewer cells, or delete it"));
            }
            let differ = (0..axes.len()).find(|k| first[*k] != second[*k]).unwrap_or(0);
            let message = format!("two cells are equal: ({}) and ({})", grid.describe(&first), grid.describe(&second));
            let help = "they would be the same runs counted twice: delete one, or drop it with [[exclude]]";
            return Err(ExperimentError::new(&second[differ].place, message, help).also(&first[differ].place));
        }
        alike.push(i);
    }
    Ok(())
}
