//! How a measurement of each layer goes while training goes on: a column of `layers.csv` against step, a line a layer.

use super::prelude::*;

/// Layers the legend names at most.
const NAMED: usize = 6;

/// The lines of a figure: of a layer, and of its standard deviation where the column is a mean.
type Line = (u64, bool);

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "a column of layers.csv against step, one line per layer",
    metric: Some("update_ratio"),
    x_scales: STEP_SCALES,
    x_limits: true,
    scales: true,
    limits: true,
    color: ColorBy::Taken,
    takes_step: false,
    options: &["reference"],
    cells: CellsShown::Layers,
    columns: || column_names(columns::LAYERS),
    shows: |figure, metric| match metric {
        Metric::Layers { column, .. } => Shows::column(figure, &["update_ratio"], column),
        _ => Shows::Nothing,
    },
    default: |grid| {
        let spec = grid.of_tuned_arms("layer_lines")?;
        let name = Some("update_ratio".into());
        Some(FigureSpec { name, facet: spec.color.into_iter().collect(), color: None, ..spec })
    },
    ..FigureKind::new("layer_lines")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let column = selection.measurement()?;
    let deviation = columns::deviation(column);
    let course = course(selection, column, deviation)?;
    let lines = lines(&course);
    let references = References::over_steps(selection, column, course.scale, &course.x);
    let (keep, values): (Vec<f64>, _) = (medians(lines.values()), spans(lines.values()));
    let keep = keep.into_iter().chain(references.heights()).collect::<Vec<_>>();
    let height = if selection.rows().len() > 2 { 92.0 } else { 112.0 };
    let y = Ruler::keeping_of(&keep, &values, column, height).ok_or_else(|| selection.no_finite(column))?;
    let mut y = selection.limited(y, height);
    course.headroom(&mut y);
    let layers: Vec<u64> = lines.keys().map(|(_, layer)| *layer).collect::<BTreeSet<_>>().into_iter().collect();
    let of_panel = |panel: GroupKey| -> Vec<u64> {
        layers.iter().copied().filter(|layer| lines.contains_key(&(panel, *layer))).collect()
    };
    let panels: BTreeSet<GroupKey> = lines.keys().map(|(key, _)| *key).collect();
    let is_one_depth = panels.iter().all(|key| of_panel(*key) == layers);
    let panel = |panel: GroupKey| {
        // No colour tells runs apart here.
        let crosses = course.crosses(selection, panel, |_| LOST.color);
        let look = if is_one_depth { look } else { look_of_depths };
        let of_layers = by_layer(&of_panel(panel), look, deviation.is_some(), |layer| lines.get(&(panel, layer)));
        references.of(panel).into_iter().chain(of_layers).chain(crosses).collect()
    };
    let block = Block::new(selection, (course.x.clone(), course.scale.title()), (&y, column.words), height, panel);
    let line = match deviation {
        Some(_) => format!("Line: {}; bars: one standard deviation to each side.", words::median(selection)),
        None => words::spread(selection, "Line", "band (first and last layer)", 2),
    };
    let is_update = column.name == UPDATE;
    let caption = Caption::new(line)
        .add(true, course.lasting())
        .add(selection.has_time(), words::LAST_TIME)
        .add(is_update, "No update follows the last step.")
        .add(y.floor.is_some(), words::FLOOR)
        .add(true, references.outside(&y))
        .add(true, course.crossed("the last recorded step"))
        .of(selection);
    let sheet = Sheet::new(selection, medium, 4);
    let legend = references.named(if is_one_depth { legend(&layers) } else { legend_of_depths() });
    let legend = legend.lost("diverged", course.ends.len(), selection.runs.len());
    let own = match is_update {
        true => "Relative size of the weight update in each layer".into(),
        false => format!("{} during training", words::subject(column)),
    };
    Ok(Chart { caption, ..Chart::new(selection, sheet, &own, found(selection, &lines, column), legend, vec![block]) })
}

/// The column that no row after the last update has.
const UPDATE: &str = "update_ratio";

/// The first and the last layer are what fading is told by; those between them only show the order.
fn is_end(i: usize, layers: &[u64]) -> bool {
    i == 0 || i + 1 == layers.len()
}

/// Of layer `i` of so many, where all panels have them.
fn look(i: usize, layers: usize) -> Look {
    Look::of(i, layers, true)
}

/// The same where panels have nets of several depths: dashes and markers are those of the first, a middle and the last layer of three, as
/// the legend has them, and only the colour tells those in the middle apart.
fn look_of_depths(i: usize, layers: usize) -> Look {
    let role = match i {
        0 => 0,
        _ if i + 1 == layers => 2,
        _ => 1,
    };
    Look { color: look(i, layers).color, ..look(role, 3) }
}

