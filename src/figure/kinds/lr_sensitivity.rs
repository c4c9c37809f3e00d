//! How much the learning rate matters: the loss at the end against it, a line an optimizer, the best of each ringed.

use super::prelude::*;
use crate::plan_file::Scale;
use crate::results::choice::seeds;

/// Height of a colour's line of crosses.
const CROSS: f64 = 5.2;

const RING: Look = Look { color: INK, dash: &[], marker: Marker::Disc, hollow: true };

/// What the seeds say at one rate.
struct Rate {
    /// The rate as the ruler has it: log10 where it is logarithmic.
    at: f64,
    /// Its place among the labels of the axis.
    label: usize,
    spread: Spread,
    median: Ending,
    lost: usize,
}

/// One series, from the smallest rate to the largest.
struct Line {
    rates: Vec<Rate>,
    /// The rate that the comparison chose, or where it chooses none the one with the best median; none where the column has no
    /// better and worse, or all medians are lost.
    best: Option<usize>,
    /// Whether no other rate is as good.
    is_alone: bool,
}

/// The `x` of a key is 0.
type Lines = BTreeMap<GroupKey, Line>;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "the final loss against the learning rate; a ring marks the best rate of each series",
    x: AlongX::Numbers("optimizer.lr"),
    takes_step: false,
    columns: || column_names(columns::OUTCOMES),
    of_init: is_of_init,
    shows: Shows::ending,
    default,
    default_of_functions: default,
    multiples: true,
    ..FigureKind::new("lr_sensitivity")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

/// Against the learning rate, or another number that is tuned; the other tuned axes are at their best.
fn default(grid: &Defaults) -> Option<FigureSpec> {
    let mut spec = grid.of_tuned_arms(FACTS.word)?;
    let numbers = grid.tune.iter().filter(|name| grid.is_number(name));
    spec.x = Some(numbers.max_by_key(|name| *name == "optimizer.lr")?.clone());
    spec.tune.retain(|name| Some(name) != spec.x.as_ref());
    Some(spec)
}

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let Some(along) = &selection.x else {
        return Err(FigureError::Selection("a lr_sensitivity needs an axis of numbers: name it as `x`".into()));
    };
    let column = selection.measurement()?;
    let endings = Endings::of(selection, column, &selection.runs);
    let chosen = chosen(selection, along);
    let lines = lines(selection, &endings, along, chosen.as_ref());
    let rates = || lines.values().flat_map(|line| &line.rates);
    let height = if selection.rows().len() > 2 { 110.0 } else { 160.0 };
    // The best of each line is in sight, but for one that lies far beyond all others.
    let best = lines.values().filter_map(|line| Some(line.rates[line.best?].spread.median));
    let best = without_lost(&best.collect::<Vec<_>>(), column);
    let mut y = Ruler::keeping_of(&best, &values(&lines, &endings), column, height)
        .ok_or_else(|| selection.no_finite(column))?;
    let cut = guessing(selection, column).and_then(|guess| guess.cut(&mut y, &tame(&lines, &guess, column)));
    // Room for the ring around an exact zero.
    if y.floor.is_some() {
        y.extend(End::Low, 0.03);
    }
    // A line of crosses for each colour that has some, in a strip of their own at the edge.
    let loses = |color: &usize| lines.iter().any(|(key, l)| key.color == *color && l.rates.iter().any(|r| r.lost > 0));
    let losers: Vec<usize> = selection.colors().into_iter().filter(loses).collect();
    let strip = (CROSS * losers.len() as f64 + 4.0).min(0.4 * height);
    if !losers.is_empty() {
        y.add_strip(endings.lost_at(), strip, height);
    }
    let gap = (strip - 4.0) / losers.len() as f64;

    let sheet = Sheet::new(selection, medium, 3);
    let (low, high) = range(rates().map(|rate| rate.at)).unwrap_or((0.0, 1.0));
    let x = match places::scale(selection, along.axis) {
        Scale::Log => Ruler::log(low, high, sheet.room()),
        Scale::Linear => Ruler::linear(low, high, sheet.room()),
        Scale::Category => Ruler::categories(along.labels.iter().map(|label| along.shown(*label))),
    };
    // Room for rings and their arrows.
    let x = x.padded(if lines.values().any(|line| line.side() != 0.0) { 9.0 } else { 2.0 }, sheet.panel());
    let points = |line: &Line| line.rates.iter().map(|rate| (rate.at, rate.spread)).collect();
    let points: BTreeMap<GroupKey, Points> = lines.iter().map(|(key, line)| (*key, points(line))).collect();
    let slack = slack(&y, height);
    let groups = coinciding(selection, |color| {
        let own = points.iter().filter(|(key, _)| key.color == color);
        own.map(|(key, points)| ((key.row, key.column, unseen(&y, points, color)), points, slack)).collect()
    });
    let panel = |panel: GroupKey| {
        let mut marks = series(selection, &groups, panel, |key| points.get(&key));
        for color in selection.colors() {
            let Some(line) = lines.get(&GroupKey { color, ..panel }) else { continue };
            let own = selection.look(color).color;
            marks.extend(ring(line, &y, own));
            let Some(place) = losers.iter().position(|c| *c == color) else { continue };
            marks.extend(line.rates.iter().filter(|rate| rate.lost > 0).map(|rate| Mark::EdgeCross {
                x: rate.at,
                from: endings.lost_at(),
                inset: 3.5 + place as f64 * gap,
                radius: 2.1,
                color: tint(own, if rate.lost == rate.spread.n { 1.0 } else { 0.5 }),
            }));
        }
        marks
    };
    let name = names::axis(&along.axis.name);
    let block = Block::new(selection, (x, &name), (&y, column.words), height, panel);

    let edges = lines.values().filter(|line| line.side() != 0.0).count();
    let lost: usize = rates().map(|rate| rate.lost).sum();
    let mut legend = Legend::of(selection, &groups);
    if edges > 0 {
        let entry = format!("→ best at an end of its range ({edges} of {})", lines.len());
        legend.entries.push((entry, Sample::Mark(RING)));
    }
    let legend = legend.lost(&endings.fate, lost, selection.runs.len());
    let caption = Caption::new(words::spread(selection, "Line", "band", groups.len()))
        .add(true, joined(&groups, COINCIDE))
        .add(true, ringed(selection, chosen.is_some()))
        .add(cut.is_some(), cut.as_deref().unwrap_or_default())
        .add(edges > 0, "Ring with an arrow: the best rate is the lowest or highest that was tried, so a better one may lie beyond.")
        .add(lost > 0, format!("×: {} (pale: some of the seeds); counts as the worst in the median.", endings.fate))
        .add(true, &endings.undefined)
        .add(y.floor.is_some(), words::FLOOR)
        .of(selection);
    let own = format!("{} at the end against {name}", words::subject(column));
    let finding = endings.finding(selection, "places");
    Ok(Chart { caption, ..Chart::new(selection, sheet, &own, finding, legend, vec![block]) })
}

