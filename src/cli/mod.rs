//! The command line: which subcommands there are; each has a file of its own.

pub mod check;
pub mod compare;
pub mod completions;
pub mod doctor;
mod error;
pub mod examples;
pub mod import;
pub mod init;
mod listing;
pub mod merge;
pub mod plan;
mod plan_options;
pub mod plot;
mod prelude;
pub mod program;
pub mod single_thread;
pub mod slurm;
pub mod sweep;
pub mod theory;
pub mod trace;
pub mod verify;
pub mod why;

use clap::{Parser, Subcommand};
use prelude::*;

/// Train grids of neural networks, measure the gradient at every layer, and report where it vanishes and what helps
#[derive(Parser)]
#[command(
    name = "gradsweep",
    version,
    after_help = "Exit codes: 0 success; 1 a run failed, or a file could not be read or written; 2 the input is \
        wrong; 3 a claim fails; 75 interrupted (run the same command again to continue)."
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
    /// Make the tables and figures of a folder that several shards have written to, and list the missing runs
    #[command(after_help = examples::MERGE)]
    Merge(merge::Options),
    /// Train a sample of a folder's runs again and compare every number with its files
    #[command(after_help = examples::VERIFY)]
    Verify(verify::Options),
    /// Write the weights, batches, gradients and updates of the first steps of one run to a file, to check them in PyTorch
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
    /// Judge the claims of a results folder: which hold, which fail, and for which there are too few seeds
    #[command(after_help = examples::CHECK)]
    Check(check::Options),
    /// Draw the figures of a results folder again, from its CSV files
    #[command(after_help = examples::PLOT)]
    Plot(plot::Options),
    /// Show which plan, data and program a figure comes from, and how to draw it again
    #[command(after_help = examples::WHY)]
    Why(why::Options),
    /// Import CSV tables of runs that another program trained, for figures, claims and comparisons
    #[command(after_help = examples::IMPORT)]
    Import(import::Options),
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
    /// Show the settings of an experiment and the keys of its sections, with allowed values and defaults
    #[command(after_help = examples::SETTINGS)]
    Settings(listing::Settings),
    /// Show the kinds of figures and the keys of each
    #[command(after_help = examples::FIGURES)]
    Figures(listing::Figures),
    /// Show the columns of the CSV files with their meaning and unit
    #[command(after_help = examples::COLUMNS)]
    Columns(listing::Columns),
}

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
        Command::Import(options) => import::run(&options),
        Command::Init(options) => init::run(&options),
        Command::Doctor(options) => doctor::run(&options),
        Command::Completions(options) => completions::run(&options),
        Command::Man => completions::man(),
        Command::Settings(options) => listing::settings(&options),
        Command::Figures(options) => listing::figures(&options),
        Command::Columns(options) => listing::columns(&options),
    };
    result.map(ending).unwrap_or_else(|error| {
        note(&error.message());
        error.exit_code()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_example_of_the_help_is_understood() {
        let commands = Cli::command();
        let texts: Vec<String> =
            commands.get_subcommands().filter_map(|c| Some(c.get_after_help()?.to_string())).collect();
        assert_eq!(texts.len(), 19);
        let lines = texts.iter().flat_map(|text| text.lines()).filter_map(|l| l.strip_prefix("  gradsweep "));
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
