//! From TOML text to plan: what a file means, and that the meaning does not hang on how it is written.

use gradsweep::data::Sizes;
use gradsweep::experiment::{DataFacts, Experiment, ExperimentError, Overrides, Plan, PlannedRun};
use gradsweep::figure::kinds::FACTS;
use gradsweep::ops::loss::Compared;
use gradsweep::plan_file::Scale;
use gradsweep::run::cost::{Extent, RecordedSteps, cost};
use gradsweep::setting::Value;
use proptest::prelude::*;

fn plan(text: &str) -> Plan {
    try_plan(text).unwrap_or_else(|problem| panic!("{problem}"))
}

fn try_plan(text: &str) -> Result<Plan, ExperimentError> {
    Experiment::parse(text, "x.toml", FACTS)?.plan(&Overrides::default())
}

fn set(text: &str, changes: &[&str]) -> Result<Plan, ExperimentError> {
    let overrides =
        Overrides { set: changes.iter().map(|s| s.to_string()).collect(), seeds: None, ..Overrides::default() };
    Experiment::parse(text, "x.toml", FACTS)?.plan(&overrides)
}

fn runs(plan: &Plan) -> Vec<PlannedRun> {
    let digests: Vec<String> = (0..plan.datasets().settings.len()).map(|i| format!("{i:016x}")).collect();
    plan.runs(&digests)
}

fn ids(text: &str) -> Vec<String> {
    runs(&plan(text)).into_iter().map(|r| r.run_id).collect()
}

fn labels(plan: &Plan, axis: &str) -> Vec<String> {
    plan.axes.iter().find(|a| a.name == axis).unwrap_or_else(|| panic!("no axis {axis}")).labels.clone()
}

const ABLATION: &str = r#"
[axes]
depth = [2, 4, 8]
activation = ["tanh", "relu"]
[variants.plain]
[variants.residual]
residual = true
[ablation]
depth = 4
activation = "tanh"
variant = "plain"
[[include]]
depth = 8
width = 32
"#;

/// The example of the design, without what later versions will read.
const EXAMPLE: &str = r#"
name     = "vanishing"
question = "How fast does the gradient fade on its way to the first layer, and what stops it?"
seeds    = 5                       # more seeds add runs, they never change old ones

[base]                             # fixed: plain values only; dotted keys work everywhere
data      = "digits"
width     = 48
init      = "uniform_fan_in"
optimizer = { kind = "momentum", lr = 0.02 }

[axes]
depth      = [2, 4, 8, 16, 32]
activation = ["sigmoid", "tanh", "relu"]
l2         = { log = [1e-5, 1e-3], n = 3 }

[variants.plain]
[variants.batch_norm]
batch_norm = true
[variants.residual]
residual = true

[[optimizer]]
kind = "adam"
lr   = { log = [1e-4, 1e-2], n = 3 }

[zip.budget]
batch = [32, 128]
steps = [2000, 500]

[[exclude]]
variant = "residual"
depth   = 2

[record]
gradients = { at = "log", points = 20 }
score     = { every = 50 }

[[figure]]
kind   = "gradient_by_layer"
facet  = ["variant", "activation"]
color  = "depth"
where  = { l2 = 1e-5, optimizer.lr = 1e-3, budget = "32/2000" }
"#;

/// What turns the example into an ablation with cells beside it.
const AROUND: &str = r#"
[ablation]
depth      = 8
activation = "tanh"
variant    = "plain"
l2         = 1e-5

[[include]]
depth   = { from = 64, to = 128, step = 64 }
variant = ["residual", "batch_norm"]
"optimizer.lr" = [0.1, 0.2]
"#;

fn around() -> String {
    EXAMPLE.replace("depth   = 2\n", "depth   = 8\n") + AROUND
}

#[test]
fn the_example_of_the_design_as_an_ablation() {
    let plan = plan(&around());
    // 1 + 4 + 2 + 2 + 2 around the centre, less the residual one, at 3 rates and 2 budgets; 2 x 2 x 2 at both budgets.
    assert_eq!(plan.cells.len(), 10 * 3 * 2 + 2 * 2 * 2 * 2);
    assert_eq!(plan.excluded, 3 * 2);
    assert_eq!(labels(&plan, "depth"), ["2", "4", "8", "16", "32", "64", "128"]);
    assert_eq!(labels(&plan, "optimizer.lr"), ["0.0001", "0.001", "0.01", "0.1", "0.2"]);
}

