//! The parts of README.md and docs/ that are made from the code's tables and the committed results.
//!
//! A part stands between `<!-- name -->` and `<!-- end of name -->`. With UPDATE_TRANSCRIPTS=1 it is written anew.

use gradsweep::columns;
use gradsweep::experiment::keys;
use gradsweep::experiment::settings::settings_table_markdown;
use gradsweep::figure::kinds::FACTS;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn read(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// Compares the part of a file with what it should be, or writes it anew.
fn holds(file: &str, name: &str, now: &str) {
    let text = read(file);
    let (start, stop) = (format!("<!-- {name} -->"), format!("<!-- end of {name} -->"));
    let from = text.find(&start).unwrap_or_else(|| panic!("{file}: no {start}")) + start.len();
    let to = text.find(&stop).unwrap_or_else(|| panic!("{file}: no {stop}"));
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        fs::write(path(file), format!("{}\n{}\n{}", &text[..from], now.trim(), &text[to..])).unwrap();
    } else {
        assert_eq!(text[from..to].trim(), now.trim(), "{file}: UPDATE_TRANSCRIPTS=1 writes it anew");
    }
}

#[test]
fn the_tables_of_settings_and_columns_are_the_programs_own() {
    holds("docs/settings.md", "settings", &format!("\n{}\n", settings_table_markdown()));
    holds("docs/settings.md", "keys", &format!("\n{}\n", keys::markdown()));
    holds("docs/columns.md", "columns", &format!("\n{}\n", columns::markdown()));
}

#[test]
fn the_network_of_ones_own_is_the_example() {
    holds("docs/own_model.md", "example", &format!("```rust\n{}```", read("examples/own_model.rs")));
}

#[test]
fn every_kind_of_figure_has_its_row() {
    let rows = read("docs/figures.md");
    for kind in FACTS {
        assert!(rows.contains(&format!("\n| `{}` |", kind.word)), "docs/figures.md: {}", kind.word);
    }
}

/// Who changes an experiment draws its page anew: `scripts/gallery.sh FILE`.
#[test]
fn the_gallery_is_of_the_experiments_as_they_are() {
    for folder in fs::read_dir(path("results/gallery")).unwrap().map(|entry| entry.unwrap().path()) {
        let Some(shown) = fs::read_to_string(folder.join("experiment.toml")).ok() else { continue };
        let file = format!("{}.toml", folder.file_name().unwrap().to_str().unwrap());
        let shipped = ["", "papers", "recipes"].map(|below| path("experiments").join(below).join(&file));
        let shipped = shipped.iter().find_map(|path| fs::read_to_string(path).ok());
        assert!(shipped.as_ref() == Some(&shown), "{file} has changed since its page of the gallery was drawn");
    }
}

#[test]
fn the_headline_is_that_of_the_gallery() {
    let mut summary = csv::Reader::from_path(path("results/gallery/vanishing/summary.csv")).unwrap();
    let cells: Vec<HashMap<String, String>> = summary.deserialize().map(Result::unwrap).collect();
    let number = |variant: &str, activation: &str, column: &str| -> f64 {
        let wanted = [("depth", "32"), ("optimizer", "momentum"), ("variant", variant), ("activation", activation)];
        let cell = cells.iter().find(|cell| wanted.iter().all(|(axis, label)| cell[*axis] == *label)).unwrap();
        cell[column].parse().unwrap()
    };
    let init = |variant: &str, activation: &str| number(variant, activation, "attenuation_init_median");
    let end = |variant: &str| number(variant, "sigmoid", "attenuation_end_median");
    let plain = init("plain", "sigmoid");
    let now = format!(
        "In a plain sigmoid net of 32 layers, a layer divides the gradient by {:.1} on its way back, on average ({plain:.2} decades per layer, \
         median of {} seeds), and the net never learns. With residual connections the gradient arrives undiminished, and the same net \
         reaches {:.0} % test accuracy. With batch norm the gradient grows toward the input ({:+.3} decades per layer for sigmoid, {:+.3} \
         for ReLU). During training L2 increases the loss of gradient (from {:.2} to {:.2}), and learning-rate decay does not change it \
         (from {:.2} to {:.2}).",
        10f64.powf(plain),
        number("plain", "sigmoid", "n"),
        100.0 * number("residual", "sigmoid", "test_accuracy_median"),
        init("batch_norm", "sigmoid"),
        init("batch_norm", "relu"),
        init("l2", "sigmoid"),
        end("l2"),
        init("lr_decay", "sigmoid"),
        end("lr_decay"),
    );
    holds("README.md", "headline", &now);
}
