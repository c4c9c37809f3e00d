//! What the files that a reader opens were made from, and what was in them, so that nothing is made twice, and what somebody
//! edited, emptied or deleted is made anew.

use super::tables;
use crate::figure::{Drawn, Style};
use crate::files::{self, FileError, cannot, write};
use crate::plan_file::claim::ClaimSpec;
use crate::results::claims;
use crate::sweep::{journal::Journal, work::Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const FILE: &str = ".stamp";
/// Another program may write other columns and draw otherwise.
const PROGRAM: &str = concat!("gradsweep ", env!("CARGO_PKG_VERSION"));
/// Its source: the revision, and the time of the build where no revision has it.
const SOURCE: &str = env!("GRADSWEEP_SOURCE");
/// Figures are drawn from these, never from the clock.
fn drawn_from() -> impl Iterator<Item = &'static str> {
    tables::FILES.into_iter().filter(|file| *file != "timings.csv")
}
/// The report also shows these.
const SHOWN: [&str; 2] = ["experiment.toml", "provenance.json"];

/// File, as a path in the results folder -> hash of its content.
type Hashes = BTreeMap<String, String>;

/// What was made, and from what.
#[derive(Default, Serialize, Deserialize)]
pub struct Stamp {
    /// Hash of everything the tables follow from.
    inputs: String,
    /// Hash of the plan whose runs they hold.
    #[serde(default)]
    plan: String,
    /// The tables.
    files: Hashes,
    /// Hash of everything the figures follow from.
    figures: String,
    /// Hash of what the report shows beside them.
    #[serde(default)]
    report: String,
    /// All that is made of the tables: comparison, verdicts, figures, report.
    #[serde(default)]
    pages: Hashes,
    /// The figures that had nothing to show, and why.
    #[serde(default)]
    left_out: BTreeMap<String, String>,
}

impl Stamp {
    /// The stamp of a folder; an empty one when there is none or it cannot be read.
    pub fn read(dir: &Path) -> Self {
        let bytes = files::read(&dir.join(FILE)).ok();
        let mut stamp: Stamp = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        // What it says is removed or read, so that one of a stranger must not name other files.
        stamp.files.retain(|name, _| tables::FILES.contains(&&**name));
        stamp.pages.retain(|name, _| is_page(dir, name));
        stamp
    }

    fn write(&self, dir: &Path) -> Result<(), FileError> {
        let path = dir.join(FILE);
        write(&path, &serde_json::to_vec(self).map_err(|e| cannot("write", &path, e))?)
    }

