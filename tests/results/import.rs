//! Tables of another program's training as a results folder: what is derived is what PyTorch says and what this program says of
//! its own runs, the commands that read a folder read it, and a slip in a table is told with its place and cure.

use crate::program::{PROGRAM, expect};
use gradsweep::columns::{self, OUTCOMES, Quantity};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::{TempDir, tempdir};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/import");
const TABLES: [&str; 3] = ["runs.csv", "history.csv", "layers.csv"];

/// The rows of a CSV file by the names of their columns, by run.
fn rows(path: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    rows.map(|row| (row["run_id"].clone(), row)).collect()
}

/// A folder with copies of the tables of a small training.
fn copied(name: &str) -> TempDir {
    let dir = tempdir().unwrap();
    TABLES
        .iter()
        .for_each(|file| _ = fs::copy(Path::new(FIXTURES).join(name).join(file), dir.path().join(file)).unwrap());
    dir
}

fn import(dir: &Path, more: &[&str], code: i32, words: &[&str]) -> String {
    expect(dir, &[&["import", "runs.csv", "history.csv", "layers.csv", "--out", "mine"], more].concat(), code, words)
}

#[test]
fn what_is_derived_is_what_pytorch_says() {
    for (name, figure) in [("convolutional", "gradient_by_layer.svg"), ("recurrent", "gradient_by_time.svg")] {
        let dir = copied(name);
        import(dir.path(), &[], 0, &["6 runs of 2 cells with 3 seeds"]);
        let found = rows(&dir.path().join("mine/runs.csv"));
        let expected: Value =
            serde_json::from_slice(&fs::read(Path::new(FIXTURES).join(name).join("expected.json")).unwrap()).unwrap();
        let runs = expected["runs"].as_object().unwrap();
        assert_eq!(runs.len(), found.len());
        for (run, numbers) in runs {
            for (column, number) in numbers.as_object().unwrap() {
                let (own, number): (f64, f64) = (found[run][column].parse().unwrap(), number.as_f64().unwrap());
                // Both come from gradients in f32.
                assert!(
                    (own - number).abs() <= 1e-5 * number.abs().max(1e-2),
                    "{run} {column}: {own}, PyTorch {number}"
                );
            }
        }
        assert!(
            dir.path().join("mine/figures").join(figure).is_file() && dir.path().join("mine/report.html").is_file()
        );
    }
}

/// This program's own tables, imported as if they were another's, give the same outcomes.
#[test]
fn own_runs_come_back_as_they_were() {
    let dir = tempdir().unwrap();
    let text = "name = \"own\"\nseeds = 3\n[base]\nwidth = 6\nsteps = 30\ndata = { kind = \"digits\", validation = 0.2 }\n\
        target_loss = 2.2\n[axes]\ndepth = [1, 3]\nactivation = [\"relu\", \"sigmoid\"]\n[record]\nscore = { every = 1 }\n";
    fs::write(dir.path().join("own.toml"), text).unwrap();
    expect(dir.path(), &["sweep", "own.toml", "--quiet"], 0, &[]);
    let own = dir.path().join("results/own");
    let found = rows(&own.join("runs.csv"));
    let mut runs = csv::Writer::from_path(dir.path().join("runs.csv")).unwrap();
    let keep = ["run_id", "depth", "activation", "seed", "status", "target_loss"];
    runs.write_record(keep).unwrap();
    found.values().for_each(|row| runs.write_record(keep.map(|column| &row[column])).unwrap());
    runs.flush().unwrap();
    ["history.csv", "layers.csv"].iter().for_each(|file| _ = fs::copy(own.join(file), dir.path().join(file)).unwrap());
    import(dir.path(), &[], 0, &["12 runs of 4 cells with 3 seeds"]);
    let again = rows(&dir.path().join("mine/runs.csv"));
    // A layer's width is in no table, so that its norm is not known.
    let known = OUTCOMES.iter().filter(|column| !column.name.starts_with("attenuation_norm"));
    for (run, row) in &found {
        for column in known.clone() {
            assert_eq!(row[column.name], again[run][column.name], "{run} {}", column.name);
        }
    }
    assert!(found.values().any(|row| !row["steps_to_target"].is_empty()));
    let summaries =
        ["results/own", "mine"].map(|folder| fs::read_to_string(dir.path().join(folder).join("summary.csv")).unwrap());
    assert_eq!(summaries[0].lines().count(), summaries[1].lines().count());
}

