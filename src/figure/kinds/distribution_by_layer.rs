//! How the numbers of each layer are spread at one step: a ridge a layer, as high as the density there.

use super::prelude::*;
use crate::stats::distribution::{BINS, Distribution, PERCENT};

/// Layers that are shown at most, and places along each ridge.
const SHOWN: usize = 8;
const PLACES: usize = 160;

/// How much of the way to the next layer a ridge takes.
const PEAK: f64 = 0.86;

/// The distributions of a group, a run each, by layer.
type Spreads = BTreeMap<(GroupKey, u64), Vec<Distribution>>;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "how what each layer holds is spread: a ridge a layer; needs `[record] distributions`",
    metric: Some("activation"),
    x_limits: true,
    cells: CellsShown::Layers,
    columns: || column_names(columns::QUANTITIES),
    of_init: |figure| figure.step.as_deref() != Some("last"),
    distributions: true,
    ..FigureKind::new("distribution_by_layer")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let column = selection.measurement()?;
    let last = selection.spec.step.as_deref() == Some("last");
    let Shown { spreads, left_out, is_of_time } = spreads(selection, column, last)?;
    let all: Vec<u64> = spreads.keys().map(|(_, layer)| *layer).collect::<BTreeSet<_>>().into_iter().collect();
    let n = all.len().min(SHOWN);
    let layers: Vec<u64> = (0..n).map(|i| all[i * (all.len() - 1) / (n - 1).max(1)]).collect();
    let sheet = Sheet::new(selection, medium, 3);
    let values: Vec<f64> =
        spreads.values().flatten().flat_map(|own| [own.quantiles[0], own.quantiles[PERCENT.len() - 1]]).collect();
    // However far off a layer lies, as singular values that are all 1 do beside those of a fading net, its ridge is there.
    let medians: Vec<f64> = spreads.values().flatten().map(|own| own.quantiles[PERCENT.len() / 2]).collect();
    let x = Ruler::keeping(&medians, &values, false, sheet.panel())
        .ok_or_else(|| selection.nothing("distributions of its layers"))?;
    let x = selection.spec.x_limits.map_or(x.clone(), |limits| x.between(limits, sheet.panel()));
    let height = 26.0 * n as f64 + 14.0;
    let y = Ruler::categories(layers.iter().map(u64::to_string));
    let y = Ruler { low: -0.15, high: n as f64 + 0.05, ..y };
    let groups = selection.each_color();
    let panel = |panel: GroupKey| {
        let ridges =
            layers.iter().enumerate().rev().flat_map(|(i, layer)| groups.iter().map(move |group| (i, layer, group)));
        let ridges = ridges.filter_map(|(i, layer, group)| {
            let own = spreads.get(&(GroupKey { color: group[0], ..panel }, *layer))?;
            Some(ridge(own, (i as f64, &x), selection.look(group[0]), selection.joined(group)))
        });
        ridges.flatten().collect()
    };
    let title: Vec<&str> = column.words.to_vec();
    let block =
        Block::new(selection, (x.clone(), &title.join(" ")), (&y, &["layer, counted from the input"]), height, panel);
    let what = match *column == columns::SINGULAR_VALUE {
        true => "the singular values at the first row of the probe",
        false => "what a layer holds, of each unit and row of the probe or of each weight",
    };
    let caption =
        Caption::new(format!("Ridge: the density of {what}, the mean of the seeds; all are as high at their peaks."))
            .add(true, format!("N: {}.", selection.seeds()))
            .add(all.len() > n, format!("Shown are {n} of {} layers.", all.len()))
            .add(left_out > 0, format!("{left_out} runs diverged and are not drawn."))
            .of_probe(selection);
    let when = if last { "after the last step" } else { "before the first update" };
    let at = if is_of_time { " at its last time step" } else { "" };
    let own = format!("{} in each layer{at}, {when}", words::subject(column));
    let (finding, legend) = (found(selection, &spreads), Legend::of(selection, &groups));
    Ok(Chart { caption, ..Chart::new(selection, sheet, &own, finding, legend, vec![Block { ruled: false, ..block }]) })
}

