//! Arms compared by what is derived from the history, and over several problems: each number against a direct formula.

use crate::compare::{gradsweep, said};
use crate::program::expect;
use gradsweep::compare::Comparison;
use gradsweep::results::Results;
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

const NETS: &str = "name = \"nets\"\nseeds = 6\n[base]\ndata = { kind = \"spirals\", n = 100, validation = 0.2 }\nwidth = 4\ndepth = 2\n\
    batch = 10\nsteps = 40\ntarget_loss = 0.69\n[record]\nscore = { every = 10 }\n[[optimizer]]\nkind = \"sgd\"\nlr = [0.01, 0.1]\n\
    [[optimizer]]\nkind = \"adam\"\nlr = [0.01]\n[compare]\nreport = [\"val_loss at step 20\", \"val_accuracy at epoch 4\", \
    \"area of val_loss\", \"epochs_to_target\", \"flop_to_target\", \"steps_to_target\", \"val_balanced_accuracy\"]\n";

#[test]
fn metrics_of_the_history_are_what_the_table_says() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("nets.toml"), NETS).unwrap();
    expect(dir, &["sweep", "nets.toml", "--quiet"], 0, &[]);
    let folder = dir.join("results/nets");
    let (runs, history) = (rows(&folder.join("runs.csv")), rows(&folder.join("history.csv")));
    let comparison = Comparison::of(&Results::read(&folder).unwrap()).unwrap().unwrap();
    let adam = comparison.tasks[0].arms.iter().find(|arm| arm.name == "adam").unwrap();
    let own: Vec<&Row> = runs
        .iter()
        .filter(|row| row["optimizer"] == "adam" && comparison.report_seeds.contains(&row["seed"].parse().unwrap()))
        .collect();
    let of_run = |run: &Row| history.iter().filter(|row| row["run_id"] == run["run_id"]).collect::<Vec<&Row>>();
    let expected = |of: &dyn Fn(&Row) -> f64| median(&own.iter().map(|run| of(run)).collect::<Vec<f64>>()).unwrap();
    let at = |column: &'static str, place: &'static str, from: f64| {
        let (history, of_run) = (&history, &of_run);
        let _ = history;
        move |run: &Row| {
            let row = of_run(run).into_iter().find(|row| number(row, place).unwrap() >= from).unwrap();
            number(row, column).unwrap()
        }
    };
    let area = |run: &Row| {
        let curve: Vec<[f64; 2]> =
            of_run(run).iter().map(|r| [number(r, "step").unwrap(), number(r, "val_loss").unwrap()]).collect();
        let trapezoids = curve.windows(2).map(|pair| (pair[1][0] - pair[0][0]) * 0.5 * (pair[1][1] + pair[0][1]));
        trapezoids.sum::<f64>() / 40.0
    };
    let steps = |run: &Row| number(run, "steps_to_target").unwrap_or(f64::INFINITY);
    let train_rows = history[1..]
        .iter()
        .find_map(|row| Some(40.0 / (number(row, "epoch").filter(|e| *e > 0.0)? / number(row, "step")?)))
        .unwrap();
    // 2 inputs, two hidden layers of 4, 3 classes; forward 2, backward 4 operations a weight and row of a batch of 10.
    let flop = 6.0 * 10.0 * f64::from(2 * 4 + 4 * 4 + 4 * 3);
    for (metric, value) in [
        ("val_loss at step 20", expected(&at("val_loss", "step", 20.0))),
        ("val_accuracy at epoch 4", expected(&at("val_accuracy", "epoch", 4.0))),
        ("area of val_loss", expected(&area)),
        ("epochs_to_target", expected(&|run| steps(run) * 40.0 / train_rows)),
        ("flop_to_target", expected(&|run| steps(run) * flop)),
        ("steps_to_target", expected(&steps)),
    ] {
        let found = adam.measures[metric].median;
        assert!(found == value || (found - value).abs() <= 1e-12 * value.abs(), "{metric}: {found}, {value}");
    }
    // What choosing cost: of two rates on two seeds, 40 steps each.
    let sgd = comparison.tasks[0].arms.iter().find(|arm| arm.name == "sgd").unwrap();
    assert_eq!((sgd.tune_runs, sgd.tune_steps, sgd.tune_flop), (4, Some(160), Some(160.0 * flop)));
    let table = rows(&folder.join("comparison.csv"));
    let adams = table.iter().find(|row| row["optimizer"] == "adam").unwrap();
    assert_eq!(number(adams, "area of val_loss_median").unwrap(), adam.measures["area of val_loss"].median);
    let text = said(&gradsweep(dir, &["compare", "results/nets"]))
        + &said(&gradsweep(dir, &["compare", "results/nets", "--format", "markdown"]));
    for part in ["validation loss at step 20", "on average over training", "MFLOP", "160 steps, "] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // A step that was not scored, and a metric that nothing is.
    expect(
        dir,
        &["compare", "results/nets", "--metric", "val_loss at step 21"],
        2,
        &["the nearest step that has it is 20"],
    );
    fs::write(dir.join("nets.toml"), NETS.replace("area of val_loss", "area of lr")).unwrap();
    expect(dir, &["sweep", "nets.toml", "--quiet"], 2, &["`report` cannot be \"area of lr\"", "area of val_loss"]);
}

