//! How the numbers of the first and the last hidden layer are spread while training goes on: bands between their percentiles.

use super::prelude::*;
use crate::stats::distribution::PERCENT;

/// Each band by the places of its ends among the percentiles, the outermost first, and how much of its colour it has.
const BANDS: [(usize, f64); 4] = [(0, 0.12), (1, 0.18), (2, 0.25), (3, 0.3)];
const MIDDLE: usize = 4;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "percentiles of the activations, gradients or weights of the first and the last layer against step; needs \
        [record] distributions = true",
    metric: Some("argument"),
    x_scales: STEP_SCALES,
    x_limits: true,
    limits: true,
    color: ColorBy::Taken,
    takes_step: false,
    cells: CellsShown::Layers,
    columns: || column_names(columns::QUANTITIES),
    recorded: Some(("distributions", "distributions")),
    ..FigureKind::new("percentiles")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let column = selection.measurement()?;
    let course = course(selection, column)?;
    let height = if selection.rows().len() > 1 { 78.0 } else { 96.0 };
    let mut layers: BTreeSet<u64> = course.lines.keys().map(|(_, (layer, _))| *layer).collect();
    if words::is_of_jacobian(column) && layers.len() > 1 {
        layers.pop_last();
    }
    let (Some(first), Some(last)) = (layers.first(), layers.last()) else {
        return Err(selection.nothing_to_draw(&format!("a distribution of `{}`", column.name)));
    };
    let shown = if first == last { vec![*last] } else { vec![*last, *first] };
    let of_shown = course.lines.iter().filter(|((_, (layer, _)), _)| shown.contains(layer));
    let values = medians(of_shown.map(|(_, points)| points));
    let y = Ruler::of(&values, column, height).ok_or_else(|| selection.no_finite(column))?;
    let mut y = selection.limited(y, height);
    course.headroom(&mut y);
    let panel = |key: GroupKey, layer: u64| -> Vec<Mark> {
        let marks = fan(&|percentile| course.lines.get(&(key, (layer, percentile))));
        marks.into_iter().chain(course.crosses(selection, key, |_| LOST.color)).collect()
    };
    let title = |layer: u64| -> Vec<String> {
        column.words.iter().map(ToString::to_string).chain([format!("layer {layer}")]).collect()
    };
    let strip = |row: usize, layer: u64| Strip::new(selection, row, (&y, &title(layer)), |key| panel(key, layer));
    let strips = selection.rows().into_iter().flat_map(|row| shown.iter().map(move |layer| (row, *layer)));
    let strips = strips.map(|(row, layer)| strip(row, layer)).collect();
    let block = Block::of((course.x.clone(), course.scale.title()), strips, height);
    let caption = Caption::new(format!(
        "Line: the median of {}; bands: the middle 50, 70, 90 and 98 %; each is the {}.",
        words::held(column),
        words::median(selection)
    ))
    .add(true, course.crossed("the last recorded step"))
    .add(selection.has_time(), words::LAST_TIME)
    .of_probe(selection);
    let legend = Legend::default().lost("diverged", course.ends.len(), selection.runs.len());
    let own = format!("Percentiles of the {} during training", column.subject());
    let (sheet, finding) = (Sheet::new(selection, medium, 3), found(selection, &course, &shown));
    Ok(Chart { caption, ..Chart::new(selection, sheet, &own, finding, legend, vec![block]) })
}

/// Bands from percentile to percentile, and the line in the middle.
fn fan<'a>(points: &dyn Fn(usize) -> Option<&'a Points>) -> Vec<Mark> {
    let line = |percentile: usize| -> Vec<Spot> {
        points(percentile).into_iter().flatten().map(|(x, s)| (*x, s.median)).collect()
    };
    let color = Look::ONLY.color;
    let band = |(place, opacity): &(usize, f64)| Mark::Area {
        points: line(*place).into_iter().chain(line(PERCENT.len() - 1 - place).into_iter().rev()).collect(),
        color,
        opacity: *opacity,
    };
    let middle = Mark::Curve { points: line(MIDDLE), stroke: solid(color, LINE), name: Some("median".into()) };
    BANDS.iter().map(band).chain([middle]).collect()
}

/// How far the middle half of each of these layers reaches at the end.
fn found(selection: &Selection, course: &Course<(u64, usize)>, layers: &[u64]) -> String {
    let at_the_end = |key: &GroupKey, layer: u64, percentile: usize| {
        course.lines.get(&(*key, (layer, percentile))).and_then(|points| Some(points.last()?.1.median))
    };
    let of_layer = |layer: &u64| {
        let layer = *layer;
        course.of((layer, MIDDLE)).filter_map(move |(key, _)| {
            let width = at_the_end(key, layer, MIDDLE + 1)? - at_the_end(key, layer, MIDDLE - 1)?;
            Some((selection.group_name_with(key, format!("layer {layer}")), Ending::Value(width)))
        })
    };
    let widths = layers.iter().flat_map(of_layer);
    let words = Words {
        high: "Middle half at the end, widest",
        low: "Narrowest",
        only: "Width of the middle half at the end",
        each: "panels",
        lost: "diverged",
    };
    finding::extremes(&widths.collect::<Vec<_>>(), &words, 1.0, |v| finding::amount(v, false))
}

/// A line a layer and percentile, and the runs that diverged.
fn course(selection: &Selection, column: &Column) -> Result<Course<(u64, usize)>, FigureError> {
    let mut rows: BTreeMap<(usize, u64, u64), Vec<f64>> = BTreeMap::new();
    selection.results.distributions(&selection.runs, column.name, |run, step, layer, _, own| {
        rows.insert((run, step, layer), own.quantiles);
    })?;
    let mut training = Training::default();
    for ((run, step, layer), quantiles) in rows {
        training.saw(selection, run, step);
        for (percentile, value) in quantiles.into_iter().enumerate() {
            training.add(run, step, (layer, percentile), value);
        }
    }
    Ok(training.course(selection, |_| column))
}
