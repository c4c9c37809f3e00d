//! A page: title, legend, rows of panels on shared scales, caption. Everything outside the data has its own place.

use crate::figure::chart::{Block, Legend, Sample};
use crate::figure::ruler::{Ruler, Tick};
use crate::figure::scene::{Anchor, Point, Rect, Scene, Text, Turn, at};
use crate::figure::sheet::{Medium, Sheet};
use crate::figure::style::{self, EDGE, HEADING, INK, LABEL, MARGIN, RULE, SOFT, THIN, TICK, TITLE, solid};
use crate::figure::text::{self, Weight};
use crate::results::figure_claims::FigureClaim;

/// A line of text with the house's defaults.
pub fn label(at: Point, text: impl Into<String>, size: f64, anchor: Anchor) -> Text {
    Text { at, text: text.into(), size, weight: Weight::Regular, color: INK, anchor, turn: Turn::Level }
}

/// Words beside a panel are made no smaller than this before they are cut.
pub const SMALLEST: f64 = 5.4;

/// More verdicts than this would outweigh their figure.
const VERDICTS: usize = 5;

/// A page that grows downwards.
pub struct Page {
    pub scene: Scene,
    /// The first free line.
    pub y: f64,
    pub sheet: Sheet,
}

/// One plot: where it is and its scales.
pub struct Panel {
    pub area: Rect,
    pub x: Ruler,
    pub y: Ruler,
}

impl Panel {
    pub fn x(&self, value: f64) -> f64 {
        self.area.left + self.x.share(value) * self.area.width()
    }

    pub fn y(&self, value: f64) -> f64 {
        self.area.bottom - self.y.share(value) * self.area.height()
    }

    pub fn at(&self, x: f64, y: f64) -> Point {
        at(self.x(x), self.y(y))
    }
}

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

impl Page {
    /// Starts a page with its title, and a line under it if there is something to say.
    pub fn new(title: &str, subtitle: &str, sheet: Sheet) -> Page {
        let width = sheet.width;
        let scene = Scene { width, title: title.to_string(), caption: subtitle.to_string(), ..Scene::default() };
        let mut page = Page { scene, y: MARGIN, sheet };
        let head = [(title, TITLE, Weight::Bold, INK), (subtitle, LABEL, Weight::Regular, SOFT)];
        // A column has its paper's caption above or below it, a slide no room for a second line.
        let said = head.into_iter().filter(|_| sheet.medium != Medium::Column);
        for (line, size, weight, color) in said {
            let room = width - 2.0 * MARGIN;
            let size = match sheet.medium {
                Medium::Slide(_) => size * (room / text::width(line, size, weight)).clamp(SMALLEST / LABEL, 1.0),
                _ => size,
            };
            for line in text::wrap(line, size, weight, room + 1e-6) {
                page.y += size;
                let at = at(MARGIN, page.y);
                page.scene.text(Text { weight, color, ..label(at, line, size, Anchor::Start) });
                page.y += 0.42 * size;
            }
        }
        page.y += 3.0;
        page
    }

