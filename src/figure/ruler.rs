//! Rulers: the scales of a panel with their ticks. A logarithmic one holds log10 of the value, so it reaches past the smallest f64.

use super::text::{self, Weight, power_of_ten};
use crate::columns::{Column, Scale};
use crate::table::significant;

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
}

/// An end of a ruler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Low,
    High,
}

/// The finite smallest and largest of the values, `None` if there are none.
pub fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .into_iter()
        .filter(|v| v.is_finite())
        .fold(None, |range, v| Some(range.map_or((v, v), |(low, high): (f64, f64)| (low.min(v), high.max(v)))))
}

impl Ruler {
    /// A ruler over values, of which log10 is given where it is `logarithmic`: minus infinity is then an exact zero, which
    /// stands on a floor line. `None` if no value is finite or zero. `height` in points.
    pub fn over(values: &[f64], logarithmic: bool, height: f64) -> Option<Ruler> {
        let room = (height / 20.0) as usize;
        let zeros = logarithmic && values.contains(&f64::NEG_INFINITY);
        let (low, high) = match range(values.iter().copied()) {
            Some(range) => range,
            None if zeros => (-1.0, 0.0),
            None => return None,
        };
        let mut ruler = if logarithmic { Ruler::log(low, high, room) } else { Ruler::linear(low, high, room) };
        if zeros {
            let floor = ruler.low - 0.09 * (ruler.high - ruler.low);
            ruler.low = floor - 0.03 * (ruler.high - ruler.low);
            ruler.ticks.insert(0, Tick { at: floor, label: "0".into() });
            ruler.floor = Some(floor);
        }
        Some(ruler)
    }

    /// A ruler over values of a column, shares in per cent.
    pub fn of(values: &[f64], column: &Column, height: f64) -> Option<Ruler> {
        let mut ruler = Ruler::over(values, column.is_log(), height)?;
        if column.scale == Scale::Share {
            let percent = |tick: &mut Tick| tick.label = format!("{} %", significant(100.0 * tick.at, 3));
            ruler.ticks.iter_mut().for_each(percent);
        }
        Some(ruler)
    }

