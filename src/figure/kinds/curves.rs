//! How training went: loss and accuracy against step, median and range of the seeds.

use super::prelude::*;

/// For each series and measurement: step and spread over the seeds.
type Curves = BTreeMap<(GroupKey, usize), Points>;

/// One measurement with its ruler.
struct Measure {
    column: &'static Column,
    /// Its place in the [`Curves`].
    index: usize,
    y: Ruler,
    guess: Option<Guess>,
}

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    columns: || column_names(columns::HISTORY),
    shows,
    default,
    default_of_functions: |grid| Some(FigureSpec { metric: Some("train_loss".into()), ..grid.of_functions("curves") }),
    ..FigureKind::new("curves")
};

pub const KIND: Kind = Kind { facts: &FACTS, draw };

fn default(grid: &Defaults) -> Option<FigureSpec> {
    let Roles { color, facet } = grid.of_training();
    let color = color.or_else(|| grid.has_depth().then(|| "depth".into()));
    let facet = grid.facets([facet, None]);
    Some(FigureSpec { color, facet, tune: grid.tune.clone(), ..FigureSpec::new(FACTS.word) })
}

/// The losses also show who reaches a target, though not how fast.
fn shows(figure: &FigureSpec, metric: &Metric) -> Shows {
    match metric {
        Metric::Run(column) if columns::outcome(column).is_some_and(Column::missing_is_worst) => Shows::Related,
        Metric::History { column, .. } | Metric::Run(column) => {
            Shows::column(figure, &["train_loss", "test_accuracy"], column)
        }
        _ => Shows::Nothing,
    }
}

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let first = selection.measurement("train_loss")?;
    let second = columns::measurement("test_accuracy");
    let alone = selection.spec.metric.is_some() || selection.row.is_some() || medium.is_brief();
    let columns: Vec<&Column> = [first].into_iter().chain(second.filter(|_| !alone)).collect();
    let (curves, ends) = curves(selection, &columns)?;
    let height = if selection.rows().len() > 2 { 96.0 } else { 122.0 };
    let mut cut = String::new();
    let measure = |(index, column): (usize, &&'static Column)| {
        let drawn = curves.iter().filter(|((_, n), _)| *n == index).flat_map(|(_, points)| points);
        let mut y = Ruler::of(&drawn.flat_map(|(_, s)| [s.low, s.median, s.high]).collect::<Vec<_>>(), column, height)?;
        if index == 0 && !ends.is_empty() {
            // Room for the crosses above the curves.
            y.extend(End::High, 0.07);
        }
        let guess = guessing(selection, column);
        cut.extend(y.cut(guess.as_ref().map(|guess| guess.at)).map(|sentence| format!(" {sentence}")));
        let guess = guess.filter(|guess| y.holds(guess.at));
        Some(Measure { column, index, y, guess })
    };
    let measures: Vec<Measure> = columns.iter().enumerate().filter_map(measure).collect();
    if measures.is_empty() {
        return Err(selection.nothing(&format!("a finite {}", first.name)));
    }

    let groups = selection.each_color();
    let legend = Legend::of(selection, &groups)
        .line(named(measures.iter().filter_map(|m| m.guess.as_ref())), GUESSING)
        .lost("diverged", ends.len(), selection.runs.len());
    let last = reach(curves.values().flatten().map(|(x, _)| *x), &ends, 1.0);
    let mut x = Ruler::linear(0.0, last, 4);
    (x.low, x.high) = (-0.02 * last, 1.02 * last);
    x.ticks.retain(|t| t.at <= x.high);
    let panel = |panel: GroupKey, measure: &Measure| {
        let guess = guess_line(measure.guess.as_ref().map(|guess| guess.at));
        let others = others(selection, &curves, panel, measure.index);
        let lines = series(selection, &groups, |color| curves.get(&(GroupKey { color, ..panel }, measure.index)));
        let crosses =
            crosses(selection, &ends, panel, |color| selection.look(color).color).filter(|_| measure.index == 0);
        guess.into_iter().chain(others).chain(lines).chain(crosses).collect()
    };
    let strip = |row: usize, measure: &Measure| {
        Strip::new(selection, row, (&measure.y, measure.column.words), |key| panel(key, measure))
    };
    let rows = selection.rows();
    let strips = rows.iter().flat_map(|row| measures.iter().map(|measure| strip(*row, measure))).collect();
    let block = Block { x, x_title: "step".into(), strips, height, gap: 0.0, ruled: true };

    let finding = Endings::of(selection, first, &selection.runs).finding(selection, "lines");
    let greys = selection.color.is_none() && selection.columns().len() > 1;
    let caption = Caption::new(words::spread(selection, "Line", "band", groups.len()))
        .add(true, format!("A line goes on as long as all of its seeds do.{cut}"))
        .add(greys, "Grey: the other panels' medians.")
        .add(!ends.is_empty(), "×: the step at which a run diverged.")
        .of(selection);
    let sheet = Sheet::new(selection, medium, 4);
    Ok(Chart { caption, ..Chart::new(selection, sheet, "How training goes", finding, legend, vec![block]) })
}

/// The medians of the other panels of a row, to compare with where no colours are.
fn others(selection: &Selection, curves: &Curves, panel: GroupKey, measure: usize) -> Vec<Mark> {
    let elsewhere = |key: &GroupKey| selection.color.is_none() && key.row == panel.row && key.column != panel.column;
    let others = curves.iter().filter(|((key, n), _)| *n == measure && elsewhere(key));
    others.map(|(_, points)| Mark::Context(points.clone())).collect()
}

/// The curves, and each diverged run with its last recorded step.
fn curves(selection: &Selection, measured: &[&Column]) -> Result<(Curves, Vec<(usize, f64)>), FigureError> {
    let names: Vec<&str> = ["step"].into_iter().chain(measured.iter().map(|column| column.name)).collect();
    let mut training = Training::default();
    selection.results.stream("history.csv", &selection.runs, &names, |run, row| {
        let Some(step) = row[0] else { return };
        training.saw(selection, run, step as u64);
        for (index, value) in row[1..].iter().enumerate() {
            if let Some(value) = value.filter(|v| v.is_finite()) {
                training.add(run, step as u64, index, value);
            }
        }
    })?;
    Ok((training.lines(selection, |step| step, |index| measured[index]), training.ends(selection, |step| step)))
}
