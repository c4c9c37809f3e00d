//! The points of one setting: a single value, a list, a range or a table, and the walk through nested tables down to them.

use super::axis::{Assignment, Patch, Point, WrittenAxis};
use super::error::{Location, Result};
use super::node::{Entry, Node};
use super::short;
use super::value::unknown_setting;
use crate::experiment::settings::{Key, Registry, SHORT};
use crate::plan_file::Scale;
use crate::setting::{Domain, Value};
use std::collections::HashMap;

/// What a walk through a setting's entry meets.
pub(crate) enum Leaf<'a, 'b> {
    /// A whole table replaces this family.
    Family(&'a str),
    Set(usize, &'b Entry<'a>),
}

/// Walks from `path` down to single settings.
pub(crate) fn walk<'a>(path: &str, entry: &Entry<'a>, visit: &mut dyn FnMut(Leaf) -> Result<()>) -> Result<()> {
    let registry = Registry::get();
    if path == SHORT {
        let long = short::value(&entry.value)?;
        let value = Node { toml: &long, at: entry.value.at.clone() };
        return walk(&Registry::long(path), &Entry { key: entry.key, at: entry.at.clone(), value }, visit);
    }
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
        None => Err(unknown_setting(path, &entry.at, entry.value.raw().as_ref())),
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

/// The axis of one setting.
pub(crate) fn axis(key: usize, entry: &Entry) -> Result<WrittenAxis> {
    let (points, scale) = points(key, entry)?;
    Ok(WrittenAxis::new(key, entry.at.clone(), points, scale))
}

/// The points of a list or a range, all different.
pub(crate) fn points(key: usize, entry: &Entry) -> Result<(Vec<Point>, Scale)> {
    let (points, scale) = listed(key, entry)?;
    no_repeats(Registry::get().keys[key].short(), &points)?;
    Ok((points, scale))
}

/// The points of a list, which may repeat, or a range.
pub(crate) fn listed(key: usize, entry: &Entry) -> Result<(Vec<Point>, Scale)> {
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
        let values = entry.value.text(name).ok().and_then(|text| unquoted(&text)).unwrap_or_else(|| found.clone());
        let help = format!("write {name} = [{values}], or put a fixed value under [base]");
        return at.fail(format!("the axis `{name}` needs a list or a range, but is {found}"), help);
    };
    let points = items.map(|item| point(key, entry, &item)).collect::<Result<Vec<_>>>()?;
    if points.is_empty() {
        return at.fail(format!("the axis `{name}` is empty"), "give it at least one value, or delete the line");
    }
    let scale = scale_of(&points);
    Ok((points, scale))
}

/// What a list that was written in quotes holds, as TOML has it; `None` where a text is none.
fn unquoted(text: &str) -> Option<String> {
    let parts = text.trim().trim_start_matches('[').trim_end_matches(']').split(',');
    let parts: Vec<&str> = parts.map(|part| part.trim().trim_matches(['"', '\''])).collect();
    let is_word =
        |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_.+-".contains(c));
    let is_bare = |part: &str| part.parse::<f64>().is_ok() || ["true", "false"].contains(&part);
    let literal = |part: &str| if is_bare(part) { part.to_string() } else { format!("\"{part}\"") };
    let is_list = parts.len() > 1 && parts.iter().all(is_word);
    is_list.then(|| parts.into_iter().map(literal).collect::<Vec<_>>().join(", "))
}

/// The point of a number in a range.
fn in_range(setting: &Key, key: usize, x: f64, at: &Location) -> Result<Point> {
    let domain = &setting.rows[0].domain;
    let whole = matches!(domain, Domain::Int { .. } | Domain::IntOrWord { .. });
    let value = if whole { Value::Int(x.round() as i64) } else { Value::Float(x) };
    let Some(value) = setting.fit(&value) else {
        let message = format!("`{}` must be {domain}, but this range contains {value}", setting.short());
        return at.fail(message, "choose the ends of the range accordingly");
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
        let message = format!("this point of `{}` lacks its `{word}`", setting.short());
        return place.fail(message, format!("write {{ {word} = \"...\", ... }}"));
    };
    // What is written as one word is labelled by all that it stands for.
    let said = |a: &Assignment| a.value.to_string();
    let label =
        if item.is_whole_table() { said(head) } else { own.sets.iter().map(said).collect::<Vec<_>>().join(" ") };
    Ok(Point { label, patch: own, place })
}

/// Checks that every label is there once.
pub(crate) fn no_repeats(name: &str, points: &[Point]) -> Result<()> {
    let mut seen: HashMap<&str, &Location> = HashMap::new();
    for point in points {
        if let Some(first) = seen.insert(&point.label, &point.place) {
            if *first == point.place {
                let help = "its points round to the same whole numbers; write a smaller n";
                return point.place.fail(format!("the range of `{name}` holds {} twice", point.label), help);
            }
            // Tables are labelled by their kind alone.
            let named = if name == "optimizer" { ", or as [[optimizer]] with a `name`" } else { "" };
            let help = match point.place.text().contains("kind") {
                true => format!(
                    "the name of a point is its `kind`: give each a name of its own, as [variants] a = {{ {name} = {{ ... }} }}{named}"
                ),
                false => "every point of an axis must differ; delete one".into(),
            };
            return Err(point.place.error(format!("the axis `{name}` holds {} twice", point.label), help).also(first));
        }
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
