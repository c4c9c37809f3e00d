//! The runs table: which of its columns are axes, and the cells and seeds that its rows are of.

use super::error::ImportError;
use super::table::{Row, Source};
use crate::columns::{self, Column, Measured, Part, Quantity, RUN_KEYS};
use crate::data::{Guess, Guesses};
use crate::experiment::plan::GridCell;
use crate::experiment::{nearest, settings};
use crate::plan_file::{Axis, Scale};
use crate::record::Status;
use crate::setting::{Settings, Value};
use crate::table::number;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A row of the runs table.
pub struct RunRow<'a> {
    pub id: &'a str,
    pub cell: usize,
    pub seed: u64,
    /// `None` where the table does not say how runs ended.
    pub status: Option<Status>,
    pub message: &'a str,
    pub row: Row<'a>,
}

/// The column with the floating-point operations of one update, which this program knows of its own runs alone.
pub const FLOP: &str = "flop_per_step";

/// The runs as a grid.
pub struct Grid<'a> {
    pub axes: Vec<Axis>,
    /// In the order of the axes, the last one changing fastest; combinations that no run has are no cells.
    pub cells: Vec<GridCell>,
    /// For each cell the operations of an update, where its first run says them.
    pub step_flop: Vec<Option<f64>>,
    /// For each cell the baselines, where its runs say them.
    pub guesses: Vec<Option<Guesses>>,
    /// What the table says of all runs alike.
    pub shared: BTreeMap<String, Value>,
    pub seeds: Vec<u64>,
    /// By cell and seed.
    pub runs: Vec<RunRow<'a>>,
}

/// The numbers of a run that a runs table may have where no history has them: how many steps there were, and losses and accuracies
/// after the last.
pub fn ends() -> impl Iterator<Item = &'static Column> + Clone {
    let is_end = |c: &&Column| c.part.is_some() && c.measured == Measured::End;
    columns::OUTCOMES.iter().filter(move |c| is_end(c) || c.quantity == Quantity::Steps && c.name == "steps")
}

