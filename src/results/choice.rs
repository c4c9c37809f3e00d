//! How the best of several settings is chosen: by the median over some seeds, while the other seeds are reported.

use super::{Results, ResultsError, Run};
use crate::columns::{
    self, Column, Measured, Part,
    metric::{is_comparable, metric},
};
use crate::plan_file::compare::Compare;
use crate::record::Status;
use crate::stats::median;
use std::collections::BTreeMap;

/// `seed 1` or `seeds 1 to 3, 1000001 to 1000005`.
pub fn seeds(seeds: &[u64]) -> String {
    let span = |own: &[u64]| match own {
        [first, .., last] => format!("{first} to {last}"),
        _ => own.iter().map(u64::to_string).collect(),
    };
    let spans: Vec<String> = seeds.chunk_by(|a, b| a + 1 == *b).map(span).collect();
    match seeds {
        [] => "no seed".into(),
        [one] => format!("seed {one}"),
        _ => format!("seeds {}", spans.join(", ")),
    }
}

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
    /// The seeds whose runs choose.
    pub fn seeds(&self) -> &[u64] {
        if self.tune_seeds.is_empty() { &self.report_seeds } else { &self.tune_seeds }
    }

    /// What it is chosen by, in the middle of a sentence.
    pub fn subject(&self) -> String {
        columns::measurement(&self.metric).map_or(self.metric.clone(), Column::subject)
    }

    /// 1 where the smallest number of the metric is best, -1 where the largest is.
    pub fn sign(&self) -> f64 {
        if metric(&self.metric).is_some_and(Column::higher_is_better) { -1.0 } else { 1.0 }
    }

    /// What a run counts in a choice, the smallest being best; `None` where it was not measured so.
    pub fn value(&self, run: &Run) -> Option<f64> {
        run.value_or_worst(&self.metric).map(|value| self.sign() * value)
    }

    /// The smallest is best: the median over a setting's runs, an accuracy negated; `None` unless all the
    /// seeds that choose are there.
    pub fn score(&self, runs: &BTreeMap<u64, &Run>) -> Option<f64> {
        let value = |seed: &u64| self.value(runs.get(seed)?);
        median(&self.seeds().iter().map(value).collect::<Option<Vec<f64>>>()?)
    }

    /// The score of a setting of which half or more of the runs that choose diverge, or miss the target.
    pub fn worst(&self) -> f64 {
        self.sign() * metric(&self.metric).map_or(f64::INFINITY, Column::worst)
    }

    /// The setting with the best score, of equal ones the first; `None` where none has a score.
    pub fn best<'a, T: 'a>(&self, tries: impl IntoIterator<Item = (T, &'a BTreeMap<u64, &'a Run>)>) -> Option<T> {
        let scored = tries.into_iter().filter_map(|(setting, runs)| Some((setting, self.score(runs)?)));
        scored.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(setting, _)| setting)
    }
}

impl Results {
    /// The column that arms are compared by first: as `[compare]` has it, or else the loss on the test part, the validation
    /// part or the training part, the first that runs were measured by; of a part without a loss its accuracy.
    pub fn reported(&self, compare: Option<&Compare>) -> String {
        compare.and_then(|compare| compare.report.clone()).unwrap_or_else(|| self.usual(&Part::ALL).into())
    }

