//! `[compare]`: which axis holds the arms, which settings of theirs are chosen, on which seeds and by which measure.

use super::problem::{Location, ExperimentError};
use super::reader::{Entry, Reader};
use super::{figures, nearest};
use crate::columns;
use crate::plan_file::Axis;
use crate::plan_file::compare::Compare;

/// The section with its places.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Written {
    place: Location,
    arm: Option<(String, Location)>,
    tune: Option<Vec<(String, Location)>>,
    tune_seeds: Option<(usize, Location)>,
    choose: Option<String>,
    report: Option<String>,
}

impl Written {
    pub fn read(reader: &Reader, entry: &Entry) -> Result<Self, ExperimentError> {
        let mut own =
            Written { place: entry.at.clone(), arm: None, tune: None, tune_seeds: None, choose: None, report: None };
        for e in reader.table("compare", entry)? {
            match e.key {
                "arm" => own.arm = Some((reader.text("arm", e.value)?, reader.at(e.value))),
                "tune" => own.tune = Some(reader.texts("tune", e.value)?),
                "tune_seeds" => {
                    own.tune_seeds = Some((reader.integer(e.key, e.value, 1..10_001)? as usize, reader.at(e.value)));
                }
                "choose" => own.choose = Some(measure(reader, &e)?),
                "report" => own.report = Some(measure(reader, &e)?),
                _ => {
                    let known = ["arm", "tune", "tune_seeds", "choose", "report"];
                    return Err(reader.unknown("key of [compare]", &e, known));
                }
            }
        }
        Ok(own)
    }
}

fn measure(reader: &Reader, entry: &Entry) -> Result<String, ExperimentError> {
    let word = reader.text(entry.key, entry.value)?;
    if columns::compared().any(|column| column.name == word) {
        return Ok(word);
    }
    let message = format!("`{}` cannot be \"{word}\"", entry.key);
    Err(ExperimentError::new(
        &reader.at(entry.value),
        message,
        nearest::suggest(&word, columns::compared().map(|column| column.name)),
    ))
}

/// How the arms of a plan are compared: as `[compare]` says, or, without it, the optimizers where there are several.
pub(crate) fn resolve(written: Option<&Written>, axes: &[Axis], seeds: usize) -> Result<Option<Compare>, ExperimentError> {
    let named = |(name, place): &(String, Location)| {
        figures::find(name, axes).map(|i| &axes[i]).ok_or_else(|| figures::no_axis(name, place, axes))
    };
    let arm = match written.and_then(|w| w.arm.as_ref()) {
        Some(arm) => named(arm)?,
        None => match (axes.iter().find(|axis| axis.name == "optimizer" && axis.labels.len() > 1), written) {
            (Some(axis), _) => axis,
            (None, None) => return Ok(None),
            (None, Some(written)) => {
                let message = "[compare] does not say what is compared, and there is no axis of optimizers";
                return Err(ExperimentError::new(&written.place, message, "write arm = \"...\", the name of an axis"));
            }
        },
    };
    if let (0 | 1, Some(written)) = (arm.labels.len(), written) {
        let message = format!("`{}` has one value, so there is nothing to compare", arm.name);
        return Err(ExperimentError::new(&written.place, message, "give the axis two values or more"));
    }
    let mut tune = Vec::new();
    match written.and_then(|w| w.tune.as_ref()) {
        Some(listed) => {
            for entry in listed {
                let axis = named(entry)?;
                if axis.name == arm.name || tune.contains(&axis.name) {
                    let message = format!("`tune` names the axis `{}`, which has its part already", axis.name);
                    return Err(ExperimentError::new(&entry.1, message, "name each axis once, and not the arms"));
                }
                tune.push(axis.name.clone());
            }
        }
        None => {
            let own = |axis: &&Axis| axis.name.starts_with("optimizer.") && axis.name != arm.name;
            tune = axes.iter().filter(own).map(|axis| axis.name.clone()).collect();
        }
    }
    let choice = axes.iter().any(|axis| tune.contains(&axis.name) && axis.labels.len() > 1);
    let tune_seeds = match written.and_then(|w| w.tune_seeds.as_ref()) {
        Some((_, place)) if !choice => {
            let message = "`tune_seeds` chooses nothing: no axis of `tune` has several values";
            return Err(ExperimentError::new(place, message, "delete the line"));
        }
        Some((n, place)) if *n >= seeds => {
            let message = format!("`tune_seeds` = {n} leaves none of the {seeds} seeds to report");
            let help = "write fewer, or more `seeds` at the top of the file";
            return Err(ExperimentError::new(place, message, help));
        }
        Some((n, _)) => *n,
        None if !choice => 0,
        // A third, and at least one, so that most seeds are left for the report.
        None => (seeds / 3).max(1),
    };
    let text = |pick: fn(&Written) -> &Option<String>| written.and_then(|w| pick(w).clone());
    Ok(Some(Compare {
        arm: arm.name.clone(),
        tune,
        tune_seeds,
        choose: text(|w| &w.choose),
        report: text(|w| &w.report),
    }))
}
