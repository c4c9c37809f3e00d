//! Experiments after public questions (`tests/questions`): each does what its first lines say.

use gradsweep::columns;
use gradsweep::data::{Dataset, Places, load};
use gradsweep::experiment::plan::Plan;
use gradsweep::experiment::{Experiment, ExperimentError, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::record::RunRecord;
use gradsweep::run::train;
use gradsweep::setting::Value;
use gradsweep::table::Cell;
use std::ops::ControlFlow;

fn text(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/questions/{name}.toml", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn plan(text: &str, set: &[&str]) -> Result<Plan, ExperimentError> {
    let set = set.iter().map(|s| s.to_string()).collect();
    Experiment::parse(text, "x.toml", FACTS)?.plan(&Overrides { set, ..Overrides::default() })
}

/// The record of the first run of each cell.
fn records(plan: &Plan) -> Vec<RunRecord> {
    let data: Dataset = load(&plan.datasets().settings[0], &Places::default()).unwrap();
    let runs = plan.runs(std::slice::from_ref(&data.digest));
    let first = runs.iter().filter(|run| run.spec.seeds.run == 1);
    first.map(|run| train(&run.spec, &data, &mut |_| ControlFlow::Continue(())).unwrap()).collect()
}

fn outcome<'a>(record: &'a RunRecord, name: &str) -> &'a Cell {
    &record.outcome[columns::OUTCOMES.iter().position(|column| column.name == name).unwrap()]
}

#[test]
fn one_deviation_for_all_layers() {
    let record = &records(&plan(&text("fixed_std_init"), &[]).unwrap())[0];
    let (step, rms) = (record.layers.column("step").unwrap(), record.layers.column("weight_rms").unwrap());
    let first: Vec<_> = record.layers.rows.iter().filter(|row| row[step] == Cell::Int(0)).collect();
    assert_eq!(first.len(), 10);
    for row in first {
        let Cell::Float(rms) = row[rms] else { panic!("{row:?}") };
        assert!((rms / 0.01 - 1.0).abs() < 0.1, "{rms}");
    }
}

#[test]
fn one_width_for_each_layer() {
    let text = text("layer_widths");
    let error = plan(&text, &[]).unwrap_err();
    assert!(error.help.contains("widths = [128, 64, 32]"), "{error}");
    let plan = plan(&text.replace("width =", "widths ="), &[]).unwrap();
    let settings = &plan.cells[0].settings;
    assert_eq!((settings.int("depth"), settings.get("width")), (Some(3), None));
    let record = &records(&plan)[0];
    let [Cell::Float(rms), Cell::Float(norm)] =
        ["attenuation_init", "attenuation_norm_init"].map(|n| outcome(record, n))
    else {
        panic!("{record:?}")
    };
    // The root mean square of a gradient in 128 units is half that of one as long in 32.
    assert!((rms - norm - 0.25 * 4f64.log10()).abs() < 1e-12, "{rms} {norm}");
    let axis = "[axes]\nwidths = [[8, 4], [8], [4, 4, 4]]\n";
    let plan = self::plan(axis, &[]).unwrap();
    let labels: Vec<&str> = plan.axes[0].labels.iter().map(String::as_str).collect();
    assert_eq!((plan.axes[0].name.as_str(), labels), ("widths", vec!["[8, 4]", "[8]", "[4, 4, 4]"]));
    // A list of widths is one value wherever cells are chosen.
    for (chosen, cells) in [("[8, 4]", 1), ("[[8, 4], [8]]", 2), ("\"[8, 4]\"", 1), ("[\"[8, 4]\", \"[8]\"]", 2)] {
        let only = plan.only(&[format!("widths={chosen}")]).unwrap();
        assert_eq!((0..3).filter(|cell| only.allows(*cell, 1)).count(), cells, "{chosen}");
        let figure =
            format!("{axis}[[figure]]\nkind = \"curves\"\ncolor = \"widths\"\nwhere = {{ widths = {chosen} }}\n");
        assert!(self::plan(&figure, &[]).is_ok(), "{chosen}");
        if !chosen.contains('"') {
            let excluded = self::plan(&format!("{axis}[[exclude]]\nwidths = {chosen}\n"), &[]).unwrap();
            assert_eq!(excluded.cells.len(), 3 - cells, "{chosen}");
        }
    }
    let centre = format!("{axis}dropout = [0, 0.5]\n[ablation]\nwidths = [8, 4]\ndropout = 0\n");
    assert_eq!(self::plan(&centre, &[]).unwrap().cells.len(), 4);
    let depths: Vec<Option<i64>> = plan.cells.iter().map(|cell| cell.settings.int("depth")).collect();
    assert_eq!(depths, [Some(2), Some(1), Some(3)]);
}

