//! Rulers: the scales of a panel with their ticks. A logarithmic one holds log10 of the value, so it reaches past the smallest f64.

mod ticks;

use super::text::{self, Weight};
use crate::columns::{Better, Column, Scale};
use crate::table::significant;
pub use ticks::nice_step;
use ticks::{even, powers};

/// Points that a marker at the end of a scale takes.
const EDGE: f64 = 3.0;

/// A labelled place on a scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// In the unit of the scale (log10 of the value where it is logarithmic).
    pub at: f64,
    /// Empty for a tick without a label.
    pub label: String,
}

/// What a place on a scale stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Value,
    Log10,
    /// The natural logarithm of 1 + step.
    Steps,
    /// The label of the nearest tick.
    Label,
}

/// A scale from `low` to `high` with ticks inside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruler {
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<Tick>,
    pub unit: Unit,
    /// Where exact zeros of a logarithmic scale stand, if there are any.
    pub floor: Option<f64>,
    /// The part that values have: beside it lie the floor and the strips of runs without a value.
    pub measured: (f64, f64),
}

/// An end of a ruler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Low,
    High,
}

/// Which `n` of so many stand for all, the first and the last among them.
pub fn evenly(all: usize, n: usize) -> impl Iterator<Item = usize> {
    (0..n).map(move |i| i * all.saturating_sub(1) / (n - 1).max(1))
}

/// The finite smallest and largest of the values, `None` if there are none.
pub fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .into_iter()
        .filter(|v| v.is_finite())
        .fold(None, |range, v| Some(range.map_or((v, v), |(low, high): (f64, f64)| (low.min(v), high.max(v)))))
}

/// Values are cut off only where they are at most one of so many.
const FEW: usize = 5;
/// And no more than so many.
const MOST: usize = 500;
/// Decades beyond all others, and times as far off as these reach, from which a few values are cut off.
const FAR: f64 = 3.0;
const TIMES: f64 = 4.0;

/// What a logarithmic scale has beyond its values at either end, as a share of them.
const FREE: f64 = 0.04;

/// Decades that a logarithmic scale has at least: fewer would blow noise up to look like a finding.
const LEAST: f64 = 0.2;

/// The range of the values, of a logarithmic scale or not, without a few at either end beside which nothing could be told of the
/// others: one run of 1e13. A panel shows these as arrows.
fn bulk(values: &[f64], logarithmic: bool) -> Option<(f64, f64)> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (spare, n) = ((sorted.len() / FEW).min(MOST), sorted.len());
    let far = |range: (f64, f64), value: f64| is_far(range, value, logarithmic, TIMES);
    // As few as can be, such that all that is cut is far from all that is left.
    let is_apart = |(high, low): &(usize, usize)| {
        let rest = (sorted[*low], sorted[n - 1 - high]);
        (*high == 0 || far(rest, sorted[n - high])) && (*low == 0 || far(rest, sorted[low - 1]))
    };
    let mut cuts = (1..=spare).flat_map(|cut| (0..=cut).map(move |high| (high, cut - high)));
    let (high, low) = cuts.find(is_apart).unwrap_or((0, 0));
    Some((*sorted.get(low)?, *sorted.get(n.checked_sub(1 + high)?)?))
}

/// What lies far above all other values of a column of which less is better, up to half of them: a loss of 1e13 tells that a run was
/// lost, and must not flatten those that were not.
pub fn without_lost(values: &[f64], column: &Column) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let far = |i: &usize| is_far((sorted[0], sorted[i - 1]), sorted[*i], column.is_log(), TIMES);
    let cut = (sorted.len().div_ceil(2).max(1)..sorted.len()).find(far).filter(|_| column.better == Better::Lower);
    let most = cut.map_or(f64::INFINITY, |cut| sorted[cut - 1]);
    values.iter().copied().filter(|v| !v.is_finite() || *v <= most).collect()
}

