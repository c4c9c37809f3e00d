//! `plan.json`: what a sweep writes before its first run, and all that readers of its tables have to know of its plan.

mod axis;
pub mod claim;
pub mod compare;
pub mod figure;

pub(crate) use axis::sort_labels;
pub use axis::{Axis, Scale, Shown};

use crate::data::{self, Function, Guesses};
use crate::files::digest;
use crate::run::spec::Cadence;
use crate::setting::Value;
use crate::table::count;
use claim::Filter;
use compare::Compare;
use figure::FigureSpec;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The version of the format that this program writes and reads.
pub const SCHEMA: u32 = 1;

/// A plan as its file has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanFile {
    pub schema: u32,
    pub name: String,
    pub question: String,
    /// Seeds of the runs.
    pub seeds: Vec<u64>,
    /// Seed of the experiment.
    #[serde(default)]
    pub seed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Cadence>,
    /// Whether the tables of the runs' steps have the labels of each run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub labels: bool,
    /// The settings that all cells share.
    #[serde(default)]
    pub settings: BTreeMap<String, Value>,
    pub axes: Vec<Axis>,
    pub cells: Vec<PlanCell>,
    pub figures: Vec<FigureSpec>,
    #[serde(default)]
    pub compare: Option<Compare>,
    pub data: PlanData,
    /// Training rows that the layers are measured on; 0 where that is not known.
    pub probe: usize,
    /// The tables that the runs were imported from; none of runs of this program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imported: Vec<ImportedFile>,
}

/// A table of runs that another program trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportedFile {
    pub name: String,
    /// Of its bytes.
    pub digest: String,
}

/// A combination of labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanCell {
    /// Axis -> label.
    pub labels: BTreeMap<String, String>,
    /// The settings that are not the same in every cell.
    #[serde(default)]
    pub settings: BTreeMap<String, Value>,
    /// What its point goes down, if it trains no network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<Function>,
    /// Floating-point operations of one update, matrix products only; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_flop: Option<f64>,
    /// The baselines, where the cells of the plan differ in them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guesses: Option<Guesses>,
}

/// The data of a plan: of several data sets, the first that is no test function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanData {
    pub name: String,
    /// Of all its data sets.
    pub digest: String,
    /// 0 where it is not known, or not the same for all data sets.
    pub train_rows: usize,
    pub outputs: usize,
    /// Targets of a row, where there is one for each time step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<usize>,
    /// Classes, or real-valued targets.
    pub classes: bool,
    /// The baselines; none where cells differ in them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guesses: Option<Guesses>,
}

impl PlanCell {
    /// The name of its data, or of their file, where cells differ in that.
    pub fn own_data(&self) -> Option<String> {
        let written = self.settings.get("data.path").or(self.settings.get("data"))?.to_string();
        let name = Path::new(&written).file_name().map(|name| name.to_string_lossy().into_owned());
        Some(name.unwrap_or(written))
    }

    /// The function that it goes down, with its options, or the data that it learns from, where cells differ in that.
    pub fn problem(&self) -> Option<String> {
        let named = |(key, value): (&String, &Value)| match key.split_once('.') {
            None => value.to_string(),
            Some((_, option)) => format!("{option} {value}"),
        };
        let function: Vec<String> = self.settings.iter().filter(|(key, _)| is_of_function(key)).map(named).collect();
        if function.is_empty() || function == ["none"] { self.own_data() } else { Some(function.join(", ")) }
    }

    /// The settings of its loss in which cells differ; empty where there are none.
    fn loss(&self) -> String {
        let own = self.settings.iter().filter(|(key, _)| is_of_loss(key));
        own.map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ")
    }
}

