//! The program as a user meets it: exit codes, what goes to stdout, Ctrl-C and going on.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
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
activation = ["tanh", "relu"]
"#;

fn gradsweep(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gradsweep"));
    command.current_dir(dir).args(args).env_remove("RAYON_NUM_THREADS").env_remove("GRADSWEEP_RESTARTED");
    command
}

fn run(dir: &Path, args: &[&str]) -> Output {
    gradsweep(dir, args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Exit code 2, with each of these words on stderr, nothing on stdout and nothing trained.
fn refused(dir: &Path, args: &[&str], words: &[&str]) {
    let output = run(dir, args);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    assert!(output.stdout.is_empty() && words.iter().all(|word| stderr.contains(word)), "{args:?}: {stderr}");
    assert!(!dir.join("results/small/runs.csv").exists(), "{args:?}");
}

#[test]
fn a_sweep_fills_its_folder_and_a_second_one_says_that_it_is_done() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("small.toml"), EXPERIMENT).unwrap();
    let first = run(dir.path(), &["sweep", "small.toml", "--jobs", "2"]);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    let results = dir.path().join("results/small");
    for file in ["runs.csv", "summary.csv", "history.csv", "layers.csv", "timings.csv", "plan.json", "provenance.json"]
    {
        assert!(results.join(file).is_file(), "{file}");
    }
    assert_eq!(fs::read_to_string(results.join("experiment.toml")).unwrap(), EXPERIMENT);
    assert!(text(&first.stdout).contains("decades lost per layer") && text(&first.stderr).contains("8/8 runs"));
    let provenance = fs::read(results.join("provenance.json")).unwrap();
    let second = run(dir.path(), &["sweep", "small.toml"]);
    assert_eq!((second.status.code(), &second.stdout), (Some(0), &first.stdout));
    assert!(text(&second.stderr).contains("all 8 runs are done"));
    assert_eq!(fs::read(results.join("provenance.json")).unwrap(), provenance, "nothing ran, nothing is noted");
    let plan = run(dir.path(), &["plan", "small.toml", "--seeds", "3"]);
    assert!(text(&plan.stdout).contains("8 done, 4 new"), "{}", text(&plan.stdout));
    assert_eq!(run(dir.path(), &["plot", "results/small"]).status.code(), Some(0));
}

/// Every file below a folder with its bytes.
fn files(dir: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn plan_writes_nothing() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("small.toml"), EXPERIMENT).unwrap();
    let plans = |options: &[&str]| {
        let before = files(dir.path());
        let output = run(dir.path(), &[&["plan", "small.toml"], options].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(before == files(dir.path()), "plan wrote into the folder");
        text(&output.stdout)
    };
    assert!(plans(&[]).contains("0 done, 8 new") && !dir.path().join("results").exists());
    assert!(plans(&[]).contains("from a short trial just now"));
    assert_eq!(run(dir.path(), &["sweep", "small.toml", "--only", "depth=[2]"]).status.code(), Some(0));
    let rest = plans(&[]);
    assert!(rest.contains("4 done, 4 new") && rest.contains("as 4 runs in timings.csv"), "{rest}");
    let table = plans(&["--csv", "--set", "l2=0.1"]);
    assert_eq!(table.lines().filter(|row| row.contains(",changed,l2 0 -> 0.1,")).count(), 4, "{table}");
    // What is not a plan of ours costs the comparison, not the plan.
    fs::write(dir.path().join("results/small/plan.json"), "{").unwrap();
    assert!(plans(&["--set", "l2=0.1"]).contains("0 done, 8 new"));
}

#[test]
fn wrong_input_is_exit_2_and_trains_nothing() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("small.toml"), EXPERIMENT).unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    refused(dir.path(), &["sweep", "absent.toml"], &["absent.toml"]);
    refused(dir.path(), &["sweep", "small.toml", "--only", "depth=7"], &["depth", "`1`, `2`"]);
    refused(dir.path(), &["sweep", "small.toml", "--only", "depth"], &["AXIS=VALUE"]);
    refused(dir.path(), &["sweep", "small.toml", "--out", "file/x"], &["file/x", "--out"]);
    refused(dir.path(), &["sweep", "small.toml", "--out", "."], &["no journal"]);
    refused(dir.path(), &["sweep", "small.toml", "--set", "no_such_key=3"], &["no_such_key"]);
    refused(dir.path(), &["sweep", "small.toml", "--jobs", "0"], &["--jobs"]);
    refused(dir.path(), &["sweep", "small.toml", "--seeds", "0"], &["--seeds"]);
    refused(dir.path(), &["sweep"], &["FILE"]);
    refused(dir.path(), &["plot", "file"], &["no folder file"]);
}

/// What only the data can tell is placed in the experiment all the same.
#[test]
fn settings_that_the_data_refuse_are_shown_in_the_file() {
    let dir = tempdir().unwrap();
    let base = "name = \"small\"\n[base]\nsteps = 1\n";
    for (line, place, words) in [
        ("batch = 2000", "x.toml:4:9", "1437"),
        ("data.n_train = 5000", "x.toml:4:16", "at most 1437"),
        ("data.validation = 0.9999", "x.toml:4:19", "lower"),
        ("data = { kind = \"teacher\", label_noise = 0.1 }", "x.toml:4:42", "classes"),
        ("data = { kind = \"teacher\" }\nloss = \"cross_entropy\"", "x.toml:5:8", "mse"),
        ("data = { kind = \"points\", x = [1, 2], y = [3] }", "x.toml:4:31", "row"),
        ("width = 16384\ndepth = 100", "x.toml:4:9", "2.7e10 weights"),
        ("batch_norm = true\n[record]\nprobe = 1", "x.toml:4:14", "record.probe"),
    ] {
        fs::write(dir.path().join("x.toml"), format!("{base}{line}\n")).unwrap();
        refused(dir.path(), &["sweep", "x.toml"], &[place, words, "help: "]);
        refused(dir.path(), &["plan", "x.toml"], &[place]);
    }
}

