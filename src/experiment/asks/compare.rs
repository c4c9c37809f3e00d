//! `[compare]`: which axis holds the arms, which settings of theirs are chosen, on which seeds and by which measure.

use super::cells::{Cells, GridCell};
use crate::columns::metric::{FORMS, is_comparable, metric};
use crate::columns::{self, Column};
use crate::experiment::keys::COMPARE;
use crate::experiment::nearest;
use crate::experiment::read::{Entry, Fields, Location, Result, Word};
use crate::plan_file::compare::Compare;

/// The section with its places.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenCompare {
    place: Location,
    arm: Option<Word>,
    tune: Option<Vec<Word>>,
    tune_seeds: Option<(usize, Location)>,
    choose: Option<String>,
    pub(crate) report: Vec<Word>,
    over: Vec<Word>,
    baseline: Option<Word>,
    margin: Option<f64>,
}

impl WrittenCompare {
    /// Reads `[compare]`.
    pub fn read(entry: &Entry) -> Result<Self> {
        let fields = Fields::new(&COMPARE, entry.at.clone(), entry.table()?)?;
        let measure = |e: &Entry| e.one_of(columns::compared().map(|column| column.name), "");
        let positive = |e: &Entry| match e.value.number().filter(|x| *x > 0.0 && x.is_finite()) {
            Some(x) => Ok(x),
            None => {
                let message = format!("`margin` must be a positive number, but is {}", e.value.found());
                e.value.at.fail(
                    message,
                    "write the largest difference in the metric of `report` that does not matter, or delete the line",
                )
            }
        };
        Ok(WrittenCompare {
            arm: fields.read("arm", Entry::word)?,
            tune: fields.read("tune", Entry::words)?,
            tune_seeds: fields.read("tune_seeds", |e| Ok((e.integer(1..10_001)? as usize, e.value.at.clone())))?,
            choose: fields.read("choose", measure)?,
            report: reports(fields.words("report")?)?,
            over: fields.words("over")?,
            baseline: fields.read("baseline", Entry::word)?,
            margin: fields.read("margin", positive)?,
            place: fields.place,
        })
    }
}

/// The columns that arms are compared by, each once.
fn reports(listed: Vec<Word>) -> Result<Vec<Word>> {
    for (place, (name, at)) in listed.iter().enumerate() {
        if !is_comparable(name) {
            let known = columns::OUTCOMES.iter().map(|column| column.name).filter(|name| is_comparable(name));
            let help = nearest::suggest_or(name, known, FORMS);
            return at.fail(format!("`report` cannot be \"{name}\""), help);
        }
        if listed[..place].iter().any(|(other, _)| other == name) {
            return at.fail(format!("`report` names `{name}` twice"), "name each column once");
        }
    }
    Ok(listed)
}

/// How the arms of a plan are compared: as `[compare]` says, or, without it, the optimizers where there are several.
pub(crate) fn resolve(written: Option<&WrittenCompare>, cells: Cells, seeds: usize) -> Result<Option<Compare>> {
    let arm = match written.and_then(|w| w.arm.as_ref()) {
        Some((name, at)) => cells.axis(name, at)?,
        None => match (Compare::usual_arm(cells.axes), written) {
            (Some(axis), _) => axis,
            (None, None) => return Ok(None),
            (None, Some(written)) => {
                let message = "[compare] needs `arm`, since this experiment has no axis of optimizers";
                return written.place.fail(message, "write arm = \"...\", the name of an axis");
            }
        },
    };
    if let (0 | 1, Some(written)) = (arm.labels.len(), written) {
        let message = format!("`{}` has only one value, so there is nothing to compare", arm.name);
        return written.place.fail(message, "give the axis two values or more");
    }
    let mut tune = Vec::new();
    match written.and_then(|w| w.tune.as_ref()) {
        Some(listed) => {
            for (name, at) in listed {
                let axis = cells.axis(name, at)?;
                if axis.name == arm.name || tune.contains(&axis.name) {
                    let message = format!("`tune` names the axis `{}`, which already has another role", axis.name);
                    return at.fail(message, "name each axis once, and not the axis of the arms");
                }
                tune.push(axis.name.clone());
            }
        }
        None => {
            let own = cells.axes.iter().filter(|axis| Compare::is_usually_tuned(axis, &arm.name));
            tune = own.map(|axis| axis.name.clone()).collect();
        }
    }
    let choice = Compare::chooses(&tune, cells.axes);
    let tune_seeds = match written.and_then(|w| w.tune_seeds.as_ref()) {
        Some((_, place)) if !choice => {
            let message = "`tune_seeds` has no effect: no axis of `tune` has several values";
            return place.fail(message, "delete the line");
        }
        Some((n, place)) if *n >= seeds => {
            let message = format!("`tune_seeds` = {n} leaves none of the {seeds} seeds to report");
            return place.fail(message, "write fewer, or more `seeds` at the top of the file");
        }
        Some((n, _)) => *n,
        None if !choice => 0,
        None => Compare::usual_tune_seeds(seeds),
    };
    let Some(written) = written else {
        return Ok(Some(Compare { arm: arm.name.clone(), tune, tune_seeds, ..Compare::default() }));
    };
    let has_target = cells.cells.iter().any(|cell| cell.settings.get("target_loss").is_some());
    let of_target = |(name, _): &&Word| metric(name).is_some_and(Column::missing_is_worst);
    if let (Some((name, _)), false) = (written.report.iter().find(of_target), has_target) {
        let message = format!("[compare] reports `{name}`, but no run has a `target_loss`");
        return written.place.fail(message, "write target_loss under [base], or report another column");
    }
    if let Some((name, at)) = written.baseline.as_ref().filter(|(name, _)| !arm.labels.contains(name)) {
        let help = nearest::suggest(name, arm.labels.iter().map(String::as_str));
        return at.fail(format!("`baseline` = \"{name}\" is not a value of `{}`", arm.name), help);
    }
    let mut over: Vec<String> = Vec::new();
    for (name, at) in &written.over {
        let axis = cells.axis(name, at)?;
        if axis.name == arm.name || tune.contains(&axis.name) || over.contains(&axis.name) {
            let message = format!("`over` names the axis `{}`, which already has another role", axis.name);
            return at.fail(
                message,
                "name axes whose values are problems, each once, other than the axis of the arms and those of `tune`",
            );
        }
        over.push(axis.name.clone());
    }
    let mut reports = written.report.iter().map(|(name, _)| name.clone());
    let compare = Compare {
        arm: arm.name.clone(),
        tune,
        tune_seeds,
        choose: written.choose.clone(),
        report: reports.next(),
        also: reports.collect(),
        over,
        baseline: written.baseline.as_ref().map(|(name, _)| name.clone()),
        margin: written.margin,
    };
    // By what imported runs are compared where the file does not say is known once they are read.
    let reports = compare.report.iter().chain(&compare.also).map(String::as_str);
    let reports: Vec<&str> = if compare.report.is_none() { vec!["test_loss"] } else { reports.collect() };
    let refused =
        || compare.refused(&GridCell::planned(cells.cells), &reports, compare.choose.as_deref().unwrap_or("val_loss"));
    match (!cells.are_imported).then(refused).flatten() {
        Some((why, help)) => written.place.fail(why, help),
        None => Ok(Some(compare)),
    }
}
