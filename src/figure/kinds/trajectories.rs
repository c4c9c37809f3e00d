//! Where optimizers go: the paths of runs on a function, over its level lines or on its graph.

use super::landscape::{self, Window};
use super::prelude::*;
use crate::data::Function;

const START: Look = Look { color: INK, dash: &[], marker: Marker::Square, hollow: true };
const STEP: Look = Look { color: INK, dash: &[], marker: Marker::Disc, hollow: true };
const MINIMUM: Look = Look { color: INK, dash: &[], marker: Marker::Diamond, hollow: true };

/// Steps that are marked on the longest path.
const MARKED: f64 = 8.0;

/// The recorded points of each run, as far as they are finite, and their steps.
type Paths = BTreeMap<usize, Vec<Spot>>;
type Steps = BTreeMap<usize, Vec<f64>>;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "the paths of runs on a test function: over the level lines of a function of two variables, or on the graph \
        of one of one variable",
    takes_step: false,
    over: Over::Never,
    cells: CellsShown::Planes,
    default_of_functions: |grid| grid.are_planes().then(|| grid.of_functions("trajectories")),
    ..FigureKind::new("trajectories")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let results = selection.results;
    let (mut paths, mut steps) = (Paths::new(), Steps::new());
    let functions: BTreeMap<usize, &Function> =
        selection.runs.iter().filter_map(|run| Some((*run, results.function(*run)?))).collect();
    let variables = functions.values().map(|function| function.start.len()).max().unwrap_or(0).min(2);
    let columns = &["step", "x1", "x2"][..=variables];
    results.stream_thinned("points.csv", &selection.runs, columns, |run, row| {
        let Some((step, point)) = row.split_first() else { return };
        let point: Vec<f64> = point.iter().copied().flatten().collect();
        let spot = functions.get(&run).and_then(|function| landscape::spot(function, &point));
        if let (Some(step), Some(spot)) = (step, spot) {
            paths.entry(run).or_default().push(spot);
            steps.entry(run).or_default().push(*step);
        }
    })?;
    let mut panels: BTreeMap<(usize, usize), (&Function, Vec<usize>)> = BTreeMap::new();
    for run in paths.keys() {
        let GroupKey { row, column, .. } = selection.key(*run);
        panels.entry((row, column)).or_insert((functions[run], Vec::new())).1.push(*run);
    }
    if panels.is_empty() {
        return Err(selection.nothing_to_draw("a path in one or two variables"));
    }
    let names: Vec<&str> = panels.values().map(|(f, _)| f.kind.word()).collect();
    let own = match names.iter().all(|name| *name == names[0]) {
        true => format!("The way down {}", names[0]),
        false => "The way down".to_string(),
    };
    let slots = match (&selection.row, panels.len()) {
        (Some(_), _) => selection.columns().len().min(4),
        (None, n @ 1..=2) => n,
        (None, 4) => 2,
        (None, _) => 3,
    };
    let last = steps.values().flatten().copied().fold(1.0, f64::max);
    let every = nice_step(last / MARKED).max(1.0);
    let plane = |((row, column), (function, runs)): (&(usize, usize), &(&Function, Vec<usize>))| {
        let headings = [heading(&selection.row, *row), heading(&selection.column, *column)];
        let headings: Vec<String> = headings.into_iter().filter(|h| !h.is_empty()).collect();
        let window = landscape::window(function, runs.iter().map(|run| &paths[run]));
        let runs = || runs.iter().map(|run| (*run, &paths[run][..]));
        // Wide enough to be seen around the path that ends in it.
        let minima = landscape::minima(function).into_iter();
        let minima = minima.map(|at| Mark::Symbol { at, radius: 4.2, look: MINIMUM });
        let near = |(x, y): &Spot| {
            let size = (window.0.1 - window.0.0, window.1.1 - window.1.0);
            let close = |(u, v): &Spot| ((u - x) / size.0).abs() < 0.09 && ((v - y) / size.1).abs() < 0.07;
            runs().any(|(_, points)| points.iter().any(close))
        };
        let clear = |mark: Mark| match mark {
            Mark::Note { spots, text } => Mark::Note { spots: spots.into_iter().filter(|s| !near(s)).collect(), text },
            mark => mark,
        };
        let marks = landscape::ground(function, window).into_iter().map(clear);
        let marks =
            marks.chain(runs().flat_map(|(run, points)| path(selection, window, (run, &steps[&run], every), points)));
        let marks = marks.chain(minima);
        let marks = marks.chain(runs().flat_map(|(run, points)| ends(selection, window, run, points))).collect();
        let titles = landscape::titles(function);
        Plane { heading: headings.join(", "), x: window.0, y: window.1, titles, marks }
    };
    let planes = panels.iter().map(plane).collect();
    let endings = Endings::of(selection, columns::known("train_loss"), &selection.runs);
    let finding = endings.finding(selection, "groups of runs");
    let is_any = |n: usize| panels.values().any(|(function, _)| function.start.len() == n);
    let caption = Caption::new(format!("A line is the path of one run, N = {}.", selection.seeds()))
        .add(is_any(2), "Grey: lines of equal value, each √10 times the next, powers of ten darker and named.")
        .add(is_any(1), "Grey: the graph of the function minus its minimum.")
        .add(true, "Coloured marker: the end of a path, or where it leaves the panel.")
        .of(selection);
    let chart = Chart::new(selection, Sheet::with(medium, 1), &own, finding, legend(selection, every), Vec::new());
    Ok(Chart { body: Body::Planes(Planes { slots, planes }), caption, ..chart })
}

