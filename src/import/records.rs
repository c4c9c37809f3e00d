//! The record of every run, as a training of this program would leave it, from the rows of the tables.

use super::cells::{Grid, RunRow, ends};
use super::error::ImportError;
use super::table::{Row, Source, UNITS};
use crate::columns::{self, Column, Measured, Part, Quantity, STREAM_NORM};
use crate::record::{RunRecord, Status};
use crate::run::outcome::{LayerGradient, Outcome, PartScore, Scores};
use crate::run::score::Score;
use crate::run::spec::{At, Cadence};
use crate::table::{Cell, Table};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A run with its place in the plan.
pub struct Run {
    pub id: String,
    pub cell: usize,
    pub seed: u64,
    pub record: RunRecord,
}

/// The steps of a run's first and last layers, and of its end.
pub struct Layers {
    pub first: i64,
    pub last: i64,
    pub end: i64,
}

impl Run {
    /// `None` where it has no layers.
    pub fn layers(&self) -> Option<Layers> {
        let step = |row: Option<&Vec<Cell>>| match row.map(|row| &row[0]) {
            Some(Cell::Int(step)) => Some(*step),
            _ => None,
        };
        let layers = &self.record.layers.rows;
        let (first, last) = (step(layers.first())?, step(layers.last())?);
        Some(Layers { first, last, end: step(self.record.history.rows.last()).map_or(last, |end| end.max(last)) })
    }

    pub fn begins_late(run: &&Run) -> bool {
        run.layers().is_some_and(|own| own.first > 0)
    }

    pub fn ends_early(run: &&Run) -> bool {
        run.layers().is_some_and(|own| own.last < own.end)
    }
}

/// The rows of one run by step, and within it by layer and time step, where there are some.
type Rows<'a> = BTreeMap<(u64, u64, Option<u64>), Row<'a>>;

/// The record of every run of the grid, in its order.
///
/// # Errors
/// A row of a run that the grid does not have, a row that is there twice, a layer that is missing, a run without any number.
pub fn records(grid: &Grid, history: &[&Source], layers: &[&Source]) -> Result<Vec<Run>, ImportError> {
    let (history, layers) = (by_run(grid, history)?, by_run(grid, layers)?);
    let run = |(run, rows): (&RunRow, (&Rows, &Rows))| -> Result<Run, ImportError> {
        let target = grid.cells[run.cell].settings.float("target_loss");
        Ok(Run { id: run.id.into(), cell: run.cell, seed: run.seed, record: record(run, rows, target)? })
    };
    grid.runs.iter().zip(history.iter().zip(&layers)).map(run).collect()
}

/// The rows of each run.
fn by_run<'a>(grid: &Grid, sources: &[&'a Source]) -> Result<Vec<Rows<'a>>, ImportError> {
    let numbers: HashMap<&str, usize> = grid.runs.iter().zip(0..).map(|(run, number)| (run.id, number)).collect();
    let mut rows: Vec<Rows> = grid.runs.iter().map(|_| Rows::new()).collect();
    for row in sources.iter().flat_map(|source| source.rows()) {
        let id = row.needed("run_id")?;
        let Some(number) = numbers.get(id) else {
            let message = format!("the table of runs has no run \"{id}\"");
            return Err(row.wrong("run_id", message, "write the same id in both tables, or delete the row"));
        };
        row.needed("step")?;
        let step = row.whole("step", 0)?.unwrap_or_default();
        let place = (step, row.whole("layer", 1)?.unwrap_or_default(), row.whole("time", 1)?);
        if rows[*number].insert(place, row).is_some() {
            let message = format!("run \"{id}\" has a second row of this step, layer and time step");
            return Err(row.wrong("step", message, "delete one of the two"));
        }
    }
    Ok(rows)
}

