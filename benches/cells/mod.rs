//! The cells of `scripts/peers/cells.json` as resolved runs with their data.

use gradsweep::data::{self, Dataset, Places};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::run::RunSpec;
use serde_json::Value;
use std::collections::BTreeMap;

/// One cell: its name, the share of a step that matrix products should take, and its first run.
pub struct Cell {
    pub name: String,
    pub floor: f64,
    pub spec: RunSpec,
    pub data: Dataset,
}

/// All cells of the file.
pub fn all() -> Vec<Cell> {
    let file: Value = serde_json::from_str(include_str!("../../scripts/peers/cells.json")).expect("the file is JSON");
    let cells = file["cells"].as_array().expect("`cells` is a list");
    cells.iter().map(|cell| one(&file["base"], cell)).collect()
}

/// The cell as an experiment: JSON's strings, numbers and flags are TOML's too, and an inner table becomes dotted keys.
pub fn one(base: &Value, cell: &Value) -> Cell {
    let tables = [base, cell].into_iter().filter_map(Value::as_object).flatten();
    // Later ones win: what the cell says replaces the base.
    let mut settings: BTreeMap<&String, &Value> = tables.collect();
    settings.retain(|key, _| !["name", "seeds", "target"].contains(&key.as_str()));
    let lines = settings.into_iter().flat_map(|(key, value)| match value.as_object() {
        Some(table) => table.iter().map(|(inner, value)| format!("{key}.{inner} = {value}")).collect(),
        None => vec![format!("{key} = {value}")],
    });
    let head = ["name = \"cell\"", "question = \"How long is a step?\"", "seeds = 1", "[base]"].map(String::from);
    let lines: Vec<String> = head.into_iter().chain(lines).collect();
    let experiment = Experiment::parse(&lines.join("\n"), "cells.json", FACTS).unwrap_or_else(|e| panic!("{e}"));
    let plan = experiment.plan(&Overrides::default()).unwrap_or_else(|e| panic!("{e}"));
    let data = data::load(&plan.datasets().settings[0], &Places::default()).expect("digits are embedded");
    let run = plan.runs(std::slice::from_ref(&data.digest)).swap_remove(0);
    Cell {
        name: cell["name"].as_str().unwrap_or_default().into(),
        floor: cell["target"]["floor"].as_f64().unwrap_or(0.0),
        spec: run.spec,
        data,
    }
}