const ASKS: &str = "name = \"nets\"\nquestion = \"Which fades more?\"\n[base]\ntarget_loss = 0.69\n[compare]\narm = \"activation\"\n\
    report = [\"val_loss\", \"steps_to_target\"]\n[[claim]]\nsays = \"Sigmoid loses a quarter of a decade a layer\"\n\
    metric = \"attenuation_init\"\nwhere = { activation = \"sigmoid\" }\nexpect = { above = 0.25 }\nconfidence = 0.7\n\
    [[figure]]\nkind = \"gradient_by_layer\"\ncolor = \"activation\"\n";

#[test]
fn the_folder_is_read_by_what_reads_results_and_refused_by_what_trains() {
    let dir = copied("convolutional");
    let dir = dir.path();
    fs::write(dir.join("asks.toml"), ASKS).unwrap();
    import(dir, &["asks.toml"], 0, &[]);
    let said = |args: &[&str]| {
        let output = Command::new(PROGRAM).args(args).current_dir(dir).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(said(&["check", "mine"]).contains("1 claim: 1 holds"));
    let compared = said(&["compare", "mine"]);
    let compared = compared.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(compared.contains("rounded up to a multiple of 4") && compared.contains("of 2 activations"), "{compared}");
    said(&["plot", "mine"]);
    fs::write(dir.join("more.toml"), "[[figure]]\nkind = \"curves\"\ncolor = \"activation\"\n").unwrap();
    assert!(said(&["plot", "mine", "--with", "more.toml"]).contains("curves.png"));
    assert!(said(&["why", "mine/figures/gradient_by_layer.png"]).contains("gradsweep plot mine"));
    let page = fs::read_to_string(dir.join("mine/report.html")).unwrap();
    assert!(page.contains("trained by another program and imported from") && page.contains("Which fades more?"));
    for command in [&["merge", "mine"][..], &["verify", "mine"], &["check", "mine", "--fresh-seeds", "2"]] {
        expect(dir, command, 2, &["trained by another program"]);
    }
    fs::write(dir.join("own.toml"), "name = \"own\"\n[base]\nsteps = 1\nwidth = 4\n").unwrap();
    expect(dir, &["sweep", "own.toml", "--out", "mine"], 2, &["trained by another program"]);
    expect(dir, &["sweep", "own.toml", "--out", "swept", "--quiet"], 0, &[]);
    expect(
        dir,
        &["import", "runs.csv", "history.csv", "--out", "swept"],
        2,
        &["swept is the folder of a sweep", "--out"],
    );
    // A second import replaces the first.
    expect(dir, &["import", "runs.csv", "history.csv", "--out", "mine"], 0, &[]);
    assert!(!dir.join("mine/claims.csv").exists() && !dir.join("mine/comparison.csv").exists());
}

/// Imports the tables of the convolutional nets after a change of one of them.
fn changed(file: &str, from: &str, to: &str) -> (TempDir, PathBuf) {
    let dir = copied("convolutional");
    let path = dir.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
    (dir, path)
}

#[test]
fn a_slip_is_told_with_its_place_and_its_cure() {
    for (file, from, to, words) in [
        ("runs.csv", "sigmoid-2,2", "sigmoid-1,2", &["runs.csv:3, column run_id", "is given twice", "its own id"][..]),
        ("runs.csv", "sigmoid-2,2", "sigmoid-2,1", &["runs.csv:3, column seed", "same seed 1", "by seeds 1, 2, 3"]),
        ("runs.csv", "sigmoid-2,2", "sigmoid-2,two", &["runs.csv:3, column seed", "not a whole number"]),
        ("runs.csv", "run_id,seed", "run_id,sed", &["runs.csv", "\"sed\"", "did you mean `seed`?"]),
        ("runs.csv", "activation", "best_val_loss", &["cannot be imported", "computed from the history"]),
        ("history.csv", "val_accuracy", "steps_to_target", &["cannot be imported", "computed from the history"]),
        ("history.csv", "run_id,step", "run,step", &["history.csv", "no column run_id"]),
        ("history.csv", "val_accuracy", "val_acuracy", &["there is no measurement", "did you mean `val_accuracy`?"]),
        ("history.csv", "sigmoid-1,4", "sigmod-1,4", &["history.csv:3, column run_id", "the same id in both tables"]),
        ("history.csv", "sigmoid-1,4", "sigmoid-1,0", &["history.csv:3, column step", "delete one of the two"]),
        ("history.csv", "sigmoid-1,4,", "sigmoid-1,4,x", &["history.csv:3, column train_loss", "is not a number"]),
        (
            "layers.csv",
            "sigmoid-1,0,2,",
            "sigmoid-1,0,5,",
            &["column layer", "layer 2 of the run \"sigmoid-1\" is missing", "1, 2, 3"],
        ),
        (
            "history.csv",
            ",0.5\n",
            ",50\n",
            &["history.csv:2, column val_accuracy", "not a number from 0 to 1", "divide"],
        ),
        ("layers.csv", ",144,", ",-144,", &["layers.csv:2, column units", "not a whole number from 1 to"]),
        ("layers.csv", "144,", "144,-", &["layers.csv:2, column stream_rms", "is negative", "not its logarithm"]),
        ("layers.csv", "144,", "144", &["layers.csv", "as many cells in each row"]),
        ("runs.csv", ",seed", ",number", &["runs.csv: has no column \"seed\"", "number the runs of each cell 1, 2, 3"]),
        ("history.csv", "val_accuracy", "speed", &["delete the column or rename it: choose one of"]),
    ] {
        let (dir, _) = changed(file, from, to);
        import(dir.path(), &[], 2, words);
    }
}

/// The table of runs of somebody who means no good, or has a quote too few.
#[test]
fn what_cannot_be_shown_or_would_be_run_is_refused_with_its_place() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let refused = |table: &str, words: &[&str]| {
        fs::write(dir.join("runs.csv"), table).unwrap();
        let said = expect(dir, &["import", "runs.csv", "--out", "mine"], 2, words);
        assert!(!said.contains(['\u{1b}', '\u{7}', '\0']), "{said:?}");
        assert!(!dir.join("mine").exists(), "{said}");
    };
    let table = |label: &str| format!("run_id,seed,model,train_loss\na,1,x,1\nb,1,{label},1\n");
    for formula in ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\"\t=1\""] {
        refused(&table(formula), &["runs.csv:3, column model: is a formula", "begin it with a letter"]);
        let columns = table("y").replace("model", formula).replace("model", "x");
        refused(&columns, &["runs.csv: the name of a column is a formula"]);
        refused(&table("y").replace("b,", &format!("{formula},")), &["runs.csv:3, column run_id: is a formula"]);
    }
    let message = "run_id,seed,model,train_loss,message\na,1,x,1,\nb,1,y,1,=1+1\n";
    refused(message, &["runs.csv:3, column message: is a formula"]);
    let long = "x".repeat(101);
    for odd in ["\u{1b}[2Jy", "y\0z", "y\u{9b}31m", "\"y\nz\"", "\"y\tz\"", "\u{202e}y", &long] {
        refused(&table(odd), &["column model: is too long, or has a line break or a control character", "a quote"]);
    }
    refused(
        "run_id,seed,model\na,1,x\nb,1,\"not closed\nc,1,z\n",
        &["runs.csv:3, column model", "if a quote is not closed"],
    );
    refused("run_id,seed,mo\0del,train_loss\na,1,x,1\n", &["the name of a column is too long, or has a line"]);
    let wide: String = (0..2000).map(|i| format!(",c{i}")).collect();
    refused(&format!("run_id,seed{wide}\na,1{}\n", ",1".repeat(2000)), &["has 2002 columns"]);
    for (column, number) in [("seed", "18446744073709551615"), ("seed", "-1"), ("steps", "1e300"), ("steps", "-1")] {
        let (steps, seed) = if column == "seed" { ("5", number) } else { (number, "1") };
        let table = format!("run_id,seed,model,train_loss,steps\na,{seed},x,1,{steps}\nb,1,y,1,5\n");
        refused(&table, &[&format!("runs.csv:2, column {column}: \"{number}\" is not a whole number from 0 to")]);
    }
    // Signs that are no formulas, and numbers with a sign.
    fs::write(dir.join("runs.csv"), "run_id,seed,model,shift,train_loss\na,1,-,-1,1\nb,1,x,+2.5,-inf\n").unwrap();
    expect(dir, &["import", "runs.csv", "--out", "mine"], 0, &["2 runs of 2 cells"]);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_at_once() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir(dir.join("folder.csv")).unwrap();
    fs::write(dir.join("runs.csv"), "run_id,seed,model,train_loss\na,1,x,1\n").unwrap();
    assert!(Command::new("mkfifo").arg(dir.join("pipe.csv")).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", dir.join("zero.toml")).unwrap();
    for odd in ["pipe.csv", "folder.csv", "/dev/zero", "/dev/stdin", "zero.toml", "not_there.csv"] {
        let words = ["error: ", odd, "give the path of a CSV table"];
        expect(dir, &["import", "runs.csv", odd, "--out", "mine"], 2, &words);
    }
}

