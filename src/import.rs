//! Runs that another program trained, read from tidy tables and kept as a results folder, so that figures, claims, comparison and
//! report are made of them as of runs of this program. docs/import.md is the format.
//!
//! What can be derived is never asked for: how the gradient fades, the best step and the steps to the target come from the tables
//! by the same code as for runs of this program.

mod cells;
mod error;
mod records;
mod table;

pub use error::ImportError;

use crate::conclude::summary::Summaries;
use crate::experiment::Experiment;
use crate::experiment::figure_kind::{CellsShown, FigureKind};
use crate::experiment::plan::Asked;
use crate::figure::kinds::FACTS;
use crate::files::{self, FileError, write, write_table};
use crate::plan_file::claim::ClaimSpec;
use crate::plan_file::figure::FigureSpec;
use crate::plan_file::{ImportedFile, PlanCell, PlanData, PlanFile, SCHEMA};
use crate::results::claims;
use crate::table::{Cell, Table};
use crate::{columns, columns::Column};
use cells::Grid;
use records::{Layers, Run, records};
use std::path::{Path, PathBuf};
use table::{Kind, Source};

/// Tables that were read and found to fit each other.
pub struct Import {
    plan: PlanFile,
    claims: Vec<ClaimSpec>,
    /// The text of the file that asks for figures, claims and a comparison; empty without one.
    asks: String,
    runs: Vec<Run>,
}

impl Import {
    /// Reads tables, in any order, and at most one TOML file that asks for figures, claims and a comparison; `axes` are the columns
    /// that tell cells apart, if not all that vary. `name` is that of the experiment where the TOML file gives none.
    ///
    /// # Errors
    /// The first thing wrong with the files: where, and what to write instead.
    pub fn read(paths: &[PathBuf], axes: Option<&[String]>, name: &str) -> Result<Import, ImportError> {
        let is_toml = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "toml");
        let (asks, tables): (Vec<&PathBuf>, Vec<&PathBuf>) = paths.iter().partition(is_toml);
        if let [_, second, ..] = asks[..] {
            return Err(ImportError::file(second, "is a second TOML file", "give one with all sections"));
        }
        let text = match asks.first() {
            Some(path) => files::read_text(path).map_err(|e| ImportError::unreadable(path, e))?,
            None => String::new(),
        };
        let file = asks.first().map_or(name.into(), |path| path.display().to_string());
        let experiment = Experiment::parse(&text, &file, FACTS)?;
        let mut sources = Vec::new();
        let mut imported = Vec::new();
        for path in tables {
            let bytes = files::read(path).map_err(|e| ImportError::unreadable(path, e))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            imported.push(ImportedFile { name, digest: files::digest(blake3::hash(&bytes)) });
            sources.push(Source::read(path, bytes)?);
        }
        let of = |kind: Kind| sources.iter().filter(move |source| source.kind == kind);
        let [tables, history, layers] =
            [Kind::Runs, Kind::History, Kind::Layers].map(|kind| of(kind).collect::<Vec<_>>());
        let mut grid = Grid::of(&tables, axes)?;
        experiment.share(&grid.axes, &mut grid.cells)?;
        let runs = records(&grid, &history, &layers)?;
        let record = records::cadence(&runs);
        let Asked { mut figures, claims, compare } =
            experiment.asked_of(&grid.axes, &grid.cells, grid.seeds.len(), record.as_ref())?;
        // Those that the file asks for come last, and say themselves what they lack.
        let defaults = figures.len() - experiment.figures.len();
        figures.iter_mut().take(defaults).for_each(|figure| draw_measured(figure, [&tables, &history]));
        let mut places = 0..;
        figures.retain(|figure| {
            let fits = has_column(figure, &layers) && not_shown(figure, &runs).is_none();
            places.next() >= Some(defaults) || fits && !lacks(figure, [&tables, &history])
        });
        if let Some((figure, why)) = figures.iter().find_map(|figure| Some((figure, not_shown(figure, &runs)?))) {
            let help = "write those layers too, or draw what there is: kind = \"gradient_heatmap\" shows the layers of every step";
            return Err(ImportError::files(format!("the figure {} shows the gradient {why}", figure.kind), help));
        }
        let data = grid.shared.get("data").map_or_else(|| "imported".into(), ToString::to_string);
        let digest = imported.iter().map(|file| file.digest.as_str()).collect::<Vec<_>>().join(" ");
        let alike = grid.guesses.iter().all(|guesses| *guesses == grid.guesses[0]);
        let cells =
            grid.cells.iter().zip(&grid.step_flop).zip(&grid.guesses).map(|((cell, step_flop), own)| PlanCell {
                labels: cell.labels.iter().cloned().collect(),
                settings: cell.settings.iter().map(|(key, value)| (key.into(), value.clone())).collect(),
                function: None,
                step_flop: *step_flop,
                guesses: own.filter(|_| !alike),
            });
        let plan = PlanFile {
            schema: SCHEMA,
            name: experiment.own_name().unwrap_or(name).into(),
            question: experiment.question().into(),
            seeds: grid.seeds,
            seed: 0,
            record,
            labels: false,
            settings: grid.shared,
            cells: cells.collect(),
            axes: grid.axes,
            figures,
            compare,
            data: PlanData {
                name: data,
                digest,
                train_rows: 0,
                outputs: 0,
                answers: None,
                classes: true,
                guesses: grid.guesses[0].filter(|_| alike),
            },
            probe: 0,
            imported,
        };
        Ok(Import { plan, claims, asks: text, runs })
    }

    /// What to say of runs of which the layers do not show the start or the end.
    pub fn remarks(&self) -> Vec<String> {
        let all = self.runs.iter().filter(|run| run.layers().is_some()).count();
        let told = |is_told: fn(&&Run) -> bool, what: &dyn Fn(&Run) -> Option<String>| {
            let own = self.runs.iter().filter(is_told).count();
            let first = self.runs.iter().find(is_told).and_then(what);
            first.map(|what| format!("in {own} of {all} runs {what}"))
        };
        let late = told(Run::begins_late, &|run| {
            Some(format!(
                "the layers begin after step 0 (\"{}\": at step {}), so nothing is told of the gradient before training; count steps \
                 from 0, the first gradient before any update, and write its layers",
                run.id,
                run.layers()?.first
            ))
        });
        let early = told(Run::ends_early, &|run| {
            let Layers { last, end, .. } = run.layers()?;
            Some(format!(
                "the layers end before the history (\"{}\": at step {last} of {end}), so nothing is told of the gradient at the end",
                run.id
            ))
        });
        late.into_iter().chain(early).collect()
    }

    /// How many runs, cells and seeds there are.
    pub fn counts(&self) -> [usize; 3] {
        [self.runs.len(), self.plan.cells.len(), self.plan.seeds.len()]
    }

    /// Writes the tables and the plan of a results folder, whose lock the caller holds.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), FileError> {
        let plan = &self.plan;
        write(&dir.join("experiment.toml"), self.asks.as_bytes())?;
        write(&dir.join("plan.json"), plan.text().as_bytes())?;
        claims::keep(dir, &self.claims)?;
        let mut table = Table::new(&columns::of_runs(plan.axes.iter().map(|axis| columns::planned(&axis.name))));
        let by_run = |own: &[Column]| Table::new(&[&columns::RUN_KEYS[..1], own].concat());
        let (mut history, mut layers) = (by_run(columns::HISTORY), by_run(columns::LAYERS));
        let mut summaries = Summaries::new(plan.cells.len());
        for run in &self.runs {
            let record = &run.record;
            let name = Cell::Text(run.id.clone());
            let labels = &plan.cells[run.cell].labels;
            let chosen = plan.axes.iter().map(|axis| Cell::from(labels.get(&axis.name).map(String::as_str)));
            table.push(record.row(&run.id, chosen.collect(), run.seed, Cell::Empty));
            for (to, from) in [(&mut history, &record.history), (&mut layers, &record.layers)] {
                from.rows.iter().for_each(|row| to.push([std::slice::from_ref(&name), row].concat()));
            }
            summaries.add(run.cell, record);
        }
        let mut summary = Table::new(&Summaries::header(&plan.axes));
        for (number, cell) in plan.cells.iter().enumerate() {
            let labels = plan.axes.iter().filter_map(|axis| cell.labels.get(&axis.name).map(String::as_str));
            summary.push(summaries.row(number, labels, plan.guesses(cell)));
        }
        for (file, table) in
            [("runs.csv", table), ("history.csv", history), ("layers.csv", layers), ("summary.csv", summary)]
        {
            write_table(&dir.join(file), &table)?;
        }
        Ok(())
    }
}

