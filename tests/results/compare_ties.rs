//! What is said where numbers tie, where medians and paired differences disagree, and where runs are missing.

use crate::compare::{gradsweep, said};
use crate::compare_told::{imported, one_line};
use std::fs;
use tempfile::{TempDir, tempdir};

/// A folder of imported arms, and what `compare` says of it. Rows are arm, settings, seed and what was measured.
fn study(header: &str, rows: impl Iterator<Item = String>, asks: &str) -> (TempDir, String) {
    let mut runs = format!("run_id,{header}\n");
    rows.enumerate().for_each(|(number, row)| runs += &format!("{number},{row}\n"));
    let dir = tempdir().unwrap();
    imported(dir.path(), &[("runs.csv", &runs), ("asks.toml", asks)]);
    let told = one_line(&said(&gradsweep(dir.path(), &["compare", "mine"])));
    (dir, told)
}

const ASKS: &str = "[compare]\narm = \"arm\"\n";

/// Of 21 seeds 15 tie at the bound, so that the Hodges-Lehmann estimate is 0; on the others one arm is always lower.
#[test]
fn the_ranks_tell_the_side_of_a_difference_of_zero() {
    for (metric, worse, lower) in [("test_accuracy", 0.9, true), ("test_loss", 1.5, false)] {
        let rows = (1..=21).flat_map(|seed| {
            let own = if seed > 15 { worse - 0.001 * f64::from(seed) } else { 1.0 };
            [format!("a,{seed},{own}"), format!("b,{seed},1")]
        });
        let asks = format!("{ASKS}report = \"{metric}\"\n");
        let (dir, told) = study(&format!("arm,seed,{metric}"), rows, &asks);
        let pairs = fs::read_to_string(dir.path().join("mine/comparison_pairs.csv")).unwrap();
        let word = if lower { "lower" } else { "higher" };
        assert!(pairs.contains(&format!("a has a {word} {} than b: 0", metric.replace('_', " "))), "{pairs}");
        let is_told = |side: &str| told.contains(&format!(" {side} the two are distinguished"));
        assert!(is_told(word) && !is_told(if lower { "higher" } else { "lower" }), "{told}");
    }
}

/// Two rates are equally good by what chooses, and differ by what is reported.
#[test]
fn settings_that_tie_are_chosen_equally_often_and_settle_nothing() {
    let rows = (1..=15).flat_map(|seed| {
        let loss = |base: f64| base + 0.001 * f64::from(seed);
        [("a", "0.1", 1.0), ("a", "0.2", 3.0), ("b", "0.1", 2.0), ("b", "0.2", 2.0)]
            .map(|(arm, lr, base)| format!("{arm},{lr},{seed},1,{}", loss(base)))
    });
    let asks = format!(
        "{ASKS}choose = \"val_accuracy\"\nreport = \"test_loss\"\n[[figure]]\nkind = \"lr_sensitivity\"\ncolor = \"arm\"\nx = \"optimizer.lr\"\n"
    );
    let (dir, told) = study("arm,optimizer.lr,seed,val_accuracy,test_loss", rows, &asks);
    for part in ["near ties in the choice: a lr 0.1", "equally good", "not settled"] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert!(!told.contains("the two are distinguished") && !told.contains("that was tried:"), "{told}");
    let picture = fs::read_to_string(dir.path().join("mine/figures/lr_sensitivity.svg")).unwrap();
    assert!(!picture.contains("best at an end"), "another rate is as good");
}

/// One arm has the lower median, the other the lower loss on most seeds.
#[test]
fn medians_that_disagree_with_paired_differences_are_said_to() {
    // Of pairs a - b most are above 0 by a little, while the middle of a lies below that of b.
    let rows = (0..21).flat_map(|seed| {
        let b = if seed < 10 { 5.0 } else { 8.0 } + 0.01 * f64::from(seed);
        let a = if seed == 10 { 7.0 } else { b + 0.1 };
        [format!("a,{},{a}", seed + 1), format!("b,{},{b}", seed + 1)]
    });
    let (_, told) = study("arm,seed,test_loss", rows, ASKS);
    assert!(told.contains("a has the lowest test loss of 2 arms: 7"), "{told}");
    assert!(told.contains("Compared seed by seed, however, it lies above b"), "{told}");
}

#[test]
fn an_arm_called_none_is_named() {
    let rows = (1..=9).flat_map(|seed| {
        [("none", 2.0), ("batch", 1.0), ("layer", 1.5)]
            .map(|(arm, loss)| format!("{arm},{seed},{}", loss + 0.001 * f64::from(seed)))
    });
    let asks = "[compare]\narm = \"norm\"\nbaseline = \"none\"\n";
    let (_, told) = study("norm,seed,test_loss", rows, asks);
    assert!(told.contains("norm \"none\" lies above batch and layer"), "{told}");
    assert!(!told.contains("no norm lies"), "{told}");
}

