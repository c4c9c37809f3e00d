//! Tidy tables of cells, CSV files, and how numbers are written, so that they read back equal or so that people read them.

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::Write;

/// One cell. Not applicable is `Empty`; non-finite numbers are kept, not dropped.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Empty,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

impl fmt::Display for Cell {
    /// As it stands in a CSV file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Empty => Ok(()),
            Cell::Bool(b) => write!(f, "{b}"),
            Cell::Int(i) => write!(f, "{i}"),
            Cell::Float(x) => Number(*x).fmt(f),
            Cell::Text(s) => f.write_str(s),
        }
    }
}

impl From<f64> for Cell {
    fn from(x: f64) -> Self {
        Cell::Float(x)
    }
}

impl From<usize> for Cell {
    fn from(n: usize) -> Self {
        Cell::Int(n as i64)
    }
}

impl From<&str> for Cell {
    fn from(s: &str) -> Self {
        Cell::Text(s.into())
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Empty, Into::into)
    }
}

// JSON has no NaN and no infinity, so those three travel as text.
impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Cell::Empty => s.serialize_none(),
            Cell::Bool(b) => s.serialize_bool(*b),
            Cell::Int(i) => s.serialize_i64(*i),
            Cell::Float(x) if x.is_finite() => s.serialize_f64(*x),
            Cell::Float(x) => s.serialize_str(&number(*x)),
            Cell::Text(t) => s.serialize_str(t),
        }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(CellVisitor)
    }
}

// By hand, since an untagged enum copies every value first: reading a journal is mostly reading cells.
struct CellVisitor;

impl Visitor<'_> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("null, a boolean, a number or a text")
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Empty)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Cell, E> {
        Ok(Cell::Bool(b))
    }

    fn visit_i64<E>(self, i: i64) -> Result<Cell, E> {
        Ok(Cell::Int(i))
    }

    fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<Cell, E> {
        i64::try_from(n).map(Cell::Int).map_err(E::custom)
    }

    fn visit_f64<E>(self, x: f64) -> Result<Cell, E> {
        Ok(Cell::Float(x))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
        Ok(match text {
            "NaN" => Cell::Float(f64::NAN),
            "inf" => Cell::Float(f64::INFINITY),
            "-inf" => Cell::Float(f64::NEG_INFINITY),
            _ => Cell::Text(text.into()),
        })
    }
}

/// The shortest text that reads back as the same f64; plain between 1e-5 and 1e16, else with an
/// exponent; `NaN`, `inf`, `-inf`.
pub fn number(x: f64) -> String {
    Number(x).to_string()
}

/// The number rounded to so many significant digits, as a reader sees it.
pub fn significant(x: f64, digits: usize) -> String {
    let rounded = format!("{x:.*e}", digits.saturating_sub(1)).parse();
    number(rounded.unwrap_or(x))
}

/// The number in so many significant digits, trailing zeros kept: fixed-point between `10^-digits` and `10^(digits + 1)`,
/// else with an exponent.
pub fn rounded(x: f64, digits: i32) -> String {
    let size = x.abs();
    if !x.is_finite() || size == 0.0 {
        return format!("{x}");
    }
    if (10f64.powi(-digits)..10f64.powi(digits + 1)).contains(&size) {
        format!("{x:.*}", (digits - 1 - size.log10().floor() as i32).max(0) as usize)
    } else {
        format!("{x:.*e}", (digits - 1).max(0) as usize)
    }
}

/// The number with a sign and so many decimals; what rounds to zero has no sign.
pub fn signed(x: f64, decimals: usize) -> String {
    let text = format!("{x:+.decimals$}");
    let zero = text.trim_start_matches(['+', '-', '0', '.']).is_empty();
    if zero { text.trim_start_matches(['+', '-']).into() } else { text }
}

/// Whether a spreadsheet that opens a CSV file would run this text instead of showing it.
pub fn is_formula(text: &str) -> bool {
    text.len() > 1 && text.starts_with(['=', '+', '-', '@']) && text.parse::<f64>().is_err()
}

