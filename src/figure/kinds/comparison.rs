//! Arms compared, each at its best setting: the median with its interval and, beneath, how far it is from the best, at the chosen
//! settings and with settings chosen anew.

use super::prelude::*;
use crate::stats::{CONFIDENCE, median_interval};
use crate::table::{Record, percent_range};

/// A difference so many times as large as the next one is of an arm that ran away.
const FAR: f64 = 1000.0;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "arms at their best setting: medians with intervals and, below, differences to the best",
    color: ColorBy::Required,
    takes_step: false,
    over: Over::Never,
    columns: || columns::reported().map(|column| column.name).collect(),
    shows: Shows::ending,
    default: |grid| grid.of_arms("comparison"),
    default_of_functions: |grid| grid.of_arms("comparison"),
    ..FigureKind::new("comparison")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

/// The difference of an arm to the best of its panel.
struct Difference {
    value: f64,
    /// Of the interval at the chosen settings.
    low: f64,
    high: f64,
    /// Of that with settings chosen anew; none where nothing chooses.
    again: Option<(f64, f64)>,
    drawing: Drawing,
}

/// How a difference is drawn.
#[derive(Clone, Copy, PartialEq)]
enum Drawing {
    Distinguished,
    Equivalent,
    Open,
}

/// What both blocks are drawn from.
struct Arms<'a> {
    selection: &'a Selection<'a>,
    column: &'static Column,
    endings: Endings,
    /// On the ruler of the column.
    intervals: BTreeMap<GroupKey, Spread>,
    /// The arm that all are compared with: the baseline, or `None` for the best of each panel.
    baseline: Option<String>,
    /// The arm of each panel that the others are compared with.
    others: BTreeSet<GroupKey>,
    /// By arm, but those.
    differences: BTreeMap<GroupKey, Difference>,
    rows: Vec<usize>,
}

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let results = selection.results;
    let column = selection.measurement_or(|| results.reported_outcome())?;
    let arms = Arms::of(selection, column)?;
    let sheet = Sheet::new(selection, medium, 3);
    let names = sheet.row_names(selection, &arms.rows);
    let width = sheet.panel_beside(&names);
    let lost = arms.endings.groups.values().map(Seeds::lost).max().unwrap_or(0);
    let ends = arms.intervals.values().flat_map(|s| [s.low, s.median, s.high]);
    let mut x = Ruler::of(&ends.filter(|x| *x != column.worst()).collect::<Vec<_>>(), column, width * 0.6)
        .ok_or_else(|| selection.no_finite(column))?;
    let strip = (Arm::CROSS * lost as f64 + 8.0).min(0.3 * width);
    // Runs that are lost stand at the end of the worst values.
    let lost_at = arms.endings.lost_at();
    let edge = match lost_at {
        _ if lost > 0 => x.add_strip(lost_at, strip, width),
        End::High => x.high,
        End::Low => x.low,
    };
    let y = Ruler::rows(names.into_iter());
    let height = (arms.rows.len() as f64 * 14.0 + 6.0).max(34.0);
    let title = [selection.legend_heading()];
    let medians = |panel: GroupKey| {
        let line = (lost > 0).then(|| Mark::Upright { x: edge, stroke: solid(EDGE, THIN) });
        line.into_iter().chain(arms.each(panel).flat_map(|(y, key)| arms.median(y, key, (&x, edge)))).collect()
    };
    let mut blocks = vec![Block::new(selection, (x.clone(), &column.subject()), (&y, &title), height, medians)];
    let mut off = false;
    if let Some((low, high)) = reach(&arms.differences).filter(|(a, b)| a < b) {
        let room = (width / 45.0) as usize;
        let x = Ruler::linear(low, high, room.max(2));
        off = arms.differences.values().any(|d| d.ends().iter().any(|end| !x.holds(*end)));
        let panel = |panel: GroupKey| {
            let zero = Mark::Upright { x: 0.0, stroke: solid(SOFT, 0.8) };
            [zero].into_iter().chain(arms.each(panel).flat_map(|(y, key)| arms.difference(y, key, &x))).collect()
        };
        let unit = if column.scale == columns::Scale::Share { " (points)" } else { "" };
        let name = format!("difference to {}{unit}", arms.other());
        blocks.push(Block { gap: 6.0, ..Block::new(selection, (x.clone(), &name), (&y, &title), height, panel) });
    }
    let at = if selection.spec.tune.is_empty() { "" } else { " at its best setting" };
    let own = format!("{} of each {}{at}", words::subject(column), selection.legend_heading());
    // In several panels an arm has a median in each.
    let each = if arms.endings.groups.len() > arms.rows.len() { "medians" } else { "arms" };
    let finding = arms.endings.finding(selection, each);
    let lost: usize = arms.endings.lost;
    let legend = arms.legend().lost(&arms.endings.fate, lost, selection.runs.len());
    Ok(Chart {
        caption: arms.caption(blocks.len() > 1, off),
        ..Chart::new(selection, sheet, &own, finding, legend, blocks)
    })
}

