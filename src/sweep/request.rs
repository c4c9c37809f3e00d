//! How a plan was asked for: kept in its folder, so that `merge` and `verify` can build the plan again from there.

use crate::experiment::Overrides;
use crate::files::{self, cannot, write};
use crate::sweep::SweepError;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Everything beside the experiment's text that decides its plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// `--set`.
    pub set: Vec<String>,
    /// `--seeds`.
    pub seeds: Option<u64>,
    /// `--fresh-seeds`.
    #[serde(default)]
    pub fresh_seeds: bool,
    /// Folder of the experiment file, which relative data files are relative to.
    pub base: PathBuf,
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
}

impl Request {
    /// What the command line changed.
    pub fn overrides(&self) -> Overrides {
        Overrides { set: self.set.clone(), seeds: self.seeds, fresh_seeds: self.fresh_seeds }
    }

    /// That it can be kept.
    ///
    /// # Errors
    /// A path that is no text.
    pub fn refuse_no_text(&self) -> Result<(), SweepError> {
        refuse_no_text(self.data_dir.iter().chain([&self.base]))
    }

    /// Keeps it in a results folder. It names places of this machine, so it lies beside the journal.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), SweepError> {
        let path = path(dir);
        self.refuse_no_text()?;
        let text = serde_json::to_string_pretty(self).map_err(|e| cannot("write", &path, e))?;
        Ok(write(&path, format!("{text}\n").as_bytes())?)
    }

    /// The one that a results folder keeps.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn read(dir: &Path) -> Result<Self, SweepError> {
        let path = path(dir);
        match files::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|source| SweepError::DamagedRequest { path, source }),
            Err(source) => Err(SweepError::NoRequest { dir: dir.to_path_buf(), path, source }),
        }
    }
}

/// That paths can be written down as text.
///
/// # Errors
/// The first that is none.
pub fn refuse_no_text<'a>(mut paths: impl Iterator<Item = &'a PathBuf>) -> Result<(), SweepError> {
    paths.find(|path| path.to_str().is_none()).map_or(Ok(()), |odd| Err(SweepError::NoText(odd.clone())))
}

fn path(dir: &Path) -> PathBuf {
    dir.join("journal").join("request.json")
}
