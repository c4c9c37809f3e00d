//! The keys of one section that describes a figure, a claim or the comparison, looked up by name.

use super::ExperimentError;
use super::error::{Location, Result};
use super::node::{Entry, Word};
use super::selector::{Selector, selectors};
use crate::experiment::keys::Section;

/// The entries of a section whose keys are all known.
pub(crate) struct Fields<'a> {
    section: &'static Section,
    pub place: Location,
    entries: Vec<Entry<'a>>,
}

impl<'a> Fields<'a> {
    /// The entries of a section.
    ///
    /// # Errors
    /// A key that it does not have.
    pub fn new(section: &'static Section, place: Location, entries: Vec<Entry<'a>>) -> Result<Self> {
        match entries.iter().find(|e| !section.has(e.key)) {
            Some(odd) => Err(odd.unknown_in(section)),
            None => Ok(Fields { section, place, entries }),
        }
    }

    /// The entry of a key, if the section has one.
    pub fn get(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|e| e.key == key)
    }

    /// The entry of a key that must be there.
    pub fn need(&self, key: &str, help: &str) -> Result<&Entry<'a>> {
        self.get(key).ok_or_else(|| self.place.error(format!("this {} has no `{key}`", self.section.name), help))
    }

    /// What `read` makes of a key's entry, if there is one.
    pub fn read<T>(&self, key: &str, read: impl FnOnce(&Entry<'a>) -> Result<T, ExperimentError>) -> Result<Option<T>> {
        self.get(key).map(read).transpose()
    }

    /// The texts of a key, none where it is missing.
    pub fn words(&self, key: &str) -> Result<Vec<Word>> {
        Ok(self.read(key, Entry::words)?.unwrap_or_default())
    }

    /// What a key such as `where` selects, nothing where it is missing.
    pub fn selectors(&self, key: &str) -> Result<Vec<Selector>> {
        self.read(key, |e| {
            let help = || format!("write {key} = {{ AXIS = LABEL }}, such as {key} = {{ depth = 8 }}");
            let wrong = || format!("`{key}` must be a table, but is {}", e.value.found());
            selectors(&e.value.entries().ok_or_else(|| e.value.at.error(wrong(), help()))?)
        })
        .map(Option::unwrap_or_default)
    }
}
