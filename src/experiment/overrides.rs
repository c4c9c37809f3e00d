//! What the command line changes: `--set key=value` and `--seeds n`.

use super::axis::{Assignment, Leaf, Patch, Point, WrittenAxis};
use super::plan::Plan;
use super::problem::{Location, ExperimentError, Source};
use super::reader::{Entry, Reader, is_several};
use super::settings::Registry;
use super::written::{Experiment, MOST_SEEDS, SECTIONS};
use crate::plan_file::Scale;
use crate::setting::Value;
use std::sync::Arc;
use toml::de::DeValue;

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
    /// Applies the command line's changes and combines the axes.
    ///
    /// # Errors
    /// The first thing wrong with a change, the grid, or a figure.
    pub fn plan(&self, overrides: &Overrides) -> Result<Plan, ExperimentError> {
        let mut experiment = self.clone();
        if *overrides != Overrides::default() {
            // It counts the runs of the file as it stands.
            experiment.expect_runs = None;
            experiment.changed = true;
        }
        for text in &overrides.set {
            experiment.set(text)?;
        }
        if let Some(seeds) = overrides.seeds {
            if !(1..=MOST_SEEDS as u64).contains(&seeds) {
                let source = Arc::new(Source { name: "--seeds".into(), text: seeds.to_string() });
                let message = format!("the number of seeds must be from 1 to {MOST_SEEDS}, but is {seeds}");
                return Err(ExperimentError::new(&Location::new(&source, 0..source.text.len()), message, "write --seeds 5"));
            }
            experiment.seeds = seeds;
        }
        if overrides.fresh_seeds {
            experiment.first_seed = FRESH + 1;
        }
        Plan::combine(&experiment)
    }

    /// One `--set key=value`.
    fn set(&mut self, text: &str) -> Result<(), ExperimentError> {
        let reader = Reader::of_option("--set", text)?;
        let document = reader.document()?;
        let entries = reader.entries(document.get_ref());
        let entry = reader.one_entry(&entries)?;
        if self.read_plain(&reader, entry)? {
            return Ok(());
        }
        let bundles = self.axes.iter().find(|a| a.key.is_none() && a.name == entry.key);
        if let Some(axis) = bundles.filter(|_| !matches!(entry.value.get_ref(), DeValue::Table(_))) {
            let message =
                format!("--set cannot change `{0}`: the file says what each point of the axis `{0}` sets", axis.name);
            let help = format!("to run some of its points alone, write --only {}={}", axis.name, axis.points[0].label);
            return Err(ExperimentError::new(&entry.at, message, help).also(&axis.place));
        }
        let registry = Registry::get();
        if SECTIONS.contains(&entry.key) && registry.find(entry.key).is_none() {
            let help = match entry.key {
                "base" | "axes" => "name the setting alone, as in --set depth=8 or --set \"depth=[2, 4]\"",
                _ => "change the file there",
            };
            let message = format!("--set changes settings, and `{}` is a section of the file", entry.key);
            return Err(ExperimentError::new(&entry.at, message, help));
        }
        let mut changed: Vec<usize> = Vec::new();
        let mut base = Patch::default();
        let mut axes: Vec<WrittenAxis> = Vec::new();
        reader.walk(entry.key, entry, &mut |leaf| {
            match leaf {
                Leaf::Family(family) => {
                    base.clears.extend(registry.family(family));
                }
                Leaf::Set(key, e) => {
                    changed.push(key);
                    let setting = &registry.keys[key];
                    let several = is_several(setting, e.value);
                    if several {
                        axes.push(reader.axis(key, e)?);
                    } else if self.axes.iter().any(|a| a.key == Some(key)) {
                        // A fixed value for an axis leaves an axis of one point, so that figures still find it.
                        let value = reader.setting(setting, e.value)?;
                        let place = reader.at(e.value);
                        let mut axis = WrittenAxis {
                            name: setting.short().into(),
                            place: e.at.clone(),
                            scale: if matches!(value, Value::Text(_) | Value::Bool(_)) {
                                Scale::Category
                            } else {
                                Scale::Linear
                            },
                            points: Vec::new(),
                            key: Some(key),
                            owned: Vec::new(),
                        };
                        let label = value.to_string();
                        let sets = vec![Assignment { key, value, place: place.clone() }];
                        axis.points.push(Point { label, patch: Patch { clears: vec![], sets }, place });
                        axes.push(axis);
                    } else {
                        let value = reader.setting(setting, e.value)?;
                        base.add(Assignment { key, value, place: reader.at(e.value) })?;
                    }
                }
            }
            Ok(())
        })?;
        for key in &changed {
            self.is_free(*key, &entry.at)?;
        }
        // Steps and epochs are two ways to say one thing, so the new one displaces the old.
        let length = [registry.index("steps"), registry.index("epochs")];
        let displaces = changed.iter().any(|k| length.contains(k));
        self.base.sets.retain(|a| {
            !(changed.contains(&a.key) || base.clears.contains(&a.key) || displaces && length.contains(&a.key))
        });
        if displaces {
            self.axes.retain(|a| a.key.is_none_or(|k| !length.contains(&k) || changed.contains(&k)));
        }
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
    fn is_free(&self, key: usize, at: &Location) -> Result<(), ExperimentError> {
        let name = Registry::get().keys[key].short();
        for axis in self.axes.iter().filter(|a| a.key.is_none()) {
            for point in &axis.points {
                let sets = point.patch.sets.iter().find(|a| a.key == key).map(|a| &a.place);
                let cleared = point.patch.clears.contains(&key).then_some(&point.place);
                if let Some(place) = sets.or(cleared) {
                    let message = format!(
                        "--set cannot change `{name}`: `{}` of the axis `{}` decides it",
                        point.label, axis.name
                    );
                    let help = format!(
                        "change the file there; --only \"{}={}\" runs that point alone",
                        axis.name, point.label
                    );
                    return Err(ExperimentError::new(at, message, help).also(place));
                }
            }
        }
        Ok(())
    }
}

