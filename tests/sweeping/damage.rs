//! What can befall a results folder: damaged lines, a full disk, no permission, a second sweep, another version, a
//! clock that was set back. Each is said, and going on gives the tables of an undisturbed sweep.

#![cfg(unix)]

use crate::program::{PROGRAM, Tables, as_nobody, expect_shell, tables, times};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};
use tempfile::{TempDir, tempdir};

const EXPERIMENT: &str = "seeds = 2\n[base]\nwidth = 4\nsteps = 20\ndata = { kind = \"spirals\", n = 100 }\n\
                          [axes]\ndepth = [1, 2]\nactivation = [\"tanh\", \"relu\"]\n";
const RUNS: usize = 8;

/// A folder with a finished sweep in `results/x`, and its tables.
fn finished() -> (TempDir, PathBuf, Tables) {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("x.toml"), EXPERIMENT).unwrap();
    expect_shell(dir.path(), "gradsweep sweep x.toml", 0, &[]);
    let results = dir.path().join("results/x");
    let tables = tables(&results);
    (dir, results, tables)
}

fn journal(results: &Path) -> PathBuf {
    results.join("journal/runs.jsonl")
}

/// The lines of a journal, changed by `change` and with their hashes made right again.
fn rewrite(results: &Path, change: impl Fn(String) -> String) {
    let text = fs::read_to_string(journal(results)).unwrap();
    let rest = |line: &str| line.split_once("\",").unwrap().1.to_string();
    let lines = text.lines().map(|line| change(rest(line)));
    let lines = lines.map(|rest| format!("{{\"hash\":\"{}\",{rest}\n", blake3::hash(rest.as_bytes()).to_hex()));
    fs::write(journal(results), lines.collect::<String>()).unwrap();
}

#[test]
fn damage_costs_the_lines_it_hits_and_is_said() {
    let (dir, results, whole) = finished();
    let sound = fs::read(journal(&results)).unwrap();
    let ends: Vec<usize> = (0..sound.len()).filter(|i| sound[*i] == b'\n').collect();
    let flipped = |at: usize, bits: u8| {
        let mut bytes = sound.clone();
        bytes[at] ^= bits;
        bytes
    };
    let newline_inside = |at: usize| flipped(at, sound[at] ^ b'\n');
    let cases = [
        ("a torn last line", sound[..ends[8] - 9].to_vec(), 1),
        ("a last line without its end", sound[..ends[8]].to_vec(), 1),
        ("a record cut in the middle", [&sound[..ends[3] + 100], &sound[ends[3] + 300..]].concat(), 1),
        ("a flipped bit in a record", flipped(ends[4] + 400, 4), 1),
        ("a flipped bit in a hash", flipped(ends[4] + 30, 1), 1),
        ("a flipped bit in the header", flipped(90, 1), 0),
        ("the header's newline flipped", flipped(ends[0], 1), 1),
        ("a newline flipped", flipped(ends[2], 16), 2),
        ("the last newline flipped", flipped(ends[8], 2), 1),
        ("a byte that became a newline", newline_inside(ends[5] + 200), 1),
        ("a newline in the header", newline_inside(40), 0),
        ("a stretch of zeros", [&sound[..ends[6] + 50], &[0; 300][..], &sound[ends[6] + 350..]].concat(), 1),
        ("everything cut but the header", sound[..=ends[0]].to_vec(), 8),
    ];
    for (what, bytes, again) in cases {
        fs::write(journal(&results), &bytes).unwrap();
        let _ = fs::remove_file(results.join("journal/runs.jsonl.damaged"));
        let stderr = expect_shell(dir.path(), "gradsweep sweep x.toml", 0, &[]);
        let told = match again {
            0 => "all 8 runs are done".into(),
            1 => "1 run to do, 7 of 8 done before".into(),
            n => format!("{n} runs to do, {} of 8 done before", RUNS - n),
        };
        assert!(stderr.contains(&told), "{what}: {stderr}");
        // A file that ends after a line shows no damage.
        let clean_cut = again == RUNS;
        assert!(clean_cut || stderr.contains(" damaged, kept in "), "{what}: {stderr}");
        assert!(tables(&results) == whole, "{what}");
        let quiet = expect_shell(dir.path(), "gradsweep sweep x.toml", 0, &["all 8 runs are done"]);
        assert!(!quiet.contains("damaged"), "{what}: {quiet}");
    }
}