#[test]
fn ends_of_runs_are_told_apart_and_never_guessed() {
    // The last step without a loss: a run that diverged looks so in pandas.
    let cut = |to: &str| {
        let (dir, path) = changed("history.csv", "sigmoid-1,12,", &format!("sigmoid-1,12,{to}"));
        let text = fs::read_to_string(&path).unwrap();
        let line = text.lines().find(|line| line.starts_with("sigmoid-1,12,")).unwrap();
        let cells: Vec<&str> = line.split(',').collect();
        fs::write(&path, text.replace(line, &format!("sigmoid-1,12,{to},{},{}", cells[3], cells[4]))).unwrap();
        dir
    };
    import(cut("").path(), &[], 2, &["history.csv:5, column train_loss", "is empty at the last step", "na_rep"]);
    let dir = cut("NaN");
    import(dir.path(), &[], 0, &[]);
    assert_eq!(rows(&dir.path().join("mine/runs.csv"))["sigmoid-1"]["status"], "diverged");

    // An end that only the table of runs has, and one that it has otherwise than the history.
    let (dir, path) = changed("runs.csv", "run_id,", "run_id,");
    let text = fs::read_to_string(&path).unwrap();
    let with = |column: &str, value: &str| {
        let lines =
            text.lines().enumerate().map(|(i, line)| format!("{line},{}\n", if i == 0 { column } else { value }));
        fs::write(&path, lines.collect::<String>()).unwrap();
    };
    with("test_accuracy", "0.75");
    import(dir.path(), &[], 0, &[]);
    let row = &rows(&dir.path().join("mine/runs.csv"))["relu-2"];
    assert_eq!((&*row["test_accuracy"], &*row["best_test_accuracy"]), ("0.75", ""));
    with("val_accuracy", "0.75");
    import(
        dir.path(),
        &[],
        2,
        &["runs.csv:2, column val_accuracy", "but the last step of the history says", "delete the column"],
    );
    // A measurement that is taken for an axis.
    with("speed", "1");
    let text = fs::read_to_string(&path).unwrap();
    let lines = text.lines().enumerate().map(|(i, line)| if i == 0 { line.into() } else { format!("{line}.{i}") });
    fs::write(&path, lines.collect::<Vec<String>>().join("\n")).unwrap();
    import(dir.path(), &[], 2, &["no two runs have equal labels in activation, speed", "--axes"]);
    import(dir.path(), &["--axes", "activation"], 0, &["6 runs of 2 cells"]);
    import(dir.path(), &["--axes", "activaton"], 2, &["did you mean `activation`?"]);
}

