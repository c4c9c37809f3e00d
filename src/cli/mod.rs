//! The command line: one file a subcommand, and what they share.

pub mod again;
pub mod check;
pub mod compare;
pub mod completions;
pub mod doctor;
pub mod examples;
pub mod init;
pub mod merge;
pub mod plan;
pub mod plot;
pub mod reopen;
pub mod settings;
pub mod shell;
pub mod single_thread;
pub mod slurm;
pub mod sweep;
pub mod theory;
pub mod trace;
pub mod verify;
pub mod why;

use crate::compare::{Comparison, remove};
use crate::data::{self, Places};
use crate::experiment::{Experiment, Overrides, Plan};
use crate::figure::kinds::{ALL, FACTS, nearness};
use crate::figure::{Drawn, Style, draw_all};
use crate::finish::theory::check_claims;
use crate::results::Results;
use crate::setting::Settings;
use crate::sweep::outline::runs;
use crate::sweep::progress::note;
use crate::sweep::request::Request;
use crate::sweep::work::{Work, select};
use crate::sweep::{Halt, claims, interrupt};
use clap::{Args, Parser, Subcommand};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How does the gradient fade on its way back to the first layer, and what stops it?
#[derive(Parser)]
#[command(
    name = "gradsweep",
    version,
    after_help = "Exit codes: 0 all is well, 2 the input is wrong, 75 interrupted \
    (run it again to go on), 1 something is not as it should be, 3 a claim fails."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train every cell of an experiment and write CSV files and figures
    #[command(after_help = examples::SWEEP)]
    Sweep(sweep::Options),
    /// Show what a sweep would run and cost, and train nothing
    #[command(after_help = examples::PLAN)]
    Plan(plan::Options),
    /// Make the tables and figures of a folder that several shards filled, and list what is missing
    #[command(after_help = examples::MERGE)]
    Merge(merge::Options),
    /// Run a sample of a folder's runs again and compare every number with its files
    #[command(after_help = examples::VERIFY)]
    Verify(verify::Options),
    /// Write the weights, batches, gradients and updates of one run's first steps, to be checked in PyTorch
    #[command(after_help = examples::TRACE)]
    Trace(trace::Options),
    /// Print a Slurm script that sweeps in shards and merges them
    #[command(after_help = examples::SLURM)]
    Slurm(slurm::Options),
    /// Print what theory predicts of every cell's gradient at the start, next to what was measured
    #[command(after_help = examples::THEORY)]
    Theory(theory::Options),
    /// Compare the optimizers (or other arms) of a results folder, each at its best setting
    #[command(after_help = examples::COMPARE)]
    Compare(compare::Options),
    /// Judge the claims of a results folder: which hold, which fail, which the seeds leave open
    #[command(after_help = examples::CHECK)]
    Check(check::Options),
    /// Draw the figures of a results folder again, from its CSV files
    #[command(after_help = examples::PLOT)]
    Plot(plot::Options),
    /// Say where a figure comes from, and how to draw it again
    #[command(after_help = examples::WHY)]
    Why(why::Options),
    /// Write a commented experiment file to start from
    #[command(after_help = examples::INIT)]
    Init(init::Options),
    /// Check this machine, its folders and the program's gradients, and say what to do
    #[command(after_help = examples::DOCTOR)]
    Doctor(doctor::Options),
    /// Print the completions of a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions(completions::Options),
    /// Print the manual page
    #[command(after_help = examples::MAN)]
    Man,
    /// List every setting of an experiment with its range and default
    Settings,
}

/// What defines a plan, the same for every command that takes an experiment file.
#[derive(Args)]
struct PlanOptions {
    /// The experiment, a TOML file
    file: PathBuf,
    /// Results folder [default: results/<name of the experiment>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Change the experiment, in the syntax of its file, such as optimizer.lr=0.1 or depth="[2, 4]"
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Run seeds 1..N instead of those of the file
    #[arg(long, value_name = "N", value_parser = count)]
    seeds: Option<u64>,
    /// Run seeds from 1000001 on instead of from 1, on which nothing was tuned
    #[arg(long)]
    fresh_seeds: bool,
    /// Only the runs with this value now, such as depth="[8, 16]" or seed=1; the plan stays whole
    #[arg(long, value_name = "AXIS=VALUE")]
    only: Vec<String>,
    /// Folder of the downloaded data sets [default: $GRADSWEEP_DATA]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// What relative data files are relative to, if not the folder of the file.
    #[arg(skip)]
    base: Option<PathBuf>,
}

impl PlanOptions {
    fn read(&self) -> Result<Plan, Halt> {
        let file = self.file.display();
        let source = std::fs::read_to_string(&self.file).map_err(|e| {
            Halt::Input(format!("cannot read {file}: {e}; give the path of an experiment file in TOML"))
        })?;
        let overrides = Overrides { set: self.set.clone(), seeds: self.seeds, fresh_seeds: self.fresh_seeds };
        let experiment = Experiment::parse(&source, &file.to_string(), FACTS);
        experiment.and_then(|e| e.plan(&overrides)).map_err(|problem| Halt::Input(problem.to_string()))
    }

    fn load(&self, plan: &Plan) -> Result<Work, Halt> {
        load(plan, Places { data_dir: self.data_dir.clone(), base: self.base() })
    }

    fn base(&self) -> PathBuf {
        self.base.clone().unwrap_or_else(|| parent(&self.file))
    }

    /// What a results folder keeps of these.
    fn request(&self) -> Request {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        Request {
            set: self.set.clone(),
            seeds: self.seeds,
            fresh_seeds: self.fresh_seeds,
            base: self.base.clone().unwrap_or_else(|| parent(&absolute(&self.file))),
            data_dir: self.data_dir.as_deref().map(absolute),
        }
    }

