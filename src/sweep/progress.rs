//! Progress on stderr: bars on a terminal, now and then a plain line elsewhere.
//!
//! Workers only write down where they are; one thread looks and draws, so that a step costs one atomic store.

use crate::record::Status;
use crate::sweep::{lock, work::Job};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

const REDRAW: Duration = Duration::from_millis(100);
const FIRST_LINE: Duration = Duration::from_secs(2);
const NEXT_LINE: Duration = Duration::from_secs(10);

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
    cost: f64,
    sum: Mutex<Sum>,
    workers: Vec<Worker>,
}

#[derive(Default)]
struct Sum {
    tally: Tally,
    cost: f64,
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
    cost: f64,
}

impl Board {
    /// For `workers` threads that have `runs` runs of `cost` floating-point operations before them.
    pub fn new(workers: usize, cost: f64, runs: usize) -> Self {
        let workers = (0..workers).map(|_| Worker::default()).collect();
        Board { began: Instant::now(), runs, cost, sum: Mutex::default(), workers }
    }

    /// A worker starts a run.
    pub fn start(&self, worker: usize, job: &Job) {
        self.workers[worker].step.store(0, Ordering::Relaxed);
        *lock(&self.workers[worker].job) =
            Some(CurrentRun { label: job.label.clone(), steps: job.steps, cost: job.cost.total() });
    }

    /// A worker is before this step.
    pub fn step(&self, worker: usize, step: usize) {
        self.workers[worker].step.store(step, Ordering::Relaxed);
    }

    /// A worker has journaled a run.
    pub fn end(&self, worker: usize, job: &Job, status: Status) {
        *lock(&self.workers[worker].job) = None;
        let mut sum = lock(&self.sum);
        sum.cost += job.cost.total();
        sum.tally.done += 1;
        sum.tally.diverged += usize::from(status == Status::Diverged);
        sum.tally.failed += usize::from(status == Status::Failed);
    }

    /// How the journaled runs ended.
    pub fn tally(&self) -> Tally {
        lock(&self.sum).tally
    }

    /// Draws until the sender of `over` is dropped.
    pub fn watch(&self, over: Receiver<()>, show: Show) {
        match show {
            Show::Bars => self.bars(over),
            Show::Lines => self.lines(over),
            Show::Nothing => {}
        }
    }

    fn lines(&self, over: Receiver<()>) {
        let mut wait = FIRST_LINE;
        while over.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            wait = NEXT_LINE;
            note(&self.forecast());
        }
        note(&self.summary());
    }

    fn bars(&self, over: Receiver<()>) {
        let style =
            |template: &str| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let multi = MultiProgress::new();
        let overall = multi.add(ProgressBar::new(self.runs as u64));
        overall.set_style(style("[{bar:24}] {wide_msg}"));
        let bars: Vec<ProgressBar> = self.workers.iter().map(|_| multi.add(ProgressBar::new(1))).collect();
        bars.iter().for_each(|bar| bar.set_style(style("  {bar:12} {pos:>6}/{len:<6} {wide_msg}")));
        while over.recv_timeout(REDRAW) == Err(RecvTimeoutError::Timeout) {
            overall.set_position(self.tally().done as u64);
            overall.set_message(self.forecast());
            for (bar, worker) in bars.iter().zip(&self.workers) {
                let now = lock(&worker.job).clone();
                let (label, steps) = now.map_or((String::new(), 1), |now| (now.label, now.steps));
                bar.set_length(steps as u64);
                bar.set_position(worker.step.load(Ordering::Relaxed) as u64);
                bar.set_message(label);
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

    /// Time left if the rest costs as much a flop as what is done; unknown before anything is done.
    fn left(&self, elapsed: Duration) -> Option<Duration> {
        let in_flight: f64 = self.workers.iter().map(Worker::spent).sum();
        let spent = lock(&self.sum).cost + in_flight;
        let left = elapsed.as_secs_f64() * (self.cost - spent) / spent;
        if left > 0.0 { Duration::try_from_secs_f64(left).ok() } else { None }
    }
}

impl Worker {
    fn spent(&self) -> f64 {
        let step = self.step.load(Ordering::Relaxed) as f64;
        lock(&self.job).as_ref().map_or(0.0, |now| now.cost * (step / now.steps.max(1) as f64).min(1.0))
    }
}

/// A time as people say it: `1 min 05 s`.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

/// A line on stderr; whether anybody reads it is not our business.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        let texts = [0.4, 59.6, 61.0, 3600.0 * 2.0 + 61.0].map(|s| clock(Duration::from_secs_f64(s)));
        assert_eq!(texts, ["0 s", "1 min 00 s", "1 min 01 s", "2 h 01 min"]);
    }

    #[test]
    fn the_rest_is_predicted_from_cost_not_from_counts() {
        let board = Board::new(1, 100.0, 2);
        assert_eq!(board.left(Duration::from_secs(1)), None);
        lock(&board.sum).cost = 80.0;
        assert_eq!(board.left(Duration::from_secs(8)), Some(Duration::from_secs(2)));
        *lock(&board.workers[0].job) = Some(CurrentRun { label: String::new(), steps: 10, cost: 20.0 });
        board.step(0, 5);
        assert_eq!(board.left(Duration::from_secs(9)), Some(Duration::from_secs(1)));
    }
}
