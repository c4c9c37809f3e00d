//! How the loss of gradient grows with depth at the start, and what training makes of it at the deepest networks.

use super::prelude::*;
use crate::table;

type Fadings = BTreeMap<GroupKey, fading::Summary>;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "decades of gradient lost against depth, before and after training",
    metric: Some("attenuation_total_init"),
    // The same loss in every layer, or time step, is then a straight line.
    by_value: &["depth", LENGTH],
    x_scales: AXIS_SCALES,
    limits: true,
    options: &["x_title", "reference"],
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
        "attenuation_time_total_init",
        "attenuation_time_init",
        "attenuation_time_total_end",
        "attenuation_time_end",
    ]),
    shows: shows_attenuation,
    default,
    multiples: true,
    ..FigureKind::new("attenuation_by_depth")
};

/// The axis along which time gets longer.
const LENGTH: &str = "data.length";

pub const KIND: Kind = Kind { facts: &FACTS, draw };

/// A single line through two depths says no more than the gradient by layer.
fn default(grid: &Defaults) -> Option<FigureSpec> {
    let Roles { color, facet } = grid.of_start();
    let says_more = color.is_some() || grid.count("depth") > 2;
    if grid.has_time() && grid.count(LENGTH) > 1 {
        // A recurrent net is as deep as its sequences are long.
        let others: Vec<&str> = grid.others().into_iter().filter(|axis| *axis != LENGTH).collect();
        let Roles { color, facet } = grid.pick(&others);
        let metric = Some("attenuation_time_total_init".to_string());
        let (x, facet) = (Some(LENGTH.into()), grid.facets([facet, None]));
        return Some(FigureSpec { x, metric, color, facet, ..FigureSpec::new(FACTS.word) });
    }
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
    let usual = match (selection.x.as_ref().is_some_and(|x| x.axis.name == LENGTH), selection.is_by_norm()) {
        (true, _) => "attenuation_time_total_init",
        (false, true) => "attenuation_norm_total_init",
        (false, false) => "attenuation_total_init",
    };
    let column = selection.measurement_or(|| usual.into())?;
    let lost = selection.fadings_of(column);
    if lost.is_empty() {
        return Err(selection.no_finite(column));
    }
    let overlay = Overlay::new(selection, column.measured == Measured::End)?;
    let predicted = |key: &GroupKey| overlay.get(key)?.outcome(column.name);
    let x = x_places(selection);
    let predicted_values = || lost.keys().filter_map(predicted);
    let references = References::over_axis(selection, column, &x);
    let medians = lost.values().map(|s| s.median.number());
    let keep: Vec<f64> = medians.chain(predicted_values()).chain(references.heights()).chain([0.0]).collect();
    let values: Vec<f64> = lost.values().flat_map(reached).collect();
    let y = Ruler::keeping(&keep, &values, false, 128.0).ok_or_else(|| selection.no_finite(column))?;
    let mut y = selection.limited(y, 128.0);
    let x_title = places::title(selection);
    let arriving = by_place(selection, &x, &lost);
    let edge = beyond::strip(&arriving, &mut y, 128.0);
    let lines = beyond::points(&arriving, edge);
    let slack = slack(&y, 128.0);
    let groups = coinciding(selection, |color| {
        let own = lines.iter().filter(|(key, _)| key.color == color);
        own.map(|(key, points)| ((key.row, key.column, beyond::told(&arriving[key])), points, slack)).collect()
    });
    let panel = |panel: GroupKey| {
        let lines = series(selection, &groups, panel, |key| lines.get(&key));
        let dashed = |group: &Vec<usize>| {
            let label = |(label, place): (usize, f64)| {
                Some((place, predicted(&GroupKey { x: label, color: group[0], ..panel })?))
            };
            let (look, spots) = (selection.look(group[0]), labels(selection, &x).filter_map(label));
            if places::are_joined(selection) {
                return theory::line(&look, spots.collect::<Vec<Spot>>().into_iter());
            }
            let dash = |(at, height)| theory::line(&look, [(at - 0.3, height), (at + 0.3, height)].into_iter());
            spots.flat_map(dash).collect()
        };
        let beyond = beyond::marks(selection, &arriving, &groups, panel, edge);
        let dashed = groups.iter().flat_map(dashed);
        [zero_line()].into_iter().chain(references.of(panel)).chain(lines).chain(dashed).chain(beyond).collect()
    };
    let is_total = column.predicted == Some(Predicted::AttenuationTotal);
    // What the words of a total say beside this is along x.
    let is_whole = !column.is_per_layer && column.measured == Measured::Init;
    let what: &[&str] = if is_whole { &["decades lost in all,", "at the start"] } else { column.words };
    let title = [what, &[words::DIRECTION]].concat();
    let upper = Block::new(selection, (x.clone(), &x_title), (&y, &title), 128.0, panel);
    let above = |run: &usize| {
        // Decades by which the gradient of layer 1 lies above its prediction, over the last layer.
        let above = predicted(&selection.key(*run))? - selection.run(*run).fading(column)?.number();
        Some((*run, Fading::Exactly(above)))
    };
    let above = selection.fadings(selection.runs.iter().filter_map(above));
    let ratios = beyond::points(&by_place(selection, &x, &above), f64::INFINITY);
    let ratios = theory::ratios(selection, &groups, (x.clone(), &x_title), &ratios);
    let sheet = Sheet::new(selection, medium, 5);
    // Of a single update there is no end of training to tell from the start.
    let are_trained = selection.runs.iter().any(|run| selection.run(*run).value("steps").is_some_and(|n| n > 1.0));
    let has_ends = are_trained && !medium.is_brief() && column.quantity != Quantity::TimeAttenuation;
    let below = if has_ends { dumbbells(selection, &sheet) } else { None };

    let (line, band) = match (places::are_joined(selection), below.is_none()) {
        (true, true) => ("Line", "band"),
        (true, false) => ("Line, ○ and ●", "band and thin bar"),
        (false, true) => ("Point", "bar"),
        (false, false) => ("Point, ○ and ●", "bar"),
    };
    let share =
        if column.is_per_layer { format!(", {}", column.unit.trim_start_matches("decades ")) } else { String::new() };
    let over_time = column.quantity == Quantity::TimeAttenuation;
    let [first, last] = if over_time { ["time step", "last"] } else { ["layer", "last hidden one"] };
    let deepest = deepest(selection);
    let broken = |r: &&usize| {
        let fading = |at_end: bool| selection.run(**r).fading(selection.attenuation(at_end));
        let is_defined = |at_end: bool| fading(at_end).is_some_and(|fading| fading != Fading::Undefined);
        selection.key(**r).x == deepest && is_defined(false) && !is_defined(true)
    };
    let broken = selection.runs.iter().filter(broken).count();
    let lacking = selection.colors().into_iter().filter(|color| lost.keys().all(|key| key.color != *color));
    let lacking: Vec<String> = lacking.map(|color| selection.color_name(color)).collect();
    let caption = Caption::new(words::spread(selection, line, band, groups.len()))
        .add(
            true,
            overlay.caption(&format!(
                "Below: gradient of the first {first} over that of the {last}, measured / predicted{share}; 1 is agreement."
            )),
        )
        .add(true, references.outside(&y))
        .add(true, joined(&groups, COINCIDE))
        .add(true, beyond::caption(&arriving, column.passed()))
        .add(selection.has_time() && !over_time, words::LAST_TIME)
        .add(!lacking.is_empty(), format!("Not drawn, since it has no such number: {}.", lacking.join(", ")))
        .add(broken > 0 && below.is_some(), format!("Left out of ●: {}, without a finite gradient at the end.", table::count(broken, "run")))
        .of_probe(selection);
    let own = match is_total {
        true => "How many decades of gradient are lost between the last layer and the first".into(),
        false if column.predicted == Some(Predicted::NormAttenuationTotal) => {
            "How many decades of the norm of the gradient are lost between the last layer and the first".into()
        }
        false => words::subject(column),
    };
    let unit = if column.is_per_layer { (column.unit, true) } else { ("decades in all", false) };
    let legend = references.named(overlay.named(Legend::of(selection, &groups)));
    let blocks = [upper].into_iter().chain(ratios).chain(below).collect();
    Ok(Chart {
        caption,
        ..Chart::new(selection, sheet, &own, found(selection, &lost, &groups, (column, unit)), legend, blocks)
    })
}