#[test]
fn the_example_of_the_design() {
    let plan = plan(EXAMPLE);
    assert_eq!(plan.cells.len(), (5 * 3 - 1) * 3 * 3 * 3 * 2);
    assert_eq!(plan.excluded, 3 * 3 * 3 * 2);
    let axes: Vec<&str> = plan.axes.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(axes, ["depth", "activation", "l2", "variant", "optimizer", "optimizer.lr", "budget"]);
    assert_eq!(labels(&plan, "optimizer.lr"), ["0.0001", "0.001", "0.01"]);
    assert_eq!(labels(&plan, "l2"), ["0.00001", "0.0001", "0.001"]);
    assert_eq!(labels(&plan, "budget"), ["32/2000", "128/500"]);
    assert_eq!(plan.axes[0].scale, Scale::Log);
    assert_eq!(plan.axes[1].scale, Scale::Category);
    for cell in &plan.cells {
        assert!(cell.labels.iter().map(|(name, _)| name).eq(plan.axes.iter().map(|a| &a.name)));
        for (axis, label) in &cell.labels {
            if let Some(value) = cell.settings.get(axis) {
                assert_eq!(value.to_string(), *label, "{axis}");
            }
        }
        assert_eq!(cell.settings.get("optimizer.momentum"), None, "base.optimizer is replaced");
    }
    let last = plan.cells.last().unwrap();
    assert_eq!(last.settings.get("batch"), Some(&Value::Int(128)));
    assert_eq!(last.settings.get("residual"), Some(&Value::Text("pre_activation".into())));
}

#[test]
fn shipped_experiments_plan() {
    for (file, count) in [("vanishing", 750), ("vanishing_lr", 336), ("lecture", 60), ("article", 1)] {
        let path = format!("{}/experiments/{file}.toml", env!("CARGO_MANIFEST_DIR"));
        let plan = plan(&std::fs::read_to_string(path).unwrap());
        assert_eq!(plan.name, file);
        let runs = runs(&plan);
        assert_eq!(runs.len(), count, "{file}");
        let mut ids: Vec<&str> = runs.iter().map(|r| r.run_id.as_str()).collect();
        assert!(ids.iter().all(|id| id.len() == 16));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{file}: ids are unique");
        assert!(!plan.figures.is_empty());
    }
}

#[test]
fn default_figures_of_vanishing() {
    let path = format!("{}/experiments/vanishing.toml", env!("CARGO_MANIFEST_DIR"));
    let plan = plan(&std::fs::read_to_string(path).unwrap());
    let kinds: Vec<&str> = plan.figures.iter().map(|f| f.kind.as_str()).collect();
    assert_eq!(kinds, ["gradient_by_layer", "loss_by_depth", "attenuation_by_depth", "gradient_heatmap", "curves"]);
    let headline = &plan.figures[0];
    assert_eq!(
        (headline.color.as_deref(), headline.facet.as_slice()),
        (Some("variant"), &["activation".to_string()][..])
    );
    assert_eq!(headline.filter["depth"], ["32"]);
    assert_eq!(headline.filter["optimizer"], ["momentum"]);
    assert_eq!(plan.figures[1].facet, ["activation", "optimizer"]);
    assert!(plan.figures[1].filter.is_empty());
    assert_eq!(plan.figures[3].facet, ["variant", "activation"]);
}

#[test]
fn default_figures_of_an_ablation_stand_at_its_centre() {
    let plan = plan(ABLATION);
    let headline = &plan.figures[0];
    assert_eq!(
        (headline.filter["depth"].as_slice(), headline.filter["width"].as_slice()),
        (&["4".to_string()][..], &["64".to_string()][..])
    );
}

/// A layer over the last one says nothing of a net with a single layer, and no figure of layers anything of one without.
#[test]
fn default_figures_of_layers_have_layers_to_show() {
    let shown = |grid: &str| {
        let figures = plan(grid).figures;
        ["gradient_by_layer", "gradient_heatmap"].map(|kind| figures.iter().any(|figure| figure.kind == kind))
    };
    assert_eq!(shown("[base]\ndepth = 0"), [false, false]);
    assert_eq!(shown("[base]\ndepth = 1"), [true, false]);
    assert_eq!(shown("[axes]\ndepth = [0, 1]"), [true, false]);
    assert_eq!(shown("[axes]\ndepth = [1, 2]"), [true, true]);
    assert_eq!(shown("[base]\nwidths = [4, 8]"), [true, true]);
}