#[test]
fn random_damage_costs_the_lines_it_hits() {
    let (dir, results, whole) = finished();
    let sound = fs::read(journal(&results)).unwrap();
    let (damages, mut state) = (times("DAMAGES", 12), 1u64);
    // A linear congruential generator (Knuth), its upper bits.
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for number in 0..damages {
        let mut bytes = sound.clone();
        for _ in 0..=random(3) {
            let (at, length) = (random(bytes.len()), 1 + random(400));
            let end = bytes.len().min(at + length);
            match random(4) {
                0 => bytes[at] ^= 1 << random(8),
                1 => drop(bytes.drain(at..end)),
                2 => bytes[at..end].fill(random(256) as u8),
                _ => bytes.truncate(at.max(1)),
            }
        }
        fs::write(journal(&results), &bytes).unwrap();
        expect_shell(dir.path(), "gradsweep sweep x.toml", 0, &[]);
        assert!(tables(&results) == whole, "damage {number}");
        let quiet = expect_shell(dir.path(), "gradsweep sweep x.toml", 0, &["all 8 runs are done"]);
        assert!(!quiet.contains("damaged"), "damage {number}: {quiet}");
    }
    println!(
        "tried: {damages}; every run whose line was not hit, and after going on the tables of an undisturbed sweep"
    );
}

#[test]
fn a_run_journaled_twice_counts_once() {
    let (dir, results, whole) = finished();
    let text = fs::read_to_string(journal(&results)).unwrap();
    fs::write(journal(&results), format!("{text}{text}")).unwrap();
    fs::write(results.join("journal/copy.jsonl"), text).unwrap();
    fs::remove_file(results.join("runs.csv")).unwrap();
    expect_shell(dir.path(), "gradsweep sweep x.toml", 0, &["all 8 runs are done"]);
    assert!(tables(&results) == whole);
}

/// `ulimit -f` counts blocks of 512 bytes in some shells and of 1024 in others; each limit stops somewhere else.
#[test]
fn a_full_disk_stops_the_sweep_and_loses_nothing() {
    let (_whole_dir, _, whole) = finished();
    let (mut stopped, limits) = (0, times("DISKS", 8));
    for number in 0..limits {
        // From 0 to 127 blocks, more of them small.
        let blocks = 128f64.powf(number as f64 / (limits - 1).max(1) as f64) as usize - 1;
        let dir = tempdir().unwrap();
        fs::write(dir.path().join("x.toml"), EXPERIMENT).unwrap();
        let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec {PROGRAM} sweep x.toml");
        let output = Command::new("sh").args(["-c", &line]).current_dir(dir.path()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => continue,
            Some(1) => {
                assert!(stderr.contains("File too large") && stderr.contains("all finished runs are kept"), "{stderr}")
            }
            Some(2) => assert!(stderr.contains("cannot write into the results folder"), "{stderr}"),
            code => panic!("{blocks} blocks: {code:?} {stderr}"),
        }
        stopped += 1;
        let results = dir.path().join("results/x");
        let kept = fs::read_to_string(journal(&results)).map_or(0, |t| t.matches("\n{\"hash\"").count());
        let again = expect_shell(dir.path(), "gradsweep sweep x.toml", 0, &[]);
        let done = if kept == RUNS {
            "all 8 runs are done".into()
        } else {
            format!("{} of 8 done before", kept.saturating_sub(usize::from(again.contains("damaged"))))
        };
        assert!(again.contains(&done), "{blocks} blocks, {kept} whole lines: {again}");
        assert!(tables(&results) == whole, "{blocks} blocks");
    }
    assert!(2 * stopped > limits, "the limits were too wide: {stopped}");
    println!(
        "tried: {limits}; {stopped} stopped the sweep; every finished run, and after going on the tables of an undisturbed sweep"
    );
}

#[test]
fn a_disk_that_fills_while_tables_and_figures_are_written() {
    let (dir, results, whole) = finished();
    let names = ["layers.csv", "figures/curves.png"];
    for name in names {
        let size = fs::metadata(results.join(name)).unwrap().len();
        for gone in ["runs.csv", ".stamp"] {
            fs::remove_file(results.join(gone)).unwrap();
        }
        let blocks = (size / 512).min(size / 1024).saturating_sub(2);
        let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec gradsweep sweep x.toml");
        expect_shell(dir.path(), &line, 1, &["File too large", "all finished runs are kept"]);
        expect_shell(dir.path(), "gradsweep sweep x.toml", 0, &["all 8 runs are done"]);
        assert!(tables(&results) == whole, "{name}");
    }
}

