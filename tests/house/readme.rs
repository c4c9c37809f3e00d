//! The README says what the program and the committed results say.

use gradsweep::columns;
use gradsweep::experiment::settings::settings_table_markdown;
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use std::collections::HashMap;
use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn section<'a>(text: &'a str, name: &str) -> &'a str {
    let (start, stop) = (format!("<!-- {name} -->"), format!("<!-- end of {name} -->"));
    let from = text.find(&start).unwrap() + start.len();
    text[from..text.find(&stop).unwrap()].trim()
}

#[test]
fn the_tables_of_settings_and_columns_are_the_programs_own() {
    for (name, table) in [("settings", settings_table_markdown()), ("columns", columns::markdown())] {
        assert_eq!(section(&read("README.md"), name), table.trim(), "run scripts/update_readme.py");
    }
}

#[test]
fn every_kind_of_figure_has_its_place_in_a_table() {
    let readme = read("README.md");
    let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    for kind in FACTS {
        let name = format!("`{}`", kind.word);
        assert!(rows.iter().any(|row| row.split('|').nth(1).is_some_and(|cell| cell.contains(&name))), "{name}");
    }
}

#[test]
fn the_result_table_is_that_of_the_gallery() {
    let summary = read("results/gallery/vanishing/summary.csv");
    let mut reader = csv::Reader::from_reader(summary.as_bytes());
    let header = reader.headers().unwrap().clone();
    let cells: Vec<HashMap<String, String>> = reader
        .records()
        .map(|r| header.iter().map(str::to_string).zip(r.unwrap().iter().map(str::to_string)).collect())
        .collect();
    let readme = read("README.md");
    let rows: Vec<&str> = section(&readme, "results").lines().skip(2).collect();
    assert_eq!(rows.len(), 5);
    for row in rows {
        let columns: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        for (i, activation) in ["sigmoid", "tanh", "relu"].iter().enumerate() {
            let wanted =
                [("depth", "32"), ("optimizer", "momentum"), ("variant", columns[0]), ("activation", activation)];
            let cell = cells.iter().find(|c| wanted.iter().all(|(k, v)| c[*k] == *v)).unwrap();
            let number = |key: &str| cell[key].parse::<f64>().unwrap();
            let (start, end) = columns[1 + 2 * i].split_once(" → ").unwrap();
            for (text, key) in [(start, "attenuation_init_median"), (end, "attenuation_end_median")] {
                assert!((text.parse::<f64>().unwrap() - number(key)).abs() <= 0.005 + 1e-12, "{row}: {key}");
            }
            let (accuracy, rest) = columns[2 + 2 * i].split_once(" %").unwrap();
            let accuracy: f64 = accuracy.parse().unwrap();
            assert!((accuracy - 100.0 * number("test_accuracy_median")).abs() <= 0.05 + 1e-9, "{row}");
            let diverged =
                if cell["diverged"] == "0" { String::new() } else { format!(" ({} diverged)", cell["diverged"]) };
            assert_eq!(rest, diverged, "{row}");
        }
    }
}

#[test]
fn the_experiments_of_the_readme_are_some() {
    let readme = read("README.md");
    let plans = readme.split("```toml\n").skip(1).map(|text| {
        let text = &text[..text.find("```").unwrap()];
        let plan = Experiment::parse(text, "README.md", FACTS).and_then(|e| e.plan(&Overrides::default()));
        let plan = plan.unwrap_or_else(|e| panic!("{e}"));
        (plan.cells.len(), plan.excluded, plan.seeds.len(), plan.axes.len())
    });
    // 2 depths x 3 learning rates x 2 variants, less the largest rate at depth 16, on 3 seeds. Then a centre with
    // 2 + 2 + 1 + 4 changes at 2 budgets, and one deep, wide net at both. Then sgd
    // and three rates of adam. Then three rates of each, and three
    // depths under claims.
    assert_eq!(plans.collect::<Vec<_>>(), [(10, 2, 3, 3), (22, 0, 1, 7), (4, 0, 5, 2), (6, 0, 5, 2), (3, 0, 5, 1)]);
}
