//! What has no number in a comparison: a run that diverged is worse than every number, and what no run was measured by is no column.

use crate::compare::{gradsweep, said};
use crate::program::expect;
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::{TempDir, tempdir};

fn import(runs: &str, asks: &str) -> TempDir {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("runs.csv"), runs).unwrap();
    fs::write(dir.path().join("asks.toml"), asks).unwrap();
    expect(dir.path(), &["import", "runs.csv", "asks.toml", "--out", "mine"], 0, &[]);
    dir
}

fn printed(dir: &Path, options: &[&str]) -> String {
    let out = gradsweep(dir, &[&["compare", "mine"], options].concat());
    assert!(out.status.success(), "{}", said(&out));
    String::from_utf8(out.stdout).unwrap()
}

/// Two arms on two problems: all runs of one have the worst accuracy that there can be, most of the other's diverged.
const SHARES: [&str; 2] = ["test_accuracy", "test_balanced_accuracy"];

#[test]
fn what_diverged_is_worse_than_every_share_and_no_mean_is_formed_of_it() {
    for metric in SHARES {
        let mut runs = format!("run_id,arm,problem,seed,status,{metric},{metric}_baseline\n");
        for (arm, problem, seed) in (1..=5).flat_map(|seed| {
            ["poor", "lost"].into_iter().flat_map(move |arm| ["a", "b"].map(|problem| (arm, problem, seed)))
        }) {
            let (status, value) = match arm {
                "lost" if seed < 5 => ("diverged", ""),
                "lost" => ("finished", "0.9"),
                _ => ("finished", "0"),
            };
            runs += &format!("{arm}-{problem}-{seed},{arm},{problem},{seed},{status},{value},0.5\n");
        }
        let asks = format!("[compare]\narm = \"arm\"\nover = [\"problem\"]\nreport = \"{metric}\"\n");
        let dir = import(&runs, &asks);
        let json: Value = serde_json::from_str(&printed(dir.path(), &["--format", "json"])).unwrap();
        for arm in json["arms"].as_array().unwrap() {
            let found = ["median", "low", "high"].map(|part| arm[format!("{metric}_{part}")].clone());
            let expected = match arm["arm"].as_str().unwrap() {
                "lost" => ["\"-inf\"", "\"-inf\"", "0.9"],
                _ => ["0.0", "0.0", "0.0"],
            };
            assert_eq!(found.map(|cell| cell.to_string()), expected, "{metric}");
        }
        let ranks = json["ranks"].as_array().unwrap();
        assert_eq!((&ranks[0]["arm"], &ranks[0]["rank"]), (&"poor".into(), &1.0.into()));
        assert_eq!((&ranks[1]["score"], &ranks[1]["score_low"]), (&"-inf".into(), &"-inf".into()));
        let text = printed(dir.path(), &[]);
        assert!(text.contains("diverged [diverged, 90.0]") && text.contains("diverged [diverged, "), "{text}");
        assert!(!text.contains("inf %") && !text.contains("NaN"), "{text}");
    }
}

/// Either arm diverged on another seed: the difference is a number or infinite, never none.
#[test]
fn arms_that_diverged_on_other_seeds_have_a_difference() {
    let cell = |lost: bool| if lost { "diverged," } else { "finished,0.5" };
    let rows =
        (1..=4).map(|seed| format!("a{seed},a,{seed},{}\nb{seed},b,{seed},{}\n", cell(seed < 3), cell(seed > 2)));
    let runs = format!("run_id,arm,seed,status,test_accuracy\n{}", rows.collect::<String>());
    let dir = import(&runs, "[compare]\narm = \"arm\"\n");
    let pairs: Value = serde_json::from_str(&printed(dir.path(), &["--format", "json"])).unwrap();
    let pair = &pairs["pairs"][0];
    assert_eq!(["difference", "low", "high"].map(|part| pair[part].to_string()), ["0.0", "\"-inf\"", "\"inf\""]);
}

