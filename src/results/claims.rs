//! `claims.json`: the claims of a folder's plan, beside its results, and whether they are those of before the runs.

use super::{ResultsError, provenance::sessions};
use crate::files::{FileError, digest, read_if_there, remove, write};
use crate::plan_file::claim::ClaimSpec;
use std::fs;
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

/// What to say of claims that were written after some of the runs, which were started with other claims, or with none.
pub fn edited_later(dir: &Path, claims: &[ClaimSpec]) -> Option<&'static str> {
    are_later(dir, claims).then_some(
        "the claims were edited after the first run, so the results may have influenced them; `check --fresh-seeds N` judges them by new runs",
    )
}

/// Whether any session that had runs to do, of the sweep or of a shard, had other claims.
fn are_later(dir: &Path, claims: &[ClaimSpec]) -> bool {
    let journal = fs::read_dir(dir.join("journal")).into_iter().flatten().flatten().map(|entry| entry.path());
    let shards = journal.filter(|path| path.to_string_lossy().ends_with(".provenance.json"));
    let own = hash(claims);
    [dir.join("provenance.json")].into_iter().chain(shards).any(|path| {
        sessions(&path).iter().any(|session| {
            session["runs_to_do"].as_u64().is_some_and(|n| n > 0) && session["claims"].as_str() != Some(&own)
        })
    })
}

fn json(claims: &[ClaimSpec]) -> String {
    // Texts and finite numbers alone, which always become JSON.
    serde_json::to_string_pretty(claims).unwrap_or_default() + "\n"
}
