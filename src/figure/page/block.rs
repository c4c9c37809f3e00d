//! Rows of panels above one ruler: their headings, titles and frames.

use super::layout::{Page, Panel, SMALLEST, Words, label, tick_width};
use crate::figure::chart::{Block, Strip};
use crate::figure::ruler::{Ruler, Tick, Unit};
use crate::figure::scene::{Anchor, Rect, Scene, Text, Turn, at};
use crate::figure::style::{EDGE, HEADING, LABEL, MARGIN, RULE, THIN, TICK, solid};
use crate::figure::text::{self, Weight};

/// Points between two panels of a row, and between two rows.
const GAP: f64 = 14.0;
/// Least distance between words of neighbouring panels, in points.
const APART: f64 = 8.0;
const ROW_GAP: f64 = 12.0;

/// Most length of names under a panel that are turned, since they do not fit side by side.
const TURNED: f64 = 160.0;

/// What the panels of one block share with those of the others.
pub struct Frame<'a> {
    /// Above each column; empty for none.
    pub columns: &'a [String],
    /// The columns of the chart that are shown.
    pub shown: std::ops::Range<usize>,
    /// Width kept for the labels of the y ticks, so that blocks line up.
    pub left: f64,
    /// Free points to the right of the panels (a colour bar).
    pub right: f64,
}

/// Where the panels of a block stand along x.
struct Slots {
    left: f64,
    right: f64,
    width: f64,
    /// Between neighbours.
    gap: f64,
}

impl Slots {
    /// So many columns side by side, far enough apart for the tick labels at the ends of `x`.
    fn new((left, right): (f64, f64), columns: usize, x: &Ruler) -> Slots {
        let half = |tick: Option<&Tick>| tick.map_or(0.0, |t| text::width(&t.label, TICK, Weight::Regular) / 2.0);
        let gap = match x.unit {
            Unit::Label => GAP,
            _ => GAP.max(half(x.ticks.first()) + half(x.ticks.last()) + APART),
        };
        Slots { left, right, width: (right - left - gap * (columns - 1) as f64) / columns as f64, gap }
    }

    fn start(&self, column: usize) -> f64 {
        self.left + column as f64 * (self.width + self.gap)
    }
}

impl Page {
    /// Draws the frame of a block and gives its panels, `[row][column]`.
    pub fn block(&mut self, block: &Block, frame: &Frame) -> Vec<Vec<Panel>> {
        self.y += block.gap;
        // Names of rows are never left out.
        let names = block.strips.iter().filter(|strip| strip.y.is_of_names()).map(|strip| strip.y.ticks.len()).max();
        let least = names.map_or(0.0, |rows| (rows as f64 + 0.2) * 1.1 * TICK);
        let height = (block.height * self.sheet.medium.stretch()).max(least);
        let titles = Titles::of(&block.strips, height);
        let left = MARGIN + titles.width() + frame.left + 5.0;
        let right = self.scene.width - MARGIN - frame.right;
        let slots = Slots::new((left, right), self.sheet.slots.max(1), &block.x);
        self.column_headings(frame.columns, &slots);
        let mut panels: Vec<Vec<Panel>> = Vec::new();
        for (row, strip) in block.strips.iter().enumerate() {
            if row == 0 || block.strips[row - 1].heading != strip.heading {
                self.row_heading(&strip.heading, &slots);
            }
            let (top, bottom) = (self.y, self.y + height);
            let area = |column: usize| {
                let start = slots.start(column);
                Rect { left: start, top, right: start + slots.width, bottom }
            };
            let last = row + 1 == block.strips.len();
            let furnished = (0..frame.shown.len()).map(|column| {
                let (x, x_title) = block.along(frame.shown.start + column);
                let names = [x_title, &strip.title.join(" ")].map(|name| bare(name).to_string());
                let panel = Panel { area: area(column), x: x.clone(), y: strip.y.clone(), names };
                furnish(&mut self.scene, &panel, block.ruled, [column == 0, last]);
                panel
            });
            panels.push(furnished.collect());
            // A heading has its own room.
            self.y = bottom + if strip.heading.is_empty() { ROW_GAP } else { 0.4 * ROW_GAP };
        }
        self.y = panels.iter().flatten().map(|panel| panel.area.bottom).fold(self.y - ROW_GAP, f64::max) + ROW_GAP;
        titles.write(&mut self.scene, &panels, left);
        let crowded = frame.shown.clone().map(|column| block.along(column).0);
        let crowded = crowded.filter(|x| x.is_crowded(slots.width, TICK)).flat_map(|x| &x.ticks);
        let widest = crowded.map(|tick| text::width(&tick.label, TICK, Weight::Regular)).fold(0.0, f64::max);
        self.y += (widest.min(TURNED) - 0.8 * TICK).max(0.0) + LABEL + 1.5;
        // Columns with rulers of their own have titles of their own.
        let ends: Vec<(&str, f64, f64)> = match block.further.is_empty() {
            true => vec![(&block.x_title, slots.left, slots.right)],
            false => {
                let end = |column| (block.along(frame.shown.start + column).1, slots.start(column));
                let end = |column| (end(column).0, end(column).1, end(column).1 + slots.width);
                (0..frame.shown.len()).map(end).collect()
            }
        };
        for (title, left, right) in ends {
            let room = if block.further.is_empty() { self.scene.width - 2.0 * MARGIN } else { right - left };
            let title = text::fit(title, LABEL, Weight::Regular, room);
            let half = text::width(&title, LABEL, Weight::Regular) / 2.0;
            let middle = ((left + right) / 2.0).min(self.scene.width - MARGIN - half).max(MARGIN + half);
            self.scene.text(label(at(middle, self.y), title, LABEL, Anchor::Middle));
        }
        self.y += 10.0;
        panels
    }

