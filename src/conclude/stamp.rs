//! What the present CSV files and figures were made from, so that nothing is made twice.

use super::tables;
use crate::files::{FileError, cannot, write};
use crate::plan_file::claim::ClaimSpec;
use crate::results::claims;
use crate::sweep::{journal::Journal, work::Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

const FILE: &str = ".stamp";
/// Another program may write other columns and draw otherwise.
const PROGRAM: &str = concat!("gradsweep ", env!("CARGO_PKG_VERSION"));
/// Its source: the revision, and the time of the build where no revision has it.
const SOURCE: &str = env!("GRADSWEEP_SOURCE");
/// Figures are drawn from these, never from the clock.
const DRAWN_FROM: [&str; 6] = ["runs.csv", "summary.csv", "history.csv", "layers.csv", "points.csv", "theory.csv"];

#[derive(Default, Serialize, Deserialize)]
pub struct Stamp {
    /// Hash of everything the CSV files follow from.
    inputs: String,
    /// Hash of the plan whose runs they hold.
    #[serde(default)]
    plan: String,
    /// Hash of each CSV file.
    files: BTreeMap<String, String>,
    /// Hash of everything the figures follow from.
    pub figures: String,
}

impl Stamp {
    /// The stamp of a folder; an empty one when there is none or it cannot be read.
    pub fn read(dir: &Path) -> Self {
        let bytes = std::fs::read(dir.join(FILE)).ok();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    pub fn write(&self, dir: &Path) -> Result<(), FileError> {
        let text = serde_json::to_vec(self).map_err(|e| cannot("write", &dir.join(FILE), e))?;
        write(&dir.join(FILE), &text)
    }

    /// Hash of what the CSV files would follow from now.
    pub fn inputs(plan_json: &str, work: &Work, journal: &Journal) -> String {
        let mut hasher = hasher(plan_json);
        for job in &work.jobs {
            hasher.update(job.run.run_id.as_bytes());
            hasher.update(&journal.fingerprint(&job.run.run_id).unwrap_or(0).to_le_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Whether there are tables and figures, and some of them show another plan.
    pub fn shows_another_plan(&self, plan: &str, plan_json: &str, claims: &[ClaimSpec]) -> bool {
        !self.inputs.is_empty() && (self.plan != plan || self.figures != self.figure_inputs(plan_json, claims))
    }

    /// Whether the CSV files follow from `inputs` and nobody touched them.
    pub fn csvs_hold(&self, dir: &Path, inputs: &str) -> bool {
        self.inputs == inputs
            && self.files.iter().all(|(name, hash)| file_hash(&dir.join(name)).is_ok_and(|h| h == *hash))
    }

    /// The stamp of CSV files just written.
    pub fn of_csvs(dir: &Path, inputs: String, plan: String) -> Result<Self, FileError> {
        let mut files = BTreeMap::new();
        for name in tables::FILES {
            files.insert(name.to_string(), file_hash(&dir.join(name))?);
        }
        Ok(Stamp { inputs, plan, files, figures: Stamp::read(dir).figures })
    }

    /// Hash of what the figures would follow from now.
    pub fn figure_inputs(&self, plan_json: &str, claims: &[ClaimSpec]) -> String {
        let mut hasher = hasher(plan_json);
        hasher.update(claims::hash(claims).as_bytes());
        DRAWN_FROM.iter().filter_map(|name| self.files.get(*name)).for_each(|hash| {
            hasher.update(hash.as_bytes());
        });
        hasher.finalize().to_hex().to_string()
    }
}

/// Everything that this program makes follows from itself and the plan.
fn hasher(plan_json: &str) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    [PROGRAM, SOURCE, plan_json].iter().for_each(|text| _ = hasher.update(text.as_bytes()));
    hasher
}

fn file_hash(path: &Path) -> Result<String, FileError> {
    let mut hasher = blake3::Hasher::new();
    let file = std::fs::File::open(path).map_err(|e| cannot("read", path, e))?;
    hasher.update_reader(file).map_err(|e| cannot("read", path, e))?;
    Ok(hasher.finalize().to_hex().to_string())
}
