//! How long runs will take: their arithmetic times what an operation took here.

use crate::experiment::spec::At;
use crate::sweep::RunFn;
use crate::sweep::work::{Job, Work};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

/// Time for the steps of one tried run.
const TRIAL: Duration = Duration::from_millis(80);
/// A step of more operations than this is too long to try.
const LARGEST_STEP: f64 = 1e9;
/// candle walks its graph by recursion, so that only nets of this depth are tried on a small stack.
const DEEPEST: i64 = 256;

/// Seconds an operation takes on one core, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub seconds: f64,
    /// Runs of the plan with a row in `timings.csv`; none when a few steps were tried just now.
    pub timed: usize,
}

impl Rate {
    /// From the plan's runs in the folder's `timings.csv`, else by trying a few steps of some of `todo`. `None` when
    /// neither is possible.
    pub fn find(dir: &Path, work: &Work, todo: &[usize], train: &RunFn) -> Option<Self> {
        Rate::timed(dir, work).or_else(|| Rate::tried(work, todo, train))
    }

    /// The seconds that a run should take alone on a core.
    pub fn seconds(&self, job: &Job) -> f64 {
        self.seconds * job.cost.total()
    }

    fn timed(dir: &Path, work: &Work) -> Option<Self> {
        let mut reader = csv::Reader::from_path(dir.join("timings.csv")).ok()?;
        let rows = reader.deserialize::<HashMap<String, String>>().filter_map(Result::ok);
        let times: HashMap<String, f64> =
            rows.filter_map(|row| Some((row.get("run_id")?.clone(), row.get("seconds")?.parse().ok()?))).collect();
        let known = work.jobs.iter().filter_map(|job| Some((job.cost.total(), *times.get(&job.run.run_id)?)));
        let (mut cost, mut seconds, mut timed) = (0.0, 0.0, 0);
        for (flop, time) in known {
            (cost, seconds, timed) = (cost + flop, seconds + time, timed + 1);
        }
        (cost > 0.0 && seconds > 0.0).then(|| Rate { seconds: seconds / cost, timed })
    }

    /// Steps of a cheap, a middling and a costly run, weighted by their cost.
    fn tried(work: &Work, todo: &[usize], train: &RunFn) -> Option<Self> {
        let small = |job: &&Job| {
            job.cost.training / (job.steps.max(1) as f64) < LARGEST_STEP
                && job.run.spec.settings.int("depth").is_none_or(|depth| depth <= DEEPEST)
        };
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

/// Trains some steps, records nothing, keeps nothing.
fn seconds_a_flop(work: &Work, job: &Job, train: &RunFn) -> Option<f64> {
    let mut spec = job.run.spec.clone();
    (spec.cadence.gradients, spec.cadence.score) = (At::Steps(Vec::new()), At::Steps(Vec::new()));
    let mut began: Option<Instant> = None;
    let mut seen = (0, Duration::ZERO);
    // The first step brings the probe and the first use of all memory.
    let _ = train(&spec, work.dataset(job), &mut |step| {
        if step == 1 {
            began = Some(Instant::now());
        } else if let Some(began) = began {
            seen = (step - 1, began.elapsed());
        }
        if seen.1 > TRIAL || step + 1 >= job.steps { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let flop = job.cost.training / job.steps.max(1) as f64 * seen.0 as f64;
    (flop > 0.0).then(|| seen.1.as_secs_f64() / flop)
}
