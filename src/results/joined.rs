//! Several results folders read as one, so that their arms can be compared: by the axis that holds the arms, with the seeds of all
//! where they hold the same cells, or, where they hold other runs of the same labels and seeds, folder by folder. What cannot be
//! compared is refused with the reason.

use super::comparable::{self, JoinError, refuse};
use super::{Results, Run};
use crate::columns;
use crate::experiment::settings::{Registry, is_option_of};
use crate::ops::loss::Loss;
use crate::plan_file::compare::Compare;
use crate::plan_file::{Axis, PlanCell, PlanData, PlanFile};
use crate::setting::Value;
use crate::table::count;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, btree_map::Entry};
use std::path::PathBuf;

/// The axis whose labels are the folders.
pub const FOLDER: &str = "folder";

/// Several folders as one, and what to say of that.
pub struct Joined {
    pub results: Results,
    pub remarks: Vec<String>,
}

/// The labels of a cell, `None` on an axis that is not known of it.
type Labels = Vec<Option<String>>;

/// A folder's plan with the name that tells it from the others.
pub(super) struct Folder {
    name: String,
    pub(super) results: Results,
    /// The histories of its runs, once they were asked for.
    histories: OnceCell<HashMap<usize, Vec<String>>>,
}

impl Folder {
    /// Every setting of a cell by its long name, among them the loss that follows from the data where none is written.
    pub(super) fn settings(&self, cell: &PlanCell) -> BTreeMap<String, Value> {
        let plan = &self.results.plan;
        let written = plan.settings.iter().chain(&cell.settings);
        let mut settings: BTreeMap<_, _> = written.map(|(key, value)| (long(key), value.clone())).collect();
        if !plan.is_imported() && plan.is_one_problem() && settings.contains_key("data") {
            let usual = || Value::Text(Loss::usual(plan.data.classes).word().into());
            settings.entry("loss".into()).or_insert_with(usual);
        }
        settings
    }

    /// The label of a cell on an axis, which may be one of another folder alone.
    fn label(&self, axis: &str, cell: &PlanCell) -> Option<String> {
        let own = cell.labels.get(axis).cloned();
        own.or_else(|| self.settings(cell).get(&long(axis)).map(ToString::to_string))
    }

    /// The rows of a run in its history, as text; none where there is no such table.
    fn history(&self, run: &Run) -> Vec<String> {
        let rows = self.histories.get_or_init(|| {
            let all: Vec<usize> = (0..self.results.runs.len()).collect();
            let numbers = columns::HISTORY.iter().map(|column| column.name).collect::<Vec<_>>();
            let mut rows: HashMap<usize, Vec<String>> = HashMap::new();
            let read = self.results.stream("history.csv", &all, &numbers, |run, row| {
                rows.entry(run).or_default().push(format!("{row:?}"));
            });
            read.map_or_else(|_| HashMap::new(), |()| rows)
        });
        let number = self.results.runs.iter().position(|own| own.id == run.id);
        number.and_then(|number| rows.get(&number)).cloned().unwrap_or_default()
    }

    /// Its cells: every setting by the label on each of these axes.
    fn cells(&self, axes: &[String]) -> BTreeMap<Labels, BTreeMap<String, Value>> {
        self.results.plan.cells.iter().map(|cell| (self.labels(axes, cell), self.settings(cell))).collect()
    }

