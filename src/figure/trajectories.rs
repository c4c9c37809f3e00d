//! Where optimizers go: the paths of runs on a function of two variables, over its level lines.

use super::axis::{Axis, range};
use super::contour::Grid;
use super::layout::{Page, Panel, Sample, label};
use super::scene::{Anchor, Point, Rect, Scene, Turn, at};
use super::select::{Key, Selection, heading};
use super::style::{INK, LABEL, LINE, Look, MARGIN, Marker, THIN, WHITE, mark, solid, tint};
use super::{Outcome, finding, paper, words};
use crate::data::Function;
use crate::data::function::Kind;
use crate::plan_file::figure::{FigureSpec, Medium};
use crate::record::Status;
use crate::results::{Results, ResultsError};
use crate::table::significant;
use std::collections::BTreeMap;

/// Points of the grid that level lines are read off, in each direction.
const FINE: usize = 181;
/// Decades between neighbouring level lines.
const GAP: f64 = 0.5;
/// With more level lines than this the panel would be grey.
const MOST_LEVELS: i64 = 24;

const START: Look = Look { color: INK, dash: &[], marker: Marker::Square, hollow: true };
const MINIMUM: Look = Look { color: INK, dash: &[], marker: Marker::Diamond, hollow: true };
const DIVERGED: Look = Look { color: INK, dash: &[], marker: Marker::Cross, hollow: false };

/// A point of the plane: x1 and x2.
type Spot = (f64, f64);

/// The recorded points of each run, as far as they are finite.
type Paths = BTreeMap<usize, Vec<Spot>>;

pub fn draw(results: &Results, spec: &FigureSpec) -> Result<Outcome, ResultsError> {
    let selection = Selection::new(results, spec, false)?;
    let mut paths = Paths::new();
    results.stream("points.csv", &selection.runs, &["step", "x1", "x2"], |run, row| {
        if let [Some(_), Some(x), Some(y)] = row
            && x.is_finite()
            && y.is_finite()
        {
            paths.entry(run).or_default().push((*x, *y));
        }
    })?;
    let mut panels: BTreeMap<(usize, usize), (&Function, Vec<usize>)> = BTreeMap::new();
    for run in paths.keys() {
        let Key { row, column, .. } = selection.key(*run);
        if let Some(function) = results.function(*run).filter(|f| f.start.len() == 2) {
            panels.entry((row, column)).or_insert((function, Vec::new())).1.push(*run);
        }
    }
    if panels.is_empty() {
        return Ok(Err(words::nothing(&selection, "a path in two variables")));
    }
    let names: Vec<&str> = panels.values().map(|(f, _)| f.kind.word()).collect();
    let own = match names.iter().all(|name| *name == names[0]) {
        true => format!("The way down {}", names[0]),
        false => "The way down".to_string(),
    };
    let finding = finding::ends(&selection, "train_loss", "groups of runs");
    let mut page = Page::new(&words::title(&selection, &own), &finding, paper::paper(spec, 1));
    legend(&mut page, &selection);
    let slots = match (&selection.row, panels.len()) {
        (Some(_), _) => Selection::labels(&selection.column).len().min(4),
        (None, n @ 1..=2) => n,
        (None, 4) => 2,
        (None, _) => 3,
    };
    // Room on the left of each panel for its labels.
    let (side, gap) = (26.0, 14.0);
    let left = MARGIN + LABEL * 1.4;
    let wide = page.scene.width;
    let width = (wide - MARGIN - left - gap * (slots - 1) as f64) / slots as f64 - side;
    let height = if slots == 1 { 0.62 * width } else { 0.86 * width }
        * if let Medium::Slide(stretch) = spec.medium { stretch } else { 1.0 };
    let mut drawn = panels.iter().peekable();
    while drawn.peek().is_some() {
        let top = page.y + 14.0;
        for slot in 0..slots {
            let Some((&(row, column), (function, runs))) = drawn.next() else { break };
            let start = left + slot as f64 * (width + side + gap) + side;
            let area = Rect { left: start, top, right: start + width, bottom: top + height };
            let headings = [heading(&selection.row, row), heading(&selection.column, column)];
            let headings: Vec<String> = headings.into_iter().filter(|h| !h.is_empty()).collect();
            let (x, y) = window(function, runs.iter().map(|run| &paths[run]));
            let scale = |(low, high): (f64, f64), room: f64| Axis::exact(low, high, room as usize);
            let panel = page.panel(area, &headings.join(", "), scale(x, width / 40.0), scale(y, height / 28.0));
            levels(&mut page.scene, &panel, function.kind);
            for run in runs {
                path(&mut page.scene, &panel, &selection, *run, &paths[run]);
            }
            for minimum in function.kind.minima() {
                // Wide enough to be seen around the path that ends in it.
                mark(&mut page.scene, panel.at(minimum[0], minimum[1]), 4.2, &MINIMUM);
            }
            for run in runs {
                ends(&mut page.scene, &panel, &selection, *run, &paths[run]);
            }
        }
        let middle = at(MARGIN + LABEL, top + height / 2.0);
        page.scene.text(super::scene::Text { turn: Turn::Up, ..label(middle, "x2", LABEL, Anchor::Middle) });
        page.y = top + height + 20.0;
    }
    let x_title = at((left + side + wide - MARGIN) / 2.0, page.y + 2.0);
    page.scene.text(label(x_title, "x1", LABEL, Anchor::Middle));
    page.y += 10.0;
    let caption = format!(
        "A line is the path of one run, N = {}. Grey: lines of equal value, each √10 times the next, powers of ten darker. \
         A coloured marker is the end of a path, or where it leaves the panel to end outside. {}",
        selection.seeds(),
        words::shown(&selection)
    );
    Ok(Ok(page.caption(&caption)))
}

