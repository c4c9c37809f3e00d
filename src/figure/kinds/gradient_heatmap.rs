//! The gradient at every layer over the whole training: layer against log step, one colour scale for all panels.

use super::prelude::*;

/// Median over seeds at each recorded step and layer of a panel; NaN where it is not a number.
type Map = BTreeMap<(u64, u64), f64>;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "the gradient, or another column of layers.csv, at each layer and step",
    color: ColorBy::Taken,
    cells: CellsShown::Layers,
    columns: || column_names(columns::LAYERS),
    shows: |figure, metric| match metric {
        Metric::Layers { column, .. } => Shows::column(figure, &["stream_rms", "weight_grad_rms"], column),
        _ => Shows::Nothing,
    },
    default,
    ..FigureKind::new("gradient_heatmap")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn default(grid: &Defaults) -> Option<FigureSpec> {
    let Roles { color, facet } = grid.of_training();
    let facet = grid.facets([color, facet]);
    Some(FigureSpec { facet, tune: grid.tune.clone(), ..FigureSpec::new(FACTS.word) })
}

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    if let Some(color) = &selection.color {
        let name = &color.axis.name;
        return Err(FigureError::Selection(format!(
            "a heat map's colour is the gradient; use \"{name}\" as facet instead of color"
        )));
    }
    let column = selection.measurement("stream_rms")?;
    let (maps, cut) = maps(selection, column)?;
    let values: Vec<f64> = maps.values().flat_map(|m| m.values().copied()).collect();
    let rows = selection.rows().len();
    let height = if rows > 3 { 64.0 } else { 96.0 };
    let bar = bar_height(rows, height);
    let colors = Ruler::colors(&values, column, bar)
        .ok_or_else(|| selection.nothing(&format!("a finite {} by layer", column.name)))?;
    let places = || maps.values().flat_map(BTreeMap::keys);
    let (last, deepest) = places().fold((0, 1), |(step, layer), (s, l)| (step.max(*s), layer.max(*l)));
    let y = Ruler { low: 0.5, high: deepest as f64 + 0.5, ..Ruler::layers(deepest as usize, 0.0) };
    let x = Ruler { high: edge(last as f64, true), ..Ruler::steps(last as f64) };
    let panel = |panel: GroupKey| maps.get(&panel).map_or(vec![Mark::Empty("no runs")], |map| draw_map(map, &colors));
    let x_title = "step (as the logarithm of 1 + step)";
    let block = Block { ruled: false, ..Block::new(selection, (x, x_title), (&y, &["layer"]), height, panel) };
    let first =
        format!("Colour: {}, the same scale in all panels; ticks above: recorded steps.", words::median(selection));
    let caption = Caption::new(first)
        .add(values.contains(&f64::NEG_INFINITY), "Pink: exactly zero.")
        .add(values.iter().any(|v| v.is_nan() || *v == f64::INFINITY), "Grey: not finite.")
        .add(cut, "A map goes on as long as all of its seeds do.")
        .of_probe(selection);
    let is_gradient = column.quantity == Quantity::Gradient;
    let what = if is_gradient { "The gradient".into() } else { words::subject(column) };
    let own = format!("{what} at every layer while training goes on");
    let (sheet, finding) = (Sheet::new(selection, medium, 4), found(selection, &maps, column));
    let chart = Chart::new(selection, sheet, &own, finding, Legend::default(), vec![block]);
    Ok(Chart { caption, ..chart.colors(ColorBar { ruler: colors, title: column.words, height: bar }) })
}

