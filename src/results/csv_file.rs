//! A CSV file of a results folder, read row by row, its columns found by name and its numbers checked.

use super::error::ResultsError;
use crate::files;
use crate::table::{Record, Records};
use csv::StringRecord;
use std::fs::File;
use std::path::{Path, PathBuf};

/// An open CSV file and its present row.
pub struct CsvFile {
    path: PathBuf,
    reader: csv::Reader<File>,
    pub header: StringRecord,
    row: StringRecord,
}

impl CsvFile {
    /// Opens the file and reads its header.
    ///
    /// # Errors
    /// A file that is missing or is no CSV file.
    pub fn open(path: &Path) -> Result<Self, ResultsError> {
        let wrong = |e: csv::Error| ResultsError::unreadable(path, e);
        let mut reader = csv::Reader::from_reader(files::open(path).map_err(|e| ResultsError::unreadable(path, e))?);
        let header = reader.headers().map_err(wrong)?.clone();
        Ok(CsvFile { path: path.to_path_buf(), reader, header, row: StringRecord::new() })
    }

    /// The place of a column; the last one where an earlier program wrote several of the name.
    ///
    /// # Errors
    /// A file without it.
    pub fn column(&self, name: &str) -> Result<usize, ResultsError> {
        let place = (0..self.header.len()).rev().find(|at| &self.header[*at] == name);
        place.ok_or_else(|| ResultsError::NoColumn { path: self.path.clone(), name: name.into() })
    }

    /// The places of several columns.
    ///
    /// # Errors
    /// A file without one of them.
    pub fn columns<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Vec<usize>, ResultsError> {
        names.into_iter().map(|name| self.column(name)).collect()
    }

    /// Reads the next row; whether there was one.
    ///
    /// # Errors
    /// A row that is damaged.
    pub fn read_row(&mut self) -> Result<bool, ResultsError> {
        self.reader.read_record(&mut self.row).map_err(|e| ResultsError::unreadable(&self.path, e))
    }

    /// A cell of the present row.
    pub fn text(&self, at: usize) -> &str {
        &self.row[at]
    }

    /// A number of the present row; `None` where the cell is empty.
    ///
    /// # Errors
    /// A text that is no number.
    pub fn number(&self, at: usize) -> Result<Option<f64>, ResultsError> {
        match self.text(at) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| self.wrong(at, "which is not a number")),
        }
    }

    /// The error that a cell of the present row is.
    pub fn wrong(&self, at: usize, why: impl Into<String>) -> ResultsError {
        ResultsError::Cell {
            path: self.path.clone(),
            line: self.row.position().map_or(0, csv::Position::line),
            column: self.header[at].into(),
            text: self.text(at).into(),
            why: why.into(),
        }
    }
}

/// A small CSV file in memory; empty where there is none.
///
/// # Errors
/// A file that is no CSV file.
pub fn records(path: &Path) -> Result<Records, ResultsError> {
    if !path.is_file() {
        return Ok(Records::default());
    }
    let mut file = CsvFile::open(path)?;
    let columns: Vec<String> = file.header.iter().map(String::from).collect();
    let mut rows: Vec<Record> = Vec::new();
    while file.read_row()? {
        rows.push(columns.iter().cloned().zip(file.row.iter().map(String::from)).collect());
    }
    Ok(Records { columns, rows })
}
