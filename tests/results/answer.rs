//! The answer that a sweep ends with: no arm and no label is missing, what it calls best is best of all, and a guess is named.

use crate::figure_support::house::swept;
use crate::program::{PROGRAM, expect};
use gradsweep::answer::{Answer, Row, Study};
use gradsweep::compare::{Comparison, amount::setting};
use gradsweep::fading::Fading;
use gradsweep::plan_file::Axis;
use gradsweep::results::Results;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const SMALL: &str = "name = \"x\"\nseeds = 3\n[base]\nwidth = 4\nsteps = 20\ndata = { kind = \"spirals\", n = 200 }\n";

/// Experiments of every kind of study, and what kind it is.
const STUDIES: &[(Study, &str)] = &[
    (Study::Gradient, "[axes]\ndepth = [2, 3, 5]\nactivation = [\"sigmoid\", \"relu\"]\n"),
    (Study::Gradient, ""),
    (
        Study::Gradient,
        "[axes]\ndepth = [1, 2]\n[variants.plain]\n[variants.residual]\nresidual = true\n[variants.l2]\nl2 = 0.1\n",
    ),
    // Two optimizers of one rate each in a study of the gradient.
    (Study::Gradient, "[axes]\ndepth = [2, 4]\n[[optimizer]]\nkind = \"sgd\"\n[[optimizer]]\nkind = \"adam\"\n"),
    // Too many cells to read: the rate is at its best, and then the depth is held.
    (
        Study::Gradient,
        "[axes]\ndepth = [2, 3]\nwidth = [2, 3, 4, 5]\nactivation = [\"sigmoid\", \"tanh\", \"relu\"]\n\
         \"optimizer.lr\" = [0.1, 1.0]\n[variants.a]\n[variants.b]\nbias = false\n",
    ),
    (
        Study::Comparison,
        "[[optimizer]]\nkind = \"sgd\"\nlr = [0.1, 1.0]\n[[optimizer]]\nkind = \"adam\"\nlr = [0.001, 0.02]\n",
    ),
    (
        Study::Comparison,
        "[axes]\ndepth = [1, 2, 3, 4]\n[[optimizer]]\nkind = \"sgd\"\nlr = [0.1, 1.0]\n[[optimizer]]\nkind = \"adam\"\n",
    ),
    (
        Study::Comparison,
        "[[optimizer]]\nkind = \"sgd\"\n[[optimizer]]\nkind = \"rprop\"\n[[optimizer]]\nkind = \"lion\"\n",
    ),
    (
        Study::Comparison,
        "depth = 4\nactivation = \"relu\"\n[[optimizer]]\nkind = \"sgd\"\nlr = [1e12, 1e14]\n[[optimizer]]\nkind = \"momentum\"\nlr = [1e12, 1e14]\n",
    ),
    (Study::Training, "[axes]\n\"optimizer.lr\" = [0.01, 0.1, 1e5]\n"),
    (Study::Training, "[axes]\nbatch = [16, 64]\nl2 = [0, 0.01, 0.1]\n"),
];

fn answer(results: &Results) -> Answer {
    Answer::of(results, Comparison::of(results).unwrap().as_ref()).unwrap()
}

