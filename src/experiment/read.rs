//! Stand-in for the parser: plain `[base]` and `[axes]` only.

use crate::data::Dataset;
use crate::experiment::plan::{Axis, Plan, PlanCell, Scale};
use crate::experiment::spec::{At, Cadence};
use crate::setting::{Setting, Settings, Value};

/// What the command line changes in an experiment.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--set key=value`.
    pub set: Vec<(String, String)>,
    /// `--seeds n`.
    pub seeds: Option<u64>,
}

/// All settings in table order.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    [crate::data::SETTINGS, crate::model::SETTINGS, crate::ops::activation::SETTINGS, crate::optim::SETTINGS]
        .into_iter()
        .chain([crate::schedule::SETTINGS, crate::experiment::spec::SETTINGS])
        .flatten()
}

/// Whether the cells fit their data.
///
/// # Errors
/// In words.
pub fn check(_: &Settings, _: &Dataset) -> Result<(), String> {
    Ok(())
}

/// Reads an experiment.
///
/// # Errors
/// In words.
pub fn read(source: &str, path: &str, overrides: &Overrides) -> Result<Plan, String> {
    let table: toml::Table = source.parse().map_err(|e| format!("{path}: {e}"))?;
    let value = |v: &toml::Value| match v {
        toml::Value::Integer(i) => Value::Int(*i),
        toml::Value::Float(x) => Value::Float(*x),
        toml::Value::Boolean(b) => Value::Bool(*b),
        other => Value::Text(other.as_str().unwrap_or_default().into()),
    };
    let mut base = Settings::default();
    for s in settings() {
        if let Some(v) = s.default.value()
            && base.get(s.key).is_none()
        {
            base.set(s.key, v);
        }
    }
    let key = |k: &str| settings().map(|s| s.key).find(|s| *s == k).ok_or(format!("unknown key `{k}`"));
    let empty = toml::Table::new();
    for (k, v) in table.get("base").and_then(|b| b.as_table()).unwrap_or(&empty) {
        base.set(key(k)?, value(v));
    }
    for (k, v) in &overrides.set {
        base.set(key(k)?, v.parse().map(Value::Int).unwrap_or(Value::Text(v.clone())));
    }
    let mut axes = Vec::new();
    let mut cells = vec![PlanCell { labels: vec![], settings: base }];
    for (k, list) in table.get("axes").and_then(|b| b.as_table()).unwrap_or(&empty) {
        let points: Vec<Value> = list.as_array().unwrap_or(&vec![]).iter().map(value).collect();
        let labels = points.iter().map(|p| p.to_string()).collect();
        axes.push(Axis { name: k.clone(), labels, scale: Scale::Category });
        let key = key(k)?;
        cells = cells
            .into_iter()
            .flat_map(|cell| {
                points.iter().map(move |p| {
                    let mut cell = cell.clone();
                    cell.labels.push((k.clone(), p.to_string()));
                    cell.settings.set(key, p.clone());
                    cell
                })
            })
            .collect();
    }
    let name = table.get("name").and_then(|n| n.as_str()).ok_or("`name` is missing")?.to_string();
    let seeds = overrides.seeds.or(table.get("seeds").and_then(|s| s.as_integer()).map(|s| s as u64)).unwrap_or(1);
    let cadence = Cadence { gradients: At::Log { points: 20 }, score: At::Every(50), probe: 64 };
    let seeds = (1..=seeds).collect();
    let question = String::new();
    Ok(Plan {
        name,
        question,
        seeds,
        experiment_seed: 0,
        axes,
        cells,
        excluded: 0,
        cadence,
        figures: vec![],
        source: source.into(),
    })
}
