//! Marks that several kinds of figures share: a median line with its band, scales over them, places along an axis.

use super::axis::{Axis, Tick, Unit, range};
use super::layout::{Frame, Panel, Sample, label};
use super::scene::{Anchor, Rect, Scene, Text, Turn, at};
use super::select::{Selection, Used};
use super::style::{EDGE, LABEL, LINE, Look, Marker, SOFT, THIN, TICK, mark, solid, tint, viridis};
use super::words;
use crate::columns::{self, Quantity};
use crate::plan_file::Scale;
use crate::stats::Spread;
use crate::table::significant;

/// With more series than this, bands would cover each other and are left out.
pub const CROWD: usize = 12;

/// The vertical scale of values: log10 ones may hold minus infinity (an exact zero), which stands on a floor line.
pub struct Vertical {
    pub axis: Axis,
    /// Where zeros stand, if there are any.
    pub floor: Option<f64>,
}

impl Vertical {
    /// A scale over the values; `None` if none is finite or zero.
    pub fn over(values: &[f64], logarithmic: bool, height: f64) -> Option<Vertical> {
        let room = (height / 20.0) as usize;
        let zeros = logarithmic && values.contains(&f64::NEG_INFINITY);
        let (low, high) = match range(values.iter().copied()) {
            Some(range) => range,
            None if zeros => (-1.0, 0.0),
            None => return None,
        };
        let mut axis = if logarithmic { Axis::log(low, high, room) } else { Axis::linear(low, high, room) };
        let floor = zeros.then(|| {
            let floor = axis.low - 0.09 * (axis.high - axis.low);
            axis.low = floor - 0.03 * (axis.high - axis.low);
            axis.ticks.insert(0, Tick { at: floor, label: "0".into() });
            floor
        });
        Some(Vertical { axis, floor })
    }

    /// A scale over values of a metric, an accuracy's in per cent.
    pub fn of(values: &[f64], metric: &str, height: f64) -> Option<Vertical> {
        let mut vertical = Vertical::over(values, words::logarithmic(metric), height)?;
        if words::is_share(metric) {
            let percent = |tick: &mut Tick| tick.label = format!("{} %", significant(100.0 * tick.at, 3));
            vertical.axis.ticks.iter_mut().for_each(percent);
        }
        Some(vertical)
    }

    /// Whether the line of guessing lies on the scale.
    pub fn shows(&self, (place, _): &(f64, String)) -> bool {
        (self.axis.low..=self.axis.high).contains(place)
    }

    /// Lowers the upper end of a scale of losses to ten times guessing, where more than another factor of ten lies above it.
    /// What is higher is drawn at the edge; the caption's sentence says so.
    pub fn cut(&mut self, guess: Option<&(f64, String)>) -> Option<String> {
        let (guess, _) = guess?;
        let high = guess + 1.0;
        if self.axis.unit != Unit::Log10 || self.axis.high < high + 1.0 {
            return None;
        }
        self.axis.high = high;
        self.axis.ticks.retain(|tick| tick.at <= high);
        Some(format!(" Losses above {} are drawn at the upper edge.", significant(10f64.powf(high), 2)))
    }

    /// Where a value is drawn, `None` for what is not a number or infinite.
    pub fn place(&self, value: f64) -> Option<f64> {
        if value == f64::NEG_INFINITY { self.floor } else { value.is_finite().then_some(value) }
    }
}

/// A block of panels with a row for each measurement of each facet: `lines` says which, by facet and place in `metrics`.
pub fn frame<'a>(
    selection: &Selection,
    lines: &[(usize, usize)],
    columns: &[usize],
    slots: usize,
    (metrics, verticals): (&[&'a str], &[Option<Vertical>]),
) -> Frame<'a> {
    let rows: Vec<usize> = lines.iter().map(|(row, _)| *row).collect();
    Frame {
        y: lines.iter().filter_map(|(_, m)| Some(verticals[*m].as_ref()?.axis.clone())).collect(),
        y_titles: lines.iter().map(|(_, m)| words::measure(metrics[*m])).collect(),
        ..Frame::headed(selection, &rows, columns, slots)
    }
}

/// Of more values in order than are told apart, the legend names so many.
const NAMED: usize = 10;