    /// All in one size, which is smaller before they take several lines.
    fn column_headings(&mut self, names: &[String], slots: &Slots) {
        if names.iter().all(String::is_empty) {
            return;
        }
        self.y += HEADING;
        let room = slots.width + slots.gap - APART;
        let widest = names.iter().map(|name| text::width(name, 1.0, Weight::Bold)).fold(0.0, f64::max);
        let size = (room / widest * (1.0 - 1e-9)).clamp(SMALLEST.max(0.75 * HEADING), HEADING);
        // Where panels are low a heading has one line.
        let allowed = if self.sheet.medium.is_brief() { 1 } else { 3 };
        let lines: Vec<Vec<String>> = names.iter().map(|name| heading_lines(name, size, room, allowed)).collect();
        let most = lines.iter().map(Vec::len).max().unwrap_or(1);
        for (i, lines) in lines.into_iter().enumerate() {
            // The last lines are at one height, just above the panels.
            for (line, place) in lines.iter().rev().zip((0..most).rev()) {
                let middle = at(slots.start(i) + slots.width / 2.0, self.y + 1.2 * size * place as f64);
                self.scene.text(Text { weight: Weight::Bold, ..label(middle, line, size, Anchor::Middle) });
            }
        }
        self.y += 1.2 * size * (most - 1) as f64 + 6.0;
    }

    /// Above a row, read like all other text.
    fn row_heading(&mut self, name: &str, slots: &Slots) {
        if name.is_empty() {
            return;
        }
        let name = text::fit(name, HEADING, Weight::Bold, slots.right - slots.left);
        let place = at(slots.left, self.y + 0.8 * HEADING);
        self.scene.text(Text { weight: Weight::Bold, ..label(place, name, HEADING, Anchor::Start) });
        self.y += 1.4 * HEADING;
    }
}

/// A heading in as many lines as it takes, up to so many, the last of which is cut where that is not enough.
fn heading_lines(name: &str, size: f64, room: f64, most: usize) -> Vec<String> {
    // A value stays behind its sign.
    let mut lines = text::wrap(&name.replace(" = ", " =\u{a0}"), size, Weight::Bold, room);
    if lines.len() > most {
        let rest = lines.split_off(most - 1).join(" ");
        lines.push(rest);
    }
    let fitted = |line: &String| text::fit(&line.replace("=\u{a0}", "= "), size, Weight::Bold, room);
    lines.iter().map(fitted).collect()
}

/// A title without what it says in parentheses.
fn bare(title: &str) -> &str {
    title.split(" (").next().unwrap_or(title)
}

/// What stands beside the rows, turned.
struct Titles {
    lines: Vec<Words>,
    /// One title for all rows, since it is too long for each.
    shared: bool,
}

impl Titles {
    fn of(strips: &[Strip], height: f64) -> Titles {
        let rows = strips.len() as f64;
        let own = height + ROW_GAP;
        let wide = |part: &String| text::width(part, LABEL, Weight::Regular);
        let same = strips.windows(2).all(|pair| pair[0].title == pair[1].title);
        let shared = same && strips.iter().flat_map(|strip| &strip.title).any(|part| wide(part) > own);
        let room = if shared { rows * own - ROW_GAP } else { own };
        let lines = |strip: &Strip| match strip.title.iter().any(|part| wide(part) > room) {
            true => text::wrap(&strip.title.join(" "), LABEL, Weight::Regular, room),
            false => strip.title.clone(),
        };
        let fitted = |strip: &Strip| Words::fitted(lines(strip), LABEL, room);
        Titles { lines: strips.iter().map(fitted).collect(), shared }
    }

