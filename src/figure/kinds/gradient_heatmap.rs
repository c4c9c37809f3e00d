//! The gradient at every layer, or time step, over the whole training, or at both: one colour scale for all panels.

use super::prelude::*;
use crate::plan_file::figure::MapAxes;
use crate::table;

/// Median over seeds at each place of a panel, x and y; NaN where it is not a number.
type Map = BTreeMap<(u64, u64), f64>;

/// A value that is not finite.
const BROKEN: f64 = f64::INFINITY;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "the gradient, or another column of layers.csv, at each layer and step; of recurrent nets also at each time step",
    options: &["axes"],
    of_init: |figure| !figure.axes.has_steps() && !figure.is_at_end(),
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
    // A single layer is the last one, over which a gradient is shown.
    grid.has_layers(2).then(|| FigureSpec { facet, tune: grid.tune.clone(), ..FigureSpec::new(FACTS.word) })
}

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    if let Some(color) = &selection.color {
        let name = &color.axis.name;
        return Err(FigureError::Selection(format!(
            "a heat map's colour is the gradient; use \"{name}\" as facet instead of color"
        )));
    }
    let axes = selection.spec.axes;
    let other = last(axes);
    let usual = if axes.has_time() { "state_rms" } else { selection.stream() };
    let column = selection.measurement_or(|| usual.into())?;
    // Fading is what the gradient is against the last layer's; a figure that names a column shows that as it is.
    let relative = selection.spec.metric.is_none();
    let gradient = if column.predicted == Some(Predicted::StreamNorm) { "norm of the gradient" } else { "gradient" };
    let maps = Maps::of(selection, column, relative)?;
    let values: Vec<f64> = maps.panels.values().flat_map(|m| m.values().copied()).collect();
    let rows = selection.rows().len();
    let height = if rows > 3 { 64.0 } else { 96.0 };
    let ruler = Ruler::colors(&values, column, bar_height(rows, height))
        .ok_or_else(|| selection.nothing_to_draw(&format!("a finite {} by layer", column.name)))?;
    let ruler = selection.limited(ruler, bar_height(rows, height));
    let mut colors = ColorBar::new(ruler, column, &values);
    if relative {
        colors.fades = Some(Fades::Below);
        // A long title stands in two lines beside its scale.
        let whose = other.whose.replace(" at the", " at\nthe");
        let what = format!("{gradient} over");
        let lines = [what.as_str()].into_iter().chain(whose.lines()).chain(["(above 1 it grows)"]);
        colors.title = lines.map(String::from).collect();
    }
    let places = || maps.panels.values().flat_map(BTreeMap::keys);
    let (last, highest) = places().fold((0, 1), |(x, y), (s, l)| (x.max(*s), y.max(*l)));
    let counted = |last: u64| Ruler::layers(last as usize, 0.0).within(0.5, last as f64 + 0.5);
    let sheet = Sheet::new(selection, medium, 4);
    let (scale, x, x_title) = if axes.has_steps() {
        let scale = StepScale::new(selection, &places().map(|(step, _)| *step).collect());
        let ruler = scale.ruler(selection, last as f64);
        let high = ruler.high + scale.place(last as f64 + 0.5) - scale.place(last as f64);
        (scale, Ruler { high, ..ruler }, scale.title())
    } else {
        (StepScale::Linear, selection.limited_along_x(counted(last), sheet.panel()), TIME_TITLE)
    };
    let y_title = if axes == MapAxes::StepTime { TIME_TITLE } else { "layer" };
    let narrowest = (x.high - x.low) / PLACES;
    let draw = |map| draw_map(map, &colors, scale, axes, narrowest);
    let panel = |panel: GroupKey| maps.panels.get(&panel).map_or(vec![Mark::Empty(selection.nothing_in(panel))], draw);
    let y = counted(highest);
    let block = Block { ruled: false, ..Block::new(selection, (x, x_title), (&y, &[y_title]), height, panel) };
    let over = if relative { format!("the {gradient} over that of {}, ", other.name) } else { String::new() };
    let scale = if maps.panels.len() > 1 { words::SAME_SCALE } else { "" };
    let recorded = if axes.has_steps() { "steps" } else { "time steps" };
    let first = format!("Colour: {over}{}{scale}; ticks above: recorded {recorded}.", words::median(selection));
    let across = if relative {
        "Line across a tile: not finite, or undefined for all seeds."
    } else {
        "Line across a tile: not finite."
    };
    let caption = Caption::new(first)
        .add(
            axes.has_time() && column.predicted == Some(Predicted::State),
            "Gradient of the loss at the last time step alone: dL/dc of an LSTM, dL/dh of other nets.",
        )
        .add(relative && column.predicted == Some(Predicted::StreamNorm), words::BY_NORM)
        .add(axes == MapAxes::StepLayer && selection.has_time(), words::LAST_TIME)
        .add(axes == MapAxes::StepTime, "Of the top layer.")
        .add(values.contains(&f64::NEG_INFINITY), format!("Pink: {}.", words::NO_GRADIENT))
        .add(values.iter().any(|v| v.is_nan()), across)
        .add(
            maps.undefined > 0,
            format!(
                "Left out: up to {} per point, without a gradient at {}.",
                table::count(maps.undefined, "seed"),
                other.name
            ),
        )
        .add(colors.off.is_some(), words::BEYOND_SCALE)
        .add(maps.cut, "A map ends where its first seed ends.")
        .of_probe(selection);
    let at = match axes {
        MapAxes::StepLayer => "at each layer",
        MapAxes::StepTime => "at each time step",
        MapAxes::TimeLayer => "at each layer and time step",
    };
    let when = if axes.has_steps() { "during training" } else { words::when(selection.spec.is_at_end()) };
    let own = match column.quantity {
        Quantity::Gradient if relative => format!("The {gradient} {at} over {}, {when}", other.whose),
        Quantity::Gradient => format!("The {gradient} {at} {when}"),
        _ => format!("{} {at} {when}", words::subject(column)),
    };
    let finding = found(selection, &maps, column, relative);
    let chart = Chart::new(selection, sheet, &own, finding, Legend::default(), vec![block]);
    Ok(Chart { caption, ..chart.colors(colors) })
}

