//! Several folders compared: arms that were swept apart are compared as if together, folders with the same runs are the arms
//! themselves, and what cannot be compared is refused with the reason.

use crate::compare::{ARMS, gradsweep, said};
use crate::program::expect;
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::tempdir;

/// Sweeps a text as this experiment.
fn sweep(dir: &Path, name: &str, text: &str, more: &[&str]) {
    let file = format!("{name}.toml");
    fs::write(dir.join(&file), text.replace("name = \"arms\"", &format!("name = \"{name}\""))).unwrap();
    expect(dir, &[&["sweep", &file, "--quiet"], more].concat(), 0, &[]);
}

fn json(dir: &Path, folders: &[&str], more: &[&str]) -> Value {
    let folders: Vec<String> = folders.iter().map(|folder| format!("results/{folder}")).collect();
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    let out = gradsweep(dir, &[&["compare"], &folders[..], &["--format", "json"], more].concat());
    assert!(out.status.success(), "{}", said(&out));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn arms_that_were_swept_apart_are_compared_as_if_together() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let text = ARMS.replace("SEEDS", "8");
    let parts: Vec<&str> = text.split("[[optimizer]]").collect();
    sweep(dir, "both", &text, &[]);
    sweep(dir, "one", &format!("{}[[optimizer]]{}", parts[0], parts[1]), &[]);
    sweep(dir, "other", &format!("{}[[optimizer]]{}", parts[0], parts[2]), &[]);
    let (both, apart) = (json(dir, &["both"], &[]), json(dir, &["one", "other"], &[]));
    for part in ["arm", "choose", "report", "tune_seeds", "report_seeds", "arms", "pairs", "settings", "verdicts"] {
        assert_eq!(both[part], apart[part], "{part}");
    }
    assert!(!dir.join("results/one/comparison.csv").exists(), "nothing is written of several folders");
    // Another metric, another arm, one folder: the same command without tables.
    let by_steps = json(dir, &["both"], &["--metric", "steps_to_target", "--metric", "train_loss"]);
    assert_eq!(by_steps["report"], serde_json::json!(["steps_to_target", "train_loss"]));
    let by_rate = json(dir, &["one"], &["--arm", "optimizer.lr"]);
    assert_eq!((by_rate["arm"].as_str(), by_rate["arms"].as_array().unwrap().len()), (Some("optimizer.lr"), 3));
}

#[test]
fn folders_with_the_same_runs_are_the_arms_and_their_differences_are_told() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let text = ARMS.replace("SEEDS", "8");
    sweep(dir, "plain", &text, &[]);
    sweep(dir, "decayed", &text.replace("steps = 20", "steps = 20\nl2 = 0.5"), &["--seeds", "7"]);
    let found = json(dir, &["plain", "decayed"], &[]);
    assert_eq!((found["arm"].as_str(), found["arms"].as_array().unwrap().len()), (Some("folder"), 4));
    // Seeds that one of them lacks pair with nothing.
    let seeds = [&found["tune_seeds"], &found["report_seeds"]].map(|seeds| seeds.as_array().unwrap().len());
    assert_eq!(seeds.iter().sum::<usize>(), 7);
    let told = said(&gradsweep(dir, &["compare", "results/plain", "results/decayed", "--baseline", "plain"]));
    assert!(told.contains("the folders differ in\n  l2: 0.5 in decayed, 0 in plain\n"), "{told}");
    assert!(told.contains("Against the baseline, plain"), "{told}");
    let words = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("only the 7 seeds that all folders have are compared; plain has 8, decayed has 7"),
        "{told}"
    );
    expect(
        dir,
        &["compare", "results/plain", "--arm", "optimiser"],
        2,
        &["there is no axis", "did you mean `optimizer`?"],
    );
    expect(
        dir,
        &["compare", "results/plain", "--metric", "train_los"],
        2,
        &["did you mean `train_loss`?", "area of val_loss"],
    );
    expect(
        dir,
        &["compare", "results/plain", "results/decayed", "--baseline", "plains"],
        2,
        &["did you mean `plain`?"],
    );
}

