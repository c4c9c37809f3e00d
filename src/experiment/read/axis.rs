//! What every way to make an axis becomes: points, each of which sets some settings.

use super::ExperimentError;
use super::error::{Location, Result};
use crate::experiment::nearest;
use crate::experiment::settings::Registry;
use crate::plan_file::Scale;
use crate::setting::Value;

/// More points than this on one axis are a slip of the pen.
pub(crate) const MOST_POINTS: usize = 100_000;

/// One key set to one value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Assignment {
    /// Index into the registry.
    pub key: usize,
    pub value: Value,
    pub place: Location,
}

/// What a point changes: first the cleared keys go back to their defaults, then the values are set.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Patch {
    pub clears: Vec<usize>,
    pub sets: Vec<Assignment>,
}

/// One point of an axis. Labels repeat only within the optimizer axis, whose arms may own axes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub label: String,
    pub patch: Patch,
    pub place: Location,
}

/// An axis as written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenAxis {
    pub name: String,
    pub place: Location,
    pub scale: Scale,
    pub points: Vec<Point>,
    /// The setting of an axis under `[axes]`; an axis of bundles (variants, optimizers, a zip) has a name of its own.
    pub key: Option<usize>,
    /// Settings that points of one label differ in, with their scales.
    pub owned: Vec<(usize, Scale)>,
}

impl Patch {
    /// Adds one assignment; a key set twice is an error.
    pub fn add(&mut self, assignment: Assignment) -> Result<()> {
        if let Some(first) = self.value(assignment.key) {
            let name = Registry::get().keys[assignment.key].name;
            return Err(set_twice(name, &assignment.place, &first.place));
        }
        self.sets.push(assignment);
        Ok(())
    }

    /// Adds all that another patch clears and sets.
    pub fn join(&mut self, other: &Patch) -> Result<()> {
        self.clears.extend(&other.clears);
        other.sets.iter().try_for_each(|a| self.add(a.clone()))
    }

    /// What it sets a key to.
    pub fn value(&self, key: usize) -> Option<&Assignment> {
        self.sets.iter().find(|a| a.key == key)
    }
}

impl Point {
    /// A point that sets one key.
    pub fn of(key: usize, value: Value, place: Location) -> Self {
        let label = value.to_string();
        let sets = vec![Assignment { key, value, place: place.clone() }];
        Point { label, patch: Patch { clears: Vec::new(), sets }, place }
    }
}

impl WrittenAxis {
    /// An axis of one setting with these points.
    pub fn new(key: usize, place: Location, points: Vec<Point>, scale: Scale) -> Self {
        let name = Registry::get().keys[key].short().to_string();
        WrittenAxis { name, place, scale, points, key: Some(key), owned: Vec::new() }
    }

    /// An axis of named bundles; `help` is for the case that it has none.
    pub fn of_bundles(name: &str, at: &Location, points: Vec<Point>, section: &str, help: &str) -> Result<Self> {
        if points.is_empty() {
            return at.fail(format!("the axis `{section}` is empty"), help);
        }
        let (name, place) = (name.to_string(), at.clone());
        Ok(WrittenAxis { name, place, scale: Scale::Category, points, key: None, owned: Vec::new() })
    }

    /// Checks that a point is called so.
    ///
    /// # Errors
    /// Where none is, with the nearest name.
    pub fn has(&self, label: &str, at: &Location) -> Result<()> {
        let labels = || self.points.iter().map(|p| p.label.as_str());
        match labels().any(|known| known == label) {
            true => Ok(()),
            false => Err(no_label(&self.name, label, at, labels())),
        }
    }
}

/// The position of the axis of bundles (`variant`, `optimizer`, a zip) that is called so.
pub(crate) fn bundle_axis(axes: &[WrittenAxis], name: &str) -> Option<usize> {
    axes.iter().position(|a| a.key.is_none() && a.name == name)
}

/// The error of a name that is neither an axis nor a setting.
pub(crate) fn no_such_name(name: &str, at: &Location, axes: &[WrittenAxis]) -> ExperimentError {
    let help = match nearest::nearest(name, axes.iter().map(|a| a.name.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => Registry::get().suggest(name, None),
    };
    at.error(format!("there is no axis and no setting `{name}`"), help)
}

/// The error of a label that is not on an axis.
pub(crate) fn no_label<'a>(
    axis: &str,
    label: &str,
    at: &Location,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> ExperimentError {
    at.error(format!("the axis `{axis}` has no `{label}`"), nearest::suggest(label, known))
}

/// The error of a key that is set twice.
pub(crate) fn set_twice(name: &str, at: &Location, first: &Location) -> ExperimentError {
    at.error(format!("`{name}` is set twice"), "keep one of the two").also(first)
}
