//! The tables of the report: claims, cells, arms.

use super::sheet::{Field, Sheet, SheetColumn};
use crate::columns::{self, Measured};
use crate::results::Results;
use crate::table::{Record, Records};

/// Rows of a table beyond which a page gets slow; the CSV file has the others.
const MOST: usize = 2000;

fn get<'a>(row: &'a Record, column: &str) -> &'a str {
    row.get(column).map_or("", String::as_str)
}

/// Those of the outcomes that have a median anywhere.
fn measured(table: &Records, outcomes: impl Iterator<Item = &'static columns::Column>) -> Vec<&'static str> {
    let has = |name: &&str| table.rows.iter().any(|row| !get(row, &columns::spread(name)[0]).is_empty());
    outcomes.map(|column| column.name).filter(has).collect()
}

fn spread(row: &Record, measure: &str) -> Field {
    let [median, low, high, _] = columns::spread(measure);
    Field::spread([get(row, &median), get(row, &low), get(row, &high)])
}

fn cut(rows: &mut Vec<Vec<Field>>, file: &str) -> String {
    let all = rows.len();
    rows.truncate(MOST);
    if all > MOST { format!(" The first {MOST} of {all} rows; {file} has them all.") } else { String::new() }
}

/// What became of the claims; nothing where there are none.
pub fn claims(table: &Records) -> Option<Sheet> {
    const COLUMNS: [&str; 9] = ["", "verdict", "claim", "of", "metric", "expected", "median", "covered", "N"];
    let rows: Vec<Vec<Field>> = table
        .rows
        .iter()
        .map(|row| {
            let class = match get(row, "verdict") {
                "holds" => "holds",
                "fails" => "fails",
                _ => "open",
            };
            let covered: f64 = get(row, "coverage").parse().unwrap_or(0.0);
            let lost = [("diverged", "diverged"), ("unknown", "missing or failed")].map(|(column, word)| {
                match get(row, column) {
                    "" | "0" => String::new(),
                    n => format!(", {n} {word}"),
                }
            });
            vec![
                Field::number(get(row, "claim")),
                Field { class, ..Field::text(get(row, "verdict")) },
                Field::text(get(row, "says")),
                Field::text(get(row, "part")),
                Field::text(get(row, "metric")),
                Field::text(get(row, "expected")),
                spread_of_claim(row),
                Field {
                    text: format!("{:.1} %", 100.0 * covered),
                    key: get(row, "coverage").into(),
                    ..Field::default()
                },
                Field {
                    text: format!("{}{}", get(row, "n"), lost.concat()),
                    key: get(row, "n").into(),
                    ..Field::default()
                },
            ]
        })
        .collect();
    let verdicts = ["holds", "fails", "inconclusive"].map(String::from);
    let columns = COLUMNS.map(|name| match name {
        "verdict" => SheetColumn::labels(name, &verdicts),
        "" | "median" | "covered" | "N" => SheetColumn::number(name),
        name => SheetColumn::text(name),
    });
    let note =
        "Each is about a median over seeds; the interval behind it is made of order statistics, which cover the \
                true median with the probability given. A claim holds when the whole interval lies where it should."
            .into();
    let sheet = Sheet { id: "claims", heading: "Claims", note, columns: columns.into(), rows };
    (!table.rows.is_empty()).then_some(sheet)
}

fn spread_of_claim(row: &Record) -> Field {
    Field::spread(["median", "low", "high"].map(|part| get(row, part)))
}

/// Every cell: median and range over its seeds.
pub fn cells(results: &Results, table: &Records) -> Option<Sheet> {
    let axes: Vec<_> = results.plan.axes.iter().filter(|axis| table.columns.contains(&axis.name)).collect();
    let measures = measured(table, columns::summarized());
    let columns = axes.iter().map(|axis| SheetColumn::labels(&axis.name, &axis.labels));
    let counts = || columns::COUNTS.iter().map(|column| column.name);
    let numbers = measures.iter().copied().chain(counts()).map(SheetColumn::number);
    let mut rows: Vec<Vec<Field>> = table
        .rows
        .iter()
        .map(|row| {
            let labels = axes.iter().map(|axis| Field::label(get(row, &axis.name), &axis.labels));
            let values = measures.iter().map(|measure| spread(row, measure));
            labels.chain(values).chain(counts().map(|count| Field::number(get(row, count)))).collect()
        })
        .collect();
    let cut = cut(&mut rows, "summary.csv");
    let note =
        format!("Median over seeds, and their range beside it. Runs that diverged are counted, not averaged.{cut}");
    let columns = columns.chain(numbers).collect();
    Some(Sheet { id: "cells", heading: "Every cell", note, columns, rows }).filter(|sheet| !sheet.rows.is_empty())
}

/// The arms of a comparison, each at its best setting; nothing where there are none.
pub fn arms(results: &Results, table: &Records) -> Option<Sheet> {
    let (compare, first) = (results.plan.compare.as_ref()?, table.rows.first()?);
    let place = table.columns.iter().position(|column| *column == compare.arm).unwrap_or(0);
    let labels = |axis: &String| results.plan.axes.iter().find(|a| a.name == *axis).map_or(&[][..], |a| &a.labels);
    let axes = &table.columns[..=place];
    let at_the_end = columns::compared().filter(|column| column.measured != Measured::Best);
    let to_target = columns::outcome("steps_to_target");
    let shown = measured(table, at_the_end.chain(to_target));
    let counts = ["n", "diverged", "missing"];
    let tuned = !get(first, "setting").is_empty();
    let columns = axes.iter().map(|axis| SheetColumn::labels(axis, labels(axis)));
    let setting = ["setting", "at an edge", "tries"].into_iter().filter(|_| tuned).map(SheetColumn::text);
    let numbers = shown.iter().copied().chain(counts).map(SheetColumn::number);
    let mut rows: Vec<Vec<Field>> = table
        .rows
        .iter()
        .map(|row| {
            let names = axes.iter().map(|axis| Field::label(get(row, axis), labels(axis)));
            let chosen = ["setting", "at_edge", "tries"].into_iter().filter(|_| tuned);
            let values = shown.iter().map(|measure| spread(row, measure));
            names
                .chain(chosen.map(|column| Field::text(get(row, column))))
                .chain(values)
                .chain(counts.map(|count| Field::number(get(row, count))))
                .collect()
        })
        .collect();
    let cut = cut(&mut rows, "comparison.csv");
    let how = match tuned {
        true => {
            "Each arm at the setting that is best for it, chosen on some seeds and judged on the others: median and range."
        }
        false => "Each arm's median and range over the seeds.",
    };
    let note = format!("{how}{cut}");
    let columns = columns.chain(setting).chain(numbers).collect();
    Some(Sheet { id: "arms", heading: "Arms compared", note, columns, rows })
}

/// What can be said of each pair of arms.
pub fn sentences(table: &Records) -> Vec<String> {
    let place = table.columns.iter().position(|column| column == "first").unwrap_or(0);
    let with_task = |row: &Record| {
        let task = table.columns[..place].iter().map(|axis| format!("{axis} {}", get(row, axis)));
        let task = task.collect::<Vec<_>>().join(", ");
        let sentence = get(row, "sentence");
        if task.is_empty() { sentence.to_string() } else { format!("{task}: {sentence}") }
    };
    table.rows.iter().take(MOST).map(with_task).collect()
}