/// The values of lines without those parts of up to half of the lines that run away, beside which the others would have less than
/// half of a panel: upward where less is better, and either way on a linear scale of which neither end is, as that of a variable
/// of a test function. Where lines begin is kept.
pub fn without_runaways(lines: &[Vec<f64>], column: &Column) -> Vec<f64> {
    let size: fn(f64) -> f64 = match column.better {
        Better::Lower => |v| v,
        Better::Neither if !column.is_log() => f64::abs,
        _ => return lines.concat(),
    };
    let mut tame: Vec<(f64, f64)> = lines.iter().filter_map(|line| range(line.iter().copied().map(size))).collect();
    tame.sort_by(|a, b| a.1.total_cmp(&b.1));
    let first = lines.iter().filter_map(|line| line.iter().copied().find(|v| v.is_finite()).map(size));
    let begin = range(first).unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
    let of_others = |i: usize| tame[..i].iter().fold(begin, |(low, high), line| (low.min(line.0), high.max(line.1)));
    let far = |i: &usize| is_far(of_others(*i), tame[*i].1, column.is_log(), 1.0);
    let cut = (tame.len().div_ceil(2).max(1)..tame.len()).find(far);
    let most = cut.map_or(f64::INFINITY, |cut| of_others(cut).1);
    lines.iter().flatten().copied().filter(|v| !v.is_finite() || size(*v) <= most).collect()
}

/// Whether a value is so many times as far from a range as this reaches, and some decades at least.
fn is_far((low, high): (f64, f64), value: f64, logarithmic: bool, times: f64) -> bool {
    let off = (low - value).max(value - high);
    match logarithmic {
        true => off > FAR.max(times * (high - low)),
        false => off > 10f64.powf(FAR) * low.abs().max(high.abs()).max(f64::MIN_POSITIVE),
    }
}

impl Ruler {
    /// A ruler with these ends and ticks, all of which values can have.
    pub fn new((low, high): (f64, f64), ticks: Vec<Tick>, unit: Unit) -> Ruler {
        Ruler { low, high, ticks, unit, floor: None, measured: (low, high) }
    }

    /// The same from `low` to `high`, with the ticks that are left.
    pub fn within(self, low: f64, high: f64) -> Ruler {
        let ticks = self.ticks.into_iter().filter(|tick| (low..=high).contains(&tick.at)).collect();
        Ruler { low, high, ticks, measured: (low, high), ..self }
    }

    /// The same, so many `points` longer at both ends of a panel that is `length` long.
    pub fn padded(mut self, points: f64, length: f64) -> Ruler {
        let pad = (self.high - self.low) * points / (length - 2.0 * points).max(points);
        (self.low, self.high) = (self.low - pad, self.high + pad);
        self
    }

    /// A ruler over values, of which log10 is given where it is `logarithmic`: minus infinity is then an exact zero, which
    /// stands on a floor line. It leaves out a few that lie far off, but none of those it has to `keep`. `None` if no value is
    /// finite or zero. `height` in points.
    pub fn keeping(keep: &[f64], values: &[f64], logarithmic: bool, height: f64) -> Option<Ruler> {
        let room = (height / 20.0) as usize;
        let zeros = logarithmic && keep.iter().chain(values).any(|v| *v == f64::NEG_INFINITY);
        let kept = range(keep.iter().copied());
        let shown = bulk(values, logarithmic).into_iter().chain(kept).flat_map(|(low, high)| [low, high]);
        let (low, high) = match range(shown) {
            Some(range) => range,
            None if zeros => (-1.0, 0.0),
            None => return None,
        };
        let ruler = if logarithmic { Ruler::log(low, high, room) } else { Ruler::linear(low, high, room) };
        Some(if zeros { ruler.with_floor() } else { ruler })
    }

    /// The same that may leave out any of the values, if they are few and lie far off.
    pub fn over(values: &[f64], logarithmic: bool, height: f64) -> Option<Ruler> {
        Ruler::keeping(&[], values, logarithmic, height)
    }

