//! Going on after whatever happened, as a user meets it: reasons for what runs again, failed runs and the command that
//! repeats each alone, a start from nothing, a part of the runs.

use crate::program::{PROGRAM, Tables, expect, said, tables};
use gradsweep::data::{self, Places};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::FORMATS;
use gradsweep::figure::kinds::FACTS;
use gradsweep::run::RunError;
use gradsweep::sweep::folder::{Folder, Keep};
use gradsweep::sweep::interrupt::Interrupt;
use gradsweep::sweep::pool::{self, Options};
use gradsweep::sweep::progress::Show;
use gradsweep::sweep::request::Request;
use gradsweep::sweep::work::Work;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::tempdir;

const EXPERIMENT: &str = r#"
name = "small"
seeds = 2

[base]
width = 4
steps = 20
data = { kind = "spirals", n = 100 }

[axes]
depth = [1, 2]

[variants.plain]
[variants."no bias, it's \"bare\""]
bias = false
"#;

/// A folder with the experiment, and the tables of an undisturbed sweep of it.
fn started(text: &str) -> (tempfile::TempDir, Tables) {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("small.toml"), text).unwrap();
    expect(dir.path(), &["sweep", "small.toml", "--out", "whole"], 0, &[]);
    let whole = tables(&dir.path().join("whole"));
    (dir, whole)
}

/// Journals what `train` makes of the runs `which` of the experiment, as a program with a defect would.
fn plant(dir: &Path, text: &str, which: &[usize], started: &str) {
    let plan = Experiment::parse(text, "small.toml", FACTS).unwrap().plan(&Overrides::default()).unwrap();
    let work = Work::new(&plan, |settings| data::load(settings, &Places::default())).unwrap();
    let (folder, _) = Folder::open(dir, &plan, &work, &Request::default(), Keep::default()).unwrap();
    let options = Options { jobs: 1, fail_fast: false, show: Show::Nothing };
    let defect = format!("a defect\nof {started}");
    pool::run(
        &work,
        which,
        options,
        &|_, _, _| Err(RunError::Defect(defect.clone())),
        &folder.journal,
        &Interrupt::new(),
    )
    .unwrap();
}

#[cfg(unix)]
#[test]
fn each_failed_run_is_listed_with_a_command_that_repeats_it_alone() {
    let (dir, whole) = started(EXPERIMENT);
    plant(&dir.path().join("it's here"), EXPERIMENT, &[1, 3, 6], "old");
    let args = ["sweep", "small.toml", "--out", "it's here", "--set", "question=a b", "--seeds", "2"];
    let mut stderr = expect(dir.path(), &args, 1, &["3 runs failed", "seed=2: a defect of old"]);
    for left in (0..3).rev() {
        let command = stderr.lines().find(|line| line.ends_with("--retry-failed")).unwrap();
        assert!(command.contains("--set 'question=a b' --seeds 2 --out 'it'\\''s here'"), "{command}");
        let pasted = Command::new("sh").args(["-c", command]).current_dir(dir.path()).output().unwrap();
        let (code, said) = said(&pasted);
        assert!(said.contains("small: 1 run to do"), "{command}: {said}");
        assert_eq!(code, Some(if left == 0 { 0 } else { 1 }), "{said}");
        stderr = said;
    }
    assert!(!stderr.contains("failed"), "{stderr}");
    let now = tables(&dir.path().join("it's here"));
    assert!(now == whole);
}

#[test]
fn many_failures_are_counted_and_retried_together() {
    let text = EXPERIMENT.replace("seeds = 2", "seeds = 4");
    let (dir, whole) = started(&text);
    plant(&dir.path().join("results/small"), &text, &(0..14).collect::<Vec<_>>(), "old");
    let sweep = ["sweep", "small.toml"];
    let stderr =
        expect(dir.path(), &sweep, 1, &["14 runs failed", "and 4 more; runs.csv has each message", "2 runs to do"]);
    assert_eq!(stderr.matches("--only seed=").count(), 10, "{stderr}");
    expect(dir.path(), &sweep, 1, &["all 16 runs are done", "14 runs failed"]);
    let retried = expect(dir.path(), &[&sweep[..], &["--retry-failed"]].concat(), 0, &["14 runs to do"]);
    assert!(!retried.contains("failed"), "{retried}");
    assert!(tables(&dir.path().join("results/small")) == whole);
}

