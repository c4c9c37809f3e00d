//! The main figure: how large the gradient is at each layer, with the decades that it loses per layer as direct labels.

use super::prelude::*;
use crate::stats::spread;
use crate::table;

/// A step and its rows of numbers, one after the other: a layer and its measurements.
type Snapshot = (f64, Vec<Option<f64>>);

/// The runs that are drawn, each at its step.
type Snapshots = BTreeMap<usize, Snapshot>;

/// For each group and measurement, its points: layer and spread over the seeds.
type Profiles = BTreeMap<(GroupKey, usize), Points>;

/// What each group loses per layer.
type Rates = BTreeMap<GroupKey, fading::Summary>;

const X_TITLE: &str = "layer, counted from the input";

/// Up to so many lines have their rate beside them, more have it in the legend.
const LABELLED: usize = 6;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "the gradient, or another column of layers.csv, at each layer",
    metric: Some("stream_rms"),
    options: &["x_title"],
    x_limits: true,
    scales: true,
    limits: true,
    cells: CellsShown::Layers,
    columns: || column_names(columns::LAYERS),
    of_init: |figure| !figure.is_at_end(),
    theory: Predicts::Columns(&["stream_rms", "stream_norm", "delta_rms"]),
    shows,
    default,
    multiples: true,
    ..FigureKind::new("gradient_by_layer")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

/// The headline: at the start, or where only training differs at the end, which is what can differ then.
fn default(grid: &Defaults) -> Option<FigureSpec> {
    if !grid.has_layers(1) {
        return None;
    }
    let (start, training) = (grid.of_start(), grid.of_training());
    let depth = grid.has_depth().then(|| "depth".to_string());
    let spec = FigureSpec::new(FACTS.word);
    // Depth is a colour only where nothing else asks for one.
    Some(match (start.color.or_else(|| depth.clone()), training.color.clone().or(depth)) {
        (None, Some(_)) => FigureSpec {
            step: Some("last".into()),
            tune: grid.tune.clone(),
            color: training.color,
            facet: grid.facets([training.facet, None]),
            ..spec
        },
        (color, _) => FigureSpec { color, facet: grid.facets([start.facet, None]), ..spec },
    })
}