/// Waits until the journal holds `lines` lines.
fn await_lines(journal: &Path, lines: usize, child: &mut Child) {
    let patience = Instant::now();
    while fs::read(journal).map_or(0, |bytes| bytes.iter().filter(|b| **b == b'\n').count()) < lines {
        assert!(child.try_wait().unwrap().is_none(), "the sweep ended before it could be interrupted");
        assert!(patience.elapsed() < Duration::from_secs(60), "no run was journaled");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_exits_75_within_a_second_and_the_next_start_goes_on() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("small.toml"), EXPERIMENT).unwrap();
    let args = ["sweep", "small.toml", "--jobs", "1", "--seeds", "40", "--set", "steps=400"];
    for (signal, lines) in [("-INT", 3), ("-TERM", 8), ("-KILL", 15)] {
        let mut child = gradsweep(dir.path(), &args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        await_lines(&dir.path().join("results/small/journal/runs.jsonl"), lines, &mut child);
        let asked = Instant::now();
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
        if signal != "-KILL" {
            assert_eq!(output.status.code(), Some(75), "{}", text(&output.stderr));
            assert!(text(&output.stderr).contains("same command again to continue"));
        }
    }
    let rest = run(dir.path(), &args);
    assert_eq!(rest.status.code(), Some(0), "{}", text(&rest.stderr));
    let whole = ["sweep", "small.toml", "--jobs", "2", "--seeds", "40", "--set", "steps=400", "--out", "whole"];
    assert_eq!(run(dir.path(), &whole).status.code(), Some(0));
    for file in ["runs.csv", "summary.csv", "history.csv", "layers.csv"] {
        let read = |folder: &str| fs::read(dir.path().join(folder).join(file)).unwrap();
        assert!(read("results/small") == read("whole"), "{file} depends on interruptions or --jobs");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let dir = tempdir().unwrap();
    let pipe = format!("'{}' settings | head -c 1", env!("CARGO_BIN_EXE_gradsweep"));
    let output = Command::new("sh").args(["-c", &pipe]).current_dir(dir.path()).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[test]
fn init_writes_what_sweep_takes() {
    let dir = tempdir().unwrap();
    let written = run(dir.path(), &["init", "mine.toml"]);
    assert_eq!(written.status.code(), Some(0), "{}", text(&written.stderr));
    let swept = run(dir.path(), &["sweep", "mine.toml", "--quiet", "--set", "steps=5"]);
    // Its claim is about the start, where so few steps change nothing.
    assert_eq!(swept.status.code(), Some(0), "{}", text(&swept.stderr));
    assert!(dir.path().join("results/mine/report.html").is_file());
    // What is there is never written over.
    refused(dir.path(), &["init", "mine.toml"], &["mine.toml exists already"]);
    refused(dir.path(), &["init", "other.toml", "--like", "vanish"], &["no experiment \"vanish\"", "init --list"]);
}

#[test]
fn init_knows_every_experiment_of_the_repository() {
    let dir = tempdir().unwrap();
    let listed = text(&run(dir.path(), &["init", "--list"]).stdout);
    let listed: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let names = |folder: &str, prefix: &str| -> Vec<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let files = fs::read_dir(path).unwrap().map(|f| f.unwrap().path());
        let toml = files.filter(|f| f.extension().is_some_and(|e| e == "toml"));
        toml.map(|f| format!("{prefix}{}", f.file_stem().unwrap().to_string_lossy())).collect()
    };
    let shipped = [names("experiments", ""), names("experiments/papers", "papers/")].concat();
    for name in &shipped {
        assert!(listed.contains(&name.as_str()), "init does not know {name}");
        let file = format!("{}.toml", name.replace('/', "_"));
        assert_eq!(run(dir.path(), &["init", &file, "--like", name]).status.code(), Some(0));
        let own = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("experiments/{name}.toml"))).unwrap();
        assert!(fs::read(dir.path().join(file)).unwrap() == own, "{name}");
    }
    assert_eq!(listed.len(), shipped.len());
}

#[test]
fn the_doctor_finds_a_sound_machine_sound_and_a_missing_folder_missing() {
    let dir = tempdir().unwrap();
    let output = run(dir.path(), &["doctor"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), 5, "{said}");
    let output = run(dir.path(), &["doctor", "--data-dir", "nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("WRONG  data"), "{}", text(&output.stdout));
}

#[test]
fn shells_get_completions_and_man_a_page() {
    let dir = tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&run(dir.path(), &["completions", shell]).stdout);
        assert!(script.contains("sweep") && script.contains("doctor"), "{shell}");
    }
    let page = text(&run(dir.path(), &["man"]).stdout);
    assert!(page.contains(".TH gradsweep 1") && page.contains("retry\\-failed"), "{page}");
}

#[test]
fn what_a_finished_sweep_says_fits_80_columns() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("small.toml"), EXPERIMENT.to_string() + "[[claim]]\nsays = \"A sentence that is so long that no \
        line of eighty columns can hold it together with its verdict\"\nmetric = \"train_loss\"\neach = [\"depth\", \"activation\"]\n\
        expect = { above = 100 }\nconfidence = 0.5\n").unwrap();
    for command in
        [&["sweep", "small.toml", "--quiet"][..], &["sweep", "small.toml", "--quiet"], &["check", "results/small"]]
    {
        let output = run(dir.path(), command);
        assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
        for line in text(&output.stdout).lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