/// The maps, and whether one ends because a seed of its does.
fn maps(selection: &Selection, column: &Column) -> Result<(BTreeMap<GroupKey, Map>, bool), FigureError> {
    let mut cells: BTreeMap<(u64, u64), Vec<(usize, f64)>> = BTreeMap::new();
    let mut groups: BTreeMap<GroupKey, BTreeSet<u64>> = BTreeMap::new();
    selection.results.stream("layers.csv", &selection.runs, &["step", "layer", column.name], |run, row| {
        if let [Some(step), Some(layer), Some(value)] = *row {
            groups.entry(selection.key(run)).or_default().insert(selection.run(run).seed);
            // An infinite gradient of one seed must not vanish in a median of the others.
            let value = if value == f64::INFINITY { f64::NAN } else { value };
            cells.entry((step as u64, layer as u64)).or_default().push((run, value));
        }
    })?;
    let (mut maps, mut cut): (BTreeMap<GroupKey, Map>, bool) = (BTreeMap::new(), false);
    for (cell, values) in cells {
        for (key, seeds) in selection.by_seed(values.into_iter()) {
            // A median over the seeds that are left would jump when one ends.
            if seeds.len() < groups[&key].len() {
                cut = true;
                continue;
            }
            let broken = seeds.values().any(|v| v.is_nan());
            let median = over_seeds(seeds.into_values(), column).filter(|_| !broken).map_or(f64::NAN, |s| s.median);
            maps.entry(key).or_default().insert(cell, median);
        }
    }
    Ok((maps, cut))
}

/// The smallest and the largest in sight.
fn found(selection: &Selection, maps: &BTreeMap<GroupKey, Map>, column: &Column) -> String {
    let tiles = || maps.iter().flat_map(|(key, map)| map.iter().map(move |(place, value)| (key, place, *value)));
    let known = || tiles().filter(|(_, _, value)| *value < f64::INFINITY);
    let tell = |(key, (step, layer), value): (&GroupKey, &(u64, u64), f64)| {
        let place = selection.place_with(key, format!("layer {layer}, step {step}"));
        format!("{place}: {}", finding::measured(value, column))
    };
    let ends = (known().min_by(|a, b| a.2.total_cmp(&b.2)), known().rev().max_by(|a, b| a.2.total_cmp(&b.2)));
    match ends {
        (Some(low), Some(high)) if low.2 < high.2 => format!("Smallest: {}. Largest: {}.", tell(low), tell(high)),
        _ => String::new(),
    }
}

/// Where the tile of a step ends when the step has no neighbour there.
fn edge(step: f64, after: bool) -> f64 {
    if after { (step + 0.5).ln_1p() } else { (step - 0.5).max(0.0).ln_1p() }
}

/// A map, with a notch above it at each step that was recorded: between them its colours are guesses.
fn draw_map(map: &Map, colors: &Ruler) -> Vec<Mark> {
    let mut steps: Vec<u64> = map.keys().map(|k| k.0).collect();
    steps.dedup();
    // Each tile reaches half way to its neighbours on the scale.
    let place = |i: usize| (steps[i] as f64).ln_1p();
    let tile = |((step, layer), value): (&(u64, u64), &f64)| {
        let i = steps.partition_point(|s| s < step);
        let from = if i == 0 { edge(*step as f64, false) } else { (place(i - 1) + place(i)) / 2.0 };
        let to = if i + 1 == steps.len() { edge(*step as f64, true) } else { (place(i) + place(i + 1)) / 2.0 };
        let (color, told) = match *value {
            f64::NEG_INFINITY => (ZERO, "0".into()),
            v if v.is_finite() => (viridis(colors.share(v)), colors.reading(v)),
            v => (MISSING, colors.reading(v)),
        };
        let (low, high) = ((from, *layer as f64 - 0.5), (to, *layer as f64 + 0.5));
        let told = format!("layer {layer}, step {step}: {told}");
        Tile { low, high, color, told, number: None, lost: TileLost::Nothing }
    };
    let tiles = Tiles { tiles: map.iter().map(tile).collect(), ..Tiles::default() };
    let notches = (0..steps.len()).map(|i| Mark::Notch { x: place(i) });
    notches.chain([Mark::Tiles(tiles)]).collect()
}
