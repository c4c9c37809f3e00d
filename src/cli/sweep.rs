//! `sweep FILE`: train what is missing, then CSV files, figures and the table.

use crate::claim::text::summary;
use crate::cli::error::FAILED_CLAIM;
use crate::cli::plan_options::{Loaded, PlanOptions, count};
use crate::cli::plot::{left_out, name_obsolete};
use crate::cli::prelude::*;
use crate::conclude::{Conclusion, Draw, conclude, draw_pages, shows_another_plan, tables};
use crate::experiment::plan::Plan;
use crate::figure::Style;
use crate::parallel::cores;
use crate::record::Status;
use crate::sweep::folder::{Folder, Keep};
use crate::sweep::session::{self, share, to_do, train_all};
use crate::sweep::shard::{Shard, ShardError};
use crate::sweep::unfinished::{Counts, failures};
use crate::sweep::{
    SweepError, candle_is_single_threaded, interrupt::Interrupt, memory, progress::Show, shell, work::Job,
};
use crate::table;
use std::io::IsTerminal;

#[derive(Args, Default)]
pub struct Options {
    #[command(flatten)]
    plan: PlanOptions,
    /// Runs at the same time [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = count)]
    jobs: Option<u64>,
    /// Accept that finished runs of the folder that are not in the plan are dropped from the tables
    #[arg(long)]
    replan: bool,
    /// Run one of n shares, for several machines: i/n counts from 0, auto/n takes i from the scheduler; afterwards `merge` the folder
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
    /// Make no figures and no report; `gradsweep plot` makes them later
    #[arg(long, conflicts_with = "shard")]
    no_figures: bool,
    /// Print a plain line now and then instead of progress bars
    #[arg(long)]
    quiet: bool,
}

fn shard(text: &str) -> Result<Shard, ShardError> {
    Shard::read(text, |name| std::env::var(name).ok())
}

static INTERRUPT: Interrupt = Interrupt::new();
const KEPT: &str = "all finished runs are kept; run the same command again to continue";
const KEPT_FRESH: &str = "all finished runs are kept; run the same command without --fresh to continue";

fn interrupted(kept: &str) -> String {
    format!("interrupted; {kept}")
}

/// A sweep of this plan, whatever plan its folder had before: runs that it drops stay in the journal.
///
/// # Errors
/// As [`run`].
pub(super) fn of(plan: PlanOptions, jobs: Option<u64>) -> Result<ExitCode, CommandError> {
    run(&Options { plan, jobs, replan: true, ..Options::default() })
}

/// The whole of a sweep, in order.
///
/// # Errors
/// What each part reports.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    candle_is_single_threaded()?;
    let loaded = options.plan.load()?;
    let goodbye: fn() = if options.fresh { || note(&interrupted(KEPT_FRESH)) } else { || note(&interrupted(KEPT)) };
    INTERRUPT.listen(goodbye).map_err(SweepError::Signals)?;
    let result = match options.shard {
        Some(shard) => own_share(options, &loaded, shard),
        None => whole(options, &loaded),
    };
    let kept = if options.fresh { KEPT_FRESH } else { KEPT };
    result.map_err(|error| match error {
        CommandError::Failed { cause, .. } if loaded.dir.join("journal").is_dir() => {
            // Of what stops the training, only a file may have found the disk full.
            let is_of_disk =
                cause.downcast_ref::<SweepError>().is_none_or(|error| matches!(error, SweepError::File(_)));
            let space = if is_of_disk { ", for example by freeing disk space" } else { "" };
            CommandError::Failed { cause, help: format!("correct this first{space}; {kept}") }
        }
        CommandError::Failed { cause, .. } => {
            let journal = loaded.dir.join("journal");
            let gone = if loaded.dir.is_dir() { &journal } else { &loaded.dir };
            let help = format!(
                "the folder {} was removed, with the finished runs in it: put it back, and run the same command again \
                    to continue",
                gone.display()
            );
            CommandError::Failed { cause, help }
        }
        CommandError::Interrupted(_) => CommandError::Interrupted(interrupted(kept)),
        input => input,
    })
}

