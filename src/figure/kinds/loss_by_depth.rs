//! The loss at the end (or another number of a run) against depth, a dot a seed, a line through medians.

use super::prelude::*;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "the final loss, or another column of runs.csv, against depth or another axis",
    metric: Some("train_loss"),
    x_scales: AXIS_SCALES,
    scales: true,
    limits: true,
    options: &["x_title", "reference"],
    x: AlongX::Axis("depth"),
    columns: || column_names(columns::OUTCOMES),
    of_init: is_of_init,
    shows: Shows::ending,
    default,
    multiples: true,
    ..FigureKind::new("loss_by_depth")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

/// Against depth, or where that is fixed against the learning rate.
fn default(grid: &Defaults) -> Option<FigureSpec> {
    let spec = FigureSpec::new(FACTS.word);
    if grid.has_depth() {
        let Roles { color, facet } = grid.of_training();
        let rest = |name: &&str| *name == "optimizer" && ![&color, &facet].contains(&&Some(name.to_string()));
        let second = grid.others().into_iter().find(rest).map(String::from);
        let facet = grid.facets([facet, second]);
        return Some(FigureSpec { x: Some("depth".into()), tune: grid.tune.clone(), color, facet, ..spec });
    }
    let (rates, rest): (Vec<&str>, Vec<&str>) = grid.others().into_iter().partition(|name| *name == "optimizer.lr");
    let rate = rates.first().filter(|rate| grid.is_number(rate))?.to_string();
    let Roles { color, facet } = grid.pick(&rest);
    let facet = grid.facets([facet, None]);
    Some(FigureSpec { name: Some("loss_by_learning_rate".into()), x: Some(rate), color, facet, ..spec })
}

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let column = selection.measurement()?;
    let endings = Endings::of(selection, column, &selection.runs);
    let height = if selection.rows().len() > 2 { 100.0 } else { 126.0 };
    let guess = guessing(selection, column);
    let all = endings.values();
    // A loss is seen against guessing; an accuracy where that is in sight.
    let beside = guess.iter().filter(|_| column.quantity == Quantity::Loss && !all.is_empty()).flat_map(Guess::all);
    let beside: Vec<f64> = beside.collect();
    let x = places::along(selection);
    let references = References::over_axis(selection, column, &x);
    let heights: Vec<f64> = references.heights().collect();
    let y = Ruler::keeping_of(&heights, &all.into_iter().chain(beside).collect::<Vec<_>>(), column, height)
        .ok_or_else(|| selection.no_finite(column))?;
    let mut y = selection.limited(y, height);
    let guess = guess.and_then(|guess| guess.on(&y));
    // Crosses of one place stack up in a strip of their own at the edge, so that they can be counted.
    let stack = endings.groups.values().map(|seeds| seeds.lost()).max().unwrap_or(0);
    let strip = (Dots::CROSS * stack as f64 + 4.0).min(Dots::SHARE * height);
    let edge = (stack > 0).then(|| y.add_strip(endings.lost_at(), strip, height));

    let legend = Legend::of(selection, &selection.each_color()).line(named(guess.iter()), GUESSING);
    let legend = legend.lost(&endings.fate, endings.lost, selection.runs.len());
    let x_title = places::title(selection);
    let legend = references.named(legend);
    let medians = medians(selection, &endings, &x);
    let panel = |panel: GroupKey| {
        let dots = Mark::Dots(dots(selection, &endings, &x, panel));
        let edge = edge.map(|y| Mark::Across { y, stroke: solid(EDGE, THIN) });
        let grey = context(selection, panel, |key| medians.get(&key));
        guess_line(guess.as_ref().and_then(|guess| guess.at(panel)))
            .into_iter()
            .chain(edge)
            .chain(grey)
            .chain([dots])
            .chain(references.of(panel))
            .collect()
    };
    let block = Block::new(selection, (x.clone(), &x_title), (&y, column.words), height, panel);
    let finding = endings.finding(selection, "cells");
    let sheet = Sheet::new(selection, medium, 5);
    let fate = &endings.fate;
    let lost =
        format!("×: {fate}, counted as the worst value in the median; a line ends where its median is such a run.");
    let line = if places::are_joined(selection) { "line" } else { "bar" };
    let grey = selection.has_context() && places::are_joined(selection);
    let is_dense = endings.groups.values().any(|seeds| seeds.runs.len() > Dots::MANY);
    let dot = if is_dense { "Violin: the density of the runs" } else { "Dot: one run" };
    let caption = Caption::new(format!("{dot}; {line}: {}.", words::median(selection)))
        .add(grey, "Grey: the medians of the other panels of the row.")
        .add(selection.colors().len() > 1, "At each place the series stand side by side.")
        .add(endings.lost > 0, lost)
        .add(true, &endings.undefined)
        .add(y.floor.is_some(), words::FLOOR)
        .add(true, references.outside(&y))
        .of(selection);
    Ok(Chart {
        caption,
        ..Chart::new(selection, sheet, &words::at_the_end(selection, column), finding, legend, vec![block])
    })
}

fn dots(selection: &Selection, endings: &Endings, x: &Ruler, panel: GroupKey) -> Dots {
    let places: Vec<f64> = x.ticks.iter().map(|tick| tick.at).collect();
    let labels = Selection::labels(&selection.x);
    let stack = |color: usize, (label, place): (&usize, &f64)| {
        let seeds = endings.groups.get(&GroupKey { color, x: *label, ..panel })?;
        let runs = seeds.runs.iter().map(|(seed, ending)| (*seed, *ending)).collect();
        Some(Stack { x: *place, runs, spread: seeds.spread })
    };
    let series = |color: usize| DotSeries {
        look: selection.look(color),
        name: selection.color_name(color),
        stacks: labels.iter().zip(&places).filter_map(|place| stack(color, place)).collect(),
    };
    let series = selection.colors().into_iter().map(series).collect();
    Dots { gap: places::gap(&places), series, lost_at: endings.lost_at(), joined: places::are_joined(selection) }
}

/// The medians along x of each series; the `x` of a key is 0.
fn medians(selection: &Selection, endings: &Endings, x: &Ruler) -> BTreeMap<GroupKey, Points> {
    let mut medians: BTreeMap<GroupKey, Points> = BTreeMap::new();
    for (label, tick) in Selection::labels(&selection.x).into_iter().zip(&x.ticks) {
        for (key, seeds) in endings.groups.iter().filter(|(key, _)| key.x == label) {
            medians.entry(key.without_x()).or_default().push((tick.at, seeds.spread));
        }
    }
    medians
}
