//! `claims.json`: the claims of a folder's plan, beside its results.

use super::ResultsError;
use crate::files::{FileError, digest, read_if_there, remove, write};
use crate::plan_file::claim::ClaimSpec;
use std::path::Path;

const FILE: &str = "claims.json";

/// Keeps the claims in a results folder; without any, removes those of an earlier plan.
///
/// # Errors
/// When a file cannot be written or removed.
pub fn keep(dir: &Path, claims: &[ClaimSpec]) -> Result<(), FileError> {
    let path = dir.join(FILE);
    if claims.is_empty() { remove(&path) } else { write(&path, json(claims).as_bytes()) }
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
    digest(blake3::hash(json(claims).as_bytes()))
}

fn json(claims: &[ClaimSpec]) -> String {
    // Texts and finite numbers alone, which always become JSON.
    serde_json::to_string_pretty(claims).unwrap_or_default() + "\n"
}
