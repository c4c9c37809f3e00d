//! A file system whose locks say yes to everybody, as some network file systems do: what two programs write at the same time is
//! whole, no run is lost, and what both did counts once.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

use crate::program::{PROGRAM, expect, run, tables, times};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::tempdir;

const EXPERIMENT: &str = "seeds = 6\n[base]\nwidth = 8\nsteps = 150\ndata = { kind = \"spirals\", n = 100 }\n\
                          [axes]\ndepth = [1, 2, 3]\nactivation = [\"tanh\", \"relu\"]\n";

/// A library that stands before the system's: its locks are always free. The C compiler is there where this program was built.
fn locks_of_nobody(dir: &Path) -> PathBuf {
    let (source, library) = (dir.join("locks.c"), dir.join("locks.so"));
    fs::write(&source, "int flock(int file, int how) { (void)file; (void)how; return 0; }\n").unwrap();
    run(Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]), dir, 0, &[]);
    library
}

fn start(dir: &Path, library: &Path, command: &str) -> Child {
    let mut child = Command::new(PROGRAM);
    child.args(command.split(' ')).current_dir(dir).env("LD_PRELOAD", library);
    child.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn where_locks_hold_nobody_back_nothing_is_lost_or_counted_twice() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("x.toml"), EXPERIMENT).unwrap();
    expect(dir, &["sweep", "x.toml", "--out", "alone", "--quiet"], 0, &[]);
    let right = tables(&dir.join("alone"));
    let library = locks_of_nobody(dir);
    let sweep = "sweep x.toml --out out --quiet --jobs 1";
    let [first, second] = ["0/2", "1/2"].map(|shard| format!("{sweep} --shard {shard}"));
    let plot = "plot out".to_string();
    let cases: [&[&str]; 4] =
        [&[sweep, sweep], &[sweep, sweep, sweep], &[&first, &second, sweep], &[&first, &first, &plot]];
    let tries = times("LOCKS", cases.len());
    for commands in cases.iter().cycle().take(tries) {
        _ = fs::remove_dir_all(dir.join("out"));
        let children: Vec<Child> = commands.iter().map(|command| start(dir, &library, command)).collect();
        for (child, command) in children.into_iter().zip(*commands) {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            // There are no tables yet that could be plotted.
            let is_early = command == &plot && output.status.code() == Some(2);
            assert!(is_early || output.status.success(), "{commands:?}: {command}: {said}");
            assert!(!said.contains("panicked"), "{commands:?}: {command}: {said}");
        }
        let said = expect(dir, &["sweep", "x.toml", "--out", "out", "--quiet"], 0, &[]);
        assert!(commands.contains(&&*plot) || said.contains("all 36 runs are done"), "{commands:?}: {said}");
        assert!(tables(&dir.join("out")) == right, "{commands:?}");
        expect(dir, &["verify", "out", "--sample", "0"], 0, &[]);
    }
    println!("tried: {tries}; the tables of an undisturbed sweep");
}