/// What a command prints, in one line.
fn printed(dir: &Path, args: &[&str]) -> String {
    let output = Command::new(PROGRAM).current_dir(dir).args(args).output().unwrap();
    String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn each(test: impl Fn(&str, Study, &Results, &Answer)) {
    for (study, text) in STUDIES {
        let (_dir, results) = swept(&format!("{SMALL}{text}"));
        test(text, *study, &results, &answer(&results));
    }
}

#[test]
fn every_label_of_every_axis_that_is_compared_appears() {
    each(|text, study, results, answer| {
        assert_eq!(answer.study, study, "{text}");
        let said = answer.text();
        for axis in results.plan.axes.iter().filter(|axis| axis.labels.len() > 1) {
            let place = answer.axes.iter().position(|name| *name == axis.name);
            let shown = |label: &String| match place {
                Some(place) => answer.rows.iter().any(|row| row.labels[place] == *label),
                // What is held names all that it was chosen from, what is tuned stands with its best in every row.
                None => answer.held.iter().any(|held| held.contains(label)) || answer.is_tuned,
            };
            assert!(axis.labels.iter().all(shown), "{text}: not all of {} in\n{said}", axis.name);
        }
        assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
        assert!(!answer.sentences.is_empty(), "{text}");
        for fault in [",.", "..", " .", ",,", " ,", "factor of", "NaN", "None", "inf"] {
            assert!(!answer.headline().contains(fault), "{fault} in {}", answer.headline());
        }
        // A name is written as it is, also at the start of a sentence.
        let names = |axis: &'_ Axis| [std::slice::from_ref(&axis.name), &axis.labels[..]].concat();
        let names: Vec<String> = results.plan.axes.iter().flat_map(names).collect();
        for sentence in answer.headline().split(". ") {
            let is_name = names.iter().any(|name| sentence.starts_with(name));
            assert!(is_name || !sentence.starts_with(char::is_lowercase), "{text}: {sentence}");
        }
        // What marks are is said where there are some.
        let (table, _) = said.rsplit_once("\n\n").unwrap();
        let marks = table.lines().filter(|line| !line.starts_with("  *")).any(|line| line.contains('*'));
        assert_eq!(table.contains("  * by this column"), marks, "{said}");
    });
}

#[test]
fn a_study_of_the_gradient_says_what_it_compares_too() {
    each(|text, study, results, answer| {
        let Some(comparison) = Comparison::of(results).unwrap().filter(|_| study == Study::Gradient) else { return };
        let column = gradsweep::columns::outcome(&comparison.report).unwrap();
        let said = answer.headline();
        assert!(said.contains("comparisons, one for each depth") && said.contains(&column.subject()), "{text}: {said}");
        // Two seeds can tell nothing, however many tasks there are.
        assert!(said.contains("judging seeds cannot distinguish any arms") && said.contains("at least 6"), "{said}");
    });
}

/// Of a comparison of which one arm has all its runs, one has some, one has none.
#[test]
fn arms_without_runs_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let arm = |kind: &str| format!("[[optimizer]]\nkind = \"{kind}\"\nlr = [0.01, 0.1]\n");
    let text = SMALL.replace("seeds = 3", "seeds = 6") + &["sgd", "adam", "rmsprop"].map(arm).concat();
    std::fs::write(dir.path().join("x.toml"), text).unwrap();
    let sweep = |only: &[&str]| {
        let only: Vec<&str> = only.iter().flat_map(|only| ["--only", only]).collect();
        expect(dir.path(), &[&["sweep", "x.toml", "--quiet"], &only[..]].concat(), 0, &[]);
        let results = Results::read(&dir.path().join("results/x")).unwrap();
        (answer(&results).headline(), printed(dir.path(), &["compare", "results/x"]))
    };
    let (said, compared) = sweep(&["optimizer=sgd"]);
    assert!(said.contains("sgd is the only arm with results"), "{said}");
    assert!(said.contains("adam and rmsprop have no results yet."), "{said}");
    assert!(!compared.contains("0 runs") && !compared.contains("-0.00"), "{compared}");
    let (said, _) = sweep(&["optimizer=adam", "seed=[1, 2, 3, 4]"]);
    assert!(said.contains("rmsprop has no results yet. Judging runs are missing or failed: 2 of 4 of adam."), "{said}");
    let (said, _) = sweep(&[]);
    assert!(!said.contains("results yet") && !said.contains("missing"), "{said}");
}

#[test]
fn what_is_best_is_best_of_all_cells() {
    each(|text, _, results, answer| {
        if Comparison::of(results).unwrap().is_some_and(|own| own.tasks[0].arms.iter().any(|arm| arm.tries.len() > 1)) {
            return;
        }
        let is_share = answer.columns.iter().any(|column| column.name == "test_accuracy");
        if !is_share || answer.is_tuned || answer.study == Study::Comparison {
            return;
        }
        let mut cells: BTreeMap<&[usize], Vec<f64>> = BTreeMap::new();
        for run in &results.runs {
            cells.entry(&run.labels).or_default().push(run.value_or_worst("test_accuracy").unwrap());
        }
        let median = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[1]
        };
        let best = cells.into_values().map(median).fold(0.0, f64::max);
        assert!(answer.headline().contains(&format!("{:.1} %", 100.0 * best)), "{text}: {best}\n{}", answer.headline());
    });
}