    /// The same reading for colours: from the smallest to the largest value, or wider where these are equal.
    pub fn colors(values: &[f64], column: &Column, height: f64) -> Option<Ruler> {
        let ruler = Ruler::of(values, column, height)?;
        let range = range(values.iter().copied()).filter(|(low, high)| high > low);
        let (low, high) = range.unwrap_or((ruler.low, ruler.high));
        Some(Ruler { low, high, ..ruler })
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

    /// Lowers the upper end of a ruler of losses to ten times guessing, where more than another factor of ten lies above it.
    /// What is higher is drawn at the edge; the caption's sentence says so.
    pub fn cut(&mut self, guess: Option<f64>) -> Option<String> {
        let high = guess? + 1.0;
        if self.unit != Unit::Log10 || self.high < high + 1.0 {
            return None;
        }
        self.high = high;
        self.ticks.retain(|tick| tick.at <= high);
        Some(format!("Losses above {} are drawn at the upper edge.", significant(10f64.powf(high), 2)))
    }

    /// Whether a place lies on it.
    pub fn holds(&self, place: f64) -> bool {
        (self.low..=self.high).contains(&place)
    }

    /// Where a value is drawn: a zero on the floor; `None` for what is not a number or infinite.
    pub fn place(&self, value: f64) -> Option<f64> {
        if value == f64::NEG_INFINITY { self.floor } else { value.is_finite().then_some(value) }
    }

    /// Where a value stands, 0 at `low` and 1 at `high`.
    pub fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// What a place stands for, for a reader who points at it.
    pub fn reading(&self, place: f64) -> String {
        match self.unit {
            Unit::Value => significant(place, 6),
            Unit::Log10 => significant(10f64.powf(place), 6),
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
        let coarse = nice_step((high - low) / room.max(2) as f64);
        // One finer where the coarse step leaves fewer than two ticks in sight.
        let lone = (high / coarse).floor() - (low / coarse).ceil() < 1.0;
        let step = if lone { nice_step(coarse / 2.5) } else { coarse };
        let first = (low / step).ceil() as i64;
        let ticks = (first..)
            .map(|i| i as f64 * step)
            .take_while(|v| *v <= high + 1e-9 * step)
            .map(|at| Tick { at, label: number(at, step) })
            .collect();
        Ruler { low, high, ticks, unit: Unit::Value, floor: None }
    }

    /// A plain scale from `low` to `high` and no further.
    pub fn exact(low: f64, high: f64, room: usize) -> Ruler {
        let mut axis = Ruler { low, high, ..Ruler::linear(low, high, room) };
        axis.ticks.retain(|tick| (low..=high).contains(&tick.at));
        axis
    }

    /// A logarithmic scale between two log10 values, with up to `room` labels.
    pub fn log(low: f64, high: f64, room: usize) -> Ruler {
        // Less than half a decade would blow noise up to look like a finding.
        let spare = (0.5 - (high - low)).max(0.0) / 2.0;
        let (low, high) = widen(low - spare, high + spare, 0.04);
        let room = room.max(2);
        let decades = (low.ceil() as i64..=high.floor() as i64).collect::<Vec<_>>();
        let round = |digits: &[i64]| multiples(low, high, digits);
        if decades.len() >= 2 {
            // Few decades leave room for 2 and 5, or 3, of each.
            let finer = [&[1, 2, 5][..], &[1, 3]].into_iter().map(round).find(|t| t.len() <= room);
            if let Some(ticks) = finer.filter(|_| high - low < 2.5) {
                return Ruler { low, high, ticks, unit: Unit::Log10, floor: None };
            }
            let every = |step: i64| decades.iter().filter(move |k| *k % step == 0);
            let usable = |step: &i64| every(*step).count() >= 2;
            let steps = [1, 2, 5, 10, 20, 50, 100].into_iter().filter(usable);
            let mut step = 1;
            for next in steps {
                step = next;
                if every(step).count() <= room {
                    break;
                }
            }
            let ticks = every(step).map(|k| Tick { at: *k as f64, label: power_of_ten(*k) }).collect();
            return Ruler { low, high, ticks, unit: Unit::Log10, floor: None };
        }
        // Less than two powers of ten in sight: label 1, 2 and 5 of each decade, or any round numbers.
        let digits: [&[i64]; 3] = [&[1, 3], &[1, 2, 5], &[1, 2, 3, 4, 5, 6, 7, 8, 9]];
        // Half a decade holds at least two of the last set.
        let fitting = digits.iter().map(|d| round(d)).find(|t| t.len() >= 2);
        Ruler { low, high, ticks: fitting.unwrap_or_default(), unit: Unit::Log10, floor: None }
    }

    /// Values as steps of a run, on a scale of log(1 + step) so that step 0 has a place.
    pub fn steps(last: f64) -> Ruler {
        let high = last.max(1.0).ln_1p();
        let mut ticks = vec![Tick { at: 0.0, label: "0".into() }];
        let mut step = 1.0f64;
        while step <= last.max(1.0) {
            let label = if step < 1e4 { format!("{step}") } else { power_of_ten(step.log10().round() as i64) };
            ticks.push(Tick { at: step.ln_1p(), label });
            step *= 10.0;
        }
        Ruler { low: 0.0, high, ticks, unit: Unit::Steps, floor: None }
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
        Ruler { low: low - (high - low) * gap / (1.0 - gap), high, ticks, unit: Unit::Value, floor: None }
    }

    /// One place a label, evenly spaced.
    pub fn categories(labels: impl IntoIterator<Item = String>) -> Ruler {
        let ticks: Vec<Tick> = labels.into_iter().enumerate().map(|(i, label)| Tick { at: i as f64, label }).collect();
        Ruler { low: -0.5, high: ticks.len().max(1) as f64 - 0.5, ticks, unit: Unit::Label, floor: None }
    }

    /// One row a label, the first on top.
    pub fn rows(labels: impl DoubleEndedIterator<Item = String>) -> Ruler {
        let ruler = Ruler::categories(labels.rev());
        Ruler { low: ruler.low - 0.1, high: ruler.high + 0.1, ..ruler }
    }

    /// The labels that fit side by side on `length` points: every k-th with the smallest k, the rest empty.
    pub fn thinned(&self, length: f64, size: f64) -> Vec<Tick> {
        let mut order = self.ticks.clone();
        order.sort_by(|a, b| a.at.total_cmp(&b.at));
        let fits = |ticks: &[&Tick]| {
            ticks.windows(2).all(|w| {
                let half = |t: &Tick| text::width(&t.label, size, Weight::Regular) / 2.0;
                (self.share(w[1].at) - self.share(w[0].at)) * length >= half(w[0]) + half(w[1]) + 0.45 * size
            })
        };
        let mut every = 1;
        // Counting from the end keeps the last label: the deepest layer, the last step.
        while every < order.len()
            && !fits(&order.iter().rev().step_by(every).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>())
        {
            every += 1;
        }
        let last = order.len();
        for (i, tick) in order.iter_mut().enumerate() {
            if !(last - 1 - i).is_multiple_of(every) {
                tick.label.clear();
            }
        }
        order
    }
}

fn widen(low: f64, high: f64, share: f64) -> (f64, f64) {
    let pad = if high > low { (high - low) * share } else { 0.5 * low.abs().clamp(1.0, 2.0) };
    (low - pad, high + pad)
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `raw`.
fn nice_step(raw: f64) -> f64 {
    let unit = 10f64.powf(raw.max(1e-300).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|d| d * unit).find(|s| *s >= raw * (1.0 - 1e-9)).unwrap_or(10.0 * unit)
}

/// A number with as many decimals as its step has, and a true minus sign.
fn number(value: f64, step: f64) -> String {
    let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
    let value = if value.abs() < 1e-9 * step { 0.0 } else { value };
    if value.abs() >= 1e6 || step < 1e-9 {
        minus(&format!("{value:.1e}"))
    } else {
        minus(&format!("{value:.decimals$}"))
    }
}

/// The round multiples of powers of ten between two log10 values.
fn multiples(low: f64, high: f64, digits: &[i64]) -> Vec<Tick> {
    let decades = low.floor() as i64..=high.ceil() as i64;
    decades
        .flat_map(|k| digits.iter().map(move |d| Tick { at: k as f64 + (*d as f64).log10(), label: multiple(*d, k) }))
        .filter(|tick| (low..=high).contains(&tick.at))
        .collect()
}

/// `d` times ten to `k`.
fn multiple(d: i64, k: i64) -> String {
    match k {
        -3..=-1 => format!("{:.*}", k.unsigned_abs() as usize, d as f64 * 10f64.powi(k as i32)),
        0..=3 => (d * 10i64.pow(k as u32)).to_string(),
        _ if d == 1 => power_of_ten(k),
        _ => format!("{d}·{}", power_of_ten(k)),
    }
}

/// With the minus sign instead of the hyphen.
pub fn minus(text: &str) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_ticks_reach_the_smallest_numbers() {
        let axis = Ruler::log(-300.0, 0.0, 8);
        let labels: Vec<&str> = axis.ticks.iter().map(|t| t.label.as_str()).collect();
        assert_eq!(labels, ["10⁻³⁰⁰", "10⁻²⁵⁰", "10⁻²⁰⁰", "10⁻¹⁵⁰", "10⁻¹⁰⁰", "10⁻⁵⁰", "1"]);
        assert!(axis.ticks.iter().all(|t| (0.0..=1.0).contains(&axis.share(t.at))));
    }

    #[test]
    fn every_range_gets_ticks_within_it() {
        for (low, high) in [(-300.0, -299.0), (-1.0, 0.3), (0.1, 0.2), (0.301, 0.3011), (-5.0, -5.0), (2.0, 9.0)] {
            for room in [2, 5, 9] {
                for axis in [Ruler::log(low, high, room), Ruler::linear(low, high, room)] {
                    assert!(axis.ticks.len() >= 2, "{low} {high} {room} {axis:?}");
                    assert!(axis.ticks.len() <= room.max(4) + 3, "{low} {high} {room} {axis:?}");
                    assert!(axis.ticks.iter().all(|t| (-1e-6..=1.0 + 1e-6).contains(&axis.share(t.at))), "{axis:?}");
                    assert!(axis.ticks.windows(2).all(|w| w[0].label != w[1].label), "{axis:?}");
                }
            }
        }
        assert_eq!(Ruler::linear(-0.3, 0.9, 7).ticks[0].label, "−0.2");
    }

    #[test]
    fn a_place_is_read_back() {
        assert_eq!(Ruler::log(-300.0, 0.0, 8).reading(-2.0), "0.01");
        assert_eq!(Ruler::steps(300.0).reading(100f64.ln_1p()), "100");
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