    /// Hash of what the tables would follow from now.
    pub fn inputs(plan_json: &str, work: &Work, journal: &Journal) -> String {
        let mut hasher = hasher(plan_json);
        for job in &work.jobs {
            hasher.update(job.run.run_id.as_bytes());
            hasher.update(&journal.fingerprint(&job.run.run_id).unwrap_or(0).to_le_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Whether there are tables and figures, and some of them show another plan.
    pub fn shows_another_plan(&self, plan: &str, claims: &[ClaimSpec]) -> bool {
        !self.inputs.is_empty() && (self.plan != plan || self.figures != figure_inputs(plan, claims, &self.files))
    }

    /// Whether the tables follow from `inputs` and nobody touched them.
    pub fn tables_hold(&self, dir: &Path, inputs: &str) -> bool {
        self.inputs == inputs && !self.files.is_empty() && changed(dir, &self.files).is_empty()
    }

    /// Notes the tables just written.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn made_tables(&mut self, dir: &Path, inputs: String, plan: String) -> Result<(), FileError> {
        (self.inputs, self.plan, self.files) = (inputs, plan, hashes(dir, tables::FILES));
        self.write(dir)
    }

    /// Whether the pages, which are all that is made of the tables, follow from them as they are now, and nobody touched them.
    pub fn pages_hold(&self, dir: &Path, plan: &str, claims: &[ClaimSpec]) -> bool {
        self.figures == figure_inputs(plan, claims, &hashes(dir, drawn_from()))
            && self.report == shown(dir)
            && !self.pages.is_empty()
            && changed(dir, &self.pages).is_empty()
    }

    /// Notes the pages just made, each as a path in the folder.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn made_pages(
        &mut self,
        dir: &Path,
        plan: &str,
        claims: &[ClaimSpec],
        (pages, drawn): (impl IntoIterator<Item = String>, &[Drawn]),
    ) -> Result<(), FileError> {
        self.figures = figure_inputs(plan, claims, &hashes(dir, drawn_from()));
        let left_out = drawn.iter().filter_map(|figure| Some((figure.name.clone(), figure.skipped.clone()?)));
        self.left_out = left_out.collect();
        (self.report, self.pages) = (shown(dir), hashes(dir, pages));
        self.write(dir)
    }

    /// All that was made of the tables, each as a path in the folder.
    pub fn pages(self) -> Vec<String> {
        self.pages.into_keys().collect()
    }

    /// The figures that had nothing to show when the pages were made.
    pub fn left_out(self) -> Vec<Drawn> {
        let skipped = |(name, why)| Drawn { name, files: Vec::new(), svg: String::new(), skipped: Some(why) };
        self.left_out.into_iter().map(skipped).collect()
    }

    /// The tables and pages that were edited, emptied or deleted since; `None` where nothing says what they were.
    pub fn changed(&self, dir: &Path) -> Option<Vec<&str>> {
        (!self.pages.is_empty()).then(|| [changed(dir, &self.files), changed(dir, &self.pages)].concat())
    }
}

/// Whether this program makes a page of this name, which is a path in the folder.
fn is_page(dir: &Path, name: &str) -> bool {
    let (folder, file) = name.split_once('/').unwrap_or(("", name));
    let is_plain = !file.contains(['/', '\\', ':']) && !file.starts_with('.');
    let is_of = |ends: &[&str]| ends.iter().any(|end| file.ends_with(end));
    is_plain
        && match folder {
            "" => is_of(&[".csv", ".html", ".txt"]),
            folder => {
                let is_folder = fs::symlink_metadata(dir.join(folder)).is_ok_and(|there| there.is_dir());
                folder == Style::Page.folder() && is_of(&[".png", ".svg", ".pdf"]) && is_folder
            }
        }
}

/// Hash of what figures of this plan and these claims follow from, beside the program.
fn figure_inputs(plan: &str, claims: &[ClaimSpec], tables: &Hashes) -> String {
    let mut hasher = hasher(plan);
    hasher.update(claims::hash(claims).as_bytes());
    drawn_from().filter_map(|name| tables.get(name)).for_each(|hash| _ = hasher.update(hash.as_bytes()));
    hasher.finalize().to_hex().to_string()
}

/// Hash of what the report shows beside figures and tables.
fn shown(dir: &Path) -> String {
    SHOWN.iter().map(|name| hash(&dir.join(name)).unwrap_or_default()).collect()
}

/// Everything that this program makes follows from itself and the plan.
fn hasher(plan: &str) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    [PROGRAM, SOURCE, plan].iter().for_each(|text| _ = hasher.update(text.as_bytes()));
    hasher
}

/// The files of these names that are there.
fn hashes<S: Into<String>>(dir: &Path, names: impl IntoIterator<Item = S>) -> Hashes {
    let found = |name: String| hash(&dir.join(&name)).map(|hash| (name, hash));
    names.into_iter().filter_map(|name| found(name.into())).collect()
}

/// Those that are not as they were.
fn changed<'a>(dir: &Path, files: &'a Hashes) -> Vec<&'a str> {
    let holds = |name: &str, was: &String| hash(&dir.join(name)).as_ref() == Some(was);
    files.iter().filter(|(name, was)| !holds(name, was)).map(|(name, _)| name.as_str()).collect()
}

/// Hash of a file; none where it cannot be read.
fn hash(path: &Path) -> Option<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(files::open(path).ok()?).ok()?;
    Some(hasher.finalize().to_hex().to_string())
}
