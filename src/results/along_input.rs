//! `along_input.csv` as figures read it: a column of it at each input, at the first or the last recorded step.

use super::csv_file::CsvFile;
use super::{Results, ResultsError};
use std::collections::{BTreeMap, HashMap};

/// The file.
const FILE: &str = "along_input.csv";

impl Results {
    /// For each of `runs` (indices) that has rows there: the inputs and the values of a column at the first recorded step, or the last.
    ///
    /// # Errors
    /// A file that is missing, lacks a column or holds what is no number.
    pub fn along_input(
        &self,
        runs: &[usize],
        column: &str,
        last: bool,
    ) -> Result<BTreeMap<usize, Vec<(f64, f64)>>, ResultsError> {
        let wanted: HashMap<&str, usize> = runs.iter().map(|run| (self.runs[*run].id.as_str(), *run)).collect();
        let mut file = CsvFile::open(&self.dir.join(FILE))?;
        let (id, places) = (file.column("run_id")?, file.columns(["step", "x", column])?);
        let mut found: BTreeMap<usize, (f64, Vec<(f64, f64)>)> = BTreeMap::new();
        while file.read_row()? {
            let Some(run) = wanted.get(file.text(id)) else { continue };
            let number = |at: &usize| file.number(*at)?.ok_or_else(|| file.wrong(*at, "where a number has to be"));
            let row = places.iter().map(number).collect::<Result<Vec<f64>, _>>()?;
            let (step, point) = (row[0], (row[1], row[2]));
            let own = found.entry(*run).or_insert((step, Vec::new()));
            if if last { step > own.0 } else { step < own.0 } {
                *own = (step, Vec::new());
            }
            if step == own.0 {
                own.1.push(point);
            }
        }
        Ok(found.into_iter().map(|(run, (_, points))| (run, points)).collect())
    }
}