/// `90.8 %` or `90.2 to 92.2 %`, of shares.
pub fn percent_range(shares: impl Iterator<Item = f64>) -> String {
    let (low, high) = shares.fold((f64::INFINITY, 0.0f64), |(low, high), c| (low.min(100.0 * c), high.max(100.0 * c)));
    match format!("{low:.1}") == format!("{high:.1}") {
        true => format!("{high:.1} %"),
        false => format!("{low:.1} to {high:.1} %"),
    }
}

/// `1 run`, `2 runs`.
pub fn count(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// A text with a capital first letter.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// Columns are made no wider than this, and what is longer stands out: points written as a label may have any length.
const WIDEST: usize = 200;

/// Rows of text in columns of equal width, two blanks apart: the columns that `left` names to the left, the others, which
/// hold numbers, to the right.
pub fn aligned(rows: &[Vec<String>], left: impl Fn(usize) -> bool) -> String {
    let length = |text: &String| text.chars().count();
    let columns = rows.first().map_or(0, Vec::len);
    let widest = |c: usize| rows.iter().map(|row| length(&row[c])).max().unwrap_or(0).min(WIDEST);
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let mut text = String::new();
    for row in rows {
        let cell = |(c, cell): (usize, &String)| {
            let width = widths[c];
            if left(c) { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        };
        let line = row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// A table under a heading as [`aligned`], after an indent, in 80 columns: a wider one has its heading in several lines, and what is
/// still too wide goes on below with the first `keys` columns again. A cell that is wider alone stays whole.
pub fn folded(indent: &str, table: &[Vec<String>], keys: usize, left: impl Fn(usize) -> bool) -> String {
    let indented = |text: String| text.lines().map(|line| format!("{indent}{line}\n")).collect::<String>();
    let length = |text: &String| text.chars().count();
    let plain = indented(aligned(table, &left));
    let [head, rows @ ..] = table else { return plain };
    if plain.lines().all(|line| line.chars().count() <= WIDTH) {
        return plain;
    }
    let heads = |narrowest: usize| -> Vec<Vec<String>> {
        head.iter().enumerate().map(|(c, head)| wrapped(head, rows.iter().map(|row| &row[c]), narrowest)).collect()
    };
    let width = |heads: &[Vec<String>], c: &usize| {
        heads[*c].iter().chain(rows.iter().map(|row| &row[*c])).map(length).max().unwrap_or(0) + 2
    };
    let room = WIDTH + 2 - indent.len();
    let is_narrow = |heads: &Vec<Vec<String>>| (0..head.len()).map(|c| width(heads, &c)).sum::<usize>() <= room;
    let heads = Some(heads(HEADING)).filter(is_narrow).unwrap_or_else(|| heads(0));
    let mut parts: Vec<Vec<usize>> = vec![(0..keys).collect()];
    for column in keys..head.len() {
        let part = parts.last().map_or(&[][..], |part| part);
        let used: usize = part.iter().chain([&column]).map(|c| width(&heads, c)).sum();
        if part.len() > keys && used > room {
            parts.push((0..keys).collect());
        }
        parts.last_mut().into_iter().for_each(|part| part.push(column));
    }
    let part = |columns: Vec<usize>| {
        let height = columns.iter().map(|c| heads[*c].len()).max().unwrap_or(0);
        // Shorter headings stand at the bottom.
        let cell = |line: usize, c: &usize| (line + heads[*c].len()).checked_sub(height).map_or("", |i| &heads[*c][i]);
        let head = (0..height).map(|line| columns.iter().map(|c| cell(line, c).to_string()).collect());
        let rows = rows.iter().map(|row| columns.iter().map(|c| row[*c].clone()).collect());
        indented(aligned(&head.chain(rows).collect::<Vec<Vec<String>>>(), |place| left(columns[place])))
    };
    parts.into_iter().map(part).collect::<Vec<_>>().join("\n")
}

/// No heading is narrower, where there is room.
pub const HEADING: usize = 12;

/// A heading in lines no longer than the cells under it, its own longest word or so many characters.
pub fn wrapped<'a>(head: &str, cells: impl Iterator<Item = &'a String>, narrowest: usize) -> Vec<String> {
    let length = |text: &str| text.chars().count();
    let width = cells.map(|cell| length(cell)).chain(head.split(' ').map(length)).max().unwrap_or(0).max(narrowest);
    let mut lines: Vec<String> = Vec::new();
    for word in head.split(' ') {
        match lines.last_mut() {
            Some(line) if length(line) + 1 + length(word) <= width => *line += &format!(" {word}"),
            _ => lines.push(word.into()),
        }
    }
    lines
}

/// Columns that text for a terminal may fill.
pub const WIDTH: usize = 80;

/// Words in lines of 80 columns, each after the same indent.
pub fn paragraph(text: &mut String, indent: &str, says: &str) {
    let mut line = indent.to_string();
    // A sign of per cent stays with its number.
    let says = says.replace(" %", "\u{a0}%");
    for word in says.split(' ') {
        if line.len() > indent.len() && line.chars().count() + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            line = indent.to_string();
        }
        line += &format!("{} ", word.replace('\u{a0}', " "));
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

/// A number that is written as [`number`] says.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let x = self.0;
        let size = x.abs();
        if x.is_nan() {
            f.write_str("NaN")
        } else if x == 0.0 || (1e-5..1e16).contains(&size) || size.is_infinite() {
            write!(f, "{x}")
        } else {
            write!(f, "{x:e}")
        }
    }
}

/// Named columns and rows of cells, each row as long as the header.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

/// A table as it is read, before its rows are known to fit.
#[derive(Deserialize)]
struct Unchecked {
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// A table whose rows and header differ in length.
#[derive(Debug, thiserror::Error)]
#[error("row {row} has {cells} cells for {columns} columns")]
struct RaggedTable {
    row: usize,
    cells: usize,
    columns: usize,
}

impl TryFrom<Unchecked> for Table {
    type Error = RaggedTable;

    fn try_from(Unchecked { columns, rows }: Unchecked) -> Result<Self, RaggedTable> {
        match rows.iter().position(|row| row.len() != columns.len()) {
            Some(row) => Err(RaggedTable { row, cells: rows[row].len(), columns: columns.len() }),
            None => Ok(Table { columns, rows }),
        }
    }
}

impl Table {
    pub fn new<S: AsRef<str>>(columns: &[S]) -> Self {
        Table { columns: columns.iter().map(|c| c.as_ref().to_string()).collect(), rows: Vec::new() }
    }

    /// Appends a row.
    ///
    /// # Panics
    /// When the row is not as long as the header: a defect of the caller.
    pub fn push(&mut self, row: Vec<Cell>) {
        assert_eq!(row.len(), self.columns.len(), "row and header differ in length");
        self.rows.push(row);
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The index of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c == name)
    }

    /// The table as a CSV file.
    ///
    /// # Errors
    /// A row of another length than the header.
    pub fn csv(&self) -> csv::Result<Vec<u8>> {
        let mut writer = CsvWriter::new(Vec::new(), &self.columns)?;
        self.rows.iter().try_for_each(|row| writer.row(row))?;
        Ok(writer.finish()?)
    }
}

/// A small table as text, as a CSV file has it, its cells found by the names of their columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    pub columns: Vec<String>,
    pub rows: Vec<Record>,
}

/// A row of [`Records`]: column -> text.
pub type Record = BTreeMap<String, String>;

impl From<&Table> for Records {
    fn from(table: &Table) -> Self {
        let row = |row: &Vec<Cell>| table.columns.iter().cloned().zip(row.iter().map(Cell::to_string)).collect();
        Records { columns: table.columns.clone(), rows: table.rows.iter().map(row).collect() }
    }
}

/// Writes tables row by row as CSV (RFC 4180 quoting, `\n` line ends).
pub struct CsvWriter<W: Write> {
    writer: csv::Writer<W>,
    /// The text of one cell, its memory used again for the next.
    text: String,
}

impl<W: Write> CsvWriter<W> {
    /// Starts a file with its header.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn new<S: AsRef<str>>(to: W, columns: &[S]) -> csv::Result<Self> {
        let mut writer = csv::Writer::from_writer(to);
        writer.write_record(columns.iter().map(|c| c.as_ref()))?;
        Ok(CsvWriter { writer, text: String::new() })
    }

    /// Writes one row.
    ///
    /// # Errors
    /// What the writer reports; a row of another length than the header.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a Cell>) -> csv::Result<()> {
        for cell in cells {
            self.text.clear();
            // Writing to a String cannot fail.
            let _ = write!(self.text, "{cell}");
            self.writer.write_field(&self.text)?;
        }
        self.writer.write_record(None::<&[u8]>)
    }

    /// Flushes and gives the writer back.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn finish(self) -> std::io::Result<W> {
        self.writer.into_inner().map_err(|e| e.into_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back_equal() {
        for x in [0.0, -0.0, 1.0, 0.1, 1e-5, 9.99e-6, 1e-40, 5e-324, 1e16, 1.5e300, -2.5e-12, 1.0 / 3.0] {
            assert_eq!(number(x).parse::<f64>().unwrap().to_bits(), x.to_bits(), "{x:e}");
        }
        assert_eq!(number(1e-40), "1e-40");
        assert_eq!(number(0.001), "0.001");
        assert_eq!(number(f64::NEG_INFINITY), "-inf");
    }

    #[test]
    fn a_reader_sees_so_many_digits() {
        let seen = [0.0, -0.8383971797, 1.0, 123456.7, 1.25e-5, 9.999999e-7, f64::NAN].map(|x| significant(x, 6));
        assert_eq!(seen, ["0", "-0.838397", "1", "123457", "0.0000125", "1e-6", "NaN"]);
    }

    #[test]
    fn a_cell_of_any_length_is_a_line() {
        let rows = [["a".to_string(), "1".into()], ["x".repeat(100_000), "2".into()]].map(Vec::from);
        let text = aligned(&rows, |c| c == 0);
        assert_eq!(text.lines().map(|line| line.chars().count()).collect::<Vec<_>>(), [WIDEST + 3, 100_003]);
    }

    #[test]
    fn a_ragged_table_is_not_read() {
        let read = |json: &str| serde_json::from_str::<Table>(json).map_err(|e| e.to_string());
        assert_eq!(read(r#"{"columns": ["a", "b"], "rows": [[1, 2], [3, null]]}"#).unwrap().rows.len(), 2);
        let message = read(r#"{"columns": ["a", "b"], "rows": [[1, 2], [3]]}"#).unwrap_err();
        assert!(message.contains("row 1 has 1 cells for 2 columns"), "{message}");
    }

    #[test]
    fn cells_survive_json() {
        let cells = [
            Cell::Empty,
            Cell::Bool(true),
            Cell::Int(3),
            Cell::Float(1.0),
            Cell::Float(5e-324),
            Cell::Float(0.1 + 0.2),
            Cell::Float(f64::INFINITY),
            Cell::Float(f64::NEG_INFINITY),
            Cell::Text("x, y".into()),
        ];
        for cell in cells {
            let json = serde_json::to_string(&cell).unwrap();
            assert_eq!(serde_json::from_str::<Cell>(&json).unwrap(), cell, "{json}");
        }
        let nan = serde_json::to_string(&Cell::Float(f64::NAN)).unwrap();
        assert!(matches!(serde_json::from_str(&nan).unwrap(), Cell::Float(x) if x.is_nan()));
    }
}