#[test]
fn what_cannot_be_compared_is_refused_with_the_reason() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let text =
        "name = \"arms\"\nseeds = 2\n[base]\ndata = { kind = \"spirals\", n = 60 }\nwidth = 4\nbatch = 16\nsteps = 2\n";
    sweep(dir, "own", text, &[]);
    for (name, from, to, more, why) in [
        ("rows", "n = 60", "n = 80", &[][..], "their data differ (both are named spirals"),
        ("data", "{ kind = \"spirals\", n = 60 }", "\"digits\"", &[], "their data differ (spirals; digits)"),
        ("loss", "steps = 2", "steps = 2\nloss = \"mse\"", &[], "their losses differ (loss = cross_entropy; loss"),
        ("target", "steps = 2", "steps = 2\ntarget_loss = 0.5", &[], "their target_loss differs (none, 0.5)"),
        ("seeds", "steps = 2", "steps = 3", &["--fresh-seeds"], "they have no seed in common"),
    ] {
        assert!(text.contains(from), "{from}");
        sweep(dir, name, &text.replace(from, to), more);
        let folder = format!("results/{name}");
        expect(dir, &["compare", "results/own", &folder], 2, &["cannot be compared: ", why, "sweep both "]);
    }
    expect(dir, &["compare", "results/own"], 2, &["has nothing to compare", "--arm"]);
    expect(
        dir,
        &["compare", "results/own", "results/../results/own/"],
        2,
        &["they are the same folder; name each folder once"],
    );
    expect(
        dir,
        &["compare", "results/own", "results"],
        2,
        &["results is not a results folder", "such as results/data"],
    );
}

/// The rows of a results folder whose seed is one of these, as if no others had been swept.
fn keep_seeds(folder: &Path, seeds: &[u64]) {
    let plan = folder.join("plan.json");
    let mut json: Value = serde_json::from_slice(&fs::read(&plan).unwrap()).unwrap();
    json["seeds"] = serde_json::json!(seeds);
    fs::write(&plan, json.to_string()).unwrap();
    let path = folder.join("runs.csv");
    let mut reader = csv::Reader::from_path(&path).unwrap();
    let header = reader.headers().unwrap().clone();
    let seed = header.iter().position(|column| column == "seed").unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let mut writer = csv::Writer::from_path(&path).unwrap();
    writer.write_record(&header).unwrap();
    let kept = rows.iter().filter(|row| seeds.contains(&row[seed].parse().unwrap()));
    kept.for_each(|row| writer.write_record(row).unwrap());
    writer.flush().unwrap();
}

