//! A chart as plain data: what each panel shows, on which rulers and under which words. It knows nothing of places on a page.
//!
//! The files of `kinds/` make charts of results, and `page/` draws them.

use super::endings::Ending;
use super::finding;
use super::places;
use super::ruler::{End, Ruler, evenly};
use super::scene::{Color, Stroke};
use super::select::{GroupKey, Selection, heading};
use super::sheet::Sheet;
use super::style::{INK, LINE, Look, Marker, SOFT, diverging, solid, viridis};
use super::words::{self, CROWD};
use crate::columns::Column;
use crate::stats::Spread;
use std::collections::BTreeMap;

/// A place in a panel, on its two rulers.
pub type Spot = (f64, f64);

/// A place along x, and median and range over the seeds there.
pub type Points = Vec<(f64, Spread)>;

/// With more columns of panels than this each shows one measurement alone.
pub const MANY: usize = 8;

/// Of more values in order than are told apart, the legend names so many.
const NAMED: usize = 10;

/// A chart and the sheet that it is laid out for.
pub struct Chart {
    pub sheet: Sheet,
    pub title: String,
    /// What there is to see, in a sentence under the title.
    pub finding: String,
    pub legend: Legend,
    pub body: Body,
    /// How it was drawn, from what, and what was left out.
    pub caption: String,
    /// Instead, where tiles have no room for their numbers.
    pub caption_without_numbers: Option<String>,
}

/// What the looks of a chart stand for.
#[derive(Default)]
pub struct Legend {
    /// What the entries are labels of; empty where that is plain.
    pub heading: String,
    pub entries: Vec<(String, Sample)>,
}

/// What an entry of a legend shows before its text.
pub enum Sample {
    /// A line with its marker.
    Line(Look),
    /// A line alone: a reference, no series.
    Plain(Look),
    /// A marker alone.
    Mark(Look),
    /// A number as it stands beside a line.
    Number(String),
}

/// The panels of a chart.
pub enum Body {
    Grid(Grid),
    Planes(Planes),
}

/// Panels in rows and columns that share their rulers. Where the columns do not fit side by side, all blocks are repeated for
/// the next columns.
pub struct Grid {
    /// Above each column.
    pub columns: Vec<String>,
    /// One under the other.
    pub blocks: Vec<Block>,
    pub colors: Option<ColorBar>,
}

/// The colour scale of maps.
pub struct ColorBar {
    pub ruler: Ruler,
    /// What it measures, one string a line.
    pub title: Vec<String>,
    /// Of values that go both ways from the place 0, each in a hue of its own, those at which the gradient fades.
    pub fades: Option<Fades>,
    /// The largest value of all, where it lies beyond the scale.
    pub off: Option<String>,
}

/// On which side of 0 the gradient fades: below as a gradient over another, above as an attenuation. It is brown there in every
/// figure, and teal where it grows.
#[derive(Clone, Copy, PartialEq)]
pub enum Fades {
    Below,
    Above,
}

impl ColorBar {
    /// The scale of values of a column.
    pub fn new(ruler: Ruler, column: &Column, values: &[f64]) -> ColorBar {
        let title = column.words.iter().map(ToString::to_string).collect();
        let highest = values.iter().copied().filter(|v| v.is_finite()).fold(f64::NEG_INFINITY, f64::max);
        let off = (highest > ruler.high).then(|| finding::measured(highest, column));
        ColorBar { ruler, title, fades: None, off }
    }

    /// The colour of a value.
    pub fn color(&self, value: f64) -> Color {
        let Ruler { low, high, .. } = self.ruler;
        let Some(fades) = self.fades else { return viridis(self.ruler.share(value)) };
        let (own, other) = if value < 0.0 { (low, high) } else { (high, low) };
        let share = value / own.abs().max(LESSER * other.abs());
        diverging(if fades == Fades::Below { share } else { -share })
    }
}

/// Of a scale that goes both ways the lesser side has its full colour where it reaches as far as this share of the other, and less
/// where it does not: growth by a few times is seen beside fading over many decades, and noise is not.
const LESSER: f64 = 0.25;