/// Where the rows or the function of these settings come from, alike for all variations of one problem: new splits of a table are
/// variations of it, while rows that are drawn from `data.seed` are new with it. `None` where that is not known, as of imported runs.
pub fn origin<'a, 'b>(settings: impl Iterator<Item = (&'a str, &'b Value)>) -> Option<String> {
    let settings: BTreeMap<&str, String> = settings.map(|(key, value)| (key, value.to_string())).collect();
    let is_function = settings.get("function").is_some_and(|kind| kind != "none");
    let kind = settings.get("data").filter(|_| !is_function);
    (is_function || kind.is_some()).then_some(())?;
    let has_seed = kind.is_some_and(|kind| data::is_generated(kind));
    let is_own = |key: &str| match is_function {
        true => is_of_function(key),
        false => ["data", "data.path", "data.images", "data.x"].contains(&key) || has_seed && key == "data.seed",
    };
    let own = settings.iter().filter(|(key, _)| is_own(key));
    Some(own.map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", "))
}

/// Why a loss of some cells is no common measure: their data, functions or kinds of loss differ. `None` where it is one.
pub fn unlike<'a>(cells: impl IntoIterator<Item = &'a PlanCell>) -> Option<String> {
    let cells: Vec<&PlanCell> = cells.into_iter().collect();
    let functions = cells.iter().any(|cell| cell.settings.keys().any(|key| is_of_function(key)));
    let problems: BTreeSet<String> = cells.iter().filter_map(|cell| cell.problem()).collect();
    // Imported runs may not say what every network here has, so that their loss is not known.
    let said: Vec<&str> = ["loss", "data.target_scaling"]
        .into_iter()
        .filter(|key| cells.iter().any(|cell| cell.settings.contains_key(*key)))
        .collect();
    let is_known = |cell: &&&PlanCell| said.iter().all(|key| cell.settings.contains_key(*key));
    let losses: BTreeSet<String> = cells.iter().filter(is_known).map(|cell| cell.loss()).collect();
    let listed = |all: BTreeSet<String>, gap: &str| all.into_iter().collect::<Vec<_>>().join(gap);
    let what = if functions { "functions" } else { "data" };
    match (problems.len(), losses.len()) {
        (2.., _) => Some(format!("their {what} differ ({})", listed(problems, "; "))),
        (_, 2..) => Some(format!("their losses differ ({})", listed(losses, "; "))),
        _ => None,
    }
}

impl PlanFile {
    /// Whether its runs were trained by another program.
    pub fn is_imported(&self) -> bool {
        !self.imported.is_empty()
    }

    /// The text of the file. Its keys are sorted, so that equal plans are equal texts.
    pub fn text(&self) -> String {
        // Finite numbers and texts, which always become JSON.
        let json = serde_json::to_value(self).unwrap_or_default();
        format!("{json:#}\n")
    }

    /// The file names of the figures, see [`figure_names`].
    pub fn figure_names(&self) -> Vec<String> {
        figure_names(&self.figures)
    }

    /// The name of the data, or of each data set that cells learn from.
    pub fn data_names(&self) -> String {
        let names: BTreeSet<String> = self.networks().filter_map(PlanCell::own_data).collect();
        if names.is_empty() { self.data.name.clone() } else { names.into_iter().collect::<Vec<_>>().join(", ") }
    }

    /// The same, and how many rows are trained on.
    pub fn data_described(&self) -> String {
        match self.data.train_rows {
            0 => self.data_names(),
            rows => format!("{}, {}", self.data_names(), count(rows, "training row")),
        }
    }

    /// The cells that are no test functions.
    fn networks(&self) -> impl Iterator<Item = &PlanCell> {
        self.cells.iter().filter(|cell| cell.function.is_none())
    }

    /// The cells that have all these labels.
    pub fn cells_of<'a>(&'a self, labels: &'a [(String, String)]) -> impl Iterator<Item = &'a PlanCell> {
        let has_all = |cell: &PlanCell| labels.iter().all(|(axis, label)| cell.labels.get(axis) == Some(label));
        self.cells.iter().filter(move |cell| has_all(cell))
    }

