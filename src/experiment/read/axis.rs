//! Everything that makes an axis becomes one type, [`WrittenAxis`]: here lists, variants and zips.

use super::problem::{Location, ExperimentError};
use super::reader::{Entry, Reader, is_range};
use super::settings::Registry;
use crate::columns;
use crate::plan_file::Scale;
use crate::setting::{Domain, Value};
use std::collections::HashMap;
use toml::Spanned;
use toml::de::DeValue;

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
    /// The setting of an axis under `[axes]`.
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

impl Reader {
    /// Walks from `path` down to single settings.
    pub fn walk<'a>(
        &self,
        path: &str,
        entry: &Entry<'a>,
        visit: &mut dyn FnMut(Leaf) -> Result<(), ExperimentError>,
    ) -> Result<(), ExperimentError> {
        let registry = Registry::get();
        if let DeValue::Table(table) = entry.value.get_ref()
            && registry.is_family(path)
            && !is_range(table)
        {
            if self.is_whole_table(entry.value) {
                visit(Leaf::Family(path))?;
            }
            return self.entries(table).iter().try_for_each(|e| self.walk(&format!("{path}.{}", e.key), e, visit));
        }
        match registry.find(path) {
            Some(key) => visit(Leaf::Set(key, entry)),
            None => Err(self.unknown_setting(path, &entry.at)),
        }
    }

    /// Adds what an entry sets, single values only, to a patch.
    pub fn patch(&self, path: &str, entry: &Entry, patch: &mut Patch) -> Result<(), ExperimentError> {
        let registry = Registry::get();
        self.walk(path, entry, &mut |leaf| {
            match leaf {
                Leaf::Family(family) => patch.clears.extend(registry.family(family)),
                Leaf::Set(key, entry) => {
                    let value = self.setting(&registry.keys[key], entry.value)?;
                    let place = self.at(entry.value);
                    patch.add(Assignment { key, value, place })?;
                }
            }
            Ok(())
        })
    }

    /// The axis of one setting.
    pub fn axis(&self, key: usize, entry: &Entry) -> Result<WrittenAxis, ExperimentError> {
        let (points, scale) = self.points(key, entry)?;
        let name = Registry::get().keys[key].short().to_string();
        Ok(WrittenAxis { name, place: entry.at.clone(), scale, points, key: Some(key), owned: Vec::new() })
    }

    /// The points of a list or a range.
    pub fn points(&self, key: usize, entry: &Entry) -> Result<(Vec<Point>, Scale), ExperimentError> {
        let setting = &Registry::get().keys[key];
        let name = setting.short();
        let (points, scale) = match entry.value.get_ref() {
            DeValue::Array(items) => {
                let points = items.iter().map(|v| self.point(key, entry, v)).collect::<Result<Vec<_>, _>>()?;
                let scale = scale_of(&points);
                (points, scale)
            }
            DeValue::Table(table) if is_range(table) => {
                let (values, scale) = self.range(name, entry)?;
                let place = self.at(entry.value);
                let whole = matches!(setting.rows[0].domain, Domain::Int { .. } | Domain::IntOrWord { .. });
                let point = |x: f64| {
                    let value = if whole { Value::Int(x.round() as i64) } else { Value::Float(x) };
                    let value = setting.fit(&value).ok_or_else(|| {
                        let message =
                            format!("`{name}` must be {}, but this range holds {value}", setting.rows[0].domain);
                        ExperimentError::new(&place, message, "move the ends of the range inside")
                    })?;
                    let label = value.to_string();
                    let sets = vec![Assignment { key, value, place: place.clone() }];
                    Ok(Point { label, patch: Patch { clears: Vec::new(), sets }, place: place.clone() })
                };
                (values.into_iter().map(point).collect::<Result<Vec<_>, _>>()?, scale)
            }
            _ => {
                let found = self.found(entry.value);
                return Err(ExperimentError::new(
                    &self.at(entry.value),
                    format!("the axis `{name}` needs a list or a range, but is {found}"),
                    format!("write {name} = [{found}], or put a fixed value under [base]"),
                ));
            }
        };
        if points.is_empty() {
            let help = "give it at least one value, or delete the line";
            return Err(ExperimentError::new(&self.at(entry.value), format!("the axis `{name}` is empty"), help));
        }
        no_repeats(name, &points)?;
        Ok((points, scale))
    }

    /// One point: a value of the setting or, for a head, a whole table.
    pub fn point(&self, key: usize, entry: &Entry, item: &Spanned<DeValue>) -> Result<Point, ExperimentError> {
        let setting = &Registry::get().keys[key];
        let place = self.at(item);
        let mut patch = Patch::default();
        let value = if setting.is_head() && matches!(item.get_ref(), DeValue::Table(_)) {
            self.patch(setting.family, &Entry { key: entry.key, at: place.clone(), value: item }, &mut patch)?;
            let head = patch.sets.iter().find(|a| a.key == key).map(|a| a.value.clone());
            head.ok_or_else(|| {
                let word = setting.rows[0].head.unwrap_or("kind");
                let message = format!("this point of `{}` does not say its `{word}`", setting.short());
                ExperimentError::new(&place, message, format!("write {{ {word} = \"...\", ... }}"))
            })?
        } else {
            let value = self.setting(setting, item)?;
            patch.sets.push(Assignment { key, value: value.clone(), place: place.clone() });
            value
        };
        Ok(Point { label: value.to_string(), patch, place })
    }

    /// `[variants.*]`: named bundles of settings, one axis.
    pub fn variants(&self, entry: &Entry) -> Result<WrittenAxis, ExperimentError> {
        let mut points = Vec::new();
        for bundle in self.table("variants", entry)? {
            named(bundle.key, &bundle.at)?;
            let mut patch = Patch::default();
            for e in self.table(&format!("variants.{}", bundle.key), &bundle)? {
                self.patch(e.key, &e, &mut patch)?;
            }
            points.push(Point { label: bundle.key.to_string(), patch, place: bundle.at });
        }
        if points.is_empty() {
            return Err(ExperimentError::new(
                &entry.at,
                "the axis `variants` is empty",
                "write [variants.NAME] sections, or delete it",
            ));
        }
        Ok(WrittenAxis {
            name: "variant".into(),
            place: entry.at.clone(),
            scale: Scale::Category,
            points,
            key: None,
            owned: Vec::new(),
        })
    }

    /// `[zip.NAME]`: settings that change together.
    pub fn zip(&self, entry: &Entry) -> Result<WrittenAxis, ExperimentError> {
        named(entry.key, &entry.at)?;
        if is_column(entry.key) {
            let message = format!("`{}` is already a column of the results", entry.key);
            return Err(ExperimentError::new(&entry.at, message, "give the zip a name of its own, such as [zip.budget]"));
        }
        let mut columns: Vec<(usize, Location, Vec<Point>)> = Vec::new();
        for e in self.table(&format!("zip.{}", entry.key), entry)? {
            self.walk(e.key, &e, &mut |leaf| {
                if let Leaf::Set(key, e) = leaf {
                    // Repeats are welcome here: only whole points must differ.
                    let (points, _) = match e.value.get_ref() {
                        DeValue::Array(items) if !items.is_empty() => (
                            items.iter().map(|v| self.point(key, e, v)).collect::<Result<Vec<_>, _>>()?,
                            Scale::Category,
                        ),
                        _ => self.points(key, e)?,
                    };
                    columns.push((key, e.at.clone(), points));
                }
                Ok(())
            })?;
        }
        let Some((first, first_at, first_points)) = columns.first() else {
            return Err(ExperimentError::new(
                &entry.at,
                format!("the axis `zip.{}` is empty", entry.key),
                "give it lists of equal length",
            ));
        };
        let keys = &Registry::get().keys;
        if let Some((key, at, points)) = columns.iter().find(|(_, _, points)| points.len() != first_points.len()) {
            let (a, b) = (keys[*first].short(), keys[*key].short());
            let message = format!(
                "`zip.{}` needs lists of equal length, but `{a}` has {} and `{b}` has {}",
                entry.key,
                first_points.len(),
                points.len()
            );
            return Err(ExperimentError::new(
                at,
                message,
                "make them equally long, or move one to [axes] for all combinations",
            )
            .also(first_at));
        }
        let mut points = Vec::new();
        for i in 0..first_points.len() {
            let mut patch = Patch::default();
            for (_, _, column) in &columns {
                patch.clears.extend(&column[i].patch.clears);
                column[i].patch.sets.iter().try_for_each(|a| patch.add(a.clone()))?;
            }
            let label = columns.iter().map(|(_, _, c)| c[i].label.as_str()).collect::<Vec<_>>().join("/");
            points.push(Point { label, patch, place: first_points[i].place.clone() });
        }
        no_repeats(entry.key, &points)?;
        Ok(WrittenAxis {
            name: entry.key.to_string(),
            place: entry.at.clone(),
            scale: Scale::Category,
            points,
            key: None,
            owned: Vec::new(),
        })
    }
}

