//! What training makes of the fading: decades of gradient lost per layer against step, a line a variant.

use super::attenuation_by_depth::shows_attenuation;
use super::prelude::*;

/// For each series: log(1 + step) and the spread over the seeds.
type Lines = BTreeMap<(GroupKey, ()), Points>;

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "decades of gradient lost per layer against step",
    takes_step: false,
    cells: CellsShown::Layers,
    shows: shows_attenuation,
    default: |grid| grid.of_arms("attenuation_over_training"),
    ..FigureKind::new("attenuation_over_training")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let (lines, ends) = lines(selection)?;
    let values = lines.values().flatten().flat_map(|(_, s)| [s.low, s.high]).chain([0.0]).collect::<Vec<_>>();
    let height = if selection.rows().len() > 2 { 100.0 } else { 140.0 };
    let mut y = Ruler::over(&values, false, height)
        .filter(|_| !lines.is_empty())
        .ok_or_else(|| selection.nothing("a gradient at several layers"))?;
    if !ends.is_empty() {
        // Room for the crosses above the lines.
        y.extend(End::High, 0.07);
    }
    let groups = selection.each_color();
    let legend = Legend::of(selection, &groups).lost("diverged", ends.len(), selection.runs.len());
    let mut x = Ruler::steps(reach(&lines, &ends, 0.0).exp_m1());
    (x.low, x.high) = (-0.02 * x.high, 1.02 * x.high);
    let panel = |panel: GroupKey| {
        let lines = series(selection, &groups, |color| lines.get(&(GroupKey { color, ..panel }, ())));
        [zero_line()]
            .into_iter()
            .chain(lines)
            .chain(crosses(selection, &ends, panel, |color| selection.look(color).color))
            .collect()
    };
    let title = ["decades lost per layer", "(below 0: it grows)"];
    let block = Block::new(selection, (x, "step"), (&y, &title), height, panel);
    let caption = Caption::new(words::spread(selection, "Line", "band", groups.len()))
        .add(true, "A line goes on as long as all of its seeds have a gradient at the first and the last layer.")
        .add(!ends.is_empty(), "×: the last recorded step of a run that diverged.")
        .of_probe(selection);
    let sheet = Sheet::new(selection, medium, 3);
    let own = "How much the gradient fades per layer, over training";
    Ok(Chart { caption, ..Chart::new(selection, sheet, own, found(selection, &lines), legend, vec![block]) })
}

/// Which fading training changes most.
fn found(selection: &Selection, lines: &Lines) -> String {
    let ends = |line: &Points| Some((line.first()?.1.median, line.last()?.1.median));
    let changes = lines.iter().filter_map(|((key, ()), line)| Some((key, ends(line)?)));
    // Reversed, since of equal ones the first is to be named.
    let most = changes.rev().max_by(|(_, a), (_, b)| (a.1 - a.0).abs().total_cmp(&(b.1 - b.0).abs()));
    most.map_or(String::new(), |(key, (start, end))| {
        let place = selection.place(key);
        let place = if place.is_empty() { String::new() } else { format!(" most: {place}") };
        format!("Training changes it{place}, from {} to {}.", words::rate(start), words::rate(end))
    })
}

/// The lines, and each diverged run with its last recorded step.
fn lines(selection: &Selection) -> Result<(Lines, Vec<(usize, f64)>), FigureError> {
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
    Ok((training.lines(selection, f64::ln_1p), training.ends(selection, f64::ln_1p)))
}
