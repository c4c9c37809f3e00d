//! A pool of threads that trains the runs, one a thread, in the order given, and journals each as soon as it has finished.

use crate::columns;
use crate::data::Dataset;
use crate::files::FileError;
use crate::parallel::caught;
use crate::parallel::lock;
use crate::record::{RunRecord, Status};
use crate::run::cost::{Cost, bytes};
use crate::run::{RunError, spec::RunSpec};
use crate::sweep::forecast::Rate;
use crate::sweep::journal::{Clock, Journal};
use crate::sweep::memory::{self, Gate};
use crate::sweep::progress::{Board, Show, Tally};
use crate::sweep::{RunFn, SweepError, interrupt::Interrupt, provenance::utc, work::Work};
use crate::table::Table;
use rayon::prelude::*;
use std::cell::{Cell, RefCell};
use std::ops::{Add, ControlFlow};
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Instant, SystemTime};

/// candle walks its graph by recursion, which a deep network takes beyond the usual 2 MiB.
const STACK: usize = 16 << 20;

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Runs at the same time.
    pub jobs: usize,
    /// Stop at the first run that fails.
    pub fail_fast: bool,
    pub show: Show,
}

/// Trains the jobs numbered in `order` and journals each. Runs in flight are dropped when `interrupt` asks.
///
/// # Errors
/// When the journal cannot be written or the threads cannot be started.
pub fn run(
    work: &Work,
    order: &[usize],
    options: Options,
    train: &RunFn,
    journal: &Journal,
    interrupt: &Interrupt,
) -> Result<Tally, SweepError> {
    let workers = options.jobs.clamp(1, order.len().max(1));
    let gate = Gate::new(memory::room(workers));
    let pool = threads(workers)?;
    let board =
        Board::new(workers, order.iter().map(|&i| work.jobs[i].cost).fold(Cost::default(), Cost::add), order.len());
    let (next, stop, broken) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(None));
    let stopped = || stop.load(Ordering::Relaxed) || interrupt.asked();
    let fail = |error: FileError| {
        stop.store(true, Ordering::Relaxed);
        lock(&broken).get_or_insert(error);
    };
    let (appended, to_sync) = channel();
    let worker = |worker: usize| {
        while !stopped() {
            let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
            let job = &work.jobs[index];
            let Some(memory) = gate.enter(job, stopped) else { return };
            board.start(worker, job);
            let (began, started) = (Instant::now(), utc(SystemTime::now()));
            let mut on_step = |step| {
                board.step(worker, step);
                if stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let result = match memory.is_there() {
                true => guarded(train, &job.run.spec, work.dataset(job), &mut on_step),
                false => Err(RunError::NoMemory(format!("{} of memory", bytes(job.memory.total())))),
            };
            drop(memory);
            let record = match result {
                Ok(record) if record.outcome.len() == columns::OUTCOMES.len() => record,
                Ok(record) => {
                    failed(format!("{} outcomes instead of {}", record.outcome.len(), columns::OUTCOMES.len()))
                }
                Err(RunError::Cancelled) if stopped() => return,
                Err(defect) => failed(defect.to_string()),
            };
            let clock = Clock { started, seconds: began.elapsed().as_secs_f64(), worker };
            let saved = {
                let _saving = interrupt.saving();
                journal.append(&job.run, &record, &clock)
            };
            if let Err(error) = saved {
                return fail(error);
            }
            _ = appended.send(true);
            board.end(worker, job, record.status);
            if record.status == Status::Failed && options.fail_fast {
                stop.store(true, Ordering::Relaxed);
            }
        }
    };
    let careful = |spec: &RunSpec, data: &Dataset, on_step: &mut dyn FnMut(usize) -> ControlFlow<()>| {
        guarded(train, spec, data, on_step)
    };
    let estimate = || Rate::find(journal.folder(), work, order, &gate, &careful);
    let watch = |ended| board.watch(ended, options.show, &estimate);
    // A power cut costs the runs of the last moments; to wait for the disk after every short run would take longer than it.
    let sync = |to_sync: Receiver<bool>| {
        while to_sync.recv() == Ok(true) && to_sync.try_iter().all(|more| more) {
            journal.sync().unwrap_or_else(fail);
        }
    };
    std::thread::scope(|scope| {
        let (over, ended) = channel();
        // Without a thread to spare it is done at the end.
        drop(std::thread::Builder::new().spawn_scoped(scope, || sync(to_sync)));
        // Without a thread to spare nothing is shown, and the runs go on.
        drop(std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || watch(ended)));
        pool.broadcast(|context| worker(context.index()));
        drop(over);
        _ = appended.send(false);
    });
    journal.sync()?;
    match broken.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error.into()),
        None => Ok(board.tally()),
    }
}

/// Does `work` for all items, so many at the same time, and keeps their order.
///
/// # Errors
/// When the threads cannot be started; what `work` reports.
pub fn map<I: Sync, O: Send>(
    items: &[I],
    jobs: usize,
    work: impl Fn(&I) -> Result<O, SweepError> + Sync + Send,
) -> Result<Vec<O>, SweepError> {
    threads(jobs.clamp(1, items.len().max(1)))?.install(|| items.par_iter().map(work).collect())
}

fn threads(count: usize) -> Result<rayon::ThreadPool, SweepError> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(count).stack_size(STACK);
    builder.build().map_err(|source| SweepError::Threads { count, source })
}

/// The record of a run that has none: a row with its message.
fn failed(message: String) -> RunRecord {
    RunRecord {
        status: Status::Failed,
        message,
        outcome: Vec::new(),
        bounds: Vec::new(),
        history: Table::new(columns::HISTORY),
        layers: Table::new(columns::LAYERS),
        points: Table::default(),
        distributions: Table::default(),
        along_input: Table::default(),
    }
}

thread_local! {
    static IN_RUN: Cell<bool> = const { Cell::new(false) };
    static PANICKED_AT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// What the system says where it refuses memory, as that for the stack of a deep recursion.
const NO_MEMORY: &str = "Cannot allocate memory";

/// Trains, and turns a panic into a failed run, so that one defect costs one row.
fn guarded(
    train: &RunFn,
    spec: &RunSpec,
    data: &Dataset,
    on_step: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<RunRecord, RunError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if IN_RUN.get() {
                let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line()));
                PANICKED_AT.set(place.unwrap_or_default());
            } else {
                usual(info);
            }
        }));
    });
    IN_RUN.set(true);
    let result = caught(|| train(spec, data, on_step));
    IN_RUN.set(false);
    result.unwrap_or_else(|text| {
        let place = PANICKED_AT.take();
        match text.contains(NO_MEMORY) {
            true => Err(RunError::NoMemory("more memory in the middle of the run".into())),
            false => Err(RunError::Defect(format!("panic{place}: {text}"))),
        }
    })
}
