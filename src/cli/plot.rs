//! `plot DIR`: the figures of a results folder, drawn again from its CSV files.

use crate::cli::{draw, report, say};
use crate::figure::kinds::ALL;
use crate::figure::{self, draw_all};
use crate::sweep::Halt;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Options {
    /// A results folder, such as results/vanishing
    dir: PathBuf,
    /// `slide`: for a lecture, 16 to 9 and in large type, into figures/slides; `column`: for a paper, 8 cm wide, without
    /// title and caption, into figures/columns
    #[arg(long, value_enum, default_value_t = Style::Page)]
    style: Style,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Style {
    Page,
    Slide,
    Column,
}

/// Draws all figures of the folder.
///
/// # Errors
/// A folder without results; what drawing reports.
pub fn run(options: &Options) -> Result<ExitCode, Halt> {
    let dir = &options.dir;
    if let Some(file) = ["plan.json", "runs.csv"].into_iter().find(|file| !dir.join(file).is_file()) {
        return Err(Halt::Input(format!(
            "{} has no {file}; give a folder that a sweep has finished, or make tables and figures of what an interrupted \
             one has left with `gradsweep merge DIR`",
            dir.display()
        )));
    }
    let style = match options.style {
        Style::Page => None,
        Style::Slide => Some(figure::Style::Slide),
        Style::Column => Some(figure::Style::Column),
    };
    if let Some(style) = style {
        draw_all(dir, ALL, style).map_err(|e| Halt::Io(e.to_string()))?;
        say(&format!("{}\n", dir.join(style.folder()).display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    draw(dir).map_err(Halt::Io)?;
    report(dir)?;
    say(&format!("{}\n", dir.join("figures").display()))?;
    Ok(ExitCode::SUCCESS)
}
