//! `completions SHELL` and `man`, both from the definition of the command line.

use crate::cli::Cli;
use crate::cli::prelude::*;
use clap::CommandFactory;
use clap_complete::Shell;

#[derive(Args)]
pub struct Options {
    /// The shell
    shell: Shell,
}

/// Prints a script for the shell.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "gradsweep", &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// Prints a page with the program and all its commands.
///
/// # Errors
/// When it cannot be made, or stdout cannot be written.
pub fn man() -> Result<ExitCode, CommandError> {
    let mut page = Vec::new();
    let cannot = |e: std::io::Error| CommandError::failed(format!("the manual page cannot be made: {e}"));
    let mut command = Cli::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(cannot)?;
    for part in command.get_subcommands().filter(|part| part.get_name() != "help") {
        let man = clap_mangen::Man::new(part.clone());
        page.extend(format!(".SH GRADSWEEP {}\n", part.get_name().to_uppercase()).into_bytes());
        man.render_description_section(&mut page).map_err(cannot)?;
        man.render_options_section(&mut page).map_err(cannot)?;
    }
    print(&String::from_utf8_lossy(&page))
}
