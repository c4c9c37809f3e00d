//! The tables of the report: claims, cells, arms.

use super::sheet::{MOST_ROWS, Sheet, SheetColumn, Shows};
use crate::columns::{self, Measured};
use crate::results::Results;
use crate::table::{Record, Records};

/// The verdicts on the claims, and what else is to be said of them; nothing where there are none.
pub fn claims(table: &Records, also: Option<&str>) -> Option<Sheet> {
    let note = "Each claim is about a median over seeds. Its interval lies between two order statistics, which \
        enclose the true median with the probability given. A claim holds if the whole interval lies in the expected \
        range.";
    let bad = [("diverged", "diverged"), ("unknown", "missing or failed")];
    let columns = [
        ("", Shows::Number("claim")),
        ("verdict", Shows::Verdict("verdict")),
        ("claim", Shows::Text("says")),
        ("of", Shows::Text("part")),
        ("metric", Shows::Text("metric")),
        ("expected", Shows::Text("expected")),
        ("median", Shows::Spread(["median", "low", "high"].map(String::from))),
        ("covers the true median with", Shows::Share("coverage")),
        ("seeds", Shows::Runs("n", bad)),
    ];
    let columns = columns.into_iter().map(|(name, shows)| SheetColumn::new(name, shows)).collect();
    let note = also.map_or(note.into(), |also| format!("{note} Mind that {also}."));
    Sheet::new(["claims", "Claims", "claims.csv"], note, columns, table)
}

/// Every cell: median and range over its seeds.
pub fn cells(results: &Results, table: &Records) -> Option<Sheet> {
    let note = "Median over the seeds, and their range next to it. Runs that diverged are counted and left out of the medians, except for what is measured before training.";
    let columns = labels(results, &table.columns)
        .chain(spreads(table, columns::summarized()))
        .chain(columns::COUNTS.iter().map(|column| SheetColumn::new(&column.subject(), Shows::Number(column.name))));
    Sheet::new(["cells", "Every cell", "summary.csv"], note.into(), columns.collect(), table)
}

/// The arms of a comparison, each at its best setting; nothing where there are none.
pub fn arms(results: &Results, table: &Records) -> Option<Sheet> {
    let (compare, first) = (results.plan.compare.as_ref()?, table.rows.first()?);
    let place = table.columns.iter().position(|column| *column == compare.arm).unwrap_or(0);
    let is_tuned = first.get("setting").is_some_and(|setting| !setting.is_empty());
    let note = match is_tuned {
        true => {
            "Each arm at its own best setting, which is chosen on some seeds and judged on the others: median and range."
        }
        false => "Each arm's median and range over the seeds.",
    };
    let steps_known = match results.plan.has_target() {
        true => results.steps_known(0..results.runs.len()),
        false => String::new(),
    };
    let note = format!("{note} {steps_known}").trim_end().to_string();
    let setting = [("setting", "setting"), ("first or last value that was tried", "at_edge"), ("tries", "tries")];
    let setting = setting.into_iter().filter(|_| is_tuned);
    let at_the_end = columns::compared().filter(|column| column.measured != Measured::Best);
    let columns = labels(results, &table.columns[..=place])
        .chain(setting.map(|(name, column)| SheetColumn::new(name, Shows::Text(column))))
        .chain(spreads(table, at_the_end.chain([columns::known("steps_to_target")])))
        .chain(
            [("runs", "n"), ("diverged", "diverged"), ("missing", "missing")]
                .map(|(name, column)| SheetColumn::new(name, Shows::Number(column))),
        );
    Sheet::new(["arms", "Arms compared", "comparison.csv"], note, columns.collect(), table)
}

/// Those of the columns that are axes of the plan.
fn labels<'a>(results: &'a Results, columns: &'a [String]) -> impl Iterator<Item = SheetColumn> + 'a {
    let axes = results.plan.axes.iter();
    let axes = columns.iter().filter_map(move |column| axes.clone().find(|axis| axis.name == *column));
    axes.map(|axis| SheetColumn::new(&axis.name, Shows::Label(axis.name.clone(), axis.labels.clone())))
}

/// Those of the outcomes that have a median anywhere, each with its range.
fn spreads(
    table: &Records,
    outcomes: impl Iterator<Item = &'static columns::Column>,
) -> impl Iterator<Item = SheetColumn> {
    outcomes.filter_map(|column| {
        let [median, low, high, _] = columns::spread(column.name);
        let is_measured = table.rows.iter().any(|row| row.get(&median).is_some_and(|text| !text.is_empty()));
        let shows = if column.is_fading() { Shows::Fading(column) } else { Shows::Spread([median, low, high]) };
        // The words of a fading have said the unit.
        let is_said = ["", "share"].contains(&column.unit) || column.is_fading();
        let unit = if is_said { String::new() } else { format!(", {}", column.unit) };
        is_measured.then(|| SheetColumn::new(&format!("{}{unit}", column.subject()), shows))
    })
}

/// What can be said of each pair of arms.
pub fn sentences(table: &Records) -> Vec<String> {
    let place = table.columns.iter().position(|column| column == "first").unwrap_or(0);
    let get = |row: &Record, column: &str| row.get(column).cloned().unwrap_or_default();
    let with_task = |row: &Record| {
        let task = table.columns[..place].iter().map(|axis| format!("{axis} {}", get(row, axis)));
        let task = task.collect::<Vec<_>>().join(", ");
        let sentence = get(row, "sentence");
        if task.is_empty() { sentence } else { format!("{task}: {sentence}") }
    };
    table.rows.iter().take(MOST_ROWS).map(with_task).collect()
}
