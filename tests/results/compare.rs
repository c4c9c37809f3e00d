//! Arms compared: chosen on some seeds, reported on others, told with what the seeds can tell.

use gradsweep::compare::Comparison;
use gradsweep::data::{self, Places};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::results::Results;
use gradsweep::run::trace::trace;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn gradsweep(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gradsweep")).current_dir(dir).args(args).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

const ARMS: &str = "name = \"arms\"\nquestion = \"?\"\nseeds = SEEDS\n[base]\n\
    function = { kind = \"quadratic\", condition = 10, noise = 0.1, spread = 0.1 }\nsteps = 20\ntarget_loss = 0.5\n\
    [[optimizer]]\nkind = \"sgd\"\nlr = { log = [1e-3, 1e-1], n = 3 }\n\
    [[optimizer]]\nkind = \"momentum\"\nlr = { log = [1e-4, 1e-2], n = 3 }\n";

/// A swept folder whose final training losses are then planted: by optimizer, learning rate and seed.
fn planted(toml: &str, loss: impl Fn(&str, &str, u64) -> f64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("arms.toml"), toml).unwrap();
    let out = gradsweep(dir.path(), &["sweep", "arms.toml", "--quiet"]);
    assert!(out.status.success(), "{}", said(&out));
    let path = dir.path().join("results/arms/runs.csv");
    let mut reader = csv::Reader::from_path(&path).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|c| c == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let mut writer = csv::Writer::from_path(&path).unwrap();
    writer.write_record(&header).unwrap();
    for row in rows {
        let value = loss(&row[at("optimizer")], &row[at("optimizer.lr")], row[at("seed")].parse().unwrap());
        let planted = row.iter().enumerate().map(|(i, cell)| match i {
            _ if i == at("train_loss") && value.is_finite() => value.to_string(),
            _ if i == at("train_loss") => "NaN".into(),
            _ if i == at("status") && !value.is_finite() => "diverged".into(),
            _ => cell.to_string(),
        });
        writer.write_record(planted).unwrap();
    }
    writer.flush().unwrap();
    dir
}

fn compared(dir: &TempDir) -> Comparison {
    Comparison::of(&Results::read(&dir.path().join("results/arms")).unwrap()).unwrap().unwrap()
}

#[test]
fn all_arms_of_a_seed_start_from_the_same_weights_and_see_the_same_batches() {
    let text = "name = \"t\"\nseeds = 2\n[base]\ndepth = 2\nwidth = 8\nsteps = 3\n[[optimizer]]\nkind = \"sgd\"\n\
        [[optimizer]]\nkind = \"adam\"\nlr = [1e-3, 1e-2]\n[[optimizer]]\nkind = \"rprop\"\n";
    let plan = Experiment::parse(text, "t.toml", FACTS).and_then(|e| e.plan(&Overrides::default())).unwrap();
    let data = data::load(&plan.datasets().settings[0], &Places::default()).unwrap();
    let runs = plan.runs(std::slice::from_ref(&data.digest));
    let shared = |name: &str| name.starts_with("initial/") || name.ends_with("/rows");
    for seed in [1, 2] {
        let traces: Vec<Vec<_>> = runs
            .iter()
            .filter(|run| run.spec.seeds.run == seed)
            .map(|run| trace(&run.spec, &data, 3).unwrap().tensors.into_iter().filter(|t| shared(&t.name)).collect())
            .collect();
        assert_eq!(traces.len(), 4);
        assert!(traces.iter().all(|own| own.len() == 6 + 3 && *own == traces[0]));
    }
}