/// The losses that have not run away, which stay in sight: those up to the best rate of each line, where a small rate ends near the
/// loss that training began with, or all where most of them lie above ten times guessing, as where no rate gets near it.
fn tame(lines: &Lines, guess: &Guess, column: &Column) -> Vec<f64> {
    let finite = |rate: &Rate| Some(rate.spread.median).filter(|median| median.is_finite());
    let all: Vec<f64> = lines.values().flat_map(|line| &line.rates).filter_map(finite).collect();
    if 2 * all.iter().filter(|median| **median > guess.highest() + 1.0).count() > all.len() {
        return all;
    }
    let up_to_best = lines.values().filter_map(|line| line.rates.get(..=line.best?)).flatten().filter_map(finite);
    without_lost(&up_to_best.collect::<Vec<_>>(), column)
}

/// What the ruler has to reach: medians and ranges, without the ends of those that a lost seed has made infinite.
fn values(lines: &Lines, endings: &Endings) -> Vec<f64> {
    let rates = lines.values().flat_map(|line| &line.rates);
    let reached = rates.flat_map(|rate| [rate.spread.low, rate.spread.median, rate.spread.high]);
    reached.filter(|value| *value != endings.column.worst()).collect()
}

/// What was chosen along x for each line: its place among the labels, and whether no other was equally good.
type Chosen = BTreeMap<GroupKey, (usize, bool)>;