/// How high the colour scale of so many rows of maps is.
pub fn bar_height(rows: usize, height: f64) -> f64 {
    rows as f64 * (height + 12.0) - 12.0
}

/// Rows of panels above one ruler.
pub struct Block {
    pub x: Ruler,
    pub x_title: String,
    /// Rulers and titles of the second and further columns, where these have some of their own.
    pub further: Vec<(Ruler, String)>,
    pub strips: Vec<Strip>,
    /// Height of each row in points, and free points above all.
    pub height: f64,
    pub gap: f64,
    /// Light lines at the labelled y ticks.
    pub ruled: bool,
}

/// A row of panels with their ruler.
pub struct Strip {
    /// To the right of it; empty for none.
    pub heading: String,
    pub y: Ruler,
    /// To the left of it, one string a line.
    pub title: Vec<String>,
    /// What each panel shows, in the order of drawing.
    pub panels: Vec<Vec<Mark>>,
}

/// Panels with rulers of their own, so many side by side.
pub struct Planes {
    pub slots: usize,
    pub planes: Vec<Plane>,
}

/// A window on a plane.
pub struct Plane {
    pub heading: String,
    /// The lowest and the highest value along each ruler.
    pub x: (f64, f64),
    pub y: (f64, f64),
    /// What is along them.
    pub titles: [&'static str; 2],
    pub marks: Vec<Mark>,
}

/// Something that is drawn in a panel.
pub enum Mark {
    /// A line from side to side.
    Across { y: f64, stroke: Stroke },
    /// A line from top to bottom.
    Upright { x: f64, stroke: Stroke },
    /// The range of the seeds along a series, wherever one of them is above zero.
    Band { color: Color, points: Points },
    /// The median of a series with markers here and there; `turn` staggers them between series.
    Median { look: Look, name: String, points: Points, turn: usize },
    /// The median of a series that is drawn elsewhere, in grey.
    Context(Points),
    /// A line; a named one stands for data.
    Curve { points: Vec<Spot>, stroke: Stroke, name: Option<String> },
    /// A long line, cut at the borders of the panel and without the points that nobody could tell apart.
    Path { points: Vec<Spot>, stroke: Stroke, name: Option<String> },
    /// A filled polygon.
    Area { points: Vec<Spot>, color: Color, opacity: f64 },
    /// The marker of a look.
    Symbol { at: Spot, radius: f64, look: Look },
    /// Filled circles about one place, radius and colour of each, the largest first.
    Discs { at: Spot, discs: Vec<(f64, Color)> },
    /// Nothing to see: what a place tells a reader who points at it.
    Tip { at: Spot, text: String },
    /// A cross so many points away from the upper (or lower) edge.
    EdgeCross { x: f64, from: End, inset: f64, radius: f64, color: Color },
    /// A ring, with an arrow to one side if that is not 0.
    Ring { at: Spot, side: f64, color: Color },
    /// An arrow at the right or the left edge, and what lies beyond it in words.
    Sideways { y: f64, end: End, color: Color, words: String },
    /// Short lines of text in the upper left corner.
    Corner(Vec<String>),
    /// Small words at the first of these places where they are over no others.
    Note { spots: Vec<Spot>, text: String },
    /// Words in the middle of a panel that has nothing to show.
    Empty(&'static str),
    /// Numbers at the left ends of lines: where the line begins, what is written and its colour.
    Labels { x: f64, labels: Vec<(f64, String, Color)> },
    /// Every run as a dot, beside each other where several series share a place.
    Dots(Dots),
    /// One arm along x: a dot a run, a bar through the median, crosses for the runs that never came.
    Arm(Arm),
    /// A small tick above the panel: what is recorded.
    Notch { x: f64 },
    /// Triangles at the upper edge.
    Beyond(Beyond),
    /// A map.
    Tiles(Tiles),
}

/// Runs at places along x, for each series of a panel.
pub struct Dots {
    /// Smallest distance between two places.
    pub gap: f64,
    pub series: Vec<DotSeries>,
    /// The end of the panel at which lost runs pile up.
    pub lost_at: End,
    /// Whether lines go from place to place: there is something between them.
    pub joined: bool,
}

pub struct DotSeries {
    pub look: Look,
    pub name: String,
    pub stacks: Vec<Stack>,
}

impl Dots {
    /// Height of a cross in a stack of lost runs, in points, and the largest share of a panel that stacks take.
    pub const CROSS: f64 = 4.8;
    pub const SHARE: f64 = 0.25;
    /// Of more runs than this at a place their density is drawn.
    pub const MANY: usize = 200;
}

/// The runs at one place.
pub struct Stack {
    pub x: f64,
    /// In the order of their seeds.
    pub runs: Vec<(u64, Ending)>,
    pub spread: Spread,
}

/// The runs of one arm.
pub struct Arm {
    pub y: f64,
    pub look: Look,
    pub name: String,
    pub values: Vec<f64>,
    pub median: Option<f64>,
    pub misses: usize,
    /// Where the strip of misses begins, and at which end of the panel it lies.
    pub edge: f64,
    pub lost_at: End,
}

impl Arm {
    /// Distance between its crosses, in points.
    pub const CROSS: f64 = 5.0;
}

/// What lies beyond the upper edge of a panel.
pub struct Beyond {
    /// Distance of the triangles from the edge, in points.
    pub inset: f64,
    pub places: Vec<BeyondPlace>,
}

/// A triangle.
pub struct BeyondPlace {
    pub x: f64,
    pub look: Look,
    /// Its series.
    pub name: String,
    /// What it tells a reader who points at it.
    pub told: String,
    /// What is written beside it where there is room, at length and in short.
    pub words: Option<[String; 2]>,
}

impl Tiles {
    /// Of more tiles than these nobody reads the numbers: the map shows a border, not its values.
    pub const NUMBERED: usize = 60;
}

/// A map: tiles with numbers in them and lines over them.
#[derive(Default)]
pub struct Tiles {
    pub tiles: Vec<Tile>,
    /// The tiles that are outlined: the best one, or all that are as good.
    pub best: Vec<usize>,
    /// Dashed lines, and the name of each.
    pub lines: Vec<Vec<Spot>>,
    pub line_name: String,
}

/// A tile from its lower left to its upper right corner.
pub struct Tile {
    pub low: Spot,
    pub high: Spot,
    pub color: Color,
    /// What it tells a reader who points at it.
    pub told: String,
    /// Written in it, if the numbers of all tiles have room.
    pub number: Option<String>,
    pub lost: TileLost,
}

/// How much of a tile is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileLost {
    Nothing,
    /// Some seeds: a small cross in a corner.
    Some,
    /// The median seed: a cross.
    Median,
    /// All runs failed: an exclamation mark.
    Failed,
    /// There is no number: a line across the tile.
    Missing,
}

/// How runs that diverged look in a legend.
pub const LOST: Look = Look { color: INK, dash: &[], marker: Marker::Cross, hollow: false };

/// The line of guessing.
pub const GUESSING: Look = Look { color: SOFT, dash: &[4.0, 2.0], marker: Marker::Disc, hollow: false };

impl Chart {
    /// A chart without a caption. `own` is the kind's title, for a figure that has none of its own.
    pub fn new(
        selection: &Selection,
        sheet: Sheet,
        own: &str,
        finding: String,
        legend: Legend,
        blocks: Vec<Block>,
    ) -> Self {
        let columns = selection.columns();
        let columns = columns.iter().map(|c| heading(&selection.column, *c)).collect();
        let body = Body::Grid(Grid { columns, blocks, colors: None });
        let (caption, caption_without_numbers) = (String::new(), None);
        Chart { sheet, title: words::title(selection, own), finding, legend, body, caption, caption_without_numbers }
    }