const TIME_TITLE: &str = "time step of the sequence";

/// With which a place is compared.
struct Last {
    name: &'static str,
    /// Its gradient.
    whose: &'static str,
}

fn last(axes: MapAxes) -> Last {
    let (name, whose) = match axes {
        MapAxes::StepLayer => ("the last layer", "the last layer's"),
        MapAxes::StepTime => ("the last time step", "the last time step's"),
        MapAxes::TimeLayer => ("the last layer at the last time step", "the last layer's at the last time step"),
    };
    Last { name, whose }
}

/// A row of layers.csv as it is drawn: the run, the place along x and upwards, and the value.
type Drawn = (usize, (u64, u64), f64);

/// The rows of a map over steps and layers.
fn by_layer(selection: &Selection, column: &Column) -> Result<Vec<Drawn>, FigureError> {
    let (mut drawn, wanted) = (Vec::new(), ["step", "layer", column.name]);
    selection.results.stream_thinned("layers.csv", &selection.runs, &wanted, |run, row| {
        if let [Some(step), Some(layer), Some(value)] = *row {
            drawn.push((run, (step as u64, layer as u64), value));
        }
    })?;
    Ok(drawn)
}

/// Those of a map with time steps: of the top layer at all steps, or of all layers at the first or last one.
fn by_time(selection: &Selection, column: &Column, axes: MapAxes) -> Result<Vec<Drawn>, FigureError> {
    let mut rows: Vec<(usize, u64, u64, u64, f64)> = Vec::new();
    // Of each run its top layer, or the step that is shown.
    let mut shown: BTreeMap<usize, u64> = BTreeMap::new();
    let last = selection.spec.is_at_end();
    let wanted = ["step", "layer", columns::TIME.name, column.name];
    selection.results.stream("layers.csv", &selection.runs, &wanted, |run, row| {
        let [Some(step), Some(layer), Some(time), Some(value)] = *row else { return };
        let (step, layer) = (step as u64, layer as u64);
        let own = if axes == MapAxes::StepTime { layer } else { step };
        let kept = shown.entry(run).or_insert(own);
        *kept = if axes == MapAxes::StepTime || last { own.max(*kept) } else { own.min(*kept) };
        rows.push((run, step, layer, time as u64, value));
    })?;
    let drawn = rows.into_iter().filter_map(|(run, step, layer, time, value)| match axes {
        MapAxes::TimeLayer => (step == shown[&run]).then_some((run, (time, layer), value)),
        _ => (layer == shown[&run]).then_some((run, (step, time), value)),
    });
    Ok(drawn.collect())
}

