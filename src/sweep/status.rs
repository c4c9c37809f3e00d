//! The status of a plan in its results folder: which of its runs are done, new, or changed and by which setting.

use crate::experiment::plan::{Plan, PlannedRun};
use crate::plan_file::PlanFile;
use crate::record::Status;
use crate::run::spec::{NUMERICS_VERSION, ON_REQUEST, RunSpec};
use crate::sweep::journal::{Journal, JournaledSpec};
use crate::sweep::work::{Job, Work};
use crate::sweep::{SweepError, plan_text::plan_of, plan_text::view_of};
use crate::table::number;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

/// The status of one run of a plan in a folder.
#[derive(Clone, Debug, PartialEq)]
pub enum RunState {
    /// It is in the journal.
    Done(Status),
    /// The folder has a run of these labels and this seed that differs in this: `width 48 -> 64`.
    Changed(String),
    New,
}

/// The status of a plan in a folder.
#[derive(Clone, Debug, PartialEq)]
pub struct FolderStatus {
    /// One for each job.
    pub states: Vec<RunState>,
    /// Finished runs in the folder's view that the plan does not have; a sweep drops them only with `--replan`.
    pub dropped: usize,
    /// Why, for those of them that no changed run takes the place of: `seeds 5 -> 3`.
    gone: Vec<String>,
}

impl FolderStatus {
    /// Compares the runs of a plan with the journal and the present plan of a folder.
    ///
    /// # Errors
    /// A file of the folder that cannot be read.
    pub fn of(dir: &Path, plan: &Plan, work: &Work, journal: &Journal) -> Result<Self, SweepError> {
        let view = view_of(dir)?;
        let planned: HashSet<&str> = work.jobs.iter().map(|job| job.run.run_id.as_str()).collect();
        let finished = |id: &str| journal.status(id).is_some_and(|status| status != Status::Failed);
        let state = |job: &Job| journal.status(&job.run.run_id).map_or(RunState::New, RunState::Done);
        let mut states: Vec<RunState> = work.jobs.iter().map(state).collect();
        let dropped: Vec<&String> = view.iter().filter(|id| !planned.contains(id.as_str()) && finished(id)).collect();
        if dropped.is_empty() {
            return Ok(FolderStatus { states, dropped: 0, gone: Vec::new() });
        }
        let old = old_plan(dir, view.len());
        let same_data = old.as_ref().is_none_or(|old| old.data.digest == work.digest());
        let keys: HashMap<&String, (&Labels, u64)> = view.iter().zip(old.iter().flat_map(PlanFile::runs)).collect();
        let labels: Vec<Labels> = plan.cells.iter().map(|cell| cell.labels.iter().cloned().collect()).collect();
        let key = |run: &PlannedRun| (&labels[run.cell], run.spec.seeds.run);
        let jobs: HashMap<(&Labels, u64), usize> =
            work.jobs.iter().enumerate().map(|(i, job)| (key(&job.run), i)).collect();
        let mut gone = Vec::new();
        for id in &dropped {
            let key = keys.get(*id);
            match (key.and_then(|key| jobs.get(key)), journal.spec(id)?) {
                (Some(&i), Some(old)) => {
                    let what = difference(&old, &work.jobs[i].run.spec, same_data);
                    // A plan that goes back has the new run already.
                    if states[i] == RunState::New { states[i] = RunState::Changed(what) } else { gone.push(what) }
                }
                _ => gone.push(why_gone(key.copied(), old.as_ref().map_or(0, |old| old.seeds.len()), plan)),
            }
        }
        Ok(FolderStatus { states, dropped: dropped.len(), gone })
    }

    /// What changed and in how many runs, the commonest first.
    pub fn changes(&self) -> Vec<(&str, usize)> {
        grouped(self.states.iter().filter_map(|state| match state {
            RunState::Changed(what) => Some(what.as_str()),
            RunState::Done(_) | RunState::New => None,
        }))
    }

    /// Why finished runs would be dropped and nothing takes their place, and how many, the commonest first.
    pub fn gone(&self) -> Vec<(&str, usize)> {
        grouped(self.gone.iter().map(String::as_str))
    }

