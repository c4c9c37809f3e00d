//! What the first layer gets: a column of `layers.csv` there, against depth or another axis.

use super::prelude::*;
use crate::plan_file::claim::Ordinal;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "a column of layers.csv at the first layer, against depth or another axis",
    metric: Some("stream_rms"),
    x: AlongX::Axis("depth"),
    x_scales: AXIS_SCALES,
    scales: true,
    limits: true,
    options: &["x_title", "reference"],
    cells: CellsShown::Layers,
    columns: || column_names(columns::LAYERS),
    of_init: |figure| !figure.is_at_end(),
    shows,
    multiples: true,
    ..FigureKind::new("first_layer")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn shows(figure: &FigureSpec, metric: &Metric) -> Shows {
    match metric {
        Metric::Layers { column, step, layer: Ordinal::First | Ordinal::Number(1), per_layer: None }
            if matches!(step, Ordinal::Last) == figure.is_at_end() =>
        {
            Shows::column(figure, &["stream_rms"], column)
        }
        _ => Shows::Nothing,
    }
}

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let column = selection.measurement()?;
    let x = places::along(selection);
    let (spreads, left_out) = spreads(selection, column)?;
    let lines = lines(selection, &spreads, &x);
    let height = if selection.rows().len() > 2 { 96.0 } else { 126.0 };
    let references = References::over_axis(selection, column, &x);
    let keep: Vec<f64> = medians(lines.values()).into_iter().chain(references.heights()).collect();
    let y =
        Ruler::keeping_of(&keep, &spans(lines.values()), column, height).ok_or_else(|| selection.no_finite(column))?;
    let y = selection.limited(y, height);
    let groups = near(selection, &lines, slack(&y, height));
    let panel = |panel: GroupKey| {
        let lines = series(selection, &groups, panel, |key| lines.get(&key));
        references.of(panel).into_iter().chain(lines).collect()
    };
    let title = [column.words, &["in the first layer"]].concat();
    let block = Block::new(selection, (x.clone(), &places::title(selection)), (&y, &title), height, panel);
    let legend = references.named(Legend::of(selection, &groups));
    let (line, band) = if places::are_joined(selection) { ("Line", "band") } else { ("Point", "bar") };
    let caption = Caption::new(words::spread(selection, line, band, groups.len()))
        .add(true, joined(&groups, COINCIDE))
        .add(y.floor.is_some(), words::FLOOR)
        .add(true, references.outside(&y))
        .add(selection.has_time(), words::LAST_TIME)
        .add(true, words::left_out(left_out))
        .of_probe(selection);
    let when = if selection.spec.is_at_end() { "at the end of training" } else { "before training" };
    let own = format!("{} in the first layer, {when}", words::subject(column));
    let sheet = Sheet::new(selection, medium, 4);
    let finding = found(selection, column, &spreads, &groups);
    Ok(Chart { caption, ..Chart::new(selection, sheet, &own, finding, legend, vec![block]) })
}

/// Where it is largest and where smallest.
fn found(selection: &Selection, column: &Column, spreads: &Spreads, groups: &[Vec<usize>]) -> String {
    let group = |key: &GroupKey| groups.iter().find(|group| group[0] == key.color);
    let value = |(key, spread): (&GroupKey, &Spread)| {
        Some((selection.place_of(key, group(key)?), Ending::Value(spread.median)))
    };
    let values: Vec<_> = spreads.iter().filter_map(value).collect();
    let words = Words { high: "Largest", low: "Smallest", only: "Median", each: "places", lost: "diverged" };
    finding::extremes(&values, &words, 1.0, |v| finding::measured(v, column))
}

/// The spreads over the seeds of each group at each label along x.
type Spreads = BTreeMap<GroupKey, Spread>;

/// The spreads at the first or the last recorded step of each run, and how many runs are left out.
fn spreads(selection: &Selection, column: &Column) -> Result<(Spreads, usize), FigureError> {
    let mut found: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    let is_last = selection.spec.is_at_end();
    selection.results.stream("layers.csv", &selection.runs, &["step", "layer", column.name], |run, row| {
        let [Some(step), Some(1.0), Some(value)] = *row else { return };
        let known = found.entry(run).or_insert((step, value));
        if (step > known.0) == is_last && step != known.0 {
            *known = (step, value);
        }
    })?;
    // The last step of a run that diverged is no end of training.
    let all = found.len();
    found.retain(|run, (_, value)| value.is_finite() && !(is_last && selection.run(*run).status == Status::Diverged));
    let left_out = all - found.len();
    let values = found.into_iter().map(|(run, (_, value))| (run, value));
    let by_seed = selection.by_seed(values, column.has_geometric_median());
    let spread = |(key, seeds): (GroupKey, BTreeMap<u64, f64>)| Some((key, over_seeds(seeds.into_values(), column)?));
    Ok((by_seed.into_iter().filter_map(spread).collect(), left_out))
}

/// The same along x; the `x` of a key is 0.
fn lines(selection: &Selection, spreads: &Spreads, x: &Ruler) -> BTreeMap<GroupKey, Points> {
    let mut lines: BTreeMap<GroupKey, Points> = BTreeMap::new();
    for (label, tick) in Selection::labels(&selection.x).into_iter().zip(&x.ticks) {
        for (key, spread) in spreads.iter().filter(|(key, _)| key.x == label) {
            lines.entry(key.without_x()).or_default().push((tick.at, *spread));
        }
    }
    lines
}
