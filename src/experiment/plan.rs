//! The plan an experiment stands for: its axes, its cells and its runs, in the order of the file.

use crate::experiment::figure_spec::FigureSpec;
use crate::experiment::spec::{Cadence, NUMERICS_VERSION, RunSpec};
use crate::seed::Seeds;
use crate::setting::Settings;
use serde::{Deserialize, Serialize};

/// One way the cells differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    pub name: String,
    pub labels: Vec<String>,
    pub scale: Scale,
}

/// How an axis is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    Category,
    Linear,
    Log,
}

/// One cell of the grid: (axis name, label) for every axis in axis order, and its resolved settings.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanCell {
    pub labels: Vec<(String, String)>,
    pub settings: Settings,
}

/// One run of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedRun {
    pub run_id: String,
    pub cell: usize,
    pub spec: RunSpec,
}

/// All runs an experiment stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub name: String,
    pub question: String,
    pub seeds: Vec<u64>,
    pub experiment_seed: u64,
    pub axes: Vec<Axis>,
    pub cells: Vec<PlanCell>,
    /// Cells that `exclude` removed.
    pub excluded: usize,
    pub cadence: Cadence,
    pub figures: Vec<FigureSpec>,
    /// The text of the experiment file.
    pub source: String,
}

/// What the plan needs to know of a loaded data set.
#[derive(Clone, Debug, PartialEq)]
pub struct DataFacts {
    pub digest: String,
    pub train_rows: usize,
    pub classes: bool,
}

/// The distinct data settings of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Datasets {
    pub settings: Vec<Settings>,
    /// For each cell, which of them it uses.
    pub of_cell: Vec<usize>,
}

impl Plan {
    /// The distinct data sets of the cells, in order of first use.
    pub fn datasets(&self) -> Datasets {
        Datasets { settings: vec![self.cells[0].settings.clone()], of_cell: vec![0; self.cells.len()] }
    }

    /// Whether the cells fit their data.
    pub fn check_data(&self, _: &[DataFacts]) -> Result<(), String> {
        Ok(())
    }

    /// Every run, cell by cell and within a cell seed by seed.
    pub fn runs(&self, digests: &[String]) -> Vec<PlannedRun> {
        let mut runs = Vec::new();
        for (cell, PlanCell { settings, .. }) in self.cells.iter().enumerate() {
            for seed in &self.seeds {
                let seeds = Seeds { experiment: self.experiment_seed, run: *seed };
                let spec = RunSpec { settings: settings.clone(), seeds, cadence: self.cadence.clone() };
                let text = format!("{NUMERICS_VERSION} {} {spec:?}", digests[0]);
                let run_id = blake3::hash(text.as_bytes()).to_hex()[..16].to_string();
                runs.push(PlannedRun { run_id, cell, spec });
            }
        }
        runs
    }
}
