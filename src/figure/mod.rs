//! Figures, drawn from a results folder's plan.json and CSV files alone: a table, then a scene, then PNG, SVG and PDF.

mod attenuation_by_depth;
mod attenuation_over_training;
mod axis;
mod best_of_tries;
mod contour;
mod curves;
mod derivative;
mod finding;
mod gradient_by_layer;
mod gradient_heatmap;
mod heat_map;
mod layout;
mod loss_by_depth;
mod lr_sensitivity;
pub mod origin;
mod paper;
pub mod pdf;
mod performance_profile;
mod plot;
pub mod png;
pub mod scene;
mod select;
mod steps_to_target;
mod style;
pub mod svg;
pub mod text;
mod theory;
mod trajectories;
mod update_ratio;
mod words;

use crate::parallel::in_parallel;
use crate::plan_file::figure::{FigureKind, FigureSpec, Medium};
use crate::results::figure_claims::FigureClaim;
use crate::results::{Results, ResultsError};
use origin::Origin;
use scene::Scene;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The endings of the files that each figure is written to.
pub const FORMATS: [&str; 3] = ["png", "svg", "pdf"];

/// What became of one figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The file name without its ending.
    pub name: String,
    /// One in each of the [`FORMATS`]; empty if it was skipped.
    pub files: Vec<PathBuf>,
    /// Why there is nothing to draw.
    pub skipped: Option<String>,
}

/// A scene, or the reason why the results hold nothing to draw.
pub type Outcome = Result<Scene, String>;

/// Draws every figure of the plan into `figures/` of the results folder, in each of the [`FORMATS`], with the claims that belong
/// to it, and removes those that are none of the plan's or have nothing to show any more.
///
/// # Errors
/// A file of the folder that cannot be read, a figure whose axes do not fit the plan (before anything is drawn), or a
/// file that cannot be written.
pub fn draw_all(results: &Results, claims: &[Vec<FigureClaim>]) -> Result<Vec<Drawn>, ResultsError> {
    let names = results.plan.figure_names();
    let folder = results.dir.join("figures");
    for (name, spec) in names.iter().zip(&results.plan.figures) {
        check(results, spec).map_err(|e| ResultsError::new(format!("figure \"{name}\": {e}")))?;
    }
    std::fs::create_dir_all(&folder).map_err(|e| ResultsError::new(format!("{}: {e}", folder.display())))?;
    let figures: Vec<(String, &FigureSpec, &[FigureClaim])> = names
        .into_iter()
        .zip(&results.plan.figures)
        .enumerate()
        .map(|(i, (name, spec))| (name, spec, claims.get(i).map_or(&[][..], Vec::as_slice)))
        .collect();
    let drawn: Vec<Drawn> = in_parallel(&figures, |(name, spec, claims)| {
        let named = |e: ResultsError| ResultsError::new(format!("figure \"{name}\": {e}"));
        let outcome = draw(results, spec).map_err(named)?;
        let origin = Origin::of(results, spec, name).map_err(named)?;
        let name = name.clone();
        Ok(match outcome {
            Ok(mut scene) => {
                layout::verdicts(&mut scene, claims);
                Drawn { files: write(&scene, &origin, &folder, &name)?, name, skipped: None }
            }
            Err(reason) => Drawn { name, files: Vec::new(), skipped: Some(reason) },
        })
    })
    .into_iter()
    .collect::<Result<_, ResultsError>>()?;
    remove_others(&folder, &drawn).map_err(|e| ResultsError::new(format!("{}: {e}", folder.display())))?;
    Ok(drawn)
}

/// Another shape for the figures of a plan, in a folder of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For a lecture, sixteen to nine, in large type.
    Slide,
    /// For a column of a paper, 8 cm wide.
    Column,
}

impl Style {
    /// Where in the results folder they lie.
    pub fn folder(self) -> &'static str {
        match self {
            Style::Slide => "figures/slides",
            Style::Column => "figures/columns",
        }
    }
}

/// Draws every figure of the plan once more, into a folder of the style: of the caption what says how many runs it shows, of several
/// measurements the first.
///
/// # Errors
/// As [`draw_all`].
pub fn draw_styled(results: &Results, style: Style) -> Result<Vec<Drawn>, ResultsError> {
    let folder = results.dir.join(style.folder());
    std::fs::create_dir_all(&folder).map_err(|e| ResultsError::new(format!("{}: {e}", folder.display())))?;
    let figures: Vec<(String, &FigureSpec)> =
        results.plan.figure_names().into_iter().zip(&results.plan.figures).collect();
    let drawn: Vec<Drawn> = in_parallel(&figures, |(name, spec)| {
        let named = |e: ResultsError| ResultsError::new(format!("figure \"{name}\": {e}"));
        let origin = Origin::of(results, spec, name).map_err(named)?;
        let name = name.clone();
        Ok(match styled(results, spec, style).map_err(named)? {
            Ok(scene) => Drawn { files: write(&scene, &origin, &folder, &name)?, name, skipped: None },
            Err(reason) => Drawn { name, files: Vec::new(), skipped: Some(reason) },
        })
    })
    .into_iter()
    .collect::<Result<_, ResultsError>>()?;
    remove_others(&folder, &drawn).map_err(|e| ResultsError::new(format!("{}: {e}", folder.display())))?;
    Ok(drawn)
}