/// A table of runs alone, and what is said of it.
fn import_runs(text: &str, more: &[&str], code: i32, words: &[&str]) -> (TempDir, String) {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("runs.csv"), text).unwrap();
    let said = expect(dir.path(), &[&["import", "runs.csv", "--out", "mine"], more].concat(), code, words);
    (dir, said)
}

#[test]
fn labels_of_a_setting_of_numbers_are_numbers() {
    let table = |column: &str, label: &str| format!("run_id,seed,{column},val_loss\na,1,3,0.5\nb,1,{label},0.4\n");
    for (column, label) in [("optimizer.lr", "foo"), ("depth", "two"), ("depth", "2.5"), ("l2", "nan")] {
        let words = [&*format!("runs.csv:3, column {column}"), "is not a value of this setting, which is"];
        import_runs(&table(column, label), &[], 2, &words);
    }
    // pandas writes whole numbers beside empty cells with a point; words that this program does not have are labels.
    for (column, label) in
        [("depth", "4.0"), ("activation", "mine"), ("batch", "full"), ("width", "100000000"), ("optimizer.lr", "")]
    {
        import_runs(&table(column, label), &[], 0, &["2 runs of 2 cells"]);
    }
    let (dir, _) = import_runs(&table("depth", "4.0"), &[], 0, &[]);
    let plan: Value = serde_json::from_slice(&fs::read(dir.path().join("mine/plan.json")).unwrap()).unwrap();
    assert_eq!(plan["cells"][1]["settings"]["depth"], 4);
}

