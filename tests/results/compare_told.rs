//! What is said of imported arms first: the closing text, the figures, the report and the warnings, against tables whose truth is known.

use crate::compare::{gradsweep, said};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

/// What `import` prints of tables in a folder, in one line.
pub fn imported(dir: &Path, files: &[(&str, &str)]) -> String {
    files.iter().for_each(|(name, text)| fs::write(dir.join(name), text).unwrap());
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    one_line(&said(&gradsweep(dir, &[&["import"], &names[..], &["--out", "mine"]].concat())))
}

pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Three of four problems have an arm that the first lacks, and it wins on all of them; a fifth has one arm alone.
#[test]
fn wins_are_of_all_arms_of_all_problems() {
    let mut runs = String::from("run_id,data,arm,seed,test_loss\n");
    for (problem, seed) in ["a", "b", "c", "d", "e"].into_iter().flat_map(|p| (1..=6).map(move |seed| (p, seed))) {
        for (arm, loss) in [("adam", 0.3), ("sgd", 0.5), ("lion", 0.2)] {
            let is_there = match (problem, arm) {
                ("a", "lion") => false,
                ("e", arm) => arm == "adam",
                _ => true,
            };
            if is_there {
                runs += &format!("{problem}{arm}{seed},{problem},{arm},{seed},{}\n", loss + 0.001 * f64::from(seed));
            }
        }
    }
    let dir = tempdir().unwrap();
    let asks = "[compare]\narm = \"arm\"\nover = [\"data\"]\n";
    let told = imported(dir.path(), &[("runs.csv", &runs), ("asks.toml", asks)]);
    let wins = "Of 4 comparisons, one for each data, the arm that has the lowest test loss is lion in 3 and adam in 1; sgd in none.";
    assert!(told.contains(wins) && told.contains("In 1 further one there is one arm alone."), "{told}");
    // A comparison that the file asks for has its figure and its tables in the report.
    assert!(dir.path().join("mine/figures/comparison.svg").is_file(), "{told}");
    let page = fs::read_to_string(dir.path().join("mine/report.html")).unwrap();
    for part in ["Ranks over the problems", "imported from runs.csv", "median over the seeds and its interval"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("provenance.json") && !page.contains("To repeat the sweep"));
    let all: String = runs
        .lines()
        .filter(|row| !row.contains("lion") && !row.starts_with('e'))
        .map(|row| format!("{row}\n"))
        .collect();
    let dir = tempdir().unwrap();
    imported(dir.path(), &[("runs.csv", &all), ("asks.toml", asks)]);
    assert!(fs::read_to_string(dir.path().join("mine/report.html")).unwrap().contains("Wins over the problems"));
}

/// Of three arms on two problems one has results on both.
#[test]
fn a_lone_arm_is_not_ranked() {
    let mut runs = String::from("run_id,data,arm,seed,test_loss\n");
    for (problem, other, seed) in (1..=6).flat_map(|seed| [("a", "adam", seed), ("b", "lion", seed)]) {
        for (arm, loss) in [("sgd", 0.5), (other, 0.3)] {
            runs += &format!("{problem}{arm}{seed},{problem},{arm},{seed},{}\n", loss + 0.001 * f64::from(seed));
        }
    }
    let dir = tempdir().unwrap();
    let asks = "[compare]\narm = \"arm\"\nover = [\"data\"]\n";
    let told = imported(dir.path(), &[("runs.csv", &runs), ("asks.toml", asks)]);
    assert!(told.contains("sgd is the only arm with results on all problems, so there is nothing to rank."), "{told}");
    assert!(!told.contains("diverged"), "{told}");
}

/// Half of an arm's runs reach the target and then diverge.
#[test]
fn a_target_that_was_reached_before_a_run_diverged_is_reached() {
    let (mut runs, mut history) =
        (String::from("run_id,arm,seed,status,target_loss\n"), String::from("run_id,step,train_loss\n"));
    for (arm, seed) in (1..=6).flat_map(|seed| [("quick", seed), ("slow", seed)]) {
        let (status, end) = if arm == "quick" && seed > 3 { ("diverged", "NaN") } else { ("finished", "0.3") };
        runs += &format!("{arm}{seed},{arm},{seed},{status},0.5\n");
        let first = if arm == "quick" { 10 } else { 20 };
        history += &format!("{arm}{seed},0,1\n{arm}{seed},{first},0.4\n{arm}{seed},30,{end}\n");
    }
    let asks = "[compare]\narm = \"arm\"\nreport = \"steps_to_target\"\n[[figure]]\nkind = \"comparison\"\ncolor = \"arm\"\n\
        [[claim]]\nsays = \"Quick is quick\"\nmetric = \"steps_to_target\"\nwhere = { arm = \"quick\" }\nexpect = { below = 15 }\n";
    let dir = tempdir().unwrap();
    let told = imported(dir.path(), &[("runs.csv", &runs), ("history.csv", &history), ("asks.toml", asks)]);
    assert!(told.contains("quick takes the fewest steps to the target loss of 2 arms: 10"), "{told}");
    assert!(!told.contains("worse than every number"), "{told}");
    assert!(told.contains("1 claim: 1 holds"), "{told}");
    let picture = fs::read_to_string(dir.path().join("mine/figures/comparison.svg")).unwrap();
    assert!(!picture.contains("never reached"), "all runs reached it");
}

