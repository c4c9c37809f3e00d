//! An experiment as written: every section read, every value with its place, nothing combined yet.

use super::axis::{Patch, WrittenAxis};
use super::figure_spec::WrittenFigure;
use super::plan::Plan;
use super::problem::{Place, Problem, Source};
use super::reader::{Entry, Reader, is_range};
use super::settings::Registry;
use super::spec::{At, Cadence};
use crate::setting::{Domain, Value};
use std::sync::Arc;
use toml::Spanned;
use toml::de::DeValue;

/// What may stand at the top of the file.
pub(crate) const SECTIONS: &[&str] = &[
    "name",
    "question",
    "seeds",
    "seed",
    "base",
    "axes",
    "variants",
    "optimizer",
    "zip",
    "exclude",
    "record",
    "figure",
];

/// Sections that a later version will read.
const NOT_YET: &[&str] = &["claim", "include"];

/// More run seeds than this are a slip of the pen.
const MOST_SEEDS: i64 = 10_000;

/// What the command line changes in an experiment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// `key=value` in the file's own syntax (`optimizer.lr=0.1`, `depth=[2, 4]`, `seeds=3`); quotes around a single
    /// word may be left out. It replaces the axis or the base value of that key.
    pub set: Vec<String>,
    /// Run seeds 1..n; wins over the file and over `set`.
    pub seeds: Option<u64>,
}

/// An experiment as written.
#[derive(Clone, Debug)]
pub struct Experiment {
    pub(crate) source: Arc<Source>,
    pub(crate) name: Option<(String, Place)>,
    pub(crate) question: String,
    pub(crate) seeds: u64,
    pub(crate) seed: u64,
    pub(crate) base: Patch,
    /// In the order of the file.
    pub(crate) axes: Vec<WrittenAxis>,
    pub(crate) excludes: Vec<Exclude>,
    pub(crate) cadence: Cadence,
    pub(crate) figures: Vec<WrittenFigure>,
}

/// One `[[exclude]]`: drops the cells that match every key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exclude {
    pub place: Place,
    pub keys: Vec<Selector>,
}

/// A key and the values it may have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Selector {
    pub key: String,
    pub place: Place,
    pub values: Vec<(Value, Place)>,
}

impl Reader {
    /// `depth = 2` or `depth = [2, 4]` of an exclude or a `where`; dotted keys too.
    pub fn selectors(&self, prefix: &str, entries: &[Entry], out: &mut Vec<Selector>) -> Result<(), Problem> {
        for e in entries {
            let key = format!("{prefix}{}", e.key);
            if let DeValue::Table(table) = e.value.get_ref() {
                self.selectors(&format!("{key}."), &self.entries(table), out)?;
                continue;
            }
            let values = self.scalars(&key, e.value)?;
            if values.is_empty() {
                let help = "write a value or a list of values, or delete the line";
                return Err(Problem::new(
                    &self.at(e.value),
                    format!("`{key}` selects nothing: the list is empty"),
                    help,
                ));
            }
            out.push(Selector { key, place: e.at.clone(), values });
        }
        Ok(())
    }

    fn steps(&self, name: &str, entry: &Entry) -> Result<At, Problem> {
        let help = "write { at = \"log\", points = 20 }, { at = [0, 10, 100] } or { every = 50 }";
        let wrong = |at: &Place, message: String| Problem::new(at, message, help);
        let DeValue::Table(table) = entry.value.get_ref() else {
            return Err(wrong(
                &self.at(entry.value),
                format!("`record.{name}` must be a table, but is {}", self.found(entry.value)),
            ));
        };
        let entries = self.entries(table);
        let get = |k: &str| entries.iter().find(|e| e.key == k);
        let only = |known: &[&str]| match entries.iter().find(|e| !known.contains(&e.key)) {
            Some(extra) => Err(wrong(&extra.at, format!("`record.{name}` has no `{}` here", extra.key))),
            None => Ok(()),
        };
        let steps = 1..1_000_000_001;
        if let Some(every) = get("every") {
            only(&["every"])?;
            return Ok(At::Every(self.integer("every", every.value, steps)? as usize));
        }
        let Some(at) = get("at") else {
            only(&["at", "points", "every"])?;
            return Err(wrong(&self.at(entry.value), format!("`record.{name}` does not say at which steps")));
        };
        match at.value.get_ref() {
            DeValue::Array(items) => {
                only(&["at"])?;
                let one = |v: &Spanned<DeValue>| Ok(self.integer("at", v, 0..steps.end)? as usize);
                let mut list = items.iter().map(one).collect::<Result<Vec<usize>, Problem>>()?;
                list.sort_unstable();
                list.dedup();
                Ok(At::Steps(list))
            }
            DeValue::String(word) if word == "log" => {
                only(&["at", "points"])?;
                let points = get("points").map_or(Ok(20), |p| self.integer("points", p.value, 2..100_001))?;
                Ok(At::Log { points: points as usize })
            }
            _ => Err(wrong(
                &self.at(at.value),
                format!("`at` must be \"log\" or a list of steps, but is {}", self.found(at.value)),
            )),
        }
    }
}

