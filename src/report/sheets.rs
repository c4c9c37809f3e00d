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
    // Where all layers have one size the norm fades as the root mean square does; elsewhere that fades with the sizes alone.
    let is_by_norm = results.is_by_norm();
    let left_out = if is_by_norm { &["attenuation_init", "attenuation_end"][..] } else { &["attenuation_norm_init"] };
    let summarized = columns::summarized().filter(|column| !left_out.contains(&column.name));
    let columns = labels(results, &table.columns)
        .chain(spreads(table, summarized))
        .chain(columns::COUNTS.iter().map(|column| SheetColumn::new(&column.subject(), Shows::Number(column.name))));
    Sheet::new(["cells", "Every cell", "summary.csv"], note.into(), columns.collect(), table)
}

/// The arms of a comparison, each at its best setting; nothing where there are none.
pub fn arms(results: &Results, table: &Records) -> Option<Sheet> {
    let compare = results.plan.compare.as_ref()?;
    let place = table.columns.iter().position(|column| *column == compare.arm).unwrap_or(0);
    let is_tuned = is_there(table, "setting");
    let note = match is_tuned {
        true => {
            "Each arm at its own best setting, which is chosen on some seeds and judged on the others: median and interval."
        }
        false => "Each arm's median over the seeds and its interval.",
    };
    let note = format!(
        "{note} The ends of an interval are order statistics; how often such an interval covers the true median is in comparison.csv."
    );
    let steps_known = match results.plan.has_target() {
        true => results.steps_known(0..results.runs.len()),
        false => String::new(),
    };
    let note = format!("{note} {steps_known}").trim_end().to_string();
    let setting = [
        ("setting", Shows::Text("setting")),
        ("chosen again by other seeds", Shows::Share("chosen_again")),
        ("second best setting", Shows::Text("runner_up")),
        ("how much worse it is", Shows::Number("runner_up_behind")),
        ("first or last value that was tried", Shows::Text("at_edge")),
        ("tries", Shows::Number("tries")),
    ];
    let setting = setting.into_iter().filter(|(_, shows)| is_tuned && is_there(table, shows.column()));
    let usual = columns::compared().filter(|column| column.measured != Measured::Best);
    let usual = usual.chain([columns::known("steps_to_target")]);
    let asked = compare.report.iter().chain(&compare.also).filter_map(|name| columns::metric::metric(name));
    let asked = asked.filter(|column| usual.clone().all(|own| own.name != column.name));
    let columns = labels(results, &table.columns[..=place])
        .chain(setting.map(|(name, shows)| SheetColumn::new(name, shows)))
        .chain(spreads(table, usual.clone().chain(asked)))
        .chain(
            [("runs", "n"), ("diverged", "diverged"), ("missing", "missing")]
                .map(|(name, column)| SheetColumn::new(name, Shows::Number(column))),
        );
    Sheet::new(["arms", "Arms compared", "comparison.csv"], note, columns.collect(), table)
}

/// The arms over all problems; nothing where no joint answer was asked for.
pub fn ranks(results: &Results, table: &Records) -> Option<Sheet> {
    let note =
        "Each arm that has results on every problem, over the problems that are compared together: 1 is the best rank.";
    let numbers = [("average rank", "rank"), ("problems on which it is best", "best"), ("problems", "problems")];
    let numbers = numbers.map(|(name, column)| (name, Shows::Number(column)));
    let groups = ("groups of arms that are not distinguished", Shows::Text("groups"));
    let score = Shows::Spread(["score", "score_low", "score_high"].map(String::from));
    let score = ("score: 0 for guessing, 1 for the best possible", score);
    joint(
        results,
        ["ranks", "Ranks over the problems", "comparison_ranks.csv"],
        note,
        table,
        numbers.into_iter().chain([groups, score]),
    )
}

/// How often each arm of a pair is better; nothing where no joint answer was asked for.
pub fn wins(results: &Results, table: &Records) -> Option<Sheet> {
    let note = "On how many problems the first arm of a pair is better, worse, or not distinguished or not settled.";
    let names = [("arm", "first"), ("other arm", "second")].map(|(name, column)| (name, Shows::Text(column)));
    let numbers = [("better", "better"), ("worse", "worse"), ("not distinguished or not settled", "not_distinguished")];
    let numbers = numbers.map(|(name, column)| (name, Shows::Number(column)));
    joint(
        results,
        ["wins", "Wins over the problems", "compare --format json"],
        note,
        table,
        names.into_iter().chain(numbers),
    )
}

/// A table over all problems: the labels, then these columns, as far as something is in them.
fn joint(
    results: &Results,
    heading: [&'static str; 3],
    note: &str,
    table: &Records,
    columns: impl Iterator<Item = (&'static str, Shows)>,
) -> Option<Sheet> {
    let columns = columns.filter(|(_, shows)| is_there(table, shows.column()));
    let columns = labels(results, &table.columns).chain(columns.map(|(name, shows)| SheetColumn::new(name, shows)));
    Sheet::new(heading, note.into(), columns.collect(), table)
}

/// Whether some row of a table has something in a column.
fn is_there(table: &Records, column: &str) -> bool {
    table.rows.iter().any(|row| row.get(column).is_some_and(|text| !text.is_empty()))
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
        let is_measured = is_there(table, &median);
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
