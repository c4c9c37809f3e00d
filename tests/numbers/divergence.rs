//! Wherever something ceases to be finite, the run is `diverged` with its step: planted in each place where a network
//! could hide it.

use gradsweep::data::{Dataset, Split, Targets};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::record::{RunRecord, Status};
use gradsweep::run::spec::RunSpec;
use gradsweep::run::train;
use gradsweep::setting::Value;
use gradsweep::table::Cell;
use std::collections::HashMap;
use std::fs;
use std::ops::ControlFlow;
use std::process::Command;

const FILE: &str = r#"
[base]
width = 4
depth = 1
steps = 9
batch = "full"
loss = "mse"
data = { kind = "points", x = [0], y = [0] }
[record]
gradients = { at = [] }
score = { at = [] }
"#;

fn split(x: &[f64], y: &[f64]) -> Split {
    Split { rows: y.len(), x: x.to_vec().into(), targets: Targets::Values { y: y.to_vec(), width: 1 } }
}

fn data(features: usize, train: Split) -> Dataset {
    Dataset {
        name: "planted".into(),
        shape: vec![features],
        train,
        validation: None,
        test: None,
        classes: Vec::new(),
        change: None,
        scaled: None,
        notes: Vec::new(),
        function: None,
        digest: "00".into(),
    }
}

fn run(data: &Dataset, changes: &[&str], seed: usize) -> RunRecord {
    run_with(data, changes, seed, |_| {})
}

