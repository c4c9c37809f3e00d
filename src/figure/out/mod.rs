//! From a scene to files: PNG, SVG and PDF, each with where the figure comes from.

pub mod origin;
mod palette;
pub mod pdf;
pub mod png;
pub mod svg;

use super::FigureError;
use super::scene::Scene;
use crate::files::{FileError, cannot, remove, write as write_file};
use origin::Origin;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The endings of the files that each figure is written to.
pub const FORMATS: [&str; 3] = ["png", "svg", "pdf"];

/// Writes a figure in each of the [`FORMATS`]; returns the files and the SVG.
///
/// # Errors
/// A file that cannot be written.
pub fn write(scene: &Scene, origin: &Origin, folder: &Path, name: &str) -> Result<(Vec<PathBuf>, String), FigureError> {
    let svg = svg::render(scene, &origin.element());
    let mut files = Vec::new();
    for ending in FORMATS {
        let path = folder.join(format!("{name}.{ending}"));
        match ending {
            "png" => write_file(&path, &png::render(scene, origin).map_err(|e| cannot("draw", &path, e))?)?,
            "svg" => write_file(&path, svg.as_bytes())?,
            _ => write_file(&path, &pdf::render(scene, origin))?,
        }
        files.push(path);
    }
    Ok((files, svg))
}

/// The figures in `folder` that are called otherwise than these.
pub fn others(folder: &Path, names: &[String]) -> BTreeSet<String> {
    let paths = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let images = paths.filter(|path| is_image(path));
    let stems = images.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()));
    stems.filter(|stem| !names.contains(stem)).collect()
}

fn is_image(path: &Path) -> bool {
    path.extension().is_some_and(|ending| FORMATS.iter().any(|format| ending == *format))
}

/// Removes the images in `folder` that are not among those kept: figures of an earlier plan.
///
/// # Errors
/// A file that cannot be removed.
pub fn remove_others(folder: &Path, kept: &BTreeSet<&PathBuf>) -> Result<(), FileError> {
    let unreadable = |e| cannot("read", folder, e);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if is_image(&path) && !kept.contains(&path) {
            remove(&path)?;
        }
    }
    Ok(())
}
