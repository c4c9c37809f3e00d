//! What the program says of itself, and that all of it works: lists, hints, examples, and what to do next.

use crate::program::{PROGRAM, expect, expect_shell, no_column_twice, run_for};
use gradsweep::columns;
use gradsweep::experiment::{keys::SECTIONS, settings};
use gradsweep::figure::kinds::FACTS;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

fn printed(args: &[&str]) -> String {
    let output = Command::new(PROGRAM).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn lists_fit_a_terminal_and_hold_all_there_is() {
    let mut lists = vec![vec!["settings"], vec!["columns"], vec!["figures"]];
    lists.extend(FACTS.iter().map(|kind| vec!["figures", kind.word]));
    lists.extend(SECTIONS.iter().map(|section| vec!["settings", section.word()]));
    for args in &lists {
        for line in printed(args).lines() {
            assert!(line.chars().count() <= 80, "{args:?}: {line}");
        }
    }
    let has = |text: &str, name: &str| text.lines().any(|line| line.split_whitespace().next() == Some(name));
    let text = printed(&["settings"]);
    assert!(settings::all().all(|row| has(&text, row.key)));
    assert!(SECTIONS.iter().flat_map(|section| section.names()).all(|name| has(&text, name)));
    let text = printed(&["figures"]);
    assert!(FACTS.iter().all(|kind| has(&text, kind.word) && !kind.help.is_empty()));
    let text = printed(&["columns"]);
    for (file, _, tables) in columns::FILES {
        assert!(has(&text, &format!("{file}:")), "{file}");
        assert!(tables.iter().copied().flatten().all(|column| has(&text, column.name)), "{file}");
    }
    for (args, near) in [
        (["settings", "optimiser"], "optimizer"),
        (["figures", "curvs"], "curves"),
        (["columns", "sumary"], "summary.csv"),
    ] {
        expect(Path::new("."), &args, 2, &[near]);
    }
    // What is compared over runs has no time within one.
    let of_several = |file: &str| file.starts_with("comparison") || file == "claims.csv";
    for (file, _, tables) in columns::FILES.iter().filter(|(file, ..)| of_several(file)) {
        assert!(tables.iter().copied().flatten().all(|column| column.when().is_empty()), "{file}");
    }
    // Every table that a sweep writes has its columns told.
    let dir = tempdir().unwrap();
    let text = "name = \"x\"\nseeds = 1\n[base]\nfunction = \"beale\"\nsteps = 3\n[[optimizer]]\nkind = \"sgd\"\n[[optimizer]]\nkind = \"adam\"\n";
    fs::write(dir.path().join("x.toml"), text).unwrap();
    expect(dir.path(), &["sweep", "x.toml", "--quiet"], 0, &[]);
    let written = fs::read_dir(dir.path().join("results/x")).unwrap().map(|entry| entry.unwrap().file_name());
    let written: Vec<String> =
        written.map(|name| name.into_string().unwrap()).filter(|name| name.ends_with(".csv")).collect();
    assert!(written.iter().any(|file| file == "points.csv"), "{written:?}");
    for file in written {
        expect(dir.path(), &["columns", &file], 0, &[]);
    }
}

/// The lines of a text with one of them, or all, no more commented out.
fn uncommented(text: &str, lines: &[usize]) -> String {
    let line = |(i, line): (usize, &str)| match lines.contains(&i) {
        true => line.trim_start_matches("# ").to_string() + "\n",
        false => line.to_string() + "\n",
    };
    text.lines().enumerate().map(line).collect()
}

#[test]
fn the_experiment_that_init_writes_survives_every_hint_it_gives() {
    let dir = tempdir().unwrap();
    expect(dir.path(), &["init", "mine.toml"], 0, &[]);
    let text = fs::read_to_string(dir.path().join("mine.toml")).unwrap();
    let plans = |text: &str| {
        fs::write(dir.path().join("tried.toml"), text).unwrap();
        expect(dir.path(), &["theory", "tried.toml"], 0, &[]);
    };
    plans(&text);
    let is_hint = |line: &str| line.starts_with("# ") && !line.starts_with("#  ") && line.contains(" = ");
    let hints: Vec<usize> = text.lines().enumerate().filter(|(_, line)| is_hint(line)).map(|(i, _)| i).collect();
    assert!(hints.len() >= 9 && text.lines().filter(|l| l.starts_with('#')).count() == hints.len() + 6, "{text}");
    hints.iter().for_each(|hint| plans(&uncommented(&text, &[*hint])));
    plans(&uncommented(&text, &hints));
    let lines: Vec<&str> = text.lines().collect();
    // The other values that a line names.
    let mut others = 0;
    for (i, line) in lines.iter().enumerate() {
        let Some((setting, comment)) = line.split_once(" # ").filter(|(setting, _)| setting.contains(" = ")) else {
            continue;
        };
        let Some((_, words)) = comment.split_once("or \"") else { continue };
        let key = setting.trim_start_matches("# ").split('=').next().unwrap();
        for word in words.split(';').next().unwrap().split(", ").map(|word| word.trim_matches('"')) {
            let mut lines = lines.clone();
            let line = format!("{key}= \"{word}\"");
            lines[i] = &line;
            plans(&lines.join("\n"));
            others += 1;
        }
    }
    assert!(others >= 9, "{others}");
}

#[cfg(unix)]
#[test]
fn the_example_of_slurm_submits_an_array_that_sweeps_and_a_merge_that_waits_for_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempdir().unwrap();
    let dir = dir.path();
    fs::write(
        dir.join("grid.toml"),
        "name = \"grid\"\n[base]\nwidth = 4\nsteps = 5\ndata = \"spirals\"\n[axes]\ndepth = [1, 2, 3]\n",
    )
    .unwrap();
    // As Slurm does: it runs every task of the array, or what it is told to wrap, once the job is submitted.
    let sbatch =
        "#!/bin/sh\nwhile [ $# -gt 0 ]; do case \"$1\" in --parsable) id=1;; --wrap) sh -c \"$2\"; exit;; --*) ;;
        *) script=$1;; esac; shift; done\nlast=$(sed -n 's/.*--array=0-//p' \"$script\")
        for i in $(seq 0 $last); do SLURM_ARRAY_TASK_ID=$i sh \"$script\" || exit; done 2>/dev/null\necho 7\n";
    fs::write(dir.join("sbatch"), sbatch).unwrap();
    fs::set_permissions(dir.join("sbatch"), fs::Permissions::from_mode(0o755)).unwrap();
    let help = printed(&["slurm", "--help"]);
    let example: Vec<&str> = help.split("Example:\n").nth(1).unwrap().lines().map(str::trim).collect();
    let line = format!("PATH=\"$PWD:$PATH\"; {}", example.join("\n"));
    expect_shell(dir, &line, 0, &["grid: 3 of 3 runs are finished, in shared"]);
}