#[test]
fn each_arm_stands_where_the_comparison_has_it() {
    each(|text, study, results, answer| {
        let Some(comparison) = Comparison::of(results).unwrap().filter(|_| study == Study::Comparison) else { return };
        let report = answer.columns.iter().position(|column| column.name == comparison.report).unwrap();
        let arms = comparison.tasks.iter().flat_map(|task| &task.arms);
        assert_eq!(answer.rows.len(), arms.clone().count(), "{text}");
        for arm in arms {
            let is_it = |row: &&Row| {
                row.labels.last() == Some(&arm.name)
                    && row.setting == setting(arm.told())
                    && row.values[report].map(|value| value.spread())
                        == arm.measures.get(comparison.report.as_str()).copied()
            };
            assert!(answer.rows.iter().any(|row| is_it(&row)), "{text}: {} is not in\n{}", arm.name, answer.text());
        }
    });
}

#[test]
fn a_sweep_a_check_the_report_and_the_folder_say_the_same() {
    let text = format!(
        "{SMALL}[axes]\ndepth = [2, 3]\n[[claim]]\nsays = \"It loses less than {{below}}\"\nmetric = \"attenuation_init\"\n\
         each = [\"depth\"]\nexpect = {{ below = 9.0 }}\nconfidence = 0.5\n"
    );
    let (dir, results) = swept(&text);
    let answer = answer(&results);
    let told = answer.text();
    assert_eq!(std::fs::read_to_string(results.dir.join("answer.txt")).unwrap(), told);
    for command in [vec!["sweep", "x.toml", "--out", "out", "--quiet"], vec!["merge", "out"], vec!["check", "out"]] {
        let output = Command::new(PROGRAM).current_dir(dir.path()).args(&command).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.starts_with(&told), "{command:?} says\n{said}\ninstead of\n{told}");
    }
    let page = std::fs::read_to_string(results.dir.join("report.html")).unwrap();
    assert!(page.contains(&format!("<p class=\"answer\">{}</p>", answer.headline().replace('/', "&#x2f;"))));
}

#[test]
fn a_guess_without_the_inputs_is_named() {
    let points = "name = \"x\"\nseeds = 2\n[base]\ndata = { kind = \"points\", x = [0, 1, 2, 3], y = [1, 2, 3, 6] }\n\
        depth = 2\nwidth = 4\nbatch = \"full\"\nsteps = 30\n";
    let (_dir, results) = swept(points);
    // The mean is 3, and the mean square around it 3.5.
    let said = answer(&results).headline();
    assert!(said.contains("Predicting the mean of the targets has a training loss of 3.50"), "{said}");

    let dir = tempfile::tempdir().unwrap();
    let row = |i: usize| format!("{},{},{}\n", i % 7, i % 3, if i.is_multiple_of(20) { "yes" } else { "no" });
    std::fs::write(dir.path().join("rare.csv"), (0..200).map(row).collect::<String>()).unwrap();
    let rare = "name = \"x\"\nseeds = 2\n[base]\ndata = { kind = \"csv\", path = \"rare.csv\" }\ndepth = 2\nwidth = 4\nsteps = 5\n";
    std::fs::write(dir.path().join("x.toml"), rare).unwrap();
    expect(dir.path(), &["sweep", "x.toml", "--quiet"], 0, &[]);
    let said = answer(&Results::read(&dir.path().join("results/x")).unwrap()).headline();
    let guesses = "Always answering the same class gets at most 9";
    assert!(said.contains(guesses) && said.contains("the net is as good"), "{said}");
}

#[test]
fn a_gradient_that_never_arrives_is_the_answer() {
    let text = "name = \"x\"\nseeds = 3\n[base]\nactivation = \"relu\"\ninit = \"he_normal\"\nwidth = 2\nsteps = 2\n\
        data = { kind = \"spirals\", n = 200 }\n[axes]\ndepth = [2, 40]\n";
    let (_dir, results) = swept(text);
    let answer = answer(&results);
    assert!(
        answer.sentences[0].contains("with depth 40: nothing of it arrives at the first layer"),
        "{}",
        answer.text()
    );
    assert!(answer.text().contains("none arrives"), "{}", answer.text());
}

/// Sweeps an experiment of `tests/questions`.
fn question(name: &str) -> (tempfile::TempDir, Results) {
    swept(&std::fs::read_to_string(format!("{}/tests/questions/{name}.toml", env!("CARGO_MANIFEST_DIR"))).unwrap())
}

