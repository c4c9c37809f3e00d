//! The real program, killed without warning at random moments of opening, training and finishing: after going on, its
//! tables are those of an undisturbed sweep, byte for byte. `scripts/hardness.sh` does 300 kills instead of a dozen.

#![cfg(unix)]

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::tempdir;

const EXPERIMENT: &str = r#"
seeds = 4

[base]
width = 8
steps = 200
optimizer = { kind = "sgd", lr = 0.5 }
data = { kind = "spirals", n = 200 }

[axes]
depth = [1, 3]

[variants.tanh]
activation = "tanh"
[variants.relu]
activation = "relu"
[variants.far]
optimizer = { kind = "sgd", lr = 1e30 }
"#;
const RUNS: usize = 2 * 3 * 4;
/// Of every folder; a figure that is half a figure is found beside them.
const TABLES: [&str; 4] = ["runs.csv", "summary.csv", "history.csv", "layers.csv"];

fn start(dir: &Path, out: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_gradsweep"))
        .current_dir(dir)
        .args(["sweep", "x.toml", "--jobs", "2", "--out", out])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The ids of the journal's runs, as far as their lines are whole.
fn journaled(dir: &Path) -> Vec<String> {
    let text = fs::read(dir.join("journal/runs.jsonl")).unwrap_or_default();
    let whole = text.split_inclusive(|b| *b == b'\n').filter(|line| line.ends_with(b"\n"));
    let id = |line| serde_json::from_slice::<serde_json::Value>(line).ok()?["run"]["run_id"].as_str().map(String::from);
    whole.filter_map(id).collect()
}

/// Waits until something holds or the program has ended; returns how long.
fn wait_for(child: &mut Child, holds: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() && !holds() {
        std::thread::sleep(Duration::from_millis(1));
    }
    began.elapsed()
}

/// No file that has its final name is half a file.
fn all_whole(dir: &Path) {
    let figures = fs::read_dir(dir.join("figures")).into_iter().flatten().map(|e| e.unwrap().path());
    for path in TABLES.map(|table| dir.join(table)).into_iter().chain(figures) {
        let Ok(bytes) = fs::read(&path) else { continue };
        let name = path.to_string_lossy();
        let end: &[u8] = match path.extension().and_then(|e| e.to_str()) {
            _ if name.ends_with(".draft") => continue,
            Some("png") => b"IEND\xaeB`\x82",
            Some("svg") => b"</svg>\n",
            Some("pdf") => b"%%EOF",
            _ => b"\n",
        };
        assert!(bytes.ends_with(end), "{name} is half a file");
    }
}

/// What going on said was done before: all, or the number in `5 to do, 3 of 8 done before`.
fn done_before(stderr: &str) -> usize {
    let number = stderr.split(" of ").next().and_then(|text| text.rsplit(' ').next()?.parse().ok());
    if stderr.contains(" are done") { RUNS } else { number.unwrap_or_else(|| panic!("{stderr}")) }
}

/// SplitMix64: uniform in 0..1.
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) as f64 / u64::MAX as f64
}

#[test]
fn killed_at_any_moment_nothing_is_lost_or_counted_twice() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |n| n.parse().expect(name));
    let (kills, mut random) = (number("KILLS", 12), number("KILL_SEED", 1));
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("x.toml"), EXPERIMENT).unwrap();

    let results = dir.path().join("whole");
    let mut child = start(dir.path(), "whole");
    let opening = wait_for(&mut child, || results.join("journal/runs.jsonl").exists());
    let training = wait_for(&mut child, || journaled(&results).len() == RUNS);
    let finishing = wait_for(&mut child, || false);
    assert!(child.wait().unwrap().success());
    let tables = |out: &Path| TABLES.map(|table| fs::read(out.join(table)).unwrap());
    let whole = tables(&results);

    // By what the kill met: no journal, runs left, all runs journaled.
    let (mut met, mut folders, mut known) = ([0; 3], 0, 0);
    let mut out = String::new();
    while met.iter().sum::<u64>() < kills || !out.is_empty() {
        if out.is_empty() {
            (folders, known, out) = (folders + 1, 0, format!("out{folders}"));
        }
        let results = dir.path().join(&out);
        let mut child = start(dir.path(), &out);
        let wait = match uniform(&mut random) {
            ..0.1 => opening,
            ..0.7 => opening + training,
            _ => {
                wait_for(&mut child, || journaled(&results).len() == RUNS);
                finishing
            }
        };
        std::thread::sleep(wait.mul_f64(uniform(&mut random)));
        // A folder with all its runs comes to its end in half of the cases, so that not all kills meet such a one.
        let over = met.iter().sum::<u64>() == kills || known == RUNS && uniform(&mut random) < 0.5;
        if !over {
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || (output.status.code().is_none() && !over), "{stderr}");
        all_whole(&results);
        // A kill may come before the first word.
        if stderr.contains(" done") {
            assert!(done_before(&stderr) >= known, "of {known} journaled runs some are lost: {stderr}");
        }
        let ids = journaled(&results);
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "a run is in the journal twice");
        known = ids.len();
        if output.status.success() {
            assert_eq!((known, tables(&results) == whole), (RUNS, true), "{out} differs from an undisturbed sweep");
            out.clear();
        } else {
            met[if results.join("journal/runs.jsonl").exists() { 1 + usize::from(known == RUNS) } else { 0 }] += 1;
        }
    }
    println!(
        "tried: {} ({} before the journal, {} among {RUNS} runs, {} while finishing); every finished run, and after going on the \
         tables of an undisturbed sweep",
        met.iter().sum::<u64>(),
        met[0],
        met[1],
        met[2]
    );
    // A dozen may miss a phase by chance.
    assert!(kills < 100 || met.iter().all(|n| *n > 0), "{met:?}: the kills missed a phase");
}
