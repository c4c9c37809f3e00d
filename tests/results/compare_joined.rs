//! Folders joined whose runs are called alike: every number is that of the run's own folder, computed here by hand from its tables.

use crate::compare::{gradsweep, said};
use crate::program::expect;
use gradsweep::stats::median;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::tempdir;

type Row = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

fn number(row: &Row, column: &str) -> Option<f64> {
    row[column].parse().ok()
}

const METRICS: [&str; 7] = [
    "area of val_loss",
    "val_loss at step 20",
    "val_loss at epoch 2",
    "best_val_loss",
    "steps_to_target",
    "epochs_to_target",
    "flop_to_target",
];

/// A metric of a run of a folder, from its rows of history.csv alone; `flop` are the operations of a step.
fn by_hand(metric: &str, history: &[&Row], target: f64, flop: f64) -> f64 {
    let value = |row: &Row| number(row, "val_loss").unwrap();
    let step = |row: &Row| number(row, "step").unwrap();
    let from = |column: &str, at: f64| value(history.iter().find(|row| number(row, column).unwrap() >= at).unwrap());
    let reached = history.iter().find(|row| number(row, "train_loss").unwrap() <= target);
    let steps = reached.map_or(f64::INFINITY, |row| step(row));
    match metric {
        "area of val_loss" => {
            let under = |pair: &[&Row]| (step(pair[1]) - step(pair[0])) * (value(pair[0]) + value(pair[1])) / 2.0;
            history.windows(2).map(under).sum::<f64>() / step(history[history.len() - 1])
        }
        "val_loss at step 20" => from("step", 20.0),
        "val_loss at epoch 2" => from("epoch", 2.0),
        "best_val_loss" => history.iter().map(|row| value(row)).fold(f64::INFINITY, f64::min),
        "steps_to_target" => steps,
        "epochs_to_target" => {
            let last = history[history.len() - 1];
            steps * number(last, "epoch").unwrap() / step(last)
        }
        _ => steps * flop,
    }
}

/// Compares two folders by all metrics, and each arm's medians, also those of arms within a folder, with those of its runs by hand.
fn agree(dir: &Path, folders: [&str; 2], options: &[&str], target: f64, flop: [f64; 2]) {
    let metrics: Vec<&str> = METRICS.iter().flat_map(|metric| ["--metric", metric]).collect();
    let out = gradsweep(dir, &[&["compare"], &folders[..], &["--format", "json"], options, &metrics].concat());
    assert!(out.status.success(), "{}", said(&out));
    let found: Value = serde_json::from_slice(&out.stdout).unwrap();
    let mut differ = 0;
    let own = |at: usize, optimizer: &str, metric: &str| {
        let [runs, history] = ["runs.csv", "history.csv"].map(|file| rows(&dir.join(folders[at]).join(file)));
        let of_arm = runs.iter().filter(|run| run["optimizer"] == optimizer);
        let of_run = |run: &Row| {
            let history: Vec<&Row> = history.iter().filter(|row| row["run_id"] == run["run_id"]).collect();
            by_hand(metric, &history, target, flop[at])
        };
        median(&of_arm.map(of_run).collect::<Vec<f64>>()).unwrap()
    };
    let arms = found["arms"].as_array().unwrap();
    for arm in arms {
        let name = arm["folder"].as_str().unwrap();
        let at = folders.iter().position(|folder| folder.ends_with(name)).unwrap();
        let optimizer = arm["optimizer"].as_str().unwrap();
        for metric in METRICS {
            let cell = &arm[format!("{metric}_median")];
            let found = cell.as_f64().unwrap_or_else(|| cell.as_str().unwrap().parse().unwrap());
            let expected = own(at, optimizer, metric);
            let is_it = found == expected || (found - expected).abs() <= 1e-9 * expected.abs();
            assert!(is_it, "{name} {optimizer} {metric}: {found}, by hand {expected}");
            differ += usize::from(own(1 - at, optimizer, metric) != expected);
        }
    }
    assert_eq!(arms.len(), 4);
    assert!(differ > 2 * METRICS.len(), "the folders have to differ for this to test anything: {differ}");
}