fn legend(selection: &Selection, every: f64) -> Legend {
    let colors = selection.color.iter().flat_map(|color| &color.labels);
    let mut entries: Vec<(String, Sample)> =
        colors.map(|c| (selection.color_name(*c), Sample::Line(selection.look(*c)))).collect();
    entries.push(("start".into(), Sample::Mark(START)));
    entries.push(("minimum".into(), Sample::Mark(MINIMUM)));
    entries.push((format!("every {every} steps"), Sample::Mark(STEP)));
    let legend = Legend { heading: selection.legend_heading(), entries };
    legend.lost("diverged", selection.count(Status::Diverged), selection.runs.len())
}

/// The path of a run, with a small ring every so many steps where they do not crowd.
fn path(
    selection: &Selection,
    window: Window,
    (run, steps, every): (usize, &[f64], f64),
    points: &[Spot],
) -> Vec<Mark> {
    let color = selection.key(run).color;
    let look = selection.look(color);
    let shown = shown(selection, window, run, points);
    let name = Some(selection.color_name(color));
    let mut marks = vec![Mark::Path { points: shown.to_vec(), stroke: look.stroke(LINE * 0.8), name }];
    let mut before = points[0];
    for (at, step) in shown.iter().zip(steps) {
        let apart = |a: f64, b: f64, (low, high): (f64, f64)| (a - b) / (high - low);
        let far = apart(at.0, before.0, window.0).hypot(apart(at.1, before.1, window.1)) > 0.03;
        if *step > 0.0 && step % every == 0.0 && far {
            marks.push(Mark::Symbol { at: *at, radius: 1.6, look: Look { color: look.color, ..STEP } });
            before = *at;
        }
    }
    marks
}

/// Of a run that diverged or ends outside only what comes before it leaves the panel: its zigzags would cover all.
fn shown<'a>(selection: &Selection, window: Window, run: usize, points: &'a [Spot]) -> &'a [Spot] {
    let outside = |spot: &Spot| !inside(*spot, window);
    let is_lost = selection.run(run).status == Status::Diverged || points.last().is_some_and(outside);
    match points.iter().position(outside).filter(|_| is_lost) {
        Some(first) => &points[..=first],
        None => points,
    }
}

/// Marks where a run starts and where it ends or leaves the panel.
fn ends(selection: &Selection, window: Window, run: usize, points: &[Spot]) -> Vec<Mark> {
    let shown = shown(selection, window, run, points);
    let (Some(first), Some(left), Some(last)) = (points.first(), shown.last(), points.last()) else {
        return Vec::new();
    };
    let key = selection.key(run);
    let own = selection.run(run);
    let diverged = own.status == Status::Diverged;
    let look = selection.look(key.color);
    let (x, y) = window;
    let at = (left.0.clamp(x.0, x.1), left.1.clamp(y.0, y.1));
    let ends = if diverged { "diverged after" } else { "ends at" };
    let value = own.value("train_loss").map_or(String::new(), |v| format!(", {}", significant(v, 4)));
    let (name, seed) = (selection.color_name(key.color), own.seed);
    let text = format!("{name}, seed {seed}\n{ends} ({}, {}){value}", significant(last.0, 4), significant(last.1, 4));
    let symbol = |radius, look| Mark::Symbol { at, radius, look };
    let start = inside(*first, window).then_some(Mark::Symbol { at: *first, radius: 2.7, look: START });
    let end = match diverged {
        true => vec![symbol(3.2, Look { marker: Marker::Cross, ..look })],
        false => vec![symbol(3.1, Look { color: WHITE, ..look }), symbol(2.5, look)],
    };
    start.into_iter().chain([Mark::Tip { at, text }]).chain(end).collect()
}

fn inside(spot: Spot, (x, y): Window) -> bool {
    (x.0..=x.1).contains(&spot.0) && (y.0..=y.1).contains(&spot.1)
}
