//! A small sweep that has ended, for tests of what happens to its folder.

use crate::program::expect;
use std::fs;
use std::path::PathBuf;
use tempfile::{TempDir, tempdir};

pub const EXPERIMENT: &str = "seeds = 3\n[base]\nwidth = 4\nsteps = 20\ndata = { kind = \"spirals\", n = 100 }\n\
    [axes]\ndepth = [1, 2]\n[[optimizer]]\nkind = \"sgd\"\n[[optimizer]]\nkind = \"adam\"\n\
    [[claim]]\nsays = \"Losses are positive\"\nmetric = \"train_loss\"\neach = [\"depth\", \"optimizer\"]\nexpect = { above = 0 }\n\
    confidence = 0.7\n";

/// A folder with a finished sweep in `results/x`.
pub fn finished() -> (TempDir, PathBuf) {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("x.toml"), EXPERIMENT).unwrap();
    expect(dir.path(), &["sweep", "x.toml", "--quiet"], 0, &[]);
    let results = dir.path().join("results/x");
    (dir, results)
}
