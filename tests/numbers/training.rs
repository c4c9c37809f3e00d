//! Whole runs: what fades below f32 is still measured, the probe leaves training alone, seeds pair the arms.

use gradsweep::data::{Dataset, Places, load};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::record::{RunRecord, Status};
use gradsweep::run::train;
use gradsweep::table::{Cell, Table};
use std::ops::ControlFlow;

const FILE: &str = r#"
name = "t"
[base]
width = 16
batch = 32
steps = 12
init = "uniform_fan_in"
activation = "sigmoid"
optimizer = { kind = "momentum", lr = 0.02 }
[record]
gradients = { every = 3 }
score = { every = 4 }
"#;

fn digits() -> Dataset {
    load(
        &gradsweep::setting::Settings::new(vec![("data", gradsweep::setting::Value::Text("digits".into()))]),
        &Places::default(),
    )
    .unwrap()
}

fn run(data: &Dataset, changes: &[&str]) -> RunRecord {
    let experiment = Experiment::parse(FILE, "t.toml", FACTS).unwrap();
    let set = changes.iter().map(|c| c.to_string()).collect();
    let plan =
        experiment.plan(&Overrides { set, seeds: None, ..Overrides::default() }).unwrap_or_else(|e| panic!("{e}"));
    let runs = plan.runs(std::slice::from_ref(&data.digest));
    train(&runs[0].spec, data, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn column(table: &Table, name: &str) -> Vec<f64> {
    let index = table.column(name).unwrap();
    let number = |cell: &Cell| match cell {
        Cell::Float(x) => *x,
        Cell::Int(i) => *i as f64,
        _ => f64::NAN,
    };
    table.rows.iter().map(|row| number(&row[index])).collect()
}

#[test]
fn gradients_far_below_f32_are_measured_and_what_training_loses_is_counted() {
    let data = digits();
    let record = run(&data, &["depth=120", "steps=1"]);
    let (step, layer) = (column(&record.layers, "step"), column(&record.layers, "layer"));
    let stream = column(&record.layers, "stream_rms");
    let first: Vec<f64> = (0..stream.len()).filter(|i| step[*i] == 0.0).map(|i| stream[i]).collect();
    assert_eq!((first.len(), layer[0], layer[119]), (120, 1.0, 120.0));
    assert!(first.iter().all(|s| *s > 0.0) && first[0] < 1e-90, "{:e}", first[0]);
    // 0.85 decades a layer, as at depth 32: the fading is as straight below 1e-45 as above.
    let slope = |a: usize, b: usize| (first[b - 1].log10() - first[a - 1].log10()) / (b - a) as f64;
    assert!((slope(1, 40) - slope(81, 120)).abs() < 0.05, "{} {}", slope(1, 40), slope(81, 120));
    let zeros = column(&record.layers, "zeros");
    assert_eq!((zeros[0], zeros[119]), (1.0, 0.0));
    let lost = zeros.iter().take(120).filter(|z| **z == 1.0).count();
    let zero_column = gradsweep::columns::OUTCOMES.iter().position(|c| c.name == "layers_zero").unwrap();
    assert_eq!(record.outcome[zero_column], Cell::Int(lost as i64));
    assert!((60..110).contains(&lost), "{lost}");
    let in_f64 = run(&data, &["depth=120", "steps=1", "dtype=\"f64\""]);
    assert_eq!(column(&in_f64.layers, "zeros")[..120].iter().filter(|z| **z == 1.0).count(), 0);
}

#[test]
fn the_probe_and_the_scores_leave_training_alone() {
    let data = digits();
    for norm in ["batch_norm=false", "batch_norm=true"] {
        let often = run(&data, &["depth=3", norm, "record.gradients={ every = 1 }", "record.score={ every = 1 }"]);
        let rarely = run(&data, &["depth=3", norm, "record.gradients={ at = [] }", "record.score={ at = [] }"]);
        assert_eq!(often.outcome, rarely.outcome, "{norm}");
        assert_eq!(often.history.rows.last(), rarely.history.rows.last());
        assert_eq!((often.history.rows.len(), rarely.history.rows.len()), (13, 2));
    }
}

#[test]
fn a_longer_run_begins_like_a_shorter_one() {
    let data = digits();
    let (short, long) = (run(&data, &["depth=3", "steps=8"]), run(&data, &["depth=3", "batch_norm=false"]));
    assert_eq!(short.history.rows[..], long.history.rows[..3]);
}

#[test]
fn arms_of_a_seed_start_alike_and_see_the_same_batches() {
    let data = digits();
    let arms = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"];
    let records: Vec<RunRecord> =
        arms.iter().map(|kind| run(&data, &["depth=3", &format!("optimizer={{ kind = \"{kind}\" }}")])).collect();
    let first = |r: &RunRecord| (column(&r.history, "batch_loss")[0], column(&r.layers, "stream_rms")[..3].to_vec());
    for record in &records {
        assert_eq!(first(record), first(&records[0]));
        assert_eq!(record.status, Status::Finished);
    }
    // Without a step size that matters, the losses of all batches are those of the same start.
    let frozen = |kind: &str| {
        let optimizer = format!("optimizer={{ kind = \"{kind}\", lr = 1e-30 }}");
        column(&run(&data, &["depth=3", &optimizer, "record.score={ every = 1 }"]).history, "batch_loss")
    };
    assert_eq!(frozen("sgd"), frozen("adam"));
}

#[test]
fn divergence_is_a_result_with_its_step() {
    let data = digits();
    let changes = ["depth=3", "activation=\"relu\"", "optimizer={ kind = \"sgd\", lr = 1e30 }", "steps=50"];
    let record = run(&data, &changes);
    assert_eq!(record.status, Status::Diverged);
    let last = *column(&record.history, "step").last().unwrap();
    assert!(last < 50.0 && record.message.contains(&format!("step {last}")), "{}", record.message);
    assert_eq!(record.outcome[0], Cell::Int(last as i64));
    assert_eq!(*column(&record.layers, "step").last().unwrap(), last);
}

/// The steps to the target do not depend on how often losses are scored where every batch tells the training loss, and are
/// those of the first scored step that is there where no batch does: with batches, and with batch statistics.
#[test]
fn the_target_is_tested_on_one_loss_always_the_same() {
    let data = digits();
    let common = ["depth=2", "activation=\"tanh\"", "steps=40", "optimizer.lr=0.1", "target_loss=1.2"];
    for (forms, is_known) in [
        (["batch=\"full\"", "batch_norm=false"], true),
        (["optimizer={ kind = \"gd\", lr = 0.3 }", "batch=\"full\""], true),
        (["batch=\"full\"", "batch_norm=\"before\""], false),
        (["batch=\"full\"", "batch_norm=\"after\""], false),
        (["batch=32", "batch_norm=\"before\""], false),
        (["batch=32", "batch_norm=false"], false),
    ] {
        let mut found = Vec::new();
        for score in ["{ every = 1 }", "{ every = 10 }", "{ every = 7 }", "{ at = [3, 24] }"] {
            let score = format!("record={{ score = {score} }}");
            let changes: Vec<&str> = common.iter().chain(&forms).copied().chain([score.as_str()]).collect();
            let record = run(&data, &changes);
            let outcome =
                |name: &str| &record.outcome[gradsweep::columns::OUTCOMES.iter().position(|c| c.name == name).unwrap()];
            let (step, loss) = (column(&record.history, "step"), column(&record.history, "train_loss"));
            let first = step.iter().zip(&loss).find(|(_, loss)| **loss <= 1.2).map(|(step, _)| *step as i64);
            let Cell::Int(steps) = *outcome("steps_to_target") else { panic!("{forms:?} {score}: never reached") };
            if is_known {
                assert!(steps <= first.unwrap())
            } else {
                assert_eq!(Some(steps), first, "{forms:?} {score}")
            }
            found.push((steps, first));
            let stopped = [changes.as_slice(), &["stop_at_target=true"]].concat();
            let stopped = run(&data, &stopped);
            assert_eq!(stopped.status, Status::ReachedTarget);
            assert!(*column(&stopped.history, "train_loss").last().unwrap() <= 1.2 + 1e-6, "{forms:?} {score}");
            assert_eq!(*column(&stopped.history, "step").last().unwrap() as i64, steps);
        }
        // Scored at every step both tell the same.
        assert_eq!(Some(found[0].0), found[0].1, "{forms:?}");
        if is_known {
            assert!(found.iter().all(|(steps, _)| *steps == found[0].0), "{forms:?} {found:?}");
        }
    }
}