#[test]
fn seeds_of_which_no_gradient_arrives_count_in_table_and_figures() {
    for name in ["dead_units", "seeds_without_a_gradient"] {
        let (_dir, results) = question(name);
        for figure in results.plan.figure_names() {
            assert!(results.dir.join(format!("figures/{figure}.png")).is_file(), "{name}: {figure}");
        }
        assert!(results.dir.join("figures/update_ratio.png").is_file(), "{name}");
        let column = gradsweep::columns::outcome("attenuation_init").unwrap();
        let none = results.runs.iter().filter(|run| run.fading(column) == Some(Fading::Beyond)).count();
        assert!(none > 0 && none < results.runs.len(), "{name}: {none}");
        if name == "dead_units" {
            let answer = answer(&results);
            let mut reader = csv::Reader::from_path(results.dir.join("summary.csv")).unwrap();
            let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
            let median: f64 = rows[0]["attenuation_init_median"].parse().unwrap();
            assert_eq!(answer.rows[0].values[0].unwrap().spread().median, median, "{}", answer.text());
            assert!(answer.text().contains("none arrives"), "{}", answer.text());
            let said = answer.text().split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains("fades most with depth 16") && !said.contains("least with depth 16"), "{said}");
        }
    }
}

#[test]
fn every_optimizer_stands_at_its_own_best_rate() {
    let (_dir, results) = question("tuned_optimizers");
    let answer = answer(&results);
    let names: Vec<&str> = answer.rows.iter().map(|row| row.labels.last().unwrap().as_str()).collect();
    assert_eq!(names, ["sgd", "momentum", "adam"]);
    let rates = [["0.1", "1"], ["0.01", "0.3"], ["0.001", "0.02"]];
    for (row, rates) in answer.rows.iter().zip(rates) {
        assert!(rates.iter().any(|rate| row.setting.ends_with(rate)), "{row:?}");
    }
}

#[test]
fn what_the_seeds_cannot_tell_apart_is_said_once() {
    let (_dir, results) = swept(
        "name = \"x\"\nseeds = 6\n[base]\nwidth = 32\nsteps = 1\n[axes]\ndepth = [6, 9, 12]\nactivation = [\"sigmoid\", \"relu\"]\n",
    );
    let answer = answer(&results);
    // A sigmoid layer takes the same share of the gradient in a net of any depth.
    let first = &answer.sentences[0];
    assert!(first.contains("with activation sigmoid, at every depth: each layer divides it by"), "{first}");
    assert!(first.contains("(medians of 6 seeds)") && !first.contains("overlap"), "{first}");
}

#[test]
fn losses_of_different_kinds_are_not_ranked() {
    for axes in ["loss = [\"mse\", \"mae\"]", "\"data.target_scaling\" = [\"none\", \"global\"]"] {
        let data = "data = { kind = \"teacher\", n = 100 }\nwidth = 4\ndepth = 2\nsteps = 5\n";
        let (_dir, results) = swept(&format!("name = \"x\"\nseeds = 2\n[base]\n{data}[axes]\n{axes}\n"));
        let said = answer(&results).headline();
        assert!(said.contains("losses of different kinds or units") && !said.contains("lowest"), "{axes}: {said}");
    }
}

#[test]
fn unlike_problems_are_not_ranked_together() {
    let data = |sets: &str| {
        let base = "width = 4\ndepth = 2\nsteps = 5\n";
        swept(&format!(
            "name = \"x\"\nseeds = 2\n[base]\n{base}[axes]\ndata = [{sets}]\nactivation = [\"tanh\", \"relu\"]\n"
        ))
    };
    let (_dir, results) = data("\"digits\", \"spirals\", \"teacher\"");
    let said = answer(&results).headline();
    for set in ["digits", "spirals", "teacher"] {
        assert!(said.contains(&format!("steps on {set} the lowest test loss of 2 combinations")), "{set}: {said}");
    }
    assert!(
        said.contains("The best constant answer for each data set has a test loss from")
            && !said.contains("6 combinations is"),
        "{said}"
    );
}

#[test]
fn what_has_no_fading_is_named() {
    let (_dir, results) = swept(&format!("{SMALL}[axes]\ndepth = [0, 2, 3]\nactivation = [\"sigmoid\", \"relu\"]\n"));
    let said = answer(&results).headline();
    assert!(said.contains("There is no such number with depth 0."), "{said}");
}

