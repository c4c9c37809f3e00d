//! The CSV files, streamed from the journal in plan order, a few runs in memory at a time.

use crate::columns::{self, Column};
use crate::experiment::plan::{GridCell, Plan};
use crate::experiment::settings;
use crate::finish::summary::Summaries;
use crate::finish::theory::{self, Theory, Told};
use crate::record::{RunRecord, point_columns};
use crate::sweep::Halt;
use crate::sweep::files::{Draft, cannot};
use crate::sweep::journal::Journal;
use crate::sweep::work::{Job, Work};
use crate::table::{Cell, CsvWriter};
use std::collections::HashSet;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::thread;

/// Runs read from the journal before they are written.
const AHEAD: usize = 16;

/// Writes all of them.
///
/// # Errors
/// A file that cannot be read or written.
pub fn write(dir: &Path, plan: &Plan, work: &Work, journal: &Journal) -> Result<(), Halt> {
    let predicted = Theory::of(plan, work);
    let layout = Layout::of(plan, &predicted.cells);
    let mut tables = Vec::new();
    for (file, columns) in &layout.files {
        tables.push(CsvFile::create(dir, file, columns)?);
    }
    let mut timings = CsvFile::create(dir, "timings.csv", columns::TIMINGS)?;
    let mut summaries = Summaries::new(plan.cells.len());
    thread::scope(|scope| {
        // Reading the journal and writing the tables take about as long.
        let (read, entries) = sync_channel(AHEAD);
        scope.spawn(move || {
            for job in &work.jobs {
                let entry = journal.entry(&job.run.run_id).transpose();
                // Nobody listens any more once the writer has met an error.
                if entry.is_some_and(|entry| read.send((job, entry)).is_err()) {
                    return;
                }
            }
        });
        for (job, entry) in entries {
            let entry = entry?;
            let (record, clock) = (&entry.run.record, &entry.clock);
            let id = Cell::Text(job.run.run_id.clone());
            layout.rows(plan, job, record, |file, row| tables[file].row(row))?;
            timings.row(&[id, clock.seconds.into(), clock.worker.into(), clock.started.as_str().into()])?;
            summaries.add(job.run.cell, record);
        }
        Ok(())
    })?;
    let mut summary = CsvFile::create(dir, "summary.csv", &Summaries::header(plan))?;
    for (c, cell) in plan.cells.iter().enumerate() {
        summary.row(&summaries.row(c, cell))?;
    }
    let mut theory = CsvFile::create(dir, "theory.csv", &theory::header(plan))?;
    for row in theory::rows(plan, &predicted) {
        theory.row(&row)?;
    }
    for file in tables.into_iter().chain([summary, theory, timings]) {
        file.commit()?;
    }
    Ok(())
}

/// A CSV file under construction.
struct CsvFile {
    path: PathBuf,
    draft: Draft,
    writer: CsvWriter<BufWriter<File>>,
}

impl CsvFile {
    fn create<S: AsRef<str>>(dir: &Path, name: &str, columns: &[S]) -> Result<Self, Halt> {
        let path = dir.join(name);
        let (draft, to) = Draft::create(&path)?;
        let writer = CsvWriter::new(to, columns).map_err(|e| cannot("write", &path, &e))?;
        Ok(CsvFile { path, draft, writer })
    }

    fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a Cell>) -> Result<(), Halt> {
        self.writer.row(cells).map_err(|e| cannot("write", &self.path, &e))
    }

    fn commit(self) -> Result<(), Halt> {
        let to = self.writer.finish().map_err(|e| cannot("write", &self.path, &e))?;
        self.draft.commit(to)
    }
}

