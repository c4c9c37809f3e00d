//! An experiment as written: every section read, every value with its place, nothing combined yet.

use super::ablation::Ablation;
use super::axis::{Patch, WrittenAxis};
use super::claim_spec::WrittenClaim;
use super::compare::Written;
use super::figure_spec::WrittenFigure;
use super::include::Include;
use super::plan::MOST_RUNS;
use super::problem::{Location, ExperimentError, Source};
use super::reader::{Entry, Reader};
use super::settings::{Registry, literal};
use super::spec::{At, Cadence};
use crate::setting::Value;
use std::sync::Arc;
use toml::Spanned;
use toml::de::DeValue;

/// What may stand at the top of the file.
pub(crate) const SECTIONS: &[&str] = &[
    "name",
    "question",
    "seeds",
    "seed",
    "expect_runs",
    "base",
    "axes",
    "variants",
    "optimizer",
    "zip",
    "ablation",
    "exclude",
    "include",
    "record",
    "figure",
    "compare",
    "claim",
];

/// More run seeds than this are a slip of the pen.
pub(crate) const MOST_SEEDS: i64 = 10_000;

/// An experiment as written.
#[derive(Clone, Debug)]
pub struct Experiment {
    pub(crate) source: Arc<Source>,
    pub(crate) name: Option<(String, Location)>,
    pub(crate) question: String,
    pub(crate) seeds: u64,
    pub(crate) first_seed: u64,
    pub(crate) seed: u64,
    /// How many runs the file says it has.
    pub(crate) expect_runs: Option<(u64, Location)>,
    pub(crate) base: Patch,
    /// In the order of the file.
    pub(crate) axes: Vec<WrittenAxis>,
    pub(crate) ablation: Option<Ablation>,
    pub(crate) excludes: Vec<Exclude>,
    pub(crate) includes: Vec<Include>,
    pub(crate) cadence: Cadence,
    /// Steps listed by hand under `[record]`, by the name of the list.
    pub(crate) listed_steps: Vec<(&'static str, usize, Location)>,
    /// The keys under `[record]`.
    pub(crate) recorded: Vec<(String, Location)>,
    pub(crate) figures: Vec<WrittenFigure>,
    pub(crate) compare: Option<Written>,
    pub(crate) claims: Vec<WrittenClaim>,
    /// Whether `--set` changed it.
    pub(crate) changed: bool,
}

/// One `[[exclude]]`: drops the cells that match every key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exclude {
    pub place: Location,
    pub keys: Vec<Selector>,
}

/// A key and the values it may have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Selector {
    pub key: String,
    pub place: Location,
    pub values: Vec<(Value, Location)>,
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

impl Reader {
    /// `depth = 2` or `depth = [2, 4]` of an exclude or a `where`; dotted keys too.
    pub fn selectors(&self, prefix: &str, entries: &[Entry], out: &mut Vec<Selector>) -> Result<(), ExperimentError> {
        for e in entries {
            let key = format!("{prefix}{}", e.key);
            if let DeValue::Table(table) = e.value.get_ref() {
                self.selectors(&format!("{key}."), &self.entries(table), out)?;
                continue;
            }
            let values = self.scalars(&key, e.value)?;
            if values.is_empty() {
                let help = "write a value or a list of values, or delete the line";
                return Err(ExperimentError::new(
                    &self.at(e.value),
                    format!("`{key}` selects nothing: the list is empty"),
                    help,
                ));
            }
            out.push(Selector { key, place: e.at.clone(), values });
        }
        Ok(())
    }

