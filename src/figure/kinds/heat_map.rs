//! How a number at the end of the runs depends on two settings: a tile for each pair, one colour scale for all panels.

use super::prelude::*;
use crate::columns::Scale;
use crate::figure::ruler::Unit;
use crate::plan_file::Scale as PlanScale;
use crate::results::Results;
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
    let (Some(_), Some(y)) = (&selection.x, &selection.color) else {
        return Err(FigureError::Selection("a heat_map needs two axes: name them as `x` and `y`".into()));
    };
    let column = selection.measurement()?;
    let specs = spec.side_by_side();
    let parts = specs.iter().map(|spec| Part::new(results, spec, (selection, column, y)));
    let parts = parts.collect::<Result<Vec<Part>, FigureError>>()?;
    let endings = || parts.iter().map(|part| &part.endings);
    let mut shown: Vec<f64> = endings().flat_map(medians).collect();
    let any_best = !shown.is_empty();
    if !any_best {
        shown = endings().flat_map(Endings::values).collect();
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
    let ruler = ruler.ok_or_else(|| selection.no_finite(column))?;
    let ruler = selection.limited(ruler, bar_height(rows, height));
    // Fading and growth have the colours that they have in all maps.
    let fades = column.is_fading().then_some(Fades::Above);
    let colors = ColorBar { fades, ..ColorBar::new(ruler, column, &shown) };
    let theory = if spec.theory { Some(results.theory()?) } else { None };
    let sheet = match parts.len() {
        1 => Sheet::new(selection, medium, 3),
        several => Sheet::with(medium, several),
    };
    let is_fine = parts.iter().any(|part| part.x.labels.len() * y.labels.len() > Tiles::NUMBERED);
    let up = Side::new(selection, y, is_fine, (&sheet, height));
    let across: Vec<Side> =
        parts.iter().map(|p| Side::new(selection, &p.x, is_fine, (&sheet, sheet.panel()))).collect();
    let panel = |own: usize, panel: GroupKey| {
        let (Part { selection, endings, x }, sides) = (&parts[own], (&across[own], &up));
        let scale = |other: usize| depth_scale(selection, theory.as_ref()?, panel, x, other);
        let lines = if spec.theory { depth_lines((x, y), sides, scale) } else { Vec::new() };
        let tiles = tiles((selection, endings), (x, y), sides, panel, &colors);
        // On a fine map a best tile is one of many as good.
        let best = if is_fine { Vec::new() } else { tiles.best };
        vec![Mark::Tiles(Tiles { lines, line_name: format!("{SCALES} ξ"), best, ..tiles })]
    };
    let y_title = [names::axis_title(&y.axis.name)];
    let x_title = |own: usize| match parts.len() {
        1 => places::title(selection),
        _ => names::axis_title(&parts[own].x.axis.name),
    };
    let first = (across[0].ruler.clone(), &*x_title(0));
    let block = Block::new(selection, first, (&up.ruler, &y_title), height, |key| panel(0, key));
    let mut block = Block { ruled: false, ..block };
    for (own, side) in across.iter().enumerate().skip(1) {
        block.further.push((side.ruler.clone(), x_title(own)));
        block.strips[0].panels.push(panel(own, GroupKey::PANEL));
    }
    let maps = || {
        let marks = block.strips.iter().flat_map(|strip| strip.panels.iter().flatten());
        marks.filter_map(|mark| if let Mark::Tiles(map) = mark { Some(map) } else { None })
    };
    let drawn = maps().any(|map| !map.lines.is_empty());
    let has_gaps = maps().flat_map(|map| &map.tiles).any(|tile| tile.lost == TileLost::Missing);
    let several = match rows * selection.columns().len() * parts.len() {
        _ if !others.is_empty() => ", the same scale in all maps of it",
        1 => "",
        _ => words::SAME_SCALE,
    };
    let six = "Dashed: six times the depth scale ξ of the init, the predicted limit of depths that can be trained (Schoenholz et al. 2017).";
    let fates: BTreeSet<&str> = endings().filter(|own| own.lost > 0).map(|own| own.fate.as_str()).collect();
    let fates = fates.into_iter().collect::<Vec<_>>().join(" or ");
    let lost = format!("×: {fates}, counted as the worst in the median; in a corner: some seeds.");
    let held = parts
        .iter()
        .filter(|_| parts.len() > 1)
        .map(|part| format!("Along {}: {}.", names::axis(&part.x.axis.name), part.selection.fixed.join(", ")));
    let held = held.collect::<Vec<_>>().join(" ");
    let caption = |shown_as: &str| {
        Caption::new(format!("{shown_as}: {}{several}.", words::median(selection)))
            .add(
                any_best && column.sign().is_some() && !is_fine,
                "Outlined: the best of a panel, or several that read the same.",
            )
            .add(!fates.is_empty(), &lost)
            .add(true, &parts[0].endings.undefined)
            .add(true, &held)
            .add(drawn, six)
            .add(spec.theory && !drawn, "No depth scale: it is known only for plain nets.")
            .add(column.is_log() && shown.contains(&f64::NEG_INFINITY), "Pink: exactly zero.")
            .add(has_gaps, "Line across a tile: no value.")
            .add(selection.count(Status::Failed) > 0, "!: all runs failed.")
            .add(colors.off.is_some(), words::BEYOND_SCALE)
            .of(selection)
    };
    let said = parts.iter().flat_map(|part| part.endings.medians(&part.selection)).collect::<Vec<_>>();
    let unlike = parts.iter().find(|part| part.endings.unlike).unwrap_or(&parts[0]);
    let finding = unlike.endings.finding_of(&said, "tiles");
    let own = words::at_the_end(selection, column);
    let mut chart = Chart::new(selection, sheet, &own, finding, Legend::default(), vec![block]);
    if let Body::Grid(grid) = &mut chart.body
        && parts.len() > 1
    {
        grid.columns = vec![String::new(); parts.len()];
    }
    let (caption, caption_without_numbers) = (caption("Colour and number"), Some(caption("Colour")));
    Ok(Chart { caption, caption_without_numbers, ..chart.colors(colors) })
}

