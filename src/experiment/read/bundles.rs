//! Axes of named bundles: `[variants.*]`, and `[zip.*]`, whose settings change together.

use super::axis::{Patch, Point, WrittenAxis};
use super::error::{Location, Result};
use super::node::Entry;
use super::points::{Leaf, listed, no_repeats, patch, walk};
use crate::columns;
use crate::experiment::settings::Registry;
use crate::printable::is_name;
use crate::table::is_formula;

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
            let help = "make them equally long, or move one of them to [axes] to have all combinations";
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

/// Whether the CSV files have a column of this name anyway.
fn is_column(name: &str) -> bool {
    let tables = columns::FILES.iter().flat_map(|(.., tables)| tables.iter().copied().flatten());
    let mut columns = tables.map(|column| column.name).chain(["variant", "optimizer"]);
    let is_variable = name.strip_prefix('x').is_some_and(|n| n.parse::<usize>().is_ok());
    Registry::get().find(name).is_some() || is_variable || columns.any(|column| column == name)
}

/// Checks a name that becomes a label.
pub(crate) fn named(name: &str, at: &Location) -> Result<()> {
    if name.trim().is_empty() || !is_name(name) {
        let help = "it appears in legends: write a short text on one line";
        return at.fail("this name is empty, too long or not printable", help);
    }
    no_formula(name, at)
}

/// Checks a text that becomes a cell of a CSV file.
pub(crate) fn no_formula(text: &str, at: &Location) -> Result<()> {
    if is_formula(text) {
        let message = format!("a spreadsheet program would run `{text}` as a formula when it opens the CSV files");
        return at.fail(message, "do not begin it with =, +, - or @");
    }
    Ok(())
}