impl Reader {
    /// Reads the `key=value` of a command-line option, in the file's own syntax but for the quotes of a single word.
    ///
    /// # Errors
    /// When it has no key or no value.
    pub fn of_option(option: &str, text: &str) -> Result<Self, ExperimentError> {
        let reader = |text: &str| Reader { source: Arc::new(Source { name: option.into(), text: text.into() }) };
        let bare = |c: char| c.is_ascii_alphanumeric() || "_-./ ".contains(c);
        match text.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
            Some((key, value)) if !key.is_empty() && !value.is_empty() => {
                let word = starts_a_word(value) && value.chars().all(bare);
                Ok(reader(&if word { format!("{key}=\"{value}\"") } else { text.to_string() }))
            }
            _ => {
                let reader = reader(text);
                let place = reader.place(0..text.len());
                let key = if option == "--only" { "AXIS" } else { "KEY" };
                let message = format!("{option} needs {key}=VALUE, but is \"{}\"", text.escape_debug());
                let help = format!("write {option} depth=8, or {option} \"depth=[2, 4]\" for several values");
                Err(ExperimentError::new(&place, message, help))
            }
        }
    }

    /// The one entry of such an option.
    pub fn one_entry<'a, 'b>(&self, entries: &'b [Entry<'a>]) -> Result<&'b Entry<'a>, ExperimentError> {
        let option = &self.source.name;
        match entries {
            [entry] => Ok(entry),
            _ => {
                let place = self.place(0..self.source.text.len());
                let message = format!("{option} takes one change at a time");
                Err(ExperimentError::new(&place, message, format!("write {option} once for each")))
            }
        }
    }
}

/// Whether a `--set` value reads as a word and not as a number, true or false.
fn starts_a_word(value: &str) -> bool {
    value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '.')
        && !["true", "false", "inf", "nan"].contains(&value)
}
