//! `plot DIR`: the figures of a results folder, drawn again from its CSV files.

use crate::cli::prelude::*;
use crate::conclude::{Conclusion, draw_pages};
use crate::experiment::nearest;
use crate::figure::kinds::{ALL, FACTS};
use crate::figure::{self, Drawn, draw_all};
use crate::plan_file::figure::FigureSpec;
use crate::results::{Results, claims};
use crate::sweep::{folder, load};
use clap::ValueEnum;

#[derive(Args)]
pub struct Options {
    /// A results folder, such as results/vanishing
    dir: PathBuf,
    /// `slide`: for a lecture, 16:9 with large type, into figures/slides; `column`: for a paper, 8 cm wide, without
    /// title and with a short caption, into figures/columns
    #[arg(long, value_enum, default_value_t = Style::Page)]
    style: Style,
    /// Only the figure of this name
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Draw the [[figure]] sections of another file instead, into figures/NAME OF THE FILE
    #[arg(long, value_name = "FILE", conflicts_with = "only")]
    with: Option<PathBuf>,
    /// Write the figures into this folder instead, and leave the results folder unchanged
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Without the verdicts on claims below the figures, which may stand in the text around them
    #[arg(long, requires = "out")]
    no_claims: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Style {
    Page,
    Slide,
    Column,
}

impl Style {
    fn of_figures(self) -> figure::Style {
        match self {
            Style::Page => figure::Style::Page,
            Style::Slide => figure::Style::Slide,
            Style::Column => figure::Style::Column,
        }
    }
}

/// Draws all figures of the folder.
///
/// # Errors
/// A folder without results, or that cannot be written; what drawing reports.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    let dir = &options.dir;
    // Elsewhere nothing of the results is written.
    let _lock = if options.out.is_none() { folder::lock(dir)? } else { None };
    let mut results = Results::read(dir).map_err(CommandError::input)?;
    results.remarks().for_each(|line| note(&line));
    let style = options.style.of_figures();
    let mut below = PathBuf::from(style.folder());
    if let Some(file) = &options.with {
        results.plan.figures = load::figures_of(file, dir, &results.plan, FACTS)?;
        below = Path::new(figure::Style::Page.folder()).join(file.file_stem().unwrap_or_default());
    }
    // Elsewhere they lie in the folder itself.
    let place = options.out.as_ref().map_or((&**dir, &*below), |out| (&**out, Path::new("")));
    let claims = if options.no_claims { Vec::new() } else { claims::read(dir).map_err(CommandError::failed)? };
    let mut conclusion = Conclusion::of(results, &claims)?;
    if let Some(name) = &options.only {
        return only(name, &conclusion, style, place);
    }
    if options.with.is_some() || options.out.is_some() {
        return told(&conclusion.draw_into(style, place).map_err(CommandError::failed)?);
    }
    name_obsolete(dir, style, &conclusion.results.plan.figures);
    if style == figure::Style::Page {
        conclusion.write_anew(&draw_pages)?;
        left_out(&conclusion.drawn);
    } else {
        draw_all(&conclusion.results, ALL, style, &[]).map_err(CommandError::failed)?;
    }
    print(&format!("{}\n", dir.join(style.folder()).display()))
}

/// Draws one figure.
fn only(
    name: &str,
    conclusion: &Conclusion,
    style: figure::Style,
    place: (&Path, &Path),
) -> Result<ExitCode, CommandError> {
    let Some(drawn) = conclusion.draw_one(name, style, place).map_err(CommandError::failed)? else {
        let names = conclusion.results.plan.figure_names();
        let help = nearest::suggest(name, names.iter().map(String::as_str));
        return Err(CommandError::input(format!("there is no figure \"{name}\"; {help}")));
    };
    told(&[drawn])
}

/// Says where figures are.
fn told(drawn: &[Drawn]) -> Result<ExitCode, CommandError> {
    left_out(drawn);
    print(
        &drawn.iter().flat_map(|figure| &figure.files).map(|file| format!("{}\n", file.display())).collect::<String>(),
    )
}

/// Names the figures of an earlier plan, which are about to be removed.
pub(super) fn name_obsolete(dir: &Path, style: figure::Style, figures: &[FigureSpec]) {
    let names = figure::obsolete(dir, style, figures);
    if !names.is_empty() {
        let (names, folder) = (names.join(", "), dir.join(style.folder()));
        note(&format!("no longer in the plan, and removed from {}: {names}", folder.display()));
    }
}

/// Reports which figures had nothing to show.
pub(super) fn left_out(drawn: &[Drawn]) {
    for figure in drawn {
        if let Some(why) = &figure.skipped {
            note(&format!("figure {} left out: {why}", figure.name));
        }
    }
}