const OWN: &str = "name = \"NAME\"\nseeds = 5\n[base]\ndata = { kind = \"spirals\", n = 100, validation = 0.2 }\nwidth = 4\ndepth = 2\n\
    batch = 10\nsteps = 40\ntarget_loss = 1.05\n[record]\nscore = { every = 1 }\n[[optimizer]]\nkind = \"sgd\"\nlr = LR\n\
    [[optimizer]]\nkind = \"adam\"\nlr = LR\n";

#[test]
fn sweeps_of_one_grid_with_other_settings_keep_their_own_histories() {
    let dir = tempdir().unwrap();
    for (name, lr) in [("slow", "0.01"), ("fast", "0.05")] {
        fs::write(dir.path().join("own.toml"), OWN.replace("NAME", name).replace("LR", lr)).unwrap();
        expect(dir.path(), &["sweep", "own.toml", "--quiet"], 0, &[]);
    }
    // 2 inputs, two hidden layers of 4, 3 classes; 6 operations a weight and row of a batch of 10.
    let flop = [60.0 * f64::from(2 * 4 + 4 * 4 + 4 * 3); 2];
    let folders = ["results/slow", "results/fast"];
    let text = said(&gradsweep(dir.path(), &["compare", folders[0], folders[1], "--arm", "folder"]));
    assert!(text.contains("0.05 in fast, 0.01 in slow"), "{text}");
    agree(dir.path(), folders, &["--arm", "folder"], 1.05, flop);
    agree(dir.path(), [folders[1], folders[0]], &["--arm", "folder"], 1.05, flop);
}

/// The tables of four runs of two optimizers whose losses fall from `start` so much a step.
fn tables(dir: &Path, start: f64, fall: f64, flop: u32) {
    let (mut runs, mut history) = (
        String::from("run_id,optimizer,seed,target_loss,flop_per_step\n"),
        String::from("run_id,step,epoch,train_loss,val_loss\n"),
    );
    for (place, optimizer) in ["sgd", "adam"].iter().enumerate() {
        for seed in 1..=3 {
            runs += &format!("{optimizer}-{seed},{optimizer},{seed},0.5,{flop}\n");
            for step in (0..=40).step_by(5) {
                let loss = start - fall * f64::from(step) * (1.0 + 0.1 * place as f64 + 0.02 * f64::from(seed));
                history += &format!("{optimizer}-{seed},{step},{},{loss},{}\n", f64::from(step) / 8.0, 1.1 * loss);
            }
        }
    }
    fs::write(dir.join("runs.csv"), runs).unwrap();
    fs::write(dir.join("history.csv"), history).unwrap();
}

#[test]
fn imported_runs_of_the_same_names_keep_their_own_histories() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    for (name, start, fall, flop) in [("one", 1.0, 0.02, 100), ("two", 1.5, 0.03, 300)] {
        tables(dir, start, fall, flop);
        expect(dir, &["import", "runs.csv", "history.csv", "--out", name], 0, &[]);
    }
    agree(dir, ["one", "two"], &[], 0.5, [100.0, 300.0]);
    agree(dir, ["two", "one"], &[], 0.5, [300.0, 100.0]);
}

/// Runs that end alike, on other ways, are not the same runs.
#[test]
fn runs_that_only_end_alike_are_told_apart() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    for (name, middle) in [("one", "0.8"), ("two", "0.6")] {
        let runs = "run_id,optimizer,seed\na,sgd,1\nb,adam,1\n";
        let history = ["a", "b"].map(|run| format!("{run},0,1.0\n{run},10,{middle}\n{run},20,0.5\n")).concat();
        fs::write(dir.join("runs.csv"), runs).unwrap();
        fs::write(dir.join("history.csv"), format!("run_id,step,val_loss\n{history}")).unwrap();
        expect(dir, &["import", "runs.csv", "history.csv", "--out", name], 0, &[]);
    }
    let out = gradsweep(dir, &["compare", "one", "two", "--metric", "val_loss at step 10", "--format", "csv"]);
    let text = said(&out);
    assert!(
        text.contains("sgd,one,") && text.contains("sgd,two,") && text.contains("0.8") && text.contains("0.6"),
        "{text}"
    );
    // The same tables twice are the same runs.
    expect(dir, &["import", "runs.csv", "history.csv", "--out", "again"], 0, &[]);
    let text = said(&gradsweep(dir, &["compare", "two", "again", "--arm", "optimizer"]));
    assert!(text.contains("2 runs in several folders, equal to the last digit, counted once"), "{text}");
}

