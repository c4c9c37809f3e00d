//! What a net of one input makes of it: the gradient of its output, or the output, along the input (Balduzzi et al. 2017, figure 1).

use super::prelude::*;
use crate::columns::{AUTOCORRELATION_END, AUTOCORRELATION_INIT};

/// Of more lines the finding names the ends.
const NAMED: usize = 6;

/// Where lines differ in size by more than this, each is drawn over its own size; also where numbers of this size or its inverse would
/// be all that can be read beside the panels.
const UNLIKE: f64 = 10.0;
const LARGE: f64 = 1e4;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "the gradient of the output with respect to the input, or the output, of a network of one input along it; \
        one line per network, of the first seed; needs [record] along_input = true",
    metric: Some("gradient"),
    x_limits: true,
    limits: true,
    options: &["x_title"],
    over: Over::Never,
    cells: CellsShown::Layers,
    columns: || column_names(columns::ALONG_INPUT),
    of_init: |figure| !figure.is_at_end(),
    recorded: Some(("along_input", "the gradient along the input")),
    shows: |figure, metric| match metric {
        Metric::Run(column) => Shows::if_true(column == autocorrelation(figure).name),
        _ => Shows::Nothing,
    },
    default: |grid| {
        let Roles { color, facet } = grid.of_start();
        let columns = if grid.has_depth() { Some("depth".into()) } else { facet };
        Some(FigureSpec { facet: grid.facets([color, columns]), ..FigureSpec::new("along_input") })
    },
    ..FigureKind::new("along_input")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

/// What tells how alike neighbouring gradients are at the step that a figure shows.
fn autocorrelation(figure: &FigureSpec) -> &'static Column {
    if figure.is_at_end() { &AUTOCORRELATION_END } else { &AUTOCORRELATION_INIT }
}

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let column = selection.measurement()?;
    let Lines { seed, mut lines, left_out } = lines(selection, column)?;
    let sizes = range(lines.values().map(|points| size(points)).filter(|size| *size > 0.0));
    let is_unlike = |(low, high): &(f64, f64)| *high > UNLIKE * low || *high >= LARGE || *high <= 1.0 / LARGE;
    let relative = sizes.filter(is_unlike).filter(|_| selection.spec.limits.is_none());
    if relative.is_some() {
        lines.values_mut().for_each(|points| {
            let size = size(points);
            points.iter_mut().filter(|_| size > 0.0).for_each(|(_, value)| *value /= size);
        });
    }
    let sheet = Sheet::new(selection, medium, 3);
    let ends = range(lines.values().flatten().map(|(x, _)| *x)).ok_or_else(|| selection.no_finite(column))?;
    let x = Ruler::exact(ends.0, ends.1, sheet.room());
    let x = selection.spec.x_limits.map_or(x.clone(), |limits| x.between(limits, sheet.panel()));
    let height = if selection.rows().len() > 2 { 78.0 } else { 104.0 };
    let values: Vec<f64> = lines.values().flatten().map(|(_, value)| *value).collect();
    let y = Ruler::keeping_of(&values, &values, column, height).ok_or_else(|| selection.no_finite(column))?;
    let y = selection.limited(y, height);
    let panel = |panel: GroupKey| -> Vec<Mark> {
        let of = |color: usize| {
            let points = lines.get(&GroupKey { color, ..panel })?.clone();
            let stroke = solid(selection.look(color).color, 0.9);
            Some(Mark::Path { points, stroke, name: Some(selection.color_name(color)) })
        };
        let marks: Vec<Mark> = selection.colors().into_iter().filter_map(of).collect();
        if marks.is_empty() { vec![Mark::Empty("no run of this seed")] } else { marks }
    };
    let over: &[&str] = if relative.is_some() { &["over its root mean square"] } else { &[] };
    let title = [column.words, over].concat();
    let x_title = selection.spec.x_title.as_deref().unwrap_or("input");
    let block = Block::new(selection, (x, x_title), (&y, &title), height, panel);
    let inputs = lines.values().map(Vec::len).max().unwrap_or(0);
    let line = match selection.seeds().as_str() {
        "1 seed" => "one seed (N = 1)".into(),
        seeds => format!("the run of seed {seed} alone, of {seeds}"),
    };
    let caption = Caption::new(format!("Line: {line}, at {inputs} inputs."))
        .add(
            true,
            relative.map_or(String::new(), |(low, high)| {
                let [low, high] = [low, high].map(|size| finding::amount(size, false));
                format!("Root mean squares of the lines: {low} to {high}.")
            }),
        )
        .add(true, words::left_out(left_out))
        .of(selection);
    let own = format!("{}, {}", words::subject(column), words::when(selection.spec.is_at_end()));
    Ok(Chart { caption, ..Chart::new(selection, sheet, &own, found(selection), legend(selection), vec![block]) })
}

