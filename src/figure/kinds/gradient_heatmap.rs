//! The gradient at every layer over the whole training: layer against log step, one colour scale for all panels.

use super::prelude::*;
use crate::table;

/// Median over seeds at each recorded step and layer of a panel; NaN where it is not a number.
type Map = BTreeMap<(u64, u64), f64>;

/// A value that is not finite.
const BROKEN: f64 = f64::INFINITY;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "the gradient, or another column of layers.csv, at each layer and step",
    metric: Some("stream_rms"),
    x_scales: STEP_SCALES,
    x_limits: true,
    limits: true,
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
    grid.has_layers().then(|| FigureSpec { facet, tune: grid.tune.clone(), ..FigureSpec::new(FACTS.word) })
}

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    if let Some(color) = &selection.color {
        let name = &color.axis.name;
        return Err(FigureError::Selection(format!(
            "a heat map's colour is the gradient; use \"{name}\" as facet instead of color"
        )));
    }
    let column = selection.measurement()?;
    // Fading is what the gradient is against the last layer's; a figure that names a column shows that as it is.
    let relative = selection.spec.metric.is_none();
    let maps = Maps::of(selection, column, relative)?;
    let values: Vec<f64> = maps.panels.values().flat_map(|m| m.values().copied()).collect();
    let rows = selection.rows().len();
    let height = if rows > 3 { 64.0 } else { 96.0 };
    let ruler = Ruler::colors(&values, column, bar_height(rows, height))
        .ok_or_else(|| selection.nothing(&format!("a finite {} by layer", column.name)))?;
    let ruler = selection.limited(ruler, bar_height(rows, height));
    let mut colors = ColorBar::new(ruler, column, &values);
    if relative {
        colors.diverging = true;
        colors.title = ["gradient over", "the last layer's", "(above 1 it grows)"].map(String::from).to_vec();
    }
    let places = || maps.panels.values().flat_map(BTreeMap::keys);
    let (last, deepest) = places().fold((0, 1), |(step, layer), (s, l)| (step.max(*s), layer.max(*l)));
    let scale = StepScale::new(selection, &places().map(|(step, _)| *step).collect());
    let y = Ruler::layers(deepest as usize, 0.0).within(0.5, deepest as f64 + 0.5);
    let ruler = scale.ruler(selection, last as f64);
    let x = Ruler { high: ruler.high + scale.place(last as f64 + 0.5) - scale.place(last as f64), ..ruler };
    let narrowest = (x.high - x.low) / PLACES;
    let draw = |map| draw_map(map, &colors, scale, narrowest);
    let panel = |panel: GroupKey| maps.panels.get(&panel).map_or(vec![Mark::Empty(selection.nothing_in(panel))], draw);
    let x = (x, scale.title());
    let block = Block { ruled: false, ..Block::new(selection, x, (&y, &["layer"]), height, panel) };
    let over = if relative { " of the gradient over that of the last layer" } else { "" };
    let scale = if maps.panels.len() > 1 { ", the same scale in all panels" } else { "" };
    let first = format!("Colour: {}{over}{scale}; ticks above: recorded steps.", words::median(selection));
    let across =
        if relative { "A line across: not finite, or undefined for all seeds." } else { "A line across: not finite." };
    let caption = Caption::new(first)
        .add(values.contains(&f64::NEG_INFINITY), "Pink: exactly zero.")
        .add(values.iter().any(|v| v.is_nan()), across)
        .add(
            maps.undefined > 0,
            format!(
                "Left out: up to {} of a place, with no gradient at the last layer to compare with.",
                table::count(maps.undefined, "seed")
            ),
        )
        .add(colors.off.is_some(), "▲: the largest value, beyond the scale.")
        .add(maps.cut, "A map goes on as long as all of its seeds do.")
        .of_probe(selection);
    let own = match column.quantity {
        Quantity::Gradient if relative => "The gradient at each layer over the last layer's, during training".into(),
        Quantity::Gradient => "The gradient at each layer during training".into(),
        _ => format!("{} at each layer during training", words::subject(column)),
    };
    let (sheet, finding) = (Sheet::new(selection, medium, 4), found(selection, &maps.panels, column, relative));
    let chart = Chart::new(selection, sheet, &own, finding, Legend::default(), vec![block]);
    Ok(Chart { caption, ..chart.colors(colors) })
}

/// The maps of all panels.
struct Maps {
    panels: BTreeMap<GroupKey, Map>,
    /// Whether one ends because a seed of its does.
    cut: bool,
    /// Seeds of a place that are left out since there is no gradient at the last layer to compare with, at most.
    undefined: usize,
}