#[test]
fn what_runs_again_is_said_with_its_reason() {
    let (dir, whole) = started(EXPERIMENT);
    let wide = |seeds: &'static str, more: &'static str| {
        ["sweep", "small.toml", "--out", "whole", "--set", "width=6", "--seeds", seeds, more]
    };
    let reasons = ["rerun: width 4 -> 6 (4 runs)", "dropped: seeds 2 -> 1 (4 runs)"];
    let words = ["whole contains 8 finished runs", reasons[0], reasons[1], "--replan", "--out"];
    expect(dir.path(), &wide("1", "--quiet"), 2, &words);
    expect(dir.path(), &wide("1", "--replan"), 0, &[reasons[0], reasons[1], "4 runs to do"]);
    // What was dropped from view is still in the journal.
    let back = ["sweep", "small.toml", "--out", "whole", "--replan"];
    expect(dir.path(), &back, 0, &["dropped: width 6 -> 4 (4 runs)", "all 8 runs are done"]);
    assert!(tables(&dir.path().join("whole")) == whole);
}

#[test]
fn reasons_name_axes_labels_and_combinations() {
    let (dir, _) = started(EXPERIMENT);
    let sweep = ["sweep", "small.toml", "--out", "whole"];
    for (from, to, reason) in [
        ("depth = [1, 2]", "depth = [2]", "dropped: depth 1 no longer exists (4 runs)"),
        ("depth = [1, 2]", "depth = [1, 2]\nl2 = [0.1, 0.2]", "dropped: `l2` is a new axis (8 runs)"),
        (
            "[axes]\ndepth = [1, 2]",
            "l2 = 0.5\n[axes]\nbatch = [8, 9]",
            "dropped: `depth` is no longer an axis (8 runs)",
        ),
        (
            "[variants.plain]",
            "[[exclude]]\ndepth = 2\nvariant = \"plain\"\n[variants.plain]",
            "plan leaves out (2 runs)",
        ),
        ("n = 100", "n = 100, noise = 0.2", "rerun: data.noise 0.1 -> 0.2 (8 runs)"),
    ] {
        fs::write(dir.path().join("small.toml"), EXPERIMENT.replace(from, to)).unwrap();
        expect(dir.path(), &sweep, 2, &[reason, "--replan"]);
    }
    fs::write(dir.path().join("small.toml"), EXPERIMENT).unwrap();
    fs::write(dir.path().join("whole/plan.json"), "{").unwrap();
    expect(dir.path(), &[&sweep[..], &["--seeds", "1"]].concat(), 2, &["does not say what they were (4 runs)"]);
}

#[test]
fn changed_data_is_a_reason() {
    let dir = tempdir().unwrap();
    let rows = |factor: f64| (0..40).map(|i| format!("{i},{}\n", factor * f64::from(i) + 0.5)).collect::<String>();
    fs::write(dir.path().join("line.csv"), rows(1.0)).unwrap();
    fs::write(
        dir.path().join("x.toml"),
        "[base]\nsteps = 3\nbatch = 8\nwidth = 4\ndata = { kind = \"csv\", path = \"line.csv\" }\n",
    )
    .unwrap();
    expect(dir.path(), &["sweep", "x.toml"], 0, &[]);
    fs::write(dir.path().join("line.csv"), rows(2.0)).unwrap();
    expect(dir.path(), &["sweep", "x.toml"], 2, &["1 finished run ", "rerun: the content of the data (1 run)"]);
}

#[test]
fn fresh_starts_anew_and_not_for_a_part() {
    let (dir, whole) = started(EXPERIMENT);
    let fresh = ["sweep", "small.toml", "--out", "whole", "--fresh"];
    expect(dir.path(), &[&fresh[..], &["--only", "seed=1"]].concat(), 2, &["--only"]);
    expect(dir.path(), &fresh, 0, &["is renamed to *.old", "8 runs to do"]);
    assert!(tables(&dir.path().join("whole")) == whole);
}

#[test]
fn only_takes_seeds() {
    let (dir, whole) = started(EXPERIMENT);
    let sweep = ["sweep", "small.toml", "--only"];
    expect(dir.path(), &[&sweep[..], &["seed=3"]].concat(), 2, &["no seed 3", "1 to 2", "--only:1:6"]);
    expect(dir.path(), &[&sweep[..], &["seed=one"]].concat(), 2, &["no seed \"one\""]);
    expect(
        dir.path(),
        &[&sweep[..], &["seed=2", "--only", "depth=1"]].concat(),
        0,
        &["2 runs to do", "6 runs of the plan not"],
    );
    expect(dir.path(), &[&sweep[..], &["seed=[1, 2]"]].concat(), 0, &["6 runs to do, 2 of 8 done"]);
    assert!(tables(&dir.path().join("results/small")) == whole);
}