fn x_places(selection: &Selection) -> Ruler {
    let mut ruler = places::along(selection);
    let pad = 0.04 * (ruler.high - ruler.low);
    (ruler.low, ruler.high) = (ruler.low - pad, ruler.high + pad);
    ruler.measured = (ruler.low, ruler.high);
    ruler
}

/// Where no gradient arrives, then where it fades most and where it grows most.
fn found(
    selection: &Selection,
    lost: &Fadings,
    groups: &[Vec<usize>],
    (column, unit): (&Column, (&str, bool)),
) -> String {
    beyond::fading(selection, lost, groups, ("cells", column.passed(), unit))
}

/// What a ruler has to reach.
fn reached(summary: &fading::Summary) -> [f64; 3] {
    [summary.low, summary.median.number(), summary.high]
}

/// The labels along x with their places.
fn labels(selection: &Selection, x: &Ruler) -> impl Iterator<Item = (usize, f64)> {
    Selection::labels(&selection.x).into_iter().zip(x.ticks.iter().map(|tick| tick.at).collect::<Vec<_>>())
}

/// The series of each panel and colour; the `x` of a key is 0.
fn by_place(selection: &Selection, x: &Ruler, fadings: &Fadings) -> beyond::Lines {
    let mut points = beyond::Lines::new();
    for (label, place) in labels(selection, x) {
        for (key, summary) in fadings.iter().filter(|(key, _)| key.x == label) {
            points.entry(key.without_x()).or_default().push((place, *summary));
        }
    }
    points
}

