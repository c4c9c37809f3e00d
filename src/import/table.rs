//! A CSV table as somebody wrote it: which of the three kinds it is, its rows with their lines, its numbers checked.

use super::cells::ends;
use super::error::ImportError;
use crate::columns::{self, Column, Scale};
use crate::data::csv_text::{decode, separated};
use crate::experiment::nearest;
use crate::printable::{is_name, is_obeyed};
use crate::table::is_formula;
use csv::{Position, StringRecord};
use std::path::{Path, PathBuf};

/// What a row of a table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A run.
    Runs,
    /// A step of a run.
    History,
    /// A layer, and time step, at a step of a run.
    Layers,
}

/// Numbers that a layer hands on for one sample: the only column of a layers table that results folders do not have.
pub const UNITS: &str = "units";

impl Kind {
    /// By the columns that it has.
    fn of(header: &[String]) -> Kind {
        let has = |name: &str| header.iter().any(|column| column == name);
        match (has("step"), has("layer")) {
            (true, true) => Kind::Layers,
            (true, false) => Kind::History,
            (false, _) => Kind::Runs,
        }
    }

    /// The columns that it may have after `run_id`; `None` for runs, whose other columns are axes.
    pub fn columns(self) -> Option<&'static [Column]> {
        match self {
            Kind::Runs => None,
            Kind::History => Some(columns::HISTORY),
            Kind::Layers => Some(columns::LAYERS),
        }
    }
}

/// A table with more columns than this is no table of runs.
const MOST_COLUMNS: usize = 1000;
/// Whole numbers are read by other programs as floating-point ones, which know them exactly up to here.
const MOST: u64 = 1 << 53;

/// What is wrong with the text of a cell, or of the name of a column, which stands in figures, terminals and spreadsheets, and the
/// cure; nothing is wrong with most. A message may be long.
fn wrong_text(text: &str, is_message: bool) -> Option<(&'static str, &'static str)> {
    if is_formula(text) {
        return Some(("is a formula, which a spreadsheet program would run", "begin it with a letter"));
    }
    let is_shown = if is_message { !text.contains(is_obeyed) } else { is_name(text) };
    let help = "write a short text on one line; if a quote is not closed, the cell includes everything after it";
    (!is_shown).then_some(("is too long, or has a line break or a control character in it", help))
}

/// A table in memory.
pub struct Source {
    path: PathBuf,
    pub kind: Kind,
    pub header: Vec<String>,
    rows: Vec<StringRecord>,
}

/// A row with its table.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    source: &'a Source,
    row: &'a StringRecord,
}

impl Source {
    /// Reads the bytes of a file, whose encoding and separator are found as those of CSV data.
    ///
    /// # Errors
    /// What is no text, is empty, has a column twice, lacks `run_id`, or has a column that its kind does not know.
    pub fn read(path: &Path, bytes: Vec<u8>) -> Result<Source, ImportError> {
        let wrong = |message: String, help: &str| ImportError::file(path, message, help);
        let (text, separator) = separated(decode(&path.display().to_string(), bytes)?, "auto", false);
        if text.trim().is_empty() {
            return Err(wrong(
                "the file is empty".into(),
                "leave the file out, or write a header and a row for each run, step or layer",
            ));
        }
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.delimiter(separator).trim(csv::Trim::All).from_reader(text.as_bytes());
        let damaged = |e: csv::Error| wrong(e.to_string(), "write as many cells in each row as in the first");
        let header: Vec<String> = reader.headers().map_err(damaged)?.iter().map(String::from).collect();
        if header.len() > MOST_COLUMNS {
            return Err(wrong(
                format!("has {} columns", header.len()),
                "leave out columns that are neither axes nor known measurements",
            ));
        }
        if let Some((odd, help)) = header.iter().find_map(|name| wrong_text(name, false)) {
            return Err(wrong(format!("the name of a column {odd}"), help));
        }
        if let Some(twice) = (1..header.len()).find(|at| header[..*at].contains(&header[*at])) {
            return Err(wrong(format!("the column \"{}\" is given twice", header[twice]), "delete one of them"));
        }
        if !header.iter().any(|column| column == "run_id") {
            let message = format!("no column run_id among {}", header.join(", "));
            return Err(wrong(message, "write in each row to which run it belongs: any text, the same in all tables"));
        }
        let kind = Kind::of(&header);
        for column in kind.columns().map_or(&[][..], |_| &header) {
            let known = kind.columns().into_iter().flatten().map(|column| column.name);
            let known = known.chain(["run_id"]).chain((kind == Kind::Layers).then_some(UNITS));
            let is_computed = columns::outcome(column).is_some() && ends().all(|end| end.name != column);
            if is_computed && known.clone().all(|name| name != column) {
                let help = "delete the column: it is computed from the history and the layers";
                return Err(wrong(format!("the column \"{column}\" cannot be imported"), help));
            }
            if known.clone().all(|name| name != column) {
                let help = format!("delete the column or rename it: {}", nearest::suggest(column, known));
                return Err(ImportError::file(path, format!("there is no measurement \"{column}\""), help));
            }
        }
        let rows = reader.into_records().collect::<Result<Vec<_>, _>>().map_err(damaged)?;
        if rows.is_empty() {
            return Err(wrong("has no rows".into(), "leave the file out, or write its rows"));
        }
        let source = Source { path: path.to_path_buf(), kind, header, rows };
        source.rows().try_for_each(|row| row.check_texts())?;
        Ok(source)
    }

    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|row| Row { source: self, row })
    }

    /// An error about the whole file.
    pub fn wrong(&self, message: impl Into<String>, help: impl Into<String>) -> ImportError {
        ImportError::file(&self.path, message, help)
    }
}

