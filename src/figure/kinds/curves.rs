//! How training went: loss and accuracy against step, median and range of the seeds.

use super::prelude::*;

/// One measurement with its ruler.
struct Measure {
    column: &'static Column,
    /// Its place among the lines.
    index: usize,
    y: Ruler,
    guess: Option<Guess>,
    /// A sentence if the ruler is cut.
    cut: Option<String>,
}

/// What can be asked of it.
const FACTS: FigureKind = FigureKind {
    help: "loss and accuracy against step: median and range over the seeds",
    metric: Some("train_loss"),
    x_scales: STEP_SCALES,
    x_limits: true,
    scales: true,
    limits: true,
    columns: || [columns::HISTORY, columns::ERRORS, columns::POINTS].into_iter().flat_map(column_names).collect(),
    options: &["epochs", "averaged", "reference"],
    shows,
    default,
    default_of_functions: |grid| Some(FigureSpec { metric: Some("train_loss".into()), ..grid.of_functions("curves") }),
    multiples: true,
    history: true,
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
        Metric::Run(column) if figure.averaged && figure.metric.as_ref() == Some(column) => Shows::Related,
        _ if figure.averaged => Shows::Nothing,
        Metric::History { column, .. } | Metric::Run(column) => {
            Shows::column(figure, &["train_loss", "test_accuracy"], column)
        }
        _ => Shows::Nothing,
    }
}

