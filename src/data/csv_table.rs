//! A CSV file as rows of cells: how the settings want it read, its header, and its columns by name.

use super::csv_text::{decode, separated, swallowing_quote};
use super::dataset::Targets;
use super::error::DataError;
use crate::setting::{Settings, Value};
use crate::table::count;
use csv::StringRecord;

/// A small file must not unpack to more cells than memory holds, however short they are.
pub(super) const MOST_CELLS: usize = 1 << 26;

/// A first line that counts so many of its cells is likely to be a header.
const FEWEST_COUNTED: usize = 3;

/// How the settings want a file read.
pub(super) struct Reading<'a> {
    pub target: &'a str,
    pub task: &'a str,
    pub separator: &'a str,
    pub header: &'a str,
    pub decimal_comma: bool,
    pub missing: &'a str,
    pub one_hot: bool,
    pub drop: &'a [String],
    pub sequence: Option<&'a str>,
    pub time_column: Option<&'a str>,
    /// Whether sequences may differ in length.
    pub is_padded: bool,
}

impl<'a> Reading<'a> {
    pub fn new(settings: &'a Settings) -> Self {
        let word = |key: &str, default: &'a str| settings.text(key).unwrap_or(default);
        Reading {
            target: word("data.target", "last"),
            task: word("data.task", "auto"),
            separator: word("data.separator", "auto"),
            header: word("data.header", "auto"),
            decimal_comma: settings.text("data.decimal") == Some("comma"),
            missing: word("data.missing", "error"),
            one_hot: settings.text("data.categories") == Some("one_hot"),
            drop: if let Some(Value::Texts(names)) = settings.get("data.drop") { names } else { &[] },
            sequence: settings.text("data.sequence"),
            time_column: settings.text("data.time_column"),
            is_padded: settings.text("data.padding") == Some("front"),
        }
    }

    pub fn number(&self, cell: &str) -> Option<f64> {
        let cell = if self.decimal_comma { &cell.replace(',', ".") } else { cell };
        finite(cell)
    }

    /// Whether a word is a number with a decimal comma that the settings do not speak of.
    pub fn has_other_decimal(&self, word: &str) -> bool {
        !self.decimal_comma && word.contains(',') && finite(&word.replacen(',', ".", 1)).is_some()
    }

    /// Whether a word is a number with such a comma, or with marks between its thousands.
    pub fn is_number_otherwise(&self, word: &str) -> bool {
        self.has_other_decimal(word) || MARKS.into_iter().any(|mark| has_thousands(word, mark))
    }
}

fn finite(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|x: &f64| x.is_finite())
}

/// What people write between thousands.
const MARKS: [char; 7] = [',', '.', ' ', '\u{a0}', '\u{202f}', '\'', '_'];

/// Whether a word is a number with this mark before each three digits of its whole part.
pub(super) fn has_thousands(word: &str, mark: char) -> bool {
    let point = if mark == '.' { ',' } else { '.' };
    let (whole, fraction) = word.split_once(point).unwrap_or((word, ""));
    let are_digits = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.trim_start_matches('-').split(mark);
    let is_first = |first: &str| (1..=3).contains(&first.len()) && are_digits(first) && !first.starts_with('0');
    groups.next().is_some_and(is_first)
        && whole.contains(mark)
        && groups.all(|group| group.len() == 3 && are_digits(group))
        && are_digits(fraction)
}

