//! The media that figures are drawn for: a page, a slide, a column of a paper; how wide each is and how many panels stand side by side.

use super::scene::Scene;
use super::select::Selection;
use super::style::{TICK, WIDTH};
use super::text::{self, Weight};

/// What a figure is drawn for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Medium {
    /// A page with everything there is to say, as wide as the figure says, in points, or as its panels take; their height is
    /// stretched by this.
    Page(Option<f64>, f64),
    /// A column of a paper, 8 cm wide, whose caption is the paper's.
    Column,
    /// A slide, its panels so many times as high as on a page.
    Slide(f64),
}

impl Medium {
    /// Whether only the first of several measurements has room.
    pub fn is_brief(self) -> bool {
        !matches!(self, Medium::Page(..))
    }

    /// How much higher panels are than on a page.
    pub fn stretch(self) -> f64 {
        if let Medium::Slide(stretch) | Medium::Page(_, stretch) = self { stretch } else { 1.0 }
    }
}

/// What a figure is drawn on: its width in points, and how many panels stand side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sheet {
    pub medium: Medium,
    pub width: f64,
    pub slots: usize,
}

/// Room for the name of a row, in points, on every sheet.
const ROW_NAME: f64 = 90.0;

/// Most columns of a grid with several rows that stand side by side.
const ABREAST: usize = 8;

impl Sheet {
    /// A sheet wide enough for all columns of a grid; of a single row for `most`, spread such that the last line of panels is as
    /// full as can be.
    pub fn new(selection: &Selection, medium: Medium, most: usize) -> Sheet {
        let (rows, panels) = (selection.rows().len(), selection.columns().len());
        let most = if medium == Medium::Column { most.min(2) } else { most };
        let spread = panels.div_ceil(panels.div_ceil(most).max(1));
        Sheet::with(medium, if rows > 1 && panels <= ABREAST { panels } else { spread })
    }

    /// A sheet wide enough for so many panels side by side. Slides and columns are narrow, so that type is large once they fill
    /// their place.
    pub fn with(medium: Medium, slots: usize) -> Sheet {
        let columns = slots as f64;
        let width = match medium {
            Medium::Page(width, _) => width.unwrap_or(WIDTH.max(columns * 105.0 + 90.0)),
            Medium::Column => 1.3 * COLUMN.max(columns * 62.0 + 50.0),
            Medium::Slide(_) => SLIDE.0.max(columns * 84.0 + 90.0),
        };
        Sheet { medium, width, slots }
    }

    /// About how wide a panel is, in points.
    pub fn panel(&self) -> f64 {
        (self.width - 60.0) / self.slots as f64 - 14.0
    }

    /// The same beside names of rows.
    pub fn panel_beside(&self, names: &[String]) -> f64 {
        let widest = names.iter().map(|name| text::width(name, TICK, Weight::Regular)).fold(0.0, f64::max);
        (self.width - 20.0 - widest) / self.slots as f64
    }

    /// The name of a row, shortened only where the panels beside it would be narrow.
    pub fn row_name(&self, name: &str) -> String {
        let room = (self.width / (self.slots + 1) as f64).clamp(ROW_NAME, ROW_NAME.max(0.4 * self.width));
        text::fit(name, TICK, Weight::Regular, room)
    }

    /// What colours stand for, beside rows.
    pub fn row_names(&self, selection: &Selection, colors: &[usize]) -> Vec<String> {
        colors.iter().map(|color| self.row_name(&selection.color_name(*color))).collect()
    }

    /// How many tick labels have room under a panel.
    pub fn room(&self) -> usize {
        (self.panel() / 30.0) as usize
    }
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

/// A centimetre in points.
pub const CM: f64 = 72.0 / 2.54;

/// Width of a column in points: 8 cm.
pub const COLUMN: f64 = 8.0 * CM;

/// Scales a finished page to the width of a column.
pub fn in_column(scene: Scene) -> Scene {
    let scale = COLUMN / scene.width;
    Scene { width: COLUMN, ..scene.moved(scale, 0.0) }
}