fn draw(selection: &Selection, medium: Medium) -> Result<Chart, FigureError> {
    let first = selection.measurement()?;
    let second = columns::measurement("test_accuracy");
    let alone = selection.columns().len() > MANY
        || selection.spec.metric.is_some()
        || selection.row.is_some()
        || medium.is_brief();
    let columns: Vec<&Column> = [first].into_iter().chain(second.filter(|_| !alone)).collect();
    let samples = columns.iter().map(|column| columns::of_sample(column).unwrap_or(column));
    // Under the error of another part that of the training part shows what is learned by heart.
    let thin = columns::find(columns::ERRORS, TRAIN_ERROR)
        .filter(|thin| columns::accuracy_of(first).is_some() && *thin != first);
    let all: Vec<&Column> = columns.iter().copied().chain(samples).chain(thin).collect();
    let thin = thin.map(|_| all.len() - 1);
    let course = in_epochs(selection, course(selection, &all)?)?;
    // Of a large part, of which only a sample is scored during training, the course is the sample's.
    let points = |index: usize| course.of(index).map(|(_, points)| points.len()).sum::<usize>();
    let sample = |index: usize| columns.len() + index;
    let drawn = (0..columns.len()).map(|i| if points(sample(i)) > points(i) { sample(i) } else { i });
    let drawn: Vec<(usize, &&Column)> = drawn.map(|index| (index, &all[index])).collect();
    let height = if selection.rows().len() > 2 { 96.0 } else { 122.0 };
    let references = References::over_steps(selection, drawn[0].1, course.scale, &course.x);
    let beside: Vec<f64> = medians(thin.into_iter().flat_map(|thin| course.of(thin)).map(|(_, points)| points));
    let measure = |(index, column): &(usize, &&'static Column)| {
        Measure::new(selection, &course, (*index, **column), *index == drawn[0].0, (&beside, height))
    };
    let measures: Vec<Measure> = drawn.iter().filter_map(measure).collect();
    if measures.is_empty() {
        return Err(selection.no_finite(first));
    }

    let groups = coinciding(selection, |color| {
        let own = |measure: &Measure| {
            let slack = slack(&measure.y, height);
            let lines = course.of(measure.index).filter(|(key, _)| key.color == color);
            let place =
                |key: &GroupKey, points| (key.row, key.column, measure.index, unseen(&measure.y, points, color));
            lines.map(|(key, points)| (place(key, points), points, slack)).collect::<Vec<_>>()
        };
        measures.iter().flat_map(own).collect()
    });
    let legend = references
        .named(Legend::of(selection, &groups))
        .line(named(measures.iter().filter_map(|m| m.guess.as_ref())), GUESSING)
        .lost("diverged", course.ends.len(), selection.runs.len());
    let panel = |panel: GroupKey, measure: &Measure| {
        let guess = guess_line(measure.guess.as_ref().and_then(|guess| guess.at(panel)));
        let lines = series(selection, &groups, panel, |key| course.lines.get(&(key, measure.index)));
        let crosses = course.crosses(selection, panel, |color| selection.look(color).color);
        let thin = thin.into_iter().flat_map(|thin| groups.iter().map(move |group| (thin, group)));
        let thin = thin.filter_map(|(thin, group)| {
            let points = course.lines.get(&(GroupKey { color: group[0], ..panel }, thin))?;
            let points = points.iter().map(|(x, s)| (*x, s.median)).collect();
            let name = format!("{}, training error", selection.joined(group));
            Some(Mark::Curve { points, stroke: selection.look(group[0]).stroke(0.6), name: Some(name) })
        });
        guess
            .into_iter()
            .chain(references.of(panel).into_iter().filter(|_| measure.index == drawn[0].0))
            .chain(thin)
            .chain(lines)
            .chain(crosses.into_iter().filter(|_| measure.index == drawn[0].0))
            .collect()
    };
    let strip = |row: usize, measure: &Measure| {
        let averaged = selection.spec.averaged.then_some("averaged over steps");
        let words: Vec<&str> = measure.column.words.iter().copied().chain(averaged).collect();
        Strip::new(selection, row, (&measure.y, &words), |key| panel(key, measure))
    };
    let rows = selection.rows();
    let strips = rows.iter().flat_map(|row| measures.iter().map(|measure| strip(*row, measure))).collect();
    let x_title = if selection.spec.epochs { "epoch" } else { course.scale.title() };
    let block = Block::of((course.x.clone(), x_title), strips, height);

    let lines = |key: GroupKey| {
        let line = |measure: &Measure| {
            let points = course.lines.get(&(key, measure.index))?;
            unseen(&measure.y, points, key.color).is_none().then(|| (points, slack(&measure.y, height)))
        };
        measures.iter().filter_map(line).collect()
    };
    let cut = measures.iter().filter_map(|measure| measure.cut.as_deref()).collect::<Vec<_>>().join(" ");
    let caption = Caption::new(words::spread(selection, "Line", "band", groups.len()))
        .add(thin.is_some(), "Thin: the training error.")
        .add(
            selection.spec.averaged,
            "At each step: the mean over the steps up to it, interpolated linearly between recorded steps.",
        )
        .add(true, course.lasting())
        .add(true, cut)
        .add(true, measures.first().map_or(String::new(), |measure| references.outside(&measure.y)))
        .add(true, joined(&groups, COINCIDE))
        .add(true, overlaid(selection, &groups, lines))
        .add(true, course.crossed("the last step"))
        .of(selection);
    let sheet = Sheet::new(selection, medium, 4);
    let own = if measures.len() > 1 {
        "Loss and accuracy during training".into()
    } else {
        let mean = if selection.spec.averaged { ", mean of the steps so far," } else { "" };
        format!("{}{mean} by {}", words::subject(first), if selection.spec.epochs { "epoch" } else { "step" })
    };
    let finding = found(selection, &course, first);
    Ok(Chart { caption, ..Chart::new(selection, sheet, &own, finding, legend, vec![block]) })
}