/// The files that hold what runs measured, and the columns of each.
pub struct Layout {
    /// `runs.csv` is the first.
    pub files: [(&'static str, Vec<String>); 4],
    runs: Columns,
    /// The predicted attenuation of each cell; empty where predictions are left out.
    attenuation: Vec<Cell>,
}

impl Layout {
    pub fn of(plan: &Plan, told: &[Option<Told>]) -> Self {
        let variables = plan.cells.iter().filter_map(GridCell::function).map(|f| f.start.len()).max().unwrap_or(0);
        let owned = |columns: &[Column]| columns.iter().map(|c| c.name.to_string()).collect::<Vec<_>>();
        let with_id = |columns: Vec<String>| [vec!["run_id".to_string()], columns].concat();
        let runs = Columns::of(plan);
        let files = [
            ("runs.csv", runs.header().into_iter().map(String::from).collect()),
            ("history.csv", with_id(owned(columns::HISTORY))),
            ("layers.csv", with_id(owned(columns::LAYERS))),
            ("points.csv", with_id(point_columns(variables))),
        ];
        let predicted = |told: &Option<Told>| told.as_ref()?.as_ref().ok()?.attenuation().filter(|a| a.is_finite());
        Layout { files, runs, attenuation: told.iter().map(|told| predicted(told).into()).collect() }
    }

    /// Hands every row of a run to `put`, with the number of its file.
    pub fn rows<E>(
        &self,
        plan: &Plan,
        job: &Job,
        record: &RunRecord,
        mut put: impl FnMut(usize, &mut dyn Iterator<Item = &Cell>) -> Result<(), E>,
    ) -> Result<(), E> {
        let row = self.runs.row(plan, job, record);
        put(0, &mut row.iter().chain([self.attenuation.get(job.run.cell).unwrap_or(&Cell::Empty)]))?;
        let id = Cell::Text(job.run.run_id.clone());
        for (file, table) in [&record.history, &record.layers, &record.points].into_iter().enumerate() {
            let (file, columns) = (file + 1, &self.files[file + 1].1[1..]);
            let places: Vec<Option<usize>> = columns.iter().map(|name| table.column(name)).collect();
            for row in &table.rows {
                let cells = places.iter().map(|place| place.map_or(&Cell::Empty, |p| &row[p]));
                put(file, &mut [&id].into_iter().chain(cells))?;
            }
        }
        Ok(())
    }
}

/// Which columns `runs.csv` has.
struct Columns {
    /// Axes that no setting is called after: `variant`, `optimizer`, the names of zips.
    labels: Vec<String>,
    settings: Vec<&'static str>,
}

impl Columns {
    fn of(plan: &Plan) -> Self {
        let mut seen = HashSet::new();
        let settings: Vec<&str> = settings::all().map(|s| s.key).filter(|key| seen.insert(*key)).collect();
        let mut labels: Vec<String> = plan.axes.iter().map(|a| a.name.clone()).collect();
        labels.retain(|name| !settings.contains(&name.as_str()));
        if !labels.iter().any(|name| name == "optimizer") {
            labels.push("optimizer".into());
        }
        Columns { labels, settings }
    }

    fn header(&self) -> Vec<&str> {
        let (id, keys) = columns::RUN_KEYS.split_at(1);
        let measured = keys.iter().chain(columns::OUTCOMES).chain([&columns::ATTENUATION_THEORY]);
        let chosen = self.labels.iter().map(String::as_str).chain(self.settings.iter().copied());
        id.iter().map(|column| column.name).chain(chosen).chain(measured.map(|column| column.name)).collect()
    }

    fn row(&self, plan: &Plan, job: &Job, record: &RunRecord) -> Vec<Cell> {
        let cell = &plan.cells[job.run.cell];
        let mut row = vec![Cell::Text(job.run.run_id.clone())];
        row.extend(self.labels.iter().map(|name| match label(cell, name) {
            // Without an axis of optimizers the arm is the rule.
            None if name == "optimizer" => setting(cell, "optimizer.kind"),
            text => text.map_or(Cell::Empty, Cell::from),
        }));
        // An axis reads the same in its column as in plan.json.
        row.extend(self.settings.iter().map(|key| label(cell, key).map_or_else(|| setting(cell, key), Cell::from)));
        row.push(Cell::Int(job.run.spec.seeds.run as i64));
        row.push(record.status.word().into());
        row.push(record.message.as_str().into());
        row.extend((0..columns::OUTCOMES.len()).map(|i| record.outcome.get(i).cloned().unwrap_or(Cell::Empty)));
        row
    }
}

fn label<'a>(cell: &'a GridCell, axis: &str) -> Option<&'a str> {
    cell.labels.iter().find(|(name, _)| name == axis).map(|(_, label)| label.as_str())
}

fn setting(cell: &GridCell, key: &str) -> Cell {
    cell.settings.get(key).map_or(Cell::Empty, Cell::from)
}
