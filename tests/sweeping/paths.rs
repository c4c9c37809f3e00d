//! Paths and words that are no UTF-8, which a shell can well hand over: every command takes them or says what is wrong with them.

#![cfg(target_os = "linux")]

use crate::finished::{EXPERIMENT, finished};
use crate::program::PROGRAM;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::Command;

const ODD: &[u8] = b"b\xffd";

/// Runs a command line in which `ODD` stands for a name that is no text; returns its exit code and what it said.
fn said(dir: &Path, line: &str) -> (Option<i32>, String) {
    let word = |word: &str| match word.split_once("ODD") {
        Some((before, after)) => OsString::from_vec([before.as_bytes(), ODD, after.as_bytes()].concat()),
        None => word.into(),
    };
    let output = Command::new(PROGRAM).args(line.split(' ').map(word)).current_dir(dir).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn a_name_that_is_no_text_is_taken_or_refused_with_the_reason() {
    let (dir, results) = finished();
    let dir = dir.path();
    let odd = dir.join(OsStr::from_bytes(ODD));
    fs::create_dir(&odd).unwrap();
    fs::write(odd.join("x.toml"), EXPERIMENT).unwrap();
    let named = |end: &str| dir.join(OsString::from_vec([ODD, end.as_bytes()].concat()));
    fs::write(named(".toml"), format!("name = \"y\"\n{EXPERIMENT}")).unwrap();
    fs::write(named("less.toml"), EXPERIMENT).unwrap();
    fs::write(named(".csv"), "run_id,seed,model,train_loss\na,1,x,1\nb,2,x,1\n").unwrap();
    let copied = Command::new("cp").arg("-a").arg(&results).arg(odd.join("x")).status().unwrap();
    assert!(copied.success());
    let no_text = "is not UTF-8 text, so it cannot be written into a results folder or a script; rename it";
    let lines: &[(&str, i32, &str)] = &[
        // Experiments, and folders to write into.
        ("plan ODD.toml", 0, "12 runs"),
        ("plan ODD/x.toml", 0, "12 runs"),
        ("theory ODD/x.toml", 0, "depth"),
        ("sweep ODD.toml --quiet", 0, "results in results/y"),
        ("sweep ODD/x.toml --quiet --out out", 2, no_text),
        ("sweep ODDless.toml --quiet", 2, "cannot be the name of a results folder"),
        ("sweep x.toml --quiet --out ODD/new", 0, "12 runs to do"),
        ("sweep x.toml --quiet --out new --data-dir ODD", 2, no_text),
        ("sweep x.toml --set ODD", 2, "invalid UTF-8"),
        ("sweep x.toml --only ODD", 2, "invalid UTF-8"),
        ("sweep nothing/ODD.toml", 2, "cannot read nothing/b"),
        ("sweep ODD", 2, "it is a folder and no file"),
        ("trace ODD.toml --only depth=1 --only optimizer=sgd --out ODD.safetensors", 0, "safetensors"),
        ("slurm ODD.toml --shards 2", 2, no_text),
        ("slurm x.toml --shards 2 --out ODD", 2, no_text),
        ("slurm x.toml --shards 2 --data-dir ODD", 2, no_text),
        // Results folders to read.
        ("check ODD/x", 0, "1 claim"),
        ("check ODD/x --fresh-seeds 3", 0, "12 runs to do"),
        ("compare ODD/x", 0, "optimizer"),
        ("merge ODD/x", 0, "12 of 12 runs are finished"),
        ("verify ODD/x", 0, "every number equal"),
        ("plot ODD/x", 0, "figures"),
        ("plot ODD/x --out ODD/drawn", 0, "curves"),
        ("plot ODD/x --only ODD", 2, "invalid UTF-8"),
        ("why ODD/x/figures/curves.png", 0, "figure      curves"),
        ("import ODD.csv --out ODD/imported", 0, "2 runs of 1 cell with 2 seeds"),
        ("import ODD --out imported", 2, "it is a folder and no file"),
        // What is not there.
        ("check ODDnot", 2, "there is no folder"),
        ("compare ODDnot", 2, "there is no folder"),
        ("plot ODDnot", 2, "there is no folder"),
        ("merge ODDnot", 2, "is not a results folder"),
        ("verify ODDnot", 2, "is not a results folder"),
        ("why ODDnot", 2, "cannot read"),
        ("init ODD", 2, "exists already"),
        ("init ODDnew.toml", 0, "ODDnew"),
        // Words.
        ("settings ODD", 2, "invalid UTF-8"),
        ("figures ODD", 2, "invalid UTF-8"),
        ("columns ODD", 2, "invalid UTF-8"),
        ("completions ODD", 2, "invalid value"),
        ("doctor ODD", 2, "unexpected argument"),
        ("man ODD", 2, "unexpected argument"),
        ("ODD", 2, "unrecognized subcommand"),
    ];
    for (line, code, word) in lines {
        let (found, said) = said(dir, line);
        let shown = word.replace("ODD", &String::from_utf8_lossy(ODD));
        assert!(
            found == Some(*code) && said.contains(&shown) && !said.contains("panicked"),
            "{line}: {found:?} {said}"
        );
    }
    let help = Command::new(PROGRAM).arg("--help").output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let commands =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| line.starts_with("  "));
    for command in commands.filter_map(|line| line.split_whitespace().next()).filter(|command| *command != "help") {
        assert!(lines.iter().any(|(line, ..)| line.starts_with(command)), "{command} was not tried");
    }
}

#[test]
fn a_working_folder_that_is_no_text_is_refused_before_anything_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let odd = dir.path().join(OsStr::from_bytes(ODD));
    fs::create_dir(&odd).unwrap();
    fs::write(odd.join("x.toml"), EXPERIMENT).unwrap();
    for line in ["sweep x.toml", "sweep x.toml --shard 0/2"] {
        let (code, said) = said(&odd, line);
        assert!(code == Some(2) && said.contains("is not UTF-8 text"), "{line}: {code:?} {said}");
        assert!(!odd.join("results").exists(), "{line}");
    }
}