/// What the legend says of the series, each a colour or several that are equal; of many values in order some stand for all.
pub fn samples(selection: &Selection, groups: &[Vec<usize>]) -> Vec<(String, Sample)> {
    let Some(color) = &selection.color else { return Vec::new() };
    let named = if color.ordered() && groups.len() > CROWD { NAMED } else { groups.len() };
    let spread = |i: usize| i * (groups.len() - 1) / (named - 1).max(1);
    let shown = (0..named).map(|i| &groups[spread(i)]);
    shown.map(|group| (selection.joined(group), Sample::Line(selection.look(group[0])))).collect()
}

/// The line of guessing.
pub const GUESSING: Look = Look { color: SOFT, dash: &[4.0, 2.0], marker: Marker::Disc, hollow: false };

/// Where equal odds for all classes stand on the scale of a metric, and what they are called: the cross-entropy where that is
/// what was trained and the metric is a loss, the share for an accuracy.
pub fn guessing(selection: &Selection, metric: &str) -> Option<(f64, String)> {
    let data = &selection.results.plan.data;
    let networks = selection.runs.iter().all(|run| selection.results.function(*run).is_none());
    let entropy = selection.runs.iter().all(|r| matches!(selection.run(*r).loss.as_str(), "" | "cross_entropy"));
    let n = data.outputs as f64;
    if !networks || !data.classes || data.outputs < 2 {
        return None;
    }
    match columns::measurement(metric)?.quantity {
        Quantity::Accuracy => Some((1.0 / n, format!("1/{n} = guessing"))),
        Quantity::Loss if entropy => Some((n.ln().log10(), format!("ln {n} = guessing"))),
        _ => None,
    }
}

/// Draws the line of guessing through a panel.
pub fn guess_line(scene: &mut Scene, panel: &Panel, guess: Option<&(f64, String)>) {
    if let Some(y) = guess.map(|(place, _)| panel.y(*place)) {
        scene.line(vec![at(panel.area.left, y), at(panel.area.right, y)], GUESSING.stroke(0.9));
    }
}

/// The floor line under zeros.
pub fn floor_line(scene: &mut Scene, panel: &Panel, floor: Option<f64>) {
    if let Some(floor) = floor {
        let y = panel.y(floor);
        scene.line(
            vec![at(panel.area.left, y), at(panel.area.right, y)],
            super::scene::Stroke { dash: &[1.0, 2.0], ..solid(EDGE, THIN) },
        );
    }
}

/// The band of a series: the range of its seeds, wherever one of them is above zero; `series` of them share the panel.
pub fn band(
    scene: &mut Scene,
    panel: &Panel,
    vertical: &Vertical,
    look: &Look,
    points: &[(f64, Spread)],
    series: usize,
) {
    if series > CROWD {
        return;
    }
    let cut = |value: f64| value.min(vertical.axis.high);
    for piece in points.split(|(_, s)| !s.high.is_finite() || vertical.place(s.low).is_none()) {
        let top = piece.iter().map(|(x, s)| panel.at(*x, cut(s.high)));
        let low = piece.iter().rev().filter_map(|(x, s)| Some(panel.at(*x, cut(vertical.place(s.low)?))));
        if piece.len() > 1 && piece.iter().any(|(_, s)| s.n > 1) {
            scene.area(top.chain(low).collect(), look.color, 0.16);
        }
    }
}

/// The median line of a series with markers here and there; `turn` staggers them between series.
pub fn median(
    scene: &mut Scene,
    panel: &Panel,
    vertical: &Vertical,
    look: &Look,
    name: &str,
    points: &[(f64, Spread)],
    turn: usize,
) {
    for piece in points.split(|(_, s)| !s.median.is_finite()) {
        let line: Vec<_> = piece.iter().map(|(x, s)| panel.at(*x, s.median.min(vertical.axis.high))).collect();
        if line.len() > 1 {
            scene.series(name, line, look.stroke(LINE));
        }
    }
    let every = points.len().div_ceil(8).max(1);
    for (i, (x, s)) in points.iter().enumerate() {
        tip(scene, panel, vertical, name, *x, s);
        let marked = points.len() <= 9 || i % every == turn % every;
        match vertical.place(s.median).filter(|y| *y <= vertical.axis.high) {
            Some(y) if s.median == f64::NEG_INFINITY && marked => {
                mark(scene, panel.at(*x, y), 2.2, &Look { marker: Marker::Down, hollow: false, ..*look });
            }
            Some(y) if marked => mark(scene, panel.at(*x, y), 1.9, look),
            _ => {}
        }
    }
}