fn legend(layers: &[u64]) -> Legend {
    let n = NAMED.min(layers.len());
    let named: BTreeSet<usize> = evenly(layers.len(), n).collect();
    let sample = |i: usize| {
        let look = look(i, layers.len());
        if is_end(i, layers) { Sample::Line(look) } else { Sample::Plain(look) }
    };
    let entries = named.into_iter().map(|i| (layers[i].to_string(), sample(i))).collect();
    Legend { heading: "layer, from the input".into(), entries }
}

/// Where panels have nets of several depths, colours go from the first to the last layer of each.
fn legend_of_depths() -> Legend {
    let [first, middle, last] = [0, 1, 2].map(|i| look_of_depths(i, 3));
    let entries = vec![
        ("first".into(), Sample::Line(first)),
        ("middle".into(), Sample::Plain(middle)),
        ("last of each net".into(), Sample::Line(last)),
    ];
    Legend { heading: "layer, from the input".into(), entries }
}

/// Thin lines for the layers in the middle, then the first and the last with their bands, or all with bars where these stand for
/// what is within a layer.
fn by_layer<'a>(
    layers: &[u64],
    look: fn(usize, usize) -> Look,
    bars: bool,
    points: impl Fn(u64) -> Option<&'a Points>,
) -> Vec<Mark> {
    let present = || layers.iter().enumerate().filter_map(|(i, layer)| Some((i, *layer, points(*layer)?)));
    let look = |i: usize| look(i, layers.len());
    let ends = || present().filter(|(i, ..)| is_end(*i, layers));
    let between = present().filter(|(i, ..)| !is_end(*i, layers)).map(|(i, layer, points)| Mark::Curve {
        points: points.iter().map(|(x, s)| (*x, s.median)).filter(|(_, y)| y.is_finite()).collect(),
        stroke: look(i).stroke(0.8),
        name: Some(format!("layer {layer}")),
    });
    let bar = |i: usize, (x, s): &(f64, Spread)| Mark::Curve {
        points: vec![(*x, s.low), (*x, s.high)],
        stroke: solid(look(i).color, 0.6),
        name: None,
    };
    let bars_of = present().filter(|_| bars).flat_map(|(i, _, points)| points.iter().map(move |point| bar(i, point)));
    let bands =
        ends().filter(|_| !bars).map(|(i, _, points)| Mark::Band { color: look(i).color, points: points.clone() });
    let medians = ends().map(|(i, layer, points)| Mark::Median {
        look: look(i),
        name: format!("layer {layer}"),
        points: points.clone(),
        turn: i,
    });
    bars_of.chain(between).chain(bands).chain(medians).collect()
}

/// Which layer ends lowest, and which highest.
fn found(selection: &Selection, lines: &Lines, column: &Column) -> String {
    let is_deeper = |key: &GroupKey, layer: u64| lines.range((*key, layer + 1)..=(*key, u64::MAX)).next().is_some();
    let telling =
        |((key, layer), _): &(&(GroupKey, u64), &Points)| !words::is_of_jacobian(column) || is_deeper(key, *layer);
    let last = lines.iter().filter(telling).filter_map(|((key, layer), line)| {
        Some((selection.group_name_with(key, format!("layer {layer}")), Ending::Value(line.last()?.1.median)))
    });
    let words =
        Words { high: "Largest", low: "Smallest at the end", only: "At the end", each: "lines", lost: "diverged" };
    finding::extremes(&last.collect::<Vec<_>>(), &words, -1.0, |v| finding::measured(v, column))
}

/// A line a layer; around a mean one standard deviation instead of the range of the seeds.
type Lines = BTreeMap<(GroupKey, u64), Points>;

fn lines(course: &Course<Line>) -> Lines {
    let around = |key: &GroupKey, layer: u64, points: &Points| -> Points {
        match course.lines.get(&(*key, (layer, true))) {
            None => points.clone(),
            Some(deviations) => points
                .iter()
                .zip(deviations)
                .map(|((x, s), (_, d))| (*x, Spread { low: s.median - d.median, high: s.median + d.median, ..*s }))
                .collect(),
        }
    };
    let of_layers = course.lines.iter().filter(|((_, (_, is_deviation)), _)| !is_deviation);
    of_layers.map(|((key, (layer, _)), points)| ((*key, *layer), around(key, *layer, points))).collect()
}

/// The lines, and the runs that diverged.
fn course(selection: &Selection, column: &Column, deviation: Option<&Column>) -> Result<Course<Line>, FigureError> {
    let mut training = Training::default();
    let names: Vec<&str> = ["step", "layer", column.name].into_iter().chain(deviation.map(|d| d.name)).collect();
    selection.results.stream_thinned("layers.csv", &selection.runs, &names, |run, row| {
        let (Some(step), Some(layer)) = (row[0], row[1]) else { return };
        training.saw(selection, run, step as u64);
        for (i, value) in row[2..].iter().enumerate() {
            if let Some(value) = value.filter(|v| v.is_finite()) {
                training.add(run, step as u64, (layer as u64, i == 1), value);
            }
        }
    })?;
    Ok(training.course(selection, |(_, is_deviation)| deviation.filter(|_| is_deviation).unwrap_or(column)))
}
