//! `why FIGURE`: what a figure shows, which plan, data and program it comes from, and how to draw it again.

use crate::cli::prelude::*;
use crate::figure::{Style, origin::Origin};
use crate::results::Results;
use crate::sweep::shell;
use crate::table::count;

#[derive(Args)]
pub struct Options {
    /// A figure, such as results/vanishing/figures/gradient_by_layer.png
    figure: PathBuf,
}

/// Prints what the figure says of itself.
///
/// # Errors
/// A file that cannot be read, or that is no figure of this program.
pub fn run(options: &Options) -> Result<ExitCode, CommandError> {
    let path = &options.figure;
    let origin = Origin::read(path).map_err(|e| {
        CommandError::input(format!("cannot read {}: {e}; give the path of a PNG, SVG or PDF figure", path.display()))
    })?;
    let Some(origin) = origin else {
        return Err(CommandError::input(format!(
            "{} contains no record of its origin; give a PNG, SVG or PDF figure that gradsweep has drawn and that was not edited since",
            path.display()
        )));
    };
    let Origin { experiment, figure, kind, fixed, runs, planned, seeds, plan, data, program, revision } = &origin;
    let kind = if figure == kind { String::new() } else { format!(", {kind}") };
    let planned = planned.filter(|planned| planned != runs).map_or(String::new(), |planned| format!(" of {planned}"));
    let revision = revision.as_ref().map_or(String::new(), |revision| format!(", revision {revision}"));
    let mut text = format!("figure      {figure}{kind}, of the experiment {experiment}\n");
    if !fixed.is_empty() {
        text.push_str(&format!("fixed       {fixed}\n"));
    }
    text.push_str(&format!("runs        {runs}{planned}, over {}\n", count(*seeds, "seed")));
    text.push_str(&format!("plan        {plan}\ndata        {data}\nprogram     {program}{revision}\n"));
    text.push_str(&format!("draw again  {}\n", again(path, &origin)));
    print(&text)
}

/// The command that draws it, from its results folder if it lies in that.
fn again(path: &Path, origin: &Origin) -> String {
    let own = std::path::absolute(path).unwrap_or(path.into());
    let folder = |(style, option): (Style, &'static str)| {
        let dir = own.parent()?;
        let up = Path::new(style.folder()).components().count();
        let results = Results::read(dir.ancestors().nth(up).filter(|_| dir.ends_with(style.folder()))?).ok()?;
        (results.plan.name == origin.experiment).then_some((option, up, results))
    };
    let styles = [(Style::Page, ""), (Style::Slide, " --style slide"), (Style::Column, " --style column")];
    let Some((option, up, results)) = styles.into_iter().find_map(folder) else {
        return format!("gradsweep sweep FILE, with the file of the experiment {}", origin.experiment);
    };
    // As the user named it, not as the machine does.
    let named = path.ancestors().nth(up + 1).filter(|dir| !dir.as_os_str().is_empty());
    let named = named.map_or_else(|| vec![".."; up].join("/"), |dir| dir.display().to_string());
    let command = format!("gradsweep plot {}{option}", shell::quote(&named));
    if results.plan_hash == origin.plan {
        command
    } else {
        format!("{command} (this folder now holds another plan, {})", results.plan_hash)
    }
}
