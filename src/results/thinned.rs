//! The rows of long trainings as figures show them: of more steps than a figure can resolve, those where something stands
//! out, so that a line looks the same and neither drawing nor memory grows with the length of training.

use super::{Results, ResultsError};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Places along a figure: more than it has pixels across a panel.
const PLACES: usize = 2000;
/// Runs with fewer recorded steps than this are shown whole.
const MANY: usize = 2 * PLACES;
/// Steps that are shown of all runs together, about.
const SHOWN: usize = 20_000;

/// A value and its step.
type Found = (f64, u64);

/// The least and the greatest of each stretch of a figure.
type Stretches = HashMap<(u32, u32), [Found; 2]>;

impl Results {
    /// As [`Results::stream`], of a table with rows for each recorded step, the first of `columns`. Of very many steps, each
    /// stretch is left with those at which one of the other columns, but for a second one `layer`, is least or greatest.
    ///
    /// # Errors
    /// As [`Results::stream`].
    pub fn stream_thinned(
        &self,
        file: &str,
        runs: &[usize],
        columns: &[&str],
        mut each: impl FnMut(usize, &[Option<f64>]),
    ) -> Result<(), ResultsError> {
        if self.recorded_steps(file, runs) <= MANY {
            return self.stream(file, runs, columns, each);
        }
        let kept = self.standing_out(file, runs, columns)?;
        self.stream(file, runs, columns, |run, row| {
            if row[0].is_none_or(|step| kept.contains(&(step as u64))) {
                each(run, row);
            }
        })
    }

    /// How many steps the longest of these runs has in a table.
    fn recorded_steps(&self, file: &str, runs: &[usize]) -> usize {
        let last = self.last_step(runs);
        let count = |record: &crate::run::spec::Cadence| match file {
            "history.csv" => record.score.count(last),
            "layers.csv" | "distributions.csv" | "along_input.csv" => record.gradients.count(last),
            _ => record.points(last).count(last),
        };
        self.plan.record.as_ref().map_or(0, count)
    }

    fn last_step(&self, runs: &[usize]) -> usize {
        runs.iter().filter_map(|run| self.runs[*run].value("steps")).fold(0.0, f64::max) as usize
    }

    /// The steps that are shown.
    fn standing_out(&self, file: &str, runs: &[usize], columns: &[&str]) -> Result<HashSet<u64>, ResultsError> {
        let last = self.last_step(runs).max(1) as f64;
        let first = if columns.get(1) == Some(&"layer") { 2 } else { 1 };
        let places = (SHOWN / (2 * runs.len() * (columns.len() - first)).max(1)).clamp(100, PLACES) as f64;
        // Steps may be drawn on a linear scale or a logarithmic one.
        let place = |step: f64| ((places * step / last) as u32, (places * step.ln_1p() / last.ln_1p()) as u32);
        let mut found: BTreeMap<(usize, usize), Stretches> = BTreeMap::new();
        let mut kept = HashSet::from([0]);
        let mut ends: HashMap<usize, u64> = HashMap::new();
        self.stream(file, runs, columns, |run, row| {
            let Some(step) = row[0] else { return };
            ends.insert(run, step as u64);
            for (column, value) in row.iter().enumerate().skip(first) {
                let Some(value) = value.filter(|value| value.is_finite()) else { continue };
                let own = (value, step as u64);
                let [least, greatest] = found.entry((run, column)).or_default().entry(place(step)).or_insert([own; 2]);
                if value < least.0 {
                    *least = own;
                }
                if value > greatest.0 {
                    *greatest = own;
                }
            }
        })?;
        kept.extend(ends.into_values());
        kept.extend(found.into_values().flat_map(HashMap::into_values).flatten().map(|(_, step)| step));
        Ok(kept)
    }
}
