//! How much of a gradient is lost on its way to the first layer, where it may not arrive at all: one rule for each cause of a zero.
//!
//! [`ZEROS`](crate::columns::ZEROS) states the rules for readers.

use crate::columns::Column;
use crate::stats::{CONFIDENCE, Spread, median_interval, spread};
use crate::table::Record;

/// Why nothing can fade in a net whose first layer is the last.
pub const ONE_LAYER: &str = "in a net with one hidden layer, the first layer is also the last";

/// Why nothing fades where no net is trained.
pub const NO_LAYERS: &str = "a test function has no layers";

/// What the probe, in f64, holds of a gradient before it underflows is some 1e-288. A zero next to a layer with a gradient
/// below this is put down to underflow, above it to units that pass nothing on.
pub const UNDERFLOW: f64 = 1e-250;

/// Decades per layer that are none to a reader.
pub const WHOLE: f64 = 0.0005;

/// Decades of gradient that are lost on the way to the first layer, in all or per layer; below 0 it grows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fading {
    /// Minus infinity where it overflows on its way.
    Exactly(f64),
    /// The gradient underflows on its way: it loses at least so much.
    AtLeast(f64),
    /// An exact zero: no gradient arrives, which is more than every finite fading.
    Beyond,
    /// There is no gradient at the last layer either, or one that is not finite: nothing to compare with.
    Undefined,
}

impl Fading {
    /// Of the size of the gradient at each layer, the first one first, in decades in all. `None` for a single layer.
    pub fn of(sizes: &[f64]) -> Option<Fading> {
        let [first, .., last] = *sizes else { return None };
        if !last.is_normal() || first.is_nan() {
            return Some(Fading::Undefined);
        }
        let lost = |at: f64| last.log10() - at.log10();
        // Numbers below the smallest normal one lose their digits, and multiplied by 0.6 or more the smallest of them stay as they are.
        let is_below = first != 0.0 && first.abs() < f64::MIN_POSITIVE;
        Some(match sizes.iter().find(|size| **size >= f64::MIN_POSITIVE) {
            Some(smallest) if is_below || first == 0.0 && *smallest < UNDERFLOW => Fading::AtLeast(lost(*smallest)),
            _ if first != 0.0 => Fading::Exactly(lost(first)),
            _ => Fading::Beyond,
        })
    }

    /// From a CSV file, which says beside the number whether it is a bound.
    pub fn read(value: f64, is_bound: bool) -> Fading {
        match value {
            x if x.is_nan() => Fading::Undefined,
            f64::INFINITY => Fading::Beyond,
            x if is_bound => Fading::AtLeast(x),
            x => Fading::Exactly(x),
        }
    }

    /// As in a CSV file: infinite where no gradient arrives, NaN where it is undefined.
    pub fn number(self) -> f64 {
        match self {
            Fading::Exactly(x) | Fading::AtLeast(x) => x,
            Fading::Beyond => f64::INFINITY,
            Fading::Undefined => f64::NAN,
        }
    }

    pub fn is_bound(self) -> bool {
        matches!(self, Fading::AtLeast(_))
    }

    /// The most that it can be.
    pub fn most(self) -> f64 {
        if self.is_bound() { f64::INFINITY } else { self.number() }
    }

    /// The same shared among so many steps from layer to layer.
    pub fn per(self, steps: usize) -> Fading {
        let share = |x: f64| x / steps as f64;
        match self {
            Fading::Exactly(x) => Fading::Exactly(share(x)),
            Fading::AtLeast(x) => Fading::AtLeast(share(x)),
            other => other,
        }
    }

    /// In words, its `number` as the place has it: `0.184`, `at least 0.72`, `none arrives`, `undefined`.
    pub fn shown(self, number: impl Fn(f64) -> String) -> String {
        match self {
            Fading::Exactly(f64::NEG_INFINITY) => "grows beyond every number".into(),
            Fading::Exactly(x) => number(x),
            Fading::AtLeast(x) => format!("at least {}", number(x)),
            Fading::Beyond => "none arrives".into(),
            Fading::Undefined => "undefined".into(),
        }
    }
}

