//! Expressions that a reader from outside did not understand stay out of what the program and its documents say. The table at the
//! end of docs/words.md lists them, with what to write instead.

use std::fs;
use std::path::{Path, PathBuf};

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

/// A text on one line: what a line break, or the break of a string, divides belongs together. Comments are not said to a reader.
fn on_one_line(text: &str) -> String {
    let said = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    said.map(|line| line.trim_end_matches('\\').trim_end()).collect::<Vec<_>>().join(" ")
}

#[test]
fn nothing_is_said_that_readers_did_not_understand() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = root.join("docs/words.md");
    let table = fs::read_to_string(&list).unwrap();
    let (_, rows) = table.split_once("| not | because | instead |\n").unwrap();
    let avoided: Vec<(&str, &str)> = rows
        .lines()
        .filter_map(|row| row.strip_prefix("| \"")?.strip_suffix(" |")?.split_once("\" | "))
        .flat_map(|(words, why)| words.split("\", \"").map(move |words| (words, why)))
        .collect();
    assert!(avoided.len() > 30, "{} expressions", avoided.len());
    let mut found = vec![root.join("README.md")];
    for folder in ["src", "docs", "experiments", "results/gallery"] {
        files(&root.join(folder), &["rs", "md", "toml", "txt"], &mut found);
    }
    assert!(found.len() > 300, "{} files", found.len());
    let said = found.iter().filter(|path| **path != list).flat_map(|path| {
        let text = on_one_line(&fs::read_to_string(path).unwrap());
        let known: Vec<_> = avoided.iter().filter(|(words, _)| text.contains(words)).collect();
        known.into_iter().map(|(words, why)| format!("{}: \"{words}\": {why}", path.display()))
    });
    let said: Vec<String> = said.collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
}
