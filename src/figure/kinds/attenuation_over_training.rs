//! What training makes of the fading: decades of gradient lost per layer against step, a line a variant.

use super::attenuation_by_depth::shows_attenuation;
use super::prelude::*;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "decades of gradient lost per layer against step",
    x_scales: STEP_SCALES,
    x_limits: true,
    limits: true,
    takes_step: false,
    cells: CellsShown::Layers,
    shows: shows_attenuation,
    default: |grid| grid.of_tuned_arms("attenuation_over_training"),
    multiples: true,
    ..FigureKind::new("attenuation_over_training")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let Faded { arriving, mut course, ends } = faded(selection)?;
    let fadings = || arriving.values().flatten().map(|(_, summary)| summary);
    let keep: Vec<f64> = fadings().map(|s| s.median.number()).chain([0.0]).collect();
    let values: Vec<f64> = fadings().flat_map(|s| [s.low, s.high]).collect();
    let height = if selection.rows().len() > 2 { 100.0 } else { 140.0 };
    let y = Ruler::keeping(&keep, &values, false, height).filter(|_| !arriving.is_empty());
    let y = y.ok_or_else(|| selection.nothing_to_draw("a gradient at several layers"))?;
    let mut y = selection.limited(y, height);
    course.headroom(&mut y);
    let edge = beyond::strip(&arriving, &mut y, height);
    course.lines = beyond::points(&arriving, edge).into_iter().map(|(key, points)| ((key, ()), points)).collect();
    let slack = slack(&y, height);
    let groups = coinciding(selection, |color| {
        let own = course.of(()).filter(|(key, _)| key.color == color);
        own.map(|(key, points)| ((key.row, key.column, beyond::told(&arriving[key])), points, slack)).collect()
    });
    let legend = Legend::of(selection, &groups).lost("diverged", course.ends.len(), selection.runs.len());
    let panel = |panel: GroupKey| {
        let lines = series(selection, &groups, panel, |key| course.lines.get(&(key, ())));
        let beyond = beyond::marks(selection, &arriving, &groups, panel, edge);
        let crosses = course.crosses(selection, panel, |color| selection.look(color).color);
        [zero_line()].into_iter().chain(lines).chain(beyond).chain(crosses).collect()
    };
    let title = ["decades lost per layer", words::DIRECTION];
    let x = (course.x.clone(), course.scale.title());
    let block = Block::new(selection, x, (&y, &title), height, panel);
    let caption = Caption::new(words::spread(selection, "Line", "band", groups.len()))
        .add(true, course.lasting())
        .add(ends, "A line ends where a seed has no gradient at the last layer.")
        .add(true, joined(&groups, COINCIDE))
        .add(
            true,
            overlaid(selection, &groups, |key| {
                course.lines.get(&(key, ())).map(|line| (line, slack)).into_iter().collect()
            }),
        )
        .add(selection.is_by_norm(), words::BY_NORM)
        .add(true, beyond::caption(&arriving, "layer"))
        .add(true, course.crossed("the last recorded step"))
        .add(selection.has_time(), words::LAST_TIME)
        .of_probe(selection);
    let sheet = Sheet::new(selection, medium, 3);
    let own = "How much the gradient fades per layer, over training";
    Ok(Chart {
        caption,
        ..Chart::new(selection, sheet, own, found(selection, &arriving, &groups, &course), legend, vec![block])
    })
}

