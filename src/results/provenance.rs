//! `provenance.json`: when, where and with which program each session of a sweep was started.

use crate::files;
use serde_json::Value;
use std::path::Path;

/// The key of the sessions: what they were called when the first results were made.
pub const SESSIONS: &str = "sittings";

/// The sessions in a file; none where it is missing or damaged, which is no reason to withhold the rest.
pub fn sessions(path: &Path) -> Vec<Value> {
    let provenance: Value = serde_json::from_slice(&files::read(path).unwrap_or_default()).unwrap_or_default();
    provenance[SESSIONS].as_array().cloned().unwrap_or_default()
}
