//! From a scene to files: PNG, SVG and PDF, each with where the figure comes from.

pub mod origin;
pub mod pdf;
pub mod png;
pub mod svg;

use super::FigureError;
use super::scene::Scene;
use origin::Origin;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// The endings of the files that each figure is written to.
pub const FORMATS: [&str; 3] = ["png", "svg", "pdf"];

/// Writes a figure in each of the [`FORMATS`], beside their final names first, so that a reader never meets half a figure.
///
/// # Errors
/// A file that cannot be written.
pub fn write(scene: &Scene, origin: &Origin, folder: &Path, name: &str) -> Result<Vec<PathBuf>, FigureError> {
    let mut files = Vec::new();
    for ending in FORMATS {
        let (part, path) = (folder.join(format!("{name}.part.{ending}")), folder.join(format!("{name}.{ending}")));
        let written = match ending {
            "png" => png::render(scene, origin).and_then(|image| std::fs::write(&part, image)),
            "svg" => std::fs::write(&part, svg::render(scene, &origin.element())),
            _ => std::fs::write(&part, pdf::render(scene, origin)),
        };
        let moved = written.and_then(|()| std::fs::rename(&part, &path));
        moved.map_err(|source| FigureError::Write { path: path.clone(), source })?;
        files.push(path);
    }
    Ok(files)
}

/// The figures in `folder` that are called otherwise than these.
pub fn others(folder: &Path, names: &[String]) -> BTreeSet<String> {
    let paths = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let images = paths.filter(|path| is_image(path) && !path.to_string_lossy().contains(".part."));
    let stems = images.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()));
    stems.filter(|stem| !names.contains(stem)).collect()
}

fn is_image(path: &Path) -> bool {
    path.extension().is_some_and(|ending| FORMATS.iter().any(|format| ending == *format))
}

/// Removes the images in `folder` that are not among those kept: figures of an earlier plan, halves of a killed program.
///
/// # Errors
/// A file that cannot be removed.
pub fn remove_others(folder: &Path, kept: &BTreeSet<&PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if is_image(&path) && !kept.contains(&path) {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}
