//! `distributions.csv` as figures read it: how the numbers of each layer were spread at each recorded step.

use super::csv_file::CsvFile;
use super::{Results, ResultsError};
use crate::columns::{DISTRIBUTIONS, TIME};
use crate::stats::distribution::Distribution;
use std::collections::HashMap;

/// The file.
const FILE: &str = "distributions.csv";

impl Results {
    /// Hands over each row of a quantity of `runs` (indices): run, step, layer, whether it is of one time step, and distribution. Of
    /// several time steps of a layer the last one, which stands for it elsewhere, comes last.
    ///
    /// # Errors
    /// A file that is missing, lacks a column or holds what is no distribution.
    pub fn distributions(
        &self,
        runs: &[usize],
        quantity: &str,
        mut each: impl FnMut(usize, u64, u64, bool, Distribution),
    ) -> Result<(), ResultsError> {
        let wanted: HashMap<&str, usize> = runs.iter().map(|run| (self.runs[*run].id.as_str(), *run)).collect();
        let mut file = CsvFile::open(&self.dir.join(FILE))?;
        let (id, own, counts) = (file.column("run_id")?, file.column("quantity")?, file.column("counts")?);
        let numbers = DISTRIBUTIONS.iter().filter(|column| column.is_measurement());
        let numbers = file.columns(numbers.map(|column| column.name))?;
        let address = file.columns(["step", "layer"])?;
        let time = file.column(TIME.name)?;
        while file.read_row()? {
            let Some(run) = wanted.get(file.text(id)).filter(|_| file.text(own) == quantity) else { continue };
            let number = |at: &usize| file.number(*at)?.ok_or_else(|| file.wrong(*at, "where a number has to be"));
            let place = address.iter().map(number).collect::<Result<Vec<_>, _>>()?;
            let (quantiles, bins) = numbers.split_at(numbers.len() - 2);
            let distribution = Distribution {
                quantiles: quantiles.iter().map(number).collect::<Result<_, _>>()?,
                low: number(&bins[0])?,
                width: number(&bins[1])?,
                counts: file
                    .text(counts)
                    .split(' ')
                    .map(|n| n.parse().map_err(|_| file.wrong(counts, "which is not a list of counts")))
                    .collect::<Result<_, _>>()?,
            };
            let is_of_time = file.number(time)?.is_some();
            each(*run, place[0] as u64, place[1] as u64, is_of_time, distribution);
        }
        Ok(())
    }
}