/// A measurement whose name was cut short would tell every run apart as an axis.
#[test]
fn a_measurement_of_a_shortened_name_is_no_axis() {
    let table =
        |column: &str, label: &str| format!("run_id,seed,model,{column},train_loss\na,1,x,0.3,1\nb,1,y,{label},2\n");
    for (column, near) in [("test_acc", "test_accuracy"), ("val_los", "val_loss"), ("train_acc", "train_accuracy")] {
        let near = format!("did you mean `{near}`?");
        import_runs(&table(column, "0.4"), &[], 2, &[column, &near, "--axes"]);
    }
    // Words, and names that are not near, are labels.
    for (column, label) in [("test_acc", "high"), ("test", "0.4")] {
        import_runs(&table(column, label), &["--axes", "model"], 0, &["2 runs of 2 cells"]);
    }
}

#[test]
fn runs_of_a_training_loss_alone_have_an_answer() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("runs.csv"), "run_id,seed,model\na,1,x\nb,1,y\n").unwrap();
    let history = "run_id,step,train_loss\na,0,2.3\na,1,2.0\nb,0,2.3\nb,1,1.9\n";
    fs::write(dir.path().join("history.csv"), history).unwrap();
    expect(dir.path(), &["import", "runs.csv", "history.csv", "--out", "mine"], 0, &[]);
    let answer = fs::read_to_string(dir.path().join("mine/answer.txt")).unwrap();
    assert!(answer.contains("After 1 step the lowest training loss of 2 combinations is 1.90"), "{answer}");
}

#[test]
fn other_separators_are_read_and_empty_files_told() {
    for separator in [";", "\t"] {
        let text = "run_id,seed,depth,val_loss\na,1,2,0.5\nb,1,4,0.4\n".replace(',', separator);
        import_runs(&text, &[], 0, &["2 runs of 2 cells"]);
    }
    import_runs(
        "run_id;seed;depth;val_loss\na;1;2;0,5\nb;1;4;0,4\n",
        &[],
        2,
        &["column val_loss", "with a decimal point"],
    );
    import_runs("\n", &[], 2, &["runs.csv: the file is empty", "write a header"]);
}

#[test]
fn only_figures_that_the_tables_can_fill_are_drawn() {
    let text = "run_id,seed,depth,activation,val_loss,steps\na,1,2,relu,0.5,10\nb,2,2,relu,0.5,20\nc,1,4,relu,0.4,10\n\
        d,2,4,relu,0.4,10\ne,1,2,tanh,0.3,10\nf,2,2,tanh,0.3,10\ng,1,4,tanh,0.3,10\nh,2,4,tanh,0.3,10\n";
    let (dir, said) =
        import_runs(text, &[], 0, &["in 1 of 4 cells the finished runs differ in length (10 to 20 steps)"]);
    assert!(!said.contains("left out"), "{said}");
    for (kind, words) in [
        ("gradient_by_layer", &["shows a table of layers, and none was imported", "delete the section"]),
        ("curves", &["a table of history, and none was imported", "delete the section"]),
        ("percentiles", &["distributions, which imported runs do not have", "delete the section"]),
    ] {
        fs::write(dir.path().join("more.toml"), format!("[[figure]]\nkind = \"{kind}\"\nfacet = \"depth\"\n")).unwrap();
        expect(dir.path(), &["import", "runs.csv", "more.toml", "--out", "mine"], 2, words);
        expect(dir.path(), &["plot", "mine", "--with", "more.toml"], 2, words);
    }
}

/// Default figures are of what was measured.
#[test]
fn figures_are_drawn_of_the_losses_and_accuracies_that_there_are() {
    for column in ["val_loss", "val_accuracy", "test_balanced_accuracy"] {
        let dir = tempdir().unwrap();
        fs::write(dir.path().join("runs.csv"), "run_id,seed,depth\na,1,2\nb,1,4\nc,1,8\n").unwrap();
        let rows = ["a", "b", "c"].map(|run| format!("{run},0,0.5\n{run},10,0.25\n")).concat();
        fs::write(dir.path().join("history.csv"), format!("run_id,step,{column}\n{rows}")).unwrap();
        let said = expect(dir.path(), &["import", "runs.csv", "history.csv", "--out", "mine"], 0, &[]);
        assert!(!said.contains("left out"), "{said}");
        for figure in ["curves", "loss_by_depth"] {
            assert!(dir.path().join(format!("mine/figures/{figure}.png")).is_file(), "{column} {figure}");
        }
    }
}