/// How far the differences reach with their intervals at the chosen settings, without those of arms that ran away; a bootstrap
/// interval widens that to three times as much at most. What is beyond ends in an arrow.
fn reach(differences: &BTreeMap<GroupKey, Difference>) -> Option<(f64, f64)> {
    let size = |d: &Difference| range([d.low, d.value, d.high]).map(|(low, high)| low.abs().max(high.abs()));
    let mut sizes: Vec<f64> = differences.values().filter_map(size).collect();
    sizes.sort_by(f64::total_cmp);
    let is_far = |i: &usize| sizes[*i] > FAR * sizes[i - 1] && sizes[i - 1] > 0.0;
    let most = (sizes.len().div_ceil(2).max(1)..sizes.len()).find(is_far).map_or(f64::INFINITY, |i| sizes[i - 1]);
    let tame = || differences.values().filter(|d| size(d).is_some_and(|size| size <= most));
    let (low, high) = range(tame().flat_map(|d| [d.low, d.value, d.high]).chain([0.0]))?;
    let again = tame().filter_map(|d| d.again).flat_map(|(a, b)| [a, b]);
    let again = again.map(|end| end.clamp(2.0 * low - high, 2.0 * high - low));
    range(again.chain([low, high]))
}

impl<'a> Arms<'a> {
    fn of(selection: &'a Selection<'a>, column: &'static Column) -> Result<Self, FigureError> {
        let endings = Endings::of(selection, column, &selection.runs);
        let interval = |seeds: &Seeds| {
            let values: Vec<f64> = seeds.runs.values().map(|e| e.value().unwrap_or(column.worst())).collect();
            // The ends are values themselves, so that they are the same on any scale; the median is not.
            Some(Spread { median: seeds.spread.median, ..median_interval(&values, CONFIDENCE)? })
        };
        let intervals = endings.groups.iter().filter_map(|(key, seeds)| Some((*key, interval(seeds)?))).collect();
        let rows: Vec<usize> = selection.colors();
        let arm = selection.color.as_ref().map(|used| used.axis);
        let compare = selection.results.plan.compare.as_ref().filter(|own| arm.is_some_and(|arm| arm.name == own.arm));
        let baseline = compare.and_then(|own| own.baseline.clone());
        let (others, differences) = (BTreeSet::new(), BTreeMap::new());
        let mut arms = Arms { selection, column, endings, intervals, baseline, others, differences, rows };
        (arms.others, arms.differences) = arms.to_the_best()?;
        Ok(arms)
    }

    /// Where each arm of a panel stands, the first on top, and its key.
    fn each(&self, panel: GroupKey) -> impl Iterator<Item = (f64, GroupKey)> {
        let last = self.rows.len() - 1;
        self.rows.iter().enumerate().map(move |(i, color)| ((last - i) as f64, GroupKey { color: *color, ..panel }))
    }

    /// The baseline, or the best arm, of each panel, and the differences to it, as `comparison_pairs.csv` has them.
    fn to_the_best(&self) -> Result<(BTreeSet<GroupKey>, BTreeMap<GroupKey, Difference>), FigureError> {
        let (plan, pairs) = (&self.selection.results.plan, self.selection.results.pairs()?);
        let sign = self.column.sign().unwrap_or(-1.0);
        let name =
            |key: &GroupKey| self.selection.color.as_ref().map_or("", |used| used.axis.labels[key.color].as_str());
        let mut best: BTreeMap<GroupKey, (f64, GroupKey)> = BTreeMap::new();
        for (key, spread) in &self.intervals {
            let (panel, score) = (key.without_color(), sign * spread.median);
            if self.baseline.as_ref().is_some_and(|base| name(key) != base) {
                continue;
            }
            if best.get(&panel).is_none_or(|(known, _)| score > *known) {
                best.insert(panel, (score, *key));
            }
        }
        let run_of = |key: &GroupKey| self.selection.runs.iter().find(|run| self.selection.key(**run) == *key);
        let mut found = BTreeMap::new();
        for key in self.intervals.keys() {
            let Some((_, best)) = best.get(&key.without_color()) else { continue };
            let Some(run) = run_of(key).map(|run| self.selection.run(*run)) else { continue };
            let is_task = |row: &&Record| {
                let mut axes = plan.axes.iter().zip(&run.labels);
                axes.all(|(axis, label)| row.get(&axis.name).is_none_or(|own| *own == axis.labels[*label]))
            };
            let of_pair = |row: &Record| {
                let is = |first: &str, second: &str| {
                    row.get("first").is_some_and(|own| own == first)
                        && row.get("second").is_some_and(|own| own == second)
                };
                (is(name(key), name(best)), is(name(best), name(key)))
            };
            let rows = pairs.rows.iter().filter(|row| row.get("metric").is_some_and(|own| own == self.column.name));
            let row = rows.filter(is_task).find(|row| of_pair(row).0 || of_pair(row).1);
            if let Some(row) = row {
                found.extend(Difference::read(row, of_pair(row).1, self.column).map(|difference| (*key, difference)));
            }
        }
        Ok((best.into_values().map(|(_, key)| key).collect(), found))
    }

