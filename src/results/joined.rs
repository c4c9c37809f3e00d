//! Several results folders read as one, so that their arms can be compared: by the axis that holds the arms, or, where the folders hold
//! runs of the same labels and seeds, folder by folder. What cannot be compared is refused with the reason.

use super::{Results, Run};
use crate::experiment::settings::{Registry, is_option_of};
use crate::plan_file::compare::Compare;
use crate::plan_file::{Axis, PlanCell, PlanFile, Scale, is_of_loss};
use crate::setting::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use thiserror::Error;

/// The axis whose labels are the folders.
pub const FOLDER: &str = "folder";

/// Why folders cannot be compared with each other, and what to do.
#[derive(Debug, Error)]
#[error("{first} and {second} cannot be compared: {why}; {help}")]
pub struct JoinError {
    first: String,
    second: String,
    why: String,
    help: String,
}

/// A folder's plan with the name that tells it from the others.
struct Folder {
    name: String,
    results: Results,
}

impl Folder {
    /// Every setting of a cell by its long name.
    fn settings(&self, cell: &PlanCell) -> BTreeMap<String, Value> {
        let written = self.results.plan.settings.iter().chain(&cell.settings);
        written.map(|(key, value)| (long(key), value.clone())).collect()
    }

    /// The label of a cell on an axis, which may be one of another folder alone.
    fn label(&self, axis: &str, cell: &PlanCell) -> Option<String> {
        let own = cell.labels.get(axis).cloned();
        own.or_else(|| self.settings(cell).get(&long(axis)).map(ToString::to_string))
    }

    /// The settings that decide what the losses of its cells measure.
    fn kind_of_loss(&self) -> Vec<String> {
        let cells = self.results.plan.cells.iter().map(|cell| {
            let settings = self.settings(cell);
            settings.iter().filter(|(key, _)| is_of_loss(key)).map(|(key, value)| format!("{key} = {value}")).collect()
        });
        let kinds: BTreeSet<Vec<String>> = cells.collect();
        kinds.into_iter().flatten().collect()
    }
}

/// The long name of a setting, or any other name itself.
fn long(name: &str) -> String {
    let registry = Registry::get();
    registry.find(name).map_or(name.into(), |key| registry.keys[key].name.into())
}

/// The results of several folders as one; `arm` is the axis whose labels are compared, [`FOLDER`] for the folders themselves. What it
/// says of the comparison is that of the first folder that has one.
///
/// # Errors
/// Folders that differ in their data or loss, that measured other things, or have no seed in common.
pub fn join(folders: Vec<Results>, arm: Option<&str>) -> Result<Results, JoinError> {
    let names = names(&folders);
    let folders: Vec<Folder> = names.into_iter().zip(folders).map(|(name, results)| Folder { name, results }).collect();
    let first = &folders[0];
    for other in &folders[1..] {
        if let Some((why, help)) = differ(&first.results, &other.results).or_else(|| of_other_loss(first, other)) {
            return Err(refuse(first, other, why, help));
        }
    }
    let mut axes: Vec<String> = Vec::new();
    for name in folders.iter().flat_map(|folder| &folder.results.plan.axes).map(|axis| &axis.name) {
        if !axes.contains(name) {
            axes.push(name.clone());
        }
    }
    for (axis, folder) in axes.iter().flat_map(|axis| folders.iter().map(move |folder| (axis, folder))) {
        if folder.results.plan.cells.iter().any(|cell| folder.label(axis, cell).is_none()) {
            let owner = folders.iter().find(|other| other.results.plan.axes.iter().any(|own| own.name == *axis));
            let why = format!("the axis {axis} of one is not known of {}", folder.name);
            let help = "fix it with `where` in a sweep of its own, or import it with a column of that name";
            return Err(refuse(owner.unwrap_or(first), folder, why, help));
        }
    }
    // Runs of equal labels and seeds can only be told apart by their folders.
    let place = |folder: &Folder, run: &Run| {
        let cell = folder.results.cell_of(run);
        (axes.iter().map(|axis| folder.label(axis, cell?)).collect::<Vec<_>>(), run.seed)
    };
    let mut seen = BTreeSet::new();
    let mut runs = folders.iter().flat_map(|folder| folder.results.runs.iter().map(move |run| place(folder, run)));
    let by_folder = arm == Some(FOLDER) || runs.any(|place| !seen.insert(place));
    let seeds = seeds(&folders)?;
    Ok(whole(&folders, &axes, seeds, by_folder, arm))
}

/// The names of folders; where two are alike, their paths.
fn names(folders: &[Results]) -> Vec<String> {
    let name =
        |path: &PathBuf| path.file_name().map_or(path.display().to_string(), |n| n.to_string_lossy().into_owned());
    let short: Vec<String> = folders.iter().map(|folder| name(&folder.dir)).collect();
    let is_lone = short.iter().collect::<BTreeSet<_>>().len() == short.len();
    if is_lone { short } else { folders.iter().map(|folder| folder.dir.display().to_string()).collect() }
}