    /// The label of a cell on each of these axes.
    fn labels(&self, axes: &[String], cell: &PlanCell) -> Labels {
        axes.iter().map(|axis| self.label(axis, cell)).collect()
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
pub fn join(folders: Vec<Results>, arm: Option<&str>) -> Result<Joined, JoinError> {
    let names = names(&folders);
    let folder = |(name, results)| Folder { name, results, histories: OnceCell::new() };
    let folders: Vec<Folder> = names.into_iter().zip(folders).map(folder).collect();
    let first = &folders[0];
    for (place, other) in folders.iter().enumerate() {
        folders[..place].iter().try_for_each(|known| comparable::check(known, other))?;
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
            let why = format!("{} has no axis {axis}", folder.name);
            let help = "sweep that axis separately, or import the runs with a column of that name";
            return Err(refuse(owner.unwrap_or(first), folder, why, help));
        }
    }
    // Other runs of equal labels and seeds, or other settings of equal labels, can only be told apart by their folders; the same runs
    // are there once.
    let (mut known, mut twice) = (BTreeMap::new(), 0);
    let mut are_told_apart = arm == Some(FOLDER) || have_other_settings(&folders, &axes);
    for (folder, run) in folders.iter().flat_map(|folder| folder.results.runs.iter().map(move |run| (folder, run))) {
        let cell = folder.results.cell_of(run);
        match known.entry((cell.map(|cell| folder.labels(&axes, cell)), run.seed)) {
            Entry::Vacant(place) => _ = place.insert((folder, run)),
            Entry::Occupied(other) if is_same(*other.get(), (folder, run)) => twice += 1,
            Entry::Occupied(_) => are_told_apart = true,
        }
    }
    if are_told_apart && axes.iter().any(|axis| axis == FOLDER) {
        let why = format!("an axis of one is called {FOLDER}, as the folders themselves would be");
        return Err(refuse(
            first,
            &folders[folders.len() - 1],
            why,
            "import it again with that column under another name",
        ));
    }
    let is_one_study = !are_told_apart && folders[1..].iter().all(|other| other.cells(&axes) == first.cells(&axes));
    let seeds = if is_one_study { all_seeds(&folders) } else { common_seeds(&folders)? };
    let plan = whole(&folders, &axes, seeds, are_told_apart, arm);
    let mut remarks = Vec::new();
    if is_one_study && folders.len() > 1 {
        let all = count(plan.seeds.len(), "seed");
        remarks.push(format!("the folders contain the same cells and are pooled as one study of {all}"));
    }
    if twice > 0 && !are_told_apart {
        remarks.push(format!("{} in several folders, equal to the last digit, counted once", count(twice, "run")));
    }
    let seeds = |folder: &Folder| folder.results.plan.seeds.len();
    if !is_one_study && folders.iter().any(|folder| seeds(folder) > plan.seeds.len()) {
        let each = folders.iter().map(|folder| format!("{} has {}", folder.name, seeds(folder))).collect::<Vec<_>>();
        let common = count(plan.seeds.len(), "seed");
        remarks.push(format!("only the {common} that all folders have are compared; {}", each.join(", ")));
    }
    // What the arms are called after they may differ in.
    let arm = plan.compare.as_ref().map(|compare| &*compare.arm).filter(|_| !are_told_apart);
    let is_meant =
        |key: &str| arm.is_some_and(|arm| axes.iter().any(|axis| long(axis) == key) || is_option_of(key, arm));
    let mut differences = differences(&folders, is_meant);
    let own: Vec<&Folder> = folders.iter().filter(|folder| !folder.results.plan.is_imported()).collect();
    if own.iter().any(|folder| folder.results.plan.seed != own[0].results.plan.seed) {
        let each = own.iter().map(|folder| format!("{} in {}", folder.results.plan.seed, folder.name));
        let each = each.collect::<Vec<_>>().join(", ");
        differences.push(format!(
            "the seed of the experiment: {each}; runs of equal seeds share neither initial weights nor batches"
        ));
    }
    let mut written = folders.iter().filter_map(|folder| Some((&folder.name, folder.results.plan.compare.as_ref()?)));
    if let Some((first, compare)) = written.next() {
        let said = |own: &Compare| Compare { arm: String::new(), tune: Vec::new(), tune_seeds: 0, ..own.clone() };
        let others = written.filter(|(_, own)| said(own) != said(compare)).map(|(name, _)| name.as_str());
        let others = others.collect::<Vec<_>>().join(", ");
        if !others.is_empty() {
            remarks
                .push(format!("what is compared is as [compare] of {first} says, from which that of {others} differs"));
        }
    }
    if !differences.is_empty() {
        remarks.push(format!("the folders differ in\n  {}", differences.join("\n  ")));
    }
    let runs = runs(&folders, &plan);
    let parts: Vec<Results> = folders.into_iter().map(|folder| folder.results).collect();
    let (dir, plan_hash) = (parts[0].dir.clone(), parts[0].plan_hash.clone());
    Ok(Joined { results: Results { dir, plan, plan_hash, runs, parts }, remarks })
}

/// Whether two folders have this very run, with the same numbers. What a run of this program comes to tells it from all others; of
/// another program's runs also the curves have to be the same.
fn is_same((one, run): (&Folder, &Run), (two, other): (&Folder, &Run)) -> bool {
    let bits = |run: &Run| run.values.iter().map(|value| value.map(f64::to_bits)).collect::<Vec<_>>();
    let is_imported = one.results.plan.is_imported() || two.results.plan.is_imported();
    (&run.id, run.status, run.step_flop) == (&other.id, other.status, other.step_flop)
        && bits(run) == bits(other)
        && (!is_imported || one.history(run) == two.history(run))
}

/// Whether cells of equal labels have a setting in which they differ.
fn have_other_settings(folders: &[Folder], axes: &[String]) -> bool {
    let mut known: BTreeMap<Labels, BTreeMap<String, Value>> = BTreeMap::new();
    let mut cells = folders.iter().flat_map(|folder| folder.cells(axes));
    cells.any(|(labels, settings)| {
        let known = known.entry(labels).or_insert_with(|| settings.clone());
        settings.iter().any(|(key, value)| known.get(key).is_some_and(|other| other != value))
    })
}

/// The names of folders; where two are alike, their paths.
fn names(folders: &[Results]) -> Vec<String> {
    let name =
        |path: &PathBuf| path.file_name().map_or(path.display().to_string(), |n| n.to_string_lossy().into_owned());
    let short: Vec<String> = folders.iter().map(|folder| name(&folder.dir)).collect();
    let is_lone = short.iter().collect::<BTreeSet<_>>().len() == short.len();
    if is_lone { short } else { folders.iter().map(|folder| folder.dir.display().to_string()).collect() }
}

/// The seeds of all folders, of which each is a part of one study.
fn all_seeds(folders: &[Folder]) -> Vec<u64> {
    let seeds: BTreeSet<u64> = folders.iter().flat_map(|folder| &folder.results.plan.seeds).copied().collect();
    seeds.into_iter().collect()
}

/// The seeds that all folders have, by which arms of different folders pair.
fn common_seeds(folders: &[Folder]) -> Result<Vec<u64>, JoinError> {
    let (first, others) = (&folders[0], &folders[1..]);
    let mut seeds = first.results.plan.seeds.clone();
    for other in others {
        seeds.retain(|seed| other.results.plan.seeds.contains(seed));
        if seeds.is_empty() {
            let help = "sweep both with the same seeds, since arms are compared seed by seed, or with the same cells and settings, \
                        to pool their seeds";
            return Err(refuse(first, other, "they have no seed in common".into(), help));
        }
    }
    Ok(seeds)
}

/// One plan of all folders.
fn whole(folders: &[Folder], axes: &[String], seeds: Vec<u64>, by_folder: bool, arm: Option<&str>) -> PlanFile {
    let mut cells: Vec<PlanCell> = Vec::new();
    for folder in folders {
        let labels = |cell: &PlanCell| {
            let own = axes.iter().map(|axis| (axis.clone(), folder.label(axis, cell).unwrap_or_default()));
            own.chain(by_folder.then(|| (FOLDER.to_string(), folder.name.clone()))).collect::<BTreeMap<_, _>>()
        };
        for cell in &folder.results.plan.cells {
            let labels = labels(cell);
            if cells.iter().all(|known| known.labels != labels) {
                let (function, guesses) = (cell.function.clone(), folder.results.plan.guesses(cell));
                let step_flop = cell.step_flop;
                let settings = folder.settings(cell);
                cells.push(PlanCell { labels, settings, function, step_flop, guesses });
            }
        }
    }
    let names = axes.iter().cloned().chain(by_folder.then(|| FOLDER.into()));
    let axes: Vec<Axis> = names.map(|name| axis(&name, folders, &cells)).collect();
    // What all cells share, as in a plan of one sweep.
    let shared: BTreeMap<String, Value> = cells[0]
        .settings
        .clone()
        .into_iter()
        .filter(|(key, value)| cells.iter().all(|cell| cell.settings.get(key) == Some(value)))
        .collect();
    cells.iter_mut().for_each(|cell| cell.settings.retain(|key, _| !shared.contains_key(key)));
    let first = &folders[0].results;
    let written = folders.iter().map(|folder| &folder.results.plan);
    let written = written.flat_map(|plan| Some((plan.compare.clone()?, plan.seeds.len()))).next();
    let arm = arm.map_or(by_folder.then_some(FOLDER), Some);
    let compare = comparison(written, &axes, arm, seeds.len());
    // Each cell has the baselines of its own folder.
    let data = PlanData { guesses: None, ..first.plan.data.clone() };
    PlanFile { seeds, axes, cells, compare, settings: shared, figures: Vec::new(), data, ..first.plan.clone() }
}

/// The runs of all folders by the labels of the whole plan, each with its folder and its number there; a run of several is there once.
fn runs(folders: &[Folder], plan: &PlanFile) -> Vec<Run> {
    let (mut runs, mut known): (Vec<Run>, BTreeSet<(Vec<usize>, u64)>) = Default::default();
    for (part, folder) in folders.iter().enumerate() {
        let label = |cell: &PlanCell, axis: &Axis| match &*axis.name {
            FOLDER if !cell.labels.contains_key(FOLDER) => Some(folder.name.clone()),
            name => folder.label(name, cell),
        };
        let place = |cell: &PlanCell| -> Vec<usize> {
            let place = |axis: &Axis| axis.labels.iter().position(|own| Some(own) == label(cell, axis).as_ref());
            plan.axes.iter().map(|axis| place(axis).unwrap_or(0)).collect()
        };
        for (number, run) in folder.results.runs.iter().enumerate().filter(|(_, run)| plan.seeds.contains(&run.seed)) {
            let labels = folder.results.cell_of(run).map(place).filter(|own| known.insert((own.clone(), run.seed)));
            runs.extend(labels.map(|labels| Run { labels, origin: Some((part, number)), ..run.clone() }));
        }
    }
    runs
}

/// An axis with those labels of all folders that some cell has.
fn axis(name: &str, folders: &[Folder], cells: &[PlanCell]) -> Axis {
    let own = folders.iter().flat_map(|folder| &folder.results.plan.axes).filter(|axis| axis.name == name);
    let of_cells = || cells.iter().map(|cell| &cell.labels[name]);
    let listed = own.flat_map(|axis| &axis.labels).filter(|label| of_cells().any(|own| own == *label));
    Axis::of(name, listed.chain(of_cells()).cloned())
}

/// The comparison that was written, with the number of seeds that it was for, of these axes and seeds.
fn comparison(written: Option<(Compare, usize)>, axes: &[Axis], arm: Option<&str>, seeds: usize) -> Option<Compare> {
    let (written, before) = written.unwrap_or_default();
    let usual = || Compare::usual_arm(axes).map(|axis| &*axis.name);
    let arm = arm.or(Some(&*written.arm).filter(|arm| !arm.is_empty())).or_else(usual)?.to_string();
    let is_tuned =
        |axis: &&Axis| axis.name != arm && written.tune.contains(&axis.name) || Compare::is_usually_tuned(axis, &arm);
    let tune: Vec<String> = axes.iter().filter(is_tuned).map(|axis| axis.name.clone()).collect();
    let tune_seeds = match written.tune_seeds {
        _ if !Compare::chooses(&tune, axes) => 0,
        n if n == 0 || n == Compare::usual_tune_seeds(before) => Compare::usual_tune_seeds(seeds),
        n => n.min(seeds.saturating_sub(1)).max(1),
    };
    let over = written.over.iter().filter(|name| **name != arm).cloned().collect();
    let baseline =
        written.baseline.filter(|base| axes.iter().any(|axis| axis.name == arm && axis.labels.contains(base)));
    Some(Compare { arm, tune, tune_seeds, over, baseline, ..written })
}

/// In which settings the folders differ, where each has one value: `width: 32 in a, 64 in b`. What another program left unset is
/// not known.
fn differences(folders: &[Folder], is_meant: impl Fn(&str) -> bool) -> Vec<String> {
    let cells = |folder: &Folder| {
        folder.results.plan.cells.iter().map(|cell| folder.settings(cell)).collect::<Vec<BTreeMap<String, Value>>>()
    };
    let settings: Vec<(&Folder, Vec<BTreeMap<String, Value>>)> = folders.iter().map(|own| (own, cells(own))).collect();
    let keys: BTreeSet<&String> = settings.iter().flat_map(|(_, cells)| cells).flat_map(BTreeMap::keys).collect();
    let of_key = |key: &&String| {
        let mut values: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
        for (folder, cell) in settings.iter().flat_map(|(folder, cells)| cells.iter().map(move |cell| (folder, cell))) {
            match cell.get(*key) {
                None if folder.results.plan.is_imported() => continue,
                value => {
                    let value = value.map_or_else(|| "unset".into(), ToString::to_string);
                    values.entry(&folder.name).or_default().insert(value);
                }
            }
        }
        let first = values.values().next()?;
        let is_told = values.values().all(|own| own.len() == 1) && values.values().any(|own| own != first);
        let each =
            values.iter().map(|(folder, own)| format!("{} in {folder}", own.iter().cloned().collect::<String>()));
        is_told.then(|| format!("{key}: {}", each.collect::<Vec<_>>().join(", ")))
    };
    keys.iter().filter(|key| !is_meant(key)).filter_map(of_key).collect()
}
