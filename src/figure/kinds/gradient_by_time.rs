//! How large the gradient of the loss at the last time step still is at each time step: what fades in a recurrent net.

use super::prelude::*;

/// A run's rows at its step: time step and value.
type Snapshots = BTreeMap<usize, (f64, Vec<(f64, f64)>)>;

const X_TITLE: &str = "time step of the sequence";

const HEIGHT: f64 = 128.0;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "the gradient of the loss at the last time step, or another column of layers.csv, at each time step of a recurrent net",
    cells: CellsShown::Layers,
    metric: Some("state_rms"),
    x_limits: true,
    limits: true,
    columns: || column_names(columns::LAYERS),
    of_init: |figure| !figure.is_at_end(),
    theory: Predicts::Columns(&["state_rms"]),
    shows: |figure, metric| match metric {
        Metric::Layers { column, .. } => Shows::column(figure, &["state_rms"], column),
        Metric::Run(column) => {
            let is_shown = |c: &Column| c.quantity == Quantity::TimeAttenuation && is_of_step(figure, c);
            let fades = columns::outcome(column).is_some_and(is_shown);
            Shows::if_true(fades && figure.metric.is_none())
        }
        _ => Shows::Nothing,
    },
    default: |grid| {
        let (Roles { color, facet }, spec) = (grid.of_start(), FigureSpec::new(FACTS.word));
        grid.has_time().then(|| FigureSpec { color, facet: grid.facets([facet, None]), ..spec })
    },
    multiples: true,
    ..FigureKind::new("gradient_by_time")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let column = selection.measurement()?;
    let last = selection.spec.is_at_end();
    let (snapshots, left_out) = snapshots(selection, column, last)?;
    let lines = lines(selection, &snapshots, column);
    if lines.is_empty() {
        return Err(selection.nothing_to_draw("a gradient by time step"));
    }
    let overlay = Overlay::new(selection, last)?;
    let groups = equal(selection, &lines);
    let is_state = column.predicted == Some(Predicted::State);
    let predicted = |key: &GroupKey| Some(dashed(&overlay, key, lines.get(key)?)).filter(|p| is_state && p.len() > 1);
    let reached: Vec<f64> = lines.keys().filter_map(predicted).flatten().map(|(_, y)| y).collect();
    let keep: Vec<f64> = medians(lines.values()).into_iter().chain(reached).filter(|y| y.is_finite()).collect();
    let y = Ruler::keeping_of(&keep, &spans(lines.values()), column, HEIGHT)
        .ok_or_else(|| selection.nothing_to_draw("a gradient by time step"))?;
    let y = selection.limited(y, HEIGHT);
    let longest = lines.values().flatten().fold(1.0f64, |a, (time, _)| a.max(*time));
    let sheet = Sheet::new(selection, medium, 4);
    let x = selection.limited_along_x(Ruler::layers(longest as usize, 0.02), sheet.panel());
    let panel = |panel: GroupKey| {
        if !groups.iter().any(|group| lines.contains_key(&GroupKey { color: group[0], ..panel })) {
            return vec![Mark::Empty("no time steps")];
        }
        let own = series(selection, &groups, panel, |key| lines.get(&key));
        let dashed = groups.iter().filter_map(|group| {
            let points = predicted(&GroupKey { color: group[0], ..panel })?;
            Some(theory::line(&selection.look(group[0]), points.into_iter()))
        });
        own.into_iter().chain(dashed.flatten()).collect()
    };
    let block = Block::new(selection, (x, X_TITLE), (&y, column.words), HEIGHT, panel);
    let rates = if is_state { rates(selection, last) } else { BTreeMap::new() };
    let caption = Caption::new(words::spread(selection, "Line", "band", groups.len()))
        .add(
            is_state,
            "Gradient of the loss at the last time step alone, in the top layer: dL/dc of an LSTM, dL/dh of other nets. A decade is a factor of ten.",
        )
        .add(
            is_state,
            overlay.caption(
                "Theory predicts ratios between time steps, and is drawn through the median of the last one.",
            ),
        )
        .add(true, joined(&groups, EQUAL))
        .add(y.floor.is_some(), format!("▼: {}.", words::NO_GRADIENT))
        .add(true, words::left_out(left_out))
        .of_probe(selection);
    let when = words::when(last);
    let what = if is_state { "How large the gradient is".into() } else { words::subject(column) };
    let own = format!("{what} at each time step, {when}");
    let lost = columns::ATTENUATION_TIME_INIT;
    let finding = beyond::fading(selection, &rates, &groups, ("lines", lost.passed(), (lost.unit, true)));
    let legend = overlay.named(Legend::of(selection, &groups));
    Ok(Chart { caption, ..Chart::new(selection, sheet, &own, finding, legend, vec![block]) })
}

/// What each line loses a time step.
fn rates(selection: &Selection, last: bool) -> BTreeMap<GroupKey, fading::Summary> {
    selection.fadings_of(columns::known(if last { "attenuation_time_end" } else { "attenuation_time_init" }))
}

/// The top layer's rows at the first or last step, and how many runs are left out of them.
fn snapshots(selection: &Selection, column: &Column, last: bool) -> Result<(Snapshots, usize), FigureError> {
    let mut rows = Snapshots::new();
    let mut layers: BTreeMap<usize, f64> = BTreeMap::new();
    let wanted = ["step", "layer", columns::TIME.name, column.name];
    selection.results.stream("layers.csv", &selection.runs, &wanted, |run, row| {
        let [Some(step), Some(layer), Some(time), Some(value)] = *row else { return };
        let kept = rows.entry(run).or_insert((step, Vec::new()));
        let is_newer = if last { step > kept.0 } else { step < kept.0 };
        // A layer above takes the place of the one below.
        let is_above = layers.get(&run).is_some_and(|below| step == kept.0 && layer > *below);
        if is_newer || is_above {
            *kept = (step, Vec::new());
        }
        if step == kept.0 {
            layers.insert(run, layer);
            kept.1.push((time, value));
        }
    })?;
    let before = rows.len();
    let diverged = |run: usize| last && selection.run(run).status == Status::Diverged;
    rows.retain(|run, (_, values)| !diverged(*run) && values.iter().all(|(_, value)| value.is_finite()));
    let left_out = before - rows.len();
    Ok((rows, left_out))
}

/// The spread over the seeds of each group at each time step.
fn lines(selection: &Selection, snapshots: &Snapshots, column: &Column) -> BTreeMap<GroupKey, Points> {
    let mut times: BTreeMap<u64, Vec<(usize, f64)>> = BTreeMap::new();
    for (run, (_, values)) in snapshots {
        for (time, value) in values {
            times.entry(*time as u64).or_default().push((*run, *value));
        }
    }
    points_at(selection, times, column.has_geometric_median(), |seeds| over_seeds(seeds.into_iter(), column))
}

/// A prediction through the median of the last time step, since theory does not know the level.
fn dashed(overlay: &Overlay, key: &GroupKey, points: &Points) -> Vec<(f64, f64)> {
    let (Some((_, last)), Some(told)) = (points.last(), overlay.get(key)) else { return Vec::new() };
    (1..).zip(&told.state).map(|(time, decades)| (f64::from(time), last.median + decades)).collect()
}
