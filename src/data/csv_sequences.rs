//! Rows of a CSV file that are the time steps of sequences: grouped by one column, ordered by another.

use super::csv_table::{Reading, Table, is_missing};
use super::dataset::{Split, Targets};
use super::error::DataError;
use super::numbers::Numbers;
use csv::StringRecord;
use std::collections::HashMap;
use std::ops::Range;

/// Numbers that sequences padded to one length may hold: 2 GiB of them.
const MOST_PADDED: usize = 1 << 28;

/// The columns that say where a row belongs.
#[derive(Clone, Copy)]
pub(super) struct Grouping {
    sequence: usize,
    /// Rows stay in their order where there is none.
    time: Option<usize>,
}

/// Where one row belongs.
struct Place {
    time: f64,
    line: u32,
    /// The place of its sequence among the names.
    sequence: u32,
}

/// Where rows belong.
pub(super) struct Positions {
    of_rows: Vec<Place>,
    /// The sequences, in the order in which they begin.
    names: HashMap<Box<str>, u32>,
}

/// The rows of a table.
pub(super) struct Rows {
    pub x: Numbers,
    /// Which of the targets of all tables are theirs.
    pub targets: Range<usize>,
    /// Where each belongs; empty where it is a sample by itself.
    pub places: Positions,
}

/// That two settings name one column.
pub(super) fn same_column(table: &Table, column: usize, [one, other]: [&str; 2]) -> DataError {
    let cure = "name three columns: data.sequence the one that says to which sequence a row belongs, data.time_column the one that \
                orders its rows (or leave it out), data.target the one to predict";
    table.error(format!("{one} and {other} name the same column, {}", table.called(column)), cure)
}

impl Grouping {
    /// What the settings ask for in this table; `None` where a row is a sample by itself.
    pub fn new(table: &Table, how: &Reading) -> Result<Option<Self>, DataError> {
        let Some(name) = how.sequence else { return Ok(None) };
        let sequence = table.find(name, "data.sequence")?;
        let time = how.time_column.map(|name| table.find(name, "data.time_column")).transpose()?;
        if time == Some(sequence) {
            return Err(same_column(table, sequence, ["data.sequence", "data.time_column"]));
        }
        Ok(Some(Grouping { sequence, time }))
    }

    /// The setting that names this column.
    pub fn key(&self, column: usize) -> Option<&'static str> {
        let named = [(Some(self.sequence), "data.sequence"), (self.time, "data.time_column")];
        named.into_iter().find(|(own, _)| *own == Some(column)).map(|(_, key)| key)
    }

    /// The name of a row's sequence.
    pub fn name<'a>(&self, record: &'a StringRecord) -> &'a str {
        &record[self.sequence]
    }

    /// Both are no features.
    pub fn columns(&self) -> impl Iterator<Item = usize> {
        [Some(self.sequence), self.time].into_iter().flatten()
    }

    /// The time of a row, by its cells.
    fn time(&self, table: &Table, line: u64, record: &StringRecord, how: &Reading) -> Result<f64, DataError> {
        let cell = self.name(record);
        if is_missing(cell) {
            let what = format!(
                "column {} contains \"{cell}\", which is not the name of a sequence",
                table.called(self.sequence)
            );
            return Err(table.error(what, "fill it in, or remove the line").line(line));
        }
        let Some(column) = self.time else { return Ok(line as f64) };
        how.number(&record[column]).ok_or_else(|| {
            let what =
                format!("column {} contains \"{}\", which is not a number", table.called(column), &record[column]);
            let cure = "write the time as a number, or leave out data.time_column where the rows are in order";
            table.error(what, cure).line(line)
        })
    }
}

impl Positions {
    /// With room for so many rows.
    pub fn new(rows: usize) -> Self {
        Positions { of_rows: Vec::with_capacity(rows), names: HashMap::new() }
    }

    /// Takes in where the next row belongs.
    pub fn push(
        &mut self,
        grouping: &Grouping,
        table: &Table,
        line: u64,
        record: &StringRecord,
        how: &Reading,
    ) -> Result<(), DataError> {
        let time = grouping.time(table, line, record, how)?;
        let (name, next) = (grouping.name(record), self.names.len() as u32);
        let sequence = match self.names.get(name) {
            Some(own) => *own,
            None => *self.names.entry(name.into()).or_insert(next),
        };
        self.of_rows.push(Place { time, line: line as u32, sequence });
        Ok(())
    }

    /// What the sequence of a row is called.
    fn name(&self, place: &Place) -> &str {
        self.names.iter().find(|(_, own)| **own == place.sequence).map_or("", |(name, _)| name)
    }
}

/// The sequences of all tables, brought to one length.
pub(super) struct Gathered {
    /// Of each table.
    pub splits: Vec<Split>,
    pub steps: usize,
    /// Where the target of a sequence first changes, in words.
    pub change: Option<String>,
    /// What a person should know of their lengths.
    pub note: Option<String>,
}

