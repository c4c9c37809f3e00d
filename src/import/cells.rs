//! The runs table: which of its columns are axes, and the cells and seeds that its rows are of.

use super::error::ImportError;
use super::table::{Row, Source};
use crate::columns::{self, Column, Measured, Quantity, RUN_KEYS};
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
            let help = "give one with a row a run: run_id, seed, and a column for each axis";
            return Err(ImportError::files("no table of runs is among the files", help));
        };
        let rows: Vec<Row> = sources.iter().flat_map(|source| source.rows()).collect();
        let columns = free_columns(sources, axes)?;
        let labels = columns.iter().map(|column| labels(&rows, column)).collect::<Vec<Labels>>();
        let at = |name: &String| {
            columns.iter().position(|column| column == name).ok_or_else(|| {
                let help = nearest::suggest(name, columns.iter().map(String::as_str));
                first.wrong(format!("no column \"{name}\" that could be an axis"), help)
            })
        };
        let axes: Vec<usize> = match axes {
            Some(named) => named.iter().map(at).collect::<Result<_, _>>()?,
            None => (0..columns.len()).filter(|at| labels[*at].all.len() > 1).collect(),
        };
        let place = |row: usize| axes.iter().map(|axis| labels[*axis].of_row[row]).collect::<Vec<usize>>();
        let places: BTreeSet<Vec<usize>> = (0..rows.len()).map(place).collect();
        let places: Vec<Vec<usize>> = places.into_iter().collect();
        let mut runs = Vec::with_capacity(rows.len());
        for (number, row) in rows.iter().enumerate() {
            let cell = places.binary_search(&place(number)).unwrap_or_default();
            runs.push(run(cell, *row)?);
        }
        let varied =
            columns.iter().zip(&labels).filter(|(_, labels)| labels.all.len() > 1).map(|(column, _)| &**column);
        told_apart(&runs, places.len(), &varied.collect::<Vec<_>>())?;
        let cell = |place: &Vec<usize>| {
            let row = runs.iter().find(|run| places[run.cell] == *place).map(|run| run.row);
            let known = columns.iter().filter_map(|column| settings::read(column, row?.text(column)?));
            let own = axes.iter().zip(place);
            let labels = own.map(|(axis, label)| (columns[*axis].clone(), labels[*axis].all[*label].clone()));
            GridCell { labels: labels.collect(), settings: Settings::new(known.collect()) }
        };
        let same = columns.iter().zip(&labels).filter(|(_, labels)| labels.all.len() == 1 && !labels.all[0].is_empty());
        let axis = |axis: &usize| labels[*axis].axis(&columns[*axis]);
        let (axes, cells) = (axes.iter().map(axis).collect(), places.iter().map(cell).collect());
        let shared = same.map(|(column, labels)| (column.clone(), settings::value(&labels.all[0]))).collect();
        let seeds: BTreeSet<u64> = runs.iter().map(|run| run.seed).collect();
        runs.sort_by_key(|run| (run.cell, run.seed));
        let first = |cell: usize| runs.iter().find(|run| run.cell == cell);
        let step_flop = (0..places.len()).map(|cell| first(cell).map_or(Ok(None), |run| run.row.number(FLOP)));
        let step_flop = step_flop.collect::<Result<_, _>>()?;
        Ok(Grid { axes, cells, step_flop, shared, seeds: seeds.into_iter().collect(), runs })
    }
}

/// The columns that are no key and no measurement, in the order of the first table that has them.
fn free_columns(sources: &[&Source], axes: Option<&[String]>) -> Result<Vec<String>, ImportError> {
    let keys = || RUN_KEYS.iter().chain(ends()).map(|column| column.name).chain([FLOP]);
    let mut free: Vec<String> = Vec::new();
    for source in sources {
        for column in source.header.iter().filter(|column| keys().all(|key| key != *column)) {
            if columns::outcome(column).is_some()
                || [columns::BOUNDS.name, columns::ATTENUATION_THEORY.name].contains(&&**column)
            {
                let help = "delete the column: it is computed from the history and the layers";
                return Err(source.wrong(format!("the column \"{column}\" is no input"), help));
            }
            let is_meant = settings::is_known(column) || axes.is_some_and(|axes| axes.contains(column));
            // A slip leaves the column that was meant out.
            let lacking = keys().filter(|key| source.header.iter().all(|column| column != key));
            if let (false, Some(near)) = (is_meant, nearest::nearest(column, lacking)) {
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

/// The labels of a column.
struct Labels {
    /// Numbers ascending, texts in the order of the table; empty where some rows have none.
    all: Vec<String>,
    of_row: Vec<usize>,
    scale: Scale,
}

impl Labels {
    fn axis(&self, name: &str) -> Axis {
        Axis { name: name.into(), labels: self.all.clone(), scale: self.scale, shown: Vec::new() }
    }
}

fn labels(rows: &[Row], column: &str) -> Labels {
    let texts: Vec<&str> = rows.iter().map(|row| row.text(column).unwrap_or_default()).collect();
    let numbers: Option<Vec<f64>> = texts
        .iter()
        .filter(|text| !text.is_empty())
        .map(|text| text.parse().ok().filter(|x: &f64| x.is_finite()))
        .collect();
    let numbers = numbers.filter(|numbers| !numbers.is_empty());
    // Equal numbers are one label, however they are written.
    let canonical = |text: &&str| match text.parse::<f64>() {
        Ok(x) if numbers.is_some() => number(x),
        _ => text.to_string(),
    };
    let own: Vec<String> = texts.iter().map(canonical).collect();
    let mut all: Vec<String> = Vec::new();
    let mut known: HashMap<&String, usize> = HashMap::new();
    for label in &own {
        known.entry(label).or_insert_with(|| {
            all.push(label.clone());
            all.len() - 1
        });
    }
    if numbers.is_some() {
        let size = |label: &String| label.parse().unwrap_or(f64::NEG_INFINITY);
        all.sort_by(|a, b| size(a).total_cmp(&size(b)));
    }
    let known: HashMap<&String, usize> = all.iter().zip(0..).collect();
    let of_row = own.iter().map(|label| known[label]).collect();
    Labels { of_row, scale: numbers.map_or(Scale::Category, |numbers| Scale::of(&numbers)), all }
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
            let message = format!("the run \"{}\" is there twice", run.id);
            return Err(run.row.wrong("run_id", message, "write one row a run, and give each run an id of its own"));
        }
        if let Some(other) = places.insert((run.cell, run.seed), run.id) {
            let message =
                format!("the runs \"{other}\" and \"{}\" have equal labels and the same seed {}", run.id, run.seed);
            let help = "number the runs of a cell by seeds 1, 2, 3, or add a column that tells the two apart (and name it in --axes)";
            return Err(run.row.wrong("seed", message, help));
        }
    }
    let seeds: BTreeSet<u64> = runs.iter().map(|run| run.seed).collect();
    if cells == runs.len() && cells > 1 && seeds.len() > 1 {
        let message =
            format!("there are {} seeds, but no two runs have equal labels in {}", seeds.len(), varied.join(", "));
        let help = "delete the columns that were measured, name those that are axes with --axes, or number the runs of each cell \
                    by seeds 1, 2, 3";
        return Err(ImportError::files(message, help));
    }
    Ok(())
}
