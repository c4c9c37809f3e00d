//! What the command line changes in an experiment: `--set key=value` and `--seeds n`.

use super::file::{Experiment, MOST_SEEDS};
use super::keys::FILE;
use super::read::{
    Assignment, Document, Entry, Leaf, Location, Patch, Point, Result, Source, WrittenAxis, bundle_axis, points,
};
use super::settings::Registry;
use crate::plan_file::Scale;
use crate::setting::Value;
use std::sync::Arc;

/// What the command line changes in an experiment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// `key=value` in the file's own syntax (`optimizer.lr=0.1`, `depth=[2, 4]`, `seeds=3`); quotes around a single
    /// word may be left out. It replaces the axis or the base value of that key.
    pub set: Vec<String>,
    /// Run seeds 1..n; wins over the file and over `set`.
    pub seeds: Option<u64>,
    /// Run seeds from a million and one on instead of from 1.
    pub fresh_seeds: bool,
}

/// Beyond all seeds that an experiment can have: nothing was tuned on what comes after it.
pub const FRESH: u64 = 1_000_000;

impl Experiment {
    /// The experiment with the command line's changes.
    ///
    /// # Errors
    /// The first thing wrong with a change.
    pub(crate) fn with(&self, overrides: &Overrides) -> Result<Experiment> {
        let mut experiment = self.clone();
        if *overrides != Overrides::default() {
            // It counts the runs of the file as it stands.
            experiment.expect_runs = None;
            experiment.changed = true;
        }
        for text in &overrides.set {
            one_entry("--set", text, |entry| experiment.set(entry))?;
        }
        if let Some(seeds) = overrides.seeds {
            if !(1..=MOST_SEEDS as u64).contains(&seeds) {
                let message = format!("the number of seeds must be from 1 to {MOST_SEEDS}, but is {seeds}");
                let source = Source::new("--seeds", &seeds.to_string());
                return Location::whole(&source).fail(message, "write --seeds 5");
            }
            experiment.seeds = seeds;
        }
        if overrides.fresh_seeds {
            experiment.first_seed = FRESH + 1;
        }
        Ok(experiment)
    }

    /// One `--set key=value`.
    fn set(&mut self, entry: &Entry) -> Result<()> {
        if self.read_plain(entry)? {
            return Ok(());
        }
        if let (Some(axis), false) = (bundle_axis(&self.axes, entry.key), entry.value.toml.is_table()) {
            let axis = &self.axes[axis];
            let message =
                format!("--set cannot change `{0}`: the file says what each point of the axis `{0}` sets", axis.name);
            let help = format!("to run some of its points alone, write --only {}={}", axis.name, axis.points[0].label);
            return Err(entry.at.error(message, help).also(&axis.place));
        }
        let registry = Registry::get();
        if FILE.has(entry.key) && registry.find(entry.key).is_none() {
            let help = match entry.key {
                "base" | "axes" => "name the setting alone, as in --set depth=8 or --set \"depth=[2, 4]\"",
                _ => "change the file there",
            };
            let message = format!("--set changes settings, and `{}` is a section of the file", entry.key);
            return entry.at.fail(message, help);
        }
        let mut changed: Vec<usize> = Vec::new();
        let mut base = Patch::default();
        let mut axes: Vec<WrittenAxis> = Vec::new();
        points::walk(entry.key, entry, &mut |leaf| {
            let (key, e) = match leaf {
                Leaf::Family(family) => {
                    base.clears.extend(registry.family(family));
                    return Ok(());
                }
                Leaf::Set(key, e) => (key, e),
            };
            changed.push(key);
            let setting = &registry.keys[key];
            if e.value.is_several(setting) {
                axes.push(points::axis(key, e)?);
                return Ok(());
            }
            let (value, place) = (e.value.setting(setting)?, e.value.at.clone());
            if self.axes.iter().any(|a| a.key == Some(key)) {
                // A fixed value for an axis leaves an axis of one point, so that figures still find it.
                let is_word = matches!(value, Value::Text(_) | Value::Bool(_));
                let scale = if is_word { Scale::Category } else { Scale::Linear };
                axes.push(WrittenAxis::new(key, e.at.clone(), vec![Point::of(key, value, place)], scale));
                return Ok(());
            }
            base.add(Assignment { key, value, place })
        })?;
        changed.iter().try_for_each(|key| self.is_free(*key, &entry.at))?;
        // Options of the kinds that a head no longer has go with them.
        let is_idle = |a: &Assignment| {
            let head = registry.keys[a.key].head;
            let kinds = head.filter(|head| changed.contains(head)).map(|head| kinds_of(head, &base, &axes));
            kinds.is_some_and(|kinds| kinds.iter().all(|kind| registry.keys[a.key].row(*kind).is_none()))
        };
        let idle: Vec<usize> = self.base.sets.iter().filter(|a| is_idle(a)).map(|a| a.key).collect();
        // Of two ways to say one thing, the new one displaces the old.
        let displaced = registry.displaced(&changed);
        self.base.sets.retain(|a| {
            !(changed.contains(&a.key)
                || idle.contains(&a.key)
                || base.clears.contains(&a.key)
                || displaced.contains(&a.key))
        });
        self.axes.retain(|a| a.key.is_none_or(|k| !displaced.contains(&k)));
        self.base.sets.extend(base.sets);
        for axis in axes {
            match self.axes.iter_mut().find(|a| a.key == axis.key) {
                Some(slot) => *slot = axis,
                None => self.axes.push(axis),
            }
        }
        Ok(())
    }

