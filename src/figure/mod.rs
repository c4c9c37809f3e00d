//! Figures, drawn from a results folder's plan.json and CSV files alone.
//!
//! Results become a [`chart`] (by a file of `kinds/`), a chart becomes a [`scene`] (by `page/`), a scene becomes files (by `out/`).

mod beyond;
pub mod chart;
pub mod endings;
mod error;
mod finding;
mod guessing;
mod kind;
pub mod kinds;
mod names;
mod out;
mod page;
mod places;
mod reference;
pub mod ruler;
pub mod scene;
pub mod select;
pub mod sheet;
mod shown;
pub mod style;
pub mod text;
mod theory;
mod training;
mod words;

pub use error::FigureError;
pub use out::{FORMATS, origin, pdf, png, svg};

pub use crate::plan_file::figure::FigureSpec;
use crate::plan_file::figure_names;

use crate::files::make_folder;
use crate::parallel::in_parallel;
use crate::results::Results;
use crate::results::figure_claims::FigureClaim;
use kind::Kind;
use origin::Origin;
use scene::Scene;
use select::Selection;
use sheet::{CM, Medium};
use std::path::{Path, PathBuf};

/// What became of one figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The file name without its ending.
    pub name: String,
    /// One in each of the [`FORMATS`]; empty if it was skipped.
    pub files: Vec<PathBuf>,
    /// The drawing as it stands in the SVG file; empty if it was skipped.
    pub svg: String,
    /// Why there is nothing to draw.
    pub skipped: Option<String>,
}

/// The shape of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A page with everything there is to say, and what became of the claims that the figure is about.
    Page,
    /// For a lecture, sixteen to nine, in large type. Of the caption it has what says how many runs are shown, of several
    /// measurements the first.
    Slide,
    /// For a column of a paper, 8 cm wide; as brief as a slide.
    Column,
}

impl Style {
    /// Where in the results folder such figures lie.
    pub fn folder(self) -> &'static str {
        match self {
            Style::Page => "figures",
            Style::Slide => "figures/slides",
            Style::Column => "figures/columns",
        }
    }
}

/// Draws every figure of the plan into the style's folder, in each of the [`FORMATS`], a page with the `claims` that belong to
/// the figure, and removes those that are none of the plan's or have nothing to show any more.
///
/// # Errors
/// A table that cannot be read, a figure whose axes do not fit the plan (before anything is drawn), or a file that cannot be
/// written.
pub fn draw_all(
    results: &Results,
    kinds: &[Kind],
    style: Style,
    claims: &[Vec<FigureClaim>],
) -> Result<Vec<Drawn>, FigureError> {
    let folder = Path::new(style.folder());
    let drawn = draw_into(results, kinds, style, claims, (&results.dir, folder))?;
    let kept = drawn.iter().flat_map(|figure| &figure.files).collect();
    out::remove_others(&results.dir.join(folder), &kept)?;
    Ok(drawn)
}

/// Draws every figure of the plan into the folder `below` another one, such as `figures/mine` below that of the results, and
/// removes none.
///
/// # Errors
/// As [`draw_all`].
pub fn draw_into(
    results: &Results,
    kinds: &[Kind],
    style: Style,
    claims: &[Vec<FigureClaim>],
    (root, below): (&Path, &Path),
) -> Result<Vec<Drawn>, FigureError> {
    let names = results.plan.figure_names();
    let figures: Vec<(&String, &FigureSpec)> = names.iter().zip(&results.plan.figures).collect();
    for (name, spec) in &figures {
        select(results, spec, kinds).map_err(|e| e.of_figure(name))?;
    }
    make_folder(root, below)?;
    let folder = root.join(below);
    let figures: Vec<(usize, (&String, &FigureSpec))> = figures.into_iter().enumerate().collect();
    let drawn = in_parallel(&figures, |(i, (name, spec))| {
        let claims = claims.get(*i).map_or(&[][..], Vec::as_slice);
        write(results, (name, spec), (kinds, style), claims, &folder).map_err(|e| e.of_figure(name))
    });
    drawn.into_iter().collect()
}

