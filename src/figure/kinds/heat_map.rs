//! How a number at the end of the runs depends on two settings: a tile for each pair, one colour scale for all panels.

use super::prelude::*;
use crate::columns::Scale;
use crate::results::theory::Theory;
use crate::table::number;

/// Least height of a tile, and of one that a line crosses.
const TILE: f64 = 17.0;
const CROSSED: f64 = 27.0;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "a column of runs.csv over two axes",
    metric: Some("train_loss"),
    scales: true,
    limits: true,
    options: &["x_title"],
    x: AlongX::TwoAxes,
    color: ColorBy::Taken,
    columns: || column_names(columns::OUTCOMES),
    of_init: is_of_init,
    theory: Predicts::DepthScale,
    shows: Shows::ending,
    ..FigureKind::new("heat_map")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let (results, spec) = (selection.results, selection.spec);
    let (Some(x), Some(y)) = (&selection.x, &selection.color) else {
        return Err(FigureError::Selection("a heat_map needs two axes: name them as `x` and `y`".into()));
    };
    let column = selection.measurement()?;
    let endings = Endings::of(selection, column, &selection.runs);
    let mut shown = medians(&endings);
    let any_best = !shown.is_empty();
    if !any_best {
        shown = endings.values();
    }
    // Maps of one measurement are read beside each other, so they share their colours.
    let same = |other: &&FigureSpec| other.kind == spec.kind && other.metric == spec.metric && *other != spec;
    let others: Vec<&FigureSpec> = results.plan.figures.iter().filter(same).collect();
    for other in &others {
        let other = Selection::new(results, other, selection.kind)?;
        shown.extend(medians(&Endings::of(&other, column, &other.runs)));
    }
    let tile = if spec.theory { CROSSED } else { TILE };
    let height = (tile * y.labels.len() as f64).clamp(60.0, 240.0);
    let rows = selection.rows().len();
    let ruler = Ruler::colors(&shown, column, bar_height(rows, height));
    let ruler = ruler.ok_or_else(|| selection.nothing(&format!("a finite {}", column.name)))?;
    let ruler = selection.limited(ruler, bar_height(rows, height));
    let colors = ColorBar::new(ruler, column, &shown);
    let theory = if spec.theory { Some(results.theory()?) } else { None };
    let name = |used: &Used, label: usize| text::fit(&used.shown(label), TICK, Weight::Regular, 90.0);
    let labels = |used: &Used| Ruler::categories(used.labels.iter().map(|l| name(used, *l)));
    let (across, up) = (labels(x), labels(y));
    let panel = |panel: GroupKey| {
        let scale = |other: usize| depth_scale(selection, theory.as_ref()?, panel, x, other);
        let lines = if spec.theory { depth_lines((x, y), scale) } else { Vec::new() };
        let tiles = tiles(selection, &endings, (x, y), panel, &colors);
        vec![Mark::Tiles(Tiles { lines, line_name: format!("{SCALES} ξ"), ..tiles })]
    };
    let title = places::title(selection);
    let y_title = [names::axis_title(&y.axis.name)];
    let block = Block::new(selection, (across, &title), (&up, &y_title), height, panel);
    let block = Block { ruled: false, ..block };
    let drawn = block.strips.iter().flat_map(|strip| strip.panels.iter().flatten());
    let drawn = drawn.clone().any(|mark| matches!(mark, Mark::Tiles(tiles) if !tiles.lines.is_empty()));
    let several = match rows * selection.columns().len() {
        _ if !others.is_empty() => ", the same scale in all maps of it",
        1 => "",
        _ => ", the same scale in all panels",
    };
    let six =
        "Dashed: six times the depth scale ξ of the init, up to which nets can be trained (Schoenholz et al. 2017).";
    let lost = format!("×: {}, counted as the worst in the median; in a corner: some seeds.", endings.fate);
    let caption = |shown_as: &str| {
        Caption::new(format!("{shown_as}: {}{several}.", words::median(selection)))
            .add(any_best && column.sign().is_some(), "Outlined: the best of a panel.")
            .add(endings.groups.values().any(|seeds| seeds.lost() > 0), &lost)
            .add(true, &endings.undefined)
            .add(drawn, six)
            .add(spec.theory && !drawn, "No depth scale: it is known only for plain nets.")
            .add(column.is_log() && shown.contains(&f64::NEG_INFINITY), "Pink: exactly zero.")
            .add(selection.count(Status::Failed) > 0, "!: all runs failed.")
            .add(colors.off.is_some(), "▲: the largest value, beyond the scale.")
            .of(selection)
    };
    let (sheet, finding) = (Sheet::new(selection, medium, 3), endings.finding(selection, "tiles"));
    let own = words::at_the_end(column);
    let chart = Chart::new(selection, sheet, &own, finding, Legend::default(), vec![block]);
    let (caption, caption_without_numbers) = (caption("Colour and number"), Some(caption("Colour")));
    Ok(Chart { caption, caption_without_numbers, ..chart.colors(colors) })
}

/// The medians that are not lost.
fn medians(endings: &Endings) -> Vec<f64> {
    endings.groups.values().filter_map(|seeds| seeds.median.value()).collect()
}

