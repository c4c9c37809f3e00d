//! How long runs will take: their number of operations times the measured time of one.

use crate::parallel::cores;
use crate::results::csv_file::records;
use crate::run::cost::{Cost, flop};
use crate::run::spec::{At, Cadence};
use crate::stats;
use crate::sweep::RunFn;
use crate::sweep::memory::Gate;
use crate::sweep::work::{Job, Work};
use crate::table::count;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

/// Time for one tried run.
const TRIAL: Duration = Duration::from_millis(100);
/// A step of more operations than this is too long to try.
const LARGEST_STEP: f64 = 1e9;
/// Steps of a trial at most.
const TRIED_STEPS: usize = 2000;
/// A trial records every eighth of them, so that steps with and without records are timed apart.
const BETWEEN: usize = 8;

/// Seconds an operation takes on one core, and how that is known. Updates work on batches, scores and probes on many rows at
/// once, which takes less time an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub training: f64,
    /// Of scores and probes.
    pub recording: f64,
    /// Runs of the plan with a row in `timings.csv`; none when some were tried just now.
    pub timed: usize,
}

impl Rate {
    /// From the plan's runs in the folder's `timings.csv`, else by trying some of `todo` for a moment, where the `gate` lets
    /// them in. `None` when neither is possible.
    pub fn find(dir: &Path, work: &Work, todo: &[usize], gate: &Gate, train: &RunFn) -> Option<Self> {
        Rate::timed(dir, work).or_else(|| Rate::tried(work, todo, gate, train))
    }

    /// The seconds that so many operations should take alone on a core.
    pub fn seconds(&self, cost: Cost) -> f64 {
        self.training * cost.training + self.recording * cost.recording()
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
        let rate = seconds / cost;
        (cost > 0.0 && seconds > 0.0).then_some(Rate { training: rate, recording: rate, timed })
    }

    /// A moment of a costly, a middling and a cheap run, weighted by their cost; of fewer where that takes too long.
    fn tried(work: &Work, todo: &[usize], gate: &Gate, train: &RunFn) -> Option<Self> {
        let small = |job: &&Job| job.cost.training / (job.steps.max(1) as f64) < LARGEST_STEP && gate.fits(job);
        let mut jobs: Vec<&Job> = todo.iter().map(|i| &work.jobs[*i]).filter(small).collect();
        jobs.sort_by(|a, b| a.cost.total().total_cmp(&b.cost.total()));
        let last = jobs.len().checked_sub(1)?;
        let (mut cost, mut seconds) = (Cost::default(), [0.0; 2]);
        let began = Instant::now();
        for job in [9, 5, 1].map(|tenth| jobs[last * tenth / 10]) {
            if cost.total() > 0.0 && began.elapsed() > 2 * TRIAL {
                break;
            }
            // Beside the runs of a sweep there may be no memory for one more.
            let _memory = gate.enter_at_once(job)?;
            let rate = tried(work, job, train)?;
            cost = cost + job.cost;
            seconds[0] += rate.training * job.cost.training;
            seconds[1] += rate.recording * job.cost.recording();
        }
        let (training, recording) = (seconds[0] / cost.training, seconds[1] / cost.recording());
        Some(Rate { training, recording, timed: 0 })
            .filter(|rate| rate.training.is_finite() && rate.recording.is_finite())
    }
}

/// How long the runs `todo` will take, so many at once on as many cores as there are, and how that is known.
pub fn forecast(rate: Option<Rate>, work: &Work, todo: &[usize], at_once: usize) -> String {
    let cores = cores().min(at_once.max(1));
    let Some(rate) = rate else { return "not known before a run was timed; the sweep reports it while it runs".into() };
    let seconds = || todo.iter().map(|i| rate.seconds(work.jobs[*i].cost));
    let (longest, all) = (seconds().fold(0.0, f64::max), seconds().sum::<f64>());
    let Ok(time) = Duration::try_from_secs_f64(longest.max(all / cores as f64)) else {
        return "beyond all clocks".into();
    };
    let time =
        if time < Duration::from_secs(1) { "less than a second".into() } else { format!("about {}", clock(time)) };
    let speed = flop(todo.iter().map(|i| work.jobs[*i].cost.total()).sum::<f64>() / all);
    let source = match rate.timed {
        0 => "from a short trial just now".to_string(),
        n => format!("as {} in timings.csv", count(n, "run")),
    };
    format!("{time} on {}, at {speed}/s each ({source})", count(cores, "core"))
}

/// Trains a run for a moment and keeps nothing: how long its operations take.
fn tried(work: &Work, job: &Job, train: &RunFn) -> Option<Rate> {
    let mut spec = job.run.spec.clone();
    let now_and_then = At::Steps((0..job.steps.min(TRIED_STEPS)).step_by(BETWEEN).collect());
    spec.cadence = Cadence { score: now_and_then.clone(), gradients: now_and_then, ..spec.cadence };
    let began = Instant::now();
    let mut at = Vec::new();
    // A run that ends within the moment has told enough.
    let _ = train(&spec, work.dataset(job), &mut |step| {
        at.push(began.elapsed().as_secs_f64());
        let enough = step > BETWEEN && began.elapsed() > TRIAL || step >= TRIED_STEPS;
        if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let lasted: Vec<f64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // The first of each kind finds nothing in the caches, and a few are disturbed by other programs: the median of the rest.
    let median = |records: bool| {
        let steps = lasted.iter().enumerate().filter(|(step, _)| (step % BETWEEN == 0) == records).map(|(_, x)| *x);
        let steps: Vec<f64> = steps.collect();
        stats::median(&steps[usize::from(steps.len() > 1)..])
    };
    let recorded = median(true)?;
    let plain = median(false).unwrap_or(recorded);
    let Cost { training, scoring, probing, .. } = job.cost;
    let count = |at: &At| at.count(job.steps) as f64;
    let cadence = &job.run.spec.cadence;
    let record = scoring / (count(&cadence.score) - 1.0).max(1.0) + probing / count(&cadence.gradients);
    let update = training / job.steps.max(1) as f64;
    Some(Rate { training: plain / update, recording: (recorded - plain).max(0.0) / record, timed: 0 })
}

/// The operations of a run of so many steps before its `step`-th.
pub fn spent(cost: Cost, cadence: &Cadence, steps: usize, step: usize) -> Cost {
    let before = |at: &At| at.before(step, steps) as f64;
    Cost {
        training: cost.training * step as f64 / steps.max(1) as f64,
        scoring: cost.scoring * before(&cadence.score) / (cadence.score.count(steps) as f64 - 1.0).max(1.0),
        ending: 0.0,
        probing: cost.probing * before(&cadence.gradients) / cadence.gradients.count(steps) as f64,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        let texts = [0.4, 59.6, 61.0, 3600.0 * 2.0 + 61.0].map(|s| clock(Duration::from_secs_f64(s)));
        assert_eq!(texts, ["0 s", "1 min 00 s", "1 min 01 s", "2 h 01 min"]);
    }
}
