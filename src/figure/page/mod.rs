//! From a chart to a scene: the page with its title, legend, panels and caption.

mod beyond;
mod block;
mod clip;
mod dots;
pub mod layout;
mod marks;
mod tiles;

use super::chart::{Body, Chart, Grid, Mark, Plane, Planes};
use super::ruler::Ruler;
use super::scene::{Anchor, Rect, Scene, Text, Turn, at};
use super::style::{LABEL, MARGIN};
use block::Frame;
use layout::{Page, Panel, label, tick_width};

/// What a caption says of arrows at the edges.
const BEYOND: &str = "Arrow at an edge: values beyond it; the number is the most extreme.";

/// Lays out a chart on its sheet.
pub fn draw(chart: &Chart) -> Scene {
    let mut page = Page::new(&chart.title, &chart.finding, chart.sheet);
    page.legend(&chart.legend);
    let (numbers, beyond) = match &chart.body {
        Body::Grid(grid) => draw_grid(&mut page, grid),
        Body::Planes(planes) => {
            draw_planes(&mut page, planes);
            (false, false)
        }
    };
    let without = chart.caption_without_numbers.as_ref().filter(|_| !numbers);
    let caption = without.unwrap_or(&chart.caption);
    page.caption(&if beyond { format!("{caption} {BEYOND}") } else { caption.clone() })
}

/// The blocks for as many columns as fit, then for the next ones; says whether the tiles had room for their numbers, and
/// whether anything lies beyond a panel.
fn draw_grid(page: &mut Page, grid: &Grid) -> (bool, bool) {
    let slots = page.sheet.slots.max(1);
    let rulers = grid.blocks.iter().flat_map(|block| &block.strips).map(|strip| &strip.y);
    let left = rulers.map(tick_width).fold(0.0, f64::max);
    let right = grid.colors.as_ref().map_or(0.0, tiles::bar_room);
    let mut drawn: Vec<(Panel, &[Mark])> = Vec::new();
    for start in (0..grid.columns.len()).step_by(slots) {
        let shown = start..(start + slots).min(grid.columns.len());
        for (i, block) in grid.blocks.iter().enumerate() {
            // Blocks under one another have their columns named once.
            let columns = if i == 0 { &grid.columns[shown.clone()] } else { &[] };
            let panels = page.block(block, &Frame { columns, shown: shown.clone(), left, right });
            for (strip, row) in block.strips.iter().zip(panels) {
                drawn.extend(row.into_iter().zip(strip.panels[shown.clone()].iter().map(Vec::as_slice)));
            }
        }
    }
    let size = number_size(&drawn);
    let mut beyond = false;
    for (panel, marks) in &drawn {
        beyond |= marks::draw(&mut page.scene, panel, marks, size);
    }
    if let Some(colors) = &grid.colors {
        let (top, bottom) = (page.y, page.y);
        let top = drawn.iter().map(|(panel, _)| panel.area.top).fold(top, f64::min);
        let bottom = drawn.last().map_or(bottom, |(panel, _)| panel.area.bottom);
        let left = page.scene.width - MARGIN - right + 14.0;
        tiles::color_bar(&mut page.scene, Rect { left, right: left + 10.0, top, bottom }, colors);
    }
    (size.is_some(), beyond)
}

/// The size at which the numbers of all maps fit into their tiles; `None` where those of one do not, so that no map of a page has
/// numbers and another has none.
fn number_size(panels: &[(Panel, &[Mark])]) -> Option<f64> {
    let maps = panels.iter().flat_map(|(panel, marks)| marks.iter().map(move |mark| (panel, mark)));
    let sizes = maps.filter_map(|(panel, mark)| match mark {
        Mark::Tiles(map) if !map.tiles.is_empty() => Some(tiles::number_size(panel, map)),
        _ => None,
    });
    sizes.collect::<Option<Vec<f64>>>()?.into_iter().reduce(f64::min)
}

/// Windows on planes, each with labels of its own.
fn draw_planes(page: &mut Page, Planes { slots, planes }: &Planes) {
    // Room on the left of each panel for its labels.
    let (side, gap) = (26.0, 14.0);
    let left = MARGIN + LABEL * 1.4;
    let wide = page.scene.width;
    let width = (wide - MARGIN - left - gap * (slots - 1) as f64) / *slots as f64 - side;
    let height = if *slots == 1 { 0.62 * width } else { 0.86 * width } * page.sheet.medium.stretch();
    for line in planes.chunks(*slots) {
        let top = page.y + 14.0;
        for (slot, plane) in line.iter().enumerate() {
            let start = left + slot as f64 * (width + side + gap) + side;
            draw_plane(page, Rect { left: start, top, right: start + width, bottom: top + height }, plane);
        }
        let middle = at(MARGIN + LABEL, top + height / 2.0);
        page.scene.text(Text { turn: Turn::Up, ..label(middle, title(line, 1), LABEL, Anchor::Middle) });
        page.y = top + height + 20.0;
    }
    let x_title = at((left + side + wide - MARGIN) / 2.0, page.y + 2.0);
    page.scene.text(label(x_title, title(planes, 0), LABEL, Anchor::Middle));
    page.y += 10.0;
}

/// What is along a ruler of these planes.
fn title(planes: &[Plane], ruler: usize) -> String {
    let mut titles: Vec<&str> = planes.iter().map(|plane| plane.titles[ruler]).collect();
    titles.dedup();
    titles.join(", ")
}

fn draw_plane(page: &mut Page, area: Rect, plane: &Plane) {
    let ruler = |(low, high): (f64, f64), room: f64| Ruler::exact(low, high, room as usize);
    let (x, y) = (ruler(plane.x, area.width() / 40.0), ruler(plane.y, area.height() / 28.0));
    let panel = page.panel(area, &plane.heading, (x, y), plane.titles);
    marks::draw(&mut page.scene, &panel, &plane.marks, None);
}