/// Gathers the rows of tables, which hold so many inputs each, into sequences.
///
/// # Errors
/// When sequences differ in length and are not to be padded, or cannot be.
pub(super) fn gather(
    tables: &[Table],
    parts: Vec<Rows>,
    targets: &Targets,
    width: usize,
    is_padded: bool,
) -> Result<Gathered, DataError> {
    let of_table = |(table, rows)| Sequences::of(table, rows, is_padded);
    let parts = tables.iter().zip(parts).map(of_table).collect::<Result<Vec<Sequences>, _>>()?;
    let train = &tables[0];
    let mut of_other_length = tables.iter().zip(&parts).filter(|(_, own)| !is_padded && own.steps != parts[0].steps);
    if let Some((table, own)) = of_other_length.next() {
        let what = format!("its sequences have {} rows; those of {} have {}", own.steps, train.name, parts[0].steps);
        let cure = "give two files whose sequences are equally long, or write data.padding = \"front\"";
        return Err(table.error(what, cure));
    }
    let change = tables.iter().zip(&parts).find_map(|(table, own)| own.change(&table.name, targets));
    let steps = parts.iter().map(|own| own.steps).max().unwrap_or(0);
    let shortest = parts.iter().map(Sequences::shortest).min().unwrap_or(0);
    let mut note = None;
    if shortest < steps {
        let numbers = parts.iter().map(|own| own.rows.len()).sum::<usize>() * steps * width;
        if numbers > MOST_PADDED {
            let what = format!("padded to {steps} time steps, its sequences hold {numbers} numbers");
            return Err(train.error(what, format!("cut the longest ones; at most {MOST_PADDED} are read")));
        }
        if let Some(change) = &change {
            let what = format!("sequences differ in length, and the target changes {change}");
            return Err(train.error(what, "targets of each time step need sequences of one length"));
        }
        note = Some(format!("sequences of {shortest} to {steps} time steps, padded at the front (data.padding)"));
    }
    let splits = parts.into_iter().map(|own| own.split(targets, width, steps, change.is_none())).collect();
    Ok(Gathered { splits, steps, change, note })
}

/// The sequences of a table.
struct Sequences {
    /// The row numbers of each, in the order of time.
    rows: Vec<Vec<usize>>,
    /// Of the longest.
    steps: usize,
    /// The table's rows in its own order.
    of: Rows,
}

impl Sequences {
    /// Of a table's rows, the sequences in the order in which they begin; unequal length are for `is_padded`.
    fn of(table: &Table, of: Rows, is_padded: bool) -> Result<Self, DataError> {
        let places = &of.places.of_rows;
        let mut sequences: Vec<Vec<usize>> = vec![Vec::new(); of.places.names.len()];
        places.iter().enumerate().for_each(|(row, place)| sequences[place.sequence as usize].push(row));
        for rows in &mut sequences {
            rows.sort_by(|a, b| places[*a].time.total_cmp(&places[*b].time));
            if let Some(pair) = rows.windows(2).find(|pair| places[pair[0]].time == places[pair[1]].time) {
                let [first, second] = [pair[0], pair[1]].map(|row| &places[row]);
                let (name, time, line) = (of.places.name(first), first.time, first.line.min(second.line));
                let what = format!("sequence \"{name}\" has the time {time} twice, first in line {line}");
                let cure = "correct one of them, or leave out data.time_column where the rows are in order";
                return Err(table.error(what, cure).line(u64::from(first.line.max(second.line))));
            }
        }
        let steps = sequences.iter().map(Vec::len).max().unwrap_or(0);
        if let Some(other) = sequences.iter().find(|rows| !is_padded && rows.len() != sequences[0].len()) {
            let [one, other] = [&sequences[0], other].map(|rows| (&places[rows[0]], rows.len()));
            return Err(unequal(table, &of.places, one, other));
        }
        if steps == 1 {
            let what = "every row has a different name in data.sequence, so every sequence has one time step";
            return Err(table.error(
                what,
                "write the column that has the same value in all rows of a sequence, or leave data.sequence out",
            ));
        }
        Ok(Sequences { rows: sequences, steps, of })
    }

    /// Time steps of the shortest.
    fn shortest(&self) -> usize {
        self.rows.iter().map(Vec::len).min().unwrap_or(0)
    }

    /// Where the target of a sequence first changes, in words; `None` where each has one in all its rows.
    fn change(&self, file: &str, all: &Targets) -> Option<String> {
        let start = self.of.targets.start;
        let same = |a: usize, b: usize| match all {
            Targets::Classes { labels, .. } => labels[start + a] == labels[start + b],
            Targets::Values { y, .. } => y[start + a] == y[start + b],
        };
        let row = self.rows.iter().find_map(|rows| rows.iter().find(|row| !same(rows[0], **row)))?;
        let place = &self.of.places.of_rows[*row];
        let (sequence, line) = (self.of.places.name(place), place.line);
        Some(format!("within the sequence \"{sequence}\" in line {line} of {file}"))
    }

    /// Sequence after sequence, with `width` inputs a row and one target or one a time step, each padded at its beginning to
    /// so many steps.
    fn split(self, all: &Targets, width: usize, steps: usize, is_one: bool) -> Split {
        let rows = self.rows.iter().flat_map(|rows| if is_one { &rows[..1] } else { &rows[..] });
        let rows: Vec<usize> = rows.map(|row| self.of.targets.start + row).collect();
        let targets = all.pick(&rows, 1);
        let is_short = self.shortest() < steps;
        let mut x = self.of.x;
        x.reorder(width, &self.rows.concat());
        if is_short {
            x.pad(self.rows.iter().map(Vec::len), steps);
        }
        Split { rows: self.rows.len(), x, targets }
    }
}

/// That sequences differ in length, with the first place of each and its length.
fn unequal(
    table: &Table,
    places: &Positions,
    (one, steps): (&Place, usize),
    (other, others): (&Place, usize),
) -> DataError {
    let what = format!(
        "sequences differ in length: \"{}\" has {steps} rows and \"{}\" has {others}",
        places.name(one),
        places.name(other)
    );
    let cure = "write data.padding = \"front\": a recurrent net then starts where a shorter sequence starts";
    table.error(what, cure).line(u64::from(other.line))
}