/// Default figures must pass the check that written ones have to: nothing averaged unseen, nothing empty.
#[test]
fn default_figures_fit_any_axes() {
    let grids = [
        "[base]\ndepth = 8",
        "[axes]\ndepth = [2, 4]",
        "[axes]\noptimizer.lr = [0.1, 0.2]",
        "[axes]\nactivation = [\"relu\", \"tanh\"]",
        "[axes]\nwidth = [8, 16]\nbatch = [8, 16]\nl2 = [0, 0.1]",
        "[axes]\ndepth = [2, 4]\nwidth = [8, 16]\nbatch = [8, 16]\nl2 = [0, 0.1]\nactivation = [\"relu\", \"tanh\"]",
        "[axes]\noptimizer = [\"sgd\", \"adam\"]\ndepth = [4, 2]",
        "[axes]\ndepth=[2, 4]\n[[optimizer]]\nkind = \"sgd\"\nlr=[0.1, 0.2]\n[[optimizer]]\nkind=\"adam\"",
        "seeds = 3\n[axes]\ndepth = [2, 4]\nactivation = [\"relu\", \"tanh\"]\n[[optimizer]]\nkind = \"momentum\"\nlr=[0.1, 0.2]\nmomentum=[0.1, 0.2]\n[[optimizer]]\nkind=\"adam\"\nbeta1 = [0.8, 0.9]",
        "[zip.a]\nwidth = [8, 16]\nsteps = [10, 20]\n[variants.x]\n[variants.y]\nresidual = true",
        "[axes]\ndepth = [2, 4]\nactivation = [\"relu\", \"tanh\"]\n[[exclude]]\ndepth = 4\nactivation = \"relu\"",
        ABLATION,
        "[axes]\ndepth = [2, 4]\n[[include]]\ndepth = 64\nwidth = [8, 16]\noptimizer = { kind = \"adam\", lr = 0.01 }",
    ];
    for grid in grids {
        let first = plan(grid);
        let mut text = grid.to_string();
        let has_depth = first.axes.iter().any(|a| a.name == "depth");
        assert!(first.figures.iter().all(|f| has_depth || f.x.as_deref() != Some("depth")), "{grid}");
        for (i, figure) in first.figures.iter().enumerate() {
            text += &format!(
                "\n[[figure]]\nname = \"f{i}\"\nkind = \"{}\"\nfacet = {:?}\ntune = {:?}\n",
                figure.kind, figure.facet, figure.tune
            );
            for (key, value) in [("x", &figure.x), ("color", &figure.color)] {
                text += &value.as_ref().map_or(String::new(), |v| format!("{key} = \"{v}\"\n"));
            }
            let filter: Vec<String> = figure
                .filter
                .iter()
                .map(|(axis, labels)| {
                    format!("\"{axis}\" = [{}]", labels.iter().map(|l| literal(l)).collect::<Vec<_>>().join(", "))
                })
                .collect();
            text += &format!("where = {{ {} }}\n", filter.join(", "));
        }
        let second = plan(&text);
        assert_eq!(second.figures.len(), first.figures.len(), "{grid}");
        for (a, b) in first.figures.iter().zip(&second.figures) {
            let roles = |f: &gradsweep::plan_file::figure::FigureSpec| {
                (f.filter.clone(), f.facet.clone(), f.color.clone(), f.tune.clone())
            };
            assert_eq!(roles(a), roles(b), "{grid}");
        }
    }
}

/// What arms are compared by has its figure, also without a choice of settings and of test functions, and no default figure of
/// training shows some of the arms alone.
#[test]
fn default_figures_of_a_comparison_show_every_arm() {
    let function = "function = [{ kind = \"rosenbrock\", spread = 0.1 }, { kind = \"beale\", spread = 0.1 }]";
    let tuned = "[[optimizer]]\nkind = \"sgd\"\nlr = [0.001, 0.01]\n[[optimizer]]\nkind = \"adam\"\nlr = [0.01, 0.1]";
    let studies = [
        format!("seeds = 4\n[base]\ntarget_loss = 0.1\n[axes]\n{function}\n{tuned}"),
        format!("seeds = 4\n[base]\ntarget_loss = 0.1\n[axes]\ndepth = [1, 2]\nbatch = [8, 16]\n{tuned}"),
        "seeds = 4\n[axes]\noptimizer = [\"sgd\", \"adam\"]\nl2 = [0, 0.1]".into(),
        "seeds = 4\ncompare = { arm = \"variant\" }\n[variants.a]\n[variants.b]\nresidual = \"identity\"".into(),
    ];
    for study in studies {
        let plan = plan(&study);
        let arm = &plan.compare.as_ref().unwrap().arm;
        let comparison = plan.figures.iter().find(|figure| figure.kind == "comparison");
        let comparison = comparison.unwrap_or_else(|| panic!("no comparison: {study}"));
        assert!(comparison.filter.is_empty(), "{study}: {:?}", comparison.filter);
        for figure in plan.figures.iter().filter(|figure| ["curves", "trajectories"].contains(&&*figure.kind)) {
            assert!(!figure.filter.contains_key(arm), "{study}: {figure:?}");
            assert!(!figure.filter.contains_key("optimizer.lr"), "{study}: {figure:?}");
        }
    }
}

