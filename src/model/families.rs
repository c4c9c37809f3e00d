//! The list of families: those of this crate, then those that a program brings. Whatever asks which kinds of network there are,
//! or what one of them reads, asks this list.

use super::boundary::Family;
use super::{convolution, dense, init, recurrent, transformer};
use crate::ops::activation;
use crate::setting::{Problems, Setting, Settings, of_problems};
use std::sync::OnceLock;

/// The families of this crate. The first word of the first is the usual network.
const BUILT_IN: &[&dyn Family] = &[
    &dense::Dense::Fused,
    &recurrent::Recurrent::Fused,
    &convolution::Convolutional::Fused,
    &transformer::Transformer::Fused,
];

/// Settings that several families read; [`Family::reads`] says which of them.
const SHARED: &[&[Setting]] = &[dense::SETTINGS, init::SETTINGS, activation::SETTINGS];

static BROUGHT: OnceLock<Vec<&'static dyn Family>> = OnceLock::new();

/// Adds the families of a program to the list: once, and before anything has read it.
///
/// # Errors
/// When a word is none or names two of them, or the list has been read already.
pub fn bring(families: Vec<&'static dyn Family>) -> Result<(), String> {
    let mut words: Vec<&str> = BUILT_IN.iter().flat_map(|family| family.words()).copied().collect();
    for word in families.iter().flat_map(|family| family.words()) {
        if !is_plain(word) {
            return Err(format!("a network cannot be called \"{word}\": use lower-case letters, digits and _"));
        }
        if words.contains(word) {
            return Err(format!("there are two networks \"{word}\": rename one of them"));
        }
        words.push(word);
    }
    BROUGHT.set(families).map_err(|_| "networks have to be added at the start of the program, and only once".into())
}

/// Whether it can be a word or a key of an experiment file.
pub(crate) fn is_plain(word: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    word.starts_with(|c: char| c.is_ascii_lowercase()) && word.chars().all(is_plain)
}

/// The settings that several families read.
pub(crate) fn shared() -> impl Iterator<Item = &'static Setting> {
    SHARED.iter().copied().flatten()
}

/// All families.
pub fn all() -> impl Iterator<Item = &'static dyn Family> {
    BUILT_IN.iter().chain(BROUGHT.get_or_init(Vec::new)).copied()
}

/// The family that a word of `network` names.
pub fn named(word: &str) -> Option<&'static dyn Family> {
    all().find(|family| family.words().contains(&word))
}

/// The family that the settings name.
pub fn family(settings: &Settings) -> &'static dyn Family {
    settings.text("network").and_then(named).unwrap_or(BUILT_IN[0])
}

/// Whether the network that the settings name comes from a program of a reader's own.
pub(crate) fn is_brought(settings: &Settings) -> bool {
    let word = settings.text("network").unwrap_or_default();
    BROUGHT.get().is_some_and(|families| families.iter().any(|family| family.words().contains(&word)))
}

/// The settings of networks, in the order of the table.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    let own = all().map(|family| family.settings());
    [head(), dense::SETTINGS, init::SETTINGS].into_iter().chain(own).chain([activation::SETTINGS]).flatten()
}

/// `network`, which says what kind of network it is.
fn head() -> &'static [Setting] {
    static HEAD: OnceLock<[Setting; 1]> = OnceLock::new();
    HEAD.get_or_init(|| {
        let words: &'static [&'static str] =
            all().flat_map(|family| family.words()).copied().collect::<Vec<_>>().leak();
        let help: &'static str = all().map(|family| family.help()).collect::<Vec<_>>().join("; ").leak();
        of_problems(Problems::Networks, [Setting::word("network", words, words[0]).head("kind").help(help)])
    })
}

/// Whether the kind of network of this word reads a setting. All read those of data and training; an option of `network` says
/// by [`Setting::of`] who has it.
pub fn reads(word: &str, key: &str) -> bool {
    let has = |table: &[Setting]| table.iter().any(|row| row.key == key);
    let family = named(word);
    if shared().any(|row| row.key == key) {
        return family.is_some_and(|family| family.reads(word, key));
    }
    let is_own = || family.is_some_and(|family| has(family.settings()));
    key.starts_with("network.") || is_own() || !all().any(|family| has(family.settings()))
}