#[test]
fn what_no_run_was_measured_by_is_no_column_and_an_error_by_name() {
    let runs = "run_id,arm,seed,status,train_loss\na,x,1,finished,0.5\nb,x,2,finished,0.6\nc,y,1,diverged,\nd,y,2,finished,0.4\n";
    let dir = import(runs, "[compare]\narm = \"arm\"\n");
    let unmeasured = ["val_", "test_", "accuracy", "steps_to_target", "reached", "accuracy"];
    for format in ["text", "markdown", "latex", "csv", "json"] {
        let text = printed(dir.path(), &["--format", format]).replace("\\_", "_");
        let found = unmeasured.iter().find(|name| text.contains(*name));
        assert!(found.is_none() && !text.contains(" - "), "{format}: {found:?}\n{text}");
    }
    let table = fs::read_to_string(dir.path().join("mine/comparison.csv")).unwrap();
    assert!(unmeasured.iter().all(|name| !table.contains(name)), "{table}");
    for metric in ["test_loss", "val_accuracy", "test_balanced_accuracy", "best_val_loss"] {
        expect(
            dir.path(),
            &["compare", "mine", "--metric", metric],
            2,
            &[metric, "no run was measured by it; compare by train_loss"],
        );
        fs::write(
            dir.path().join("asks.toml"),
            format!("[compare]\narm = \"arm\"\nreport = [\"train_loss\", \"{metric}\"]\n"),
        )
        .unwrap();
        expect(
            dir.path(),
            &["import", "runs.csv", "asks.toml", "--out", "mine"],
            2,
            &[metric, "compare by train_loss"],
        );
    }
    for metric in ["steps_to_target", "epochs_to_target"] {
        expect(dir.path(), &["compare", "mine", "--metric", metric], 2, &["no run had a target_loss to reach"]);
    }
}

/// Arms of which one always reaches the target, one does once in five runs.
#[test]
fn what_is_missed_is_told_in_words() {
    let (mut runs, mut history) =
        (String::from("run_id,arm,seed,target_loss\n"), String::from("run_id,step,train_loss\n"));
    for (arm, seed) in (1..=5).flat_map(|seed| [("quick", seed), ("slow", seed)]) {
        runs += &format!("{arm}{seed},{arm},{seed},0.5\n");
        let end = if arm == "quick" || seed == 1 { 0.4 } else { 0.6 };
        history += &format!("{arm}{seed},0,1\n{arm}{seed},10,{end}\n");
    }
    let dir = tempdir().unwrap();
    let asks = "[compare]\narm = \"arm\"\nreport = \"steps_to_target\"\n";
    for (file, text) in [("runs.csv", &*runs), ("history.csv", &history), ("asks.toml", asks)] {
        fs::write(dir.path().join(file), text).unwrap();
    }
    expect(dir.path(), &["import", "runs.csv", "history.csv", "asks.toml", "--out", "mine"], 0, &[]);
    let text = printed(dir.path(), &[]).split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "missed by 4 of 5",
        "is not distinguished from slow (difference less than every number [",
        "0.125 1 not distinguished",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let pairs = fs::read_to_string(dir.path().join("mine/comparison_pairs.csv")).unwrap();
    let sentence = pairs.lines().nth(1).unwrap().rsplit_once('"').unwrap().0.rsplit_once('"').unwrap().1.to_string();
    assert!(
        sentence.contains("of slow are higher by more than every number") && !sentence.contains("inf"),
        "{sentence}"
    );
}

/// Each of two arms with the same median has an interval of its own, and equal arms are called so.
#[test]
fn ties_have_the_intervals_of_all_and_equal_arms_are_told() {
    let rows = |other: [&str; 5]| {
        let row = |(seed, (a, b)): (usize, (&str, &str))| format!("a{seed},a,{seed},{a}\nb{seed},b,{seed},{b}\n");
        let own = ["0.1", "0.2", "0.3", "0.4", "0.5"];
        String::from("run_id,arm,seed,test_loss\n")
            + &(1..).zip(own.into_iter().zip(other)).map(row).collect::<String>()
    };
    let verdict = |other| {
        let dir = import(&rows(other), "[compare]\narm = \"arm\"\n");
        printed(dir.path(), &[]).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let wider = verdict(["0.01", "0.2", "0.3", "0.4", "0.6"]);
    assert!(wider.contains("a and b tie: each has the lowest test loss of 2 arms, 0.300 (median of 5 seeds, 94 % intervals within 0.0100 to 0.600)"), "{wider}");
    assert!(!wider.contains("They are alike"), "{wider}");
    let same = verdict(["0.1", "0.2", "0.3", "0.4", "0.5"]);
    assert!(
        same.contains("94 % interval 0.100 to 0.500). They are alike on all 5 seeds, to the last digit."),
        "{same}"
    );
}

/// Long names and many metrics: no line of a table is wider than a terminal, and no number is left out.
#[test]
fn tables_fit_a_terminal_and_lose_nothing() {
    let mut runs = String::from(
        "run_id,optimizer,optimizer.lr,seed,train_loss,val_loss,test_loss,test_accuracy,test_balanced_accuracy\n",
    );
    for (place, optimizer) in ["gradient descent", "adam without bias", "momentum of Nesterov"].iter().enumerate() {
        for (lr, seed) in ["0.01", "0.1"].into_iter().flat_map(|lr| (1..=9).map(move |seed| (lr, seed))) {
            let x = 0.1 * place as f64 + 0.013 * f64::from(seed) + lr.parse::<f64>().unwrap();
            runs += &format!(
                "{place}-{lr}-{seed},{optimizer},{lr},{seed},{x},{},{},{},{}\n",
                x + 0.2,
                x + 0.3,
                x / 2.0,
                x / 3.0
            );
        }
    }
    let asks = "[compare]\nreport = [\"test_loss\", \"val_loss\", \"train_loss\", \"test_balanced_accuracy\"]\n";
    let dir = import(&runs, asks);
    let text = printed(dir.path(), &[]);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}\n{text}");
    }
    // Every cell of the Markdown tables, which are not folded, stands in the text.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let flat = words(&text);
    for line in printed(dir.path(), &["--format", "markdown"]).lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<String> = line.trim_matches(['|', ' ']).split(" | ").map(words).collect();
        let is_head = cells.iter().any(|cell| cell == "setting" || cell == "verdict");
        assert!(is_head || cells.iter().all(|cell| flat.contains(cell)), "{line}\n{text}");
    }
}