    /// The same with the colour scale of its maps.
    pub fn colors(mut self, colors: ColorBar) -> Self {
        if let Body::Grid(grid) = &mut self.body {
            grid.colors = Some(colors);
        }
        self
    }
}

impl Legend {
    /// What the series are, each a colour or several that are equal; of many values in order some stand for all.
    pub fn of(selection: &Selection, groups: &[Vec<usize>]) -> Self {
        let heading = selection.legend_heading();
        let Some(color) = &selection.color else { return Legend { heading, entries: Vec::new() } };
        let named = if color.ordered() && groups.len() > CROWD { NAMED } else { groups.len() };
        let shown = evenly(groups.len(), named).map(|i| &groups[i]);
        let entry = |group: &Vec<usize>| (selection.joined(group), Sample::Line(selection.look(group[0])));
        Legend { heading, entries: shown.map(entry).collect() }
    }

    /// The same with a reference line, if there is one.
    pub fn line(mut self, name: Option<String>, look: Look) -> Self {
        self.entries.extend(name.map(|name| (name, Sample::Plain(look))));
        self
    }

    /// The same with the cross of lost runs, if there are some.
    pub fn lost(mut self, what: &str, lost: usize, runs: usize) -> Self {
        if lost > 0 {
            self.entries.push((format!("{what} ({lost} of {runs} runs)"), Sample::Mark(LOST)));
        }
        self
    }
}

impl Block {
    /// A row of panels for each label of the selection's rows, all on the same rulers. `panel` says what each shows.
    pub fn new(
        selection: &Selection,
        (x, x_title): (Ruler, &str),
        (y, y_title): (&Ruler, &[impl ToString]),
        height: f64,
        panel: impl Fn(GroupKey) -> Vec<Mark>,
    ) -> Block {
        let rows = selection.rows().into_iter();
        let strips = rows.map(|row| Strip::new(selection, row, (y, y_title), &panel)).collect();
        Block::of((x, x_title), strips, height)
    }

