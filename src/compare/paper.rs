//! The comparison for a paper and for programs: tables in Markdown and LaTeX, and everything as JSON.

use super::comparison::Comparison;
use super::rows::{self, Rows};
use super::text::{head, joint_notes, notes, of_draws, of_medians, of_runs, ranking, remarks};
use super::warnings::all_warnings;
use super::{Joint, JointPair, arms_table, joint_table, pairs_table, settings_table, wins_table};
use crate::table::{Cell, Table, capital};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

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
    // What holds of all tables stands under the first.
    let float = |(place, (task, verdict)): (usize, (&super::Task, &String))| {
        let pairs = comparison.reports().map(|metric| rows::pairs(comparison, task, metric));
        let tables = std::iter::once(rows::arms(comparison, task)).chain(pairs);
        let mut of_all = notes(comparison);
        if place > 0 && !of_all.is_empty() {
            of_all = vec!["tests and differences are those of the first table".into()];
        }
        let notes = [head(comparison), of_runs(task), of_medians(comparison, task), of_draws(task)]
            .into_iter()
            .chain(of_all)
            .chain(remarks(comparison, task));
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
    let of_tasks = comparison.tasks.iter().zip(verdicts).enumerate().map(float);
    let mut floats: Vec<Float> = of_tasks.chain(comparison.joint.iter().map(over)).collect();
    // Labels that differ in a character that no label may hold are numbered.
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    for float in &mut floats {
        let times = used.entry(float.label.clone()).or_default();
        *times += 1;
        if *times > 1 {
            float.label += &format!(":{times}");
        }
    }
    floats
}

/// The letters and digits of a text, what may stand in a label.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || ".:".contains(c) { c } else { '-' }).collect()
}

/// With a capital, unless a symbol or a word is explained, and a full stop.
fn sentence(text: &str) -> String {
    let is_explained = text.split(' ').next().is_some_and(|word| word.ends_with(':'));
    let text = text.trim_end_matches('.');
    let text = if is_explained { text.into() } else { capital(text) };
    if text.is_empty() { text } else { text + "." }
}

/// As Markdown.
pub fn markdown(comparison: &Comparison, verdicts: &[String]) -> String {
    let row = |cells: &[String]| {
        let cells = cells.iter().map(|cell| in_markdown(cell));
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
        format!("{}\n\n{tables}{}\n", in_markdown(&float.caption), in_markdown(&float.notes.join(" ")))
    };
    floats(comparison, verdicts).iter().map(float).collect::<Vec<_>>().join("\n")
}

/// Text with a backslash before each character that Markdown takes for its own.
fn in_markdown(text: &str) -> String {
    let mut written = String::new();
    for c in text.chars() {
        written.extend("\\|*`<".contains(c).then_some('\\'));
        written.push(c);
    }
    written
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

/// Text with the characters that LaTeX takes for its own written out, and numbers with a sign or a power of ten as mathematics.
fn escaped(text: &str) -> String {
    let mut written = String::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let number = if before.is_alphanumeric() { None } else { formula(rest) };
        let (piece, length) = number.unwrap_or_else(|| (character(c), c.len_utf8()));
        written += &piece;
        before = rest[..length].chars().next_back().unwrap_or(before);
        rest = &rest[length..];
    }
    written
}

/// The number at the beginning of a text as mathematics, and its length in the text; `None` where it needs none.
fn formula(text: &str) -> Option<(String, usize)> {
    let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let sign = usize::from(text.starts_with(['-', '+']));
    let minus = if text.starts_with('-') { "-" } else { "" };
    let unsigned = &text[sign..];
    if unsigned.starts_with("inf") && !unsigned[3..].starts_with(char::is_alphanumeric) {
        return Some((format!("${minus}\\infty$"), sign + 3));
    }
    let mantissa = digits(unsigned);
    let number = &unsigned[..mantissa];
    let power = unsigned[mantissa..].strip_prefix('e').filter(|_| mantissa > 0);
    let power = power.map(|power| (power, usize::from(power.starts_with('-'))));
    match power.map(|(power, sign)| (&power[..sign + digits(&power[sign..])], sign)) {
        Some((power, sign_of_power)) if power.len() > sign_of_power => {
            let plus = if text.starts_with('+') { "+" } else { minus };
            Some((format!("${plus}{number}\\times10^{{{power}}}$"), sign + mantissa + 1 + power.len()))
        }
        _ if !minus.is_empty() && number.starts_with(|c: char| c.is_ascii_digit()) => {
            Some((format!("$-${number}"), sign + mantissa))
        }
        _ => None,
    }
}

fn character(c: char) -> String {
    match c {
        '<' => "\\textless{}".into(),
        '>' => "\\textgreater{}".into(),
        '|' => "\\textbar{}".into(),
        '\\' => "\\textbackslash{}".into(),
        '~' => "\\textasciitilde{}".into(),
        '^' => "\\textasciicircum{}".into(),
        '&' | '%' | '$' | '#' | '_' | '{' | '}' => format!("\\{c}"),
        // A row that begins with a bracket would be taken for an option of the line before it.
        '[' => "{[}".into(),
        ']' => "{]}".into(),
        other => other.to_string(),
    }
}

/// What was compared and how, the verdicts, and the tables row by row.
pub fn json(comparison: &Comparison, verdicts: &[String]) -> String {
    let mut all = notes(comparison);
    all.extend(all_warnings(comparison));
    let joint_pair = |pair: &JointPair| json!({ "first": pair.first, "second": pair.second, "p_corrected": pair.corrected, "verdict": pair.verdict.word() });
    let over = |joint: &Joint| {
        json!({
            "labels": joint.labels.iter().cloned().collect::<BTreeMap<_, _>>(),
            "verdict": ranking(comparison, joint),
            "pairs": joint.pairs.iter().map(joint_pair).collect::<Vec<_>>(),
        })
    };
    let value = json!({
        "arm": comparison.arm,
        "choose": comparison.choose,
        "report": comparison.reports().collect::<Vec<_>>(),
        "baseline": comparison.baseline,
        "margin": comparison.margin,
        "tune_seeds": comparison.tune_seeds,
        "report_seeds": comparison.report_seeds,
        "verdicts": verdicts,
        "notes": all,
        "remarks": comparison.remarks,
        "arms": records(&arms_table(comparison)),
        "settings": records(&settings_table(comparison)),
        "over_problems": comparison.joint.iter().map(over).collect::<Vec<_>>(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_mathematics_and_words_are_words() {
        for (text, latex) in [
            ("-0.12", "$-$0.12"),
            ("+3.2", "+3.2"),
            ("1.09e-8", "$1.09\\times10^{-8}$"),
            ("-2e5", "$-2\\times10^{5}$"),
            ("[-inf, inf]", "{[}$-\\infty$, $\\infty${]}"),
            ("batch-norm of info e2e 1e", "batch-norm of info e2e 1e"),
            ("5 % of a_b", "5 \\% of a\\_b"),
            ("2.5 é < 3", "2.5 é \\textless{} 3"),
        ] {
            assert_eq!(escaped(text), latex, "{text}");
        }
    }
}
