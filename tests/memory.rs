//! A sweep holds the record of no run that has ended: its memory does not grow with the runs it has done.
//!
//! Alone in its file, since the highest resident size is one of the whole process.

use gradsweep::columns;
use gradsweep::conclude::conclude;
use gradsweep::data::{Dataset, Split, Targets};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::record::{RunRecord, Status};
use gradsweep::run::RunError;
use gradsweep::run::spec::RunSpec;
use gradsweep::sweep::folder::{Folder, Keep};
use gradsweep::sweep::interrupt::Interrupt;
use gradsweep::sweep::pool::{self, Options};
use gradsweep::sweep::progress::Show;
use gradsweep::sweep::request::Request;
use gradsweep::sweep::work::Work;
use gradsweep::table::{Cell, Table};
use std::ops::ControlFlow;

/// Rows of a record's layer table: with all its cells some 250 KiB.
const ROWS: usize = 500;

fn record(_: &RunSpec, _: &Dataset, _: &mut dyn FnMut(usize) -> ControlFlow<()>) -> Result<RunRecord, RunError> {
    let mut layers = Table::new(columns::LAYERS);
    (0..ROWS).for_each(|_| layers.push(vec![Cell::Float(0.5); columns::LAYERS.len()]));
    Ok(RunRecord {
        status: Status::Finished,
        message: String::new(),
        outcome: vec![Cell::Float(0.5); columns::OUTCOMES.len()],
        bounds: Vec::new(),
        history: Table::new(columns::HISTORY),
        layers,
        points: Table::default(),
        distributions: Table::default(),
        along_input: Table::default(),
    })
}

fn sweep(runs: u64) {
    let overrides = Overrides { set: Vec::new(), seeds: Some(runs), ..Overrides::default() };
    let plan = Experiment::parse("[base]\ndepth = 2\nwidth = 6\nsteps = 20\nbatch = 8", "many.toml", FACTS);
    let plan = plan.unwrap().plan(&overrides).unwrap();
    let targets = Targets::Classes { labels: vec![0; 16], count: 2 };
    let data = Dataset {
        name: "made_up".into(),
        shape: vec![3],
        train: Split { rows: 16, x: vec![0.0; 48].into(), targets },
        validation: None,
        test: None,
        digest: "00".into(),
        scaled: None,
        classes: Vec::new(),
        change: None,
        notes: Vec::new(),
        function: None,
    };
    let work = Work::new(&plan, |_| Ok::<_, RunError>(data.clone())).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (folder, _) = Folder::open(dir.path(), &plan, &work, &Request::default(), Keep::default()).unwrap();
    let options = Options { jobs: 2, fail_fast: false, show: Show::Nothing };
    let order = work.order((0..work.jobs.len()).collect());
    let tally = pool::run(&work, &order, options, &record, &folder.journal, &Interrupt::new()).unwrap();
    assert_eq!(tally.done, runs as usize);
    conclude(dir.path(), &plan, &work, &folder.journal, Some(&|_, _| Ok(Vec::new()))).unwrap();
}

/// The highest resident size so far in KiB; none where there is no `/proc`.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find(|line| line.starts_with("VmHWM:"))?.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn ten_times_the_runs_take_no_more_memory() {
    sweep(40);
    let Some(few) = peak() else { return };
    sweep(400);
    let many = peak().unwrap();
    let held = 360 * ROWS * columns::LAYERS.len() * size_of::<Cell>() / 1024;
    println!("{few} KiB for 40 runs, {many} KiB for 400; 360 records are {held} KiB");
    assert!(many < few + held / 8, "{few} KiB for 40 runs, {many} KiB for 400");
}