fn record(run: &RunRow, (history, layers): (&Rows, &Rows), target: Option<f64>) -> Result<RunRecord, ImportError> {
    let mut outcome = Outcome::default();
    let scored = scored(history)?;
    for ((step, ..), row) in history {
        if let Some(score) = part(*row, Part::Training)?.and_then(|part| part.loss())
            && target.is_some_and(|target| score <= target)
        {
            outcome.reached(*step as usize);
        }
    }
    for (step, scores) in &scored {
        outcome.scored(*step, *scores);
    }
    for (_, rows) in by_step(layers) {
        outcome.layers(gradients(run, &rows)?);
    }
    let status = status(run, history)?;
    let last_of = |rows: &Rows| rows.keys().next_back().map(|(step, ..)| *step);
    beyond_history(run, last_of(history), layers)?;
    let last = last_of(history).max(last_of(layers));
    let (mut cells, mut bounds) = outcome.end(last.map(|step| step as usize), status == Status::Diverged);
    // The first layers are the start, and the last ones the end, only where they are of the first and the last step.
    let starts = layers.keys().next().is_some_and(|(step, ..)| *step == 0);
    let ends_with_layers = last_of(layers) == last;
    for (cell, column) in cells.iter_mut().zip(columns::OUTCOMES).filter(|(_, column)| column.part.is_none()) {
        let is_known = match column.measured {
            Measured::Init => starts,
            Measured::End => ends_with_layers,
            _ => true,
        };
        if !is_known {
            *cell = Cell::Empty;
            bounds.retain(|bound| bound != column.name);
        }
    }
    let known = |column: &Column| !scored.is_empty() && history.values().any(|row| row.text(column.name).is_some());
    for (cell, column) in cells.iter_mut().zip(columns::OUTCOMES).filter(|(_, column)| column.part.is_some()) {
        let measured = if column.measured == Measured::Best { of_the_end(column) } else { Some(column) };
        // Of a run that broke off the last scores are not those of its end.
        let is_before =
            column.measured == Measured::End && scored.last().map(|(step, _)| *step as u64) != last_of(history);
        if is_before || !measured.is_some_and(known) {
            *cell = Cell::Empty;
        }
    }
    for column in ends() {
        let Some(at) = columns::OUTCOMES.iter().position(|other| other == column) else { continue };
        let is_whole = column.quantity == Quantity::Steps;
        let own =
            if is_whole { run.row.whole(column.name, 0)?.map(|n| n as f64) } else { run.row.number(column.name)? };
        let Some(own) = own else { continue };
        let found = match &cells[at] {
            Cell::Float(x) => Some(*x),
            Cell::Int(n) => Some(*n as f64),
            _ => None,
        };
        if found.is_some_and(|found| found != own && !(found.is_nan() && own.is_nan())) {
            let last = if is_whole { "the last row of the run" } else { "the last step of the history" };
            let message = format!("is {own}, but {last} says {}", found.unwrap_or(own));
            return Err(run.row.wrong(column.name, message, "delete the column, or correct one of the two"));
        }
        cells[at] = if is_whole { Cell::Int(own as i64) } else { Cell::Float(own) };
    }
    if cells.iter().all(|cell| *cell == Cell::Empty) && !matches!(status, Status::Failed | Status::Diverged) {
        let message = format!("the run \"{}\" has no measurements", run.id);
        return Err(run.row.wrong(
            "run_id",
            message,
            "add its history, write diverged or failed as its status, or delete the row",
        ));
    }
    let table = |columns: &'static [Column], rows: &Rows| -> Result<Table, ImportError> {
        let mut table = Table::new(columns);
        for row in rows.values() {
            table.push(columns.iter().map(|column| cell(*row, column)).collect::<Result<_, _>>()?);
        }
        Ok(table)
    };
    Ok(RunRecord {
        status,
        message: run.message.into(),
        outcome: cells,
        bounds,
        history: table(columns::HISTORY, history)?,
        layers: table(columns::LAYERS, layers)?,
        points: Table::default(),
        distributions: Table::default(),
        along_input: Table::default(),
    })
}

