//! What there is to do: every run of a plan with its data, its label and its predicted cost, and in what order.

use crate::data::Dataset;
use crate::experiment::plan::{Plan, PlanCell, PlannedRun};
use crate::setting::Settings;
use crate::sweep::cost;

/// One planned run.
pub struct Job {
    pub run: PlannedRun,
    /// Index into [`Work::datasets`].
    pub data: usize,
    /// Floating-point operations of training.
    pub cost: f64,
    /// Updates at most.
    pub steps: usize,
    /// The labels that distinguish it, for people.
    pub label: String,
}

/// All runs of a plan, in plan order, and the data sets they need.
pub struct Work {
    pub datasets: Vec<Dataset>,
    pub jobs: Vec<Job>,
}

impl Work {
    /// Loads each data set that the cells ask for once, and lists the runs.
    ///
    /// # Errors
    /// What `load` reports.
    pub fn new<E>(plan: &Plan, load: impl Fn(&Settings) -> Result<Dataset, E>) -> Result<Self, E> {
        let mut known: Vec<(String, usize)> = Vec::new();
        let mut work = Work { datasets: Vec::new(), jobs: Vec::new() };
        for (c, cell) in plan.cells.iter().enumerate() {
            let key = data_key(&cell.settings);
            let data = match known.iter().find(|(k, _)| *k == key) {
                Some((_, data)) => *data,
                None => {
                    work.datasets.push(load(&cell.settings)?);
                    known.push((key, work.datasets.len() - 1));
                    work.datasets.len() - 1
                }
            };
            let dataset = &work.datasets[data];
            let steps = cost::steps(&cell.settings, dataset.train.rows);
            let cost = cost::flops(&cell.settings, dataset);
            for run in plan.runs_of(c, &dataset.digest) {
                let label = label(plan, cell, run.spec.seeds.run);
                work.jobs.push(Job { run, data, cost, steps, label });
            }
        }
        Ok(work)
    }

    /// The data set of a job.
    pub fn dataset(&self, job: &Job) -> &Dataset {
        &self.datasets[job.data]
    }

    /// Indices of `todo` in the order of running: seed 1 of every cell first, within a seed the costliest first,
    /// so that every cell has a result early and no long run is left for the end.
    pub fn order(&self, mut todo: Vec<usize>) -> Vec<usize> {
        let seed = |i: usize| self.jobs[i].run.spec.seeds.run;
        todo.sort_by(|&a, &b| {
            seed(a).cmp(&seed(b)).then(self.jobs[b].cost.total_cmp(&self.jobs[a].cost)).then(a.cmp(&b))
        });
        todo
    }
}

fn data_key(settings: &Settings) -> String {
    let of_data = settings.iter().filter(|(key, _)| *key == "data" || key.starts_with("data."));
    of_data.map(|(key, value)| format!("{key}={value}\n")).collect()
}

fn label(plan: &Plan, cell: &PlanCell, seed: u64) -> String {
    let varies = |name: &str| plan.axes.iter().any(|a| a.name == name && a.labels.len() > 1);
    let parts = cell.labels.iter().filter(|(axis, _)| varies(axis)).map(|(axis, label)| format!("{axis}={label}"));
    parts.chain([format!("seed={seed}")]).collect::<Vec<_>>().join(" ")
}

/// The indices of the jobs that all `--only axis=value` allow; several values of one axis widen it.
///
/// # Errors
/// In words, when an axis or a value is not in the plan.
pub fn select(plan: &Plan, work: &Work, only: &[(String, String)]) -> Result<Vec<usize>, String> {
    for (name, value) in only {
        let Some(axis) = plan.axes.iter().find(|a| a.name == *name) else {
            let names: Vec<&str> = plan.axes.iter().map(|a| a.name.as_str()).collect();
            return Err(format!("--only {name}={value}: no axis `{name}`; the axes are {}", names.join(", ")));
        };
        if !axis.labels.contains(value) {
            return Err(format!("--only {name}={value}: `{name}` is one of {}", axis.labels.join(", ")));
        }
    }
    let allowed = |cell: &PlanCell| {
        cell.labels.iter().all(|(axis, label)| {
            let mut of_axis = only.iter().filter(|(name, _)| name == axis).peekable();
            of_axis.peek().is_none() || of_axis.any(|(_, value)| value == label)
        })
    };
    Ok((0..work.jobs.len()).filter(|&i| allowed(&plan.cells[work.jobs[i].run.cell])).collect())
}