/// Arms of other folders may differ in more than their names.
#[test]
fn settings_in_which_folders_of_other_arms_differ_are_told() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    for (name, optimizer, steps) in [("short", "sgd", "20"), ("long", "adam", "40")] {
        let text = format!(
            "name = \"{name}\"\nseeds = 3\n[base]\ndata = {{ kind = \"spirals\", n = 60 }}\nwidth = 4\nbatch = 10\nsteps = {steps}\n\
             [[optimizer]]\nkind = \"{optimizer}\"\nlr = 0.01\n"
        );
        fs::write(dir.join("own.toml"), text).unwrap();
        expect(dir, &["sweep", "own.toml", "--quiet"], 0, &[]);
    }
    let out = gradsweep(dir, &["compare", "results/short", "results/long", "--arm", "optimizer"]);
    let text = said(&out);
    assert!(text.contains("the folders differ in\n  steps: 40 in long, 20 in short\n"), "{text}");
    assert!(text.contains("unequal numbers of steps: sgd 20, adam 40"), "{text}");
}

/// Another program's runs say little of their settings: what they do not say is no reason to refuse them.
#[test]
fn imported_runs_are_compared_with_own_ones() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let text = OWN.replace("NAME", "own").replace("LR", "0.01").replace("target_loss = 1.05\n", "");
    fs::write(dir.join("own.toml"), text).unwrap();
    expect(dir, &["sweep", "own.toml", "--quiet"], 0, &[]);
    let runs = (1..=5).map(|seed| format!("lion-{seed},lion,0.01,spirals,{seed}\n")).collect::<String>();
    let history =
        (1..=5).map(|seed| format!("lion-{seed},0,1.0\nlion-{seed},20,0.5\nlion-{seed},40,0.25\n")).collect::<String>();
    fs::write(dir.join("runs.csv"), format!("run_id,optimizer,optimizer.lr,data,seed\n{runs}")).unwrap();
    fs::write(dir.join("history.csv"), format!("run_id,step,val_loss\n{history}")).unwrap();
    expect(dir, &["import", "runs.csv", "history.csv", "--out", "mine"], 0, &[]);
    for folders in [["results/own", "mine"], ["mine", "results/own"]] {
        let options = ["--metric", "val_loss at step 20", "--metric", "area of val_loss", "--format", "json"];
        let out = gradsweep(dir, &[&["compare"], &folders[..], &options].concat());
        assert!(out.status.success(), "{}", said(&out));
        let found: Value = serde_json::from_slice(&out.stdout).unwrap();
        let arms = found["arms"].as_array().unwrap();
        let arm = |name: &str| arms.iter().find(|arm| arm["optimizer"] == name).unwrap();
        let of = |name: &str, metric: &str| arm(name)[format!("{metric}_median")].as_f64().unwrap();
        assert_eq!((of("lion", "val_loss at step 20"), of("lion", "area of val_loss")), (0.5, 0.5625));
        let rows = rows(&dir.join("results/own/history.csv"));
        let runs: BTreeMap<String, String> = self::rows(&dir.join("results/own/runs.csv"))
            .into_iter()
            .map(|row| (row["run_id"].clone(), row["optimizer"].clone()))
            .collect();
        let at = rows.iter().filter(|row| row["step"] == "20" && runs[&row["run_id"]] == "sgd");
        let expected = median(&at.map(|row| number(row, "val_loss").unwrap()).collect::<Vec<f64>>()).unwrap();
        assert_eq!(of("sgd", "val_loss at step 20"), expected);
    }
}
