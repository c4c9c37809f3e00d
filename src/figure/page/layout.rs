//! A page: title, legend, rows of panels on shared scales, caption. Everything outside the data has its own place.

use super::block::furnish;
use crate::figure::chart::{Legend, Sample};
use crate::figure::ruler::Ruler;
use crate::figure::scene::{Anchor, Point, Rect, Scene, Text, Turn, at};
use crate::figure::sheet::{Medium, Sheet};
use crate::figure::style::{self, HEADING, INK, LABEL, MARGIN, SOFT, TICK, TITLE};
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
    /// What its rulers measure, for a reader who points at a value.
    pub names: [String; 2],
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

/// Lines of text in one size.
pub struct Words {
    pub lines: Vec<String>,
    pub size: f64,
}

impl Words {
    /// Smaller than `size` where they are wider than `room`, before they are cut.
    pub fn fitted(lines: Vec<String>, size: f64, room: f64) -> Words {
        let wide = lines.iter().map(|line| text::width(line, 1.0, Weight::Regular)).fold(0.0, f64::max);
        let size = (room / wide * (1.0 - 1e-9)).clamp(SMALLEST, size);
        let lines = lines.iter().map(|line| text::fit(line, size, Weight::Regular, room)).collect();
        Words { lines, size }
    }
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

    /// A legend that flows like text, headed by what its entries are.
    pub fn legend(&mut self, Legend { heading, entries }: &Legend) {
        if entries.is_empty() {
            return;
        }
        let right = self.scene.width - MARGIN;
        let mut x = MARGIN;
        if !heading.is_empty() {
            let at = at(MARGIN, self.y + LABEL);
            self.scene.text(Text { color: SOFT, ..label(at, heading, LABEL, Anchor::Start) });
            x += text::width(heading, LABEL, Weight::Regular) + 10.0;
        }
        let indent = if x > MARGIN + (right - MARGIN) / 3.0 { MARGIN } else { x };
        for (name, sample) in entries {
            let before = sample_width(sample) + 4.0;
            let name = text::fit(name, LABEL, Weight::Regular, right - indent - before);
            let width = before + text::width(&name, LABEL, Weight::Regular);
            if x > indent && x + width > right {
                self.y += LABEL * 1.55;
                x = indent;
            }
            self.sample(x, sample);
            self.scene.text(label(at(x + before, self.y + LABEL), name, LABEL, Anchor::Start));
            x += width + 14.0;
        }
        self.y += LABEL * 1.55 + 4.0;
    }

    /// What an entry of a legend shows before its text.
    fn sample(&mut self, x: f64, sample: &Sample) {
        let (middle, width) = (self.y + LABEL * 0.64, sample_width(sample));
        let line = vec![at(x, middle), at(x + width, middle)];
        match sample {
            Sample::Line(look) => {
                self.scene.line(line, look.stroke(style::LINE));
                style::mark(&mut self.scene, at(x + width / 2.0, middle), 2.4, look);
            }
            Sample::Plain(look) => self.scene.line(line, look.stroke(0.9)),
            Sample::Mark(look) => style::mark(&mut self.scene, at(x + width / 2.0, middle), 2.6, look),
            Sample::Number(number) => {
                self.scene.text(label(at(x, self.y + LABEL), number, LABEL, Anchor::Start));
            }
        }
    }

    /// A panel with scales of its own: labels on both sides, its heading above.
    pub fn panel(&mut self, area: Rect, heading: &str, (x, y): (Ruler, Ruler), names: [&str; 2]) -> Panel {
        let name = text::fit(heading, HEADING, Weight::Bold, area.width());
        let text = label(at((area.left + area.right) / 2.0, area.top - 5.0), name, HEADING, Anchor::Middle);
        self.scene.text(Text { weight: Weight::Bold, ..text });
        let panel = Panel { area, x, y, names: names.map(String::from) };
        furnish(&mut self.scene, &panel, false, [true, true]);
        panel
    }

    /// Closes the page with what is shown, wrapped to its width.
    pub fn caption(mut self, caption: &str) -> Scene {
        let caption = &if self.sheet.medium.is_brief() { brief(caption) } else { caption.to_string() };
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

/// What begins the sentences of a caption that say what something drawn stands for.
const SIGNS: &str =
    "▼,▲,△,×,○,!:,Grey:,Pink:,Ring:,Ring with,Dot:,Dashed:,Thin,Arrow,Outlined:,Line across,Theory,Series joined";

/// Of a caption how many runs are shown, what signs stand for and what is held fixed: the rest is said beside the figure.
fn brief(caption: &str) -> String {
    let fixed = |sentence: &str| {
        let (_, rest) = sentence.split_once("; fixed: ")?;
        Some(format!("Fixed: {}.", rest.split("; ").next()?.trim_end_matches('.')))
    };
    let mut sentences: Vec<String> = Vec::new();
    for part in caption.split_inclusive(". ") {
        // After "et al." a sentence goes on.
        match sentences.last_mut() {
            Some(last) if part.starts_with(|c: char| c.is_ascii_digit() || c.is_lowercase()) => last.push_str(part),
            _ => sentences.push(part.into()),
        }
    }
    let kept = sentences.iter().map(|sentence| sentence.trim()).enumerate().filter_map(|(i, sentence)| {
        let is_sign = SIGNS.split(',').any(|sign| sentence.starts_with(sign));
        if i == 0 || is_sign { Some(sentence.to_string()) } else { fixed(sentence) }
    });
    kept.collect::<Vec<_>>().join(" ")
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

/// Points that the sample of a legend takes.
fn sample_width(sample: &Sample) -> f64 {
    match sample {
        Sample::Line(_) | Sample::Plain(_) => 26.0,
        Sample::Mark(_) => 8.0,
        Sample::Number(number) => text::width(number, LABEL, Weight::Regular),
    }
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
    use super::{brief, push_apart};

    #[test]
    fn a_brief_caption_says_what_is_fixed_and_what_signs_are() {
        let caption = "Line: median, band: range of 5 seeds. Grey: the others. Probe: 60 training rows. ×: diverged. \
            Data: digits; fixed: depth 12, norm none; pooled within a seed by its median: l2. Of 10 runs 2 diverged.";
        let said = "Line: median, band: range of 5 seeds. Grey: the others. ×: diverged. Fixed: depth 12, norm none.";
        assert_eq!(brief(caption), said);
    }

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