    /// A legend in as many equal columns as fit, headed by what its entries are.
    pub fn legend(&mut self, Legend { heading, entries }: &Legend) {
        if entries.is_empty() {
            return;
        }
        let sample = 26.0;
        let head = if heading.is_empty() { 0.0 } else { text::width(heading, LABEL, Weight::Regular) + 10.0 };
        let room = self.scene.width - 2.0 * MARGIN - head;
        let names: Vec<String> =
            entries.iter().map(|(name, _)| text::fit(name, LABEL, Weight::Regular, room - sample - 4.0)).collect();
        let widths: Vec<f64> =
            names.iter().map(|n| sample + 4.0 + text::width(n, LABEL, Weight::Regular) + 14.0).collect();
        // The most columns whose widest entries fit side by side, so that the eye can scan a grid.
        let columns_of =
            |n: usize| (0..n).map(|c| widths.iter().skip(c).step_by(n).fold(0.0f64, |a, b| a.max(*b))).collect();
        let columns: Vec<f64> = (1..=widths.len())
            .rev()
            .map(columns_of)
            .find(|columns: &Vec<f64>| columns.iter().sum::<f64>() <= room + 14.0)
            .unwrap_or(vec![room]);
        if !heading.is_empty() {
            let at = at(MARGIN, self.y + LABEL);
            self.scene.text(Text { color: SOFT, ..label(at, heading, LABEL, Anchor::Start) });
        }
        let mut x = MARGIN + head;
        for (i, (name, (_, shown))) in names.into_iter().zip(entries).enumerate() {
            if i > 0 && i % columns.len() == 0 {
                self.y += LABEL * 1.55;
                x = MARGIN + head;
            }
            let middle = self.y + LABEL * 0.64;
            match shown {
                Sample::Line(look) => {
                    self.scene.line(vec![at(x, middle), at(x + sample, middle)], look.stroke(style::LINE));
                    style::mark(&mut self.scene, at(x + sample / 2.0, middle), 2.4, look);
                }
                Sample::Plain(look) => {
                    self.scene.line(vec![at(x, middle), at(x + sample, middle)], look.stroke(0.9));
                }
                Sample::Mark(look) => style::mark(&mut self.scene, at(x + sample - 5.0, middle), 2.6, look),
            }
            self.scene.text(label(at(x + sample + 4.0, self.y + LABEL), name, LABEL, Anchor::Start));
            x += columns[i % columns.len()];
        }
        self.y += LABEL * 1.55 + 4.0;
    }

    /// Draws the frame of a block and gives its panels, `[row][column]`.
    pub fn block(&mut self, block: &Block, frame: &Frame) -> Vec<Vec<Panel>> {
        self.y += block.gap;
        let height = block.height * self.sheet.medium.stretch();
        let (gap, row_gap) = (14.0, 12.0);
        let strips = &block.strips;
        let too_long = |part: &&String| text::width(part, LABEL, Weight::Regular) > height + row_gap;
        let same = strips.windows(2).all(|pair| pair[0].title == pair[1].title);
        let shared = same && strips.iter().flat_map(|strip| &strip.title).any(|part| too_long(&part));
        // A title that is too long for its row stands once for all of them, if they share it, or in more lines.
        let rows = strips.len() as f64;
        let whole = rows * height + (rows - 1.0) * row_gap;
        let title_room = if shared { whole } else { height + row_gap };
        let titled =
            |lines: &Vec<String>| match lines.iter().any(|l| text::width(l, LABEL, Weight::Regular) > title_room) {
                true => text::wrap(&lines.join(" "), LABEL, Weight::Regular, title_room),
                false => lines.clone(),
            };
        let titles: Vec<Vec<String>> = strips.iter().map(|strip| titled(&strip.title)).collect();
        let title_lines = titles.iter().map(Vec::len).max().unwrap_or(0) as f64;
        let left = MARGIN + title_lines * LABEL * 1.25 + 3.0 + frame.left + 5.0;
        let strip_room = if strips.iter().all(|strip| strip.heading.is_empty()) { 0.0 } else { HEADING * 1.5 };
        let right = self.scene.width - MARGIN - strip_room - frame.right;
        let columns = self.sheet.slots.max(1);
        let width = (right - left - gap * (columns - 1) as f64) / columns as f64;
        if frame.columns.iter().any(|c| !c.is_empty()) {
            self.y += HEADING;
            for (i, name) in frame.columns.iter().enumerate() {
                let x = left + i as f64 * (width + gap) + width / 2.0;
                let name = text::fit(name, HEADING, Weight::Bold, width + gap - 4.0);
                let text = label(at(x, self.y), name, HEADING, Anchor::Middle);
                self.scene.text(Text { weight: Weight::Bold, ..text });
            }
            self.y += 6.0;
        }
        let block_top = self.y;
        let mut panels = Vec::new();
        for (row, strip) in strips.iter().enumerate() {
            let y = &strip.y;
            let (top, bottom) = (self.y, self.y + height);
            let mut line = Vec::new();
            for column in 0..frame.shown.len() {
                let start = left + column as f64 * (width + gap);
                let area = Rect { left: start, top, right: start + width, bottom };
                let panel = Panel { area, x: block.x.clone(), y: y.clone() };
                self.furnish(&panel, block.ruled, column == 0, row + 1 == strips.len());
                line.push(panel);
            }
            let middle = (top + bottom) / 2.0;
            let lines = &titles[row];
            let at_y = if shared { block_top + whole / 2.0 } else { middle };
            let wide = lines.iter().map(|part| text::width(part, LABEL, Weight::Regular)).fold(title_room, f64::max);
            let size = (LABEL * title_room * (1.0 - 1e-9) / wide).max(SMALLEST);
            for (i, part) in lines.iter().enumerate().filter(|_| !shared || row == 0) {
                let x = left - 10.0 - tick_width(y) - (lines.len() - 1 - i) as f64 * LABEL * 1.25 - LABEL * 0.24;
                let part = text::fit(part, size, Weight::Regular, title_room);
                self.scene.text(Text { turn: Turn::Up, ..label(at(x, at_y), part, size, Anchor::Middle) });
            }
            if strip_room > 0.0 {
                // Smaller before it is cut: a panel is less high than a heading may be long.
                let room = height + row_gap - 2.0;
                let wide = text::width(&strip.heading, HEADING, Weight::Bold).max(room);
                let size = (HEADING * room * (1.0 - 1e-9) / wide).max(SMALLEST);
                let name = text::fit(&strip.heading, size, Weight::Bold, room);
                let text = label(at(right + 6.0, middle), name, size, Anchor::Middle);
                self.scene.text(Text { turn: Turn::Down, weight: Weight::Bold, ..text });
            }
            panels.push(line);
            self.y = bottom + row_gap;
        }
        self.y += LABEL + 1.5;
        self.scene.text(label(at((left + right) / 2.0, self.y), &*block.x_title, LABEL, Anchor::Middle));
        self.y += 10.0;
        panels
    }

