//! Combining the axes of an experiment into the plan: ordered axes, the cells of their grid, and what is asked of them.

use super::asked::Asked;
use super::contradictions::idle_without_layers;
use super::datasets::Datasets;
use super::grid::Grid;
use super::labels::{axes, label};
use super::limits;
use super::resolve::Resolver;
use super::sections::{Part, expected, parts};
use crate::experiment::asks::cells::{Cells, GridCell};
use crate::experiment::figure_kind::FigureTheory;
use crate::experiment::file::Experiment;
use crate::experiment::overrides::Overrides;
use crate::experiment::read::Word;
use crate::experiment::read::{Assignment, ExperimentError, Location, Point, Result};
use crate::experiment::recorded::Measurements;
use crate::experiment::settings::Registry;
use crate::plan_file::Axis;
use crate::plan_file::claim::ClaimSpec;
use crate::plan_file::compare::Compare;
use crate::plan_file::figure::FigureSpec;
use crate::run::spec::Cadence;
use crate::setting::{Settings, Value};
use std::collections::BTreeMap;

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
    /// Whether the tables of the runs' steps have the labels of each run.
    pub labels: bool,
    pub figures: Vec<FigureSpec>,
    /// Whether a figure draws what theory predicts layer by layer, and up to which depth nets can be trained.
    pub figure_theory: FigureTheory,
    /// How arms are compared, where there are some.
    pub compare: Option<Compare>,
    /// What the runs are to show.
    pub claims: Vec<ClaimSpec>,
    /// Where each claim of the file says that it is against theory.
    pub(crate) against_theory: Vec<Option<Location>>,
    /// What the file says in vain, each with its place.
    pub notes: Vec<String>,
    /// Whether the command line changed what the file says.
    pub changed: bool,
    /// Claims of the file that do not fit the grid since `--set` changed it.
    pub claims_left_out: usize,
    /// The text of the experiment file.
    pub source: String,
    /// Steps listed under `[record]`, by the name of the list.
    pub(crate) listed_steps: Vec<(&'static str, usize, Location)>,
    /// What `[compare]` reports.
    pub(crate) reported: Vec<Word>,
    /// Every value that was written, for messages.
    pub(crate) written: Vec<Assignment>,
    pub(crate) file: Location,
    datasets: Datasets,
}

impl Experiment {
    /// Applies the command line's changes and combines the axes.
    ///
    /// # Errors
    /// The first thing wrong with a change, the grid, or a figure.
    pub fn plan(&self, overrides: &Overrides) -> Result<Plan, ExperimentError> {
        Plan::combine(&self.with(overrides)?)
    }
}

fn in_vain(base: &Assignment) -> String {
    let (at, name) = (base.place.position(), Registry::get().keys[base.key].short());
    format!("{at}: `{name}` of [base] is used in no cell, since the axes set it in every cell; delete the line")
}

/// What is written of hidden layers for cells that have none.
fn without_layers(written: &[Assignment], cells: &[GridCell]) -> Vec<String> {
    let mut idle: Vec<(&str, &Value)> = Vec::new();
    for cell in cells {
        let own = idle_without_layers(&cell.settings).filter_map(|key| Some((key, cell.settings.get(key)?)));
        let new: Vec<(&str, &Value)> = own.filter(|own| !idle.contains(own)).collect();
        idle.extend(new);
    }
    let keys = Registry::get();
    let is_idle =
        |own: &&Assignment| idle.iter().any(|(key, value)| keys.find(key) == Some(own.key) && **value == own.value);
    let note = |own: &Assignment| {
        let (at, name) = (own.place.position(), keys.keys[own.key].short());
        format!("{at}: `{name}` has no effect where depth = 0, since there is no hidden layer")
    };
    written.iter().filter(is_idle).map(note).collect()
}

