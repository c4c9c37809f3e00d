//! Stand-in for the parser: plain `[base]`, `[axes]` and `[variants]` only.

use super::plan::{Axis, Plan, PlanCell, Scale};
use super::settings;
use super::spec::{At, Cadence};
use crate::setting::{Settings, Value};

/// What the command line changes in an experiment.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub set: Vec<String>,
    pub seeds: Option<u64>,
}

/// An experiment as written.
pub struct Experiment(String);

type Points = Vec<(String, Vec<(&'static str, Value)>)>;

fn value(v: &toml::Value) -> Value {
    match v {
        toml::Value::Integer(i) => Value::Int(*i),
        toml::Value::Float(x) => Value::Float(*x),
        toml::Value::Boolean(b) => Value::Bool(*b),
        other => Value::Text(other.as_str().unwrap_or_default().into()),
    }
}

fn key(k: &str) -> Result<&'static str, String> {
    let k = if k == "optimizer" { "optimizer.kind" } else { k };
    settings::all().map(|s| s.key).find(|s| *s == k).ok_or(format!("unknown key `{k}`"))
}

impl Experiment {
    /// Reads.
    pub fn parse(text: &str, file: &str) -> Result<Experiment, String> {
        text.parse::<toml::Table>().map_err(|e| format!("{file}: {e}"))?;
        Ok(Experiment(text.into()))
    }

    /// Plans.
    pub fn plan(&self, overrides: &Overrides) -> Result<Plan, String> {
        let table: toml::Table = self.0.parse().map_err(|e| format!("{e}"))?;
        let mut base = Settings::default();
        for s in settings::all() {
            if let (Some(v), None) = (s.default.value(), base.get(s.key)) {
                base.set(s.key, v);
            }
        }
        let empty = toml::Table::new();
        let section = |name: &str| table.get(name).and_then(|b| b.as_table()).unwrap_or(&empty).clone();
        for (k, v) in &section("base") {
            base.set(key(k)?, value(v));
        }
        for text in &overrides.set {
            let (k, v) = text.split_once('=').ok_or("write key=value")?;
            base.set(key(k)?, v.parse().map(Value::Int).unwrap_or(Value::Text(v.into())));
        }
        let mut points: Vec<(String, Points)> = Vec::new();
        for (k, list) in &section("axes") {
            let each = list.as_array().cloned().unwrap_or_default();
            let key = key(k)?;
            points.push((k.clone(), each.iter().map(|v| (value(v).to_string(), vec![(key, value(v))])).collect()));
        }
        let mut variants = Vec::new();
        for (name, patch) in &section("variants") {
            let patch = patch.as_table().unwrap_or(&empty);
            variants.push((name.clone(), patch.iter().map(|(k, v)| (key(k).unwrap_or("depth"), value(v))).collect()));
        }
        if !variants.is_empty() {
            points.push(("variant".into(), variants));
        }
        let mut cells = vec![PlanCell { labels: vec![], settings: base }];
        for (name, each) in &points {
            let mut next = Vec::new();
            for cell in &cells {
                for (label, patch) in each {
                    let mut cell = cell.clone();
                    cell.labels.push((name.clone(), label.clone()));
                    patch.iter().for_each(|(k, v)| cell.settings.set(k, v.clone()));
                    next.push(cell);
                }
            }
            cells = next;
        }
        let axis = |(name, each): &(String, Points)| Axis {
            name: name.clone(),
            labels: each.iter().map(|(label, _)| label.clone()).collect(),
            scale: Scale::Category,
        };
        let seeds = overrides.seeds.or(table.get("seeds").and_then(|s| s.as_integer()).map(|s| s as u64)).unwrap_or(1);
        Ok(Plan {
            name: table.get("name").and_then(|n| n.as_str()).ok_or("`name` is missing")?.to_string(),
            question: String::new(),
            seeds: (1..=seeds).collect(),
            experiment_seed: 0,
            axes: points.iter().map(axis).collect(),
            cells,
            excluded: 0,
            cadence: Cadence { gradients: At::Log { points: 20 }, score: At::Every(50), probe: 64 },
            figures: vec![],
            source: self.0.clone(),
        })
    }
}