fn literal(label: &str) -> String {
    if label.parse::<f64>().is_ok() { label.to_string() } else { format!("\"{label}\"") }
}

#[test]
fn ids_do_not_hang_on_how_it_is_written() {
    let one = "name = \"a\"\n[base]\nwidth = 8\nl2 = 0.1\noptimizer = { kind = \"adam\", lr = 0.1 }\n";
    let same = [
        "name = \"b\"\n# comment\n[base]\noptimizer.lr = 0.1\noptimizer.kind = \"adam\"\nl2 = 1e-1\nwidth = 8",
        "[axes]\nwidth = [8]\n[base]\nl2 = 0.1\n[[optimizer]]\nkind = \"adam\"\nname = \"mine\"\nlr = 0.1",
        "[variants.some_label]\nwidth = 8\nl2 = 0.1\noptimizer = { lr = 0.1, kind = \"adam\" }",
        // A value at its default is the default.
        "question = \"?\"\n[base]\nwidth = 8\nl2 = 0.1\noptimizer = { kind = \"adam\", lr = 0.1, beta1 = 0.9 }\ndepth = 8",
    ];
    for other in same {
        assert_eq!(ids(one), ids(other), "{other}");
    }
    let grid = ids("[base]\nl2 = 0.1\noptimizer = { kind = \"adam\", lr = 0.1 }\n[axes]\nwidth = [4, 8]\n");
    assert_eq!(grid[1], ids(one)[0], "the rest of the grid does not matter");
    assert_eq!(ids(&format!("seeds = 3\n{one}"))[0], ids(one)[0], "nor the number of seeds");
    for change in ["seed = 1", "record.probe = 32", "record.score.every = 3"] {
        assert_ne!(ids(&format!("{change}\n{one}")), ids(one), "{change}");
    }
    for change in ["width = 9", "dtype = \"f64\"", "residual = true", "data.seed = 1"] {
        assert_ne!(ids(&format!("[base]\n{change}")), ids("[base]\ndepth = 8"), "{change}");
    }
    let plan = plan(one);
    assert_ne!(plan.runs(&["0".into()])[0].run_id, plan.runs(&["1".into()])[0].run_id, "the data matter");
}

#[test]
fn heads_tables_and_dotted_keys() {
    let base = "[base]\noptimizer = { kind = \"momentum\", lr = 0.5 }\n";
    let value = |text: &str, key: &str| plan(text).cells[0].settings.get(key).cloned();
    assert_eq!(value(base, "optimizer.lr"), Some(Value::Float(0.5)));
    // A word sets the head alone, a table replaces the family, a dotted key changes one option.
    assert_eq!(value(&format!("{base}[variants.a]\noptimizer = \"adam\""), "optimizer.lr"), Some(Value::Float(0.5)));
    let whole = format!("{base}[variants.a]\noptimizer = {{ kind = \"adam\" }}");
    assert_eq!(value(&whole, "optimizer.lr"), Some(Value::Float(0.001)));
    let dotted = format!("{base}[variants.a]\noptimizer.momentum = 0.5");
    assert_eq!(value(&dotted, "optimizer.lr"), Some(Value::Float(0.5)));
    assert_eq!(value(&dotted, "optimizer.momentum"), Some(Value::Float(0.5)));
    assert_eq!(value("[base]\nbatch_norm = true", "norm"), Some(Value::Text("batch".into())));
    assert_eq!(value("[base]\nbatch_norm = { place = \"after\", eps = 1 }", "norm.eps"), Some(Value::Float(1.0)));
    assert_eq!(value("[base]\noptimizer = \"gd\"", "batch"), Some(Value::Text("full".into())));
    assert_eq!(value("[base]\nresidual = true\n\"residual.scale\" = 1", "residual.scale"), Some(Value::Float(1.0)));
    assert_eq!(value("[base]\ndepth = 8", "norm.eps"), None);
    assert_eq!(value("[base]\ndepth = 8", "clip.norm"), None);
    assert_eq!(value("[base]\nepochs = 2", "steps"), None);
    assert_eq!(value("[base]\nsteps = 5\n[variants.a]\nepochs = 2", "steps"), None);
    assert_eq!(value("[base]\nepochs = 5\n[variants.a]\nsteps = 2", "epochs"), None);
    assert_eq!(
        value("[base.data]\nkind = \"points\"\nx = [1, 2]\ny = [[1], [2]]", "data.x"),
        Some(Value::Matrix(vec![vec![1.0], vec![2.0]]))
    );
    assert_eq!(value("[[optimizer]]\nkind = \"adamw\"\nweight_decay = 0.1", "weight_decay"), Some(Value::Float(0.1)));
}