impl Experiment {
    /// Reads the text of an experiment file; `file` is its name in messages.
    ///
    /// # Errors
    /// The first thing wrong with the text, whatever the text is.
    pub fn parse(text: &str, file: &str) -> Result<Experiment, Problem> {
        let source = Arc::new(Source { name: file.into(), text: text.into() });
        let reader = Reader { source: source.clone() };
        let document = reader.document()?;
        let mut experiment = Experiment {
            source: source.clone(),
            name: None,
            question: String::new(),
            seeds: 1,
            seed: 0,
            base: Patch::default(),
            axes: Vec::new(),
            excludes: Vec::new(),
            cadence: Cadence { gradients: At::Log { points: 20 }, score: At::Log { points: 20 }, probe: 64 },
            figures: Vec::new(),
        };
        for entry in reader.entries(document.get_ref()) {
            experiment.read(&reader, &entry)?;
        }
        experiment.axes.sort_by_key(|a| a.place.start());
        Ok(experiment)
    }

    fn read(&mut self, reader: &Reader, entry: &Entry) -> Result<(), Problem> {
        match entry.key {
            "base" => {
                for e in reader.table("base", entry)? {
                    reader.patch(e.key, &e, &mut self.base)?;
                }
            }
            "axes" => {
                for e in reader.table("axes", entry)? {
                    reader.walk(e.key, &e, &mut |leaf| {
                        if let super::axis::Leaf::Set(key, e) = leaf {
                            self.axes.push(reader.axis(key, e)?);
                        }
                        Ok(())
                    })?;
                }
            }
            "variants" => self.axes.push(reader.variants(entry)?),
            "optimizer" => self.axes.push(reader.optimizers(entry)?),
            "zip" => {
                for e in reader.table("zip", entry)? {
                    self.axes.push(reader.zip(&e)?);
                }
            }
            "exclude" => {
                for (place, entries) in reader.tables("exclude", entry)? {
                    let mut keys = Vec::new();
                    reader.selectors("", &entries, &mut keys)?;
                    if keys.is_empty() {
                        let help = "name what to leave out, as in depth = 2, or delete it";
                        return Err(Problem::new(&place, "this [[exclude]] would drop every cell", help));
                    }
                    self.excludes.push(Exclude { place, keys });
                }
            }
            "figure" => {
                for (place, entries) in reader.tables("figure", entry)? {
                    self.figures.push(WrittenFigure::read(reader, place, &entries)?);
                }
            }
            _ if self.read_plain(reader, entry)? => {}
            later if NOT_YET.contains(&later) => {
                let message = format!("[[{later}]] is not read yet by this version of gradsweep");
                return Err(Problem::new(&entry.at, message, "delete the section for now"));
            }
            key => {
                let registry = Registry::get();
                let mut problem = reader.unknown("section", entry, SECTIONS.iter().copied());
                if registry.find(key).is_some() || registry.is_family(key) {
                    let list = matches!(entry.value.get_ref(), DeValue::Array(_));
                    problem.message = format!("`{key}` does not stand at the top of the file");
                    problem.help = format!("put it under {}", if list { "[axes]" } else { "[base]" });
                }
                return Err(problem);
            }
        }
        Ok(())
    }

