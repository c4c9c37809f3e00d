//! Expressions that a reader from outside did not understand stay out of what the program and its documents say.

use std::fs;
use std::path::{Path, PathBuf};

/// What was not understood, and what to write instead.
const INSTEAD: &[(&str, &str)] = &[
    ("two looks", "say which steps were recorded or scored"),
    ("within e ", "within a factor of 2.7"),
    ("How training goes", "loss and accuracy during training"),
    ("function none", "leave it out: a net is no function"),
    ("for want of", "say what is missing, and what follows"),
    ("a sitting", "a session"),
    ("beside zero", "compared with zero"),
];

fn files(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension().and_then(|ending| ending.to_str()) {
            _ if path.is_dir() => files(&path, endings, found),
            Some(ending) if endings.contains(&ending) => found.push(path),
            _ => {}
        }
    }
}

#[test]
fn nothing_is_said_that_readers_did_not_understand() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![root.join("README.md")];
    for folder in ["src", "docs", "experiments", "results/gallery"] {
        files(&root.join(folder), &["rs", "md", "toml", "txt"], &mut found);
    }
    assert!(found.len() > 300, "{} files", found.len());
    let said = found.iter().flat_map(|path| {
        let text = fs::read_to_string(path).unwrap();
        let known = INSTEAD.iter().filter(move |(words, _)| text.contains(words));
        known.map(|(words, instead)| format!("{}: \"{words}\": {instead}", path.display()))
    });
    let said: Vec<String> = said.collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
}