/// Refuses layers that go on after the last row of the history, whose losses would pass for those of the end.
fn beyond_history(run: &RunRow, history: Option<u64>, layers: &Rows) -> Result<(), ImportError> {
    let Some(end) = history else { return Ok(()) };
    let Some(((step, ..), row)) = layers.iter().find(|((step, ..), _)| *step > end) else { return Ok(()) };
    let last = layers.keys().next_back().map_or(*step, |(step, ..)| *step);
    let message = format!(
        "the layers of the run \"{}\" go on to step {last}, but its history ends at step {end}, so that there is no record of how it \
         ends",
        run.id
    );
    let help = format!("write its history up to step {last}, or delete its layers from step {step} on");
    Err(row.wrong("step", message, help))
}

/// The column of the end with the same part and quantity as one of the best step.
fn of_the_end(best: &Column) -> Option<&'static Column> {
    columns::by_part(best.quantity, Measured::End).find(|column| column.part == best.part)
}

/// Rows by step.
fn by_step<'a>(rows: &Rows<'a>) -> BTreeMap<u64, Vec<(u64, Option<u64>, Row<'a>)>> {
    let mut steps: BTreeMap<u64, Vec<_>> = BTreeMap::new();
    for ((step, layer, time), row) in rows {
        steps.entry(*step).or_default().push((*layer, *time, *row));
    }
    steps
}

/// The scores of each step that has every loss and accuracy that the run has at any step.
fn scored(history: &Rows) -> Result<Vec<(usize, Scores)>, ImportError> {
    let is_whole = |row: &Row| {
        let own = |column: &&Column| history.values().any(|row| row.text(column.name).is_some());
        let mut measured = columns::HISTORY.iter().filter(|column| column.has_baseline()).filter(own).peekable();
        measured.peek().is_some() && measured.all(|column| row.text(column.name).is_some())
    };
    let scores = |((step, ..), row): (&(u64, u64, Option<u64>), &Row)| {
        let train = part(*row, Part::Training)?.unwrap_or_default();
        let [validation, test] = [part(*row, Part::Validation)?, part(*row, Part::Test)?];
        Ok((*step as usize, Scores { train, validation, test }))
    };
    history.iter().filter(|(_, row)| is_whole(row)).map(scores).collect()
}

/// The score of a part of the data in a row of the history; `None` where it has none.
fn part(row: Row, part: Part) -> Result<Option<PartScore>, ImportError> {
    let of = |quantity: Quantity, sample: bool| {
        let whole = columns::by_part(quantity, Measured::End).find(|column| column.part == Some(part));
        let column = whole.and_then(|column| if sample { columns::of_sample(column) } else { Some(column) });
        column.map_or(Ok(None), |column| row.number(column.name))
    };
    let score = |sample: bool| -> Result<Option<Score>, ImportError> {
        let loss = of(Quantity::Loss, sample)?;
        let (accuracy, balanced_accuracy) = (of(Quantity::Accuracy, sample)?, of(Quantity::BalancedAccuracy, sample)?);
        let some = loss.or(accuracy).or(balanced_accuracy);
        Ok(some.map(|_| Score { loss: loss.unwrap_or(f64::NAN), accuracy, balanced_accuracy }))
    };
    let (whole, sample) = (score(false)?, score(true)?);
    Ok(whole.or(sample).map(|_| PartScore { whole, sample }))
}