/// A default figure of a loss or an accuracy that no table has is drawn of the first that some table has.
fn draw_measured(figure: &mut FigureSpec, tables: [&[&Source]; 2]) {
    if lacks(figure, tables) {
        let measured = |column: &&Column| {
            let own = FigureSpec { metric: Some(column.name.into()), ..figure.clone() };
            column.has_baseline() && !lacks(&own, tables)
        };
        let measured = columns::HISTORY.iter().find(measured).map(|column| column.name.to_string());
        figure.metric = measured.or(figure.metric.take());
    }
}

/// Whether a figure draws a loss or an accuracy that neither the histories nor, where it needs none, the tables of runs have.
fn lacks(figure: &FigureSpec, [runs, history]: [&[&Source]; 2]) -> bool {
    let Some(kind) = FigureKind::of(FACTS, &figure.kind) else { return false };
    let own = figure.metric.as_deref().or(kind.metric);
    let own = own.and_then(|own| columns::find(columns::HISTORY, own)).filter(|column| column.has_baseline());
    let mut sources = history.iter().chain(runs.iter().filter(|_| !kind.history));
    own.is_some_and(|own| sources.all(|source| source.header.iter().all(|column| column != own.name)))
}

/// Why a figure of layers cannot show its step, the first or the last, of some run; `None` where it can.
fn not_shown(figure: &FigureSpec, runs: &[Run]) -> Option<String> {
    let kind = FigureKind::of(FACTS, &figure.kind).filter(|kind| kind.cells == CellsShown::Layers)?;
    let some = |is_it: fn(&&Run) -> bool| runs.iter().find(is_it).and_then(|run| Some((&run.id, run.layers()?)));
    if (kind.of_init)(figure) {
        let (id, Layers { first, .. }) = some(Run::begins_late)?;
        return Some(format!("before training, but the layers of the run \"{id}\" begin at step {first}"));
    }
    let (id, Layers { last, end, .. }) = figure.step.as_ref().and_then(|_| some(Run::ends_early))?;
    Some(format!("at the end, but the layers of the run \"{id}\" end at step {last} of {end}"))
}

/// Whether some table of layers has the column of layers that a figure draws, if it draws one.
fn has_column(figure: &FigureSpec, layers: &[&Source]) -> bool {
    let kind = FigureKind::of(FACTS, &figure.kind);
    let column = figure.metric.as_deref().or(kind.and_then(|kind| kind.metric));
    let column = column.filter(|column| columns::find(columns::LAYERS, column).is_some());
    column.is_none_or(|column| layers.iter().any(|source| source.header.iter().any(|name| name == column)))
}