    /// The entries that the file and `--set` share; false if `entry` is none of them.
    fn read_plain(&mut self, reader: &Reader, entry: &Entry) -> Result<bool, Problem> {
        match entry.key {
            "name" => self.name = Some((reader.text("name", entry.value)?, reader.at(entry.value))),
            "question" => self.question = reader.text("question", entry.value)?,
            "seeds" => self.seeds = reader.integer("seeds", entry.value, 1..MOST_SEEDS + 1)? as u64,
            "seed" => self.seed = reader.integer("seed", entry.value, 0..i64::MAX)? as u64,
            "record" => {
                for e in reader.table("record", entry)? {
                    match e.key {
                        "gradients" => self.cadence.gradients = reader.steps("gradients", &e)?,
                        "score" => self.cadence.score = reader.steps("score", &e)?,
                        "probe" => {
                            self.cadence.probe = reader.integer("record.probe", e.value, 1..1_000_001)? as usize;
                        }
                        _ => return Err(reader.unknown("key of [record]", &e, ["gradients", "score", "probe"])),
                    }
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Applies the command line's changes and combines the axes.
    ///
    /// # Errors
    /// The first thing wrong with a change, the grid, or a figure.
    pub fn plan(&self, overrides: &Overrides) -> Result<Plan, Problem> {
        let mut experiment = self.clone();
        for text in &overrides.set {
            experiment.set(text)?;
        }
        if let Some(seeds) = overrides.seeds {
            if !(1..=MOST_SEEDS as u64).contains(&seeds) {
                let source = Arc::new(Source { name: "--seeds".into(), text: seeds.to_string() });
                let message = format!("the number of seeds must be from 1 to {MOST_SEEDS}, but is {seeds}");
                return Err(Problem::new(&Place::new(&source, 0..source.text.len()), message, "write --seeds 5"));
            }
            experiment.seeds = seeds;
        }
        Plan::combine(&experiment)
    }

    /// One `--set key=value`.
    fn set(&mut self, text: &str) -> Result<(), Problem> {
        let bare = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
        let quoted = match text.split_once('=') {
            Some((key, value)) if starts_a_word(value.trim()) && value.trim().chars().all(bare) => {
                format!("{key}=\"{}\"", value.trim())
            }
            _ => text.to_string(),
        };
        let reader = Reader { source: Arc::new(Source { name: "--set".into(), text: quoted }) };
        let document = reader.document()?;
        let entries = reader.entries(document.get_ref());
        let [entry] = entries.as_slice() else {
            let place = reader.place(0..reader.source.text.len());
            return Err(Problem::new(&place, "--set takes one key=value", "write --set once for each change"));
        };
        if self.read_plain(&reader, entry)? {
            return Ok(());
        }
        let registry = Registry::get();
        let mut changed: Vec<usize> = Vec::new();
        let mut base = Patch::default();
        let mut axes: Vec<WrittenAxis> = Vec::new();
        reader.walk(entry.key, entry, &mut |leaf| {
            match leaf {
                super::axis::Leaf::Family(family) => {
                    base.clears.extend(registry.family(family));
                }
                super::axis::Leaf::Set(key, e) => {
                    changed.push(key);
                    let setting = &registry.keys[key];
                    let several = match e.value.get_ref() {
                        DeValue::Array(_) => !matches!(setting.rows[0].domain, Domain::Matrix),
                        DeValue::Table(table) => is_range(table),
                        _ => false,
                    };
                    if several {
                        axes.push(reader.axis(key, e)?);
                    } else if self.axes.iter().any(|a| a.key == Some(key)) {
                        // A fixed value for an axis leaves an axis of one point, so that figures still find it.
                        let value = reader.setting(setting, e.value)?;
                        let place = reader.at(e.value);
                        let mut axis = WrittenAxis {
                            name: setting.short().into(),
                            place: e.at.clone(),
                            scale: super::plan::Scale::Category,
                            points: Vec::new(),
                            key: Some(key),
                            owned: Vec::new(),
                        };
                        let label = value.to_string();
                        let sets = vec![super::axis::Assignment { key, value, place: place.clone() }];
                        axis.points.push(super::axis::Point { label, patch: Patch { clears: vec![], sets }, place });
                        axes.push(axis);
                    } else {
                        let value = reader.setting(setting, e.value)?;
                        base.add(super::axis::Assignment { key, value, place: reader.at(e.value) })?;
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
            !changed.contains(&a.key) && !base.clears.contains(&a.key) && !(displaces && length.contains(&a.key))
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
    fn is_free(&self, key: usize, at: &Place) -> Result<(), Problem> {
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
                    return Err(Problem::new(at, message, "change the file there").also(place));
                }
            }
        }
        Ok(())
    }
}

/// Whether a `--set` value reads as a word and not as a number, true or false.
fn starts_a_word(value: &str) -> bool {
    value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '.')
        && !["true", "false", "inf", "nan"].contains(&value)
}