    /// The loss or accuracy at the end on the first of some parts that all runs were measured by, or else some.
    fn usual(&self, parts: &[Part]) -> &'static str {
        let of = |part: &Part| {
            let part = Some(*part);
            columns::compared().filter(move |column| column.part == part && column.measured == Measured::End)
        };
        let known = || parts.iter().flat_map(of).map(|column| column.name);
        let found =
            known().find(|name| self.are_measured(name)).or_else(|| known().find(|name| self.is_measured(name)));
        found.unwrap_or("train_loss")
    }

    /// Whether some run was measured by this, or had a target that it could miss.
    pub fn is_measured(&self, metric: &str) -> bool {
        let can_be_missed = columns::metric::metric(metric).is_some_and(Column::missing_is_worst);
        can_be_missed && self.plan.has_target() || self.runs.iter().any(|run| run.value(metric).is_some())
    }

    /// Whether all runs were measured by it that did not break off; where there are none, some of the others.
    fn are_measured(&self, metric: &str) -> bool {
        let is_whole = |run: &&Run| !matches!(run.status, Status::Diverged | Status::Failed);
        self.is_measured(metric) && self.runs.iter().filter(is_whole).all(|run| run.value(metric).is_some())
    }

    /// Refuses arms whose losses are no common measure.
    ///
    /// # Errors
    /// Those, with the reason and the cure.
    pub fn check_alike(&self, compare: &Compare) -> Result<(), ResultsError> {
        let report = self.reported(Some(compare));
        let reports: Vec<&str> = std::iter::once(&report).chain(&compare.also).map(String::as_str).collect();
        let refused = compare.refused(&self.plan.cells, &reports, &self.choice_by(Some(compare)).metric);
        refused.map_or(Ok(()), |(why, help)| Err(ResultsError::Unlike(format!("{why}; {help}"))))
    }

    /// Refuses what was asked for by name and no run was measured by.
    ///
    /// # Errors
    /// Such a metric, with those that there are; a history that cannot be read.
    pub fn check_measured<'a>(&self, names: impl Iterator<Item = &'a str> + Clone) -> Result<(), ResultsError> {
        // Where all broke off, that is what there is to say.
        if self.runs.iter().all(|run| matches!(run.status, Status::Diverged | Status::Failed)) {
            return Ok(());
        }
        let results = self.with_metrics(names.clone())?;
        let Some(name) = names.into_iter().find(|name| !results.is_measured(name)) else { return Ok(()) };
        let known = columns::OUTCOMES.iter().map(|column| column.name);
        let known = known.filter(|name| is_comparable(name) && self.is_measured(name)).collect::<Vec<_>>();
        let why = match metric(name).is_some_and(Column::missing_is_worst) {
            true => "no run had a target_loss to reach".to_string(),
            false => "no run was measured by it".into(),
        };
        let help = match &known[..] {
            [] => "no run has a loss or an accuracy: sweep or import some that have".into(),
            known => format!("compare by {}", known.join(", ")),
        };
        Err(ResultsError::Metric { name: name.into(), why: format!("{why}; {help}") })
    }

    /// The first of the columns of `runs.csv` that arms are compared by, for what shows no metric that is derived.
    pub fn reported_outcome(&self) -> String {
        let compare = self.plan.compare.as_ref();
        let mut reports = compare.iter().flat_map(|compare| compare.report.iter().chain(&compare.also));
        let outcome = reports.find(|name| columns::outcome(name).is_some()).cloned();
        outcome.unwrap_or_else(|| self.reported(None))
    }

    /// The choice as `[compare]` has it: by its measure, or else the validation loss, or the training loss without a
    /// validation part, or the accuracy of a part without a loss; on its seeds, or else on all of them.
    pub fn choice(&self) -> Choice {
        self.choice_by(self.plan.compare.as_ref())
    }

    /// The same for a comparison that the plan does not have.
    pub fn choice_by(&self, compare: Option<&Compare>) -> Choice {
        let split = compare.map_or(0, |c| c.tune_seeds);
        let (tune_seeds, report_seeds) = match self.plan.seeds.split_at_checked(split) {
            Some((tune, report)) if !report.is_empty() => (tune.to_vec(), report.to_vec()),
            // One seed has to do for both.
            _ => (Vec::new(), self.plan.seeds.clone()),
        };
        let metric = compare
            .and_then(|c| c.choose.clone())
            .unwrap_or_else(|| self.usual(&[Part::Validation, Part::Training]).into());
        Choice { metric, tune_seeds, report_seeds }
    }
}

impl Run {
    /// A number of the run's end, the worst possible one if it diverged or missed its target; `None` where there is no such
    /// number: no validation part, a failed run.
    pub fn value_or_worst(&self, metric: &str) -> Option<f64> {
        let column = columns::metric::metric(metric);
        let worst = column.map_or(f64::INFINITY, Column::worst);
        if column.is_some_and(Column::missing_is_worst) {
            return (!self.failed()).then(|| self.value(metric).unwrap_or(worst));
        }
        let is_of_a_step = column.is_some_and(|column| column.measured == Measured::Step);
        match self.value(metric) {
            // What was measured before a run diverged is as good as any.
            Some(x) if (self.status != Status::Diverged || is_of_a_step) && x.is_finite() => Some(x),
            None if self.status != Status::Diverged => None,
            _ => Some(worst),
        }
    }
}