/// The tiles of one panel, column by column from below.
fn tiles(
    selection: &Selection,
    endings: &Endings,
    (x, y): (&Used, &Used),
    panel: GroupKey,
    colors: &ColorBar,
) -> Tiles {
    let labels = || x.labels.iter().enumerate().flat_map(|x| y.labels.iter().enumerate().map(move |y| (x, y)));
    let known = labels().filter_map(|((i, x), (j, y))| {
        Some(((i as f64, j as f64), (*x, *y), endings.groups.get(&GroupKey { x: *x, color: *y, ..panel })?))
    });
    let known: Vec<(Spot, (usize, usize), &Seeds)> = known.collect();
    let sign = endings.column.sign();
    let worth = |(i, (_, _, seeds)): (usize, &(Spot, (usize, usize), &Seeds))| Some((i, sign? * seeds.median.value()?));
    let best = known.iter().enumerate().filter_map(worth).max_by(|(_, a), (_, b)| a.total_cmp(b));
    let tile = |((i, j), (x_label, y_label), seeds): &(Spot, (usize, usize), &Seeds)| {
        let (color, told) = shade(seeds.median, colors);
        Tile {
            low: (i - 0.5, j - 0.5),
            high: (i + 0.5, j + 0.5),
            color,
            told: format!("{}, {}: {told}", x.shown(*x_label), y.shown(*y_label)),
            number: seeds.median.value().map(|median| short(median, endings.column)),
            lost: match seeds.median {
                Ending::Lost => TileLost::Median,
                _ if seeds.lost() > 0 => TileLost::Some,
                _ => TileLost::Nothing,
            },
        }
    };
    let empty = |((i, x_label), (j, y_label)): ((usize, &usize), (usize, &usize))| {
        let key = GroupKey { x: *x_label, color: *y_label, ..panel };
        let mut runs = selection.runs.iter().filter(|run| selection.key(**run) == key).peekable();
        let failed = runs.peek().is_some() && runs.all(|run| selection.run(*run).failed());
        let (i, j) = (i as f64, j as f64);
        (!endings.groups.contains_key(&key)).then(|| Tile {
            low: (i - 0.5, j - 0.5),
            high: (i + 0.5, j + 0.5),
            color: WHITE,
            told: format!("{}, {}: {}", x.shown(*x_label), y.shown(*y_label), if failed { "failed" } else { "no run" }),
            number: None,
            lost: if failed { TileLost::Failed } else { TileLost::Missing },
        })
    };
    let tiles = known.iter().map(tile).chain(labels().filter_map(empty)).collect();
    Tiles { tiles, best: best.map(|(i, _)| i), ..Tiles::default() }
}

/// The colour of a median, and what it says.
fn shade(median: Ending, colors: &ColorBar) -> (Color, String) {
    match median {
        Ending::Lost => (MISSING, "the worst".into()),
        Ending::Value(f64::NEG_INFINITY) => (ZERO, "0".into()),
        Ending::Value(median) => (colors.color(median), colors.ruler.reading(median)),
    }
}

/// How many depth scales a net may have layers.
const SCALES: f64 = 6.0;

/// xi_c of the nets at one label of the axis that is not the depth, in a panel.
fn depth_scale(selection: &Selection, theory: &Theory, panel: GroupKey, x: &Used, other: usize) -> Option<f64> {
    let here = |key: &GroupKey| {
        let label = if x.axis.name == "depth" { key.color } else { key.x };
        (key.row, key.column, label) == (panel.row, panel.column, other)
    };
    let runs = selection.runs.iter().filter(|run| here(&selection.key(**run)));
    runs.filter_map(|run| theory.get(&selection.run(*run).labels)?.as_ref().ok()?.correlation_depth).next()
}

/// The line at so many depth scales, from the middle of one label to that of the next; whether there is one.
fn depth_lines((x, y): (&Used, &Used), scale: impl Fn(usize) -> Option<f64>) -> Vec<Vec<Spot>> {
    let across = x.axis.name == "depth";
    let (depths, others) = if across { (x, y) } else { (y, x) };
    let values: Vec<f64> = depths.labels.iter().filter_map(|l| depths.axis.labels[*l].parse().ok()).collect();
    if values.len() < depths.labels.len() || values.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Vec::new();
    }
    let point = |(i, label): (usize, &usize)| {
        let depth = place(&values, SCALES * scale(*label)?);
        Some(if across { (depth, i as f64) } else { (i as f64, depth) })
    };
    let points: Vec<Option<Spot>> = others.labels.iter().enumerate().map(point).collect();
    let pieces = points.split(Option::is_none).map(|piece| piece.iter().copied().flatten().collect::<Vec<Spot>>());
    pieces.filter(|line| line.len() > 1).collect()
}

/// Where a depth stands among the places 0, 1, ... of these depths: by its logarithm between neighbours, and no further out than
/// the edge of the last tile.
fn place(depths: &[f64], depth: f64) -> f64 {
    let last = depths.len() - 1;
    let i = depths.partition_point(|d| *d <= depth).clamp(1, last.max(1)) - 1;
    let Some(next) = depths.get(i + 1) else { return 0.0 };
    let share = (depth / depths[i]).ln() / (next / depths[i]).ln();
    (i as f64 + share).clamp(-0.5, last as f64 + 0.5)
}

/// A median in two digits.
fn short(median: f64, column: &Column) -> String {
    let value = match column.scale {
        Scale::Share => return finding::measured(median, column),
        Scale::Log => 10f64.powf(median),
        Scale::Linear => median,
    };
    minus(&number(format!("{value:.1e}").parse().unwrap_or(value)))
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_depth_stands_between_its_neighbours_by_its_logarithm() {
        let depths = [5.0, 10.0, 20.0, 40.0, 80.0];
        for (depth, expected) in
            [(10.0, 1.0), (20f64.sqrt() * 40f64.sqrt(), 2.5), (80.0, 4.0), (f64::INFINITY, 4.5), (1.0, -0.5)]
        {
            assert!((place(&depths, depth) - expected).abs() < 1e-12, "{depth}");
        }
        assert_eq!(place(&[7.0], 100.0), 0.0);
    }
}