/// One arm is best where the others are not all ranked; elsewhere all others diverge.
#[test]
fn arms_are_ranked_beside_one_that_is_best_and_not_ranked() {
    let rows = (1..=6).flat_map(|seed| {
        [("p1", "a", "1.01"), ("p1", "b", "2.01"), ("p1", "c", "0.5"), ("p2", "a", ""), ("p2", "b", "")].map(
            |(data, arm, loss)| {
                let status = if loss.is_empty() { "diverged" } else { "finished" };
                format!("{data},{arm},{seed},{status},{loss}")
            },
        )
    });
    let asks = format!("{ASKS}over = [\"data\"]\n");
    let (_, told) = study("data,arm,seed,status,test_loss", rows, &asks);
    assert!(told.contains("a ranks best by the test loss, 1.25 on average, before b 1.75"), "{told}");
    assert!(!told.contains("no arm ranks best"), "{told}");
}

/// Of one arm a run that chooses is missing at its best rate.
#[test]
fn settings_that_cannot_be_chosen_are_named() {
    let rows = (1..=9).flat_map(|seed| {
        let own = [("a", "0.1", 1.0), ("a", "0.2", 0.5), ("a", "0.3", 1.5), ("b", "0.1", 0.8), ("b", "0.2", 0.9)];
        let own = own.into_iter().filter(move |(arm, lr, _)| (*arm, *lr, seed) != ("a", "0.2", 2));
        own.map(move |(arm, lr, loss)| format!("{arm},{lr},{seed},{0},{0}", loss + 0.001 * f64::from(seed)))
    });
    let (dir, told) = study("arm,optimizer.lr,seed,val_loss,test_loss", rows, ASKS);
    for part in [
        "each at the best of its settings that have all their runs",
        "not to be chosen, since runs that choose are missing or failed: a at lr 0.2",
        "tuning: a 3 settings",
        "a unknown, since runs are missing, b 0.8",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert!(!told.contains("each at its own best setting"), "{told}");
    // Every format says what it says of several problems once, and names hold no marks of Markdown or LaTeX.
    let latex = said(&gradsweep(dir.path(), &["compare", "mine", "--format", "latex"]));
    assert_eq!(latex.matches("Wilcoxon").count(), 1, "{latex}");
}

/// Twelve problems: what holds of all tables is said once, and each table has a label of its own.
#[test]
fn what_holds_of_all_problems_is_said_once() {
    let rows = (1..=6).flat_map(|seed| {
        (1..=12).flat_map(move |problem| {
            [("a|b", 1.0), ("<b>*", 2.0)].map(|(arm, loss)| {
                let data = if problem == 1 { "p 1".into() } else { format!("p-{}", problem - 1) };
                format!("{data},{arm},{seed},{}", loss + 0.001 * f64::from(seed))
            })
        })
    });
    let (dir, text) = study("data,arm,seed,test_loss", rows, ASKS);
    let told = |format: &str| said(&gradsweep(dir.path(), &["compare", "mine", "--format", format]));
    let (latex, markdown) = (told("latex"), told("markdown"));
    for (text, once) in
        [(&text, "order statistics"), (&text, "Wilcoxon"), (&latex, "Wilcoxon"), (&markdown, "Wilcoxon")]
    {
        assert_eq!(text.matches(once).count(), 1, "{once}\n{text}");
    }
    let labels: Vec<&str> = latex.lines().filter(|line| line.starts_with("\\label")).collect();
    let distinct: std::collections::BTreeSet<&str> = labels.iter().copied().collect();
    assert!(labels.len() == 12 && distinct.len() == 12, "{labels:?}");
    assert!(latex.contains("a\\textbar{}b"), "{latex}");
    assert!(markdown.contains("a\\|b") && markdown.contains("\\<b>\\*"), "{markdown}");
}

/// All runs of an arm that choose diverge, those that judge do not.
#[test]
fn nothing_is_chosen_where_all_that_chooses_diverges() {
    let rows = (1..=9).flat_map(|seed| {
        [("a", "0.1"), ("a", "0.2"), ("b", "0.1"), ("b", "0.2")].map(|(arm, lr)| {
            let is_lost = arm == "a" && seed <= 3;
            let status = if is_lost { "diverged" } else { "finished" };
            let loss = if is_lost { String::new() } else { format!("{}", 0.5 + 0.001 * f64::from(seed)) };
            format!("{arm},{lr},{seed},{status},{loss},{loss}")
        })
    });
    let (_, told) = study("arm,optimizer.lr,seed,status,val_loss,test_loss", rows, ASKS);
    assert!(!told.contains("a at lr"), "{told}");
}