    /// A ruler over values of a column, shares in per cent and no further than there are any.
    pub fn of(values: &[f64], column: &Column, height: f64) -> Option<Ruler> {
        Ruler::keeping_of(&[], values, column, height)
    }

    /// The same that keeps some.
    pub fn keeping_of(keep: &[f64], values: &[f64], column: &Column, height: f64) -> Option<Ruler> {
        let mut ruler = Ruler::keeping(keep, &without_lost(values, column), column.is_log(), height)?;
        if column.scale == Scale::Share {
            let (low, high) = (ruler.low.max(0.0), ruler.high.min(1.0));
            ruler = Ruler::shares(low, high, (height / 20.0) as usize).padded(EDGE, height);
        }
        Some(ruler)
    }

    /// The same reading for colours, without the floor, which has a colour of its own.
    pub fn colors(values: &[f64], column: &Column, height: f64) -> Option<Ruler> {
        let ruler = Ruler::of(values, column, height)?;
        let (low, high) = ruler.measured;
        Some(Ruler { floor: None, ..ruler.within(low, high) })
    }

    /// The same from `low` to `high`, in values, of a panel that is so many points long. Labels keep their places.
    pub fn between(self, [low, high]: [f64; 2], length: f64) -> Ruler {
        let room = (length / 20.0) as usize;
        let ruler = match self.unit {
            Unit::Value if self.is_of_shares() => Ruler::shares(low, high, room),
            Unit::Value => Ruler::exact(low, high, room),
            Unit::Log10 if low > 0.0 => Ruler::log_within(low.log10(), high.log10(), room),
            Unit::Log10 => return self,
            Unit::Steps => Ruler::steps(low, high),
            Unit::Label => return self,
        };
        if self.floor.is_some() { ruler.with_floor() } else { ruler }
    }

    /// Whether its labels are in per cent.
    pub fn is_of_shares(&self) -> bool {
        self.unit == Unit::Value && self.ticks.iter().any(|tick| tick.label.ends_with('%'))
    }

    /// The same without ticks between whole numbers.
    pub fn of_whole_numbers(mut self) -> Ruler {
        self.ticks.retain(|tick| tick.at.fract() == 0.0);
        for tick in &mut self.ticks {
            // The digits after the point told those between apart.
            tick.label.truncate(tick.label.find('.').unwrap_or(tick.label.len()));
        }
        self
    }

    /// The same with a floor for exact zeros under it.
    fn with_floor(mut self) -> Ruler {
        let floor = self.low - 0.09 * (self.high - self.low);
        self.low = floor - 0.03 * (self.high - self.low);
        self.ticks.insert(0, Tick { at: floor, label: "0".into() });
        Ruler { floor: Some(floor), ..self }
    }

    /// Makes it longer at one end, by this share of what it is.
    pub fn extend(&mut self, end: End, share: f64) {
        let more = share * (self.high - self.low);
        match end {
            End::Low => self.low -= more,
            End::High => self.high += more,
        }
    }

    /// Makes room for a strip of so many points at one end of a panel that is `length` points long, and says where it begins.
    pub fn add_strip(&mut self, end: End, strip: f64, length: f64) -> f64 {
        let edge = if end == End::High { self.high } else { self.low };
        self.extend(end, strip / (length - strip));
        edge
    }

