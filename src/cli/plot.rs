//! `plot DIR`: the figures of a results folder, drawn again from its CSV files.

use crate::cli::prelude::*;
use crate::conclude::{Conclusion, draw_pages};
use crate::figure::{self, Drawn, draw_all, kinds::ALL};
use crate::results::{Results, claims};
use clap::ValueEnum;

#[derive(Args)]
pub struct Options {
    /// A results folder, such as results/vanishing
    dir: PathBuf,
    /// `slide`: for a lecture, 16 to 9 and in large type, into figures/slides; `column`: for a paper, 8 cm wide, without
    /// title and caption, into figures/columns
    #[arg(long, value_enum, default_value_t = Style::Page)]
    style: Style,
}

#[derive(Clone, Copy, ValueEnum)]
enum Style {
    Page,
    Slide,
    Column,
}

/// Draws all figures of the folder.
///
/// # Errors
/// A folder without results; what drawing reports.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    let dir = &options.dir;
    if let Some(file) = ["plan.json", "runs.csv"].into_iter().find(|file| !dir.join(file).is_file()) {
        return Err(CommandError::input(format!(
            "{} has no {file}; give a folder that a sweep has finished, or make tables and figures of what an interrupted \
             one has left with `gradsweep merge DIR`",
            dir.display()
        )));
    }
    let results = Results::read(dir).map_err(CommandError::failed)?;
    let style = match options.style {
        Style::Page => figure::Style::Page,
        Style::Slide => figure::Style::Slide,
        Style::Column => figure::Style::Column,
    };
    if style == figure::Style::Page {
        let claims = claims::read(dir).map_err(CommandError::failed)?;
        let mut conclusion = Conclusion::of(results, &claims)?;
        conclusion.draw(&draw_pages).map_err(CommandError::failed)?;
        left_out(&conclusion.drawn);
        conclusion.report()?;
    } else {
        draw_all(&results, ALL, style, &[]).map_err(CommandError::failed)?;
    }
    print(&format!("{}\n", dir.join(style.folder()).display()))
}

/// Reports which figures had nothing to show.
pub(super) fn left_out(drawn: &[Drawn]) {
    for figure in drawn {
        if let Some(why) = &figure.skipped {
            note(&format!("figure {} left out: {why}", figure.name));
        }
    }
}
