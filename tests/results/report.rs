//! The report from outside: what it says is what the CSV files say, it needs nothing else, and it goes on saying it.

use crate::program::{PROGRAM, expect};
use gradsweep::figure::FORMATS;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

const EXPERIMENT: &str = r#"
name     = "small"
question = "Is <b>bold</b> & \"quoted\" text kept as text?"
seeds    = 3

[base]
width = 4
steps = 20
data  = { kind = "spirals", n = 100 }

[axes]
depth = [1, 2, 4]

[[optimizer]]
kind = "sgd"
[[optimizer]]
kind = "adam"
lr   = [0.001, 0.01]

[[claim]]
says   = "Losses are positive"
metric = "train_loss"
each   = ["depth", "optimizer.lr"]
where  = { optimizer = "adam" }
expect = { above = 0.0 }
confidence = 0.7
"#;

fn report(dir: &Path) -> String {
    fs::read_to_string(dir.join("results/small/report.html")).unwrap()
}

fn column(dir: &Path, file: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(dir.join("results/small").join(file)).unwrap();
    let place = reader.headers().unwrap().iter().position(|c| c == name).unwrap();
    reader.records().map(|row| row.unwrap()[place].to_string()).collect()
}

/// What stands between two marks, each time they occur.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).filter_map(|rest| rest.split(to).next()).collect()
}

#[test]
fn the_report_says_what_the_files_say() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("x.toml"), EXPERIMENT).unwrap();
    expect(dir.path(), &["sweep", "x.toml", "--quiet"], 0, &[]);
    let page = report(dir.path());

    assert!(page.contains("Is &lt;b&gt;bold&lt;&#x2f;b&gt; &amp; &quot;quoted&quot; text kept as text?"));
    let keys: BTreeSet<&str> = between(&page, "data-key=\"", "\"").into_iter().collect();
    for (file, columns) in [
        ("summary.csv", &["attenuation_init_median", "train_loss_median", "test_accuracy_median"][..]),
        ("comparison.csv", &["test_loss_median", "test_accuracy_median"]),
        ("claims.csv", &["median", "coverage"]),
    ] {
        for name in columns {
            for value in column(dir.path(), file, name) {
                assert!(
                    value.is_empty() || keys.contains(value.as_str()),
                    "{file} {name} {value} is not in the report"
                );
            }
        }
    }
    for sentence in column(dir.path(), "comparison_pairs.csv", "sentence") {
        assert!(page.contains(&sentence.replace('/', "&#x2f;")), "{sentence}");
    }
    assert_eq!(
        page.matches("<svg ").count(),
        fs::read_dir(dir.path().join("results/small/figures")).unwrap().count() / FORMATS.len()
    );
    // Six parts in the table, and the claim once under the first figure that shows it.
    assert_eq!(page.matches("<span class=\"verdict holds\">holds</span> Losses are positive").count(), 1);
    assert!(page.contains("27 runs"), "no number of runs");
}

#[test]
fn the_report_needs_no_network() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("x.toml"), EXPERIMENT).unwrap();
    expect(dir.path(), &["sweep", "x.toml", "--quiet"], 0, &[]);
    let page = report(dir.path());
    for attribute in ["src=\"", "href=\"", "url(", "@import"] {
        for target in between(&page, attribute, "\"") {
            assert!(target.starts_with('#') || target.starts_with("data:"), "{attribute}{target}");
        }
    }
    assert!(!page.contains("fetch(") && !page.contains("XMLHttpRequest"));
}

#[test]
fn what_a_figure_tells_is_in_the_tables() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("x.toml"), EXPERIMENT).unwrap();
    expect(dir.path(), &["sweep", "x.toml", "--quiet"], 0, &[]);
    let svg = fs::read_to_string(dir.path().join("results/small/figures/loss_by_depth.svg")).unwrap();
    let losses: Vec<f64> = column(dir.path(), "runs.csv", "train_loss").iter().map(|v| v.parse().unwrap()).collect();
    let told = between(&svg, "<title>seed ", "</title>");
    assert!(told.len() >= 9, "{told:?}");
    for tip in told {
        let value: f64 = tip.split(": ").nth(1).unwrap().parse().unwrap();
        assert!(losses.iter().any(|loss| (loss / value - 1.0).abs() < 1e-5), "{tip} is in no row of runs.csv");
    }
}

#[test]
fn a_partial_sweep_says_how_far_it_came_and_the_whole_one_no_more() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("x.toml"), EXPERIMENT).unwrap();
    expect(dir.path(), &["sweep", "x.toml", "--quiet", "--only", "depth=1"], 0, &[]);
    assert!(report(dir.path()).contains("9 of 27 runs so far"));
    expect(dir.path(), &["sweep", "x.toml", "--quiet"], 0, &[]);
    assert!(!report(dir.path()).contains("so far"));
}

#[test]
fn a_figure_says_where_it_comes_from_and_what_became_of_its_claim() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("x.toml"), EXPERIMENT).unwrap();
    expect(dir.path(), &["sweep", "x.toml", "--quiet"], 0, &[]);
    let figures = dir.path().join("results/small/figures");
    let with_claim = fs::read_dir(&figures).unwrap().map(|f| f.unwrap().path()).filter(|f| {
        f.extension().is_some_and(|e| e == "svg")
            && fs::read_to_string(f).unwrap().contains("✓ Losses are positive (6 hold).</text>")
    });
    assert_eq!(with_claim.count(), 1, "the verdict stands under one figure");
    let provenance: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.path().join("results/small/provenance.json")).unwrap()).unwrap();
    let plan = provenance["sittings"][0]["plan"].as_str().unwrap();
    for ending in FORMATS {
        let path = format!("results/small/figures/loss_by_depth.{ending}");
        let output = Command::new(PROGRAM).current_dir(dir.path()).args(["why", &path]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        for words in ["of the experiment small", plan, "spirals", "over 3 seeds", "gradsweep plot results/small\n"] {
            assert!(said.contains(words), "no {words} in\n{said}");
        }
        // A copy elsewhere knows its experiment, and no folder.
        let copy = dir.path().join(format!("copy.{ending}"));
        fs::copy(dir.path().join(&path), &copy).unwrap();
        let output = Command::new(PROGRAM).current_dir(dir.path()).arg("why").arg(&copy).output().unwrap();
        assert!(String::from_utf8(output.stdout).unwrap().contains("gradsweep sweep FILE"));
    }
    expect(dir.path(), &["why", "x.toml"], 2, &["contains no record of its origin"]);
    fs::write(dir.path().join("cut.png"), &fs::read(dir.path().join("copy.png")).unwrap()[..60]).unwrap();
    expect(dir.path(), &["why", "cut.png"], 2, &["contains no record of its origin"]);
}