#[test]
fn the_setting_is_chosen_on_the_first_seeds_and_reported_on_the_others() {
    // On the tuning seeds 0.01 is best for both, on the others it would not be.
    let loss = |optimizer: &str, lr: &str, seed: u64| {
        let base = if optimizer == "sgd" { 1.0 } else { 3.0 };
        match (lr, seed) {
            ("0.01", 1..=2) => 0.5 * base,
            ("0.01", _) => base + 0.01 * seed as f64,
            _ => 0.9 * base,
        }
    };
    let dir = planted(&ARMS.replace("SEEDS", "8"), loss);
    let comparison = compared(&dir);
    assert_eq!((comparison.tune_seeds.as_slice(), comparison.report_seeds.len()), ([1, 2].as_slice(), 6));
    let [sgd, momentum] = &comparison.tasks[0].arms[..] else { panic!() };
    assert_eq!(sgd.chosen, [("optimizer.lr".to_string(), "0.01".to_string())]);
    assert_eq!((sgd.tries, sgd.tune_runs, sgd.tune_steps, sgd.n), (3, 6, 120, 6));
    assert!(sgd.edges.is_empty());
    // 0.01 is the last of momentum's.
    assert!(momentum.edges[0].largest);
    assert!((sgd.measures["train_loss"].median - 1.055).abs() < 1e-12);
    // Six seeds, all one way: the smallest p there is.
    let pair = &comparison.tasks[0].pairs[0];
    assert_eq!((pair.test.p, pair.corrected, pair.difference.n), (1.0 / 32.0, 1.0 / 32.0, 6));
    assert!(pair.is_distinguishable() && (pair.difference.value + 2.0).abs() < 1e-12);
    let out = gradsweep(dir.path(), &["compare", "results/arms"]);
    let text = said(&out);
    for part in [
        "chosen by the training loss on seeds 1 to 2, results of seeds 3 to 8",
        "the best optimizer.lr of momentum, 0.01, is the largest that was tried; add values above it",
        "tuning: sgd 6 runs, 120 steps; momentum 6 runs, 120 steps",
        "sgd has a lower training loss than momentum: -2.00 [-2.00, -2.00] at 90.6 %, rank-biserial correlation -1.00, p = 0.0312",
        "training loss [interval]",
        "the interval's ends are order statistics, which cover the true median with 96.9 %",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let table = fs::read_to_string(dir.path().join("results/arms/comparison_pairs.csv")).unwrap();
    assert_eq!(table.lines().count(), 2);
}

#[test]
fn few_seeds_tell_nothing_and_say_so() {
    let dir = planted(&ARMS.replace("SEEDS", "5"), |optimizer, _, seed| {
        seed as f64 + if optimizer == "sgd" { 0.0 } else { 100.0 }
    });
    let pair = &compared(&dir).tasks[0].pairs[0];
    assert_eq!((pair.difference.n, pair.test.p, pair.smallest), (4, 0.125, 0.125));
    let text = said(&gradsweep(dir.path(), &["compare", "results/arms"]));
    assert!(text.contains("cannot be told apart with 4 seeds") && text.contains("can be below 0.125"), "{text}");

    let dir = planted(&ARMS.replace("SEEDS", "1"), |_, _, _| 1.0);
    let text = said(&gradsweep(dir.path(), &["compare", "results/arms"]));
    assert!(text.contains("which flatters all of them") && text.contains("one seed tells no difference"), "{text}");
}

#[test]
fn a_diverged_run_is_the_worst_there_is_and_never_averaged_away() {
    // momentum's smallest loss is that of a learning rate at which one of the tuning seeds diverges.
    let loss = |optimizer: &str, lr: &str, seed: u64| match (optimizer, lr, seed) {
        ("momentum", "0.001", 2) => f64::NAN,
        ("momentum", "0.001", 1) => 0.0,
        ("momentum", "0.0001", 4) => f64::NAN,
        ("momentum", "0.0001", _) => 2.0,
        ("sgd", "0.01", _) => 1.0,
        _ => 5.0,
    };
    let dir = planted(&ARMS.replace("SEEDS", "6"), loss);
    let comparison = compared(&dir);
    let [sgd, momentum] = &comparison.tasks[0].arms[..] else { panic!() };
    assert_eq!((momentum.chosen[0].1.as_str(), momentum.diverged, momentum.n), ("0.0001", 1, 4));
    assert_eq!(momentum.measures["train_loss"].high, f64::INFINITY);
    assert_eq!(sgd.diverged, 0);
    assert_eq!(comparison.tasks[0].pairs[0].difference.low, f64::NEG_INFINITY);
    let text = said(&gradsweep(dir.path(), &["compare", "results/arms"]));
    assert!(text.contains("2.00 [2.00, diverged]"), "{text}");
}

#[test]
fn unequal_numbers_of_tries_are_told_with_a_fair_score() {
    let toml = ARMS.replace("SEEDS", "3").replace("lr = { log = [1e-4, 1e-2], n = 3 }", "lr = 1e-3");
    let dir = planted(&toml, |_, lr, _| match lr {
        "0.001" => 3.0,
        "0.01" => 1.0,
        _ => 2.0,
    });
    let comparison = compared(&dir);
    let [sgd, momentum] = &comparison.tasks[0].arms[..] else { panic!() };
    // One try of three: 1, 2 or 3, in the middle 2.
    assert_eq!((sgd.fair_score, momentum.fair_score), (Some(2.0), Some(3.0)));
    let text = said(&gradsweep(dir.path(), &["compare", "results/arms"]));
    assert!(text.contains("unequal numbers of tries; training loss at the best of 1 try each"), "{text}");
}

#[test]
fn the_section_says_what_is_compared() {
    let text = "name = \"arms\"\nquestion = \"?\"\nseeds = 4\n[base]\nfunction = \"beale\"\nfunction.spread = 0.1\nsteps = 5\n\
        [axes]\n\"optimizer.lr\" = [1e-3, 1e-2]\n[variants.a]\n[variants.b]\nl2 = 0.1\n\
        [compare]\narm = \"variant\"\ntune = [\"optimizer.lr\"]\ntune_seeds = 1\nreport = \"best_train_loss\"\n";
    let dir = planted(
        &text.replace("function = \"beale\"\nfunction.spread = 0.1", "function = { kind = \"beale\", spread = 0.1 }"),
        |_, _, seed| seed as f64,
    );
    let comparison = compared(&dir);
    assert_eq!((comparison.arm.as_str(), comparison.report.as_str()), ("variant", "best_train_loss"));
    assert_eq!((comparison.tune_seeds.len(), comparison.report_seeds.len()), (1, 3));
    assert_eq!(comparison.tasks[0].arms.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn the_tables_are_the_same_at_any_number_of_jobs_and_go_with_their_plan() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("arms.toml"), ARMS.replace("SEEDS", "4")).unwrap();
    for (jobs, out) in [("1", "one"), ("4", "four")] {
        let swept = gradsweep(dir.path(), &["sweep", "arms.toml", "--quiet", "--jobs", jobs, "--out", out]);
        assert!(swept.status.success(), "{}", said(&swept));
    }
    for file in ["comparison.csv", "comparison_pairs.csv"] {
        let read = |out: &str| fs::read(dir.path().join(out).join(file)).unwrap();
        assert_eq!(read("one"), read("four"));
    }
    let single = ARMS.replace("SEEDS", "4");
    let single = single.split("[[optimizer]]").take(2).collect::<Vec<_>>().join("[[optimizer]]");
    fs::write(dir.path().join("arms.toml"), single).unwrap();
    let swept = gradsweep(dir.path(), &["sweep", "arms.toml", "--quiet", "--out", "one", "--replan"]);
    assert!(swept.status.success(), "{}", said(&swept));
    assert!(!dir.path().join("one/comparison.csv").exists());
    let out = gradsweep(dir.path(), &["compare", "one"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(said(&out).contains("nothing to compare"), "{}", said(&out));
}