#[test]
fn a_base_option_is_dropped_where_it_does_not_apply() {
    let plan = plan("[base]\nactivation.slope = 0.2\n[axes]\nactivation = [\"relu\", \"leaky_relu\"]");
    assert_eq!(plan.cells[0].settings.get("activation.slope"), None);
    assert_eq!(plan.cells[1].settings.get("activation.slope"), Some(&Value::Float(0.2)));
}

#[test]
fn ranges_hold_both_ends() {
    let cases = [
        ("optimizer.lr = { log = [1e-4, 1e-1], n = 4 }", "optimizer.lr", vec!["0.0001", "0.001", "0.01", "0.1"]),
        ("depth = { log = [2, 32], n = 5 }", "depth", vec!["2", "4", "8", "16", "32"]),
        ("data.label_noise = { lin = [0, 0.3], n = 4 }", "data.label_noise", vec!["0", "0.1", "0.2", "0.3"]),
        ("width = { from = 8, to = 24, step = 8 }", "width", vec!["8", "16", "24"]),
        ("width = { from = 24, to = 8, step = -8 }", "width", vec!["24", "16", "8"]),
    ];
    for (line, axis, expected) in cases {
        assert_eq!(labels(&plan(&format!("[axes]\n{line}")), axis), expected, "{line}");
    }
}

#[test]
fn the_order_of_the_file_is_the_order_of_the_plan() {
    let plan = plan(
        "[zip.z]\nbatch=[1,2]\n[variants.b]\n[variants.a]\nbias = false\n[axes]\nwidth = [3, 2]\ndepth = [2, 1]\n",
    );
    let axes: Vec<&str> = plan.axes.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(axes, ["z", "variant", "width", "depth"]);
    assert_eq!(labels(&plan, "variant"), ["b", "a"]);
    assert_eq!(plan.cells[1].labels[3].1, "1", "the last axis changes fastest");
}

#[test]
fn optimizers_own_axes() {
    let plan = plan(
        "[[optimizer]]\nkind = \"momentum\"\nlr = [0.1, 0.01]\nmomentum = [0.5, 0.9]\n[[optimizer]]\nkind = \"adam\"\nlr = 1e-3\n",
    );
    assert_eq!(plan.cells.len(), 5);
    assert_eq!(labels(&plan, "optimizer"), ["momentum", "adam"]);
    assert_eq!(labels(&plan, "optimizer.lr"), ["0.001", "0.01", "0.1"]);
    assert_eq!(plan.cells[4].labels[2], ("optimizer.momentum".into(), String::new()));
}