impl Maps {
    /// Of a column, or of each run's values over that of its last layer at the same step.
    fn of(selection: &Selection, column: &Column, relative: bool) -> Result<Maps, FigureError> {
        let mut cells: BTreeMap<(u64, u64), Vec<(usize, f64)>> = BTreeMap::new();
        let mut groups: BTreeMap<GroupKey, BTreeSet<u64>> = BTreeMap::new();
        selection.results.stream_thinned(
            "layers.csv",
            &selection.runs,
            &["step", "layer", column.name],
            |run, row| {
                if let [Some(step), Some(layer), Some(value)] = *row {
                    groups.entry(selection.key(run)).or_default().insert(selection.run(run).seed);
                    let value = if value.is_finite() { value } else { BROKEN };
                    cells.entry((step as u64, layer as u64)).or_default().push((run, value));
                }
            },
        )?;
        if relative {
            over_the_last(&mut cells);
        }
        let mut maps = Maps { panels: BTreeMap::new(), cut: false, undefined: 0 };
        for (cell, values) in cells {
            for (key, seeds) in selection.by_seed(values.into_iter()) {
                // A median over the seeds that are left would jump when one ends.
                if seeds.len() < groups[&key].len() {
                    maps.cut = true;
                    continue;
                }
                maps.undefined = maps.undefined.max(seeds.values().filter(|v| v.is_nan()).count());
                // What is not finite in one seed must not vanish in a median of the others.
                let broken = seeds.values().any(|v| *v == BROKEN);
                let median = over_seeds(seeds.into_values(), column).filter(|_| !broken).map_or(f64::NAN, |s| s.median);
                maps.panels.entry(key).or_default().insert(cell, median);
            }
        }
        Ok(maps)
    }
}

/// Divides each value by that of the run's last layer at the same step: NaN where there is no gradient at that.
fn over_the_last(cells: &mut BTreeMap<(u64, u64), Vec<(usize, f64)>>) {
    // Layers come in order, so that the last one stays.
    let values =
        cells.iter().flat_map(|((step, _), runs)| runs.iter().map(move |(run, value)| ((*step, *run), *value)));
    let last: BTreeMap<(u64, usize), f64> = values.collect();
    let over = |value: f64, last: f64| match (value, last) {
        (BROKEN, _) | (_, BROKEN) => BROKEN,
        (_, 0.0) => f64::NAN,
        _ => value / last,
    };
    for ((step, _), runs) in cells {
        runs.iter_mut().for_each(|(run, value)| *value = over(*value, last[&(*step, *run)]));
    }
}

/// The smallest and the largest in sight: of what is over the last layer's, where it fades and where it grows most.
fn found(selection: &Selection, maps: &BTreeMap<GroupKey, Map>, column: &Column, relative: bool) -> String {
    let tiles = || maps.iter().flat_map(|(key, map)| map.iter().map(move |(place, value)| (key, place, *value)));
    let known = || tiles().filter(|(_, _, value)| *value < f64::INFINITY);
    let tell = |(key, (step, layer), value): (&GroupKey, &(u64, u64), f64)| {
        let place = selection.place_with(key, format!("layer {layer}, step {step}"));
        format!("{place}: {}", finding::measured(value, column))
    };
    let ends = (known().min_by(|a, b| a.2.total_cmp(&b.2)), known().rev().max_by(|a, b| a.2.total_cmp(&b.2)));
    match ends {
        (Some(low), Some(high)) if relative => {
            let fades = (low.2 < 0.0).then(|| format!("Fades most: {} of the last layer's.", tell(low)));
            let grows = (high.2 > 0.0).then(|| format!("Grows most: {} times the last layer's.", tell(high)));
            fades.into_iter().chain(grows).collect::<Vec<_>>().join(" ")
        }
        (Some(low), Some(high)) if low.2 < high.2 => format!("Smallest: {}. Largest: {}.", tell(low), tell(high)),
        _ => String::new(),
    }
}

/// Steps side by side that a map shows at most: more would be narrower than its pixels.
const PLACES: f64 = 2000.0;

/// A map, with a notch above it at each step that was recorded: between them its colours are guesses.
fn draw_map(map: &Map, colors: &ColorBar, scale: StepScale, narrowest: f64) -> Vec<Mark> {
    let mut steps: Vec<u64> = map.keys().map(|k| k.0).collect();
    let width = |a: u64, b: u64| scale.place(b as f64) - scale.place(a as f64);
    steps.dedup_by(|next, kept| next == kept || width(*kept, *next) < narrowest);
    // Each tile reaches half way to its neighbours on the scale, the first and the last half a step out.
    let place = |i: usize| scale.place(steps[i] as f64);
    let edge = |step: f64| scale.place(step.max(0.0));
    let tile = |((step, layer), value): (&(u64, u64), &f64)| {
        let i = steps.partition_point(|s| s < step);
        let from = if i == 0 { edge(*step as f64 - 0.5) } else { (place(i - 1) + place(i)) / 2.0 };
        let to = if i + 1 == steps.len() { edge(*step as f64 + 0.5) } else { (place(i) + place(i + 1)) / 2.0 };
        let (color, told, lost) = match *value {
            f64::NEG_INFINITY => (ZERO, "0".into(), TileLost::Nothing),
            v if v.is_finite() => (colors.color(v), colors.ruler.reading(v), TileLost::Nothing),
            v => (WHITE, colors.ruler.reading(v), TileLost::Missing),
        };
        let (low, high) = ((from, *layer as f64 - 0.5), (to, *layer as f64 + 0.5));
        Tile { low, high, color, told: format!("layer {layer}, step {step}: {told}"), number: None, lost }
    };
    let is_shown = |((step, _), _): &(&(u64, u64), &f64)| steps.binary_search(step).is_ok();
    let tiles = Tiles { tiles: map.iter().filter(is_shown).map(tile).collect(), ..Tiles::default() };
    let notches = (0..steps.len()).map(|i| Mark::Notch { x: place(i) });
    notches.chain([Mark::Tiles(tiles)]).collect()
}