    /// A panel with scales of its own: labels on both sides, its heading above.
    pub fn panel(&mut self, area: Rect, heading: &str, x: Ruler, y: Ruler) -> Panel {
        let name = text::fit(heading, HEADING, Weight::Bold, area.width());
        let text = label(at((area.left + area.right) / 2.0, area.top - 5.0), name, HEADING, Anchor::Middle);
        self.scene.text(Text { weight: Weight::Bold, ..text });
        let panel = Panel { area, x, y };
        self.furnish(&panel, false, true, true);
        panel
    }

    fn furnish(&mut self, panel: &Panel, ruled: bool, y_labels: bool, x_labels: bool) {
        let Rect { left, top, right, bottom } = panel.area;
        let ticks = upright(panel);
        for tick in &ticks {
            let y = panel.y(tick.at);
            if ruled {
                self.scene.line(vec![at(left, y), at(right, y)], solid(RULE, THIN));
            }
            if y_labels {
                self.scene.text(label(at(left - 5.0, y + TICK * 0.36), &*tick.label, TICK, Anchor::End));
            }
            self.scene.line(vec![at(left - 2.5, y), at(left, y)], solid(EDGE, THIN));
        }
        for tick in panel.x.thinned(panel.area.width(), TICK) {
            let x = panel.x(tick.at);
            self.scene.line(vec![at(x, bottom), at(x, bottom + 2.5)], solid(EDGE, THIN));
            if x_labels && !tick.label.is_empty() {
                self.scene.text(label(at(x, bottom + 4.5 + TICK * 0.8), tick.label, TICK, Anchor::Middle));
            }
        }
        self.scene.line(vec![at(left, top), at(left, bottom), at(right, bottom)], solid(EDGE, THIN));
    }

    /// Closes the page with what is shown, wrapped to its width.
    pub fn caption(mut self, caption: &str) -> Scene {
        // What is said beside it need not stand on it, but for how many runs it shows.
        let end = caption.find(". ").filter(|_| self.sheet.medium.is_brief()).map_or(caption.len(), |at| at + 1);
        let caption = &caption[..end];
        self.y += 2.0;
        for line in text::wrap(caption, TICK, Weight::Regular, self.scene.width - 2.0 * MARGIN) {
            self.y += TICK;
            let at = at(MARGIN, self.y);
            self.scene.text(Text { color: SOFT, ..label(at, line, TICK, Anchor::Start) });
            self.y += TICK * 0.42;
        }
        self.scene.height = self.y + MARGIN - TICK * 0.42;
        self.scene.caption = format!("{} {caption}", self.scene.caption).trim().to_string();
        self.scene
    }
}

