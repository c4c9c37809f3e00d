//! How long runs will take: their number of operations times the measured time of one.

use crate::results::csv_file::records;
use crate::run::{cost::flop, spec::At};
use crate::sweep::work::{Job, Work};
use crate::sweep::{RunFn, pool::cores, progress::clock};
use crate::table::count;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

/// Time for one tried run.
const TRIAL: Duration = Duration::from_millis(100);
/// A step of more operations than this is too long to try.
const LARGEST_STEP: f64 = 1e9;

/// Seconds an operation takes on one core, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub seconds: f64,
    /// Runs of the plan with a row in `timings.csv`; none when some were tried just now.
    pub timed: usize,
}

impl Rate {
    /// From the plan's runs in the folder's `timings.csv`, else by trying some of `todo` for a moment. `None` when
    /// neither is possible.
    pub fn find(dir: &Path, work: &Work, todo: &[usize], train: &RunFn) -> Option<Self> {
        Rate::timed(dir, work).or_else(|| Rate::tried(work, todo, train))
    }

    /// The seconds that a run should take alone on a core.
    pub fn seconds(&self, job: &Job) -> f64 {
        self.seconds * job.cost.total()
    }

    fn timed(dir: &Path, work: &Work) -> Option<Self> {
        let timings = records(&dir.join("timings.csv")).ok()?;
        let rows = timings.rows.iter();
        let times: HashMap<&str, f64> =
            rows.filter_map(|row| Some((row.get("run_id")?.as_str(), row.get("seconds")?.parse().ok()?))).collect();
        let known = work.jobs.iter().filter_map(|job| Some((job.cost.total(), *times.get(job.run.run_id.as_str())?)));
        let (mut cost, mut seconds, mut timed) = (0.0, 0.0, 0);
        for (flop, time) in known {
            (cost, seconds, timed) = (cost + flop, seconds + time, timed + 1);
        }
        (cost > 0.0 && seconds > 0.0).then(|| Rate { seconds: seconds / cost, timed })
    }

    /// A moment of a cheap, a middling and a costly run, weighted by their cost.
    fn tried(work: &Work, todo: &[usize], train: &RunFn) -> Option<Self> {
        let small = |job: &&Job| job.cost.training / (job.steps.max(1) as f64) < LARGEST_STEP;
        let mut jobs: Vec<&Job> = todo.iter().map(|i| &work.jobs[*i]).filter(small).collect();
        jobs.sort_by(|a, b| a.cost.total().total_cmp(&b.cost.total()));
        let last = jobs.len().checked_sub(1)?;
        let (mut cost, mut seconds) = (0.0, 0.0);
        for job in [1, 5, 9].map(|tenth| jobs[last * tenth / 10]) {
            let rate = seconds_a_flop(work, job, train)?;
            cost += job.cost.total();
            seconds += rate * job.cost.total();
        }
        Some(Rate { seconds: seconds / cost, timed: 0 })
    }
}

/// How long the runs `todo` will take on all cores, and how that is known.
pub fn forecast(rate: Option<Rate>, work: &Work, todo: &[usize]) -> String {
    let cores = cores();
    let Some(rate) = rate else { return "known once a run was timed; the sweep says it as it goes".into() };
    let longest = todo.iter().map(|i| rate.seconds(&work.jobs[*i])).fold(0.0, f64::max);
    let share = todo.iter().map(|i| rate.seconds(&work.jobs[*i])).sum::<f64>() / cores as f64;
    let Ok(time) = Duration::try_from_secs_f64(share.max(longest)) else { return "beyond all clocks".into() };
    let time =
        if time < Duration::from_secs(1) { "less than a second".into() } else { format!("about {}", clock(time)) };
    let speed = flop(1.0 / rate.seconds);
    let source = match rate.timed {
        0 => "tried for a moment just now".to_string(),
        n => format!("as {} in timings.csv", count(n, "run")),
    };
    format!("{time} on {cores} cores, at {speed}/s each ({source})")
}

/// Trains a run for a moment and keeps nothing: the seconds it took for the operations it did.
fn seconds_a_flop(work: &Work, job: &Job, train: &RunFn) -> Option<f64> {
    let began = Instant::now();
    let mut seen = 0;
    let result = train(&job.run.spec, work.dataset(job), &mut |step| {
        seen = step;
        if began.elapsed() > TRIAL { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let seconds = began.elapsed().as_secs_f64();
    let flop = if result.is_ok() { job.cost.total() } else { spent(job, seen) };
    (flop > 0.0).then(|| seconds / flop)
}

/// The operations of a run before its `step`-th step.
fn spent(job: &Job, step: usize) -> f64 {
    let share = |at: &At| {
        let steps = at.steps(job.steps);
        steps.iter().filter(|s| **s < step).count() as f64 / steps.len() as f64
    };
    let cadence = &job.run.spec.cadence;
    job.cost.training * step as f64 / job.steps.max(1) as f64
        + job.cost.scoring * share(&cadence.score)
        + job.cost.probing * share(&cadence.gradients)
}