/// The median line of a series that is drawn elsewhere, in grey.
pub fn context(scene: &mut Scene, panel: &Panel, vertical: &Vertical, points: &[(f64, Spread)]) {
    for piece in points.split(|(_, s)| !s.median.is_finite()) {
        let line: Vec<_> = piece.iter().map(|(x, s)| panel.at(*x, s.median.min(vertical.axis.high))).collect();
        scene.line(line, solid(tint(EDGE, 0.45), 0.8));
    }
}

/// What a median tells: which series, where, the value, and the range of how many.
pub fn tip(scene: &mut Scene, panel: &Panel, vertical: &Vertical, name: &str, x: f64, spread: &Spread) {
    let Some(y) = vertical.place(spread.median) else { return };
    let read = |value: f64| if value.is_finite() { panel.y.reading(value) } else { "beyond".into() };
    let value = if spread.median == f64::NEG_INFINITY { "0".into() } else { read(spread.median) };
    let range = match spread.n {
        1 => String::new(),
        n => format!(
            "\n{} to {}, N = {n}",
            if spread.low == f64::NEG_INFINITY { "0".into() } else { read(spread.low) },
            read(spread.high)
        ),
    };
    let name = if name.is_empty() { String::new() } else { format!("{name}\n") };
    scene.tip(panel.at(x, y.min(vertical.axis.high)), format!("{name}{}: {value}{range}", panel.x.reading(x)));
}

/// Where the labels of a plan axis stand: by value on a linear one, by logarithm on a log one, else one by one.
pub fn places(used: &Used) -> Axis {
    places_on(used, used.axis.scale)
}

/// The same on a scale of the figure's own, as far as the labels are numbers.
pub fn places_on(used: &Used, scale: Scale) -> Axis {
    let labels = || used.labels.iter().map(|l| used.shown(*l));
    let value = |label: &String| match scale {
        Scale::Category => None,
        Scale::Linear => label.parse::<f64>().ok().filter(|v| v.is_finite()),
        Scale::Log => label.parse::<f64>().ok().map(f64::log2).filter(|v| v.is_finite()),
    };
    let Some(values) =
        used.labels.iter().map(|l| value(&used.axis.labels[*l])).collect::<Option<Vec<f64>>>().filter(|v| v.len() > 1)
    else {
        return Axis::categories(labels());
    };
    let ticks: Vec<Tick> = values.iter().zip(labels()).map(|(at, label)| Tick { at: *at, label }).collect();
    let (low, high) = range(values.iter().copied()).unwrap_or((0.0, 1.0));
    let pad = gap(&values) * 0.5;
    Axis { low: low - pad, high: high + pad, ticks, unit: Unit::Label }
}

/// The smallest distance between two places; 1 if there is only one.
pub fn gap(places: &[f64]) -> f64 {
    let mut sorted = places.to_vec();
    sorted.sort_by(f64::total_cmp);
    let gaps = sorted.windows(2).map(|w| w[1] - w[0]).filter(|d| *d > 0.0);
    gaps.min_by(f64::total_cmp).unwrap_or(1.0)
}

/// The colour scale of a map with what it measures.
pub fn color_bar(scene: &mut Scene, bar: Rect, colors: &Axis, metric: &str) {
    let shades = 96;
    let y = |share: f64| bar.bottom - share * bar.height();
    for i in 0..shades {
        let (from, to) = (f64::from(i) / f64::from(shades), f64::from(i + 1) / f64::from(shades));
        scene.tile(Rect { top: y(to), bottom: y(from), ..bar }, viridis((from + to) / 2.0));
    }
    for tick in colors.ticks.iter().filter(|t| (0.0..=1.0).contains(&colors.share(t.at))) {
        let at_y = y(colors.share(tick.at));
        scene.line(vec![at(bar.right, at_y), at(bar.right + 2.5, at_y)], solid(EDGE, THIN));
        scene.text(label(at(bar.right + 4.5, at_y + TICK * 0.36), &*tick.label, TICK, Anchor::Start));
    }
    for (i, line) in words::measure(metric).into_iter().enumerate() {
        let x = bar.right + 44.0 + i as f64 * LABEL * 1.25;
        let middle = (bar.top + bar.bottom) / 2.0;
        scene.text(Text { turn: Turn::Up, ..label(at(x, middle), line, LABEL, Anchor::Middle) });
    }
}
