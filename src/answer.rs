//! What a sweep found, computed once: the kind of study, the rows of its closing table and the sentences that answer it. The end of
//! `sweep` and `merge`, the report, `check` and the gallery print this value.

mod arms;
mod ending;
mod fading;
mod groups;
mod parts;
mod shape;
mod text;
mod words;

use crate::columns::{self, ATTENUATION_INIT, ATTENUATION_NORM_INIT, Column, Measured, On, Quantity, metric::metric};
use crate::compare::Comparison;
use crate::plan_file::{Axis, PlanCell};
use crate::record::Status;
use crate::results::{Results, ResultsError, Run};
use crate::table::count;
use shape::Shape;

pub use arms::verdicts;
pub use parts::{Answer, Row, Study, Value};

impl Answer {
    /// The answer of some results, whose arms were compared so, if they have arms.
    ///
    /// # Errors
    /// A plan that contradicts itself.
    pub fn of(results: &Results, comparison: Option<&Comparison>) -> Result<Answer, ResultsError> {
        let study = study(results, comparison);
        let columns = columns(results, study, comparison);
        let tuned = shape::tuned(results, study, comparison, &columns)?;
        let beside = comparison.filter(|_| study == Study::Gradient).map_or(Vec::new(), arms::beside);
        let comparison = tuned.as_ref().or(comparison);
        let arms = comparison.filter(|_| study == Study::Comparison || tuned.is_some());
        let groups = arms.map_or_else(|| groups::cells(results), |arms| groups::arms(results, arms));
        let ending = ending::sentences(results, study, arms, &groups, &columns);
        let fading = headlines(results).flat_map(|column| fading::sentences(results, column)).collect::<Vec<_>>();
        let sentences = match study {
            Study::Gradient => [all_diverged(results), fading, ending, beside].concat(),
            Study::Comparison | Study::Training => [all_diverged(results), ending, fading].concat(),
        };
        // What is best of all means nothing where cells have different data or functions.
        let column = ending::column(&columns).filter(|_| results.plan.is_one_problem());
        let best = column.and_then(|column| ending::best(&groups, column));
        let best = best.map(|best| best.groups[0].place.clone());
        let Shape { axes, groups, held } = shape::shown(results, study, arms, groups, best.as_deref());
        let is_tuned = groups.iter().any(|group| !group.chosen.is_empty());
        let rows: Vec<Row> = groups.iter().map(|group| group.row(results, &axes, &columns)).collect();
        let mut notes: Vec<String> = Vec::new();
        notes.extend(arms.filter(|_| is_tuned).map(words::how_chosen));
        notes.extend(words::at_edges(&groups));
        notes.extend(words::explained(&columns, &rows));
        notes.extend(at_last_time(results, &columns));
        notes.extend(of_blocks(results, &columns));
        let axes = axes.into_iter().map(|axis| results.plan.axes[axis].name.clone()).collect();
        Ok(Answer { study, sentences, axes, is_tuned, columns, rows, held, notes })
    }
}

/// The fadings that some of the runs have.
fn headlines(results: &Results) -> impl Iterator<Item = &'static Column> {
    let is_known = |column: &&Column| results.runs.iter().any(|run| run.value(column.name).is_some());
    let known = columns::HEADLINES.into_iter().filter(is_known);
    let by_norm = results.is_by_norm();
    known.map(move |column| if *column == ATTENUATION_INIT && by_norm { &ATTENUATION_NORM_INIT } else { column })
}