/// What one sweep of all seeds says, in either order of the folders, also where they share runs.
#[test]
fn seeds_that_were_swept_apart_are_one_study() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let text = ARMS.replace("SEEDS", "9");
    ["whole", "early", "late", "middle"].iter().for_each(|name| sweep(dir, name, &text, &[]));
    for (name, seeds) in [("early", 1..=4), ("late", 5..=9), ("middle", 3..=6)] {
        keep_seeds(&dir.join("results").join(name), &seeds.collect::<Vec<_>>());
    }
    let whole = json(dir, &["whole"], &[]);
    for folders in [&["early", "late"][..], &["late", "early"], &["middle", "late", "early"], &["whole", "middle"]] {
        let pooled = json(dir, folders, &[]);
        for part in ["arm", "choose", "report", "tune_seeds", "report_seeds", "arms", "pairs", "settings", "verdicts"] {
            assert_eq!(whole[part], pooled[part], "{folders:?}: {part}");
        }
    }
    let told = said(&gradsweep(dir, &["compare", "results/early", "results/middle"]));
    assert!(told.contains("the same cells and are pooled as one study of 6 seeds"), "{told}");
    assert!(told.contains("12 runs in several folders, equal to the last digit, counted once"), "{told}");
    sweep(dir, "fresh", &text, &["--fresh-seeds"]);
    let told = said(&gradsweep(dir, &["compare", "results/late", "results/fresh"]));
    assert!(told.contains("seeds 8 to 9, 1000001 to 1000009"), "{told}");
    // A third of the seeds chooses, as in one sweep of all.
    assert_eq!(json(dir, &["whole", "fresh"], &[])["tune_seeds"].as_array().unwrap().len(), 6);
    // Asked for, the folders are the arms all the same.
    let arms = json(dir, &["whole", "middle"], &["--arm", "folder"]);
    assert_eq!((arms["arm"].as_str(), arms["report_seeds"].as_array().unwrap().len()), (Some("folder"), 3));
    // Another number of one run: not the same runs any more.
    let path = dir.join("results/middle/runs.csv");
    let planted = fs::read_to_string(&path).unwrap().replacen(",finished,", ",diverged,", 1);
    fs::write(&path, planted).unwrap();
    assert_eq!(json(dir, &["whole", "middle"], &[])["arm"].as_str(), Some("folder"));
}

/// A loss on one data set is no measure of another, in one folder as in two.
#[test]
fn arms_of_different_data_are_compared_by_shares_alone() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let text = "name = \"data\"\nseeds = 2\n[base]\ndepth = 2\nwidth = 4\nsteps = 2\n[axes]\ndata = [\"digits\", \"spirals\"]\n";
    sweep(dir, "data", text, &[]);
    let by_data = ["compare", "results/data", "--arm", "data"];
    expect(dir, &by_data, 2, &["their data differ (digits; spirals)", "--metric test_accuracy"]);
    let told = said(&gradsweep(dir, &[&by_data[..], &["--metric", "test_accuracy"]].concat()));
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("2 values of data") && !told.contains("datas"), "{told}");
}

/// A loss that is written and the same that follows from the data are one.
#[test]
fn a_loss_that_is_written_out_is_the_same_loss() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let text =
        |more: &str| format!("name = \"arms\"\nseeds = 2\n[base]\nwidth = 4\nsteps = 2\n{more}[axes]\ndepth = [1]\n");
    sweep(dir, "usual", &text("optimizer.lr = 0.2\n"), &[]);
    sweep(dir, "written", &text("loss = \"cross_entropy\"\n"), &[]);
    sweep(dir, "other", &text("loss = \"mse\"\n"), &[]);
    expect(dir, &["compare", "results/usual", "results/written"], 0, &["optimizer.lr: 0.2 in usual, 0.1 in written"]);
    let told = said(&gradsweep(dir, &["compare", "results/usual", "results/written"]));
    assert!(!told.contains("loss:") && !told.contains("loss ="), "{told}");
    let losses = "their losses differ (loss = cross_entropy; loss = mse)";
    expect(dir, &["compare", "results/usual", "results/other"], 2, &[losses]);
}

/// The runs of two experiments with other seeds of their own share nothing but a number, which every format says; so it does
/// whose [compare] is followed.
#[test]
fn what_folders_differ_in_is_told_in_every_format() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let text = ARMS.replace("SEEDS", "6");
    sweep(dir, "one", &text, &[]);
    sweep(dir, "other", &format!("seed = 7\n{text}[compare]\nbaseline = \"sgd\"\n"), &[]);
    for format in ["markdown", "latex", "json"] {
        let out = gradsweep(dir, &["compare", "results/one", "results/other", "--format", format]);
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        for part in [
            "the seed of the experiment: 0 in one, 7 in other",
            "of pairs of runs that have only the number",
            "compare",
        ] {
            assert!(text.contains(part), "{format}: {part}\n{text}");
        }
        assert!(!text.contains("seed by seed") && text.contains("of one says"), "{format}: {text}");
    }
}