/// That softmax hands nothing on where all output weights are equal: the errors of the classes sum to 0.
fn with_equal_outputs(cells: &[GridCell]) -> Option<String> {
    let is_equal = |settings: &Settings| {
        let word = settings.text("output.init").filter(|word| *word != "same").or_else(|| settings.text("init"));
        let has_value = ["output.value", "init.value"].iter().any(|key| settings.float(key).is_some_and(|x| x != 0.0));
        word == Some("constant") && has_value && settings.int("depth") != Some(0)
    };
    let told = "where all output weights are equal, no gradient of the cross-entropy arrives in the hidden layers before \
        the first update: what is measured of it there is rounding";
    cells.iter().any(|cell| is_equal(&cell.settings)).then(|| told.to_string())
}

impl Plan {
    /// Combines the axes of `experiment`.
    pub(crate) fn combine(experiment: &Experiment) -> Result<Plan> {
        let file = Location::new(&experiment.source, 0..0);
        let name = limits::folder_name(experiment, &file)?;
        limits::no_key_twice(&experiment.axes)?;
        let grid = Grid::new(experiment)?;
        let size = limits::grid_size(experiment, &grid, &file)?;
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
            return place.fail("no cell is left: [[exclude]] leaves out all of them", help);
        }
        expected(experiment, resolved.len())?;
        limits::no_equal_cells(&experiment.axes, &grid, &resolved)?;
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
        let datasets = Datasets::of(&cells);
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
            cadence: experiment.record.cadence.clone(),
            labels: experiment.record.labels,
            figures: Vec::new(),
            figure_theory: FigureTheory::default(),
            compare: None,
            claims: Vec::new(),
            against_theory: experiment.claims.iter().map(|claim| claim.against_theory().cloned()).collect(),
            notes: resolver.overridden().map(in_vain).collect(),
            changed: experiment.changed,
            claims_left_out: 0,
            listed_steps: experiment.record.listed.clone(),
            reported: experiment.compare.iter().flat_map(|own| own.report.clone()).collect(),
            source: experiment.source.text.clone(),
            written: experiment.base.sets.iter().chain(points).chain(included).cloned().collect(),
            file,
            datasets,
        };
        plan.notes.extend(without_layers(&plan.written, &plan.cells));
        plan.notes.extend(with_equal_outputs(&plan.cells));
        plan.check_functions(&experiment.record.keys)?;
        let grid = Cells { axes: &plan.axes, cells: &plan.cells, are_imported: false };
        let recorded = Measurements::Swept(&plan.cadence);
        let Asked { figures, claims, compare } = experiment.asked(grid, &plan.centre, plan.seeds.len(), recorded)?;
        plan.claims_left_out = experiment.claims.len() - claims.len();
        let figure_theory = FigureTheory::of(&figures, &experiment.kinds);
        limits::some_setting(&plan.written, &plan.file)?;
        limits::no_formulas(&experiment.axes, &plan.written)?;
        Ok(Plan { compare, claims, figures, figure_theory, ..plan })
    }

    /// The distinct data sets of the cells, in order of first use.
    pub fn datasets(&self) -> &Datasets {
        &self.datasets
    }

    /// Where `key` was given the value that it has in these settings; for the default of an option where the kind was that it is an
    /// option of; the file as a whole for other defaults.
    pub(crate) fn place(&self, key: &str, settings: &Settings) -> Location {
        let found = self.given(key, settings).or_else(|| self.given(key.split_once('.')?.0, settings));
        found.map_or_else(|| self.file.clone(), |a| a.place.clone())
    }

    /// Whether `key` was given the value that it has in these settings, by the file or the command line.
    pub(crate) fn is_written(&self, key: &str, settings: &Settings) -> bool {
        self.given(key, settings).is_some()
    }

    fn given(&self, name: &str, settings: &Settings) -> Option<&Assignment> {
        let (key, value) = (Registry::get().find(name), settings.get(name));
        self.written.iter().find(|a| Some(a.key) == key && Some(&a.value) == value)
    }
}
