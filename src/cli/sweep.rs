//! `sweep FILE`: train what is missing, then CSV files, figures and the table.

use crate::cli::again::failures;
use crate::cli::check::{FAILED_CLAIM, settle};
use crate::cli::{PlanOptions, check, count, draw, report, runs, say, shell, show};
use crate::experiment::plan::Plan;
use crate::finish::{View, end_table, finish, shows_another_plan};
use crate::record::Status;
use crate::run;
use crate::sweep::folder::{Folder, Keep, plan_hash, plan_json};
use crate::sweep::interrupt::Interrupt;
use crate::sweep::pool::{self, Tally};
use crate::sweep::progress::{Show, note};
use crate::sweep::provenance::Sitting;
use crate::sweep::shard::Shard;
use crate::sweep::work::Work;
use crate::sweep::{Halt, candle_is_single_threaded, claims};
use clap::Args;
use std::collections::HashSet;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    plan: PlanOptions,
    /// Runs at the same time [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = count)]
    jobs: Option<u64>,
    /// Accept that the plan drops finished runs of the folder from the tables
    #[arg(long)]
    replan: bool,
    /// Only the runs of one of several machines: i/n counts from 0, auto/n asks the scheduler; then `merge` the folder
    #[arg(long, value_name = "I/N", value_parser = shard, conflicts_with_all = ["replan", "fresh"])]
    shard: Option<Shard>,
    /// Run failed runs again
    #[arg(long)]
    retry_failed: bool,
    /// Set the folder's journal aside and run everything again
    #[arg(long, conflicts_with = "only")]
    fresh: bool,
    /// Stop at the first failed run
    #[arg(long)]
    fail_fast: bool,
    /// No bars, a plain line now and then
    #[arg(long)]
    quiet: bool,
}

fn shard(text: &str) -> Result<Shard, String> {
    Shard::read(text, |name| std::env::var(name).ok())
}

static INTERRUPT: Interrupt = Interrupt::new();
const KEPT: &str = "every finished run is kept, and the same command goes on from there";
const KEPT_FRESH: &str = "every finished run is kept, and the same command without --fresh goes on from there";

/// A sweep of this plan, as if asked for without other options.
///
/// # Errors
/// As [`run`].
pub(super) fn of(plan: PlanOptions) -> Result<ExitCode, Halt> {
    run(&Options {
        plan,
        jobs: None,
        replan: false,
        shard: None,
        retry_failed: false,
        fresh: false,
        fail_fast: false,
        quiet: false,
    })
}

/// The whole of a sweep, in order.
///
/// # Errors
/// What each part reports.
pub fn run(options: &Options) -> Result<ExitCode, Halt> {
    candle_is_single_threaded()?;
    let plan = options.plan.read()?;
    let work = options.plan.load(&plan)?;
    check(&plan, &work)?;
    let chosen = options.plan.chosen(&plan, &work)?;
    let dir = options.plan.folder(&plan);
    let keep = Keep { replan: options.replan, fresh: options.fresh };
    let goodbye: fn() = if options.fresh { || note(&interrupted(KEPT_FRESH)) } else { || note(&interrupted(KEPT)) };
    INTERRUPT.listen(goodbye).map_err(|e| Halt::Io(format!("cannot listen for Ctrl-C: {e}")))?;
    let kept = if options.fresh { KEPT_FRESH } else { KEPT };
    let request = options.plan.request();
    let opened = match options.shard {
        Some(shard) => Folder::join(&dir, &plan, &work, &request, shard),
        None => Folder::open(&dir, &plan, &work, &request, keep),
    };
    let result = opened.and_then(|(folder, notes)| {
        notes.iter().for_each(|line| note(line));
        match options.shard {
            Some(shard) => own_share(options, &plan, &work, &folder, &chosen, shard),
            None => in_folder(options, &plan, &work, &folder, chosen),
        }
    });
    result.map_err(|halt| match halt {
        Halt::Io(what) => Halt::Io(format!("{what}\nhelp: mend that, such as by making room; {kept}")),
        Halt::Interrupted(_) => Halt::Interrupted(interrupted(kept)),
        input => input,
    })
}

fn interrupted(kept: &str) -> String {
    format!("interrupted; {kept}")
}

/// What happens once the folder is ours: train, finish, and say how it went.
fn in_folder(
    options: &Options,
    plan: &Plan,
    work: &Work,
    folder: &Folder,
    chosen: Vec<usize>,
) -> Result<ExitCode, Halt> {
    if shows_another_plan(&folder.dir, plan, work) {
        let draw_silently = |dir: &Path| show(dir).map(|_| ());
        finish(&folder.dir, plan, work, &folder.journal, &draw_silently)?;
    }
    let order = work.order(missing(chosen, work, folder, options.retry_failed));
    announce(plan, work, folder, &order);
    if !order.is_empty() {
        train_all(options, plan, work, folder, &order)?;
    }
    let view = finish(&folder.dir, plan, work, &folder.journal, &draw)?;
    say(&end_table(&folder.dir, plan)?)?;
    if view.done < view.planned {
        note(&format!("{} of the plan not run yet", runs(view.planned - view.done)));
    }
    let claim_fails = settle(&folder.dir, plan, view)?;
    report(&folder.dir)?;
    let failures = failures(&options.plan, plan, work, &folder.journal)?;
    if !failures.is_empty() {
        note(&failures);
    }
    note(&format!("results in {}: report.html, {}, figures", folder.dir.display(), tables(plan).join(", ")));
    if let Some(compare) = &plan.compare {
        note(&format!("which {} is better: gradsweep compare {}", compare.arm, folder.dir.display()));
    }
    Ok(match (view.failed, claim_fails) {
        (1.., _) => ExitCode::FAILURE,
        (0, true) => ExitCode::from(FAILED_CLAIM),
        (0, false) => ExitCode::SUCCESS,
    })
}