/// The depths in the runs table of `results/small`, and its figures.
fn shown(results: &Path) -> (Vec<String>, Vec<String>) {
    let mut table = csv::Reader::from_path(results.join("runs.csv")).unwrap();
    let column = table.headers().unwrap().iter().position(|name| name == "depth").unwrap();
    let mut depths: Vec<String> = table.records().map(|row| row.unwrap()[column].to_string()).collect();
    depths.dedup();
    let figures = fs::read_dir(results.join("figures")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut figures: Vec<String> = figures.collect();
    figures.sort();
    (depths, figures)
}

#[cfg(unix)]
#[test]
fn a_stopped_sweep_leaves_no_mixture_of_plans() {
    let figure = |name: &str| {
        format!("[[figure]]\nkind = \"curves\"\ncolor = \"depth\"\nfacet = [\"variant\"]\nname = \"{name}\"\n")
    };
    let (dir, _) = started(&format!("{EXPERIMENT}{}{}", figure("one"), figure("two")));
    let whole = dir.path().join("whole");
    let images = |names: &[&str]| {
        let files: BTreeSet<_> = names.iter().flat_map(|n| FORMATS.map(|format| format!("{n}.{format}"))).collect();
        files.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(shown(&whole), (labels(&["1", "2"]), images(&["one", "two"])));
    // A plan without depth 1 and the first figure, and with runs that take too long.
    let two = figure("two").replace("[\"variant\"]", "[\"variant\", \"steps\"]");
    let text = EXPERIMENT.replace("steps = 20\n", "").replace("[1, 2]", "[2, 3]\nsteps = [20, 1000000]");
    fs::write(dir.path().join("small.toml"), text + &two).unwrap();
    let args = ["sweep", "small.toml", "--out", "whole", "--replan"];
    let mut child = Command::new(PROGRAM).current_dir(dir.path()).args(args).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    while !shown(&whole).1.iter().all(|name| name.starts_with("two.")) {
        assert!(child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(shown(&whole).1, images(&["two"]));
    assert!(!shown(&whole).0.contains(&"1".to_string()), "a run of the old plan is in the new one's table");
}

fn labels(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

#[test]
fn seed_one_of_every_cell_runs_first() {
    let (dir, _) = started(EXPERIMENT);
    expect(dir.path(), &["sweep", "small.toml", "--jobs", "1", "--seeds", "3"], 0, &[]);
    let journal = fs::read_to_string(dir.path().join("results/small/journal/runs.jsonl")).unwrap();
    let seed = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["run"]["seed"].as_u64();
    let seeds: Vec<u64> = journal.lines().filter_map(seed).collect();
    assert_eq!(seeds, [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_fresh_start_does_not_tell_to_start_anew_again() {
    let (dir, _) = started(EXPERIMENT);
    for (option, words) in
        [("--fresh", "the same command without --fresh to continue"), ("--quiet", "the same command again to continue")]
    {
        let args = ["sweep", "small.toml", "--out", "long", "--set", "steps=1000000", option];
        let child = Command::new(PROGRAM).current_dir(dir.path()).args(args).stderr(Stdio::piped()).spawn().unwrap();
        while !dir.path().join("long/provenance.json").exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let (code, stderr) = said(&child.wait_with_output().unwrap());
        assert!(code == Some(75) && stderr.contains(words), "{stderr}");
        fs::remove_file(dir.path().join("long/provenance.json")).unwrap();
    }
}

/// The folder of a sweep knows what its experiment was called, though the file in it has another name.
#[test]
fn fewer_fresh_seeds_than_before_judge_by_those_and_a_moved_folder_keeps_its_name() {
    let (dir, results) = crate::finished::finished();
    let check = |seeds: &str, words: &[&str]| {
        expect(dir.path(), &["check", "results/x", "--fresh-seeds", seeds], 0, words);
    };
    check("4", &["16 runs to do"]);
    check("2", &["dropped: seeds 4 -> 2 (8 runs)", "all 8 runs are done"]);
    check("4", &["all 16 runs are done"]);
    fs::rename(&results, dir.path().join("moved")).unwrap();
    fs::remove_file(dir.path().join("x.toml")).unwrap();
    expect(dir.path(), &["merge", "moved"], 0, &["x: 12 of 12 runs are finished, in moved"]);
    expect(dir.path(), &["verify", "moved", "--sample", "0"], 0, &["x: the tables agree"]);
}