impl<'a> Row<'a> {
    /// That all of its cells can be shown.
    fn check_texts(&self) -> Result<(), ImportError> {
        let cells = self.source.header.iter().zip(self.row);
        let odd = cells.map(|(column, text)| (column, wrong_text(text, column == "message")));
        odd.filter_map(|(column, odd)| Some((column, odd?)))
            .try_for_each(|(column, (message, help))| Err(self.wrong(column, message, help)))
    }

    /// The text of a column; `None` where the table has no such column or the cell is empty.
    pub fn text(&self, column: &str) -> Option<&'a str> {
        let at = self.source.header.iter().position(|name| name == column)?;
        Some(&self.row[at]).filter(|text| !text.is_empty())
    }

    /// The text of a column that has to be there.
    ///
    /// # Errors
    /// A missing column or an empty cell.
    pub fn needed(&self, column: &str) -> Result<&'a str, ImportError> {
        self.text(column).ok_or_else(|| self.wrong(column, "is empty", "every row has to have it"))
    }

    /// A number, infinite or NaN where it is written so; `None` where there is none.
    ///
    /// # Errors
    /// A text that is no number; a share, such as an accuracy, that is not from 0 to 1.
    pub fn number(&self, column: &str) -> Result<Option<f64>, ImportError> {
        let Some(text) = self.text(column) else { return Ok(None) };
        let wrong = |message: String, help: &str| Err(self.wrong(column, message, help));
        let Ok(number) = text.parse::<f64>() else {
            return wrong(
                format!("\"{text}\" is not a number"),
                "write a number with a decimal point, inf, NaN or nothing",
            );
        };
        let known = columns::find(self.source.kind.columns().unwrap_or(columns::OUTCOMES), column);
        let known = known.or_else(|| columns::of_baseline(column));
        if known.is_some_and(|known| known.scale == Scale::Share) && !(number.is_nan() || (0.0..=1.0).contains(&number))
        {
            return wrong(format!("{text} is not a number from 0 to 1"), "divide a percentage by 100");
        }
        Ok(Some(number))
    }

    /// A whole number of this range; `None` where there is none.
    ///
    /// # Errors
    /// Anything else.
    pub fn whole(&self, column: &str, from: u64) -> Result<Option<u64>, ImportError> {
        let wrong = |text| {
            self.wrong(
                column,
                format!("\"{text}\" is not a whole number from {from} to {MOST}"),
                "write a whole number, without a decimal point",
            )
        };
        let read = |text: &'a str| text.parse().ok().filter(|n| (from..=MOST).contains(n)).ok_or_else(|| wrong(text));
        self.text(column).map(read).transpose()
    }

    /// The error that a cell of this row is.
    pub fn wrong(&self, column: &str, message: impl Into<String>, help: impl Into<String>) -> ImportError {
        ImportError::Cell {
            path: self.source.path.clone(),
            line: self.row.position().map_or(0, Position::line),
            column: column.into(),
            message: message.into(),
            help: help.into(),
        }
    }
}
