//! The runs of a plan, each with its data, its label and its predicted cost, and the order in which they are run.

use crate::data::Dataset;
use crate::experiment::plan::{DataFacts, GridCell, Plan, PlannedRun};
use crate::run::cost::{Cost, Extent, Memory, RecordedSteps, affordable_sample, cost, memory};
use crate::run::spec::{RunSpec, SAMPLE};
use crate::setting::Settings;
use std::collections::HashMap;

/// One planned run.
pub struct Job {
    pub run: PlannedRun,
    /// Index into [`Work::datasets`].
    pub data: usize,
    pub cost: Cost,
    pub memory: Memory,
    /// Updates at most.
    pub steps: usize,
    /// Size of the sample that is scored on the way, where the run is too short for the usual one.
    pub fewer_scored: Option<i64>,
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
        let sets = plan.datasets();
        let datasets = sets.settings.iter().map(load).collect::<Result<Vec<_>, E>>()?;
        let digests: Vec<String> = datasets.iter().map(|data| data.digest.clone()).collect();
        let extents: Vec<Extent> = datasets.iter().map(Extent::of).collect();
        // Listing steps takes long, and most runs have the same length.
        let mut recorded: HashMap<usize, RecordedSteps> = HashMap::new();
        let job = |run: PlannedRun| {
            let data = sets.of_cell[run.cell];
            let steps = run.spec.steps(extents[data].train_rows);
            let recorded = recorded.entry(steps).or_insert_with(|| RecordedSteps::of(&plan.cadence, steps));
            let cost = cost(&run.spec, &extents[data], *recorded);
            let memory = memory(&run.spec, &extents[data], *recorded);
            let label = label(plan, &plan.cells[run.cell], run.spec.seeds.run);
            let rows = run.spec.settings.int(SAMPLE);
            let fewer_scored = rows.filter(|_| rows != plan.cells[run.cell].settings.int(SAMPLE));
            Job { run, data, cost, memory, steps, fewer_scored, label }
        };
        let sample = |spec: &RunSpec, data: usize| affordable_sample(spec, &extents[data]);
        let jobs = plan.runs_sampled(&digests, sample).into_iter().map(job).collect();
        Ok(Work { datasets, jobs })
    }

    /// What a plan checks its cells against, for each data set.
    pub fn facts(&self) -> Vec<DataFacts> {
        let facts = |data: &Dataset| DataFacts {
            digest: data.digest.clone(),
            train_rows: data.train.rows,
            sizes: data.sizes(),
            answers: data.train.answers(),
            is_padded: data.is_padded(),
            change: data.change.clone(),
            targets: data.train.targets.compared(),
        };
        self.datasets.iter().map(facts).collect()
    }

    /// What identifies the data of all jobs.
    pub fn digest(&self) -> String {
        let digests: Vec<&str> = self.datasets.iter().map(|data| data.digest.as_str()).collect();
        digests.join("+")
    }

    /// The data set of a job.
    pub fn dataset(&self, job: &Job) -> &Dataset {
        &self.datasets[job.data]
    }

    /// Indices of `todo` in the order of running: seed 1 of every cell first, within a seed the costliest first,
    /// so that every cell has a result early and no long run is left for the end.
    pub fn order(&self, mut todo: Vec<usize>) -> Vec<usize> {
        let seed = |i: usize| self.jobs[i].run.spec.seeds.run;
        let cost = |i: usize| self.jobs[i].cost.total();
        todo.sort_by(|&a, &b| seed(a).cmp(&seed(b)).then(cost(b).total_cmp(&cost(a))).then(a.cmp(&b)));
        todo
    }
}

fn label(plan: &Plan, cell: &GridCell, seed: u64) -> String {
    let varies = |name: &str| plan.axes.iter().any(|a| a.name == name && a.labels.len() > 1);
    let parts = cell.labels.iter().filter(|(axis, _)| varies(axis)).map(|(axis, label)| format!("{axis}={label}"));
    parts.chain([format!("seed={seed}")]).collect::<Vec<_>>().join(" ")
}

/// The indices of the jobs that all `--only axis=value` allow: see [`Plan::only`].
///
/// # Errors
/// An axis, a value or a seed that is not in the plan.
pub fn select(plan: &Plan, work: &Work, only: &[String]) -> Result<Vec<usize>, crate::experiment::ExperimentError> {
    let only = plan.only(only)?;
    let allowed = |run: &PlannedRun| only.allows(run.cell, run.spec.seeds.run);
    Ok((0..work.jobs.len()).filter(|&i| allowed(&work.jobs[i].run)).collect())
}