#[test]
fn a_folder_that_a_sweep_left_early_is_said_to_be_one() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let text = "name = \"x\"\nseeds = 2\n[base]\nwidth = 4\nsteps = 5\ndata = \"spirals\"\n[axes]\noptimizer = [\"sgd\", \"adam\"]\n\
                [[claim]]\nsays = \"learns\"\nmetric = \"train_loss\"\nexpect = { below = 9 }\nover = \"optimizer\"\n";
    fs::write(dir.join("x.toml"), text).unwrap();
    // Some runs only: the tables are there, and say less than the plan.
    expect(dir, &["sweep", "x.toml", "--only", "seed=1"], 0, &[]);
    let missing = ["the tables contain 2 of 4 runs", "gradsweep sweep"];
    for command in ["check", "compare", "plot"] {
        run_for(dir, &[command, "results/x"], &missing);
    }
    // Stopped before the first table.
    for file in ["runs.csv", "claims.json", "summary.csv"] {
        fs::remove_file(dir.join("results/x").join(file)).unwrap();
    }
    for command in ["check", "compare", "plot"] {
        expect(dir, &[command, "results/x"], 2, &["was interrupted", "gradsweep sweep", "gradsweep merge results/x"]);
    }
    expect(dir, &["merge", "results/x"], 1, &["2 of 4 runs"]);
    expect(dir, &["check", "nothing"], 2, &["give the results folder of a sweep"]);
}

