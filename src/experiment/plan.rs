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

impl Plan {
    /// The runs of one cell on data of this digest, in the order of the seeds.
    pub fn runs_of(&self, cell: usize, digest: &str) -> Vec<PlannedRun> {
        let settings = &self.cells[cell].settings;
        let run = |seed: &u64| {
            let seeds = Seeds { experiment: self.experiment_seed, run: *seed };
            let spec = RunSpec { settings: settings.clone(), seeds, cadence: self.cadence.clone() };
            let text = format!("{NUMERICS_VERSION} {digest} {spec:?}");
            PlannedRun { run_id: blake3::hash(text.as_bytes()).to_hex()[..16].to_string(), cell, spec }
        };
        self.seeds.iter().map(run).collect()
    }
}