/// A gradient by layer says how much of it is lost, too.
fn shows(figure: &FigureSpec, metric: &Metric) -> Shows {
    match metric {
        Metric::Layers { column, .. } => Shows::column(figure, &["stream_rms", "weight_grad_rms"], column),
        Metric::Run(column) => {
            let lost =
                columns::outcome(column).filter(|column| is_of_step(figure, column)).map(|column| column.quantity);
            Shows::if_true(match figure.metric.as_deref() {
                None => matches!(
                    lost,
                    Some(Quantity::Attenuation | Quantity::DeltaAttenuation | Quantity::WeightGradientAttenuation)
                ),
                Some("delta_rms") => lost == Some(Quantity::DeltaAttenuation),
                Some("weight_grad_rms") => lost == Some(Quantity::WeightGradientAttenuation),
                _ => false,
            })
        }
        _ => Shows::Nothing,
    }
}

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let (spec, last) = (selection.spec, selection.spec.is_at_end());
    let first = selection.measurement_or(|| selection.stream().into())?;
    let measured = measured(selection, medium, first);
    let (snapshots, left_out) = snapshots(selection, &measured, last)?;
    let profiles = profiles(selection, &measured, &snapshots);
    if profiles.is_empty() {
        // The last step of a run that diverged is no end of training.
        let diverged = selection.count(Status::Diverged);
        return Err(match last && diverged > 0 && diverged + selection.count(Status::Failed) == selection.runs.len() {
            true => FigureError::Nothing(format!(
                "all of its {} diverged before the end of training; the gradient at the start is in layers.csv",
                table::count(diverged, "run")
            )),
            false => selection.nothing_to_draw(&format!("a finite {} at a layer", first.name)),
        });
    }
    let overlay = Overlay::new(selection, last)?;
    let groups = merged(selection, |color| {
        let own = profiles.iter().filter(|((key, _), _)| key.color == color);
        own.map(|((key, m), points)| (key.row, key.column, *m, bits(points))).collect()
    });
    let arriving = arriving(selection, last);
    let rates = if fades(selection, first) { arriving.clone() } else { Rates::new() };

    let sheet = Sheet::new(selection, medium, 4);
    let deepest = profiles.values().flatten().fold(1.0f64, |a, (layer, _)| a.max(*layer));
    // Labels stand at the first layer.
    let direct = groups.len() <= LABELLED && spec.x_limits.is_none();
    let x = Ruler::layers(deepest as usize, if direct { label_room(&sheet, &rates) } else { 0.02 });
    let x = selection.limited_along_x(x, sheet.panel());
    let height = if selection.rows().len() > 2 { 92.0 } else { 128.0 };
    let rulers = rulers(selection, &measured, (&profiles, &overlay), height);
    let strip = |row: usize, (m, y): &(usize, Ruler)| {
        Strip::new(selection, row, (y, measured[*m].words), |panel| {
            let points = |color: usize| profiles.get(&(GroupKey { color, ..panel }, *m));
            let lines = series(selection, &groups, panel, |key| profiles.get(&(key, *m)));
            if groups.iter().all(|group| points(group[0]).is_none()) {
                return vec![Mark::Empty(selection.nothing_in(panel))];
            }
            let predicted = groups.iter().filter_map(|group| {
                let key = GroupKey { color: group[0], ..panel };
                let points = dashed(&overlay, &key, measured[*m], points(group[0])?)?;
                Some(theory::line(&selection.look(group[0]), points.into_iter()))
            });
            let labels = labels(selection, &groups, |color| {
                let rate = rates.get(&GroupKey { color, ..panel }).filter(|_| *m == 0 && direct)?;
                Some((points(color)?.first()?.1.median, label(&sheet, rate)))
            });
            lines.into_iter().chain(predicted.flatten()).chain(labels).collect()
        })
    };
    let rows = selection.rows();
    let strips = rows.iter().flat_map(|row| rulers.iter().map(|ruler| strip(*row, ruler))).collect();
    let x_title = spec.x_title.as_deref().unwrap_or(X_TITLE);
    let block = Block::of((x.clone(), x_title), strips, height);
    let below = theory::ratios(selection, &groups, (x, x_title), &ratios(selection, first, &snapshots, &overlay));

    let caption = Caption::new(words::spread(selection, "Line", "band", groups.len()))
        .add(
            true,
            overlay.caption(
                "Theory starts at the last hidden layer.",
            ),
        )
        .add(!rates.is_empty() && overlay.is_empty(), "A decade is a factor of ten; numbers: median of the decades that the gradient loses per layer on its way to the input.")
        .add(spec.metric.is_none() && selection.is_by_norm(), words::BY_NORM)
        .add(true, joined(&groups, EQUAL))
        .add(rulers.iter().any(|(_, y)| y.floor.is_some()), format!("▼: {}.", words::NO_GRADIENT))
        .add(
            bypassed(&profiles, &measured, &arriving),
            "Weight gradients of 0 although dL/dh arrives at layer 1: a branch has scale 0, or units pass no gradient on.",
        )
        .add(true, partly(selection, &rates))
        .add(true, words::left_out(left_out))
        .add(selection.has_time(), words::LAST_TIME)
        .of_probe(selection);
    let when = words::when(last);
    let what = match measured.iter().find(|column| column.quantity != Quantity::Gradient) {
        None => "How large the gradient is".into(),
        Some(column) => words::subject(column),
    };
    let own = format!("{what} at each layer, {when}");
    let finding = found(selection, first, (&profiles, &rates), &groups);
    let legend = overlay.named(rated(Legend::of(selection, &groups), selection, &groups, (&rates, direct)));
    let blocks = [block].into_iter().chain(below).collect();
    Ok(Chart { caption, ..Chart::new(selection, sheet, &own, finding, legend, blocks) })
}