    /// The interval of an arm, a mark at its median, a cross for each run that is lost.
    fn median(&self, y: f64, key: GroupKey, (x, edge): (&Ruler, f64)) -> Vec<Mark> {
        let (Some(spread), Some(seeds)) = (self.intervals.get(&key), self.endings.groups.get(&key)) else {
            return Vec::new();
        };
        let (look, name) = (self.selection.look(key.color), self.selection.color_name(key.color));
        let (low, high) = if self.endings.lost_at() == End::High { (x.low, edge) } else { (edge, x.high) };
        let place = |value: f64| x.place(value).unwrap_or(value).clamp(low, high);
        let line = vec![(place(spread.low), y), (place(spread.high), y)];
        let mut marks = vec![Mark::Curve { points: line, stroke: solid(look.color, LINE), name: Some(name.clone()) }];
        if let Some(median) = seeds.median.value().and_then(|median| x.place(median)) {
            let text = format!("{name}\n{}: {}", self.column.subject(), x.reading(median));
            marks.push(Mark::Symbol { at: (median, y), radius: 2.6, look: Look { hollow: false, ..look } });
            marks.push(Mark::Tip { at: (median, y), text });
        }
        if seeds.lost() > 0 {
            let (values, median, misses) = (Vec::new(), None, seeds.lost());
            let lost_at = self.endings.lost_at();
            marks.push(Mark::Arm(Arm { y, look, name, values, median, misses, edge, lost_at }));
        }
        marks
    }

    /// The difference of an arm to the other: its interval, filled where the two are distinguished, a square where they are
    /// equivalent, and thin beneath it the
    /// interval with settings chosen anew.
    fn difference(&self, y: f64, key: GroupKey, x: &Ruler) -> Vec<Mark> {
        let (look, name) = (self.selection.look(key.color), self.selection.color_name(key.color));
        let Some(d) = self.differences.get(&key) else {
            let text = if self.baseline.is_some() { "the baseline" } else { "the best" };
            let beside = [0.0, 0.1, -0.1, 0.2, -0.2].map(|part| (part * (x.high - x.low), y));
            let note = Mark::Note { spots: beside.to_vec(), text: text.into() };
            return self.others.contains(&key).then_some(note).into_iter().collect();
        };
        let span = |low: f64, high: f64, y: f64| vec![(low.max(x.low), y), (high.min(x.high), y)];
        let again = d.again.map(|(low, high)| {
            let stroke = solid(tint(look.color, 0.6), 0.9);
            Mark::Curve { points: span(low, high, y - 0.26), stroke, name: None }
        });
        let points = span(d.low, d.high, y);
        let line = Mark::Curve { points, stroke: solid(look.color, LINE), name: Some(name.clone()) };
        let look = d.drawing.look(look);
        let text = format!("{name}\ndifference to {}: {}", self.other(), x.reading(d.value));
        let mark = [Mark::Symbol { at: (d.value, y), radius: 2.6, look }, Mark::Tip { at: (d.value, y), text }];
        let far = [End::Low, End::High].into_iter().filter_map(|end| {
            let is_beyond = |v: &f64| if end == End::Low { *v < x.low } else { *v > x.high };
            let sign = if end == End::Low { -1.0 } else { 1.0 };
            let farthest = d.ends().into_iter().filter(is_beyond).max_by(|a, b| (sign * a).total_cmp(&(sign * b)))?;
            let words = if farthest.is_finite() { finding::amount(farthest, false) } else { self.lost(end) };
            Some(Mark::Sideways { y, end, color: look.color, words })
        });
        let far: Vec<Mark> = far.collect();
        again.into_iter().chain([line]).chain(mark).chain(far).collect()
    }

