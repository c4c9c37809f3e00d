//! The interface of every data source: it is given folders and a random stream, and returns rows that are not yet split or scaled.

use super::dataset::{Split, Targets};
use super::numbers::Numbers;
use crate::seed::{Seeds, Stream};
use crate::setting::Settings;
use std::path::PathBuf;

/// Where files are looked for.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Holds `mnist/` and `fashion_mnist/`: `--data-dir` or the environment variable `GRADSWEEP_DATA`.
    pub data_dir: Option<PathBuf>,
    /// What relative paths in an experiment are relative to: the folder of its file.
    pub base: PathBuf,
}

/// The stream of a data set's own seed for this purpose: the same for every run of an experiment.
pub(super) fn stream(settings: &Settings, purpose: &str) -> Stream {
    let seed = settings.int("data.seed").unwrap_or(0) as u64;
    Seeds { experiment: seed, run: 0 }.stream(purpose, &[])
}

/// A data set as its source gives it, not yet split or scaled.
pub(super) struct Raw {
    pub name: String,
    /// The file it came from, for messages.
    pub file: String,
    pub features: usize,
    /// Time steps of a row, where a file says so: the same features at each, one step after the other.
    pub steps: Option<usize>,
    /// What the features are called, those of one time step; none where they are counted.
    pub names: Vec<String>,
    /// What the classes are called; none where they are counted.
    pub classes: Vec<String>,
    /// The largest value that any feature can have, where all are of one kind: pixels of an image.
    pub most: Option<f64>,
    pub x: Numbers,
    pub targets: Targets,
    /// A test part the source itself sets apart.
    pub test: Option<Split>,
    /// Where the target of a sequence that was read first changes, in words.
    pub change: Option<String>,
    /// What a person should look at before trusting the data.
    pub notes: Vec<String>,
}

impl Raw {
    /// Rows that come from no file and bring no test part.
    pub fn new(name: &str, features: usize, x: impl Into<Numbers>, targets: Targets) -> Self {
        let (file, names, classes, notes) = (name.into(), Vec::new(), Vec::new(), Vec::new());
        Raw {
            name: name.into(),
            file,
            features,
            steps: None,
            names,
            classes,
            most: None,
            x: x.into(),
            targets,
            test: None,
            change: None,
            notes,
        }
    }
}