/// Root may write anywhere, so that the program is run as nobody.
#[test]
fn a_read_only_folder_is_refused_before_the_first_run() {
    let (dir, results, whole) = finished();
    let open = |path: &Path, mode: u32| fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    let user = as_nobody(dir.path());
    let sweep = |out: &str| format!("{user}./program sweep x.toml --seeds 3 {out}");
    for (path, mode) in [(&results.join("journal"), 0o777), (&results, 0o555)] {
        open(path, mode);
    }
    let words = ["cannot write into the results folder results/x", "Permission denied", "--out"];
    expect_shell(dir.path(), &sweep(""), 2, &words);
    for (path, mode) in [(&results.join("journal"), 0o555), (&results, 0o777)] {
        open(path, mode);
    }
    expect_shell(dir.path(), &sweep(""), 2, &words);
    open(dir.path(), 0o555);
    expect_shell(
        dir.path(),
        &sweep("--out elsewhere"),
        2,
        &["cannot write into the results folder elsewhere", "--out"],
    );
    // Looking needs no right to write.
    expect_shell(dir.path(), &format!("{user}./program plan x.toml"), 0, &[]);
    for path in [dir.path(), &results.join("journal")] {
        open(path, 0o755);
    }
    assert!(tables(&results) == whole);
    expect_shell(dir.path(), "gradsweep sweep x.toml", 0, &["all 8 runs are done"]);
}

#[test]
fn a_second_sweep_in_the_folder_is_refused_and_disturbs_nothing() {
    let (dir, results, whole) = finished();
    fs::remove_dir_all(&results).unwrap();
    let long = ["sweep", "x.toml", "--out", "long", "--jobs", "1", "--set", "steps=1000000"];
    let mut first = Command::new(PROGRAM).args(long).current_dir(dir.path()).stderr(Stdio::null()).spawn().unwrap();
    while !journal(&dir.path().join("long")).exists() {
        assert!(first.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(2));
    }
    let refused = ["another command is writing into long", "--out"];
    expect_shell(dir.path(), "gradsweep sweep x.toml --out long", 2, &refused);
    expect_shell(dir.path(), "gradsweep sweep x.toml --out long --fresh", 2, &refused);
    assert!(first.try_wait().unwrap().is_none());
    first.kill().unwrap();
    first.wait().unwrap();
    // The dead hold no lock.
    expect_shell(dir.path(), "gradsweep sweep x.toml --out long", 0, &["8 runs to do"]);
    assert!(tables(&dir.path().join("long")) == whole);
}

#[test]
fn a_folder_of_other_numerics_runs_again_when_told_to() {
    let (dir, results, whole) = finished();
    let now = gradsweep::run::spec::NUMERICS_VERSION;
    let old = |line: String| {
        line.replace(&format!("\"numerics\":{now}"), "\"numerics\":1").replace("\"run_id\":\"", "\"run_id\":\"old")
    };
    rewrite(&results, old);
    let view = results.join("journal/view.txt");
    let ids: String = fs::read_to_string(&view).unwrap().lines().map(|id| format!("old{id}\n")).collect();
    fs::write(&view, ids).unwrap();
    let reason = format!("rerun: numerics version 1 -> {now} of gradsweep (8 runs)");
    expect_shell(dir.path(), "gradsweep sweep x.toml", 2, &["results/x contains 8 finished runs", &reason, "--replan"]);
    assert!(tables(&results) == whole, "a refusal changes nothing");
    expect_shell(dir.path(), "gradsweep sweep x.toml --replan", 0, &[&reason, "8 runs to do"]);
    assert!(tables(&results) == whole);
    let text = fs::read_to_string(journal(&results)).unwrap();
    assert_eq!(
        (text.lines().count(), text.matches("\"run_id\":\"old").count()),
        (1 + 8 + 1 + 8, 8),
        "nothing is deleted"
    );
}

