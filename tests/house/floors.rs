//! The floors of the house, read off the source: a file uses only floors below its own, and each outside thing
//! (candle, plotters, files, clocks, threads, printing) has its rooms.

use std::fs;
use std::path::Path;

/// The rooms of each floor, from the ground up. Rooms may use their neighbours (a model is built of ops, training
/// reads a spec), except on the floor that reads results: a figure is drawn from the CSV files alone.
const FLOORS: [&[&str]; 8] = [
    &["columns", "seed", "table", "files", "stats", "setting", "real", "record", "parallel", "fading", "printable"],
    &["data", "model", "ops", "optim", "schedule", "probe", "theory"],
    &["experiment", "plan_file", "run"],
    &["sweep", "results"],
    &["figure", "compare", "claim", "report"],
    &["answer"],
    &["conclude", "import"],
    &["cli", "main"],
];
const STRANGERS: usize = 4;

/// Outside things and the files (by the start of their path under src/) that may use them.
const HOMES: &[(&str, &[&str])] = &[
    ("candle_core", &["data", "model", "ops", "optim", "schedule", "probe", "sweep/mod.rs"]),
    ("candle_nn", &["model", "ops", "optim", "probe"]),
    ("plotters", &["figure"]),
    ("minijinja", &["report"]),
    ("rayon", &["parallel.rs", "sweep/pool.rs", "sweep/error.rs"]),
    ("indicatif", &["sweep/progress.rs"]),
    ("ctrlc", &["sweep/interrupt.rs"]),
    ("signal_hook", &["sweep/interrupt.rs"]),
    ("clap", &["cli"]),
    ("safetensors::", &["sweep/tensors.rs"]),
    ("std::fs", &["files", "data", "sweep", "results", "conclude", "figure", "report", "cli"]),
    // Folders may come from anybody, and files.rs knows how to open what lies in them.
    ("fs::read(", &["files"]),
    ("fs::read_to_string(", &["sweep/git.rs", "sweep/provenance.rs", "sweep/memory.rs", "sweep/interrupt.rs"]),
    ("fs::write(", &["sweep/git.rs"]),
    ("File::open(", &["files", "data/file.rs"]),
    ("File::create(", &[]),
    ("from_path(", &[]),
    ("OpenOptions::", &["files", "sweep/journal.rs", "cli/init.rs"]),
    ("std::time", &["sweep", "cli", "files"]),
    ("std::thread", &["sweep", "conclude/tables.rs", "parallel.rs", "cli"]),
    ("std::env", &["sweep/provenance.rs", "sweep/git.rs", "cli"]),
    ("std::process", &["sweep", "cli", "main.rs", "files"]),
    ("stdout(", &["cli/prelude.rs", "sweep/git.rs"]),
    ("stderr(", &["sweep/progress.rs", "sweep/git.rs", "cli"]),
    ("print!", &[]),
    ("println!", &[]),
    ("eprint!", &[]),
    ("eprintln!", &[]),
    ("dbg!", &[]),
    ("unsafe ", &["ops"]),
];

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// The room of `figure/style.rs` is `figure`, of `train.rs` is `train`.
fn room(path: &str) -> &str {
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

/// What is wrong with one file, given its path under src/ and its text. Tests at the end of a file are free.
fn faults(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let Some(own) = floor(room(path)) else {
        return vec![format!(
            "src/{path}:1: room `{}` stands on no floor; add it to FLOORS in {}",
            room(path),
            file!()
        )];
    };
    for (number, line) in (1..).zip(&code) {
        for (thing, homes) in HOMES {
            let used = starts(line, thing).next().is_some();
            if used && !homes.iter().any(|home| path.starts_with(home)) {
                let homes = if homes.is_empty() { "nowhere".into() } else { homes.join(", ") };
                faults.push(format!("src/{path}:{number}: `{}` may be used in: {homes}", thing.trim()));
            }
        }
    }
    let joined = code.join("\n");
    for (at, used) in uses(&joined, !path.contains('/') || path.ends_with("/mod.rs") && path.matches('/').count() == 1)
    {
        let number = 1 + joined[..at].matches('\n').count();
        match floor(&used) {
            _ if used == room(path) => {}
            Some(its) if its < own || its == own && own != STRANGERS => {}
            Some(its) => faults.push(format!(
                "src/{path}:{number}: `{used}` is on floor {its}, and floor {own} may use only what is below it"
            )),
            None if used.chars().next().is_some_and(char::is_uppercase) => {}
            None => faults.push(format!("src/{path}:{number}: `{used}` stands on no floor; add it to FLOORS")),
        }
    }
    faults
}

/// Where `word` starts in `text` and is not the tail of a longer name.
fn starts<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let tail = |at: usize| text[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).map(|(at, _)| at).filter(move |at| !tail(*at))
}