#[test]
fn no_hidden_layer_is_a_regression() {
    let records = records(&plan(&text("no_hidden_layer"), &[]).unwrap());
    for (record, has_layers) in records.iter().zip([false, true, true]) {
        let Cell::Float(accuracy) = outcome(record, "test_accuracy") else { panic!("{record:?}") };
        assert!(*accuracy > 0.7, "{accuracy}");
        assert_eq!(!record.layers.rows.is_empty(), has_layers);
        assert_eq!(*outcome(record, "layers_zero") != Cell::Empty, has_layers);
    }
    let fadings = columns::OUTCOMES.iter().filter(|column| column.is_fading());
    assert!(fadings.clone().all(|column| *outcome(&records[0], column.name) == Cell::Empty));
    assert!(*outcome(&records[2], "attenuation_init") != Cell::Empty);
}

#[test]
fn settings_that_people_miss_are_there() {
    let record = &records(&plan(&text("missing_settings"), &[]).unwrap())[0];
    assert!(matches!(outcome(record, "train_loss"), Cell::Float(loss) if loss.is_finite()));
}

#[test]
fn words_that_people_bring_along_get_the_right_word() {
    let file = text("wrong_hints");
    for (line, right) in [
        ("momentum = 0.9", "optimizer = { kind = \"momentum\", momentum = 0.9 }"),
        ("init = \"normal\"", "init.std"),
        ("init = \"uniform\"", "init.range"),
        ("init = \"xavier_normal\"", "\"glorot_normal\""),
        ("init = \"xavier_uniform\"", "\"glorot_uniform\""),
        ("init = \"kaiming_normal\"", "\"he_normal\""),
        ("init = \"kaiming_uniform\"", "\"he_uniform\""),
        ("activation = \"swish\"", "\"silu\""),
        ("activation = \"linear\"", "\"identity\""),
        ("activation = \"logistic\"", "\"sigmoid\""),
        ("learning_rate = 0.1", "optimizer.lr"),
        ("lr = 0.1", "optimizer.lr"),
        ("batch_size = 32", "batch = "),
        ("layers = 4", "depth = "),
        ("grad_clip = 1.0", "clip.norm"),
        ("optimizer = \"nag\"", "nesterov"),
    ] {
        let error = plan(&file.replace("momentum = 0.9", line), &[]).unwrap_err();
        assert!(error.help.contains(right), "{line}: {}", error.help);
        let near = ["norm.momentum", "he_normal", "he_uniform"].into_iter().filter(|near| !right.contains(near));
        assert!(near.into_iter().all(|near| !error.help.contains(near)), "{line}: {}", error.help);
    }
    assert!(plan(&file.replace("momentum = 0.9", "norm = \"layer\""), &[]).is_ok());
}

#[test]
fn a_family_is_swapped_by_its_word() {
    let file = text("set_family_shorthand");
    for set in ["init=he_normal", "init={kind=\"he_normal\"}"] {
        let settings = &plan(&file, &[set]).unwrap().cells[0].settings;
        assert_eq!(settings.get("init"), Some(&Value::Text("he_normal".into())), "{set}");
        assert_eq!(settings.get("init.sigma_w"), None, "{set}");
    }
}