    /// What became of seeds of an arm, or of the one that it is compared with, where a difference ends nowhere at this end.
    fn lost(&self, end: End) -> String {
        let fate = if self.column.missing_is_worst() { "missed" } else { "diverged" };
        match &self.baseline {
            _ if end == self.endings.lost_at() => fate.into(),
            Some(base) => format!("{base}: {fate}"),
            None => format!("the best: {fate}"),
        }
    }

    /// What the differences are to, in words.
    fn other(&self) -> String {
        self.baseline.as_ref().map_or("the best".into(), |base| format!("the baseline, {base}"))
    }

    /// Whether no arm has two seeds, of which there are no intervals.
    fn is_single(&self) -> bool {
        self.intervals.values().all(|s| s.n < 2)
    }

    fn legend(&self) -> Legend {
        let ink = Look { color: INK, dash: &[], marker: Marker::Disc, hollow: false };
        let entries = [
            (Drawing::Distinguished, format!("below: distinguished from {}", self.other())),
            (Drawing::Equivalent, format!("below: equivalent to {}", self.other())),
            (Drawing::Open, "below: not distinguished, or not settled".into()),
        ];
        let is_shown = |drawing: Drawing| !self.is_single() && self.differences.values().any(|d| d.drawing == drawing);
        let entries = entries.into_iter().filter(|(drawing, _)| is_shown(*drawing));
        let entries = entries.map(|(drawing, name)| (name, Sample::Mark(drawing.look(ink)))).collect();
        Legend { heading: String::new(), entries }
    }

    fn caption(&self, has_differences: bool, off: bool) -> String {
        let coverage = percent_range(self.intervals.values().map(|s| s.coverage));
        let again = self.differences.values().any(|d| d.again.is_some());
        let margin = self.selection.results.plan.compare.as_ref().and_then(|own| own.margin);
        let is_equivalent = self.differences.values().any(|d| d.drawing == Drawing::Equivalent);
        let equivalent = margin.filter(|_| is_equivalent).map_or(String::new(), |margin| {
            format!("; equivalent: the whole interval within the margin of {margin}, for any p")
        });
        let whom = if self.baseline.is_some() { self.other() } else { "the best of the panel".into() };
        let beneath = format!(
            "Below: the difference to {whom}, seed by seed (Hodges-Lehmann), with the interval of the signed-rank test; distinguished: p below 0.05 after Holm's correction, and settled{equivalent}."
        );
        let thin = "Thin line: the middle 90 % of bootstrap draws, in which other seeds choose every setting.";
        let (median, single) = (words::median(self.selection), self.is_single());
        let first = match single {
            true => format!("Point: {median}; one seed has no interval."),
            false => format!("Point: {median}; line: {coverage} interval of order statistics."),
        };
        Caption::new(first)
            .add(has_differences && single, format!("Below: the difference to {whom}."))
            .add(has_differences && !single, beneath)
            .add(has_differences && again, thin)
            .add(off, "Arrow at an edge: an interval, or a difference, that ends beyond it, and where.")
            .add(self.endings.lost > 0, format!("×: {}.", self.endings.fate))
            .of(self.selection)
    }
}

impl Difference {
    /// Its value and the ends of its intervals.
    fn ends(&self) -> Vec<f64> {
        let again = self.again.into_iter().flat_map(|(low, high)| [low, high]);
        [self.value, self.low, self.high].into_iter().chain(again).filter(|end| !end.is_nan()).collect()
    }

    /// Of a row of `comparison_pairs.csv`, whose sign is `turned` where its first arm is the best; in points of a share.
    fn read(row: &Record, turned: bool, column: &Column) -> Option<Difference> {
        let scale = if column.scale == columns::Scale::Share { 100.0 } else { 1.0 };
        let scale = if turned { -scale } else { scale };
        let number = |name: &str| row.get(name)?.parse::<f64>().ok().map(|x| scale * x);
        let span = |low: &str, high: &str| {
            let (a, b) = (number(low)?, number(high)?);
            Some((a.min(b), a.max(b)))
        };
        let (low, high) = span("low", "high")?;
        let drawing = match row.get("verdict").map(String::as_str) {
            Some("distinguished") => Drawing::Distinguished,
            Some("equivalent") => Drawing::Equivalent,
            _ => Drawing::Open,
        };
        Some(Difference { value: number("difference")?, low, high, again: span("tuned_low", "tuned_high"), drawing })
    }
}

impl Drawing {
    /// A filled disc, a hollow square, or a hollow disc.
    fn look(self, arm: Look) -> Look {
        match self {
            Drawing::Distinguished => Look { marker: Marker::Disc, hollow: false, ..arm },
            Drawing::Equivalent => Look { marker: Marker::Square, hollow: true, ..arm },
            Drawing::Open => Look { marker: Marker::Disc, hollow: true, ..arm },
        }
    }
}
