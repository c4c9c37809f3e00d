//! `[compare]`: which axis holds the arms, which settings of theirs are chosen, on which seeds and by which measure.

use super::cells::Cells;
use crate::columns;
use crate::experiment::keys::COMPARE;
use crate::experiment::read::{Entry, Fields, Location, Result, Word};
use crate::experiment::settings;
use crate::plan_file::Axis;
use crate::plan_file::compare::Compare;

/// The section with its places.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenCompare {
    place: Location,
    arm: Option<Word>,
    tune: Option<Vec<Word>>,
    tune_seeds: Option<(usize, Location)>,
    choose: Option<String>,
    report: Option<String>,
}

impl WrittenCompare {
    /// Reads `[compare]`.
    pub fn read(entry: &Entry) -> Result<Self> {
        let fields = Fields::new(&COMPARE, entry.at.clone(), entry.table()?)?;
        let measure = |e: &Entry| e.one_of(columns::compared().map(|column| column.name), "");
        Ok(WrittenCompare {
            arm: fields.read("arm", Entry::word)?,
            tune: fields.read("tune", Entry::words)?,
            tune_seeds: fields.read("tune_seeds", |e| Ok((e.integer(1..10_001)? as usize, e.value.at.clone())))?,
            choose: fields.read("choose", measure)?,
            report: fields.read("report", measure)?,
            place: fields.place,
        })
    }
}

/// How the arms of a plan are compared: as `[compare]` says, or, without it, the optimizers where there are several.
pub(crate) fn resolve(written: Option<&WrittenCompare>, cells: Cells, seeds: usize) -> Result<Option<Compare>> {
    let arm = match written.and_then(|w| w.arm.as_ref()) {
        Some((name, at)) => cells.axis(name, at)?,
        None => match (cells.axes.iter().find(|axis| axis.name == "optimizer" && axis.labels.len() > 1), written) {
            (Some(axis), _) => axis,
            (None, None) => return Ok(None),
            (None, Some(written)) => {
                let message = "[compare] does not say what is compared, and there is no axis of optimizers";
                return written.place.fail(message, "write arm = \"...\", the name of an axis");
            }
        },
    };
    if let (0 | 1, Some(written)) = (arm.labels.len(), written) {
        let message = format!("`{}` has one value, so there is nothing to compare", arm.name);
        return written.place.fail(message, "give the axis two values or more");
    }
    let mut tune = Vec::new();
    match written.and_then(|w| w.tune.as_ref()) {
        Some(listed) => {
            for (name, at) in listed {
                let axis = cells.axis(name, at)?;
                if axis.name == arm.name || tune.contains(&axis.name) {
                    let message = format!("`tune` names the axis `{}`, which has its part already", axis.name);
                    return at.fail(message, "name each axis once, and not the arms");
                }
                tune.push(axis.name.clone());
            }
        }
        None => {
            let own = |axis: &&Axis| settings::is_option_of(&axis.name, "optimizer") && axis.name != arm.name;
            tune = cells.axes.iter().filter(own).map(|axis| axis.name.clone()).collect();
        }
    }
    let choice = cells.axes.iter().any(|axis| tune.contains(&axis.name) && axis.labels.len() > 1);
    let tune_seeds = match written.and_then(|w| w.tune_seeds.as_ref()) {
        Some((_, place)) if !choice => {
            let message = "`tune_seeds` chooses nothing: no axis of `tune` has several values";
            return place.fail(message, "delete the line");
        }
        Some((n, place)) if *n >= seeds => {
            let message = format!("`tune_seeds` = {n} leaves none of the {seeds} seeds to report");
            return place.fail(message, "write fewer, or more `seeds` at the top of the file");
        }
        Some((n, _)) => *n,
        None if !choice => 0,
        // A third, and at least one, so that most seeds are left for the report.
        None => (seeds / 3).max(1),
    };
    let (choose, report) = written.map_or((None, None), |w| (w.choose.clone(), w.report.clone()));
    Ok(Some(Compare { arm: arm.name.clone(), tune, tune_seeds, choose, report }))
}