/// The area under the density of a layer, above its place upwards.
fn ridge(runs: &[Distribution], (base, x): (f64, &Ruler), look: Look, name: String) -> Vec<Mark> {
    let at = |i: usize| x.low + (x.high - x.low) * i as f64 / (PLACES - 1) as f64;
    let step = at(1) - at(0);
    let height = |i: usize| runs.iter().map(|own| density(own, at(i), step)).sum::<f64>();
    let heights: Vec<f64> = (0..PLACES).map(height).collect();
    let peak = heights.iter().copied().fold(0.0, f64::max);
    if peak == 0.0 {
        return Vec::new();
    }
    let line: Vec<Spot> = heights.iter().enumerate().map(|(i, h)| (at(i), base + PEAK * h / peak)).collect();
    let floor = [(x.high, base), (x.low, base)];
    let points = line.iter().copied().chain(floor).collect();
    vec![
        Mark::Area { points, color: look.color, opacity: 0.25 },
        Mark::Curve { points: line, stroke: look.stroke(0.9), name: Some(name) },
    ]
}

/// The density at a place, constant within a bin; those at the ends also hold what lies beyond them, and have none. Where places are a
/// `step` of several bins apart, that of all whose middle is nearest to this one, so that no peak falls between two.
fn density(own: &Distribution, place: f64, step: f64) -> f64 {
    let total: u32 = own.counts.iter().sum();
    if own.width < step {
        let is_near = |bin: &usize| {
            let middle = own.low + (*bin as f64 + 0.5) * own.width;
            middle >= place - 0.5 * step && middle < place + 0.5 * step
        };
        let here: u32 = (1..BINS - 1).filter(is_near).map(|bin| own.counts[bin]).sum();
        return f64::from(here) / (f64::from(total) * step);
    }
    match ((place - own.low) / own.width).floor() {
        bin if bin < 1.0 || bin > (BINS - 2) as f64 => 0.0,
        bin => f64::from(own.counts[bin as usize]) / (f64::from(total) * own.width),
    }
}

/// Where the middle half is widest, and where it is narrowest.
fn found(selection: &Selection, spreads: &Spreads) -> String {
    let width = |own: &Distribution| own.middle_half();
    let widths = spreads.iter().map(|((key, layer), runs)| {
        let width = runs.iter().map(width).sum::<f64>() / runs.len() as f64;
        (selection.place_with(key, format!("layer {layer}")), Ending::Value(width))
    });
    let words = Words {
        high: "Middle half, widest",
        low: "Narrowest",
        only: "Width of the middle half",
        each: "ridges",
        lost: "diverged",
    };
    finding::extremes(&widths.collect::<Vec<_>>(), &words, 1.0, |v| finding::amount(v, false))
}

/// The distributions of each run at its first or last step.
struct Shown {
    spreads: Spreads,
    /// Runs that diverged, whose last step is no end of training.
    left_out: usize,
    /// Whether some are of recurrent nets, whose last time step stands for the layer.
    is_of_time: bool,
}

fn spreads(selection: &Selection, column: &Column, last: bool) -> Result<Shown, FigureError> {
    let mut of_time = false;
    let mut rows: BTreeMap<usize, (u64, BTreeMap<u64, Distribution>)> = BTreeMap::new();
    selection.results.distributions(&selection.runs, column.name, |run, step, layer, is_of_time, own| {
        of_time |= is_of_time;
        let kept = rows.entry(run).or_insert((step, BTreeMap::new()));
        if if last { step > kept.0 } else { step < kept.0 } {
            *kept = (step, BTreeMap::new());
        }
        if step == kept.0 {
            kept.1.insert(layer, own);
        }
    })?;
    let before = rows.len();
    rows.retain(|run, _| !last || selection.run(*run).status != Status::Diverged);
    let left_out = before - rows.len();
    let mut spreads = Spreads::new();
    for (run, (_, layers)) in rows {
        for (layer, own) in layers {
            spreads.entry((selection.key(run), layer)).or_default().push(own);
        }
    }
    Ok(Shown { spreads, left_out, is_of_time: of_time })
}
