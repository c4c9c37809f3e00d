//! `key = value` and `key = [values]`, as `[[exclude]]`, `[ablation]`, `where` and `--only` choose cells.

use super::error::{Location, Result};
use super::node::Entry;
use super::short;
use crate::experiment::settings::{Registry, SHORT, literal};
use crate::setting::Value;

/// A key and the values it may have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Selector {
    pub key: String,
    pub place: Location,
    pub values: Vec<(Value, Location)>,
}

/// A section that chooses cells: an `[[exclude]]`, or the centre of an `[ablation]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Selection {
    pub place: Location,
    pub keys: Vec<Selector>,
}

impl Selector {
    /// As it would be written in the file.
    pub fn text(&self) -> String {
        let values: Vec<String> = self.values.iter().map(|(value, _)| literal(value)).collect();
        match values.as_slice() {
            [one] => format!("{} = {one}", self.key),
            several => format!("{} = [{}]", self.key, several.join(", ")),
        }
    }
}

impl Selection {
    /// The keys as they would be written on one line.
    pub fn text(&self) -> String {
        self.keys.iter().map(Selector::text).collect::<Vec<_>>().join(", ")
    }
}

/// The selectors of a table's entries; dotted keys are one key.
///
/// # Errors
/// What is neither a value nor a list of at least one.
pub(crate) fn selectors(entries: &[Entry]) -> Result<Vec<Selector>> {
    let mut found = Vec::new();
    under("", entries, &mut found)?;
    Ok(found)
}

fn under(prefix: &str, entries: &[Entry], found: &mut Vec<Selector>) -> Result<()> {
    for e in entries {
        let key = format!("{prefix}{}", e.key);
        if let Some(inner) = e.value.entries() {
            under(&format!("{key}."), &inner, found)?;
            continue;
        }
        let registry = Registry::get();
        let values = e.value.values(&key, registry.find(&key).map(|found| &registry.keys[found]))?;
        if values.is_empty() {
            let help = "write a value or a list of values, or delete the line";
            return e.value.at.fail(format!("`{key}` selects nothing, since the list is empty"), help);
        }
        let values = match key == SHORT {
            true => values.into_iter().map(|(value, place)| (short::selected(value), place)).collect(),
            false => values,
        };
        found.push(Selector { key: Registry::long(&key).into_owned(), place: e.at.clone(), values });
    }
    Ok(())
}