/// Of a spec that is `bent` past what a plan lets through.
fn run_with(data: &Dataset, changes: &[&str], seed: usize, bent: impl Fn(&mut RunSpec)) -> RunRecord {
    let set = changes.iter().map(|c| c.to_string()).collect();
    let overrides = Overrides { set, seeds: Some(9), ..Overrides::default() };
    let plan = Experiment::parse(FILE, "t.toml", FACTS).unwrap().plan(&overrides).unwrap_or_else(|e| panic!("{e}"));
    let mut runs = plan.runs(std::slice::from_ref(&data.digest));
    bent(&mut runs[seed].spec);
    train(&runs[seed].spec, data, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// The run ended at this step, for this reason, with a row of its tables there.
fn diverged(record: &RunRecord, what: &str, step: i64) {
    assert_eq!(
        (record.status, record.message.as_str()),
        (Status::Diverged, &*format!("{what} not finite at step {step}"))
    );
    for table in [&record.history, &record.layers] {
        assert_eq!(table.rows.last().unwrap()[0], Cell::Int(step), "{what}");
    }
    assert_eq!(record.outcome[0], Cell::Int(step), "{what}");
}

/// A feature so small that Adam's second moment is zero in f32, beside one that keeps the rest of the net sound.
fn tiny() -> Dataset {
    data(2, split(&[1e-25, 1.0, 2e-25, 1.5, 3e-25, 0.5], &[-9.0, -8.0, -9.5]))
}

const ADAM: &str = "optimizer={ kind = \"adam\", lr = 0.01 }";

/// Zero in f32.
fn no_eps(spec: &mut RunSpec) {
    spec.settings.set("optimizer.eps", Value::Float(1e-60));
}

#[test]
fn infinite_weights_behind_a_bounded_activation() {
    for activation in ["activation=tanh", "activation=sigmoid"] {
        diverged(&run_with(&tiny(), &[activation, ADAM], 0, no_eps), "weights", 1);
    }
}

#[test]
fn infinite_weights_behind_relu() {
    let records: Vec<RunRecord> =
        (0..9).map(|seed| run_with(&tiny(), &["activation=relu", "width=1", ADAM], seed, no_eps)).collect();
    // Where the unit was dead nothing moved; where it grew the loss tells; where it died of it only the weights do.
    let behind = records.iter().filter(|r| r.message == "weights not finite at step 1");
    assert!(behind.count() >= 1, "{:?}", records.iter().map(|r| &r.message).collect::<Vec<_>>());
}

#[test]
fn an_infinite_state_that_stops_the_optimizer() {
    let steep = data(1, split(&[1e3, 2e3, -1e3], &[1e18, 2e18, -1e18]));
    for kind in ["adam", "adamw", "adagrad", "rmsprop"] {
        let optimizer = format!("optimizer={{ kind = \"{kind}\", lr = 0.001 }}");
        diverged(&run(&steep, &["activation=relu", &optimizer], 0), "optimizer state", 1);
    }
}

#[test]
fn statistics_that_normalize_everything_to_zero() {
    let wide = data(1, split(&[1e22, 2e22, -1e22], &[1.0, 2.0, 3.0]));
    diverged(&run(&wide, &["batch_norm=true", "activation=tanh"], 0), "batch-norm statistics", 0);
}

#[test]
fn a_test_part_that_alone_overflows() {
    let train = split(&[0.1, 0.2, 0.3], &[1.0, 2.0, 3.0]);
    let wild = split(&[3e38, -3e38], &[1.0, 2.0]);
    let of = |validation: Option<Split>, test: Option<Split>| Dataset { validation, test, ..data(1, train.clone()) };
    let changes = ["activation=relu", "width=64"];
    diverged(&run(&of(None, Some(wild.clone())), &changes, 0), "test loss", 0);
    diverged(&run(&of(Some(wild), None), &changes, 0), "validation loss", 0);
    assert_eq!(run(&of(None, None), &changes, 0).status, Status::Finished);
}

#[test]
fn a_loss_beyond_f32_and_a_step_too_long() {
    let far = data(1, split(&[1.0, 2.0], &[1e30, 1.0]));
    diverged(&run(&far, &[], 0), "loss", 0);
    assert_eq!(run(&far, &["dtype=f64"], 0).status, Status::Finished, "f64 holds it");
    let near = data(1, split(&[1.0, 2.0], &[1.0, 2.0]));
    let record = run(&near, &["activation=relu", "optimizer={ kind = \"sgd\", lr = 1e38 }"], 0);
    assert_eq!(record.status, Status::Diverged);
    assert!(record.message.ends_with("step 1") || record.message.ends_with("step 2"), "{}", record.message);
}

/// As a user meets it: rows, counts, the table at the end and the figures.
#[test]
fn the_program_counts_what_diverged_and_shows_it() {
    let dir = tempfile::tempdir().unwrap();
    let rows = |far: bool| {
        (0..40).map(|i| format!("{i},{}\n", if far { 1e30 } else { 0.5 } * f64::from(i))).collect::<String>()
    };
    fs::write(dir.path().join("near.csv"), rows(false)).unwrap();
    fs::write(dir.path().join("far.csv"), rows(true)).unwrap();
    let experiment = "seeds = 3\n[base]\nsteps = 20\nbatch = 8\nwidth = 4\nactivation = \"relu\"\n[axes]\ndepth = [2, 3]\n\
        [variants.near]\ndata = { kind = \"csv\", path = \"near.csv\" }\n\
        [variants.far]\ndata = { kind = \"csv\", path = \"far.csv\", task = \"values\" }\n\
        [variants.leap]\ndata = { kind = \"csv\", path = \"near.csv\" }\noptimizer = { kind = \"sgd\", lr = 3e38 }\n";
    fs::write(dir.path().join("x.toml"), experiment).unwrap();
    let program = env!("CARGO_BIN_EXE_gradsweep");
    let output = Command::new(program).args(["sweep", "x.toml"]).current_dir(dir.path()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.contains("18/18 runs, 12 diverged"), "divergence is a result: {stderr}");
    let results = dir.path().join("results/x");
    let read = |file: &str| -> Vec<HashMap<String, String>> {
        csv::Reader::from_path(results.join(file)).unwrap().deserialize().map(Result::unwrap).collect()
    };
    let end = |row: &HashMap<String, String>| (row["status"].clone(), row["message"].clone());
    for row in read("runs.csv") {
        match row["variant"].as_str() {
            "near" => assert_eq!(row["status"], "finished"),
            "far" => assert_eq!(end(&row), ("diverged".into(), "loss not finite at step 0".into())),
            _ => assert!(row["status"] == "diverged" && row["message"].contains(" not finite at step "), "{row:?}"),
        }
    }
    for row in read("summary.csv") {
        let near = row["variant"] == "near";
        assert_eq!((row["n"].as_str(), row["diverged"].as_str()), ("3", if near { "0" } else { "3" }));
        assert_eq!(row["train_loss_median"].is_empty(), !near, "{row:?}");
    }
    let table = String::from_utf8_lossy(&output.stdout);
    for (name, count) in [("near", "0"), ("far", "3"), ("leap", "3")] {
        let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let rows: Vec<_> = rows.filter(|words| words.iter().take(2).any(|word| *word == name)).collect();
        assert!(rows.len() == 2 && rows.iter().all(|words| words.last() == Some(&count)), "{name}: {table}");
        assert!(rows.iter().all(|words| words.contains(&"diverged") == (name != "near")), "{name}: {table}");
    }
    let words = table.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("12 of these 18 runs diverged"), "{table}");
    for entry in fs::read_dir(results.join("figures")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "svg") {
            assert!(fs::read_to_string(&path).unwrap().contains(" diverged"), "{}", path.display());
        }
    }
}
