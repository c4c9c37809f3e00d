//! `claims.json`: the claims of a folder's plan, beside its results, and whether they are those of before the runs.

use super::ResultsError;
use crate::files::{FileError, read_if_there, remove, write};
use crate::plan_file::claim::ClaimSpec;
use std::path::Path;

const FILE: &str = "claims.json";

/// Keeps the claims in a results folder; without any, removes those of an earlier plan, and their verdicts.
///
/// # Errors
/// When a file cannot be written or removed.
pub fn keep(dir: &Path, claims: &[ClaimSpec]) -> Result<(), FileError> {
    if !claims.is_empty() {
        return write(&dir.join(FILE), json(claims).as_bytes());
    }
    remove(&dir.join(FILE))?;
    remove(&dir.join("claims.csv"))
}

/// The claims of a results folder; none where it has no such file.
///
/// # Errors
/// A file that cannot be read.
pub fn read(dir: &Path) -> Result<Vec<ClaimSpec>, ResultsError> {
    let path = dir.join(FILE);
    let Some(bytes) = read_if_there(&path)? else { return Ok(Vec::new()) };
    serde_json::from_slice(&bytes).map_err(|source| ResultsError::Claims { path, source })
}

/// Identity of the claims, in their order.
pub fn hash(claims: &[ClaimSpec]) -> String {
    blake3::hash(json(claims).as_bytes()).to_hex()[..16].to_string()
}

/// What to say of claims that were written after the runs, which were started with other claims, or with none.
pub fn edited_later(dir: &Path, claims: &[ClaimSpec]) -> Option<&'static str> {
    are_later(dir, claims).then_some("the claims were edited after the runs: what the runs show may have shaped them")
}

fn are_later(dir: &Path, claims: &[ClaimSpec]) -> bool {
    let provenance = std::fs::read(dir.join("provenance.json")).unwrap_or_default();
    let provenance: serde_json::Value = serde_json::from_slice(&provenance).unwrap_or_default();
    let sessions = provenance["sittings"].as_array().into_iter().flatten();
    let mut with_runs = sessions.rev().filter(|session| session["runs_to_do"].as_u64().is_some_and(|n| n > 0));
    with_runs.next().is_some_and(|session| session["claims"].as_str() != Some(&hash(claims)))
}

fn json(claims: &[ClaimSpec]) -> String {
    // Texts and finite numbers alone, which always become JSON.
    serde_json::to_string_pretty(claims).unwrap_or_default() + "\n"
}