/// How the run ended: as its row says, or by whether its last losses are finite. The end of a run that did not break off has all that
/// its history measures.
fn status(run: &RunRow, history: &Rows) -> Result<Status, ImportError> {
    if let Some(status @ (Status::Diverged | Status::Failed)) = run.status {
        return Ok(status);
    }
    let Some((_, last)) = history.last_key_value() else { return Ok(Status::Finished) };
    let mut status = Status::Finished;
    for column in columns::HISTORY.iter().filter(|column| column.has_baseline()) {
        match last.number(column.name)? {
            Some(x) if !x.is_finite() && column.quantity == Quantity::Loss => status = Status::Diverged,
            None if history.values().any(|row| row.text(column.name).is_some()) => {
                let message = "is empty at the last step of the run, though not at earlier ones";
                let help = "write NaN where the run diverged (pandas: na_rep=\"NaN\"), or say status diverged in the table of runs; \
                            of a run that did not, write the number";
                return Err(last.wrong(column.name, message, help));
            }
            _ => {}
        }
    }
    Ok(run.status.unwrap_or(status))
}

/// The gradients of a step, whose layers have to be 1, 2, ... without a gap.
fn gradients(run: &RunRow, rows: &[(u64, Option<u64>, Row)]) -> Result<Vec<LayerGradient>, ImportError> {
    let layers: BTreeSet<u64> = rows.iter().map(|(layer, ..)| *layer).collect();
    if let Some((gap, (_, _, row))) =
        (1..).zip(rows).find(|(layer, _)| *layer <= layers.len() as u64 && !layers.contains(layer))
    {
        let message = format!("layer {gap} of the run \"{}\" is missing at this step", run.id);
        return Err(row.wrong("layer", message, "number the layers 1, 2, 3 from the input, and write a row for each"));
    }
    let gradient = |(layer, time, row): &(u64, Option<u64>, Row)| {
        let size = |name: &str| match row.number(name)? {
            Some(x) if x < 0.0 => {
                Err(row.wrong(name, format!("{x} is negative"), "write the root mean square, not its logarithm"))
            }
            size => Ok(size),
        };
        let stream = size("stream_rms")?;
        Ok(LayerGradient {
            layer: *layer as usize,
            time: time.map(|time| time as usize),
            stream,
            norm: stream_norm(*row)?,
            delta: size("delta_rms")?,
            weight: size("weight_grad_rms")?,
            state: size("state_rms")?,
            is_zero: row.number("zeros")?.map(|share| share == 1.0),
        })
    };
    rows.iter().map(gradient).collect()
}

/// The norm of dL/dh where a row has it, or says how many units have its root mean square.
fn stream_norm(row: Row) -> Result<Option<f64>, ImportError> {
    let of_units = match (row.number("stream_rms")?, row.whole(UNITS, 1)?) {
        (Some(rms), Some(units)) => Some(rms * (units as f64).sqrt()),
        _ => None,
    };
    Ok(row.number(STREAM_NORM.name)?.or(of_units))
}

/// A cell of a results folder.
fn cell(row: Row, column: &Column) -> Result<Cell, ImportError> {
    match column.quantity {
        _ if *column == STREAM_NORM => Ok(stream_norm(row)?.into()),
        Quantity::Key => Ok(row.whole(column.name, 0)?.map(|n| n as usize).into()),
        _ => Ok(row.number(column.name)?.into()),
    }
}

/// At which steps the runs were measured; `None` where none has steps.
pub fn cadence(runs: &[Run]) -> Option<Cadence> {
    let steps = |table: fn(&RunRecord) -> &Table| {
        let rows = runs.iter().flat_map(|run| &table(&run.record).rows);
        let step = |row: &Vec<Cell>| match row[0] {
            Cell::Int(step) => Some(step as usize),
            _ => None,
        };
        let steps: Vec<usize> = rows.filter_map(step).collect::<BTreeSet<usize>>().into_iter().collect();
        match steps[..] {
            [0, every, ..] if (0..).step_by(every).zip(&steps).all(|(a, b)| a == *b) => At::Every(every),
            _ => At::Steps(steps),
        }
    };
    let is_measured = runs.iter().any(|run| !run.record.history.is_empty() || !run.record.layers.is_empty());
    let (gradients, score) = (steps(|record| &record.layers), steps(|record| &record.history));
    is_measured.then_some(Cadence::new(gradients, score, 0))
}