/// The rooms that a text reaches into by `crate::room` or `crate::{a, b::c}`, and where. In a room's front file
/// `super` is the crate, too.
fn uses(text: &str, front: bool) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let roots: &[&str] = if front { &["crate::", "gradsweep::", "super::"] } else { &["crate::", "gradsweep::"] };
    for root in roots {
        for at in starts(text, root) {
            let rest = &text[at + root.len()..];
            match rest.strip_prefix('{') {
                None => found.push((at, name(rest))),
                Some(group) => {
                    // Only names at the first level of the braces are rooms.
                    let mut depth = 1;
                    let mut item = String::new();
                    for c in group.chars() {
                        match c {
                            '{' => depth += 1,
                            '}' => depth -= 1,
                            _ => {}
                        }
                        if depth == 0 || depth == 1 && c == ',' {
                            found.push((at, name(item.trim_start())));
                            item.clear();
                        } else {
                            item.push(c);
                        }
                        if depth == 0 {
                            break;
                        }
                    }
                }
            }
        }
    }
    found.retain(|(_, used)| !used.is_empty());
    found
}

fn name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn visit(dir: &Path, root: &Path, faults_found: &mut Vec<String>, files: &mut usize) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, root, faults_found, files);
        } else if path.extension().is_some_and(|e| e == "rs") && path != root.join("lib.rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            faults_found.extend(faults(&name, &fs::read_to_string(&path).unwrap()));
            *files += 1;
        }
    }
}

#[test]
fn every_file_keeps_to_its_floor() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut files) = (Vec::new(), 0);
    visit(&root, &root, &mut found, &mut files);
    assert!(files > 20, "only {files} files found");
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_check_sees_what_it_should() {
    let bad = [
        ("run/train.rs", "use crate::sweep::pool;", "floor 3"),
        ("record.rs", "use super::sweep::pool;", "floor 3"),
        ("seed.rs", "\n\nfn f() { crate::data::load() }", "src/seed.rs:3: `data`"),
        ("claim/text.rs", "use crate::{table::Cell, figure::{style, axis}};", "`figure` is on floor 4"),
        ("sweep/pool.rs", "use crate::{\n    table::Cell,\n    cli::say,\n};", "`cli`"),
        ("attic.rs", "", "stands on no floor"),
        ("run/train.rs", "use crate::attic::Trunk;", "`attic` stands on no floor"),
        ("experiment/plan.rs", "use candle_core::Tensor;", "candle_core"),
        ("experiment/read.rs", "let text = std::fs::read(path);", "std::fs"),
        ("run/train.rs", "use std::time::Instant;", "std::time"),
        ("conclude.rs", "println!(\"x\");", "nowhere"),
        ("sweep/pool.rs", "unsafe { f() }", "unsafe"),
    ];
    for (path, text, words) in bad {
        let found = faults(path, text);
        assert!(found.iter().any(|fault| fault.contains(words)), "{path}: {text}: {found:?}");
    }
    let good = [
        ("experiment/plan.rs", "use crate::run::spec::RunSpec; // unlike crate::sweep"),
        ("sweep/pool.rs", "use super::journal::Journal;\nuse crate::{data::Dataset, record::{RunRecord, Status}};"),
        ("conclude.rs", "use crate::sweep::SweepError;\n#[cfg(test)]\nmod tests { use crate::cli; }"),
        ("ops/fused.rs", "unsafe { gemm() }"),
        ("cli/mod.rs", "use crate::{figure, run};"),
    ];
    for (path, text) in good {
        assert_eq!(faults(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}
