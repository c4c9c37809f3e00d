//! What tuning gains: the best of k tries against k, computed exactly over all choices of k (Dodge et al. 2019, with quantiles).

use super::prelude::*;
use crate::stats::{Spread, best_of};

/// The tries of each series.
type Tries = BTreeMap<GroupKey, Vec<Ending>>;

/// For each series: k and, over all choices of k tries, what the best of them is in the median and in four fifths of them.
type Lines = BTreeMap<GroupKey, Points>;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "the best of k settings of the axes in `tune` against k, exact over all choices of k",
    takes_step: false,
    tune: Tune::Tries,
    columns: || columns::compared().map(|column| column.name).collect(),
    shows: Shows::ending,
    default: |grid| grid.of_tuned_arms("best_of_tries"),
    default_of_functions: |grid| grid.of_tuned_arms("best_of_tries"),
    multiples: true,
    ..FigureKind::new("best_of_tries")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let column = selection.measurement()?;
    let tries = tries(selection, column);
    let lost = tries.values().flatten().filter(|ending| **ending == Ending::Lost).count();
    let mut lines: Lines = tries.iter().map(|(key, tries)| (*key, line(tries, column))).collect();
    let finding = found(selection, &lines, column);
    // The worst tries may lie decades off, so the ruler is that of the medians, and bands are cut where it ends.
    let medians: Vec<f64> = lines.values().flatten().map(|(_, s)| s.median).collect();
    let medians: Vec<f64> = medians.into_iter().filter(|v| *v != column.worst()).collect();
    let height = if selection.rows().len() > 2 { 110.0 } else { 150.0 };
    let y = Ruler::of(&medians, column, height).ok_or_else(|| selection.no_finite(column))?;
    for (_, spread) in lines.values_mut().flatten() {
        spread.high = spread.high.min(y.high);
        // An exact zero stays one, on the floor line.
        if spread.low.is_finite() || y.floor.is_none() {
            spread.low = spread.low.max(y.low);
        }
    }
    let groups = near(selection, &lines, slack(&y, height));
    let panel = |panel: GroupKey| series(selection, &groups, panel, |key| lines.get(&key));
    let x = Ruler::layers(lines.values().map(Vec::len).max().unwrap_or(1), 0.02);
    let x_title = format!("tries (values of {})", names::axes(&selection.spec.tune));
    let block = Block::new(selection, (x, &x_title), (&y, column.words), height, panel);
    let seeds = selection.seeds();
    let try_of = if seeds == "1 seed" { "one seed (N = 1)".into() } else { format!("the median of {seeds}") };
    let band = if groups.len() > CROWD {
        ""
    } else {
        ", band (cut at the ends of the scale): 10th to 90th percentile of the choices"
    };
    let first =
        format!("Line: the best of k tries, each {try_of}: median over all choices of k{band}; computed exactly.");
    let [count, them] = if lost == 1 { ["counts", "it"] } else { ["count", "one of them"] };
    let diverged = format!(
        "{lost} of the tries diverged in the median seed and {count} as the worst; a line begins where its median is not {them}."
    );
    let caption = Caption::new(first)
        .add(true, joined(&groups, COINCIDE))
        .add(lost > 0, diverged)
        .add(y.floor.is_some(), words::FLOOR)
        .of(selection);
    let own = format!("{}: the best of k tries", words::subject(column));
    let (sheet, legend) = (Sheet::new(selection, medium, 3), Legend::of(selection, &groups));
    Ok(Chart { caption, ..Chart::new(selection, sheet, &own, finding, legend, vec![block]) })
}

/// How good the best of all tries is.
fn found(selection: &Selection, lines: &Lines, column: &Column) -> String {
    let ending = |value: f64| if value == column.worst() { Ending::Lost } else { Ending::Value(value) };
    let last = lines.iter().filter_map(|(key, line)| Some((selection.group_name(key), ending(line.last()?.1.median))));
    let sign = column.sign().unwrap_or(-1.0);
    let (high, low) =
        if sign > 0.0 { ("Highest with all tries", "Lowest") } else { ("Highest", "Lowest with all tries") };
    let words = Words { high, low, only: "With all tries", each: "lines", lost: "diverged in all tries" };
    let (last, is_ranked) = (last.collect::<Vec<_>>(), !selection.is_unlike(column));
    finding::ranked(is_ranked, &last, &words, sign, |v| finding::measured(v, column))
}

/// The median of each setting that was tried, as it was measured.
fn tries(selection: &Selection, column: &'static Column) -> Tries {
    let mut runs: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    for run in &selection.runs {
        runs.entry(selection.labels_on(*run, &selection.spec.tune)).or_default().push(*run);
    }
    let mut tries = Tries::new();
    for runs in runs.into_values() {
        for (key, seeds) in Endings::of(selection, column, &runs).groups {
            tries.entry(key).or_default().push(seeds.measured);
        }
    }
    tries
}

/// The best of each number of tries.
fn line(tries: &[Ending], column: &Column) -> Points {
    // Of an accuracy the largest is best: negated, so that the smallest is.
    let sign = -column.sign().unwrap_or(-1.0);
    let tries: Vec<f64> = tries.iter().map(|try_| try_.value().map_or(f64::INFINITY, |v| sign * v)).collect();
    let point = |k: usize| {
        let quantile = |share| best_of(&tries, k, share).map(|v| sign * v);
        let (a, b) = (quantile(0.1)?, quantile(0.9)?);
        let (low, high) = (a.min(b), a.max(b));
        let spread = Spread { median: quantile(0.5)?, low, high, coverage: 0.8, n: tries.len(), range: (low, high) };
        Some((k as f64, if column.is_log() { spread.log10() } else { spread }))
    };
    (1..=tries.len()).filter_map(point).collect()
}
