//! Everything that makes an axis becomes one type, [`WrittenAxis`]: here lists, variants and zips.

use super::ExperimentError;
use super::error::{Location, Result};
use super::node::{Entry, Node};
use super::value::unknown_setting;
use crate::columns;
use crate::experiment::nearest;
use crate::experiment::settings::{Key, Registry};
use crate::plan_file::Scale;
use crate::setting::{Domain, Value};
use std::collections::HashMap;

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

/// What a walk through a setting's entry meets.
pub(crate) enum Leaf<'a, 'b> {
    /// A whole table replaces this family.
    Family(&'a str),
    Set(usize, &'b Entry<'a>),
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
    /// The axis of one setting.
    pub fn read(key: usize, entry: &Entry) -> Result<Self> {
        let (points, scale) = points(key, entry)?;
        Ok(WrittenAxis::new(key, entry.at.clone(), points, scale))
    }

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
pub(crate) fn bundles(axes: &[WrittenAxis], name: &str) -> Option<usize> {
    axes.iter().position(|a| a.key.is_none() && a.name == name)
}

/// The error of a name that is neither an axis nor a setting.
pub(crate) fn no_such_name(name: &str, at: &Location, axes: &[WrittenAxis]) -> ExperimentError {
    let help = match nearest::nearest(name, axes.iter().map(|a| a.name.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => Registry::get().suggest(name),
    };
    at.error(format!("no axis and no setting is called `{name}`"), help)
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

/// Walks from `path` down to single settings.
pub(crate) fn walk<'a>(path: &str, entry: &Entry<'a>, visit: &mut dyn FnMut(Leaf) -> Result<()>) -> Result<()> {
    let registry = Registry::get();
    if let Some(inner) = entry.value.entries()
        && registry.is_family(path)
        && !entry.value.is_range()
    {
        if entry.value.is_whole_table() {
            visit(Leaf::Family(path))?;
        }
        return inner.iter().try_for_each(|e| walk(&format!("{path}.{}", e.key), e, visit));
    }
    match registry.find(path) {
        Some(key) => visit(Leaf::Set(key, entry)),
        None => Err(unknown_setting(path, &entry.at)),
    }
}

/// Adds what an entry sets, single values only, to a patch.
pub(crate) fn patch(path: &str, entry: &Entry, patch: &mut Patch) -> Result<()> {
    let registry = Registry::get();
    walk(path, entry, &mut |leaf| match leaf {
        Leaf::Family(family) => {
            patch.clears.extend(registry.family(family));
            Ok(())
        }
        Leaf::Set(key, entry) => {
            let value = entry.value.setting(&registry.keys[key])?;
            patch.add(Assignment { key, value, place: entry.value.at.clone() })
        }
    })
}

/// The points of a list or a range, all different.
pub(crate) fn points(key: usize, entry: &Entry) -> Result<(Vec<Point>, Scale)> {
    let (points, scale) = listed(key, entry)?;
    no_repeats(Registry::get().keys[key].short(), &points)?;
    Ok((points, scale))
}

/// The points of a list, which may repeat, or a range.
fn listed(key: usize, entry: &Entry) -> Result<(Vec<Point>, Scale)> {
    let setting = &Registry::get().keys[key];
    let (name, at) = (setting.short(), &entry.value.at);
    if entry.value.is_range() {
        let (values, scale) = super::range::range(name, &entry.value)?;
        let points: Vec<Point> = values.into_iter().map(|x| in_range(setting, key, x, at)).collect::<Result<_>>()?;
        no_repeats(name, &points)?;
        return Ok((points, scale));
    }
    let Some(items) = entry.value.items() else {
        let found = entry.value.found();
        let help = format!("write {name} = [{found}], or put a fixed value under [base]");
        return at.fail(format!("the axis `{name}` needs a list or a range, but is {found}"), help);
    };
    let points = items.map(|item| point(key, entry, &item)).collect::<Result<Vec<_>>>()?;
    if points.is_empty() {
        return at.fail(format!("the axis `{name}` is empty"), "give it at least one value, or delete the line");
    }
    let scale = scale_of(&points);
    Ok((points, scale))
}

/// The point of a number in a range.
fn in_range(setting: &Key, key: usize, x: f64, at: &Location) -> Result<Point> {
    let domain = &setting.rows[0].domain;
    let whole = matches!(domain, Domain::Int { .. } | Domain::IntOrWord { .. });
    let value = if whole { Value::Int(x.round() as i64) } else { Value::Float(x) };
    let Some(value) = setting.fit(&value) else {
        let message = format!("`{}` must be {domain}, but this range holds {value}", setting.short());
        return at.fail(message, "move the ends of the range inside");
    };
    Ok(Point::of(key, value, at.clone()))
}

/// One point: a value of the setting or, for a head, a whole table.
pub(crate) fn point(key: usize, entry: &Entry, item: &Node) -> Result<Point> {
    let setting = &Registry::get().keys[key];
    if !setting.is_head() || !item.toml.is_table() {
        return Ok(Point::of(key, item.setting(setting)?, item.at.clone()));
    }
    let (place, mut own) = (item.at.clone(), Patch::default());
    patch(setting.family, &Entry { key: entry.key, at: place.clone(), value: item.clone() }, &mut own)?;
    let Some(head) = own.value(key) else {
        let word = setting.rows[0].head.unwrap_or("kind");
        let message = format!("this point of `{}` does not say its `{word}`", setting.short());
        return place.fail(message, format!("write {{ {word} = \"...\", ... }}"));
    };
    Ok(Point { label: head.value.to_string(), patch: own, place })
}

/// `[variants.*]`: named bundles of settings, one axis.
pub(crate) fn variants(entry: &Entry) -> Result<WrittenAxis> {
    let mut points = Vec::new();
    for bundle in entry.table()? {
        named(bundle.key, &bundle.at)?;
        let mut own = Patch::default();
        for e in bundle.value.table(&format!("variants.{}", bundle.key))? {
            patch(e.key, &e, &mut own)?;
        }
        points.push(Point { label: bundle.key.to_string(), patch: own, place: bundle.at });
    }
    WrittenAxis::of_bundles("variant", &entry.at, points, "variants", "write [variants.NAME] sections, or delete it")
}

/// `[zip.NAME]`: settings that change together.
pub(crate) fn zip(entry: &Entry) -> Result<WrittenAxis> {
    let section = format!("zip.{}", entry.key);
    named(entry.key, &entry.at)?;
    if is_column(entry.key) {
        let message = format!("`{}` is already a column of the results", entry.key);
        return entry.at.fail(message, "give the zip a name of its own, such as [zip.budget]");
    }
    let mut columns: Vec<(&str, Location, Vec<Point>)> = Vec::new();
    for e in entry.value.table(&section)? {
        walk(e.key, &e, &mut |leaf| {
            if let Leaf::Set(key, e) = leaf {
                // Repeats are welcome here: only whole points must differ.
                columns.push((Registry::get().keys[key].short(), e.at.clone(), listed(key, e)?.0));
            }
            Ok(())
        })?;
    }
    let mut points = Vec::new();
    if let Some((first, first_at, first_points)) = columns.first() {
        let count = first_points.len();
        if let Some((name, at, points)) = columns.iter().find(|(_, _, points)| points.len() != count) {
            let message = format!(
                "`{section}` needs lists of equal length, but `{first}` has {count} and `{name}` has {}",
                points.len()
            );
            let help = "make them equally long, or move one to [axes] for all combinations";
            return Err(at.error(message, help).also(first_at));
        }
        for i in 0..count {
            let mut patch = Patch::default();
            columns.iter().try_for_each(|(_, _, column)| patch.join(&column[i].patch))?;
            let label = columns.iter().map(|(_, _, c)| c[i].label.as_str()).collect::<Vec<_>>().join("/");
            points.push(Point { label, patch, place: first_points[i].place.clone() });
        }
    }
    no_repeats(entry.key, &points)?;
    WrittenAxis::of_bundles(entry.key, &entry.at, points, &section, "give it lists of equal length")
}

fn no_repeats(name: &str, points: &[Point]) -> Result<()> {
    let mut seen: HashMap<&str, &Location> = HashMap::new();
    for point in points {
        if let Some(first) = seen.insert(&point.label, &point.place) {
            if *first == point.place {
                let help = "its points round to equal whole numbers; take a smaller n";
                return point.place.fail(format!("the range of `{name}` holds {} twice", point.label), help);
            }
            // Tables are labelled by their kind alone.
            let help = match point.place.text().contains("kind") {
                true => {
                    "points are told apart by their `kind`: name the bundles, in [variants] or as [[optimizer]] with `name`"
                }
                false => "every point of an axis must differ; delete one",
            };
            return Err(point.place.error(format!("the axis `{name}` holds {} twice", point.label), help).also(first));
        }
    }
    Ok(())
}

/// Whether the CSV files have a column of this name anyway.
fn is_column(name: &str) -> bool {
    let fixed = [columns::RUN_KEYS, columns::OUTCOMES, columns::HISTORY, columns::LAYERS].into_iter().flatten();
    let mut columns = fixed.map(|column| column.name).chain(["variant", "optimizer"]);
    Registry::get().find(name).is_some() || columns.any(|column| column == name)
}

/// Checks a name that becomes a label.
pub(crate) fn named(name: &str, at: &Location) -> Result<()> {
    if name.trim().is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        let help = "it becomes the legend: write a short text on one line";
        return at.fail("this name is empty, too long or not printable", help);
    }
    Ok(())
}

/// How points that were listed one by one are drawn.
fn scale_of(points: &[Point]) -> Scale {
    let number = |p: &Point| match p.patch.sets.first().map(|a| &a.value) {
        Some(Value::Int(i)) => Some(*i as f64),
        Some(Value::Float(x)) => Some(*x),
        _ => None,
    };
    let Some(numbers) = points.iter().map(number).collect::<Option<Vec<f64>>>() else { return Scale::Category };
    Scale::of(&numbers)
}
