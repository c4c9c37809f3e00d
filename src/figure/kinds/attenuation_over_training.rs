//! What training makes of the fading: decades of gradient lost per layer against step, a line a variant.

use super::attenuation_by_depth::shows_attenuation;
use super::prelude::*;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    takes_step: false,
    cells: CellsShown::Layers,
    shows: shows_attenuation,
    default: |grid| grid.of_arms("attenuation_over_training"),
    multiples: true,
    ..FigureKind::new("attenuation_over_training")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let course = course(selection)?;
    let lines = &course.lines;
    let (keep, values) = (medians(lines.values()), spans(lines.values()));
    let height = if selection.rows().len() > 2 { 100.0 } else { 140.0 };
    let mut y = Ruler::keeping(&[&keep[..], &[0.0]].concat(), &values, false, height)
        .filter(|_| !lines.is_empty())
        .ok_or_else(|| selection.nothing("a gradient at several layers"))?;
    course.headroom(&mut y);
    let slack = slack(&y, height);
    let groups = coinciding(selection, |color| {
        let own = course.of(()).filter(|(key, _)| key.color == color);
        own.map(|(key, points)| ((key.row, key.column), points, slack)).collect()
    });
    let legend = Legend::of(selection, &groups).lost("diverged", course.ends.len(), selection.runs.len());
    let panel = |panel: GroupKey| {
        let lines = series(selection, &groups, panel, |key| course.lines.get(&(key, ())));
        let crosses = course.crosses(selection, panel, |color| selection.look(color).color);
        [zero_line()].into_iter().chain(lines).chain(crosses).collect()
    };
    let title = ["decades lost per layer", words::DIRECTION];
    let x = (course.x.clone(), course.scale.title());
    let block = Block::new(selection, x, (&y, &title), height, panel);
    let caption = Caption::new(words::spread(selection, "Line", "band", groups.len()))
        .add(true, "A line goes on as long as all of its seeds have a gradient at the first and the last layer.")
        .add(true, joined(&groups, COINCIDE))
        .add(!course.ends.is_empty(), "×: the last recorded step of a run that diverged.")
        .of_probe(selection);
    let sheet = Sheet::new(selection, medium, 3);
    let own = "How much the gradient fades per layer, over training";
    Ok(Chart { caption, ..Chart::new(selection, sheet, own, found(selection, &course), legend, vec![block]) })
}

/// Which fading training changes most.
fn found(selection: &Selection, course: &Course<()>) -> String {
    let ends = |line: &Points| Some((line.first()?.1.median, line.last()?.1.median));
    let changes = course.of(()).filter_map(|(key, line)| Some((key, ends(line)?)));
    // Reversed, since of equal ones the first is to be named.
    let most = changes
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .max_by(|(_, a), (_, b)| (a.1 - a.0).abs().total_cmp(&(b.1 - b.0).abs()));
    most.map_or(String::new(), |(key, (start, end))| {
        let place = selection.place(key);
        let place = if place.is_empty() { String::new() } else { format!(" most for {place}") };
        format!(
            "Training changes the fading{place}: from {} to {} decades per layer.",
            words::rate(start),
            words::rate(end)
        )
    })
}

/// The lines, and the runs that diverged.
fn course(selection: &Selection) -> Result<Course<()>, FigureError> {
    // log10 of the gradient at the lowest and the highest layer, with that layer's number.
    let mut profiles: BTreeMap<(u64, usize), [(f64, f64); 2]> = BTreeMap::new();
    let mut training = Training::default();
    selection.results.stream("layers.csv", &selection.runs, &["step", "layer", "stream_rms"], |run, row| {
        let (Some(step), Some(layer)) = (row[0], row[1]) else { return };
        training.saw(selection, run, step as u64);
        let own = (layer, row[2].unwrap_or(f64::NAN).log10());
        let [first, last] = profiles.entry((step as u64, run)).or_insert([own, own]);
        if layer < first.0 {
            *first = own;
        }
        if layer > last.0 {
            *last = own;
        }
    })?;
    for ((step, run), [first, last]) in profiles {
        let attenuation = (last.1 - first.1) / (last.0 - first.0);
        if attenuation.is_finite() {
            training.add(run, step, (), attenuation);
        }
    }
    Ok(training.course(selection))
}