/// At which time step the layers of nets are compared that have time steps.
fn at_last_time(results: &Results, columns: &[&'static Column]) -> Option<String> {
    let is_shown = columns.iter().any(|column| column.quantity == Quantity::Attenuation);
    let is_stacked = |run: &Run| run.has_time() && run.value(ATTENUATION_INIT.name).is_some();
    (is_shown && results.runs.iter().any(is_stacked))
        .then(|| "layers of recurrent nets are compared at the last time step".to_string())
}

/// What a layer of a transformer is.
fn of_blocks(results: &Results, columns: &[&'static Column]) -> Option<String> {
    let plan = &results.plan;
    let all = std::iter::once(&plan.settings).chain(plan.cells.iter().map(|cell| &cell.settings));
    let is_there =
        all.filter_map(|own| own.get("network")).any(|kind| *kind == crate::setting::Value::Text("transformer".into()));
    let is_shown = columns.iter().any(|column| column.quantity == Quantity::Attenuation);
    (is_shown && is_there).then(|| "the layers of a transformer are its blocks".to_string())
}

/// What comes before all else where no run kept finite numbers.
fn all_diverged(results: &Results) -> Vec<String> {
    let runs = || count(results.runs.iter().filter(|run| !run.failed()).count(), "run");
    let told = || format!("All {} diverged, so there is nothing to say about the end of training.", runs());
    results.all_diverged().then(told).into_iter().collect()
}

/// The kind of study: a comparison where arms have settings to choose or where nothing else can touch the gradient at the start, a study
/// of the gradient where some axis, or no axis at all, can.
fn study(results: &Results, comparison: Option<&Comparison>) -> Study {
    let plan = &results.plan;
    // Functions beside networks have no layers, so they make no study of the gradient.
    let networks = || plan.cells.iter().filter(|cell| cell.function.is_none());
    let varied = || {
        let label = |cell: &'_ PlanCell, axis: &Axis| cell.labels.get(&axis.name).cloned();
        plan.axes.iter().filter(move |axis| {
            networks().any(|cell| label(cell, axis) != networks().next().and_then(|first| label(first, axis)))
        })
    };
    let touches = |name: &str| results.touches_start(name, On::Probe);
    let is_asked_for = comparison.is_some_and(|own| {
        let chooses = own.tasks.iter().flat_map(|task| &task.arms).any(|arm| arm.tries.len() > 1);
        chooses || touches(&own.arm)
    });
    let fades = headlines(results).next().is_some();
    let is_of_gradient = fades && (varied().next().is_none() || varied().any(|axis| touches(&axis.name)));
    match comparison {
        Some(_) if is_asked_for || !is_of_gradient => Study::Comparison,
        _ if is_of_gradient => Study::Gradient,
        _ => Study::Training,
    }
}

/// What the table shows of every row: of a gradient study the attenuation, then how runs end.
fn columns(results: &Results, study: Study, comparison: Option<&Comparison>) -> Vec<&'static Column> {
    let runs = || results.runs.iter().filter(|run| !run.failed());
    let has = |run: &Run, column: &Column| run.value(column.name).is_some() || run.status == Status::Diverged;
    // What all runs have comes before what some have.
    let measured = |quantity| {
        let of_all = columns::by_part(quantity, Measured::End).find(|column| runs().all(|run| has(run, column)));
        of_all.filter(|column| runs().any(|run| run.value(column.name).is_some()))
    };
    let some = |quantity| {
        columns::by_part(quantity, Measured::End).find(|column| runs().any(|run| run.value(column.name).is_some()))
    };
    // One update is how a gradient is looked at, where it was, not training.
    let looked = if headlines(results).next().is_some() { 1.0 } else { 0.0 };
    let trains = results.runs.iter().any(|run| run.value("steps").is_none_or(|steps| steps > looked));
    let (accuracy, loss) = (measured(Quantity::Accuracy), measured(Quantity::Loss).or_else(|| some(Quantity::Loss)));
    let steps = results.plan.has_target().then(|| columns::known("steps_to_target"));
    let stops = results.plan.all_have("stop_at_target").then_some(steps).flatten();
    let end: Vec<&'static Column> = match (study, comparison.and_then(|own| metric(&own.report))) {
        (Study::Comparison, Some(report)) => {
            let accuracy = accuracy.filter(|_| report.quantity != Quantity::Accuracy);
            // Where every run stops at the target, its loss says no more.
            let others = steps.filter(|steps| *steps != report);
            let ends =
                if stops.is_some() && others.is_some() { [others, Some(report)] } else { [Some(report), others] };
            [ends[0], accuracy, ends[1]].into_iter().flatten().collect()
        }
        _ if stops.is_some() => [stops, accuracy.or(loss)].into_iter().flatten().collect(),
        _ => accuracy.or(loss).into_iter().collect(),
    };
    let end: Vec<&'static Column> = end.into_iter().filter(|_| trains).collect();
    // Runs that all diverged have a start all the same.
    let fading = headlines(results).filter(|_| study == Study::Gradient || end.is_empty());
    fading.chain(end.iter().copied()).collect()
}