/// Of arm `a` other seeds choose another rate, at which it is worse than `b`. That no run of a setting of `c` is there changes
/// nothing about that; where `a` itself has too few runs to choose anew, that is the reason.
#[test]
fn a_failed_setting_of_one_arm_settles_no_pair_of_others() {
    let verdict = |fails: &dyn Fn(&str, &str, u64) -> bool| {
        let mut runs = String::from("run_id,seed,optimizer,optimizer.lr,status,val_loss,test_loss\n");
        for (arm, lr, seed) in (1..=15u64)
            .flat_map(|seed| ["a", "b", "c"].into_iter().flat_map(move |arm| ["0.01", "0.1"].map(|lr| (arm, lr, seed))))
        {
            // The first five seeds choose 0.01 for `a`, just so; most others would not.
            let near = if (seed % 3 == 0) == (lr == "0.1") { 0.0 } else { 0.2 };
            let val = if lr == "0.01" || arm == "a" { near } else { 5.0 };
            let test = match (arm, lr) {
                ("a", "0.01") => 1.0,
                ("a", _) => 9.0,
                _ => 2.0,
            } + seed as f64 * if arm == "a" { 0.01 } else { 0.011 };
            match fails(arm, lr, seed) {
                true => runs += &format!("{arm}{lr}{seed},{seed},{arm},{lr},failed,,\n"),
                false => runs += &format!("{arm}{lr}{seed},{seed},{arm},{lr},finished,{val},{test}\n"),
            }
        }
        let dir = import(&runs, "[compare]\narm = \"optimizer\"\n");
        let json: Value = serde_json::from_str(&printed(dir.path(), &["--format", "json"])).unwrap();
        let pair = json["pairs"].as_array().unwrap()[0].clone();
        ["verdict", "sentence"].map(|part| pair[part].as_str().unwrap().to_string())
    };
    let [whole, _] = verdict(&|_, _, _| false);
    assert_eq!(whole, "not settled");
    assert_eq!(verdict(&|arm, lr, _| arm == "c" && lr == "0.1")[0], whole, "an arm that is not of the pair");
    let [own, why] = verdict(&|arm, lr, seed| arm == "a" && lr == "0.1" && seed > 5);
    assert!(own == "not settled" && why.contains("other seeds cannot choose the settings anew"), "{own}: {why}");
}

/// Imported problems are independent as far as a column `data` says so, steps that are not known are no zeros, and the interval of
/// an infinite difference is told.
#[test]
fn what_imported_tables_do_not_say_is_not_made_up() {
    let runs = |axis: &str| {
        let mut runs = format!("run_id,seed,{axis},optimizer,optimizer.lr,val_loss,test_loss\n");
        for (problem, arm, lr, seed) in (0..10).flat_map(|problem| {
            ["a", "b"].into_iter().flat_map(move |arm| {
                ["0.1", "0.2"].into_iter().flat_map(move |lr| (1..=3).map(move |seed| (problem, arm, lr, seed)))
            })
        }) {
            let loss = f64::from(seed) + if arm == "a" { 0.0 } else { 0.5 } + lr.parse::<f64>().unwrap();
            runs += &format!("{problem}{arm}{lr}{seed},{seed},set{problem},{arm},{lr},{loss},{loss}\n");
        }
        let dir = import(&runs, &format!("[compare]\narm = \"optimizer\"\nover = [\"{axis}\"]\n"));
        printed(dir.path(), &[]).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let (known, unknown) = (runs("data"), runs("task"));
    assert!(known.contains("Friedman's test of all arms"), "{known}");
    assert!(
        unknown.contains("since nothing says that their data differ: name the data in a column `data`"),
        "{unknown}"
    );
    assert!(known.contains("tuning: 2 settings each, 2 runs") && !known.contains("0 steps"), "{known}");
}
