//! How the loss of gradient grows with depth at the start, and what training makes of it at the deepest networks.

use super::prelude::*;
use crate::plan_file::Scale;

type Spreads = BTreeMap<GroupKey, Spread>;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    x: AlongX::Axis("depth"),
    cells: CellsShown::Layers,
    columns: || column_names(columns::OUTCOMES),
    of_init: |figure| figure.metric.is_none() || is_of_init(figure),
    theory: Predicts::Columns(&[
        "attenuation_total_init",
        "attenuation_init",
        "attenuation_delta_init",
        // Of trained nets it says why there is none.
        "attenuation_total_end",
        "attenuation_end",
    ]),
    shows: shows_attenuation,
    default,
    multiples: true,
    ..FigureKind::new("attenuation_by_depth")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

/// A single line through two depths says no more than the gradient by layer.
fn default(grid: &Defaults) -> Option<FigureSpec> {
    let Roles { color, facet } = grid.of_start();
    let says_more = color.is_some() || grid.count("depth") > 2;
    let facet = grid.facets([facet, None]);
    let spec = FigureSpec { x: Some("depth".into()), color, facet, ..FigureSpec::new(FACTS.word) };
    (grid.has_depth() && says_more).then_some(spec)
}

/// Any attenuation of a run.
pub fn shows_attenuation(_: &FigureSpec, metric: &Metric) -> Shows {
    let column = if let Metric::Run(column) = metric { columns::outcome(column) } else { None };
    Shows::if_true(column.is_some_and(Column::is_attenuation))
}

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let column = selection.measurement("attenuation_total_init")?;
    let lost = spreads(selection, |run| selection.run(run).averaged(column.name));
    if lost.is_empty() {
        return Err(selection.nothing(&format!("a finite {}", column.name)));
    }
    let overlay = Overlay::new(selection, column.measured == Measured::End)?;
    let predicted = |key: &GroupKey| overlay.get(key)?.outcome(column.name);
    let x = selection.x.as_ref().map_or(Ruler::categories([String::new()]), x_places);
    let along = |of: &Spreads| by_place(selection, &x, of);

    let keep: Vec<f64> =
        lost.values().map(|s| s.median).chain(lost.keys().filter_map(predicted)).chain([0.0]).collect();
    let values: Vec<f64> = lost.values().flat_map(|s| [s.low, s.high]).collect();
    let y = Ruler::keeping(&keep, &values, false, 128.0)
        .ok_or_else(|| selection.nothing(&format!("a finite {}", column.name)))?;
    let x_title = places::title(&selection.x);
    let lines = along(&lost);
    let groups = merged(selection, |color| {
        let own = lines.iter().filter(|(key, _)| key.color == color);
        own.map(|(key, points)| (key.row, key.column, bits(points))).collect()
    });
    let panel = |panel: GroupKey| {
        let lines = series(selection, &groups, panel, |key| lines.get(&key));
        let dashed = |group: &Vec<usize>| {
            let label = |(label, place): (usize, f64)| {
                Some((place, predicted(&GroupKey { x: label, color: group[0], ..panel })?))
            };
            theory::line(labels(selection, &x).filter_map(label).collect::<Vec<Spot>>().into_iter())
        };
        [zero_line()].into_iter().chain(lines).chain(groups.iter().flat_map(dashed)).collect()
    };
    let is_total = column.predicted == Some(Predicted::AttenuationTotal);
    let what: &[&str] = if is_total { &["decades lost in all,", "at the start"] } else { column.words };
    let title = [what, &[words::DIRECTION]].concat();
    let upper = Block::new(selection, (x.clone(), &x_title), (&y, &title), 128.0, panel);
    let above = |run: usize| {
        // Decades by which the gradient of layer 1 lies above its prediction, over the last layer.
        Some(predicted(&selection.key(run))? - selection.run(run).averaged(column.name)?)
    };
    let ratios = along(&spreads(selection, above));
    let ratios = theory::ratios(selection, &groups, (x.clone(), &x_title), &ratios);
    let below = if medium.is_brief() { None } else { dumbbells(selection) };

    let (line, band) = if medium.is_brief() { ("Line", "band") } else { ("Line, ○ and ●", "band and thin bar") };
    let share = if column.is_per_layer { ", per layer" } else { "" };
    let broken = |r: &&usize| {
        let run = selection.run(**r);
        run.value("attenuation_init").is_some() && !run.value("attenuation_end").is_some_and(f64::is_finite)
    };
    let broken = selection.runs.iter().filter(broken).count();
    let caption = Caption::new(words::spread(selection, line, band, groups.len()))
        .add(
            true,
            overlay.caption(&format!(
                "Dashed: mean-field theory of infinitely wide nets with this init. Below it: the gradient of the first layer \
                 over the last hidden one's, measured over predicted{share}; 1 is agreement."
            )),
        )
        .add(groups.iter().any(|g| g.len() > 1), "Series joined by = are equal to the last bit at the start.")
        .add(broken > 0, format!("Left out of ● for want of a finite gradient: {broken} of the runs."))
        .of_probe(selection);
    let own = match is_total {
        true => "How many decades of gradient are lost between the last layer and the first".into(),
        false => words::subject(column),
    };
    let unit = if column.is_per_layer { finding::PER_LAYER } else { "decades in all" };
    let (sheet, legend) = (Sheet::new(selection, medium, 5), overlay.named(Legend::of(selection, &groups)));
    let blocks = [upper].into_iter().chain(ratios).chain(below).collect();
    Ok(Chart { caption, ..Chart::new(selection, sheet, &own, found(selection, &lost, &groups, unit), legend, blocks) })
}

