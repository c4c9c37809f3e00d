//! Progress on stderr: bars on a terminal, now and then a plain line elsewhere.
//!
//! Workers only write down where they are; one thread looks and draws, so that a step costs one atomic store.

use crate::parallel::lock;
use crate::printable::printable;
use crate::record::Status;
use crate::run::cost::Cost;
use crate::run::spec::Cadence;
use crate::sweep::forecast::{Rate, clock, spent};
use crate::sweep::work::Job;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::Write;
use std::ops::Add;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

const REDRAW: Duration = Duration::from_millis(100);
const FIRST_LINE: Duration = Duration::from_secs(2);
const NEXT_LINE: Duration = Duration::from_secs(10);
/// A sweep that is over by then needs no estimate.
const ESTIMATE: Duration = Duration::from_millis(700);
/// The estimate counts as much as so many seconds of every worker, and then gives way to the time that runs took.
const TRUST: f64 = 4.0;
/// Without an estimate all operations take the same time.
const UNKNOWN: Rate = Rate { training: 1.0, recording: 1.0, timed: 0 };

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// An overall bar and one a worker.
    Bars,
    /// A plain line now and then.
    Lines,
    Nothing,
}

/// How the runs of this session ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub done: usize,
    pub diverged: usize,
    pub failed: usize,
}

/// What the workers are doing.
pub struct Board {
    began: Instant,
    runs: usize,
    cost: Cost,
    /// How long the runs should take, once that was asked.
    rate: OnceLock<Option<Rate>>,
    sum: Mutex<Sum>,
    workers: Vec<Worker>,
}

#[derive(Default)]
struct Sum {
    tally: Tally,
    cost: Cost,
}

#[derive(Default)]
struct Worker {
    step: AtomicUsize,
    job: Mutex<Option<CurrentRun>>,
}

#[derive(Clone)]
struct CurrentRun {
    label: String,
    steps: usize,
    cost: Cost,
    cadence: Cadence,
}

impl Board {
    /// For `workers` threads that have `runs` runs of `cost` before them.
    pub fn new(workers: usize, cost: Cost, runs: usize) -> Self {
        let workers = (0..workers).map(|_| Worker::default()).collect();
        Board { began: Instant::now(), runs, cost, rate: OnceLock::new(), sum: Mutex::default(), workers }
    }

    /// A worker starts a run.
    pub fn start(&self, worker: usize, job: &Job) {
        self.workers[worker].step.store(0, Ordering::Relaxed);
        let (label, cadence) = (job.label.clone(), job.run.spec.cadence.clone());
        *lock(&self.workers[worker].job) = Some(CurrentRun { label, steps: job.steps, cost: job.cost, cadence });
    }

    /// A worker is before this step.
    pub fn step(&self, worker: usize, step: usize) {
        self.workers[worker].step.store(step, Ordering::Relaxed);
    }

    /// A worker has journaled a run.
    pub fn end(&self, worker: usize, job: &Job, status: Status) {
        *lock(&self.workers[worker].job) = None;
        let mut sum = lock(&self.sum);
        sum.cost = sum.cost + job.cost;
        sum.tally.done += 1;
        sum.tally.diverged += usize::from(status == Status::Diverged);
        sum.tally.failed += usize::from(status == Status::Failed);
    }

    /// How the journaled runs ended.
    pub fn tally(&self) -> Tally {
        lock(&self.sum).tally
    }

    /// Draws until the sender of `over` is dropped; `estimate` tells how long the runs should take.
    pub fn watch(&self, over: Receiver<()>, show: Show, estimate: &dyn Fn() -> Option<Rate>) {
        match show {
            Show::Bars => self.bars(over, estimate),
            Show::Lines => self.lines(over, estimate),
            Show::Nothing => {}
        }
    }

