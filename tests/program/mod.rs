//! What tests of the program itself share: running it, looking at what it said, reading its tables.
// Two test programs use it, and one of them not all of it.
#![allow(dead_code)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_gradsweep");

/// The files that must not depend on clock, machine or history.
pub type Tables = Vec<Vec<u8>>;

pub fn tables(results: &Path) -> Tables {
    no_column_twice(results);
    let always =
        ["runs.csv", "summary.csv", "history.csv", "layers.csv"].map(|file| fs::read(results.join(file)).unwrap());
    always.into_iter().chain(fs::read(results.join("distributions.csv"))).collect()
}

/// Looks at the first line of every CSV file of a folder.
pub fn no_column_twice(results: &Path) {
    for path in fs::read_dir(results).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|e| e == "csv") {
            let text = fs::read_to_string(&path).unwrap();
            let mut columns: Vec<&str> = text.lines().next().unwrap_or_default().split(',').collect();
            columns.sort_unstable();
            assert!(columns.windows(2).all(|pair| pair[0] != pair[1]), "{}: {columns:?}", path.display());
        }
    }
}

/// How often to try something: as the environment says, for `scripts/hardness.sh`, else so often.
pub fn times(variable: &str, usually: usize) -> usize {
    std::env::var(variable).map_or(usually, |n| n.parse().expect(variable))
}

/// Exit code and what was said on stderr.
pub fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Runs the program in `dir`, which must end with this exit code and these words on stderr; returns all of them.
pub fn expect(dir: &Path, args: &[&str], code: i32, words: &[&str]) -> String {
    run(Command::new(PROGRAM).args(args), dir, code, words)
}

/// The same for a command line of a shell in which `gradsweep` is the program.
pub fn expect_shell(dir: &Path, line: &str, code: i32, words: &[&str]) -> String {
    run(Command::new("sh").args(["-c", &line.replace("gradsweep", PROGRAM)]), dir, code, words)
}

/// Runs the program in `dir`, which must say these words on stderr, however it ends.
pub fn run_for(dir: &Path, args: &[&str], words: &[&str]) {
    let output = Command::new(PROGRAM).args(args).current_dir(dir).output().unwrap();
    let (_, stderr) = said(&output);
    assert!(words.iter().all(|word| stderr.contains(word)), "{args:?}: {stderr}");
}

/// The same for any command.
pub fn run(command: &mut Command, dir: &Path, code: i32, words: &[&str]) -> String {
    command.current_dir(dir).env_remove("RAYON_NUM_THREADS").env_remove("GRADSWEEP_RESTARTED");
    let (is, stderr) = said(&command.output().unwrap());
    assert_eq!(is, Some(code), "{command:?}: {stderr}");
    for word in words {
        assert!(stderr.contains(word), "{command:?}: no \"{word}\" in\n{stderr}");
    }
    stderr
}

/// Puts the program into `dir` as `program`, and gives what comes before `./program` on a command line to run it as somebody who
/// may not write everywhere: root may.
#[cfg(unix)]
pub fn as_nobody(dir: &Path) -> &'static str {
    use std::os::unix::fs::PermissionsExt;
    fs::copy(PROGRAM, dir.join("program")).unwrap();
    fs::set_permissions(dir, PermissionsExt::from_mode(0o755)).unwrap();
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let user = if root { "setpriv --reuid=65534 --regid=65534 --clear-groups " } else { "" };
    let probe = Command::new("sh").args(["-c", &format!("{user}true")]).status().unwrap();
    assert!(probe.success(), "this test, run as root, needs setpriv (util-linux)");
    user
}
