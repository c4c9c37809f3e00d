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
    help: "the distribution of the activations, gradients or weights of each layer, one ridge per layer; needs \
        [record] distributions = true",
    metric: Some("activation"),
    x_limits: true,
    cells: CellsShown::Layers,
    columns: || column_names(columns::QUANTITIES),
    of_init: |figure| !figure.is_at_end(),
    recorded: Some(("distributions", "distributions")),
    ..FigureKind::new("distribution_by_layer")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let column = selection.measurement()?;
    let last = selection.spec.is_at_end();
    let Shown { spreads, left_out, is_of_time } = spreads(selection, column, last)?;
    let all: Vec<u64> = spreads.keys().map(|(_, layer)| *layer).collect::<BTreeSet<_>>().into_iter().collect();
    let n = all.len().min(SHOWN);
    let layers: Vec<u64> = evenly(all.len(), n).map(|i| all[i]).collect();
    let sheet = Sheet::new(selection, medium, 3);
    let values: Vec<f64> =
        spreads.values().flatten().flat_map(|own| [own.quantiles[0], own.quantiles[PERCENT.len() - 1]]).collect();
    // However far off a layer lies, as singular values that are all 1 do beside those of a fading net, its ridge is there.
    let medians: Vec<f64> = spreads.values().flatten().map(|own| own.quantiles[PERCENT.len() / 2]).collect();
    let x = Ruler::keeping(&medians, &values, false, sheet.panel())
        .ok_or_else(|| selection.nothing_to_draw(&format!("a distribution of `{}`", column.name)))?;
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
    let what = words::held(column);
    let caption =
        Caption::new(format!("Ridge: the density of {what}, the mean of the seeds; all are as high at their peaks."))
            .add(true, format!("N: {}.", selection.seeds()))
            .add(all.len() > n, format!("Shown are {n} of {} layers.", all.len()))
            .add(words::is_of_jacobian(column), "Of the last layer itself all are 1.")
            .add(left_out > 0, format!("Not drawn: {}, diverged.", crate::table::count(left_out, "run")))
            .add(selection.has_time(), words::LAST_TIME)
            .of_probe(selection);
    let when = words::when(last);
    // A weight's gradient is the sum over all time steps.
    let at = if is_of_time && column.name != columns::WEIGHT_GRAD.name { " at its last time step" } else { "" };
    let own = format!("{} in each layer{at}, {when}", words::subject(column));
    let shown = spreads.iter().filter(|((_, layer), _)| layers.contains(layer));
    let (finding, legend) = (found(selection, shown), Legend::of(selection, &groups));
    Ok(Chart { caption, ..Chart::new(selection, sheet, &own, finding, legend, vec![Block { ruled: false, ..block }]) })
}

/// The area under the density of a layer, above its place upwards.
fn ridge(runs: &[Distribution], (base, x): (f64, &Ruler), look: Look, name: String) -> Vec<Mark> {
    let at = |i: usize| x.low + (x.high - x.low) * i as f64 / (PLACES - 1) as f64;
    let half = 0.5 * (at(1) - at(0));
    let height = |i: usize| runs.iter().map(|own| density(own, at(i) - half, at(i) + half)).sum::<f64>();
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

/// The mean density between two places. It is constant within a bin; those at the ends also hold what lies beyond them, and have none.
fn density(own: &Distribution, from: f64, to: f64) -> f64 {
    let total: u32 = own.counts.iter().sum();
    let bin = |place: f64| ((place - own.low) / own.width).clamp(1.0, (BINS - 1) as f64);
    let (from_bin, to_bin) = (bin(from), bin(to));
    let share = |k: usize| (to_bin.min((k + 1) as f64) - from_bin.max(k as f64)).max(0.0) * f64::from(own.counts[k]);
    let within: f64 = (from_bin as usize..(to_bin.ceil() as usize).min(BINS - 1)).map(share).sum();
    within / (f64::from(total) * (to - from))
}

/// Where the middle half is widest, and where it is narrowest.
fn found<'a>(
    selection: &Selection,
    spreads: impl Iterator<Item = (&'a (GroupKey, u64), &'a Vec<Distribution>)>,
) -> String {
    let width = |own: &Distribution| own.middle_half();
    let widths = spreads.map(|((key, layer), runs)| {
        let width = runs.iter().map(width).sum::<f64>() / runs.len() as f64;
        (selection.group_name_with(key, format!("layer {layer}")), Ending::Value(width))
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
    for (run, (_, mut layers)) in rows {
        if words::is_of_jacobian(column) && layers.len() > 1 {
            layers.pop_last();
        }
        for (layer, own) in layers {
            spreads.entry((selection.key(run), layer)).or_default().push(own);
        }
    }
    Ok(Shown { spreads, left_out, is_of_time: of_time })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places about as far apart as the bins are wide once saw one bin and two in turn.
    #[test]
    fn an_even_density_is_even_at_any_places() {
        let counts = (0..BINS).map(|bin| u32::from(bin > 0 && bin < BINS - 1)).collect();
        let own = Distribution { quantiles: Vec::new(), low: -1.0, width: 2.0 / BINS as f64, counts };
        let even = 1.0 / (2.0 - 4.0 / BINS as f64);
        for places in [7, 60, 95, 97, 140, 1000] {
            let (inside, step) = (1.0 - 2.0 / BINS as f64, 1.9 / f64::from(places));
            for place in
                (0..places).map(|i| -0.95 + (f64::from(i) + 0.5) * step).filter(|x| x.abs() + 0.5 * step < inside)
            {
                let found = density(&own, place - 0.5 * step, place + 0.5 * step);
                assert!((found / even - 1.0).abs() < 1e-9, "{places} places: {found} instead of {even} at {place}");
            }
        }
        // Within a bin, over all of them, and beyond.
        let within = density(&own, 0.001, 0.0011);
        assert!((within / even - 1.0).abs() < 1e-9 && density(&own, 1.5, 2.0) == 0.0);
        assert!((density(&own, -5.0, 5.0) * 10.0 - 1.0).abs() < 1e-9);
    }
}