impl Measure {
    /// Of the figure's own column `is_first`, whose ruler can be chosen, and of what is drawn `beside` its lines; `None` without a finite
    /// number.
    fn new(
        selection: &Selection,
        course: &Course<usize>,
        (index, column): (usize, &'static Column),
        is_first: bool,
        (beside, height): (&[f64], f64),
    ) -> Option<Measure> {
        // Of each line what its median and what its range reaches: one lost seed may not flatten the others either.
        let lines = course.of(index).flat_map(|(_, points)| [medians([points]), spans([points])]).collect::<Vec<_>>();
        let values = without_runaways(&lines, column);
        let values: Vec<f64> = values.into_iter().chain(beside.iter().copied()).collect();
        // Where lines end is in sight, but for those of runs that diverged and what lies far beyond all others.
        let lasting = selection.runs.iter().filter(|run| selection.run(**run).status != Status::Diverged);
        let lasting: BTreeSet<GroupKey> = lasting.map(|run| selection.key(*run)).collect();
        let tame = || course.of(index).filter(|(key, _)| lasting.contains(key)).map(|(_, points)| points);
        let ends: Vec<f64> =
            tame().filter_map(|points| Some(points.last()?.1.median)).filter(|v| v.is_finite()).collect();
        let begins = tame().filter_map(|points| Some(points.first()?.1.median));
        let references = References::over_steps(selection, column, course.scale, &course.x);
        let heights = references.heights().filter(|_| is_first);
        let ends: Vec<f64> = without_lost(&ends, column).into_iter().chain(heights).collect();
        let mut y = Ruler::keeping_of(&ends, &values, column, height)?;
        let guess = guessing(selection, column);
        let cut = match selection.spec.limits {
            None => guess
                .as_ref()
                .and_then(|guess| guess.cut(&mut y, &begins.chain(ends.iter().copied()).collect::<Vec<_>>())),
            Some(_) => None,
        };
        if is_first {
            y = selection.limited(y, height);
            course.headroom(&mut y);
        }
        let guess = guess.and_then(|guess| guess.on(&y));
        Some(Measure { column, index, y, guess, cut })
    }
}

/// Who is first at the target, or how the lines end.
fn found(selection: &Selection, course: &Course<usize>, column: &'static Column) -> String {
    match columns::accuracy_of(column) {
        // Runs that end at the target all end at the same loss.
        None if column.quantity == Quantity::Loss && all_reach(selection) => first_at_target(selection),
        None if columns::outcome(column.name).is_some() && !selection.spec.averaged => {
            Endings::of(selection, column, &selection.runs).finding(selection, "lines")
        }
        // A line that ends early has no end of training.
        None if !course.ends.is_empty() => String::new(),
        _ => at_the_end(selection, course, column),
    }
}

fn all_reach(selection: &Selection) -> bool {
    selection.runs.iter().all(|run| selection.run(*run).status == Status::ReachedTarget)
}

/// Which line is first at the target, where all get there.
fn first_at_target(selection: &Selection) -> String {
    let column = columns::known("steps_to_target");
    let endings = Endings::of(selection, column, &selection.runs);
    let steps = endings.medians(selection);
    let words = Words {
        high: "Slowest",
        low: "All reach the target loss, fastest",
        only: "Reaches the target loss after",
        each: "lines",
        lost: "never reached it",
    };
    finding::ranked(!endings.unlike, &steps, &words, -1.0, |v| format!("{} steps", finding::measured(v, column)))
}

/// Which line ends lowest, and which highest, of what no column of `runs.csv` tells.
fn at_the_end(selection: &Selection, course: &Course<usize>, column: &Column) -> String {
    let last =
        course.of(0).filter_map(|(key, line)| Some((selection.group_name(key), Ending::Value(line.last()?.1.median))));
    let words =
        Words { high: "Highest", low: "Lowest at the end", only: "At the end", each: "lines", lost: "diverged" };
    let (last, is_ranked) = (last.collect::<Vec<_>>(), !selection.is_unlike(column));
    finding::ranked(is_ranked, &last, &words, -1.0, |v| finding::measured(v, column))
}

/// What the error of another part is drawn with.
const TRAIN_ERROR: &str = "train_error";

/// The same over epochs, where the figure asks for these.
fn in_epochs(selection: &Selection, mut course: Course<usize>) -> Result<Course<usize>, FigureError> {
    if !selection.spec.epochs {
        return Ok(course);
    }
    let mut steps: Option<f64> = None;
    let mut differ = false;
    selection.results.stream_thinned("history.csv", &selection.runs, &["step", "epoch"], |_, row| {
        if let [Some(step), Some(epoch)] = *row
            && epoch > 0.0
        {
            let own = step / epoch;
            differ |= steps.is_some_and(|steps| (own - steps).abs() > 1e-6 * steps);
            steps = Some(own);
        }
    })?;
    let Some(steps) = steps.filter(|_| !differ) else {
        let why = "its runs have no epochs, or epochs of different lengths; delete `epochs`";
        return Err(FigureError::Selection(why.into()));
    };
    for (x, _) in course.lines.values_mut().flatten() {
        *x /= steps;
    }
    for (_, x) in &mut course.ends {
        *x /= steps;
    }
    let last = course.lines.values().flatten().fold(0.0f64, |last, (x, _)| last.max(*x));
    let [low, high] = selection.spec.x_limits.unwrap_or([0.0, last]);
    course.x = Ruler::exact(low, high, 4).padded(2.5, 130.0);
    Ok(course)
}

/// The mean of a measurement over the steps so far, straight between two that were recorded.
#[derive(Default)]
struct Mean {
    first: Option<f64>,
    /// The last step and its value.
    last: (f64, f64),
    /// Of the value over the steps.
    integral: f64,
}

impl Mean {
    /// The mean up to this step.
    fn with(&mut self, step: f64, value: f64) -> f64 {
        let first = *self.first.get_or_insert(step);
        if step > first {
            self.integral += (step - self.last.0) * (value + self.last.1) / 2.0;
        }
        self.last = (step, value);
        if step > first { self.integral / (step - first) } else { value }
    }
}

/// The curves, a line a measurement, and the runs that diverged. A net whose loss is not finite has no accuracy, though some of its
/// answers may be right by chance.
fn course(selection: &Selection, measured: &[&Column]) -> Result<Course<usize>, FigureError> {
    let own_loss = |column: &&Column| {
        let is_its = |loss: &&Column| loss.quantity == Quantity::Loss && loss.part == column.part;
        let loss = columns::HISTORY.iter().find(is_its).filter(|_| column.quantity == Quantity::Accuracy);
        loss.map_or(columns::accuracy_of(column).map_or(column.name, |accuracy| accuracy.name), |loss| loss.name)
    };
    let of_nets = measured.iter().map(own_loss);
    let source = |column: &&Column| columns::accuracy_of(column).map_or(column.name, |accuracy| accuracy.name);
    let names: Vec<&str> = ["step"].into_iter().chain(measured.iter().map(source)).chain(of_nets).collect();
    let mut training = Training::default();
    let is_of_points = measured.iter().any(|column| columns::POINTS.contains(column));
    let table = if is_of_points { "points.csv" } else { "history.csv" };
    let mut means: BTreeMap<(usize, usize), Mean> = BTreeMap::new();
    let mut each = |run: usize, row: &[Option<f64>]| {
        let Some(step) = row[0] else { return };
        training.saw(selection, run, step as u64);
        let (values, losses) = row[1..].split_at(measured.len());
        for (index, (value, loss)) in values.iter().zip(losses).enumerate() {
            if let Some(value) = value.filter(|v| v.is_finite() && loss.is_none_or(f64::is_finite)) {
                let is_error = columns::accuracy_of(measured[index]).is_some();
                let value = if is_error { 1.0 - value } else { value };
                let mean = means.entry((run, index)).or_default();
                let value = if selection.spec.averaged { mean.with(step, value) } else { value };
                training.add(run, step as u64, index, value);
            }
        }
    };
    // Steps that stand out would pull a mean their way.
    match selection.spec.averaged {
        true => selection.results.stream(table, &selection.runs, &names, &mut each)?,
        false => selection.results.stream_thinned(table, &selection.runs, &names, &mut each)?,
    }
    Ok(training.course(selection, |index| measured[index]))
}