    fn lines(&self, over: Receiver<()>, estimate: &dyn Fn() -> Option<Rate>) {
        let mut wait = FIRST_LINE;
        if over.recv_timeout(ESTIMATE) == Err(RecvTimeoutError::Timeout) {
            self.rate.get_or_init(estimate);
            wait = FIRST_LINE.saturating_sub(self.began.elapsed());
        }
        while over.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            wait = NEXT_LINE;
            note(&self.forecast());
        }
        note(&self.summary());
    }

    fn bars(&self, over: Receiver<()>, estimate: &dyn Fn() -> Option<Rate>) {
        let style =
            |template: &str| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let multi = MultiProgress::new();
        let overall = multi.add(ProgressBar::new(self.runs as u64));
        overall.set_style(style("[{bar:24}] {wide_msg}"));
        let bars: Vec<ProgressBar> = self.workers.iter().map(|_| multi.add(ProgressBar::new(1))).collect();
        bars.iter().for_each(|bar| bar.set_style(style("  {bar:12} {pos:>6}/{len:<6} {wide_msg}")));
        while over.recv_timeout(REDRAW) == Err(RecvTimeoutError::Timeout) {
            if self.began.elapsed() > ESTIMATE {
                self.rate.get_or_init(estimate);
            }
            overall.set_position(self.tally().done as u64);
            overall.set_message(self.forecast());
            for (bar, worker) in bars.iter().zip(&self.workers) {
                let now = lock(&worker.job).clone();
                let (label, steps) = now.map_or((String::new(), 1), |now| (now.label, now.steps));
                bar.set_length(steps as u64);
                bar.set_position(worker.step.load(Ordering::Relaxed) as u64);
                bar.set_message(printable(&label).into_owned());
            }
        }
        bars.iter().for_each(ProgressBar::finish_and_clear);
        overall.finish_and_clear();
        note(&self.summary());
    }

    fn summary(&self) -> String {
        let Tally { done, diverged, failed } = self.tally();
        let mut text = format!("{done}/{} runs", self.runs);
        for (count, word) in [(diverged, "diverged"), (failed, "failed")] {
            if count > 0 {
                text += &format!(", {count} {word}");
            }
        }
        text + &format!(", {} passed", clock(self.began.elapsed()))
    }

    fn forecast(&self) -> String {
        let left = self.left(self.began.elapsed());
        self.summary() + &left.map_or(String::new(), |left| format!(", about {} left", clock(left)))
    }

    /// Time left: as estimated, corrected by how long what is done has taken; unknown before either is known.
    fn left(&self, elapsed: Duration) -> Option<Duration> {
        let estimate = *self.rate.get()?;
        let (rate, trust) = estimate.map_or((UNKNOWN, 0.0), |rate| (rate, TRUST * self.workers.len() as f64));
        let in_flight = self.workers.iter().map(Worker::spent).fold(Cost::default(), Cost::add);
        let (done, tally) = {
            let sum = lock(&self.sum);
            (sum.cost + in_flight, sum.tally)
        };
        let (all, spent) = (rate.seconds(self.cost), rate.seconds(done));
        let busy = self.workers.len().min(self.runs - tally.done).max(1) as f64;
        let slower = (trust + elapsed.as_secs_f64() * self.workers.len() as f64) / (trust + spent);
        let left = slower * (all - spent) / busy;
        if left > 0.0 { Duration::try_from_secs_f64(left).ok() } else { None }
    }
}

impl Worker {
    fn spent(&self) -> Cost {
        let step = self.step.load(Ordering::Relaxed);
        let now = lock(&self.job);
        now.as_ref().map_or(Cost::default(), |now| spent(now.cost, &now.cadence, now.steps, step.min(now.steps)))
    }
}

/// A line on stderr; whether anybody reads it is not our business.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", printable(line));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::spec::At;

    #[test]
    fn the_rest_is_predicted_from_cost_and_the_estimate_gives_way_to_what_was_measured() {
        let cost = |training: f64| Cost { training, ..Cost::default() };
        let seconds = |s: f64| Some(Duration::from_secs_f64(s));
        let board = Board::new(1, cost(100.0), 2);
        assert_eq!(board.left(Duration::from_secs(1)), None);
        board.rate.get_or_init(|| None);
        assert_eq!(board.left(Duration::from_secs(1)), None, "nothing is done and nothing estimated");
        lock(&board.sum).cost = cost(80.0);
        assert_eq!(board.left(Duration::from_secs(8)), seconds(2.0));
        let (label, cadence) = (String::new(), Cadence::new(At::Every(1), At::Every(1), 1));
        *lock(&board.workers[0].job) = Some(CurrentRun { label, steps: 10, cost: cost(20.0), cadence });
        board.step(0, 5);
        assert_eq!(board.left(Duration::from_secs(9)), seconds(1.0));

        let estimated = Board::new(1, cost(100.0), 2);
        estimated.rate.get_or_init(|| Some(Rate { training: 1.0, recording: 0.0, timed: 0 }));
        assert_eq!(estimated.left(Duration::ZERO), seconds(100.0), "before anything is done");
        lock(&estimated.sum).cost = cost(50.0);
        let left = estimated.left(Duration::from_secs(500)).unwrap().as_secs_f64();
        assert!((450.0..500.0).contains(&left), "ten times slower than estimated: {left}");
    }
}