/// Runs of a program that logs accuracies alone: settings are chosen by the one, arms compared by the other.
#[test]
fn accuracies_alone_choose_and_are_compared() {
    let mut runs = String::from("run_id,arm,optimizer.lr,seed,val_accuracy,test_accuracy\n");
    for (arm, seed) in (1..=9).flat_map(|seed| [("adam", seed), ("sgd", seed)]) {
        for (lr, gain) in [("0.1", 0.1), ("0.01", 0.0)] {
            let own = if arm == "adam" { 0.7 } else { 0.6 } + gain + 0.001 * f64::from(seed);
            runs += &format!("{arm}{lr}{seed},{arm},{lr},{seed},{own},{}\n", own - 0.05);
        }
    }
    let asks = "[compare]\narm = \"arm\"\n";
    let dir = tempdir().unwrap();
    let told = imported(dir.path(), &[("runs.csv", &runs), ("asks.toml", asks)]);
    assert!(
        told.contains("adam has the highest test accuracy of 2 arms, each at its own best setting: 75.6 %"),
        "{told}"
    );
    assert!(told.contains("chosen by the validation accuracy"), "{told}");
    // By what no run has nothing can be chosen.
    let asks = "[compare]\narm = \"arm\"\nchoose = \"train_loss\"\n";
    let refused = imported(dir.path(), &[("runs.csv", &runs), ("asks.toml", asks)]);
    assert!(!refused.contains("none of them has a"), "{refused}");
}

/// At the largest rate, the best in the median, some runs diverge.
#[test]
fn a_largest_rate_at_which_runs_diverge_leads_to_no_larger_ones() {
    let mut runs = String::from("run_id,arm,optimizer.lr,seed,status,test_loss,val_loss\n");
    for (arm, seed) in (1..=9).flat_map(|seed| [("adam", seed), ("sgd", seed)]) {
        for (lr, loss) in [("0.01", 0.5), ("0.1", 0.3), ("1", 0.1)] {
            let is_lost = arm == "adam" && lr == "1" && seed % 4 == 0;
            let loss = if is_lost { String::new() } else { (loss + 0.001 * f64::from(seed)).to_string() };
            let status = if is_lost { "diverged" } else { "finished" };
            runs += &format!("{arm}{lr}{seed},{arm},{lr},{seed},{status},{loss},{loss}\n");
        }
    }
    let dir = tempdir().unwrap();
    imported(dir.path(), &[("runs.csv", &runs), ("asks.toml", "[compare]\narm = \"arm\"\n")]);
    let told = one_line(&said(&gradsweep(dir.path(), &["compare", "mine"])));
    for part in [
        "the best optimizer.lr is the largest that was tried, at which some runs diverge: adam (1; try 0.215 and 0.464)",
        "the best optimizer.lr is the largest that was tried: sgd (1; try 10 and 100)",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let page = fs::read_to_string(dir.path().join("mine/report.html")).unwrap();
    assert!(page.contains("at which some runs diverge") && page.contains("chosen again by other seeds"));
}

/// The baseline is named where the sentence before is of another arm; arms without a common seed are not tested.
#[test]
fn who_is_meant_and_what_is_not_tested_is_said() {
    let rows = |seeds: &dyn Fn(&str) -> std::ops::RangeInclusive<u32>| {
        let mut runs = String::from("run_id,arm,seed,test_loss\n");
        for (arm, loss) in [("a", 0.1), ("b", 0.2), ("z", 0.3)] {
            seeds(arm)
                .for_each(|seed| runs += &format!("{arm}{seed},{arm},{seed},{}\n", loss + 0.001 * f64::from(seed)));
        }
        runs
    };
    let dir = tempdir().unwrap();
    let asks = "[compare]\narm = \"arm\"\nbaseline = \"z\"\n";
    let told = imported(dir.path(), &[("runs.csv", &rows(&|_| 1..=8)), ("asks.toml", asks)]);
    assert!(told.contains("Against the baseline, z: z lies above a and b"), "{told}");
    let dir = tempdir().unwrap();
    let apart = rows(&|arm| {
        if arm == "a" {
            1..=2
        } else if arm == "b" {
            3..=4
        } else {
            5..=6
        }
    });
    let told = imported(dir.path(), &[("runs.csv", &apart), ("asks.toml", "[compare]\narm = \"arm\"\n")]);
    assert!(told.contains("No two arms have a seed in common, so no difference is tested."), "{told}");
}

/// Of runs that all diverged nothing is said but that.
#[test]
fn where_all_diverged_nothing_more_is_said() {
    let dir = tempdir().unwrap();
    let text = "name = \"lost\"\nseeds = 3\n[base]\nwidth = 4\nsteps = 20\nactivation = \"relu\"\n[axes]\ndepth = [2, 3]\n\
        \"optimizer.lr\" = [1e30, 3e38]\n";
    let optimizers =
        text.replace("[axes]", "[[optimizer]]\nkind = \"sgd\"\n[[optimizer]]\nkind = \"momentum\"\n[axes]");
    for text in [text, &optimizers] {
        fs::write(dir.path().join("lost.toml"), text).unwrap();
        let told = one_line(&said(&gradsweep(dir.path(), &["sweep", "lost.toml", "--quiet", "--fresh"])));
        assert!(told.contains("All ") && told.contains("diverged, so there is nothing to say"), "{told}");
        for wrong in ["Always answering", "left to compare", "is better: gradsweep", "worse than every"] {
            assert!(!told.contains(wrong), "{wrong}\n{told}");
        }
    }
}
