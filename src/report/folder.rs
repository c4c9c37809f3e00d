//! The files of a results folder that the report quotes; one that a plan does not have is empty.

use crate::plan_file::PlanFile;
use crate::results::ResultsError;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A results folder.
pub struct Folder {
    dir: PathBuf,
    provenance: Value,
}

/// The rows of a small CSV file: column -> text.
#[derive(Default)]
pub struct Rows {
    pub columns: Vec<String>,
    pub rows: Vec<BTreeMap<String, String>>,
}

impl Folder {
    /// Reads what is told of its sittings: nothing where `provenance.json` is missing or damaged, which is no reason to
    /// withhold the rest.
    pub fn read(dir: &Path) -> Self {
        let bytes = std::fs::read(dir.join("provenance.json")).unwrap_or_default();
        Folder { dir: dir.to_path_buf(), provenance: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    /// A text file; empty where there is none.
    pub fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.dir.join(file)).unwrap_or_default()
    }

    /// A CSV file in memory; empty where there is none.
    ///
    /// # Errors
    /// One that is no CSV file.
    pub fn table(&self, file: &str) -> Result<Rows, ResultsError> {
        let path = self.dir.join(file);
        if !path.is_file() {
            return Ok(Rows::default());
        }
        let cannot = |e: csv::Error| ResultsError::new(format!("{}: {e}", path.display()));
        let mut reader = csv::Reader::from_path(&path).map_err(cannot)?;
        let columns: Vec<String> = reader.headers().map_err(cannot)?.iter().map(String::from).collect();
        let mut rows = Vec::new();
        for row in reader.records() {
            let row = row.map_err(cannot)?;
            rows.push(columns.iter().cloned().zip(row.iter().map(String::from)).collect());
        }
        Ok(Rows { columns, rows })
    }

    /// The settings that all cells share, as in the file.
    pub fn settings(&self, plan: &PlanFile) -> Vec<(String, String)> {
        plan.settings.iter().map(|(key, value)| (key.clone(), value.to_string())).collect()
    }

    /// Each time the sweep was started: what a reader wants to know of it.
    pub fn sittings(&self) -> Vec<BTreeMap<&'static str, String>> {
        let sittings = self.provenance["sittings"].as_array();
        sittings.into_iter().flatten().map(sitting).collect()
    }
}

fn sitting(sitting: &Value) -> BTreeMap<&'static str, String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), String::from);
    let words = sitting["command"].as_array().into_iter().flatten().map(text);
    let revision = |git: &Value| match git["revision"].as_str() {
        Some(revision) if git["dirty"] == true => format!("{revision}, with changes"),
        Some(revision) => revision.to_string(),
        None => "not known".into(),
    };
    let data = sitting["data"].as_array().into_iter().flatten();
    let digests = data.map(|d| format!("{} {}", text(&d["name"]), text(&d["digest"])));
    BTreeMap::from([
        ("command", words.collect::<Vec<_>>().join(" ")),
        ("program", text(&sitting["program"])),
        ("revision", revision(&sitting["git"]["program"])),
        ("plan", text(&sitting["plan"])),
        ("data", digests.collect::<Vec<_>>().join(", ")),
        (
            "machine",
            format!("{}, {}, {} cores", text(&sitting["cpu"]), text(&sitting["instructions"]), sitting["cores"]),
        ),
        ("rustc", text(&sitting["rustc"])),
        ("jobs", text(&sitting["jobs"])),
        ("runs", text(&sitting["runs_done"])),
        ("started", text(&sitting["started"])),
        ("ended", text(&sitting["ended"])),
    ])
}