/// A sweep that has the folder to itself: train, conclude, and report.
fn whole(options: &Options, loaded: &Loaded) -> Result<ExitCode, CommandError> {
    let Loaded { plan, work, chosen, dir } = loaded;
    let keep = Keep { replan: options.replan, fresh: options.fresh };
    let (folder, notes) = Folder::open(dir, plan, work, &options.plan.request(), keep)?;
    notes.iter().for_each(|line| note(line));
    work.datasets.iter().flat_map(|data| &data.notes).for_each(|line| note(&format!("note: {line}")));
    name_obsolete(dir, Style::Page, &plan.figures);
    let draw: Option<&Draw> = if options.no_figures { None } else { Some(&draw_pages) };
    if shows_another_plan(dir, plan, work) {
        conclude(dir, plan, work, &folder.journal, draw)?;
    }
    let order = to_do(work, &folder.journal, chosen, options.retry_failed);
    announce(plan, Counts::of(work, &folder.journal), &order, dir.display());
    train(options, loaded, &folder, &order)?;

    let conclusion = conclude(dir, plan, work, &folder.journal, draw)?;
    let counts = Counts::of(work, &folder.journal);
    print_conclusion(plan, &counts, &conclusion)?;
    let again = |job: &Job| shell::line(&options.plan.again(plan, &job.run));
    failures(work, &folder.journal, again)?.iter().for_each(|line| note(line));
    let (folder, tables) = (dir.display(), tables::with_rows(plan).join(", "));
    if options.no_figures {
        note(&format!(
            "results in {folder}: {tables}; figures and report: gradsweep plot {}",
            shell::quote(&folder.to_string())
        ));
    } else {
        note(&format!("results in {folder}: report.html, {tables}, figures"));
    }
    let can_be_compared = counts.done > counts.diverged + counts.failed;
    if let Some(compare) = plan.compare.as_ref().filter(|_| can_be_compared) {
        note(&format!("which {} is better: gradsweep compare {}", compare.arm, dir.display()));
    }
    Ok(exit_code(counts.failed == 0, &conclusion))
}

/// Prints what the results show: the table, how many runs are missing, and the verdicts on the claims.
pub(super) fn print_conclusion(plan: &Plan, counts: &Counts, conclusion: &Conclusion) -> Result<(), CommandError> {
    left_out(&conclusion.drawn);
    print(&conclusion.answer.text())?;
    if counts.done < counts.planned {
        note(&format!("{} of the plan not run yet", table::count(counts.planned - counts.done, "run")));
    }
    if !plan.claims.is_empty() && counts.done > 0 {
        print(&summary(&conclusion.claims))?;
        conclusion.edited_later.into_iter().for_each(note);
    }
    Ok(())
}

/// 1 where runs are not as they should be, else 3 where a claim fails.
pub(super) fn exit_code(runs_are_well: bool, conclusion: &Conclusion) -> ExitCode {
    match (runs_are_well, conclusion.claim_fails()) {
        (false, _) => ExitCode::FAILURE,
        (true, true) => ExitCode::from(FAILED_CLAIM),
        (true, false) => ExitCode::SUCCESS,
    }
}

/// What a shard does: train its share of what is missing. Tables and figures are made by `merge`.
fn own_share(options: &Options, loaded: &Loaded, shard: Shard) -> Result<ExitCode, CommandError> {
    let Loaded { plan, work, chosen, dir } = loaded;
    let (folder, notes) = Folder::join(dir, plan, work, &options.plan.request(), shard)?;
    notes.iter().for_each(|line| note(line));
    let own = share(work, chosen, shard);
    let order = to_do(work, &folder.journal, &own, options.retry_failed);
    let (name, dir, runs) = (&plan.name, dir.display(), table::count(order.len(), "run"));
    note(&format!("{name}: shard {shard} has {runs} to do, {} done before, in {dir}", own.len() - order.len()));
    train(options, loaded, &folder, &order)?;
    let has_failed = |run: &&usize| folder.journal.status(&work.jobs[**run].run.run_id) == Some(Status::Failed);
    let failed = own.iter().filter(has_failed).count();
    if failed > 0 {
        let runs = table::count(failed, "run");
        note(&format!("{runs} failed; after `gradsweep merge`, runs.csv has each message"));
    }
    note(&format!("shard {shard} is done; when all have ended: gradsweep merge {}", shell::quote(&dir.to_string())));
    Ok(if failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn announce(plan: &Plan, counts: Counts, order: &[usize], dir: std::path::Display) {
    let (name, Counts { planned, done, .. }) = (&plan.name, counts);
    if order.is_empty() && done == planned {
        note(&format!("{name}: all {} are done, see {dir}", table::count(planned, "run")));
    } else {
        let runs = table::count(order.len(), "run");
        note(&format!("{name}: {runs} to do, {done} of {planned} done before, in {dir}"));
    }
    if plan.claims_left_out > 0 {
        note(&format!("claims left out, since --set removed what they are about: {}", plan.claims_left_out));
    }
}

fn train(options: &Options, loaded: &Loaded, folder: &Folder, order: &[usize]) -> Result<(), CommandError> {
    if order.is_empty() {
        return Ok(());
    }
    let jobs = options.jobs.map_or_else(cores, |n| n as usize);
    let room = memory::room(jobs.min(order.len()));
    memory::refuse_too_large(&loaded.plan, &loaded.work, order, room).map_err(SweepError::from)?;
    // A dumb terminal cannot move its cursor, and would show every drawing of the bars.
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let lines = options.quiet || dumb || !std::io::stderr().is_terminal();
    let how = session::Options {
        jobs: Some(jobs),
        fail_fast: options.fail_fast,
        show: if lines { Show::Lines } else { Show::Bars },
        shard: options.shard,
        experiment: &options.plan.file,
    };
    let tally = train_all(&loaded.plan, &loaded.work, folder, order, how, &INTERRUPT)?;
    if options.fail_fast && tally.failed > 0 {
        let runs = table::count(order.len() - tally.done, "run");
        note(&format!("--fail-fast: stopped at the first failed run, {runs} not run"));
    }
    Ok(())
}