#[test]
fn command_line_changes() {
    let path = format!("{}/experiments/vanishing.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let count = |changes: &[&str]| runs(&set(&text, changes).unwrap_or_else(|p| panic!("{p}"))).len();
    assert_eq!(count(&["depth=[2, 4]"]), 300);
    assert_eq!(count(&["depth=4", "seeds=1"]), 30);
    assert_eq!(count(&["activation=relu", "seeds=2"]), 100);
    assert_eq!(count(&["width=[8, 16]"]), 1500);
    let plan = set(&text, &["steps=7", "record.score={every=2}", "data=spirals", "data.noise=0.5"]).unwrap();
    assert!(
        plan.cells.iter().all(|c| c.settings.int("steps") == Some(7) && c.settings.float("data.noise") == Some(0.5))
    );
    assert_eq!(set(&text, &["epochs=3"]).unwrap().cells[0].settings.get("steps"), None);
    let experiment = Experiment::parse(&text, "x.toml", FACTS).unwrap();
    assert_eq!(
        experiment
            .plan(&Overrides { set: vec!["seeds=9".into()], seeds: Some(2), ..Overrides::default() })
            .unwrap()
            .seeds,
        [1, 2]
    );
    for bad in ["depth", "", "=", "depth=", "depth=-1", "l2=1", "optimizer.lr=1", "a=1\nb=2", "base.depth=3", "detph=3"]
    {
        let problem = set(&text, &[bad]).expect_err(bad).to_string();
        assert!(problem.contains("--> --set:"), "{problem}");
    }
}

#[test]
fn the_name_is_that_of_the_file_unless_given() {
    let name = |text: &str, file: &str| {
        Experiment::parse(text, file, FACTS).and_then(|e| e.plan(&Overrides::default())).map(|p| p.name)
    };
    assert_eq!(name("[base]\ndepth = 2", "some/where/mine.toml"), Ok("mine".into()));
    assert_eq!(name("name = \"other\"\n[base]\ndepth = 2", "mine.toml"), Ok("other".into()));
    assert!(name("", "mine and yours.toml").unwrap_err().message.contains("cannot be the name"));
}

#[test]
fn data_settings_may_vary() {
    let plan = plan("[base]\ndata = \"spirals\"\n[axes]\ndata.n = [10, 20]\nwidth = [4, 8]\n");
    let datasets = plan.datasets();
    assert_eq!((datasets.settings.len(), &datasets.of_cell[..]), (2, &[0, 0, 1, 1][..]));
    let facts = |rows| DataFacts {
        digest: "d".into(),
        train_rows: rows,
        sizes: sizes(64, 10),
        answers: 1,
        is_padded: false,
        change: None,
        targets: Compared::Classes(10),
    };
    assert_eq!(plan.check_data(&[facts(64), facts(64)]), Ok(()));
    let problem = plan.check_data(&[facts(64), facts(63)]).unwrap_err().to_string();
    assert!(problem.contains("a batch of 64 is larger than the training set of 63 rows"), "{problem}");
}

#[test]
fn checks_that_need_the_data_name_the_place() {
    let facts = DataFacts {
        digest: "d".into(),
        train_rows: 10,
        sizes: sizes(64, 1),
        answers: 1,
        is_padded: false,
        change: None,
        targets: Compared::Values { in_unit: false },
    };
    let batch = plan("[base]\nwidth = 3\nbatch = 11").check_data(std::slice::from_ref(&facts)).unwrap_err().to_string();
    assert!(batch.contains("x.toml:3:9"), "{batch}");
    let read = DataFacts { sizes: Sizes { input: vec![8, 8], outputs: 1 }, ..facts.clone() };
    let of_rnn = |more: &str| {
        let plan = plan(&format!("[base]\nnetwork = \"rnn\"\n{more}"));
        plan.check_data(std::slice::from_ref(&read)).unwrap_err().to_string()
    };
    let batch = of_rnn("batch = 11");
    assert!(batch.contains("the training set of 10 sequences"), "{batch}");
    let times = of_rnn("[record]\ntimes = { at = [1, 99] }");
    assert!(times.contains("x.toml:4") && times.contains("time step 99") && times.contains("more than 8"), "{times}");
    let twice = "[base]\nbatch = \"full\"\nloss = \"binary_cross_entropy\"\noutput_activation = \"sigmoid\"";
    let twice = plan(twice).check_data(std::slice::from_ref(&facts)).unwrap_err().to_string();
    assert!(twice.contains("would take it twice") && twice.contains("leave the output activation out"), "{twice}");
    let loss = plan("[base]\nbatch = \"full\"\nloss = \"cross_entropy\"").check_data(&[facts]).unwrap_err().to_string();
    assert!(loss.contains("x.toml:3:8") && loss.contains("real numbers"), "{loss}");
}

#[test]
fn what_spectra_cannot_be_measured_of_is_refused_with_the_cure() {
    let facts = DataFacts {
        digest: "d".into(),
        train_rows: 100,
        answers: 1,
        is_padded: false,
        change: None,
        sizes: sizes(64, 10),
        targets: Compared::Classes(10),
    };
    let refused = |base: &str, record: &str| {
        let plan = plan(&format!("[base]\n{base}\n[record]\n{record} = true"));
        let tokens = Sizes { input: vec![8, 8], outputs: 10 };
        let sizes = if base.contains("transformer") { tokens } else { facts.sizes.clone() };
        plan.check_data(&[DataFacts { sizes, ..facts.clone() }]).map_err(|e| e.to_string())
    };
    for (base, record, parts) in [
        ("width = 600", "jacobian", ["at most 512 units per layer, not 600", "write 512, or less"]),
        ("depth = 0", "jacobian", ["this net has none", "write depth = 1, or more"]),
        ("batch_norm = true", "jacobian", ["needs single samples", "write \"layer\" or \"rms\""]),
        ("network = \"transformer\"", "jacobian", ["needs dense nets", "write network = \"mlp\""]),
        ("depth = 3", "along_input", ["needs data with one feature, but the data have 64", "features = 1 }"]),
        (
            "network = \"transformer\"",
            "along_input",
            ["but this network reads sequences", "write network = \"mlp\" and data with one feature"],
        ),
        ("batch = 64", "sharpness", ["here a batch has 64 of 100 rows", "write batch = \"full\""]),
        ("batch = \"full\"\ndropout = 0.5", "sharpness", ["without random draws", "write dropout = 0"]),
        ("batch = \"full\"\nbatch_norm = true", "sharpness", ["without batch statistics", "take another norm"]),
        ("batch = \"full\"\nwidth = 2000", "sharpness", ["at most 1e6 weights", "take a smaller `width`"]),
        (
            "batch = \"full\"\nactivation = \"relu\"",
            "sharpness",
            ["that of \"relu\" is discontinuous", "write activation = \"tanh\""],
        ),
        (
            "batch = \"full\"\noutput_activation = \"hard_tanh\"",
            "sharpness",
            ["that of \"hard_tanh\" is discontinuous", "write output_activation"],
        ),
        (
            "batch = \"full\"\nactivation = { kind = \"elu\", alpha = 2 }",
            "sharpness",
            ["that of \"elu\" is discontinuous", "with alpha = 1"],
        ),
        (
            "batch = \"full\"\nloss = \"hinge\"",
            "sharpness",
            ["that of `hinge` is discontinuous", "write loss = \"cross_entropy\""],
        ),
        ("batch = \"full\"\nloss = \"mae\"", "sharpness", ["that of `mae` is discontinuous", "write loss = \"huber\""]),
    ] {
        let problem = refused(base, record).unwrap_err();
        assert!(parts.iter().all(|part| problem.contains(part)), "{base}: {problem}");
    }
    assert_eq!(refused("width = 512", "jacobian"), Ok(()));
    for smooth in ["activation = \"elu\"", "activation = \"softsign\"", "loss = \"huber\""] {
        assert_eq!(refused(&format!("batch = \"full\"\n{smooth}"), "sharpness"), Ok(()), "{smooth}");
    }
}

#[test]
fn the_time_of_planning_grows_with_the_cells_and_not_with_their_square() {
    let seconds = |widths: usize| {
        let range = |name: &str, to: usize| format!("{name} = {{ from = 1, to = {to}, step = 1 }}\n");
        let text = ["[axes]\n".into(), range("depth", 100), range("width", widths), range("batch", 10)].concat();
        let start = std::time::Instant::now();
        assert_eq!(plan(&text).cells.len(), 1000 * widths);
        start.elapsed().as_secs_f64()
    };
    // Side by side, so that other work on the machine slows both: ten times the cells, and a hundred times their square.
    let (few, many) = (seconds(10), seconds(100));
    println!("10000 cells in {few:.2} s, 100000 in {many:.2} s");
    assert!(many < 40.0 * few, "{many} s for 100000 cells, {few} s for 10000");
}

fn sizes(features: usize, outputs: usize) -> Sizes {
    Sizes { input: vec![features], outputs }
}

fn extent(train_rows: usize, other_rows: usize, sizes: Sizes) -> Extent {
    Extent { train_rows, validation_rows: 0, test_rows: other_rows, sizes, is_function: false }
}

#[test]
fn vanishing_costs_what_it_was_chosen_for() {
    let path = format!("{}/experiments/vanishing.toml", env!("CARGO_MANIFEST_DIR"));
    let plan = plan(&std::fs::read_to_string(path).unwrap());
    let extent = extent(1437, 360, sizes(64, 10));
    let recorded = RecordedSteps::of(&plan.cadence, 300);
    let training: f64 = runs(&plan).iter().map(|run| cost(&run.spec, &extent, recorded).training).sum();
    assert!((2.4e12..2.8e12).contains(&training), "{training:e}");
}

#[test]
fn cost_is_the_formula() {
    let plan = plan(
        "[base]\ndepth = 3\nwidth = 10\nbatch = 8\nsteps = 100\n[record]\nprobe = 5\nscore.every = 50\ngradients.at = [0]",
    );
    let extent = extent(30, 20, sizes(7, 2));
    let cost = cost(&runs(&plan)[0].spec, &extent, RecordedSteps::of(&plan.cadence, 100));
    let weights = 7.0 * 10.0 + 2.0 * 10.0 * 10.0 + 10.0 * 2.0;
    assert_eq!(cost.training, 100.0 * 6.0 * 8.0 * weights);
    assert_eq!((cost.scoring, cost.ending), (2.0 * 2.0 * 50.0 * weights, 2.0 * 50.0 * weights));
    assert_eq!(cost.probing, 2.0 * 6.0 * 5.0 * weights);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = try_plan(&text).map_err(|p| p.to_string());
    }

    #[test]
    fn no_toml_like_text_panics(lines in proptest::collection::vec(
        "(\\[{1,2}(base|axes|variants\\.[ab]|zip\\.[ab]|optimizer|exclude|include|ablation|record|figure|claim)\\]{1,2}|(depth|width|kind|lr|optimizer|data\\.x|batch|steps|epochs|seeds|expect_runs|variant|optimizer\\.lr|name|where|at|every|gradients|score|residual|clip) = (1|-3|0\\.5|inf|nan|1e400|99999999999999999999|true|\"relu\"|\"adam\"|\"full\"|\\[\\]|\\[1, 2\\]|\\[\\[1\\], \\[2, 3\\]\\]|\\{ log = \\[1, 2\\], n = 3 \\}|\\{ from = 0, to = 1e9, step = 1 \\}|\\{ kind = \"adam\", lr = \\[1\\] \\}|1979-05-27))", 0..12)) {
        if let Ok(plan) = try_plan(&lines.join("\n")).map_err(|p| p.to_string()) {
            let labels: std::collections::HashSet<_> = plan.cells.iter().map(|c| &c.labels).collect();
            prop_assert_eq!(labels.len(), plan.cells.len());
        }
    }

    #[test]
    fn no_mutation_of_a_file_panics(cut in 0..EXAMPLE.len() + AROUND.len(), length in 0..40usize, insert in "[\\[\\]{}=\".,a-z0-9\\n-]{0,6}") {
        let mut bytes = around().into_bytes();
        let end = (cut + length).min(bytes.len());
        bytes.splice(cut..end, insert.bytes());
        let _ = try_plan(&String::from_utf8_lossy(&bytes)).map_err(|p| p.to_string());
    }

    #[test]
    fn no_override_panics(text in "\\PC{0,60}") {
        let _ = set(EXAMPLE, &[&text]).map_err(|p| p.to_string());
    }

    #[test]
    fn the_number_of_runs_is_the_product(depths in 1..5usize, widths in 1..5usize, variants in 1..4usize, seeds in 1..4usize) {
        let list = |n: usize| (1..=n).map(|i| i.to_string()).collect::<Vec<_>>().join(", ");
        let bundles: String = (1..=variants).map(|i| format!("[variants.v{i}]\nl2 = {i}\n")).collect();
        let text = format!("seeds = {seeds}\n[axes]\ndepth = [{}]\nwidth = [{}]\n{bundles}", list(depths), list(widths));
        let excluded = format!("{text}[[exclude]]\nvariant = \"v1\"\ndepth = 1\n");
        let all = depths * widths * variants * seeds;
        prop_assert_eq!(ids(&text).len(), all);
        if depths * variants > 1 {
            prop_assert_eq!(ids(&excluded).len(), all - widths * seeds);
        }
    }
}