/// Draws the figure of this name alone, into the folder `below` another one, and leaves the others as they are; `None` where the
/// plan has none of the name.
///
/// # Errors
/// As [`draw_all`].
pub fn draw_one(
    results: &Results,
    name: &str,
    (kinds, style): (&[Kind], Style),
    claims: &[Vec<FigureClaim>],
    (root, below): (&Path, &Path),
) -> Result<Option<Drawn>, FigureError> {
    let names = results.plan.figure_names();
    let Some(at) = names.iter().position(|known| known == name) else { return Ok(None) };
    make_folder(root, below)?;
    let (spec, claims) = (&results.plan.figures[at], claims.get(at).map_or(&[][..], Vec::as_slice));
    write(results, (name, spec), (kinds, style), claims, &root.join(below)).map(Some).map_err(|e| e.of_figure(name))
}

/// The figures of a results folder that are none of these, and that the next drawing removes.
pub fn obsolete(dir: &Path, style: Style, figures: &[FigureSpec]) -> Vec<String> {
    out::others(&dir.join(style.folder()), &figure_names(figures)).into_iter().collect()
}

/// Draws one figure and writes its files.
fn write(
    results: &Results,
    (name, spec): (&str, &FigureSpec),
    (kinds, style): (&[Kind], Style),
    claims: &[FigureClaim],
    folder: &Path,
) -> Result<Drawn, FigureError> {
    let origin = Origin::of(&select(results, spec, kinds)?, name);
    let ((files, svg), skipped) = match draw(results, spec, kinds, style) {
        Ok(mut scene) => {
            page::layout::verdicts(&mut scene, claims);
            (out::write(&scene, &origin, folder, name)?, None)
        }
        Err(FigureError::Nothing(why)) => (Default::default(), Some(why)),
        Err(error) => return Err(error),
    };
    Ok(Drawn { name: name.into(), files, svg, skipped })
}

/// Draws one figure as a scene.
///
/// # Errors
/// A figure whose axes do not fit the plan, that has [nothing](FigureError::Nothing) to show, or a file that cannot be read.
pub fn draw(results: &Results, spec: &FigureSpec, kinds: &[Kind], style: Style) -> Result<Scene, FigureError> {
    let kind = kind::find(kinds, spec)?;
    let results = shown::shown(results, spec);
    let spread = kind::multiples(&select(&results, spec, kinds)?);
    let selection = select(&results, spread.as_ref().unwrap_or(spec), kinds)?;
    let on = |medium: Medium| Ok::<_, FigureError>(page::draw(&(kind.draw)(&selection, medium)?));
    match style {
        Style::Page => match spec.size {
            None => on(Medium::Page(None, 1.0)),
            Some([width, height]) => {
                stretched(|stretch| on(Medium::Page(Some(width * CM), stretch)), |_| height * CM, 20.0)
            }
        },
        Style::Column => Ok(sheet::in_column(on(Medium::Column)?)),
        Style::Slide => {
            let height = |scene: &Scene| sheet::SLIDE.1 * scene.width / sheet::SLIDE.0;
            Ok(sheet::on_slide(stretched(|stretch| on(Medium::Slide(stretch)), height, 2.5)?))
        }
    }
}

/// A figure as high as it is to be: titles, legends and captions keep their height, and the panels take what they leave, at
/// `most` so many times their usual height.
fn stretched(
    draw: impl Fn(f64) -> Result<Scene, FigureError>,
    height: impl Fn(&Scene) -> f64,
    most: f64,
) -> Result<Scene, FigureError> {
    let mut scene = draw(1.0)?;
    let panels = 2.0 * (scene.height - draw(0.5)?.height);
    let mut stretch = 1.0;
    // A caption may take another line once panels are higher, so that one step does not always do.
    for _ in 0..8 {
        let missing = height(&scene) - scene.height;
        if panels <= 0.0 || missing.abs() < 0.5 {
            break;
        }
        stretch = (stretch + missing / panels).clamp(0.25, most);
        scene = draw(stretch)?;
    }
    Ok(scene)
}

/// The runs of a figure, once it is known to fit the plan.
fn select<'a>(results: &'a Results, spec: &'a FigureSpec, kinds: &[Kind]) -> Result<Selection<'a>, FigureError> {
    match spec.step.as_deref() {
        None | Some("first" | "last") => Selection::new(results, spec, kind::find(kinds, spec)?.facts),
        Some(step) => Err(FigureError::Selection(format!("step = \"{step}\": write \"first\" or \"last\""))),
    }
}