/// A name and a length twice over are told; the other side of an axis gives way.
#[test]
fn widths_stand_for_depth_and_width() {
    for other in ["depth = 3", "width = 8"] {
        let error = plan(&format!("[base]\nwidths = [8, 4]\n{other}\n"), &[]).unwrap_err();
        assert!(error.message.contains("both given") && error.message.contains("how wide"), "{error}");
        let axes = format!("[axes]\nwidths = [[8, 4], [8]]\n{}\n", other.replace("= ", "= [1, ") + "]");
        assert!(plan(&axes, &[]).unwrap_err().message.contains("set by two axes"));
    }
    let axis = plan("[base]\ndepth = 3\nwidth = 8\n[axes]\nwidths = [[8, 4], [8]]\n", &[]).unwrap();
    assert!(axis.cells.iter().all(|cell| cell.settings.get("width").is_none()));
    let set = plan("[base]\nwidths = [8, 4]\n", &["depth=5"]).unwrap();
    assert_eq!((set.cells[0].settings.int("depth"), set.cells[0].settings.get("widths")), (Some(5), None));
    let skips = plan("[base]\nwidths = [8, 4]\nresidual = true\n", &[]).unwrap_err();
    assert!(skips.message.contains("have to be equal"), "{skips}");
    assert!(plan("[base]\nwidths = [8, 8]\nresidual = \"highway\"\n", &[]).is_ok());
}

/// However batch normalization is written, it is one setting: equal cells, one key, one identity.
#[test]
fn batch_norm_is_a_way_to_write_a_norm() {
    let base = "[base]\nsteps = 5\n";
    let id = |line: &str| plan(&format!("{base}{line}\n"), &[]).unwrap().runs(&["d".into()])[0].run_id.clone();
    let one = id("batch_norm = true");
    for same in [
        "norm = \"batch\"",
        "batch_norm = \"before\"",
        "norm = { kind = \"batch\" }",
        "batch_norm.place = \"before\"\nnorm.kind = \"batch\"",
    ] {
        assert_eq!(id(same), one, "{same}");
    }
    assert_eq!(id("batch_norm = \"after\""), id("norm = { kind = \"batch\", place = \"after\" }"));
    assert_eq!(
        id("batch_norm = { place = \"after\", eps = 1e-3 }"),
        id("norm = { kind = \"batch\", place = \"after\", eps = 1e-3 }")
    );
    assert_ne!(id("norm = \"layer\""), one);
    let twice = plan("[base]\nbatch_norm = true\nnorm = \"layer\"\n", &[]).unwrap_err();
    assert!(twice.message.contains("`norm` is set twice"), "{twice}");
    let equal = plan("[variants.a]\nbatch_norm = true\n[variants.b]\nnorm = \"batch\"\n", &[]).unwrap_err();
    assert!(equal.message.contains("two cells are equal"), "{equal}");
    let axes = plan("[axes]\nbatch_norm = [false, true]\nnorm = [\"layer\", \"rms\"]\n", &[]).unwrap_err();
    assert!(axes.message.contains("set by two axes"), "{axes}");
    let axis = plan(
        "[axes]\nbatch_norm = [\"none\", \"before\", \"after\"]\ndepth = [2, 3]\n[[exclude]]\nbatch_norm = true\ndepth = 2\n",
        &[],
    );
    let axis = axis.unwrap();
    assert_eq!(
        (axis.axes[0].name.as_str(), &axis.axes[0].labels[..]),
        ("norm", &["none", "batch", "batch after"].map(String::from)[..])
    );
    let only = |text: &str| axis.only(&[text.to_string()]).unwrap();
    assert_eq!(only("batch_norm=true"), only("norm=batch"));
    assert_eq!(only("batch_norm=after"), only("norm=\"batch after\""));
}