/// A CSV file by name of column, row after row.
fn rows(path: &Path) -> Vec<std::collections::HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

#[test]
fn no_file_has_a_column_twice_and_what_follows_from_other_settings_stands_in_runs_csv() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let base = "seeds = 2\n[base]\nwidth = 4\ndata = { kind = \"spirals\", n = 100 }\n[record]\nlabels = true\n";
    let swept = |name: &str, text: &str| {
        fs::write(dir.join("x.toml"), format!("name = \"{name}\"\n{text}")).unwrap();
        expect(dir, &["sweep", "x.toml"], 0, &[]);
        let results = dir.join("results").join(name);
        no_column_twice(&results);
        results
    };
    // An axis that is called as a measurement, and one whose settings are.
    let steps = swept("steps", &format!("{base}[axes]\nsteps = [3, 5]\ndepth = [1, 2]\n"));
    let epochs = swept(
        "epochs",
        &format!(
            "{base}[axes]\nepochs = [1, 2]\n[[figure]]\nkind = \"gradient_by_layer\"\n\
        theory = true\nwhere = {{ epochs = 1 }}\n"
        ),
    );
    let zipped = swept(
        "zipped",
        &format!(
            "{base}[zip.budget]\nsteps = [2, 4]\nbatch = [8, 16]\n[[optimizer]]\nkind = \"sgd\"\n\
        [[optimizer]]\nkind = \"adam\"\nlr = [1e-3, 1e-2]\n"
        ),
    );
    let function = swept(
        "function",
        "[base]\nfunction = \"rosenbrock\"\nsteps = 9\n[record]\nlabels = true\n\
        [axes]\n\"optimizer.lr\" = [1e-4, 1e-3]\n",
    );
    for row in rows(&steps.join("runs.csv")) {
        assert_eq!(row["steps"], row["planned_steps"]);
        assert_eq!((row["loss"].as_str(), row["data.n_train"].as_str()), ("cross_entropy", "80"));
    }
    // 80 rows in batches of 64.
    let taken: Vec<String> = rows(&epochs.join("runs.csv")).iter().map(|row| row["planned_steps"].clone()).collect();
    assert_eq!(taken, ["1", "1", "2", "2"]);
    assert!(
        rows(&function.join("runs.csv"))
            .iter()
            .all(|row| row["function.start"] == "[-1.2, 1]" && row["loss"].is_empty())
    );
    // Labels that stand beside run_id are those of runs.csv.
    for (folder, tables, labels) in [
        (&steps, ["history.csv", "layers.csv"], ["planned_steps", "depth"]),
        (&zipped, ["history.csv", "layers.csv"], ["budget", "optimizer"]),
        (&function, ["history.csv", "points.csv"], ["optimizer.lr", "seed"]),
    ] {
        let runs = rows(&folder.join("runs.csv"));
        for table in tables {
            for row in rows(&folder.join(table)) {
                let run = runs.iter().find(|run| run["run_id"] == row["run_id"]).unwrap();
                assert!(labels.iter().chain(&["seed"]).all(|label| run[*label] == row[*label]), "{table}: {row:?}");
            }
        }
        expect(dir, &["verify", &folder.display().to_string(), "--sample", "100%"], 0, &[]);
        expect(dir, &["plot", &folder.display().to_string()], 0, &[]);
    }
}
