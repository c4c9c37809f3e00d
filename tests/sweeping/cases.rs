//! Tables and questions as people bring them along: each experiment of `tests/cases` runs and ends as its comment says.

use crate::program::{PROGRAM, expect};
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A row of `summary.csv`.
type Row = HashMap<String, String>;

/// The experiments, with what their tables have to be told.
const CASES: [(&str, &[&str]); 8] = [
    ("blanks", &[]),
    ("category", &["data.categories=one_hot"]),
    ("feature_scaling", &[]),
    ("guessing_imbalanced", &[]),
    ("missing", &["data.missing=drop"]),
    ("semicolon", &[]),
    ("tabs", &[]),
    ("utf16", &[]),
];

/// A folder with all of them.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")).unwrap() {
        let path = file.unwrap().path();
        fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
    }
    dir
}

/// Sweeps one and returns its only row of `summary.csv`.
fn swept(dir: &Path, name: &str, set: &[&str]) -> Row {
    let file = format!("{name}.toml");
    let set: Vec<&str> = set.iter().flat_map(|change| ["--set", change]).collect();
    expect(dir, &[&["sweep", &file, "--quiet", "--fresh"], &set[..]].concat(), 0, &[]);
    let mut table = csv::Reader::from_path(dir.join("results").join(name).join("summary.csv")).unwrap();
    table.deserialize().next().unwrap().unwrap()
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} is {:?}", row[column]))
}

fn planned(dir: &Path, args: &[&str]) -> String {
    let output = Command::new(PROGRAM).arg("plan").args(args).current_dir(dir).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_table_is_read_and_trained_on() {
    let dir = folder();
    let files = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, CASES.map(|(name, _)| name), "every case is in the list");
    for (name, set) in CASES {
        let row = swept(dir.path(), name, set);
        assert!(number(&row, "train_loss_median").is_finite(), "{name}: {row:?}");
    }
    for (file, cures) in [
        ("category.toml", ["data.categories = \"one_hot\"", "data.drop = [\"sex\"]"]),
        ("missing.toml", ["data.missing = \"drop\"", "data.missing = \"mean\""]),
    ] {
        expect(dir.path(), &["sweep", file], 2, &cures);
    }
}

#[test]
fn features_of_very_different_size_count_alike() {
    let dir = folder();
    let [own, global] = [&[][..], &["data.scaling=global"]].map(|set| swept(dir.path(), "feature_scaling", set));
    let accuracy = |row: &Row| number(row, "test_accuracy_median");
    assert!(accuracy(&own) > 0.85, "{}", accuracy(&own));
    assert!(accuracy(&global) < accuracy(&own) - 0.1, "{} {}", accuracy(&global), accuracy(&own));
    let told = planned(dir.path(), &["feature_scaling.toml", "--set", "data.scaling=global"]);
    assert!(told.contains("note: ") && told.contains("deviation of big") && told.contains("\"per_feature\""), "{told}");
    assert!(!planned(dir.path(), &["feature_scaling.toml"]).contains("note: "));
    let cures = ["\"standard\"", "data.scaling = \"per_feature\"", "divides all features by one"];
    expect(dir.path(), &["plan", "feature_scaling.toml", "--set", "data.scaling=standard"], 2, &cures);
}

#[test]
fn a_net_is_held_to_what_the_class_frequencies_get() {
    let dir = folder();
    let row = swept(dir.path(), "guessing_imbalanced", &[]);
    // Of 1000 rows 14 are `yes`; those that are not in the test part are in the training part.
    let others = 14.0 - (200.0 * (1.0 - number(&row, "test_accuracy_baseline"))).round();
    let share = others / 800.0;
    let entropy = -share * share.ln() - (1.0 - share) * (1.0 - share).ln();
    assert!((number(&row, "train_loss_baseline") - entropy).abs() < 1e-12, "{row:?}");
    for column in ["train_loss", "test_loss", "test_accuracy"] {
        let [low, high, baseline] = ["low", "high", "baseline"].map(|part| number(&row, &format!("{column}_{part}")));
        let better = if column == "test_accuracy" { low > baseline } else { high < baseline };
        assert_eq!(row[&format!("{column}_above_baseline")], better.to_string(), "{column}: {row:?}");
    }
    let answer = fs::read_to_string(dir.path().join("results/guessing_imbalanced/answer.txt")).unwrap();
    let answer = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(answer.contains("Always answering the same class gets at most 9"), "{answer}");
    // With all classes weighing the same the best constant answer is a fair coin's, whatever their frequencies.
    let balanced = swept(dir.path(), "guessing_imbalanced", &["loss.class_weights=balanced"]);
    assert!((number(&balanced, "train_loss_baseline") - 2f64.ln()).abs() < 1e-12, "{balanced:?}");
    // Each part has its own.
    let row = swept(dir.path(), "guessing_imbalanced", &["data.validation=0.25"]);
    for column in ["train_loss", "val_loss", "val_accuracy", "test_loss", "test_accuracy", "test_balanced_accuracy"] {
        let [median, baseline] = ["median", "baseline"].map(|part| number(&row, &format!("{column}_{part}")));
        assert!(median.is_finite() && baseline.is_finite(), "{column}: {row:?}");
    }
    assert_eq!(number(&row, "test_balanced_accuracy_baseline"), 0.5);
}