    /// Lowers the upper end of a ruler of losses to ten times guessing or the largest of those it has to `keep`, where more than
    /// another factor of ten lies above it. Arrows at the edge stand for what is higher. Says where it ends then; not cut where too
    /// little would be left.
    pub fn cut(&mut self, guess: f64, keep: &[f64]) -> Option<f64> {
        let high = keep.iter().map(|kept| kept + LEAST).filter(|kept| kept.is_finite()).fold(guess + 1.0, f64::max);
        if self.unit != Unit::Log10 || self.high < high + 1.0 || self.measured.0 > high - LEAST {
            return None;
        }
        // What was free below the values of the whole range would be a third of what is left of it.
        let (low, all) = (self.measured.0, self.measured.1 - self.measured.0);
        let lowest = low + FREE * all / (1.0 + 2.0 * FREE);
        let cut = Ruler::log_within(lowest - FREE * (high - lowest).max(0.0), high, self.ticks.len().max(4));
        *self = if self.floor.is_some() { cut.with_floor() } else { cut };
        Some(high)
    }

    /// Whether a place lies on it.
    pub fn holds(&self, place: f64) -> bool {
        (self.low..=self.high).contains(&place)
    }

    /// Where a value is drawn: a zero on the floor; `None` for what is not a number or infinite.
    pub fn place(&self, value: f64) -> Option<f64> {
        if value == f64::NEG_INFINITY { self.floor } else { value.is_finite().then_some(value) }
    }

    /// Where the number of a label stands.
    pub fn place_of(&self, value: f64) -> f64 {
        if self.unit == Unit::Log10 { value.log10() } else { value }
    }

    /// The number that a place stands for.
    pub fn value_at(&self, place: f64) -> f64 {
        if self.unit == Unit::Log10 { 10f64.powf(place) } else { place }
    }

    /// Where a value stands, 0 at `low` and 1 at `high`.
    pub fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// What a place stands for, for a reader who points at it.
    pub fn reading(&self, place: f64) -> String {
        match self.unit {
            Unit::Value | Unit::Log10 => significant(self.value_at(place), 6),
            Unit::Steps => place.exp_m1().round().to_string(),
            Unit::Label => {
                let nearest = self.ticks.iter().min_by(|a, b| (a.at - place).abs().total_cmp(&(b.at - place).abs()));
                nearest.map_or(String::new(), |tick| tick.label.clone())
            }
        }
    }

    /// A plain scale over the values, a little wider than they are, with up to `room` labels.
    pub fn linear(low: f64, high: f64, room: usize) -> Ruler {
        let (low, high) = widen(low, high, 0.05);
        Ruler::exact(low, high, room)
    }

    /// A plain scale from `low` to `high` and no further.
    pub fn exact(low: f64, high: f64, room: usize) -> Ruler {
        Ruler::new((low, high), even(low, high, room), Unit::Value)
    }

    /// The same of shares, with labels in per cent.
    fn shares(low: f64, high: f64, room: usize) -> Ruler {
        let mut ruler = Ruler::exact(low, high, room);
        ruler.ticks.iter_mut().for_each(|tick| tick.label = format!("{} %", significant(100.0 * tick.at, 3)));
        ruler
    }

    /// A logarithmic scale between two log10 values, with up to `room` labels.
    pub fn log(low: f64, high: f64, room: usize) -> Ruler {
        let spare = (LEAST - (high - low)).max(0.0) / 2.0;
        let (low, high) = widen(low - spare, high + spare, FREE);
        Ruler::log_within(low, high, room)
    }

    /// A logarithmic scale from `low` to `high` and no further.
    pub fn log_within(low: f64, high: f64, room: usize) -> Ruler {
        Ruler::new((low, high), powers(low, high, room), Unit::Log10)
    }

    /// Steps of a run, on a scale of log(1 + step) so that step 0 has a place.
    pub fn steps(first: f64, last: f64) -> Ruler {
        let last = last.max(first + 1.0);
        let (low, high) = (first.ln_1p(), last.ln_1p());
        let powers = std::iter::successors(Some(1.0), |step| Some(step * 10.0)).take_while(|step| *step < last);
        // A power of ten too close to an end gives way to it.
        let is_free = |step: &f64| *step > first && (high - step.ln_1p()) > 0.14 * (high - low);
        let is_free = |step: &f64| is_free(step) && (first == 0.0 || step.ln_1p() - low > 0.14 * (high - low));
        let steps = [first].into_iter().chain(powers.filter(is_free)).chain([last]);
        let ticks = steps.map(|step| Tick { at: step.ln_1p(), label: count(step) }).collect();
        Ruler::new((low, high), ticks, Unit::Steps)
    }

