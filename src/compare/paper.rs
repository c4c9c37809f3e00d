//! The comparison for a paper and for programs: tables in Markdown and LaTeX, and everything as JSON.

use super::comparison::Comparison;
use super::rows::{self, Rows};
use super::text::{head, joint_notes, notes, of_medians, of_runs, ranking};
use super::{Joint, arms_table, joint_table, pairs_table, settings_table, wins_table};
use crate::table::{Cell, Table};
use serde_json::{Map, Value, json};

/// A table with what stands above and below it.
struct Float {
    /// What LaTeX refers to it by.
    label: String,
    caption: String,
    tables: Vec<Rows>,
    notes: Vec<String>,
}

/// One for each task: its verdict, its arms with all intervals, its pairs by each metric; then one for each answer over several
/// problems.
fn floats(comparison: &Comparison, verdicts: &[String]) -> Vec<Float> {
    let float = |(task, verdict): (&super::Task, &String)| {
        let pairs = comparison.reports().map(|metric| rows::pairs(comparison, task, metric));
        let tables = std::iter::once(rows::arms(comparison, task)).chain(pairs);
        let again = rows::is_drawn(task).then(|| "again: how often other seeds choose the same setting".into());
        let notes = [head(comparison), of_runs(task), of_medians(comparison, task)]
            .into_iter()
            .chain(again)
            .chain(notes(comparison));
        let words = task.labels.iter().flat_map(|(axis, label)| [axis.as_str(), label]);
        Float {
            label: ["tab:comparison"].into_iter().chain(words).map(plain).collect::<Vec<_>>().join("-"),
            caption: verdict.clone(),
            tables: tables.filter(|table| !table.rows.is_empty()).collect(),
            notes: notes.filter(|note| !note.is_empty()).map(|note| sentence(&note)).collect(),
        }
    };
    let over = |joint: &Joint| {
        let words = joint.labels.iter().flat_map(|(axis, label)| [axis.as_str(), label]);
        let tables = [rows::ranks(comparison, joint), rows::wins(comparison, joint)];
        Float {
            label: ["tab:comparison-over"].into_iter().chain(words).map(plain).collect::<Vec<_>>().join("-"),
            caption: ranking(comparison, joint),
            tables: tables.into_iter().filter(|table| !table.rows.is_empty()).collect(),
            notes: joint_notes(comparison, joint).iter().map(|note| sentence(note)).collect(),
        }
    };
    comparison.tasks.iter().zip(verdicts).map(float).chain(comparison.joint.iter().map(over)).collect()
}

/// The letters and digits of a text, what may stand in a label.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || ".:".contains(c) { c } else { '-' }).collect()
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).chain(['.']).collect())
}

/// As Markdown.
pub fn markdown(comparison: &Comparison, verdicts: &[String]) -> String {
    let row = |cells: &[String]| {
        let cells = cells.iter().map(|cell| cell.replace('|', "\\|"));
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let table = |table: &Rows| {
        let rule: Vec<String> =
            (0..table.head.len()).map(|i| if i < table.words { "---" } else { "---:" }.into()).collect();
        let rows = table.rows.iter().map(|cells| row(cells)).collect::<String>();
        format!("{}{}{rows}\n", row(&table.head), row(&rule).replace(' ', ""))
    };
    let float = |float: &Float| {
        let tables = float.tables.iter().map(table).collect::<String>();
        format!("{}\n\n{tables}{}\n", float.caption, float.notes.join(" "))
    };
    floats(comparison, verdicts).iter().map(float).collect::<Vec<_>>().join("\n")
}

/// As LaTeX, with the rules of the package `booktabs`.
pub fn latex(comparison: &Comparison, verdicts: &[String]) -> String {
    let row = |cells: &[String]| format!("{} \\\\\n", cells.iter().map(|c| escaped(c)).collect::<Vec<_>>().join(" & "));
    let table = |table: &Rows| {
        let columns: String = (0..table.head.len()).map(|i| if i < table.words { 'l' } else { 'r' }).collect();
        let rows = table.rows.iter().map(|cells| row(cells)).collect::<String>();
        format!(
            "\\begin{{tabular}}{{{columns}}}\n\\toprule\n{}\\midrule\n{rows}\\bottomrule\n\\end{{tabular}}\n",
            row(&table.head)
        )
    };
    let float = |float: &Float| {
        let tables = float.tables.iter().map(table).collect::<Vec<_>>().join("\n\\medskip\n");
        let notes = escaped(&float.notes.join(" "));
        let caption = escaped(&float.caption);
        format!(
            "\\begin{{table}}\n\\centering\n\\caption{{{caption}}}\n\\label{{{}}}\n{tables}\\par\\smallskip\\footnotesize {notes}\n\\end{{table}}\n",
            float.label
        )
    };
    let tables = floats(comparison, verdicts).iter().map(float).collect::<Vec<_>>().join("\n");
    format!("% needs \\usepackage{{booktabs}}\n{tables}")
}

/// Text with the characters that LaTeX takes for its own written out, and the minus of a number as one.
fn escaped(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let is_number = |place: usize| letters.get(place).is_some_and(char::is_ascii_digit);
    let begins = |place: usize| place == 0 || !letters[place - 1].is_alphanumeric();
    let is_exponent = |place: usize| place > 1 && letters[place - 1] == 'e' && is_number(place - 2);
    let one = |(place, c): (usize, char)| match c {
        '-' if is_number(place + 1) && (begins(place) || is_exponent(place)) => "$-$".into(),
        '<' => "\\textless{}".into(),
        '>' => "\\textgreater{}".into(),
        '\\' => "\\textbackslash{}".into(),
        '~' => "\\textasciitilde{}".into(),
        '^' => "\\textasciicircum{}".into(),
        '&' | '%' | '$' | '#' | '_' | '{' | '}' => format!("\\{c}"),
        // A row that begins with a bracket would be taken for an option of the line before it.
        '[' => "{[}".into(),
        ']' => "{]}".into(),
        other => other.to_string(),
    };
    letters.iter().copied().enumerate().map(one).collect()
}

/// What was compared and how, the verdicts, and the tables row by row.
pub fn json(comparison: &Comparison, verdicts: &[String]) -> String {
    let value = json!({
        "arm": comparison.arm,
        "choose": comparison.choose,
        "report": comparison.reports().collect::<Vec<_>>(),
        "baseline": comparison.baseline,
        "margin": comparison.margin,
        "tune_seeds": comparison.tune_seeds,
        "report_seeds": comparison.report_seeds,
        "verdicts": verdicts,
        "notes": notes(comparison),
        "arms": records(&arms_table(comparison)),
        "settings": records(&settings_table(comparison)),
        "ranks": records(&joint_table(comparison)),
        "wins": records(&wins_table(comparison)),
        "pairs": records(&pairs_table(comparison)),
    });
    format!("{value:#}\n")
}

/// The rows by the names of their columns; a number that JSON does not have is its word.
fn records(table: &Table) -> Vec<Value> {
    let cell = |cell: &Cell| serde_json::to_value(cell).unwrap_or_default();
    let row = |row: &Vec<Cell>| {
        Value::Object(table.columns.iter().cloned().zip(row.iter().map(cell)).collect::<Map<String, Value>>())
    };
    table.rows.iter().map(row).collect()
}