/// Cells that are no better than the baseline are marked, by the columns that the summary of a sweep has.
#[test]
fn baselines_of_imported_runs_are_those_of_their_table() {
    let table = |other: &str| {
        format!(
            "run_id,seed,depth,test_accuracy,test_accuracy_baseline\na,1,2,0.9,0.6\nb,2,2,0.8,0.6\nc,1,4,0.5,{other}\nd,2,4,0.6,{other}\n"
        )
    };
    for (other, baseline) in [("0.6", "0.6"), ("0.4", "0.4")] {
        let (dir, _) = import_runs(&table(other), &[], 0, &[]);
        let mut reader = csv::Reader::from_path(dir.path().join("mine/summary.csv")).unwrap();
        let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
        let of =
            |row: usize| ["test_accuracy_baseline", "test_accuracy_above_baseline"].map(|column| &*rows[row][column]);
        assert_eq!((of(0), of(1)), (["0.6", "true"], [baseline, if other == "0.6" { "false" } else { "true" }]));
        assert!(rows[0]["train_loss_baseline"].is_empty());
        let answer = fs::read_to_string(dir.path().join("mine/answer.txt")).unwrap();
        assert_eq!(answer.contains("worse than the best constant answer"), other == "0.6", "{answer}");
    }
    let (dir, _) = import_runs(&table("0.6").replace("accuracy", "loss"), &[], 0, &[]);
    let answer = fs::read_to_string(dir.path().join("mine/answer.txt")).unwrap();
    let answer = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(answer.contains("The best constant prediction has a test loss of 0.600"), "{answer}");
    import_runs(
        &table("0.6").replace("b,2,2,0.8,0.6", "b,2,2,0.8,0.5"),
        &[],
        2,
        &["runs.csv:3, column test_accuracy_baseline"],
    );
    import_runs(&table("60"), &[], 2, &["column test_accuracy_baseline", "divide a percentage by 100"]);
}

#[test]
fn theory_and_grids_are_refused_since_the_networks_are_not_known() {
    let dir = copied("convolutional");
    for (asks, words) in [
        ("[axes]\ndepth = [1, 2]\n", &["asks.toml:2:1", "follow from their tables"][..]),
        ("[record]\ndistributions = true\n", &["asks.toml:2:1", "imported runs were measured already"]),
        ("[base]\nactivation = \"relu\"\n", &["asks.toml:2", "is a column of the table of runs already"]),
        (
            "[[figure]]\nkind = \"gradient_by_layer\"\ncolor = \"activation\"\ntheory = true\n",
            &["there are no predictions"],
        ),
        ("[compare]\narm = \"optimizer\"\n", &["not an axis", "choose one of `activation`"]),
    ] {
        fs::write(dir.path().join("asks.toml"), asks).unwrap();
        import(dir.path(), &["asks.toml"], 2, words);
    }
}

#[test]
fn every_measurement_of_a_results_folder_can_be_imported() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("runs.csv"), "run_id,seed\na,1\n").unwrap();
    for (file, table) in [("history.csv", columns::HISTORY), ("layers.csv", columns::LAYERS)] {
        let names: Vec<&str> = table.iter().map(|column| column.name).collect();
        let numbers = table.iter().map(|column| match (column.name, column.quantity) {
            ("time", _) => "",
            (_, Quantity::Key) => "1",
            _ => "0.5",
        });
        let text = format!("run_id,{}\na,{}\n", names.join(","), numbers.collect::<Vec<_>>().join(","));
        fs::write(dir.path().join(file), text).unwrap();
        import_of(dir.path(), file);
        let written = rows(&dir.path().join("mine").join(file));
        assert!(table.iter().filter(|c| c.quantity != Quantity::Key).all(|c| written["a"][c.name] == "0.5"), "{file}");
    }
}

fn import_of(dir: &Path, file: &str) {
    expect(dir, &["import", "runs.csv", file, "--out", "mine"], 0, &["1 run of 1 cell with 1 seed"]);
}