    /// The numbers 1..=last with `last` and round numbers labelled, `gap` (a share of the whole) free on the left.
    pub fn layers(last: usize, gap: f64) -> Ruler {
        let last = last.max(1);
        let span = (last.max(2) - 1) as f64;
        let step = if last <= 5 { 1.0 } else { nice_step(span / 4.0).max(1.0) } as usize;
        let mut marked: Vec<usize> = (1..last).filter(|l| *l == 1 || l % step == 0).collect();
        // A round number too close to the last layer gives way to it.
        marked.retain(|l| *l == 1 || (last - l) as f64 >= 0.6 * step as f64);
        marked.push(last);
        marked.dedup();
        let ticks = marked.into_iter().map(|l| Tick { at: l as f64, label: l.to_string() }).collect();
        let pad = 0.03 * span;
        let (low, high) = (1.0 - pad, 1.0 + span + pad);
        // A single layer is no scale.
        let unit = if last == 1 { Unit::Label } else { Unit::Value };
        let ruler = Ruler::new((low, high), ticks, unit);
        Ruler { low: low - (high - low) * gap / (1.0 - gap), ..ruler }
    }

    /// One place a label, evenly spaced.
    pub fn categories(labels: impl IntoIterator<Item = String>) -> Ruler {
        let ticks: Vec<Tick> = labels.into_iter().enumerate().map(|(i, label)| Tick { at: i as f64, label }).collect();
        Ruler::new((-0.5, ticks.len().max(1) as f64 - 0.5), ticks, Unit::Label)
    }

    /// One row a label, the first on top.
    pub fn rows(labels: impl DoubleEndedIterator<Item = String>) -> Ruler {
        let ruler = Ruler::categories(labels.rev());
        Ruler { low: ruler.low - 0.1, high: ruler.high + 0.1, ..ruler }
    }

    /// Whether its labels are names that do not fit side by side on `length` points: none of them may be left out.
    pub fn is_crowded(&self, length: f64, size: f64) -> bool {
        let slot = length / self.ticks.len().max(1) as f64 - 0.5 * size;
        let wide = |tick: &Tick| text::width(&tick.label, size, Weight::Regular) > slot;
        self.is_of_names() && self.ticks.iter().any(wide)
    }

    /// Whether its labels are names.
    pub fn is_of_names(&self) -> bool {
        let is_name = |tick: &Tick| !tick.label.is_empty() && tick.label.parse::<f64>().is_err();
        self.unit == Unit::Label && self.ticks.iter().any(is_name)
    }