    /// The same as [`origin`] of a cell.
    pub fn origin(&self, cell: &PlanCell) -> Option<String> {
        origin(self.settings.iter().chain(&cell.settings).map(|(key, value)| (key.as_str(), value)))
    }

    /// The number of a cell's label on each axis.
    pub fn place(&self, cell: &PlanCell) -> Vec<usize> {
        let label = |axis: &Axis| axis.labels.iter().position(|label| cell.labels.get(&axis.name) == Some(label));
        self.axes.iter().map(|axis| label(axis).unwrap_or(0)).collect()
    }

    /// The labels and the seed of each run, in order.
    pub fn runs(&self) -> impl Iterator<Item = (&BTreeMap<String, String>, u64)> {
        self.cells.iter().flat_map(|cell| self.seeds.iter().map(|seed| (&cell.labels, *seed)))
    }

    /// Whether every cell has this setting, and has it true.
    pub fn all_have(&self, key: &str) -> bool {
        let own = |cell: &PlanCell| cell.settings.get(key).or(self.settings.get(key)) == Some(&Value::Bool(true));
        self.cells.iter().all(own)
    }

    /// Whether all cells learn from the same data, or go down the same function.
    pub fn is_one_problem(&self) -> bool {
        self.cells.iter().all(|cell| cell.problem().is_none())
    }

    /// Whether the loss means the same in all cells: of one kind, with the same options, in the same units.
    pub fn is_one_loss(&self) -> bool {
        self.cells.iter().all(|cell| !cell.settings.keys().any(|key| is_of_loss(key)))
    }

    /// The baselines of a cell: what the best constant answer gets. `None` for a test function.
    pub fn guesses(&self, cell: &PlanCell) -> Option<Guesses> {
        if cell.function.is_some() { None } else { cell.guesses.or(self.data.guesses) }
    }

    /// Those that all cells share; `None` where they differ or a cell has none.
    pub fn shared_guesses(&self) -> Option<Guesses> {
        self.data.guesses.filter(|_| self.cells.iter().all(|cell| cell.function.is_none()))
    }

    /// Whether some run has a loss to reach.
    pub fn has_target(&self) -> bool {
        let settings = self.cells.iter().map(|cell| &cell.settings).chain([&self.settings]);
        settings.into_iter().any(|settings| settings.contains_key("target_loss"))
    }
}

impl PlanCell {
    /// Whether it has a label on each axis of a filter, and one of those there.
    pub fn is_in(&self, filter: &Filter) -> bool {
        filter.iter().all(|(axis, labels)| self.labels.get(axis).is_some_and(|label| labels.contains(label)))
    }
}

/// Whether a setting decides what the loss measures.
pub fn is_of_loss(key: &str) -> bool {
    key == "loss" || key.starts_with("loss.") || ["data.target_scaling", "data.target"].contains(&key)
}

/// Whether a setting decides which function is gone down, not from where or with which noise.
fn is_of_function(key: &str) -> bool {
    let is_own = key == "function" || key.starts_with("function.");
    is_own && !["function.start", "function.spread", "function.noise"].contains(&key)
}

/// The file names of figures: the given one or the kind, made safe for a file system, numbered where they repeat.
pub fn figure_names(figures: &[FigureSpec]) -> Vec<String> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let own = |spec: &FigureSpec| {
        let wanted = spec.name.as_ref().unwrap_or(&spec.kind);
        let safe = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
        let name: String = wanted.chars().map(safe).collect();
        let numbered = (2..).map(|n| format!("{name}_{n}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|n| !seen.contains(n)).unwrap_or(name);
        seen.insert(free.clone());
        free
    };
    figures.iter().map(own).collect()
}

/// Identity of a plan, from the text of `plan.json` and the ids of its runs, in order, one a line.
pub fn plan_hash(plan_json: &str, run_ids: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(plan_json.as_bytes());
    hasher.update(run_ids);
    digest(hasher.finalize())
}