    fn steps(&self, name: &str, entry: &Entry, listed: &mut Vec<(usize, Location)>) -> Result<At, ExperimentError> {
        let help = "write { at = \"log\", points = 20 }, { at = [0, 10, 100] } or { every = 50 }";
        let wrong = |at: &Location, message: String| ExperimentError::new(at, message, help);
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
                let one = |v: &Spanned<DeValue>| Ok((self.integer("at", v, 0..steps.end)? as usize, self.at(v)));
                *listed = items.iter().map(one).collect::<Result<_, ExperimentError>>()?;
                let mut list: Vec<usize> = listed.iter().map(|(step, _)| *step).collect();
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
    pub fn parse(text: &str, file: &str) -> Result<Experiment, ExperimentError> {
        let source = Arc::new(Source { name: file.into(), text: text.into() });
        let reader = Reader { source: source.clone() };
        let document = reader.document()?;
        let mut experiment = Experiment {
            source: source.clone(),
            name: None,
            question: String::new(),
            seeds: 1,
            first_seed: 1,
            seed: 0,
            expect_runs: None,
            base: Patch::default(),
            axes: Vec::new(),
            ablation: None,
            excludes: Vec::new(),
            includes: Vec::new(),
            cadence: Cadence {
                gradients: At::Log { points: 20 },
                score: At::Log { points: 20 },
                probe: 64,
                points: None,
            },
            listed_steps: Vec::new(),
            recorded: Vec::new(),
            figures: Vec::new(),
            compare: None,
            claims: Vec::new(),
            changed: false,
        };
        // An [[include]] may name axes that stand below it, so it is read last.
        let (includes, others): (Vec<Entry>, Vec<Entry>) =
            reader.entries(document.get_ref()).into_iter().partition(|e| e.key == "include");
        for entry in &others {
            experiment.read(&reader, entry)?;
        }
        experiment.axes.sort_by_key(|a| a.place.start());
        for entry in &includes {
            for (place, entries) in reader.tables("include", entry)? {
                let include = Include::read(&reader, place, &entries, &experiment.axes)?;
                experiment.includes.push(include);
            }
        }
        Ok(experiment)
    }

    fn read(&mut self, reader: &Reader, entry: &Entry) -> Result<(), ExperimentError> {
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
            "ablation" => self.ablation = Some(Ablation::read(reader, entry)?),
            "exclude" => {
                for (place, entries) in reader.tables("exclude", entry)? {
                    let mut keys = Vec::new();
                    reader.selectors("", &entries, &mut keys)?;
                    if keys.is_empty() {
                        let help = "name what to leave out, as in depth = 2, or delete it";
                        return Err(ExperimentError::new(&place, "this [[exclude]] would drop every cell", help));
                    }
                    self.excludes.push(Exclude { place, keys });
                }
            }
            "figure" => {
                for (place, entries) in reader.tables("figure", entry)? {
                    self.figures.push(WrittenFigure::read(reader, place, &entries)?);
                }
            }
            "claim" => {
                for (place, entries) in reader.tables("claim", entry)? {
                    self.claims.push(WrittenClaim::read(reader, place, &entries)?);
                }
            }
            "compare" => self.compare = Some(Written::read(reader, entry)?),
            _ if self.read_plain(reader, entry)? => {}
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
    pub(crate) fn read_plain(&mut self, reader: &Reader, entry: &Entry) -> Result<bool, ExperimentError> {
        match entry.key {
            "name" => self.name = Some((reader.text("name", entry.value)?, reader.at(entry.value))),
            "question" => self.question = reader.text("question", entry.value)?,
            "seeds" => self.seeds = reader.integer("seeds", entry.value, 1..MOST_SEEDS + 1)? as u64,
            "seed" => self.seed = reader.integer("seed", entry.value, 0..i64::MAX)? as u64,
            "expect_runs" => {
                let runs = reader.integer("expect_runs", entry.value, 1..MOST_RUNS as i64 + 1)?;
                self.expect_runs = Some((runs as u64, reader.at(entry.value)));
            }
            "record" => {
                for e in reader.table("record", entry)? {
                    match e.key {
                        "gradients" => self.cadence.gradients = self.read_steps(reader, "gradients", &e)?,
                        "score" => self.cadence.score = self.read_steps(reader, "score", &e)?,
                        "points" => self.cadence.points = Some(self.read_steps(reader, "points", &e)?),
                        "probe" => {
                            self.cadence.probe = reader.integer("record.probe", e.value, 1..1_000_001)? as usize;
                        }
                        _ => {
                            let known = ["gradients", "score", "probe", "points"];
                            return Err(reader.unknown("key of [record]", &e, known));
                        }
                    }
                    self.recorded.push((e.key.to_string(), e.at.clone()));
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
    fn read_steps(&mut self, reader: &Reader, name: &'static str, entry: &Entry) -> Result<At, ExperimentError> {
        let mut listed = Vec::new();
        let at = reader.steps(name, entry, &mut listed)?;
        self.listed_steps.retain(|(list, ..)| *list != name);
        self.listed_steps.extend(listed.into_iter().map(|(step, place)| (name, step, place)));
        Ok(at)
    }
}