/// Which fading training changes most, of lines that none of their runs leaves early, and how many gradients do not arrive after it.
fn found(selection: &Selection, lines: &beyond::Lines, groups: &[Vec<usize>], course: &Course<()>) -> String {
    // The last recorded step of a run that diverged is no end of training.
    let diverged: BTreeSet<GroupKey> = course.ends.iter().map(|(run, _)| selection.key(*run)).collect();
    let change = |(key, line): (&GroupKey, &Vec<(f64, fading::Summary)>)| {
        let group = groups.iter().find(|group| group[0] == key.color)?;
        let ends = [line.first()?, line.last()?].map(|(_, summary)| summary.median.number());
        let is_known = !diverged.contains(key) && ends.iter().all(|lost| lost.is_finite());
        is_known.then(|| (selection.place_of(key, group), ends))
    };
    let changes: Vec<(String, [f64; 2])> = lines.iter().filter_map(change).collect();
    let size = |[start, end]: [f64; 2]| words::rate((end - start).abs());
    let most = changes.iter().map(|(_, [start, end])| (end - start).abs()).fold(0.0, f64::max);
    let equal: Vec<&(String, [f64; 2])> = changes.iter().filter(|(_, ends)| size(*ends) == words::rate(most)).collect();
    let place = finding::few(equal.iter().map(|(name, _)| name.as_str()), changes.len(), "lines");
    let place = if place.is_empty() { String::new() } else { format!(" most for {place}") };
    let grows = equal.iter().all(|(_, ends)| ends.iter().all(|lost| *lost < 0.0));
    let (what, sign) = if grows { ("growth", -1.0) } else { ("fading", 1.0) };
    let read = |ends: [f64; 2]| ends.map(|lost| words::rate(sign * lost));
    let said = match equal[..] {
        [(_, ends), ..] if size(*ends) != words::rate(0.0) => {
            match equal.iter().all(|own| read(own.1) == read(*ends)) {
                true => {
                    let [start, end] = read(*ends);
                    let below = if !grows && ends.iter().any(|lost| *lost < 0.0) { " (below 0 it grows)" } else { "" };
                    format!("Training changes the {what}{place}: from {start} to {end} decades per layer{below}.")
                }
                false => format!("Training changes the {what}{place}: by {} decades per layer.", words::rate(most)),
            }
        }
        _ => String::new(),
    };
    let ends = lines.iter().filter_map(|(key, line)| Some((key, &line.last()?.1)));
    let none = beyond::finding(selection, ends, ("lines at the end", "layer"));
    [said, none].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The gradient of a run at a step: at the lowest layer, at the lowest that has one, and at the highest.
struct Passage {
    layers: (f64, f64),
    sizes: [f64; 3],
}

struct Faded {
    /// What is lost along each line.
    arriving: beyond::Lines,
    /// The steps and the runs that diverged; its lines follow when the scale is known.
    course: Course<()>,
    /// Whether a line ends since a seed has no gradient at the last layer.
    ends: bool,
}

fn faded(selection: &Selection) -> Result<Faded, FigureError> {
    let mut passages: BTreeMap<(u64, usize), Passage> = BTreeMap::new();
    let mut training = Training::default();
    // The layers of a step follow each other, the first one first.
    selection.results.stream_thinned(
        "layers.csv",
        &selection.runs,
        &["step", "layer", selection.stream()],
        |run, row| {
            let (Some(step), Some(layer)) = (row[0], row[1]) else { return };
            training.saw(selection, run, step as u64);
            let size = row[2].unwrap_or(f64::NAN);
            let passage = passages.entry((step as u64, run));
            let passage = passage.or_insert(Passage { layers: (layer, layer), sizes: [size; 3] });
            passage.layers.1 = layer;
            passage.sizes[2] = size;
            if passage.sizes[1] == 0.0 {
                passage.sizes[1] = size;
            }
        },
    )?;
    let mut fadings: BTreeMap<u64, Vec<(usize, Fading)>> = BTreeMap::new();
    let mut ends = false;
    for ((step, run), passage) in passages {
        ends |= passage.sizes[2] == 0.0;
        let steps = (passage.layers.1 - passage.layers.0) as usize;
        let fading = Fading::of(&passage.sizes).filter(|_| steps > 0).map(|fading| (run, fading.per(steps)));
        fadings.entry(step).or_default().extend(fading);
    }
    let course = training.without_lines(selection, &fadings.keys().copied().collect());
    let mut lines = beyond::Lines::new();
    for (step, fadings) in fadings {
        for (key, summary) in selection.fadings(fadings.into_iter()) {
            if summary.n - summary.undefined == training.seeds(&key) {
                lines.entry(key).or_default().push((course.scale.place(step as f64), summary));
            }
        }
    }
    Ok(Faded { arriving: lines, course, ends })
}