/// The maps of all panels.
struct Maps {
    panels: BTreeMap<GroupKey, Map>,
    /// Whether one ends because a seed of its does.
    cut: bool,
    /// Seeds of a place that are left out since there is no gradient to compare with, at most.
    undefined: usize,
    /// Where the median is zero since the gradient underflows.
    underflows: BTreeSet<(GroupKey, (u64, u64))>,
}

impl Maps {
    /// Of a column, or of each run's values over that of its last layer, or time step, at the same training step.
    fn of(selection: &Selection, column: &Column, relative: bool) -> Result<Maps, FigureError> {
        let mut cells: BTreeMap<(u64, u64), Vec<(usize, f64)>> = BTreeMap::new();
        let mut groups: BTreeMap<GroupKey, BTreeSet<u64>> = BTreeMap::new();
        let axes = selection.spec.axes;
        let drawn = if axes.has_time() { by_time(selection, column, axes)? } else { by_layer(selection, column)? };
        for (run, place, value) in drawn {
            groups.entry(selection.key(run)).or_default().insert(selection.run(run).seed);
            let value = if value.is_finite() { value } else { BROKEN };
            cells.entry(place).or_default().push((run, value));
        }
        let zeros = if relative { over_the_last(&mut cells, axes) } else { BTreeMap::new() };
        let mut maps = Maps { panels: BTreeMap::new(), cut: false, undefined: 0, underflows: BTreeSet::new() };
        for (cell, values) in cells {
            let fadings = zeros.get(&cell).map(|zeros| selection.fadings(zeros.iter().copied())).unwrap_or_default();
            let bounds = fadings.into_iter().filter(|(_, own)| own.median.is_bound());
            maps.underflows.extend(bounds.map(|(key, _)| (key, cell)));
            for (key, seeds) in selection.by_seed(values.into_iter(), column.has_geometric_median()) {
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

/// Divides each value by that of the run's last layer, or time step, at the same training step: NaN where there is no gradient at that.
/// Says why those are zero that are.
fn over_the_last(
    cells: &mut BTreeMap<(u64, u64), Vec<(usize, f64)>>,
    axes: MapAxes,
) -> BTreeMap<(u64, u64), Vec<(usize, Fading)>> {
    let step = move |x: u64| if axes.has_steps() { x } else { 0 };
    // Places come in order, so that the last one stays.
    let values =
        cells.iter().flat_map(|((x, _), runs)| runs.iter().map(move |(run, value)| ((step(*x), *run), *value)));
    let last: BTreeMap<(u64, usize), f64> = values.collect();
    let over = |value: f64, last: f64| match (value, last) {
        (BROKEN, _) | (_, BROKEN) => BROKEN,
        (_, 0.0) => f64::NAN,
        _ => value / last,
    };
    // From the last place on, since a gradient underflows next to a smaller one.
    let mut smallest = last.clone();
    let mut zeros: BTreeMap<(u64, u64), Vec<(usize, Fading)>> = BTreeMap::new();
    for (place, runs) in cells.iter_mut().rev() {
        for (run, value) in runs {
            let at = (step(place.0), *run);
            if *value > 0.0 {
                smallest.entry(at).and_modify(|least| *least = value.min(*least));
            } else if let Some(fading) = Fading::of(&[*value, smallest[&at], last[&at]]) {
                zeros.entry(*place).or_default().push((*run, fading));
            }
            *value = over(*value, last[&at]);
        }
    }
    zeros
}

/// What a place is called.
fn told(axes: MapAxes, (x, y): (u64, u64)) -> String {
    match axes {
        MapAxes::StepLayer => format!("layer {y}, step {x}"),
        MapAxes::StepTime => format!("time step {y}, step {x}"),
        MapAxes::TimeLayer => format!("layer {y}, time step {x}"),
    }
}

/// The smallest and the largest in sight: of what is over another's, where it fades and where it grows most.
fn found(
    selection: &Selection,
    Maps { panels: maps, underflows, .. }: &Maps,
    column: &Column,
    relative: bool,
) -> String {
    let tiles = || maps.iter().flat_map(|(key, map)| map.iter().map(move |(place, value)| (key, place, *value)));
    let deepest = maps.values().flat_map(BTreeMap::keys).map(|(_, layer)| *layer).max();
    let says = |layer: u64| !words::is_of_jacobian(column) || Some(layer) < deepest;
    let known = || tiles().filter(|(_, (_, layer), value)| *value < f64::INFINITY && says(*layer));
    let axes = selection.spec.axes;
    let Last { whose, .. } = last(axes);
    let tell = |(key, place, value): (&GroupKey, &(u64, u64), f64)| {
        let place = selection.group_name_with(key, told(axes, *place));
        format!("{place}: {}", finding::measured(value, column))
    };
    let ends = (known().min_by(|a, b| a.2.total_cmp(&b.2)), known().rev().max_by(|a, b| a.2.total_cmp(&b.2)));
    match ends {
        (Some(low), Some(high)) if relative => {
            let fades = match low {
                (key, place, f64::NEG_INFINITY) => {
                    let why = match underflows.contains(&(*key, *place)) {
                        true => "too small to be measured",
                        false => "no gradient arrives",
                    };
                    Some(format!("Fades most: {}: {why}.", selection.group_name_with(key, told(axes, *place))))
                }
                _ => (low.2 < 0.0).then(|| format!("Fades most: {} of {whose}.", tell(low))),
            };
            let grows = (high.2 > 0.0).then(|| format!("Grows most: {} times {whose}.", tell(high)));
            fades.into_iter().chain(grows).collect::<Vec<_>>().join(" ")
        }
        (Some(low), Some(high)) if low.2 < high.2 => format!("Smallest: {}. Largest: {}.", tell(low), tell(high)),
        _ => String::new(),
    }
}

/// Places side by side that a map shows at most: more would be narrower than its pixels.
const PLACES: f64 = 2000.0;

/// From where to where each of these ascending numbers reaches: half way to its neighbours on the scale, the first and the last half a
/// step out.
fn reach(numbers: &[u64], scale: StepScale, number: u64) -> (f64, f64) {
    let (i, own) = (numbers.partition_point(|n| *n < number), number as f64);
    let place = |i: usize| scale.place(numbers[i] as f64);
    let from = if i == 0 { scale.place((own - 0.5).max(0.0)) } else { (place(i - 1) + place(i)) / 2.0 };
    let to = if i + 1 == numbers.len() { scale.place(own + 0.5) } else { (place(i) + place(i + 1)) / 2.0 };
    (from, to)
}

/// A map, with a notch above it at each step that was recorded: between them its colours are guesses.
fn draw_map(map: &Map, colors: &ColorBar, scale: StepScale, axes: MapAxes, narrowest: f64) -> Vec<Mark> {
    let mut columns: Vec<u64> = map.keys().map(|k| k.0).collect();
    let width = |a: u64, b: u64| scale.place(b as f64) - scale.place(a as f64);
    columns.dedup_by(|next, kept| next == kept || width(*kept, *next) < narrowest);
    let rows: Vec<u64> = map.keys().map(|k| k.1).collect::<BTreeSet<_>>().into_iter().collect();
    let tile = |(place, value): (&(u64, u64), &f64)| {
        let (from, to) = reach(&columns, scale, place.0);
        let (below, above) = reach(&rows, StepScale::Linear, place.1);
        let (color, reading, lost) = match *value {
            f64::NEG_INFINITY => (ZERO, "0".into(), TileLost::Nothing),
            v if v.is_finite() => (colors.color(v), colors.ruler.reading(v), TileLost::Nothing),
            v => (WHITE, colors.ruler.reading(v), TileLost::Missing),
        };
        let told = format!("{}: {reading}", told(axes, *place));
        Tile { low: (from, below), high: (to, above), color, told, number: None, lost }
    };
    let is_shown = |((column, _), _): &(&(u64, u64), &f64)| columns.binary_search(column).is_ok();
    let tiles = Tiles { tiles: map.iter().filter(is_shown).map(tile).collect(), ..Tiles::default() };
    let notches = columns.iter().map(|x| Mark::Notch { x: scale.place(*x as f64) });
    notches.chain([Mark::Tiles(tiles)]).collect()
}
