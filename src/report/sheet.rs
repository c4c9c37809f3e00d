//! A table that the page's script sorts by any column and filters by some.

use crate::table::significant;
use serde::Serialize;

/// A table with its heading.
#[derive(Serialize)]
pub struct Sheet {
    /// For links to it.
    pub id: &'static str,
    pub heading: &'static str,
    pub note: String,
    pub columns: Vec<SheetColumn>,
    pub rows: Vec<Vec<Field>>,
}

#[derive(Serialize)]
pub struct SheetColumn {
    pub name: String,
    /// The labels to filter by; empty for a column of numbers.
    pub choices: Vec<String>,
    pub number: bool,
}

/// A cell of the table.
#[derive(Serialize, Default)]
pub struct Field {
    pub text: String,
    /// Smaller, after the text: a range.
    pub range: String,
    /// What it is sorted by, the exact number if it is one.
    pub key: String,
    /// How it is set off: a verdict.
    pub class: &'static str,
}

impl SheetColumn {
    /// Of labels, in the order of their axis.
    pub fn labels(name: &str, choices: &[String]) -> Self {
        SheetColumn {
            name: name.into(),
            choices: if choices.len() > 1 { choices.to_vec() } else { Vec::new() },
            number: false,
        }
    }

    pub fn text(name: &str) -> Self {
        SheetColumn { name: name.into(), choices: Vec::new(), number: false }
    }

    pub fn number(name: &str) -> Self {
        SheetColumn { name: name.into(), choices: Vec::new(), number: true }
    }
}

impl Field {
    pub fn text(text: &str) -> Self {
        Field { text: text.into(), key: text.into(), ..Field::default() }
    }

    /// A label that is sorted by its place on its axis.
    pub fn label(label: &str, labels: &[String]) -> Self {
        let place = labels.iter().position(|l| l == label).unwrap_or(labels.len());
        Field { key: place.to_string(), ..Field::text(label) }
    }

    /// A number as a CSV file has it, in four digits.
    pub fn number(number: &str) -> Self {
        Field { text: short(number), key: number.into(), ..Field::default() }
    }

    /// The same with its range over the seeds.
    pub fn spread([median, low, high]: [&str; 3]) -> Self {
        let range =
            if median.is_empty() || low == high { String::new() } else { format!("{} to {}", short(low), short(high)) };
        Field { range, ..Field::number(median) }
    }
}

/// Four significant digits of a number that a CSV file holds; its own text where it is none.
pub fn short(number: &str) -> String {
    number.parse().map_or_else(|_| number.to_string(), |x: f64| significant(x, 4))
}