    /// The labels that fit side by side on `length` points: every k-th with the smallest k, the rest empty.
    pub fn thinned(&self, length: f64, size: f64) -> Vec<Tick> {
        let mut order = self.ticks.clone();
        if order.len() < 2 {
            return order;
        }
        order.sort_by(|a, b| a.at.total_cmp(&b.at));
        let fits = |ticks: &[&Tick]| {
            ticks.windows(2).all(|w| {
                let half = |t: &Tick| text::width(&t.label, size, Weight::Regular) / 2.0;
                (self.share(w[1].at) - self.share(w[0].at)) * length >= half(w[0]) + half(w[1]) + 0.45 * size
            })
        };
        let last = order.len().saturating_sub(1);
        // Counting from the end keeps the last label: the deepest layer, the last step. The first stays too if these would be all.
        let every = |k: usize| order.iter().enumerate().filter(move |(i, _)| (last - i).is_multiple_of(k));
        let k =
            (1..=last.max(1)).find(|k| fits(&every(*k).map(|(_, tick)| tick).collect::<Vec<_>>())).unwrap_or(last + 1);
        let mut kept: Vec<usize> = every(k).map(|(i, _)| i).collect();
        // Of a logarithmic scale rounder numbers stay, powers of ten above all.
        if k > 1 && self.unit == Unit::Log10 {
            let is_of = |tick: &Tick, digits: &[f64]| {
                let digit = 10f64.powf(tick.at - (tick.at + 1e-9).floor());
                digits.iter().any(|own| (own - digit).abs() < 1e-6)
            };
            let round = [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]].into_iter().map(|digits| {
                order.iter().enumerate().filter(|(_, tick)| is_of(tick, digits)).map(|(i, _)| i).collect::<Vec<_>>()
            });
            let told = |kept: &Vec<usize>| kept.iter().map(|i| &order[*i]).collect::<Vec<_>>();
            kept = round.into_iter().find(|kept| kept.len() > 1 && fits(&told(kept))).unwrap_or(kept);
        }
        // Labels that stand where their values do keep all that have room: each k-th would leave out those far from others.
        if k > 1 && self.unit == Unit::Label && are_uneven(&order) {
            kept = (0..last).rev().fold(vec![last], |mut kept, i| {
                if fits(&[&order[i], &order[kept[kept.len() - 1]]]) {
                    kept.push(i);
                }
                kept
            });
        }
        if kept.len() < 3 && fits(&[&order[0], &order[last]]) {
            kept = vec![0, last];
        }
        for (i, tick) in order.iter_mut().enumerate() {
            if !kept.contains(&i) {
                tick.label.clear();
            }
        }
        order
    }
}

/// Whether some of these are much farther apart than others.
fn are_uneven(order: &[Tick]) -> bool {
    let gaps = || order.windows(2).map(|pair| pair[1].at - pair[0].at);
    gaps().fold(0.0, f64::max) > 1.5 * gaps().fold(f64::INFINITY, f64::min)
}

fn widen(low: f64, high: f64, share: f64) -> (f64, f64) {
    let pad = if high > low { (high - low) * share } else { 0.5 * low.abs().clamp(1.0, 2.0) };
    (low - pad, high + pad)
}

/// A number of steps: `2000`, `10⁵`, `2·10⁴`.
fn count(step: f64) -> String {
    let k = step.max(1.0).log10().floor() as i64;
    let digits = step / 10f64.powi(k as i32);
    if step >= 1e4 && digits.fract() == 0.0 { ticks::multiple(digits, k) } else { format!("{step}") }
}