/// What is drawn: the figure's column and, where there is room, the gradient of the weights under it.
fn measured(selection: &Selection, medium: Medium, first: &'static Column) -> Vec<&'static Column> {
    let spec = selection.spec;
    let second = columns::find(columns::LAYERS, "weight_grad_rms");
    let alone = selection.columns().len() > MANY
        || spec.metric.is_some()
        || spec.theory
        || selection.row.is_some()
        || medium.is_brief();
    [first].into_iter().chain(second.filter(|_| !alone)).collect()
}

/// The ruler of each measurement that has a finite number.
fn rulers(
    selection: &Selection,
    measured: &[&'static Column],
    (profiles, overlay): (&Profiles, &Overlay),
    height: f64,
) -> Vec<(usize, Ruler)> {
    let ruler = |m: usize| {
        let (keep, values) = reached(profiles, overlay, (m, measured[m]));
        let y = Ruler::keeping_of(&keep, &values, measured[m], height)?;
        Some((m, if m == 0 { selection.limited(y, height) } else { y }))
    };
    (0..measured.len()).filter_map(ruler).collect()
}

/// Where the gradient fades and grows most, or where another measurement is largest and smallest.
fn found(
    selection: &Selection,
    column: &Column,
    (profiles, rates): (&Profiles, &Rates),
    groups: &[Vec<usize>],
) -> String {
    if !fades(selection, column) {
        return ends(selection, column, profiles, groups);
    }
    let unit = if selection.is_by_norm() { finding::OF_NORM } else { columns::ATTENUATION_INIT.unit };
    beyond::fading(selection, rates, groups, ("lines", "layer", (unit, true)))
}

/// Whether it is dL/dh.
fn is_stream(column: &Column) -> bool {
    matches!(column.predicted, Some(Predicted::Stream | Predicted::StreamNorm))
}

/// Whether its fading is what an attenuation tells: of layers that differ in size not that of a root mean square.
fn fades(selection: &Selection, column: &Column) -> bool {
    is_stream(column) && (column.name == selection.stream() || !selection.is_by_norm())
}

/// The decades that the gradient of each group loses per layer.
fn arriving(selection: &Selection, last: bool) -> Rates {
    selection.fadings_of(selection.attenuation(last))
}

/// The share of a panel that labels may take.
const ROOM: f64 = 0.4;

/// The share of a panel that a label takes.
fn share(sheet: &Sheet, label: &str) -> f64 {
    (text::width(label, TICK, Weight::Regular) + 11.5) / ((sheet.width - 105.0) / sheet.slots as f64)
}

/// A rate at the start of its line; with the seeds where there is room.
fn label(sheet: &Sheet, rate: &fading::Summary) -> String {
    match rate.median {
        Fading::Beyond if share(sheet, &rate.note()) <= ROOM => rate.note(),
        other => other.shown(words::rate),
    }
}

/// Lines of which the gradient of some seeds does not arrive, though that of the median does.
fn partly(selection: &Selection, rates: &Rates) -> String {
    const NAMED: usize = 4;
    let some: Vec<_> =
        rates.iter().filter(|(_, rate)| rate.median != Fading::Beyond && !rate.note().is_empty()).collect();
    let name = |(key, rate): &(&GroupKey, &fading::Summary)| match selection.group_name(key) {
        place if place.is_empty() => rate.note(),
        place => format!("{place}: {}", rate.note()),
    };
    match some.len() {
        0 => String::new(),
        n if n <= NAMED => format!("{}.", some.iter().map(name).collect::<Vec<_>>().join("; ")),
        n => format!("In {n} lines no gradient arrives at layer 1 in some of the seeds."),
    }
}

/// Whether a measurement other than dL/dh is zero though dL/dh arrives.
fn bypassed(profiles: &Profiles, measured: &[&Column], arriving: &Rates) -> bool {
    let arrives = |key: &GroupKey| {
        arriving.get(key).is_some_and(|rate| rate.median.number().is_finite() && !rate.median.is_bound())
    };
    let is_zero = |points: &Points| points.iter().any(|(_, spread)| spread.median == f64::NEG_INFINITY);
    profiles.iter().any(|((key, m), points)| {
        measured[*m].quantity == Quantity::Gradient && !is_stream(measured[*m]) && arrives(key) && is_zero(points)
    })
}

/// The legend with what the numbers beside the lines are or, where there are too many lines, with the rate of each.
fn rated(mut legend: Legend, selection: &Selection, groups: &[Vec<usize>], (rates, direct): (&Rates, bool)) -> Legend {
    let of = |group: &[usize]| {
        let color = group[0];
        rates.iter().filter(move |(key, _)| key.color == color).map(|(_, rate)| rate)
    };
    if direct {
        let number = |rate: &fading::Summary| rate.median.number().is_finite().then(|| rate.median.shown(words::rate));
        let example = groups.iter().flat_map(|group| of(group)).find_map(number);
        let what = "number at a line: decades lost per layer (below 0 the gradient grows)";
        legend.entries.extend(example.map(|rate| (what.into(), Sample::Number(rate))));
        return legend;
    }
    for group in groups {
        let (name, rate) = (selection.joined(group), ranged(of(group)));
        for entry in legend.entries.iter_mut().filter(|entry| entry.0 == name && !rate.is_empty()) {
            entry.0 = format!("{name}: {rate}");
        }
    }
    legend
}

/// The rates of a series in all panels: the range of those that are numbers, and what the others are.
fn ranged<'a>(rates: impl Iterator<Item = &'a fading::Summary>) -> String {
    let (mut numbers, others): (Vec<&fading::Summary>, Vec<_>) =
        rates.partition(|rate| rate.median.number().is_finite());
    numbers.sort_by(|a, b| a.median.number().total_cmp(&b.median.number()));
    let mut ends: Vec<String> =
        numbers.first().into_iter().chain(numbers.last()).map(|rate| rate.median.shown(words::rate)).collect();
    ends.dedup();
    let range = (!ends.is_empty()).then(|| format!("{} decades/layer", ends.join(" to ")));
    let others: BTreeSet<String> = match (&others[..], range.is_some()) {
        ([only], false) if only.median == Fading::Beyond => [only.note()].into(),
        _ => others.iter().map(|rate| rate.median.shown(words::rate)).collect(),
    };
    range.into_iter().chain(others).collect::<Vec<_>>().join("; ")
}

/// The share of a panel that the labels of the rates take on the left of the data, where the lines have spread.
fn label_room(sheet: &Sheet, rates: &Rates) -> f64 {
    rates.values().map(|rate| share(sheet, &label(sheet, rate))).fold(0.02, f64::max).min(ROOM)
}

/// What the ruler of a measurement has to reach, and what it reaches unless it lies far off.
fn reached(profiles: &Profiles, overlay: &Overlay, (m, column): (usize, &Column)) -> (Vec<f64>, Vec<f64>) {
    let own = || profiles.iter().filter(|((_, n), _)| *n == m);
    let points = || own().map(|(_, points)| points);
    let predicted = own().filter_map(|((key, _), points)| dashed(overlay, key, column, points));
    let predicted = predicted.flatten().map(|(_, y)| y).filter(|y| y.is_finite());
    (medians(points()).into_iter().chain(predicted).collect(), spans(points()))
}

/// Reads the rows of the first or last step, and how many runs are left out of them.
fn snapshots(selection: &Selection, measured: &[&Column], last: bool) -> Result<(Snapshots, usize), FigureError> {
    let columns: Vec<&str> = ["step", "layer"].into_iter().chain(measured.iter().map(|column| column.name)).collect();
    let mut rows = Snapshots::new();
    selection.results.stream("layers.csv", &selection.runs, &columns, |run, row| {
        let Some(step) = row[0] else { return };
        let kept = rows.entry(run).or_insert((step, Vec::new()));
        if (last && step > kept.0) || (!last && step < kept.0) {
            *kept = (step, Vec::new());
        }
        if step == kept.0 {
            kept.1.extend(&row[1..]);
        }
    })?;
    let wild = |v: &Option<f64>| v.is_some_and(|v| !v.is_finite());
    // The last step of a run that diverged is no end of training, finite or not.
    let diverged = |run: usize| last && selection.run(run).status == Status::Diverged;
    let before = rows.len();
    rows.retain(|run, (_, layers)| !diverged(*run) && !layers.iter().any(wild));
    let left_out = before - rows.len();
    Ok((rows, left_out))
}

/// The spread of every metric over the seeds.
fn profiles(selection: &Selection, measured: &[&Column], snapshots: &Snapshots) -> Profiles {
    let mut profiles = Profiles::new();
    for (m, column) in measured.iter().enumerate() {
        let mut layers: BTreeMap<u64, Vec<(usize, f64)>> = BTreeMap::new();
        for (run, (_, table)) in snapshots {
            for row in table.chunks_exact(1 + measured.len()) {
                if let (Some(layer), Some(value)) = (row[0], row[1 + m]) {
                    layers.entry(layer as u64).or_default().push((*run, value));
                }
            }
        }
        let spread = |seeds: Vec<f64>| over_seeds(seeds.into_iter(), column);
        let points = points_at(selection, layers, column.has_geometric_median(), spread);
        profiles.extend(points.into_iter().map(|(key, points)| ((key, m), points)));
    }
    profiles
}

/// Decades by which the first metric lies above its prediction, both over their own last layer: within a run first, and as
/// decades, as an attenuation is.
fn ratios(
    selection: &Selection,
    column: &Column,
    snapshots: &Snapshots,
    overlay: &Overlay,
) -> BTreeMap<GroupKey, Points> {
    let mut layers: BTreeMap<u64, Vec<(usize, f64)>> = BTreeMap::new();
    for (run, (_, table)) in snapshots {
        let Some(predicted) = overlay.get(&selection.key(*run)).and_then(|p| p.by_layer(column.name)) else { continue };
        let measured: Vec<Option<f64>> = table.chunks_exact(2).map(|row| row[1].map(f64::log10)).collect();
        let Some(Some(last)) = measured.last() else { continue };
        for (l, (measured, predicted)) in measured.iter().zip(&predicted).enumerate() {
            let above = measured.map(|m| m - last - predicted).filter(|above| above.is_finite());
            layers.entry(l as u64 + 1).or_default().extend(above.map(|above| (*run, above)));
        }
    }
    points_at(selection, layers, false, |seeds| spread(&seeds))
}

/// A prediction as it is drawn: through the median of the last layer, since theory does not know the level.
fn dashed(overlay: &Overlay, key: &GroupKey, column: &Column, points: &Points) -> Option<Vec<(f64, f64)>> {
    let (_, last) = points.last()?;
    let predicted = overlay.get(key)?.by_layer(column.name)?;
    Some(predicted.iter().enumerate().map(|(l, x)| ((l + 1) as f64, last.median + x)).collect())
}

/// Where another measurement is largest and where smallest.
fn ends(selection: &Selection, column: &Column, profiles: &Profiles, groups: &[Vec<usize>]) -> String {
    let drawn = profiles.iter().filter(|((key, m), _)| *m == 0 && groups.iter().any(|g| g[0] == key.color));
    let values = drawn.flat_map(|((key, _), points)| {
        let place = move |layer: &f64| selection.group_name_with(key, format!("layer {layer}"));
        let telling = points.len() - usize::from(words::is_of_jacobian(column) && points.len() > 1);
        points[..telling].iter().map(move |(layer, spread)| (place(layer), Ending::Value(spread.median)))
    });
    let words = Words { high: "Largest", low: "Smallest", only: "At layer 1", each: "points", lost: "diverged" };
    finding::extremes(&values.collect::<Vec<_>>(), &words, 1.0, |v| finding::measured(v, column))
}

/// The rate of each line where it begins.
fn labels(
    selection: &Selection,
    groups: &[Vec<usize>],
    start: impl Fn(usize) -> Option<(f64, String)>,
) -> Option<Mark> {
    let label = |group: &Vec<usize>| {
        let (value, rate) = start(group[0])?;
        Some((value, rate, selection.look(group[0]).color))
    };
    let labels: Vec<_> = groups.iter().filter_map(label).collect();
    (!labels.is_empty()).then_some(Mark::Labels { x: 1.0, labels })
}