/// What the comparison chose for each line, but for those that all diverge; `None` where it chooses nothing along x, or where a line
/// is of several of its tasks.
fn chosen(selection: &Selection, along: &Used) -> Option<Chosen> {
    let results = selection.results;
    let compare = results.plan.compare.as_ref().filter(|compare| compare.tune_seeds > 0)?;
    if !compare.tune.contains(&along.axis.name) || !selection.spec.over.is_empty() {
        return None;
    }
    let choice = results.choice();
    let mut tries: BTreeMap<GroupKey, BTreeMap<Vec<usize>, BTreeMap<u64, &Run>>> = BTreeMap::new();
    for run in selection.candidates() {
        let (key, own) = (selection.key(run).without_x(), selection.run(run));
        let setting = selection.labels_on(run, &compare.tune);
        tries.entry(key).or_default().entry(setting).or_default().insert(own.seed, own);
    }
    let place = results.plan.axes.iter().filter(|axis| compare.tune.contains(&axis.name));
    let place = place.map(|axis| &axis.name).position(|name| *name == along.axis.name)?;
    let best = |tries: &BTreeMap<Vec<usize>, BTreeMap<u64, &Run>>| {
        let best = choice.best(tries)?;
        let score = choice.score(&tries[best]).filter(|score| *score != choice.worst())?;
        Some((best[place], tries.values().filter(|runs| choice.score(runs) == Some(score)).count() == 1))
    };
    Some(tries.iter().filter_map(|(key, tries)| Some((*key, best(tries)?))).collect())
}

/// What the rings are.
fn ringed(selection: &Selection, is_chosen: bool) -> String {
    let choice = selection.results.choice();
    if !is_chosen || choice.seeds().is_empty() {
        return "Ring: the best of its line.".into();
    }
    let (metric, seeds) = (choice.subject(), seeds(choice.seeds()));
    format!("Ring: the rate that the comparison chose for this line, by the {metric} of {seeds}.")
}

fn lines(selection: &Selection, endings: &Endings, along: &Used, chosen: Option<&Chosen>) -> Lines {
    let mut rates: BTreeMap<GroupKey, Vec<Rate>> = BTreeMap::new();
    for (key, seeds) in &endings.groups {
        let Ok(rate) = along.axis.labels[key.x].parse::<f64>() else { continue };
        let at = match places::scale(selection, along.axis) {
            Scale::Log => rate.log10(),
            Scale::Linear => rate,
            Scale::Category => along.labels.iter().position(|label| *label == key.x).unwrap_or(0) as f64,
        };
        if at.is_finite() {
            let rate = Rate { at, label: key.x, spread: seeds.spread, median: seeds.median, lost: seeds.lost() };
            rates.entry(key.without_x()).or_default().push(rate);
        }
    }
    let line = |(key, mut rates): (GroupKey, Vec<Rate>)| {
        rates.sort_by(|a, b| a.at.total_cmp(&b.at));
        let best = match chosen {
            Some(chosen) => chosen
                .get(&key)
                .and_then(|(label, is_alone)| Some((rates.iter().position(|rate| rate.label == *label)?, *is_alone))),
            None => best(&rates, endings.column),
        };
        // Where the median run of each rate is lost, none is better than another.
        let best = best.filter(|(best, _)| rates[*best].median.value().is_some());
        let (best, is_alone) = best.map_or((None, false), |(best, is_alone)| (Some(best), is_alone));
        (key, Line { best, is_alone, rates })
    };
    rates.into_iter().map(line).collect()
}

/// The place of the best rate, of equal ones of the first, and whether there is no other.
fn best(rates: &[Rate], column: &Column) -> Option<(usize, bool)> {
    let sign = column.sign()?;
    // Reversed, since of equal ones the first is the best.
    let known = rates.iter().enumerate().rev().filter_map(|(i, rate)| Some((i, sign * rate.median.value()?)));
    let (best, score) = known.clone().max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    Some((best, known.filter(|(_, own)| *own == score).count() == 1))
}

impl Line {
    /// 1 where the best rate is the last of several and no run diverges at it, since none is better beyond then, -1 where it is the
    /// first, else 0; 0 too where another is as good.
    fn side(&self) -> f64 {
        match self.best.filter(|_| self.is_alone) {
            Some(best) if self.rates.len() > 1 && best + 1 == self.rates.len() => {
                f64::from(u8::from(self.rates[best].lost == 0))
            }
            Some(0) if self.rates.len() > 1 => -1.0,
            _ => 0.0,
        }
    }
}

/// A ring around the best rate, with an arrow out of the range where it is the last in it.
fn ring(line: &Line, y: &Ruler, color: crate::figure::scene::Color) -> Option<Mark> {
    let rate = &line.rates[line.best?];
    Some(Mark::Ring { at: (rate.at, y.place(rate.spread.median)?), side: line.side(), color })
}