/// The lines of a history of two runs, and of their layers, at these steps.
fn stepped(history: &[[u64; 2]], layers: &[[u64; 2]]) -> TempDir {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("runs.csv"), "run_id,seed,depth\na,1,3\nb,1,6\n").unwrap();
    let rows = |steps: &[[u64; 2]], row: &dyn Fn(&str, u64) -> String| {
        steps
            .iter()
            .flat_map(|steps| ["a", "b"].into_iter().zip(*steps))
            .map(|(run, step)| row(run, step))
            .collect::<String>()
    };
    let history = rows(history, &|run, step| format!("{run},{step},0.5\n"));
    let layer = |run: &str, step: u64, layer: u64| format!("{run},{step},{layer},{}\n", 0.1 * layer as f64);
    let layers = rows(layers, &|run, step| (1..=3).map(|own| layer(run, step, own)).collect());
    fs::write(dir.path().join("history.csv"), format!("run_id,step,train_loss\n{history}")).unwrap();
    fs::write(dir.path().join("layers.csv"), format!("run_id,step,layer,stream_rms\n{layers}")).unwrap();
    dir
}

#[test]
fn layers_after_the_history_are_refused_with_the_run_and_its_steps() {
    let dir = stepped(&[[0, 0], [80, 20]], &[[0, 0], [80, 20]]);
    import(dir.path(), &[], 0, &[]);
    let dir = stepped(&[[0, 0], [80, 20]], &[[0, 0], [40, 40], [80, 80]]);
    let words = [
        "layers.csv:11, column step",
        "the run \"b\" go on to step 80",
        "history ends at step 20",
        "delete its layers from step 40 on",
    ];
    import(dir.path(), &[], 2, &words);
}

/// What the layers do not show is not made up of those that they have.
#[test]
fn the_start_and_the_end_of_the_gradient_are_those_of_the_first_and_the_last_step() {
    let ends = ["attenuation_init", "attenuation_end"];
    for (layers, has, words) in [
        ([[0, 0], [80, 80]], [true, true], &[][..]),
        (
            [[0, 0], [40, 40]],
            [true, false],
            &["in 2 of 2 runs the layers end before the history (\"a\": at step 40 of 80)"],
        ),
        (
            [[20, 20], [80, 80]],
            [false, true],
            &["in 2 of 2 runs the layers begin after step 0 (\"a\": at step 20)", "count steps from 0"],
        ),
    ] {
        let dir = stepped(&[[0, 0], [80, 80]], &layers);
        let said = import(dir.path(), &[], 0, words);
        assert_eq!(said.contains("the layers"), !words.is_empty(), "{said}");
        let found = rows(&dir.path().join("mine/runs.csv"));
        assert_eq!(ends.map(|column| !found["a"][column].is_empty()), has, "{layers:?}");
        let answer = fs::read_to_string(dir.path().join("mine/answer.txt")).unwrap();
        assert_eq!(answer.contains("Before training"), has[0], "{answer}");
        assert_eq!(dir.path().join("mine/figures/gradient_by_layer.svg").exists(), has[0]);
        for (step, is_shown, words) in [("first", has[0], "begin at step 20"), ("last", has[1], "end at step 40 of 80")]
        {
            let text = format!("[[figure]]\nkind = \"gradient_by_layer\"\ncolor = \"depth\"\nstep = \"{step}\"\n");
            fs::write(dir.path().join("asks.toml"), text).unwrap();
            import(
                dir.path(),
                &["asks.toml"],
                if is_shown { 0 } else { 2 },
                if is_shown { &[] } else { std::slice::from_ref(&words) },
            );
        }
    }
}

/// Of another program's runs nobody here knows what an axis touches: every cell is looked at.
#[test]
fn every_cell_of_imported_runs_counts_at_the_start() {
    for axis in ["optimizer.lr", "optimizer", "batch", "l2", "mine"] {
        let dir = tempdir().unwrap();
        let (mut runs, mut layers) = (format!("run_id,seed,{axis}\n"), String::from("run_id,step,layer,stream_rms\n"));
        for (cell, first) in [(1, 0.9), (2, 0.01), (3, 0.5), (4, 0.1)] {
            for seed in 1..=3 {
                let label = if axis == "optimizer" { format!("o{cell}") } else { cell.to_string() };
                runs += &format!("{cell}-{seed},{seed},{label}\n");
                let loss = first * (1.0 + 0.01 * f64::from(seed));
                layers += &format!("{cell}-{seed},0,1,{loss}\n{cell}-{seed},0,2,1\n");
            }
        }
        fs::write(dir.path().join("runs.csv"), runs).unwrap();
        fs::write(dir.path().join("layers.csv"), layers).unwrap();
        let claim = format!(
            "[[claim]]\nsays = \"All lose half a decade\"\nmetric = \"attenuation_init\"\nover = [\"{axis}\"]\nexpect = {{ above = 0.5 }}\n"
        );
        fs::write(dir.path().join("asks.toml"), claim).unwrap();
        let args = ["import", "runs.csv", "layers.csv", "asks.toml", "--out", "mine"];
        let said = expect(dir.path(), &args, 0, &["12 runs of 4 cells"]);
        assert!(!said.contains("left out"), "{said}");
        let answer = fs::read_to_string(dir.path().join("mine/answer.txt")).unwrap();
        let answer = answer.split_whitespace().collect::<Vec<_>>().join(" ");
        let [most, least] = if axis == "optimizer" { ["o2", "o1"] } else { ["2", "1"] };
        let part = |from: &str| answer.split(from).nth(1).unwrap().split(':').next().unwrap().to_string();
        assert!(
            part("fades most with").contains(most) && part("It fades least with").contains(least),
            "{axis}: {answer}"
        );
    }
}