/// The last label along x, of the deepest networks.
fn deepest(selection: &Selection) -> usize {
    selection.x.as_ref().and_then(|used| used.labels.last().copied()).unwrap_or(0)
}

/// For each colour at the deepest networks, from the start of training to its end; `None` without a number.
fn dumbbells(selection: &Selection, sheet: &Sheet) -> Option<Block> {
    let [start, end] = [false, true].map(|at_end| selection.fadings_of(selection.attenuation(at_end)));
    let deepest = deepest(selection);
    let ends = start.iter().chain(&end).filter(|(key, _)| key.x == deepest);
    let none = ends.clone().any(|(_, s)| s.none > 0);
    let mut x = Ruler::over(&ends.flat_map(|(_, s)| reached(s)).chain([0.0]).collect::<Vec<_>>(), false, 80.0)?;
    let edge = x.high;
    if none {
        // Room for words.
        x.extend(End::High, 1.0);
    }
    let colors = selection.colors();
    // The first colour on top, as in the legend.
    let y = Ruler::rows(sheet.row_names(selection, &colors).into_iter());
    let panel = |panel: GroupKey| {
        let zero = Mark::Upright { x: 0.0, stroke: solid(EDGE, 0.8) };
        let arm = |(i, color): (usize, &usize)| {
            let key = GroupKey { color: *color, x: deepest, ..panel };
            let place = (colors.len() - 1 - i) as f64;
            let ends = [start.get(&key).copied(), end.get(&key).copied()];
            dumbbell((place, &y.reading(place)), &selection.look(*color), (&x, edge), ends)
        };
        [zero].into_iter().chain(colors.iter().enumerate().flat_map(arm)).collect()
    };
    let depth = selection.x.as_ref();
    let depth = depth.map_or(String::new(), |u| format!(" at {} {}", names::axis(&u.axis.name), u.shown(deepest)));
    let what = if selection.is_by_norm() { "decades of the norm lost" } else { "decades lost" };
    let x_title = format!("{what} per layer{depth}: ○ at the start → ● at the end of training");
    let height = (colors.len() as f64 * 11.5 + 6.0).max(30.0);
    Some(Block { gap: 6.0, ..Block::new(selection, (x.clone(), &x_title), (&y, &["", ""]), height, panel) })
}

/// From a ring at the start to a dot at the end, over the range of the seeds at each, as far as these reach; on the right how many
/// gradients do not arrive.
fn dumbbell(
    (y, name): (f64, &str),
    look: &Look,
    (x, edge): (&Ruler, f64),
    ends: [Option<fading::Summary>; 2],
) -> Vec<Mark> {
    let line = |from, to, stroke| Mark::Curve { points: vec![(from, y), (to, y)], stroke, name: None };
    let both = || ["start", "end"].into_iter().zip(ends).filter_map(|(when, end)| Some((when, end?)));
    let [start, end] = ends.map(|end| end.map(|s| s.median.number()).filter(|median| median.is_finite()));
    let mut marks: Vec<Mark> = both()
        .filter(|(_, s)| s.low < s.high && s.low.is_finite())
        .map(|(_, s)| line(s.low, s.high.min(edge), solid(look.color, 0.7)))
        .collect();
    if let (Some(start), Some(end)) = (start, end) {
        marks.push(line(start, end, solid(look.color, 1.6)));
    }
    marks.extend(both().map(|(when, s)| {
        let read = |v| x.reading(v);
        let text = format!("{name}, at the {when}: {}\n{} N = {}", s.median.shown(read), s.range(read), s.n);
        Mark::Tip { at: (s.median.number().min(edge), y), text }
    }));
    let is_bound = |end: Option<fading::Summary>| end.is_some_and(|summary| summary.median.is_bound());
    let bound = |at| Mark::Symbol { at, radius: 3.2, look: Look { marker: Marker::Up, hollow: true, ..*look } };
    marks.extend(start.map(|start| match is_bound(ends[0]) {
        true => bound((start, y)),
        // Wide enough to be seen around the dot where nothing has changed.
        false => Mark::Discs { at: (start, y), discs: vec![(3.9, look.color), (3.0, WHITE)] },
    }));
    let dot = Look { marker: Marker::Disc, hollow: false, ..*look };
    marks.extend(end.map(|end| match is_bound(ends[1]) {
        true => bound((end, y)),
        false => Mark::Symbol { at: (end, y), radius: 2.2, look: dot },
    }));
    let none = |(when, s): (&str, fading::Summary)| (s.none > 0).then(|| format!("{when} {} of {}", s.none, s.n));
    let none = both().filter_map(none).collect::<Vec<_>>().join(", ");
    if !none.is_empty() {
        let labels = vec![(y, format!("none arrives: {none}"), look.color)];
        marks.push(Mark::Labels { x: x.high, labels });
    }
    marks
}
