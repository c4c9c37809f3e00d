//! Whether claims are those of before the runs: the journal knows what each run was started with, and `provenance.json` also of runs
//! that were set aside since.

use crate::plan_file::claim::ClaimSpec;
use crate::results::claims;
use crate::results::provenance::sessions;
use crate::sweep::journal::claims_of_runs;
use std::fs;
use std::path::Path;

/// What to say of claims that were written after some of the runs, which were started with other claims, or with none.
pub fn edited_later(dir: &Path, specs: &[ClaimSpec]) -> Option<&'static str> {
    are_later(dir, &claims::hash(specs)).then_some(
        "the claims were edited after the first run, so the results may have influenced them; `check --fresh-seeds N` judges them by new runs",
    )
}

/// Whether a run of the journal was started with other claims than these, or a session of the sweep or of a shard that had runs.
fn are_later(dir: &Path, own: &str) -> bool {
    let journal = dir.join("journal");
    let is_other = |claims: &Option<String>| claims.as_ref().is_some_and(|claims| claims != own);
    let shards = fs::read_dir(&journal).into_iter().flatten().flatten().map(|entry| entry.path());
    let shards = shards.filter(|path| path.to_string_lossy().ends_with(".provenance.json"));
    claims_of_runs(&journal).is_ok_and(|known| known.iter().any(is_other))
        || [dir.join("provenance.json")].into_iter().chain(shards).any(|path| {
            sessions(&path).iter().any(|session| {
                let runs = session["runs_done"].as_u64().or(session["runs_to_do"].as_u64());
                runs.is_some_and(|n| n > 0) && session["claims"].as_str() != Some(own)
            })
        })
}
