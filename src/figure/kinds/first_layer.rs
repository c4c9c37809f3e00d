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
    let (lines, left_out) = lines(selection, column, &x)?;
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
    let caption = Caption::new(words::spread(selection, "Line", "band", groups.len()))
        .add(true, joined(&groups, COINCIDE))
        .add(y.floor.is_some(), words::FLOOR)
        .add(true, words::left_out(left_out))
        .of_probe(selection);
    let when = if selection.spec.is_at_end() { "at the end of training" } else { "before training" };
    let own = format!("{} in the first layer, {when}", words::subject(column));
    let sheet = Sheet::new(selection, medium, 4);
    Ok(Chart { caption, ..Chart::new(selection, sheet, &own, String::new(), legend, vec![block]) })
}

/// The lines of a figure.
type Lines = BTreeMap<GroupKey, Points>;

/// The spread over the seeds at each place along x, at the first or the last recorded step of each run, and how many runs are left
/// out; the `x` of a key is 0.
fn lines(selection: &Selection, column: &Column, x: &Ruler) -> Result<(Lines, usize), FigureError> {
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
    let mut lines = Lines::new();
    for (label, tick) in Selection::labels(&selection.x).into_iter().zip(&x.ticks) {
        for (key, seeds) in by_seed.iter().filter(|(key, _)| key.x == label) {
            let point = over_seeds(seeds.values().copied(), column).map(|spread| (tick.at, spread));
            lines.entry(key.without_x()).or_default().extend(point);
        }
    }
    Ok((lines, left_out))
}