#[test]
fn arms_that_are_numbers_have_their_axis_and_settings_are_chosen_where_there_is_a_choice() {
    let (_dir, results) = swept(&format!("{SMALL}[axes]\nwidth = [2, 8]\n[compare]\narm = \"width\"\n"));
    let comparison = Comparison::of(&results).unwrap().unwrap();
    let said = gradsweep::answer::verdicts(&comparison).concat();
    assert!(said.starts_with("width 8 has") || said.starts_with("width 2 has"), "{said}");
    assert!(said.contains("from width ") && !said.contains("chosen settings"), "{said}");
}

/// Linear delta-orthogonal layers keep the norm of the gradient exactly, also where a stage halves the image.
#[test]
fn the_gradient_of_layers_of_unequal_sizes_is_told_by_its_norm() {
    let (_dir, results) = swept(
        "name = \"x\"\nseeds = 2\n[base]\ndata = { kind = \"digits\", n_train = 40, test = 0.02 }\n\
         network = { kind = \"conv\", channels = 4, stages = 2, padding = \"circular\" }\nactivation = \"identity\"\n\
         init = \"delta_orthogonal\"\nbatch = 8\nsteps = 1\n[axes]\ndepth = [2, 4]\n",
    );
    let answer = answer(&results);
    assert_eq!(answer.columns[0].name, "attenuation_norm_init");
    assert!(answer.headline().contains("as large as it was at the last"), "{}", answer.headline());
}

/// Of layers that have time steps it is said at which of them they are compared.
#[test]
fn stacked_recurrent_nets_are_compared_at_the_last_time_step() {
    let (_dir, results) = swept(
        "name = \"x\"\nseeds = 2\n[base]\ndata = { kind = \"adding\", n = 40 }\nnetwork = \"rnn\"\ndepth = 2\nwidth = 4\n\
         batch = 8\nsteps = 1\n[axes]\n\"data.length\" = [4, 8]\n[[figure]]\nkind = \"attenuation_by_depth\"\n\
         x = \"data.length\"\n[[figure]]\nkind = \"gradient_by_layer\"\ncolor = \"data.length\"\n\
         [[figure]]\nkind = \"gradient_by_layer\"\nname = \"none\"\ncolor = \"data.length\"\nmetric = \"query_grad_rms\"\n",
    );
    assert!(answer(&results).text().contains("compared at the last time step"));
    let svg = |name: &str| std::fs::read_to_string(results.dir.join(format!("figures/{name}.svg"))).unwrap();
    // Along the length it is time that is the depth.
    assert!(
        svg("attenuation_by_depth").contains("time step") && !svg("attenuation_by_depth").contains("layers at the")
    );
    assert!(svg("gradient_by_layer").contains("layers at the last time step"));
    let kinds = gradsweep::figure::kinds::ALL;
    let none = gradsweep::figure::draw(&results, &results.plan.figures[2], kinds, gradsweep::figure::Style::Page);
    assert!(none.unwrap_err().to_string().contains("query_grad_rms"));
}

#[test]
fn what_is_wrong_everywhere_has_not_diverged() {
    let dir = tempfile::tempdir().unwrap();
    let rows = |swap: bool| -> String {
        let row = |i: i32| format!("{i},{}\n", if (i < 0) == swap { "right" } else { "left" });
        String::from("x,side\n") + &[-3, -2, -1, 1, 2, 3].map(row).concat()
    };
    std::fs::write(dir.path().join("train.csv"), rows(false)).unwrap();
    std::fs::write(dir.path().join("test.csv"), rows(true)).unwrap();
    let data = "data = { kind = \"csv\", path = \"train.csv\", test_path = \"test.csv\" }";
    let text = format!(
        "name = \"x\"\nseeds = 2\n[base]\n{data}\nwidth = 8\nbatch = 6\nsteps = 200\noptimizer = {{ kind = \"adam\", lr = 0.01 }}\n\
         [axes]\ndepth = [1, 2]\n"
    );
    std::fs::write(dir.path().join("x.toml"), text).unwrap();
    expect(dir.path(), &["sweep", "x.toml", "--quiet"], 0, &[]);
    let said = answer(&Results::read(&dir.path().join("results/x")).unwrap()).headline();
    assert!(said.contains("have the same test accuracy, 0.0") && !said.contains("diverged"), "{said}");
}