impl Patch {
    /// Adds one assignment; a key set twice is a problem.
    pub fn add(&mut self, assignment: Assignment) -> Result<(), ExperimentError> {
        if let Some(first) = self.sets.iter().find(|a| a.key == assignment.key) {
            let name = Registry::get().keys[assignment.key].name;
            return Err(ExperimentError::new(&assignment.place, format!("`{name}` is set twice"), "keep one of the two")
                .also(&first.place));
        }
        self.sets.push(assignment);
        Ok(())
    }
}

fn no_repeats(name: &str, points: &[Point]) -> Result<(), ExperimentError> {
    let mut seen: HashMap<&str, &Location> = HashMap::new();
    for point in points {
        if let Some(first) = seen.insert(&point.label, &point.place) {
            if *first == point.place {
                let message = format!("the range of `{name}` holds {} twice", point.label);
                let help = "its points round to equal whole numbers; take a smaller n";
                return Err(ExperimentError::new(&point.place, message, help));
            }
            let message = format!("the axis `{name}` holds {} twice", point.label);
            // Tables are labelled by their kind alone.
            let help = match point.place.text().contains("kind") {
                true => {
                    "points are told apart by their `kind`: name the bundles, in [variants] or as [[optimizer]] with `name`"
                }
                false => "every point of an axis must differ; delete one",
            };
            return Err(ExperimentError::new(&point.place, message, help).also(first));
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

pub(crate) fn named(name: &str, at: &Location) -> Result<(), ExperimentError> {
    if name.trim().is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        let help = "it becomes the legend: write a short text on one line";
        return Err(ExperimentError::new(at, "this name is empty, too long or not printable", help));
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