/// Whether a cell says that there is no value.
pub(super) fn is_missing(cell: &str) -> bool {
    ["", "?", "na", "n/a", "nan", "null"].iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// A file's text as a table.
pub(super) struct Table {
    pub name: String,
    pub text: String,
    pub separator: u8,
    /// Whether the settings name the separator.
    is_told: bool,
    pub header: Option<StringRecord>,
    pub columns: usize,
}

impl Table {
    pub fn new((name, bytes): (String, Vec<u8>), how: &Reading) -> Result<Self, DataError> {
        let (text, separator) = separated(decode(&name, bytes)?, how.separator, how.decimal_comma);
        let is_told = how.separator != "auto";
        let mut table = Table { name, text, separator, is_told, header: None, columns: 0 };
        if let Some(line) = table.text.lines().next().filter(|line| line.len() <= 5 && line.starts_with("sep=")) {
            let what = format!("the first line, {line}, is an instruction for spreadsheets and no row");
            return Err(table.error(what, "delete it: the separator is found, or told by data.separator").line(1));
        }
        if let Some(line) = swallowing_quote(&table.text, separator) {
            let what = "a quote that opens a cell on this line is not closed, so the cell includes the lines below";
            return Err(table.error(what, "close it, or remove it").line(line));
        }
        // Counted before anything is read, since one line can hold all of them.
        let cells = table.text.bytes().filter(|b| *b == separator || *b == b'\n').count();
        if cells > MOST_CELLS {
            let what = format!("the file has {cells} cells; the program holds at most {MOST_CELLS}");
            return Err(table.error(what, "use a part of the file"));
        }
        let mut first: Vec<StringRecord> = Vec::new();
        table.each(|_, record| {
            first.push(record.clone());
            Ok(first.len() < 2)
        })?;
        // With decimal commas too, so that a wrong data.decimal is not taken for a table of words.
        let is_number = |cell: &&str| how.number(&cell.replace(',', ".")).is_some();
        let numbers = |record: &StringRecord| record.iter().filter(is_number).count();
        let has_header = match how.header {
            "auto" => first.first().is_some_and(|r| numbers(r) == 0) && first.get(1).is_none_or(|r| numbers(r) > 0),
            word => word == "yes",
        };
        table.columns = first.first().map_or(0, StringRecord::len);
        if first.len() == usize::from(has_header) {
            return Err(table.error("the file has no rows", "give a table with one row per sample"));
        }
        if table.columns < 2 {
            let cure = match is_told {
                true => format!("data.separator = \"{}\" is not what separates the cells: leave it out", how.separator),
                false => "separate the cells by commas, semicolons, tabs or blanks (data.separator)".into(),
            };
            return Err(table.error("the file has one column", cure));
        }
        table.header = has_header.then(|| first.swap_remove(0));
        Ok(table)
    }

    /// That the columns are those of another table.
    pub fn match_with(&self, other: &Table) -> Result<(), DataError> {
        let what = match (&self.header, &other.header) {
            _ if self.columns != other.columns => {
                format!("{} columns; {} has {}", self.columns, other.name, other.columns)
            }
            (Some(own), Some(others)) => {
                let Some(at) = (0..self.columns).find(|c| own[*c] != others[*c]) else { return Ok(()) };
                format!("column {} is called \"{}\"; in {} it is \"{}\"", at + 1, &own[at], other.name, &others[at])
            }
            (None, None) => return Ok(()),
            (own, _) => {
                let [named, bare] = if own.is_some() { [&self.name, &other.name] } else { [&other.name, &self.name] };
                format!("the first line of {named} names the columns, that of {bare} does not")
            }
        };
        Err(self.error(what, "give two files with the same columns in the same order, or one (data.test)"))
    }

    /// Says of a first line that was taken for a row by what it looks like that it may name the columns.
    pub fn doubtful_header(&self, targets: &Targets, classes: &[String], how: &Reading) -> Option<String> {
        if how.header != "auto" || self.header.is_some() {
            return None;
        }
        let mut first = StringRecord::new();
        let read = self.each(|_, record| {
            first.clone_from(record);
            Ok(false)
        });
        read.ok()?;
        let counted = first.iter().map_while(|cell| how.number(cell)).zip(0..).map(|(x, place)| x - f64::from(place));
        let counted: Vec<f64> = counted.take_while(|start| [0.0, 1.0].contains(start)).collect();
        let counts = counted.len() >= FEWEST_COUNTED && counted.windows(2).all(|pair| pair[0] == pair[1]);
        let why = match targets {
            _ if counts => "it counts its cells".to_string(),
            Targets::Classes { labels, .. } if targets.lone_class() == Some(labels[0]) => {
                format!("no other row is of class \"{}\"", classes[labels[0] as usize])
            }
            _ => return None,
        };
        let file = &self.name;
        Some(format!(
            "{file}: the first line is taken for a row, but {why}; if it names the columns, write data.header = \"yes\""
        ))
    }

    pub fn error(&self, what: impl Into<String>, cure: impl Into<String>) -> DataError {
        DataError::file(&self.name, what, cure)
    }

    /// Shows every line with its number, the header too, until told to stop.
    pub fn each(&self, mut see: impl FnMut(u64, &StringRecord) -> Result<bool, DataError>) -> Result<(), DataError> {
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.has_headers(false).trim(csv::Trim::All).delimiter(self.separator);
        let mut reader = reader.from_reader(self.text.as_bytes());
        let mut record = StringRecord::new();
        let wrong = |e: csv::Error| {
            let what = match e.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("this line has {}, the first has {expected_len}", count(*len as usize, "cell"))
                }
                other => format!("{other:?}"),
            };
            let is_second = matches!(e.kind(), csv::ErrorKind::UnequalLengths { expected_len, len, .. }
                if *len == expected_len + 1 && e.position().is_some_and(|p| p.record() == 1));
            let cure = match is_second {
                true => {
                    "if the rows begin with a name that the first line has no cell for, or end with a separator, add it there"
                }
                false if self.is_told => {
                    "check data.separator, or leave it out; else make every line of the table alike"
                }
                false => "make every line of the table alike, and delete a first line that is not part of it",
            };
            self.error(what, cure).line(e.position().map_or(1, |p| p.line()))
        };
        while reader.read_record(&mut record).map_err(wrong)? {
            if !see(record.position().map_or(0, |p| p.line()), &record)? {
                break;
            }
        }
        Ok(())
    }

    /// Shows every row of samples.
    pub fn rows(&self, mut see: impl FnMut(u64, &StringRecord) -> Result<(), DataError>) -> Result<(), DataError> {
        let mut skip = self.header.is_some();
        self.each(|line, record| {
            if !std::mem::take(&mut skip) {
                see(line, record)?;
            }
            Ok(true)
        })
    }

    /// A column as a person calls it: by its name, or by its number from 1.
    pub fn called(&self, column: usize) -> String {
        let named = self.header.as_ref().map(|header| &header[column]).filter(|name| !name.trim().is_empty());
        named.map_or((column + 1).to_string(), str::to_string)
    }

    /// The column of this name or number from 1, with the setting that asks for it.
    pub fn find(&self, wanted: &str, key: &str) -> Result<usize, DataError> {
        let named: Vec<usize> =
            (0..self.columns).filter(|c| self.header.is_some() && self.called(*c) == wanted).collect();
        if named.len() > 1 {
            let what = format!("{} columns are called \"{wanted}\"", named.len());
            return Err(self.error(what, format!("give each its own name, or write {key} as a number from 1")).line(1));
        }
        let by_number = || wanted.parse().ok().filter(|n| (1..=self.columns).contains(n)).map(|n: usize| n - 1);
        named.first().copied().or_else(by_number).ok_or_else(|| {
            let names = (0..self.columns).map(|c| self.called(c)).collect::<Vec<_>>().join(", ");
            self.error(format!("there is no column \"{wanted}\""), format!("{key} is one of {names}"))
        })
    }
}
