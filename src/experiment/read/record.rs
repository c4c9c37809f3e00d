//! `[record]`: what is measured at which steps.

use super::error::{Location, Result};
use super::node::{Entry, Word};
use crate::experiment::keys::{RECORD, STEPS};
use crate::run::spec::{At, Cadence};
use toml::de::DeValue;

/// The section as written.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub cadence: Cadence,
    /// Steps that are listed one by one, by the name of the list.
    pub listed: Vec<(&'static str, usize, Location)>,
    /// Whether the tables of a run's steps have its labels beside its identity.
    pub labels: bool,
    /// The keys of the section.
    pub keys: Vec<Word>,
}

impl Record {
    /// What holds when the file does not say.
    pub fn usual() -> Self {
        let often = At::Log { points: 20 };
        let (gradients, score) = (often.clone(), often);
        let cadence = Cadence::new(gradients, score, 64);
        Record { cadence, listed: Vec::new(), labels: false, keys: Vec::new() }
    }

    /// Takes in what the entries of the section say.
    pub fn read(&mut self, entries: &[Entry]) -> Result<()> {
        for e in entries {
            match e.key {
                "gradients" => self.cadence.gradients = self.steps("gradients", e)?,
                "score" => self.cadence.score = self.steps("score", e)?,
                "labels" => self.labels = e.flag()?,
                "distributions" => self.cadence.distributions = e.flag()?,
                "jacobian" => self.cadence.jacobian = e.flag()?,
                "sharpness" => self.cadence.sharpness = e.flag()?,
                "along_input" => self.cadence.along_input = e.flag()?,
                "points" => self.cadence.points = Some(self.steps("points", e)?),
                "times" => self.cadence.times = Some(self.steps("times", e)?),
                "probe" => self.cadence.probe = e.value.integer("record.probe", 1..1_000_001)? as usize,
                _ => return Err(e.unknown_in(&RECORD)),
            }
            self.keys.push((e.key.to_string(), e.at.clone()));
        }
        Ok(())
    }

    fn steps(&mut self, name: &'static str, entry: &Entry) -> Result<At> {
        self.listed.retain(|(list, ..)| *list != name);
        let help = format!("write {STEPS}");
        let Some(entries) = entry.value.entries() else {
            let message = format!("`record.{name}` must be a table, but is {}", entry.value.found());
            return entry.value.at.fail(message, &help);
        };
        let get = |k: &str| entries.iter().find(|e| e.key == k);
        let only = |known: &[&str]| match entries.iter().find(|e| !known.contains(&e.key)) {
            Some(extra) => extra.at.fail(format!("`record.{name}` has no `{}` here", extra.key), &help),
            None => Ok(()),
        };
        let steps = 1..1_000_000_001;
        if let Some(every) = get("every") {
            only(&["every"])?;
            return Ok(At::Every(every.integer(steps)? as usize));
        }
        let Some(at) = get("at") else {
            only(&["at", "points", "every"])?;
            return entry.value.at.fail(format!("`record.{name}` does not say at which steps"), &help);
        };
        if let Some(items) = at.value.items() {
            only(&["at"])?;
            let mut list = Vec::new();
            for item in items {
                // A run starts at step 0, a sequence at time step 1.
                let first = i64::from(name == "times");
                list.push(item.integer("at", first..steps.end)? as usize);
                self.listed.push((name, list[list.len() - 1], item.at));
            }
            list.sort_unstable();
            list.dedup();
            return Ok(At::Steps(list));
        }
        match at.value.toml {
            DeValue::String(word) if word == "log" => {
                only(&["at", "points"])?;
                let points = get("points").map_or(Ok(20), |p| p.integer(2..100_001))?;
                Ok(At::Log { points: points as usize })
            }
            _ => {
                let message = format!("`at` must be \"log\" or a list of steps, but is {}", at.value.found());
                at.value.at.fail(message, &help)
            }
        }
    }
}
