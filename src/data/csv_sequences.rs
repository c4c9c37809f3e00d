//! Rows of a CSV file that are the time steps of sequences: grouped by one column, ordered by another.

use super::csv_table::{Reading, Table, is_missing};
use super::dataset::Targets;
use super::error::DataError;
use csv::StringRecord;
use std::collections::HashMap;

/// The columns that say where a row belongs.
#[derive(Clone, Copy)]
pub(super) struct Grouping {
    sequence: usize,
    /// Rows stay in their order where there is none.
    time: Option<usize>,
}

/// Where one row belongs.
pub(super) struct Place {
    line: u64,
    sequence: Box<str>,
    time: f64,
}

impl Grouping {
    /// What the settings ask for in this table; `None` where a row is a sample by itself.
    pub fn new(table: &Table, how: &Reading) -> Result<Option<Self>, DataError> {
        let Some(name) = how.sequence else { return Ok(None) };
        let sequence = table.find(name, "data.sequence")?;
        let time = how.time_column.map(|name| table.find(name, "data.time_column")).transpose()?;
        Ok(Some(Grouping { sequence, time }))
    }

    /// Both are no features.
    pub fn columns(&self) -> impl Iterator<Item = usize> {
        [Some(self.sequence), self.time].into_iter().flatten()
    }

    /// Where a row belongs, by its cells.
    pub fn place(&self, table: &Table, line: u64, record: &StringRecord, how: &Reading) -> Result<Place, DataError> {
        let cell = &record[self.sequence];
        if is_missing(cell) {
            let what = format!(
                "column {} contains \"{cell}\", which is not the name of a sequence",
                table.called(self.sequence)
            );
            return Err(table.error(what, "fill it in, or remove the line").line(line));
        }
        let time = match self.time {
            None => line as f64,
            Some(column) => how.number(&record[column]).ok_or_else(|| {
                let what =
                    format!("column {} contains \"{}\", which is not a number", table.called(column), &record[column]);
                let cure = "write the time as a number, or leave out data.time_column where the rows are in order";
                table.error(what, cure).line(line)
            })?,
        };
        Ok(Place { line, sequence: cell.into(), time })
    }
}

/// Sequences of equal length.
pub(super) struct Sequences {
    /// Row numbers, sequence after sequence, each in the order of time.
    pub rows: Vec<usize>,
    pub steps: usize,
    /// Where each row belongs.
    places: Vec<Place>,
}

impl Sequences {
    /// Of a table's rows, the sequences in the order in which they begin.
    pub fn of(table: &Table, places: Vec<Place>) -> Result<Self, DataError> {
        let (mut numbers, mut sequences): (HashMap<&str, usize>, Vec<Vec<usize>>) = (HashMap::new(), Vec::new());
        for (row, place) in places.iter().enumerate() {
            let number = *numbers.entry(&place.sequence).or_insert(sequences.len());
            if number == sequences.len() {
                sequences.push(Vec::new());
            }
            sequences[number].push(row);
        }
        for rows in &mut sequences {
            rows.sort_by(|a, b| places[*a].time.total_cmp(&places[*b].time));
            if let Some(pair) = rows.windows(2).find(|pair| places[pair[0]].time == places[pair[1]].time) {
                let [first, second] = [pair[0], pair[1]].map(|row| &places[row]);
                let (name, time, line) = (&first.sequence, first.time, first.line.min(second.line));
                let what = format!("sequence \"{name}\" has the time {time} twice, first in line {line}");
                let cure = "correct one of them, or leave out data.time_column where the rows are in order";
                return Err(table.error(what, cure).line(first.line.max(second.line)));
            }
        }
        let steps = sequences.first().map_or(0, Vec::len);
        if let Some(other) = sequences.iter().find(|rows| rows.len() != steps) {
            return Err(unequal(table, (&places[sequences[0][0]], steps), (&places[other[0]], other.len())));
        }
        if steps == 1 {
            let what = "every row has a different name in data.sequence, so every sequence has one time step";
            return Err(table.error(
                what,
                "write the column that has the same value in all rows of a sequence, or leave data.sequence out",
            ));
        }
        Ok(Sequences { rows: sequences.concat(), steps, places })
    }

    /// The targets of these sequences, out of those of all rows, of which the table's begin at `start`.
    pub fn targets(&self, all: &Targets, start: usize, is_one: bool) -> Targets {
        let rows: Vec<usize> = self.rows.iter().map(|row| start + row).collect();
        match is_one {
            true => all.pick(&rows.chunks_exact(self.steps).map(|sequence| sequence[0]).collect::<Vec<_>>(), 1),
            false => all.pick(&rows, 1),
        }
    }

    /// Where the target of a sequence first changes, in words; `None` where each has one in all its rows.
    pub fn change(&self, file: &str, all: &Targets, start: usize) -> Option<String> {
        let same = |a: usize, b: usize| match all {
            Targets::Classes { labels, .. } => labels[start + a] == labels[start + b],
            Targets::Values { y, .. } => y[start + a] == y[start + b],
        };
        let mut sequences = self.rows.chunks_exact(self.steps);
        let row = sequences.find_map(|rows| rows.iter().find(|row| !same(rows[0], **row)))?;
        let Place { line, sequence, .. } = &self.places[*row];
        Some(format!("within the sequence \"{sequence}\" in line {line} of {file}"))
    }

    /// The inputs, `width` a row, in this order.
    pub fn arranged(&self, x: &[f64], width: usize) -> Vec<f64> {
        self.rows.iter().flat_map(|row| &x[row * width..][..width]).copied().collect()
    }
}

/// That sequences differ in length, with the first place of each and its length.
fn unequal(table: &Table, (one, steps): (&Place, usize), (other, others): (&Place, usize)) -> DataError {
    let what = format!(
        "sequences differ in length: \"{}\" has {steps} rows and \"{}\" has {others}",
        one.sequence, other.sequence
    );
    let cure = "cut the longer ones to the last rows of each, or fill the shorter ones up at the beginning";
    table.error(what, cure).line(other.line)
}