/// One of the maps that stand side by side, or the only selection.
struct Part<'a> {
    selection: Selection<'a>,
    endings: Endings,
    x: Used<'a>,
}

impl<'a> Part<'a> {
    fn new(
        results: &'a Results,
        spec: &'a FigureSpec,
        (of, column, y): (&Selection, &'static Column, &Used),
    ) -> Result<Self, FigureError> {
        let selection = Selection::new(results, spec, of.kind)?;
        let of_y = selection.color.as_ref().is_some_and(|used| used.labels == y.labels);
        let Some(x) = selection.x.clone().filter(|_| of_y) else {
            return Err(FigureError::Selection("maps side by side need the same labels along y".into()));
        };
        Ok(Part { endings: Endings::of(&selection, column, &selection.runs), selection, x })
    }
}

/// Where the tiles of an axis lie: of each of its labels where it begins, its middle and its end.
struct Side {
    ruler: Ruler,
    tiles: Vec<[f64; 3]>,
}

impl Side {
    /// One by one under their names or, of numbers in a fine map, by value.
    fn new(selection: &Selection, used: &Used, is_fine: bool, (sheet, length): (&Sheet, f64)) -> Side {
        let scale = places::scale(selection, used.axis);
        let value = |label: &usize| {
            let number = used.axis.labels[*label].parse::<f64>().ok()?;
            Some(if scale == PlanScale::Log { number.log10() } else { number }).filter(|value| value.is_finite())
        };
        let values = used.labels.iter().map(value).collect::<Option<Vec<f64>>>();
        let values = values.filter(|values| is_fine && scale != PlanScale::Category && values.len() > 1);
        let Some(values) = values else {
            let one = |i: usize| [i as f64 - 0.5, i as f64, i as f64 + 0.5];
            let ruler = Ruler::categories(used.labels.iter().map(|label| sheet.row_name(&used.shown(*label))));
            return Side { ruler, tiles: (0..used.labels.len()).map(one).collect() };
        };
        let tiles: Vec<[f64; 3]> = values.iter().map(|own| reach(&values, *own)).collect();
        let (low, high) = range(tiles.iter().flat_map(|[low, _, high]| [*low, *high])).unwrap_or((0.0, 1.0));
        let room = (length / 40.0) as usize;
        let ruler =
            if scale == PlanScale::Log { Ruler::log_within(low, high, room) } else { Ruler::exact(low, high, room) };
        Side { ruler, tiles }
    }
}

/// From half way to the value below to half way to the one above; at an end as far as on the other side.
fn reach(values: &[f64], own: f64) -> [f64; 3] {
    let below = values.iter().copied().filter(|v| *v < own).max_by(f64::total_cmp).map(|v| (own - v) / 2.0);
    let above = values.iter().copied().filter(|v| *v > own).min_by(f64::total_cmp).map(|v| (v - own) / 2.0);
    [own - below.or(above).unwrap_or(0.5), own, own + above.or(below).unwrap_or(0.5)]
}

/// The medians that are not lost.
fn medians(endings: &Endings) -> Vec<f64> {
    endings.groups.values().filter_map(|seeds| seeds.median.value()).collect()
}

/// Along x and upwards: places, or labels.
type Pair = (usize, usize);

/// The tiles of one panel, column by column from below.
fn tiles(
    (selection, endings): (&Selection, &Endings),
    (x, y): (&Used, &Used),
    (across, up): (&Side, &Side),
    panel: GroupKey,
    colors: &ColorBar,
) -> Tiles {
    let labels = || x.labels.iter().enumerate().flat_map(|x| y.labels.iter().enumerate().map(move |y| (x, y)));
    let known = labels().filter_map(|((i, x), (j, y))| {
        Some(((i, j), (*x, *y), endings.groups.get(&GroupKey { x: *x, color: *y, ..panel })?))
    });
    let known: Vec<(Pair, Pair, &Seeds)> = known.collect();
    let sign = endings.column.sign();
    let worth = |(i, (_, _, seeds)): (usize, &(_, _, &Seeds))| Some((i, sign? * seeds.median.value()?));
    let said = |i: usize| known[i].2.median.value().map(|median| finding::measured(median, endings.column));
    let corners = |(i, j): Pair| {
        let ([left, _, right], [low, _, high]) = (across.tiles[i], up.tiles[j]);
        ((left, low), (right, high))
    };
    let first = known.iter().enumerate().filter_map(worth).max_by(|(_, a), (_, b)| a.total_cmp(b));
    let best = first.map_or(Vec::new(), |(first, _)| (0..known.len()).filter(|i| said(*i) == said(first)).collect());
    let tile = |(place, (x_label, y_label), seeds): &(Pair, Pair, &Seeds)| {
        let (color, told) = shade(seeds.median, colors);
        let (low, high) = corners(*place);
        Tile {
            low,
            high,
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
        let (low, high) = corners((i, j));
        (!endings.groups.contains_key(&key)).then(|| Tile {
            low,
            high,
            color: WHITE,
            told: format!("{}, {}: {}", x.shown(*x_label), y.shown(*y_label), if failed { "failed" } else { "no run" }),
            number: None,
            lost: if failed { TileLost::Failed } else { TileLost::Missing },
        })
    };
    let tiles = known.iter().map(tile).chain(labels().filter_map(empty)).collect();
    Tiles { tiles, best, ..Tiles::default() }
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
fn depth_lines(
    (x, y): (&Used, &Used),
    (horizontal, vertical): (&Side, &Side),
    scale: impl Fn(usize) -> Option<f64>,
) -> Vec<Vec<Spot>> {
    let across = x.axis.name == "depth";
    let (depths, others) = if across { (x, y) } else { (y, x) };
    let (of_depths, of_others) = if across { (horizontal, vertical) } else { (vertical, horizontal) };
    let values: Vec<f64> = depths.labels.iter().filter_map(|l| depths.axis.labels[*l].parse().ok()).collect();
    if values.len() < depths.labels.len() || values.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Vec::new();
    }
    let point = |(i, label): (usize, &usize)| {
        let (depth, Ruler { low, high, unit, .. }) = (SCALES * scale(*label)?, &of_depths.ruler);
        let depth = match unit {
            Unit::Log10 | Unit::Value => of_depths.ruler.place_of(depth).min(2.0 * high - low),
            _ => place(&values, depth),
        };
        let middle = of_others.tiles[i][1];
        Some(if across { (depth, middle) } else { (middle, depth) })
    };
    let points: Vec<Option<Spot>> = others.labels.iter().enumerate().map(point).collect();
    unbroken(&points)
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
