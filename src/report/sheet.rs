//! A table of the report, which the page's script sorts by any column and filters by some.

use crate::columns::{self, Column};
use crate::fading;
use crate::table::{Record, Records, significant};
use serde::Serialize;

/// Rows of a table beyond which a page gets slow; the CSV file has the others.
pub const MOST_ROWS: usize = 2000;

/// A table with its heading.
#[derive(Serialize)]
pub struct Sheet {
    /// For links to it.
    id: &'static str,
    heading: &'static str,
    note: String,
    columns: Vec<SheetColumn>,
    rows: Vec<Vec<Field>>,
}

/// A column of the table.
#[derive(Serialize)]
pub struct SheetColumn {
    name: String,
    /// The labels to filter by; empty for most columns.
    choices: Vec<String>,
    number: bool,
    #[serde(skip)]
    shows: Shows,
}

/// What a column shows of a row of a CSV file, by the names of its columns.
pub enum Shows {
    Text(&'static str),
    /// A label of an axis, sorted by its place among the labels.
    Label(String, Vec<String>),
    Verdict(&'static str),
    Number(&'static str),
    /// A median with its range over the seeds: median, low, high.
    Spread([String; 3]),
    /// The same of an attenuation, of which some gradients may not arrive.
    Fading(&'static Column),
    Share(&'static str),
    /// A number of runs, and in words how many of them are of some kind.
    Runs(&'static str, [(&'static str, &'static str); 2]),
}

/// A cell of the table.
#[derive(Serialize, Default)]
struct Field {
    text: String,
    /// Smaller, after the text: a range.
    range: String,
    /// What it is sorted by, the exact number if it is one.
    key: String,
    /// How it is set off: a verdict.
    class: &'static str,
}

impl Sheet {
    /// The rows of a CSV `file`, as far as a page shows them; `None` where there are none.
    pub fn new(
        [id, heading, file]: [&'static str; 3],
        mut note: String,
        columns: Vec<SheetColumn>,
        table: &Records,
    ) -> Option<Sheet> {
        let all = table.rows.len();
        if all > MOST_ROWS {
            note += &format!(" The first {MOST_ROWS} of {all} rows; {file} has them all.");
        }
        let row = |row: &Record| columns.iter().map(|column| column.shows.field(row)).collect();
        let rows = table.rows.iter().take(MOST_ROWS).map(row).collect();
        (all > 0).then_some(Sheet { id, heading, note, columns, rows })
    }
}

impl SheetColumn {
    pub fn new(name: &str, shows: Shows) -> Self {
        let (choices, number) = match &shows {
            Shows::Label(_, labels) if labels.len() > 1 => (labels.clone(), false),
            Shows::Verdict(_) => (["holds", "fails", "inconclusive"].map(String::from).to_vec(), false),
            Shows::Label(..) | Shows::Text(_) => (Vec::new(), false),
            Shows::Number(_) | Shows::Spread(_) | Shows::Fading(_) | Shows::Share(_) | Shows::Runs(..) => {
                (Vec::new(), true)
            }
        };
        SheetColumn { name: name.into(), choices, number, shows }
    }
}

impl Shows {
    /// The column of the file that it shows first.
    pub fn column(&self) -> &str {
        match self {
            Shows::Label(column, _) | Shows::Spread([column, ..]) => column,
            Shows::Text(column)
            | Shows::Verdict(column)
            | Shows::Number(column)
            | Shows::Share(column)
            | Shows::Runs(column, _) => column,
            Shows::Fading(column) => column.name,
        }
    }

    fn field(&self, row: &Record) -> Field {
        let get = |column: &str| row.get(column).map_or("", String::as_str);
        let field = |column: &str| Field { text: get(column).into(), key: get(column).into(), ..Field::default() };
        match self {
            Shows::Text(column) => field(column),
            Shows::Label(column, labels) => {
                let place = labels.iter().position(|label| label == get(column)).unwrap_or(labels.len());
                Field { key: place.to_string(), ..field(column) }
            }
            Shows::Verdict(column) => {
                let class = match get(column) {
                    "holds" => "holds",
                    "fails" => "fails",
                    _ => "open",
                };
                Field { class, ..field(column) }
            }
            Shows::Number(column) => Field { text: short(get(column)), ..field(column) },
            Shows::Spread([median, low, high]) => {
                let is_point = get(median).is_empty() || get(low) == get(high);
                let range =
                    if is_point { String::new() } else { format!("{} to {}", short(get(low)), short(get(high))) };
                Field { text: short(get(median)), range, ..field(median) }
            }
            Shows::Fading(column) => {
                let Some(found) = fading::Summary::from_row(row, column) else { return Field::default() };
                let read = |x: f64| significant(x, 4);
                let more = [found.range(read), found.note()].into_iter().filter(|text| !text.is_empty());
                let range = more.collect::<Vec<_>>().join("; ");
                Field { text: found.median.shown(read), range, ..field(&columns::spread(column.name)[0]) }
            }
            Shows::Share(column) if get(column).is_empty() => Field::default(),
            Shows::Share(column) => {
                let percent = 100.0 * get(column).parse().unwrap_or(0.0);
                Field { text: format!("{percent:.1} %"), ..field(column) }
            }
            Shows::Runs(column, kinds) => {
                let some = kinds.iter().filter(|(kind, _)| !["", "0"].contains(&get(kind)));
                let some = some.map(|(kind, word)| format!(", {} {word}", get(kind)));
                Field { text: get(column).to_string() + &some.collect::<String>(), ..field(column) }
            }
        }
    }
}

/// Four significant digits of a number in a CSV file; its own text where it is none.
fn short(number: &str) -> String {
    number.parse().map_or_else(|_| number.to_string(), |x: f64| significant(x, 4))
}