fn refuse(first: &Folder, second: &Folder, why: String, help: &str) -> JoinError {
    let [first, second] = [first, second].map(|folder| folder.results.dir.display().to_string());
    JoinError { first, second, why, help: help.into() }
}

/// What keeps two folders from being compared at all.
fn differ(first: &Results, second: &Results) -> Option<(String, &'static str)> {
    let data = |plan: &PlanFile| (plan.data.name.clone(), plan.data.digest.clone());
    let ((a, one), (b, other)) = (data(&first.plan), data(&second.plan));
    let is_known = !first.plan.is_imported() && !second.plan.is_imported();
    if a != b || is_known && one != other {
        let what = if a == b { format!("both are called {a}, but rows or splits differ") } else { format!("{a}, {b}") };
        return Some((format!("their data differ ({what})"), "sweep both on the same data and the same split"));
    }
    let measures = |results: &Results| {
        let own = crate::columns::compared().filter(|c| results.runs.iter().any(|run| run.value(c.name).is_some()));
        own.map(|column| column.name).collect::<BTreeSet<_>>()
    };
    let (one, other) = (measures(first), measures(second));
    if one.is_disjoint(&other) {
        let list = |names: &BTreeSet<&str>| names.iter().copied().collect::<Vec<_>>().join(", ");
        let why = format!("they measured different things ({}; {})", list(&one), list(&other));
        return Some((why, "measure a loss or an accuracy of the same part of the data in both"));
    }
    let target = |plan: &PlanFile| plan.settings.get("target_loss").map(ToString::to_string);
    let (one, other) = (target(&first.plan), target(&second.plan));
    let shown = |target: Option<String>| target.unwrap_or_else(|| "none".into());
    (one != other).then(|| {
        let why = format!("their target_loss differs ({}, {})", shown(one), shown(other));
        (why, "sweep both with the same target_loss")
    })
}

/// Losses of different kinds are not the same measure.
fn of_other_loss(first: &Folder, second: &Folder) -> Option<(String, &'static str)> {
    let (one, other) = (first.kind_of_loss(), second.kind_of_loss());
    let own = |kinds: &[String], others: &[String]| {
        let own = kinds.iter().filter(|kind| !others.contains(kind)).cloned().collect::<Vec<_>>();
        if own.is_empty() { "the usual".into() } else { own.join(", ") }
    };
    (one != other).then(|| {
        let why = format!("their losses differ ({}; {})", own(&one, &other), own(&other, &one));
        (why, "sweep both with the same loss")
    })
}

/// The seeds that all folders have, by which arms of different folders pair.
fn seeds(folders: &[Folder]) -> Result<Vec<u64>, JoinError> {
    let (first, others) = (&folders[0], &folders[1..]);
    let mut seeds = first.results.plan.seeds.clone();
    for other in others {
        seeds.retain(|seed| other.results.plan.seeds.contains(seed));
        if seeds.is_empty() {
            let help = "sweep both with the same seeds: arms are compared seed by seed";
            return Err(refuse(first, other, "they have no seed in common".into(), help));
        }
    }
    Ok(seeds)
}

/// One plan and one list of runs.
fn whole(folders: &[Folder], axes: &[String], seeds: Vec<u64>, by_folder: bool, arm: Option<&str>) -> Results {
    let mut cells: Vec<PlanCell> = Vec::new();
    let mut own_labels: Vec<Vec<BTreeMap<String, String>>> = Vec::new();
    for folder in folders {
        let labels = |cell: &PlanCell| {
            let own = axes.iter().map(|axis| (axis.clone(), folder.label(axis, cell).unwrap_or_default()));
            own.chain(by_folder.then(|| (FOLDER.to_string(), folder.name.clone()))).collect::<BTreeMap<_, _>>()
        };
        let all: Vec<_> = folder.results.plan.cells.iter().map(labels).collect();
        for (cell, labels) in folder.results.plan.cells.iter().zip(&all) {
            if cells.iter().all(|known| known.labels != *labels) {
                let (function, guesses) = (cell.function.clone(), folder.results.plan.guesses(cell));
                let step_flop = cell.step_flop;
                let settings = folder.settings(cell);
                cells.push(PlanCell { labels: labels.clone(), settings, function, step_flop, guesses });
            }
        }
        own_labels.push(all);
    }
    let names = axes.iter().cloned().chain(by_folder.then(|| FOLDER.into()));
    let axes: Vec<Axis> = names.map(|name| axis(name, folders, &cells)).collect();
    let place = |labels: &BTreeMap<String, String>| -> Vec<usize> {
        axes.iter().map(|axis| axis.labels.iter().position(|l| *l == labels[&axis.name]).unwrap_or(0)).collect()
    };
    let mut runs: Vec<Run> = Vec::new();
    for (folder, labels) in folders.iter().zip(&own_labels) {
        for run in folder.results.runs.iter().filter(|run| seeds.contains(&run.seed)) {
            let own = folder.results.cell_of(run);
            let cell = folder.results.plan.cells.iter().position(|cell| own.is_some_and(|own| own == cell));
            runs.extend(cell.map(|cell| Run { labels: place(&labels[cell]), ..run.clone() }));
        }
    }
    // What all cells share, as in a plan of one sweep.
    let shared: BTreeMap<String, Value> = cells[0]
        .settings
        .clone()
        .into_iter()
        .filter(|(key, value)| cells.iter().all(|cell| cell.settings.get(key) == Some(value)))
        .collect();
    cells.iter_mut().for_each(|cell| cell.settings.retain(|key, _| !shared.contains_key(key)));
    let first = &folders[0].results;
    let written = folders.iter().find_map(|folder| folder.results.plan.compare.clone());
    let compare = comparison(written, &axes, arm.map_or(by_folder.then_some(FOLDER), Some), seeds.len());
    let plan = PlanFile { seeds, axes, cells, compare, settings: shared, figures: Vec::new(), ..first.plan.clone() };
    Results { dir: first.dir.clone(), plan, plan_hash: first.plan_hash.clone(), runs }
}