impl<'a> Grid<'a> {
    /// Of the rows of the runs tables; `axes` are their columns that tell cells apart, if not all that vary.
    ///
    /// # Errors
    /// What is wrong with a cell or a column, or runs that nothing tells apart.
    pub fn of(sources: &[&'a Source], axes: Option<&[String]>) -> Result<Grid<'a>, ImportError> {
        let Some(first) = sources.first() else {
            let help = "give a table with one row per run: run_id, seed, and a column for each axis";
            return Err(ImportError::files("no table of runs is among the files", help));
        };
        let rows: Vec<Row> = sources.iter().flat_map(|source| source.rows()).collect();
        let columns = free_columns(sources, axes)?;
        if let Some(source) = sources.iter().find(|source| source.header.iter().all(|column| column != "seed")) {
            let help = "number the runs of each cell 1, 2, 3 in this column: runs with the same seed are compared \
                with each other";
            return Err(source.wrong("has no column \"seed\"", help));
        }
        let labels = columns.iter().map(|column| labels(&rows, column)).collect::<Result<Vec<Labels>, _>>()?;
        let at = |name: &String| {
            columns.iter().position(|column| column == name).ok_or_else(|| {
                let help = nearest::suggest(name, columns.iter().map(String::as_str));
                first.wrong(format!("no column \"{name}\" that could be an axis"), help)
            })
        };
        let axes: Vec<usize> = match axes {
            Some(named) => named.iter().map(at).collect::<Result<_, _>>()?,
            None => (0..columns.len()).filter(|at| labels[*at].axis.labels.len() > 1).collect(),
        };
        let place = |row: usize| axes.iter().map(|axis| labels[*axis].of_row[row]).collect::<Vec<usize>>();
        // Each with its first row.
        let mut places: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
        for row in 0..rows.len() {
            places.entry(place(row)).or_insert(row);
        }
        let places: Vec<(Vec<usize>, usize)> = places.into_iter().collect();
        let mut runs = Vec::with_capacity(rows.len());
        for (number, row) in rows.iter().enumerate() {
            let own = place(number);
            let cell = places.binary_search_by(|(place, _)| place.cmp(&own)).unwrap_or_default();
            runs.push(run(cell, *row)?);
        }
        let varied =
            labels.iter().map(|labels| &labels.axis).filter(|axis| axis.labels.len() > 1).map(|axis| &*axis.name);
        told_apart(&runs, places.len(), &varied.collect::<Vec<_>>())?;
        let cell = |(place, row): &(Vec<usize>, usize)| {
            let label = |own: &Labels| own.axis.labels[own.of_row[*row]].clone();
            // A name of data that this program does not have tells data sets apart all the same.
            let name = |own: &Labels| (own.axis.name == "data").then(|| ("data", Value::Text(label(own))));
            let known =
                labels.iter().filter_map(|own| settings::read(&own.axis.name, &label(own)).or_else(|| name(own)));
            let own = axes.iter().zip(place).map(|(axis, label)| (&labels[*axis].axis, *label));
            let labels = own.map(|(axis, label)| (axis.name.clone(), axis.labels[label].clone()));
            GridCell { labels: labels.collect(), settings: Settings::new(known.collect()) }
        };
        let all = labels.iter().map(|labels| &labels.axis);
        let same = all.filter(|axis| axis.labels.len() == 1 && !axis.labels[0].is_empty());
        let shared = same.map(|axis| (axis.name.clone(), settings::value(&axis.labels[0]))).collect();
        let cells = places.iter().map(cell).collect();
        let axes = axes.iter().map(|axis| labels[*axis].axis.clone()).collect();
        let seeds: BTreeSet<u64> = runs.iter().map(|run| run.seed).collect();
        runs.sort_by_key(|run| (run.cell, run.seed));
        // Every cell has a run.
        let of_cells = || runs.chunk_by(|a, b| a.cell == b.cell);
        let step_flop = of_cells().map(|own| own[0].row.number(FLOP)).collect::<Result<_, _>>()?;
        let guesses = of_cells().map(guesses).collect::<Result<_, _>>()?;
        Ok(Grid { axes, cells, step_flop, guesses, shared, seeds: seeds.into_iter().collect(), runs })
    }
}

/// The columns that are no key and no measurement, in the order of the first table that has them.
fn free_columns(sources: &[&Source], axes: Option<&[String]>) -> Result<Vec<String>, ImportError> {
    let keys = || RUN_KEYS.iter().chain(ends()).map(|column| column.name).chain([FLOP]);
    let is_key = |column: &str| keys().any(|key| key == column) || columns::of_baseline(column).is_some();
    let mut free: Vec<String> = Vec::new();
    for source in sources {
        for column in source.header.iter().filter(|column| !is_key(column)) {
            if columns::outcome(column).is_some()
                || [columns::BOUNDS.name, columns::ATTENUATION_THEORY.name].contains(&&**column)
            {
                let help = "delete the column: it is computed from the history and the layers";
                return Err(source.wrong(format!("the column \"{column}\" cannot be imported"), help));
            }
            let is_meant = settings::is_known(column) || axes.is_some_and(|axes| axes.contains(column));
            // A slip leaves the column that was meant out.
            let lacking = keys().filter(|key| source.header.iter().all(|column| column != key));
            let shortened = |key: &&str| key.starts_with(&**column) && 2 * column.len() >= key.len();
            let cut = || lacking.clone().find(shortened).filter(|_| is_measured(source, column));
            let near = nearest::nearest(column, lacking.clone()).or_else(cut);
            if let (false, Some(near)) = (is_meant, near) {
                let help = format!("did you mean `{near}`? If it is an axis, name the axes with --axes");
                return Err(
                    source.wrong(format!("the column \"{column}\" is neither a measurement nor a setting"), help)
                );
            }
            if !free.contains(column) {
                free.push(column.clone());
            }
        }
    }
    Ok(free)
}

/// Whether a column looks like a measurement, not like an axis: numbers, of which most rows have one of their own.
fn is_measured(source: &Source, column: &str) -> bool {
    let texts: Vec<&str> = source.rows().filter_map(|row| row.text(column)).collect();
    let different: BTreeSet<&str> = texts.iter().copied().collect();
    texts.iter().all(|text| text.parse::<f64>().is_ok()) && 2 * different.len() > texts.len()
}

/// The labels of a column, empty where some rows have none, and the number of that of each row.
struct Labels {
    axis: Axis,
    of_row: Vec<usize>,
}

fn labels(rows: &[Row], column: &str) -> Result<Labels, ImportError> {
    let texts: Vec<&str> = rows.iter().map(|row| row.text(column).unwrap_or_default()).collect();
    let misfit = |text: &str| settings::no_number(column, text).filter(|_| !text.is_empty());
    if let Some((row, (text, domain))) =
        rows.iter().zip(&texts).find_map(|(row, text)| Some((row, (text, misfit(text)?))))
    {
        let help = "correct it, leave the cell empty, or give the column a name that is not a setting";
        return Err(row.wrong(column, format!("\"{text}\" is not a value of this setting, which is {domain}"), help));
    }
    let is_number = Axis::of(column, texts.iter().map(ToString::to_string)).scale != Scale::Category;
    // Equal numbers are one label, however they are written.
    let canonical = |text: &&str| match text.parse::<f64>() {
        Ok(x) if is_number => number(x),
        _ => text.to_string(),
    };
    let own: Vec<String> = texts.iter().map(canonical).collect();
    let axis = Axis::of(column, own.iter().cloned());
    let known: HashMap<&String, usize> = axis.labels.iter().zip(0..).collect();
    let of_row = own.iter().map(|label| known[label]).collect();
    Ok(Labels { axis, of_row })
}

/// The baselines of a cell, which all of its runs have to say alike; `None` where they say none.
fn guesses(runs: &[RunRow]) -> Result<Option<Guesses>, ImportError> {
    let baseline = |part: Part, quantity: Quantity| {
        let Some(column) = columns::by_part(quantity, Measured::End).find(|column| column.part == Some(part)) else {
            return Ok(None);
        };
        let name = columns::baseline(column);
        let mut known = None;
        for run in runs {
            let Some(x) = run.row.number(&name)? else { continue };
            if !x.is_finite() || *known.get_or_insert(x) != x {
                let message =
                    format!("{x} is not a finite number, or differs from that of another run with the same labels");
                let help = "write what the best constant prediction achieves on these data, the same for all runs of a cell, or leave the cell empty";
                return Err(run.row.wrong(&name, message, help));
            }
        }
        Ok(known)
    };
    let guess = |part: Part| -> Result<Guess, ImportError> {
        let [accuracy, balanced_accuracy, loss] =
            [Quantity::Accuracy, Quantity::BalancedAccuracy, Quantity::Loss].map(|quantity| baseline(part, quantity));
        Ok(Guess { accuracy: accuracy?, balanced_accuracy: balanced_accuracy?, loss: loss? })
    };
    let [training, validation, test] = [Part::Training, Part::Validation, Part::Test].map(guess);
    let (training, validation, test) = (training?, validation?, test?);
    let is_said = [training, validation, test].iter().any(|guess| *guess != Guess::default());
    Ok(is_said.then_some(Guesses { training, validation: Some(validation), test: Some(test) }))
}

fn run(cell: usize, row: Row<'_>) -> Result<RunRow<'_>, ImportError> {
    let status = row.text("status").map(|word| {
        let help = "write finished, reached_target, diverged or failed";
        Status::read(word).ok_or_else(|| row.wrong("status", format!("\"{word}\" is not known"), help))
    });
    row.needed("seed")?;
    Ok(RunRow {
        id: row.needed("run_id")?,
        cell,
        seed: row.whole("seed", 0)?.unwrap_or_default(),
        status: status.transpose()?,
        message: row.text("message").unwrap_or_default(),
        row,
    })
}

/// Every run has a name of its own, and no other run has its cell and its seed.
fn told_apart(runs: &[RunRow], cells: usize, varied: &[&str]) -> Result<(), ImportError> {
    let mut names: HashMap<&str, usize> = HashMap::new();
    let mut places: HashMap<(usize, u64), &str> = HashMap::new();
    for (number, run) in runs.iter().enumerate() {
        if names.insert(run.id, number).is_some() {
            let message = format!("the run \"{}\" is given twice", run.id);
            return Err(run.row.wrong("run_id", message, "write one row per run, and give each run its own id"));
        }
        if let Some(other) = places.insert((run.cell, run.seed), run.id) {
            let message =
                format!("the runs \"{other}\" and \"{}\" have equal labels and the same seed {}", run.id, run.seed);
            let help = "number the runs of a cell by seeds 1, 2, 3, or add a column in which the two differ (and name it in --axes)";
            return Err(run.row.wrong("seed", message, help));
        }
    }
    let seeds: BTreeSet<u64> = runs.iter().map(|run| run.seed).collect();
    if cells == runs.len() && cells > 1 && seeds.len() > 1 {
        let message =
            format!("there are {} seeds, but no two runs have equal labels in {}", seeds.len(), varied.join(", "));
        let help = "delete columns that are measurements, name those that are axes with --axes, or number the runs of each cell by seeds 1, 2, 3";
        return Err(ImportError::files(message, help));
    }
    Ok(())
}
