//! The answer for a terminal: the closing table, what its numbers are, and the sentences, in 80 columns where labels allow.

use super::parts::{Answer, Row, Value};
use crate::columns::Column;
use crate::compare::amount::{amount, with_interval};
use crate::table::{HEADING, WIDTH, aligned, count, paragraph, wrapped};
use std::collections::BTreeSet;

/// Characters of a label, where the table is wider than that and labels stay apart.
const LABEL: usize = 16;

/// Behind a number that is not above its baseline.
const MARK: &str = "*";

/// A number of runs with its heading.
type Count = (&'static str, fn(&Row) -> usize);

impl Answer {
    /// The table, then the sentences.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if self.columns.is_empty() {
            paragraph(
                &mut text,
                "",
                "There is no table: these runs have no loss and no accuracy; summary.csv has all measurements.",
            );
            self.say(&mut text);
            return text;
        }
        self.held.iter().for_each(|held| paragraph(&mut text, "", held));
        let (intervals, table) = self.table();
        text += &table;
        if let Some(runs) = self.runs_of_each() {
            let each = if self.rows.len() > 1 { " in each row" } else { "" };
            paragraph(&mut text, "  ", &format!("{}{each}", count(runs, "run")));
        }
        self.notes.iter().for_each(|note| paragraph(&mut text, "  ", note));
        if (0..self.columns.len()).any(|place| self.has_mark(place)) {
            paragraph(
                &mut text,
                "  ",
                &format!("{MARK} by this column worse than the best constant answer, or not distinguished from it"),
            );
        }
        if intervals < self.columns.len() {
            paragraph(&mut text, "  ", "intervals that do not fit here are in the CSV files");
        }
        self.say(&mut text);
        text
    }

    fn say(&self, text: &mut String) {
        if !self.sentences.is_empty() {
            text.push('\n');
            paragraph(text, "", &self.headline());
        }
    }

    /// The rows in columns. A table that is too wide loses the intervals of all but its first column, then long labels their ends.
    /// Says also how many columns have their intervals.
    fn table(&self) -> (usize, String) {
        let all = self.columns.len();
        let width = |text: &String| text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        let forms = [(all, usize::MAX), (1, usize::MAX), (1, LABEL), (0, LABEL)];
        let mut forms = forms.into_iter().map(|(intervals, label)| (intervals, self.form(intervals, label)));
        forms.find(|(_, text)| width(text) <= WIDTH).unwrap_or_else(|| (0, self.form(0, LABEL)))
    }

    /// The rows with the intervals of so many columns, and labels of so many characters.
    fn form(&self, intervals: usize, label: usize) -> String {
        let cut = |text: &String| text.chars().take(label).collect::<String>();
        let apart = |place: usize, of: &dyn Fn(&String) -> String| {
            self.rows.iter().map(|row| of(&row.labels[place])).collect::<BTreeSet<String>>().len()
        };
        let may_cut: Vec<bool> =
            (0..self.axes.len()).map(|place| apart(place, &cut) == apart(place, &String::clone)).collect();
        let counts = self.counts();
        let setting = usize::from(self.is_tuned);
        let mut body: Vec<Vec<String>> = Vec::new();
        let mut before: Option<&Row> = None;
        for row in &self.rows {
            let mut is_same = true;
            let mut cells: Vec<String> = Vec::new();
            for (place, text) in row.labels.iter().enumerate() {
                // A label that repeats is not written again, but the last one is.
                is_same &= before.is_some_and(|before| before.labels[place] == *text) && place + 1 < row.labels.len();
                cells.push(match is_same {
                    true => String::new(),
                    false if may_cut[place] => cut(text),
                    false => text.clone(),
                });
            }
            cells.extend((0..setting).map(|_| row.setting.clone()));
            cells.extend(self.columns.iter().zip(&row.values).enumerate().map(|(place, (column, value))| {
                let shown = value.as_ref().map_or("-".into(), |value| shown(value, column, place < intervals));
                // The others keep their place under it.
                let mark = match is_marked(row, place) {
                    true => MARK,
                    false if self.has_mark(place) => " ",
                    false => "",
                };
                shown + mark
            }));
            cells.extend(counts.iter().map(|(_, count)| count(row).to_string()));
            body.push(cells);
            before = Some(row);
        }
        let named = self.axes.iter().cloned().chain((0..setting).map(|_| "setting".into()));
        let heads = named
            .chain(self.columns.iter().map(|column| column.subject()))
            .chain(counts.iter().map(|(name, _)| name.to_string()));
        let heads: Vec<Vec<String>> = heads
            .enumerate()
            .map(|(place, head)| wrapped(&head, body.iter().map(|row| &row[place]), HEADING))
            .collect();
        let height = heads.iter().map(Vec::len).max().unwrap_or(0);
        // Shorter headings stand at the bottom.
        let line = |line: usize| {
            heads
                .iter()
                .map(|head| (line + head.len()).checked_sub(height).map_or(String::new(), |i| head[i].clone()))
                .collect()
        };
        let table: Vec<Vec<String>> = (0..height).map(line).chain(body).collect();
        let left = self.axes.len() + setting;
        aligned(&table, |column| column < left).lines().map(|line| format!("  {line}\n")).collect()
    }

    /// Whether some row of a column has a mark.
    fn has_mark(&self, column: usize) -> bool {
        self.rows.iter().any(|row| is_marked(row, column))
    }

    /// The counts that the table has: where all rows have as many runs, a note says it once.
    fn counts(&self) -> Vec<Count> {
        let is_any = |count: fn(&Row) -> usize| self.rows.iter().any(|row| count(row) > 0);
        let mut counts: Vec<Count> = Vec::new();
        if self.runs_of_each().is_none() {
            counts.push(("runs", |row| row.runs));
        }
        let others: [Count; 2] = [("diverged", |row| row.diverged), ("missing", |row| row.missing)];
        counts.extend(others.into_iter().filter(|(_, count)| is_any(*count)));
        counts
    }

    /// The number of runs, where it is the same in every row.
    fn runs_of_each(&self) -> Option<usize> {
        let first = self.rows.first()?.runs;
        self.rows.iter().all(|row| row.runs == first).then_some(first)
    }
}

/// Whether a number of a row is not above its baseline; of what diverged no mark has to tell that.
fn is_marked(row: &Row, column: usize) -> bool {
    row.is_above[column] == Some(false) && row.values[column].is_some_and(|value| value.spread().median.is_finite())
}

/// A number of the table.
fn shown(value: &Value, column: &Column, interval: bool) -> String {
    match value {
        Value::Number(s) if interval => with_interval(s, column),
        Value::Number(s) => amount(s.median, column),
        Value::Fading(s) => {
            let number = |x: f64| amount(x, column);
            let end = |x: f64| if x == f64::INFINITY { "beyond".into() } else { number(x) };
            let (median, low, high) = (s.median.shown(number), end(s.low), end(s.high));
            if interval && s.low < s.high && low != high { format!("{median} [{low}, {high}]") } else { median }
        }
    }
}