/// As a sweep does: a claim that fails is printed with its numbers, and the exit code says so.
#[test]
fn a_claim_that_fails_is_told_and_ends_as_in_a_sweep() {
    let dir = copied("convolutional");
    for (above, code, verdict) in [("0.25", 0, "1 claim: 1 holds"), ("9.0", 3, "1 fails")] {
        fs::write(dir.path().join("asks.toml"), ASKS.replace("above = 0.25", &format!("above = {above}"))).unwrap();
        let args = ["import", "runs.csv", "history.csv", "layers.csv", "asks.toml", "--out", "mine"];
        let output = Command::new(PROGRAM).args(args).current_dir(dir.path()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains("Sigmoid loses a quarter of a decade a layer") && text.contains(verdict), "{text}");
    }
    let help = Command::new(PROGRAM).args(["import", "--help"]).output().unwrap();
    assert!(String::from_utf8(help.stdout).unwrap().contains("3 a claim fails"));
}

/// The last numbers of a run that broke off are not those of its end, however that is written.
#[test]
fn a_diverged_run_ends_without_a_number() {
    for (status, last) in
        [("diverged", ","), ("diverged", "NaN,NaN"), ("diverged", "nan,"), ("", "NaN,0.1"), ("", "inf,0.1")]
    {
        let dir = tempdir().unwrap();
        let head = if status.is_empty() {
            "run_id,seed,depth\na,1,2\nb,1,4\n".into()
        } else {
            format!("run_id,seed,depth,status\na,1,2,{status}\nb,1,4,finished\n")
        };
        fs::write(dir.path().join("runs.csv"), head).unwrap();
        let history =
            format!("run_id,step,train_loss,val_accuracy\na,0,0.9,0.5\na,10,{last}\nb,0,0.9,0.5\nb,10,0.4,0.75\n");
        fs::write(dir.path().join("history.csv"), history).unwrap();
        expect(dir.path(), &["import", "runs.csv", "history.csv", "--out", "mine"], 0, &[]);
        let found = rows(&dir.path().join("mine/runs.csv"));
        assert_eq!(found["a"]["status"], "diverged");
        let end: Option<f64> = found["a"]["train_loss"].parse().ok();
        assert!(end.is_none_or(|end| !end.is_finite()), "{last}: {end:?}");
        assert_eq!((&*found["b"]["train_loss"], &*found["b"]["val_accuracy"]), ("0.4", "0.75"));
    }
}

/// The end of a run is its last step, which has all that earlier ones have.
#[test]
fn what_only_earlier_steps_have_is_no_end() {
    for (status, column) in [
        ("", "val_accuracy"),
        (",finished", "val_loss"),
        (",reached_target", "val_loss"),
        (",finished", "val_accuracy"),
    ] {
        let dir = tempdir().unwrap();
        let head = if status.is_empty() { "" } else { ",status" };
        fs::write(dir.path().join("runs.csv"), format!("run_id,seed{head}\na,1{status}\n")).unwrap();
        let history = format!("run_id,step,train_loss,{column}\na,0,0.9,0.5\na,10,0.4,\n");
        fs::write(dir.path().join("history.csv"), history).unwrap();
        let words = [&*format!("history.csv:3, column {column}"), "is empty at the last step of the run"];
        expect(dir.path(), &["import", "runs.csv", "history.csv", "--out", "mine"], 2, &words);
    }
}