/// A fading over the seeds of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Of the seeds of which it is defined; undefined if there are none.
    pub median: Fading,
    /// The range, infinite above where a seed is beyond every finite fading or a bound.
    pub low: f64,
    pub high: f64,
    /// Probability that the range covers the median of the distribution.
    pub coverage: f64,
    /// The smallest and the largest value.
    pub range: (f64, f64),
    /// The interval of order statistics that answers have, with its coverage.
    pub interval: (f64, f64, f64),
    /// Seeds.
    pub n: usize,
    /// Of these, those of which no gradient arrives.
    pub none: usize,
    /// Those of which it is undefined and that the median leaves out.
    pub undefined: usize,
}

impl Summary {
    /// Of one value a seed; `None` without values.
    pub fn of(values: &[Fading]) -> Option<Summary> {
        let least: Vec<f64> = values.iter().map(|value| value.number()).collect();
        let most: Vec<f64> = values.iter().map(|value| value.most()).collect();
        let count = |what: Fading| values.iter().filter(|value| **value == what).count();
        let (n, none, undefined) = (values.len(), count(Fading::Beyond), count(Fading::Undefined));
        let (Some(least), Some(most)) = (spread(&least), spread(&most)) else {
            let nan = f64::NAN;
            let (range, interval) = ((nan, nan), (nan, nan, nan));
            let (median, low, high, coverage) = (Fading::Undefined, nan, nan, nan);
            let nothing = Summary { median, low, high, coverage, range, interval, n, none, undefined };
            return (n > 0).then_some(nothing);
        };
        let median = Fading::read(least.median, least.median != most.median);
        let range = (least.low, most.high);
        let inner = |end: fn(&Fading) -> f64| median_interval(&values.iter().map(end).collect::<Vec<_>>(), CONFIDENCE);
        let interval = match (inner(|value| value.number()), inner(|value| value.most())) {
            (Some(low), Some(high)) => (low.low, high.high, low.coverage),
            _ => (least.low, most.high, least.coverage),
        };
        let (low, high) = range;
        Some(Summary { median, low, high, coverage: least.coverage, range, interval, n, none, undefined })
    }

    /// Of a row of `summary.csv`; `None` where nothing was measured.
    pub fn from_row(row: &Record, column: &Column) -> Option<Summary> {
        let number = |name: &str| row.get(name)?.parse::<f64>().ok();
        let part = |part: &str| number(&format!("{}_{part}", column.name));
        let count = |number: Option<f64>| number.map_or(0, |count| count as usize);
        let [median, low, high, coverage] = [part("median")?, part("low")?, part("high")?, part("coverage")?];
        let median = Fading::read(median, is_bound(row, column));
        let lost = if column.outlives_divergence() { &["failed"][..] } else { &["failed", "diverged"] };
        let n = count(number("n")) - lost.iter().map(|what| count(number(what))).sum::<usize>();
        let (none, undefined) = (count(part("none")), count(part("undefined")));
        let (range, interval) = ((low, high), (low, high, coverage));
        Some(Summary { median, low, high, coverage, range, interval, n, none, undefined })
    }

    /// The same between the ends of its interval.
    pub fn inner(self) -> Summary {
        let (low, high, coverage) = self.interval;
        Summary { low, high, coverage, ..self }
    }

    /// As a figure draws it.
    pub fn spread(&self) -> Spread {
        let (median, n) = (self.median.number(), self.n - self.undefined);
        Spread { median, low: self.low, high: self.high, coverage: self.coverage, n, range: self.range }
    }

    /// The range in words; empty where all seeds agree.
    pub fn range(&self, number: impl Fn(f64) -> String) -> String {
        match (self.low, self.high) {
            (low, high) if low >= high => String::new(),
            (f64::NEG_INFINITY, f64::INFINITY) => "any number".into(),
            (f64::NEG_INFINITY, high) => format!("{} or less", number(high)),
            (low, f64::INFINITY) => format!("{} or more", number(low)),
            (low, high) => format!("{} to {}", number(low), number(high)),
        }
    }

    /// How many seeds leave no number: `2 of 10 seeds: none arrives`; empty where all do.
    pub fn note(&self) -> String {
        let of = |count: usize, what: &str| format!("{count} of {} seeds: {what}", self.n);
        let none = (self.none > 0).then(|| of(self.none, "none arrives"));
        let undefined = (self.undefined > 0).then(|| of(self.undefined, "undefined"));
        none.into_iter().chain(undefined).collect::<Vec<_>>().join("; ")
    }
}