    /// The words of a command line that asks for the same plan in the same folder.
    fn words(&self) -> Vec<String> {
        let mut words = vec![self.file.display().to_string()];
        let mut option = |name: &str, value: String| words.extend([name.into(), value]);
        self.set.iter().for_each(|change| option("--set", change.clone()));
        self.seeds.iter().for_each(|n| option("--seeds", n.to_string()));
        self.out.iter().for_each(|dir| option("--out", dir.display().to_string()));
        self.data_dir.iter().for_each(|dir| option("--data-dir", dir.display().to_string()));
        if self.fresh_seeds {
            words.push("--fresh-seeds".into());
        }
        words
    }

    /// The runs that `--only` allows.
    fn chosen(&self, plan: &Plan, work: &Work) -> Result<Vec<usize>, Halt> {
        select(plan, work, &self.only).map_err(|problem| Halt::Input(problem.to_string()))
    }

    fn folder(&self, plan: &Plan) -> PathBuf {
        self.out.clone().unwrap_or_else(|| Path::new("results").join(&plan.name))
    }
}

fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_path_buf()
}

/// Loads the data of a plan; without a folder of downloaded data sets the environment may name one.
fn load(plan: &Plan, places: Places) -> Result<Work, Halt> {
    let data_dir = places.data_dir.or_else(|| std::env::var_os("GRADSWEEP_DATA").map(PathBuf::from));
    let places = Places { data_dir, ..places };
    let load = |settings: &Settings| {
        data::load(settings, &places).map_err(|e| match e.setting {
            Some(key) => plan.place(key, settings.get(key)).error(e.what, e.cure).to_string(),
            None => e.to_string(),
        })
    };
    Work::new(plan, load).map_err(Halt::Input)
}

/// Every cell must fit its data before anything runs.
fn check(plan: &Plan, work: &Work) -> Result<(), Halt> {
    let fits = plan.check_data(&work.facts()).and_then(|()| check_claims(plan, work));
    fits.map_err(|problem| Halt::Input(problem.to_string()))
}

/// What is made from the CSV files of a results folder: the comparison of its arms, the verdicts on its claims, then all its
/// figures, which show those.
fn show(dir: &Path) -> Result<Vec<Drawn>, String> {
    let results = Results::read(dir).map_err(|e| e.to_string())?;
    let comparison = Comparison::of(&results).map_err(|e| e.to_string())?;
    comparison.map_or_else(|| remove(dir), |c| c.write(dir)).map_err(|e| e.to_string())?;
    let claims = claims::read(dir).map_err(|e| e.to_string())?;
    if !claims.is_empty() && !results.runs.is_empty() {
        check::judge(&results, &claims).map_err(|e| e.to_string())?;
    }
    draw_all(dir, ALL, Style::Page).map_err(|e| e.to_string())
}

/// The same, and says which figures had nothing to show.
fn draw(dir: &Path) -> Result<(), String> {
    for figure in show(dir)? {
        if let Some(why) = figure.skipped {
            note(&format!("figure {} left out: {why}", figure.name));
        }
    }
    Ok(())
}

/// Writes the report of a results folder, once everything it quotes is there.
fn report(dir: &Path) -> Result<(), Halt> {
    crate::report::write(dir, &|figure, claim| nearness(ALL, figure, claim)).map_err(|e| Halt::Io(e.to_string()))
}

/// A number of things, at least one.
fn count(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|n| (1..=MOST).contains(n));
    number.ok_or_else(|| format!("write a whole number from 1 to {MOST}"))
}

/// More seeds or jobs than this are a slip of the pen.
const MOST: u64 = 10_000;

/// Runs the command of this process.
pub fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Sweep(options) => sweep::run(&options),
        Command::Plan(options) => plan::run(&options),
        Command::Merge(options) => merge::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Trace(options) => trace::run(&options),
        Command::Slurm(options) => slurm::run(&options),
        Command::Theory(options) => theory::run(&options),
        Command::Compare(options) => compare::run(&options),
        Command::Check(options) => check::run(&options),
        Command::Plot(options) => plot::run(&options),
        Command::Why(options) => why::run(&options),
        Command::Init(options) => init::run(&options),
        Command::Doctor(options) => doctor::run(&options),
        Command::Completions(options) => completions::run(&options),
        Command::Man => completions::man(),
        Command::Settings => settings::run(),
    };
    match result {
        Ok(code) => code,
        Err(halt) => {
            let text = halt.to_string();
            // A problem of the experiment file already begins with the word.
            let said = matches!(halt, Halt::Interrupted(_)) || text.starts_with("error");
            note(&if said { text } else { format!("error: {text}") });
            match halt {
                Halt::Input(_) => ExitCode::from(2),
                Halt::Io(_) => ExitCode::FAILURE,
                Halt::Interrupted(_) => ExitCode::from(interrupt::EXIT as u8),
            }
        }
    }
}

/// Prints to stdout. A reader that went away (`| head`) is no error.
fn say(text: &str) -> Result<(), Halt> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(Halt::Io(format!("cannot write to stdout: {e}"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_of_the_help_is_understood() {
        let lines = examples::ALL.iter().flat_map(|text| text.lines()).filter_map(|l| l.strip_prefix("  gradsweep "));
        let commands: Vec<&str> = lines.map(|line| line.split(['|', '>']).next().unwrap_or(line)).collect();
        assert!(commands.len() > 20);
        for command in commands {
            // The only blanks within quotes are in lists.
            let command = command.replace(", ", ",").replace('"', "");
            let parsed = Cli::try_parse_from(std::iter::once("gradsweep").chain(command.split_whitespace()));
            assert!(parsed.is_ok(), "{command}: {}", parsed.err().map_or(String::new(), |e| e.to_string()));
        }
    }
}
