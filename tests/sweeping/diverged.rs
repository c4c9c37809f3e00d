//! Sweeps of which nothing is left: every run diverges, of every family, or ends far above guessing. The report says so first, no
//! curve gives an accuracy to a net that is not a number, and nothing is compared.

use crate::program::{PROGRAM, expect};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

/// Networks of every family, with data that they can read.
const NETS: [(&str, &str); 6] = [
    ("mlp", "network = \"mlp\"\nwidth = 8\nactivation = \"relu\"\ndata = { kind = \"digits\", n_train = 100 }\n"),
    (
        "rnn",
        "network = \"rnn\"\nwidth = 8\nactivation = \"relu\"\ndata = { kind = \"digits\", as = \"rows\", n_train = 100 }\n",
    ),
    ("lstm", "network = \"lstm\"\nwidth = 8\ndata = { kind = \"digits\", as = \"rows\", n_train = 100 }\n"),
    ("gru", "network = \"gru\"\nwidth = 8\ndata = { kind = \"digits\", as = \"rows\", n_train = 100 }\n"),
    (
        "conv",
        "network = { kind = \"conv\", channels = 4 }\nactivation = \"relu\"\ndata = { kind = \"digits\", as = \"images\", n_train = 100 }\n",
    ),
    (
        "transformer",
        "network = { kind = \"transformer\", heads = 2 }\nwidth = 8\ndata = { kind = \"digits\", as = \"rows\", n_train = 100 }\n",
    ),
];

/// Two depths and two optimizers of such a net, in `results/NAME`, all at one learning rate.
fn sweep(dir: &Path, name: &str, net: &str, lr: &str) {
    let text = format!(
        "name = \"{name}\"\nseeds = 2\n[base]\n{net}steps = 20\nbatch = 50\n[axes]\ndepth = [1, 2]\n\
         [[optimizer]]\nkind = \"sgd\"\nlr = {lr}\n[[optimizer]]\nkind = \"momentum\"\nlr = {lr}\n\
         [record]\nscore = {{ every = 1 }}\n"
    );
    fs::write(dir.join("x.toml"), text).unwrap();
    expect(dir, &["sweep", "x.toml", "--quiet"], 0, &[]);
}

fn compared(dir: &Path, name: &str) -> String {
    let output = Command::new(PROGRAM).args(["compare", &format!("results/{name}")]).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn where_all_runs_diverged_that_is_what_is_said_and_nothing_is_compared() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let mut families = Vec::new();
    for (name, net) in NETS {
        // Gates and norms keep a net finite for long; the largest number there is leaves none so.
        sweep(dir, name, net, "3.4e38");
        let results = dir.join("results").join(name);
        let runs = fs::read_to_string(results.join("runs.csv")).unwrap();
        assert_eq!(runs.matches(",diverged,").count(), 8, "{name}");
        let page = fs::read_to_string(results.join("report.html")).unwrap();
        assert!(
            page.contains("<p class=\"answer\">All 8 runs diverged, so there is nothing to say about the end"),
            "{name}"
        );
        let text = compared(dir, name);
        for depth in
            ["With depth 1, all 4 runs diverged, so nothing can be compared.", "With depth 2, all 4 runs diverged"]
        {
            assert!(text.contains(depth), "{name}: {text}");
        }
        // The start is measured and drawn, and what comes after has a loss that is no number or infinite.
        let history = fs::read_to_string(results.join("history.csv")).unwrap();
        assert!(history.contains(",NaN,") || history.contains(",inf,"), "{name}");
        let drawing = fs::read_to_string(results.join("figures/curves.svg")).unwrap();
        let accuracies = drawing.split("<title>").filter(|told| told.contains("accuracy: "));
        let drawn: BTreeSet<&str> =
            accuracies.filter_map(|told| told.split("step ").nth(1)?.split('\n').next()).collect();
        let rows = csv::Reader::from_reader(history.as_bytes()).into_deserialize::<HashMap<String, String>>();
        let lost = |row: &HashMap<String, String>| !row["test_loss"].parse::<f64>().unwrap().is_finite();
        let lost: Vec<String> = rows.map(Result::unwrap).filter(lost).map(|row| row["step"].clone()).collect();
        assert!(drawn.contains("0") && lost.len() >= 8, "{name}: {drawn:?}, {lost:?}");
        assert!(lost.iter().all(|step| !drawn.contains(&**step)), "{name}: {drawn:?}, {lost:?}");
        families.push(name);
    }
    let all: Vec<&str> = gradsweep::model::families::all().flat_map(|family| family.words()).copied().collect();
    assert_eq!(families, all);
}

#[test]
fn losses_far_above_guessing_are_drawn_on_a_scale_of_their_own() {
    let dir = tempdir().unwrap();
    for (name, net) in NETS {
        // Saturated units pass no gradient on, so that the weights stay where one huge step has taken them.
        sweep(dir.path(), name, &net.replace("relu", "tanh"), "1e30");
        let figures = dir.path().join("results").join(name).join("figures");
        assert!(figures.join("curves.png").is_file(), "{name}");
    }
}