    /// These rows of panels over one ruler, with lines at its ticks.
    pub fn of((x, x_title): (Ruler, &str), strips: Vec<Strip>, height: f64) -> Block {
        Block { x, x_title: x_title.into(), further: Vec::new(), strips, height, gap: 0.0, ruled: true }
    }

    /// The ruler and the title of a column.
    pub fn along(&self, column: usize) -> (&Ruler, &str) {
        let own = column.checked_sub(1).and_then(|i| self.further.get(i));
        own.map_or((&self.x, &self.x_title), |(ruler, title)| (ruler, title))
    }
}

impl Strip {
    /// The panels of one row.
    pub fn new(
        selection: &Selection,
        row: usize,
        (y, title): (&Ruler, &[impl ToString]),
        panel: impl Fn(GroupKey) -> Vec<Mark>,
    ) -> Strip {
        let columns = selection.columns().into_iter();
        Strip {
            heading: heading(&selection.row, row),
            y: y.clone(),
            title: title.iter().map(ToString::to_string).collect(),
            panels: columns.map(|column| panel(GroupKey { row, column, ..GroupKey::PANEL })).collect(),
        }
    }
}

/// The medians of the other panels of the row in grey, where no colours are; bands, then medians: the series of one panel, each a
/// colour or several that are equal.
pub fn series<'a>(
    selection: &Selection,
    groups: &[Vec<usize>],
    panel: GroupKey,
    points: impl Fn(GroupKey) -> Option<&'a Points>,
) -> Vec<Mark> {
    let own = |group: &Vec<usize>| points(GroupKey { color: group[0], ..panel });
    let pieces = |points: &Points| -> Vec<Points> {
        if places::are_names(selection) { points.chunks(1).map(<[_]>::to_vec).collect() } else { vec![points.clone()] }
    };
    let present = || {
        let all = groups.iter().enumerate().filter_map(|(turn, group)| Some((turn, group, own(group)?)));
        all.flat_map(|(turn, group, points)| pieces(points).into_iter().map(move |piece| (turn, group, piece)))
    };
    let bands = present().filter(|_| groups.len() <= CROWD);
    let bands = bands.map(|(_, group, points)| Mark::Band { color: selection.look(group[0]).color, points });
    let medians = present().map(|(turn, group, points)| Mark::Median {
        look: selection.look(group[0]),
        name: selection.joined(group),
        points,
        turn,
    });
    context(selection, panel, &points).into_iter().chain(bands).chain(medians).collect()
}