/// The root mean square of a line.
fn size(points: &[Spot]) -> f64 {
    let largest = points.iter().fold(0.0, |most: f64, (_, value)| most.max(value.abs()));
    let squares: f64 = points.iter().map(|(_, value)| (value / largest).powi(2)).sum();
    if largest > 0.0 { largest * (squares / points.len() as f64).sqrt() } else { 0.0 }
}

/// Lines without dashes and markers, which noise has no room for.
fn legend(selection: &Selection) -> Legend {
    let colors = selection.color.iter().flat_map(|color| &color.labels);
    let look = |color: usize| Look { dash: &[], ..selection.look(color) };
    let entries = colors.map(|color| (selection.color_name(*color), Sample::Plain(look(*color)))).collect();
    Legend { heading: selection.legend_heading(), entries }
}

/// How alike neighbouring gradients are, over all seeds: of each line, or of many the most and the least.
fn found(selection: &Selection) -> String {
    let column = autocorrelation(selection.spec);
    let diverged = |run: &Run| column.measured == Measured::End && run.status == Status::Diverged;
    let shown = selection.runs.iter().filter(|run| !diverged(selection.run(**run)));
    let values = shown.filter_map(|run| Some((*run, selection.run(*run).value(column.name)?)));
    let median = |seeds: BTreeMap<u64, f64>| over_seeds(seeds.into_values(), column).map(|spread| spread.median);
    let groups = selection.by_seed(values, false).into_iter();
    let groups: Vec<(String, f64)> =
        groups.filter_map(|(key, seeds)| Some((selection.group_name(&key), median(seeds)?))).collect();
    let what = "Correlation of the gradients of neighbouring inputs";
    match &groups[..] {
        [] => String::new(),
        [(name, only)] if name.is_empty() => format!("{what}: {}.", words::rate(*only)),
        few if few.len() <= NAMED => {
            let each: Vec<String> = few.iter().map(|(name, own)| format!("{name}: {}", words::rate(*own))).collect();
            format!("{what}: {}.", each.join("; "))
        }
        _ => {
            let ends = groups.into_iter().map(|(name, own)| (name, Ending::Value(own))).collect::<Vec<_>>();
            let high = format!("{what}, highest");
            let words = Words { high: &high, low: "Lowest", only: what, each: "lines", lost: "diverged" };
            finding::extremes(&ends, &words, 1.0, words::rate)
        }
    }
}

/// What is drawn.
struct Lines {
    /// The one of all runs.
    seed: u64,
    lines: BTreeMap<GroupKey, Vec<Spot>>,
    /// Runs of that seed that diverged, or whose numbers are not finite.
    left_out: usize,
}

/// The run of each group that has the first seed.
fn lines(selection: &Selection, column: &Column) -> Result<Lines, FigureError> {
    let ended = || selection.runs.iter().copied().filter(|run| !selection.run(*run).failed());
    let seed = ended().map(|run| selection.run(run).seed).min().unwrap_or(1);
    let runs: Vec<usize> = ended().filter(|run| selection.run(*run).seed == seed).collect();
    let last = selection.spec.is_at_end();
    let mut found = selection.results.along_input(&runs, column.name, last)?;
    let all = found.len();
    // The last step of a run that diverged is no end of training.
    found.retain(|run, points| {
        points.iter().all(|(_, value)| value.is_finite()) && !(last && selection.run(*run).status == Status::Diverged)
    });
    let left_out = all - found.len();
    let lines = found.into_iter().map(|(run, points)| (selection.key(run), points)).collect();
    Ok(Lines { seed, lines, left_out })
}
