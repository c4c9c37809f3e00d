//! The runs of a plan and their identities, which depend on nothing but what decides the numbers of a run.

use super::combine::Plan;
use crate::experiment::settings::Registry;
use crate::files::digest;
use crate::model;
use crate::run::spec::{NUMERICS_VERSION, RunSpec, SAMPLE};
use crate::seed::Seeds;
use crate::setting::{Settings, Value};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One run of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedRun {
    /// 16 hex digits: see [`Plan::runs`].
    pub run_id: String,
    pub cell: usize,
    pub spec: RunSpec,
}

impl Plan {
    /// Every run, cell by cell and within a cell seed by seed. `digests` holds the digest of each of
    /// [`Plan::datasets`], in order.
    ///
    /// A run's id is BLAKE3 over the canonical JSON of its settings that are not at their default (sorted by key),
    /// the data digest, both seeds, the record cadence, the version of the family where it has one, and
    /// [`NUMERICS_VERSION`]: what decides its numbers and nothing else.
    ///
    /// # Panics
    /// When `digests` are not one for each data set.
    pub fn runs(&self, digests: &[String]) -> Vec<PlannedRun> {
        self.runs_sampled(digests, |_, _| None)
    }

    /// The same, scored during training on a sample of the size that `sample` gives for a run and the place of its data, where it
    /// gives one and the experiment says nothing of it.
    ///
    /// # Panics
    /// As [`Plan::runs`].
    pub fn runs_sampled(
        &self,
        digests: &[String],
        sample: impl Fn(&RunSpec, usize) -> Option<usize>,
    ) -> Vec<PlannedRun> {
        let datasets = self.datasets();
        assert_eq!(digests.len(), datasets.settings.len(), "one digest for each data set");
        // The canonical form has sorted keys; those of a map of JSON are.
        let cadence = serde_json::json!(self.cadence);
        let mut runs = Vec::with_capacity(self.cells.len() * self.seeds.len());
        for (index, cell) in self.cells.iter().enumerate() {
            let mut settings = cell.settings.clone();
            let wanted = || sample(&self.spec(&cell.settings), datasets.of_cell[index]);
            if !self.is_written(SAMPLE, &settings)
                && let Some(size) = wanted()
            {
                settings.set(SAMPLE, Value::Int(size as i64));
            }
            let chosen = as_first_called(non_default(&settings));
            for run in &self.seeds {
                let seeds = Seeds { experiment: self.experiment_seed, run: *run };
                let run_id = short_hash(&Canonical {
                    cadence: &cadence,
                    data: &digests[datasets.of_cell[index]],
                    experiment_seed: seeds.experiment,
                    model: model::family(&cell.settings).version(),
                    numerics: NUMERICS_VERSION,
                    schedule: counts_epochs(&cell.settings).then_some("in epochs"),
                    seed: seeds.run,
                    settings: &chosen,
                });
                let spec = RunSpec { settings: settings.clone(), seeds, cadence: self.cadence.clone() };
                runs.push(PlannedRun { run_id, cell: index, spec });
            }
        }
        runs
    }
}

/// What decides the numbers of a run, its fields in alphabetical order.
#[derive(Serialize)]
struct Canonical<'a> {
    cadence: &'a serde_json::Value,
    data: &'a str,
    experiment_seed: u64,
    /// The version of the family, whose name is among the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<u32>,
    numerics: u32,
    /// What its drops are counted in, where that is no step: they once were steps in every run.
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<&'static str>,
    seed: u64,
    settings: &'a BTreeMap<&'static str, Cow<'a, Value>>,
}

/// Whether the run is given in epochs and its schedule has something that is counted.
fn counts_epochs(settings: &Settings) -> bool {
    let counted = ["schedule.every", "schedule.milestones", "schedule.period"];
    settings.get("epochs").is_some() && counted.iter().any(|key| settings.get(key).is_some())
}

fn short_hash(run: &Canonical) -> String {
    // Nothing in it can fail to become JSON.
    let json = serde_json::to_vec(run).unwrap_or_default();
    digest(blake3::hash(&json))
}

/// The settings by the names that they had when the first results were made, so that these keep their ids: batch normalization
/// was a family of its own, whose head was its place.
fn as_first_called<'a>(settings: BTreeMap<&'static str, &'a Value>) -> BTreeMap<&'static str, Cow<'a, Value>> {
    let text =
        |key: &str| settings.get(key).and_then(|value| if let Value::Text(text) = value { Some(text) } else { None });
    let is_batch = text("norm").is_some_and(|kind| kind == "batch");
    let place = text("norm.place").map_or("before", String::as_str).to_string();
    let renamed = |(key, value): (&'static str, &'a Value)| {
        let (key, value) = (key, Cow::Borrowed(value));
        match key {
            _ if !is_batch => Some((key, value)),
            "norm" => Some(("batch_norm", Cow::Owned(Value::Text(place.clone())))),
            "norm.place" => None,
            "norm.eps" => Some(("batch_norm.eps", value)),
            "norm.momentum" => Some(("batch_norm.momentum", value)),
            "norm.affine" => Some(("batch_norm.affine", value)),
            _ => Some((key, value)),
        }
    };
    settings.iter().map(|(key, value)| (*key, *value)).filter_map(renamed).collect()
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