/// Depth stands by its value, so that the same loss in every layer is a straight line.
fn x_places(x: &Used) -> Ruler {
    let scale = if x.axis.name == "depth" { Scale::Linear } else { x.axis.scale };
    let mut ruler = places::on(x, scale);
    let pad = 0.04 * (ruler.high - ruler.low);
    (ruler.low, ruler.high) = (ruler.low - pad, ruler.high + pad);
    ruler.measured = (ruler.low, ruler.high);
    ruler
}

/// Where the gradient fades most and where it grows most.
fn found(selection: &Selection, lost: &Spreads, groups: &[Vec<usize>], unit: &str) -> String {
    let drawn = lost.iter().filter(|(key, _)| groups.iter().any(|group| group[0] == key.color));
    let values: Vec<_> = drawn.map(|(key, s)| (selection.place(key), s.median)).collect();
    finding::fading(&values, unit)
}

/// Median and range over seeds of what is known of the runs.
fn spreads(selection: &Selection, of: impl Fn(usize) -> Option<f64>) -> Spreads {
    let groups = selection.by_seed(selection.runs.iter().filter_map(|run| Some((*run, of(*run)?))));
    groups.into_iter().filter_map(|(key, seeds)| Some((key, over_seeds(seeds.into_values())?))).collect()
}

/// The labels along x with their places.
fn labels(selection: &Selection, x: &Ruler) -> impl Iterator<Item = (usize, f64)> {
    Selection::labels(&selection.x).into_iter().zip(x.ticks.iter().map(|tick| tick.at).collect::<Vec<_>>())
}

/// The series of each panel and colour; the `x` of a key is 0.
fn by_place(selection: &Selection, x: &Ruler, spreads: &Spreads) -> BTreeMap<GroupKey, Points> {
    let mut points: BTreeMap<GroupKey, Points> = BTreeMap::new();
    for (label, place) in labels(selection, x) {
        for (key, spread) in spreads.iter().filter(|(key, _)| key.x == label) {
            points.entry(GroupKey { x: 0, ..*key }).or_default().push((place, *spread));
        }
    }
    points
}

/// For each colour at the deepest networks, from the start of training to its end; `None` without a number.
fn dumbbells(selection: &Selection) -> Option<Block> {
    let of = |column: &'static Column| spreads(selection, |run| selection.run(run).averaged(column.name));
    let (start, end) = (of(columns::outcome("attenuation_init")?), of(columns::outcome("attenuation_end")?));
    let deepest = selection.x.as_ref().and_then(|used| used.labels.last().copied()).unwrap_or(0);
    let ends = start.iter().chain(&end).filter(|(key, _)| key.x == deepest);
    let x = Ruler::over(&ends.flat_map(|(_, s)| [s.low, s.high, 0.0]).collect::<Vec<_>>(), false, 80.0)?;
    let colors = selection.colors();
    let names = colors.iter().map(|c| text::fit(&selection.color_name(*c), TICK, Weight::Regular, 90.0));
    // The first colour on top, as in the legend.
    let y = Ruler::rows(names);
    let panel = |panel: GroupKey| {
        let zero = Mark::Upright { x: 0.0, stroke: solid(EDGE, 0.8) };
        let arm = |(i, color): (usize, &usize)| {
            let key = GroupKey { color: *color, x: deepest, ..panel };
            let place = (colors.len() - 1 - i) as f64;
            dumbbell((place, &y.reading(place)), &selection.look(*color), &x, (start.get(&key), end.get(&key)))
        };
        [zero].into_iter().chain(colors.iter().enumerate().flat_map(arm)).collect()
    };
    let depth = selection.x.as_ref();
    let depth = depth.map_or(String::new(), |u| format!(" at {} {}", names::axis(&u.axis.name), u.shown(deepest)));
    let x_title = format!("decades lost per layer{depth}: ○ at the start → ● at the end of training");
    let height = (colors.len() as f64 * 11.5 + 6.0).max(30.0);
    Some(Block { gap: 6.0, ..Block::new(selection, (x.clone(), &x_title), (&y, &["", ""]), height, panel) })
}

/// From a ring at the start to a dot at the end, over the range of the seeds at each.
fn dumbbell((y, name): (f64, &str), look: &Look, x: &Ruler, ends: (Option<&Spread>, Option<&Spread>)) -> Vec<Mark> {
    let line = |from, to, stroke| Mark::Curve { points: vec![(from, y), (to, y)], stroke, name: None };
    let (start, end) = ends;
    let both = || [("start", start), ("end", end)].into_iter().filter_map(|(when, spread)| Some((when, spread?)));
    let mut marks: Vec<Mark> = both()
        .filter(|(_, spread)| spread.n > 1)
        .map(|(_, spread)| line(spread.low, spread.high, solid(look.color, 0.7)))
        .collect();
    if let (Some(start), Some(end)) = ends {
        marks.push(line(start.median, end.median, solid(look.color, 1.6)));
    }
    marks.extend(both().map(|(when, s)| {
        let range = format!("{} to {}, N = {}", x.reading(s.low), x.reading(s.high), s.n);
        Mark::Tip { at: (s.median, y), text: format!("{name}, at the {when}: {}\n{range}", x.reading(s.median)) }
    }));
    if let Some(start) = start {
        // Wide enough to be seen around the dot where nothing has changed.
        let disc = |radius, color| Mark::Disc { at: (start.median, y), radius, color };
        marks.extend([disc(3.9, look.color), disc(3.0, WHITE)]);
    }
    let dot = Look { marker: Marker::Disc, hollow: false, ..*look };
    marks.extend(end.map(|end| Mark::Symbol { at: (end.median, y), radius: 2.2, look: dot }));
    marks
}
