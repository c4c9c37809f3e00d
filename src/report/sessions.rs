//! The sessions of a sweep, as `provenance.json` has them: when, where and with which program it was started.

use crate::results::provenance;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// What a reader wants to know of one session.
pub type Session = BTreeMap<&'static str, String>;

/// Every session of the folder.
pub fn sessions(dir: &Path) -> Vec<Session> {
    provenance::sessions(&dir.join("provenance.json")).iter().map(session).collect()
}

fn session(session: &Value) -> Session {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), String::from);
    let words = session["command"].as_array().into_iter().flatten().map(text);
    let revision = |git: &Value| match git["revision"].as_str() {
        Some(revision) if git["dirty"] == true => format!("{revision}, with changes"),
        Some(revision) => revision.to_string(),
        None => "not known".into(),
    };
    let data = session["data"].as_array().into_iter().flatten();
    let digests = data.map(|d| format!("{} {}", text(&d["name"]), text(&d["digest"])));
    let [cpu, instructions] = ["cpu", "instructions"].map(|key| text(&session[key]));
    BTreeMap::from([
        ("command", words.collect::<Vec<_>>().join(" ")),
        ("program", text(&session["program"])),
        ("revision", revision(&session["git"]["program"])),
        ("plan", text(&session["plan"])),
        ("data", digests.collect::<Vec<_>>().join(", ")),
        ("machine", format!("{cpu}, {instructions}, {} cores", session["cores"])),
        ("rustc", text(&session["rustc"])),
        ("jobs", text(&session["jobs"])),
        ("runs", text(&session["runs_done"])),
        ("started", text(&session["started"])),
        ("ended", text(&session["ended"])),
    ])
}
