//! Metrics that are computed from `history.csv` or from the steps to the target, added to runs as if they were columns.

use super::{Results, ResultsError};
use crate::columns::metric::{Derived, derived};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A scored step of a run: step, epoch and value.
type Scored = (f64, Option<f64>, f64);

impl Results {
    /// These results with those of the metrics that are derived, by run; themselves where none is, or all are there already.
    ///
    /// # Errors
    /// A history that cannot be read; a step at which no run was scored; epochs or operations that are not known.
    pub fn with_metrics<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Cow<'_, Results>, ResultsError> {
        let missing = |name: &&str| self.runs.iter().all(|run| !run.derived.contains_key(*name));
        let wanted: Vec<(&str, Derived)> =
            names.into_iter().filter(missing).filter_map(|name| Some((name, derived(name)?))).collect();
        let mut results = Cow::Borrowed(self);
        for (name, metric) in wanted.into_iter().filter(|_| !self.runs.is_empty()) {
            let values = self.derive(name, metric)?;
            for (run, value) in results.to_mut().runs.iter_mut().zip(values) {
                run.derived.extend(value.map(|value| (name.to_string(), value)));
            }
        }
        Ok(results)
    }

    /// The metric of every run that has it.
    fn derive(&self, name: &str, metric: Derived) -> Result<Vec<Option<f64>>, ResultsError> {
        let wrong = |why: String| ResultsError::Metric { name: name.into(), why };
        let steps = |run: usize| self.runs[run].value("steps_to_target");
        let values: Vec<Option<f64>> = match metric {
            Derived::AtStep(column, step) => {
                let curves = self.curves(column.name)?;
                let at =
                    |curve: &Vec<Scored>| curve.iter().find(|(own, ..)| *own == step as f64).map(|(.., value)| *value);
                let values: Vec<Option<f64>> = curves.iter().map(at).collect();
                if values.iter().all(Option::is_none) {
                    let scored = curves.iter().flatten().map(|(own, ..)| *own);
                    let near = scored.min_by(|a, b| (a - step as f64).abs().total_cmp(&(b - step as f64).abs()));
                    return Err(wrong(match near {
                        Some(near) => format!(
                            "no run has it at this step; the nearest step that has it is {near}: write that step, or change [record] score and sweep again"
                        ),
                        None => "no run has it at any step: name another column of history.csv".into(),
                    }));
                }
                values
            }
            Derived::AtEpoch(column, epoch) => {
                let from = |own: &Scored| own.1.is_some_and(|own| own >= epoch - 1e-9);
                let at = |curve: &Vec<Scored>| curve.iter().find(|own| from(own)).map(|(.., value)| *value);
                let values: Vec<Option<f64>> = self.curves(column.name)?.iter().map(at).collect();
                if values.iter().all(Option::is_none) {
                    return Err(wrong(
                        "no run was scored so late, or its history has no epochs: write an earlier epoch, or a step"
                            .into(),
                    ));
                }
                values
            }
            Derived::Area(column) => self.curves(column.name)?.iter().map(|curve| mean_height(curve)).collect(),
            Derived::EpochsToTarget => {
                let curves = self.curves("epoch")?;
                let each = |curve: &Vec<Scored>| {
                    curve.iter().find(|(step, ..)| *step > 0.0).map(|(step, _, epoch)| epoch / step)
                };
                let known: Vec<Option<f64>> = curves.iter().map(each).collect();
                if (0..self.runs.len()).any(|run| steps(run).is_some() && known[run].is_none()) {
                    return Err(wrong(
                        "some runs that reached the target have no epochs in history.csv: report steps_to_target"
                            .into(),
                    ));
                }
                (0..self.runs.len()).map(|run| Some(steps(run)? * known[run]?)).collect()
            }
            Derived::FlopToTarget => {
                if self.runs.iter().any(|run| run.step_flop.is_none()) {
                    let help = "sweep again with this version, or import a column flop_per_step";
                    return Err(wrong(format!("the number of operations per step is not known: {help}")));
                }
                (0..self.runs.len()).map(|run| Some(steps(run)? * self.runs[run].step_flop?)).collect()
            }
        };
        Ok(values)
    }

    /// A column of the history of every run, in order of its steps.
    fn curves(&self, column: &str) -> Result<Vec<Vec<Scored>>, ResultsError> {
        let all: Vec<usize> = (0..self.runs.len()).collect();
        let mut curves: BTreeMap<usize, Vec<Scored>> = BTreeMap::new();
        self.stream("history.csv", &all, &["step", "epoch", column], |run, row| {
            if let (Some(step), Some(value)) = (row[0], row[2]) {
                curves.entry(run).or_default().push((step, row[1], value));
            }
        })?;
        Ok(all.iter().map(|run| curves.remove(run).unwrap_or_default()).collect())
    }
}

/// The mean height of a curve over its steps, by trapezoids; of a single point its height, of none nothing.
fn mean_height(curve: &[Scored]) -> Option<f64> {
    let [(first, _, start), .., (last, ..)] = curve else { return curve.first().map(|(.., value)| *value) };
    if first == last {
        return Some(*start);
    }
    let area: f64 = curve.windows(2).map(|pair| (pair[1].0 - pair[0].0) * (pair[0].2 + pair[1].2) / 2.0).sum();
    Some(area / (last - first))
}