    fn width(&self) -> f64 {
        self.lines.iter().map(|words| words.lines.len()).max().unwrap_or(0) as f64 * LABEL * 1.25 + 3.0
    }

    fn write(&self, scene: &mut Scene, panels: &[Vec<Panel>], left: f64) {
        for (words, row) in self.lines.iter().zip(panels).take(if self.shared { 1 } else { panels.len() }) {
            let (Some(panel), Some(last)) = (row.first(), panels.last().and_then(|row| row.first())) else { continue };
            let end = if self.shared { last } else { panel };
            let middle = (panel.area.top + end.area.bottom) / 2.0;
            for (i, part) in words.lines.iter().enumerate() {
                let back = (words.lines.len() - 1 - i) as f64 * LABEL * 1.25 + LABEL * 0.24;
                let place = at(left - 10.0 - tick_width(&panel.y) - back, middle);
                scene.text(Text { turn: Turn::Up, ..label(place, part, words.size, Anchor::Middle) });
            }
        }
    }
}

/// The frame of a panel with the ticks of its scales; `labelled` along y and along x.
pub fn furnish(scene: &mut Scene, panel: &Panel, ruled: bool, labelled: [bool; 2]) {
    let Rect { left, top, right, bottom } = panel.area;
    let ticks = apart(&panel.y, panel.area.height());
    for tick in &ticks {
        let y = panel.y(tick.at);
        if ruled {
            scene.line(vec![at(left, y), at(right, y)], solid(RULE, THIN));
        }
        if labelled[0] {
            scene.text(label(at(left - 5.0, y + TICK * 0.36), &*tick.label, TICK, Anchor::End));
        }
        scene.line(vec![at(left - 2.5, y), at(left, y)], solid(EDGE, THIN));
    }
    let crowded = panel.x.is_crowded(panel.area.width(), TICK);
    let along = if crowded { panel.x.ticks.clone() } else { panel.x.thinned(panel.area.width(), TICK) };
    for tick in &along {
        let x = panel.x(tick.at);
        scene.line(vec![at(x, bottom), at(x, bottom + 2.5)], solid(EDGE, THIN));
        match labelled[1] && !tick.label.is_empty() {
            true if crowded => {
                let name = text::fit(&tick.label, TICK, Weight::Regular, TURNED);
                let text = label(at(x + 0.36 * TICK, bottom + 4.5), name, TICK, Anchor::End);
                scene.text(Text { turn: Turn::Up, ..text });
            }
            true => scene.text(label(at(x, bottom + 4.5 + TICK * 0.8), &*tick.label, TICK, Anchor::Middle)),
            false => {}
        }
    }
    scene.line(vec![at(left, top), at(left, bottom), at(right, bottom)], solid(EDGE, THIN));
    for ((ruler, ticks), _) in [(&panel.y, &ticks), (&panel.x, &along)].into_iter().zip(labelled).filter(|(_, is)| *is)
    {
        note(scene, ruler, ticks);
    }
}

/// Notes where the labelled ticks of a scale of numbers are.
pub fn note(scene: &mut Scene, ruler: &Ruler, ticks: &[Tick]) {
    // The floor of zeros is the low end of a scale that has one.
    let (low, high) = (ruler.floor.unwrap_or(ruler.measured.0), ruler.measured.1);
    let labelled = ticks.iter().filter(|tick| !tick.label.is_empty());
    if ruler.unit != Unit::Label {
        scene.scales.push(labelled.map(|tick| (tick.at - low) / (high - low)).collect());
    }
}

/// The ticks of an upright ruler whose labels keep apart: every k-th from the top, and the floor.
pub fn apart(ruler: &Ruler, height: f64) -> Vec<Tick> {
    let room = |a: &Tick, b: &Tick| (ruler.share(b.at) - ruler.share(a.at)) * height >= 1.1 * TICK;
    let (floor, ticks): (Vec<Tick>, Vec<Tick>) = ruler.ticks.iter().cloned().partition(|t| ruler.floor == Some(t.at));
    let ticks: Vec<Tick> = ticks.into_iter().filter(|tick| floor.iter().all(|floor| room(floor, tick))).collect();
    let every = |k: usize| ticks.iter().rev().step_by(k).rev().cloned().collect::<Vec<_>>();
    let kept = (1..=ticks.len()).map(every).find(|kept| kept.windows(2).all(|pair| room(&pair[0], &pair[1])));
    let kept = match (kept.unwrap_or_default(), &ticks[..]) {
        // The first stays too if the last would be nearly alone.
        (kept, [first, .., last]) if kept.len() < 3 && room(first, last) => vec![first.clone(), last.clone()],
        (kept, _) => kept,
    };
    floor.into_iter().chain(kept).collect()
}