/// With the minus sign instead of the hyphen.
pub fn minus(text: &str) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns;

    #[test]
    fn log_ticks_reach_the_smallest_numbers() {
        let axis = Ruler::log(-300.0, 0.0, 8);
        let labels: Vec<&str> = axis.ticks.iter().map(|t| t.label.as_str()).collect();
        assert_eq!(labels, ["10⁻³⁰⁰", "10⁻²⁵⁰", "10⁻²⁰⁰", "10⁻¹⁵⁰", "10⁻¹⁰⁰", "10⁻⁵⁰", "1"]);
        assert!(axis.ticks.iter().all(|t| (0.0..=1.0).contains(&axis.share(t.at))));
    }

    #[test]
    fn labels_at_uneven_places_stay_where_there_is_room() {
        let places = [0.5, 0.9, 1.0, 1.1, 2.0, 3.9];
        let ticks = places.iter().map(|at| Tick { at: *at, label: at.to_string() }).collect();
        let shown = Ruler::new((0.3, 4.1), ticks, Unit::Label).thinned(300.0, 9.0);
        let labels: Vec<&str> =
            shown.iter().map(|tick| tick.label.as_str()).filter(|label| !label.is_empty()).collect();
        assert_eq!(labels, ["0.5", "1.1", "2", "3.9"]);
    }

    #[test]
    fn every_range_gets_ticks_within_it() {
        for (low, high) in [(-300.0, -299.0), (-1.0, 0.3), (0.1, 0.2), (0.301, 0.3011), (-5.0, -5.0), (2.0, 9.0)] {
            for room in [2, 5, 9] {
                for axis in [Ruler::log(low, high, room), Ruler::linear(low, high, room)] {
                    assert!(axis.ticks.len() >= 2, "{low} {high} {room} {axis:?}");
                    assert!(axis.ticks.len() <= room.max(4) + 4, "{low} {high} {room} {axis:?}");
                    let shares: Vec<f64> = axis.ticks.iter().map(|t| axis.share(t.at)).collect();
                    let ends = (shares[0], shares[shares.len() - 1]);
                    assert!(ends.0 <= 0.34 && ends.1 >= 0.66, "{low} {high} {room} {axis:?}");
                    assert!(axis.ticks.iter().all(|t| (-1e-6..=1.0 + 1e-6).contains(&axis.share(t.at))), "{axis:?}");
                    assert!(axis.ticks.windows(2).all(|w| w[0].label != w[1].label), "{axis:?}");
                }
            }
        }
        assert_eq!(Ruler::linear(-0.3, 0.9, 7).ticks[0].label, "−0.2");
    }

    #[test]
    fn one_far_value_flattens_no_others() {
        let mut losses: Vec<f64> = (1..=20).map(|i| f64::from(i) / 10.0).collect();
        assert_eq!(bulk(&losses, false), Some((0.1, 2.0)));
        losses.push(1e13);
        assert_eq!(bulk(&losses, false), Some((0.1, 2.0)));
        let mut logs: Vec<f64> = losses.iter().map(|v| v.log10()).collect();
        assert_eq!(bulk(&logs, true), Some((-1.0, 2f64.log10())));
        logs.push(-40.0);
        assert_eq!(bulk(&logs, true), Some((-1.0, 2f64.log10())));
        // What is kept is shown; half of the values are never a few.
        let ruler = Ruler::keeping(&[13.0], &logs, true, 100.0).unwrap();
        assert!(ruler.high > 13.0 && ruler.low > -2.0);
        assert_eq!(bulk(&[0.0, 40.0], true), Some((0.0, 40.0)));
        assert_eq!(bulk(&[], true), None);
    }

    #[test]
    fn what_is_lost_flattens_no_others() {
        let (loss, accuracy) = (&columns::HISTORY[4], &columns::HISTORY[5]);
        assert_eq!((loss.name, accuracy.name), ("train_loss", "train_accuracy"));
        assert_eq!(without_lost(&[-1.0, 13.0], loss), [-1.0]);
        assert_eq!(without_lost(&[-1.0, 0.0, 13.0, 22.0], loss), [-1.0, 0.0]);
        assert_eq!(without_lost(&[-1.0, 13.0, 13.5, 22.0], loss), [-1.0, 13.0, 13.5, 22.0], "more than half");
        assert_eq!(without_lost(&[-1.0, f64::NEG_INFINITY, 1.0], loss), [-1.0, f64::NEG_INFINITY, 1.0]);
        assert_eq!(without_lost(&[0.1, 1e13], accuracy), [0.1, 1e13]);
        // A line that climbs steadily, beside one that falls.
        let climbs: Vec<f64> = (0..=22).map(f64::from).collect();
        let falls = vec![0.5, 0.0, -1.0, -2.0];
        let kept = without_runaways(&[climbs.clone(), falls.clone()], loss);
        assert_eq!(range(kept), Some((-2.0, 0.5)));
        assert_eq!(range(without_runaways(std::slice::from_ref(&climbs), loss)), Some((0.0, 22.0)), "alone");
        // A scale that is cut ends just below its values.
        let mut ruler = Ruler::log(-1.0, 41.0, 8);
        assert!(ruler.cut(-1.0, &[-0.9]).is_some() && ruler.high == 0.0 && ruler.low > -1.1, "{ruler:?}");
        let mut ruler = Ruler::log(-1.0, 41.0, 8);
        assert!(ruler.cut(-1.0, &[5.0]).is_some() && ruler.holds(5.0), "what has to be kept is in sight");
        // What begins high is no runaway.
        assert_eq!(range(without_runaways(&[vec![13.0, 0.0], falls], loss)), Some((-2.0, 13.0)));
        // A variable of a test function runs away in either direction.
        let variable = &columns::POINTS[0];
        let (stays, away) = (vec![-1.5, 0.5, 0.0], vec![-1.5, -40.0, -1e9]);
        assert_eq!(range(without_runaways(&[stays.clone(), away.clone()], variable)), Some((-1.5, 0.5)));
        assert_eq!(range(without_runaways(&[stays, away], accuracy)), Some((-1e9, 0.5)));
    }

    #[test]
    fn logarithmic_ticks_stand_near_both_ends() {
        for (low, width) in
            (0..10).flat_map(|low| (2..25).map(move |width| (f64::from(low) / 10.0, f64::from(width) / 10.0)))
        {
            for room in 4..=9 {
                let axis = Ruler::log_within(low, low + width, room);
                let shares: Vec<f64> = axis.ticks.iter().map(|tick| axis.share(tick.at)).collect();
                // From 5 to 10 the first round number, 6, stands at 0.264.
                let is_near = shares[0] <= 0.27 && shares[shares.len() - 1] >= 0.73;
                assert!(is_near && shares.len() <= 9, "{low} {width} {room}: {shares:?}");
            }
        }
        // Of a line at 2.3 beside one that goes up to 13.
        assert_eq!(Ruler::log_within(0.32, 1.15, 6).ticks[0].label, "2.5");
    }

    #[test]
    fn logarithmic_ticks_keep_the_power_of_ten() {
        for (low, high, power) in [(0.45f64, 4.5f64, "1"), (2.8, 22.0, "10")] {
            let axis = Ruler::log_within(low.log10(), high.log10(), 9);
            let kept: Vec<String> = axis.thinned(110.0, 7.0).into_iter().map(|tick| tick.label).collect();
            assert!(kept.iter().any(|label| label == power), "{kept:?}");
        }
        let labels = |ruler: Ruler| ruler.ticks.into_iter().map(|tick| tick.label).collect::<Vec<_>>();
        assert!(labels(Ruler::exact(0.0, 4e12, 5)).contains(&"3·10¹²".to_string()));
        assert!(labels(Ruler::exact(1e6, 3e6, 5)).contains(&"1.5·10⁶".to_string()));
    }

    #[test]
    fn a_place_is_read_back() {
        assert_eq!(Ruler::log(-300.0, 0.0, 8).reading(-2.0), "0.01");
        assert_eq!(Ruler::steps(0.0, 300.0).reading(100f64.ln_1p()), "100");
        assert_eq!(Ruler::categories(["sgd".into(), "adam".into()]).reading(0.7), "adam");
    }

    #[test]
    fn layers_label_the_first_and_the_last() {
        for last in [1, 2, 5, 8, 16, 31, 32, 100, 1000] {
            let axis = Ruler::layers(last, 0.2);
            assert_eq!((axis.ticks[0].label.as_str(), axis.ticks.last().unwrap().at), ("1", last as f64));
            assert!(axis.share(1.0) > 0.19 && axis.ticks.len() <= 9, "{last} {axis:?}");
        }
    }

    #[test]
    fn thinned_labels_keep_apart_and_keep_the_last() {
        let axis = Ruler::categories((0..40).map(|i| format!("label {i}")));
        let kept: Vec<Tick> = axis.thinned(300.0, 7.0).into_iter().filter(|t| !t.label.is_empty()).collect();
        assert!(kept.len() > 3 && kept.len() < 12);
        assert_eq!(kept.last().unwrap().label, "label 39");
    }
}
