//! `verify DIR`: a sample of the runs computed again, and every number compared with what the folder says.

use crate::cli::reopen::reopen;
use crate::cli::{count, runs, say};
use crate::finish::verify::{Difference, files_against_journal, record_against};
use crate::record::Status;
use crate::run;
use crate::seed::Seeds;
use crate::sweep::journal::Journal;
use crate::sweep::progress::note;
use crate::sweep::work::Work;
use crate::sweep::{Halt, candle_is_single_threaded, pool};
use clap::Args;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Options {
    /// A results folder
    dir: PathBuf,
    /// How many runs to compute again, as a number or a percentage
    #[arg(long, value_name = "N or P%", value_parser = Sample::read, default_value = "5%")]
    sample: Sample,
    /// Another number draws another sample
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Runs at the same time [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = count)]
    jobs: Option<u64>,
}

/// How many runs to compute again.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sample {
    Runs(usize),
    Percent(f64),
}

impl Sample {
    fn read(text: &str) -> Result<Self, String> {
        let percent = |p: &str| p.parse().ok().filter(|p| (0.0..=100.0).contains(p)).map(Sample::Percent);
        let sample = match text.strip_suffix('%') {
            Some(number) => percent(number),
            None => text.parse().ok().map(Sample::Runs),
        };
        sample.ok_or_else(|| "write a number of runs, such as 20, or a percentage, such as 5%".into())
    }

    /// Of `n` runs: at least one, unless none was asked for.
    fn of(self, n: usize) -> usize {
        match self {
            Sample::Runs(runs) => runs.min(n),
            Sample::Percent(0.0) => 0,
            Sample::Percent(p) => ((n as f64 * p / 100.0).round() as usize).clamp(1.min(n), n),
        }
    }
}

/// Says whether all agree, and where not, the first place; 1 when something differs.
///
/// # Errors
/// A folder without a plan, or files that cannot be read.
pub fn run(options: &Options) -> Result<ExitCode, Halt> {
    candle_is_single_threaded()?;
    let dir = &options.dir;
    let (plan, work) = reopen(dir)?;
    let journal = Journal::read(&dir.join("journal"))?;
    if let Some(difference) = files_against_journal(dir, &plan, &work, &journal)? {
        return differs(&difference);
    }
    let status = |job: usize| journal.status(&work.jobs[job].run.run_id);
    let done: Vec<usize> =
        (0..work.jobs.len()).filter(|&job| status(job).is_some_and(|s| s != Status::Failed)).collect();
    let sample = sample(&done, options);
    note(&format!("{}: the tables agree with the journal; computing {} again", plan.name, runs(sample.len())));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.map_or(cores, |n| n as usize);
    let compare = |&number: &usize| -> Result<Option<Difference>, Halt> {
        let job = &work.jobs[number];
        let Some(entry) = journal.entry(&job.run.run_id)? else { return Ok(None) };
        let again = run::train(&job.run.spec, work.dataset(job), &mut |_| ControlFlow::Continue(()))
            .map_err(|e| Halt::Io(format!("run {} ({}) failed when computed again: {e}", job.run.run_id, job.label)))?;
        Ok(record_against(&plan, job, &entry.run.record, &again))
    };
    let found = pool::map(&sample, jobs, compare)?;
    if let Some(difference) = found.iter().flatten().next() {
        let number = found.iter().flatten().count();
        if number > 1 {
            note(&format!("{number} of {} differ, this one first:", runs(sample.len())));
        }
        return differs(difference);
    }
    say(&format!(
        "{}: {} computed again, every number equal; {} in the tables\n",
        plan.name,
        runs(sample.len()),
        rows(&work, &journal)
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn rows(work: &Work, journal: &Journal) -> String {
    runs(work.jobs.iter().filter(|job| journal.status(&job.run.run_id).is_some()).count())
}

fn differs(difference: &Difference) -> Result<ExitCode, Halt> {
    note(&format!("differs: {difference}"));
    note("help: sweep the experiment into another folder with --out and compare, or --fresh runs all of it again");
    Ok(ExitCode::FAILURE)
}

/// Job numbers drawn from `done`, in plan order.
fn sample(done: &[usize], options: &Options) -> Vec<usize> {
    let seeds = Seeds { experiment: options.seed, run: 0 };
    let mut drawn = seeds.stream("verify", &[done.len()]).permutation(done.len());
    drawn.truncate(options.sample.of(done.len()));
    drawn.sort_unstable();
    drawn.into_iter().map(|i| done[i]).collect()
}
