//! Rows of a CSV file that are the time steps of sequences: grouped by one column, ordered by another.

use super::csv_table::{Reading, Table, is_missing};
use super::dataset::Targets;
use super::error::DataError;
use crate::ops::recurrent::PADDING;
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

/// The sequences of a table.
pub(super) struct Sequences {
    /// The row numbers of each, in the order of time.
    rows: Vec<Vec<usize>>,
    /// Of the longest.
    pub steps: usize,
    /// Where each row belongs.
    places: Vec<Place>,
}

impl Sequences {
    /// Of a table's rows, the sequences in the order in which they begin; unequal length are for `is_padded`.
    pub fn of(table: &Table, places: Vec<Place>, is_padded: bool) -> Result<Self, DataError> {
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
        let steps = sequences.iter().map(Vec::len).max().unwrap_or(0);
        if let Some(other) = sequences.iter().find(|rows| !is_padded && rows.len() != sequences[0].len()) {
            let [one, other] = [&sequences[0], other].map(|rows| (&places[rows[0]], rows.len()));
            return Err(unequal(table, one, other));
        }
        if steps == 1 {
            let what = "every row has a different name in data.sequence, so every sequence has one time step";
            return Err(table.error(
                what,
                "write the column that has the same value in all rows of a sequence, or leave data.sequence out",
            ));
        }
        Ok(Sequences { rows: sequences, steps, places })
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Time steps of the shortest.
    pub fn shortest(&self) -> usize {
        self.rows.iter().map(Vec::len).min().unwrap_or(0)
    }

    /// The targets of these sequences, out of those of all rows, of which the table's begin at `start`.
    pub fn targets(&self, all: &Targets, start: usize, is_one: bool) -> Targets {
        let rows = self.rows.iter().flat_map(|rows| if is_one { &rows[..1] } else { &rows[..] });
        all.pick(&rows.map(|row| start + row).collect::<Vec<usize>>(), 1)
    }

    /// Where the target of a sequence first changes, in words; `None` where each has one in all its rows.
    pub fn change(&self, file: &str, all: &Targets, start: usize) -> Option<String> {
        let same = |a: usize, b: usize| match all {
            Targets::Classes { labels, .. } => labels[start + a] == labels[start + b],
            Targets::Values { y, .. } => y[start + a] == y[start + b],
        };
        let row = self.rows.iter().find_map(|rows| rows.iter().find(|row| !same(rows[0], **row)))?;
        let Place { line, sequence, .. } = &self.places[*row];
        Some(format!("within the sequence \"{sequence}\" in line {line} of {file}"))
    }

    /// The inputs, `width` a row, sequence after sequence, each padded at its beginning to so many steps.
    pub fn arranged(&self, x: &[f64], width: usize, steps: usize) -> Vec<f64> {
        let mut arranged = Vec::with_capacity(self.count() * steps * width);
        for rows in &self.rows {
            arranged.resize(arranged.len() + (steps - rows.len()) * width, PADDING);
            rows.iter().for_each(|row| arranged.extend_from_slice(&x[row * width..][..width]));
        }
        arranged
    }
}

/// That sequences differ in length, with the first place of each and its length.
fn unequal(table: &Table, (one, steps): (&Place, usize), (other, others): (&Place, usize)) -> DataError {
    let what = format!(
        "sequences differ in length: \"{}\" has {steps} rows and \"{}\" has {others}",
        one.sequence, other.sequence
    );
    let cure = "write data.padding = \"front\": a recurrent net then starts where a shorter sequence starts";
    table.error(what, cure).line(other.line)
}
