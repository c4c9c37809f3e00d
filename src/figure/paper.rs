//! What figures are drawn on: a page, a slide, a column of a paper; how wide it is and how many panels stand side by side.

use super::scene::Scene;
use super::select::Selection;
use super::style::WIDTH;
use crate::plan_file::figure::{FigureSpec, Medium};

/// What a figure is drawn on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paper {
    pub width: f64,
    pub medium: Medium,
}

/// How many panels of a figure stand side by side: all columns of a grid; of a single row `most`, spread such that the last
/// line of panels is as full as can be.
pub fn slots(selection: &Selection, most: usize) -> usize {
    let (rows, panels) = (Selection::labels(&selection.row).len(), Selection::labels(&selection.column).len());
    let most = if selection.spec.medium == Medium::Column { most.min(2) } else { most };
    if rows > 1 { panels } else { panels.div_ceil(panels.div_ceil(most).max(1)) }
}

/// A page wide enough for so many panels side by side. Slides and columns are narrow, so that type is large once they fill
/// their place.
pub fn paper(spec: &FigureSpec, columns: usize) -> Paper {
    let columns = columns as f64;
    let width = match spec.medium {
        Medium::Page => WIDTH.max(columns * 105.0 + 90.0),
        Medium::Column => 1.3 * COLUMN.max(columns * 62.0 + 50.0),
        Medium::Slide(_) => SLIDE.0.max(columns * 84.0 + 90.0),
    };
    Paper { width, medium: spec.medium }
}

/// Width and height of a slide in points: labels of 8.8 points are a thirtieth of its height.
pub const SLIDE: (f64, f64) = (484.0, 272.25);

/// Scales and centres a finished page on a slide that is sixteen to nine.
pub fn on_slide(scene: Scene) -> Scene {
    let (width, height) = (2.0 * SLIDE.0, 2.0 * SLIDE.1);
    let scale = (width / scene.width).min(height / scene.height);
    let left = (width - scale * scene.width) / 2.0;
    Scene { width, height, ..scene.moved(scale, left) }
}

/// Width of a column in points: 8 cm.
pub const COLUMN: f64 = 226.8;

/// Scales a finished page to the width of a column.
pub fn in_column(scene: Scene) -> Scene {
    let scale = COLUMN / scene.width;
    Scene { width: COLUMN, ..scene.moved(scale, 0.0) }
}