/// Whether a row of a CSV file names the column among those of which it has a bound.
fn is_bound(row: &Record, column: &Column) -> bool {
    row.get("bounds").is_some_and(|names| names.split(' ').any(|name| name == column.name))
}

/// What happens to a gradient on its way back, as far as the seeds tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    Fades,
    Grows,
    Neither,
}

impl Change {
    /// Of a median between `low` and `high`, the ends of its interval.
    pub fn of(own: &Summary) -> Change {
        match own.median.number() {
            // In more than half of the seeds no gradient arrives, so that no interval is needed.
            f64::INFINITY => Change::Fades,
            f64::NEG_INFINITY => Change::Grows,
            d if d > WHOLE && own.low > 0.0 => Change::Fades,
            d if d < -WHOLE && own.high < 0.0 => Change::Grows,
            _ => Change::Neither,
        }
    }
}

/// How many seeds of several groups leave no number: `6 to 7 of 7 seeds: none arrives`; empty where all do.
pub fn notes(all: &[&Summary]) -> String {
    let range = |of: fn(&Summary) -> usize| {
        let (least, most) = all.iter().map(|own| of(own)).fold((usize::MAX, 0), |(a, b), n| (a.min(n), b.max(n)));
        (most > 0).then(|| if least == most { most.to_string() } else { format!("{least} to {most}") })
    };
    let seeds = range(|own| own.n).unwrap_or_default();
    let none = range(|own| own.none).map(|n| format!("{n} of {seeds} seeds: none arrives"));
    let undefined = range(|own| own.undefined).map(|n| format!("{n} of {seeds} seeds: undefined"));
    none.into_iter().chain(undefined).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::Fading::{AtLeast, Beyond, Exactly, Undefined};
    use super::*;

    #[test]
    fn each_cause_of_a_zero_has_its_reading() {
        for (sizes, fading) in [
            (&[0.01, 0.1, 1.0][..], Exactly(2.0)),
            (&[1.0, 0.1], Exactly(-1.0)),
            (&[0.0, 0.0, 1e-3, 1.0], Beyond),
            (&[0.0, 1e-288, 1e-100, 1.0], AtLeast(288.0)),
            (&[0.0, 0.0], Undefined),
            (&[1.0, 0.0], Undefined),
            (&[1.0, f64::INFINITY], Undefined),
            (&[f64::NAN, 1.0], Undefined),
        ] {
            assert_eq!(Fading::of(sizes), Some(fading), "{sizes:?}");
        }
        assert_eq!(Fading::of(&[1.0]), None);
    }

    #[test]
    fn a_median_counts_what_never_arrives_and_leaves_out_what_is_undefined() {
        let summary = |values: &[Fading]| Summary::of(values).unwrap();
        let six = [vec![Beyond; 6], vec![Exactly(0.1); 4]].concat();
        assert_eq!(summary(&six).median, Beyond);
        assert_eq!(summary(&six).note(), "6 of 10 seeds: none arrives");
        let four = summary(&[Exactly(1.0), Beyond, Exactly(2.0), Exactly(3.0), Undefined]);
        assert_eq!((four.median, four.low, four.high, four.n), (Exactly(2.5), 1.0, f64::INFINITY, 5));
        assert_eq!(four.note(), "1 of 5 seeds: none arrives; 1 of 5 seeds: undefined");
        let bound = |values: &[Fading]| summary(values).median;
        assert_eq!(bound(&[AtLeast(3.0), AtLeast(4.0), Exactly(1.0)]), AtLeast(3.0));
        assert_eq!(bound(&[AtLeast(3.0), Exactly(2.0), Exactly(1.0)]), Exactly(2.0));
        // A bound below the middle may lie anywhere above.
        assert_eq!(bound(&[AtLeast(0.5), Exactly(2.0), Exactly(1.0)]), AtLeast(1.0));
        assert_eq!(bound(&[Undefined, Undefined]), Undefined);
        assert!(Summary::of(&[]).is_none());
        let some = summary(&[Beyond, Beyond, Exactly(1.0)]);
        assert_eq!(notes(&[&some, &summary(&[Beyond; 3])]), "2 to 3 of 3 seeds: none arrives");
        assert_eq!(notes(&[&some, &some]), some.note());
    }
}