/// An axis with the labels of all folders: numbers ascending, others in the order of the folders.
fn axis(name: String, folders: &[Folder], cells: &[PlanCell]) -> Axis {
    let own = folders.iter().flat_map(|folder| &folder.results.plan.axes).filter(|axis| axis.name == name);
    let listed = own.flat_map(|axis| axis.labels.iter().cloned());
    let mut labels: Vec<String> = Vec::new();
    for label in listed.chain(cells.iter().map(|cell| cell.labels[&name].clone())) {
        if !labels.contains(&label) && cells.iter().any(|cell| cell.labels[&name] == label) {
            labels.push(label);
        }
    }
    let numbers: Option<Vec<f64>> = labels.iter().filter(|l| !l.is_empty()).map(|l| l.parse().ok()).collect();
    let scale = numbers.filter(|numbers| !numbers.is_empty()).map_or(Scale::Category, |numbers| Scale::of(&numbers));
    if scale != Scale::Category {
        let size = |label: &String| label.parse().unwrap_or(f64::NEG_INFINITY);
        labels.sort_by(|a, b| size(a).total_cmp(&size(b)));
    }
    Axis { name, labels, scale, shown: Vec::new() }
}

/// The comparison that was written, of these axes and seeds.
fn comparison(written: Option<Compare>, axes: &[Axis], arm: Option<&str>, seeds: usize) -> Option<Compare> {
    let written = written.unwrap_or_default();
    let usual = || axes.iter().find(|axis| axis.name == "optimizer" && axis.labels.len() > 1).map(|axis| &*axis.name);
    let arm = arm.or(Some(&*written.arm).filter(|arm| !arm.is_empty())).or_else(usual)?.to_string();
    let is_tuned =
        |axis: &&Axis| axis.name != arm && (written.tune.contains(&axis.name) || is_option_of(&axis.name, "optimizer"));
    let tune: Vec<String> = axes.iter().filter(is_tuned).map(|axis| axis.name.clone()).collect();
    let chooses = axes.iter().any(|axis| tune.contains(&axis.name) && axis.labels.len() > 1);
    let tune_seeds = match written.tune_seeds {
        _ if !chooses => 0,
        0 => (seeds / 3).max(1),
        n => n.min(seeds.saturating_sub(1)).max(1),
    };
    let over = written.over.iter().filter(|name| **name != arm).cloned().collect();
    let baseline =
        written.baseline.filter(|base| axes.iter().any(|axis| axis.name == arm && axis.labels.contains(base)));
    Some(Compare { arm, tune, tune_seeds, over, baseline, ..written })
}

/// In which settings the folders differ, where each has one value: `width: 32 in a, 64 in b`.
pub fn differences(plan: &PlanFile) -> Vec<String> {
    let keys: BTreeSet<&String> = plan.cells.iter().flat_map(|cell| cell.settings.keys()).collect();
    let of_key = |key: &&String| {
        let mut values: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
        for cell in &plan.cells {
            let value = cell.settings.get(*key).map_or_else(|| "unset".into(), ToString::to_string);
            values.entry(cell.labels.get(FOLDER)?).or_default().insert(value);
        }
        let first = values.values().next()?;
        let is_told = values.values().all(|own| own.len() == 1) && values.values().any(|own| own != first);
        let each =
            values.iter().map(|(folder, own)| format!("{} in {folder}", own.iter().cloned().collect::<String>()));
        is_told.then(|| format!("{key}: {}", each.collect::<Vec<_>>().join(", ")))
    };
    keys.iter().filter_map(of_key).collect()
}