fn legend(page: &mut Page, selection: &Selection) {
    let mut entries: Vec<(String, Sample)> = Vec::new();
    if let Some(color) = &selection.color {
        entries.extend(color.labels.iter().map(|c| (selection.color_name(*c), Sample::Line(look(selection, *c)))));
    }
    entries.push(("start".into(), Sample::Mark(START)));
    entries.push(("minimum".into(), Sample::Mark(MINIMUM)));
    let diverged = selection.count(Status::Diverged);
    if diverged > 0 {
        let text = format!("diverged ({diverged} of {} runs)", selection.runs.len());
        entries.push((text, Sample::Mark(DIVERGED)));
    }
    page.legend(&selection.legend_heading(), &entries);
}

/// Paths are drawn without dashes, which would hide their zigzags; the markers tell them apart as well.
fn look(selection: &Selection, color: usize) -> Look {
    Look { dash: &[], ..selection.look(color) }
}

/// What is shown of the plane: start, minima and paths, as far as these do not run away.
fn window<'a>(function: &Function, paths: impl Iterator<Item = &'a Vec<Spot>> + Clone) -> ((f64, f64), (f64, f64)) {
    let mut fixed: Vec<Spot> = function.kind.minima().iter().map(|m| (m[0], m[1])).collect();
    fixed.push((function.start[0], function.start[1]));
    fixed.extend(paths.clone().filter_map(|path| path.first()));
    let sides: [fn(&Spot) -> f64; 2] = [|p| p.0, |p| p.1];
    let spans = sides.map(|side| range(fixed.iter().map(side)).unwrap_or((0.0, 1.0)));
    let longest = spans.iter().map(|(low, high)| high - low).fold(0.1, f64::max);
    // No side much shorter than the other, and room for a path to swing out by as much again.
    let size = spans.map(|(low, high)| (high - low).max(0.6 * longest));
    let far = |side: usize, value: f64| {
        let (low, high) = spans[side];
        value < (low + high) / 2.0 - 1.6 * size[side] || value > (low + high) / 2.0 + 1.6 * size[side]
    };
    let near = paths.flatten().filter(|p| !far(0, p.0) && !far(1, p.1));
    let shown: Vec<Spot> = near.copied().chain(fixed.iter().copied()).collect();
    let widened = |side: usize| {
        let (low, high) = range(shown.iter().map(sides[side])).unwrap_or(spans[side]);
        let half = 0.58 * (high - low).max(size[side]);
        ((low + high) / 2.0 - half, (low + high) / 2.0 + half)
    };
    (widened(0), widened(1))
}

