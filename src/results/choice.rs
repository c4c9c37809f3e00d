//! How the best of several settings is chosen: by the median over some seeds, while the other seeds are reported.

use super::{Results, Run};
use crate::columns::{self, Column};
use crate::plan_file::compare::Compare;
use crate::record::Status;
use crate::stats::spread;
use std::collections::BTreeMap;

/// By what and by which seeds a setting is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// A column of `runs.csv`.
    pub metric: String,
    /// Seeds that only choose; where there is but one seed, or nothing to choose, none.
    pub tune_seeds: Vec<u64>,
    /// Seeds whose runs are reported for the chosen setting; they choose too where no others do.
    pub report_seeds: Vec<u64>,
}

impl Choice {
    /// The smallest is best: the median over a setting's runs, an accuracy negated; `None` unless all the
    /// seeds that choose are there.
    pub fn score(&self, runs: &BTreeMap<u64, &Run>) -> Option<f64> {
        let sign = if columns::outcome(&self.metric).is_some_and(Column::higher_is_better) { -1.0 } else { 1.0 };
        let value = |seed: &u64| Some(sign * runs.get(seed)?.value_or_worst(&self.metric)?);
        let seeds = if self.tune_seeds.is_empty() { &self.report_seeds } else { &self.tune_seeds };
        spread(&seeds.iter().map(value).collect::<Option<Vec<f64>>>()?).map(|s| s.median)
    }
}

impl Results {
    /// The choice as `[compare]` has it: by its measure, or else the validation loss, or the training loss without a
    /// validation part; on its seeds, or else on all of them.
    pub fn choice(&self) -> Choice {
        self.choice_by(self.plan.compare.as_ref())
    }

    /// The same for a comparison that the plan does not have.
    pub fn choice_by(&self, compare: Option<&Compare>) -> Choice {
        let measured = self.runs.iter().any(|run| run.value("val_loss").is_some());
        let usual = if measured { "val_loss" } else { "train_loss" };
        let split = compare.map_or(0, |c| c.tune_seeds);
        let (tune_seeds, report_seeds) = match self.plan.seeds.split_at_checked(split) {
            Some((tune, report)) if !report.is_empty() => (tune.to_vec(), report.to_vec()),
            // One seed has to do for both.
            _ => (Vec::new(), self.plan.seeds.clone()),
        };
        let metric = compare.and_then(|c| c.choose.clone()).unwrap_or_else(|| usual.into());
        Choice { metric, tune_seeds, report_seeds }
    }
}

impl Run {
    /// A number of the run's end, the worst possible one if it diverged; `None` where there is no such number: no
    /// validation part, a failed run.
    pub fn value_or_worst(&self, metric: &str) -> Option<f64> {
        let worst = columns::outcome(metric).map_or(f64::INFINITY, Column::worst);
        match self.value(metric) {
            Some(x) if self.status != Status::Diverged && x.is_finite() => Some(x),
            None if self.status != Status::Diverged => None,
            _ => Some(worst),
        }
    }
}