/// The series of the other panels of a row, where panels are not told apart by colours, to compare with.
pub fn context<'a>(
    selection: &Selection,
    panel: GroupKey,
    points: impl Fn(GroupKey) -> Option<&'a Points>,
) -> Vec<Mark> {
    let is_shown = selection.has_context() && !places::are_names(selection);
    let others = selection.columns().into_iter().filter(|column| is_shown && *column != panel.column);
    others.filter_map(|column| points(GroupKey { column, ..panel })).map(|p| Mark::Context(p.clone())).collect()
}

/// The spread over the seeds of each group at each layer, or time step.
pub fn points_at(
    selection: &Selection,
    values: BTreeMap<u64, Vec<(usize, f64)>>,
    geometric: bool,
    spread: impl Fn(Vec<f64>) -> Option<Spread>,
) -> BTreeMap<GroupKey, Points> {
    let mut points: BTreeMap<GroupKey, Points> = BTreeMap::new();
    for (place, values) in values {
        for (key, seeds) in selection.by_seed(values.into_iter(), geometric) {
            if let Some(spread) = spread(seeds.into_values().collect()) {
                points.entry(key).or_default().push((place as f64, spread));
            }
        }
    }
    points
}

/// The medians of lines.
pub fn medians<'a>(lines: impl IntoIterator<Item = &'a Points>) -> Vec<f64> {
    lines.into_iter().flatten().map(|(_, s)| s.median).collect()
}

/// The medians of lines and the ends of their ranges.
pub fn spans<'a>(lines: impl IntoIterator<Item = &'a Points>) -> Vec<f64> {
    lines.into_iter().flatten().flat_map(|(_, s)| [s.low, s.median, s.high]).collect()
}

/// The pieces of a line between its gaps.
pub fn unbroken(points: &[Option<Spot>]) -> Vec<Vec<Spot>> {
    let pieces = points.split(Option::is_none).map(|piece| piece.iter().copied().flatten().collect::<Vec<_>>());
    pieces.filter(|piece| piece.len() > 1).collect()
}

/// The line of guessing, if it is in sight.
pub fn guess_line(guess: Option<f64>) -> Option<Mark> {
    guess.map(|y| Mark::Across { y, stroke: GUESSING.stroke(0.9) })
}

/// The line at zero.
pub fn zero_line() -> Mark {
    Mark::Across { y: 0.0, stroke: solid(SOFT, 0.8) }
}

/// The points of a series, to be held against those of another to the last bit.
pub fn bits(points: &Points) -> Vec<[u64; 4]> {
    points.iter().map(|(x, s)| [*x, s.median, s.low, s.high].map(f64::to_bits)).collect()
}

/// Colours for which `own` is the same, together; those of which it has nothing are left out.
pub fn merged<T: PartialEq>(selection: &Selection, own: impl Fn(usize) -> Vec<T>) -> Vec<Vec<usize>> {
    merged_by(selection, own, |a, b| a == b)
}

/// Colours whose lines nobody could tell apart in any panel, together. A line has its panel and measurement, its medians, and
/// what half a line's width is on its ruler.
pub fn coinciding<'a, K: PartialEq>(
    selection: &Selection,
    own: impl Fn(usize) -> Vec<(K, &'a Points, f64)>,
) -> Vec<Vec<usize>> {
    merged_by(selection, own, |a, b| {
        let same =
            |((k, p, slack), (l, q, _)): (&(K, &Points, f64), &(K, &Points, f64))| k == l && is_near(p, q, *slack);
        a.len() == b.len() && a.iter().zip(b).all(same)
    })
}

/// Colours whose lines are equal to the last bit in all panels, together.
pub fn equal(selection: &Selection, lines: &BTreeMap<GroupKey, Points>) -> Vec<Vec<usize>> {
    merged(selection, |color| {
        let own = lines.iter().filter(|(key, _)| key.color == color);
        own.map(|(key, points)| (key.row, key.column, bits(points))).collect()
    })
}

/// Colours whose lines nobody could tell apart, together, where half a line's width is `slack` on the ruler of all panels.
pub fn near(selection: &Selection, lines: &BTreeMap<GroupKey, Points>, slack: f64) -> Vec<Vec<usize>> {
    coinciding(selection, |color| {
        let own = lines.iter().filter(|(key, _)| key.color == color);
        own.map(|(key, points)| ((key.row, key.column), points, slack)).collect()
    })
}

