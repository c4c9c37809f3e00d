//! What a results folder already has of a plan: done, new, or changed and by which setting.

use crate::experiment::plan::{Plan, PlannedRun};
use crate::record::Status;
use crate::sweep::Halt;
use crate::sweep::folder::view_of;
use crate::sweep::journal::{Asked, Journal};
use crate::sweep::work::Work;
use crate::table::number;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

/// How one run of a plan stands in a folder.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// It is in the journal.
    Done(Status),
    /// The folder has a run of these labels and this seed that differs in this: `width 48 -> 64`.
    Changed(String),
    New,
}

/// How a plan stands in a folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// One for each job.
    pub states: Vec<State>,
    /// Finished runs in the folder's view that the plan does not have; a sweep drops them only with `--replan`.
    pub dropped: usize,
}

/// What this needs of the folder's own `plan.json`.
#[derive(Deserialize)]
struct OldPlan {
    seeds: Vec<u64>,
    cells: Vec<OldCell>,
}

#[derive(Deserialize)]
struct OldCell {
    labels: BTreeMap<String, String>,
}

impl Standing {
    /// Compares the runs of a plan with the journal and the present plan of a folder.
    ///
    /// # Errors
    /// A file of the folder that cannot be read.
    pub fn of(dir: &Path, plan: &Plan, work: &Work, journal: &Journal) -> Result<Self, Halt> {
        let view = view_of(dir)?;
        let old = by_labels(dir, &view);
        let planned: HashSet<&str> = work.jobs.iter().map(|job| job.run.run_id.as_str()).collect();
        let finished = |id: &str| journal.status(id).is_some_and(|status| status != Status::Failed);
        let state = |run: &PlannedRun| {
            if let Some(status) = journal.status(&run.run_id) {
                return Ok(State::Done(status));
            }
            let labels: BTreeMap<String, String> = plan.cells[run.cell].labels.iter().cloned().collect();
            let old =
                old.get(&(labels, run.spec.seeds.run)).filter(|id| finished(id) && !planned.contains(id.as_str()));
            let Some(asked) = old.map(|id| journal.asked(id)).transpose()?.flatten() else { return Ok(State::New) };
            Ok(State::Changed(difference(&asked, run)))
        };
        let states = work.jobs.iter().map(|job| state(&job.run)).collect::<Result<_, Halt>>()?;
        let dropped = view.iter().filter(|id| !planned.contains(id.as_str()) && finished(id)).count();
        Ok(Standing { states, dropped })
    }

    /// Those of `chosen` that are not done.
    pub fn open(&self, chosen: &[usize]) -> Vec<usize> {
        chosen.iter().copied().filter(|i| !matches!(self.states[*i], State::Done(_))).collect()
    }

    /// How many runs are in this state.
    pub fn count(&self, of: impl Fn(&State) -> bool) -> usize {
        self.states.iter().filter(|state| of(state)).count()
    }
}

/// The run ids of the folder's view by labels and seed. A `plan.json` that is missing or of another kind only costs
/// the comparison.
fn by_labels(dir: &Path, view: &[String]) -> HashMap<(BTreeMap<String, String>, u64), String> {
    let bytes = std::fs::read(dir.join("plan.json")).ok();
    let Some(old) = bytes.and_then(|bytes| serde_json::from_slice::<OldPlan>(&bytes).ok()) else {
        return HashMap::new();
    };
    if old.cells.len() * old.seeds.len() != view.len() {
        return HashMap::new();
    }
    let keys = old.cells.iter().flat_map(|cell| old.seeds.iter().map(|seed| (cell.labels.clone(), *seed)));
    keys.zip(view.iter().cloned()).collect()
}

/// Everything that decides a run's numbers and differs, as `key old -> new`.
fn difference(old: &Asked, new: &PlannedRun) -> String {
    let spec = &new.spec;
    let mut before: BTreeMap<String, Value> = old.settings.clone();
    let mut after: BTreeMap<String, Value> = spec.settings.iter().map(|(k, v)| (k.to_string(), json!(v))).collect();
    for (side, seed, cadence) in
        [(&mut before, old.experiment_seed, &old.cadence), (&mut after, spec.seeds.experiment, &spec.cadence)]
    {
        side.insert("seed".into(), json!(seed));
        side.insert("record.gradients".into(), json!(cadence.gradients.to_string()));
        side.insert("record.score".into(), json!(cadence.score.to_string()));
        side.insert("record.probe".into(), json!(cadence.probe));
    }
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let text = |value: Option<&Value>| match value {
        None => "unset".to_string(),
        Some(Value::String(word)) => word.clone(),
        Some(Value::Number(n)) if n.is_f64() => number(n.as_f64().unwrap_or(f64::NAN)),
        Some(other) => other.to_string(),
    };
    let changed = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    let changes: Vec<String> =
        changed.map(|key| format!("{key} {} -> {}", text(before.get(key)), text(after.get(key)))).collect();
    if changes.is_empty() { "the data, or how this version of the program computes".into() } else { changes.join(", ") }
}
