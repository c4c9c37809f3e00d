//! How fast each layer learns: the norm of its update over that of its weights against step, a line a layer.

use super::prelude::*;

/// Layers the legend names at most.
const NAMED: usize = 6;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "norm of each layer's update over that of its weights, against step",
    metric: Some("update_ratio"),
    x_scales: STEP_SCALES,
    x_limits: true,
    limits: true,
    color: ColorBy::Taken,
    takes_step: false,
    cells: CellsShown::Layers,
    shows: |_, metric| match metric {
        Metric::Layers { column, .. } => Shows::if_true(column == "update_ratio"),
        _ => Shows::Nothing,
    },
    default: |grid| {
        let spec = grid.of_arms("update_ratio")?;
        Some(FigureSpec { facet: spec.color.into_iter().collect(), color: None, ..spec })
    },
    ..FigureKind::new("update_ratio")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let column = selection.measurement()?;
    let course = course(selection, column)?;
    let lines = &course.lines;
    let (keep, values) = (medians(lines.values()), spans(lines.values()));
    let height = if selection.rows().len() > 2 { 92.0 } else { 112.0 };
    let y =
        Ruler::keeping(&keep, &values, true, height).ok_or_else(|| selection.nothing("an update of its weights"))?;
    let mut y = selection.limited(y, height);
    course.headroom(&mut y);
    let layers: Vec<u64> = lines.keys().map(|(_, layer)| *layer).collect::<BTreeSet<_>>().into_iter().collect();
    let panel = |panel: GroupKey| {
        // No colour tells runs apart here.
        let crosses = course.crosses(selection, panel, |_| LOST.color);
        by_layer(&layers, |layer| lines.get(&(panel, layer))).into_iter().chain(crosses).collect()
    };
    let block = Block::new(selection, (course.x.clone(), course.scale.title()), (&y, column.words), height, panel);
    let caption = Caption::new(words::spread(selection, "Line", "band (first and last layer)", 2))
        .add(true, "A line goes on as long as all of its seeds do; no update follows the last step.")
        .add(y.floor.is_some(), "▼: exactly zero.")
        .add(!course.ends.is_empty(), "×: the last recorded step of a run that diverged.")
        .of(selection);
    let sheet = Sheet::new(selection, medium, 4);
    let legend = legend(&layers).lost("diverged", course.ends.len(), selection.runs.len());
    let own = "How much of its weights each layer changes in a step";
    Ok(Chart { caption, ..Chart::new(selection, sheet, own, found(selection, &course), legend, vec![block]) })
}

/// The first and the last layer are what fading is told by; those between them only show the order.
fn is_end(i: usize, layers: &[u64]) -> bool {
    i == 0 || i + 1 == layers.len()
}

fn legend(layers: &[u64]) -> Legend {
    let n = NAMED.min(layers.len());
    let named: BTreeSet<usize> = (0..n).map(|i| i * (layers.len() - 1) / (n - 1).max(1)).collect();
    let sample = |i: usize| {
        let look = Look::of(i, layers.len(), true);
        if is_end(i, layers) { Sample::Line(look) } else { Sample::Plain(look) }
    };
    let entries = named.into_iter().map(|i| (layers[i].to_string(), sample(i))).collect();
    Legend { heading: "layer, from the input".into(), entries }
}

/// Thin lines for the layers in the middle, then the first and the last with their bands.
fn by_layer<'a>(layers: &[u64], points: impl Fn(u64) -> Option<&'a Points>) -> Vec<Mark> {
    let present = || layers.iter().enumerate().filter_map(|(i, layer)| Some((i, *layer, points(*layer)?)));
    let look = |i: usize| Look::of(i, layers.len(), true);
    let ends = || present().filter(|(i, ..)| is_end(*i, layers));
    let between = present().filter(|(i, ..)| !is_end(*i, layers)).map(|(i, layer, points)| Mark::Curve {
        points: points.iter().map(|(x, s)| (*x, s.median)).filter(|(_, y)| y.is_finite()).collect(),
        stroke: look(i).stroke(0.8),
        name: Some(format!("layer {layer}")),
    });
    let bands = ends().map(|(i, _, points)| Mark::Band { color: look(i).color, points: points.clone() });
    let medians = ends().map(|(i, layer, points)| Mark::Median {
        look: look(i),
        name: format!("layer {layer}"),
        points: points.clone(),
        turn: i,
    });
    between.chain(bands).chain(medians).collect()
}

/// Which layer moves least, and which most, at the end.
fn found(selection: &Selection, course: &Course<u64>) -> String {
    let last = course.lines.iter().filter_map(|((key, layer), line)| {
        Some((selection.place_with(key, format!("layer {layer}")), Ending::Value(line.last()?.1.median)))
    });
    let words =
        Words { high: "Largest", low: "Smallest at the end", only: "At the end", each: "lines", lost: "diverged" };
    finding::extremes(&last.collect::<Vec<_>>(), &words, -1.0, |v| finding::amount(v, true))
}

/// The lines, one a layer, and the runs that diverged.
fn course(selection: &Selection, column: &Column) -> Result<Course<u64>, FigureError> {
    let mut training = Training::default();
    selection.results.stream_thinned(
        "layers.csv",
        &selection.runs,
        &["step", "layer", "update_ratio"],
        |run, row| {
            let (Some(step), Some(layer)) = (row[0], row[1]) else { return };
            training.saw(selection, run, step as u64);
            if let Some(ratio) = row[2].filter(|v| v.is_finite()) {
                training.add(run, step as u64, layer as u64, ratio);
            }
        },
    )?;
    Ok(training.course(selection, |_| column))
}
