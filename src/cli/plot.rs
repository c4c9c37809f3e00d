//! `plot DIR`: the figures of a results folder, drawn again from its CSV files.

use crate::cli::{draw, report, say};
use crate::figure::draw_slides;
use crate::sweep::Halt;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Options {
    /// A results folder, such as results/vanishing
    dir: PathBuf,
    /// `slide`: for a lecture, 16 to 9 and in large type, into figures/slides
    #[arg(long, value_enum, default_value_t = Style::Page)]
    style: Style,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Style {
    Page,
    Slide,
}

/// Draws all figures of the folder.
///
/// # Errors
/// A folder without results; what drawing reports.
pub fn run(options: &Options) -> Result<ExitCode, Halt> {
    let dir = &options.dir;
    if let Some(file) = ["plan.json", "runs.csv"].into_iter().find(|file| !dir.join(file).is_file()) {
        return Err(Halt::Input(format!("{} has no {file}; give a folder that a sweep has finished", dir.display())));
    }
    if options.style == Style::Slide {
        draw_slides(dir).map_err(|e| Halt::Io(e.to_string()))?;
        say(&format!("{}\n", dir.join("figures/slides").display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    draw(dir).map_err(Halt::Io)?;
    report(dir)?;
    say(&format!("{}\n", dir.join("figures").display()))?;
    Ok(ExitCode::SUCCESS)
}