/// The colour of a line that is nowhere in sight on a ruler: it lies on no other.
pub fn unseen(y: &Ruler, points: &Points, color: usize) -> Option<usize> {
    let is_seen = points.iter().any(|(_, s)| y.place(s.median).is_some_and(|place| y.holds(place)));
    (!is_seen).then_some(color)
}

/// Whether the medians of two lines are nowhere further apart than this.
fn is_near(a: &Points, b: &Points, slack: f64) -> bool {
    let near = |((x, u), (z, v)): (&(f64, Spread), &(f64, Spread))| {
        x == z && (u.median == v.median || (u.median - v.median).abs() <= slack)
    };
    a.len() == b.len() && a.iter().zip(b).all(near)
}

/// Lines of one group in one panel, each with half a line's width on its ruler.
type Lines<'a> = Vec<(&'a Points, f64)>;

/// More sentences of lines on each other than this are not written.
const OVERLAID: usize = 4;

/// What a caption says of the lines that nobody could tell apart in one panel, though in another they are: of `own`, the lines
/// of a group in a panel with half a line's width on their rulers.
pub fn overlaid<'a>(selection: &Selection, groups: &[Vec<usize>], own: impl Fn(GroupKey) -> Lines<'a>) -> String {
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    let columns = selection.columns();
    let panels = selection.rows().into_iter().flat_map(|row| columns.iter().map(move |column| (row, *column)));
    for (row, column) in panels {
        let panel = GroupKey { row, column, ..GroupKey::PANEL };
        let mut clusters: Vec<(Vec<String>, Lines)> = Vec::new();
        for group in groups {
            let lines = own(GroupKey { color: group[0], ..panel });
            let same = |other: &[(&Points, f64)]| {
                other.len() == lines.len() && other.iter().zip(&lines).all(|((p, slack), (q, _))| is_near(p, q, *slack))
            };
            match clusters.iter_mut().find(|(_, other)| same(other)) {
                _ if lines.is_empty() => {}
                Some((names, _)) => names.push(selection.joined(group)),
                None => clusters.push((vec![selection.joined(group)], lines)),
            }
        }
        for (names, _) in clusters.into_iter().filter(|(names, _)| names.len() > 1) {
            let names = names.join(", ");
            match told.iter_mut().find(|(known, _)| *known == names) {
                Some((_, panels)) => panels.push(selection.panel_label(&panel)),
                None => told.push((names, vec![selection.panel_label(&panel)])),
            }
        }
    }
    let parts: Vec<String> = told.iter().map(|(names, panels)| format!("{names} ({})", panels.join("; "))).collect();
    match parts.len() {
        0 => String::new(),
        1..=OVERLAID => format!("Lines on top of each other: {}.", parts.join("; ")),
        _ => "In some panels lines lie on top of each other.".into(),
    }
}

fn merged_by<T>(
    selection: &Selection,
    own: impl Fn(usize) -> Vec<T>,
    same: impl Fn(&[T], &[T]) -> bool,
) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Vec<usize>, Vec<T>)> = Vec::new();
    for color in selection.colors() {
        let own = own(color);
        match groups.iter_mut().find(|(_, other)| same(other, &own)) {
            _ if own.is_empty() => {}
            Some((group, _)) => group.push(color),
            None => groups.push((vec![color], own)),
        }
    }
    groups.into_iter().map(|(group, _)| group).collect()
}

/// What a caption says of joined series.
pub fn joined(groups: &[Vec<usize>], how: &str) -> String {
    if groups.iter().any(|group| group.len() > 1) { format!("Series joined by = {how}.") } else { String::new() }
}

/// How lines are that are one.
pub const EQUAL: &str = "are equal to the last bit";

/// How lines lie that nobody could tell apart.
pub const COINCIDE: &str = "lie on each other to within a line's width";

/// Half a line's width on a ruler of a panel that is so many points high.
pub fn slack(y: &Ruler, height: f64) -> f64 {
    0.5 * LINE * (y.high - y.low) / height
}