    /// Those of `chosen` that are not done.
    pub fn open(&self, chosen: &[usize]) -> Vec<usize> {
        chosen.iter().copied().filter(|i| !matches!(self.states[*i], RunState::Done(_))).collect()
    }

    /// How many runs are in this state.
    pub fn count(&self, of: impl Fn(&RunState) -> bool) -> usize {
        self.states.iter().filter(|state| of(state)).count()
    }
}

type Labels = BTreeMap<String, String>;

/// The plan of a folder with so many runs. A `plan.json` that is missing or of another kind only costs the comparison.
fn old_plan(dir: &Path, runs: usize) -> Option<PlanFile> {
    let plan = plan_of(dir)?;
    (plan.cells.len() * plan.seeds.len() == runs).then_some(plan)
}

/// Why the plan has no run of these labels and this seed.
fn why_gone(old: Option<(&Labels, u64)>, seeds: usize, plan: &Plan) -> String {
    let Some((labels, seed)) = old else { return "the folder's plan.json does not say what they were".into() };
    if !plan.seeds.contains(&seed) {
        return format!("seeds {seeds} -> {}", plan.seeds.len());
    }
    let axis = |name: &str| plan.axes.iter().find(|axis| axis.name == name);
    if let Some((name, _)) = labels.iter().find(|(name, _)| axis(name).is_none()) {
        return format!("`{name}` is no longer an axis");
    }
    if let Some(new) = plan.axes.iter().find(|axis| !labels.contains_key(&axis.name)) {
        return format!("`{}` is a new axis", new.name);
    }
    let left_out = labels.iter().find(|(name, label)| axis(name).is_some_and(|axis| !axis.labels.contains(label)));
    left_out.map_or("a combination that the plan leaves out".into(), |(name, label)| {
        format!("{name} {label} no longer exists")
    })
}

/// Each text once with its count, the commonest first, then in order of appearance.
fn grouped<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<(&'a str, usize)> {
    let mut groups: Vec<(&str, usize)> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for text in texts {
        let group = *known.entry(text).or_insert_with(|| {
            groups.push((text, 0));
            groups.len() - 1
        });
        groups[group].1 += 1;
    }
    groups.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    groups
}

/// Everything that decides a run's numbers and differs, as `key old -> new`.
fn difference(old: &JournaledSpec, spec: &RunSpec, same_data: bool) -> String {
    let mut before: BTreeMap<String, Value> = old.settings.clone();
    let mut after: BTreeMap<String, Value> = spec.settings.iter().map(|(k, v)| (k.to_string(), json!(v))).collect();
    for (side, seed, cadence) in
        [(&mut before, old.experiment_seed, &old.cadence), (&mut after, spec.seeds.experiment, &spec.cadence)]
    {
        side.insert("seed".into(), json!(seed));
        side.insert("record.gradients".into(), json!(cadence.gradients.to_string()));
        side.insert("record.score".into(), json!(cadence.score.to_string()));
        side.insert("record.probe".into(), json!(cadence.probe));
        for key in ON_REQUEST {
            side.insert(format!("record.{key}"), json!(cadence.has(key)));
        }
    }
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let text = |value: Option<&Value>| match value {
        None => "unset".to_string(),
        Some(Value::String(word)) => word.clone(),
        Some(Value::Number(n)) if n.is_f64() => number(n.as_f64().unwrap_or(f64::NAN)),
        Some(other) => other.to_string(),
    };
    let changed = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    let mut changes: Vec<String> =
        changed.map(|key| format!("{key} {} -> {}", text(before.get(key)), text(after.get(key)))).collect();
    if ![0, NUMERICS_VERSION].contains(&old.numerics) {
        changes.push(format!("numerics version {} -> {NUMERICS_VERSION} of gradsweep", old.numerics));
    }
    if !same_data && changes.is_empty() {
        changes.push("the content of the data".into());
    }
    if changes.is_empty() {
        "a change of the computation in this version of gradsweep".into()
    } else {
        changes.join(", ")
    }
}