/// Level lines at half powers of ten, from the values that a fiftieth of the panel is below up to its largest.
fn levels(scene: &mut Scene, panel: &Panel, kind: Kind) {
    let (x, y) = (&panel.x, &panel.y);
    let value = |u: f64, v: f64| kind.at(&[x.low + u * (x.high - x.low), y.low + v * (y.high - y.low)], &mut [0.0; 2]);
    // Close to a minimum the root of the value is straight, so that lines between grid points are true.
    let grid = Grid::new(FINE, FINE, |u, v| value(u, v).sqrt());
    let mut sorted = grid.values.clone();
    sorted.sort_by(f64::total_cmp);
    let order = |share: f64| 2.0 * sorted[(share * (sorted.len() - 1) as f64) as usize].max(1e-150).log10() / GAP;
    let highest = order(1.0).floor() as i64;
    for k in (order(0.02).ceil() as i64).max(highest - MOST_LEVELS)..=highest {
        let decade = (k as f64 * GAP).fract() == 0.0;
        let color = tint(INK, if decade { 0.5 } else { 0.26 });
        for line in grid.lines(10f64.powf(k as f64 * GAP / 2.0)) {
            let place = |(u, v): &(f64, f64)| {
                at(panel.area.left + u * panel.area.width(), panel.area.bottom - v * panel.area.height())
            };
            scene.line(thinned(line.iter().map(place)), solid(color, THIN));
        }
    }
}

/// The path of a run within the panel.
fn path(scene: &mut Scene, panel: &Panel, selection: &Selection, run: usize, points: &[Spot]) {
    let color = selection.key(run).color;
    let stroke = look(selection, color).stroke(LINE * 0.8);
    let mut piece: Vec<Point> = Vec::new();
    for pair in shown(panel, selection, run, points).windows(2) {
        let Some((from, to)) = panel.area.clip(place(panel, pair[0]), place(panel, pair[1])) else { continue };
        if piece.last() != Some(&from) {
            scene_line(scene, &selection.color_name(color), std::mem::take(&mut piece), stroke);
            piece.push(from);
        }
        piece.push(to);
    }
    scene_line(scene, &selection.color_name(color), piece, stroke);
}

fn scene_line(scene: &mut Scene, name: &str, piece: Vec<Point>, stroke: super::scene::Stroke) {
    if piece.len() > 1 {
        scene.series(name, thinned(piece.into_iter()), stroke);
    }
}

/// Of a run that diverged or ends outside only what comes before it leaves the panel: its zigzags would cover all.
fn shown<'a>(panel: &Panel, selection: &Selection, run: usize, points: &'a [Spot]) -> &'a [Spot] {
    let outside = |p: &Spot| !inside(place(panel, *p), &panel.area);
    let is_lost = selection.run(run).status == Status::Diverged || points.last().is_some_and(outside);
    match points.iter().position(outside).filter(|_| is_lost) {
        Some(first) => &points[..=first],
        None => points,
    }
}

/// Marks where a run starts and where it ends or leaves the panel.
fn ends(scene: &mut Scene, panel: &Panel, selection: &Selection, run: usize, points: &[Spot]) {
    let (Some(first), Some(last)) = (points.first(), shown(panel, selection, run, points).last()) else { return };
    if inside(place(panel, *first), &panel.area) {
        mark(scene, place(panel, *first), 2.7, &START);
    }
    let color = selection.key(run).color;
    let look = look(selection, color);
    let (end, Rect { left, top, right, bottom }) = (place(panel, *last), panel.area);
    let edge = at(end.x.clamp(left, right), end.y.clamp(top, bottom));
    let ends = if selection.run(run).status == Status::Diverged { "diverged after" } else { "ends at" };
    let value = selection.run(run).value("train_loss").map_or(String::new(), |v| format!(", {}", significant(v, 4)));
    let (name, seed) = (selection.color_name(color), selection.run(run).seed);
    let [x, y] = points.last().map_or([0.0; 2], |(x, y)| [*x, *y]).map(|v| significant(v, 4));
    scene.tip(edge, format!("{name}, seed {seed}\n{ends} ({x}, {y}){value}"));
    if selection.run(run).status == Status::Diverged {
        mark(scene, edge, 3.2, &Look { marker: Marker::Cross, ..look });
    } else {
        mark(scene, edge, 3.1, &Look { color: WHITE, ..look });
        mark(scene, edge, 2.5, &look);
    }
}

/// Where a point is drawn; what is far outside is brought near, so that no arithmetic overflows.
fn place(panel: &Panel, (x, y): Spot) -> Point {
    at(panel.x(x).clamp(-1e6, 1e6), panel.y(y).clamp(-1e6, 1e6))
}

fn inside(p: Point, area: &Rect) -> bool {
    (area.left..=area.right).contains(&p.x) && (area.top..=area.bottom).contains(&p.y)
}

/// Without the points that nobody could tell from the one before, but for the last.
fn thinned(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    let mut skipped = None;
    for point in points {
        match kept.last() {
            Some(last) if (point.x - last.x).hypot(point.y - last.y) < 0.3 => skipped = Some(point),
            _ => {
                kept.push(point);
                skipped = None;
            }
        }
    }
    kept.extend(skipped);
    kept
}
