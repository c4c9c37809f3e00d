//! `cargo run --release --example load -- FILE DIR BYTES`: a journal of that size for the runs of an experiment, its numbers
//! made up. `scripts/load.sh` has the program read it back.

use gradsweep::columns;
use gradsweep::data::{self, Places};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::record::{RunRecord, Status};
use gradsweep::seed::Stream;
use gradsweep::sweep::folder::{Folder, Keep};
use gradsweep::sweep::journal::Clock;
use gradsweep::sweep::request::Request;
use gradsweep::sweep::work::Work;
use gradsweep::table::{Cell, Table};
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, dir, bytes] = args.as_slice() else { return Err("write FILE DIR BYTES".into()) };
    let plan = Experiment::parse(&std::fs::read_to_string(file)?, file, FACTS)?.plan(&Overrides::default())?;
    let work = Work::new(&plan, |settings| data::load(settings, &Places::default()))?;
    let (folder, _) = Folder::open(Path::new(dir), &plan, &work, &Request::default(), Keep::default())?;
    let share = bytes.parse::<usize>()? / work.jobs.len();
    let clock = Clock { started: "2026-01-01T00:00:00Z".into(), seconds: 1.0, worker: 0 };
    for job in &work.jobs {
        let mut random = job.run.spec.seeds.stream(&job.run.run_id, &[]);
        let depth = plan.cells[job.run.cell].settings.int("depth").unwrap_or(1);
        folder.journal.append(&job.run, &record(&mut random, depth, job.steps as i64, share), &clock)?;
    }
    folder.journal.sync()?;
    Ok(())
}

/// A record whose line takes about this many bytes.
fn record(random: &mut Stream, depth: i64, steps: i64, bytes: usize) -> RunRecord {
    /// A random number between 0 and 1 and its comma, or less.
    const CELL: usize = 17;
    let probed = (bytes / CELL / columns::LAYERS.len() / depth as usize).max(2) as i64;
    let mut row = |begin: &[i64], columns: &[columns::Column]| {
        let begin = begin.iter().map(|n| Cell::Int(*n));
        let rest = (begin.len()..columns.len()).map(|_| Cell::Float(random.uniform()));
        begin.chain(rest).collect::<Vec<Cell>>()
    };
    let (mut history, mut layers) = (Table::new(columns::HISTORY), Table::new(columns::LAYERS));
    for i in 0..probed {
        let step = steps * i / (probed - 1);
        (1..=depth).for_each(|layer| layers.push(row(&[step, layer], columns::LAYERS)));
    }
    [0, steps].iter().for_each(|step| history.push(row(&[*step], columns::HISTORY)));
    let outcome = row(&[steps], columns::OUTCOMES);
    let (message, bounds, points) = (String::new(), Vec::new(), Table::default());
    RunRecord {
        status: Status::Finished,
        message,
        outcome,
        bounds,
        history,
        layers,
        points,
        distributions: Table::default(),
        along_input: Table::default(),
    }
}