/// A figure in that style.
///
/// # Errors
/// As [`draw`].
pub fn styled(results: &Results, spec: &FigureSpec, style: Style) -> Result<Outcome, ResultsError> {
    let on = |medium: Medium| draw(results, &FigureSpec { medium, ..spec.clone() });
    if style == Style::Column {
        return Ok(on(Medium::Column)?.map(paper::in_column));
    }
    let (one, half) = match (on(Medium::Slide(1.0))?, on(Medium::Slide(0.5))?) {
        (Ok(one), Ok(half)) => (one, half),
        (Err(reason), _) | (_, Err(reason)) => return Ok(Err(reason)),
    };
    // Titles, legends and captions keep their height; the panels take what they leave.
    let panels = 2.0 * (one.height - half.height);
    let room = paper::SLIDE.1 * one.width / paper::SLIDE.0;
    let stretch = if panels > 0.0 { (room - one.height + panels) / panels } else { 1.0 };
    Ok(on(Medium::Slide(stretch.clamp(0.3, 2.5)))?.map(paper::on_slide))
}

/// Removes the images in `folder` that are not among those drawn: figures of an earlier plan, halves of a killed program.
fn remove_others(folder: &Path, drawn: &[Drawn]) -> std::io::Result<()> {
    let kept: BTreeSet<&PathBuf> = drawn.iter().flat_map(|figure| &figure.files).collect();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let image = path.extension().is_some_and(|ending| FORMATS.iter().any(|format| ending == *format));
        if image && !kept.contains(&path) {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Draws one figure as a scene.
///
/// # Errors
/// As [`draw_all`].
pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    check(results, spec)?;
    match spec.kind {
        FigureKind::GradientByLayer => gradient_by_layer::draw(results, spec),
        FigureKind::LossByDepth => loss_by_depth::draw(results, spec),
        FigureKind::AttenuationByDepth => attenuation_by_depth::draw(results, spec),
        FigureKind::GradientHeatmap => gradient_heatmap::draw(results, spec),
        FigureKind::HeatMap => heat_map::draw(results, spec),
        FigureKind::Curves => curves::draw(results, spec),
        FigureKind::Trajectories => trajectories::draw(results, spec),
        FigureKind::LrSensitivity => lr_sensitivity::draw(results, spec),
        FigureKind::AttenuationOverTraining => attenuation_over_training::draw(results, spec),
        FigureKind::UpdateRatio => update_ratio::draw(results, spec),
        FigureKind::BestOfTries => best_of_tries::draw(results, spec),
        FigureKind::StepsToTarget => steps_to_target::draw(results, spec),
        FigureKind::PerformanceProfile => performance_profile::draw(results, spec),
        FigureKind::Derivative => derivative::draw(results, spec),
    }
}

fn check(results: &Results, spec: &FigureSpec) -> Result<(), ResultsError> {
    if !matches!(spec.step.as_deref(), None | Some("first" | "last")) {
        return Err(ResultsError::new(format!(
            "step = \"{}\": write \"first\" or \"last\"",
            spec.step.as_deref().unwrap_or("")
        )));
    }
    select::Selection::new(results, spec, spec.kind.takes_x()).map(|_| ())
}

/// Writes the files beside their final names first, so that a reader never meets half a figure.
fn write(scene: &Scene, origin: &Origin, folder: &Path, name: &str) -> Result<Vec<PathBuf>, ResultsError> {
    let mut files = Vec::new();
    for ending in FORMATS {
        let (part, path) = (folder.join(format!("{name}.part.{ending}")), folder.join(format!("{name}.{ending}")));
        let written = match ending {
            "png" => png::write(scene, &part).and_then(|()| {
                let image = std::fs::read(&part).map_err(|e| e.to_string())?;
                std::fs::write(&part, origin.into_png(&image)).map_err(|e| e.to_string())
            }),
            "svg" => std::fs::write(&part, svg::render(scene, &origin.element())).map_err(|e| e.to_string()),
            _ => std::fs::write(&part, pdf::render(scene, origin)).map_err(|e| e.to_string()),
        };
        let moved = written.and_then(|()| std::fs::rename(&part, &path).map_err(|e| e.to_string()));
        moved.map_err(|e| ResultsError::new(format!("{}: {e}", path.display())))?;
        files.push(path);
    }
    Ok(files)
}