    /// A key that a variant, zip or optimizer sets cannot be changed by name.
    fn is_free(&self, key: usize, at: &Location) -> Result<()> {
        for axis in self.axes.iter().filter(|a| a.key.is_none()) {
            for point in &axis.points {
                let cleared = point.patch.clears.contains(&key).then_some(&point.place);
                let Some(place) = point.patch.value(key).map(|a| &a.place).or(cleared) else { continue };
                let (name, label) = (Registry::get().keys[key].short(), &point.label);
                let message = format!("--set cannot change `{name}`: `{label}` of the axis `{}` decides it", axis.name);
                let help = format!("change the file there; --only \"{}={label}\" runs that point alone", axis.name);
                return Err(at.error(message, help).also(place));
            }
        }
        Ok(())
    }
}

/// The kinds that a head is given in a change.
fn kinds_of(head: usize, base: &Patch, axes: &[WrittenAxis]) -> Vec<usize> {
    let words = Registry::get().keys[head].words;
    let points = axes.iter().flat_map(|axis| &axis.points).filter_map(|point| point.patch.value(head));
    let values = base.value(head).into_iter().chain(points).map(|a| a.value.to_string());
    values.filter_map(|value| words.iter().position(|word| *word == value)).collect()
}

/// Reads the one `key=value` of a command-line option, in the file's own syntax but for the quotes of a single word.
///
/// # Errors
/// When it has no key, no value or several of them.
pub(crate) fn one_entry<T>(option: &str, text: &str, read: impl FnOnce(&Entry) -> Result<T>) -> Result<T> {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-./ ".contains(c);
    let source: Arc<Source> = match text.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => {
            let word = starts_a_word(value) && value.chars().all(bare);
            Source::new(option, &if word { format!("{key}=\"{value}\"") } else { text.to_string() })
        }
        _ => {
            let key = if option == "--only" { "AXIS" } else { "KEY" };
            let message = format!("{option} needs {key}=VALUE, but is \"{}\"", text.escape_debug());
            let help = format!("write {option} depth=8, or {option} \"depth=[2, 4]\" for several values");
            return Location::whole(&Source::new(option, text)).fail(message, help);
        }
    };
    match Document::parse(&source)?.entries().as_slice() {
        [entry] => read(entry),
        _ => {
            let message = format!("{option} takes one change at a time");
            Location::whole(&source).fail(message, format!("write {option} once for each"))
        }
    }
}

/// Whether a `--set` value reads as a word and not as a number, true or false.
fn starts_a_word(value: &str) -> bool {
    value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '.')
        && !["true", "false", "inf", "nan"].contains(&value)
}
