//! Whether two results folders can be compared with each other, and if not why: other data, another loss, nothing measured in both.

use super::Results;
use super::joined::Folder;
use crate::columns::OUTCOMES;
use crate::plan_file::{PlanFile, is_of_loss};
use std::collections::BTreeSet;
use thiserror::Error;

/// Why folders cannot be compared with each other, and what to do.
#[derive(Debug, Error)]
#[error("{first} and {second} cannot be compared: {why}; {help}")]
pub struct JoinError {
    first: String,
    second: String,
    why: String,
    help: String,
}

/// Refuses two folders that cannot be compared.
///
/// # Errors
/// Those, and the same folder twice.
pub(super) fn check(first: &Folder, second: &Folder) -> Result<(), JoinError> {
    let [one, other] = [first, second].map(|folder| folder.results.dir.canonicalize().ok());
    let twice =
        || (one.is_some() && one == other).then(|| ("they are the same folder".into(), "name each folder once"));
    let found = twice().or_else(|| differ(&first.results, &second.results)).or_else(|| of_other_loss(first, second));
    found.map_or(Ok(()), |(why, help)| Err(refuse(first, second, why, help)))
}

pub(super) fn refuse(first: &Folder, second: &Folder, why: String, help: &str) -> JoinError {
    let [first, second] = [first, second].map(|folder| folder.results.dir.display().to_string());
    JoinError { first, second, why, help: help.into() }
}

/// What keeps two folders from being compared at all.
fn differ(first: &Results, second: &Results) -> Option<(String, &'static str)> {
    let data = |plan: &PlanFile| (plan.data_names(), plan.data.digest.clone());
    let ((a, one), (b, other)) = (data(&first.plan), data(&second.plan));
    let is_known = !first.plan.is_imported() && !second.plan.is_imported();
    if a != b || is_known && one != other {
        let what = if a == b { format!("both are named {a}, but rows or splits differ") } else { format!("{a}; {b}") };
        let help = if is_known {
            "sweep both on the same data and the same split"
        } else {
            "if they are the same data, import them with a column `data` that holds the name of the other folder's data"
        };
        return Some((format!("their data differ ({what})"), help));
    }
    let measures = |results: &Results| {
        let own = OUTCOMES.iter().filter(|column| column.has_baseline() && results.is_measured(column.name));
        own.map(|column| column.name).collect::<BTreeSet<_>>()
    };
    let (one, other) = (measures(first), measures(second));
    if one.is_disjoint(&other) {
        let list = |names: &BTreeSet<&str>| names.iter().copied().collect::<Vec<_>>().join(", ");
        let why = format!("they have no measurement in common ({}; {})", list(&one), list(&other));
        return Some((why, "measure a loss or an accuracy of the same part of the data in both"));
    }
    let target = |plan: &PlanFile| plan.settings.get("target_loss").map(ToString::to_string);
    let (one, other) = (target(&first.plan), target(&second.plan));
    let shown = |target: Option<String>| target.unwrap_or_else(|| "none".into());
    (one != other).then(|| {
        let why = format!("their target_loss differs ({}, {})", shown(one), shown(other));
        let is_imported = first.plan.is_imported() || second.plan.is_imported();
        let help = "sweep both with the same target_loss";
        (why, if is_imported { "give it to both, imported runs as a column target_loss" } else { help })
    })
}

/// Losses of different kinds are not the same measure. What imported runs do not say of theirs is not known.
fn of_other_loss(first: &Folder, second: &Folder) -> Option<(String, &'static str)> {
    let (mut one, mut other) = (kind_of_loss(first), kind_of_loss(second));
    if first.results.plan.is_imported() || second.results.plan.is_imported() {
        let keys = |kinds: &[(String, String)]| kinds.iter().map(|(key, _)| key.clone()).collect::<BTreeSet<_>>();
        let (of_one, of_other) = (keys(&one), keys(&other));
        one.retain(|(key, _)| of_other.contains(key));
        other.retain(|(key, _)| of_one.contains(key));
    }
    let own = |kinds: &[(String, String)], others: &[(String, String)]| {
        let own = kinds.iter().filter(|kind| !others.contains(kind));
        let own = own.map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>();
        if own.is_empty() { "the usual".into() } else { own.join(", ") }
    };
    (one != other).then(|| {
        let why = format!("their losses differ ({}; {})", own(&one, &other), own(&other, &one));
        (why, "sweep both with the same loss")
    })
}

/// The settings that decide what the losses of a folder's cells measure.
fn kind_of_loss(folder: &Folder) -> Vec<(String, String)> {
    let cells = folder.results.plan.cells.iter().map(|cell| {
        let settings = folder.settings(cell);
        settings
            .iter()
            .filter(|(key, _)| is_of_loss(key))
            .map(|(key, value)| (key.clone(), value.to_string()))
            .collect()
    });
    let kinds: BTreeSet<Vec<(String, String)>> = cells.collect();
    kinds.into_iter().flatten().collect()
}
