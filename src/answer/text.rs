//! The answer for a terminal: the closing table, what its numbers are, and the sentences, in 80 columns where labels allow.

use super::{Answer, Row};
use crate::columns::Column;
use crate::compare::amount::{amount, with_interval};
use crate::table::aligned;
use std::fmt::Write;

/// Columns that text may fill.
const WIDTH: usize = 80;
/// Characters of a label, where the table is wider than that.
const LABEL: usize = 16;

impl Answer {
    /// The table, then the sentences.
    pub fn text(&self) -> String {
        let mut text = self.table();
        self.notes.iter().for_each(|note| paragraph(&mut text, "  ", note));
        if !self.sentences.is_empty() {
            text.push('\n');
            paragraph(&mut text, "", &self.headline());
        }
        text
    }

    /// The rows in columns. A table that is too wide loses the intervals of all but its first column, then long labels their ends.
    fn table(&self) -> String {
        let width = |text: &String| text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        let forms = [(self.columns.len(), usize::MAX), (1, usize::MAX), (1, LABEL), (0, LABEL)];
        let mut forms = forms.into_iter().map(|(intervals, label)| self.form(intervals, label));
        let first = forms.next().unwrap_or_default();
        if width(&first) <= WIDTH { first } else { forms.find(|text| width(text) <= WIDTH).unwrap_or(first) }
    }

    /// The rows with the intervals of so many columns, and labels of so many characters.
    fn form(&self, intervals: usize, label: usize) -> String {
        let cut = |text: &String| text.chars().take(label).collect::<String>();
        let is_any = |count: fn(&Row) -> usize| self.rows.iter().any(|row| count(row) > 0);
        let counts: Vec<(&str, fn(&Row) -> usize)> = [
            ("runs", (|row| row.runs) as fn(&Row) -> usize),
            ("diverged", |row| row.diverged),
            ("missing", |row| row.missing),
        ]
        .into_iter()
        .filter(|(name, count)| *name == "runs" || is_any(*count))
        .collect();
        let words: Vec<Vec<&str>> = self.columns.iter().map(|column| column.words.to_vec()).collect();
        let height = words.iter().map(Vec::len).max().unwrap_or(1);
        let blank = String::new;
        let setting = if self.is_tuned { 1 } else { 0 };
        let mut table: Vec<Vec<String>> = Vec::new();
        for line in 0..height {
            let last = line + 1 == height;
            let own = |name: &str| if last { name.to_string() } else { blank() };
            let mut head: Vec<String> = self.axes.iter().map(|axis| own(axis)).collect();
            head.extend((0..setting).map(|_| own("setting")));
            // Shorter headings stand at the bottom.
            head.extend(words.iter().map(|own| {
                let line = (line + own.len()).checked_sub(height);
                line.map_or(blank(), |line| own[line].to_string())
            }));
            head.extend(counts.iter().map(|(name, _)| own(name)));
            table.push(head);
        }
        let mut before: Option<&Row> = None;
        for row in &self.rows {
            let mut is_same = true;
            let labels = row.labels.iter().enumerate().map(|(place, text)| {
                is_same &= before.is_some_and(|before| before.labels[place] == *text) && place + 1 < row.labels.len();
                if is_same { blank() } else { cut(text) }
            });
            let mut cells: Vec<String> = labels.collect();
            cells.extend((0..setting).map(|_| row.setting.clone()));
            let value = |(place, column): (usize, &&'static Column)| match &row.values[place] {
                None => "-".into(),
                Some(s) if place < intervals => with_interval(s, column),
                Some(s) => amount(s.median, column),
            };
            cells.extend(self.columns.iter().enumerate().map(value));
            cells.extend(counts.iter().map(|(_, count)| count(row).to_string()));
            table.push(cells);
            before = Some(row);
        }
        let left = self.axes.len() + setting;
        aligned(&table, |column| column < left).lines().fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "  {line}");
            text
        })
    }
}

/// Words in lines of 80 columns, each after the same indent.
fn paragraph(text: &mut String, indent: &str, says: &str) {
    let mut line = indent.to_string();
    for word in says.split(' ') {
        if line.len() > indent.len() && line.chars().count() + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            line = indent.to_string();
        }
        let _ = write!(line, "{word} ");
    }
    let _ = writeln!(text, "{}", line.trim_end());
}