#[test]
fn an_axis_is_judged_by_what_its_points_set() {
    let pooled = |axes: &str, over: &str| {
        let claim = format!(
            "[[claim]]\nsays = \"x\"\nmetric = \"attenuation_init\"\nover = \"{over}\"\nexpect = {{ above = 0 }}\n"
        );
        try_plan(&format!("{axes}{claim}"))
    };
    let touches = [
        ("[variants.wide]\nwidth = 8\n[variants.deep]\ndepth = 9\n", "variant"),
        ("[[optimizer]]\nkind = \"sgd\"\nwidth = 8\n[[optimizer]]\nkind = \"adam\"\n", "optimizer"),
        ("[zip.size]\ndepth = [2, 3]\nsteps = [10, 20]\n", "size"),
    ];
    for (axes, over) in touches {
        let plan = pooled(axes, over).unwrap_or_else(|error| panic!("{axes}{error}"));
        assert_eq!(plan.claims[0].over, [over], "{axes}");
    }
    let only_trains = [
        ("[variants.plain]\n[variants.decay]\nl2 = 0.1\n", "variant"),
        (
            "[[optimizer]]\nkind = \"sgd\"\nbatch = 8\n[[optimizer]]\nkind = \"adam\"\nclip = { norm = 1 }\n",
            "optimizer",
        ),
        ("[zip.budget]\nbatch = [8, 16]\nsteps = [10, 20]\n", "budget"),
        ("[axes]\n\"batch_norm.momentum\" = [0.1, 0.2]\n[base]\nbatch_norm = true\n", "norm.momentum"),
        ("[axes]\nbatch = [8, 16]\n", "batch"),
    ];
    for (axes, over) in only_trains {
        let error = pooled(axes, over).map(|_| ()).unwrap_err();
        assert!(error.message.starts_with("this axis has no effect before the first update"), "{axes}{error}");
    }
}

/// With equal output weights softmax hands nothing on, which is told where it can be meant.
#[test]
fn equal_output_weights_are_noted() {
    let notes = |base: &str| plan(&format!("[base]\n{base}")).notes.join("\n");
    for equal in [
        "init = { kind = \"constant\", value = 0.1 }",
        "output = { init = \"constant\", value = 0.1 }",
        "[axes]\ninit = [\"he_normal\", { kind = \"constant\", value = 0.5 }]",
    ] {
        assert!(notes(&format!("depth = 3\n{equal}\n")).contains("is rounding"), "{equal}");
    }
    for other in ["", "output = { init = \"constant\", value = 0 }\n", "init = { kind = \"normal\", std = 0.1 }\n"] {
        assert_eq!(notes(&format!("depth = 3\n{other}")), "", "{other}");
    }
}