/// Ten data sets of rows that are drawn anew for each.
#[test]
fn scores_over_problems_lie_between_guessing_and_the_best_and_a_diagram_is_drawn() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let seeds: Vec<String> = (0..10).map(|seed| seed.to_string()).collect();
    let text = format!(
        "name = \"many\"\nseeds = 3\n[base]\ndata = {{ kind = \"spirals\", n = 100, validation = 0.2 }}\nwidth = 4\nsteps = 20\ntarget_loss = 1.1\nbatch = 10\n[axes]\n\"data.seed\" = [{}]\n\
         [[optimizer]]\nkind = \"sgd\"\nlr = [1e-3, 1e-2]\n[[optimizer]]\nkind = \"adam\"\nlr = [1e-2, 3e-2]\n[compare]\nover = [\"data.seed\"]\nreport = \"test_loss\"\n",
        seeds.join(", ")
    );
    fs::write(dir.join("many.toml"), text).unwrap();
    expect(dir, &["sweep", "many.toml", "--quiet"], 0, &[]);
    let folder = dir.join("results/many");
    let results = Results::read(&folder).unwrap();
    let comparison = Comparison::of(&results).unwrap().unwrap();
    let [joint] = &comparison.joint[..] else { panic!() };
    assert!(joint.test.is_some() && joint.arms.iter().all(|arm| !arm.groups.is_empty()));
    let plan: Value = serde_json::from_slice(&fs::read(folder.join("plan.json")).unwrap()).unwrap();
    let guess = |seed: &str| {
        let cells = plan["cells"].as_array().unwrap();
        let cell = cells.iter().find(|cell| cell["labels"]["data.seed"] == seed).unwrap();
        let own = cell.get("guesses").filter(|guesses| guesses.is_object()).unwrap_or(&plan["data"]["guesses"]);
        own["test"]["loss"].as_f64().unwrap()
    };
    for arm in &joint.arms {
        let mut scores: Vec<f64> = Vec::new();
        for task in &comparison.tasks {
            let own = task.arms.iter().find(|own| own.name == arm.name).unwrap();
            let guess = guess(&task.labels[0].1);
            let losses = &own.at_best().unwrap().reported[0];
            scores.extend(comparison.report_seeds.iter().map(|seed| (1.0 - losses[seed] / guess).max(0.0)));
        }
        scores.sort_by(f64::total_cmp);
        let middle = &scores[scores.len() / 4..scores.len() - scores.len() / 4];
        let mean = middle.iter().sum::<f64>() / middle.len() as f64;
        let score = arm.score.unwrap();
        assert!((score.value - mean).abs() < 1e-12, "{} {} {mean}", arm.name, score.value);
        assert!(score.low <= score.high && (0.0..=1.0).contains(&score.low) && score.high <= 1.0);
    }
    let table = rows(&folder.join("comparison_ranks.csv"));
    assert!(table.iter().all(|row| number(row, "score").is_some() && !row["groups"].is_empty()));
    let svg = fs::read_to_string(folder.join("figures/critical_difference.svg")).unwrap();
    assert!(svg.contains("Ranks best") && svg.contains("average rank"), "the diagram says who ranks best");
    let profile = fs::read_to_string(folder.join("figures/performance_profile.svg")).unwrap();
    assert!(profile.contains("N = 10 problems per panel"), "the seeds of a problem are one");
    let text = said(&gradsweep(dir, &["compare", "results/many"]));
    assert!(text.contains("score: test loss of each run, 0 for guessing"), "{text}");
}