/// The CSV files that have rows: layers are of networks, points of functions, comparisons of arms.
fn tables(plan: &Plan) -> Vec<&'static str> {
    let functions = plan.cells.iter().filter(|cell| cell.function().is_some()).count();
    let mut tables = vec!["runs.csv", "summary.csv", "history.csv"];
    if functions < plan.cells.len() {
        tables.push("layers.csv");
    }
    if functions > 0 {
        tables.push("points.csv");
    }
    if plan.compare.is_some() {
        tables.push("comparison.csv");
    }
    if plan.figures.iter().any(|figure| figure.theory) {
        tables.push("theory.csv");
    }
    tables
}

/// What a shard does: train its share of what is missing. Tables and figures are made by `merge`.
fn own_share(
    options: &Options,
    plan: &Plan,
    work: &Work,
    folder: &Folder,
    chosen: &[usize],
    shard: Shard,
) -> Result<ExitCode, Halt> {
    let chosen: HashSet<usize> = chosen.iter().copied().collect();
    let mut own = shard.deal(&work.order((0..work.jobs.len()).collect()));
    own.retain(|run| chosen.contains(run));
    let order = work.order(missing(own.clone(), work, folder, options.retry_failed));
    let (name, dir) = (&plan.name, folder.dir.display());
    let before = own.len() - order.len();
    note(&format!("{name}: shard {shard} has {} to do, {before} done before, in {dir}", runs(order.len())));
    if !order.is_empty() {
        train_all(options, plan, work, folder, &order)?;
    }
    let ended = |status: Status| {
        own.iter().filter(|run| folder.journal.status(&work.jobs[**run].run.run_id) == Some(status)).count()
    };
    let failed = ended(Status::Failed);
    if failed > 0 {
        note(&format!("{} failed; after `gradsweep merge`, runs.csv has each message", runs(failed)));
    }
    note(&format!("shard {shard} is done; when all have ended: gradsweep merge {}", shell::quote(&dir.to_string())));
    Ok(if failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The chosen runs that the journal does not have, or has as failed when those are to be run again.
fn missing(chosen: Vec<usize>, work: &Work, folder: &Folder, retry_failed: bool) -> Vec<usize> {
    let open = |i: &usize| match folder.journal.status(&work.jobs[*i].run.run_id) {
        None => true,
        Some(status) => retry_failed && status == Status::Failed,
    };
    chosen.into_iter().filter(open).collect()
}

fn announce(plan: &Plan, work: &Work, folder: &Folder, order: &[usize]) {
    let (name, dir) = (&plan.name, folder.dir.display());
    let View { planned, done, .. } = View::of(work, &folder.journal);
    if order.is_empty() && done == planned {
        note(&format!("{name}: all {} are done, see {dir}", runs(planned)));
    } else {
        note(&format!("{name}: {} to do, {done} of {planned} done before, in {dir}", runs(order.len())));
    }
    if plan.claims_left_out > 0 {
        note(&format!("claims left out, since --set took away what they are about: {}", plan.claims_left_out));
    }
}

fn train_all(options: &Options, plan: &Plan, work: &Work, folder: &Folder, order: &[usize]) -> Result<(), Halt> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.map_or(cores, |n| n as usize);
    let hash = plan_hash(&plan_json(plan, work), work);
    let provenance = match options.shard {
        Some(shard) => folder.dir.join("journal").join(format!("{}.provenance.json", shard.file_stem())),
        None => folder.dir.join("provenance.json"),
    };
    let claims = claims::hash(&plan.claims);
    let sitting = Sitting::begin(provenance, &options.plan.file, [&hash, &claims], work, jobs, order.len())?;
    // A dumb terminal cannot move its cursor, and would show every drawing of the bars.
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let lines = options.quiet || dumb || !std::io::stderr().is_terminal();
    let show = if lines { Show::Lines } else { Show::Bars };
    let how = pool::Options { jobs, fail_fast: options.fail_fast, show };
    let tally = pool::run(work, order, how, &run::train, &folder.journal, &INTERRUPT)?;
    sitting.end(tally.done)?;
    if INTERRUPT.asked() {
        return Err(Halt::Interrupted(String::new()));
    }
    let Tally { done, failed, .. } = tally;
    if options.fail_fast && failed > 0 {
        note(&format!("--fail-fast: stopped at the first failed run, {} not run", runs(order.len() - done)));
    }
    Ok(())
}