#[test]
fn a_journal_of_another_format_is_left_alone() {
    let (dir, results, whole) = finished();
    let sound = fs::read(journal(&results)).unwrap();
    for (format, age) in [(0, "older"), (99, "newer")] {
        fs::write(journal(&results), &sound).unwrap();
        rewrite(&results, |line| line.replace("\"format\":1", &format!("\"format\":{format}")));
        let before = fs::read(journal(&results)).unwrap();
        let words = [&format!("in the {age} journal format {format}")[..], "--out", "--fresh"];
        expect_shell(dir.path(), "gradsweep sweep x.toml", 2, &words);
        expect_shell(dir.path(), "gradsweep sweep x.toml --replan", 2, &words);
        expect_shell(dir.path(), "gradsweep plan x.toml", 2, &words);
        assert!(fs::read(journal(&results)).unwrap() == before);
        expect_shell(dir.path(), "gradsweep sweep x.toml --fresh", 0, &["8 runs to do"]);
        assert!(tables(&results) == whole);
    }
}

#[test]
fn a_clock_that_was_set_back_changes_nothing() {
    let (dir, results, whole) = finished();
    let future = "\"started\":\"2199-01-01T00:00:00Z\"";
    let started = |line: &str| {
        line.split_once("\"started\":\"").map(|(a, b)| format!("{a}{future}{}", &b["2026-01-01T00:00:00Z\"".len()..]))
    };
    rewrite(&results, |line| started(&line).unwrap_or(line));
    let provenance = fs::read_to_string(results.join("provenance.json")).unwrap();
    fs::write(results.join("provenance.json"), provenance.replace("\"started\": \"20", "\"started\": \"21")).unwrap();
    let later = SystemTime::now() + Duration::from_secs(40 * 365 * 86_400);
    let age = || {
        for folder in [&results, &results.join("journal"), &results.join("figures")] {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let _ = File::options().append(true).open(path).and_then(|file| file.set_modified(later));
            }
        }
    };
    age();
    expect_shell(dir.path(), "gradsweep sweep x.toml", 0, &["all 8 runs are done"]);
    assert!(tables(&results) == whole);
    assert!(fs::read_to_string(results.join("timings.csv")).unwrap().contains("2199-01-01"));
    // A run is missing, its tables are younger than the journal will be, and the tables are made again all the same.
    let text = fs::read_to_string(journal(&results)).unwrap();
    fs::write(journal(&results), text.lines().take(RUNS).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    age();
    expect_shell(dir.path(), "gradsweep sweep x.toml --seeds 3", 0, &["5 runs to do, 7 of 12"]);
    expect_shell(dir.path(), "gradsweep sweep x.toml --replan", 0, &["dropped: seeds 3 -> 2 (4 runs)"]);
    assert!(tables(&results) == whole);
    assert!(fs::read_to_string(results.join("provenance.json")).unwrap().matches("\"started\"").count() == 2);
}

/// The files beside the journal: none of them can cost a run, and none stops the sweep.
#[test]
fn damage_beside_the_journal_costs_no_run() {
    let (dir, results, whole) = finished();
    for file in
        ["plan.json", "journal/view.txt", "provenance.json", ".stamp", "experiment.toml", "runs.csv", "timings.csv"]
    {
        let mut bytes = fs::read(results.join(file)).unwrap();
        bytes[10] ^= 0x80;
        fs::write(results.join(file), &bytes).unwrap();
        expect_shell(dir.path(), "gradsweep sweep x.toml", 0, &["all 8 runs are done"]);
        assert!(tables(&results) == whole, "{file}");
        expect_shell(dir.path(), "gradsweep sweep x.toml --seeds 3", 0, &["4 runs to do, 8 of 12"]);
        expect_shell(dir.path(), "gradsweep sweep x.toml --replan", 0, &["all 8 runs are done"]);
        assert!(tables(&results) == whole, "{file}");
        fs::remove_dir_all(&results).unwrap();
        expect_shell(dir.path(), "gradsweep sweep x.toml", 0, &["8 runs to do"]);
    }
    let damaged = results.join("provenance.json.damaged");
    fs::write(results.join("provenance.json"), "{").unwrap();
    expect_shell(dir.path(), "gradsweep sweep x.toml --seeds 3", 0, &[]);
    assert_eq!(fs::read(damaged).unwrap(), b"{");
}

#[test]
fn merge_leaves_tables_whose_journal_is_empty() {
    let (dir, results, whole) = finished();
    fs::write(journal(&results), "").unwrap();
    expect_shell(dir.path(), "gradsweep merge results/x", 2, &["contains no run of the plan", "are left unchanged"]);
    assert_eq!(tables(&results), whole);
}
