//! The claims of a folder's plan, beside its results: what `check` reads, and whether they are those of before the runs.

use crate::plan_file::claim::ClaimSpec;
use crate::sweep::Halt;
use crate::sweep::files::{cannot, write};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

const FILE: &str = "claims.json";

/// Keeps the claims in a results folder; without any, removes those of an earlier plan, and their verdicts.
///
/// # Errors
/// When a file cannot be written or removed.
pub fn keep(dir: &Path, claims: &[ClaimSpec]) -> Result<(), Halt> {
    if !claims.is_empty() {
        return write(&dir.join(FILE), json(claims).as_bytes());
    }
    for path in [dir.join(FILE), dir.join("claims.csv")] {
        match fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(cannot("remove", &path, &e)),
            _ => {}
        }
    }
    Ok(())
}

/// The claims of a results folder; none where it has no such file.
///
/// # Errors
/// A file that cannot be read.
pub fn read(dir: &Path) -> Result<Vec<ClaimSpec>, Halt> {
    let path = dir.join(FILE);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| {
            Halt::Input(format!("{} is damaged: {e}; sweep the experiment once more to mend it", path.display()))
        }),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(cannot("read", &path, &e)),
    }
}

/// Identity of the claims, in their order.
pub fn hash(claims: &[ClaimSpec]) -> String {
    blake3::hash(json(claims).as_bytes()).to_hex()[..16].to_string()
}

/// Whether the runs of a folder were started with other claims, or with none.
pub fn are_later(dir: &Path, claims: &[ClaimSpec]) -> bool {
    let provenance = fs::read(dir.join("provenance.json")).ok();
    let provenance: Option<serde_json::Value> = provenance.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let sittings = provenance.as_ref().and_then(|p| p["sittings"].as_array());
    let with_runs = sittings.into_iter().flatten().rfind(|s| s["runs_to_do"].as_u64().is_some_and(|n| n > 0));
    with_runs.is_some_and(|sitting| sitting["claims"].as_str() != Some(&hash(claims)))
}

fn json(claims: &[ClaimSpec]) -> String {
    // Texts and finite numbers alone, which always become JSON.
    serde_json::to_string_pretty(claims).unwrap_or_default() + "\n"
}