/// Adds what became of the claims that a finished page is about, the worst first where there are many.
pub fn verdicts(scene: &mut Scene, verdicts: &[FigureClaim]) {
    let mut order: Vec<&FigureClaim> = verdicts.iter().collect();
    if order.len() > VERDICTS {
        order.sort_by_key(|verdict| (verdict.word == "holds", verdict.number));
    }
    let mut lines: Vec<String> = order.iter().take(VERDICTS).map(|verdict| verdict.line()).collect();
    if order.len() > VERDICTS {
        lines.push(format!("And {} more in claims.csv.", order.len() - VERDICTS));
    }
    let width = scene.width - 2.0 * MARGIN;
    for line in lines.iter().flat_map(|line| text::wrap(line, TICK, Weight::Regular, width)) {
        let at = at(MARGIN, scene.height - MARGIN + TICK * 1.42);
        scene.text(label(at, line, TICK, Anchor::Start));
        scene.height += TICK * 1.42;
    }
    lines.iter().for_each(|line| scene.caption.push_str(&format!(" {line}")));
}

/// The width of the widest label of a scale's ticks.
pub fn tick_width(ruler: &Ruler) -> f64 {
    ruler.ticks.iter().map(|t| text::width(&t.label, TICK, Weight::Regular)).fold(0.0, f64::max)
}

/// The y ticks whose labels keep apart.
fn upright(panel: &Panel) -> Vec<Tick> {
    let mut kept: Vec<Tick> = Vec::new();
    for tick in &panel.y.ticks {
        if kept.last().is_none_or(|last: &Tick| panel.y(last.at) - panel.y(tick.at) >= 1.1 * TICK) {
            kept.push(tick.clone());
        }
    }
    kept
}

/// Moves centres as little as it takes (least squares) to keep them `gap` apart, within `low` and `high`.
pub fn push_apart(centres: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..centres.len()).collect();
    order.sort_by(|a, b| centres[*a].total_cmp(&centres[*b]));
    // Isotonic regression of the centres less their due offsets, by pooling neighbours that are out of order.
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (rank, i) in order.iter().enumerate() {
        pools.push((centres[*i] - rank as f64 * gap, 1));
        while let [.., (a, n), (b, m)] = pools[..]
            && a > b
        {
            pools.truncate(pools.len() - 2);
            pools.push(((a * n as f64 + b * m as f64) / (n + m) as f64, n + m));
        }
    }
    let offsets = pools.into_iter().flat_map(|(mean, n)| std::iter::repeat_n(mean, n));
    let last = (high - centres.len().saturating_sub(1) as f64 * gap).max(low);
    let mut placed = vec![0.0; centres.len()];
    for (rank, (i, offset)) in order.into_iter().zip(offsets).enumerate() {
        placed[i] = offset.clamp(low, last) + rank as f64 * gap;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::push_apart;

    #[test]
    fn labels_are_moved_no_more_than_needed() {
        assert_eq!(push_apart(&[10.0, 30.0], 5.0, 0.0, 40.0), [10.0, 30.0]);
        assert_eq!(push_apart(&[20.0, 20.0, 20.0], 4.0, 0.0, 40.0), [16.0, 20.0, 24.0]);
        assert_eq!(push_apart(&[1.0, 0.0], 4.0, 0.0, 40.0), [4.0, 0.0]);
        let crowd: Vec<f64> = (0..8).map(|i| 38.0 + f64::from(i) * 0.1).collect();
        let placed = push_apart(&crowd, 5.0, 0.0, 40.0);
        assert!(placed.windows(2).all(|w| w[1] - w[0] >= 5.0 - 1e-9) && placed[7] <= 40.0 && placed[0] >= 0.0);
    }
}
